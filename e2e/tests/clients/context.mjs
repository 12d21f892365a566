// SPDX-License-Identifier: Apache-2.0
// Context of all clients: a network with sessions of a minute, and a service that is listed on it.

import { account } from "../../lib/chain/api.mjs";
import { batch, eventOf, send } from "../../lib/chain/calls.mjs";
import { networkId } from "../../lib/chain/shapes.mjs";
import { shortSessions } from "../../lib/chain/validators.mjs";
import { Fixture } from "../../lib/fixture.mjs";
import { listService, register } from "../../lib/scenarios/listing.mjs";
import { jsonRpc } from "../../lib/system/json-rpc.mjs";
import { allPassed, check } from "../checks.mjs";

/** @import { Api } from "../../lib/chain/api.mjs" */
/** @import { SuretyNode } from "../../lib/network/node.mjs" */

/** In ms. */
export const MINUTE = 60_000;

/** The network, and the service that clients read. */
export class ClientsContext {
  fixture = new Fixture();
  /** Account that lists the service. */
  operator = account("//Ferdie");
  /** Id of the service. */
  service = -1;
  /**
   * Specification of the chain with a checkpoint in the first session, for light clients.
   * @type {any}
   */
  checkpoint;

  /** @returns {Api} */
  get api() {
    return this.fixture.api;
  }

  /** @returns {SuretyNode} */
  get node() {
    return this.fixture.network.validators[0];
  }

  /** Start the network, and list the service. */
  async start() {
    const { fixture } = this;
    await fixture.start({
      endpoints: false,
      genesis: shortSessions,
    });
    this.checkpoint = await jsonRpc(this.node.http, "sync_state_genSyncSpec", [true], {
      timeout: MINUTE,
    });
    const { api, operator, node } = this;
    const { events } = await send(
      api,
      operator,
      batch(api, [
        register(api, "Ferdie"),
        listService(api, {
          kind: { Rpc: { network: await networkId(api, "surety") } },
          endpoint: node.http,
          capacity: 10,
        }),
      ]),
    );
    this.service = eventOf(events, "operators", "ServiceListed").service.toNumber();
  }

  /** Stop everything. */
  async stop() {
    const keepLogs = !allPassed();
    await this.fixture.stop({ keepLogs });
    if (keepLogs) console.log(`logs of all processes: ${this.fixture.dir}`);
  }

  /**
   * Define a test.
   * @type {(name: string, run: () => Promise<void>, timeout?: number) => void}
   */
  test = (name, run, timeout = 3 * MINUTE) => check(name, run, timeout);

  /**
   * Abort a wait if a process does not run although it should.
   * @returns {string | undefined} the reason
   */
  abort = () => this.fixture.failure();
}

// SPDX-License-Identifier: Apache-2.0
// smoldot: a light client that starts from a checkpoint, verifies changes of the validators by
// itself, and reads the chain by proofs. PAPI is its user.

import assert from "node:assert/strict";
import { appendFileSync } from "node:fs";
import path from "node:path";
import { Binary, createClient } from "polkadot-api";
import { getSmProvider } from "polkadot-api/sm-provider";
import { start } from "smoldot";
import { storage } from "../../lib/chain/api.mjs";
import { call, send } from "../../lib/chain/calls.mjs";
import { ELECTION, untilValidator, validators } from "../../lib/chain/validators.mjs";
import { PRICE } from "../../lib/scenarios/listing.mjs";
import { waitFor } from "../../lib/system/wait.mjs";
import { MINUTE } from "./context.mjs";
import { eve } from "./staking.mjs";

/** @import { PolkadotClient } from "polkadot-api" */
/** @import { Client } from "smoldot" */
/** @import { ClientsContext } from "./context.mjs" */

/** Level of messages for debugging. */
const VERBOSE = 4;

/** @param {ClientsContext} context */
export function smoldot(context) {
  const { test, abort } = context;
  /** @type {Client} */
  let light;
  /** @type {PolkadotClient} */
  let client;
  const finalized = async () => (await client.getFinalizedBlock()).number;

  test(
    "a light client syncs from a checkpoint over a change of the validators",
    async () => {
      const { api, checkpoint, fixture } = context;
      const header = api.createType("Header", checkpoint.lightSyncState.finalizedBlockHeader);
      const at = await api.at(header.hash);
      await untilValidator(api, eve, true, abort);
      const setId = async (/** @type {any} */ its) =>
        (await storage(its, "grandpa", "currentSetId")).toNumber();
      assert.ok((await setId(api)) > (await setId(at)));
      assert.ok(!(await validators(at)).includes(eve.address));
      const log = path.join(fixture.dir, "smoldot.log");
      light = start({
        maxLogLevel: VERBOSE,
        logCallback: (level, target, message) => {
          appendFileSync(log, `${new Date().toISOString()} ${level} ${target} ${message}\n`);
        },
      });
      const bootNodes = fixture.network.validators.map(({ address }) => address);
      const chainSpec = JSON.stringify({ ...checkpoint, bootNodes });
      client = createClient(getSmProvider(() => light.addChain({ chainSpec })));
      const { number } = await context.node.finalized();
      await waitFor(
        `the light client has block ${number}`,
        async () => (await finalized()) >= number,
        {
          timeout: 2 * MINUTE,
          abort,
        },
      );
    },
    ELECTION + 3 * MINUTE,
  );

  test("a light client reads a service by proofs", async () => {
    const { service, operator, node } = context;
    const api = client.getUnsafeApi();
    const stored = await api.query.Operators.Services.getValue(service);
    const { service: answered } = /** @type {any} */ (await api.apis.SuretyApi.service(service));
    for (const its of [stored, answered.listing]) {
      assert.equal(its.operator, operator.address);
      assert.equal(Binary.toText(its.endpoint), node.http);
      assert.equal(its.price, PRICE);
    }
  });

  test(
    "a light client follows a validator that leaves",
    async () => {
      const { api } = context;
      await send(api, eve, call(api, "staking", "chill"));
      await untilValidator(api, eve, false, abort);
      const { number } = await context.node.finalized();
      // Blocks that only the new set can have finalized.
      const followed = async () => (await finalized()) > number + 5;
      await waitFor("the light client follows", followed, { timeout: 2 * MINUTE, abort });
      const ids = await client.getUnsafeApi().query.Session.Validators.getValue();
      assert.deepEqual(ids, await validators(api));
      client.destroy();
      await light.terminate();
    },
    ELECTION + 3 * MINUTE,
  );
}

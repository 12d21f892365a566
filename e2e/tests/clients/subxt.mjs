// SPDX-License-Identifier: Apache-2.0
// subxt, which is the gateway's client of the chain: it reads the metadata when it starts, and signs
// the calls that buy.

import assert from "node:assert/strict";
import { account, storageEntries } from "../../lib/chain/api.mjs";
import { GatewayProcess } from "../../lib/gateway/process.mjs";
import { waitFor } from "../../lib/system/wait.mjs";
import { MINUTE } from "./context.mjs";

/** @import { ClientsContext } from "./context.mjs" */

/** Account of the tenant, which has funds from genesis. */
const TENANT = "//Charlie";

/** @param {ClientsContext} context */
export function subxt(context) {
  context.test("subxt signs the call that opens an agreement", async () => {
    const { api, fixture, node, service, abort } = context;
    const gateway = await GatewayProcess.start(fixture.processes, "subxt", {
      role: "gateway",
      env: { SURETY_TENANT: TENANT },
      flags: ["--node", node.http, "--budget", "100"],
      config: { network: [{ name: "surety" }] },
    });
    try {
      const { address } = account(TENANT);
      const opened = async () => {
        const all = await storageEntries(api, "sla", "agreements");
        return all.find(([, its]) => its.unwrap().tenant.toString() === address)?.[1].unwrap();
      };
      const agreement = await waitFor("the agreement is open", opened, {
        timeout: 2 * MINUTE,
        abort,
      });
      assert.deepEqual(agreement.target.toJSON(), { service });
    } finally {
      await gateway.stop();
    }
  });
}

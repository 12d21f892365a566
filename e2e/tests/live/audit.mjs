// SPDX-License-Identifier: Apache-2.0
// The audit of a breach: a validator makes a bundle of proofs, and anybody verifies it.

import assert from "node:assert/strict";
import { jsonRpc } from "../../lib/system/json-rpc.mjs";
import { MINUTE } from "./context.mjs";
import { breachesOf } from "./ledger.mjs";

/** @import { Subject } from "./context.mjs" */

/** Bytes of the bundle that are changed, one at a time. */
const CHANGES = 64;

/** @type {Subject} */
export const audit = {
  scenarios: ["outage"],
  define(context) {
    context.test("anybody verifies the audit of a breach, and no changed byte of it", async () => {
      await context.completed("outage");
      const { fixture, outage } = context;
      const service = outage.watchlist.services.ethereum;
      const [breach] = breachesOf(outage.observer, { service });
      const [validator, other] = context.validators;
      const request = (
        /** @type {string} */ url,
        /** @type {string} */ method,
        /** @type {unknown[]} */ ...args
      ) => jsonRpc(url, `surety_${method}`, args, { timeout: MINUTE });

      const { statement, bundle } = await request(validator.http, "auditBreach", { service }, 0);
      assert.match(statement.text, /verified\s*$/);
      const { endpoint, block, credited, penalty } = statement;
      assert.deepEqual(
        { endpoint, block, credited: BigInt(credited), penalty: BigInt(penalty) },
        {
          endpoint: fixture.ethereum.operator.url,
          block: breach.block,
          credited: breach.credited,
          penalty: breach.penalty,
        },
      );
      assert.deepEqual(await request(other.http, "verifyAudit", bundle), statement);

      const bytes = Buffer.from(bundle.slice(2), "hex");
      const step = Math.ceil(bytes.length / CHANGES);
      for (let at = 0; at < bytes.length; at += step) {
        const changed = Buffer.from(bytes);
        changed[at] ^= 1 << (at % 8);
        const verified = request(other.http, "verifyAudit", `0x${changed.toString("hex")}`);
        await assert.rejects(verified, `byte ${at}`);
      }
    });
  },
};

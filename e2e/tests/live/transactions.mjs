// SPDX-License-Identifier: Apache-2.0
// Transactions that anybody may send.

import assert from "node:assert/strict";
import { account, balanceOf } from "../../lib/chain/api.mjs";
import { call, RefusedCall, send } from "../../lib/chain/calls.mjs";
import { MINUTE } from "./context.mjs";

/** @import { Call } from "../../lib/chain/calls.mjs" */
/** @import { LiveContext, Subject } from "./context.mjs" */

/** Id of no service. */
const UNKNOWN = 999_999;

/** @type {Subject} */
export const transactions = {
  scenarios: ["outage"],
  define(context) {
    context.test("a signer pays for reports that validators send for free", async () => {
      const { api, outage } = context;
      await outage.reached(2);
      const { round } = outage.observer.latest;
      const hash = new Uint8Array(32).fill(7);
      const commit = { round, index: 0, hash, signature: new Uint8Array(64) };
      const reveal = { round: round - 1, index: 0, salt: new Uint8Array(32), report: "0x00" };
      await assertRefusedForAFee(context, call(api, "probes", "commit", commit));
      await assertRefusedForAFee(context, call(api, "probes", "reveal", reveal));
    });

    context.test("anybody may ask for a fresh verdict of an idle service", async () => {
      const { api, outage } = context;
      // From this step on the Ethereum service is sold.
      await outage.reached(5);
      const request = (/** @type {number} */ service) =>
        send(api, account("//Ferdie"), call(api, "probes", "requestProbe", { service }));
      const { services } = outage.watchlist;
      const { block } = await request(services.surety);
      const { number } = await api.rpc.chain.getHeader(block);
      const requested = Math.floor(number.toNumber() / outage.observer.latest.roundBlocks);
      const last = await outage.until(
        "it is probed",
        (state) => {
          const verdict = outage.service(state, "surety").last;
          return verdict !== undefined && verdict.round > requested && verdict;
        },
        2 * MINUTE,
      );
      assert.equal(last.verdict, "up");
      // A sold service is due in every round anyway.
      await assert.rejects(request(services.ethereum), { error: "probes.AlreadyDue" });
      await assert.rejects(request(UNKNOWN), { error: "probes.NotListed" });
    });
  },
};

/**
 * Assert that a call is refused for its origin, and that its signer pays the fee.
 * @param {LiveContext} context
 * @param {Call} tx
 */
async function assertRefusedForAFee({ api }, tx) {
  const signer = account("//Ferdie");
  const refused = await send(api, signer, tx).then(
    () => assert.fail("a stranger reported"),
    (error) => error,
  );
  assert.ok(refused instanceof RefusedCall, refused);
  assert.equal(refused.error, "BadOrigin", refused.message);
  const { parentHash } = await api.rpc.chain.getHeader(refused.block);
  const [before, after] = await Promise.all(
    [parentHash, refused.block].map(async (hash) => balanceOf(await api.at(hash), signer.address)),
  );
  const fee = before.free - after.free;
  assert.ok(fee > 0n, "it was free");
  const paid = refused.events.find(({ method }) => method === "TransactionFeePaid");
  assert.equal(paid?.data.actualFee.toBigInt(), fee);
}

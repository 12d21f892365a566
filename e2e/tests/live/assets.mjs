// SPDX-License-Identifier: Apache-2.0
// The asset scenario: a service in another asset than SURE.

import assert from "node:assert/strict";
import { max, UNIT } from "../../lib/chain/amounts.mjs";
import { balanceOf } from "../../lib/chain/api.mjs";
import { PRICE, UNITS } from "../../lib/scenarios/asset.mjs";
import { billedBlocks, roundOf } from "./ledger.mjs";

/** @import { LiveContext, Subject } from "./context.mjs" */

/** Rate of the agreement, in base units per block. */
const RATE = PRICE * BigInt(UNITS);
/** Code of an end by the tenant. */
const TENANT_CLOSED = 1001;

/** @type {Subject} */
export const assets = {
  scenarios: ["asset"],
  define(context) {
    context.test("a settlement in bitcoin pays what the meter says, to the base unit", async () => {
      const { settled } = await context.completed("asset");
      const [{ meter }] = settled.services;
      const [{ paid, due }] = settled.agreements;
      assert.ok(meter);
      const opened = await openedIn(context);
      const blocks = billedBlocks(context.asset.observer, "bitcoin", opened, meter.through);
      assert.ok(blocks > 0);
      assert.deepEqual({ paid, due }, { paid: RATE * BigInt(blocks), due: 0n });
    });

    context.test("a service in bitcoin is bonded, paid and refunded in bitcoin", async () => {
      const results = await context.completed("asset");
      const { bitcoinsBefore: before, bitcoinsAfter: after } = results;
      const { closed, lastRound, deposit, windowPrice } = results;
      const { observer, funder } = context.asset;
      // A tenant who closes pays the first window at least, less the rounds that were not served.
      const opened = await openedIn(context);
      const billed = billedBlocks(observer, "bitcoin", opened, lastRound);
      const unserved = (lastRound - opened) * observer.latest.roundBlocks - billed;
      const paid = max(windowPrice - RATE * BigInt(unserved), RATE * BigInt(billed));
      assert.deepEqual(closed, { code: TENANT_CLOSED, paid, refunded: deposit - paid });
      // Each party has its part of the payment, and the probers have the rent of the slot.
      const fee = paid / 20n;
      const rent = observer.rents.get(funder.address) ?? 0n;
      assert.deepEqual(after, {
        tenant: before.tenant - paid,
        operator: before.operator + paid - fee,
        treasury: before.treasury + fee - fee / 2n,
        probers: before.probers + fee / 2n + rent,
      });
    });

    context.test("a tenant in bitcoin pays only transaction fees in SURE", async () => {
      await context.completed("asset");
      const { Tilda } = context.asset.accounts;
      const { free, held } = await balanceOf(context.api, Tilda.address);
      assert.equal(held, 0n);
      assert.ok(free > 9n * UNIT && free < 10n * UNIT);
    });
  },
};

/**
 * Round in which the agreement was opened.
 * @param {LiveContext} context
 * @returns {Promise<number>}
 */
async function openedIn(context) {
  const { agreement } = await context.completed("asset");
  return roundOf(
    context.asset.observer,
    "sla",
    "AgreementOpened",
    (data) => data.agreement.toNumber() === agreement,
  );
}

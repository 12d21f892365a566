// SPDX-License-Identifier: Apache-2.0
// The outage scenario: its breach, slash and credits, bills, and scores.

import assert from "node:assert/strict";
import { costOf, creditOf, percent, severitiesReached, UNIT } from "../../lib/chain/amounts.mjs";
import { BOND, PRICE, TERMS } from "../../lib/scenarios/listing.mjs";
import {
  assertCreditedAtMostPaid,
  billedBlocks,
  breachesOf,
  downRounds,
  lostRounds,
  roundOf,
  takenBy,
  windowPrice,
} from "./ledger.mjs";

/** @import { BlockState, ObservedAgreement } from "../../lib/chain/observer.mjs" */
/** @import { ObservedService } from "../../lib/chain/observer.mjs" */
/** @import { Breach } from "../../lib/chain/shapes.mjs" */
/** @import { LiveContext, Subject } from "./context.mjs" */

/**
 * Rent in planck of a slot in a window while few are taken: 0.01 % of the minimum bond of 1 SURE.
 */
export const RENT = UNIT / 10_000n;
/** Bad rounds that 90 % of 12 rounds allow. */
const ALLOWANCE = 1;

/** @type {Subject} */
export const outage = {
  scenarios: ["outage"],
  define(context) {
    context.test("an outage: breach, slash and credits in one block", async () => {
      const { breaches, parent, at, price, units, agreements } = await readOutage(context);
      const [first] = breaches;
      const kind = [first.block, first.kind, first.severity];
      assert.deepEqual(kind, [at.block, "downtime", "low"]);
      const { allowance, against } = ethereum(at);
      assert.equal(allowance, ALLOWANCE);
      assert.equal(against, ALLOWANCE + 1, "the first count past the allowance");

      const index = [first.indexBefore, first.indexAfter, first.demanded];
      assert.deepEqual(index, [0n, percent(10), percent(10)]);
      assert.equal(first.rate, PRICE * BigInt(units));
      const slash = at.events.find((e) => e.section === "operators" && e.method === "BondSlashed");
      assert.ok(slash);
      const slashed = [slash.data.credit.toBigInt(), slash.data.penalty.toBigInt()];
      assert.deepEqual(slashed, [first.credited, first.penalty]);
      assert.equal(bond(parent) - bond(at), first.credited + first.penalty);
      for (const { id, units: its } of agreements) {
        const credit = (/** @type {BlockState} */ state) => {
          const { owed, credited } = agreement(state, id);
          return owed + credited;
        };
        assert.equal(credit(parent), 0n);
        assert.equal(credit(at), creditOf(price(its), percent(10)));
      }
      assertCreditedAtMostPaid(context.outage.observer);
    });

    context.test("the exposure is what is left of the cover, and three rents", async () => {
      const { parent, at, price, units } = await readOutage(context);
      for (const state of [parent, at]) {
        const { index, cover, rent, exposure } = ethereum(state);
        assert.equal(index + cover, TERMS.cover);
        assert.equal(rent, RENT);
        const cost = costOf(price(units), cover);
        const penalty = (cost + 9n) / 10n;
        const expected = cost + penalty + 3n * RENT;
        assert.equal(exposure, expected, `exposure in block ${state.block}`);
      }
    });

    context.test("each tier of an outage pays the difference to the one before", async () => {
      const { outageWindow } = await context.completed("outage");
      const { observer, accounts } = context.outage;
      const { breaches, agreements, price, units } = await readOutage(context);
      const down = downRounds(observer, "ethereum", outageWindow);
      const reached = severitiesReached(down, ALLOWANCE);
      assert.ok(reached.length >= 2, `only ${reached}`);
      const severities = breaches.map(({ severity }) => severity);
      assert.deepEqual(severities, reached);
      const { indexAfter } = breaches[breaches.length - 1];
      assert.equal(indexAfter, TERMS.credit[reached.length - 1]);
      for (const { id, units: its } of agreements) {
        assert.equal(observer.credited.get(id), creditOf(price(its), indexAfter));
      }
      // Nothing else left the bond but rents.
      const rents = observer.rents.get(accounts.Emil.address) ?? 0n;
      assert.equal(BOND - bond(observer.latest), takenBy(breaches, price(units)) + rents);
    });

    context.test("rounds in which a service was down are not billed, all others are", async () => {
      const { agreements } = await context.completed("outage");
      const { observer } = context.outage;
      const { meter } = ethereum(observer.latest);
      assert.ok(meter);
      // The meter begins with the first units, the bill of each tenant with the tenant's own.
      const opened = agreements.map(({ id }) =>
        roundOf(observer, "sla", "AgreementOpened", (data) => data.agreement.toNumber() === id),
      );
      const began = Math.min(...opened);
      const verdicts = observer.verdictsBetween("ethereum", began, meter.through);
      const down = verdicts.filter(([, verdict]) => verdict === "down").length;
      assert.ok(down >= 3 && verdicts.length > down, `${down} of ${verdicts.length} were down`);
      assert.equal(meter.blocks, billedBlocks(observer, "ethereum", began, meter.through));
      for (const [i, { id, units }] of agreements.entries()) {
        const { paid, due } = agreement(observer.latest, id);
        const blocks = billedBlocks(observer, "ethereum", opened[i], meter.through);
        const text = `${blocks} blocks of agreement ${id}`;
        assert.equal(paid + due, PRICE * BigInt(units * blocks), text);
      }
    });

    context.test("an outage of one service leaves the others up", async () => {
      await context.completed("outage");
      const { observer } = context.outage;
      for (const name of ["surety", "compute"]) {
        const verdicts = observer.verdictsOf(name);
        const lost = await lostRounds(context.api, observer, verdicts);
        const measured = [...verdicts].filter(([round]) => !lost.includes(round));
        assert.ok(measured.length > 20);
        const others = measured.filter(([, verdict]) => verdict !== "up");
        assert.deepEqual(others, [], name);
      }
    });

    context.test("the operator's scores fall with an outage and rise again", async () => {
      const { scores } = await context.completed("outage");
      const { before, low, now } = scores;
      const recovered = now.some((value, i) => low[i] < before[i] && value > low[i]);
      assert.ok(recovered, JSON.stringify(scores));
    });
  },
};

/**
 * State of the service that is stopped.
 * @param {BlockState} state
 * @returns {ObservedService}
 */
function ethereum({ block, services }) {
  const found = services.find(({ name }) => name === "ethereum");
  assert.ok(found, `no service in block ${block}`);
  return found;
}

/**
 * Active bond of its operator.
 * @param {BlockState} state
 * @returns {bigint} planck
 */
function bond({ block, operators }) {
  const emil = operators.find(({ name }) => name === "Emil");
  assert.ok(emil, `no operator in block ${block}`);
  return emil.active;
}

/**
 * State of an agreement.
 * @param {BlockState} state
 * @param {number} id
 * @returns {ObservedAgreement}
 */
function agreement({ block, agreements }, id) {
  const found = agreements.find((its) => its.id === id);
  assert.ok(found, `no agreement ${id} in block ${block}`);
  return found;
}

/**
 * Breaches of the outage, the blocks before and of the first one, and prices of a window by units.
 * @param {LiveContext} context
 * @returns {Promise<{
 *   breaches: Breach[],
 *   parent: BlockState,
 *   at: BlockState,
 *   units: number,
 *   agreements: { id: number, units: number }[],
 *   price: (units: number) => bigint,
 * }>}
 */
async function readOutage(context) {
  const { agreements, breachBlock = 0 } = await context.completed("outage");
  const { observer, watchlist } = context.outage;
  return {
    breaches: breachesOf(observer, { service: watchlist.services.ethereum }),
    parent: observer.at(breachBlock - 1),
    at: observer.at(breachBlock),
    units: agreements.reduce((sum, { units }) => sum + units, 0),
    agreements,
    price: (units) => windowPrice(observer, PRICE * BigInt(units)),
  };
}

// SPDX-License-Identifier: Apache-2.0
// The lease scenario: match, failover, bills, penalty and credit, the exact end, and ratings.

import assert from "node:assert/strict";
import { creditOf, min, severitiesReached } from "../../lib/chain/amounts.mjs";
import { leaseName } from "../../lib/scenarios/lease.mjs";
import { BOND } from "../../lib/scenarios/listing.mjs";
import { BIDS, FAILOVER_PRICE, LEASE_TERMS } from "../../lib/scenarios/order.mjs";
import { jsonRpc } from "../../lib/system/json-rpc.mjs";
import { MINUTE } from "./context.mjs";
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
import { RENT } from "./outage.mjs";

/** @import { Codec } from "../../lib/chain/api.mjs" */
/** @import { LiveContext, Subject } from "./context.mjs" */

/** Time in ms that a test waits for the scenario, the longest of all. */
const TIMEOUT = 16 * MINUTE;
/** Codes of ends. */
const EXPIRED = 1003;
const UNHEALTHY = 2004;
/** Verdicts that say nothing of the lease's health. */
const SILENT_VERDICTS = ["unmeasured", "unclear", "excused"];
/** A lease is unhealthy with so many bad rounds of the last ones with a verdict on its health. */
const UNHEALTHY_ROUNDS = { bad: 3, of: 4 };
/** Bad rounds of a window that the order's terms allow. */
const ALLOWANCE = 1;
/** Rounds from the end of an agreement until its slot is released. */
const RELEASE_ROUNDS = 3;

/** @type {Subject} */
export const leases = {
  scenarios: ["lease"],
  define(context) {
    /** @type {(name: string, run: () => Promise<void>) => void} */
    const test = (name, run) => context.test(name, run, TIMEOUT);
    const { lease: scenario } = context;

    test("the best bid is matched in the block of the deadline", async () => {
      const { leases: awarded, matchedAt } = await context.completed("lease");
      const operators = awarded.map(({ operator }) => operator);
      assert.deepEqual(operators, ["Berta", "Carlo"], "the best bid, then the second");
      const { data } = scenario.observer.event("computeOrders", "OrderPlaced");
      assert.equal(matchedAt, (data.bidDeadline ?? data.bid_deadline).toNumber());
    });

    test("a lease ends with the third bad round of four, and is billed to it", async () => {
      const { leases: awarded, unhealthy } = await context.completed("lease");
      const [{ id }] = awarded;
      const { observer } = scenario;
      assert.equal(unhealthy.code, UNHEALTHY);
      const known = [...observer.verdictsOf(leaseName(id))]
        .filter(
          ([round, verdict]) => round <= unhealthy.round && !SILENT_VERDICTS.includes(verdict),
        )
        .sort(([a], [b]) => a - b);
      assert.deepEqual(known[known.length - 1], [unhealthy.round, "down"]);
      const { bad, of } = UNHEALTHY_ROUNDS;
      for (let last = 1; last <= known.length; last += 1) {
        const seen = known.slice(Math.max(0, last - of), last);
        const count = seen.filter(([, verdict]) => verdict !== "up").length;
        assert.equal(count >= bad, last === known.length, `${known}`);
      }
      const blocks = billedTo(context, id, unhealthy.round);
      assert.equal(paidFor(context, id), BIDS.Berta * blocks, `${blocks} blocks of lease ${id}`);
    });

    test("a failed operator pays the penalty, the credits and the rent", async () => {
      const {
        leases: awarded,
        unhealthy,
        outageWindow,
        credited,
      } = await context.completed("lease");
      const [{ id, agreement }] = awarded;
      const { observer, books, accounts } = scenario;
      const name = leaseName(id);
      const price = windowPrice(observer, BIDS.Berta);
      const { data: penalty } = observer.event("computeOrders", "PenaltyPaid");
      assert.equal(penalty.operator.toString(), accounts.Berta.address);
      assert.equal(penalty.amount.toBigInt(), price / 10n);

      const breaches = breachesOf(observer, { lease: id });
      const down = downRounds(observer, name, outageWindow, unhealthy.round);
      const reached = severitiesReached(down, ALLOWANCE);
      assert.ok(reached.length >= 2, `only ${reached}`);
      const severities = breaches.map(({ severity }) => severity);
      assert.deepEqual(severities, reached);
      const { indexAfter } = breaches[breaches.length - 1];
      assert.equal(indexAfter, LEASE_TERMS.credit[reached.length - 1]);
      // At most what Tara has paid, or an outage would be worth inducing.
      assert.equal(credited, min(creditOf(price, indexAfter), paidFor(context, id)));
      assert.equal(observer.credited.get(agreement), credited);
      assertCreditedAtMostPaid(observer);

      assert.equal(books.rents.Berta, await unpaidRent(context));
      // Nothing else left the bond.
      const berta = observer.latest.operators.find((operator) => operator.name === "Berta");
      assert.ok(berta);
      const taken = takenBy(breaches, price) + penalty.amount.toBigInt() + books.rents.Berta;
      assert.equal(BOND - berta.active, taken);
    });

    test("a dearer bid takes over, and ends with the order's last round", async () => {
      const { leases: awarded, end, deposit } = await context.completed("lease");
      const { observer } = scenario;
      const [first, second] = awarded;
      // The second bid is dearer than the first and within the failover price; the third is not.
      assert.ok(BIDS.Berta < BIDS.Carlo && BIDS.Carlo <= FAILOVER_PRICE);
      assert.ok(FAILOVER_PRICE < BIDS.Dunja);
      // The order's time goes on during the failover.
      assert.equal(second.lastRound, first.lastRound);
      assert.equal(end.code, EXPIRED);
      const refund = deposit - paidFor(context, first.id) - end.paid;
      assert.equal(end.refunded, refund, "what was not used came back");
      // The lease is gone with the block that judged its last round. An event would report another
      // verdict than the one before.
      const verdicts = observer.verdictsOf(leaseName(second.id));
      const beforeLast = verdicts.get(second.lastRound - 1);
      if (!verdicts.has(second.lastRound) && beforeLast) {
        verdicts.set(second.lastRound, beforeLast);
      }
      const blocks = billedTo(context, second.id, second.lastRound);
      assert.equal(end.paid, BIDS.Carlo * blocks, `${blocks} blocks of lease ${second.id}`);
      for (const { id } of awarded) {
        await lostRounds(context.api, observer, observer.verdictsOf(leaseName(id)));
      }
      const ending = observer.event("computeOrders", "LeaseEnding", isOf(second.id));
      assert.equal(ending.data.round.toNumber(), second.lastRound);
    });

    test("tenant and operator rate each other", async () => {
      const { ratings } = await context.completed("lease");
      assert.deepEqual(ratings, [
        { by: "Tara", of: "Carlo", stars: 5 },
        { by: "Carlo", of: "Tara", stars: 4 },
      ]);
      const { events } = scenario.observer;
      const rated = events.filter((e) => e.section === "reputation" && e.method === "Rated");
      assert.ok(rated.length >= 2);
    });

    test("the read side agrees with the events of orders and leases", async () => {
      const { leases: awarded, order: orderId } = await context.completed("lease");
      const { Tara, Carlo } = scenario.accounts;
      const [{ http: url }] = context.validators;
      const order = await jsonRpc(url, "surety_order", [orderId]);
      assert.equal(order.replicas[0].closedCode, EXPIRED);
      assert.equal(order.failoverPrice, `${FAILOVER_PRICE}`);
      const lease = await jsonRpc(url, "surety_lease", [awarded[0].id]);
      assert.equal(lease.phase, "closed");
      assert.equal(lease.ending.code, UNHEALTHY);
      const { items } = await jsonRpc(url, "surety_leasesOf", [Tara.address]);
      const ids = (/** @type {{ id: number }[]} */ list) => list.map(({ id }) => id).sort();
      assert.deepEqual(ids(items), ids(awarded));
      const services = await jsonRpc(url, "surety_services", [{ class: "compute" }]);
      const isCarlos = (/** @type {any} */ { operator }) => operator === Carlo.address;
      const { free, total } = services.items.find(isCarlos).resources;
      assert.deepEqual(free, total, "everything is free again");
    });
  },
};

/**
 * Matcher of events of a lease.
 * @param {number} id
 * @returns {(data: Codec) => boolean}
 */
const isOf = (id) => (data) => data.lease.toNumber() === id;

/**
 * Amount that was paid for a lease.
 * @param {LiveContext} context
 * @param {number} id
 * @returns {bigint} planck
 */
const paidFor = ({ lease: { observer } }, id) =>
  observer.event("computeOrders", "LeaseClosed", isOf(id)).data.paid.toBigInt();

/**
 * Blocks of a lease that are billed from its start to the end of a round. There are some.
 * @param {LiveContext} context
 * @param {number} id
 * @param {number} lastRound
 * @returns {bigint}
 */
function billedTo({ lease: { observer } }, id, lastRound) {
  const ready = roundOf(observer, "computeOrders", "LeaseReady", isOf(id));
  const blocks = billedBlocks(observer, leaseName(id), ready, lastRound);
  assert.ok(blocks > 0);
  return BigInt(blocks);
}

/**
 * Rent of the first lease that its fees did not pay. Its slot is held from the start of the window
 * of the outage until some rounds after its last agreement is closed; fees of rounds before count
 * for the windows before.
 * @param {LiveContext} context
 * @returns {Promise<bigint>} planck
 */
async function unpaidRent(context) {
  const { leases: awarded, unhealthy, outageWindow } = await context.completed("lease");
  const { observer } = context.lease;
  const [{ id, agreement }] = awarded;
  const { windowRounds } = observer.latest;
  const held = outageWindow * windowRounds - 1;
  const isIts = (/** @type {Codec} */ data) => data.agreement.toNumber() === agreement;
  const released = roundOf(observer, "sla", "AgreementClosed", isIts) + RELEASE_ROUNDS;
  const rounds = BigInt(windowRounds);
  const due = (RENT * BigInt(released - held) + rounds - 1n) / rounds;
  const paid = BIDS.Berta * BigInt(billedBlocks(observer, leaseName(id), held, unhealthy.round));
  const fees = paid / 20n;
  return due > fees ? due - fees : 0n;
}

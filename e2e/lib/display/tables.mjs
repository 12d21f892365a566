// SPDX-License-Identifier: Apache-2.0
// Tables of the demo's display, from the state at a block.

import { bucketMs, formatPercent, sure } from "../chain/amounts.mjs";
import { TRUST_LEVELS } from "../chain/shapes.mjs";

/** @import { BlockState, ObservedAgreement, ObservedService } from "../chain/observer.mjs" */
/** @import { OperatorState, OrderState, ReplicaState } from "../chain/shapes.mjs" */
/** @import { TrafficRow } from "../gateway/dapp.mjs" */
/** @import { Books } from "../scenarios/scenario.mjs" */
/** @import { Paint } from "./text.mjs" */

/** @typedef {{ name: string, head: string[], rows: unknown[][] }} Table */

/**
 * Mark and color of each verdict, one column per round.
 * @type {Record<string, [string, string]>}
 */
const MARKS = {
  up: ["▮", "green"],
  down: ["×", "red"],
  bad: ["!", "magenta"],
  stale: ["~", "yellow"],
  unclear: ["?", "yellow"],
  unmeasured: ["·", "dim"],
  excused: ["e", "blue"],
};
const ROUNDS_SHOWN = 24;
const ROUNDS_SHOWN_NARROW = 14;

/**
 * Upper edge of a latency bucket as text.
 * @param {number} bucket
 * @returns {string}
 */
function formatLatency(bucket) {
  const value = bucketMs(bucket);
  return value < 10 ? `${value.toFixed(1)} ms` : `${Math.round(value)} ms`;
}

/**
 * Row of an operator.
 * @param {OperatorState} operator
 * @param {number} digits - decimals of amounts
 * @returns {unknown[]}
 */
function operatorRow({ name, active, exposure, score, trust, reliability, performance }, digits) {
  const { uptime, correctness, latency } = performance;
  return [
    name,
    sure(active, digits),
    sure(exposure, digits),
    score,
    TRUST_LEVELS.indexOf(trust) + 1 || trust,
    reliability,
    performance.score,
    `${uptime}/${correctness}/${latency}`,
  ];
}

/**
 * Verdicts of the last rounds, a mark for each.
 * @param {Map<number, string>} verdicts - by round
 * @param {number} lastRound
 * @param {number} count
 * @param {Paint} paint
 * @returns {string}
 */
function marks(verdicts, lastRound, count, paint) {
  const rounds = Array.from({ length: count }, (_, i) => lastRound - count + 1 + i);
  const mark = (/** @type {number} */ round) => MARKS[verdicts.get(round) ?? ""] ?? [" ", "dim"];
  return rounds.map((round) => paint.in(mark(round)[1], mark(round)[0])).join("");
}

/**
 * Row of a service or lease.
 * @param {ObservedService} service
 * @param {number} judgedRound
 * @param {number} shown - rounds
 * @param {Paint} paint
 * @returns {unknown[]}
 */
function serviceRow(service, judgedRound, shown, paint) {
  const { name, last, active, against, allowance, index, cover, rent, units, capacity } = service;
  const verdict = last?.verdict ?? "";
  return [
    name,
    marks(service.verdicts, judgedRound, shown, paint),
    last?.latency === undefined
      ? paint.in(MARKS[verdict]?.[1], verdict || "-")
      : `up ${formatLatency(last.latency)}`,
    active ? `${against} of ${allowance}` : "",
    formatPercent(index),
    formatPercent(cover),
    rent === undefined ? "" : sure(rent),
    `${units}/${capacity}`,
  ];
}

/**
 * Row of a replica of an order.
 * @param {OrderState} order
 * @param {ReplicaState} replica
 * @returns {unknown[]}
 */
function replicaRow({ id, bidsUntil, bids }, { lease, held, closed }) {
  const open = bidsUntil ? `${bids} bids, matched at ${bidsUntil}` : `${bids} more bids`;
  return [
    `order ${id}`,
    lease ? `lease ${lease.id} ${lease.phase}` : "bidding",
    lease ? sure(lease.price) : "",
    closed ? `closed: ${closed}` : open,
    sure(held),
    lease ? lease.blocksLeft : "",
  ];
}

/**
 * Row of an agreement.
 * @param {ObservedAgreement} agreement
 * @returns {unknown[]}
 */
const agreementRow = ({ tenant, service, units, lastRound, ...amounts }) => [
  `${tenant} with ${service}`,
  units,
  sure(amounts.held),
  sure(amounts.paid),
  sure(amounts.owed),
  sure(amounts.promised),
  sure(amounts.credited),
  lastRound === undefined ? "" : `ends after round ${lastRound}`,
];

/**
 * Row of those who served a dApp.
 * @param {TrafficRow} row
 * @returns {unknown[]}
 */
const trafficRow = ({ name, recent, share, ms, total, note }) => [
  name,
  recent,
  `${Math.round(100 * share)} %`,
  ms === undefined ? "" : `${ms} ms`,
  total,
  note,
];

/**
 * Tables of everything that a scenario observes.
 * @param {BlockState} state
 * @param {boolean} wide - false for fewer rounds and decimals
 * @param {Paint} paint
 * @returns {Table[]}
 */
export function stateTables(state, wide, paint) {
  const digits = wide ? 4 : 2;
  const shown = wide ? ROUNDS_SHOWN : ROUNDS_SHOWN_NARROW;
  const rounds = `LAST ${shown} ROUNDS`.padEnd(shown);
  const used = wide ? "allowance used" : "used";
  return [
    {
      name: "OPERATORS",
      head: ["bond", "exposed", "score", "trust", "reliable", "performance", "up/right/fast"],
      rows: state.operators.map((operator) => operatorRow(operator, digits)),
    },
    {
      name: "SERVICES",
      head: [rounds, "verdict", used, "index", "cover", "rent", "units"],
      rows: state.services.map((s) => serviceRow(s, state.judgedRound, shown, paint)),
    },
    {
      name: "ORDERS",
      head: ["now", "price", "", "in escrow", "pays for blocks"],
      rows: state.orders.flatMap((order) =>
        order.replicas.map((replica) => replicaRow(order, replica)),
      ),
    },
    {
      name: "AGREEMENTS",
      head: ["units", "deposit", "paid", "credit due", "promised", "credited", ""],
      rows: state.agreements.map(agreementRow),
    },
    {
      name: "SERVED BY",
      head: ["in 10 s", "share", "median", "in all", ""],
      rows: (state.traffic ?? []).map(trafficRow),
    },
  ];
}

/** Head of the table of balances. */
export const BALANCES = ["", "before", "after", "change", "of it on hold", "rent paid"];

/**
 * Rows of the table of balances: of each account its total before and after, the change, and the
 * parts of it.
 * @param {Books} books
 * @returns {string[][]}
 */
export function balanceRows({ before, after, rents }) {
  return Object.keys(before).map((name) => {
    const [was, now] = [before[name], after[name]].map(({ free, held }) => free + held);
    return [
      name,
      sure(was),
      sure(now),
      `${now >= was ? "+" : ""}${sure(now - was)}`,
      sure(after[name].held),
      rents[name] === undefined ? "" : sure(rents[name]),
    ];
  });
}

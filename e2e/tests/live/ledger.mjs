// SPDX-License-Identifier: Apache-2.0
// Expected bills, credits and penalties, computed from the verdicts that an observer read.

import assert from "node:assert/strict";
import { costOf } from "../../lib/chain/amounts.mjs";
import { storage } from "../../lib/chain/api.mjs";
import { breachOf, sameTarget, targetOf } from "../../lib/chain/shapes.mjs";

/** @import { Api, Codec } from "../../lib/chain/api.mjs" */
/** @import { Observer } from "../../lib/chain/observer.mjs" */
/** @import { Breach, Target } from "../../lib/chain/shapes.mjs" */

/**
 * Rounds of the whole run, of some forty, that may be unmeasured: a slow machine may lose commits.
 */
const MAX_LOST = 3;

/**
 * Rounds in which a service was not measured. Commits have the last block of a round and two of the
 * next one; on a busy machine some miss them, which is no fault of the chain. It is a failure if
 * more than `maxLost` rounds are lost, or a round for which the chain has enough commits.
 * @param {Api} api
 * @param {Observer} observer
 * @param {Iterable<[number, string | undefined]>} verdicts - by round
 * @param {number} [maxLost]
 * @returns {Promise<number[]>}
 */
export async function lostRounds(api, observer, verdicts, maxLost = MAX_LOST) {
  const unmeasured = [...verdicts].filter(([, verdict]) => verdict === "unmeasured");
  const lost = unmeasured.map(([round]) => round);
  assert.ok(lost.length <= maxLost, `rounds ${lost} are unmeasured`);
  const { roundBlocks } = observer.latest;
  for (const round of lost) {
    const at = await api.at(await api.rpc.chain.getBlockHash((round + 2) * roundBlocks + 1));
    const { probers } = (await storage(at, "probes", "snapshots", round)).unwrap();
    const reports = await Promise.all(
      probers.map((/** @type {Codec} */ _, /** @type {number} */ i) =>
        storage(at, "probes", "reports", round, i),
      ),
    );
    const committed = reports.filter((report) => report.isSome).length;
    const text = `round ${round} is unmeasured with ${committed} reports`;
    assert.ok(committed * 3 < probers.length * 2, text);
  }
  return lost;
}

/**
 * Blocks that are billed for the rounds after `from` up to `to`. Every round must have a verdict.
 * @param {Observer} observer
 * @param {string} name - of the service or lease
 * @param {number} from
 * @param {number} to
 * @returns {number}
 */
export function billedBlocks(observer, name, from, to) {
  const verdicts = observer.verdictsBetween(name, from, to);
  const missing = verdicts.filter(([, verdict]) => verdict === undefined);
  assert.deepEqual(missing, [], `${name} has no verdict`);
  const billed = verdicts.filter(([, verdict]) => verdict === "up" || verdict === "unmeasured");
  return billed.length * observer.latest.roundBlocks;
}

/**
 * Price of a window.
 * @param {Observer} observer
 * @param {bigint} rate - base units per block
 * @returns {bigint} base units
 */
export function windowPrice({ latest }, rate) {
  return rate * BigInt(latest.windowRounds * latest.roundBlocks);
}

/**
 * All breaches of a target, in the order of their blocks.
 * @param {Observer} observer
 * @param {Target} target
 * @returns {Breach[]}
 */
export function breachesOf(observer, target) {
  const found = observer.events.filter(
    ({ section, method, data }) =>
      section === "sla" && method === "Breached" && sameTarget(targetOf(data), target),
  );
  return found.map(breachOf);
}

/**
 * Amount that breaches took from a bond: the credits, and a tenth of each on top for the treasury.
 * Asserts each of them.
 * @param {Breach[]} breaches
 * @param {bigint} price - of a window, in base units
 * @returns {bigint} base units
 */
export function takenBy(breaches, price) {
  let taken = 0n;
  for (const { block, indexBefore, indexAfter, credited, penalty } of breaches) {
    const credit = costOf(price, indexAfter - indexBefore);
    assert.equal(credited, credit, `credit of the breach in block ${block}`);
    assert.equal(penalty, credited / 10n, `penalty of the breach in block ${block}`);
    taken += credited + penalty;
  }
  return taken;
}

/**
 * Rounds of a window against the uptime.
 * @param {Observer} observer
 * @param {string} name - of the service or lease
 * @param {number} window
 * @param {number} [lastRound] - rounds after it do not count
 * @returns {number}
 */
export function downRounds(observer, name, window, lastRound = Infinity) {
  const { windowRounds } = observer.latest;
  const first = window * windowRounds;
  const last = Math.min(first + windowRounds - 1, lastRound);
  const verdicts = observer.verdictsBetween(name, first - 1, last);
  return verdicts.filter(([, verdict]) => verdict === "down" || verdict === "stale").length;
}

/**
 * Assert that no agreement was credited more than it had paid, in any block.
 * @param {Observer} observer
 */
export function assertCreditedAtMostPaid(observer) {
  for (const { block, agreements } of observer.blocks.values()) {
    for (const { id, owed, credited, paid, due } of agreements) {
      const text = `agreement ${id} in block ${block}: ${owed} + ${credited} > ${paid} + ${due}`;
      assert.ok(owed + credited <= paid + due, text);
    }
  }
}

/**
 * Round of the block with an event. An agreement or lease that opens in a round is billed from the
 * next one on.
 * @param {Observer} observer
 * @param {string} section
 * @param {string} method
 * @param {(data: Record<string, Codec>) => boolean} matches
 * @returns {number}
 */
export function roundOf(observer, section, method, matches) {
  const { block } = observer.event(section, method, matches);
  return Math.floor(block / observer.latest.roundBlocks);
}

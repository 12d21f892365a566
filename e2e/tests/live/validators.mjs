// SPDX-License-Identifier: Apache-2.0
// Validators that are restarted in the middle of a run.

import assert from "node:assert/strict";
import { account, storage } from "../../lib/chain/api.mjs";
import { variant } from "../../lib/chain/shapes.mjs";
import { waitFor } from "../../lib/system/wait.mjs";
import { MINUTE } from "./context.mjs";

/** @import { Api, Codec } from "../../lib/chain/api.mjs" */
/** @import { LiveContext, Subject } from "./context.mjs" */

/** Attempts to restart a validator within a round. */
const ATTEMPTS = 3;

/** @type {Subject} */
export const validators = {
  scenarios: ["outage"],
  define(context) {
    context.test("a validator reveals after a restart what it committed to before", async () => {
      await context.outage.reached(5);
      // A round is over twelve seconds after its start. On a slow machine a node may take longer to
      // restart.
      for (let attempt = 1; ; attempt += 1) {
        const { round, state } = await restartAfterCommit(context);
        if (state === "revealed") return;
        assert.ok(attempt < ATTEMPTS, `round ${round}: ${state}`);
      }
    });

    context.test("a validator that is restarted loses nothing", async () => {
      const { api, outage } = context;
      await outage.reached(5);
      const [alice, , , dave] = context.validators;
      const before = await dave.finalized();
      const header = await dave.header(before.hash);
      await dave.stop();
      // The others go on and still find a quorum.
      const judged = outage.observer.latest.judgedRound;
      const isJudged = outage.until(
        "a round is judged without it",
        ({ judgedRound }) => judgedRound > judged + 1,
        2 * MINUTE,
      );
      await isJudged;
      await dave.start();
      const caughtUp = async () => {
        const [its, ours] = await Promise.all([dave.finalized(), alice.finalized()]);
        return its.number > before.number && its.number >= ours.number - 2;
      };
      await waitFor("it catches up", caughtUp, { timeout: 2 * MINUTE, abort: context.abort });
      // Blocks that it had finalized before are those of the others.
      assert.equal(await dave.hashOf(before.number), before.hash);
      assert.deepEqual(await dave.header(before.hash), header);
      // It is on duty again: its own reports are accepted.
      const revealed = async () => {
        const values = Object.entries(await dave.metricValues()).filter(
          ([name]) => name.includes("report") && name.includes("revealed"),
        );
        return values.reduce((sum, [, value]) => sum + value, 0);
      };
      const isOnDuty = async () => (await revealed()) >= 2;
      await waitFor("its reports are revealed again", isOnDuty, { timeout: 2 * MINUTE });
      const session = await storage(api, "session", "validators");
      const active = session.map((/** @type {Codec} */ v) => v.toString());
      assert.ok(active.includes(account("//Dave").address));
      assert.deepEqual((await storage(api, "session", "disabledValidators")).toJSON(), []);
    });
  },
};

/**
 * State of Dave's report of a round.
 * @param {Api} api
 * @param {number} round
 * @returns {Promise<string | undefined>} `committed` or `revealed`, if there is a report
 */
async function reportState(api, round) {
  const snapshot = (await storage(api, "probes", "snapshots", round)).unwrapOr(null);
  const { address } = account("//Dave");
  const isDave = (/** @type {Codec} */ prober) => prober.account.toString() === address;
  const index = snapshot?.probers.findIndex(isDave) ?? -1;
  if (index < 0) return undefined;
  const report = (await storage(api, "probes", "reports", round, index)).unwrapOr(null);
  return report ? variant(report.toJSON()) : undefined;
}

/**
 * Restart Dave between the commit and the reveal of a round.
 * @param {LiveContext} context
 * @returns {Promise<{ round: number, state: string | undefined }>} the last state of the report
 */
async function restartAfterCommit(context) {
  const { api, abort, outage } = context;
  const dave = context.validators[3];
  const committedRound = async () => {
    const block = (await storage(api, "system", "number")).toNumber();
    const now = Math.floor(block / outage.observer.latest.roundBlocks);
    // A commit may be in the first blocks of the next round.
    for (const round of [now, now - 1]) {
      if ((await reportState(api, round)) === "committed") return round;
    }
    return undefined;
  };
  const options = { timeout: MINUTE, every: 100, abort };
  const round = await waitFor("Dave has committed", committedRound, options);
  await dave.stop();
  const stopped = "Dave was stopped before the reveal";
  assert.equal(await reportState(api, round), "committed", stopped);
  await dave.start();
  /** @type {string | undefined} */
  let state;
  const isOver = async () => {
    state = (await reportState(api, round)) ?? state;
    if (state === "revealed") return true;
    return (await storage(api, "probes", "snapshots", round + 3)).isSome;
  };
  const over = "Dave reveals, or the round is closed";
  await waitFor(over, isOver, { timeout: MINUTE, every: 500, abort });
  return { round, state };
}

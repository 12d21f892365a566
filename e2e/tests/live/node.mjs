// SPDX-License-Identifier: Apache-2.0
// The node as its operator meets it: metrics, and commands on the database.

import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { waitFor } from "../../lib/system/wait.mjs";
import { MINUTE } from "./context.mjs";

/** @import { SuretyNode } from "../../lib/network/node.mjs" */
/** @import { LiveContext, Subject } from "./context.mjs" */

/**
 * Metrics with labels that must have counted. A silent endpoint is given up by the transport or by
 * the prober, whichever is first. The failures are those of the subject "hostile".
 * @type {[string, RegExp?][]}
 */
const METRICS = [
  ["surety_probes_sent_total"],
  ["surety_probes_failed_total", /cause="connect"/],
  ["surety_probes_failed_total", /cause="forbidden"/],
  ["surety_probes_failed_total", /cause="(timeout|abandoned)"/],
  ["surety_probe_duration_seconds_count"],
  ["surety_reports_total", /phase="committed"/],
  ["surety_reports_total", /phase="revealed"/],
];
/** Blocks that are exported. */
const EXPORTED = 20;

/** @type {Subject} */
export const node = {
  scenarios: [],
  after: ["hostile"],
  define(context) {
    context.test("probing is visible in the metrics of a validator", async () => {
      for (const validator of context.validators) {
        const values = Object.entries(await validator.metricValues());
        for (const [metric, labels = /^/] of METRICS) {
          const found = values.filter(([key]) => key.split("{")[0] === metric && labels.test(key));
          // All series are there from the start, at zero.
          const sum = found.reduce((total, [, value]) => total + value, 0);
          const shown = found.length > 0 ? sum : "not there";
          assert.ok(sum > 0, `${validator.name}: ${metric} ${labels} is ${shown}`);
        }
      }
    });

    // The last tests of all: the operator's node loses its database.
    context.test("commands export, check and revert what a node has stored", async () => {
      const [alice] = context.validators;
      const [operator] = context.fixture.network.full;
      await operator.stop();
      const file = path.join(context.fixture.dir, "blocks.json");
      await operator.command("export-blocks", "--from", "1", "--to", `${EXPORTED}`, file);
      // One object after the other, with nothing between them.
      const texts = readFileSync(file, "utf8").split(/(?<=\})(?=\{)/);
      const blocks = texts.map((text) => JSON.parse(text));
      assert.equal(blocks.length, EXPORTED);
      const { parentHash } = blocks[EXPORTED - 1].block.header;
      assert.equal(parentHash, await alice.hashOf(EXPORTED - 1));
      await operator.command("check-block", `${EXPORTED}`);

      // Finalized blocks are not reverted.
      const { best, finalized } = await chainInfo(operator);
      assert.ok(best > finalized && finalized > EXPORTED, `${best}, ${finalized}`);
      await operator.command("revert", "2");
      const after = { best: Math.max(best - 2, finalized), finalized };
      assert.deepEqual(await chainInfo(operator), after);
      await operator.start();
      await catchesUp(context, operator);
    });

    context.test("a node without a database and a newcomer join the same chain", async () => {
      const [alice] = context.validators;
      const { fixture } = context;
      const [operator] = fixture.network.full;
      const { number } = await operator.finalized();
      await operator.stop();
      const database = path.join(operator.basePath, "chains", "surety_local", "paritydb");
      assert.ok(existsSync(database));
      await operator.command("purge-chain", "-y");
      assert.ok(!existsSync(database));
      await operator.start();

      // The newcomer has nothing but the raw specification.
      const spec = path.join(fixture.dir, "raw.json");
      await fixture.network.exportSpec(spec);
      const newcomer = await fixture.network.join("newcomer", spec);
      for (const joined of [operator, newcomer]) {
        await catchesUp(context, joined);
        assert.equal(await joined.hashOf(number), await alice.hashOf(number));
      }
    });
  },
};

/**
 * Numbers of the best and of the last finalized block that a node has stored.
 * @param {SuretyNode} stopped
 * @returns {Promise<{ best: number, finalized: number }>}
 */
async function chainInfo(stopped) {
  const output = await stopped.command("chain-info");
  const json = /^\{[\s\S]*?^\}/m.exec(output)?.[0];
  assert.ok(json, output);
  const info = JSON.parse(json);
  return { best: info.best_number, finalized: info.finalized_number };
}

/**
 * Wait until a node has finalized what the validators have.
 * @param {LiveContext} context
 * @param {SuretyNode} joined
 */
async function catchesUp({ abort, validators: [alice] }, joined) {
  const isThere = async () => {
    const [its, ours] = await Promise.all([joined.finalized(), alice.finalized()]);
    return its.number > 0 && its.number >= ours.number - 2;
  };
  await waitFor(`${joined.name} catches up`, isThere, { timeout: 2 * MINUTE, abort });
}

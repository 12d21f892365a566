// SPDX-License-Identifier: Apache-2.0
// Faults of validators, their machines and their network, each on the same chain with a market that
// must survive: what goes on, what halts and heals, and that nobody honest pays for it. The figures
// are printed at the end; docs/operations.md has those of a run.
//
// FAULT=partition,disk tries some of them.

import assert from "node:assert/strict";
import { after, before, describe } from "node:test";
import { all, database, half, killed, third } from "./faults/absence.mjs";
import { FaultContext, MINUTE, whyNoFaults } from "./faults/context.mjs";
import { load, membership } from "./faults/load.mjs";
import { clock, disk } from "./faults/machine.mjs";
import { partition } from "./faults/partition.mjs";
import { warp } from "./faults/sync.mjs";

/**
 * All faults in their order.
 * @type {Record<string, (context: FaultContext) => void>}
 */
const FAULTS = {
  killed,
  third,
  half,
  partition,
  clock,
  disk,
  database,
  all,
  warp,
  load,
  membership,
};

const selected = process.env.FAULT ? process.env.FAULT.split(",") : Object.keys(FAULTS);
const unknown = selected.filter((name) => !(name in FAULTS));
if (unknown.length > 0) {
  throw new Error(`no fault ${unknown}; there are ${Object.keys(FAULTS).join(", ")}`);
}

describe("faults", { skip: whyNoFaults() }, () => {
  const context = new FaultContext();
  before(() => context.start(), { timeout: 5 * MINUTE });
  after(
    async () => {
      await context.stop();
      console.log("\n| fault | what was seen |\n|---|---|");
      for (const [fault, seen] of context.figures) console.log(`| ${fault} | ${seen} |`);
    },
    { timeout: MINUTE },
  );

  for (const [name, define] of Object.entries(FAULTS)) {
    if (selected.includes(name)) define(context);
  }

  context.test("all together", "the market and all money are there after all faults", async () => {
    await context.catchUp(...context.nodes);
    await context.assertMarket();
    const { number } = await context.reader.finalized();
    const roots = await Promise.all(
      context.nodes.map(async (node) => (await node.header(await node.hashOf(number))).stateRoot),
    );
    assert.equal(new Set(roots).size, 1, `block ${number}: ${roots}`);
    return [`${context.nodes.length} nodes with one state at block ${number}`];
  });
});

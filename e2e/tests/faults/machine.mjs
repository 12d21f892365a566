// SPDX-License-Identifier: Apache-2.0
// A validator whose machine is at fault: its clock is wrong, or its disk is full.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { MINUTE, seconds, skewed } from "./context.mjs";

/** @import { FaultContext } from "./context.mjs" */

/** Blocks with a wrong clock: ten of each validator. */
const SKEWED_BLOCKS = 40;
/** Size of the disk in MiB, and free space at which it counts as full here. */
const DISK = 768;
const FULL = 32;

/** @param {FaultContext} context */
export function clock(context) {
  const name = "a clock that is a slot ahead or behind harms nobody else";
  context.test("clock 2 s wrong", name, async () => {
    const [, , charlie] = context.validators;
    /** @type {string[]} */
    const figures = [];
    for (const skew of ["+2s", "-2s"]) {
      await context.disturbing([charlie], async () => {
        await charlie.stop();
        await charlie.start(undefined, skewed(skew));
        await context.catchUp(charlie);
        await context.audit();
        const first = importTimes(charlie.log).size;
        await context.finalizes(SKEWED_BLOCKS);
        const authored = await context.audit();
        const blocks = [...authored.values()].reduce((all, own) => all + own, 0);
        const seen = seenSkew(charlie.log, context.reader.log, first);
        assert.ok(seen * Number.parseInt(skew, 10) > 0, `the clock is ${seen} s ahead`);
        const own = authored.get("charlie") ?? 0;
        figures.push(
          `${skew} (${seen.toFixed(1)} s in its log): author of ${own} of ${blocks} blocks`,
        );
      });
    }
    await charlie.stop();
    await charlie.start();
    await context.catchUp(charlie);
    await context.onDuty(charlie);
    context.assertNoEquivocation();
    return figures;
  });
}

/**
 * Times at which a node logged that it imported a block.
 * @param {string} log
 * @returns {Map<string, number>} ms by short hash, in the order of the log
 */
function importTimes(log) {
  const lines = readFileSync(log, "utf8").matchAll(
    /^(\S+ \S+) .*Imported #\d+ \((?:\S+ . )?(0x\S+)\)/gmu,
  );
  return new Map([...lines].map(([, time, hash]) => [hash, Date.parse(`${time}Z`)]));
}

/**
 * Time by which the clock of a node is ahead, by when it and another one logged the same blocks.
 * @param {string} log
 * @param {string} other
 * @param {number} first - number of blocks to leave out
 * @returns {number} seconds, on average
 */
function seenSkew(log, other, first) {
  const reference = importTimes(other);
  const ahead = [...importTimes(log)].slice(first).flatMap(([hash, time]) => {
    const at = reference.get(hash);
    return at === undefined ? [] : [time - at];
  });
  assert.ok(ahead.length > 0, "the nodes have logged no block in common");
  return ahead.reduce((sum, ms) => sum + ms, 0) / ahead.length / 1_000;
}

/** @param {FaultContext} context */
export function disk(context) {
  const name = "a full disk stops the node with a message, and space brings it back";
  context.test(
    "disk full",
    name,
    async () => {
      const { fixture } = context;
      const { machine } = fixture;
      const [, , , dave] = context.validators;
      const filler = `${dave.basePath}/filler`;
      return context.disturbing([dave], async () => {
        // Its base path moves to a small disk that only its machine sees.
        await dave.stop();
        const small = `${dave.basePath}.disk`;
        machine.runNow("mkdir", [small]);
        machine.runNow("mount", ["-t", "tmpfs", "-o", `size=${DISK}m`, "tmpfs", small]);
        machine.runNow("cp", ["-a", `${dave.basePath}/.`, small]);
        machine.runNow("mount", ["--bind", small, dave.basePath]);
        await dave.start();
        await context.catchUp(dave);
        const before = await dave.finalized();

        const [free, unit] = machine
          .runNow("stat", ["-f", "-c", "%a %S", small])
          .split(" ")
          .map(Number);
        const bytes = free * unit - FULL * 2 ** 20;
        assert.ok(bytes > 0, `${free} blocks of ${unit} bytes are free`);
        const at = Date.now();
        const ends = dave.ends();
        machine.runNow("fallocate", ["-l", `${bytes}`, filler]);
        const exit = await ends;
        const stopped = Date.now() - at;
        assert.match(exit, /^exit code [1-9]/);
        const message = /Available space \d+MiB for path `.*` dropped below threshold: 64MiB/;
        assert.match(readFileSync(dave.log, "utf8"), message);

        // It refuses to start on a full disk.
        dave.launch();
        assert.match(await dave.ends(), /^exit code [1-9]/);
        assert.match(readFileSync(dave.log, "utf8"), /Out of storage space: available \d+MiB/);
        // The others go on.
        await context.finalizes(5);

        machine.runNow("rm", [filler]);
        await dave.start();
        const caughtUp = await context.catchUp(dave);
        assert.equal(await dave.hashOf(before.number), before.hash);
        await context.onDuty(dave);
        context.assertNoEquivocation();
        return [
          `${exit} ${seconds(stopped)} after the disk was filled`,
          `caught up in ${seconds(caughtUp)} once there was space`,
        ];
      });
    },
    8 * MINUTE,
  );
}

// SPDX-License-Identifier: Apache-2.0
// Validators that are gone: killed, off, all at once, or back without their database.

import assert from "node:assert/strict";
import { existsSync, readdirSync, rmSync } from "node:fs";
import path from "node:path";
import { waitFor } from "../../lib/system/wait.mjs";
import { MINUTE, seconds } from "./context.mjs";

/** @import { SuretyNode } from "../../lib/network/node.mjs" */
/** @import { FaultContext } from "./context.mjs" */

/** Blocks that finality lags behind before it counts as halted: votes are under way for a few. */
const HALTED = 6;
/** Blocks of the halt, fewer than those after which authors slow down (50). */
const HALT = 14;

/**
 * Assert that a node still has the block that it had finalized.
 * @param {SuretyNode} node
 * @param {{ number: number, hash: string }} block
 */
async function assertKept(node, { number, hash }) {
  assert.equal(await node.hashOf(number), hash, `${node.name} has another block ${number}`);
}

/** @param {FaultContext} context */
export function killed(context) {
  context.test(
    "kill -9 in mid-round",
    "a validator that is killed goes on with its database",
    async () => {
      const [, , , dave] = context.validators;
      /** @type {number[]} */
      const times = [];
      await context.disturbing([dave], async () => {
        // While reports are committed and revealed, while probes run, and before the round's end.
        for (const offset of [1, 3, 5]) {
          await context.blockOfRound(offset);
          const before = await dave.finalized();
          await dave.kill();
          await dave.start();
          times.push(await context.catchUp(dave));
          await assertKept(dave, before);
          await context.onDuty(dave);
        }
      });
      context.assertNoEquivocation();
      return [
        `${times.length} kills; caught up ${times.map(seconds).join(", ")} after the restart`,
      ];
    },
  );
}

/** @param {FaultContext} context */
export function third(context) {
  context.test("one of four off", "three of four validators finalize and judge", async () => {
    const [, , , dave] = context.validators;
    const before = await dave.finalized();
    let finalized = 0;
    const caughtUp = await context.disturbing([dave], async () => {
      await dave.stop();
      const first = (await context.reader.finalized()).number;
      await context.judges(3);
      finalized = (await context.reader.finalized()).number - first;
      await dave.start();
      return context.catchUp(dave);
    });
    await context.onDuty(dave);
    await assertKept(dave, before);
    return [`${finalized} blocks were finalized without it; it caught up in ${seconds(caughtUp)}`];
  });
}

/** @param {FaultContext} context */
export function half(context) {
  context.test(
    "two of four off",
    "finality halts without two of four, and heals with one",
    async () => {
      const [alice, bob, charlie, dave] = context.validators;
      return context.disturbing([alice, bob, charlie, dave], async () => {
        await Promise.all([charlie.stop(), dave.stop()]);
        const lag = async () => (await alice.best()) - (await alice.finalized()).number;
        await context.until("finality halts", async () => (await lag()) >= HALTED);
        const { number } = await alice.finalized();
        // The two author on.
        await context.until("the halt lasts", async () => (await lag()) >= HALT);
        for (const node of [alice, bob, context.reader]) {
          assert.equal((await node.finalized()).number, number, `${node.name} finalizes with two`);
        }
        const best = await alice.best();
        await charlie.start();
        const healed = await context.until("three of four finalize", async () => {
          return (await alice.finalized()).number >= best;
        });
        await dave.start();
        await context.catchUp(charlie, dave);
        await Promise.all([charlie, dave].map((node) => context.onDuty(node)));
        // A round that begins now is judged by all.
        await context.judges(1);
        return [
          `${best - number} blocks were authored above the last final one`,
          `finality was back ${seconds(healed)} after the third answered`,
        ];
      });
    },
  );
}

/** @param {FaultContext} context */
export function all(context) {
  context.test("all killed at once", "a network that was killed as a whole goes on", async () => {
    const { nodes, reader, validators } = context;
    return context.disturbing(validators, async () => {
      const before = await reader.finalized();
      await Promise.all(nodes.map((node) => node.kill()));
      await Promise.all(nodes.map((node) => node.start()));
      const back = await context.until("blocks are finalized again", async () => {
        return (await reader.finalized()).number > before.number + 2;
      });
      await waitFor("the reader is connected", () => context.api.isConnected, { timeout: MINUTE });
      for (const node of nodes) await assertKept(node, before);
      await context.catchUp(...nodes);
      await Promise.all(validators.map((node) => context.onDuty(node)));
      await context.judges(1);
      return [`finality was back ${seconds(back)} after the nodes answered`];
    });
  });
}

/** @param {FaultContext} context */
export function database(context) {
  const name = "a validator without its database syncs again and signs nothing twice";
  context.test("database lost", name, async () => {
    const [, , charlie] = context.validators;
    const chain = path.join(charlie.basePath, "chains", "surety_local");
    const keys = () => readdirSync(path.join(chain, "keystore")).sort();
    // Keys of its own in place of those that a flag gives it.
    await context.rotateKeys(charlie);
    // They count in the session after the next one.
    await context.sessions(2);
    const before = await charlie.finalized();
    const kept = keys();
    assert.ok(kept.length >= 4, `${kept}`);
    const caughtUp = await context.disturbing([charlie], async () => {
      await charlie.kill();
      rmSync(path.join(chain, "paritydb"), { recursive: true });
      await charlie.start();
      return context.catchUp(charlie);
    });
    assert.deepEqual(keys(), kept);
    await assertKept(charlie, before);
    await context.onDuty(charlie);
    // It authors again, and an equivocation of before would be reported by now.
    let authored = 0;
    await context.until("it authors a block", async () => {
      authored += (await context.audit()).get("charlie") ?? 0;
      return authored > 0;
    });
    await context.finalizes(10);
    context.assertNoEquivocation();
    assert.ok(existsSync(path.join(chain, "paritydb")));
    return [`${before.number} blocks synced in ${seconds(caughtUp)}; no equivocation`];
  });
}

// SPDX-License-Identifier: Apache-2.0
// A network in two halves.

import assert from "node:assert/strict";
import { seconds } from "./context.mjs";

/** @import { Namespace } from "../../lib/provider/namespace.mjs" */
/** @import { FaultContext } from "./context.mjs" */

/** Blocks of each half: more than a round, and fewer than those after which authors slow down. */
const APART = 10;

/**
 * Drop what peers send over the link of a machine. JSON-RPC, metrics and probed servers are still
 * reached.
 * @param {Namespace} machine
 * @param {{ inside: number[], outside: number[] }} ports - of the peers
 * @returns {() => void} ends that
 */
function cut(machine, { inside, outside }) {
  const table = "table inet cut";
  const chain = (/** @type {string} */ hook) =>
    `add chain inet cut ${hook} { type filter hook ${hook} priority 0 ; }`;
  const drop = (/** @type {string} */ hook, /** @type {string} */ match) =>
    `add rule inet cut ${hook} ${match} drop`;
  const set = (/** @type {number[]} */ ports) => `{ ${ports.join(", ")} }`;
  const near = 'iifname "eth0" tcp';
  const far = 'oifname "eth0" tcp';
  const commands = [
    `add ${table}`,
    chain("input"),
    chain("output"),
    drop("input", `${near} dport ${set(inside)}`),
    drop("input", `${near} sport ${set(outside)}`),
    drop("output", `${far} sport ${set(inside)}`),
    drop("output", `${far} dport ${set(outside)}`),
  ];
  machine.runNow("nft", [commands.join("; ")]);
  return () => {
    machine.runNow("nft", [`delete ${table}`]);
  };
}

/** @param {FaultContext} context */
export function partition(context) {
  const name = "two halves finalize nothing, and become one chain again";
  context.test("2/2 partition healed", name, async () => {
    const { fixture, reader, validators } = context;
    const [alice, bob, charlie, dave] = validators;
    const ports = {
      inside: [charlie.port, dave.port],
      outside: [alice.port, bob.port, reader.port],
    };
    return context.disturbing(validators, async () => {
      const start = await alice.best();
      const heal = cut(fixture.machine, ports);
      const heads = () => Promise.all([alice.best(), charlie.best()]);
      const apart = async () => (await heads()).every((best) => best >= start + APART);
      await context.until("both halves author", apart).catch((error) => {
        heal();
        throw error;
      });
      const [near, far] = await heads();
      const at = start + APART;
      const hashes = await Promise.all([alice, charlie].map((node) => node.hashOf(at)));
      assert.notEqual(hashes[0], hashes[1], "the halves have the same blocks");
      const finalized = await Promise.all(validators.map((node) => node.finalized()));
      const numbers = finalized.map(({ number }) => number);
      assert.ok(Math.max(...numbers) < start + APART, `${numbers} final, cut at ${start}`);
      heal();
      const healed = await context.until("the halves finalize one chain", async () => {
        const all = await Promise.all(validators.map((node) => node.finalized()));
        return all.every(({ number }) => number >= Math.max(near, far));
      });
      const after = await Promise.all(validators.map((node) => node.hashOf(at)));
      assert.equal(new Set(after).size, 1, `${after}`);
      const won = after[0] === hashes[0] ? near : far;
      const lost = after[0] === hashes[0] ? far : near;
      for (const [i, { number, hash }] of finalized.entries()) {
        assert.equal(await validators[i].hashOf(number), hash, "a final block was reverted");
      }
      await context.judges(2);
      context.assertNoEquivocation();
      return [
        `${near - start} and ${far - start} blocks apart, none final`,
        `one chain and final again ${seconds(healed)} after the cut healed`,
        `the chain of height ${won} won over that of ${lost}`,
      ];
    });
  });
}

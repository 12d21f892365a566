// SPDX-License-Identifier: Apache-2.0
// A node that joins late.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { jsonRpc } from "../../lib/system/json-rpc.mjs";
import { MINUTE, seconds } from "./context.mjs";

/** @import { FaultContext } from "./context.mjs" */

/** Changes of GRANDPA's set that a newcomer has to follow. */
const CHANGES = 3;
/** Storage key of the runtime's code. */
const CODE = "0x3a636f6465";

/** @param {FaultContext} context */
export function warp(context) {
  const name = "a new node warps over three changes of the set";
  context.test("warp sync of a new node", name, async () => {
    const { fixture, reader } = context;
    const { network } = fixture;
    // Each era has a set of its own, of the same validators too.
    const warpable = async () => (await context.setChanges()) >= CHANGES;
    await context.until("GRANDPA's set has changed", warpable, 8 * MINUTE);
    const changes = await context.setChanges();
    const spec = path.join(fixture.dir, "raw.json");
    await network.exportSpec(spec);
    const at = Date.now();
    const newcomer = await network.join("newcomer", spec, ["--sync", "warp"]);
    await context.catchUp(newcomer);
    const caughtUp = Date.now() - at;
    const { number } = await reader.finalized();
    await context.until("it follows", async () => (await newcomer.finalized()).number > number);
    assert.equal(await newcomer.hashOf(number), await reader.hashOf(number));
    const log = readFileSync(newcomer.log, "utf8");
    assert.match(log, /Warp sync is complete/);
    assert.match(log, /State sync is complete/);
    // It has the state of now, and has executed none of the first blocks.
    const codeAt = async (/** @type {string} */ hash) =>
      jsonRpc(newcomer.http, "state_getStorageHash", [CODE, hash]);
    assert.ok(await codeAt(await newcomer.hashOf(number)));
    await assert.rejects(codeAt(await reader.hashOf(1)));
    await newcomer.stop();
    network.full.pop();
    return [`${changes} changes of the set, ${number} blocks; in sync after ${seconds(caughtUp)}`];
  });
}

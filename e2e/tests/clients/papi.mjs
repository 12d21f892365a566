// SPDX-License-Identifier: Apache-2.0
// PAPI: descriptors of the chain from its metadata, and a program in TypeScript on them, in a
// project of its own as `papi add` makes one.

import assert from "node:assert/strict";
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { UNIT } from "../../lib/chain/amounts.mjs";
import { account, storage } from "../../lib/chain/api.mjs";
import { call, send } from "../../lib/chain/calls.mjs";
import { PRICE } from "../../lib/scenarios/listing.mjs";

/** @import { Codec } from "../../lib/chain/api.mjs" */
/** @import { ClientsContext } from "./context.mjs" */

const E2E = fileURLToPath(new URL("../..", import.meta.url));
const SOURCES = path.join(E2E, "clients", "papi");
/** Secret of the account that the program signs with. */
const SIGNER = "//One";

/** @param {ClientsContext} context */
export function papi(context) {
  const { test } = context;
  /** @type {string} */
  let project;
  const run = (/** @type {string} */ name, /** @type {string[]} */ args) =>
    context.fixture.processes.run(`papi-${name}`, process.execPath, args, { cwd: project });
  const bin = (/** @type {string} */ name) => path.join(E2E, "node_modules", ".bin", name);

  test("papi generates descriptors from the chain's metadata", async () => {
    const { fixture, node } = context;
    const root = path.join(fixture.dir, "papi");
    project = path.join(root, "project");
    cpSync(SOURCES, project, { recursive: true });
    // Node looks for packages in every folder above the project.
    symlinkSync(path.join(E2E, "node_modules"), path.join(root, "node_modules"));
    await run("add", [
      "--experimental-websocket",
      bin("papi"),
      "add",
      "surety",
      "--wsUrl",
      node.ws,
      "--skip-codegen",
    ]);
    // `papi generate` would call `npm install` to link the descriptors.
    const file = path.join(project, ".papi", "polkadot-api.json");
    const config = JSON.parse(readFileSync(file, "utf8"));
    writeFileSync(file, JSON.stringify({ ...config, options: { noDescriptorsPackage: true } }));
    await run("generate", [bin("papi"), "generate"]);
    const scope = path.join(project, "node_modules", "@polkadot-api");
    mkdirSync(scope, { recursive: true });
    symlinkSync(path.join(project, ".papi", "descriptors"), path.join(scope, "descriptors"));
  });

  test("a typed program compiles, reads a service and signs a transaction", async () => {
    const { api, node, service, operator } = context;
    const signer = account(SIGNER);
    const fund = { dest: signer.address, value: 10n * UNIT };
    await send(api, account("//Alice"), call(api, "balances", "transferKeepAlive", fund));
    await run("tsc", [bin("tsc"), "-p", "tsconfig.json"]);
    const output = await run("main", [
      ...["out/main.js", node.ws, `${service}`, SIGNER, "by a typed program"],
    ]);
    const { stored, answered, clock, ok, refusal, events, block } = JSON.parse(
      output.split("\n").at(-1) ?? "",
    );
    const expected = { operator: operator.address, endpoint: node.http, price: `${PRICE}` };
    assert.deepEqual(stored, { ...expected, network: 0 });
    assert.deepEqual(answered, { ...expected, open: true });
    assert.ok(clock.round > 0);
    assert.ok(ok);
    assert.deepEqual(refusal, { type: "Unknown", value: { type: "CannotLookup" } });
    assert.ok(events.includes("System.Remarked"), `${events}`);
    const all = await storage(await api.at(block), "system", "events");
    const remarked = all.find(
      (/** @type {Codec} */ { event }) => event.section === "system" && event.method === "Remarked",
    );
    assert.equal(remarked.event.data.sender.toString(), signer.address);
  });
}

// SPDX-License-Identifier: Apache-2.0
// PAPI: descriptors of the chain from its metadata, and a program in TypeScript on them, in a
// project of its own as `papi add` makes one.

import assert from "node:assert/strict";
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { account } from "../../lib/chain/api.mjs";
import { PRICE } from "../../lib/scenarios/listing.mjs";

/** @import { ClientsContext } from "./context.mjs" */

const E2E = fileURLToPath(new URL("../..", import.meta.url));
const SOURCES = path.join(E2E, "clients", "papi");

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
    await run("add", [bin("papi"), "add", "surety", "--wsUrl", node.ws, "--skip-codegen"]);
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
    await run("tsc", [bin("tsc"), "-p", "tsconfig.json"]);
    const output = await run("main", [
      ...["out/main.js", node.ws, `${service}`, "//One", "by a typed program"],
    ]);
    const { stored, answered, clock, ok, events, block } = JSON.parse(
      output.split("\n").at(-1) ?? "",
    );
    const expected = { operator: operator.address, endpoint: node.http, price: `${PRICE}` };
    assert.deepEqual(stored, { ...expected, network: 0 });
    assert.deepEqual(answered, { ...expected, open: true });
    assert.ok(clock.round > 0);
    assert.ok(ok);
    assert.ok(events.includes("System.Remarked"), `${events}`);
    const at = await api.at(block);
    const remarked = /** @type {any[]} */ (/** @type {any} */ (await at.query.system.events()))
      .map(({ event }) => event)
      .find(({ section, method }) => section === "system" && method === "Remarked");
    assert.equal(remarked.data.sender.toString(), account("//One").address);
  });
}

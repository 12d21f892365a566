// SPDX-License-Identifier: Apache-2.0
// The dashboard as a file: its form, and the grammar of its queries by promtool. What its queries
// show on a real node is in operations.test.mjs.

import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { ANY, interpolate, queriesOf, readDashboard } from "../lib/operations/dashboard.mjs";
import { metricsOf } from "../lib/operations/promql.mjs";
import { findProgram } from "../lib/provider/requirements.mjs";
import { workDir } from "../lib/system/local.mjs";

const E2E = fileURLToPath(new URL("..", import.meta.url));
/** Columns of Grafana's grid. */
const COLUMNS = 24;
/** The data source that the reader chooses, a variable of the dashboard. */
const CHOSEN = ["$", "{datasource}"].join("");

const dashboard = readDashboard();
const { panels } = dashboard;
const variables = dashboard.templating.list;

test("names of metrics are found in PromQL", () => {
  const of = (/** @type {string} */ text) => [...metricsOf(text)].sort();
  assert.deepEqual(of('sum by (a, b) (rate(x_total{l="y {z}"}[5m])) / 2e9'), ["x_total"]);
  assert.deepEqual(of('a - ignoring(s) b{c="d"} unless on (i) e > 20'), ["a", "b", "e"]);
  assert.deepEqual(of("changes(a:b[3m] offset 1h) == 0 and predict_linear(f[6h], 3 * 86400) < 0"), [
    "a:b",
    "f",
  ]);
});

test("panels have ids and places of their own", () => {
  assert.equal(new Set(panels.map(({ id }) => id)).size, panels.length);
  const taken = new Map();
  for (const { title, gridPos } of panels) {
    const { h, w, x, y } = gridPos;
    assert.ok(w > 0 && h > 0 && x >= 0 && x + w <= COLUMNS, title);
    for (let row = y; row < y + h; row += 1) {
      for (let column = x; column < x + w; column += 1) {
        const cell = `${row}:${column}`;
        assert.ok(!taken.has(cell), `${title} covers ${taken.get(cell)}`);
        taken.set(cell, title);
      }
    }
  }
});

test("every panel says what it shows and asks the chosen data source", () => {
  const chosen = { type: "prometheus", uid: CHOSEN };
  for (const panel of panels.filter(({ type }) => type !== "row")) {
    const { title, description, datasource, targets } = panel;
    assert.ok(title && description, title);
    assert.deepEqual(datasource, chosen, title);
    assert.ok(targets && targets.length > 0, title);
    for (const target of targets) assert.deepEqual(target.datasource, chosen, title);
    assert.equal(new Set(targets.map(({ refId }) => refId)).size, targets.length, title);
  }
});

test("variables are defined before they are used, and all are used", () => {
  const names = variables.map(({ name }) => name);
  assert.deepEqual(
    [...names].sort(),
    ["datasource", ...Object.keys(ANY)].filter((name) => !name.startsWith("__")).sort(),
  );
  const queries = queriesOf(dashboard).map(({ expr }) => expr);
  for (const variable of variables.filter(({ type }) => type !== "datasource")) {
    const { name, datasource } = variable;
    const query = queryOf(variable);
    assert.equal(datasource?.uid, CHOSEN, name);
    assert.match(`${query}`, /^label_values\(/, name);
    const users = [...queries, ...variables.map(queryOf)];
    assert.ok(
      users.some((text) => text.includes(`$${name}`)),
      `${name} is not used`,
    );
  }
});

test("the file has the form of Grafana's schema", () => {
  const { dir, remove } = workDir("surety-dashboard");
  try {
    const file = path.join(dir, "dashboard.ts");
    writeFileSync(file, typed());
    const flags = ["--noEmit", "--strict", "--skipLibCheck", "--module", "nodenext"];
    const tsc = path.join(E2E, "node_modules", "typescript", "bin", "tsc");
    // Elsewhere, so that the compiler does not find the configuration of these tests.
    const options = { cwd: dir, encoding: /** @type {const} */ ("utf8") };
    const { status, stdout } = spawnSync(process.execPath, [tsc, ...flags, file], options);
    assert.equal(status, 0, stdout);
  } finally {
    remove();
  }
});

/**
 * The dashboard as a program whose types are those of Grafana's schema. Enums of the schema are
 * plain values in a file.
 * @returns {string}
 */
function typed() {
  const raw = path.join(E2E, "node_modules/@grafana/schema/dist/types/raw");
  const types = (/** @type {string} */ of) => JSON.stringify(path.join(raw, of, "x/types.gen"));
  const parts = panels.flatMap(({ id, type, options, fieldConfig }) => {
    if (type !== "stat" && type !== "timeseries") return [];
    const custom = fieldConfig?.defaults?.custom;
    return [
      `export const o${id}: Plain<Partial<${type}.Options>> = ${JSON.stringify(options)};`,
      custom
        ? `export const c${id}: Plain<Partial<${type}.FieldConfig>> = ${JSON.stringify(custom)};`
        : "",
    ];
  });
  return [
    `import type { Dashboard } from ${types("dashboard")};`,
    `import type * as stat from ${types("composable/stat/panelcfg")};`,
    `import type * as timeseries from ${types("composable/timeseries/panelcfg")};`,
    ["type Plain<T> = T extends string ? `$", "{T}`"].join(""),
    "  : T extends number | boolean | null | undefined ? T",
    "  : T extends (infer I)[] ? Plain<I>[]",
    "  : T extends object ? { [K in keyof T]: Plain<T[K]> } : T;",
    `export const dashboard: Plain<Dashboard> = ${JSON.stringify(dashboard)};`,
    ...parts,
  ].join("\n");
}

/**
 * Query of a variable.
 * @param {import("../lib/operations/dashboard.mjs").Variable} variable
 * @returns {string}
 */
function queryOf({ query }) {
  return typeof query === "string" ? query : (query?.query ?? "");
}

test("queries are PromQL", () => {
  const promtool = findProgram("promtool");
  assert.ok(promtool, "promtool is not installed: run scripts/setup.sh checks");
  const { dir, remove } = workDir("surety-dashboard");
  try {
    const rules = queriesOf(dashboard).map(({ expr }, i) => ({
      record: `dashboard:query:${i}`,
      expr: interpolate(expr, ANY),
    }));
    const file = path.join(dir, "queries.yml");
    // JSON is YAML too.
    writeFileSync(file, JSON.stringify({ groups: [{ name: "dashboard", rules }] }));
    execFileSync(promtool, ["check", "rules", file], { encoding: "utf8", stdio: "pipe" });
  } finally {
    remove();
  }
});

// SPDX-License-Identifier: Apache-2.0
// The dashboard of `ops/grafana`, as its file describes it.

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** @typedef {{ h: number, w: number, x: number, y: number }} GridPosition */
/** @typedef {{ type: string, uid: string }} DataSource */
/** @typedef {{ refId: string, datasource: DataSource, expr: string }} Target */
/**
 * @typedef {object} Panel
 * @property {number} id
 * @property {string} type
 * @property {string} title
 * @property {string} [description]
 * @property {GridPosition} gridPos
 * @property {DataSource} [datasource]
 * @property {Target[]} [targets]
 * @property {unknown} [options]
 * @property {{ defaults?: { custom?: unknown } }} [fieldConfig]
 */
/**
 * @typedef {object} Variable
 * @property {string} name
 * @property {string} type
 * @property {string | { query: string }} [query]
 * @property {DataSource} [datasource]
 */
/**
 * @typedef {object} Dashboard
 * @property {Panel[]} panels
 * @property {{ list: Variable[] }} templating
 */

/** Path of the file. */
export const DASHBOARD_FILE = fileURLToPath(
  new URL("../../../ops/grafana/surety.json", import.meta.url),
);

/**
 * Read the dashboard.
 * @returns {Dashboard}
 */
export const readDashboard = () => JSON.parse(readFileSync(DASHBOARD_FILE, "utf8"));

/**
 * Queries of a dashboard with their panels.
 * @param {Dashboard} dashboard
 * @returns {{ panel: Panel, expr: string }[]}
 */
export const queriesOf = ({ panels }) =>
  panels.flatMap((panel) => (panel.targets ?? []).map(({ expr }) => ({ panel, expr })));

/**
 * A query as Grafana sends it: with values in place of its variables.
 * @param {string} expr
 * @param {Record<string, string>} values - by name of the variable
 * @returns {string}
 */
export const interpolate = (expr, values) =>
  expr.replaceAll(/\$(\w+)|\$\{(\w+)\}/g, (whole, plain, braced) => {
    const value = values[plain ?? braced];
    if (value === undefined) throw new Error(`${whole} is not a variable of the dashboard`);
    return value;
  });

/** Values that let every series through. */
export const ANY = { chain: "surety_dev", node: ".*", gateway: ".*", __rate_interval: "5s" };

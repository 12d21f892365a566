// SPDX-License-Identifier: Apache-2.0
// Prometheus with the alerts of this repository.

import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { findProgram } from "../provider/requirements.mjs";
import { freePorts } from "../system/local.mjs";
import { waitFor } from "../system/wait.mjs";

/** @import { Processes } from "../system/processes.mjs" */

/** @typedef {{ name: string, query: string, health: string, state: string, lastError?: string, lastEvaluation: string }} Rule */
/** @typedef {{ metric: Record<string, string>, value: [number, string] }} Sample */

/** Alerts of this repository. */
const ALERTS = fileURLToPath(new URL("../../../ops/prometheus/alerts.yml", import.meta.url));
/** Time of a rule that was never evaluated. */
const NEVER = "0001-01-01T00:00:00Z";

/** Prometheus as a process. */
export class Prometheus {
  /** @param {string} url */
  constructor(url) {
    this.url = url;
  }

  /**
   * Start it, and wait until it has scraped all targets and evaluated all rules.
   * @param {Processes} processes
   * @param {Record<string, string[]>} targets - addresses by job
   * @returns {Promise<Prometheus>}
   */
  static async start(processes, targets) {
    const program = findProgram("prometheus");
    if (!program) throw new Error("prometheus is not installed: run scripts/setup.sh checks");
    const dir = path.join(processes.dir, "prometheus");
    mkdirSync(dir, { recursive: true });
    const file = path.join(dir, "prometheus.yml");
    const jobs = Object.entries(targets).map(([name, addresses]) => ({
      job_name: name,
      static_configs: [{ targets: addresses }],
    }));
    // JSON is YAML too.
    const config = {
      global: { scrape_interval: "1s", scrape_timeout: "1s", evaluation_interval: "1s" },
      rule_files: [ALERTS],
      scrape_configs: jobs,
    };
    writeFileSync(file, JSON.stringify(config));
    const [port] = await freePorts(1);
    const address = `127.0.0.1:${port}`;
    const started = processes.start("prometheus", program, [
      `--config.file=${file}`,
      `--storage.tsdb.path=${path.join(dir, "data")}`,
      `--web.listen-address=${address}`,
      "--log.level=warn",
    ]);
    const prometheus = new Prometheus(`http://${address}`);
    const all = Object.values(targets).flat().length;
    await waitFor(
      "Prometheus has scraped everything and evaluated the alerts",
      async () => {
        // Rates need a second scrape.
        const scraped = await prometheus.query("count_over_time(up[1m]) > 2 and up == 1");
        const rules = await prometheus.rules();
        const evaluated = rules.every(({ lastEvaluation }) => lastEvaluation !== NEVER);
        return scraped.length === all && evaluated;
      },
      { abort: () => started.failure() },
    );
    return prometheus;
  }

  /**
   * Ask its API.
   * @param {string} call - path and query
   * @returns {Promise<any>} data of the answer
   */
  async #ask(call) {
    const answer = /** @type {any} */ (await (await fetch(`${this.url}/api/v1/${call}`)).json());
    if (answer.status !== "success") throw new Error(`${call}: ${answer.error}`);
    return answer.data;
  }

  /**
   * Evaluate an expression.
   * @param {string} expression
   * @returns {Promise<Sample[]>}
   */
  async query(expression) {
    return (await this.#ask(`query?query=${encodeURIComponent(expression)}`)).result;
  }

  /**
   * Names of all metrics.
   * @returns {Promise<Set<string>>}
   */
  async metrics() {
    return new Set(await this.#ask("label/__name__/values"));
  }

  /**
   * Alerts and how they are evaluated.
   * @returns {Promise<Rule[]>}
   */
  async rules() {
    const { groups } = await this.#ask("rules");
    return groups.flatMap((/** @type {{ rules: Rule[] }} */ { rules }) => rules);
  }
}

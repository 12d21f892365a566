// SPDX-License-Identifier: Apache-2.0
// The gateway's binary as a process, in one of its two roles.

import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { freePorts } from "../system/local.mjs";
import { waitFor } from "../system/wait.mjs";
import { toToml } from "./toml.mjs";

/** @import { ManagedProcess, Processes } from "../system/processes.mjs" */
/** @import { Table } from "./toml.mjs" */

/**
 * @typedef {object} Options
 * @property {"gateway" | "edge"} role
 * @property {string[]} [flags] - of the command line
 * @property {Table} [config] - its file, beside listeners and data
 * @property {Record<string, string>} [env] - keys, which other users of the machine must not see
 * @property {string} [binary]
 * @property {number} [port] - of the public listener; any free one if left out
 */

/**
 * Path of the binary that `make build` made.
 * @returns {string}
 */
export function gatewayBinary() {
  const cache = process.env.SURETY_CACHE ?? path.join(os.homedir(), ".cache", "surety");
  const target = process.env.CARGO_TARGET_DIR ?? path.join(cache, "target");
  const binary = process.env.SURETY_GATEWAY ?? path.join(target, "testnet", "surety-gateway");
  if (!existsSync(binary)) throw new Error(`${binary} is not there: run "make build"`);
  return binary;
}

/** A gateway or an edge. */
export class GatewayProcess {
  /** @type {ManagedProcess} */
  process;
  #processes;
  #arguments;
  #env;
  #binary;

  /**
   * @param {Processes} processes
   * @param {string} name
   * @param {Options} options
   * @param {number[]} ports - of the public and of the control listener
   */
  constructor(processes, name, options, [port, control]) {
    const { role, flags = [], config = {}, env = {}, binary = gatewayBinary() } = options;
    const dir = path.join(processes.dir, name);
    mkdirSync(dir, { recursive: true });
    const file = path.join(dir, `${role}.toml`);
    const front = { listen: `127.0.0.1:${port}`, .../** @type {Table} */ (config.front ?? {}) };
    writeFileSync(
      file,
      toToml({
        ...config,
        data: path.join(dir, "data"),
        front,
        control: { listen: `127.0.0.1:${control}` },
      }),
    );
    this.#processes = processes;
    this.#arguments = [role, "--config", file, ...flags];
    this.#env = env;
    this.#binary = binary;
    this.name = name;
    this.url = `http://127.0.0.1:${port}`;
    this.ws = `ws://127.0.0.1:${port}`;
    this.control = `http://127.0.0.1:${control}`;
  }

  /**
   * Start a process and wait until its control listener answers.
   * @param {Processes} processes
   * @param {string} name
   * @param {Options} options
   * @returns {Promise<GatewayProcess>}
   */
  static async start(processes, name, options) {
    const [free, control] = await freePorts(2);
    const its = new GatewayProcess(processes, name, options, [options.port ?? free, control]);
    await its.start();
    return its;
  }

  /** Start it, on what it stored if it ran before. */
  async start() {
    const env = this.#env;
    const started = this.#processes.start(this.name, this.#binary, this.#arguments, { env });
    this.process = started;
    await waitFor(
      `${this.name} answers`,
      async () => (await fetch(`${this.control}/health`)).status > 0,
      { every: 100, abort: () => started.failure() },
    );
  }

  /**
   * Stop it.
   * @param {NodeJS.Signals} [signal]
   */
  async stop(signal) {
    await this.process.stop(signal);
  }

  /** Wait until it says that it can serve. */
  async untilHealthy() {
    await waitFor(
      `${this.name} is healthy`,
      async () => (await fetch(`${this.control}/health`)).ok,
      { timeout: 180_000, abort: () => this.process.failure() },
    );
  }

  /**
   * State as its control listener shows it.
   * @returns {Promise<any>} JSON
   */
  async status() {
    return (await fetch(`${this.control}/status`)).json();
  }

  /**
   * Values of Prometheus by metric. A metric with labels appears as `name{labels}`.
   * @returns {Promise<Record<string, number>>}
   */
  async metricValues() {
    const text = await (await fetch(`${this.control}/metrics`)).text();
    const lines = text.split("\n").filter((line) => line && !line.startsWith("#"));
    const value = (/** @type {string} */ line) => {
      const at = line.lastIndexOf(" ");
      return [line.slice(0, at), Number(line.slice(at + 1))];
    };
    return Object.fromEntries(lines.map(value));
  }
}

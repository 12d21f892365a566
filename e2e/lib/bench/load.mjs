// SPDX-License-Identifier: Apache-2.0
// The load generator and its upstream (`surety-load`, bench/load) as processes.

import { freePorts } from "../system/local.mjs";
import { waitFor } from "../system/wait.mjs";
import { loadBinary } from "./programs.mjs";

/** @import { ManagedProcess, Processes } from "../system/processes.mjs" */

/**
 * Faults of an upstream. `fail` is an HTTP status, or a JSON-RPC code if it is negative; `lie` is
 * the number of blocks that the head is ahead.
 * @typedef {{ delayUs?: number, fail?: number | null, lie?: number, silent?: boolean }} Faults
 */
/**
 * @typedef {object} UpstreamStats
 * @property {number} requests
 * @property {number} writes
 * @property {number} repeatedWrites
 * @property {number} accepted
 * @property {number} open
 * @property {number} subscriptions
 */
/**
 * Times in us.
 * @typedef {Record<"p50" | "p90" | "p99" | "p99.9" | "p99.99" | "mean" | "max", number>} Latency
 */
/**
 * @typedef {object} Driven
 * @property {number} answers - right ones
 * @property {number} rate - right answers per second
 * @property {number} bytes
 * @property {Latency} latency
 * @property {Record<string, number>} faults - by name
 * @property {number} faultsInWarmUp
 * @property {{ second: number, answers: number, faults: number, p50: number, p99: number }[]} series
 */
/**
 * @typedef {object} Subscribed
 * @property {number} wanted
 * @property {number} subscribed
 * @property {number | null} connectedIn - seconds
 * @property {number} notifications
 * @property {Latency} delay - from the time of the block
 * @property {Record<string, number>} faults - by name
 */
/**
 * @typedef {object} Drive
 * @property {string} [mix]
 * @property {number} [rate] - requests per second of an open loop; without it the loop is closed
 * @property {boolean} [poisson] - random arrivals of the open loop
 * @property {number} seconds
 * @property {number} [warmUp] - seconds
 * @property {number} [connections]
 * @property {number} [threads]
 * @property {number} [timeout] - seconds
 * @property {Record<string, string>} [headers]
 * @property {boolean} [statusOnly] - verify only the HTTP status
 */

/** Number that makes the requests of each run different from those of all others. */
let seed = Date.now() % 1_000_000_000;

/**
 * Faults of a run, the most frequent first.
 * @param {Record<string, number>} faults
 * @returns {string}
 */
export const faultsText = (faults) =>
  Object.entries(faults)
    .sort(([, a], [, b]) => b - a)
    .map(([name, count]) => `${count} x ${name}`)
    .join(", ");

/**
 * Number of all faults.
 * @param {Record<string, number>} faults
 * @returns {number}
 */
export const faultCount = (faults) => Object.values(faults).reduce((sum, n) => sum + n, 0);

/** An upstream that runs. */
export class Upstream {
  /** @type {ManagedProcess} */
  process;
  #processes;
  #port;
  #flags;

  /**
   * @param {Processes} processes
   * @param {string} name
   * @param {number} port
   * @param {string[]} flags
   */
  constructor(processes, name, port, flags) {
    this.#processes = processes;
    this.#port = port;
    this.#flags = flags;
    this.name = name;
    this.url = `http://127.0.0.1:${port}`;
  }

  /**
   * Start an upstream.
   * @param {Processes} processes
   * @param {string} name
   * @param {{ delayMs?: number }} [options]
   * @returns {Promise<Upstream>}
   */
  static async start(processes, name, { delayMs = 0 } = {}) {
    const [port] = await freePorts(1);
    const upstream = new Upstream(processes, name, port, ["--delay", `${delayMs}ms`]);
    await upstream.restart();
    return upstream;
  }

  /** Start it, after it was killed too. */
  async restart() {
    const args = ["serve", "--listen", `127.0.0.1:${this.#port}`, ...this.#flags];
    const started = this.#processes.start(this.name, loadBinary(), args);
    this.process = started;
    await waitFor(`${this.name} answers`, () => this.stats(), {
      every: 50,
      abort: () => started.failure(),
    });
  }

  /** Kill it, in the middle of its answers. */
  async kill() {
    await this.process.stop("SIGKILL");
  }

  /** @returns {Promise<UpstreamStats>} */
  async stats() {
    const response = await fetch(`${this.url}/stats`);
    return /** @type {any} */ (await response.json());
  }

  /**
   * Turn faults on. Those that are left out are off.
   * @param {Faults} faults
   */
  async fault(faults) {
    const body = JSON.stringify(faults);
    const response = await fetch(`${this.url}/faults`, { method: "POST", body });
    if (!response.ok) throw new Error(`${this.name}: ${await response.text()}`);
  }
}

/** The load generator. */
export class Load {
  #processes;
  #runs = 0;

  /** @param {Processes} processes */
  constructor(processes) {
    this.#processes = processes;
  }

  /**
   * Run the generator to its end.
   * @param {string} task
   * @param {string} url
   * @param {string[]} args
   * @returns {Promise<any>} its JSON
   */
  async #run(task, url, args) {
    this.#runs += 1;
    const name = `load-${this.#runs}`;
    const output = await this.#processes.run(name, loadBinary(), [task, url, "--json", ...args]);
    return JSON.parse(output.slice(output.indexOf("{")));
  }

  /**
   * Send requests and verify the answers.
   * @param {string} url
   * @param {Drive} drive
   * @returns {Promise<Driven>}
   */
  drive(url, drive) {
    const { mix = "call", rate, poisson, seconds, warmUp = 0.3, connections = 64 } = drive;
    const { threads = 1, timeout = 10, headers = {}, statusOnly } = drive;
    seed += 1;
    const open = poisson ? "poisson" : "uniform";
    const loop = rate ? ["--arrivals", open, "--rate", `${rate}`] : ["--arrivals", "closed"];
    return this.#run("drive", url, [
      ...["--mix", mix, "--time", `${seconds}s`, "--warm-up", `${warmUp}s`, ...loop],
      ...["--connections", `${connections}`, "--threads", `${threads}`],
      ...["--timeout", `${timeout}s`, "--seed", `${seed}`],
      ...(statusOnly ? ["--status-only"] : []),
      ...Object.entries(headers).flatMap(([name, value]) => ["--header", `${name}: ${value}`]),
    ]);
  }

  /**
   * Hold subscriptions of new heads.
   * @param {string} url
   * @param {{ connections: number, seconds: number, headers?: Record<string, string> }} options
   * @returns {Promise<Subscribed>}
   */
  subscribe(url, { connections, seconds, headers = {} }) {
    return this.#run("subscribe", url, [
      ...["--connections", `${connections}`, "--time", `${seconds}s`],
      ...Object.entries(headers).flatMap(([name, value]) => ["--header", `${name}: ${value}`]),
    ]);
  }
}

// SPDX-License-Identifier: Apache-2.0
// A dApp at a gateway: it reads all the time, subscribes to heads with ethers, and checks what it
// gets. The gateway's headers say who served each answer.

import { randomBytes } from "node:crypto";
import { WebSocketProvider } from "ethers";
import { sleep } from "../system/wait.mjs";

/**
 * A request of the dApp.
 * @typedef {object} Read
 * @property {number} at - ms since the epoch
 * @property {number} ms - until the answer
 * @property {number | undefined} service - id of the service that answered
 * @property {boolean} cached
 * @property {string | undefined} failure - reason
 */
/**
 * Part of the traffic in a time.
 * @typedef {object} Traffic
 * @property {number} requests
 * @property {number} failed
 * @property {number} cached
 * @property {Map<number, { count: number, ms: number[] }>} services - by id
 * @property {number[]} ms - of all answers
 */

/**
 * Row of a view.
 * @typedef {object} TrafficRow
 * @property {string} name
 * @property {number} recent - requests of the last seconds
 * @property {number} share - of them, 0 to 1
 * @property {number | undefined} ms - median latency of the last seconds
 * @property {number} total - requests since the start
 * @property {string} note
 */

/** Time in ms between two requests. */
const EVERY_MS = 125;
/** Longest time in ms for an answer. */
const PATIENCE_MS = 10_000;
/** Sources of answers for which no operator was asked. */
const OWN_SOURCES = ["hit", "joined", "known"];
/** Block that is final. */
const OLD_BLOCK = "0x5";

/** Account that nobody has asked for, so that an operator has to answer. */
const anyAccount = () => `0x${randomBytes(20).toString("hex")}`;

/** @type {[method: string, params: () => unknown[]][]} */
const REQUESTS = [
  ["eth_blockNumber", () => []],
  ["eth_getBlockByNumber", () => ["latest", false]],
  ["eth_getBalance", () => [anyAccount(), "latest"]],
  ["eth_getBlockByNumber", () => [OLD_BLOCK, false]],
];

/** The dApp. */
export class Dapp {
  /** @type {Read[]} */
  reads = [];
  /**
   * Heads of the subscription in the order of their arrival.
   * @type {number[]}
   */
  heads = [];
  #stopped = false;
  /** @type {Promise<void>} */
  #reading = Promise.resolve();
  /** Highest head of an answer. */
  #seen = 0;
  /** @type {WebSocketProvider | undefined} */
  #provider;
  #url;
  #ws;
  #height;

  /**
   * @param {object} options
   * @param {string} options.url - of the network at the gateway
   * @param {string} options.ws - the same for WebSocket
   * @param {() => number} options.height - of the network, beyond which there is no head
   */
  constructor({ url, ws, height }) {
    this.#url = url;
    this.#ws = ws;
    this.#height = height;
  }

  /** Begin to read and to subscribe. */
  async start() {
    this.#provider = new WebSocketProvider(this.#ws);
    await this.#provider.on("block", (number) => this.heads.push(number));
    this.#reading = this.#read();
  }

  /** Stop. */
  async stop() {
    this.#stopped = true;
    await this.#reading;
    await this.#provider?.destroy();
  }

  /** Read until the end, one request after the other. */
  async #read() {
    for (let id = 1; !this.#stopped; id += 1) {
      const [method, params] = REQUESTS[id % REQUESTS.length];
      const at = Date.now();
      const read = { at, service: undefined, cached: false };
      try {
        const found = await this.#request(id, method, params());
        this.reads.push({ ...read, ...found, ms: Date.now() - at, failure: undefined });
      } catch (error) {
        const failure = `${method}: ${error.message}`;
        this.reads.push({ ...read, ms: Date.now() - at, failure });
      }
      await sleep(Math.max(0, at + EVERY_MS - Date.now()));
    }
  }

  /**
   * Send a request and check the answer.
   * @param {number} id
   * @param {string} method
   * @param {unknown[]} params
   * @returns {Promise<{ service: number | undefined, cached: boolean }>}
   */
  async #request(id, method, params) {
    const response = await fetch(this.#url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ jsonrpc: "2.0", id, method, params }),
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    const text = await response.text();
    if (response.status !== 200) throw new Error(`status ${response.status}: ${text}`);
    const answer = JSON.parse(text);
    if (answer.error) throw new Error(answer.error.message);
    if (answer.id !== id) throw new Error(`answer ${answer.id} to request ${id}`);
    this.#check(method, params, answer.result);
    const service = response.headers.get("x-surety-service");
    return {
      service: service === null ? undefined : Number(service),
      cached: OWN_SOURCES.includes(response.headers.get("x-surety-cache") ?? ""),
    };
  }

  /**
   * Check a result. The dApp's view of the head never goes back, nor beyond the network's.
   * @param {string} method
   * @param {unknown[]} params
   * @param {any} result
   */
  #check(method, params, result) {
    if (method === "eth_getBalance") {
      if (!/^0x[0-9a-f]+$/.test(result)) throw new Error(`a balance of ${result}`);
      return;
    }
    const number = Number(method === "eth_blockNumber" ? result : result?.number);
    if (params[0] === OLD_BLOCK) {
      if (number !== Number(OLD_BLOCK)) throw new Error(`block ${number} for ${OLD_BLOCK}`);
      return;
    }
    if (number > this.#height()) throw new Error(`head ${number} above ${this.#height()}`);
    if (number < this.#seen) throw new Error(`head ${number} after ${this.#seen}`);
    this.#seen = number;
  }

  // ------------------------------------------------------------------ what it got

  /**
   * Traffic since a time.
   * @param {number} from - ms since the epoch
   * @returns {Traffic}
   */
  traffic(from) {
    const reads = this.reads.slice(this.reads.findLastIndex(({ at }) => at < from) + 1);
    /** @type {Traffic["services"]} */
    const services = new Map();
    for (const { service, cached, ms, failure } of reads) {
      if (service === undefined || cached || failure) continue;
      const its = services.get(service) ?? { count: 0, ms: [] };
      its.count += 1;
      its.ms.push(ms);
      services.set(service, its);
    }
    return {
      requests: reads.length,
      failed: reads.filter(({ failure }) => failure).length,
      cached: reads.filter(({ cached }) => cached).length,
      services,
      ms: reads.filter(({ failure }) => !failure).map(({ ms }) => ms),
    };
  }

  /**
   * Reasons of all failures, each with its number of times.
   * @returns {Map<string, number>}
   */
  failures() {
    const all = new Map();
    for (const { failure } of this.reads) {
      if (failure) all.set(failure, (all.get(failure) ?? 0) + 1);
    }
    return all;
  }

  /**
   * Heads of the subscription that are not the one after their predecessor.
   * @returns {[before: number, head: number][]}
   */
  headFaults() {
    return this.heads
      .slice(1)
      .map((head, i) => /** @type {[number, number]} */ ([this.heads[i], head]))
      .filter(([before, head]) => head !== before + 1);
  }
}

/**
 * Rows of a view: who served the dApp.
 * @param {Dapp} dapp
 * @param {number} ms - of the last time that is shown
 * @param {{ name: string, service: number, note: string }[]} parts - that may serve it
 * @returns {TrafficRow[]}
 */
export function trafficRows(dapp, ms, parts) {
  const last = dapp.traffic(Date.now() - ms);
  const all = dapp.traffic(0);
  const share = (/** @type {number} */ count) => count / Math.max(1, last.requests);
  const rows = parts.map(({ name, service, note }) => {
    const its = last.services.get(service);
    const recent = its?.count ?? 0;
    const total = all.services.get(service)?.count ?? 0;
    return { name, recent, share: share(recent), ms: middle(its?.ms ?? []), total, note };
  });
  const { heads } = dapp;
  const cached = { recent: last.cached, share: share(last.cached), total: all.cached };
  const got = `${all.failed} failed, ${heads.length} heads up to ${heads.at(-1) ?? "-"}`;
  return [
    ...rows,
    { name: "cache", ...cached, ms: undefined, note: "" },
    {
      name: "all of the dApp",
      recent: last.requests,
      share: 1,
      ms: middle(last.ms),
      total: all.requests,
      note: got,
    },
  ];
}

/**
 * Median; undefined for nothing.
 * @param {number[]} values
 * @returns {number | undefined}
 */
const middle = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];

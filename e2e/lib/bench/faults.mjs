// SPDX-License-Identifier: Apache-2.0
// Faults of one of three operators, in the middle of an open loop.

import { sleep } from "../system/wait.mjs";
import { faultCount, faultsText } from "./load.mjs";
import { markdown, median, millis, number, share } from "./statistics.mjs";

/** @import { Driven, Load, Upstream } from "./load.mjs" */
/** @import { MeasuredProxy } from "./proxies.mjs" */

/** Requests per second: far from what the proxy can do, so that the fault is what is measured. */
const RATE = 1_000;
/** Seconds before and after the fault. */
const BEFORE = 6;
const AFTER = 14;
/** Seconds after the fault in which a proxy may still be learning. */
const LEARNING = 4;
const CONNECTIONS = 64;
/** Reads only: a write must not be sent twice, so it may fail with its operator. */
const READS = "call=6,latest=2,head=2";
/** Delay of a healthy operator in ms, and of a slow one. */
export const DELAY_MS = 5;
const SLOW_MS = 10 * DELAY_MS;

/**
 * A fault.
 * @typedef {object} Fault
 * @property {string} name
 * @property {(upstream: Upstream) => Promise<void>} begin
 * @property {string} aim - what the issue asks for
 * @property {(outcome: Outcome) => boolean} holds
 */
/**
 * @typedef {object} Outcome
 * @property {string} name
 * @property {Driven} driven
 * @property {number} before - p99 in us
 * @property {number} after - p99 in us, once the proxy has learned
 * @property {number} share - of the requests after the fault that the faulty operator got
 */

/** In us. */
const DELAY_US = DELAY_MS * 1_000;

/** @type {Fault[]} */
export const FAULTS = [
  {
    name: "killed",
    begin: (upstream) => upstream.kill(),
    aim: "no request fails",
    holds: ({ driven }) => faultCount(driven.faults) === 0,
  },
  {
    name: "10x slower",
    begin: (upstream) => upstream.fault({ delayUs: SLOW_MS * 1_000 }),
    aim: "p99 within 2x",
    holds: ({ driven, before, after }) => faultCount(driven.faults) === 0 && after <= 2 * before,
  },
  {
    name: "status 503 at once",
    begin: (upstream) => upstream.fault({ fail: 503 }),
    aim: "under 2 % of traffic, no request fails",
    holds: ({ driven, share: its }) => faultCount(driven.faults) === 0 && its < 0.02,
  },
  {
    name: "error -32603 at once",
    begin: (upstream) => upstream.fault({ fail: -32_603 }),
    aim: "under 2 % of traffic, no request fails",
    holds: ({ driven, share: its }) => faultCount(driven.faults) === 0 && its < 0.02,
  },
  {
    name: "status 429 at once",
    begin: (upstream) => upstream.fault({ fail: 429 }),
    aim: "no request fails",
    holds: ({ driven }) => faultCount(driven.faults) === 0,
  },
  {
    name: "silent",
    begin: (upstream) => upstream.fault({ silent: true }),
    aim: "no request fails",
    holds: ({ driven }) => faultCount(driven.faults) === 0,
  },
  {
    name: "head 1,000 blocks ahead",
    begin: (upstream) => upstream.fault({ lie: 1_000, delayUs: DELAY_US }),
    aim: "never served",
    holds: ({ driven }) => faultCount(driven.faults) === 0,
  },
  {
    name: "head 2 blocks ahead",
    begin: (upstream) => upstream.fault({ lie: 2, delayUs: DELAY_US }),
    aim: "never served",
    holds: ({ driven }) => faultCount(driven.faults) === 0,
  },
];

/**
 * Requests that an upstream got so far. One that was killed counts from its restart.
 * @param {Upstream} upstream
 * @returns {Promise<number>}
 */
const requestsOf = async (upstream) => (await upstream.stats().catch(() => null))?.requests ?? 0;

/**
 * Let one of the operators fail in the middle of a load.
 * @param {Load} load
 * @param {MeasuredProxy} proxy
 * @param {Upstream[]} upstreams - the first of them fails
 * @param {Fault} fault
 * @returns {Promise<Outcome>}
 */
export async function withFault(load, proxy, upstreams, fault) {
  const [faulty] = upstreams;
  const { headers } = proxy;
  const seconds = BEFORE + AFTER;
  const warmUp = 1;
  const drive = { mix: READS, rate: RATE, poisson: true, seconds, warmUp, timeout: 5 };
  const running = load.drive(proxy.url, { ...drive, connections: CONNECTIONS, headers });
  await sleep((warmUp + BEFORE) * 1_000);
  const counts = () => Promise.all(upstreams.map(requestsOf));
  const from = await counts();
  await fault.begin(faulty);
  const driven = await running;
  const to = await counts();
  if (faulty.process.running) await faulty.fault({ delayUs: DELAY_US });
  else await faulty.restart();
  const got = to.map((count, i) => Math.max(0, count - from[i]));
  const part = (/** @type {number} */ begin, /** @type {number} */ end) =>
    median(
      driven.series.filter(({ second }) => second >= begin && second < end).map(({ p99 }) => p99),
    );
  return {
    name: proxy.name,
    driven,
    before: part(1, BEFORE - 1),
    after: part(BEFORE + LEARNING, seconds),
    share: got[0] / got.reduce((sum, count) => sum + count, 0),
  };
}

/**
 * Table of faults.
 * @param {{ fault: Fault, outcome: Outcome }[]} all
 * @returns {string}
 */
export const faultsTable = (all) =>
  markdown(
    ["one of three is", "proxy", "p99 before", "after, ms", "its share after", "failed", "aim", ""],
    all.map(({ fault, outcome }) => [
      fault.name,
      outcome.name,
      millis(outcome.before),
      millis(outcome.after),
      share(outcome.share, 1),
      faultsText(outcome.driven.faults) || "none",
      fault.aim,
      fault.holds(outcome) ? "met" : "missed",
    ]),
  );

/**
 * Failed requests of all outcomes.
 * @param {Outcome[]} outcomes
 * @returns {string}
 */
export const failures = (outcomes) =>
  number(outcomes.reduce((sum, { driven }) => sum + faultCount(driven.faults), 0));

// SPDX-License-Identifier: Apache-2.0
// Many WebSocket subscribers of one head.

import { faultsText } from "./load.mjs";
import { markdown, mebibytes, millis, number } from "./statistics.mjs";

/** @import { Load, Subscribed, Upstream } from "./load.mjs" */
/** @import { MeasuredProxy } from "./proxies.mjs" */

/**
 * @typedef {object} Subscribers
 * @property {string} name
 * @property {Subscribed} result
 * @property {number} upstream - subscriptions that the upstream had at the most
 * @property {number} memory - bytes at the most
 * @property {number} before - bytes without subscribers
 * @property {number} cpu - seconds
 */

/** Time in ms between two looks. */
const LOOK_MS = 500;

/**
 * Hold subscriptions at a proxy.
 * @param {Load} load
 * @param {MeasuredProxy} proxy
 * @param {Upstream} upstream
 * @param {{ connections: number, seconds: number }} options
 * @returns {Promise<Subscribers>}
 */
export async function subscribers(load, proxy, upstream, options) {
  const before = proxy.use();
  let [memory, most] = [before.memory, 0];
  const look = async () => {
    memory = Math.max(memory, proxy.use().memory);
    most = Math.max(most, (await upstream.stats()).subscriptions);
  };
  const timer = setInterval(() => look().catch(() => {}), LOOK_MS);
  try {
    const { headers } = proxy;
    const result = await load.subscribe(proxy.ws, { ...options, headers });
    const cpu = proxy.use().cpu - before.cpu;
    return { name: proxy.name, result, upstream: most, memory, before: before.memory, cpu };
  } finally {
    clearInterval(timer);
  }
}

/**
 * Table of subscribers.
 * @param {Subscribers[]} all
 * @returns {string}
 */
export const subscribersTable = (all) =>
  markdown(
    [
      ...["", "subscribed", "connected in s", "subscriptions upstream", "delay p50 ms", "p99 ms"],
      ...["max ms", "CPU s", "memory MiB", "kB each", "failed"],
    ],
    all.map(({ name, result, upstream, memory, before, cpu }) => [
      name,
      number(result.subscribed),
      result.connectedIn === null ? "not all" : number(result.connectedIn, 1),
      number(upstream),
      millis(result.delay.p50),
      millis(result.delay.p99),
      millis(result.delay.max),
      number(cpu, 1),
      mebibytes(memory),
      number((memory - before) / 1_000 / result.subscribed, 1),
      faultsText(result.faults) || "none",
    ]),
  );

// SPDX-License-Identifier: Apache-2.0
// Rates and processor time of proxies, in turns: the speed of a shared machine varies over minutes,
// so that only runs next to each other compare.

import { faultsText } from "./load.mjs";
import { markdown, median, millis, number } from "./statistics.mjs";

/** @import { Load } from "./load.mjs" */
/** @import { MeasuredProxy } from "./proxies.mjs" */

/** Requests of a table, by what a reader calls them. */
export const MIXES = {
  "120 B": "balance",
  "answers of 10 kB": "call:10000",
  "answers of 100 kB": "call:100000",
  "questions of 10 kB": "call:64:10000",
  "64 finalized blocks": "block",
};
const CONNECTIONS = 64;

/**
 * Turns of one proxy.
 * @typedef {object} Turns
 * @property {MeasuredProxy} proxy
 * @property {number[]} rates - answers per second
 * @property {number[]} cpu - us per answer
 * @property {number[]} ratios - of the rate to the yardstick's in the same round
 * @property {number[]} p99 - us
 * @property {Record<string, number>} faults
 */

/**
 * Measure proxies in turns. The first is the yardstick.
 * @param {Load} load
 * @param {MeasuredProxy[]} proxies
 * @param {{ mix: string, rounds: number, seconds: number, statusOnly?: boolean }} options
 * @returns {Promise<Turns[]>}
 */
export async function inTurns(load, proxies, { mix, rounds, seconds, statusOnly }) {
  /** @type {Turns[]} */
  const all = proxies.map((proxy) => ({
    proxy,
    rates: [],
    cpu: [],
    ratios: [],
    p99: [],
    faults: {},
  }));
  for (let round = 0; round < rounds; round += 1) {
    for (const turns of all) {
      const { proxy } = turns;
      const before = proxy.use().cpu;
      const { headers } = proxy;
      const warmUp = 0.3;
      const drive = { mix, seconds, warmUp, connections: CONNECTIONS, headers, statusOnly };
      const driven = await load.drive(proxy.url, drive);
      // Processor time of the warm-up is part of it.
      const measured = seconds / (seconds + warmUp);
      turns.rates.push(driven.rate);
      turns.cpu.push(((proxy.use().cpu - before) * measured * 1e6) / driven.answers);
      turns.p99.push(driven.latency.p99);
      turns.ratios.push(driven.rate / all[0].rates[round]);
      for (const [name, count] of Object.entries(driven.faults)) {
        turns.faults[name] = (turns.faults[name] ?? 0) + count;
      }
    }
  }
  return all;
}

/**
 * Table of turns, as medians.
 * @param {Turns[]} all
 * @returns {string}
 */
export const ratesTable = (all) =>
  markdown(
    ["proxy", "rate", "of nginx", "CPU us per request", "p99 ms", "failed"],
    all.map(({ proxy, rates, cpu, ratios, p99, faults }) => [
      proxy.name,
      number(median(rates)),
      number(median(ratios), 2),
      proxy.processes.length ? number(median(cpu), 1) : "",
      millis(median(p99)),
      faultsText(faults) || "none",
    ]),
  );

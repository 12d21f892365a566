// SPDX-License-Identifier: Apache-2.0
// An open loop for minutes: latency that a proxy adds to nginx's, and its memory over time. Slices
// of both take turns.

import { faultCount, faultsText } from "./load.mjs";
import { markdown, mebibytes, median, millis, number } from "./statistics.mjs";

/** @import { Driven, Load } from "./load.mjs" */
/** @import { MeasuredProxy } from "./proxies.mjs" */
/** @import { Use } from "./procfs.mjs" */

/** Seconds of a slice of the proxy, and of the yardstick in between. */
const SLICE = 30;
const YARDSTICK_SLICE = 10;
const CONNECTIONS = 128;
/** Mean requests of a dApp's users: some are in the cache. */
const MIX = "call=5,block=2,balance=1,latest=1,head=1";
const PERCENTILES = /** @type {const} */ (["p50", "p99", "p99.9"]);

/**
 * @typedef {object} Steady
 * @property {{ proxy: MeasuredProxy, slices: Driven[] }[]} runs - the yardstick first
 * @property {{ minute: number, use: Use }[]} memory - of the proxy
 */

/**
 * Drive a proxy at a rate, with slices of the yardstick in between.
 * @param {Load} load
 * @param {{ yardstick: MeasuredProxy, proxy: MeasuredProxy, rate: number, minutes: number }} options
 * @param {(text: string) => void} onStep
 * @returns {Promise<Steady>}
 */
export async function steady(load, { yardstick, proxy, rate, minutes }, onStep) {
  /** @type {Steady} */
  const result = {
    runs: [
      { proxy: yardstick, slices: [] },
      { proxy, slices: [] },
    ],
    memory: [],
  };
  const common = { mix: MIX, rate, connections: CONNECTIONS, warmUp: 1 };
  const slices = Math.max(1, Math.ceil((minutes * 60) / SLICE));
  for (let slice = 0; slice < slices; slice += 1) {
    for (const [{ proxy: its, slices: done }, seconds] of /** @type {const} */ ([
      [result.runs[0], YARDSTICK_SLICE],
      [result.runs[1], SLICE],
    ])) {
      done.push(await load.drive(its.url, { ...common, seconds, headers: its.headers }));
    }
    const minute = ((slice + 1) * SLICE) / 60;
    result.memory.push({ minute, use: proxy.use() });
    const last = result.runs[1].slices[slice];
    const failed = faultCount(last.faults);
    onStep(`minute ${number(minute, 1)}: p99 ${millis(last.latency.p99)} ms, ${failed} failed`);
  }
  return result;
}

/**
 * Tables of latency and memory.
 * @param {Steady} steady
 * @returns {string}
 */
export function steadyTables({ runs, memory }) {
  const latency = (
    /** @type {Steady["runs"][number]} */ { slices },
    /** @type {typeof PERCENTILES[number]} */ name,
  ) => slices.map((slice) => slice.latency[name]);
  const row = (/** @type {Steady["runs"][number]} */ run) => [
    run.proxy.name,
    number(run.slices.reduce((sum, { answers }) => sum + answers, 0)),
    ...PERCENTILES.map((name) => millis(median(latency(run, name)))),
    millis(Math.max(...latency(run, "p99"))),
    faultsText(mergeFaults(run.slices)) || "none",
  ];
  const [yardstick, proxy] = runs;
  const added = PERCENTILES.map((name) =>
    millis(median(latency(proxy, name)) - median(latency(yardstick, name))),
  );
  const points = memory.filter(
    (_, i) => i % Math.ceil(memory.length / 10) === 0 || i === memory.length - 1,
  );
  return [
    markdown(
      ["proxy", "answers", "p50 ms", "p99 ms", "p99.9 ms", "worst p99 of a slice", "failed"],
      [...runs.map(row), ["added", "", ...added, "", ""]],
    ),
    markdown(
      ["minute", ...points.map(({ minute }) => number(minute, 1))],
      [
        ["memory, MiB", ...points.map(({ use }) => mebibytes(use.memory))],
        ["open files", ...points.map(({ use }) => number(use.files))],
      ],
    ),
  ].join("\n\n");
}

/**
 * Faults of several runs.
 * @param {Driven[]} runs
 * @returns {Record<string, number>}
 */
function mergeFaults(runs) {
  /** @type {Record<string, number>} */
  const all = {};
  for (const { faults } of runs) {
    for (const [name, count] of Object.entries(faults)) all[name] = (all[name] ?? 0) + count;
  }
  return all;
}

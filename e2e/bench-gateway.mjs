#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// Benchmark of the gateway (`make bench-gateway`), against nginx with as many threads. Progress
// goes to stderr, tables in Markdown to stdout.
//
//   --only LIST      sections: rates, steady, subscribers, faults (all if left out)
//   --proxies LIST   nginx, haproxy, gateway, cached, edge, row, direct (all if left out)
//   --rounds N       turns of each proxy in `rates` (5)
//   --seconds N      length of a turn (2.5)
//   --threads N      threads of each proxy (1)
//   --minutes N      length of `steady` (10)
//   --rate N         requests per second of `steady` (5000)
//   --subscribers N  (10000)
//   --chain          a chain, an agreement, tokens and statements for `edge`, `row` and `steady`
//   --fixed          in `rates`, nginx with one fixed answer as the upstream, and nothing verified
//   --json FILE      write all results
//   --keep-logs      leave the folder with the logs of all processes
//
// `--proxies nginx,haproxy` needs no gateway. `--chain` needs the node of `make build`.

import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { DELAY_MS, FAULTS, faultsTable, withFault } from "./lib/bench/faults.mjs";
import { gatewayConfig, gatewayProxy, startGateway, startOpenEdge } from "./lib/bench/gateways.mjs";
import { Load, Upstream } from "./lib/bench/load.mjs";
import { Market } from "./lib/bench/market.mjs";
import { MeasuredProxy, startFixedAnswer, startHaproxy, startNginx } from "./lib/bench/proxies.mjs";
import { inTurns, MIXES, ratesTable } from "./lib/bench/rates.mjs";
import { steady, steadyTables } from "./lib/bench/steady.mjs";
import { subscribers, subscribersTable } from "./lib/bench/subscribers.mjs";
import { workDir } from "./lib/system/local.mjs";
import { Processes, withCleanup } from "./lib/system/processes.mjs";

const SECTIONS = ["rates", "steady", "subscribers", "faults"];
const PROXIES = ["nginx", "haproxy", "gateway", "cached", "edge", "row", "direct"];

const { values: args } = parseArgs({
  options: {
    only: { type: "string", default: SECTIONS.join(",") },
    proxies: { type: "string", default: PROXIES.join(",") },
    rounds: { type: "string", default: "5" },
    seconds: { type: "string", default: "2.5" },
    threads: { type: "string", default: "1" },
    minutes: { type: "string", default: "10" },
    rate: { type: "string", default: "5000" },
    subscribers: { type: "string", default: "10000" },
    chain: { type: "boolean", default: false },
    fixed: { type: "boolean", default: false },
    json: { type: "string" },
    "keep-logs": { type: "boolean", default: false },
  },
});

/**
 * Names of a list that are known.
 * @param {string} list
 * @param {string[]} known
 * @returns {Set<string>}
 */
function names(list, known) {
  const all = list.split(",");
  const unknown = all.filter((name) => !known.includes(name));
  if (unknown.length > 0) throw new Error(`unknown: ${unknown}; there are ${known.join(", ")}`);
  return new Set(all);
}

const only = names(args.only, SECTIONS);
const wanted = names(args.proxies, PROXIES);
const threads = Number(args.threads);
const work = workDir("surety-bench");
const processes = new Processes(work.dir);
const load = new Load(processes);
/** @type {Market | undefined} */
let market;
/** @type {Record<string, unknown>} */
const results = {};

/**
 * Show progress.
 * @param {string} text
 */
const onStep = (text) => console.error(`  ${text}`);

/**
 * Keep a result and print its table.
 * @param {string} title
 * @param {unknown} result
 * @param {string} tables
 */
function report(title, result, tables) {
  results[title] = result;
  console.log(`\n### ${title}\n\n${tables}`);
}

/** @returns {Promise<Market>} the one market of the run */
async function theMarket() {
  if (market) return market;
  const upstream = await Upstream.start(processes, "market-upstream");
  market = await Market.start(processes, { upstream, threads, onStep });
  return market;
}

/**
 * Edge: with a chain, tokens and an agreement, else it lets everyone in.
 * @param {{ url: string }} upstream
 * @returns {Promise<MeasuredProxy>}
 */
async function startEdge(upstream) {
  if (!args.chain) return startOpenEdge(processes, "edge", upstream.url, threads);
  const its = await theMarket();
  const headers = { "x-surety-token": its.token() };
  return new MeasuredProxy("edge", `${its.edge.url}/`, [its.edge.process], headers);
}

/**
 * Gateway and edge in a row: with a chain in earnest, else the edge lets everyone in.
 * @param {{ url: string }} upstream
 * @returns {Promise<MeasuredProxy>}
 */
async function startRow(upstream) {
  const name = "gateway and edge";
  if (args.chain) {
    const its = await theMarket();
    const config = { ...gatewayConfig(threads), cache: { "max-bytes": 0 } };
    return gatewayProxy(name, await its.gateway("gateway-of-row", config), [its.edge]);
  }
  const edge = await startOpenEdge(processes, "edge-of-row", upstream.url, threads);
  const operators = [{ name: "one", url: edge.url }];
  const options = { threads, cache: false };
  const gateway = await startGateway(processes, "gateway-of-row", operators, options);
  const proxy = gatewayProxy(name, gateway);
  proxy.processes.push(...edge.processes);
  return proxy;
}

/**
 * Start the proxies that are asked for, the yardstick first.
 * @param {{ url: string }} upstream
 * @returns {Promise<MeasuredProxy[]>}
 */
async function startProxies(upstream) {
  const operators = [{ name: "one", url: upstream.url }];
  /** @type {Record<string, () => Promise<MeasuredProxy | undefined>>} */
  const starts = {
    nginx: () => startNginx(processes, [upstream.url], { threads }),
    haproxy: () => startHaproxy(processes, [upstream.url], { threads }),
    gateway: async () => {
      const options = { threads, cache: false };
      const gateway = await startGateway(processes, "gateway", operators, options);
      return gatewayProxy("gateway, no cache", gateway);
    },
    cached: async () => {
      const gateway = await startGateway(processes, "gateway-cached", operators, { threads });
      return gatewayProxy("gateway, cache", gateway);
    },
    edge: () => startEdge(upstream),
    row: () => startRow(upstream),
    direct: async () => new MeasuredProxy("no proxy", `${upstream.url}/`, []),
  };
  const all = [];
  for (const [name, start] of Object.entries(starts)) {
    if (!wanted.has(name)) continue;
    onStep(`starting ${name}`);
    all.push(await start());
  }
  return all.filter((proxy) => proxy !== undefined);
}

async function rates() {
  const upstream = args.fixed
    ? await startFixedAnswer(processes)
    : await Upstream.start(processes, "upstream");
  const proxies = await startProxies(upstream);
  const rounds = Number(args.rounds);
  const seconds = Number(args.seconds);
  const mixes = args.fixed ? { "120 B, a fixed answer": "balance" } : MIXES;
  for (const [title, mix] of Object.entries(mixes)) {
    onStep(`rates: ${title}`);
    const options = { mix, rounds, seconds, statusOnly: args.fixed };
    const turns = await inTurns(load, proxies, options);
    report(`Rates, ${title}`, turns, ratesTable(turns));
  }
  // The market's processes are used by the sections after this one.
  const isOfMarket = (/** @type {MeasuredProxy} */ { processes: its }) =>
    market !== undefined && its.includes(market.edge.process);
  for (const proxy of proxies) if (!isOfMarket(proxy)) await proxy.stop();
  await upstream.process.stop();
}

async function steadily() {
  const upstream = await Upstream.start(processes, "steady-upstream");
  const yardstick = await startNginx(processes, [upstream.url], { threads, name: "nginx-steady" });
  const proxy = await steadyProxy(upstream);
  const rate = Number(args.rate);
  const minutes = Number(args.minutes);
  onStep(`steady: ${rate} requests/s for ${minutes} minutes`);
  const result = await steady(load, { yardstick, proxy, rate, minutes }, onStep);
  report(`${rate} requests/s for ${minutes} minutes`, result, steadyTables(result));
  await Promise.all([yardstick.stop(), proxy.stop(), upstream.process.stop()]);
}

/**
 * MeasuredProxy of the steady load.
 * @param {Upstream} upstream
 * @returns {Promise<MeasuredProxy>}
 */
async function steadyProxy(upstream) {
  if (!wanted.has("gateway")) {
    const again = await startNginx(processes, [upstream.url], { threads, name: "nginx-again" });
    again.name = "nginx again";
    return again;
  }
  if (args.chain) {
    const its = await theMarket();
    const gateway = await its.gateway("gateway-steady", gatewayConfig(threads));
    return gatewayProxy("gateway, statements on", gateway);
  }
  const operators = [{ name: "one", url: upstream.url }];
  return gatewayProxy(
    "gateway",
    await startGateway(processes, "gateway-steady", operators, { threads }),
  );
}

async function subscribed() {
  const upstream = await Upstream.start(processes, "head");
  const seconds = 20;
  const operators = [{ name: "one", url: upstream.url }];
  const proxies = [new MeasuredProxy("no proxy", `${upstream.url}/`, [])];
  if (wanted.has("nginx")) {
    proxies.push(await startNginx(processes, [upstream.url], { threads, name: "nginx-head" }));
  }
  if (wanted.has("gateway")) {
    const gateway = await startGateway(processes, "gateway-head", operators, { threads });
    proxies.push(gatewayProxy("gateway", gateway));
  }
  const all = [];
  for (const proxy of proxies) {
    onStep(`subscribers: ${proxy.name}`);
    // nginx has two sockets for each, and 20,000 are a common limit of a process.
    const most = proxy.name === "nginx" ? 9_000 : Infinity;
    const connections = Math.min(Number(args.subscribers), most);
    all.push(await subscribers(load, proxy, upstream, { connections, seconds }));
    await proxy.stop();
  }
  report(`${args.subscribers} subscribers of one head`, all, subscribersTable(all));
  await upstream.process.stop();
}

async function faults() {
  const upstreams = await Promise.all(
    [1, 2, 3].map((i) => Upstream.start(processes, `operator-${i}`, { delayMs: DELAY_MS })),
  );
  const all = [];
  for (const fault of FAULTS) {
    // Each fault meets a proxy that knows nothing of the ones before.
    for (const name of ["nginx", "gateway"].filter((its) => wanted.has(its))) {
      onStep(`faults: ${fault.name}, ${name}`);
      const label = `${name}-${FAULTS.indexOf(fault)}`;
      const urls = upstreams.map(({ url }) => url);
      const proxy =
        name === "nginx"
          ? await startNginx(processes, urls, { threads, name: label })
          : gatewayProxy("gateway", await startGateway(processes, label, upstreams, { threads }));
      const outcome = await withFault(load, proxy, upstreams, fault);
      all.push({ fault, outcome });
      await proxy.stop();
    }
  }
  report("Faults of one of three operators", all, faultsTable(all));
  for (const upstream of upstreams) await upstream.process.stop();
}

/**
 * Run the sections.
 * @returns {Promise<number>} exit code
 */
async function main() {
  if (only.has("rates")) await rates();
  if (only.has("subscribers")) await subscribed();
  if (only.has("faults")) await faults();
  if (only.has("steady")) await steadily();
  if (args.json) writeFileSync(args.json, JSON.stringify(results, replacer, 2));
  return 0;
}

/**
 * Leave processes out of the results.
 * @param {string} key
 * @param {unknown} value
 * @returns {unknown}
 */
const replacer = (key, value) =>
  key === "proxy" ? /** @type {MeasuredProxy} */ (value).name : value;

let failed = true;
/** Stop everything. */
async function cleanup() {
  await market?.stop().catch(() => {});
  await processes.stopAll();
  if (failed || args["keep-logs"]) console.error(`logs: ${work.dir}`);
  else work.remove();
}

const code = await withCleanup(
  async () => {
    const result = await main();
    failed = false;
    return result;
  },
  cleanup,
  { killAll: () => processes.killAll() },
);
process.exit(code);

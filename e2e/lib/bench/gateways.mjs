// SPDX-License-Identifier: Apache-2.0
// Gateways and edges as proxies of the benchmark.

import { blake2AsHex } from "@polkadot/util-crypto";
import { GatewayProcess } from "../gateway/process.mjs";
import { NO_LIMITS } from "./market.mjs";
import { gatewayBinary } from "./programs.mjs";
import { MeasuredProxy } from "./proxies.mjs";

/** @import { Processes } from "../system/processes.mjs" */
/** @import { Table } from "../gateway/toml.mjs" */

/** API key of all clients of the benchmark, so that access is checked as it is in earnest. */
const KEY = "srk_benchmark_0123456789abcdef";
/** Path of the network at the gateway. */
const NETWORK = "ethereum";

/** Headers with the key. */
export const KEY_HEADERS = { "x-api-key": KEY };

/**
 * Configuration of a gateway with access checks and without limits that the benchmark would meet.
 * @param {number} threads
 * @returns {Table}
 */
export const gatewayConfig = (threads) => ({
  front: { threads, ...NO_LIMITS },
  access: { open: false, key: [{ name: "benchmark", blake2: blake2AsHex(KEY, 256) }] },
  log: { filter: "warn" },
});

/**
 * MeasuredProxy of a gateway that runs.
 * @param {string} name
 * @param {GatewayProcess} gateway
 * @param {GatewayProcess[]} [others] - processes that requests pass too
 * @returns {MeasuredProxy}
 */
export const gatewayProxy = (name, gateway, others = []) =>
  new MeasuredProxy(
    name,
    `${gateway.url}/${NETWORK}`,
    [gateway, ...others].map((its) => its.process),
    KEY_HEADERS,
  );

/**
 * Start a gateway with fixed operators and no chain.
 * @param {Processes} processes
 * @param {string} name
 * @param {{ name: string, url: string }[]} operators
 * @param {{ threads?: number, cache?: boolean, config?: Table }} [options]
 * @returns {Promise<GatewayProcess>}
 */
export async function startGateway(processes, name, operators, options = {}) {
  const { threads = 1, cache = true, config = {} } = options;
  const gateway = await GatewayProcess.start(processes, name, {
    role: "gateway",
    binary: gatewayBinary(),
    config: {
      ...gatewayConfig(threads),
      network: [{ name: NETWORK, protocol: "ethereum", "block-ms": 2_000 }],
      operator: operators.map(({ name: its, url }) => ({ name: its, url, network: NETWORK })),
      ...(cache ? {} : { cache: { "max-bytes": 0 } }),
      ...config,
    },
  });
  await gateway.untilHealthy();
  return gateway;
}

/**
 * Start an edge that lets strangers in without a chain. It checks, limits and counts them all the
 * same.
 * @param {Processes} processes
 * @param {string} name
 * @param {string} backend - URL
 * @param {number} threads
 * @returns {Promise<MeasuredProxy>}
 */
export async function startOpenEdge(processes, name, backend, threads) {
  const most = 1_000_000;
  const edge = await GatewayProcess.start(processes, name, {
    role: "edge",
    binary: gatewayBinary(),
    config: {
      front: { threads, ...NO_LIMITS },
      log: { filter: "warn" },
      service: [{ id: 1, backend, protocol: "ethereum" }],
      trial: { rate: most, burst: most, "max-share-percent": 100 },
    },
  });
  return new MeasuredProxy(name, `${edge.url}/`, [edge.process]);
}

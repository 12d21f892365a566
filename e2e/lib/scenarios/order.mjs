// SPDX-License-Identifier: Apache-2.0
// Order and bids of the lease scenario.

import { MILLI, percent } from "../chain/amounts.mjs";

/** @import { RoundClock } from "../chain/shapes.mjs" */

/**
 * Bid of each operator in planck per block. All operators are new, so the cheapest is first.
 * @type {Record<string, bigint>}
 */
export const BIDS = { Berta: 10n * MILLI, Carlo: 12n * MILLI, Dunja: 15n * MILLI };
/** In planck per block. */
export const MAX_PRICE = 20n * MILLI;
/** Highest price of a replacement: without it, nobody who is dearer than Berta takes over. */
export const FAILOVER_PRICE = 12n * MILLI;
/** Duration in rounds: room for the start of a window, an outage in it, and a second operator. */
export const ROUNDS = 30;
/** Terms of the order, with the same uptime as a listing's. */
export const LEASE_TERMS = {
  minUptime: 900_000_000,
  maxLatencyMs: 1_200,
  maxHeadLag: 0,
  credit: [10, 25, 50, 100].map(percent),
  cover: percent(200),
};
/** Of each operator's machines. */
export const CAPACITY = {
  cpuMilli: 8_000,
  memoryMib: 16_384,
  storageGib: 100,
  bandwidthMbit: 1_000,
  gpus: 1,
  gpuClass: "h100",
};
/** Of the order. */
export const RESOURCES = {
  cpuMilli: 2_000,
  memoryMib: 4_096,
  storageGib: 20,
  bandwidthMbit: 100,
  gpus: 1,
  gpuClass: "h100",
};

/**
 * Order that takes bids for long enough to finalize three transactions.
 * @param {number} block - number of the best block
 * @param {RoundClock} clock
 */
export function orderAt(block, { roundBlocks, windowRounds }) {
  const duration = ROUNDS * roundBlocks;
  return {
    asset: "Native",
    resources: RESOURCES,
    image: "docker.io/library/nginx:1.27",
    digest: null,
    ports: [{ container: 80, protocol: "Tcp" }],
    envHash: null,
    maxPrice: MAX_PRICE,
    failoverPrice: FAILOVER_PRICE,
    regions: ["DE"],
    minTrust: "One",
    quantity: 1,
    duration,
    bidDeadline: block + 5 * roundBlocks,
    autoMatch: true,
    terms: LEASE_TERMS,
    deposit: MAX_PRICE * BigInt(duration + windowRounds * roundBlocks),
  };
}

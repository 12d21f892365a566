// SPDX-License-Identifier: Apache-2.0
// Amounts, shares and buckets, as the chain counts them.

/** One SURE in planck. */
export const UNIT = 10n ** 12n;
/** A thousandth of a SURE in planck. */
export const MILLI = UNIT / 1000n;
const DECIMALS = 12;

/**
 * Number of a codec or of its JSON, where large numbers are hex strings. Nothing counts as zero.
 * @param {any} value
 * @returns {bigint}
 */
export const big = (value) =>
  value === null || value === undefined ? 0n : BigInt(value.toString());

/**
 * The smaller of two amounts.
 * @param {bigint} a
 * @param {bigint} b
 * @returns {bigint}
 */
// biome-ignore lint/complexity/useMathMinMax: Math has no bigints
export const min = (a, b) => (a < b ? a : b);

/**
 * The larger of two amounts.
 * @param {bigint} a
 * @param {bigint} b
 * @returns {bigint}
 */
// biome-ignore lint/complexity/useMathMinMax: Math has no bigints
export const max = (a, b) => (a > b ? a : b);

/**
 * Format planck as SURE.
 * @param {any} planck - number of a codec, of JSON, or a bigint
 * @param {number} [digits] - decimals, at most 12
 * @returns {string}
 */
export function sure(planck, digits = 4) {
  const value = big(planck);
  const sign = value < 0n ? "-" : "";
  const scale = 10n ** BigInt(DECIMALS - digits);
  const rounded = ((value < 0n ? -value : value) + scale / 2n) / scale;
  if (digits === 0) return `${sign}${rounded}`;
  const unit = 10n ** BigInt(digits);
  const decimals = (rounded % unit).toString().padStart(digits, "0");
  return `${sign}${rounded / unit}.${decimals}`;
}

/**
 * Share of a window's price. The chain counts 1,000,000,000 for the price of one window.
 * @param {number} points - percent
 * @returns {bigint}
 */
export const percent = (points) => BigInt(points) * 10_000_000n;
const WINDOW_PRICE = percent(100);

/**
 * Format a share of a window's price, such as "25 %".
 * @param {any} share
 * @returns {string}
 */
export const formatPercent = (share) => `${Number(big(share)) / Number(percent(1))} %`;

/**
 * Credit of an agreement: `price x share`, rounded down.
 * @param {bigint} price - of a window, in base units
 * @param {bigint} share - of a window's price
 * @returns {bigint} base units
 */
export const creditOf = (price, share) => (price * share) / WINDOW_PRICE;

/**
 * Amount that is reserved on and taken from a bond: `price x share`, rounded up.
 * @param {bigint} price - of a window, in base units
 * @param {bigint} share - of a window's price
 * @returns {bigint} base units
 */
export const costOf = (price, share) => (price * share + WINDOW_PRICE - 1n) / WINDOW_PRICE;

/**
 * Severities that a window reaches. It has more rounds than the highest of them needs here.
 * @param {number} bad - rounds against the terms
 * @param {number} allowed - rounds that the terms allow
 * @returns {string[]} from the lowest
 */
export const severitiesReached = (bad, allowed) =>
  Object.entries({ low: 1, medium: 2, high: 5, critical: 10 })
    .filter(([, m]) => bad >= Math.max(allowed * m, allowed + m))
    .map(([severity]) => severity);

/**
 * Upper edge of a latency bucket. Four buckets double it.
 * @param {number} bucket
 * @returns {number} ms
 */
export const bucketMs = (bucket) => 2 ** (bucket / 4);

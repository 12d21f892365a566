// SPDX-License-Identifier: Apache-2.0
// Medians and the texts of numbers.

/**
 * Median. Nothing has none.
 * @param {number[]} values
 * @returns {number}
 */
export function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/**
 * Number with commas between thousands.
 * @param {number} value
 * @param {number} [digits] - decimals
 * @returns {string}
 */
export const number = (value, digits = 0) =>
  Number.isFinite(value)
    ? value.toLocaleString("en-US", {
        minimumFractionDigits: digits,
        maximumFractionDigits: digits,
      })
    : "-";

/**
 * Time in ms.
 * @param {number} micros
 * @returns {string}
 */
export const millis = (micros) => number(micros / 1_000, 2);

/**
 * Memory in MiB.
 * @param {number} bytes
 * @returns {string}
 */
export const mebibytes = (bytes) => number(bytes / 2 ** 20, 1);

/**
 * Share in percent.
 * @param {number} part
 * @param {number} whole
 * @returns {string}
 */
export const share = (part, whole) => `${number((100 * part) / whole, 2)} %`;

/**
 * Table in Markdown.
 * @param {string[]} head
 * @param {unknown[][]} rows
 * @returns {string}
 */
export const markdown = (head, rows) =>
  [head, head.map(() => "---"), ...rows].map((row) => `| ${row.join(" | ")} |`).join("\n");

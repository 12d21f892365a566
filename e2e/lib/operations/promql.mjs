// SPDX-License-Identifier: Apache-2.0
// Names in PromQL, without a parser: Prometheus itself checks the grammar.

/** Words of the grammar that look like names of metrics. */
const WORDS = new Set([
  ...["and", "or", "unless", "by", "without", "on", "ignoring", "group_left", "group_right"],
  ...["offset", "bool", "inf", "nan"],
]);

/**
 * Names of the metrics that an expression reads.
 * @param {string} expression
 * @returns {Set<string>}
 */
export function metricsOf(expression) {
  const bare = expression
    .replace(/"(?:[^"\\]|\\.)*"/g, '""')
    .replace(/\{[^}]*\}/g, "")
    .replace(/\[[^\]]*\]/g, "")
    .replace(/\b(by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)/g, " ");
  const names = bare.matchAll(/(?<![\w.:])[a-zA-Z_:][\w:]*(?!\s*\(|[\w:])/g);
  return new Set([...names].map(([name]) => name).filter((name) => !WORDS.has(name.toLowerCase())));
}

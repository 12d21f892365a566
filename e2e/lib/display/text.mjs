// SPDX-License-Identifier: Apache-2.0
// Text of fixed width for terminals: colors, tables, wrapping.

/**
 * Codes of ANSI escape sequences.
 * @type {Record<string, number>}
 */
const CODES = {
  dim: 2,
  bold: 1,
  red: 31,
  green: 32,
  yellow: 33,
  blue: 34,
  magenta: 35,
  cyan: 36,
};
const ESCAPE = "\u001b";
const ANSI = new RegExp(`${ESCAPE}\\[[0-9;]*m`, "g");
const ANSI_PARTS = new RegExp(`(${ESCAPE}\\[[0-9;]*m)`);
const RESET = `${ESCAPE}[0m`;

/**
 * Width of a text in columns, without its colors.
 * @param {string} text
 * @returns {number}
 */
export const width = (text) => [...text.replace(ANSI, "")].length;

/** Writer of colored text, or of plain text where colors are off. */
export class Paint {
  /** @param {boolean} colored */
  constructor(colored) {
    this.colored = colored;
  }

  /**
   * Text in a color.
   * @param {string | undefined} color
   * @param {unknown} text
   * @returns {string}
   */
  in(color, text) {
    return this.colored && color ? `${ESCAPE}[${CODES[color]}m${text}${RESET}` : `${text}`;
  }
}

/**
 * Table with columns as wide as their widest cell. Columns of numbers are aligned to the right.
 * @param {unknown[]} head
 * @param {unknown[][]} rows
 * @param {string} [indent]
 * @returns {string[]} lines
 */
export function table(head, rows, indent = "  ") {
  const all = [head, ...rows].map((row) => row.map((cell) => `${cell ?? ""}`));
  const isNumber = (/** @type {unknown} */ cell) =>
    /^[-+\d]|^$/.test(`${cell ?? ""}`.replace(ANSI, ""));
  const columns = head.map((_, i) => ({
    width: Math.max(...all.map((row) => width(row[i] ?? ""))),
    right: rows.length > 0 && rows.every((row) => isNumber(row[i])),
  }));
  return all.map((row) => {
    const cells = row.map((cell, i) => {
      const padding = " ".repeat(columns[i].width - width(cell));
      return columns[i].right ? padding + cell : cell + padding;
    });
    return indent + cells.join("  ").trimEnd();
  });
}

/**
 * Cut a line to `columns`, not counting its colors.
 * @param {string} line
 * @param {number} columns
 * @returns {string}
 */
export function fit(line, columns) {
  if (width(line) <= columns) return line;
  let seen = 0;
  let out = "";
  for (const part of line.split(ANSI_PARTS)) {
    if (part.startsWith(ESCAPE)) {
      out += part;
      continue;
    }
    const chars = [...part].slice(0, Math.max(0, columns - 1 - seen));
    seen += chars.length;
    out += chars.join("");
  }
  return `${out}…${line.includes(ESCAPE) ? RESET : ""}`;
}

/**
 * Break a plain text into lines of at most `columns`, between words.
 * @param {string} text
 * @param {number} columns
 * @returns {string[]}
 */
export function wrap(text, columns) {
  const lines = [""];
  for (const word of text.split(" ")) {
    const last = lines[lines.length - 1];
    if (last && width(last) + 1 + width(word) > columns) lines.push(word);
    else lines[lines.length - 1] = last ? `${last} ${word}` : word;
  }
  return lines;
}

/**
 * Time as minutes and seconds.
 * @param {number} ms
 * @returns {string}
 */
export function formatClock(ms) {
  const two = (/** @type {number} */ value) => `${Math.floor(value)}`.padStart(2, "0");
  return `${two(ms / 60_000)}:${two((ms / 1_000) % 60)}`;
}

// SPDX-License-Identifier: Apache-2.0
// TOML of plain objects, as the configuration files of the gateway need it.

/** @typedef {string | number | boolean | Table | Value[]} Value */
/** @typedef {{ [name: string]: Value | undefined }} Table Members that are undefined are left out. */

/**
 * True for an array of tables, which has a form of its own.
 * @param {Value} value
 * @returns {value is Table[]}
 */
const isTables = (value) =>
  Array.isArray(value) && value.length > 0 && value.every((item) => isTable(item));

/**
 * True for a table.
 * @param {Value} value
 * @returns {value is Table}
 */
const isTable = (value) => typeof value === "object" && !Array.isArray(value);

/**
 * A key, quoted where it is not plain.
 * @param {string} name
 * @returns {string}
 */
const key = (name) => (/^[\w-]+$/.test(name) ? name : JSON.stringify(name));

/**
 * A value on one line.
 * @param {Value} value
 * @returns {string}
 */
function inline(value) {
  if (Array.isArray(value)) return `[${value.map(inline).join(", ")}]`;
  if (!isTable(value)) return JSON.stringify(value);
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .map(([name, member]) => `${key(name)} = ${inline(/** @type {Value} */ (member))}`);
  return `{ ${members.join(", ")} }`;
}

/**
 * Write a table with its tables. Those below are on one line.
 * @param {Table} table
 * @returns {string}
 */
export function toToml(table) {
  const members = /** @type {[string, Value][]} */ (
    Object.entries(table).filter(([, value]) => value !== undefined)
  );
  const isPlain = (/** @type {Value} */ value) => !isTable(value) && !isTables(value);
  const lines = (/** @type {Table} */ inner) =>
    Object.entries(inner)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => `${key(name)} = ${inline(/** @type {Value} */ (value))}`)
      .join("\n");
  const plain = lines(Object.fromEntries(members.filter(([, value]) => isPlain(value))));
  const tables = members.flatMap(([name, value]) => {
    if (isTables(value)) return value.map((item) => `[[${name}]]\n${lines(item)}`);
    return isTable(value) ? [`[${name}]\n${lines(value)}`] : [];
  });
  return `${[plain, ...tables].join("\n\n")}\n`;
}

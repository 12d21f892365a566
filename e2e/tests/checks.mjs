// SPDX-License-Identifier: Apache-2.0
// Tests on processes in a folder of their own, whose logs stay if one of them fails.

import { test } from "node:test";

/** Milliseconds. */
const TIMEOUT = 120_000;

/** Tests that are defined, and those of them that have passed. */
let [defined, passed] = [0, 0];

/**
 * Define a test whose failure keeps the logs.
 * @param {string} name
 * @param {() => Promise<void>} run
 * @param {number} [timeout] - ms
 */
export function check(name, run, timeout = TIMEOUT) {
  defined += 1;
  test(name, { timeout }, async () => {
    await run();
    passed += 1;
  });
}

/**
 * True if every test of the file has passed.
 * @returns {boolean}
 */
export const allPassed = () => passed === defined;

/**
 * Remove the folder once all tests of the file are over, or name it if one has failed.
 * @param {{ dir: string, remove: () => void }} work
 */
export function removeOrShow(work) {
  if (allPassed()) work.remove();
  else console.log(`logs of all processes: ${work.dir}`);
}

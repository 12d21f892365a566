// SPDX-License-Identifier: Apache-2.0
// Polling with a deadline.

/** @typedef {false | null | undefined} Falsy Values of a check that mean "not yet". */

/**
 * Wait.
 * @param {number} ms
 * @returns {Promise<void>}
 */
export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * Poll `check` until it returns a truthy value, and return that value. An error counts as "not
 * yet".
 * @template T
 * @param {string} what - the condition, as error messages name it
 * @param {() => T | Promise<T>} check
 * @param {object} [options]
 * @param {number} [options.timeout] - ms until the wait fails
 * @param {number} [options.every] - ms between two checks
 * @param {() => string | undefined} [options.abort] - reason to give up at once, if there is one
 * @returns {Promise<Exclude<T, Falsy>>}
 */
export async function waitFor(what, check, options = {}) {
  const { timeout = 60_000, every = 250, abort = () => undefined } = options;
  const end = Date.now() + timeout;
  let lastError;
  for (;;) {
    const reason = abort();
    if (reason) throw new Error(`${what}: ${reason}`);
    try {
      const result = await check();
      if (result) return /** @type {Exclude<T, Falsy>} */ (result);
    } catch (error) {
      lastError = error;
    }
    if (Date.now() > end) {
      const why = lastError ? ` (last error: ${lastError.message})` : "";
      throw new Error(`${what}: not within ${Math.round(timeout / 1000)} s${why}`);
    }
    await sleep(every);
  }
}

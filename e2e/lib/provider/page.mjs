// SPDX-License-Identifier: Apache-2.0
// Reader of a page that a lease serves.

import { sleep, waitFor } from "../system/wait.mjs";

/** Time in ms that a read may take, and between two of them. */
const PATIENCE_MS = 5_000;
const PAUSE_MS = 250;

/**
 * Read a page once.
 * @param {string} url
 * @returns {Promise<string>}
 */
async function readOnce(url) {
  const answer = await fetch(url, { signal: AbortSignal.timeout(PATIENCE_MS) });
  if (!answer.ok) throw new Error(`${url}: ${answer.status}`);
  return answer.text();
}

/**
 * Read a page, again until it is served.
 * @param {string} url
 * @param {() => string | undefined} abort - reason to give up at once, if there is one
 * @returns {Promise<string>}
 */
export const readPage = (url, abort) => waitFor(`${url} is served`, () => readOnce(url), { abort });

/** Reader of a page several times a second. */
export class PageReader {
  reads = 0;
  /**
   * Reasons of the reads that failed.
   * @type {string[]}
   */
  failed = [];
  #stopped = false;
  #loop;

  /** @param {string} url */
  constructor(url) {
    this.#loop = this.#read(url);
  }

  /** @param {string} url */
  async #read(url) {
    while (!this.#stopped) {
      await readOnce(url).catch((error) => this.failed.push(error.message));
      this.reads += 1;
      await sleep(PAUSE_MS);
    }
  }

  /** Stop reading. */
  async stop() {
    this.#stopped = true;
    await this.#loop;
  }
}

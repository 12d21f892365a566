// SPDX-License-Identifier: Apache-2.0
// Reader of the `surety_*` methods at one block. It compares each answer with that of the runtime
// API.

import assert from "node:assert/strict";
import { big } from "../../lib/chain/amounts.mjs";
import { runtimeApi, storage } from "../../lib/chain/api.mjs";
import { RPC_SHAPES, runtimeArgument } from "../../lib/chain/rpc-shapes.mjs";
import { SBTC } from "../../lib/scenarios/asset.mjs";
import { jsonRpc } from "../../lib/system/json-rpc.mjs";

/** @import { ApiAt, Codec } from "../../lib/chain/api.mjs" */
/** @import { LiveContext } from "./context.mjs" */

/** The test bitcoin as JSON names it. */
export const BITCOIN = `local:${SBTC}`;
/** Shortest rule of a statement's line in characters. */
const MIN_RULE = 10;

/** @typedef {any} Json */
/**
 * Line of a statement. Amounts in base units.
 * @typedef {{
 *   kind: string, asset: string, held: string, claimable: string, [field: string]: Json
 * }} Line
 */

/** Reader at one block. */
export class Reader {
  #url;
  #hash;
  #at;

  /**
   * @param {string} url - of a node
   * @param {string} hash - of the block
   * @param {ApiAt} at - the same block
   */
  constructor(url, hash, at) {
    this.#url = url;
    this.#hash = hash;
    this.#at = at;
  }

  /**
   * Open a reader at a block, or at the last finalized one.
   * @param {LiveContext} context
   * @param {string} [hash]
   * @returns {Promise<Reader>}
   */
  static async at({ api, validators: [node] }, hash) {
    const block = hash ?? (await node.finalized()).hash;
    return new Reader(node.http, block, await api.at(block));
  }

  /**
   * Read by a `surety_*` method, and assert that the answer is that of the runtime API.
   * @param {string} method - without the prefix
   * @param {...Json} args
   * @returns {Promise<Json>}
   */
  async read(method, ...args) {
    const [rpc, runtime] = await Promise.all([
      jsonRpc(this.#url, `surety_${method}`, [...args, this.#hash]),
      runtimeApi(this.#at, method, ...args.map(runtimeArgument)),
    ]);
    const call = `surety_${method}(${JSON.stringify(args)})`;
    assert.deepEqual(rpc, RPC_SHAPES[method](runtime), call);
    return rpc;
  }

  /**
   * Read the first page of a list, which is not full.
   * @param {string} method - without the prefix
   * @param {...Json} subject - arguments before the page
   * @returns {Promise<Json[]>} items
   */
  async list(method, ...subject) {
    return (await this.read(method, ...subject, null, 128)).items;
  }

  /**
   * Read all of a list in pages.
   * @param {string} method - without the prefix
   * @param {Json[]} subject - arguments before the page
   * @param {number} limit - items on a page
   * @returns {Promise<{ items: Json[], pages: number }>}
   */
  async pages(method, subject, limit) {
    const items = [];
    for (let next = null, pages = 1; ; pages += 1) {
      /** @type {Json} */
      const page = await this.read(method, ...subject, next, limit);
      assert.ok(page.items.length <= limit, `${page.items.length} on a page of ${limit}`);
      items.push(...page.items);
      if (page.next === null) return { items, pages };
      assert.notEqual(page.next, next, "a page leads to itself");
      next = page.next;
    }
  }

  /**
   * Read the statement of an account, and assert that its sums are what the ledgers have on hold.
   * @param {string} address
   * @returns {Promise<Record<string, Line[]>>} lines by kind
   */
  async statement(address) {
    const { lines, totals } = await this.read("statement", address);
    for (const { rule } of lines) assert.ok(rule.length > MIN_RULE, rule);
    for (const [asset, held] of Object.entries(await this.#holds(address))) {
      const found = totals.find((/** @type {Json} */ total) => total.asset === asset);
      const total = found ?? { held: "0", onHold: "0", claimable: "0" };
      const what = `${asset} of ${address}`;
      assert.deepEqual([total.held, total.onHold], [`${held}`, `${held}`], what);
      const sum = (/** @type {string} */ key) =>
        lines
          .filter((/** @type {Line} */ line) => line.asset === asset)
          .reduce(
            (/** @type {bigint} */ all, /** @type {Line} */ line) => all + big(line[key]),
            0n,
          );
      assert.deepEqual([sum("held"), sum("claimable")], [held, big(total.claimable)], what);
    }
    /** @type {Record<string, Line[]>} */
    const byKind = {};
    for (const line of lines) {
      byKind[line.kind] ??= [];
      byKind[line.kind].push(line);
    }
    assert.ok(!("other" in byKind), JSON.stringify(byKind.other));
    return byKind;
  }

  /**
   * Amounts on hold of an account, as the ledgers have them.
   * @param {string} address
   * @returns {Promise<Record<string, bigint>>} base units by asset
   */
  async #holds(address) {
    const [{ data }, holds, other] = await Promise.all([
      storage(this.#at, "system", "account", address),
      storage(this.#at, "balances", "holds", address),
      storage(this.#at, "assetsHolder", "balancesOnHold", SBTC, address),
    ]);
    const add = (/** @type {bigint} */ sum, /** @type {Codec} */ hold) => sum + big(hold.amount);
    const native = holds.reduce(add, 0n);
    assert.equal(native, data.reserved.toBigInt());
    return { native, [BITCOIN]: big(other.unwrapOr(0)) };
  }
}

// SPDX-License-Identifier: Apache-2.0
// Transfers beside the duty of the validators: more than they include while rounds are judged, and
// steadily while one joins their set and leaves it.

import assert from "node:assert/strict";
import { sign as ed25519, generateKeyPairSync } from "node:crypto";
import os from "node:os";
import { u8aConcat } from "@polkadot/util";
import { encodeAddress } from "@polkadot/util-crypto";
import { UNIT } from "../../lib/chain/amounts.mjs";
import { account, balanceOf, storage } from "../../lib/chain/api.mjs";
import { batch, call, send } from "../../lib/chain/calls.mjs";
import { hasAuthored, stand, validators } from "../../lib/chain/validators.mjs";
import { sleep } from "../../lib/system/wait.mjs";
import { MINUTE, seconds } from "./context.mjs";

/** @import { Account, ApiAt, Codec } from "../../lib/chain/api.mjs" */
/** @import { SuretyNode } from "../../lib/network/node.mjs" */
/** @import { FaultContext } from "./context.mjs" */

/** Transfers per second that are offered: more than are included, or less. */
const RATE = { flood: 1_000, steady: 50 };
const SENDERS = 250;
/** Transfers of each sender. */
const EACH = 120;
/** Transfers of one request. */
const REQUEST = 40;
/** Transfers that wait in the pools at most, below their limit of 8,192. */
const WAITING = 6_000;
/** Time without a new transfer after which those that are missing are sent again, in ms. */
const STALLED = 30_000;
/** Accounts that are funded by one transaction. */
const FUNDED = 100;
const FUNDS = 20n * UNIT;
const VALUE = UNIT / 100_000n;

/** @param {FaultContext} context */
export function load(context) {
  const name = "rounds are judged while more transfers are offered than are included";
  context.test("load", name, async () => {
    const { reader } = context;
    const transfers = new Transfers(context);
    await transfers.fund();
    const signing = Date.now();
    const requests = await transfers.sign();
    const signed = Date.now() - signing;

    const first = (await reader.finalized()).number;
    const { judgedRound } = await context.round();
    // The load comes from elsewhere on a real network.
    os.setPriority(os.constants.priority.PRIORITY_LOW);
    const { offered, rate } = await transfers.offer(requests, RATE.flood);
    os.setPriority(os.constants.priority.PRIORITY_NORMAL);
    const again = await transfers.areFinal(offered);
    const judged = (await context.round()).judgedRound - judgedRound;
    assert.ok(judged > 0, "no round was judged");
    return [
      `${offered} transfers, signed before in ${seconds(signed)}`,
      `offered at ${RATE.flood}/s while fewer than ${WAITING} wait: ${rate}/s`,
      `${again} sent again, since pools had dropped them with blocks that were retracted`,
      await transfers.rates(first, (await reader.finalized()).number),
      `${judged} rounds judged meanwhile, ${os.cpus().length} cores for all nodes`,
    ];
  });
}

/** @param {FaultContext} context */
export function membership(context) {
  const name = "a validator joins and leaves while transfers are offered";
  const run = async () => {
    const { reader } = context;
    const { network } = context.fixture;
    const transfers = new Transfers(context);
    await transfers.fund();
    const requests = await transfers.sign();
    const first = (await reader.finalized()).number;
    let isOver = false;
    const offering = transfers.offer(requests, RATE.steady, () => isOver);
    const eve = account("//Eve");
    // A failure is seen when it is awaited.
    offering.catch(() => {});
    const node = await network.joinValidator("eve");
    const times = await joinAndLeave(context, eve, node).finally(() => {
      isOver = true;
    });
    const { offered, rate } = await offering;
    assert.ok(offered < requests.length * REQUEST, "the load ended before");
    await transfers.areFinal(offered);
    const rates = await transfers.rates(first, (await reader.finalized()).number);
    await node.stop();
    network.validators.pop();
    return [times, `${offered} transfers offered at ${rate}/s, all final: ${rates}`];
  };
  context.test("a validator joins and leaves under load", name, run, 20 * MINUTE);
}

/**
 * Let a node become a validator that authors and reports, and cease to be one.
 * @param {FaultContext} context
 * @param {Account} who
 * @param {SuretyNode} node
 * @returns {Promise<string>} figure
 */
async function joinAndLeave(context, who, node) {
  const { api } = context;
  const isMember = async () =>
    (await validators(await context.atFinalized())).includes(who.address);
  await send(api, who, await stand(api, node, who), { timeout: MINUTE });
  const elected = await context.until("it is elected", isMember, 6 * MINUTE);
  const authored = async () => hasAuthored(await context.atFinalized(), who);
  await context.until("it authors a block", authored);
  await context.judges(2);
  await context.onDuty(node);
  await send(api, who, call(api, "staking", "chill"), { timeout: MINUTE });
  const left = await context.until("it is out", async () => !(await isMember()), 6 * MINUTE);
  return `elected ${seconds(elected)} after the bond, out ${seconds(left)} after \`chill\``;
}

/**
 * Account that signs some twenty times faster than those of polkadot.js.
 * @returns {Account}
 */
function newSender() {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const raw = new Uint8Array(Buffer.from(`${publicKey.export({ format: "jwk" }).x}`, "base64url"));
  const sign = (/** @type {Uint8Array} */ message, { withType = false } = {}) =>
    u8aConcat(withType ? [0] : [], ed25519(null, message, privateKey));
  const pair = {
    type: "ed25519",
    address: encodeAddress(raw),
    addressRaw: raw,
    publicKey: raw,
    sign,
  };
  return /** @type {any} */ (pair);
}

/**
 * Post a batch of JSON-RPC.
 * @param {string} url
 * @param {string} body
 * @returns {Promise<{ error?: unknown }[]>}
 */
async function post(url, body) {
  const headers = { "content-type": "application/json" };
  const response = await fetch(url, { method: "POST", headers, body });
  return /** @type {any} */ (await response.json());
}

/** Transfers of many senders to one account. */
class Transfers {
  sink = account("//load/sink");
  #senders = Array.from({ length: SENDERS }, newSender);
  #context;
  /** Balance of the sink before the transfers, in planck. */
  #received = 0n;

  /** @param {FaultContext} context */
  constructor(context) {
    this.#context = context;
  }

  /** Fund all accounts. */
  async fund() {
    const { api } = this.#context;
    const calls = [...this.#senders, this.sink].map(({ address }) =>
      call(api, "balances", "transferKeepAlive", { dest: address, value: FUNDS }),
    );
    for (let at = 0; at < calls.length; at += FUNDED) {
      await send(api, account("//Alice"), batch(api, calls.slice(at, at + FUNDED)));
    }
    this.#received = (await balanceOf(api, this.sink.address)).free;
  }

  /**
   * Sign all transfers.
   * @returns {Promise<string[]>} bodies of requests, of one sender after the other, all with their
   *   first nonces before any with its next ones
   */
  async sign() {
    const bodies = [];
    for (let nonce = 0; nonce < EACH; nonce += REQUEST) {
      for (const sender of this.#senders) {
        bodies.push(this.#request(sender, nonce, nonce + REQUEST));
        await sleep(0);
      }
    }
    return bodies;
  }

  /**
   * Body of a request with the transfers of a sender from one nonce to another.
   * @param {Account} sender
   * @param {number} from
   * @param {number} to - nonce after the last
   * @param {bigint} [tip] - in planck
   * @returns {string}
   */
  #request(sender, from, to, tip = 0n) {
    const { api } = this.#context;
    const args = { dest: this.sink.address, value: VALUE };
    const transfer = call(api, "balances", "transferKeepAlive", args);
    // Valid for ever: the genesis block stands for the one that a signature is bound to.
    const { genesisHash, runtimeVersion } = api;
    const options = { blockHash: genesisHash, genesisHash, runtimeVersion, tip };
    const calls = Array.from({ length: to - from }, (_, id) => {
      const signed = transfer.sign(sender, { ...options, nonce: from + id }).toHex();
      return { jsonrpc: "2.0", id, method: "author_submitExtrinsic", params: [signed] };
    });
    return JSON.stringify(calls);
  }

  /**
   * Send again what is in no final block, as a wallet does: with another signature, since a pool
   * refuses for half an hour what it has dropped.
   * @param {number} offered - all that were
   * @param {bigint} tip - in planck, higher each time
   * @returns {Promise<number>} transfers that were sent again
   */
  async #sendAgain(offered, tip) {
    const { reader } = this.#context;
    const nonces = await this.#nonces(await this.#context.atFinalized());
    let number = 0;
    for (const [i, sender] of this.#senders.entries()) {
      // Requests went to one sender after the other.
      const to = Math.ceil((offered / REQUEST - i) / SENDERS) * REQUEST;
      if (nonces[i] >= to) continue;
      number += to - nonces[i];
      await post(reader.http, this.#request(sender, nonces[i], to, tip));
    }
    return number;
  }

  /**
   * Offer transfers to the validators. A refusal of any is an error.
   * @param {string[]} requests
   * @param {number} rate - transfers per second, while few enough wait
   * @param {() => boolean} [isOver] - true once no more are to be offered
   * @returns {Promise<{ offered: number, rate: number }>} transfers, and per second
   */
  async offer(requests, rate, isOver = () => false) {
    const { api } = this.#context;
    // Those of now: one that joins later is not in sync yet.
    const validators = [...this.#context.validators];
    const start = Date.now();
    /** @type {Promise<void>[]} */
    const answers = [];
    let [offered, waiting] = [0, 0];
    const submit = async (/** @type {string} */ url, /** @type {string} */ body) => {
      const errors = (await post(url, body)).filter(({ error }) => error);
      assert.deepEqual(errors.slice(0, 1), [], `${errors.length} transfers were refused`);
    };
    for (const [i, body] of requests.entries()) {
      if (isOver()) break;
      while (waiting > WAITING) {
        waiting = offered - (await this.included(api));
        await sleep(200);
      }
      await sleep(start + (offered / rate) * 1_000 - Date.now());
      offered += REQUEST;
      waiting += REQUEST;
      // All transfers of a sender go to one validator.
      answers.push(submit(validators[(i % SENDERS) % validators.length].http, body));
    }
    await Promise.all(answers);
    return { offered, rate: Math.round(offered / ((Date.now() - start) / 1_000)) };
  }

  /**
   * Wait until transfers are final, and assert what they moved.
   * @param {number} count - all that were offered
   * @returns {Promise<number>} transfers that were sent again
   */
  async areFinal(count) {
    const context = this.#context;
    let [last, since, again, tip] = [-1, Date.now(), 0, 0n];
    await context.until("all transfers are final", async () => {
      const included = await this.included(await context.atFinalized());
      if (included > last) {
        [last, since] = [included, Date.now()];
      } else if (included < count && Date.now() - since > STALLED) {
        tip += 1n;
        again += await this.#sendAgain(count, tip);
        since = Date.now();
      }
      return included === count;
    });
    const { free } = await balanceOf(await context.atFinalized(), this.sink.address);
    assert.equal(free - this.#received, VALUE * BigInt(count));
    return again;
  }

  /**
   * Transfers that are in a chain.
   * @param {Pick<ApiAt, "query">} at
   * @returns {Promise<number>}
   */
  async included(at) {
    return (await this.#nonces(at)).reduce((sum, nonce) => sum + nonce, 0);
  }

  /**
   * Nonces of the senders.
   * @param {Pick<ApiAt, "query">} at
   * @returns {Promise<number[]>}
   */
  async #nonces(at) {
    const addresses = this.#senders.map(({ address }) => address);
    const accounts = /** @type {Codec[]} */ (await at.query.system.account.multi(addresses));
    return accounts.map(({ nonce }) => nonce.toNumber());
  }

  /**
   * Rates by the timestamps of the blocks with transfers.
   * @param {number} from - block before the first transfer
   * @param {number} to - final block after the last transfer
   * @returns {Promise<string>}
   */
  async rates(from, to) {
    const { api, reader } = this.#context;
    const blocks = [];
    for (let number = from; number <= to; number += 1) {
      const hash = await reader.hashOf(number);
      const { block } = await api.rpc.chain.getBlock(hash);
      const transfers = block.extrinsics.filter(({ isSigned }) => isSigned).length;
      const at = (await storage(await api.at(hash), "timestamp", "now")).toNumber();
      blocks.push({ transfers, at });
    }
    const begin = blocks.findIndex(({ transfers }) => transfers > 0) - 1;
    const end = blocks.findLastIndex(({ transfers }) => transfers > 0);
    const time = (blocks[end].at - blocks[begin].at) / 1_000;
    const counts = blocks.map(({ transfers }) => transfers);
    const rate = Math.round(counts.reduce((sum, count) => sum + count, 0) / time);
    return `${rate}/s in ${end - begin} blocks, at most ${Math.max(...counts)} in one`;
  }
}

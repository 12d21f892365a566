// SPDX-License-Identifier: Apache-2.0
// Connection to the chain through polkadot.js, with the types that its metadata gives and no
// others.

import { ApiPromise, Keyring, WsProvider } from "@polkadot/api";
import { compactStripLength, hexToU8a, stringToU8a, u8aToHex } from "@polkadot/util";
import { cryptoWaitReady } from "@polkadot/util-crypto";

/** @import { ApiDecoration } from "@polkadot/api/types" */
/** @import { KeyringPair } from "@polkadot/keyring/types" */

/** @typedef {ApiPromise} Api */
/** @typedef {ApiDecoration<"promise">} ApiAt The same at one block. */
/** @typedef {KeyringPair} Account */
/**
 * A value decoded by the metadata. Its type is known at run time only.
 * @typedef {any} Codec
 */

/**
 * Provider whose metadata has the runtime APIs. polkadot.js asks for them when it connects, but not
 * when the runtime is upgraded later: after that it would know no runtime API.
 */
class Provider extends WsProvider {
  /**
   * @override
   * @param {string} method
   * @param {unknown[]} params
   * @param {boolean} [isCacheable]
   * @param {any} [subscription]
   * @returns {Promise<any>}
   */
  async send(method, params, isCacheable, subscription) {
    if (method !== "state_getMetadata") {
      return super.send(method, params, isCacheable, subscription);
    }
    const version = u8aToHex(new Uint8Array([15, 0, 0, 0]));
    const call = ["Metadata_metadata_at_version", version, ...params];
    const optional = hexToU8a(await super.send("state_call", call, isCacheable));
    if (optional[0] !== 1) throw new Error("the runtime has no metadata of version 15");
    return u8aToHex(compactStripLength(optional.subarray(1))[1]);
  }
}

/**
 * Provider that is told of no upgrade. polkadot.js answers an upgrade by changing the types that it
 * knows in place: a block of the runtime before that is being read, or was read last, is decoded by
 * the types of the next one.
 */
class HistoryProvider extends Provider {
  /**
   * @override
   * @param {string} type
   * @param {string} method
   * @param {unknown[]} params
   * @param {any} callback
   * @returns {Promise<any>}
   */
  async subscribe(type, method, params, callback) {
    if (method === "state_subscribeRuntimeVersion") return "none";
    return super.subscribe(type, method, params, callback);
  }
}

/**
 * Connect, and wait for the metadata.
 * @param {string} ws - URL of a node
 * @param {object} [options]
 * @param {boolean} [options.history] - read blocks by `at`, each by the types of its runtime; all
 *   else stays at the runtime of now. Without it, all but reading a past block follows upgrades
 * @returns {Promise<Api>}
 */
export async function connect(ws, { history = false } = {}) {
  await cryptoWaitReady();
  // polkadot.js does not list all transaction extensions of newer SDKs. Those carry no data, so its
  // warning on each connection is of no use here.
  const warn = console.warn;
  console.warn = () => {};
  try {
    const provider = history ? new HistoryProvider(ws) : new Provider(ws);
    return await ApiPromise.create({ provider, noInitWarn: true });
  } finally {
    console.warn = warn;
  }
}

const keyring = new Keyring({ type: "sr25519" });

/**
 * Account of a development seed.
 * @param {string} seed - such as `//Alice`
 * @returns {Account}
 */
export const account = (seed) => keyring.addFromUri(seed);

/**
 * Account of a pallet.
 * @param {string} id
 * @returns {Uint8Array}
 */
const palletAccount = (id) => stringToU8a(`modl${id}`.padEnd(32, "\0"));

export const TREASURY = palletAccount("surety/t");
/** Pot that probers are paid from. */
export const PROBER_POT = palletAccount("surety/d");

/**
 * Read a storage item.
 * @param {Api | ApiAt} at
 * @param {string} pallet
 * @param {string} item
 * @param {...unknown} keys
 * @returns {Promise<Codec>}
 */
export const storage = (at, pallet, item, ...keys) => at.query[pallet][item](...keys);

/**
 * Read all entries of a storage map, or those below some of its keys.
 * @param {Api | ApiAt} at
 * @param {string} pallet
 * @param {string} item
 * @param {...unknown} keys
 * @returns {Promise<[Codec, Codec][]>}
 */
export const storageEntries = (at, pallet, item, ...keys) =>
  at.query[pallet][item].entries(...keys);

/**
 * Call a function of Surety's runtime API.
 * @param {Api | ApiAt} at
 * @param {string} method
 * @param {...unknown} args
 * @returns {Promise<Codec>}
 */
export const runtimeApi = (at, method, ...args) => at.call.suretyApi[method](...args);

/**
 * Read the free and the reserved balance of an account.
 * @param {Api | ApiAt} at
 * @param {string} address
 * @returns {Promise<{ free: bigint, held: bigint }>} planck
 */
export async function balanceOf(at, address) {
  const { data } = await storage(at, "system", "account", address);
  return { free: data.free.toBigInt(), held: data.reserved.toBigInt() };
}

/**
 * Follow the finalized blocks: call `onBlock` for each, in order, none left out.
 * @param {Api} api
 * @param {(block: FinalizedBlock) => Promise<void>} onBlock
 * @returns {Promise<{ stop: () => Promise<void>, failure: () => Error | undefined }>} `failure` is
 *   the first error of `onBlock`, after which no block is read
 *
 * @typedef {object} FinalizedBlock
 * @property {number} number
 * @property {string} hash
 * @property {ApiAt} at
 * @property {Codec[]} events
 */
export async function followFinalized(api, onBlock) {
  /** @type {number | undefined} */
  let next;
  let queue = Promise.resolve();
  /** @type {Error | undefined} */
  let failed;
  const readThrough = async (/** @type {number} */ last) => {
    for (next ??= last; next <= last; next += 1) {
      const hash = await api.rpc.chain.getBlockHash(next);
      const at = await api.at(hash);
      const events = (await storage(at, "system", "events")).map(
        (/** @type {Codec} */ e) => e.event,
      );
      await onBlock({ number: next, hash: hash.toHex(), at, events });
    }
  };
  const stop = await api.rpc.chain.subscribeFinalizedHeads((head) => {
    queue = queue.then(async () => {
      if (failed) return;
      await readThrough(head.number.toNumber()).catch((error) => {
        failed = error;
      });
    });
  });
  return {
    stop: async () => {
      stop();
      await queue;
    },
    failure: () => failed,
  };
}

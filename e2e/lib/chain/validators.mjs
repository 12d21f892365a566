// SPDX-License-Identifier: Apache-2.0
// Validators: the way into the set, on a network with short sessions, and bonds.

import { u8aToHex } from "@polkadot/util";
import { jsonRpc } from "../system/json-rpc.mjs";
import { waitFor } from "../system/wait.mjs";
import { UNIT } from "./amounts.mjs";
import { storage } from "./api.mjs";
import { batch, call } from "./calls.mjs";

/** @import { SuretyNode } from "../network/node.mjs" */
/** @import { Account, Api, ApiAt, Codec } from "./api.mjs" */
/** @import { Call } from "./calls.mjs" */

/** Bond of a candidate, above that of the validators of genesis. */
export const BOND = 20_000n * UNIT;
/** Blocks of a session: a minute. */
const SESSION_BLOCKS = 30;
/**
 * Longest time in ms from the bond to the set: the rest of the era, the era that is planned, and
 * the session after it.
 */
export const ELECTION = 5 * 60_000;

/**
 * Change of the genesis of the local chain: sessions and eras of a minute.
 * @param {any} genesis
 */
export function shortSessions({ timing }) {
  timing.timings.epochBlocks = SESSION_BLOCKS;
}

/**
 * Addresses of the validators of the session.
 * @param {Api | ApiAt} at
 * @returns {Promise<string[]>}
 */
export const validators = async (at) =>
  (await storage(at, "session", "validators")).map((/** @type {Codec} */ v) => v.toString());

/**
 * Wait until an account is a validator, or is none.
 * @param {Api} api
 * @param {Account} who
 * @param {boolean} wanted
 * @param {() => string | undefined} abort
 */
export const untilValidator = (api, { address }, wanted, abort) =>
  waitFor(
    `${address} is ${wanted ? "a" : "no"} validator`,
    async () => (await validators(api)).includes(address) === wanted,
    { timeout: ELECTION, every: 1_000, abort },
  );

/**
 * Make the call `session.setKeys` with new keys of a node, and the proof that they are its owner's.
 * @param {Api} api
 * @param {SuretyNode} node
 * @param {Account} owner
 * @returns {Promise<Call>}
 */
export async function setKeys(api, node, { publicKey }) {
  const owner = u8aToHex(publicKey);
  const { keys, proof } = await jsonRpc(node.http, "author_rotateKeysWithOwner", [owner]);
  return call(api, "session", "setKeys", { keys, proof });
}

/**
 * Make the calls by which an account with session keys becomes a candidate: bond, declaration.
 * @param {Api} api
 * @returns {Call[]}
 */
export const bondAndValidate = (api) => [
  call(api, "staking", "bond", { value: BOND, payee: "Stash" }),
  call(api, "staking", "validate", { prefs: { commission: 0, blocked: true } }),
];

/**
 * Make the call by which an account with a node becomes a candidate: keys, bond, declaration.
 * @param {Api} api
 * @param {SuretyNode} node
 * @param {Account} owner
 * @returns {Promise<Call>}
 */
export async function stand(api, node, owner) {
  return batch(api, [await setKeys(api, node, owner), ...bondAndValidate(api)]);
}

/**
 * True if a validator has authored a block of the active era.
 * @param {Api | ApiAt} at
 * @param {Account} who
 * @returns {Promise<boolean>}
 */
export async function hasAuthored(at, { address }) {
  const era = (await storage(at, "staking", "activeEra")).unwrap().index;
  const { individual } = await storage(at, "staking", "erasRewardPoints", era);
  return [...individual.keys()].some((who) => who.toString() === address);
}

/**
 * Bond of a validator in planck, without what it unbonds.
 * @param {Api | ApiAt} at
 * @param {Account} who
 * @returns {Promise<bigint>}
 */
export const bondOf = async (at, { address }) =>
  (await storage(at, "staking", "ledger", address)).unwrap().active.toBigInt();

// SPDX-License-Identifier: Apache-2.0
// Upgrades of the runtime by the holders of the token.

import { existsSync, readFileSync } from "node:fs";
import { u8aToHex } from "@polkadot/util";
import { blake2AsHex } from "@polkadot/util-crypto";
import { waitFor } from "../system/wait.mjs";
import { call, send } from "./calls.mjs";
import { committeeMakes, submitReferendum } from "./referenda.mjs";

/** @import { Account, Api } from "./api.mjs" */

/**
 * Code of a runtime.
 * @typedef {{ bytes: Uint8Array, hash: string }} Code
 */

/**
 * Read the wasm of a runtime.
 * @param {string} variable - of the environment, with its path
 * @param {string} target - of the Makefile, which makes it
 * @returns {Code}
 */
function readCode(variable, target) {
  const file = process.env[variable];
  if (!file) throw new Error(`${variable} is not set: run this through make`);
  if (!existsSync(file)) throw new Error(`${file} is not there: run "make ${target}"`);
  const bytes = new Uint8Array(readFileSync(file));
  return { bytes, hash: blake2AsHex(bytes) };
}

/** Code of the runtime with a version one higher. */
export const nextRuntime = () => readCode("SURETY_NEXT_RUNTIME", "next-runtime");

/** Code of the runtime of the node. */
export const everydayRuntime = () => readCode("SURETY_RUNTIME", "build");

/**
 * Let the committee whitelist the authorization of a code, and submit the referendum on it.
 * @param {Api} api
 * @param {Account} proposer
 * @param {Code} code
 * @returns {Promise<number>} index of the referendum
 */
export async function proposeUpgrade(api, proposer, { hash }) {
  const authorize = call(api, "system", "authorizeUpgrade", { codeHash: hash });
  const callHash = blake2AsHex(authorize.method.toU8a());
  await committeeMakes(api, call(api, "whitelist", "whitelistCall", { callHash }));
  const dispatch = call(api, "whitelist", "dispatchWhitelistedCallWithPreimage", {
    call: authorize,
  });
  return submitReferendum(api, proposer, { Origins: "WhitelistedCaller" }, dispatch);
}

/**
 * Send the code that was authorized, which anybody may do, and wait until the chain runs it.
 * @param {Api} api
 * @param {Account} sender
 * @param {Code} code
 * @returns {Promise<{ block: number, version: number }>} last block of the runtime before, and
 *   version of the one after
 */
export async function applyUpgrade(api, sender, { bytes }) {
  const before = api.runtimeVersion.specVersion.toNumber();
  const apply = call(api, "system", "applyAuthorizedUpgrade", { code: u8aToHex(bytes) });
  const { block } = await send(api, sender, apply);
  const number = (await api.rpc.chain.getHeader(block)).number.toNumber();
  const upgraded = async () => {
    const head = (await api.rpc.chain.getHeader(await api.rpc.chain.getFinalizedHead())).number;
    // The connection reads the metadata of the new runtime a moment later.
    const version = api.runtimeVersion.specVersion.toNumber();
    return head.toNumber() > number && version !== before && version;
  };
  const version = await waitFor("the chain runs the code", upgraded, { timeout: 60_000 });
  return { block: number, version };
}

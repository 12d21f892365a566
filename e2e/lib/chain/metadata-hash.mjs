// SPDX-License-Identifier: Apache-2.0
// Hash of the metadata (RFC-78), which wallets sign together with a transaction.

import { u8aToHex } from "@polkadot/util";
import { merkleizeMetadata } from "@polkadot-api/merkleize-metadata";

/** @import { Api, Codec } from "./api.mjs" */

/** Token of the chain, which the hash covers too. */
const TOKEN = { decimals: 12, tokenSymbol: "SURE" };
/** Version of the metadata that is hashed. */
const VERSION = 15;

/**
 * Hash of the metadata of the chain's runtime, computed by this process.
 * @param {Api} api
 * @returns {Promise<string>} hex
 */
export async function metadataHash(api) {
  /** @type {Codec} */
  const metadata = await api.call.metadata.metadataAtVersion(VERSION);
  return u8aToHex(merkleizeMetadata(metadata.unwrap().toU8a(true), TOKEN).digest());
}

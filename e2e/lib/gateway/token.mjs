// SPDX-License-Identifier: Apache-2.0
// Tokens of agreements, as gateways make them, for clients that use an edge without a gateway. The
// layout is that of `gateway/src/access/token.rs`.

import { u8aConcat } from "@polkadot/util";

/** @import { Account } from "../chain/api.mjs" */

const VERSION = 1;
/** Bytes that are signed before the claims. */
const DOMAIN = new TextEncoder().encode("surety/token/1");
/** All units of the agreement, in parts of ten thousand. */
const ALL = 10_000;
/** Seconds of validity. */
const LIFETIME = 3_600;

/**
 * Make a token.
 * @param {object} options
 * @param {Uint8Array} options.genesis - hash of the genesis block
 * @param {number} options.agreement
 * @param {Account} options.signer - the tenant or its `Report` proxy
 * @param {number} [options.lifetime] - seconds
 * @returns {string}
 */
export function mintToken({ genesis, agreement, signer, lifetime = LIFETIME }) {
  const numbers = new DataView(new ArrayBuffer(14));
  numbers.setUint32(0, agreement, true);
  numbers.setBigUint64(4, BigInt(Math.floor(Date.now() / 1_000) + lifetime), true);
  numbers.setUint16(12, ALL, true);
  const claims = u8aConcat(
    new Uint8Array([VERSION]),
    genesis.slice(0, 8),
    new Uint8Array(numbers.buffer),
    signer.publicKey,
  );
  const signature = signer.sign(u8aConcat(DOMAIN, claims), { withType: true });
  return `srt1_${Buffer.from(u8aConcat(claims, signature)).toString("base64url")}`;
}

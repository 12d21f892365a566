// SPDX-License-Identifier: Apache-2.0
// Conservation of money over a whole run.

import assert from "node:assert/strict";
import { big } from "../lib/chain/amounts.mjs";
import { storage, storageEntries } from "../lib/chain/api.mjs";

/** @import { Api } from "../lib/chain/api.mjs" */

/**
 * Assert that SURE was neither minted nor burnt since genesis, and that all of it is in accounts.
 * @param {Api} api
 * @param {string} hash - of a block
 */
export async function assertConserved(api, hash) {
  const at = await api.at(hash);
  const genesis = await api.at(api.genesisHash);
  const issuance = big(await storage(at, "balances", "totalIssuance"));
  // Fees, penalties and dust go to the treasury.
  assert.equal(issuance, big(await storage(genesis, "balances", "totalIssuance")));
  const accounts = await storageEntries(at, "system", "account");
  const total = accounts.reduce(
    (sum, [, { data }]) => sum + data.free.toBigInt() + data.reserved.toBigInt(),
    0n,
  );
  assert.equal(total, issuance);
}

// SPDX-License-Identifier: Apache-2.0
// polkadot.js API: a referendum as token holders make one, from its preimage to its enactment.

import assert from "node:assert/strict";
import { percent } from "../../lib/chain/amounts.mjs";
import { storage } from "../../lib/chain/api.mjs";
import { call } from "../../lib/chain/calls.mjs";
import { HOLDERS, submitReferendum, voteAye } from "../../lib/chain/referenda.mjs";
import { waitFor } from "../../lib/system/wait.mjs";
import { MINUTE } from "./context.mjs";

/** @import { ClientsContext } from "./context.mjs" */

/** Fee of the platform after the referendum, in parts per billion. */
const FEE = percent(6);
/** Longest time in ms of a referendum on a local network. */
const REFERENDUM = 6 * MINUTE;

/** @param {ClientsContext} context */
export function referendum(context) {
  context.test(
    "a referendum goes from its preimage to its enactment",
    async () => {
      const { api, abort } = context;
      const fee = async () => {
        const key = { Market: { PlatformFee: null } };
        const stored = await storage(api, "parameters", "parameters", key);
        return stored.isSome ? stored.unwrap().asMarket.asPlatformFee.toBigInt() : undefined;
      };
      assert.notEqual(await fee(), FEE);
      const keyValue = { Market: { PlatformFee: [null, FEE] } };
      const proposal = call(api, "parameters", "setParameter", { keyValue });
      const origin = { Origins: "MarketAdmin" };
      const index = await submitReferendum(api, HOLDERS[0], origin, proposal);
      await voteAye(api, index);
      const info = async () =>
        (await storage(api, "referenda", "referendumInfoFor", index)).unwrap();
      const approved = async () => (await info()).isApproved;
      await waitFor("the referendum is approved", approved, { timeout: REFERENDUM, abort });
      const enacted = async () => (await fee()) === FEE;
      await waitFor("the referendum is enacted", enacted, { timeout: 2 * MINUTE, abort });
    },
    REFERENDUM + 3 * MINUTE,
  );
}

// SPDX-License-Identifier: Apache-2.0
// polkadot.js API: a referendum as token holders make one, from its preimage to its enactment.

import assert from "node:assert/strict";
import { UNIT } from "../../lib/chain/amounts.mjs";
import { account, storage } from "../../lib/chain/api.mjs";
import { call, eventOf, send } from "../../lib/chain/calls.mjs";
import { waitFor } from "../../lib/system/wait.mjs";
import { MINUTE } from "./context.mjs";

/** @import { ClientsContext } from "./context.mjs" */

/** Fee of the platform after the referendum, in parts per billion. */
const FEE = 60_000_000;
/** Name of the parameter, as calls and storage take it. */
const KEY = { Market: { PlatformFee: null } };
/** Tokens of each voter. */
const VOTE = 500_000n * UNIT;
/** Longest time of a referendum on a local network. */
const REFERENDUM = 10 * MINUTE;

/** @param {ClientsContext} context */
export function referendum(context) {
  context.test(
    "a referendum goes from its preimage to its enactment",
    async () => {
      const { api, abort } = context;
      const [proposer, ...voters] = ["Alice", "Bob", "Charlie", "Dave"].map((name) =>
        account(`//${name}`),
      );
      const fee = async () => {
        const value = await storage(api, "parameters", "parameters", KEY);
        return value.isSome ? value.unwrap().value.value.toNumber() : undefined;
      };
      assert.notEqual(await fee(), FEE);
      const proposal = call(api, "parameters", "setParameter", {
        keyValue: { Market: { PlatformFee: [null, FEE] } },
      });
      const [hash, len] = [proposal.method.hash, proposal.method.encodedLength];
      await send(
        api,
        proposer,
        call(api, "preimage", "notePreimage", { bytes: proposal.method.toHex() }),
      );
      const { events } = await send(
        api,
        proposer,
        call(api, "referenda", "submit", {
          proposalOrigin: { Origins: "MarketAdmin" },
          proposal: { Lookup: { hash, len } },
          enactmentMoment: { After: 1 },
        }),
      );
      const { index } = eventOf(events, "referenda", "Submitted");
      await send(api, proposer, call(api, "referenda", "placeDecisionDeposit", { index }));
      const vote = { Standard: { vote: { aye: true, conviction: "Locked1x" }, balance: VOTE } };
      await Promise.all(
        voters.map((voter) =>
          send(api, voter, call(api, "convictionVoting", "vote", { pollIndex: index, vote })),
        ),
      );
      const approved = async () =>
        (await storage(api, "referenda", "referendumInfoFor", index)).unwrap().isApproved;
      await waitFor("the referendum is approved", approved, { timeout: REFERENDUM, abort });
      const enacted = async () => (await fee()) === FEE;
      await waitFor("the referendum is enacted", enacted, { timeout: 2 * MINUTE, abort });
    },
    REFERENDUM + 3 * MINUTE,
  );
}

// SPDX-License-Identifier: Apache-2.0
// Referenda of the holders on a local network, from the preimage to the call, and motions of the
// technical committee.

import { stringToU8a, u8aConcat } from "@polkadot/util";
import { blake2AsHex } from "@polkadot/util-crypto";
import { UNIT } from "./amounts.mjs";
import { account } from "./api.mjs";
import { batch, call, eventOf, send } from "./calls.mjs";

/** @import { Account, Api } from "./api.mjs" */
/** @import { Call, Outcome } from "./calls.mjs" */

/**
 * Holders of the token on a local network who vote: nine of twelve equal ones, which is more than
 * the half of all tokens that a decision takes from its beginning on.
 */
export const HOLDERS = [
  ...["Alice", "Bob", "Charlie", "Dave", "Eve", "Ferdie"].map((name) => account(`//${name}`)),
  ...["Alice", "Bob", "Charlie"].map((name) => account(`//${name}//stash`)),
];
/** Tokens in planck that each of them votes with. The rest of a million pays deposits and bonds. */
export const VOTE = 900_000n * UNIT;
/** Members of the technical committee of a local network. Two of them are its majority. */
export const COMMITTEE = ["Alice", "Bob", "Charlie"].map((name) => account(`//${name}`));

/**
 * Submit a referendum for a call, with its preimage and its decision deposit.
 * @param {Api} api
 * @param {Account} proposer
 * @param {unknown} origin - such as `{ Origins: "MarketAdmin" }`
 * @param {Call} proposal
 * @returns {Promise<number>} its index
 */
export async function submitReferendum(api, proposer, origin, proposal) {
  const bytes = proposal.method.toU8a();
  const { events } = await send(
    api,
    proposer,
    batch(api, [
      call(api, "preimage", "notePreimage", { bytes: proposal.method.toHex() }),
      call(api, "referenda", "submit", {
        proposalOrigin: origin,
        proposal: { Lookup: { hash: blake2AsHex(bytes), len: bytes.length } },
        enactmentMoment: { After: 0 },
      }),
    ]),
  );
  const index = eventOf(events, "referenda", "Submitted").index.toNumber();
  await send(api, proposer, call(api, "referenda", "placeDecisionDeposit", { index }));
  return index;
}

/**
 * Let the holders vote aye.
 * @param {Api} api
 * @param {number} index - of the referendum
 */
export async function voteAye(api, index) {
  const vote = { Standard: { vote: { aye: true, conviction: "Locked1x" }, balance: VOTE } };
  // A call keeps the signature of its sender: each has one of its own.
  const aye = () => call(api, "convictionVoting", "vote", { pollIndex: index, vote });
  await Promise.all(HOLDERS.map((holder) => send(api, holder, aye())));
}

/**
 * Name of the scheduled task that makes the call of a referendum, in events of `Scheduler`.
 * @param {number} index
 * @returns {string} hex
 */
export function enactmentOf(index) {
  // Code of the tuple of an eight-byte id, a text with its length, and a number.
  const text = "enactment";
  const number = new Uint8Array(new Uint32Array([index]).buffer);
  return blake2AsHex(
    u8aConcat(stringToU8a("assembly"), [text.length << 2], stringToU8a(text), number),
  );
}

/**
 * Let the majority of the technical committee make a call. Rejects if the call fails.
 * @param {Api} api
 * @param {Call} proposal
 * @returns {Promise<Outcome>} of the motion's end
 */
export async function committeeMakes(api, proposal) {
  const [first, second] = COMMITTEE;
  const lengthBound = proposal.method.encodedLength;
  const propose = { threshold: 2, proposal, lengthBound };
  const proposed = await send(api, first, call(api, "technicalCommittee", "propose", propose));
  const { proposalHash, proposalIndex } = eventOf(
    proposed.events,
    "technicalCommittee",
    "Proposed",
  );
  const vote = { proposal: proposalHash, index: proposalIndex, approve: true };
  const aye = () => call(api, "technicalCommittee", "vote", vote);
  await Promise.all([first, second].map((member) => send(api, member, aye())));
  const close = call(api, "technicalCommittee", "close", {
    proposalHash,
    index: proposalIndex,
    // More than any call of the committee takes.
    proposalWeightBound: { refTime: 10_000_000_000, proofSize: 100_000 },
    lengthBound,
  });
  const outcome = await send(api, first, close);
  const { result } = eventOf(outcome.events, "technicalCommittee", "Executed");
  if (result.isErr) throw new Error(`the motion failed: ${result.asErr}`);
  return outcome;
}

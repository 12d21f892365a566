// SPDX-License-Identifier: Apache-2.0
// polkadot.js API: calls and derived values of polkadot.js Apps' pages on staking. A fifth validator
// stands for election.

import assert from "node:assert/strict";
import { u8aToHex } from "@polkadot/util";
import { UNIT } from "../../lib/chain/amounts.mjs";
import { account, storage } from "../../lib/chain/api.mjs";
import { call, eventOf, send } from "../../lib/chain/calls.mjs";
import { jsonRpc } from "../../lib/system/json-rpc.mjs";
import { waitFor } from "../../lib/system/wait.mjs";
import { ELECTION } from "./context.mjs";

/** @import { Api, ApiAt, Codec } from "../../lib/chain/api.mjs" */
/** @import { ClientsContext } from "./context.mjs" */

/** Account of the fifth validator. */
export const eve = account("//Eve");
const BOND = 20_000n * UNIT;

/**
 * Addresses of the validators of the session.
 * @param {Api | ApiAt} at
 * @returns {Promise<string[]>}
 */
export const validators = async (at) =>
  (await storage(at, "session", "validators")).map((/** @type {Codec} */ v) => v.toString());

/**
 * Wait until Eve is a validator, or is none.
 * @param {ClientsContext} context
 * @param {boolean} wanted
 */
export const untilValidator = ({ api, abort }, wanted) =>
  waitFor(
    wanted ? "Eve is a validator" : "Eve is no validator",
    async () => (await validators(api)).includes(eve.address) === wanted,
    { timeout: ELECTION, every: 1_000, abort },
  );

/** @param {ClientsContext} context */
export function staking(context) {
  const { test } = context;

  test("session keys count for the account that their proof names, only", async () => {
    const { api, fixture } = context;
    const node = await fixture.network.joinValidator("eve");
    const owner = u8aToHex(eve.publicKey);
    const { keys, proof } = await jsonRpc(node.http, "author_rotateKeysWithOwner", [owner]);
    const setKeys = call(api, "session", "setKeys", { keys, proof });
    await assert.rejects(send(api, account("//Ferdie"), setKeys), {
      error: "session.InvalidProof",
    });
    await send(api, eve, setKeys);
    const next = await storage(api, "session", "nextKeys", eve.address);
    assert.equal(u8aToHex(next.unwrap().toU8a()), keys);
  });

  test("an account bonds, chooses its payee, stands, chills and stands again", async () => {
    const { api } = context;
    const make = (/** @type {string} */ name, /** @type {Record<string, unknown>} */ args = {}) =>
      send(api, eve, call(api, "staking", name, args));
    const prefs = { commission: 0, blocked: true };
    await make("bond", { value: BOND, payee: "Staked" });
    await make("bondExtra", { maxAdditional: UNIT });
    await make("setPayee", { payee: "Stash" });
    await make("validate", { prefs });
    const { events } = await make("chill");
    assert.equal(eventOf(events, "staking", "Chilled").stash.toString(), eve.address);
    await make("unbond", { value: UNIT });
    await make("validate", { prefs });
    const its = await api.derive.staking.account(eve.address);
    assert.equal(its.stakingLedger.active.toBigInt(), BOND);
    assert.equal(its.stakingLedger.total.toBigInt(), BOND + UNIT);
    assert.equal(/** @type {Codec} */ (its.rewardDestination).unwrap().type, "Stash");
    assert.ok(its.validatorPrefs.blocked.isTrue);
    assert.equal(its.nextSessionIds.length, 4);
    assert.equal(its.unlocking?.length, 1);
  });

  test("derived values of staking know the validators and the candidate", async () => {
    const { api } = context;
    const [overview, stashes] = await Promise.all([
      api.derive.staking.overview(),
      api.derive.staking.stashes(),
    ]);
    const candidates = stashes.map((its) => its.toString());
    assert.ok(candidates.includes(eve.address), `${candidates}`);
    assert.equal(overview.validatorCount.toNumber(), 16);
    assert.ok(overview.validators.length >= 4);
    const elected = await api.derive.staking.electedInfo();
    assert.ok(
      elected.info.every(
        ({ exposurePaged, exposureEraStakers }) => exposurePaged || exposureEraStakers,
      ),
    );
  });
}

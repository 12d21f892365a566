// SPDX-License-Identifier: Apache-2.0
// polkadot.js API: calls and derived values of polkadot.js Apps' pages on staking. A fifth validator
// stands for election.

import assert from "node:assert/strict";
import { UNIT } from "../../lib/chain/amounts.mjs";
import { account, storage } from "../../lib/chain/api.mjs";
import { call, eventOf, send } from "../../lib/chain/calls.mjs";
import { BOND, setKeys } from "../../lib/chain/validators.mjs";

/** @import { ClientsContext } from "./context.mjs" */

/** Account of the fifth validator. */
export const eve = account("//Eve");

/** @param {ClientsContext} context */
export function staking(context) {
  const { test } = context;

  test("session keys count for the account that their proof names, only", async () => {
    const { api, fixture } = context;
    const node = await fixture.network.joinValidator("eve");
    const keys = await setKeys(api, node, eve);
    await assert.rejects(send(api, context.operator, keys), { error: "session.InvalidProof" });
    await send(api, eve, keys);
    const next = await storage(api, "session", "nextKeys", eve.address);
    assert.equal(next.unwrap().toHex(), keys.args[0].toHex());
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
    assert.equal(`${its.rewardDestination}`, "Stash");
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

// SPDX-License-Identifier: Apache-2.0
// polkadot.js API: transactions as wallets make them.

import assert from "node:assert/strict";
import { createKeyMulti, encodeAddress, sortAddresses } from "@polkadot/util-crypto";
import { percent, UNIT } from "../../lib/chain/amounts.mjs";
import { account, balanceOf, storage } from "../../lib/chain/api.mjs";
import { batch, call, eventOf, send } from "../../lib/chain/calls.mjs";
import { metadataHash } from "../../lib/chain/metadata-hash.mjs";
import { addProxy } from "../../lib/gateway/edge.mjs";

/** @import { Account } from "../../lib/chain/api.mjs" */
/** @import { Call } from "../../lib/chain/calls.mjs" */
/** @import { ClientsContext } from "./context.mjs" */

/** SS58 prefix of the chain. */
const PREFIX = 42;
/** Signatures that the multisig asks for, of three. */
const THRESHOLD = 2;

/** @param {ClientsContext} context */
export function polkadotJs(context) {
  const [alice, bob, charlie, dave] = ["Alice", "Bob", "Charlie", "Dave"].map((name) =>
    account(`//${name}`),
  );
  /** @type {(remark: string) => Call} */
  const note = (remark) => call(context.api, "system", "remarkWithEvent", { remark });

  context.test("a signature without the hash of the metadata is taken", async () => {
    const { events } = await send(context.api, bob, note("without the hash"));
    assert.equal(eventOf(events, "system", "Remarked").sender.toString(), bob.address);
  });

  context.test("a signature with the hash is refused: the runtime was built without", async () => {
    const hash = await metadataHash(context.api);
    assert.match(hash, /^0x[0-9a-f]{64}$/);
    await assert.rejects(send(context.api, bob, note("with the hash"), { metadataHash: hash }), {
      message: "1011: Unknown Transaction Validity: CannotLookup",
    });
  });

  context.test("a batch makes all of its calls or none", async () => {
    const { api } = context;
    const dest = account("//Batch").address;
    const pay = (/** @type {bigint} */ value) =>
      call(api, "balances", "transferKeepAlive", { dest, value });
    const { free } = await balanceOf(api, bob.address);
    await assert.rejects(send(api, bob, batch(api, [pay(UNIT), pay(free)])), {
      error: '{"token":"FundsUnavailable"}',
    });
    assert.equal((await balanceOf(api, dest)).free, 0n);
    const { events } = await send(api, bob, batch(api, [pay(UNIT), pay(2n * UNIT)]));
    eventOf(events, "utility", "BatchCompleted");
    assert.equal((await balanceOf(api, dest)).free, 3n * UNIT);
  });

  context.test("a multisig of three pays with two signatures, and not with one", async () => {
    const { api } = context;
    const members = [bob, charlie, dave];
    const addresses = members.map(({ address }) => address);
    const others = (/** @type {Account} */ { address }) =>
      sortAddresses(
        addresses.filter((its) => its !== address),
        PREFIX,
      );
    const multisig = encodeAddress(createKeyMulti(addresses, THRESHOLD), PREFIX);
    const dest = account("//Multisig").address;
    const pay = call(api, "balances", "transferKeepAlive", { dest, value: UNIT });
    await send(
      api,
      alice,
      call(api, "balances", "transferKeepAlive", { dest: multisig, value: 10n * UNIT }),
    );
    const first = await send(
      api,
      bob,
      call(api, "multisig", "approveAsMulti", {
        threshold: THRESHOLD,
        otherSignatories: others(bob),
        maybeTimepoint: null,
        callHash: pay.method.hash,
        maxWeight: { refTime: 0, proofSize: 0 },
      }),
    );
    eventOf(first.events, "multisig", "NewMultisig");
    assert.equal((await balanceOf(api, dest)).free, 0n);
    const open = await storage(api, "multisig", "multisigs", multisig, pay.method.hash);
    const { weight } = await pay.paymentInfo(multisig);
    const second = await send(
      api,
      charlie,
      call(api, "multisig", "asMulti", {
        threshold: THRESHOLD,
        otherSignatories: others(charlie),
        maybeTimepoint: open.unwrap().when,
        call: pay,
        maxWeight: weight,
      }),
    );
    eventOf(second.events, "multisig", "MultisigExecuted");
    assert.equal((await balanceOf(api, dest)).free, UNIT);
  });

  context.test("each kind of proxy makes its calls and no others", async () => {
    const { api, operator } = context;
    const stranger = account("//Stranger");
    const transfer = call(api, "balances", "transferKeepAlive", {
      dest: stranger.address,
      value: UNIT,
    });
    const leave = call(api, "operators", "deactivate");
    const { service } = context;
    /**
     * Calls that a proxy may make, with the error of those that fail for other reasons, and calls
     * that it may not make.
     * @type {Record<string, { allowed: [Call, string?], refused?: Call }>}
     */
    const kinds = {
      Any: { allowed: [transfer] },
      NonTransfer: { allowed: [note("as a proxy")], refused: transfer },
      Operate: {
        allowed: [call(api, "operators", "raiseCover", { service, cover: percent(400) })],
        refused: transfer,
      },
      Buy: { allowed: [call(api, "probes", "requestProbe", { service })], refused: leave },
      Staking: {
        allowed: [call(api, "staking", "bond", { value: 20n * UNIT, payee: "Staked" })],
        refused: leave,
      },
      Governance: {
        allowed: [call(api, "preimage", "notePreimage", { bytes: "0x00" })],
        refused: transfer,
      },
      SessionKeys: {
        allowed: [call(api, "session", "purgeKeys"), "session.NoKeys"],
        refused: call(api, "staking", "chill"),
      },
      Report: {
        allowed: [call(api, "usage", "reportUsage", { statements: [] }), "usage.NoStatements"],
        refused: batch(api, []),
      },
    };
    const delegateOf = (/** @type {string} */ kind) => account(`//Proxy//${kind}`);
    const fund = (/** @type {Account} */ { address }) =>
      call(api, "balances", "transferKeepAlive", { dest: address, value: 10n * UNIT });
    const delegates = Object.keys(kinds).map(delegateOf);
    await send(api, alice, batch(api, [stranger, ...delegates].map(fund)));
    const add = (/** @type {string} */ kind) => addProxy(api, delegateOf(kind).address, kind);
    await send(api, operator, batch(api, Object.keys(kinds).map(add)));
    const as = (/** @type {string | null} */ kind, /** @type {Call} */ its) =>
      call(api, "proxy", "proxy", { real: operator.address, forceProxyType: kind, call: its });
    const makesItsCallsOnly = async (/** @type {string} */ kind) => {
      const [delegate, { allowed, refused }] = [delegateOf(kind), kinds[kind]];
      const [its, error] = allowed;
      const sent = send(api, delegate, as(null, its));
      await (error ? assert.rejects(sent, { error }, kind) : sent);
      if (!refused) return;
      const filtered = { error: "system.CallFiltered" };
      await assert.rejects(send(api, delegate, as(kind, refused)), filtered, kind);
    };
    await Promise.all(Object.keys(kinds).map(makesItsCallsOnly));
    await assert.rejects(send(api, stranger, as(null, transfer)), { error: "proxy.NotProxy" });
  });
}

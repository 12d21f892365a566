// SPDX-License-Identifier: Apache-2.0
// Upgrades of a running market, on a network that starts with the runtime before bonded validators.
// Two scenarios play on it. Sudo upgrades it to the everyday runtime, under a lease that goes on;
// then a referendum upgrades that to the next one. After each upgrade everything is still there, the
// invariants of all pallets hold over the live state, and the next breach is credited.

import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { account, storage, storageEntries } from "../lib/chain/api.mjs";
import { batch, call, eventOf, send } from "../lib/chain/calls.mjs";
import { metadataHash } from "../lib/chain/metadata-hash.mjs";
import { COMMITTEE, enactmentOf, HOLDERS, voteAye } from "../lib/chain/referenda.mjs";
import { sameTarget, targetOf } from "../lib/chain/shapes.mjs";
import {
  applyUpgrade,
  everydayRuntime,
  nextRuntime,
  proposeUpgrade,
} from "../lib/chain/upgrade.mjs";
import { bondAndValidate, ELECTION, validators } from "../lib/chain/validators.mjs";
import { Fixture } from "../lib/fixture.mjs";
import { LeaseScenario } from "../lib/scenarios/lease.mjs";
import { OutageScenario } from "../lib/scenarios/outage.mjs";
import { waitFor } from "../lib/system/wait.mjs";

/** @import { ApiAt, Codec } from "../lib/chain/api.mjs" */
/** @import { BlockState } from "../lib/chain/observer.mjs" */

/** In ms. */
const MINUTE = 60_000;
/** Specification of a local network with the runtime before bonded validators. */
const BEFORE = fileURLToPath(new URL("../fixtures/before-staking.json.gz", import.meta.url));
/** Code of the end of a lease that ran to its last round. */
const EXPIRED = 1003;
/**
 * State that changes by transactions, breaches and the ends of leases and windows only. None of
 * them is in the two blocks that are compared.
 * @type {[pallet: string, item: string][]}
 */
const LASTING = [
  ["balances", "holds"],
  ["computeOrders", "inventories"],
  ["computeOrders", "leases"],
  ["computeOrders", "orders"],
  ["escrow", "accounts"],
  ["operators", "bonds"],
  ["operators", "leases"],
  ["operators", "listings"],
  ["operators", "networks"],
  ["operators", "operators"],
  ["operators", "services"],
  ["reputation", "operators"],
  ["sla", "agreements"],
  ["sla", "breaches"],
];

const fixture = new Fixture();
const outage = new OutageScenario(fixture);
const lease = new LeaseScenario(fixture);
/** @type {Promise<{ error?: Error }>[]} */
let runs = [];
/** Tests that have not passed. The logs are kept if any is left. */
let open = 0;

/** @returns {string | undefined} */
const abort = () => fixture.failure();

/**
 * Define a test.
 * @param {string} name
 * @param {() => Promise<void>} run
 */
function step(name, run) {
  open += 1;
  test(name, { timeout: 15 * MINUTE }, async () => {
    await run();
    open -= 1;
  });
}

/**
 * Wait for the end of a scenario.
 * @param {OutageScenario | LeaseScenario} scenario
 */
async function completed(scenario) {
  const { error } = await runs[scenario === outage ? 0 : 1];
  if (error) throw error;
}

/**
 * Everything that lasts at a block, as JSON by pallet, item and key.
 * @param {ApiAt} at
 * @returns {Promise<Map<string, string>>}
 */
async function lasting(at) {
  const all = new Map();
  for (const [pallet, item] of LASTING) {
    const entries = await storageEntries(at, pallet, item);
    for (const [key, value] of entries) {
      all.set(`${pallet}.${item} ${key.args.join(", ")}`, JSON.stringify(value));
    }
  }
  return all;
}

/**
 * Assert that the first block of a runtime has all that the last one of the runtime before had.
 * @param {number} block - last one of the runtime before
 * @param {string[]} pallets - that must have something to keep
 */
async function assertAllThere(block, pallets) {
  const { history } = fixture;
  const [was, is] = await Promise.all(
    [block, block + 1].map(async (number) =>
      lasting(await history.at(await history.rpc.chain.getBlockHash(number))),
    ),
  );
  for (const [pallet, item] of LASTING.filter(([pallet]) => pallets.includes(pallet))) {
    const some = [...was.keys()].some((key) => key.startsWith(`${pallet}.${item} `));
    assert.ok(some, `no ${pallet}.${item} in block ${block}`);
  }
  assert.deepEqual(is, was);
}

/**
 * Calls of the runtime: index, and arguments with their types, by name.
 * @returns {Map<string, string>}
 */
function calls() {
  const all = new Map();
  for (const [pallet, its] of Object.entries(fixture.api.tx)) {
    for (const [name, { callIndex, meta }] of Object.entries(its)) {
      const args = meta.args.map((arg) => `${arg.name}: ${arg.typeName}`);
      all.set(`${pallet}.${name}`, `${callIndex} (${args})`);
    }
  }
  return all;
}

/**
 * Assert that a transaction which was signed for another runtime means the same for this one, or
 * that this one has another version of transactions.
 * @param {TransactionFormat} was
 */
function assertSameTransactions(was) {
  const is = transactionFormat();
  if (is.version !== was.version) return;
  assert.deepEqual(is.extensions, was.extensions);
  for (const [name, call] of was.calls) assert.equal(is.calls.get(name), call, name);
}

/**
 * Format of transactions of the runtime.
 * @typedef {{ version: number, extensions: string[], calls: Map<string, string> }} TransactionFormat
 * @returns {TransactionFormat}
 */
function transactionFormat() {
  const { registry, runtimeVersion } = fixture.api;
  const version = runtimeVersion.transactionVersion.toNumber();
  return { version, extensions: registry.signedExtensions, calls: calls() };
}

/**
 * Assert that the invariants of all pallets hold over the state of the last finalized block.
 * @param {NodeJS.ProcessEnv} [more] - another block, or migrations before: see
 *   `runtime/tests/live_state.rs`
 */
async function assertInvariants(more = {}) {
  const binary = process.env.SURETY_LIVE_STATE;
  assert.ok(binary, 'SURETY_LIVE_STATE is not set: run "make test-upgrade"');
  const [node] = fixture.network.validators;
  const { hash } = await node.finalized();
  const env = { SURETY_LIVE_WS: node.ws, SURETY_LIVE_BLOCK: hash, ...more };
  const args = ["--ignored", "--nocapture"];
  const output = await fixture.processes.run("live-state", binary, args, { env });
  assert.match(output, /block \d+: \d+ services, \d+ agreements/);
  assert.match(output, /1 passed; 0 failed/);
}

/**
 * Wait until the best block is one after which nothing ends for some blocks: in the middle of a
 * round that is not the last of its window.
 */
async function quietBlock() {
  const { windowRounds } = outage.observer.latest;
  const inWindow = (/** @type {BlockState} */ { round }) => round % windowRounds < windowRounds - 2;
  await outage.until("a round in the middle of a window", inWindow, 2 * MINUTE);
  await outage.blockOfRound(1);
}

/** Let the endpoint fail and return, and assert that both tenants are credited for the breach. */
async function nextBreachIsCredited() {
  const { observer, accounts, watchlist } = outage;
  const { api, ethereum } = fixture;
  const target = { service: watchlist.services.ethereum };
  const breaches = () =>
    observer.events.filter(
      ({ section, method, data }) =>
        section === "sla" && method === "Breached" && sameTarget(targetOf(data), target),
    );
  const known = breaches().length;
  const creditedBefore = new Map(observer.credited);
  await outage.blockOfRound(observer.latest.roundBlocks - 2);
  await ethereum.operator.stop();
  await outage.until("the next breach", () => breaches().length > known, 4 * MINUTE);
  await outage.blockOfRound(observer.latest.roundBlocks - 2);
  await ethereum.operator.start();
  const from = observer.latest.round;
  const isUp = (/** @type {BlockState} */ state) => {
    const { last } = outage.service(state, "ethereum");
    return last !== undefined && last.round >= from && last.verdict === "up";
  };
  await outage.until("the endpoint is up again", isUp, 2 * MINUTE);
  assert.equal(watchlist.agreements.length, 2);
  for (const { id, tenant } of watchlist.agreements) {
    await send(api, accounts[tenant], call(api, "sla", "settle", { agreement: id }));
  }
  const isPaid = (/** @type {BlockState} */ { agreements }) =>
    agreements.length === 2 && agreements.every(({ owed, promised }) => owed + promised === 0n);
  await outage.until("all credit is paid", isPaid, 4 * MINUTE);
  for (const { id, tenant } of watchlist.agreements) {
    const [was, is] = [creditedBefore, observer.credited].map((sums) => sums.get(id) ?? 0n);
    assert.ok(is > was, `${tenant} was credited ${was}, and is still credited ${is}`);
  }
}

before(
  async () => {
    assert.ok(existsSync(BEFORE), `${BEFORE} is not there: run "make fixtures"`);
    const chain = path.join(fixture.dir, "before.json");
    writeFileSync(chain, gunzipSync(readFileSync(BEFORE)));
    await fixture.start({ chain });
    runs = [outage, lease].map((scenario) =>
      scenario.run().then(
        () => ({}),
        (error) => ({ error }),
      ),
    );
  },
  { timeout: 5 * MINUTE },
);

after(
  async () => {
    for (const scenario of [outage, lease]) await scenario.stop().catch(() => {});
    await fixture.stop({ keepLogs: open > 0 });
    if (open > 0) console.log(`logs of all processes: ${fixture.dir}`);
  },
  { timeout: MINUTE },
);

step("the runtime before has agreements, a lease, and a breach that is credited", async () => {
  const { api } = fixture;
  assert.equal(api.runtimeVersion.specVersion.toNumber(), 1);
  assert.ok(!("staking" in api.tx) && !("referenda" in api.tx));
  // The tenants are paid, and a lease runs that has taken over from another one.
  await Promise.all([outage.reached(9), lease.reached(10)]);
  for (const { id } of outage.results.agreements) assert.ok(outage.observer.credited.get(id));
});

step("an upgrade by sudo keeps everything, and its state keeps all invariants", async () => {
  const { api } = fixture;
  const code = everydayRuntime();
  assert.equal(lease.results.end, undefined, "the lease runs through the upgrade");
  const transactions = transactionFormat();
  const authorize = call(api, "system", "authorizeUpgrade", { codeHash: code.hash });
  await send(api, account("//Alice"), call(api, "sudo", "sudo", { call: authorize }));
  await quietBlock();
  const { block, version } = await applyUpgrade(api, account("//Bob"), code);
  assert.equal(version, 2);
  assertSameTransactions(transactions);
  await assertAllThere(block, ["balances", "computeOrders", "escrow", "operators", "sla"]);
  await assertInvariants();
  // The migrations once more on the state before, with their own checks.
  const [node] = fixture.network.validators;
  const hash = await node.hashOf(block);
  await assertInvariants({ SURETY_LIVE_BLOCK: hash, SURETY_LIVE_UPGRADE: "1" });
});

step("the validators bond, and root appoints a committee", async () => {
  const { api, network } = fixture;
  // The set stays until the minimum stands.
  const set = await validators(api);
  assert.equal((await storage(api, "staking", "currentEra")).unwrap().toNumber(), 0);
  assert.equal(set.length, network.validators.length);
  const owners = network.validators.map(({ name }) =>
    account(`//${name[0].toUpperCase()}${name.slice(1)}`),
  );
  await Promise.all(owners.map((owner) => send(api, owner, batch(api, bondAndValidate(api)))));
  const members = COMMITTEE.map(({ address }) => address);
  const appoint = { newMembers: members, prime: null, oldCount: 0 };
  const setMembers = call(api, "technicalCommittee", "setMembers", appoint);
  await send(api, account("//Alice"), call(api, "sudo", "sudo", { call: setMembers }));
  const found = await storage(api, "technicalCommittee", "members");
  assert.deepEqual(found.toJSON().sort(), members.sort());
});

step("after the upgrade a lease runs to its exact end, and scores recover", async () => {
  await Promise.all([completed(lease), completed(outage)]);
  const { end, deposit, leases } = lease.results;
  assert.equal(end.code, EXPIRED);
  const { observer } = lease;
  const paid = leases.map(({ id }) => {
    const isIts = (/** @type {Codec} */ data) => data.lease.toNumber() === id;
    return observer.event("computeOrders", "LeaseClosed", isIts).data.paid.toBigInt();
  });
  assert.equal(end.refunded, deposit - paid[0] - paid[1]);
});

step("after the upgrade the next breach is credited", nextBreachIsCredited);

step("an era is elected from the validators that were there before", async () => {
  const { api } = fixture;
  const era = async () => (await storage(api, "staking", "activeEra")).unwrap().index.toNumber();
  const elected = async () => (await era()) > 0;
  // Sessions of this network take two minutes.
  await waitFor("an elected era", elected, { timeout: 2 * ELECTION, every: 1_000, abort });
  assert.equal((await validators(api)).length, fixture.network.validators.length);
});

step("an upgrade by referendum keeps everything, and its state all invariants", async () => {
  const { api } = fixture;
  const code = nextRuntime();
  const index = await proposeUpgrade(api, HOLDERS[0], code);
  await voteAye(api, index);
  const isAuthorized = async () => (await storage(api, "system", "authorizedUpgrade")).isSome;
  await waitFor(`referendum ${index} is enacted (task ${enactmentOf(index)})`, isAuthorized, {
    timeout: 3 * MINUTE,
    abort,
  });
  await quietBlock();
  const { block, version } = await applyUpgrade(api, account("//Bob"), code);
  assert.equal(version, 3);
  // The leases are over.
  await assertAllThere(block, ["balances", "escrow", "sla"]);
  await assertInvariants();
});

step("after the second upgrade the next breach is credited", nextBreachIsCredited);

step("the next runtime takes signatures with its metadata hash, and no other", async () => {
  const { api } = fixture;
  const bob = account("//Bob");
  const remark = call(api, "system", "remarkWithEvent", { remark: "with the hash" });
  const hash = await metadataHash(api);
  const { events } = await send(api, bob, remark, { metadataHash: hash });
  assert.equal(eventOf(events, "system", "Remarked").sender.toString(), bob.address);
  const wrong = `0x${"5e".repeat(32)}`;
  // The signature covers the hash: with another one it is no signature of this transaction.
  await assert.rejects(send(api, bob, remark, { metadataHash: wrong }), {
    message: "1010: Invalid Transaction: Transaction has a bad signature",
  });
});

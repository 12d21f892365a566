// SPDX-License-Identifier: Apache-2.0
// The way into the validator set and out of it, on a network of its own with sessions and eras of a
// minute: a fifth validator bonds, is elected, probes and is paid, purges its keys and joins again.
// Then two nodes run with the keys of one validator, and its bond pays for it.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { sure } from "../lib/chain/amounts.mjs";
import { account, balanceOf, followFinalized } from "../lib/chain/api.mjs";
import { call, fieldsOf, send } from "../lib/chain/calls.mjs";
import {
  BOND,
  bondOf,
  ELECTION,
  hasAuthored,
  setKeys,
  shortSessions,
  stand,
  untilValidator,
  validators,
} from "../lib/chain/validators.mjs";
import { Fixture } from "../lib/fixture.mjs";
import { OutageScenario } from "../lib/scenarios/outage.mjs";
import { waitFor } from "../lib/system/wait.mjs";

/** @import { Codec, FinalizedBlock } from "../lib/chain/api.mjs" */
/** @import { SuretyNode } from "../lib/network/node.mjs" */

/** In ms. */
const MINUTE = 60_000;

const fixture = new Fixture();
const [eve, dave] = [account("//Eve"), account("//Dave")];
/** @type {{ number: number, section: string, method: string, data: Record<string, Codec> }[]} */
const seen = [];
/** @type {SuretyNode} */
let node;
/** @type {Awaited<ReturnType<typeof followFinalized>>} */
let following;
/** Tests that have not passed. The logs are kept if any is left. */
let open = 0;

/** @returns {string | undefined} */
const abort = () => following?.failure()?.message ?? fixture.failure();

/**
 * Keep the events that tests look for.
 * @param {FinalizedBlock} block
 */
async function keepEvents({ number, events }) {
  for (const event of events) {
    if (!["staking", "offences", "session", "probes", "balances"].includes(event.section)) continue;
    const { section, method } = event;
    seen.push({ number, section, method, data: fieldsOf(event) });
  }
}

/**
 * Wait for an event of a finalized block.
 * @param {string} section
 * @param {string} method
 * @param {(data: Record<string, Codec>) => boolean} [matches]
 * @param {number} [timeout] - ms
 */
const untilEvent = (section, method, matches = () => true, timeout = ELECTION) =>
  waitFor(
    `${section}.${method}`,
    () => seen.find((e) => e.section === section && e.method === method && matches(e.data)),
    { timeout, abort },
  );

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

before(
  async () => {
    await fixture.start({ genesis: shortSessions });
    following = await followFinalized(fixture.api, keepEvents);
  },
  { timeout: 5 * MINUTE },
);

after(
  async () => {
    await following?.stop().catch(() => {});
    await fixture.stop({ keepLogs: open > 0 });
    if (open > 0) console.log(`logs of all processes: ${fixture.dir}`);
  },
  { timeout: MINUTE },
);

step("a fifth validator bonds and is elected", async () => {
  const { api, network } = fixture;
  assert.equal((await validators(api)).length, 4);
  node = await network.joinValidator("eve");
  await send(api, eve, await stand(api, node, eve));
  await untilValidator(api, eve, true, abort);
  assert.equal((await validators(api)).length, 5);
  // Others import its blocks.
  const authors = () => hasAuthored(api, eve);
  await waitFor("Eve authors a block", authors, { timeout: 2 * MINUTE, abort });
});

step("the fifth validator probes and is paid", async () => {
  const before = await balanceOf(fixture.api, eve.address);
  // An outage and its end: whoever catches the changes of the verdicts is paid.
  const scenario = new OutageScenario(fixture);
  try {
    await scenario.run();
  } finally {
    await scenario.stop();
  }
  const { data } = await untilEvent("balances", "Transfer", ({ to }) => to.eq(eve.address));
  assert.ok(data.amount.toBigInt() > 0n);
  const { free } = await balanceOf(fixture.api, eve.address);
  assert.ok(free > before.free, `${sure(free, 6)} SURE after ${sure(before.free, 6)}`);
  const values = Object.entries(await node.metricValues());
  const revealed = values.filter(([key]) => /surety_reports_total.*revealed/.test(key));
  assert.ok(revealed.reduce((sum, [, value]) => sum + value, 0) > 0);
});

step("a validator purges its keys, is out of the set, and joins again", async () => {
  const { api } = fixture;
  await send(api, eve, call(api, "session", "purgeKeys"));
  await untilValidator(api, eve, false, abort);
  assert.equal(await bondOf(api, eve), BOND);
  await send(api, eve, await setKeys(api, node, eve));
  await untilValidator(api, eve, true, abort);
});

step("two nodes with the keys of one validator cost it a part of its bond", async () => {
  const { api, network } = fixture;
  const before = await bondOf(api, dave);
  const twin = await network.joinValidator("twin-of-dave", ["--dave"]);
  const isDave = (/** @type {Record<string, Codec>} */ data) =>
    data.validator.toString() === dave.address;
  const { data } = await untilEvent("staking", "SlashReported", isDave);
  // Votes for two blocks of one height are reported too, now or then.
  await untilEvent("offences", "Offence", ({ kind }) => kind.toUtf8() === "babe:equivocatio");
  await twin.stop();
  await untilEvent("session", "ValidatorDisabled", isDave);
  // (3 / n)^2 for one of n.
  const n = (await validators(api)).length;
  const share = data.fraction.toNumber() / 1e9;
  assert.ok(Math.abs(share - (3 / n) ** 2) < 1e-6, `${share} of ${n}`);
  const slashed = await untilEvent(
    "staking",
    "Slashed",
    ({ staker }) => staker.toString() === dave.address,
  );
  const lost = slashed.data.amount.toBigInt();
  assert.ok(lost > 0n && lost <= before);
  assert.equal(await bondOf(api, dave), before - lost);
  const deposit = seen.find(
    (e) =>
      e.number === slashed.number &&
      e.section === "balances" &&
      e.method === "Deposit" &&
      e.data.amount.toBigInt() >= lost,
  );
  assert.ok(deposit, "the slash is paid to the treasury in the same block");
  // The network goes on.
  const [alice] = network.validators;
  const { number } = await alice.finalized();
  const goesOn = async () => (await alice.finalized()).number > number + 5;
  await waitFor("blocks are finalized", goesOn, { timeout: 2 * MINUTE, abort });
});

// SPDX-License-Identifier: Apache-2.0
// Hostile endpoints: each gets the verdict that it deserves, honest ones do not suffer, and the
// chain goes on.

import assert from "node:assert/strict";
import { bucketMs, UNIT } from "../../lib/chain/amounts.mjs";
import { account } from "../../lib/chain/api.mjs";
import { batch, call, send } from "../../lib/chain/calls.mjs";
import { Observer } from "../../lib/chain/observer.mjs";
import { readLastVerdicts } from "../../lib/chain/shapes.mjs";
import { HostileEndpoints } from "../../lib/endpoints/hostile.mjs";
import { BOND, listService, register } from "../../lib/scenarios/listing.mjs";
import { waitFor } from "../../lib/system/wait.mjs";
import { MINUTE } from "./context.mjs";
import { lostRounds } from "./ledger.mjs";

/** @import { Api, Codec } from "../../lib/chain/api.mjs" */
/** @import { HostileEndpoint } from "../../lib/endpoints/hostile.mjs" */
/** @import { LiveContext, Subject } from "./context.mjs" */

/** Endpoints that refuse connections, and as many that accept them and stay silent. */
const UNREACHABLE = 50;
/** Operators with an Ethereum endpoint each who agree on a wrong block hash. */
const COLLUDING = 3;
/** Deposit that an account needs per listing, in planck. */
const LISTING_DEPOSIT = 5n * UNIT;
/** Length of a slot of the local network in ms. */
const SLOT_MS = 2_000;
/** Kinds of services as the chain names them. */
const KINDS = { compute: "Compute", ethereum: { Rpc: { network: 1 } } };

/** @typedef {HostileEndpoint & { id: number }} ListedEndpoint */

/** @type {Subject} */
export const hostile = {
  scenarios: ["outage"],
  define(context) {
    context.test("hostile endpoints each get their verdict, and blocks go on", async () => {
      const refusing = await HostileEndpoints.refusing(UNREACHABLE);
      const silent = await context.hostile.silent(UNREACHABLE);
      const colluding = await context.hostile.colluding(COLLUDING);
      const single = [...context.hostile.list, ...refusing, ...silent];
      // The honest ones are listed first, so that every round from now on is theirs too.
      await context.outage.reached(2);
      const listed = await listAll(context.api, [
        { who: "//Mallory", endpoints: single },
        ...colluding.map((endpoint, i) => ({ who: `//Sybil ${i}`, endpoints: [endpoint] })),
      ]);
      const colludingIds = listed.slice(-COLLUDING).map(({ name, id }) => [name, id]);
      const observer = await Observer.start(context.api, {
        services: Object.fromEntries(colludingIds),
      });
      const [alice] = context.validators;
      const start = { block: (await alice.finalized()).number, at: Date.now() };

      await untilVerdicts(context, listed);
      await assertLatencies(context.api, listed);

      const blocks = (await alice.finalized()).number - start.block;
      const slots = (Date.now() - start.at) / SLOT_MS;
      assert.ok(blocks >= slots * 0.8 - 2, `${blocks} blocks instead of ${slots}`);
      // Each of the silent ones was probed by more than one prober or in more than one round.
      for (const { url, accepted } of silent) {
        assert.ok(accepted() >= 2, `${url} was probed ${accepted()} times`);
      }

      await assertHonest(context, observer, start.block);
      await observer.stop();
    });
  },
};

/**
 * Let operators who are new on the chain register and list.
 * @param {Api} api
 * @param {{ who: string, endpoints: HostileEndpoint[] }[]} operators - `who` is a seed
 * @returns {Promise<ListedEndpoint[]>} in order
 */
async function listAll(api, operators) {
  const transfers = operators.map(({ who, endpoints }) =>
    call(api, "balances", "transferKeepAlive", {
      dest: account(who).address,
      value: BOND + LISTING_DEPOSIT * BigInt(endpoints.length + 2),
    }),
  );
  await send(api, account("//Bob"), batch(api, transfers));
  const list = async (/** @type {typeof operators[number]} */ { who, endpoints }) => {
    const listings = endpoints.map(({ kind, url }) =>
      listService(api, { kind: KINDS[kind], endpoint: url }),
    );
    const calls = [register(api, who.slice(2)), ...listings];
    const { events } = await send(api, account(who), batch(api, calls));
    const ids = events
      .filter((e) => e.section === "operators" && e.method === "ServiceListed")
      .map(({ data }) => data[0].toNumber());
    assert.equal(ids.length, endpoints.length);
    return endpoints.map((endpoint, i) => ({ ...endpoint, id: ids[i] }));
  };
  return (await Promise.all(operators.map(list))).flat();
}

/**
 * Wait until each endpoint has two verdicts that it deserves: the first may be of a round in which
 * it was listed.
 * @param {LiveContext} context
 * @param {ListedEndpoint[]} listed
 */
async function untilVerdicts(context, listed) {
  /** @type {Map<number, ListedEndpoint & { seen: Map<number, string> }>} */
  const pending = new Map(
    listed.map((endpoint) => [endpoint.id, { ...endpoint, seen: new Map() }]),
  );
  const isDone = async () => {
    const verdicts = await readLastVerdicts(context.api);
    for (const [id, { expected, seen }] of pending) {
      const last = verdicts.get(id);
      if (!last) continue;
      seen.set(last.round, last.verdict);
      const deserved = [...seen.values()].filter((verdict) => expected.includes(verdict));
      if (deserved.length >= 2) pending.delete(id);
    }
    return pending.size === 0;
  };
  try {
    await waitFor("every hostile endpoint has its verdicts", isDone, {
      timeout: 4 * MINUTE,
      every: 1_000,
      abort: context.abort,
    });
  } catch (error) {
    const left = [...pending.values()].map(
      ({ name, expected, seen }) => `${name}: wanted ${expected}, saw ${JSON.stringify([...seen])}`,
    );
    throw new Error(`${error.message}\n${left.join("\n")}`);
  }
}

/**
 * Assert that endpoints which hide their latency are as slow as they are.
 * @param {Api} api
 * @param {ListedEndpoint[]} listed
 */
async function assertLatencies(api, listed) {
  const verdicts = await readLastVerdicts(api);
  for (const { id, name, minLatencyMs } of listed) {
    if (!minLatencyMs) continue;
    const latency = verdicts.get(id)?.latency ?? 0;
    assert.ok(bucketMs(latency) >= minLatencyMs * 0.95, `${name}: bucket ${latency} is too fast`);
  }
}

/**
 * Assert that the honest services are up in every round since the hostile ones were listed, and
 * that operators who agree on a wrong answer do not outvote the anchors.
 * @param {LiveContext} context
 * @param {Observer} colluders
 * @param {number} listedAt - block
 */
async function assertHonest(context, colluders, listedAt) {
  const { observer, results } = context.outage;
  const first = Math.floor(listedAt / observer.latest.roundBlocks) + 1;
  const judged = (/** @type {Observer} */ by, /** @type {number} */ round) =>
    by.until(
      `round ${round} is judged`,
      ({ judgedRound, roundBlocks }) => judgedRound >= round && { judgedRound, roundBlocks },
      { timeout: 2 * MINUTE, abort: context.abort },
    );
  const { judgedRound, roundBlocks } = await judged(observer, first + 3);
  await judged(colluders, judgedRound);
  const rounds = Array.from({ length: judgedRound - first + 1 }, (_, i) => first + i);
  const verdicts = (
    /** @type {Observer} */ by,
    /** @type {string} */ name,
    /** @type {number[]} */ of,
  ) => of.map((round) => /** @type {const} */ ([round, by.verdictsOf(name).get(round)]));
  const assertAll = (
    /** @type {Observer} */ by,
    /** @type {string} */ name,
    /** @type {string} */ verdict,
    /** @type {number[]} */ of,
  ) => {
    const expected = of.map((round) => [round, verdict]);
    assert.deepEqual(verdicts(by, name, of), expected, name);
  };

  // Nobody stops these two, and validators are restarted later only.
  const found = verdicts(observer, "compute", rounds).map(([round, verdict]) => [round, verdict]);
  const lost = await lostRounds(context.api, observer, /** @type {Codec} */ (found), 1);
  const measured = rounds.filter((round) => !lost.includes(round));
  for (const name of ["surety", "compute"]) assertAll(observer, name, "up", measured);

  for (const name of Object.keys(colluders.watchlist.services)) {
    assertAll(colluders, name, "bad", measured);
  }
  // The honest endpoint of their network is right in the same rounds: those before the scenario
  // stops it, but for the few that were not judged yet when it got its first units and moved to the
  // services that are due in every round.
  const { stoppedAt } = results;
  const stopped = stoppedAt === undefined ? Infinity : Math.floor(stoppedAt / roundBlocks);
  const before = measured.filter((round) => round < stopped);
  const ethereum = observer.verdictsOf("ethereum");
  const honest = before.filter((round) => ethereum.has(round));
  assert.ok(honest.length > 0, `stopped in round ${stopped}, the others were seen in ${measured}`);
  const gap = before.filter((round) => !ethereum.has(round));
  assert.ok(gap.length <= 3, `the honest one has no verdict in ${gap}`);
  assertAll(observer, "ethereum", "up", honest);
}

// End to end: one live network of four validators with real and hostile endpoints, and what the chain makes of
// them, read from finalized blocks. The story (the demo's) runs in the background while the other tests look.

import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { stringCamelCase } from "@polkadot/util";
import { BitcoinStory, PRICE as BITCOIN_PRICE, SBTC, UNITS as BITCOIN_UNITS } from "../lib/bitcoin.mjs";
import {
  account, big, bucketMs, call, connect, costOf, creditOf, least, LEASES_FROM, percent, send, tiers, UNIT,
} from "../lib/chain.mjs";
import { BIDS, CAPACITY, ComputeStory, FAILOVER_PRICE, LEASE_TERMS, RESOURCES } from "../lib/compute.mjs";
import { Hostile } from "../lib/hostile.mjs";
import { VIEWS } from "../lib/rpcview.mjs";
import { BOND, PRICE, Story, TERMS, listService } from "../lib/story.mjs";
import { jsonRpc, waitFor } from "../lib/util.mjs";
import { Watch, variant, verdictOf } from "../lib/watch.mjs";
import { World } from "../lib/world.mjs";

const MINUTE = 60_000;
/** Endpoints that refuse connections, and as many that accept them and stay silent. */
const DEAD = 50;
/** Operators with an Ethereum endpoint each who agree on a wrong block hash. */
const SYBILS = 3;
/** Rounds of the whole run, of some forty, that may be unmeasured: a machine that is slow may lose their commits. */
const MAX_LOST = 3;
/** Rent of a slot in a window while few are taken: 0.01 % of the minimum bond, which is 1 SURE here. */
const RENT = UNIT / 10_000n;
/** JSON-RPC's code of a request with parameters that cannot be read. */
const INVALID_PARAMS = -32602;

let world;
let api;
let hostile;
let story;
let telling;
let compute;
let leasing;
let bitcoin;
let paying;

/** Tests that have not passed: the logs are kept if any is left. */
const open = new Set(["start"]);

function check(name, run, timeout = 14 * MINUTE) {
  open.add(name);
  test(name, { timeout }, async () => {
    await run();
    open.delete(name);
  });
}

/** Let `people`, who are new on the chain, register and list: `{ who, listings }` each. Gives the ids in order. */
async function listAll(people) {
  const deposit = 5n * UNIT;
  await send(api, account("//Bob"), call(api, "utility", "batchAll", {
    calls: people.map(({ who, listings }) => call(api, "balances", "transferKeepAlive", {
      dest: account(who).address, value: BOND + deposit * BigInt(listings.length + 2),
    })),
  }));
  const ids = await Promise.all(people.map(async ({ who, listings }) => {
    const { events } = await send(api, account(who), call(api, "utility", "batchAll", {
      calls: [
        call(api, "operators", "register", { bond: BOND, name: who.slice(2), contact: "" }),
        ...listings.map((listing) => listService(api, listing)),
      ],
    }));
    return events.filter((e) => e.section === "operators" && e.method === "ServiceListed").map((e) => e.data[0].toNumber());
  }));
  return ids.flat();
}

/**
 * The rounds in which a service was not measured. Commits have the last block of a round and two of the next: on a busy
 * machine some come too late for them, which is no finding about anybody. More than `most`, or one for which the chain has
 * enough commits, is an error.
 */
async function lostRounds(verdicts, most = MAX_LOST) {
  const lost = [...verdicts].filter(([, verdict]) => verdict === "unmeasured").map(([round]) => round);
  assert.ok(lost.length <= most, `rounds ${lost} are unmeasured`);
  const { roundBlocks } = story.watch.latest;
  for (const round of lost) {
    const at = await api.at(await api.rpc.chain.getBlockHash((round + 2) * roundBlocks + 1));
    const { probers } = (await at.query.probes.snapshots(round)).unwrap();
    const reports = await Promise.all(probers.map((_, i) => at.query.probes.reports(round, i)));
    const committed = reports.filter((report) => report.isSome).length;
    assert.ok(committed * 3 < probers.length * 2, `round ${round} is unmeasured with ${committed} reports`);
  }
  return lost;
}

/** Blocks that are billed for the rounds after `from` up to `to`, by their verdicts: every round has one. */
function billable(watch, name, from, to) {
  const verdicts = watch.verdictsBetween(name, from, to);
  assert.deepEqual(verdicts.filter(([, verdict]) => verdict === undefined), [], `${name} has no verdict`);
  const rounds = verdicts.filter(([, verdict]) => verdict === "up" || verdict === "unmeasured").length;
  return rounds * watch.latest.roundBlocks;
}

/** Price of a window at this rate. */
const windowPrice = ({ latest }, rate) => rate * BigInt(latest.windowRounds * latest.roundBlocks);

/** All breaches of a service, `{ block, severity, ... }` with their numbers, and what they took from the bond. */
function breachesOf(watch, service) {
  const found = watch.events.filter((e) => e.section === "sla" && e.method === "Breached" && e.data.service.toNumber() === service);
  return found.map(({ block, data }) => {
    const breach = data.breach.toJSON();
    const names = { severity: variant(breach.severity), kind: variant(breach.kind) };
    const amounts = ["indexBefore", "indexAfter", "demanded", "rate", "credited", "penalty"].map((key) => [key, big(breach[key])]);
    return { ...breach, ...names, ...Object.fromEntries(amounts), block };
  });
}

/** What breaches took from the bond: the credits, and a tenth of each on top for the treasury. */
function takenBy(breaches, price) {
  let taken = 0n;
  for (const { block, indexBefore, indexAfter, credited, penalty } of breaches) {
    assert.equal(credited, costOf(price, indexAfter - indexBefore), `credit of the breach in block ${block}`);
    assert.equal(penalty, credited / 10n, `penalty of the breach in block ${block}`);
    taken += credited + penalty;
  }
  return taken;
}

/** Bad rounds of a window for the uptime, up to round `last`. */
function downIn(watch, name, window, last = Infinity) {
  const first = window * watch.latest.windowRounds;
  const verdicts = watch.verdictsBetween(name, first - 1, Math.min(first + watch.latest.windowRounds - 1, last));
  return verdicts.filter(([, verdict]) => verdict === "down" || verdict === "stale").length;
}

/** No agreement was ever credited more than it had paid by then. */
function assertCreditedAtMostPaid(watch) {
  for (const { block, agreements } of watch.blocks.values()) {
    for (const { id, owed, credited, paid, due } of agreements) {
      assert.ok(owed + credited <= paid + due, `agreement ${id} in block ${block}: ${owed} + ${credited} > ${paid} + ${due}`);
    }
  }
}

/** The round of the block with an event. What is opened in a round is billed from the next one on. */
const roundOf = (watch, section, method, matches) => {
  const found = watch.events.find((e) => e.section === section && e.method === method && matches(e.data));
  return Math.floor(found.block / watch.latest.roundBlocks);
};

/** Last verdict of every listed service by its id, in a call or two: asking for each would starve the validators. */
async function lastVerdicts() {
  const found = new Map();
  for (let next = null; ;) {
    const page = (await api.call.suretyApi.services({}, next, 128)).toJSON();
    for (const { id, lastVerdict } of page.items) found.set(id, verdictOf(lastVerdict));
    next = page.next;
    if (next === null) return found;
  }
}

/** A function that says what share of the chain's round is over, as an operator knows it. */
async function roundClock() {
  const { roundBlocks, slotMs } = (await api.call.suretyApi.round()).toJSON();
  let last = { number: 0, at: Date.now() };
  await api.rpc.chain.subscribeNewHeads((header) => {
    last = { number: header.number.toNumber(), at: Date.now() };
  });
  return () => ((last.number % roundBlocks) * slotMs + Date.now() - last.at) / (roundBlocks * slotMs);
}

before(async () => {
  await World.start({
    onWorld: (early) => {
      world = early;
    },
  });
  api = world.api;
  const clock = await roundClock();
  hostile = await Hostile.start({
    ethereum: world.ethereum.anchors[0].url, page: world.nginx.url, dir: world.dir, passed: clock,
  });
  story = new Story(world);
  // Its failure is the failure of the test that waits for it.
  telling = story.run().then((facts) => ({ facts }), (error) => ({ error }));
  compute = new ComputeStory(world);
  leasing = compute.run().then((facts) => ({ facts }), (error) => ({ error }));
  bitcoin = new BitcoinStory(world);
  paying = bitcoin.run().then((facts) => ({ facts }), (error) => ({ error }));
  open.delete("start");
}, { timeout: 5 * MINUTE });

after(async () => {
  await story?.stop().catch(() => {});
  await compute?.stop().catch(() => {});
  await bitcoin?.stop().catch(() => {});
  await hostile?.stop();
  await world?.stop({ keepLogs: open.size > 0 });
  if (open.size > 0 && world) console.log(`logs of all processes: ${world.dir}`);
}, { timeout: MINUTE });

describe("a live network", () => {
  check("the metadata says what a client needs, without custom types", async () => {
    for (const pallet of ["operators", "probes", "sla", "escrow", "reputation", "computeOrders"]) {
      const { metadata } = api.registry;
      const found = metadata.pallets.find((p) => stringCamelCase(p.name.toString()) === pallet);
      assert.ok(found, `no pallet ${pallet}`);
      // Whoever meets a call, an event or an error in a wallet finds words about it.
      for (const part of ["calls", "events", "errors"]) {
        const type = found[part].unwrapOr(undefined)?.type;
        if (!type) continue;
        for (const item of api.registry.lookup.getSiType(type).def.asVariant.variants) {
          assert.ok(item.docs.join(" ").trim().length > 10, `${pallet}.${item.name} (${part}) is not documented`);
        }
      }
    }
    // Every value in storage decodes.
    for (const pallet of ["timing", "operators", "probes", "sla", "escrow", "reputation", "computeOrders"]) {
      for (const [name, entry] of Object.entries(api.query[pallet] ?? {})) {
        const { type } = entry.creator.meta;
        if (name === "palletVersion") continue;
        await (type.isPlain ? entry() : entry.entries());
      }
    }
    assert.equal((await api.rpc.system.properties()).tokenSymbol.unwrap()[0].toString(), "SURE");
  });

  check("hostile endpoints each get their verdict, and blocks go on", async () => {
    const dead = await Hostile.dead(DEAD);
    const mute = await hostile.mute(DEAD);
    const kinds = { compute: "Compute", ethereum: { Rpc: { network: 1 } } };
    const liars = await hostile.liars(SYBILS);
    const bad = [
      ...hostile.list,
      ...dead.map((url, i) => ({ name: `dead ${i}`, url, kind: "compute", expected: "down" })),
      ...mute.map(({ url }, i) => ({ name: `mute ${i}`, url, kind: "compute", expected: "down" })),
      ...liars.map((url, i) => ({ name: `sybil ${i}`, url, kind: "ethereum", expected: "bad" })),
    ];
    const listings = bad.map(({ url, kind }) => ({ kind: kinds[kind], endpoint: url }));
    // The honest ones are listed already: every round from now on is one of theirs too.
    await story.reached(2);
    const ids = await listAll([
      { who: "//Mallory", listings: listings.slice(0, -SYBILS) },
      ...listings.slice(-SYBILS).map((listing, i) => ({ who: `//Sybil ${i}`, listings: [listing] })),
    ]);
    assert.equal(ids.length, bad.length);
    const sybils = Object.fromEntries(ids.slice(-SYBILS).map((id, i) => [`sybil ${i}`, id]));
    const watch = await Watch.start(api, { operators: {}, services: sybils, agreements: [] });
    const listed = await world.network.validators[0].finalized();

    // Two verdicts in a row that are as expected: the first may be of a round in which it was listed.
    const pending = new Map(ids.map((id, i) => [id, { ...bad[i], seen: new Map() }]));
    const began = { block: listed.number, at: Date.now() };
    try {
      await waitFor("every hostile endpoint has its verdicts", async () => {
        const verdicts = await lastVerdicts();
        for (const [id, service] of pending) {
          const last = verdicts.get(id);
          if (!last) continue;
          service.seen.set(last.round, last);
          const good = [...service.seen.values()].filter((v) => [service.expected].flat().includes(v.verdict)).length;
          if (good >= 2) pending.delete(id);
        }
        return pending.size === 0;
      }, { timeout: 4 * MINUTE, every: 1_000, abort: () => world.died() });
    } catch (error) {
      const left = [...pending.values()].map((s) => `${s.name}: wanted ${s.expected}, saw ${JSON.stringify([...s.seen.values()])}`);
      throw new Error(`${error.message}\n${left.join("\n")}`);
    }

    // A server that claims to be fast is as slow as it is, and so is one with a slow body behind fast headers: the bucket
    // is at least its delay.
    const last = await lastVerdicts();
    for (const [i, { name, slowest }] of bad.entries()) {
      if (!slowest) continue;
      const { latency } = last.get(ids[i]);
      assert.ok(bucketMs(latency) >= slowest * 0.95, `${name}: bucket ${latency} is too fast`);
    }

    const now = await world.network.validators[0].finalized();
    const expected = (Date.now() - began.at) / 2_000;
    assert.ok(now.number - began.block >= expected * 0.8 - 2, `${now.number - began.block} blocks instead of ${expected}`);
    // Silence was heard: each of the mute ones was asked by more than one prober or in more than one round.
    for (const { url, met } of mute) assert.ok(met() >= 2, `${url} was asked ${met()} times`);

    // The honest services did not suffer: up in every round from then on. Nobody stops these two, and validators
    // are restarted only later.
    const first = Math.floor(listed.number / story.watch.latest.roundBlocks) + 1;
    const judged = (by, round) => by.until(`round ${round} is judged`, (m) => m.judgedRound >= round, {
      timeout: 2 * MINUTE, abort: () => world.died(),
    });
    const { judgedRound, roundBlocks } = await judged(story.watch, first + 3);
    await judged(watch, judgedRound);
    await watch.stop();
    const rounds = Array.from({ length: judgedRound - first + 1 }, (_, i) => first + i);
    const found = (by, name, round) => by.verdicts.get(name).get(round);
    const all = (by, name, verdict, of) => {
      assert.deepEqual(of.map((round) => [round, found(by, name, round)]), of.map((round) => [round, verdict]), name);
    };
    const lost = await lostRounds(rounds.map((round) => [round, found(story.watch, "vpn", round)]), 1);
    const measured = rounds.filter((round) => !lost.includes(round));
    for (const name of ["surety", "vpn"]) all(story.watch, name, "up", measured);

    // Operators who agree on a lie do not outvote the anchors. The honest one of their network is right in the
    // same rounds: those before the story stops it, but for the few that were not judged yet when it got its
    // first units and moved to the services that are due every round.
    for (const name of Object.keys(sybils)) all(watch, name, "bad", measured);
    const stopped = story.facts.stoppedAt === undefined ? Infinity : Math.floor(story.facts.stoppedAt / roundBlocks);
    const honest = measured.filter((round) => round < stopped && found(story.watch, "ethereum", round) !== undefined);
    assert.ok(honest.length > 0, `the honest one was stopped in round ${stopped}, the sybils were seen in ${measured}`);
    const gap = measured.filter((round) => round < stopped && !honest.includes(round));
    assert.ok(gap.length <= 3, `the honest one has no verdict in ${gap}`);
    all(story.watch, "ethereum", "up", honest);
  });

  check("a validator reveals after a restart what it committed to before", async () => {
    await story.reached(5);
    const dave = world.network.validators[3];
    const his = account("//Dave").address;
    /** What he sent for a round: nothing, `committed`, `revealed`. */
    const sent = async (round) => {
      const snapshot = (await api.query.probes.snapshots(round)).unwrapOr(null);
      const index = snapshot?.probers.findIndex((prober) => prober.account.toString() === his) ?? -1;
      if (index < 0) return undefined;
      const value = (await api.query.probes.reports(round, index)).unwrapOr(null);
      return value && { state: variant(value.toJSON()), json: value.toJSON() };
    };
    // A round is over twelve seconds after it began: on a slow machine a node may take longer to be back.
    for (let tries = 3; ; tries -= 1) {
      let round;
      await waitFor("he has committed", async () => {
        const now = (await api.query.system.number()).toNumber() / story.watch.latest.roundBlocks | 0;
        // A commit may land in the first blocks of the next round.
        for (round of [now, now - 1]) if ((await sent(round))?.state === "committed") return true;
        return false;
      }, { timeout: MINUTE, every: 100, abort: () => world.died() });
      await dave.stop();
      assert.equal((await sent(round)).state, "committed", "it was stopped before it could reveal");
      await dave.start();
      let last;
      await waitFor("he reveals, or the round is closed", async () => {
        last = (await sent(round)) ?? last;
        return last?.state === "revealed" || (await api.query.probes.snapshots(round + 3)).isSome;
      }, { timeout: MINUTE, every: 500, abort: () => world.died() });
      if (last?.state === "revealed") return;
      assert.ok(tries > 1, `round ${round}: ${JSON.stringify(last)}`);
    }
  });

  check("a validator that is restarted in mid-run loses nothing", async () => {
    await story.reached(5);
    const dave = world.network.validators[3];
    const before = await dave.finalized();
    const { hash } = before;
    const header = await dave.header(hash);
    await dave.stop();
    // The others go on and still find quorum.
    const judged = story.watch.latest.judgedRound;
    await story.watch.until("a round is judged without it", (m) => m.judgedRound > judged + 1, { timeout: 2 * MINUTE });
    await dave.start();
    await waitFor("it catches up", async () => {
      const [its, ours] = await Promise.all([dave.finalized(), world.network.validators[0].finalized()]);
      return its.number > before.number && its.number >= ours.number - 2;
    }, { timeout: 2 * MINUTE, abort: () => world.died() });
    // What it had finalized before is what everybody has.
    assert.equal(await dave.hashOf(before.number), hash);
    assert.deepEqual(await dave.header(hash), header);
    // It does its duty again: its own reports are accepted.
    const metric = (values) => Object.entries(values)
      .filter(([name]) => name.includes("report") && name.includes("revealed"))
      .reduce((sum, [, value]) => sum + value, 0);
    await waitFor("its reports are revealed again", async () => metric(await dave.metricValues()) >= 2, { timeout: 2 * MINUTE });
    const validators = (await api.query.session.validators()).map((v) => v.toString());
    assert.ok(validators.includes(account("//Dave").address));
    assert.deepEqual((await api.query.session.disabledValidators()).toJSON(), []);
  });

  check("the story: outage, breach, slash, credit, recovery", async () => {
    const { facts, error } = await telling;
    if (error) throw error;
    const { watch } = story;
    const breaches = breachesOf(watch, story.cast.services.ethereum);
    const ethereum = (model) => model.services.find((s) => s.name === "ethereum");
    const units = facts.agreements.reduce((sum, a) => sum + a.units, 0);
    const price = (its) => windowPrice(watch, PRICE * BigInt(its));

    // The verdicts of the window: up until the stop, then down, one more than the allowance at the breach.
    const at = watch.blocks.get(facts.breachBlock);
    const [first] = breaches;
    assert.deepEqual([first.block, first.kind, first.severity], [facts.breachBlock, "downtime", "low"]);
    const { allowance, against } = ethereum(at);
    assert.equal(allowance, 1, "90 % of 12 rounds");
    assert.equal(against, 2, "the first count past the allowance");

    // In that very block: the index rose, the bond was slashed, both tenants are owed their part.
    const parent = watch.blocks.get(facts.breachBlock - 1);
    assert.deepEqual([first.indexBefore, first.indexAfter, first.demanded], [0n, percent(10), percent(10)]);
    assert.equal(first.rate, PRICE * BigInt(units));
    const taken = takenBy(breaches, price(units));
    const slash = at.events.find((e) => e.section === "operators" && e.method === "BondSlashed");
    assert.deepEqual([big(slash.data.credit), big(slash.data.penalty)], [first.credited, first.penalty]);
    const bond = (m) => m.operators.find((o) => o.name === "Emil").active;
    assert.equal(bond(parent) - bond(at), first.credited + first.penalty);
    for (const { id, units: its } of facts.agreements) {
      const credit = (m) => {
        const { owed, credited } = m.agreements.find((a) => a.id === id);
        return owed + credited;
      };
      assert.equal(credit(parent), 0n);
      assert.equal(credit(at), creditOf(price(its), percent(10)));
    }
    assertCreditedAtMostPaid(watch);

    // What is left of the cover is reserved with the penalty on it, and so are the rents of three windows.
    for (const model of [parent, at]) {
      const { index, cover, rent, exposure } = ethereum(model);
      assert.equal(index + cover, TERMS.cover);
      assert.equal(rent, RENT);
      const cost = costOf(price(units), cover);
      assert.equal(exposure, cost + (cost + 9n) / 10n + 3n * rent, `exposure in block ${model.block}`);
    }

    // All breaches of the outage: every tier once, each paying the difference to the one before.
    const reached = tiers(downIn(watch, "ethereum", facts.outageWindow), allowance);
    assert.ok(reached.length >= 2, `only ${reached}`);
    assert.deepEqual(breaches.map((b) => b.severity), reached);
    const { indexAfter } = breaches.at(-1);
    assert.equal(indexAfter, TERMS.credit[reached.length - 1]);
    for (const { id, units: its } of facts.agreements) assert.equal(watch.credited.get(id), creditOf(price(its), indexAfter));
    // Nothing else left the bond but rents.
    const { address } = story.accounts.Emil;
    assert.equal(BOND - bond(watch.latest), taken + (watch.rents.get(address) ?? 0n));

    // Rounds in which it was down were not billed, all others were: its meter began with its first units, each
    // tenant's bill with its own.
    const today = watch.latest;
    const { meter } = ethereum(today);
    const opened = facts.agreements.map((a) => roundOf(watch, "sla", "AgreementOpened", (d) => d.agreement.toNumber() === a.id));
    const began = Math.min(...opened);
    const down = watch.verdictsBetween("ethereum", began, meter.through).filter(([, verdict]) => verdict === "down").length;
    assert.ok(down >= 3 && meter.through - began > down, `${down} of ${meter.through - began} rounds were down`);
    assert.equal(meter.blocks, billable(watch, "ethereum", began, meter.through));
    for (const [i, { id, units: its }] of facts.agreements.entries()) {
      const { paid, due } = today.agreements.find((a) => a.id === id);
      const blocks = billable(watch, "ethereum", opened[i], meter.through);
      assert.equal(paid + due, PRICE * BigInt(its * blocks), `${blocks} blocks of agreement ${id}`);
    }

    // Nobody else was touched.
    for (const name of ["surety", "vpn"]) {
      const lost = await lostRounds(watch.verdicts.get(name));
      const seen = [...watch.verdicts.get(name)].filter(([round]) => !lost.includes(round)).map(([, verdict]) => verdict);
      assert.ok(seen.length > 20 && seen.every((v) => v === "up"), `${name}: ${seen}`);
    }

    // The scores fell and rose again.
    const { before: high, low, now } = facts.scores;
    assert.ok(now.some((value, i) => low[i] < high[i] && value > low[i]), JSON.stringify(facts.scores));
  });

  check("anybody verifies the audit of a breach, and no changed byte of it", async () => {
    const { error } = await telling;
    if (error) throw error;
    const service = story.cast.services.ethereum;
    const [breach] = breachesOf(story.watch, service);
    const [validator, other] = world.network.validators;
    const { statement, bundle } = await jsonRpc(validator.http, "surety_auditBreach", [service, 0], { timeout: MINUTE });
    assert.match(statement.text, /verified\s*$/);
    const shown = [statement.endpoint, statement.block, BigInt(statement.credited), BigInt(statement.penalty)];
    assert.deepEqual(shown, [world.ethereum.operator.url, breach.block, breach.credited, breach.penalty]);
    assert.deepEqual(await jsonRpc(other.http, "surety_verifyAudit", [bundle], { timeout: MINUTE }), statement);
    const bytes = Buffer.from(bundle.slice(2), "hex");
    const step = Math.ceil(bytes.length / 64);
    for (let at = 0; at < bytes.length; at += step) {
      const changed = Buffer.from(bytes);
      changed[at] ^= 1 << (at % 8);
      await assert.rejects(jsonRpc(other.http, "surety_verifyAudit", [`0x${changed.toString("hex")}`], { timeout: MINUTE }), `byte ${at}`);
    }
  });

  check("the compute market: order, bids, match, failover, credit, exact end, ratings", async () => {
    const { facts, error } = await leasing;
    if (error) throw error;
    const { watch } = compute;
    const [first, second] = facts.leases;
    assert.deepEqual([first.operator, second.operator], ["Berta", "Carlo"], "the best bid, then the second");

    // The match came in the block of the deadline, which no transaction asked for.
    const placed = watch.events.find((e) => e.section === "computeOrders" && e.method === "OrderPlaced");
    assert.equal(facts.matchedAt, placed.data.bidDeadline?.toNumber() ?? placed.data.bid_deadline.toNumber());

    // With its last round three of the last four were bad, and never before; those that say nothing do not count.
    // Nothing after it was billed.
    const seen = watch.verdicts.get(`lease ${first.id}`);
    const { round, code } = facts.unhealthy;
    assert.equal(code, 2004);
    const known = [...seen].filter(([r, verdict]) => r <= round && !["unmeasured", "unclear", "excused"].includes(verdict))
      .sort(([a], [b]) => a - b);
    assert.deepEqual(known.at(-1), [round, "down"]);
    const bad = (last) => known.slice(Math.max(0, last - 4), last).filter(([, verdict]) => verdict !== "up").length;
    for (let last = 1; last <= known.length; last += 1) assert.equal(bad(last) >= 3, last === known.length, `${known}`);
    const closed = (id) => watch.events.find((e) => e.section === "computeOrders" && e.method === "LeaseClosed" && e.data.lease.toNumber() === id);
    const ready = (id) => roundOf(watch, "computeOrders", "LeaseReady", (d) => d.lease.toNumber() === id);
    const paid = big(closed(first.id).data.paid);
    const served = billable(watch, `lease ${first.id}`, ready(first.id), round);
    assert.ok(served > 0);
    assert.equal(paid, BIDS.Berta * BigInt(served), `${served} blocks of lease ${first.id}`);

    // The failed operator paid the fixed share of its bid, and the tenant was credited out of its bond.
    const penalty = watch.events.find((e) => e.section === "computeOrders" && e.method === "PenaltyPaid");
    assert.equal(compute.accounts.Berta.address, penalty.data.operator.toString());
    const price = windowPrice(watch, BIDS.Berta);
    assert.equal(big(penalty.data.amount), price / 10n);
    const breaches = breachesOf(watch, LEASES_FROM + first.id);
    const reached = tiers(downIn(watch, `lease ${first.id}`, facts.outageWindow, round), 1);
    assert.ok(reached.length >= 2, `only ${reached}`);
    assert.deepEqual(breaches.map((b) => b.severity), reached);
    const { indexAfter } = breaches.at(-1);
    assert.equal(indexAfter, LEASE_TERMS.credit[reached.length - 1]);
    // No more than it has paid: else an outage would be worth inducing.
    assert.equal(facts.credited, least(creditOf(price, indexAfter), paid));
    assert.equal(watch.credited.get(first.agreement), facts.credited);
    assertCreditedAtMostPaid(watch);
    // Fees paid the rent of the slot before the outage, and nothing or little since. It was held from the window's start
    // until three rounds after its last agreement was closed.
    const { windowRounds } = watch.latest;
    const held = facts.outageWindow * windowRounds - 1;
    const released = roundOf(watch, "sla", "AgreementClosed", (d) => d.agreement.toNumber() === first.agreement) + 3;
    const due = (RENT * BigInt(released - held) + BigInt(windowRounds) - 1n) / BigInt(windowRounds);
    const fees = (BIDS.Berta * BigInt(billable(watch, `lease ${first.id}`, held, round))) / 20n;
    assert.equal(facts.rents.Berta, due > fees ? due - fees : 0n);
    // Nothing else left the bond.
    const { active } = watch.latest.operators.find((o) => o.name === "Berta");
    assert.equal(BOND - active, takenBy(breaches, price) + big(penalty.data.amount) + facts.rents.Berta);
    // The second is dearer than the first, within what Tara allows a replacement; the third was not.
    assert.ok(BIDS.Berta < BIDS.Carlo && BIDS.Carlo <= FAILOVER_PRICE && FAILOVER_PRICE < BIDS.Dunja);

    // The time went on during the failover: both leases end with the same round, and the second ran to it.
    assert.equal(second.lastRound, first.lastRound);
    assert.equal(facts.end.code, 1003, "expired");
    const all = paid + facts.end.paid;
    assert.equal(facts.end.refunded, facts.deposit - all, "what was not used came back");
    // The lease is gone with the block that judged its last round. Had that changed the verdict, an event would say so.
    const its = watch.verdicts.get(`lease ${second.id}`);
    if (!its.has(second.lastRound)) its.set(second.lastRound, its.get(second.lastRound - 1));
    const went = billable(watch, `lease ${second.id}`, ready(second.id), second.lastRound);
    assert.ok(went > 0);
    assert.equal(facts.end.paid, BIDS.Carlo * BigInt(went), `${went} blocks of lease ${second.id}`);
    for (const { id } of facts.leases) await lostRounds(watch.verdicts.get(`lease ${id}`));
    const expired = watch.events.find((e) => e.section === "computeOrders" && e.method === "LeaseEnding" && e.data.lease.toNumber() === second.id);
    assert.equal(expired.data.round.toNumber(), second.lastRound);

    // Both sides were rated; the chain says by how much that moved them.
    assert.deepEqual(facts.ratings.map((r) => [r.by, r.of, r.stars]), [["Tara", "Carlo", 5], ["Carlo", "Tara", 4]]);
    const moved = watch.events.filter((e) => e.section === "reputation" && e.method === "Rated");
    assert.ok(moved.length >= 2);

    // The read side says the same as the events.
    const url = world.network.validators[0].http;
    const order = await jsonRpc(url, "surety_order", [facts.order]);
    assert.equal(order.replicas[0].closedCode, 1003);
    assert.equal(order.failoverPrice, `${FAILOVER_PRICE}`);
    const lease = await jsonRpc(url, "surety_lease", [first.id]);
    assert.equal(lease.phase, "closed");
    assert.equal(lease.ending.code, 2004);
    const { items } = await jsonRpc(url, "surety_leasesOf", [compute.accounts.Tara.address]);
    assert.deepEqual(items.map((l) => l.id).sort(), [first.id, second.id].sort());
    const [service] = (await jsonRpc(url, "surety_services", [{ class: "compute" }])).items.filter((s) => s.operator === compute.accounts.Carlo.address);
    assert.deepEqual(service.resources.free, service.resources.total, "everything is free again");
  }, 16 * MINUTE);

  check("a service in bitcoin is bonded, paid and refunded in bitcoin", async () => {
    const { facts, error } = await paying;
    if (error) throw error;
    const { watch } = bitcoin;
    const { bitcoinsBefore: before, bitcoinsAfter: after } = facts;
    const rate = BITCOIN_PRICE * BigInt(BITCOIN_UNITS);

    // What was settled is what the meter said, to the base unit.
    const opened = roundOf(watch, "sla", "AgreementOpened", (d) => d.agreement.toNumber() === facts.agreement);
    const { services: [{ meter }], agreements: [{ paid, due }] } = facts.settled;
    const blocks = billable(watch, "bitcoin", opened, meter.through);
    assert.ok(blocks > 0);
    assert.deepEqual({ paid, due }, { paid: rate * BigInt(blocks), due: 0n });

    // Who closes pays the first window at least, less the rounds in which it was not served; everybody has that part of
    // it which is theirs, and the probers the rent of the slot.
    const { closed } = facts;
    const billed = billable(watch, "bitcoin", opened, facts.lastRound);
    const unserved = (facts.lastRound - opened) * watch.latest.roundBlocks - billed;
    const owed = [facts.windowPrice - rate * BigInt(unserved), rate * BigInt(billed)].reduce((a, b) => (a > b ? a : b));
    assert.deepEqual(closed, { code: 1001, paid: owed, refunded: facts.deposit - owed });
    const fee = closed.paid / 20n;
    const rent = watch.rents.get(bitcoin.banker.address) ?? 0n;
    assert.deepEqual(after, {
      tenant: before.tenant - closed.paid,
      operator: before.operator + closed.paid - fee,
      treasury: before.treasury + fee - fee / 2n,
      probers: before.probers + fee / 2n + rent,
    });
    // Of the tenant's SURE nothing is on hold, and some went for its transactions.
    const { data } = await api.query.system.account(bitcoin.accounts.Tilda.address);
    assert.equal(big(data.reserved), 0n);
    assert.ok(big(data.free) > 9n * UNIT && big(data.free) < 10n * UNIT);
  });

  check("whoever signs pays, also for what validators send for free", async () => {
    const { round } = story.watch.latest;
    const who = account("//Ferdie");
    const sent = { round, index: 0, hash: new Uint8Array(32).fill(7), signature: new Uint8Array(64) };
    for (const tx of [
      call(api, "probes", "commit", sent),
      call(api, "probes", "reveal", { round: round - 1, index: 0, salt: new Uint8Array(32), report: "0x00" }),
    ]) {
      const refused = await send(api, who, tx).then(() => assert.fail("a stranger reported"), (error) => error);
      assert.equal(refused.error, "BadOrigin", refused.message);
      const { parentHash } = await api.rpc.chain.getHeader(refused.block);
      const free = async (hash) => big((await (await api.at(hash)).query.system.account(who.address)).data.free);
      const fee = (await free(parentHash)) - (await free(refused.block));
      const paid = refused.events.find((e) => e.method === "TransactionFeePaid");
      assert.ok(fee > 0n, "it was free");
      assert.equal(big(paid.data.actualFee), fee);
    }
  });

  check("anybody may ask for a fresh verdict of an idle service", async () => {
    const ask = (service) => send(api, account("//Ferdie"), call(api, "probes", "requestProbe", { service }));
    const { services } = story.cast;
    const { block } = await ask(services.surety);
    const asked = Math.floor((await api.rpc.chain.getHeader(block)).number.toNumber() / story.watch.latest.roundBlocks);
    await story.until("it is probed", (m) => story.service(m, "surety").round > asked, 2 * MINUTE);
    assert.equal(story.service(story.watch.latest, "surety").verdict, "up");
    // What is sold is due in every round anyway.
    await assert.rejects(ask(services.ethereum), { error: "probes.AlreadyDue" });
    await assert.rejects(ask(999_999), { error: "probes.NotListed" });
  });

  // The story and the market are over: there are agreements, breaches, credits, counters and closed windows.
  check("the RPC namespace answers like the runtime API", async () => {
    const { http: url } = world.network.validators[0];
    const { methods } = await jsonRpc(url, "rpc_methods");
    for (const method of Object.keys(VIEWS)) assert.ok(methods.includes(`surety_${method}`), `no surety_${method}`);

    /** An argument of ours as the runtime API takes it. */
    const typed = (arg) => {
      const local = /^local:(\d+)$/.exec(arg?.asset);
      return local ? { ...arg, asset: { Local: Number(local[1]) } } : arg;
    };
    /** Ask both at a block: `same` one thing, `paged` all of a list in pages of `limit`. */
    const reading = async (hash) => {
      const at = await api.at(hash);
      const same = async (method, ...args) => {
        const [rpc, runtime] = await Promise.all([
          jsonRpc(url, `surety_${method}`, [...args, hash]), at.call.suretyApi[method](...args.map(typed)),
        ]);
        const words = [];
        const shown = JSON.parse(JSON.stringify(rpc), (key, value) => (key === "rule" ? void words.push(value) : value));
        assert.deepEqual(shown, VIEWS[method](runtime), `surety_${method}(${JSON.stringify(args)})`);
        assert.ok(words.every((rule) => rule.length > 10), `${words}`);
        return rpc;
      };
      /** The statement of an account, whose sums are what the ledgers have on hold; its lines by kind. */
      const statement = async (who) => {
        const { lines, totals } = await same("statement", who);
        const sum = (asset, key) => lines.filter((l) => l.asset === asset).reduce((all, l) => all + BigInt(l[key]), 0n);
        const [{ data }, holds, other] = await Promise.all([
          at.query.system.account(who), at.query.balances.holds(who), at.query.assetsHolder.balancesOnHold(SBTC, who),
        ]);
        const ledgers = { native: holds.reduce((all, { amount }) => all + big(amount), 0n), [`local:${SBTC}`]: big(other.unwrapOr(0)) };
        assert.equal(ledgers.native, big(data.reserved));
        for (const [asset, held] of Object.entries(ledgers)) {
          const total = totals.find((t) => t.asset === asset) ?? { held: "0", onHold: "0", claimable: "0" };
          assert.deepEqual([total.held, total.onHold], [`${held}`, `${held}`], `${asset} of ${who}`);
          assert.deepEqual([sum(asset, "held"), sum(asset, "claimable")], [held, BigInt(total.claimable)], `${asset} of ${who}`);
        }
        assert.ok(lines.every(({ kind }) => kind !== "other"), JSON.stringify(lines));
        const byKind = {};
        for (const line of lines) (byKind[line.kind] ??= []).push(line);
        return byKind;
      };
      const paged = async (method, subject, limit) => {
        const items = [];
        for (let next = null, pages = 1; ; pages += 1) {
          const page = await same(method, ...subject, next, limit);
          assert.ok(page.items.length <= limit, `${page.items.length} on a page of ${limit}`);
          items.push(...page.items);
          if (page.next === null) return { items, pages };
          assert.notEqual(page.next, next, "a page leads to itself");
          next = page.next;
        }
      };
      return { same, paged, statement };
    };
    const { same, paged, statement } = await reading((await world.network.validators[0].finalized()).hash);

    const { services, agreements, operators } = story.cast;
    const ids = (list) => list.map(({ id }) => id);
    // Filters find what they should, and pages joined are the whole list.
    const { items: all } = await paged("services", [{}], 128);
    assert.equal(all.length, (await same("networkStatus")).services);
    const { items: rpc } = await same("services", { class: "rpc" }, null, 128);
    assert.deepEqual(ids(rpc), ids(all.filter(({ kind }) => kind.class === "rpc")));
    const two = await paged("services", [{ class: "rpc" }], 2);
    assert.deepEqual(two.items, rpc);
    assert.ok(two.pages >= rpc.length / 2 && rpc.length > 4, `${rpc.length} services on ${two.pages} pages`);
    const wanted = { network: 1, region: "EE", asset: "native", maxPrice: PRICE.toString(), minScore: 0 };
    assert.deepEqual(ids((await same("services", wanted, null, 128)).items), [services.ethereum]);
    assert.deepEqual((await same("services", { ...wanted, maxPrice: (PRICE - 1n).toString() }, null, 128)).items, []);
    const { items: vpns } = await same("services", { openOnly: true, class: "vpn" }, null, 128);
    assert.deepEqual(ids(vpns), [services.vpn]);
    const { items: bitcoins } = await same("services", { asset: `local:${SBTC}` }, null, 128);
    assert.deepEqual(ids(bitcoins), [bitcoin.cast.services.bitcoin]);
    await same("operator", bitcoin.banker.address);

    // The cast of both stories, one by one; a list shows of a service what its detail does.
    for (const id of [...Object.values(services), ...Object.values(compute.cast.services)]) {
      const found = await same("service", id);
      // Leases are in no list.
      if (id < LEASES_FROM) assert.deepEqual(found.service, all.find((service) => service.id === id));
      if (!found) continue;
      // A slot costs while there are units; what is not credited of the cover is left of it.
      assert.equal(found.rent, found.service.units > 0 ? `${RENT}` : null);
      assert.equal(BigInt(found.index) + BigInt(found.cover), BigInt(found.service.terms.cover));
    }
    const { index } = await same("service", services.ethereum);
    const served = breachesOf(story.watch, services.ethereum);
    assert.equal(index, `${served.at(-1).indexAfter}`);

    // What everybody has on hold, and why.
    const tina = await statement(story.accounts.Tina.address);
    assert.deepEqual(tina.agreement.map(({ id }) => id), agreements.filter(({ tenant }) => tenant === "Tina").map(({ id }) => id));
    const emil = await statement(story.accounts.Emil.address);
    assert.deepEqual(emil.listing.map(({ id }) => id), [services.ethereum]);
    const [{ owed, held: bonded, claimable }] = emil.bond;
    assert.equal(BigInt(owed) + BigInt(claimable), BigInt(bonded));
    const eve = await statement(bitcoin.banker.address);
    assert.deepEqual(eve.bond.map(({ asset }) => asset).sort(), [`local:${SBTC}`, "native"]);
    for (const { address } of Object.values({ ...story.accounts, ...compute.accounts, ...bitcoin.accounts })) await statement(address);
    for (const { address } of Object.values({ ...operators, ...compute.cast.operators })) await same("operator", address);
    for (const { id, tenant } of agreements) {
      const found = await same("agreement", id);
      assert.ok(BigInt(found.paid) > 0n);
      assert.deepEqual((await paged("agreementsOf", [story.accounts[tenant].address], 2)).items, [found]);
    }
    await paged("agreementsOf", [compute.accounts.Tara.address], 1);
    const { items: breaches } = await paged("breaches", [services.ethereum], 1);
    assert.deepEqual(breaches.map(({ severity }) => severity), served.map(({ severity }) => severity));
    assert.deepEqual((await same("breaches", services.vpn, null, 2)).items, []);
    const networks = await same("networks");
    assert.deepEqual(networks.map((n) => n.name).sort(), ["ethereum", "surety"]);
    assert.ok((await same("round")).judgedRound > 20);

    // The order as it was when it took bids: who looks for work finds it if it is theirs to do.
    const { facts: { order: id, leases, matchedAt, deposit }, accounts: { Tara, Carlo }, watch } = compute;
    const bidding = await reading([...watch.blocks.values()].find((m) => m.orders[0]?.bids.length === 3).hash);
    const order = await bidding.same("order", id);
    assert.deepEqual((await bidding.paged("orders", [{}], 1)).items, [order]);
    assert.deepEqual([order.bidsUntil, order.bids], [matchedAt, 3]);
    assert.deepEqual(order.replicas, [{ lease: null, held: `${deposit}`, closedCode: null, closedReason: null }]);
    for (const [filter, found] of [
      [{ region: "DE" }, true], [{ region: "FR" }, false],
      [{ fits: RESOURCES }, true], [{ fits: { ...RESOURCES, cpuMilli: RESOURCES.cpuMilli - 1 } }, false],
      [{ fits: CAPACITY }, true], [{ fits: { ...CAPACITY, gpuClass: "a100" } }, false],
      [{ tenant: Tara.address }, true], [{ tenant: Carlo.address }, false],
      [{ asset: "native" }, true], [{ asset: `local:${SBTC}` }, false],
      [{ openOnly: true }, true],
    ]) {
      const { items } = await bidding.same("orders", filter, null, 128);
      assert.deepEqual(ids(items), found ? [id] : [], JSON.stringify(filter));
    }
    const its = await bidding.statement(Tara.address);
    assert.deepEqual([its.replica[0].held, its.replica[0].id, its.replica[0].part], [`${deposit}`, id, 0]);
    assert.equal(its.order[0].id, id);
    const bid = (await bidding.statement(Carlo.address)).bid[0];
    assert.deepEqual([bid.id, bid.part], [id, compute.cast.services["Carlo's agent"]]);
    const { items: bids } = await bidding.paged("bids", [id], 2);
    const bidder = ({ operator }) => Object.keys(BIDS).find((name) => compute.accounts[name].address === operator);
    assert.deepEqual(Object.fromEntries(bids.map((bid) => [bidder(bid), BigInt(bid.price)])), BIDS);
    // Since then: every phase of a lease, of both parties, and an order that takes no more bids.
    for (const phase of ["starting", "running", "ending", "closed"]) {
      const { hash } = [...watch.blocks.values()].find((m) => m.orders[0]?.replicas[0].lease?.phase === phase);
      const then = await reading(hash);
      const lease = await then.same("lease", leases[0].id);
      assert.equal(lease.phase, phase);
      for (const who of [Tara.address, lease.operator]) {
        const { items } = await then.paged("leasesOf", [who], 1);
        assert.deepEqual(items.filter((l) => l.id === lease.id), [lease]);
      }
    }
    // In no particular order.
    assert.deepEqual(ids((await paged("leasesOf", [Tara.address], 1)).items).sort(), ids(leases).sort());
    assert.equal((await same("order", id)).bidsUntil, null);
    assert.deepEqual((await same("orders", { openOnly: true }, null, 128)).items, []);
    // Who failed has no bid any more.
    assert.ok((await paged("bids", [id], 1)).items.every((bid) => bidder(bid) !== "Berta"));
    // The tenant as it was rated.
    const rated = watch.events.find((e) => e.method === "Rated" && e.data.account.toString() === Tara.address);
    const { score } = await (await reading(rated.hash)).same("tenant", Tara.address);
    assert.equal(score, rated.data.after.toNumber());

    // What the chain has never met is null, and its lists are empty.
    const stranger = account("//Nobody").address;
    const unknown = 999_999;
    for (const [method, it] of [
      ["service", unknown], ["agreement", unknown], ["operator", stranger], ["order", unknown], ["lease", unknown],
    ]) {
      assert.equal(await same(method, it), null);
    }
    for (const [method, it] of [["agreementsOf", stranger], ["breaches", unknown], ["bids", unknown], ["leasesOf", stranger]]) {
      assert.deepEqual(await same(method, it, null, 2), { items: [], next: null });
    }
    assert.deepEqual(await same("tenant", stranger), { score: 0, trust: 1 });
    assert.deepEqual(await statement(stranger), {});
    // What cannot be read is refused, in words that name the field or the value.
    const bad = [
      ["services", { class: "hotel" }, /class.*hotel/], ["services", { region: "de" }, /region.*de/],
      ["services", { maxPrice: "-1" }, /maxPrice.*-1/], ["services", { asset: "gold" }, /asset.*gold/],
      ["services", { colour: "red" }, /colour/], ["services", { minScore: 300 }, /300/],
      ["orders", { region: "de" }, /region.*de/], ["orders", { fits: { cpu: 1 } }, /cpu/],
      ["orders", { tenant: "nobody" }, /Invalid params/],
      ["service", "first", /first/], ["operator", "nobody", /Invalid params/],
    ];
    for (const [method, arg, words] of bad) {
      await assert.rejects(jsonRpc(url, `surety_${method}`, [arg]), (error) => {
        assert.equal(error.code, INVALID_PARAMS, error.message);
        assert.match(`${error.message} ${error.data ?? ""}`, words);
        return true;
      }, `${method}(${JSON.stringify(arg)}) was answered`);
    }
    const nowhere = `0x${"11".repeat(32)}`;
    await assert.rejects(jsonRpc(url, "surety_round", [nowhere]), (error) => error.code === 9001 && error.message.includes(nowhere));
  });

  check("all validators agree on the state", async () => {
    const [alice, ...others] = world.network.validators;
    const { number } = await alice.finalized();
    await waitFor("all have finalized it", async () => {
      const all = await Promise.all(others.map((node) => node.finalized()));
      return all.every((f) => f.number >= number);
    }, { timeout: MINUTE });
    for (const block of [1, Math.floor(number / 2), story.facts.breachBlock ?? 2, number]) {
      const headers = await Promise.all(world.network.nodes.map(async (node) => node.header(await node.hashOf(block))));
      const roots = new Set(headers.map((h) => h?.stateRoot));
      assert.equal(roots.size, 1, `block ${block}: ${[...roots]}`);
    }
    // And each can execute what it stores: the same answer from the runtime of each.
    const answers = await Promise.all(world.network.validators.map(async (node) => {
      const one = await connect(node.ws);
      try {
        const at = await one.at(await one.rpc.chain.getBlockHash(number));
        return JSON.stringify(await at.call.suretyApi.networkStatus());
      } finally {
        await one.disconnect();
      }
    }));
    assert.equal(new Set(answers).size, 1);
  });

  check("money is conserved: what is missing somewhere is somewhere else", async () => {
    const { hash } = await world.network.validators[0].finalized();
    const at = await api.at(hash);
    const issuance = big(await at.query.balances.totalIssuance());
    const genesis = await api.at(api.genesisHash);
    // Nothing is minted or burnt on this chain: fees, penalties and dust go to the treasury.
    assert.equal(issuance, big(await genesis.query.balances.totalIssuance()));
    const accounts = await at.query.system.account.entries();
    const sum = accounts.reduce((total, [, { data }]) => total + big(data.free) + big(data.reserved), 0n);
    assert.equal(sum, issuance);
    // Of bitcoin, what is on hold is not in the accounts.
    const supply = async (api) => big((await api.query.assets.asset(SBTC)).unwrap().supply);
    const bitcoins = (await at.query.assets.account.entries(SBTC)).map(([, found]) => big(found.unwrap().balance));
    const held = (await at.query.assetsHolder.balancesOnHold.entries(SBTC)).map(([, amount]) => big(amount));
    assert.ok(held.length > 0);
    assert.equal([...bitcoins, ...held].reduce((total, amount) => total + amount), await supply(at));
    assert.equal(await supply(at), await supply(genesis));
  });

  check("probing is visible to an operator of a validator", async () => {
    // The series are there from the start at zero, so what counts is that they counted.
    const series = [
      ["surety_probes_sent_total"], ["surety_probes_failed_total", /cause="connect"/],
      ["surety_probes_failed_total", /cause="forbidden"/],
      // The silent ones, by whoever gives up first, transport or prober.
      ["surety_probes_failed_total", /cause="(timeout|abandoned)"/],
      ["surety_probe_duration_seconds_count"],
      ["surety_reports_total", /phase="committed"/], ["surety_reports_total", /phase="revealed"/],
    ];
    for (const node of world.network.validators) {
      const values = Object.entries(await node.metricValues());
      for (const [metric, label = /^/] of series) {
        const found = values.filter(([key]) => key.split("{")[0] === metric && label.test(key));
        const sum = found.reduce((total, [, value]) => total + value, 0);
        assert.ok(sum > 0, `${node.name}: ${metric} ${label} is ${found.length ? sum : "not there"}`);
      }
    }
  });

  // The last one: the operator's node forgets all that it had.
  check("the commands work on what a node has stored, and it catches up afterwards", async () => {
    const [alice] = world.network.validators;
    const [node] = world.network.full;
    const caughtUp = (one) => waitFor(`${one.name} catches up`, async () => {
      const [its, ours] = await Promise.all([one.finalized(), alice.finalized()]);
      return its.number > 0 && its.number >= ours.number - 2;
    }, { timeout: 2 * MINUTE, abort: () => world.died() });
    /** Number of the best and of the last final block that it has stored. */
    const stored = async () => {
      const info = JSON.parse(/^\{[^]*?^\}/m.exec(await node.command("chain-info"))[0]);
      return [info.best_number, info.finalized_number];
    };
    await node.stop();

    const file = path.join(world.dir, "blocks.json");
    await node.command("export-blocks", "--from", "1", "--to", "20", file);
    // One object after the other, with nothing between them.
    const blocks = readFileSync(file, "utf8").split(/(?<=\})(?=\{)/).map((block) => JSON.parse(block));
    assert.equal(blocks.length, 20);
    assert.equal(blocks[19].block.header.parentHash, await alice.hashOf(19));
    await node.command("check-block", "20");

    // What is final stays.
    const [best, final] = await stored();
    assert.ok(best > final && final > 20, `${best}, ${final}`);
    await node.command("revert", "2");
    assert.deepEqual(await stored(), [Math.max(best - 2, final), final]);
    await node.start();
    await caughtUp(node);

    await node.stop();
    const database = path.join(node.base, "chains", "surety_local", "paritydb");
    assert.ok(existsSync(database));
    await node.command("purge-chain", "-y");
    assert.ok(!existsSync(database));
    await node.start();

    // Whoever has nothing but the raw specification joins the same chain.
    const spec = path.join(world.dir, "raw.json");
    await world.network.exportSpec(spec);
    const newcomer = await world.network.join("newcomer", spec);
    await Promise.all([node, newcomer].map(caughtUp));
    for (const one of [node, newcomer]) assert.equal(await one.hashOf(final), await alice.hashOf(final));
  });
});

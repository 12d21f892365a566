// SPDX-License-Identifier: Apache-2.0
// The governance scenario: a fifth validator bonds, is elected, probes and is paid; the holders of
// the token change the platform fee and upgrade the runtime; the technical committee pauses a call
// and resumes it; a validator that equivocates pays with its bond. The demo shows it
// (`SCENE=governance`).

import assert from "node:assert/strict";
import { formatPercent, percent, sure, UNIT } from "../chain/amounts.mjs";
import { account, PROBER_POT, storage, TREASURY } from "../chain/api.mjs";
import { batch, call, eventOf, RefusedCall, send } from "../chain/calls.mjs";
import { MARKET_PALLETS } from "../chain/observer.mjs";
import {
  committeeMakes,
  enactmentOf,
  HOLDERS,
  submitReferendum,
  VOTE,
  voteAye,
} from "../chain/referenda.mjs";
import { networkId } from "../chain/shapes.mjs";
import { applyUpgrade, nextRuntime, proposeUpgrade } from "../chain/upgrade.mjs";
import {
  BOND,
  bondOf,
  hasAuthored,
  shortSessions,
  stand,
  validators,
} from "../chain/validators.mjs";
import { waitFor } from "../system/wait.mjs";
import { listService, BOND as OPERATOR_BOND, PRICE, register, TERMS } from "./listing.mjs";
import { Scenario } from "./scenario.mjs";

/** @import { ApiAt, Codec } from "../chain/api.mjs" */
/** @import { BlockState } from "../chain/observer.mjs" */
/** @import { ChainEvent } from "../chain/shapes.mjs" */
/** @import { Code } from "../chain/upgrade.mjs" */
/** @import { Fixture } from "../fixture.mjs" */
/** @import { Falsy } from "../system/wait.mjs" */
/** @import { Reporter } from "./scenario.mjs" */

/** Titles of the steps. */
export const STEPS = [
  "Start four validators and the endpoints, with sessions and eras of a minute",
  "Eve starts a fifth validator, and bonds more than the others have",
  "Greta lists an Ethereum endpoint; Gustav takes a unit and pays a fee of 5 %",
  "Holders vote the platform fee to 7 %: it counts from the next window on",
  "The technical committee pauses new listings, and resumes them",
  "The fifth validator is elected, and authors blocks",
  "The endpoint fails and returns: who caught it is paid, Eve too",
  "The committee whitelists an upgrade, holders vote for it, the next runtime runs",
  "Two nodes run with Dave's keys: the equivocation is reported, and its slash deferred",
  "The slash is taken from Dave's bond and ends in the treasury",
];

const MINUTE = 60_000;
const EVE = account("//Eve");
const DAVE = account("//Dave");
/** Deposit of a tenant, in planck. */
const DEPOSIT = 10n * UNIT;
/** Platform fee that the holders vote for, in parts per billion. */
const FEE = percent(7);
/** Call that the committee pauses, as the metadata names it. */
const PAUSED = ["Operators", "list_service"];

/** The governance scenario. */
export class GovernanceScenario extends Scenario {
  /** @type {Code} */
  #next;
  /** First window with the new platform fee. */
  #feeWindow = 0;

  /**
   * @param {Fixture} fixture
   * @param {Reporter} [reporter]
   */
  constructor(fixture, reporter) {
    const funds = { Greta: OPERATOR_BOND + 20n * UNIT, Gustav: 20n * UNIT, Gudrun: 20n * UNIT };
    super(fixture, funds, reporter);
  }

  /** @override */
  get genesis() {
    return shortSessions;
  }

  /** @override */
  get pallets() {
    const governance = ["referenda", "scheduler", "safety", "txPause"];
    return [...MARKET_PALLETS, ...governance, "balances", "offences", "session", "staking"];
  }

  /** @override */
  prepare() {
    this.#next = nextRuntime();
  }

  /** Run all steps from 1 on. */
  async run() {
    await this.runSteps([
      () => this.#validatorStands(),
      () => this.#tenantPaysFee(),
      () => this.#holdersChangeFee(),
      () => this.#committeePauses(),
      () => this.#validatorIsElected(),
      () => this.#validatorIsPaid(),
      () => this.#holdersUpgrade(),
      () => this.#twinEquivocates(),
      () => this.#slashIsPaid(),
    ]);
  }

  // ------------------------------------------------------------------ steps

  /** Start the node of the fifth validator, and make it a candidate. */
  async #validatorStands() {
    const { api, fixture } = this;
    const node = await fixture.network.joinValidator("eve");
    await send(api, EVE, await stand(api, node, EVE));
    const others = await Promise.all(
      ["//Alice", "//Bob", "//Charlie", "//Dave"].map((seed) => bondOf(api, account(seed))),
    );
    assert.ok(others.every((bond) => bond < BOND));
    const text = `Eve bonds ${sure(BOND, 0)} SURE beside four times ${sure(others[0], 0)}`;
    this.reporter.event(`${text}, and proves that the session keys are hers`);
  }

  /** List a service, and take a unit of it once it is up. */
  async #tenantPaysFee() {
    const { api, fixture, watchlist } = this;
    await this.fund();
    const { Greta } = this.accounts;
    const kind = { Rpc: { network: await networkId(api, "ethereum") } };
    const endpoint = fixture.ethereum.operator.url;
    const listing = { kind, endpoint, region: "EE", capacity: 10 };
    const calls = [register(api, "Greta"), listService(api, listing)];
    const { events } = await send(api, Greta, batch(api, calls));
    watchlist.operators.Greta = Greta;
    watchlist.services.ethereum = eventOf(events, "operators", "ServiceListed").service.toNumber();
    this.reporter.event(`Greta lists ethereum at ${endpoint}`);
    await this.untilUp("the endpoint is up", 1);
    await this.#open("Gustav", percent(5));
  }

  /** Change the platform fee by a referendum on the track of the market's administrator. */
  async #holdersChangeFee() {
    const { api } = this;
    const keyValue = { Market: { PlatformFee: [null, FEE] } };
    const setFee = call(api, "parameters", "setParameter", { keyValue });
    const index = await submitReferendum(api, HOLDERS[0], { Origins: "MarketAdmin" }, setFee);
    await this.#enact(index);
    const { hash } = this.#enacted(index);
    const at = await api.at(hash);
    const fee = await storage(at, "parameters", "parameters", { Market: { PlatformFee: null } });
    assert.equal(fee.unwrap().asMarket.asPlatformFee.toBigInt(), FEE);
    this.#feeWindow = this.observer.latest.window + 1;
  }

  /** Pause the listing of services, see a listing refused, resume, and see it pass. */
  async #committeePauses() {
    const { api } = this;
    const list = () => {
      const listing = { kind: "Compute", endpoint: this.fixture.nginx.url };
      return send(api, this.accounts.Greta, listService(api, listing));
    };
    await committeeMakes(api, call(api, "safety", "pause", { call: PAUSED }));
    const refusal = await list().then(
      () => undefined,
      (error) => error,
    );
    assert.ok(refusal instanceof RefusedCall, `${refusal ?? "the listing passed"}`);
    assert.equal(refusal.error, "system.CallFiltered");
    this.reporter.event("Greta's next listing is refused: system.CallFiltered", "red");
    await committeeMakes(api, call(api, "safety", "unpause", { call: PAUSED }));
    const { events } = await list();
    const id = eventOf(events, "operators", "ServiceListed").service;
    this.reporter.event(`Greta's next listing passes: service ${id}`, "green");
  }

  /** Wait until the fifth validator is in the set, and has authored a block. */
  async #validatorIsElected() {
    // Agreements of a window are opened by the rules with which it began.
    const begins = (/** @type {BlockState} */ { window }) => window >= this.#feeWindow;
    await this.until("a window begins with the new fee", begins, 4 * MINUTE);
    await this.#open("Gudrun", FEE);
    const stopNotes = this.observer.onBlock(() => this.note("an era is elected one era ahead"));
    const isIn = async (/** @type {ApiAt} */ at) => (await validators(at)).includes(EVE.address);
    await this.#untilState("Eve is a validator", isIn, 5 * MINUTE);
    stopNotes();
    this.reporter.event("Eve is one of five validators", "green");
    await this.#untilState("Eve authors a block", (at) => hasAuthored(at, EVE), 2 * MINUTE);
    this.reporter.event("a block of Eve's is finalized", "green");
  }

  /** Stop the endpoint, start it again, and wait until the pot pays the fifth validator. */
  async #validatorIsPaid() {
    const { api, fixture, observer } = this;
    // A part of the fee is the probers'.
    for (const { id } of this.watchlist.agreements) {
      await send(api, this.accounts.Greta, call(api, "sla", "settle", { agreement: id }));
    }
    // A session counts for a prober that reports most of its rounds.
    const sessions = () => observer.events.filter((e) => e.method === "NewSession").length;
    const first = sessions();
    await this.until("a session begins with Eve", () => sessions() > first, 2 * MINUTE);
    // Between the probes of a round and those of the next: all probers see the same.
    const between = observer.latest.roundBlocks - 2;
    await this.blockOfRound(between);
    await fixture.ethereum.operator.stop();
    this.reporter.event("Greta's endpoint is stopped", "red");
    await this.#untilVerdict("down");
    await this.blockOfRound(between);
    await fixture.ethereum.operator.start();
    this.reporter.event("Greta's endpoint is back", "green");
    await this.#untilVerdict("up");
    this.note("a session of probing is paid at its end");
    const isPay = (/** @type {Record<string, Codec>} */ { from, to }) =>
      from.eq(PROBER_POT) && to.eq(EVE.address);
    const { data } = await this.untilEvent("balances", "Transfer", isPay, 4 * MINUTE);
    assert.ok(data.amount.toBigInt() > 0n);
  }

  /** Upgrade the runtime: whitelist, referendum, code. */
  async #holdersUpgrade() {
    const { api } = this;
    const before = api.runtimeVersion.specVersion.toNumber();
    const code = this.#next;
    const index = await proposeUpgrade(api, HOLDERS[0], code);
    this.reporter.event(`the committee whitelists an upgrade to the code ${code.hash}`);
    await this.#enact(index);
    const authorized = await storage(api, "system", "authorizedUpgrade");
    assert.equal(authorized.unwrap().codeHash.toHex(), code.hash);
    // Anybody may send the code, and gets the fee back.
    const { version } = await applyUpgrade(api, account("//Ferdie"), code);
    assert.equal(version, before + 1);
    const size = Math.round(code.bytes.length / 1024);
    const text = `Ferdie sends ${size} KiB of code: runtime ${before} becomes runtime ${version}`;
    this.reporter.event(text, "green");
    const { judgedRound } = this.observer.latest;
    const goesOn = (/** @type {BlockState} */ state) =>
      state.judgedRound >= judgedRound + 2 && this.verdict(state, "ethereum") === "up";
    await this.until("the next runtime judges rounds", goesOn, 2 * MINUTE);
  }

  /** Start a second node with the keys of a validator, and wait for the report. */
  async #twinEquivocates() {
    const twin = await this.fixture.network.joinValidator("twin-of-dave", ["--dave"]);
    this.reporter.event("a second node runs with Dave's keys", "red");
    const isDave = (/** @type {Record<string, Codec>} */ { validator }) =>
      validator.eq(DAVE.address);
    const reported = await this.untilEvent("staking", "SlashReported", isDave, 5 * MINUTE);
    await twin.stop();
    // (3 / n)^2 for one of n.
    const at = await this.api.at(reported.hash);
    const share = reported.data.fraction.toNumber() / 1e9;
    assert.ok(Math.abs(share - (3 / (await validators(at)).length) ** 2) < 1e-6);
    const era = reported.data.slashEra.toNumber() + 2;
    const [slash] = await storage(at, "staking", "unappliedSlashes", era);
    assert.ok(slash.validator.eq(DAVE.address));
    const text = `${sure(slash.own, 0)} SURE of Dave's bond are due when era ${era} begins`;
    this.reporter.event(`${text}, unless governance cancels it`, "red");
  }

  /** Wait until the slash is taken. */
  async #slashIsPaid() {
    const { api, observer } = this;
    const isDave = (/** @type {Record<string, Codec>} */ { staker }) => staker.eq(DAVE.address);
    const { block, hash, data } = await this.untilEvent("staking", "Slashed", isDave, 5 * MINUTE);
    const lost = data.amount.toBigInt();
    const [before, after] = await Promise.all([
      api.at(await api.rpc.chain.getBlockHash(block - 1)),
      api.at(hash),
    ]);
    assert.ok(lost > 0n);
    assert.equal(await bondOf(after, DAVE), (await bondOf(before, DAVE)) - lost);
    const paid = observer
      .at(block)
      .events.filter((e) => e.section === "balances" && e.method === "Deposit")
      .filter((e) => e.data.who.eq(TREASURY))
      .reduce((sum, e) => sum + e.data.amount.toBigInt(), 0n);
    assert.ok(paid >= lost, `the treasury is paid ${sure(paid)} of ${sure(lost)} SURE`);
    this.reporter.event(`the treasury is paid ${sure(lost, 0)} SURE`, "green");
    await this.closeBooks();
  }

  // ------------------------------------------------------------------ parts of steps

  /**
   * Take a unit of the service, and look at the fee that its payments will bear.
   * @param {string} tenant
   * @param {bigint} fee - that is expected, in parts per billion
   */
  async #open(tenant, fee) {
    const { api, watchlist } = this;
    const service = watchlist.services.ethereum;
    const terms = { service, units: 1, maxPrice: PRICE, deposit: DEPOSIT, minCover: TERMS.cover };
    const open = call(api, "sla", "openAgreement", terms);
    const { block, events } = await send(api, this.accounts[tenant], open);
    const id = eventOf(events, "sla", "AgreementOpened").agreement.toNumber();
    watchlist.agreements.push({ id, tenant, service: "ethereum" });
    const at = await api.at(block);
    const { escrow } = (await storage(at, "sla", "agreements", id)).unwrap();
    const { share } = (await storage(at, "escrow", "accounts", escrow)).unwrap().fee;
    assert.equal(share.toBigInt(), fee);
    const text = `${tenant} takes a unit at ${sure(PRICE)} SURE a block`;
    this.reporter.event(`${text}, with a fee of ${formatPercent(fee)} for the operator`);
  }

  /**
   * Let the holders vote for a referendum, and wait until its call has been made.
   * @param {number} index
   */
  async #enact(index) {
    await voteAye(this.api, index);
    const tokens = `${HOLDERS.length} holders with ${sure(VOTE, 0)} SURE each`;
    this.reporter.event(`referendum ${index}: ${tokens} vote aye`);
    await this.until(
      `referendum ${index} is enacted`,
      () => this.observer.findEvent("scheduler", "Dispatched", isTask(index)),
      3 * MINUTE,
    );
    assert.ok(this.#enacted(index).data.result.isOk, `the call of referendum ${index} failed`);
  }

  /**
   * Event of the call that a referendum made.
   * @param {number} index
   * @returns {ChainEvent}
   */
  #enacted(index) {
    return this.observer.event("scheduler", "Dispatched", isTask(index));
  }

  /**
   * Wait for a verdict on the endpoint, of a round that begins from now on.
   * @param {string} wanted
   */
  async #untilVerdict(wanted) {
    const from = this.observer.latest.round;
    const isIt = (/** @type {BlockState} */ state) => {
      const { last } = this.service(state, "ethereum");
      return last !== undefined && last.round >= from && last.verdict === wanted;
    };
    await this.until(`the endpoint is ${wanted}`, isIt, 2 * MINUTE);
  }

  /**
   * Wait until the state of a finalized block matches.
   * @template T
   * @param {string} what - the condition, as error messages name it
   * @param {(at: ApiAt) => Promise<T>} check
   * @param {number} timeout - ms
   * @returns {Promise<Exclude<T, Falsy>>}
   */
  #untilState(what, check, timeout) {
    const look = async () => check(await this.api.at(this.observer.latest.hash));
    const abort = () => this.fixture.failure();
    return waitFor(what, look, { timeout, every: 1_000, abort });
  }

  // ------------------------------------------------------------------ reports

  /**
   * @override
   * @param {ChainEvent} event
   * @param {BlockState} state
   */
  reportEvent(event, state) {
    super.reportEvent(event, state);
    const { block, section, method, data } = event;
    const report = (/** @type {string} */ text, color = "magenta") =>
      this.reporter.event(`block ${block}: ${text}`, color);
    const name = `${section}.${method}`;
    const referendum = () => `referendum ${data.index}`;
    if (name === "referenda.DecisionStarted") report(`${referendum()}: the decision begins`);
    if (name === "referenda.ConfirmStarted") report(`${referendum()} passes, if that lasts`);
    if (name === "referenda.Confirmed") report(`${referendum()} is confirmed`, "green");
    if (name === "scheduler.Dispatched" && data.id.isSome) {
      report(`the call of the referendum is made: ${data.result.type}`, "green");
    }
    if (name === "safety.PausedUntil") {
      report(`${PAUSED.join(".")} is paused, until block ${data.until} at the latest`, "red");
    }
    if (name === "txPause.CallUnpaused") report(`${PAUSED.join(".")} is callable again`, "green");
    if (name === "balances.Transfer" && data.from.eq(PROBER_POT)) {
      const who = ["Alice", "Bob", "Charlie", "Dave", "Eve"].find((seed) =>
        data.to.eq(account(`//${seed}`).address),
      );
      report(`${who ?? data.to} is paid ${sure(data.amount, 6)} SURE for probing`, "green");
    }
    if (name === "offences.Offence") {
      const what = data.kind.toUtf8().startsWith("babe") ? "two blocks in a slot" : "two votes";
      report(`evidence of ${what} is accepted`, "red");
    }
    if (name === "staking.SlashReported") {
      const share = (data.fraction.toNumber() / 1e7).toFixed(2);
      report(`the offender is to lose ${share} % of its bond`, "red");
    }
    if (name === "staking.Slashed") report(`${sure(data.amount, 0)} SURE are slashed`, "red");
  }
}

/**
 * Matcher of the event that reports on the call of a referendum.
 * @param {number} index
 * @returns {(data: Record<string, Codec>) => boolean}
 */
function isTask(index) {
  const name = enactmentOf(index);
  return ({ id }) => id.isSome && id.unwrap().toHex() === name;
}

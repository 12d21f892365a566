// SPDX-License-Identifier: Apache-2.0
// The outage scenario: three operators with real endpoints, two tenants, an outage, its breach, the
// credits, and the recovery. The demo shows it, the tests assert it.

import { formatPercent, sure, UNIT } from "../chain/amounts.mjs";
import { batch, call, eventOf, send } from "../chain/calls.mjs";
import { breachOf, networkId, sameTarget, targetOf } from "../chain/shapes.mjs";
import { BOND, listService, PAID_ROUNDS, PRICE, register, TERMS } from "./listing.mjs";
import { Scenario } from "./scenario.mjs";

/** @import { BlockState } from "../chain/observer.mjs" */
/** @import { ChainEvent } from "../chain/shapes.mjs" */
/** @import { Fixture } from "../fixture.mjs" */
/** @import { Reporter } from "./scenario.mjs" */

/** Titles of the steps. */
export const STEPS = [
  "Start four validators and the endpoints of three operators",
  "Three operators register with a bond and list their services",
  "The validators probe: every service is up",
  "Two tenants open agreements on the Ethereum endpoint",
  "A new window begins: from now on their units count",
  "The Ethereum endpoint is stopped: verdicts turn down",
  "The allowance runs out: breach, slash and credit in one block",
  "The endpoint is back: verdicts turn up",
  "Tenants are paid their credits",
  "The operator's score recovers",
];

/**
 * Service of each operator.
 * @type {Record<string, string>}
 */
const OPERATORS = { Nora: "surety", Emil: "ethereum", Wanda: "compute" };
/**
 * Units of each tenant.
 * @type {Record<string, number>}
 */
const TENANTS = { Tina: 2, Theo: 1 };
/** In planck. */
const DEPOSIT_PER_UNIT = 10n * UNIT;
const OPERATOR_FUNDS = BOND + 20n * UNIT;
const TENANT_FUNDS = 50n * UNIT;

/** @typedef {[score: number, reliability: number, performance: number]} Scores */

/**
 * @typedef {object} OutageResults
 * @property {{ id: number, tenant: string, units: number }[]} agreements
 * @property {number} openedInRound
 * @property {number} outageWindow
 * @property {number} [stoppedAt] - block
 * @property {number} [breachBlock]
 * @property {{ before: Scores, low: Scores, now: Scores }} scores
 */

/** The outage scenario. */
export class OutageScenario extends Scenario {
  results = /** @type {OutageResults} */ ({});

  /**
   * @param {Fixture} fixture
   * @param {Reporter} [reporter]
   */
  constructor(fixture, reporter) {
    const operators = Object.keys(OPERATORS).map((name) => [name, OPERATOR_FUNDS]);
    const tenants = Object.keys(TENANTS).map((name) => [name, TENANT_FUNDS]);
    super(fixture, Object.fromEntries([...operators, ...tenants]), reporter);
  }

  /**
   * Run all steps from 1 on.
   * @returns {Promise<OutageResults>}
   */
  async run() {
    await this.runSteps([
      () => this.#operatorsRegister(),
      () => this.#everythingIsUp(),
      () => this.#tenantsOpen(),
      () => this.#windowBegins(),
      () => this.#endpointStops(),
      () => this.#breach(),
      () => this.#endpointReturns(),
      () => this.#tenantsArePaid(),
      () => this.#scoreRecovers(),
    ]);
    return this.results;
  }

  // ------------------------------------------------------------------ steps

  /**
   * Listings by service.
   * @returns {Promise<Record<string, { kind: unknown, endpoint: string, region: string }>>}
   */
  async #listings() {
    const { api, fixture } = this;
    const rpc = async (/** @type {string} */ name) => ({
      Rpc: { network: await networkId(api, name) },
    });
    const { ethereum, network, nginx } = fixture;
    return {
      surety: { kind: await rpc("surety"), endpoint: network.full[0].http, region: "DE" },
      ethereum: { kind: await rpc("ethereum"), endpoint: ethereum.operator.url, region: "EE" },
      compute: { kind: "Compute", endpoint: nginx.url, region: "PT" },
    };
  }

  /** Fund all accounts, and let the operators register and list. */
  async #operatorsRegister() {
    const { api, watchlist } = this;
    await this.fund();
    const listings = await this.#listings();
    const start = async (/** @type {[string, string]} */ [name, service]) => {
      const operator = this.accounts[name];
      const { events } = await send(
        api,
        operator,
        batch(api, [
          register(api, name, `${name.toLowerCase()}@example.org`),
          listService(api, { ...listings[service], capacity: 10 }),
        ]),
      );
      watchlist.operators[name] = operator;
      const listed = eventOf(events, "operators", "ServiceListed");
      watchlist.services[service] = listed.service.toNumber();
      const { endpoint } = listings[service];
      this.reporter.event(
        `${name} bonds ${sure(BOND, 0)} SURE and lists ${service} at ${endpoint}`,
      );
    };
    await Promise.all(Object.entries(OPERATORS).map(start));
  }

  /** Wait until the services are up. */
  async #everythingIsUp() {
    await this.untilUp("all three services are up", 3);
    this.reporter.event("the validators found all three services up", "green");
  }

  /** Let the tenants open their agreements. */
  async #tenantsOpen() {
    const { api, watchlist } = this;
    const service = watchlist.services.ethereum;
    const open = async (/** @type {[string, number]} */ [tenant, units]) => {
      const deposit = DEPOSIT_PER_UNIT * BigInt(units);
      const minCover = TERMS.cover;
      const { events } = await send(
        api,
        this.accounts[tenant],
        call(api, "sla", "openAgreement", { service, units, maxPrice: PRICE, deposit, minCover }),
      );
      const id = eventOf(events, "sla", "AgreementOpened").agreement.toNumber();
      watchlist.agreements.push({ id, tenant, service: "ethereum" });
      const text = `${tenant} takes ${units} unit${units > 1 ? "s" : ""}`;
      this.reporter.event(`${text} and deposits ${sure(deposit, 0)} SURE`);
    };
    await Promise.all(Object.entries(TENANTS).map(open));
    watchlist.agreements.sort((a, b) => b.tenant.localeCompare(a.tenant));
    this.results.agreements = watchlist.agreements.map(({ id, tenant }) => ({
      id,
      tenant,
      units: TENANTS[tenant],
    }));
    this.results.openedInRound = await this.until(
      "the agreements are final",
      (state) => state.agreements.length === 2 && state.round,
      30_000,
    );
  }

  /** Wait until the agreements have paid enough, and a window begins. */
  async #windowBegins() {
    const { openedInRound } = this.results;
    this.results.outageWindow = await this.windowAfter(openedInRound + PAID_ROUNDS);
  }

  /** Stop the endpoint, and wait for the first verdict on that. */
  async #endpointStops() {
    await this.fixture.ethereum.operator.stop();
    this.results.stoppedAt = await this.best();
    this.reporter.event("Emil's endpoint is stopped", "red");
    const isDown = (/** @type {BlockState} */ state) => this.verdict(state, "ethereum") === "down";
    await this.until("the first verdict is down", isDown, 120_000);
  }

  /** Wait for the first breach. */
  async #breach() {
    const target = { service: this.watchlist.services.ethereum };
    const { block } = await this.untilEvent(
      "sla",
      "Breached",
      (data) => sameTarget(targetOf(data), target),
      240_000,
    );
    this.results.breachBlock = block;
  }

  /** Start the endpoint again, and wait until it is up. */
  async #endpointReturns() {
    // Between the probes of a round and those of the next.
    await this.blockOfRound(this.observer.latest.roundBlocks - 2);
    await this.fixture.ethereum.operator.start();
    this.reporter.event("Emil's endpoint is back", "green");
    const from = this.observer.latest.round;
    const isUp = (/** @type {BlockState} */ state) => {
      const { last } = this.service(state, "ethereum");
      return last !== undefined && last.round >= from && last.verdict === "up";
    };
    await this.until("a verdict is up again", isUp, 120_000);
  }

  /** Settle, and wait until all credit is paid. */
  async #tenantsArePaid() {
    const { api } = this;
    // Anyone may settle an agreement.
    for (const { id } of this.results.agreements) {
      await send(api, this.accounts.Tina, call(api, "sla", "settle", { agreement: id }));
    }
    // The part of a credit beyond what the tenant has paid becomes due as the tenant pays.
    const paid = (/** @type {BlockState} */ { agreements }) =>
      agreements.every(({ owed, promised }) => owed + promised === 0n);
    await this.until("all credit is paid", paid, 240_000);
  }

  /** Wait until a score rises that fell with the outage. */
  async #scoreRecovers() {
    const { breachBlock = 0 } = this.results;
    const before = this.#scores(this.observer.at(breachBlock - 1));
    /** @type {Scores} */
    const low = [...before];
    // A score recovers if it rises after it fell with the breach or with the window of the breach.
    const recovers = (/** @type {BlockState} */ state) => {
      const now = this.#scores(state);
      const risen = now.some((value, i) => low[i] < before[i] && value > low[i]);
      now.forEach((value, i) => {
        low[i] = Math.min(low[i], value);
      });
      return risen;
    };
    const blocks = [...this.observer.blocks.values()];
    for (const state of blocks) if (state.block >= breachBlock) recovers(state);
    this.note("scores move when a window is closed");
    const now = await this.until(
      "the score recovers",
      (state) => recovers(state) && this.#scores(state),
      600_000,
    );
    this.results.scores = { before, low, now };
    const [was, least, is] = [before, low, now].map((scores) => scores.join("/"));
    const text = `before ${was}, lowest ${least}, now ${is}`;
    this.reporter.event(`Emil's score/reliability/performance: ${text}`, "green");
    await this.closeBooks();
  }

  // ------------------------------------------------------------------ reports

  /**
   * Scores of the operator whose endpoint is stopped.
   * @param {BlockState} state
   * @returns {Scores}
   */
  #scores({ block, operators }) {
    const emil = operators.find(({ name }) => name === "Emil");
    if (!emil) throw new Error(`Emil is no operator in block ${block}`);
    return [emil.score, emil.reliability, emil.performance.score];
  }

  /**
   * @override
   * @param {ChainEvent} event
   * @param {BlockState} state
   */
  reportEvent(event, state) {
    super.reportEvent(event, state);
    const { block, section, method, data } = event;
    const name = `${section}.${method}`;
    const report = (/** @type {string} */ text, /** @type {string} */ color) =>
      this.reporter.event(`block ${block}: ${text}`, color);
    if (name === "sla.Breached") {
      const service = this.observer.nameOf(targetOf(data));
      if (!service) return;
      const { severity, kind, indexBefore, indexAfter } = breachOf(event);
      const index = `${formatPercent(indexBefore)} -> ${formatPercent(indexAfter)}`;
      const breach = `${severity} breach of ${service} (${kind})`;
      report(`${breach}: credit index ${index} of a window's price`, "magenta");
      for (const { tenant, owed, credited } of state.agreements) {
        report(`${tenant} is credited ${sure(owed + credited)} SURE so far`, "green");
      }
    }
    if (name === "operators.BondSlashed" && this.observer.nameOf(targetOf(data))) {
      const [credit, penalty] = [sure(data.credit), sure(data.penalty)];
      report(`bond slashed by ${credit} for the tenants and ${penalty} for the treasury`, "red");
    }
    if (name === "sla.CreditPaid") {
      const id = data.agreement.toNumber();
      const tenant = state.agreements.find((agreement) => agreement.id === id)?.tenant;
      report(`${sure(data.amount)} SURE of credit paid to ${tenant ?? `agreement ${id}`}`, "green");
    }
  }
}

// SPDX-License-Identifier: Apache-2.0
// The lease scenario, the compute market: an order, three bids, a match, a lease that is probed and
// paid, an operator that fails, another one that takes over, a credit, an exact end, and the
// ratings of both sides. The demo shows it (`SCENE=compute`), the tests assert it.

import { formatPercent, sure, UNIT } from "../chain/amounts.mjs";
import { account } from "../chain/api.mjs";
import { batch, call, eventOf, RefusedCall, send } from "../chain/calls.mjs";
import { breachOf, targetOf } from "../chain/shapes.mjs";
import { Agent } from "../endpoints/agent.mjs";
import { BOND, listService, PAID_ROUNDS, register } from "./listing.mjs";
import { BIDS, CAPACITY, FAILOVER_PRICE, MAX_PRICE, orderAt, ROUNDS } from "./order.mjs";
import { Scenario } from "./scenario.mjs";

/** @import { Account, Codec } from "../chain/api.mjs" */
/** @import { BlockState } from "../chain/observer.mjs" */
/** @import { ChainEvent } from "../chain/shapes.mjs" */
/** @import { Fixture } from "../fixture.mjs" */
/** @import { Reporter } from "./scenario.mjs" */

/** Titles of the steps. */
export const STEPS = [
  "Start four validators and the agents of three operators",
  "Three operators register with a bond and declare their machines",
  "The validators probe the agents: all are up",
  "Tara orders compute; three operators bid",
  "The deadline: the best bid becomes a lease",
  "Its operator starts it and reports ready",
  "A new window begins: from now on its terms count",
  "The machine dies: verdicts turn down, the lease is unhealthy",
  "Failover: the second bid takes over at up to Tara's failover price, out of the same escrow",
  "Tara is credited out of the first operator's bond",
  "The lease runs to its exact end",
  "Tenant and operator rate each other",
];

/**
 * A lease as it was awarded; the agreement and the last round from when it is ready.
 * @typedef {{ id: number, operator: string, agreement: number, lastRound: number }} AwardedLease
 */

/**
 * Amounts in planck.
 * @typedef {object} LeaseResults
 * @property {number} order
 * @property {bigint} deposit
 * @property {number} matchedAt - block
 * @property {AwardedLease[]} leases - in the order of the awards
 * @property {number} outageWindow
 * @property {{ round: number, code: number }} unhealthy - end of the first lease
 * @property {bigint} credited
 * @property {{ code: number, paid: bigint, refunded: bigint }} end - of the last lease
 * @property {{ by: string, of: string, stars: number }[]} ratings
 */

/**
 * Name of the service of an operator's agent.
 * @param {string} operator
 * @returns {string}
 */
export const agentOf = (operator) => `${operator}'s agent`;

/**
 * Name of a lease on the watchlist.
 * @param {number} id
 * @returns {string}
 */
export const leaseName = (id) => `lease ${id}`;

/** The lease scenario. */
export class LeaseScenario extends Scenario {
  results = /** @type {LeaseResults} */ (
    /** @type {Partial<LeaseResults>} */ ({ leases: [], ratings: [] })
  );
  /** @type {Record<string, Agent>} */
  #agents = {};

  /**
   * @param {Fixture} fixture
   * @param {Reporter} [reporter]
   */
  constructor(fixture, reporter) {
    const operators = Object.keys(BIDS).map((name) => [name, BOND + 20n * UNIT]);
    super(fixture, Object.fromEntries([...operators, ["Tara", 50n * UNIT]]), reporter);
  }

  /**
   * @override
   * @returns {Account}
   */
  get funder() {
    return account("//Ferdie");
  }

  /**
   * Run all steps from 1 on.
   * @returns {Promise<LeaseResults>}
   */
  async run() {
    await this.runSteps([
      () => this.#operatorsRegister(),
      () => this.#agentsAreUp(),
      () => this.#orderAndBids(),
      () => this.#match(),
      () => this.#ready(),
      () => this.#windowBegins(),
      () => this.#machineDies(),
      () => this.#failover(),
      () => this.#credited(),
      () => this.#exactEnd(),
      () => this.#ratings(),
    ]);
    return this.results;
  }

  // ------------------------------------------------------------------ steps

  /** Fund all accounts, start the agents, and let the operators list and declare them. */
  async #operatorsRegister() {
    const { api, watchlist } = this;
    await this.fund();
    const start = async (/** @type {string} */ name) => {
      const agent = await Agent.start(this.fixture.processes, `agent-${name.toLowerCase()}`);
      const who = this.accounts[name];
      const listing = { kind: "Compute", endpoint: agent.url, price: BIDS[name] };
      const calls = [register(api, name), listService(api, listing)];
      const { events } = await send(api, who, batch(api, calls));
      const service = eventOf(events, "operators", "ServiceListed").service.toNumber();
      const capacity = { service, total: CAPACITY };
      await send(api, who, call(api, "computeOrders", "declareCapacity", capacity));
      this.#agents[name] = agent;
      watchlist.operators[name] = who;
      watchlist.services[agentOf(name)] = service;
      const machines = `${CAPACITY.cpuMilli / 1000} CPUs and a GPU behind ${agent.url}`;
      this.reporter.event(`${name} bonds ${sure(BOND, 0)} SURE and declares ${machines}`);
    };
    await Promise.all(Object.keys(BIDS).map(start));
  }

  /** Wait until the agents are up. */
  async #agentsAreUp() {
    await this.untilUp("all agents are up", 3);
    this.reporter.event("the validators found all three agents up", "green");
  }

  /** Let the tenant place the order, and the operators their bids. */
  async #orderAndBids() {
    const { api } = this;
    const order = orderAt(await this.best(), this.observer.latest);
    const { deposit } = order;
    const place = call(api, "computeOrders", "placeOrder", { order });
    const { events } = await send(api, this.accounts.Tara, place);
    const id = eventOf(events, "computeOrders", "OrderPlaced").order.toNumber();
    Object.assign(this.results, { order: id, deposit });
    this.watchlist.orders.push(id);
    const [max, replacement] = [sure(MAX_PRICE), sure(FAILOVER_PRICE)];
    const prices = `up to ${max} SURE a block, a replacement at up to ${replacement}`;
    this.reporter.event(`Tara orders 2 CPUs and a GPU for ${ROUNDS} rounds at ${prices}`);
    await Promise.all(Object.entries(BIDS).map((bid) => this.#bid(id, bid)));
    const areThere = (/** @type {BlockState} */ { orders: [its] }) => its?.bids === 3;
    await this.until("three bids stand", areThere, 60_000);
  }

  /**
   * Place a bid.
   * @param {number} order
   * @param {[string, bigint]} bid - operator, planck per block
   */
  async #bid(order, [name, price]) {
    const { api } = this;
    const service = this.watchlist.services[agentOf(name)];
    const bid = { order, service, price, replicas: 1, foreignTerms: true };
    await send(api, this.accounts[name], call(api, "computeOrders", "placeBid", bid));
    this.reporter.event(`${name} bids ${sure(price)} SURE a block and accepts her terms`);
  }

  /** Wait for the award to the best bid. */
  async #match() {
    const { order } = this.results;
    const isIts = (/** @type {Codec} */ data) => data.order.toNumber() === order;
    const { data, block } = await this.untilEvent("computeOrders", "LeaseAwarded", isIts);
    this.#awarded(data);
    this.results.matchedAt = block;
  }

  /** Start the lease, and wait until it is up. */
  async #ready() {
    await this.#start();
    await this.#untilLeaseUp("the lease is up");
  }

  /** Wait until the lease has paid enough, and a window begins. */
  async #windowBegins() {
    const readyIn = this.#lease().lastRound - ROUNDS;
    this.results.outageWindow = await this.windowAfter(readyIn + PAID_ROUNDS);
  }

  /** Kill the agent, and wait until the lease ends. */
  async #machineDies() {
    const { operator, id } = this.#lease();
    await this.#agents[operator].kill();
    this.reporter.event(`${operator}'s machine is dead`, "red");
    const isIts = (/** @type {Codec} */ data) => data.lease.toNumber() === id;
    const { data } = await this.untilEvent("computeOrders", "LeaseEnding", isIts, 180_000);
    this.results.unhealthy = { round: data.round.toNumber(), code: data.code.toNumber() };
    const { round, code } = this.results.unhealthy;
    this.reporter.event(`lease ${id} is unhealthy after round ${round} (code ${code})`, "red");
  }

  /** Wait for the award to the second bid, and start that lease. */
  async #failover() {
    const failed = this.#lease();
    const { order } = this.results;
    const isNext = (/** @type {Codec} */ data) =>
      data.order.toNumber() === order && data.lease.toNumber() > failed.id;
    const { data } = await this.untilEvent("computeOrders", "LeaseAwarded", isNext);
    this.#awarded(data);
    await this.#start();
    await this.#untilLeaseUp("the new lease is up");
  }

  /** Wait until the credit of the first lease is paid. */
  async #credited() {
    const { api } = this;
    const { agreement } = this.results.leases[0];
    const isIts = (/** @type {Codec} */ data) => data.agreement.toNumber() === agreement;
    const { data } = await this.untilEvent("sla", "AgreementClosed", isIts);
    // The credit was paid when the agreement was closed, and the agreement is gone.
    const settle = call(api, "sla", "settle", { agreement });
    await send(api, this.accounts.Tara, settle).catch((error) => {
      const isGone = error instanceof RefusedCall && error.error === "sla.UnknownAgreement";
      if (!isGone) throw error;
    });
    this.results.credited = data.credited.toBigInt();
    const amount = sure(this.results.credited);
    this.reporter.event(`Tara was credited ${amount} SURE for the outage`, "green");
  }

  /** Wait until the second lease ends. */
  async #exactEnd() {
    const { id, lastRound, operator } = this.#lease();
    const stopNotes = this.observer.onBlock(({ round }) =>
      this.note(`${Math.max(0, lastRound - round)} rounds left`),
    );
    const isIts = (/** @type {Codec} */ data) => data.lease.toNumber() === id;
    const { data } = await this.untilEvent("computeOrders", "LeaseClosed", isIts, 700_000);
    stopNotes();
    const [code, paid, refunded] = [data.code.toNumber(), data.paid, data.refunded];
    this.results.end = { code, paid: paid.toBigInt(), refunded: refunded.toBigInt() };
    const blocks = this.results.end.paid / BIDS[operator];
    const text = `${blocks} blocks paid, ${sure(refunded)} SURE back`;
    this.reporter.event(`lease ${id} is over (code ${code}): ${text}`, "green");
  }

  /** Let tenant and operator rate each other. */
  async #ratings() {
    const { api } = this;
    const { agreement, operator } = this.#lease();
    const ratings = [
      { by: "Tara", stars: 5 },
      { by: operator, stars: 4 },
    ];
    for (const { by, stars } of ratings) {
      const rate = call(api, "reputation", "rate", { agreement, stars });
      const { events } = await send(api, this.accounts[by], rate);
      const rated = eventOf(events, "reputation", "Rated");
      this.results.ratings.push({ by, of: this.nameOf(rated.account), stars });
      this.reporter.event(`${by} gives ${"★".repeat(stars)}`, "green");
    }
    const areFinal = () => {
      const { events } = this.observer;
      return events.filter((e) => e.section === "reputation" && e.method === "Rated").length >= 2;
    };
    await this.until("both ratings are final", areFinal, 60_000);
    await this.closeBooks();
  }

  // ------------------------------------------------------------------ leases

  /**
   * The last lease that was awarded.
   * @returns {AwardedLease}
   */
  #lease() {
    const { leases } = this.results;
    return leases[leases.length - 1];
  }

  /**
   * Observe a lease that was awarded.
   * @param {Codec} data - of the event
   */
  #awarded(data) {
    const id = data.lease.toNumber();
    const operator = this.nameOf(data.operator);
    this.results.leases.push({ id, operator, agreement: -1, lastRound: -1 });
    this.watchlist.leases[leaseName(id)] = id;
    this.reporter.event(`lease ${id} is awarded to ${operator}`, "magenta");
  }

  /** Let the operator of the last lease start it and report ready. */
  async #start() {
    const { api } = this;
    const lease = this.#lease();
    const { id, operator } = lease;
    const agent = this.#agents[operator];
    await agent.run(id);
    const report = {
      lease: id,
      health: agent.health(id),
      access: `http://${operator.toLowerCase()}.example.org:8080`,
      foreignTerms: true,
    };
    const reportReady = call(api, "computeOrders", "reportReady", report);
    const { events } = await send(api, this.accounts[operator], reportReady);
    const ready = eventOf(events, "computeOrders", "LeaseReady");
    lease.agreement = ready.agreement.toNumber();
    lease.lastRound = ready.lastRound.toNumber();
    const agreement = { id: lease.agreement, tenant: "Tara", service: leaseName(id) };
    this.watchlist.agreements.push(agreement);
    const text = `reports lease ${id} ready: it runs through round ${lease.lastRound}`;
    this.reporter.event(`${operator} ${text}`, "green");
  }

  /**
   * Wait until the last lease is up.
   * @param {string} what - the condition, as error messages name it
   */
  async #untilLeaseUp(what) {
    const name = leaseName(this.#lease().id);
    await this.until(what, (state) => this.verdict(state, name) === "up", 120_000);
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
    const name = `${section}.${method}`;
    if (name === "sla.Breached") {
      const target = targetOf(data);
      const lease = this.results.leases.find(({ id }) => "lease" in target && target.lease === id);
      if (!lease) return;
      const { severity, indexBefore, indexAfter, credited } = breachOf(event);
      const index = `${formatPercent(indexBefore)} -> ${formatPercent(indexAfter)}`;
      const credit = `${sure(credited)} SURE out of ${lease.operator}'s bond`;
      const breach = `${severity} breach of lease ${lease.id}`;
      const text = `${breach}: credit index ${index} of a window's price, ${credit}`;
      this.reporter.event(`block ${block}: ${text}`, "magenta");
    }
    if (name === "computeOrders.PenaltyPaid") {
      const text = `${this.nameOf(data.operator)} pays ${sure(data.amount)} SURE`;
      this.reporter.event(`block ${block}: ${text} for failing lease ${data.lease}`, "red");
    }
  }
}

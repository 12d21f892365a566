// SPDX-License-Identifier: Apache-2.0
// The provider scenario: two operators whose agents run containers on machines of their own, a
// compose file that becomes an order and a page, and everything that may die on the way: the
// container, the agent, the machine. The demo shows it (`SCENE=provider`), the tests assert it.

import { formatPercent, MILLI, sure, UNIT } from "../chain/amounts.mjs";
import { account } from "../chain/api.mjs";
import { call, send } from "../chain/calls.mjs";
import { breachOf, targetOf } from "../chain/shapes.mjs";
import { Failures } from "../provider/failures.mjs";
import { Inference } from "../provider/inference.mjs";
import { OrderLeases } from "../provider/leases.mjs";
import { Operators, proxyOf } from "../provider/operators.mjs";
import { composeFile, PORT, secretWord } from "../provider/order.mjs";
import { readPage } from "../provider/page.mjs";
import { whyNoMachines } from "../provider/requirements.mjs";
import { Tenant } from "../provider/tenant.mjs";
import { VpnExit } from "../provider/vpn.mjs";
import { waitFor } from "../system/wait.mjs";
import { BOND, PAID_ROUNDS } from "./listing.mjs";
import { Scenario } from "./scenario.mjs";

/** @import { Codec } from "../chain/api.mjs" */
/** @import { BlockState } from "../chain/observer.mjs" */
/** @import { ChainEvent } from "../chain/shapes.mjs" */
/** @import { Fixture } from "../fixture.mjs" */
/** @import { Lease } from "../provider/leases.mjs" */
/** @import { AgentStatus, ProviderProcess } from "../provider/process.mjs" */
/** @import { Reporter } from "./scenario.mjs" */

/** Titles of the steps. */
export const STEPS = [
  "Start four validators",
  "Two operators start a machine each: an engine, and an agent with a proxy's key",
  "The agents declare what their machines have; they, a model and a VPN are found up",
  "A compose file becomes an order; both agents bid and say why",
  "Ida opens an agreement on Piet's model: a chat streams through it",
  "Vera opens one on Piet's VPN: her packets leave at his address",
  "The best bid becomes a lease: its agent fetches nginx, gets the private part and starts it",
  "Tova reads her page, and the log of her container",
  "The container is killed: it is started again",
  "The agent is stopped and started: the lease stays, and the page is served all the time",
  "A new window begins: from now on the terms count",
  "Model and exit die behind a live agent, and the other machine with all that is on it",
  "The second operator takes over, with the private part and the same page",
  "Tova is credited out of the first operator's bond",
  "Tova closes the lease: container and data are gone, and Ida has her credit",
];

/**
 * Price of a CPU at each operator, in SURE per hour. They are so far apart that Piet's lowest price
 * is above Pia's highest one.
 * @type {Record<string, number>}
 */
const OPERATORS = { Pia: 60, Piet: 80 };
const TENANT = "Tova";
/** Operator that sells a model and a VPN too, and their tenants. */
const HOST = "Piet";
const READER = "Ida";
const TRAVELLER = "Vera";
/** In planck. */
const OPERATOR_FUNDS = BOND + 20n * UNIT;
const PROXY_FUNDS = 5n * UNIT;
const TENANT_FUNDS = 60n * UNIT;
/** In planck per block. */
const MAX_PRICE = 20n * MILLI;
/** Duration of the order in minutes. */
const MINUTES = 25;

/**
 * Amounts in planck.
 * @typedef {object} ProviderResults
 * @property {string} word - that the private part has
 * @property {string} shown - to the tenant before the order was submitted
 * @property {number} order
 * @property {Record<string, AgentStatus["bids"][number]>} bids - by operator
 * @property {Lease[]} leases - in the order of the awards
 * @property {number} secondsToReady - from the award of the first lease, in blocks of the chain
 * @property {string} log - of the first container, as its tenant reads it
 * @property {bigint} credited
 * @property {{ code: number, containers: number, files: string[] }} closed
 */

/** The provider scenario. */
export class ProviderScenario extends Scenario {
  leases = new OrderLeases(this, TENANT);
  results = /** @type {ProviderResults} */ (
    /** @type {Partial<ProviderResults>} */ ({
      bids: {},
      leases: this.leases.all,
      word: secretWord(),
    })
  );
  operators = new Operators(this, OPERATORS);
  failures = new Failures(this, this.operators, this.leases);
  inference = new Inference(this, this.operators.machines[HOST], {
    name: `${HOST}'s model`,
    tenant: READER,
  });
  vpn = new VpnExit(this, this.operators.machines[HOST], {
    name: `${HOST}'s VPN`,
    tenant: TRAVELLER,
  });
  /** @type {Tenant} */
  tenant;

  /**
   * @param {Fixture} fixture
   * @param {Reporter} [reporter]
   */
  constructor(fixture, reporter) {
    const operators = Object.keys(OPERATORS).flatMap((name) => [
      [name, OPERATOR_FUNDS],
      [proxyOf(name), PROXY_FUNDS],
    ]);
    const tenants = [TENANT, READER, TRAVELLER].map((name) => [name, TENANT_FUNDS]);
    super(fixture, Object.fromEntries([...operators, ...tenants]), reporter);
  }

  /** @override */
  get funder() {
    return account("//Dave");
  }

  /** @override */
  get proofs() {
    return this.operators.machines[HOST].outside;
  }

  /**
   * Reason why the scenario cannot run here.
   * @returns {string | undefined} undefined if it can
   */
  static whyNot() {
    return whyNoMachines();
  }

  /**
   * Run all steps from 1 on.
   * @returns {Promise<ProviderResults>}
   */
  async run() {
    await this.runSteps([
      () => this.#operatorsStart(),
      () => this.operators.up(),
      () => this.#orderAndBids(),
      () => this.inference.chats(),
      () => this.vpn.connects(),
      () => this.#ready(),
      () => this.#pageIsServed(),
      () => this.failures.containerIsKilled(),
      () => this.failures.agentRestarts(),
      () => this.#windowBegins(),
      () => this.#allDie(),
      () => this.#failover(),
      () => this.#credited(),
      () => this.#closes(),
    ]);
    return this.results;
  }

  /** @override */
  async stop() {
    await this.vpn.stop();
    await this.operators.stop();
    await super.stop();
  }

  // ------------------------------------------------------------------ steps

  /** Fund all accounts, start the machines, and let the operators list. */
  async #operatorsStart() {
    await Promise.all([this.operators.boot(), this.fund()]);
    await this.inference.start();
    await this.operators.start([
      {
        operator: HOST,
        listing: () => this.inference.listing(),
        config: (id) => ({ inference: this.inference.config(id) }),
      },
      {
        operator: HOST,
        config: () => ({ vpn: this.vpn.config() }),
        list: (agent) => this.vpn.list(agent, HOST),
      },
    ]);
  }

  /** Let the tenant place the order of a compose file, and wait for both bids. */
  async #orderAndBids() {
    const { word } = this.results;
    const compose = composeFile({
      image: this.operators.registry.pinned,
      word,
      maxPrice: MAX_PRICE,
      failoverPrice: MAX_PRICE,
      minutes: MINUTES,
    });
    this.tenant = new Tenant(this.fixture, TENANT);
    this.results.shown = await this.tenant.order(compose);
    const isHers = (/** @type {Codec} */ { tenant }) =>
      tenant.toString() === this.accounts[TENANT].address;
    const { data } = await this.untilEvent("computeOrders", "OrderPlaced", isHers);
    const order = data.order.toNumber();
    this.results.order = order;
    this.watchlist.orders.push(order);
    this.reporter.event(`${TENANT} orders nginx at up to ${sure(MAX_PRICE)} SURE a block`);
    this.tenant.startCourier();
    const bid = async (/** @type {[string, ProviderProcess]} */ [name, agent]) => {
      const standing = async () => (await agent.status()).bids.find((its) => its.order === order);
      const its = await waitFor(
        `${name} bids`,
        async () => {
          const found = await standing();
          return found?.price ? found : undefined;
        },
        { abort: this.#abort },
      );
      this.results.bids[name] = its;
      this.reporter.event(`${name} bids ${sure(its.price)} SURE: ${its.why}`);
    };
    await Promise.all(Object.entries(this.operators.agents).map(bid));
    const areThere = (/** @type {BlockState} */ { orders: [its] }) => its?.bids === 2;
    await this.until("two bids stand", areThere, 60_000);
  }

  /** Wait until the lease is ready and up. */
  async #ready() {
    await this.leases.untilAwarded(this.results.order);
    await this.leases.untilReady(PORT);
    const { operator, awarded, ready } = this.leases.last;
    const seconds = ((ready - awarded) * this.observer.latest.slotMs) / 1_000;
    this.results.secondsToReady = seconds;
    this.reporter.event(`${operator}'s agent reports ready, ${seconds} s after the award`, "green");
  }

  /** Read the page. */
  async #pageIsServed() {
    const lease = this.leases.last;
    lease.page = await readPage(lease.url, this.#abort);
    this.results.log = await this.tenant.logs(lease.id);
    this.reporter.event(
      `${lease.url} serves ${TENANT}'s page, and her log shows the visit`,
      "green",
    );
  }

  /** Wait until the lease has paid enough, and a window begins. */
  async #windowBegins() {
    const { round, roundBlocks } = this.observer.latest;
    const ready = Math.floor(this.leases.last.ready / roundBlocks);
    await this.windowAfter(Math.max(round, ready + PAID_ROUNDS));
  }

  /** Lose everything but the agent that is to take over, and wait until all of it is found. */
  async #allDie() {
    await Promise.all([
      this.inference.dies(),
      this.vpn.unplugged(this.operators.agents[HOST]),
      this.failures.machineDies(),
    ]);
  }

  /** Wait until the second operator serves the page. */
  async #failover() {
    await this.leases.untilAwarded(this.results.order);
    await this.leases.untilReady(PORT);
    const lease = this.leases.last;
    lease.page = await readPage(lease.url, this.#abort);
    this.reporter.event(`${lease.operator} serves the same page at ${lease.url}`, "green");
  }

  /** Wait until the credit of the first lease is paid. */
  async #credited() {
    const { agreement } = this.leases.all[0];
    const isIts = (/** @type {Codec} */ data) => data.agreement.toNumber() === agreement;
    const { data } = await this.untilEvent("sla", "AgreementClosed", isIts, 240_000);
    this.results.credited = data.credited.toBigInt();
    const amount = sure(this.results.credited);
    this.reporter.event(`${TENANT} was credited ${amount} SURE for the outage`, "green");
  }

  /** Let the tenant close the lease, and wait until nothing is left of it. */
  async #closes() {
    const { api } = this;
    const { id, operator } = this.leases.last;
    const close = call(api, "computeOrders", "closeLease", { lease: id, atOnce: false });
    await send(api, this.accounts[TENANT], close);
    const isIts = (/** @type {Codec} */ data) => data.lease.toNumber() === id;
    const { data } = await this.untilEvent("computeOrders", "LeaseClosed", isIts, 180_000);
    const machine = this.operators.machines[operator];
    const containers = async () => (await machine.engine.containers()).length;
    await waitFor("the container is gone", async () => (await containers()) === 0, {
      timeout: 120_000,
      abort: this.#abort,
    });
    await this.tenant.stop();
    const mounts = await machine.run(`mounts-of-${operator}`, "mount", []);
    this.results.closed = {
      code: data.code.toNumber(),
      containers: await containers(),
      files: mounts.split("\n").filter((line) => line.includes("/disk")),
    };
    this.reporter.event(`the lease is over, and nothing of it is left at ${operator}`, "green");
    await this.inference.credited();
    await this.closeBooks();
  }

  #abort = () => this.fixture.failure();

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
      const service = this.observer.nameOf(targetOf(data));
      if (!service) return;
      const { severity, indexBefore, indexAfter, credited } = breachOf(event);
      const index = `${formatPercent(indexBefore)} -> ${formatPercent(indexAfter)}`;
      const text = `${severity} breach of ${service}: credit index ${index}, ${sure(credited)} SURE`;
      this.reporter.event(`block ${block}: ${text}`, "magenta");
    }
    if (name === "computeOrders.PenaltyPaid") {
      const text = `${this.nameOf(data.operator)} pays ${sure(data.amount)} SURE`;
      this.reporter.event(`block ${block}: ${text} for failing lease ${data.lease}`, "red");
    }
  }
}

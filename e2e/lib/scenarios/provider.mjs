// SPDX-License-Identifier: Apache-2.0
// The provider scenario: two operators whose agents run containers on machines of their own, a
// compose file that becomes an order and a page, and everything that may die on the way: the
// container, the agent, the machine. The demo shows it (`SCENE=provider`), the tests assert it.

import { formatPercent, MILLI, sure, UNIT } from "../chain/amounts.mjs";
import { account } from "../chain/api.mjs";
import { batch, call, fieldsOf, send } from "../chain/calls.mjs";
import { breachOf, targetOf } from "../chain/shapes.mjs";
import { addProxy } from "../gateway/edge.mjs";
import { Inference } from "../provider/inference.mjs";
import { OrderLeases } from "../provider/leases.mjs";
import { Machine } from "../provider/machine.mjs";
import { freeLink } from "../provider/namespace.mjs";
import { composeFile, PORT, REGION, secretWord } from "../provider/order.mjs";
import { PageReader, readPage } from "../provider/page.mjs";
import { ProviderProcess, publicUrl } from "../provider/process.mjs";
import { Registry } from "../provider/registry.mjs";
import { whyNoMachines } from "../provider/requirements.mjs";
import { Tenant } from "../provider/tenant.mjs";
import { VpnExit } from "../provider/vpn.mjs";
import { sleep, waitFor } from "../system/wait.mjs";
import { agentOf } from "./lease.mjs";
import { BOND, listService, PAID_ROUNDS, register } from "./listing.mjs";
import { Scenario } from "./scenario.mjs";

/** @import { Codec } from "../chain/api.mjs" */
/** @import { BlockState } from "../chain/observer.mjs" */
/** @import { ChainEvent } from "../chain/shapes.mjs" */
/** @import { Fixture } from "../fixture.mjs" */
/** @import { Container } from "../provider/engine.mjs" */
/** @import { Lease } from "../provider/leases.mjs" */
/** @import { AgentStatus } from "../provider/process.mjs" */
/** @import { Reporter } from "./scenario.mjs" */

/** Titles of the steps. */
export const STEPS = [
  "Start four validators",
  "Two operators start a machine each: an engine, and an agent with a proxy's key",
  "The agents declare what their machines have; they, a model and a VPN are found up",
  "A compose file becomes an order; both agents bid and say why",
  "The best bid becomes a lease: its agent fetches nginx, gets the private part and starts it",
  "Tova reads her page, and the log of her container",
  "Ida opens an agreement on Piet's model: a chat streams through it",
  "The container is killed: it is started again, and the lease stays",
  "The agent is stopped and started: the lease stays, and the page is served all the time",
  "A new window begins: from now on the terms count",
  "The model's server dies behind a live agent: verdicts turn down, breach and credit",
  "The machine dies, agent and engine: verdicts turn down, the lease is unhealthy",
  "The second operator takes over, with the private part and the same page",
  "Tova is credited out of the first operator's bond",
  "Tova closes the lease: container and data are gone, and Ida has her credit",
  "Vera buys Piet's VPN: her packets leave at his address",
  "The exit is unplugged behind a live agent: found within two rounds",
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
/** Time in ms for which the agent is away. */
const AWAY_MS = 2_000;

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
 * @property {{ before: Container, after: Container, page: string }} killed
 * @property {{ before: Container, after: Container, failed: string[], reads: number }} restarted
 * @property {{ code: number }} unhealthy - end of the first lease
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
  /** @type {Record<string, Machine>} */
  machines = {};
  /** @type {Record<string, ProviderProcess>} */
  agents = {};
  /** @type {Registry} */
  registry;
  /** @type {Tenant} */
  tenant;
  /** @type {Inference} */
  inference;
  /** @type {VpnExit} */
  vpn;
  /** Link of the machine with the exit, whose end here is known before validators start. */
  #exitLink = freeLink();

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
    return account("//Bob");
  }

  /** @override */
  get proofs() {
    return this.#exitLink.near;
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
      () => this.#agentsAreUp(),
      () => this.#orderAndBids(),
      () => this.#ready(),
      () => this.#pageIsServed(),
      () => this.inference.chats(),
      () => this.#containerIsKilled(),
      () => this.#agentRestarts(),
      () => this.#windowBegins(),
      () => this.inference.dies(),
      () => this.#machineDies(),
      () => this.#failover(),
      () => this.#credited(),
      () => this.#closes(),
      () => this.vpn.connects(),
      () => this.#exitIsUnplugged(),
    ]);
    return this.results;
  }

  /** @override */
  async stop() {
    await this.vpn?.stop();
    await Promise.all(Object.values(this.machines).map((machine) => machine.kill()));
    await super.stop();
  }

  // ------------------------------------------------------------------ steps

  /** Fund all accounts, start registry and machines, and let the operators list. */
  async #operatorsStart() {
    const { processes } = this.fixture;
    const [registry] = await Promise.all([Registry.start(processes), this.fund()]);
    this.registry = registry;
    this.reporter.event(`a registry has ${registry.pinned}`);
    for (const name of Object.keys(OPERATORS)) {
      const link = name === HOST ? this.#exitLink : undefined;
      this.machines[name] = new Machine(processes, `machine-of-${name.toLowerCase()}`, link);
      await this.machines[name].start(registry);
    }
    const names = { name: `${HOST}'s model`, tenant: READER };
    this.inference = new Inference(this, this.machines[HOST], names);
    await this.inference.start();
    this.vpn = new VpnExit(this, this.machines[HOST], {
      name: `${HOST}'s VPN`,
      tenant: TRAVELLER,
    });
    await Promise.all(Object.keys(OPERATORS).map((name) => this.#operatorStarts(name)));
  }

  /**
   * Start the agent of an operator, and list its service.
   * @param {string} name
   */
  async #operatorStarts(name) {
    const { api, accounts, watchlist, registry } = this;
    const machine = this.machines[name];
    const { validators } = this.fixture.network;
    const nodes = validators.slice(0, 2).map(({ http }) => Number(new URL(http).port));
    for (const port of nodes) await machine.reach(port);
    const proxy = addProxy(api, accounts[proxyOf(name)].address, "Operate");
    const endpoint = publicUrl(machine);
    const compute = listService(api, { kind: "Compute", endpoint, region: REGION });
    const models = name === HOST ? [this.inference.listing()] : [];
    const calls = batch(api, [register(api, name), proxy, compute, ...models]);
    const { events } = await send(api, accounts[name], calls);
    watchlist.operators[name] = accounts[name];
    const [own, model] = events
      .filter(({ method }) => method === "ServiceListed")
      .map((event) => fieldsOf(event).service.toNumber());
    watchlist.services[agentOf(name)] = own;
    const agent = new ProviderProcess(machine, {
      operator: accounts[name].address,
      key: `//${proxyOf(name)}`,
      nodes,
      registry,
      config: {
        bid: { cpu: `${OPERATORS[name]}` },
        inference: model === undefined ? undefined : this.inference.config(model),
        vpn: name === HOST ? this.vpn.config() : undefined,
      },
    });
    this.agents[name] = agent;
    await agent.start();
    if (name === HOST) await this.vpn.list(agent, name);
    this.reporter.event(`${name} bonds ${sure(BOND, 0)} SURE; the agent is at ${agent.url}`);
  }

  /** Wait until the agents have declared their capacity and are up. */
  async #agentsAreUp() {
    await this.untilUp("agents, model and VPN are up", Object.keys(this.watchlist.services).length);
    for (const [name, agent] of Object.entries(this.agents)) {
      const declared = async () =>
        (await agent.status()).services.map(({ total }) => total.cpuMilli).find(Boolean);
      const cpus = await waitFor(`${name} has declared its capacity`, declared, {
        abort: this.#abort,
      });
      this.reporter.event(`${name} is up, and declares ${cpus / 1000} CPUs`, "green");
    }
  }

  /** Let the tenant place the order of a compose file, and wait for both bids. */
  async #orderAndBids() {
    const { word } = this.results;
    const compose = composeFile({
      image: this.registry.pinned,
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
    await Promise.all(Object.entries(this.agents).map(bid));
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

  /** Kill the container, and wait until it serves again. */
  async #containerIsKilled() {
    const { url, operator } = this.leases.last;
    const { engine } = this.machines[operator];
    const before = await engine.onlyContainer();
    await engine.kill(before.id);
    this.reporter.event(`the container ${before.id.slice(0, 12)} is killed`, "red");
    const after = await waitFor(
      "the container is started again",
      async () => {
        const its = await engine.onlyContainer();
        return its.startedAt !== before.startedAt && its;
      },
      { timeout: 90_000, abort: this.#abort },
    );
    this.results.killed = { before, after, page: await readPage(url, this.#abort) };
    this.reporter.event("the agent has started it again, and it serves the page", "green");
    await this.#roundPasses();
  }

  /** Stop the agent for a while and start it again, and read the page all the time. */
  async #agentRestarts() {
    const { id, url, operator } = this.leases.last;
    const agent = this.agents[operator];
    const { engine } = this.machines[operator];
    const before = await engine.onlyContainer();
    const reading = new PageReader(url);
    // Between the probes of two rounds.
    await this.blockOfRound(this.observer.latest.roundBlocks - 1);
    await agent.stop();
    this.reporter.event(`the agent of ${operator} is stopped`, "red");
    await sleep(AWAY_MS);
    await agent.start();
    await waitFor(
      "the agent knows the lease",
      async () => (await agent.health(id))?.state === "running",
      { abort: this.#abort },
    );
    this.reporter.event("the agent is back, and knows the lease", "green");
    await this.#roundPasses();
    await reading.stop();
    const { reads, failed } = reading;
    const after = await engine.onlyContainer();
    this.results.restarted = { before, after, reads, failed };
    this.reporter.event(`the page was served ${reads} times, ${failed.length} reads failed`);
  }

  /** Wait until the lease has paid enough, and a window begins. */
  async #windowBegins() {
    await this.windowAfter(this.observer.latest.round + PAID_ROUNDS);
  }

  /** Lose the machine, and wait until the lease ends. */
  async #machineDies() {
    const { operator, id } = this.leases.last;
    await this.machines[operator].kill();
    this.reporter.event(`${operator}'s machine is dead, with all that ran on it`, "red");
    const isIts = (/** @type {Codec} */ data) => data.lease.toNumber() === id;
    const { data } = await this.untilEvent("computeOrders", "LeaseEnding", isIts, 180_000);
    this.results.unhealthy = { code: data.code.toNumber() };
    const { code } = this.results.unhealthy;
    this.reporter.event(`lease ${id} is unhealthy (code ${code})`, "red");
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
    const machine = this.machines[operator];
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
  }

  /** Unplug the exit, and wait until it is found. */
  async #exitIsUnplugged() {
    await this.vpn.unplugged(this.agents[HOST]);
    await this.closeBooks();
  }

  #abort = () => this.fixture.failure();

  /** Wait until a whole round after this one is judged. */
  async #roundPasses() {
    const { round } = this.observer.latest;
    const isPast = (/** @type {BlockState} */ { judgedRound }) => judgedRound > round;
    await this.until("a round is judged", isPast, 120_000);
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

/**
 * Name of the account whose key an operator's agent has.
 * @param {string} operator
 * @returns {string}
 */
const proxyOf = (operator) => `${operator}//operate`;

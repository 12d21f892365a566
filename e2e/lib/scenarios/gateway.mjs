// SPDX-License-Identifier: Apache-2.0
// The gateway scenario: three operators behind edges, a gateway that buys from all of them, and a
// dApp at its one URL while one operator is killed, one lies and one slows down. The demo shows it,
// the tests assert it.

import { sure, UNIT } from "../chain/amounts.mjs";
import { account } from "../chain/api.mjs";
import { batch, call, send } from "../chain/calls.mjs";
import { breachOf, sameTarget, targetOf } from "../chain/shapes.mjs";
import { Backend } from "../endpoints/backend.mjs";
import { Dapp, trafficRows } from "../gateway/dapp.mjs";
import { addProxy, listBehindEdge } from "../gateway/edge.mjs";
import { GatewayProcess } from "../gateway/process.mjs";
import { sleep, waitFor } from "../system/wait.mjs";
import { BOND, PAID_ROUNDS } from "./listing.mjs";
import { Scenario } from "./scenario.mjs";

/** @import { BlockState, ObservedAgreement } from "../chain/observer.mjs" */
/** @import { ChainEvent } from "../chain/shapes.mjs" */
/** @import { Fixture } from "../fixture.mjs" */
/** @import { Traffic, TrafficRow } from "../gateway/dapp.mjs" */
/** @import { Reporter } from "./scenario.mjs" */

/** Titles of the steps. */
export const STEPS = [
  "Start four validators and the Ethereum nodes",
  "Three operators put edges before their servers and list them",
  "The validators probe through the edges: every service is up",
  "A gateway opens agreements with all three, as Dora's proxy",
  "A dApp reads and subscribes through the gateway's one URL",
  "A new window begins: from now on their units count",
  "Gus is killed: no request fails",
  "The allowance of Gus runs out: breach, slash and credit",
  "Gus is back, and gets traffic again",
  "Greta lies about the head: her head is never served",
  "Gino slows down: he gets little traffic",
  "The credit is paid, and usage lands on chain from both sides",
];

/**
 * Region of each operator. The gateway buys in these: other scenarios sell on the same network.
 * @type {Record<string, string>}
 */
const OPERATORS = { Gus: "SE", Greta: "NL", Gino: "FR" };
/** Networks that each operator serves, and the gateway after them. */
export const NETWORKS = ["ethereum", "surety"];
const TENANT = "Dora";
/** Proxies, whose keys the processes have instead of their owners'. */
const BUYER = `${TENANT}//buy`;
const REPORTER = `${TENANT}//report`;
/** In planck. */
const OPERATOR_FUNDS = BOND + 20n * UNIT;
const TENANT_FUNDS = 100n * UNIT;
const PROXY_FUNDS = 5n * UNIT;
/** Most that the gateway may spend, in SURE. */
const BUDGET = 60;
/** Weighted requests per second that the gateway buys for. */
const RATE = 20;
/** Time in ms of a fault, and at its beginning that is not counted. */
const FAULT_MS = 30_000;
const LEARNING_MS = 8_000;
/** Time in ms of traffic that the view shows. */
const SHOWN_MS = 10_000;

/** @typedef {{ from: number, traffic: Traffic }} Phase Traffic of a fault once it was noticed. */

/**
 * @typedef {object} GatewayResults
 * @property {Record<string, number>} services - ids by name
 * @property {Phase} killed
 * @property {Phase} returned
 * @property {Phase} lying
 * @property {Phase} slow
 * @property {number} breachBlock
 * @property {bigint} credited - to Dora for the breach of Gus
 * @property {ChainEvent[]} reported - statements that landed on chain
 */

/**
 * Name of the service of an operator on a network.
 * @param {string} operator
 * @param {string} network
 * @returns {string}
 */
export const serviceName = (operator, network) => `${operator}/${network}`;

/** The gateway scenario. */
export class GatewayScenario extends Scenario {
  results = /** @type {GatewayResults} */ ({});
  /** @type {Record<string, Backend>} */
  backends = {};
  /** @type {Record<string, GatewayProcess>} */
  edges = {};
  /** @type {GatewayProcess} */
  gateway;
  /** @type {Dapp | undefined} */
  dapp;

  /**
   * @param {Fixture} fixture
   * @param {Reporter} [reporter]
   */
  constructor(fixture, reporter) {
    const operators = Object.keys(OPERATORS).flatMap((name) => [
      [name, OPERATOR_FUNDS],
      [`${name}//report`, PROXY_FUNDS],
    ]);
    super(
      fixture,
      Object.fromEntries([
        ...operators,
        [TENANT, TENANT_FUNDS],
        [BUYER, PROXY_FUNDS],
        [REPORTER, PROXY_FUNDS],
      ]),
      reporter,
    );
  }

  /** @override */
  get funder() {
    return account("//Charlie");
  }

  /**
   * Run all steps from 1 on.
   * @returns {Promise<GatewayResults>}
   */
  async run() {
    await this.runSteps([
      () => this.#operatorsList(),
      () => this.#everythingIsUp(),
      () => this.#gatewayBuys(),
      () => this.#dappBegins(),
      () => this.#windowBegins(),
      () => this.#gusIsKilled(),
      () => this.#breach(),
      () => this.#gusReturns(),
      () => this.#gretaLies(),
      () => this.#ginoIsSlow(),
      () => this.#evidence(),
    ]);
    return this.results;
  }

  /** @override */
  async stop() {
    await this.dapp?.stop();
    await Promise.all(Object.values(this.backends).map((backend) => backend.stop()));
    await super.stop();
  }

  // ------------------------------------------------------------------ steps

  /** Fund all accounts, and let the operators list and start their edges. */
  async #operatorsList() {
    await this.fund();
    const { ethereum, network } = this.fixture;
    const start = async (/** @type {string} */ name, /** @type {number} */ i) => {
      const backend = await Backend.start(ethereum.anchors[i % 2].url);
      this.backends[name] = backend;
      await this.#list(name, { ethereum: backend.url, surety: network.validators[i + 1].http });
    };
    await Promise.all(Object.keys(OPERATORS).map(start));
    this.results.services = this.watchlist.services;
  }

  /**
   * List the services of an operator, and start the edge in front of them.
   * @param {string} name
   * @param {Record<string, string>} servers - URLs by network
   */
  async #list(name, servers) {
    const { api, watchlist, accounts, fixture } = this;
    const { edge, services } = await listBehindEdge(api, fixture.processes, {
      name,
      operator: accounts[name],
      reporter: `//${name}//report`,
      region: OPERATORS[name],
      servers,
      flags: this.#nodeFlags(),
    });
    this.edges[name] = edge;
    watchlist.operators[name] = accounts[name];
    for (const [network, id] of Object.entries(services)) {
      watchlist.services[serviceName(name, network)] = id;
    }
    const text = `${name} bonds ${sure(BOND, 0)} SURE and lists ${NETWORKS.join(" and ")}`;
    this.reporter.event(`${text} behind an edge at ${edge.url}`);
  }

  /**
   * Flags with two nodes of the chain.
   * @returns {string[]}
   */
  #nodeFlags() {
    const { validators } = this.fixture.network;
    return validators.slice(0, 2).flatMap(({ http }) => ["--node", http]);
  }

  /** Wait until the services are up. */
  async #everythingIsUp() {
    const count = Object.keys(OPERATORS).length * NETWORKS.length;
    await this.untilUp("all services are up", count);
    this.reporter.event(`the validators found all ${count} services up`, "green");
  }

  /** Let a gateway buy with proxies of the tenant. */
  async #gatewayBuys() {
    const { api, accounts, watchlist } = this;
    const proxies = [
      addProxy(api, accounts[BUYER].address, "Buy"),
      addProxy(api, accounts[BUYER].address, "Report"),
      addProxy(api, accounts[REPORTER].address, "Report"),
    ];
    await send(api, accounts[TENANT], batch(api, proxies));
    this.gateway = await GatewayProcess.start(this.fixture.processes, "gateway", {
      role: "gateway",
      env: { SURETY_TENANT: `//${BUYER}`, SURETY_REPORT: `//${REPORTER}` },
      flags: [
        ...["--for", accounts[TENANT].address, "--budget", `${BUDGET}`],
        ...this.#nodeFlags(),
      ],
      config: {
        tenant: { "report-key": { env: "SURETY_REPORT" } },
        network: NETWORKS.map((name) => ({ name, rate: RATE, regions: Object.values(OPERATORS) })),
      },
    });
    const wanted = Object.keys(watchlist.services).length;
    const opened = await this.until(
      "the gateway has opened its agreements",
      () => {
        const all = this.observer.events.filter((event) => this.#isOfDora(event));
        return all.length >= wanted && all;
      },
      180_000,
    );
    for (const { data } of opened) {
      const service = this.observer.nameOf(targetOf(data)) ?? "";
      watchlist.agreements.push({ id: data.agreement.toNumber(), tenant: TENANT, service });
    }
    watchlist.agreements.sort((a, b) => a.service.localeCompare(b.service));
    await this.gateway.untilHealthy();
    const text = `the gateway opened ${opened.length} agreements for ${TENANT}`;
    this.reporter.event(`${text}, within a budget of ${BUDGET} SURE`, "green");
  }

  /**
   * True for the opening of an agreement by the tenant.
   * @param {ChainEvent} event
   * @returns {boolean}
   */
  #isOfDora({ section, method, data }) {
    const isOpening = section === "sla" && method === "AgreementOpened";
    return isOpening && data.tenant.toString() === this.accounts[TENANT].address;
  }

  /** Start the dApp. */
  async #dappBegins() {
    const { gateway, fixture } = this;
    this.dapp = new Dapp({
      url: `${gateway.url}/ethereum`,
      ws: `${gateway.ws}/ethereum`,
      height: () => fixture.ethereum.height,
    });
    await this.dapp.start();
    await this.#heads(2);
    const { served } = this.#traffic(SHOWN_MS);
    this.reporter.event(`the dApp reads from ${[...served.keys()].join(", ")}`, "green");
  }

  /** Wait until the agreements have paid enough, and a window begins. */
  async #windowBegins() {
    await this.windowAfter(this.observer.latest.round + PAID_ROUNDS);
  }

  /** Kill an edge under load. */
  async #gusIsKilled() {
    await this.edges.Gus.stop("SIGKILL");
    this.reporter.event("the edge of Gus is killed", "red");
    this.results.killed = await this.#phase();
    await this.#heads(2);
    this.#expectNoFailure("Gus was killed");
  }

  /** Wait for the breach of the service. */
  async #breach() {
    const target = { service: this.watchlist.services[serviceName("Gus", "ethereum")] };
    const { block } = await this.untilEvent(
      "sla",
      "Breached",
      (data) => sameTarget(targetOf(data), target),
      240_000,
    );
    this.results.breachBlock = block;
  }

  /** Start the edge again, on what it stored. */
  async #gusReturns() {
    // Between the probes of a round and those of the next.
    await this.blockOfRound(this.observer.latest.roundBlocks - 2);
    await this.edges.Gus.start();
    this.reporter.event("the edge of Gus is back", "green");
    const from = Date.now();
    await waitFor(
      "Gus gets traffic again",
      () => (this.#traffic(SHOWN_MS).served.get("Gus")?.count ?? 0) > 2,
      { timeout: 180_000, abort: () => this.fixture.failure() },
    );
    this.results.returned = { from, traffic: this.#dapp.traffic(from) };
  }

  /** Let a server lie about its head. */
  async #gretaLies() {
    this.backends.Greta.mode = "lying";
    this.reporter.event("the server of Greta lies: its head is 1,000 blocks ahead", "red");
    this.results.lying = await this.#phase();
    this.backends.Greta.mode = "honest";
    await this.#heads(2);
    this.#expectNoFailure("Greta lied");
    this.reporter.event("the lie was never served, and no head of the subscription is wrong");
  }

  /** Let a server be slow. */
  async #ginoIsSlow() {
    this.backends.Gino.mode = "slow";
    this.reporter.event("the server of Gino is slow", "red");
    this.results.slow = await this.#phase();
    this.backends.Gino.mode = "honest";
    this.#expectNoFailure("Gino was slow");
    const { services } = this.results.slow.traffic;
    const its = services.get(this.watchlist.services[serviceName("Gino", "ethereum")]);
    const all = [...services.values()].reduce((sum, { count }) => sum + count, 0);
    this.reporter.event(`Gino got ${its?.count ?? 0} of ${all} requests while he was slow`);
  }

  /** Settle, and wait for the credit and for the statements of both sides. */
  async #evidence() {
    const { api, watchlist } = this;
    const service = serviceName("Gus", "ethereum");
    const agreement = watchlist.agreements.find((its) => its.service === service);
    if (!agreement) throw new Error(`no agreement on ${service}`);
    await send(api, this.accounts[TENANT], call(api, "sla", "settle", { agreement: agreement.id }));
    const find = (/** @type {BlockState} */ { agreements }) =>
      agreements.find((/** @type {ObservedAgreement} */ { id }) => id === agreement.id);
    const { credited } = await this.until(
      "the credit is paid",
      (state) => {
        const its = find(state);
        return its && its.credited > 0n && its;
      },
      300_000,
    );
    this.results.credited = credited;
    this.reporter.event(`${sure(credited)} SURE of credit paid to ${TENANT}`, "green");

    this.note("statements are reported by the end of the window after theirs");
    const ids = watchlist.agreements
      .filter((its) => its.service.endsWith("/ethereum"))
      .map(({ id }) => id);
    this.results.reported = await this.until(
      "both sides of all agreements have reported",
      () => {
        const all = this.observer.events.filter((e) => e.section === "usage");
        const reported = all.filter(({ method }) => method === "Reported");
        const has = (/** @type {number} */ id, /** @type {string} */ side) =>
          reported.some(({ data }) => data.agreement.toNumber() === id && data.side.type === side);
        const complete = ids.every((id) => has(id, "Tenant") && has(id, "Operator"));
        return complete && reported;
      },
      480_000,
    );
    await this.closeBooks();
  }

  // ------------------------------------------------------------------ traffic

  /** @returns {Dapp} */
  get #dapp() {
    if (!this.dapp) throw new Error("the dApp has not begun yet");
    return this.dapp;
  }

  /**
   * Traffic of the last time by operator.
   * @param {number} ms
   * @returns {{ traffic: Traffic, served: Map<string, { count: number, ms: number[] }> }}
   */
  #traffic(ms) {
    const traffic = this.#dapp.traffic(Date.now() - ms);
    const operatorOf = (/** @type {number} */ id) =>
      (this.observer.nameOf({ service: id }) ?? `service ${id}`).split("/")[0];
    const served = new Map([...traffic.services].map(([id, its]) => [operatorOf(id), its]));
    return { traffic, served };
  }

  /**
   * Let a fault last for a while.
   * @returns {Promise<Phase>}
   */
  async #phase() {
    const from = Date.now();
    await sleep(LEARNING_MS);
    await sleep(FAULT_MS);
    return { from, traffic: this.#dapp.traffic(from + LEARNING_MS) };
  }

  /**
   * Wait for more heads of the subscription.
   * @param {number} count
   */
  async #heads(count) {
    const { heads } = this.#dapp;
    const before = heads.length;
    await waitFor(`${count} more heads`, () => heads.length >= before + count, {
      timeout: 60_000,
      abort: () => this.fixture.failure(),
    });
  }

  /**
   * Fail if a request of the dApp failed, or if its subscription has a gap.
   * @param {string} when
   */
  #expectNoFailure(when) {
    const failures = [...this.#dapp.failures()].map(([reason, count]) => `${count} x ${reason}`);
    if (failures.length > 0) throw new Error(`while ${when}, requests failed: ${failures}`);
    const gaps = this.#dapp.headFaults().map(([before, head]) => `${head} after ${before}`);
    if (gaps.length > 0) throw new Error(`while ${when}, heads came out of order: ${gaps}`);
  }

  // ------------------------------------------------------------------ reports

  /**
   * Add the traffic to the view.
   * @override
   * @param {BlockState} state
   * @returns {BlockState}
   */
  stateOf(state) {
    return this.dapp ? { ...state, traffic: this.#rows() } : state;
  }

  /**
   * Rows of the view.
   * @returns {TrafficRow[]}
   */
  #rows() {
    const parts = Object.keys(OPERATORS).map((name) => {
      const { mode } = this.backends[name];
      const note = this.edges[name].process.running ? mode : "killed";
      const service = this.watchlist.services[serviceName(name, "ethereum")];
      return { name, service, note: note === "honest" ? "" : note };
    });
    return trafficRows(this.#dapp, SHOWN_MS, parts);
  }

  /**
   * @override
   * @param {ChainEvent} event
   * @param {BlockState} state
   */
  reportEvent(event, state) {
    super.reportEvent(event, state);
    const { block, section, method, data } = event;
    const report = (/** @type {string} */ text, /** @type {string} */ color) =>
      this.reporter.event(`block ${block}: ${text}`, color);
    if (section === "sla" && method === "Breached") {
      const service = this.observer.nameOf(targetOf(data));
      if (service) report(`${breachOf(event).severity} breach of ${service}`, "magenta");
    }
    if (section === "usage" && method === "Reported") {
      const id = data.agreement.toNumber();
      const agreement = this.watchlist.agreements.find((its) => its.id === id);
      if (!agreement) return;
      const { requests, ok } = data.counts.toJSON();
      const side = data.side.type === "Tenant" ? TENANT : agreement.service.split("/")[0];
      const window = data.window.toNumber();
      const text = `${side} reports ${requests} requests, ${ok} answered, on ${agreement.service}`;
      report(`${text} in window ${window}`, "cyan");
    }
  }
}

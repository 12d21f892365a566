// SPDX-License-Identifier: Apache-2.0
// Operators of the provider scenario: a machine each, with an engine and an agent.

import { sure } from "../chain/amounts.mjs";
import { batch, fieldsOf, send } from "../chain/calls.mjs";
import { addProxy } from "../gateway/edge.mjs";
import { agentOf } from "../scenarios/lease.mjs";
import { BOND, listService, register } from "../scenarios/listing.mjs";
import { waitFor } from "../system/wait.mjs";
import { Machine } from "./machine.mjs";
import { REGION } from "./order.mjs";
import { ProviderProcess, publicUrl } from "./process.mjs";
import { Registry } from "./registry.mjs";

/** @import { Call } from "../chain/calls.mjs" */
/** @import { Table } from "../gateway/toml.mjs" */
/** @import { Scenario } from "../scenarios/scenario.mjs" */

/**
 * Name of the account whose key an operator's agent has.
 * @param {string} operator
 * @returns {string}
 */
export const proxyOf = (operator) => `${operator}//operate`;

/**
 * Service that an operator lists before its agent starts. `config` makes tables of the agent's file
 * from the service's id.
 * @typedef {{
 *   operator: string, listing: () => Call, config: (service: number) => Record<string, Table>
 * }} ListedFirst
 */
/**
 * Service that an operator lists when its agent runs.
 * @typedef {{
 *   operator: string, config: () => Record<string, Table>,
 *   list: (agent: ProviderProcess) => Promise<void>
 * }} ListedLater
 */
/** @typedef {ListedFirst | ListedLater} Extra Service that an operator sells beside compute. */

/** All operators. */
export class Operators {
  /** @type {Record<string, Machine>} */
  machines;
  /** @type {Record<string, ProviderProcess>} */
  agents = {};
  /** @type {Registry} */
  registry;
  #scenario;
  #prices;

  /**
   * @param {Scenario} scenario
   * @param {Record<string, number>} prices - of a CPU at each operator, in SURE per hour
   */
  constructor(scenario, prices) {
    const { processes } = scenario.fixture;
    this.#scenario = scenario;
    this.#prices = prices;
    const named = (/** @type {string} */ name) => `machine-of-${name.toLowerCase()}`;
    this.machines = Object.fromEntries(
      Object.keys(prices).map((name) => [name, new Machine(processes, named(name))]),
    );
  }

  /** Start a registry, and the machines with it. */
  async boot() {
    const registry = await Registry.start(this.#scenario.fixture.processes);
    this.registry = registry;
    this.#scenario.reporter.event(`a registry has ${registry.pinned}`);
    for (const machine of Object.values(this.machines)) await machine.start(registry);
  }

  /**
   * List the services of all operators, and start their agents.
   * @param {Extra[]} extras
   */
  async start(extras) {
    const start = (/** @type {string} */ name) =>
      this.#start(
        name,
        extras.filter(({ operator }) => operator === name),
      );
    await Promise.all(Object.keys(this.#prices).map(start));
  }

  /**
   * List the services of an operator, and start its agent.
   * @param {string} name
   * @param {Extra[]} extras - that it sells
   */
  async #start(name, extras) {
    const { api, accounts, watchlist, fixture, reporter } = this.#scenario;
    const machine = this.machines[name];
    const { validators } = fixture.network;
    const nodes = validators.slice(0, 2).map(({ http }) => Number(new URL(http).port));
    for (const port of nodes) await machine.reach(port);
    const endpoint = publicUrl(machine);
    const compute = listService(api, { kind: "Compute", endpoint, region: REGION });
    const listed = extras.flatMap((extra) => ("listing" in extra ? [extra.listing()] : []));
    const calls = batch(api, [
      register(api, name),
      addProxy(api, accounts[proxyOf(name)].address, "Operate"),
      compute,
      ...listed,
    ]);
    const { events } = await send(api, accounts[name], calls);
    watchlist.operators[name] = accounts[name];
    const [own, ...ids] = events
      .filter(({ method }) => method === "ServiceListed")
      .map((event) => fieldsOf(event).service.toNumber());
    watchlist.services[agentOf(name)] = own;
    const tables = extras.map((extra) =>
      "listing" in extra ? extra.config(ids.shift()) : extra.config(),
    );
    const agent = new ProviderProcess(machine, {
      operator: accounts[name].address,
      key: `//${proxyOf(name)}`,
      nodes,
      registry: this.registry,
      config: Object.assign({ bid: { cpu: `${this.#prices[name]}` } }, ...tables),
    });
    this.agents[name] = agent;
    await agent.start();
    for (const extra of extras) if ("list" in extra) await extra.list(agent);
    reporter.event(`${name} bonds ${sure(BOND, 0)} SURE; the agent is at ${agent.url}`);
  }

  /** Wait until all services are up, and the agents have declared what their machines have. */
  async up() {
    const scenario = this.#scenario;
    const { services } = scenario.watchlist;
    await scenario.untilUp("agents, model and VPN are up", Object.keys(services).length);
    for (const [name, agent] of Object.entries(this.agents)) {
      const declared = async () =>
        (await agent.status()).services.map(({ total }) => total.cpuMilli).find(Boolean);
      const cpus = await waitFor(`${name} has declared its capacity`, declared, {
        abort: () => scenario.fixture.failure(),
      });
      scenario.reporter.event(`${name} is up, and declares ${cpus / 1000} CPUs`, "green");
    }
  }

  /** Lose all machines. */
  async stop() {
    await Promise.all(Object.values(this.machines).map((machine) => machine.kill()));
  }
}

// SPDX-License-Identifier: Apache-2.0
// Part of the provider scenario: a VPN exit that an operator sells beside compute, a client in
// namespaces of its own whose packets leave there, and an exit that is unplugged behind its agent.

import http from "node:http";
import { percent, UNIT } from "../chain/amounts.mjs";
import { call, eventOf, send } from "../chain/calls.mjs";
import { listService, PRICE } from "../scenarios/listing.mjs";
import { waitFor } from "../system/wait.mjs";
import { Namespace } from "./namespace.mjs";
import { Tenant } from "./tenant.mjs";

/** @import { BlockState } from "../chain/observer.mjs" */
/** @import { Table } from "../gateway/toml.mjs" */
/** @import { Scenario } from "../scenarios/scenario.mjs" */
/** @import { Machine } from "./machine.mjs" */
/** @import { ProviderProcess } from "./process.mjs" */

/** Port of WireGuard, on every machine. */
const PORT = 51_820;
const DEPOSIT = 10n * UNIT;

/**
 * @typedef {object} VpnResults
 * @property {boolean} before - true if the client reached the site before it had the tunnel
 * @property {string} ping - output of a ping through the tunnel
 * @property {string} seen - address of the client, as the site sees it through the tunnel
 * @property {boolean} alive - true if the agent was healthy after its exit was unplugged
 * @property {string} again - output of a ping through the same tunnel after the exit was plugged in
 * @property {number} rounds - from the one in which the exit was unplugged to the first bad verdict
 */

/** An exit for sale. */
export class VpnExit {
  results = /** @type {VpnResults} */ ({});
  #scenario;
  #machine;
  /** @type {Namespace} */
  #client;
  /** @type {http.Server | undefined} */
  #site;
  #service = -1;

  /**
   * @param {Scenario} scenario
   * @param {Machine} machine - that runs it
   * @param {{ name: string, tenant: string }} names - of the service and of the tenant
   */
  constructor(scenario, machine, { name, tenant }) {
    this.#scenario = scenario;
    this.#machine = machine;
    this.name = name;
    this.tenant = tenant;
  }

  /**
   * Table of the agent's configuration. Addresses of this machine are private: without an exception
   * no exit forwards to them.
   * @returns {Table}
   */
  config() {
    const { address, outside } = this.#machine;
    return { endpoint: `${address}:${PORT}`, open: [`${outside}/32`] };
  }

  /**
   * List the service, with the key that the agent has made.
   * @param {ProviderProcess} agent
   * @param {string} operator
   */
  async list(agent, operator) {
    const { api, accounts, watchlist } = this.#scenario;
    const key = (await agent.status()).vpn?.listingKey;
    const kind = { Vpn: { key } };
    const listing = listService(api, { kind, endpoint: `${agent.url}/vpn`, capacity: 4 });
    const { events } = await send(api, accounts[operator], listing);
    this.#service = eventOf(events, "operators", "ServiceListed").service.toNumber();
    watchlist.services[this.name] = this.#service;
  }

  /** Open an agreement, connect a client, and see where its packets leave. */
  async connects() {
    const { api, accounts, watchlist, fixture, reporter } = this.#scenario;
    const open = call(api, "sla", "openAgreement", {
      service: this.#service,
      units: 1,
      maxPrice: PRICE,
      deposit: DEPOSIT,
      minCover: percent(300),
    });
    const { events } = await send(api, accounts[this.tenant], open);
    const agreement = eventOf(events, "sla", "AgreementOpened").agreement.toNumber();
    watchlist.agreements.push({ id: agreement, tenant: this.tenant, service: this.name });

    const machine = this.#machine;
    const name = `client-of-${this.tenant.toLowerCase()}`;
    this.#client = new Namespace(fixture.processes, name, { neighbour: machine });
    await this.#client.boot("exec sleep infinity");
    const site = await this.#serve(machine.outside);
    this.results.before = await this.#reaches(site);
    const tenant = new Tenant(fixture, this.tenant);
    // The agent learns of the agreement by the next finalized block.
    const file = await waitFor(
      "the agent admits the client",
      () => tenant.vpn({ service: this.#service, agreement }),
      { every: 2_000, abort: () => fixture.failure() },
    );
    await this.#client.run(`tunnel-of-${this.tenant}`, "wg-quick", ["up", file]);
    this.results.ping = await this.#ping();
    this.results.seen = await this.#fetch(site);
    const where = `the site sees ${this.results.seen}, the exit's address`;
    reporter.event(`${this.tenant} pings through the tunnel; ${where}`, "green");
  }

  /**
   * Ping this machine through the tunnel.
   * @returns {Promise<string>} the output
   */
  #ping() {
    const args = ["ping", "-c", "3", "-W", "5", this.#machine.outside];
    return this.#client.run(`ping-of-${this.tenant}`, "busybox", args);
  }

  /**
   * Unplug the exit behind a live agent, wait for the first verdict against it, and plug it in
   * again.
   * @param {ProviderProcess} agent
   */
  async unplugged(agent) {
    const scenario = this.#scenario;
    // Between the probes of two rounds.
    await scenario.blockOfRound(scenario.observer.latest.roundBlocks - 1);
    const { round } = scenario.observer.latest;
    const chain = `type filter hook input priority -50; udp dport ${PORT} drop;`;
    this.#machine.runNow("nft", [`table inet unplugged { chain input { ${chain} }\n}`]);
    scenario.reporter.event("the exit is unplugged; its agent is alive", "red");
    const isBad = (/** @type {BlockState} */ state) => {
      const { last } = scenario.service(state, this.name);
      return last && last.round > round && last.verdict === "down" && last;
    };
    const last = await scenario.until("the exit is found down", isBad, 180_000);
    this.results.rounds = last.round - round;
    this.results.alive = (await fetch(`${agent.control}/health`)).ok;
    scenario.reporter.event(`found after ${this.results.rounds} rounds`, "red");
    this.#machine.runNow("nft", ["delete table inet unplugged"]);
    this.results.again = await this.#ping();
    scenario.reporter.event(`plugged in again, and ${this.tenant} pings again`, "green");
  }

  /** Stop the client and the site. */
  async stop() {
    this.#site?.close();
    await this.#client?.kill();
  }

  /**
   * Start a site that answers with the address of its client.
   * @param {string} address
   * @returns {Promise<string>} its URL
   */
  async #serve(address) {
    const site = http.createServer((request, response) => {
      response.end(request.socket.remoteAddress);
    });
    this.#site = site;
    await new Promise((resolve) => site.listen(0, address, () => resolve(undefined)));
    site.unref();
    return `http://${address}:${/** @type {import("node:net").AddressInfo} */ (site.address()).port}/`;
  }

  /**
   * Fetch a site from the client.
   * @param {string} url
   * @returns {Promise<string>}
   */
  #fetch(url) {
    const script = `
      const response = await fetch("${url}", { signal: AbortSignal.timeout(3_000) });
      process.stdout.write(await response.text());`;
    const args = ["--input-type=module", "--eval", script];
    return this.#client.run(`fetch-of-${this.tenant}`, process.execPath, args);
  }

  /**
   * True if the client reaches a site.
   * @param {string} url
   * @returns {Promise<boolean>}
   */
  async #reaches(url) {
    return this.#fetch(url).then(
      () => true,
      () => false,
    );
  }
}

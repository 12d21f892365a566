// SPDX-License-Identifier: Apache-2.0
// Leases of an order, one after the other.

import { runtimeApi } from "../chain/api.mjs";
import { leaseName } from "../scenarios/lease.mjs";

/** @import { Codec } from "../chain/api.mjs" */
/** @import { BlockState } from "../chain/observer.mjs" */
/** @import { Scenario } from "../scenarios/scenario.mjs" */

/**
 * A lease, with its page once it is served.
 * @typedef {object} Lease
 * @property {number} id
 * @property {string} operator
 * @property {number} awarded - block
 * @property {number} ready - block
 * @property {number} agreement
 * @property {string} url
 * @property {string} page
 */

/** All leases of an order. */
export class OrderLeases {
  /**
   * In the order of the awards.
   * @type {Lease[]}
   */
  all = [];
  #scenario;
  #tenant;

  /**
   * @param {Scenario} scenario
   * @param {string} tenant
   */
  constructor(scenario, tenant) {
    this.#scenario = scenario;
    this.#tenant = tenant;
  }

  /**
   * The last one that was awarded.
   * @returns {Lease}
   */
  get last() {
    const last = this.all[this.all.length - 1];
    if (!last) throw new Error("no lease was awarded yet");
    return last;
  }

  /**
   * Wait for the next award of an order, and observe its lease.
   * @param {number} order
   */
  async untilAwarded(order) {
    const scenario = this.#scenario;
    const known = this.all.map(({ id }) => id);
    const isNext = (/** @type {Codec} */ data) =>
      data.order.toNumber() === order && !known.includes(data.lease.toNumber());
    const awarded = await scenario.untilEvent("computeOrders", "LeaseAwarded", isNext, 180_000);
    const id = awarded.data.lease.toNumber();
    const operator = scenario.nameOf(awarded.data.operator);
    const empty = { ready: -1, agreement: -1, url: "", page: "" };
    this.all.push({ id, operator, awarded: awarded.block, ...empty });
    scenario.watchlist.leases[leaseName(id)] = id;
    scenario.reporter.event(`lease ${id} is awarded to ${operator}`, "magenta");
  }

  /**
   * Wait until the last lease is ready and up.
   * @param {number} port - of the container, which must be published
   */
  async untilReady(port) {
    const scenario = this.#scenario;
    const { observer, watchlist } = scenario;
    const lease = this.last;
    const isIts = (/** @type {Codec} */ data) => data.lease.toNumber() === lease.id;
    const ready = await scenario.until(
      `lease ${lease.id} is ready`,
      () => {
        const ending = observer.findEvent("computeOrders", "LeaseEnding", isIts);
        if (ending) throw new Error(`lease ${lease.id} ended: ${ending.data.code}`);
        return observer.findEvent("computeOrders", "LeaseReady", isIts);
      },
      300_000,
    );
    lease.ready = ready.block;
    lease.agreement = ready.data.agreement.toNumber();
    lease.url = await this.#access(lease.id, port);
    const name = leaseName(lease.id);
    watchlist.agreements.push({ id: lease.agreement, tenant: this.#tenant, service: name });
    const isUp = (/** @type {BlockState} */ state) => scenario.verdict(state, name) === "up";
    await scenario.until(`${name} is up`, isUp, 120_000);
  }

  /**
   * URL of a port, from the text by which the operator says how to reach the lease.
   * @param {number} lease
   * @param {number} port - of the container
   * @returns {Promise<string>}
   */
  async #access(lease, port) {
    const { access } = (await runtimeApi(this.#scenario.api, "lease", lease)).toHuman();
    const [host, ...pairs] = access.split(" ");
    const ports = new Map(pairs.map((/** @type {string} */ pair) => pair.split(":")));
    const published = ports.get(`${port}`);
    if (!published) throw new Error(`lease ${lease} publishes no port ${port}: ${access}`);
    return `http://${host}:${published}/`;
  }
}

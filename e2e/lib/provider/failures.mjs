// SPDX-License-Identifier: Apache-2.0
// Part of the provider scenario: what dies under a lease, from its container to its machine.

import { sleep, waitFor } from "../system/wait.mjs";
import { PageReader, readPage } from "./page.mjs";

/** @import { Codec } from "../chain/api.mjs" */
/** @import { BlockState } from "../chain/observer.mjs" */
/** @import { Scenario } from "../scenarios/scenario.mjs" */
/** @import { Container } from "./engine.mjs" */
/** @import { OrderLeases } from "./leases.mjs" */
/** @import { Operators } from "./operators.mjs" */

/** Time in ms for which the agent is away. */
const AWAY_MS = 2_000;

/**
 * @typedef {object} FailureResults
 * @property {{ before: Container, after: Container, page: string }} killed
 * @property {{ before: Container, after: Container, failed: string[], reads: number }} restarted
 * @property {{ code: number }} unhealthy - end of the lease
 */

/** Failures under the last lease. */
export class Failures {
  results = /** @type {FailureResults} */ ({});
  #scenario;
  #operators;
  #leases;

  /**
   * @param {Scenario} scenario
   * @param {Operators} operators
   * @param {OrderLeases} leases
   */
  constructor(scenario, operators, leases) {
    this.#scenario = scenario;
    this.#operators = operators;
    this.#leases = leases;
  }

  /** Kill the container, and wait until it serves again. */
  async containerIsKilled() {
    const { reporter } = this.#scenario;
    const { url, operator } = this.#leases.last;
    const { engine } = this.#operators.machines[operator];
    const before = await engine.onlyContainer();
    await engine.kill(before.id);
    reporter.event(`the container ${before.id.slice(0, 12)} is killed`, "red");
    const after = await waitFor(
      "the container is started again",
      async () => {
        const its = await engine.onlyContainer();
        return its.startedAt !== before.startedAt && its;
      },
      { timeout: 90_000, abort: this.#abort },
    );
    this.results.killed = { before, after, page: await readPage(url, this.#abort) };
    reporter.event("the agent has started it again, and it serves the page", "green");
  }

  /** Stop the agent for a while and start it again, and read the page all the time. */
  async agentRestarts() {
    const { observer, reporter } = this.#scenario;
    const { id, url, operator } = this.#leases.last;
    const agent = this.#operators.agents[operator];
    const { engine } = this.#operators.machines[operator];
    const before = await engine.onlyContainer();
    const reading = new PageReader(url);
    // Between the probes of two rounds.
    await this.#scenario.blockOfRound(observer.latest.roundBlocks - 1);
    await agent.stop();
    reporter.event(`the agent of ${operator} is stopped`, "red");
    await sleep(AWAY_MS);
    await agent.start();
    await waitFor(
      "the agent knows the lease",
      async () => (await agent.health(id))?.state === "running",
      { abort: this.#abort },
    );
    reporter.event("the agent is back, and knows the lease", "green");
    await this.#roundPasses();
    await reading.stop();
    const { reads, failed } = reading;
    const after = await engine.onlyContainer();
    this.results.restarted = { before, after, reads, failed };
    reporter.event(`the page was served ${reads} times, ${failed.length} reads failed`);
  }

  /** Lose the machine, and wait until the lease ends. */
  async machineDies() {
    const { reporter } = this.#scenario;
    const { operator, id } = this.#leases.last;
    await this.#operators.machines[operator].kill();
    reporter.event(`${operator}'s machine is dead, with all that ran on it`, "red");
    const isIts = (/** @type {Codec} */ data) => data.lease.toNumber() === id;
    const ending = this.#scenario.untilEvent("computeOrders", "LeaseEnding", isIts, 180_000);
    const { data } = await ending;
    const code = data.code.toNumber();
    this.results.unhealthy = { code };
    reporter.event(`lease ${id} is unhealthy (code ${code})`, "red");
  }

  #abort = () => this.#scenario.fixture.failure();

  /** Wait until a whole round after this one is judged. */
  async #roundPasses() {
    const { round } = this.#scenario.observer.latest;
    const isPast = (/** @type {BlockState} */ { judgedRound }) => judgedRound > round;
    await this.#scenario.until("a round is judged", isPast, 120_000);
  }
}

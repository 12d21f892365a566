// SPDX-License-Identifier: Apache-2.0
// Context of the live tests: one network, its scenarios, which run in the background while the
// tests look at them, and the tests that have not passed yet.

import { test } from "node:test";
import { readRound } from "../../lib/chain/shapes.mjs";
import { HostileEndpoints } from "../../lib/endpoints/hostile.mjs";
import { Fixture } from "../../lib/fixture.mjs";
import { AssetScenario } from "../../lib/scenarios/asset.mjs";
import { GatewayScenario } from "../../lib/scenarios/gateway.mjs";
import { LeaseScenario } from "../../lib/scenarios/lease.mjs";
import { OutageScenario } from "../../lib/scenarios/outage.mjs";
import { ProviderScenario } from "../../lib/scenarios/provider.mjs";

/** @import { Api } from "../../lib/chain/api.mjs" */
/** @import { SuretyNode } from "../../lib/network/node.mjs" */

/** In ms. */
export const MINUTE = 60_000;
/** Longest time in ms that a test waits for the scenario that it asserts. */
const TEST_TIMEOUT = 14 * MINUTE;

/** @typedef {"outage" | "lease" | "asset" | "gateway" | "provider"} ScenarioName */

/**
 * Tests of one subject.
 * @typedef {object} Subject
 * @property {ScenarioName[]} scenarios - that its tests use
 * @property {string[]} [after] - subjects whose tests must have run
 * @property {() => string | undefined} [whyNot] - reason why this machine cannot run it
 * @property {(context: LiveContext) => void} define - define its tests
 */

/** State that all live tests share. */
export class LiveContext {
  fixture = new Fixture();
  /** @type {HostileEndpoints} */
  hostile;
  outage = new OutageScenario(this.fixture);
  lease = new LeaseScenario(this.fixture);
  asset = new AssetScenario(this.fixture);
  gateway = new GatewayScenario(this.fixture);
  provider = new ProviderScenario(this.fixture);
  /**
   * Results of the scenarios that run. They never reject: the failure of a scenario is the failure
   * of the tests that wait for it.
   * @type {Map<ScenarioName, Promise<{ results?: any, error?: Error }>>}
   */
  #runs = new Map();
  /**
   * Names of tests that have not passed. The logs are kept if any is left.
   * @type {Set<string>}
   */
  #open = new Set(["start"]);
  #scenarios;

  /** @param {Iterable<ScenarioName>} scenarios - to run */
  constructor(scenarios) {
    this.#scenarios = new Set(scenarios);
  }

  /** @returns {Api} */
  get api() {
    return this.fixture.api;
  }

  /** @returns {SuretyNode[]} */
  get validators() {
    return this.fixture.network.validators;
  }

  /** Start the network, then the scenarios in the background. */
  async start() {
    const { fixture } = this;
    const proofs = [...this.#scenarios].map((name) => this[name].proofs).find(Boolean);
    await fixture.start({ proofs });
    this.hostile = await HostileEndpoints.start({
      ethereum: fixture.ethereum.anchors[0].url,
      page: fixture.nginx.url,
      dir: fixture.dir,
      roundProgress: await this.#roundProgress(),
    });
    for (const name of this.#scenarios) {
      const run = this[name].run();
      const outcome = run.then(
        (results) => ({ results }),
        (error) => ({ error }),
      );
      this.#runs.set(name, outcome);
    }
    this.#open.delete("start");
  }

  /** Stop everything. */
  async stop() {
    for (const name of this.#scenarios) await this[name].stop().catch(() => {});
    await this.hostile?.stop();
    const keepLogs = this.#open.size > 0;
    await this.fixture.stop({ keepLogs });
    if (keepLogs) console.log(`logs of all processes: ${this.fixture.dir}`);
  }

  /**
   * Define a test.
   * @param {string} name
   * @param {() => Promise<void>} run
   * @param {number} [timeout] - ms
   */
  test(name, run, timeout = TEST_TIMEOUT) {
    this.#open.add(name);
    test(name, { timeout }, async () => {
      await run();
      this.#open.delete(name);
    });
  }

  /**
   * Wait for the end of a scenario.
   * @template {ScenarioName} Name
   * @param {Name} name
   * @returns {Promise<LiveContext[Name]["results"]>}
   */
  async completed(name) {
    const run = this.#runs.get(name);
    if (!run) throw new Error(`the subject does not name the scenario "${name}"`);
    const { results, error } = await run;
    if (error) throw error;
    return results;
  }

  /**
   * Abort a wait if a process does not run although it should.
   * @returns {string | undefined} the reason
   */
  abort = () => this.fixture.failure();

  /**
   * Clock of the chain's rounds, as an operator may have one.
   * @returns {Promise<() => number>} gives the share of the current round that is over, 0 to 1
   */
  async #roundProgress() {
    const { roundBlocks, slotMs } = await readRound(this.api);
    let last = { number: 0, at: Date.now() };
    await this.api.rpc.chain.subscribeNewHeads((header) => {
      last = { number: header.number.toNumber(), at: Date.now() };
    });
    return () => {
      const blocks = (last.number % roundBlocks) * slotMs;
      return (blocks + Date.now() - last.at) / (roundBlocks * slotMs);
    };
  }
}

// SPDX-License-Identifier: Apache-2.0
// Base of all scenarios on a live network: steps, waiting for the chain, accounts and their money.

import { sure } from "../chain/amounts.mjs";
import { account, balanceOf } from "../chain/api.mjs";
import { batch, call, send } from "../chain/calls.mjs";
import { MARKET_PALLETS, Observer } from "../chain/observer.mjs";
import { waitFor } from "../system/wait.mjs";

/** @import { Account, Api, Codec } from "../chain/api.mjs" */
/** @import { BlockState, ObservedService, Watchlist } from "../chain/observer.mjs" */
/** @import { ChainEvent } from "../chain/shapes.mjs" */
/** @import { Fixture } from "../fixture.mjs" */
/** @import { Falsy } from "../system/wait.mjs" */

/**
 * Receiver of a scenario's progress, such as the demo's display.
 * @typedef {object} Reporter
 * @property {(index: number, note?: string) => void} step
 * @property {(text: string, color?: string) => void} event
 * @property {(state: BlockState) => void} update
 */

/** @typedef {{ free: bigint, held: bigint }} Balance In planck. */
/**
 * Balances of all accounts before and after the scenario, and the rents that operators paid in
 * between, by name.
 * @typedef {{
 *   before: Record<string, Balance>, after: Record<string, Balance>, rents: Record<string, bigint>
 * }} Books
 */

/** @type {Reporter} */
const SILENT = { step() {}, event() {}, update() {} };

/** A scenario. Subclasses implement `run` by `runSteps`. */
export class Scenario {
  /**
   * Index of the current step; undefined before the first.
   * @type {number | undefined}
   */
  currentStep;
  /** @type {Observer} */
  observer;
  /** @type {Watchlist} */
  watchlist = { operators: {}, services: {}, leases: {}, agreements: [], orders: [] };
  /** @type {Books} */
  books = { before: {}, after: {}, rents: {} };
  /** @type {{ step: number, resolve: () => void, reject: (error: Error) => void }[]} */
  #waiting = [];
  /**
   * Last verdict that was reported, by service.
   * @type {Map<string, string>}
   */
  #reported = new Map();
  #funds;

  /**
   * @param {Fixture} fixture
   * @param {Record<string, bigint>} funds - planck that each account starts with, by name; the
   *   accounts are new on the chain
   * @param {Reporter} [reporter]
   */
  constructor(fixture, funds, reporter = SILENT) {
    this.fixture = fixture;
    this.reporter = reporter;
    this.#funds = funds;
    const accounts = Object.keys(funds).map((name) => [name, account(`//${name}`)]);
    /** @type {Record<string, Account>} */
    this.accounts = Object.fromEntries(accounts);
  }

  /** @returns {Api} */
  get api() {
    return this.fixture.api;
  }

  /**
   * Address at which exits of VPNs reach the validators, if the scenario has one.
   * @returns {string | undefined}
   */
  get proofs() {
    return undefined;
  }

  /**
   * Change of the genesis of the local chain, if the scenario needs one.
   * @returns {((genesis: any) => void) | undefined}
   */
  get genesis() {
    return undefined;
  }

  /**
   * Pallets whose events the scenario asks for.
   * @returns {string[]}
   */
  get pallets() {
    return MARKET_PALLETS;
  }

  /**
   * Account that funds the others. Each scenario has another one, because the transactions of one
   * account wait for each other.
   * @returns {Account}
   */
  get funder() {
    return account("//Alice");
  }

  // ------------------------------------------------------------------ steps

  /** Fail if a file that the scenario needs is missing, before anything is started. */
  prepare() {}

  /**
   * Run the steps from 1 on. Step 0 is the start of the fixture.
   * @param {(() => Promise<unknown>)[]} steps
   */
  async runSteps(steps) {
    this.observer = await Observer.start(this.fixture.history, this.watchlist, this.pallets);
    this.observer.onBlock((state) => {
      for (const event of state.events) this.reportEvent(event, state);
      this.#reportVerdicts(state);
      this.reporter.update(this.stateOf(state));
    });
    try {
      for (const [i, run] of steps.entries()) {
        this.#enter(i + 1);
        await run();
      }
    } catch (error) {
      for (const { reject } of this.#waiting) reject(error);
      throw error;
    }
  }

  /**
   * Enter a step.
   * @param {number} step
   */
  #enter(step) {
    this.currentStep = step;
    this.reporter.step(step);
    for (const waiting of this.#waiting) if (waiting.step <= step) waiting.resolve();
  }

  /**
   * Wait until the scenario reaches a step. Rejects if it fails before.
   * @param {number} step
   * @returns {Promise<void>}
   */
  reached(step) {
    if (this.currentStep !== undefined && this.currentStep >= step) return Promise.resolve();
    return new Promise((resolve, reject) => this.#waiting.push({ step, resolve, reject }));
  }

  /**
   * Report a note on the current step.
   * @param {string} text
   */
  note(text) {
    if (this.currentStep !== undefined) this.reporter.step(this.currentStep, text);
  }

  /** Stop observing. */
  async stop() {
    await this.observer?.stop();
  }

  // ------------------------------------------------------------------ waiting

  /**
   * Wait for the first block for which `check` returns a truthy value.
   * @template T
   * @param {string} what - the condition, as error messages name it
   * @param {(state: BlockState) => T} check
   * @param {number} timeout - ms
   * @returns {Promise<Exclude<T, Falsy>>} the value
   */
  until(what, check, timeout) {
    return this.observer.until(what, check, { timeout, abort: () => this.fixture.failure() });
  }

  /**
   * Wait for the first event of that name that `matches`.
   * @param {string} section
   * @param {string} method
   * @param {(data: Record<string, Codec>) => boolean} matches
   * @param {number} [timeout] - ms
   * @returns {Promise<ChainEvent>}
   */
  async untilEvent(section, method, matches, timeout = 120_000) {
    const find = () => this.observer.findEvent(section, method, matches);
    return this.until(`${section}.${method}`, find, timeout);
  }

  /**
   * Wait until `count` services have the verdict "up".
   * @param {string} what - the condition, as error messages name it
   * @param {number} count
   */
  async untilUp(what, count) {
    await this.until(
      what,
      ({ services }) =>
        services.length === count && services.every(({ last }) => last?.verdict === "up"),
      180_000,
    );
  }

  /**
   * Wait until the first window that begins after a round is about to begin, between the probes of
   * two rounds.
   * @param {number} round
   * @returns {Promise<number>} the window
   */
  async windowAfter(round) {
    const { windowRounds, roundBlocks } = this.observer.latest;
    const next = Math.floor(round / windowRounds) + 1;
    const first = next * windowRounds;
    const stopNotes = this.observer.onBlock((state) =>
      this.note(`window ${next} begins in ${first - state.round} rounds`),
    );
    // Units count from the window after the one in which they were sold. An outage begins with the
    // rounds of the window and after the probes of the round before, so that no verdict is half of
    // each.
    const about = "the next window is about to begin";
    await this.until(about, (state) => state.round >= first - 1, 400_000);
    stopNotes();
    await this.blockOfRound(roundBlocks - 1);
    return next;
  }

  /**
   * Wait until the best block is at an offset in its round.
   * @param {number} offset - blocks
   */
  async blockOfRound(offset) {
    const { roundBlocks } = this.observer.latest;
    const [node] = this.fixture.network.validators;
    const there = async () => (await node.best()) % roundBlocks === offset;
    await waitFor(`block ${offset} of a round`, there, {
      timeout: 120_000,
      every: 200,
      abort: () => this.fixture.failure(),
    });
  }

  /**
   * Number of the best block.
   * @returns {Promise<number>}
   */
  best() {
    return this.fixture.network.validators[0].best();
  }

  /**
   * State of a service or lease. Its absence is an error.
   * @param {BlockState} state
   * @param {string} name
   * @returns {ObservedService}
   */
  service(state, name) {
    const found = state.services.find((service) => service.name === name);
    if (!found) throw new Error(`no service ${name} in block ${state.block}`);
    return found;
  }

  /**
   * Last verdict of a service or lease, if it is there and has one.
   * @param {BlockState} state
   * @param {string} name
   * @returns {string | undefined}
   */
  verdict(state, name) {
    return state.services.find((service) => service.name === name)?.last?.verdict;
  }

  /**
   * State as it is reported: subclasses add what the chain does not know.
   * @param {BlockState} state
   * @returns {BlockState}
   */
  stateOf(state) {
    return state;
  }

  /**
   * Name of an account of the scenario, or its address.
   * @param {Codec} who
   * @returns {string}
   */
  nameOf(who) {
    const accounts = Object.entries(this.accounts);
    return accounts.find(([, { address }]) => address === who.toString())?.[0] ?? who.toString();
  }

  // ------------------------------------------------------------------ money

  /** Fund all accounts, and keep their balances. */
  async fund() {
    const { api } = this;
    const transfers = Object.entries(this.#funds).map(([name, value]) =>
      call(api, "balances", "transferKeepAlive", { dest: this.accounts[name].address, value }),
    );
    await send(api, this.funder, batch(api, transfers));
    this.books.before = await this.#balances();
  }

  /** Keep the balances of all accounts at the end, and the rents of operators. */
  async closeBooks() {
    for (const [name, { address }] of Object.entries(this.watchlist.operators)) {
      this.books.rents[name] = this.observer.rents.get(address) ?? 0n;
    }
    this.books.after = await this.#balances();
  }

  /**
   * Balances of all accounts by name.
   * @returns {Promise<Record<string, Balance>>}
   */
  async #balances() {
    const read = async (/** @type {[string, Account]} */ [name, { address }]) => [
      name,
      await balanceOf(this.api, address),
    ];
    return Object.fromEntries(await Promise.all(Object.entries(this.accounts).map(read)));
  }

  // ------------------------------------------------------------------ reports

  /**
   * Report an event of a finalized block. Subclasses add their own.
   * @param {ChainEvent} event
   * @param {BlockState} _state - at that block
   */
  reportEvent({ block, section, method, data }, _state) {
    if (section !== "operators" || method !== "RentPaid") return;
    const address = data.operator.toString();
    const operators = Object.entries(this.watchlist.operators);
    const name = operators.find(([, operator]) => operator.address === address)?.[0];
    if (!name) return;
    const text = `${name}'s bond pays ${sure(data.amount)} SURE of rent for a slot to the probers`;
    this.reporter.event(`block ${block}: ${text}`, "yellow");
  }

  /**
   * Report verdicts that differ from the last ones reported. The first of a service is not
   * reported.
   * @param {BlockState} state
   */
  #reportVerdicts({ services }) {
    for (const { name, last } of services) {
      const reported = this.#reported.get(name);
      if (!last || last.verdict === reported) continue;
      this.#reported.set(name, last.verdict);
      const color = last.verdict === "up" ? "green" : "red";
      const text = `round ${last.round}: ${name} is ${last.verdict}`;
      if (reported) this.reporter.event(text, color);
    }
  }
}

// SPDX-License-Identifier: Apache-2.0
// Observer of a few operators, services, agreements and orders: reads their state at every
// finalized block and keeps it, so that a test can ask later for any block.

import { big } from "./amounts.mjs";
import { followFinalized } from "./api.mjs";
import { fieldsOf } from "./calls.mjs";
import {
  changedVerdictOf,
  readAgreement,
  readOperator,
  readOrder,
  readRound,
  readService,
  sameTarget,
} from "./shapes.mjs";

/** @import { TrafficRow } from "../gateway/dapp.mjs" */
/** @import { Falsy } from "../system/wait.mjs" */
/** @import { Account, Api, Codec, FinalizedBlock } from "./api.mjs" */
/**
 * @import {
 *   AgreementState, ChainEvent, OperatorState, OrderState, RoundClock, ServiceState, Target
 * } from "./shapes.mjs"
 */

/** Pallets of the market. */
export const MARKET_PALLETS = [
  "operators",
  "probes",
  "sla",
  "escrow",
  "reputation",
  "computeOrders",
  "usage",
];

/**
 * Everything that an observer reads. More may be added while it runs.
 * @typedef {object} Watchlist
 * @property {Record<string, Account>} operators - by name
 * @property {Record<string, number>} services - ids by name
 * @property {Record<string, number>} leases - ids by name
 * @property {{ id: number, tenant: string, service: string }[]} agreements - `service`: name of the
 *   service or lease
 * @property {number[]} orders - ids
 */

/**
 * Service with its verdicts by round.
 * @typedef {ServiceState & { verdicts: Map<number, string> }} ObservedService
 */
/**
 * Agreement with the names of its parties and the credit that was paid so far, in base units.
 * @typedef {AgreementState & { tenant: string, service: string, credited: bigint }}
 *   ObservedAgreement
 */
/**
 * State of everything on the watchlist at a block, and the events of the block. A scenario with a
 * gateway adds its traffic.
 * @typedef {RoundClock & {
 *   block: number,
 *   hash: string,
 *   operators: OperatorState[],
 *   services: ObservedService[],
 *   agreements: ObservedAgreement[],
 *   orders: OrderState[],
 *   events: ChainEvent[],
 *   traffic?: TrafficRow[],
 * }} BlockState
 */

/**
 * Leave out what the chain does not have, or has no more.
 * @template T
 * @param {Promise<T | undefined>[]} reads
 * @returns {Promise<T[]>}
 */
async function present(reads) {
  const all = await Promise.all(reads);
  return all.filter((found) => found !== undefined);
}

/**
 * Targets of ids by name.
 * @param {Record<string, number>} ids
 * @param {(id: number) => Target} target
 * @returns {[string, Target][]}
 */
const named = (ids, target) => Object.entries(ids).map(([name, id]) => [name, target(id)]);

/** Reader of every finalized block, with the history of what it read. */
export class Observer {
  /**
   * States by block number.
   * @type {Map<number, BlockState>}
   */
  blocks = new Map();
  /**
   * Events of the pallets that were asked for.
   * @type {ChainEvent[]}
   */
  events = [];
  /**
   * Verdicts by name of the service or lease, and by round.
   * @type {Map<string, Map<number, string>>}
   */
  #verdicts = new Map();
  /**
   * Credit paid so far by agreement, in base units.
   * @type {Map<number, bigint>}
   */
  credited = new Map();
  /**
   * Rent taken from bonds so far by the operator's address, in base units.
   * @type {Map<string, bigint>}
   */
  rents = new Map();
  /** @type {BlockState | undefined} */
  #latest;
  /** @type {Set<(state: BlockState) => void>} */
  #listeners = new Set();
  /** @type {Awaited<ReturnType<typeof followFinalized>>} */
  #following;
  #pallets;

  /**
   * @param {Watchlist} watchlist
   * @param {string[]} pallets - whose events are kept
   */
  constructor(watchlist, pallets) {
    this.watchlist = watchlist;
    this.#pallets = pallets;
  }

  /**
   * Observe from the last finalized block on.
   * @param {Api} api
   * @param {Partial<Watchlist>} watchlist
   * @param {string[]} [pallets] - whose events are kept
   * @returns {Promise<Observer>}
   */
  static async start(api, watchlist, pallets = MARKET_PALLETS) {
    const { operators = {}, services = {}, leases = {}, agreements = [], orders = [] } = watchlist;
    const observer = new Observer({ operators, services, leases, agreements, orders }, pallets);
    observer.#following = await followFinalized(api, (block) => observer.#read(block));
    return observer;
  }

  /** Stop reading. The history stays. */
  async stop() {
    await this.#following.stop();
  }

  /**
   * Call `listener` for every block from now on.
   * @param {(state: BlockState) => void} listener
   * @returns {() => void} stops that
   */
  onBlock(listener) {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * State at the last block that was read.
   * @returns {BlockState}
   */
  get latest() {
    if (!this.#latest) throw new Error("no finalized block was read yet");
    return this.#latest;
  }

  /**
   * State at a block. A block that was not read is an error.
   * @param {number} number
   * @returns {BlockState}
   */
  at(number) {
    const state = this.blocks.get(number);
    if (!state) throw new Error(`block ${number} was not read`);
    return state;
  }

  /**
   * State at the first block that `matches`. Its absence is an error.
   * @param {(state: BlockState) => boolean | undefined} matches
   * @returns {BlockState}
   */
  firstBlock(matches) {
    const state = [...this.blocks.values()].find(matches);
    if (!state) throw new Error(`no block of ${this.blocks.size} matches ${matches}`);
    return state;
  }

  /**
   * The first event of that name that `matches`.
   * @param {string} section
   * @param {string} method
   * @param {(data: Record<string, Codec>) => boolean} [matches]
   * @returns {ChainEvent | undefined}
   */
  findEvent(section, method, matches = () => true) {
    return this.events.find((e) => e.section === section && e.method === method && matches(e.data));
  }

  /**
   * The first event of that name that `matches`. Its absence is an error.
   * @param {string} section
   * @param {string} method
   * @param {(data: Record<string, Codec>) => boolean} [matches]
   * @returns {ChainEvent}
   */
  event(section, method, matches) {
    const found = this.findEvent(section, method, matches);
    if (!found) throw new Error(`no event ${section}.${method} that matches`);
    return found;
  }

  /**
   * Wait for the first block for which `check` returns a truthy value.
   * @template T
   * @param {string} what - the condition, as error messages name it
   * @param {(state: BlockState) => T} check
   * @param {{ timeout: number, abort?: () => string | undefined }} options - `timeout` in ms;
   *   `abort` gives a reason to fail at once, if there is one
   * @returns {Promise<Exclude<T, Falsy>>} the value
   */
  until(what, check, { timeout, abort = () => undefined }) {
    return new Promise((resolve, reject) => {
      const end = () => {
        clearTimeout(timer);
        clearInterval(poll);
        unsubscribe();
      };
      const fail = (/** @type {Error} */ error) => {
        end();
        reject(error);
      };
      const look = (/** @type {BlockState} */ state) => {
        try {
          const result = check(state);
          if (!result) return;
          end();
          resolve(/** @type {Exclude<T, Falsy>} */ (result));
        } catch (error) {
          fail(error);
        }
      };
      const late = `${what}: not within ${Math.round(timeout / 1000)} s`;
      const timer = setTimeout(() => fail(new Error(late)), timeout);
      const poll = setInterval(() => {
        const reason = abort() ?? this.#following.failure()?.stack;
        if (reason) fail(new Error(`${what}: ${reason}`));
      }, 500);
      const unsubscribe = this.onBlock(look);
      if (this.#latest) look(this.#latest);
    });
  }

  /**
   * Verdicts of a service or lease by round.
   * @param {string} name
   * @returns {Map<number, string>}
   */
  verdictsOf(name) {
    const verdicts = this.#verdicts.get(name) ?? new Map();
    this.#verdicts.set(name, verdicts);
    return verdicts;
  }

  /**
   * Verdicts of the rounds after `from` up to `to`; undefined where there is none.
   * @param {string} name
   * @param {number} from
   * @param {number} to
   * @returns {[number, string | undefined][]} `[round, verdict]`
   */
  verdictsBetween(name, from, to) {
    const verdicts = this.verdictsOf(name);
    const rounds = Array.from({ length: Math.max(0, to - from) }, (_, i) => from + 1 + i);
    return rounds.map((round) => [round, verdicts.get(round)]);
  }

  /**
   * All services and leases by name.
   * @returns {[string, Target][]}
   */
  #targets() {
    const { services, leases } = this.watchlist;
    return [
      ...named(services, (id) => ({ service: id })),
      ...named(leases, (id) => ({ lease: id })),
    ];
  }

  /**
   * Name of a service or lease, if it is on the watchlist.
   * @param {Target} target
   * @returns {string | undefined}
   */
  nameOf(target) {
    return this.#targets().find(([, its]) => sameTarget(its, target))?.[0];
  }

  /**
   * Read a block.
   * @param {FinalizedBlock} block
   */
  async #read({ number, hash, at, events: all }) {
    const { operators, agreements, orders } = this.watchlist;
    const clock = await readRound(at);
    const operatorStates = await present(
      Object.entries(operators).map(([name, { address }]) => readOperator(at, name, address)),
    );
    const serviceStates = await present(
      this.#targets().map(([name, target]) => this.#readService(at, name, target)),
    );
    const events = all
      .filter(({ section }) => this.#pallets.includes(section))
      .map((event) => ({
        block: number,
        hash,
        section: event.section,
        method: event.method,
        data: fieldsOf(event),
      }));
    this.#keep(events);
    const agreementStates = await present(agreements.map((a) => this.#readAgreement(at, a)));
    this.#latest = {
      ...clock,
      block: number,
      hash,
      operators: operatorStates,
      services: serviceStates,
      agreements: agreementStates,
      orders: await present(orders.map((id) => readOrder(at, id))),
      events,
    };
    this.blocks.set(number, this.#latest);
    for (const listener of this.#listeners) listener(this.#latest);
  }

  /**
   * Keep the events of a block, with the verdicts and sums that they bring.
   * @param {ChainEvent[]} events
   */
  #keep(events) {
    this.events.push(...events);
    /** @type {<K>(sums: Map<K, bigint>, key: K, amount: Codec) => void} */
    const add = (sums, key, amount) => sums.set(key, (sums.get(key) ?? 0n) + big(amount));
    for (const event of events) {
      const { data } = event;
      const name = `${event.section}.${event.method}`;
      // A service that is gone with the block that judged its last round has no last verdict to
      // read.
      if (name === "probes.VerdictChanged") {
        const { target, round, verdict } = changedVerdictOf(event);
        const its = this.nameOf(target);
        if (its) this.verdictsOf(its).set(round, verdict);
      }
      // A credit may be paid in the very block that owes it.
      if (name === "sla.CreditPaid") add(this.credited, data.agreement.toNumber(), data.amount);
      if (name === "operators.RentPaid") add(this.rents, data.operator.toString(), data.amount);
    }
  }

  /**
   * Read a service or lease, and keep its last verdict.
   * @param {FinalizedBlock["at"]} at
   * @param {string} name
   * @param {Target} target
   * @returns {Promise<ObservedService | undefined>}
   */
  async #readService(at, name, target) {
    const state = await readService(at, name, target);
    if (!state) return undefined;
    const verdicts = this.verdictsOf(name);
    if (state.last) verdicts.set(state.last.round, state.last.verdict);
    return { ...state, verdicts };
  }

  /**
   * Read an agreement.
   * @param {FinalizedBlock["at"]} at
   * @param {Watchlist["agreements"][number]} agreement
   * @returns {Promise<ObservedAgreement | undefined>}
   */
  async #readAgreement(at, { id, tenant, service }) {
    const state = await readAgreement(at, id);
    return state && { ...state, tenant, service, credited: this.credited.get(id) ?? 0n };
  }
}

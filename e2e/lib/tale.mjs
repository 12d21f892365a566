// What every story told on a live network has in common: steps, waiting for the chain, people and their money.

import { account, big, call, send, sure } from "./chain.mjs";
import { waitFor } from "./util.mjs";
import { Watch } from "./watch.mjs";

export class Tale {
  #waiting = [];

  /**
   * `people` are names with the planck they start with; their accounts are new on the chain. `tell` reports
   * progress as a `View` does; without it nobody is told.
   */
  constructor(world, people, tell = { step() {}, event() {}, update() {} }) {
    this.world = world;
    this.api = world.api;
    this.tell = tell;
    this.people = people;
    this.accounts = Object.fromEntries(Object.keys(people).map((name) => [name, account(`//${name}`)]));
    this.cast = { operators: {}, services: {}, agreements: [], orders: [] };
    this.facts = {};
  }

  /** Run `parts`, the functions of steps 1, 2, ... (step 0, the start of the world, is over). */
  async follow(parts) {
    this.watch = await Watch.start(this.api, this.cast);
    this.watch.onBlock((model) => {
      this.narrate(model);
      this.tell.update(model);
    });
    try {
      for (const [i, part] of parts.entries()) {
        this.#enter(i + 1);
        await part();
      }
    } catch (error) {
      for (const { reject } of this.#waiting) reject(error);
      throw error;
    }
    return this.facts;
  }

  /** Tell what a finalized block brought. */
  narrate() {}

  async stop() {
    await this.watch?.stop();
  }

  #enter(step) {
    this.at = step;
    this.tell.step(step);
    for (const waiting of this.#waiting) if (waiting.step <= step) waiting.resolve();
  }

  /** Resolves when the story reaches a step; rejects if it fails before. */
  reached(step) {
    if (this.at >= step) return Promise.resolve();
    return new Promise((resolve, reject) => this.#waiting.push({ step, resolve, reject }));
  }

  until(what, check, timeout) {
    return this.watch.until(what, check, { timeout, abort: () => this.world.died() });
  }

  /** The first finalized event of that name that `matches`, waiting for it if need be. */
  async event(section, method, matches = () => true, timeout = 120_000) {
    const find = () => this.watch.events.find((e) => e.section === section && e.method === method && matches(e.data));
    return this.until(`${section}.${method}`, find, timeout);
  }

  service(model, name) {
    return model.services.find((service) => service.name === name);
  }

  /** Give everybody what they start with, and write down what they have. */
  async fund() {
    const { api } = this;
    const calls = Object.entries(this.people).map(([name, value]) =>
      call(api, "balances", "transferKeepAlive", { dest: this.accounts[name].address, value }));
    await send(api, this.banker, call(api, "utility", "batchAll", { calls }));
    this.facts.before = await this.balances();
  }

  /** Who funds the others: another account for each story, or their transactions would stand in line. */
  get banker() {
    return account("//Alice");
  }

  /** Wait until the first window that begins after a round is about to, between the probes of two rounds. */
  async windowAfter(round) {
    const next = Math.floor(round / this.watch.latest.windowRounds) + 1;
    const rounds = () => `window ${next} begins in ${next * this.watch.latest.windowRounds - this.watch.latest.round} rounds`;
    const note = this.watch.onBlock(() => this.tell.step(this.at, rounds()));
    // The window before must be judged for the units to count, and an outage should begin with the window's
    // rounds and after the probes of the round before it: so that no verdict is half of each.
    await this.until("the next window is about to begin", (model) => model.round >= next * model.windowRounds - 1, 400_000);
    note();
    await this.offset(this.watch.latest.roundBlocks - 1);
    return next;
  }

  /** Wait until the best block is at this offset of its round. */
  async offset(wanted) {
    const { roundBlocks } = this.watch.latest;
    const node = this.world.network.validators[0];
    await waitFor(`block ${wanted} of a round`, async () => (await node.best()) % roundBlocks === wanted, {
      timeout: 120_000,
      every: 200,
      abort: () => this.world.died(),
    });
  }

  /** Write down what everybody has at the end, and what operators paid for the slots of their services. */
  async closeBooks() {
    const rent = ([name, { address }]) => [name, this.watch.rents.get(address) ?? 0n];
    this.facts.rents = Object.fromEntries(Object.entries(this.cast.operators).map(rent));
    this.facts.after = await this.balances();
  }

  /** What each person has, free and on hold, in planck. */
  async balances(at = this.api) {
    const entries = await Promise.all(Object.entries(this.accounts).map(async ([name, who]) => {
      const { data } = await at.query.system.account(who.address);
      return [name, { free: big(data.free), held: big(data.reserved) }];
    }));
    return Object.fromEntries(entries);
  }

  /** Tell of a rent that was taken from a bond. */
  narrateRent({ block, events }) {
    for (const { section, method, data } of events) {
      const [name] = Object.entries(this.cast.operators).find(([, { address }]) => address === data.operator?.toString()) ?? [];
      if (section !== "operators" || method !== "RentPaid" || !name) continue;
      this.tell.event(`block ${block}: ${name}'s bond pays ${sure(data.amount)} SURE of rent for a slot to the probers`, "yellow");
    }
  }

  #told = new Map();

  /** Tell of verdicts that differ from the last ones told. */
  narrateVerdicts(model) {
    for (const service of model.services) {
      const seen = this.#told.get(service.name);
      if (service.verdict && service.verdict !== seen) {
        this.#told.set(service.name, service.verdict);
        if (seen) this.tell.event(`round ${service.round}: ${service.name} is ${service.verdict}`, service.verdict === "up" ? "green" : "red");
      }
    }
  }
}

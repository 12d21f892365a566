// What the chain says of services, agreements and operators, read at every finalized block through the
// runtime API, and kept so that one can ask later what was so in which block.

import { big, followFinalized, named } from "./chain.mjs";

/** Name of an enum's variant in polkadot.js's JSON, which has three forms for it. */
export function variant(json) {
  if (json === null || json === undefined) return undefined;
  const name = typeof json === "string" ? json : Object.keys(json)[0];
  return name[0].toLowerCase() + name.slice(1);
}

/** `[round, verdict]` as `{ round, verdict, latency }`. */
export function verdictOf(last) {
  if (!last) return undefined;
  const [round, verdict] = last;
  return { round, verdict: variant(verdict), latency: verdict?.up?.latency };
}

export class Watch {
  /** Verdict by service and round. */
  verdicts = new Map();
  /** Everything by block number. */
  blocks = new Map();
  /** Events of our pallets, with the block. */
  events = [];
  /** Credit paid so far, by agreement. */
  credited = new Map();
  /** Rent taken from the bond so far, by the operator's address. */
  rents = new Map();
  #listeners = new Set();

  /** `cast` names who is watched: `{ operators: {name: account}, services: {name: id}, agreements: [..], orders: [id] }`. */
  static async start(api, cast) {
    const watch = new Watch();
    Object.assign(watch, { api, cast });
    watch.following = await followFinalized(api, (block) => watch.#read(block));
    return watch;
  }

  async stop() {
    await this.following.stop();
  }

  onBlock(listener) {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  get latest() {
    return this.model;
  }

  /** Resolve with what `check(model)` returns for the first finalized block in which it is true. */
  until(what, check, { timeout, abort = () => undefined }) {
    return new Promise((resolve, reject) => {
      let done;
      const end = (settle, value) => {
        clearTimeout(timer);
        clearInterval(poll);
        done?.();
        settle(value);
      };
      const look = (model) => {
        try {
          const result = model && check(model);
          if (result) end(resolve, result === true ? model : result);
        } catch (error) {
          end(reject, error);
        }
      };
      const timer = setTimeout(() => end(reject, new Error(`${what}: not within ${Math.round(timeout / 1000)} s`)), timeout);
      const poll = setInterval(() => {
        const reason = abort() ?? this.following.failure()?.stack;
        if (reason) end(reject, new Error(`${what}: ${reason}`));
      }, 500);
      done = this.onBlock(look);
      look(this.model);
    });
  }

  async #read({ number, hash, at, events }) {
    const api = at.call.suretyApi;
    const { cast } = this;
    const clock = (await api.round()).toJSON();
    const operators = await Promise.all(Object.entries(cast.operators).map(([name, who]) => this.#operator(api, name, who)));
    const services = await Promise.all(Object.entries(cast.services).map(([name, id]) => this.#service(api, name, id)));
    const ours = events
      .filter(({ event }) => ["operators", "probes", "sla", "escrow", "reputation", "computeOrders"].includes(event.section))
      .map(({ event }) => ({ block: number, hash, section: event.section, method: event.method, data: named(event) }));
    this.events.push(...ours);
    // Of a service that is gone with the block that judged its last round there is no last verdict to read.
    for (const { section, method, data } of ours) {
      if (section !== "probes" || method !== "VerdictChanged") continue;
      const [name] = Object.entries(cast.services).find(([, id]) => id === data.service.toNumber()) ?? [];
      if (name) this.#verdictsOf(name).set(data.round.toNumber(), variant(data.to.toJSON()));
    }
    const add = (sums, key, amount) => sums.set(key, (sums.get(key) ?? 0n) + big(amount));
    for (const { section, method, data } of ours) {
      // A credit may be paid in the very block that owes it.
      if (section === "sla" && method === "CreditPaid") add(this.credited, data.agreement.toNumber(), data.amount);
      if (section === "operators" && method === "RentPaid") add(this.rents, data.operator.toString(), data.amount);
    }
    const agreements = await Promise.all(cast.agreements.map((a) => this.#agreement(api, a)));
    const orders = await Promise.all((cast.orders ?? []).map((id) => this.#order(api, id)));
    this.model = {
      block: number,
      hash,
      round: clock.round,
      window: clock.window,
      roundBlocks: clock.roundBlocks,
      windowRounds: clock.windowRounds,
      judgedRound: clock.judgedRound,
      operators: operators.filter(Boolean),
      services: services.filter(Boolean),
      agreements: agreements.filter(Boolean),
      orders: orders.filter(Boolean),
      events: ours,
    };
    this.blocks.set(number, this.model);
    for (const listener of this.#listeners) listener(this.model);
  }

  #verdictsOf(name) {
    if (!this.verdicts.has(name)) this.verdicts.set(name, new Map());
    return this.verdicts.get(name);
  }

  /** Verdicts of the rounds after `from` up to `to`; `undefined` where none was given. */
  verdictsBetween(name, from, to) {
    const verdicts = this.#verdictsOf(name);
    return Array.from({ length: Math.max(0, to - from) }, (_, i) => [from + 1 + i, verdicts.get(from + 1 + i)]);
  }

  async #operator(api, name, account) {
    const info = (await api.operator(account.address)).toJSON();
    if (!info) return undefined;
    const native = info.bonds.find((bond) => variant(bond.asset) === "native");
    return {
      name,
      active: big(native?.active),
      exposure: big(native?.exposure),
      score: info.score,
      trust: info.trust,
      reliability: info.reliability,
      performance: info.performance,
    };
  }

  async #service(api, name, id) {
    const detail = (await api.service(id)).toJSON();
    if (!detail) return undefined;
    const last = verdictOf(detail.summary.lastVerdict);
    const verdicts = this.#verdictsOf(name);
    if (last) verdicts.set(last.round, last.verdict);
    return {
      name,
      id,
      verdicts,
      round: last?.round,
      verdict: last?.verdict,
      latency: last?.latency,
      counters: detail.counters,
      window: detail.window,
      hot: detail.hot,
      meter: detail.meter ?? undefined,
      against: detail.counters.down + detail.counters.stale,
      allowance: detail.allowance[0],
      index: big(detail.index),
      cover: big(detail.cover),
      rent: detail.rent === null ? undefined : big(detail.rent),
      exposure: big(detail.exposure),
      units: detail.summary.units,
      capacity: detail.summary.service.capacity,
      open: detail.summary.open,
      reliability: detail.reliability,
      history: detail.history,
    };
  }

  async #order(api, id) {
    const info = (await api.order(id)).toJSON();
    if (!info) return undefined;
    const bids = (await api.bids(id, null, 128)).toJSON().items;
    const replicas = await Promise.all(info.replicas.map(async (replica) => {
      const lease = replica.lease === null ? undefined : (await api.lease(replica.lease)).toJSON();
      return {
        held: big(replica.held),
        closed: replica.closed && variant(replica.closed),
        lease: lease && {
          id: lease.id,
          operator: lease.operator,
          price: big(lease.price),
          phase: variant(lease.phase),
          blocksLeft: lease.blocksLeft,
          paid: big(lease.paid),
          owed: big(lease.owedCredit),
          agreement: lease.agreement,
        },
      };
    }));
    return {
      id,
      until: info.bidsUntil,
      bids: bids.map((bid) => ({ ...bid, price: big(bid.price), effectivePrice: big(bid.effectivePrice) })),
      replicas,
    };
  }

  async #agreement(api, { id, tenant, service }) {
    const info = (await api.agreement(id)).toJSON();
    if (!info) return undefined;
    return {
      id,
      tenant,
      service,
      units: info.units,
      held: big(info.held),
      paid: big(info.paid),
      due: big(info.due),
      owed: big(info.owedCredit),
      promised: big(info.reservedCredit),
      credited: this.credited.get(id) ?? 0n,
      state: info.ending ? `ends after round ${info.ending[0]}` : "",
    };
  }
}

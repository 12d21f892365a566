// The story that is the product, told on a live network: three operators with real endpoints, two tenants,
// an outage, and what the chain makes of it. The demo shows it, the tests assert it.

import { call, eventOf, inPercent, MILLI, percent, send, sure, UNIT } from "./chain.mjs";
import { Tale } from "./tale.mjs";

/**
 * Price per unit and block, and terms. In a window of 12 rounds, 90 % leave one bad round: the second is a `Low`
 * breach, the third a `Medium` one and the sixth a `High` one. With seven the service would be ended for cause.
 */
export const PRICE = 10n * MILLI;
export const TERMS = {
  minUptime: 900_000_000,
  maxLatencyMs: 1_200,
  maxHeadLag: 8,
  credit: [10, 25, 50, 100].map(percent),
  cover: percent(300),
};
/**
 * Rounds that are billed before an outage begins: credits are at most what was paid, and those of a `Medium` breach
 * are a quarter of a window's price.
 */
export const PAID_ROUNDS = 4;
export const BOND = 100n * UNIT;
const DEPOSIT_PER_UNIT = 10n * UNIT;

export const STEPS = [
  "Start four validators and the endpoints of three operators",
  "Three operators register with a bond and list their services",
  "The validators probe: every service is up",
  "Two tenants open agreements on the Ethereum endpoint",
  "A new window begins: from now on their units count",
  "The Ethereum endpoint is stopped: verdicts turn down",
  "The allowance runs out: breach, slash and credit in one block",
  "The endpoint is back: verdicts turn up",
  "Tenants are paid their credits",
  "The operator's score recovers",
];

/** People of the story. Their accounts are new on the chain. */
const OPERATORS = { Nora: "surety", Emil: "ethereum", Wanda: "vpn" };
const TENANTS = { Tina: 2, Theo: 1 };
const FUNDS = { operator: BOND + 20n * UNIT, tenant: 50n * UNIT };

export class Story extends Tale {
  constructor(world, tell) {
    const funds = ([name]) => [name, name in OPERATORS ? FUNDS.operator : FUNDS.tenant];
    super(world, Object.fromEntries(Object.entries({ ...OPERATORS, ...TENANTS }).map(funds)), tell);
  }

  /** Run it all, from step 1 on (the world has been started). `this.at` says which step is told. */
  run() {
    return this.follow([
      () => this.#operatorsRegister(),
      () => this.#everythingIsUp(),
      () => this.#tenantsOpen(),
      () => this.#windowTurns(),
      () => this.#endpointStops(),
      () => this.#breach(),
      () => this.#endpointReturns(),
      () => this.#tenantsArePaid(),
      () => this.#scoreRecovers(),
    ]);
  }

  // ------------------------------------------------------------------ steps

  async #operatorsRegister() {
    const { api, world } = this;
    await this.fund();
    const networks = (await api.call.suretyApi.networks()).toJSON();
    const networkId = (name) => {
      const found = networks.find(([, network]) => Buffer.from(network.name.slice(2), "hex").toString() === name);
      if (!found) throw new Error(`the chain knows no network "${name}"`);
      return found[0];
    };
    const listings = {
      surety: { kind: { Rpc: { network: networkId("surety") } }, endpoint: world.network.full[0].http, region: "DE" },
      ethereum: { kind: { Rpc: { network: networkId("ethereum") } }, endpoint: world.ethereum.operator.url, region: "EE" },
      vpn: { kind: { Vpn: { key: world.vpn.key } }, endpoint: `${world.nginx.url}/vpn`, region: "PT" },
    };
    await Promise.all(Object.entries(OPERATORS).map(async ([name, service]) => {
      const { events } = await send(api, this.accounts[name], call(api, "utility", "batchAll", { calls: [
        call(api, "operators", "register", { bond: BOND, name, contact: `${name.toLowerCase()}@example.org` }),
        listService(api, { ...listings[service], capacity: 10 }),
      ] }));
      this.cast.operators[name] = this.accounts[name];
      this.cast.services[service] = eventOf(events, "operators", "ServiceListed").service.toNumber();
      this.tell.event(`${name} bonds ${sure(BOND, 0)} SURE and lists ${service} at ${listings[service].endpoint}`);
    }));
    await world.vpn.serve(api.genesisHash.toHex(), this.cast.services.vpn);
  }

  async #everythingIsUp() {
    await this.until("all three services are up", (model) =>
      model.services.length === 3 && model.services.every((service) => service.verdict === "up"), 180_000);
    this.tell.event("the validators found all three services up", "green");
  }

  async #tenantsOpen() {
    const { api } = this;
    const service = this.cast.services.ethereum;
    await Promise.all(Object.entries(TENANTS).map(async ([name, units]) => {
      const { events } = await send(api, this.accounts[name], call(api, "sla", "openAgreement", {
        service, units, maxPrice: PRICE, deposit: DEPOSIT_PER_UNIT * BigInt(units), minCover: TERMS.cover,
      }));
      const id = eventOf(events, "sla", "AgreementOpened").agreement.toNumber();
      this.cast.agreements.push({ id, tenant: name, service: "ethereum" });
      this.tell.event(`${name} takes ${units} unit${units > 1 ? "s" : ""} and deposits ${sure(DEPOSIT_PER_UNIT * BigInt(units), 0)} SURE`);
    }));
    this.cast.agreements.sort((a, b) => b.tenant.localeCompare(a.tenant));
    this.facts.agreements = this.cast.agreements.map(({ id, tenant }) => ({ id, tenant, units: TENANTS[tenant] }));
    const model = await this.until("the agreements are final", (m) => m.agreements.length === 2 && m, 30_000);
    this.facts.openedInRound = model.round;
  }

  async #windowTurns() {
    this.facts.outageWindow = await this.windowAfter(this.facts.openedInRound + PAID_ROUNDS);
  }

  async #endpointStops() {
    await this.world.ethereum.operator.stop();
    this.facts.stoppedAt = await this.world.network.validators[0].best();
    this.tell.event("Emil's endpoint is stopped", "red");
    await this.until("the first verdict is down", (model) => this.service(model, "ethereum").verdict === "down", 120_000);
  }

  async #breach() {
    const { ethereum } = this.cast.services;
    const breached = await this.until("the breach", (model) =>
      model.events.find((e) => e.section === "sla" && e.method === "Breached" && e.data.service.toNumber() === ethereum) && model,
    240_000);
    this.facts.breachBlock = breached.block;
  }

  async #endpointReturns() {
    // Between the probes of a round and those of the next.
    await this.offset(this.watch.latest.roundBlocks - 2);
    await this.world.ethereum.operator.start();
    this.facts.returnedAt = await this.world.network.validators[0].best();
    this.tell.event("Emil's endpoint is back", "green");
    const from = this.watch.latest.round;
    const model = await this.until("a verdict is up again", (m) => {
      const service = this.service(m, "ethereum");
      return service.round >= from && service.verdict === "up" && m;
    }, 120_000);
    this.facts.upAgainRound = this.service(model, "ethereum").round;
  }

  async #tenantsArePaid() {
    const { api } = this;
    // Anyone may ask for it; whoever has been paid by then is owed nothing more.
    for (const { id } of this.facts.agreements) {
      await send(api, this.accounts.Tina, call(api, "sla", "settle", { agreement: id }));
    }
    // What was promised beyond what they had paid by then becomes due as they pay.
    await this.until("all credit is paid", (m) => m.agreements.every((a) => a.owed + a.promised === 0n), 240_000);
  }

  async #scoreRecovers() {
    const scores = (model) => {
      const { score, reliability, performance } = model.operators.find((o) => o.name === "Emil");
      return [score, reliability, performance.score];
    };
    const before = scores(this.watch.blocks.get(this.facts.breachBlock - 1));
    const low = [...before];
    // A score counts as recovering if it fell with the breach or with its window, and then rises.
    const rises = (model) => {
      const now = scores(model);
      const risen = now.some((value, i) => low[i] < before[i] && value > low[i]);
      now.forEach((value, i) => { low[i] = Math.min(low[i], value); });
      return risen;
    };
    for (const model of this.watch.blocks.values()) if (model.block >= this.facts.breachBlock) rises(model);
    this.tell.step(this.at, "scores move when a window is closed");
    const model = await this.until("the score recovers", (m) => rises(m) && m, 600_000);
    this.facts.scores = { before, low, now: scores(model) };
    const shown = (label, [score, reliability, performance]) => `${label} ${score}/${reliability}/${performance}`;
    this.tell.event(
      `Emil's score/reliability/performance: ${shown("before", before)}, ${shown("lowest", low)}, ${shown("now", scores(model))}`, "green");
    await this.closeBooks();
  }

  // ------------------------------------------------------------------ helpers

  narrate(model) {
    const name = (id) => Object.entries(this.cast.services).find(([, s]) => s === id)?.[0];
    for (const { section, method, data } of model.events) {
      if (section === "sla" && method === "Breached" && name(data.service.toNumber())) {
        const breach = data.breach.toJSON();
        this.tell.event(
          `block ${model.block}: ${breach.severity} breach of ${name(data.service.toNumber())} (${breach.kind}): credit index ` +
          `${inPercent(breach.indexBefore)} -> ${inPercent(breach.indexAfter)} of a window's price`, "magenta");
        for (const a of model.agreements) this.tell.event(`block ${model.block}: ${a.tenant} is credited ${sure(a.owed + a.credited)} SURE so far`, "green");
      }
      if (section === "operators" && method === "BondSlashed" && name(data.service.toNumber())) {
        this.tell.event(`block ${model.block}: bond slashed by ${sure(data.credit)} for the tenants and ${sure(data.penalty)} for the treasury`, "red");
      }
      if (section === "sla" && method === "CreditPaid") {
        const id = data.agreement.toNumber();
        const agreement = model.agreements.find((a) => a.id === id);
        this.tell.event(`block ${model.block}: ${sure(data.amount)} SURE of credit paid to ${agreement?.tenant ?? `agreement ${id}`}`, "green");
      }
    }
    this.narrateRent(model);
    this.narrateVerdicts(model);
  }
}

/** `operators.listService` with the story's price and terms. */
export function listService(api, { kind, endpoint, region = "DE", capacity = 1, price = PRICE, asset = "Native", terms = TERMS }) {
  return call(api, "operators", "listService", {
    kind, endpoint, region, capacity, price, asset, terms,
    metadataHash: new Uint8Array(32),
    metadataUri: "",
  });
}

/** Head and rows of the before/after table: what each person has in all, the change, and the rent in it. */
export const BALANCES = ["", "before", "after", "change", "of it on hold", "rent paid"];
export function balanceRows({ before, after, rents }) {
  const total = ({ free, held }) => free + held;
  return Object.keys(before).map((name) => [
    name,
    sure(total(before[name])),
    sure(total(after[name])),
    `${total(after[name]) >= total(before[name]) ? "+" : ""}${sure(total(after[name]) - total(before[name]))}`,
    sure(after[name].held),
    rents[name] === undefined ? "" : sure(rents[name]),
  ]);
}

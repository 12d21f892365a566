// The compute market's story on a live network: an order, three bids, a match, a lease that is probed and paid,
// an operator that dies, another that takes over, a credit, an exact end, and what both sides say of each
// other. The demo shows it (`SCENE=compute`), the tests assert it.

import { Agent } from "./agent.mjs";
import { account, call, eventOf, inPercent, LEASES_FROM, MILLI, percent, send, sure, UNIT } from "./chain.mjs";
import { BOND, listService, PAID_ROUNDS } from "./story.mjs";
import { Tale } from "./tale.mjs";

/** What each operator bids per block. Berta is the cheapest and all are new, so she is first. */
export const BIDS = { Berta: 10n * MILLI, Carlo: 12n * MILLI, Dunja: 15n * MILLI };
const MAX_PRICE = 20n * MILLI;
/** Most that a replacement may cost: without it, nobody who is dearer than Berta takes over. */
export const FAILOVER_PRICE = 12n * MILLI;
/** Rounds that the lease runs: long enough for a window to begin, an outage in it, and a second operator. */
const ROUNDS = 30;
/** In a window of 12 rounds, 90 % leave one bad round: the second is a `Low` breach, the third `Medium`. */
export const LEASE_TERMS = {
  minUptime: 900_000_000,
  maxLatencyMs: 1_200,
  maxHeadLag: 0,
  credit: [10, 25, 50, 100].map(percent),
  cover: percent(200),
};
export const CAPACITY = { cpuMilli: 8_000, memoryMib: 16_384, storageGib: 100, bandwidthMbit: 1_000, gpus: 1, gpuClass: "h100" };
export const RESOURCES = { cpuMilli: 2_000, memoryMib: 4_096, storageGib: 20, bandwidthMbit: 100, gpus: 1, gpuClass: "h100" };

export const STEPS = [
  "Start four validators and the agents of three operators",
  "Three operators register with a bond and declare their machines",
  "The validators probe the agents: all are up",
  "Tara orders compute; three operators bid",
  "The deadline: the best bid becomes a lease",
  "Its operator starts it and reports ready",
  "A new window begins: from now on its terms count",
  "The machine dies: verdicts turn down, the lease is unhealthy",
  "Failover: the second bid takes over at up to Tara's failover price, out of the same escrow",
  "Tara is credited out of the first operator's bond",
  "The lease runs to its exact end",
  "Tenant and operator rate each other",
];

export class ComputeStory extends Tale {
  constructor(world, tell) {
    const operators = Object.keys(BIDS).map((name) => [name, BOND + 20n * UNIT]);
    super(world, Object.fromEntries([...operators, ["Tara", 50n * UNIT]]), tell);
  }

  get banker() {
    return account("//Ferdie");
  }

  run() {
    return this.follow([
      () => this.#operatorsRegister(),
      () => this.#agentsAreUp(),
      () => this.#orderAndBids(),
      () => this.#match(),
      () => this.#ready(),
      () => this.#windowTurns(),
      () => this.#machineDies(),
      () => this.#failover(),
      () => this.#credited(),
      () => this.#exactEnd(),
      () => this.#ratings(),
    ]);
  }

  // ------------------------------------------------------------------ steps

  async #operatorsRegister() {
    const { api } = this;
    await this.fund();
    this.agents = {};
    await Promise.all(Object.keys(BIDS).map(async (name) => {
      const agent = await Agent.start(this.world.procs, `agent-${name.toLowerCase()}`);
      const who = this.accounts[name];
      const { events } = await send(api, who, call(api, "utility", "batchAll", { calls: [
        call(api, "operators", "register", { bond: BOND, name, contact: "" }),
        listService(api, { kind: "Compute", endpoint: agent.url, price: BIDS[name] }),
      ] }));
      const service = eventOf(events, "operators", "ServiceListed").service.toNumber();
      await send(api, who, call(api, "computeOrders", "declareCapacity", { service, total: CAPACITY }));
      this.agents[name] = agent;
      this.cast.operators[name] = who;
      this.cast.services[`${name}'s agent`] = service;
      this.tell.event(`${name} bonds ${sure(BOND, 0)} SURE and declares ${CAPACITY.cpuMilli / 1000} CPUs and a GPU behind ${agent.url}`);
    }));
  }

  async #agentsAreUp() {
    await this.until("all agents are up", (model) =>
      model.services.length === 3 && model.services.every((service) => service.verdict === "up"), 180_000);
    this.tell.event("the validators found all three agents up", "green");
  }

  async #orderAndBids() {
    const { api } = this;
    const { roundBlocks, windowRounds } = this.watch.latest;
    const duration = ROUNDS * roundBlocks;
    const now = await this.world.network.validators[0].best();
    const order = {
      asset: "Native",
      resources: RESOURCES,
      image: "docker.io/library/nginx:1.27",
      digest: null,
      ports: [{ container: 80, protocol: "Tcp" }],
      envHash: null,
      maxPrice: MAX_PRICE,
      failoverPrice: FAILOVER_PRICE,
      regions: ["DE"],
      minTrust: "One",
      quantity: 1,
      duration,
      // Time for three transactions to be final.
      bidDeadline: now + 5 * roundBlocks,
      autoMatch: true,
      terms: LEASE_TERMS,
      deposit: MAX_PRICE * BigInt(duration + windowRounds * roundBlocks),
    };
    const { events } = await send(api, this.accounts.Tara, call(api, "computeOrders", "placeOrder", { order }));
    const id = eventOf(events, "computeOrders", "OrderPlaced").order.toNumber();
    Object.assign(this.facts, { order: id, deposit: order.deposit });
    this.cast.orders.push(id);
    this.tell.event(`Tara orders 2 CPUs and a GPU for ${ROUNDS} rounds at up to ${sure(MAX_PRICE)} SURE a block, a replacement at up to ${sure(FAILOVER_PRICE)}`);
    await Promise.all(Object.entries(BIDS).map(async ([name, price]) => {
      const service = this.cast.services[`${name}'s agent`];
      await send(api, this.accounts[name], call(api, "computeOrders", "placeBid", {
        order: id, service, price, replicas: 1, foreignTerms: true,
      }));
      this.tell.event(`${name} bids ${sure(price)} SURE a block and accepts her terms`);
    }));
    await this.until("three bids stand", (model) => model.orders[0]?.bids.length === 3, 60_000);
  }

  async #match() {
    const { data, block } = await this.event("computeOrders", "LeaseAwarded", (d) => d.order.toNumber() === this.facts.order);
    this.#placed(data);
    this.facts.matchedAt = block;
  }

  /** A lease was awarded: from now on it is watched. */
  #placed(data) {
    const id = data.lease.toNumber();
    const operator = this.#name(data.operator);
    (this.facts.leases ??= []).push({ id, operator });
    this.cast.services[`lease ${id}`] = LEASES_FROM + id;
    this.tell.event(`lease ${id} is awarded to ${operator}`, "magenta");
  }

  #name(who) {
    return Object.entries(this.accounts).find(([, { address }]) => address === who.toString())?.[0];
  }

  async #ready() {
    await this.#start();
    await this.until("the lease is up", (m) => this.service(m, `lease ${this.#lease().id}`)?.verdict === "up", 120_000);
  }

  #lease() {
    return this.facts.leases.at(-1);
  }

  /** The operator of the last lease starts it and says so. */
  async #start() {
    const { api } = this;
    const lease = this.#lease();
    const agent = this.agents[lease.operator];
    await agent.run(lease.id);
    const { events, block } = await send(api, this.accounts[lease.operator], call(api, "computeOrders", "reportReady", {
      lease: lease.id, health: agent.health(lease.id), access: `http://${lease.operator.toLowerCase()}.example.org:8080`,
      foreignTerms: true,
    }));
    const ready = eventOf(events, "computeOrders", "LeaseReady");
    Object.assign(lease, { agreement: ready.agreement.toNumber(), lastRound: ready.lastRound.toNumber(), readyIn: block.toHex() });
    this.cast.agreements.push({ id: lease.agreement, tenant: "Tara", service: `lease ${lease.id}` });
    this.tell.event(`${lease.operator} reports lease ${lease.id} ready: it runs through round ${lease.lastRound}`, "green");
  }

  async #windowTurns() {
    const readyIn = this.#lease().lastRound - ROUNDS;
    this.facts.outageWindow = await this.windowAfter(readyIn + PAID_ROUNDS);
  }

  async #machineDies() {
    const { operator, id } = this.#lease();
    await this.agents[operator].kill();
    this.facts.killedAt = await this.world.network.validators[0].best();
    this.tell.event(`${operator}'s machine is dead`, "red");
    const { data, block } = await this.event("computeOrders", "LeaseEnding", (d) => d.lease.toNumber() === id, 180_000);
    this.facts.unhealthy = { block, round: data.round.toNumber(), code: data.code.toNumber() };
    this.tell.event(`lease ${id} is unhealthy after round ${data.round} (code ${data.code})`, "red");
  }

  async #failover() {
    const failed = this.#lease();
    const { data, block } = await this.event("computeOrders", "LeaseAwarded",
      (d) => d.order.toNumber() === this.facts.order && d.lease.toNumber() > failed.id);
    this.facts.failoverAt = block;
    this.#placed(data);
    await this.#start();
    const { id } = this.#lease();
    await this.until("the new lease is up", (m) => this.service(m, `lease ${id}`)?.verdict === "up", 120_000);
  }

  async #credited() {
    const { api } = this;
    const { agreement } = this.facts.leases[0];
    const closed = await this.event("sla", "AgreementClosed", (d) => d.agreement.toNumber() === agreement);
    // It was paid when it was closed; whoever asks again finds nothing left.
    await send(api, this.accounts.Tara, call(api, "sla", "settle", { agreement })).catch((error) => {
      if (error.error !== "sla.UnknownAgreement") throw error;
    });
    this.facts.credited = BigInt(closed.data.credited.toString());
    this.tell.event(`Tara was credited ${sure(this.facts.credited)} SURE for the outage`, "green");
  }

  async #exactEnd() {
    const { id, lastRound } = this.#lease();
    const left = this.watch.onBlock((m) => this.tell.step(this.at, `${Math.max(0, lastRound - m.round)} rounds left`));
    const { data, block } = await this.event("computeOrders", "LeaseClosed", (d) => d.lease.toNumber() === id, 700_000);
    left();
    this.facts.end = { block, code: data.code.toNumber(), paid: BigInt(data.paid.toString()), refunded: BigInt(data.refunded.toString()) };
    const meter = this.facts.end.paid / BIDS[this.#lease().operator];
    this.tell.event(`lease ${id} is over (code ${data.code}): ${meter} blocks paid, ${sure(this.facts.end.refunded)} SURE back`, "green");
  }

  async #ratings() {
    const { api } = this;
    const { agreement, operator } = this.#lease();
    this.facts.ratings = [];
    for (const [who, stars] of [["Tara", 5], [operator, 4]]) {
      const { events } = await send(api, this.accounts[who], call(api, "reputation", "rate", { agreement, stars }));
      const rated = eventOf(events, "reputation", "Rated");
      this.facts.ratings.push({ by: who, of: this.#name(rated.account), stars, before: rated.before.toNumber(), after: rated.after.toNumber() });
      this.tell.event(`${who} gives ${"★".repeat(stars)}`, "green");
    }
    await this.until("both ratings are final", () =>
      this.watch.events.filter((e) => e.section === "reputation" && e.method === "Rated").length >= 2, 60_000);
    await this.closeBooks();
  }

  // ------------------------------------------------------------------ narration

  narrate(model) {
    for (const { section, method, data } of model.events) {
      if (section === "sla" && method === "Breached") {
        const lease = this.facts.leases?.find(({ id }) => data.service.toNumber() === LEASES_FROM + id);
        if (!lease) continue;
        const breach = data.breach.toJSON();
        this.tell.event(
          `block ${model.block}: ${breach.severity} breach of lease ${lease.id}: credit index ${inPercent(breach.indexBefore)} -> ` +
          `${inPercent(breach.indexAfter)} of a window's price, ${sure(breach.credited)} SURE out of ${lease.operator}'s bond`, "magenta");
      }
      if (section === "computeOrders" && method === "PenaltyPaid") {
        this.tell.event(`block ${model.block}: ${this.#name(data.operator)} pays ${sure(data.amount)} SURE for failing lease ${data.lease}`, "red");
      }
    }
    this.narrateRent(model);
    this.narrateVerdicts(model);
  }
}

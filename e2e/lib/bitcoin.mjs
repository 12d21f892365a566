// A service that is priced, bonded and paid in another asset than SURE: the test bitcoin that local networks have
// from genesis. Its operator sells two units; the tenant settles, closes and gets the rest of the deposit back.

import { stringToU8a } from "@polkadot/util";
import { account, big, call, eventOf, percent, send, UNIT } from "./chain.mjs";
import { BOND, listService, TERMS } from "./story.mjs";
import { Tale } from "./tale.mjs";

/** Id of the asset, which has 8 decimals. Amounts below are in its base units. */
export const SBTC = 1;
export const UNITS = 2;
export const PRICE = 1_000n;
const ASSET = { Local: SBTC };
const COIN = 10n ** 8n;
const DEPOSIT = COIN / 100n;

/** The account of a pallet. */
const pot = (id) => stringToU8a(`modl${id}`.padEnd(32, "\0"));

export class BitcoinStory extends Tale {
  constructor(world) {
    super(world, { Tilda: 10n * UNIT });
    // An operator who has some of it.
    this.cast.operators.Eve = this.banker;
  }

  get banker() {
    return account("//Eve");
  }

  run() {
    return this.follow([
      () => this.#list(),
      () => this.until("it is up", (model) => this.service(model, "bitcoin")?.verdict === "up", 180_000),
      () => this.#open(),
      () => this.#settle(),
      () => this.#close(),
    ]);
  }

  async #list() {
    const { api, banker } = this;
    await this.fund();
    const { roundBlocks, windowRounds } = await this.until("a block", (model) => model, 30_000);
    this.facts.windowPrice = PRICE * BigInt(UNITS * roundBlocks * windowRounds);
    const { events } = await send(api, banker, call(api, "utility", "batchAll", { calls: [
      call(api, "assets", "transferKeepAlive", { id: SBTC, target: this.accounts.Tilda.address, amount: COIN }),
      call(api, "operators", "register", { bond: BOND, name: "Eve", contact: "" }),
      call(api, "operators", "bondMore", { asset: ASSET, amount: COIN }),
      listService(api, {
        kind: { Rpc: { network: 0 } }, endpoint: this.world.network.full[0].http, capacity: UNITS, price: PRICE, asset: ASSET,
      }),
    ] }));
    this.cast.services.bitcoin = eventOf(events, "operators", "ServiceListed").service.toNumber();
    this.facts.bitcoinsBefore = await this.bitcoins();
  }

  async #open() {
    const { events } = await send(this.api, this.accounts.Tilda, call(this.api, "sla", "openAgreement", {
      service: this.cast.services.bitcoin, units: UNITS, maxPrice: PRICE, deposit: DEPOSIT, minCover: percent(300),
    }));
    const id = eventOf(events, "sla", "AgreementOpened").agreement.toNumber();
    this.cast.agreements.push({ id, tenant: "Tilda", service: "bitcoin" });
    Object.assign(this.facts, { agreement: id, deposit: DEPOSIT });
  }

  async #settle() {
    const { agreement } = this.facts;
    const used = ([a]) => a && a.due + a.paid >= this.facts.windowPrice / BigInt(this.watch.latest.windowRounds) * 2n;
    await this.until("two rounds are due", (model) => used(model.agreements), 180_000);
    const { block } = await send(this.api, this.accounts.Tilda, call(this.api, "sla", "settle", { agreement }));
    const read = () => [...this.watch.blocks.values()].find(({ hash }) => hash === block.toHex());
    this.facts.settled = await this.until("it is settled", read, 30_000);
  }

  async #close() {
    const { agreement: id } = this.facts;
    const { events } = await send(this.api, this.accounts.Tilda, call(this.api, "sla", "closeAgreement", { agreement: id }));
    this.facts.lastRound = eventOf(events, "sla", "AgreementEnding").round.toNumber();
    const { data } = await this.event("sla", "AgreementClosed", (d) => d.agreement.toNumber() === id, 180_000);
    this.facts.closed = { code: data.code.toNumber(), paid: big(data.paid), refunded: big(data.refunded) };
    this.facts.bitcoinsAfter = await this.bitcoins();
  }

  /** Bitcoins of everybody who may get some of the payment. What the probers' pot had may have been paid out. */
  async bitcoins() {
    const balance = async (who) => big((await this.api.query.assets.account(SBTC, who)).unwrapOrDefault().balance);
    const probers = [pot("surety/d"), ...["//Alice", "//Bob", "//Charlie", "//Dave"].map((seed) => account(seed).address)];
    const [tenant, operator, treasury, ...shares] = await Promise.all(
      [this.accounts.Tilda.address, this.banker.address, pot("surety/t"), ...probers].map(balance));
    return { tenant, operator, treasury, probers: shares.reduce((sum, share) => sum + share, 0n) };
  }
}

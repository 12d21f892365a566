// SPDX-License-Identifier: Apache-2.0
// The asset scenario: a service that is priced, bonded and paid in another asset than SURE, the
// test bitcoin that local networks have from genesis. The tenant takes two units, settles, closes
// and gets the rest of the deposit back.

import { percent, UNIT } from "../chain/amounts.mjs";
import { account, PROBER_POT, storage, TREASURY } from "../chain/api.mjs";
import { batch, call, eventOf, send } from "../chain/calls.mjs";
import { listService, register } from "./listing.mjs";
import { Scenario } from "./scenario.mjs";

/** @import { Account, Codec } from "../chain/api.mjs" */
/** @import { BlockState } from "../chain/observer.mjs" */
/** @import { Fixture } from "../fixture.mjs" */

/** Id of the asset, which has 8 decimals. */
export const SBTC = 1;
export const UNITS = 2;
/** Price per unit and block, in base units of the asset. */
export const PRICE = 1_000n;
const ASSET = { Local: SBTC };
/** One bitcoin and the deposit, in base units. */
const COIN = 10n ** 8n;
const DEPOSIT = COIN / 100n;
const PROBERS = ["//Alice", "//Bob", "//Charlie", "//Dave"];

/**
 * Balances in base units of all accounts that receive part of a payment.
 * @typedef {{ tenant: bigint, operator: bigint, treasury: bigint, probers: bigint }} Bitcoins
 */

/**
 * @typedef {object} AssetResults
 * @property {bigint} windowPrice - of both units, in base units
 * @property {number} agreement
 * @property {bigint} deposit - in base units
 * @property {BlockState} settled - state at the block of the settlement
 * @property {number} lastRound
 * @property {{ code: number, paid: bigint, refunded: bigint }} closed - amounts in base units
 * @property {Bitcoins} bitcoinsBefore
 * @property {Bitcoins} bitcoinsAfter
 */

/** The asset scenario. */
export class AssetScenario extends Scenario {
  results = /** @type {AssetResults} */ ({});

  /** @param {Fixture} fixture */
  constructor(fixture) {
    super(fixture, { Tilda: 10n * UNIT });
    this.watchlist.operators.Eve = this.funder;
  }

  /**
   * The operator too: Eve has bitcoins from genesis.
   * @override
   * @returns {Account}
   */
  get funder() {
    return account("//Eve");
  }

  /**
   * Run all steps.
   * @returns {Promise<AssetResults>}
   */
  async run() {
    const isUp = (/** @type {BlockState} */ state) => this.verdict(state, "bitcoin") === "up";
    await this.runSteps([
      () => this.#list(),
      () => this.until("it is up", isUp, 180_000),
      () => this.#open(),
      () => this.#settle(),
      () => this.#close(),
    ]);
    return this.results;
  }

  /** Fund the tenant, and let the operator bond bitcoin and list. */
  async #list() {
    const { api, funder } = this;
    await this.fund();
    const { roundBlocks, windowRounds } = await this.until("a block", (state) => state, 30_000);
    this.results.windowPrice = PRICE * BigInt(UNITS * roundBlocks * windowRounds);
    const transfer = { id: SBTC, target: this.accounts.Tilda.address, amount: COIN };
    const { events } = await send(
      api,
      funder,
      batch(api, [
        call(api, "assets", "transferKeepAlive", transfer),
        register(api, "Eve"),
        call(api, "operators", "bondMore", { asset: ASSET, amount: COIN }),
        listService(api, {
          kind: { Rpc: { network: 0 } },
          endpoint: this.fixture.network.full[0].http,
          capacity: UNITS,
          price: PRICE,
          asset: ASSET,
        }),
      ]),
    );
    const listed = eventOf(events, "operators", "ServiceListed");
    this.watchlist.services.bitcoin = listed.service.toNumber();
    this.results.bitcoinsBefore = await this.#bitcoins();
  }

  /** Let the tenant open an agreement. */
  async #open() {
    const { events } = await send(
      this.api,
      this.accounts.Tilda,
      call(this.api, "sla", "openAgreement", {
        service: this.watchlist.services.bitcoin,
        units: UNITS,
        maxPrice: PRICE,
        deposit: DEPOSIT,
        minCover: percent(300),
      }),
    );
    const id = eventOf(events, "sla", "AgreementOpened").agreement.toNumber();
    this.watchlist.agreements.push({ id, tenant: "Tilda", service: "bitcoin" });
    Object.assign(this.results, { agreement: id, deposit: DEPOSIT });
  }

  /** Wait until two rounds are due, and settle. */
  async #settle() {
    const { agreement, windowPrice } = this.results;
    const twoRounds = (windowPrice / BigInt(this.observer.latest.windowRounds)) * 2n;
    const isUsed = (/** @type {BlockState} */ { agreements: [its] }) =>
      its !== undefined && its.due + its.paid >= twoRounds;
    await this.until("two rounds are due", isUsed, 180_000);
    const settle = call(this.api, "sla", "settle", { agreement });
    const { block } = await send(this.api, this.accounts.Tilda, settle);
    const find = () =>
      [...this.observer.blocks.values()].find(({ hash }) => hash === block.toHex());
    this.results.settled = await this.until("it is settled", find, 30_000);
  }

  /** Close the agreement, and wait until it is closed. */
  async #close() {
    const { agreement } = this.results;
    const close = call(this.api, "sla", "closeAgreement", { agreement });
    const { events } = await send(this.api, this.accounts.Tilda, close);
    this.results.lastRound = eventOf(events, "sla", "AgreementEnding").round.toNumber();
    const isIts = (/** @type {Codec} */ data) => data.agreement.toNumber() === agreement;
    const { data } = await this.untilEvent("sla", "AgreementClosed", isIts, 180_000);
    this.results.closed = {
      code: data.code.toNumber(),
      paid: data.paid.toBigInt(),
      refunded: data.refunded.toBigInt(),
    };
    this.results.bitcoinsAfter = await this.#bitcoins();
  }

  /**
   * Read the balances of all accounts that receive part of a payment. The probers' share may be in
   * their pot or with them.
   * @returns {Promise<Bitcoins>}
   */
  async #bitcoins() {
    const balance = async (/** @type {string | Uint8Array} */ who) =>
      (await storage(this.api, "assets", "account", SBTC, who))
        .unwrapOrDefault()
        .balance.toBigInt();
    const pots = [PROBER_POT, ...PROBERS.map((seed) => account(seed).address)];
    const [tenant, operator, treasury, ...shares] = await Promise.all(
      [this.accounts.Tilda.address, this.funder.address, TREASURY, ...pots].map(balance),
    );
    return { tenant, operator, treasury, probers: shares.reduce((sum, share) => sum + share, 0n) };
  }
}

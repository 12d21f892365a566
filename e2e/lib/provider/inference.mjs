// SPDX-License-Identifier: Apache-2.0
// Part of the provider scenario: a model that an operator sells beside compute, a chat through an
// agreement, and the death of the model's server.

import { percent, sure, UNIT } from "../chain/amounts.mjs";
import { call, eventOf, send } from "../chain/calls.mjs";
import { sameTarget, targetOf } from "../chain/shapes.mjs";
import { mintToken } from "../gateway/token.mjs";
import { listService, PRICE } from "../scenarios/listing.mjs";
import { waitFor } from "../system/wait.mjs";
import { chat } from "./chat.mjs";
import { MODEL, MODEL_PORT, ModelServer } from "./model.mjs";

/** @import { BlockState } from "../chain/observer.mjs" */
/** @import { Call } from "../chain/calls.mjs" */
/** @import { Table } from "../gateway/toml.mjs" */
/** @import { Scenario } from "../scenarios/scenario.mjs" */
/** @import { Chat } from "./chat.mjs" */
/** @import { Machine } from "./machine.mjs" */

/** Port of the edge in the agent, on every machine. */
const EDGE_PORT = 8_646;
const UNITS = 2;
const DEPOSIT = 20n * UNIT;
/** Status of HTTP for a token without an agreement. */
const PAYMENT_REQUIRED = 402;
const QUESTION = "What is a promise? Answer in one sentence.";

/**
 * @typedef {object} InferenceResults
 * @property {number} service
 * @property {number} agreement
 * @property {Chat} served - while the server runs
 * @property {Chat} refused - with the token of an agreement that there is not
 * @property {Chat} dead - after the death of the server
 * @property {number} breachBlock
 * @property {bigint} credited - planck
 */

/** A model for sale. */
export class Inference {
  results = /** @type {InferenceResults} */ ({});
  #scenario;
  #machine;
  #server;

  /**
   * @param {Scenario} scenario
   * @param {Machine} machine - that runs it
   * @param {{ name: string, tenant: string }} names - of the service and of the tenant
   */
  constructor(scenario, machine, { name, tenant }) {
    this.#scenario = scenario;
    this.#machine = machine;
    this.#server = new ModelServer(scenario.fixture.processes, machine);
    this.name = name;
    this.tenant = tenant;
  }

  /** @returns {string} */
  get url() {
    return `http://${this.#machine.address}:${EDGE_PORT}`;
  }

  /** Start the server of the model. */
  async start() {
    await this.#server.start();
  }

  /**
   * Call that lists the service.
   * @returns {Call}
   */
  listing() {
    const kind = { Inference: { model: MODEL } };
    return listService(this.#scenario.api, { kind, endpoint: this.url, capacity: 4 });
  }

  /**
   * Table of the agent's configuration.
   * @param {number} id - of the service
   * @returns {Table}
   */
  config(id) {
    this.results.service = id;
    this.#scenario.watchlist.services[this.name] = id;
    const service = [{ id, backend: `http://127.0.0.1:${MODEL_PORT}` }];
    return { listen: `0.0.0.0:${EDGE_PORT}`, service };
  }

  /** Open an agreement, and stream a chat through it. */
  async chats() {
    const { api, accounts, watchlist, reporter } = this.#scenario;
    const signer = accounts[this.tenant];
    const open = call(api, "sla", "openAgreement", {
      service: this.results.service,
      units: UNITS,
      maxPrice: PRICE,
      deposit: DEPOSIT,
      minCover: percent(300),
    });
    const { events } = await send(api, signer, open);
    const agreement = eventOf(events, "sla", "AgreementOpened").agreement.toNumber();
    watchlist.agreements.push({ id: agreement, tenant: this.tenant, service: this.name });
    this.results.agreement = agreement;
    // The agent learns of the agreement by the next finalized block.
    this.results.served = await waitFor(
      "the agent serves the agreement",
      async () => {
        const answer = await this.#ask(agreement);
        return answer.status !== PAYMENT_REQUIRED && answer;
      },
      { abort: () => this.#scenario.fixture.failure() },
    );
    const { text, tokens, firstMs, ms } = this.results.served;
    const speed = `first word after ${firstMs} ms, ${tokens} tokens in ${ms} ms`;
    reporter.event(`${this.tenant} asks, and the answer streams in: ${speed}`, "green");
    reporter.event(`"${text.replaceAll(/\s+/g, " ").trim().slice(0, 120)}"`);
    this.results.refused = await this.#ask(agreement + 1_000);
  }

  /** Kill the server, wait for the breach, and start it again. */
  async dies() {
    const { reporter } = this.#scenario;
    await this.#server.kill();
    reporter.event("the model's server is dead; the agent is alive", "red");
    this.results.dead = await this.#ask(this.results.agreement);
    const { status, text } = this.results.dead;
    reporter.event(`${this.tenant} is told ${status}: ${text.slice(0, 120)}`);
    const target = { service: this.results.service };
    const { block } = await this.#scenario.untilEvent(
      "sla",
      "Breached",
      (data) => sameTarget(targetOf(data), target),
      240_000,
    );
    this.results.breachBlock = block;
    await this.#server.start();
    reporter.event("the model's server is started again", "green");
  }

  /** Settle, and wait until the credit is paid. */
  async credited() {
    const { api, accounts, reporter } = this.#scenario;
    const { agreement } = this.results;
    await send(api, accounts[this.tenant], call(api, "sla", "settle", { agreement }));
    const paid = (/** @type {BlockState} */ { agreements }) =>
      agreements.find(({ id, credited }) => id === agreement && credited > 0n)?.credited;
    this.results.credited = await this.#scenario.until("the credit is paid", paid, 300_000);
    reporter.event(`${sure(this.results.credited)} SURE of credit paid to ${this.tenant}`, "green");
  }

  /**
   * Ask with a token of an agreement.
   * @param {number} agreement
   * @returns {Promise<Chat>}
   */
  #ask(agreement) {
    const { api, accounts } = this.#scenario;
    const signer = accounts[this.tenant];
    const token = mintToken({ genesis: api.genesisHash.toU8a(), agreement, signer });
    return chat(this.url, QUESTION, { token });
  }
}

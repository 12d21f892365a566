// SPDX-License-Identifier: Apache-2.0
// A market of one operator on a chain of its own, so that the benchmark measures tokens, limits and
// usage statements as they are in earnest: a dev node, an upstream that validators can probe, an
// edge before it, and a gateway with an agreement.

import { account, connect } from "../chain/api.mjs";
import { batch, call, eventOf, send } from "../chain/calls.mjs";
import { networkId, readLastVerdicts } from "../chain/shapes.mjs";
import { GatewayProcess } from "../gateway/process.mjs";
import { mintToken } from "../gateway/token.mjs";
import { SuretyNode } from "../network/node.mjs";
import { listService, register, TERMS } from "../scenarios/listing.mjs";
import { freePorts } from "../system/local.mjs";
import { waitFor } from "../system/wait.mjs";
import { Upstream } from "./load.mjs";
import { gatewayBinary } from "./programs.mjs";

/** @import { Api } from "../chain/api.mjs" */
/** @import { Processes } from "../system/processes.mjs" */
/** @import { Table } from "../gateway/toml.mjs" */

/** Units of the agreement: 10 requests per second each, many more than the benchmark sends. */
const UNITS = 100_000;
/** Price per unit and block, in planck. */
const PRICE = 1_000n;
/** Rounds of a dev chain are so short that a longer latency is refused. */
const DEV_TERMS = { ...TERMS, maxLatencyMs: 400 };
const OPERATOR = "//Bob";
const TENANT = "//Charlie";

/**
 * Deposit that pays for a long time.
 * @returns {bigint} planck
 */
const deposit = () => PRICE * BigInt(UNITS) * 36_000n;

/** The market. */
export class Market {
  /** @type {SuretyNode} */
  node;
  /** @type {Api} */
  api;
  /** @type {GatewayProcess} */
  edge;
  /** @type {number} */
  service;
  /** @type {number} */
  agreement;
  #processes;
  #threads;

  /**
   * @param {Processes} processes
   * @param {number} threads - of the edge and of each gateway
   */
  constructor(processes, threads) {
    this.#processes = processes;
    this.#threads = threads;
  }

  /**
   * Start the node, list the upstream behind an edge, and let the tenant open an agreement.
   * @param {Processes} processes
   * @param {{ upstream: Upstream, threads: number, onStep: (text: string) => void }} options
   * @returns {Promise<Market>}
   */
  static async start(processes, { upstream, threads, onStep }) {
    const market = new Market(processes, threads);
    onStep("a dev node");
    await market.#startNode();
    onStep("an edge, and its service");
    await market.#list(upstream);
    onStep("verdicts on the service, then an agreement");
    await market.#buy();
    return market;
  }

  async #startNode() {
    const processes = this.#processes;
    // Probers compare answers with those of two anchors.
    const anchors = await Promise.all([1, 2].map((i) => Upstream.start(processes, `anchor-${i}`)));
    this.node = new SuretyNode({
      processes,
      name: "dev",
      place: 1,
      ports: await freePorts(3),
      chain: "dev",
      flags: [
        ...["--alice", "--validator", "--force-authoring"],
        ...anchors.flatMap(({ url }) => ["--anchor", `ethereum=${url}`]),
      ],
    });
    await this.node.start();
    this.api = await connect(this.node.ws);
  }

  /** @param {Upstream} upstream */
  async #list(upstream) {
    const { api } = this;
    const [port] = await freePorts(1);
    const operator = account(OPERATOR);
    const kind = { Rpc: { network: await networkId(api, "ethereum") } };
    const endpoint = `http://127.0.0.1:${port}`;
    const listed = { kind, endpoint, capacity: UNITS, price: PRICE, terms: DEV_TERMS };
    const listing = listService(api, listed);
    const calls = batch(api, [register(api, "Bob"), listing]);
    const { events } = await send(api, operator, calls);
    this.service = eventOf(events, "operators", "ServiceListed").service.toNumber();
    this.edge = await GatewayProcess.start(this.#processes, "edge", {
      role: "edge",
      binary: gatewayBinary(),
      port,
      env: { SURETY_OPERATOR: OPERATOR },
      flags: ["--operator", operator.address, "--node", this.node.http],
      config: { backend: upstream.url, front: { threads: this.#threads, ...NO_LIMITS } },
    });
  }

  async #buy() {
    const { api, service } = this;
    await waitFor(
      "the service is up",
      async () => (await readLastVerdicts(api)).get(service)?.verdict === "up",
      { timeout: 120_000, abort: () => this.#processes.failure() },
    );
    const { events } = await send(
      api,
      account(TENANT),
      call(api, "sla", "openAgreement", {
        service,
        units: UNITS,
        maxPrice: PRICE,
        deposit: deposit(),
        minCover: 0,
      }),
    );
    this.agreement = eventOf(events, "sla", "AgreementOpened").agreement.toNumber();
  }

  /**
   * Start a gateway that uses the agreement.
   * @param {string} name
   * @param {Table} [config]
   * @returns {Promise<GatewayProcess>}
   */
  async gateway(name, config = {}) {
    const gateway = await GatewayProcess.start(this.#processes, name, {
      role: "gateway",
      binary: gatewayBinary(),
      env: { SURETY_TENANT: TENANT },
      flags: ["--node", this.node.http, "--network", "ethereum"],
      config: { front: { threads: this.#threads, ...NO_LIMITS }, ...config },
    });
    await gateway.untilHealthy();
    return gateway;
  }

  /**
   * Token for clients that use the edge without a gateway.
   * @returns {string}
   */
  token() {
    const genesis = this.api.genesisHash.toU8a();
    return mintToken({ genesis, agreement: this.agreement, signer: account(TENANT) });
  }

  /** Close the connection to the node. The processes are stopped with all others. */
  async stop() {
    await this.api?.disconnect();
  }
}

/** Limits of the public listener that the benchmark must not meet. */
export const NO_LIMITS = { "max-connections": 30_000, "max-connections-per-ip": 30_000 };

// SPDX-License-Identifier: Apache-2.0
// The fixture of the demo and of the live tests: the validators, and real endpoints of operators.

import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { connect } from "./chain/api.mjs";
import { EthereumNetwork } from "./endpoints/ethereum.mjs";
import { Nginx } from "./endpoints/nginx.mjs";
import { exportSpec, Network } from "./network/network.mjs";
import { Namespace } from "./provider/namespace.mjs";
import { workDir } from "./system/local.mjs";
import { Processes } from "./system/processes.mjs";

/** @import { Api } from "./chain/api.mjs" */

const PAGE = "<!doctype html><title>A page</title><h1>Served by nginx</h1>\n";

/** A live network with its endpoints. */
export class Fixture {
  #work = workDir("surety");
  /** @type {Processes} */
  processes;
  /** @type {Network} */
  network;
  /**
   * Machine of the validators that `start` puts on one.
   * @type {Namespace}
   */
  machine;
  /** @type {Api} */
  api;
  /**
   * Connection that reads blocks by `at`, also those before an upgrade.
   * @type {Api}
   */
  history;
  // Endpoints, which are there if `start` is asked for them.
  /** @type {EthereumNetwork} */
  ethereum;
  /** @type {Nginx} */
  nginx;

  /** Create the folder. Nothing runs yet but the reaper. */
  constructor() {
    this.processes = new Processes(this.dir);
  }

  /**
   * Folder with the logs and databases of all processes.
   * @returns {string}
   */
  get dir() {
    return this.#work.dir;
  }

  /**
   * Start everything. `stop` may be called at any time, also if this fails.
   * @param {object} [options]
   * @param {(text: string) => void} [options.onStep] - reports progress
   * @param {boolean} [options.endpoints] - without them there are only the validators
   * @param {string} [options.proofs] - address at which exits of VPNs reach the validators
   * @param {(genesis: any) => void} [options.genesis] - changes the genesis of the local chain
   * @param {string} [options.chain] - path of the specification of another chain
   * @param {string[]} [options.full] - names of nodes that do not validate
   * @param {string[]} [options.far] - names of validators on a machine of their own
   * @param {Record<string, string[]>} [options.flags] - further flags, by name of the node
   * @param {string} [options.reader] - name of the node that the tests read from
   */
  async start(options = {}) {
    const { onStep = () => {}, endpoints = true, proofs, genesis, far, flags } = options;
    const { full = endpoints ? ["surety-operator"] : [], reader, chain = "local" } = options;
    const { processes } = this;
    if (far) {
      this.machine = new Namespace(processes, "far");
      await this.machine.boot("exec sleep infinity");
    }
    if (endpoints) {
      onStep("an Ethereum network of three hardhat nodes, and nginx");
      [this.ethereum, this.nginx] = await Promise.all([
        EthereumNetwork.start(processes),
        Nginx.start(processes, { "index.html": PAGE }),
      ]);
    }
    onStep(endpoints ? "four validators and a full node" : "four validators");
    this.network = await Network.start(processes, {
      // Two references that the operator does not run: probers trust them if they agree.
      anchors: this.ethereum?.anchors.map((node) => `ethereum=${node.url}`),
      full,
      chain: genesis ? await this.#specWith(genesis) : chain,
      proofs,
      far: far && { machine: this.machine, names: far },
      flags,
    });
    const { nodes } = this.network;
    const { ws } = nodes.find(({ name }) => name === reader) ?? nodes[0];
    [this.api, this.history] = await Promise.all([connect(ws), connect(ws, { history: true })]);
  }

  /**
   * Specification of the local chain with a changed genesis.
   * @param {(genesis: any) => void} change
   * @returns {Promise<string>} path of its file
   */
  async #specWith(change) {
    const plain = path.join(this.dir, "plain.json");
    await exportSpec(this.processes, "local", plain);
    const spec = JSON.parse(readFileSync(plain, "utf8"));
    change(spec.genesis.runtimeGenesis.patch);
    const changed = path.join(this.dir, "changed.json");
    writeFileSync(changed, JSON.stringify(spec));
    return changed;
  }

  /**
   * Reason why a process does not run although it should, for `waitFor({ abort })`.
   * @returns {string | undefined}
   */
  failure() {
    return this.processes.failure();
  }

  /**
   * Stop everything.
   * @param {{ keepLogs?: boolean }} [options] - without `keepLogs` the folder goes too
   */
  async stop({ keepLogs = false } = {}) {
    this.ethereum?.stop();
    for (const api of [this.api, this.history]) await api?.disconnect().catch(() => {});
    await this.processes.stopAll();
    if (!keepLogs) this.#work.remove();
  }

  /** Kill all processes without waiting: for the last moment of this process. */
  killAll() {
    this.processes.killAll();
  }
}

// SPDX-License-Identifier: Apache-2.0
// A small Ethereum network of hardhat nodes: one is an operator's endpoint, the others are the
// reference endpoints (anchors) that probers compare answers with.
//
// The nodes are separate processes without any connection to each other. Every few seconds each
// mines the next block, with a timestamp that follows from its number. As nothing else goes into a
// block, all nodes have the same chain with the same hashes. A node that was stopped starts from
// the first block and is brought up to the height of the others before it counts as started.

import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { jsonRpc } from "../system/json-rpc.mjs";
import { freePorts } from "../system/local.mjs";
import { waitFor } from "../system/wait.mjs";

/** @import { ManagedProcess, Processes } from "../system/processes.mjs" */

/** Folder with hardhat's configuration. */
const E2E = fileURLToPath(new URL("../..", import.meta.url));
const require = createRequire(import.meta.url);
const GENESIS_SECONDS = Date.parse("2025-01-01T00:00:00Z") / 1000;
const BLOCK_SECONDS = 12;
/** Real time in ms between blocks: shorter than Ethereum's, so that heads move during a test. */
const TICK_MS = 4_000;
/** Blocks at the start, because probers compare blocks some way behind the head. */
const FIRST_HEIGHT = 40;

/**
 * Path of hardhat's command line.
 * @returns {string}
 */
function hardhatCli() {
  const manifest = require.resolve("hardhat/package.json");
  return path.join(path.dirname(manifest), require(manifest).bin.hardhat);
}

/** One node. */
class EthereumNode {
  /** @type {ManagedProcess | undefined} */
  #process;
  /** @type {Promise<void>} */
  #mining = Promise.resolve();
  #processes;
  #name;
  #port;
  #height;

  /**
   * @param {Processes} processes
   * @param {string} name
   * @param {number} port
   * @param {() => number} height - of the network
   */
  constructor(processes, name, port, height) {
    this.#processes = processes;
    this.#name = name;
    this.#port = port;
    this.#height = height;
    this.url = `http://127.0.0.1:${port}`;
  }

  /** @returns {boolean} */
  get running() {
    return this.#process?.running ?? false;
  }

  /** Start the node, and bring it to the network's height. */
  async start() {
    const args = [hardhatCli(), "node", "--hostname", "127.0.0.1", "--port", `${this.#port}`];
    const started = this.#processes.start(this.#name, process.execPath, args, {
      cwd: E2E,
      // hardhat keeps settings in the home folder and asks about telemetry at a terminal. Each node
      // has a home of its own: hardhat fails if it reads settings while another one writes them.
      env: {
        HOME: path.join(this.#processes.dir, this.#name),
        HARDHAT_DISABLE_TELEMETRY_PROMPT: "true",
      },
    });
    this.#process = started;
    await waitFor(`${this.#name} answers`, () => jsonRpc(this.url, "eth_chainId"), {
      abort: () => started.failure(),
    });
    await this.mineTo(this.#height());
  }

  /** Stop the node. */
  async stop() {
    await this.#process?.stop();
  }

  /**
   * Mine up to a height. Calls queue up: a node that catches up at the network's tick must not mine
   * a number twice.
   * @param {number} height
   * @returns {Promise<void>}
   */
  mineTo(height) {
    const mine = () => this.#mineTo(height);
    this.#mining = this.#mining.then(mine, mine);
    return this.#mining;
  }

  /** @param {number} height */
  async #mineTo(height) {
    let at = Number(await jsonRpc(this.url, "eth_blockNumber"));
    // One by one: hardhat works on the requests of a batch all at once.
    while (at < height) {
      at += 1;
      await jsonRpc(this.url, "evm_mine", [GENESIS_SECONDS + at * BLOCK_SECONDS]);
    }
  }
}

/** All nodes. */
export class EthereumNetwork {
  #height = FIRST_HEIGHT;
  #stopped = false;
  /** @type {NodeJS.Timeout | undefined} */
  #timer;

  /**
   * @param {Processes} processes
   * @param {number[]} ports - one for each of the three nodes
   */
  constructor(processes, ports) {
    const height = () => this.#height;
    this.operator = new EthereumNode(processes, "ethereum-operator", ports[0], height);
    this.anchors = [1, 2].map(
      (i) => new EthereumNode(processes, `ethereum-anchor-${i}`, ports[i], height),
    );
    this.nodes = [this.operator, ...this.anchors];
  }

  /**
   * Start all nodes.
   * @param {Processes} processes
   * @returns {Promise<EthereumNetwork>}
   */
  static async start(processes) {
    const network = new EthereumNetwork(processes, await freePorts(3));
    await Promise.all(network.nodes.map((node) => node.start()));
    network.#scheduleBlock();
    return network;
  }

  /** @returns {number} of the last block that is mined, or is being mined */
  get height() {
    return this.#height;
  }

  /** Schedule the next block, and the ones after it. */
  #scheduleBlock() {
    this.#timer = setTimeout(async () => {
      this.#height += 1;
      const running = this.nodes.filter((node) => node.running);
      // A node may be stopped in mid-request; probers notice it if that is not intended.
      await Promise.allSettled(running.map((node) => node.mineTo(this.#height)));
      if (!this.#stopped) this.#scheduleBlock();
    }, TICK_MS);
    this.#timer.unref();
  }

  /** Stop mining. The processes are stopped with all others. */
  stop() {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }
}

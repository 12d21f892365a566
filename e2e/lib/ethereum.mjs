// A small Ethereum network made of hardhat nodes: one is an operator's endpoint, the others are the reference
// endpoints (anchors) that probers compare answers with.
//
// The nodes are separate processes that know nothing of each other. Every few seconds each is told to mine
// the next block with a timestamp that follows from its number, and as nothing else goes into a block, all of
// them have the same chain with the same hashes. A node that was stopped starts from the first block and is
// brought up to the others' height before it is counted as back.

import path from "node:path";
import { fileURLToPath } from "node:url";
import { createRequire } from "node:module";
import { freePorts, jsonRpc, waitFor } from "./util.mjs";

const E2E = fileURLToPath(new URL("..", import.meta.url));
const require = createRequire(import.meta.url);
const GENESIS_SECONDS = Date.parse("2025-01-01T00:00:00Z") / 1000;
const BLOCK_SECONDS = 12;
/** Real time between blocks: faster than Ethereum's, so that heads move while a test looks. */
const TICK_MS = 4_000;

function hardhatCli() {
  const manifest = require.resolve("hardhat/package.json");
  return path.join(path.dirname(manifest), require(manifest).bin.hardhat);
}

class EthereumNode {
  constructor(network, name, port) {
    Object.assign(this, { network, name, port, url: `http://127.0.0.1:${port}`, proc: undefined, mining: undefined });
  }

  async start() {
    const { procs } = this.network;
    this.proc = procs.start(this.name, process.execPath, [hardhatCli(), "node", "--hostname", "127.0.0.1", "--port", `${this.port}`], {
      cwd: E2E,
      // hardhat keeps settings in the home folder and asks about telemetry at a terminal. Each has a home of its
      // own: one that reads settings while another writes them does not start.
      env: { HOME: path.join(procs.dir, this.name), HARDHAT_DISABLE_TELEMETRY_PROMPT: "true" },
    });
    await waitFor(`${this.name} answers`, () => jsonRpc(this.url, "eth_chainId"), { abort: () => this.proc.died() });
    await this.mineTo(this.network.height);
  }

  async stop() {
    await this.proc?.stop();
  }

  /** One after the other: a node that is catching up when the network's tick comes must not mine a number twice. */
  mineTo(height) {
    const mine = () => this.#mineTo(height);
    this.mining = (this.mining ?? Promise.resolve()).then(mine, mine);
    return this.mining;
  }

  async #mineTo(height) {
    let at = Number(await jsonRpc(this.url, "eth_blockNumber"));
    // One by one: hardhat works on the requests of a batch all at once.
    while (at < height) {
      at += 1;
      await jsonRpc(this.url, "evm_mine", [GENESIS_SECONDS + at * BLOCK_SECONDS]);
    }
  }
}

export class EthereumNetwork {
  /** `height` blocks are there from the start: probers compare blocks some way behind the head. */
  static async start(procs, { height = 40 } = {}) {
    const network = new EthereumNetwork();
    const ports = await freePorts(3);
    Object.assign(network, { procs, height });
    network.operator = new EthereumNode(network, "ethereum-operator", ports[0]);
    network.anchors = [1, 2].map((i) => new EthereumNode(network, `ethereum-anchor-${i}`, ports[i]));
    network.nodes = [network.operator, ...network.anchors];
    await Promise.all(network.nodes.map((node) => node.start()));
    network.#tick();
    return network;
  }

  #tick() {
    this.timer = setTimeout(async () => {
      this.height += 1;
      const running = this.nodes.filter((node) => node.proc?.running);
      // A node that stops in mid-request is somebody's intention or is noticed by its probers.
      await Promise.allSettled(running.map((node) => node.mineTo(this.height)));
      if (!this.stopped) this.#tick();
    }, TICK_MS);
    this.timer.unref();
  }

  stop() {
    this.stopped = true;
    clearTimeout(this.timer);
  }
}

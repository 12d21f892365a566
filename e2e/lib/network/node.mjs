// SPDX-License-Identifier: Apache-2.0
// A Surety node as a process of its own.

import { existsSync, mkdirSync } from "node:fs";
import path from "node:path";
import { u8aConcat, u8aToHex } from "@polkadot/util";
import { base58Encode, ed25519PairFromSeed } from "@polkadot/util-crypto";
import { jsonRpc } from "../system/json-rpc.mjs";
import { waitFor } from "../system/wait.mjs";

/** @import { Namespace } from "../provider/namespace.mjs" */
/** @import { ManagedProcess, Processes } from "../system/processes.mjs" */

/** @typedef {{ number: number, hash: string }} BlockId */

/**
 * Path of the binary that `make build` made. The Makefile's targets for tests and demos set it.
 * @returns {string}
 */
export function nodeBinary() {
  const binary = process.env.SURETY_NODE;
  if (!binary) throw new Error('SURETY_NODE is not set: run "make test-e2e" or "make demo"');
  if (!existsSync(binary)) throw new Error(`${binary} is not there: run "make build"`);
  return binary;
}

/**
 * Node key for a place in the network, and the peer id that follows from it.
 * @param {number} place - from 1
 * @returns {{ nodeKey: string, peerId: string }}
 */
function identity(place) {
  const seed = new Uint8Array(32).fill(0x5e);
  seed[31] = place;
  // A peer id is the multihash "identity" of the protobuf of an ed25519 key.
  const prefix = new Uint8Array([0x00, 0x24, 0x08, 0x01, 0x12, 0x20]);
  const peerId = base58Encode(u8aConcat(prefix, ed25519PairFromSeed(seed).publicKey));
  return { nodeKey: u8aToHex(seed).slice(2), peerId };
}

/**
 * Flags of a node that keeps all blocks with their states. Tests read old blocks.
 */
const ARCHIVE = ["--state-pruning", "archive", "--blocks-pruning", "archive"];

/** One node, a validator or a full node. */
export class SuretyNode {
  /** @type {ManagedProcess | undefined} */
  #process;
  #processes;
  #nodeKey;
  #ports;
  #flags;
  #chain;
  #machine;

  /**
   * @param {object} options
   * @param {Processes} options.processes
   * @param {string} options.name
   * @param {number} options.place - in the network, from 1
   * @param {number[]} options.ports - of the peers, of JSON-RPC and of Prometheus
   * @param {string[]} options.flags
   * @param {string} [options.chain] - name of a chain, or path of its specification
   * @param {Namespace} [options.machine] - that it runs on, instead of the rest of this machine
   * @param {string} [options.ip] - at which other nodes reach it
   */
  constructor({ processes, name, place, ports, flags, chain = "local", machine, ip }) {
    const { nodeKey, peerId } = identity(place);
    const [p2p, rpc, metrics] = ports;
    this.name = name;
    this.#processes = processes;
    this.#nodeKey = nodeKey;
    this.#ports = { p2p, rpc, metrics };
    this.#flags = flags;
    this.#chain = chain;
    this.#machine = machine;
    const near = machine?.address ?? "127.0.0.1";
    this.http = `http://${near}:${rpc}`;
    this.ws = `ws://${near}:${rpc}`;
    this.metrics = `${near}:${metrics}`;
    this.address = `/ip4/${machine?.address ?? ip ?? near}/tcp/${p2p}/p2p/${peerId}`;
    this.basePath = path.join(processes.dir, name);
    this.log = path.join(processes.dir, `${name}.log`);
  }

  /**
   * Port of the peers.
   * @returns {number}
   */
  get port() {
    return this.#ports.p2p;
  }

  /**
   * Start the node, on what it stored if it ran before.
   * @param {string[]} [bootnodes] - addresses; without it those of the last start
   * @param {NodeJS.ProcessEnv} [env] - added to this process's
   */
  async start(bootnodes = this.bootnodes, env = {}) {
    this.bootnodes = bootnodes;
    const started = this.launch(env);
    await waitFor(`${this.name} answers`, () => jsonRpc(this.http, "system_health"), {
      timeout: 90_000,
      abort: () => started.failure(),
    });
  }

  /**
   * Start the process of the node, which may end by itself.
   * @param {NodeJS.ProcessEnv} [env] - added to this process's
   * @returns {ManagedProcess}
   */
  launch(env = {}) {
    mkdirSync(this.basePath, { recursive: true });
    const args = [
      "--chain",
      this.#chain,
      "--base-path",
      this.basePath,
      "--node-key",
      this.#nodeKey,
      "--port",
      `${this.#ports.p2p}`,
      "--rpc-port",
      `${this.#ports.rpc}`,
      "--prometheus-port",
      `${this.#ports.metrics}`,
      "--rpc-cors",
      "all",
      "--no-telemetry",
      // Two runs on one machine have the same genesis; they must not find each other.
      "--no-mdns",
      // An archive cannot do without the blocks that warp sync leaves out.
      ...(this.#flags.includes("warp") ? [] : ARCHIVE),
      // Tests are on the other side of its link.
      ...(this.#machine
        ? ["--unsafe-rpc-external", "--rpc-methods", "unsafe", "--prometheus-external"]
        : []),
      ...this.bootnodes.flatMap((address) => ["--bootnodes", address]),
      ...this.#flags,
    ];
    this.#process = this.#machine
      ? this.#machine.launch(this.name, nodeBinary(), args, env)
      : this.#processes.start(this.name, nodeBinary(), args, { env });
    return this.#process;
  }

  /**
   * Addresses of the nodes that this one connects to first.
   * @type {string[]}
   */
  bootnodes = [];

  /** Stop the node. What it stored stays. */
  async stop() {
    await this.#process?.stop();
  }

  /** Kill the node, which saves nothing then. */
  async kill() {
    await this.#process?.stop("SIGKILL");
  }

  /**
   * Wait until the node ends by itself.
   * @returns {Promise<string>} exit code or signal
   */
  async ends() {
    if (!this.#process) throw new Error(`${this.name} does not run`);
    this.#process.expected = true;
    return this.#process.ended;
  }

  /**
   * Run a command of the binary on what the node stored. The node must be stopped.
   * @param {string} name
   * @param {...string} args
   * @returns {Promise<string>} output of the command
   */
  command(name, ...args) {
    const base = ["--chain", this.#chain, "--base-path", this.basePath];
    return this.#processes.run(`${this.name}-${name}`, nodeBinary(), [name, ...base, ...args]);
  }

  /**
   * The last finalized block.
   * @returns {Promise<BlockId>}
   */
  async finalized() {
    const hash = await jsonRpc(this.http, "chain_getFinalizedHead");
    return { hash, number: Number((await this.header(hash)).number) };
  }

  /**
   * Number of the best block.
   * @returns {Promise<number>}
   */
  async best() {
    return Number((await jsonRpc(this.http, "chain_getHeader")).number);
  }

  /**
   * Header of a block.
   * @param {string} hash
   * @returns {Promise<any>} JSON
   */
  header(hash) {
    return jsonRpc(this.http, "chain_getHeader", [hash]);
  }

  /**
   * Hash of a block.
   * @param {number} number
   * @returns {Promise<string>}
   */
  hashOf(number) {
    return jsonRpc(this.http, "chain_getBlockHash", [number]);
  }

  /**
   * Prometheus values by metric. A metric with labels appears as `name{labels}`.
   * @returns {Promise<Record<string, number>>}
   */
  async metricValues() {
    const text = await (await fetch(`http://${this.metrics}/metrics`)).text();
    const lines = text.split("\n").filter((line) => line && !line.startsWith("#"));
    const value = (/** @type {string} */ line) => {
      const at = line.lastIndexOf(" ");
      return [line.slice(0, at), Number(line.slice(at + 1))];
    };
    return Object.fromEntries(lines.map(value));
  }
}

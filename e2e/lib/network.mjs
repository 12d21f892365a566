// A local network of Surety nodes as separate processes: validators, and full nodes that serve JSON-RPC.

import { existsSync, mkdirSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { base58Encode, ed25519PairFromSeed } from "@polkadot/util-crypto";
import { u8aConcat, u8aToHex } from "@polkadot/util";
import { freePorts, jsonRpc, waitFor } from "./util.mjs";

/** The binary that `make build` made. */
function nodeBinary() {
  const cache = process.env.SURETY_CACHE ?? path.join(os.homedir(), ".cache", "surety");
  const target = process.env.CARGO_TARGET_DIR ?? path.join(cache, "target");
  const binary = process.env.SURETY_NODE ?? path.join(target, "release", "surety-node");
  if (!existsSync(binary)) throw new Error(`${binary} is not there: run "make build"`);
  return binary;
}

/** A node key for each place in the network, and the peer id that follows from it. */
function identity(place) {
  const seed = new Uint8Array(32).fill(0x5e);
  seed[31] = place;
  // A peer id is the multihash "identity" of the protobuf of an ed25519 key.
  const prefix = new Uint8Array([0x00, 0x24, 0x08, 0x01, 0x12, 0x20]);
  const peerId = base58Encode(u8aConcat(prefix, ed25519PairFromSeed(seed).publicKey));
  return { nodeKey: u8aToHex(seed).slice(2), peerId };
}

class Node {
  constructor(network, name, place, ports, flags, chain = "local") {
    const [p2p, rpc, metrics] = ports;
    Object.assign(this, { network, name, p2p, rpc, metrics, flags, chain, ...identity(place) });
    this.http = `http://127.0.0.1:${rpc}`;
    this.ws = `ws://127.0.0.1:${rpc}`;
    this.address = `/ip4/127.0.0.1/tcp/${p2p}/p2p/${this.peerId}`;
    this.base = path.join(network.procs.dir, name);
  }

  /** Start it, on what it had stored if it ran before. */
  async start() {
    mkdirSync(this.base, { recursive: true });
    const others = this.network.nodes.filter((node) => node !== this);
    this.proc = this.network.procs.start(this.name, nodeBinary(), [
      "--chain", this.chain,
      "--base-path", this.base,
      "--node-key", this.nodeKey,
      "--port", `${this.p2p}`,
      "--rpc-port", `${this.rpc}`,
      "--prometheus-port", `${this.metrics}`,
      "--rpc-cors", "all",
      "--no-telemetry",
      // Two runs on one machine have the same genesis; they must not find each other.
      "--no-mdns",
      // Tests look at old blocks.
      "--state-pruning", "archive",
      "--blocks-pruning", "archive",
      ...others.flatMap((node) => ["--bootnodes", node.address]),
      ...this.flags,
    ]);
    await waitFor(`${this.name} answers`, () => jsonRpc(this.http, "system_health"), {
      timeout: 90_000,
      abort: () => this.proc.died(),
    });
  }

  async stop() {
    await this.proc?.stop();
  }

  /** Run a command of the binary on what it has stored. It must be stopped. Gives what the command said. */
  command(name, ...args) {
    return this.network.procs.run(`${this.name}-${name}`, nodeBinary(), [
      name, "--chain", this.chain, "--base-path", this.base, ...args,
    ]);
  }

  async finalized() {
    const hash = await jsonRpc(this.http, "chain_getFinalizedHead");
    return { hash, number: Number((await jsonRpc(this.http, "chain_getHeader", [hash])).number) };
  }

  async best() {
    return Number((await jsonRpc(this.http, "chain_getHeader")).number);
  }

  header(hash) {
    return jsonRpc(this.http, "chain_getHeader", [hash]);
  }

  hashOf(number) {
    return jsonRpc(this.http, "chain_getBlockHash", [number]);
  }

  /** Prometheus values by metric name; a metric with labels appears as `name{labels}`. */
  async metricValues() {
    const text = await (await fetch(`http://127.0.0.1:${this.metrics}/metrics`)).text();
    const lines = text.split("\n").filter((line) => line && !line.startsWith("#"));
    return Object.fromEntries(
      lines.map((line) => {
        const at = line.lastIndexOf(" ");
        return [line.slice(0, at), Number(line.slice(at + 1))];
      }),
    );
  }
}

export class Network {
  /**
   * Start four validators and wait until they finalize.
   * `anchors` are reference endpoints as `name=url`, given to each of them.
   * `full` names full nodes that do not validate.
   */
  static async start(procs, { anchors = [], full = [] } = {}) {
    const network = new Network();
    Object.assign(network, { procs, nodes: [] });
    const anchorFlags = anchors.flatMap((anchor) => ["--anchor", anchor]);
    const places = [
      ...["alice", "bob", "charlie", "dave"].map((name) => ({ name, flags: [`--${name}`, "--validator", ...anchorFlags] })),
      ...full.map((name) => ({ name, flags: ["--name", name] })),
    ];
    const ports = await freePorts(places.length * 3);
    network.nodes = places.map(
      ({ name, flags }, i) => new Node(network, name, i + 1, ports.slice(i * 3, i * 3 + 3), flags),
    );
    network.validators = network.nodes.slice(0, 4);
    network.full = network.nodes.slice(4);
    await Promise.all(network.nodes.map((node) => node.start()));
    await waitFor("the validators finalize", async () => (await network.validators[0].finalized()).number > 0, {
      timeout: 120_000,
      abort: () => procs.died(),
    });
    return network;
  }

  /** Start one more full node, of the chain that `spec` (a file) describes. */
  async join(name, spec) {
    const node = new Node(this, name, this.nodes.length + 1, await freePorts(3), ["--name", name], spec);
    this.nodes.push(node);
    this.full.push(node);
    await node.start();
    return node;
  }

  /** Write the raw specification of the chain to `file`. */
  async exportSpec(file) {
    await this.procs.run("export-chain-spec", nodeBinary(), ["export-chain-spec", "--chain", "local", "--raw", "--output", file]);
  }
}

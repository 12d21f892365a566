// SPDX-License-Identifier: Apache-2.0
// A local network of Surety nodes: four validators, and full nodes that serve JSON-RPC.

import { freePorts } from "../system/local.mjs";
import { waitFor } from "../system/wait.mjs";
import { nodeBinary, SuretyNode } from "./node.mjs";

/** @import { Processes } from "../system/processes.mjs" */

const VALIDATORS = ["alice", "bob", "charlie", "dave"];
/** Ports that a node listens on: peers, JSON-RPC, Prometheus, proofs of VPNs. */
const PORTS = 4;

/** All nodes of a network. */
export class Network {
  #processes;

  /**
   * @param {Processes} processes
   * @param {SuretyNode[]} validators
   * @param {SuretyNode[]} full
   */
  constructor(processes, validators, full) {
    this.#processes = processes;
    this.validators = validators;
    this.full = full;
  }

  /**
   * Start four validators and wait until they finalize.
   * @param {Processes} processes
   * @param {{ anchors?: string[], full?: string[], proofs?: string }} [options] - `anchors`:
   *   reference endpoints of the validators as `name=url`; `full`: names of nodes that do not
   *   validate; `proofs`: address at which exits of VPNs reach the validators
   * @returns {Promise<Network>}
   */
  static async start(processes, { anchors = [], full = [], proofs } = {}) {
    const anchorFlags = anchors.flatMap((anchor) => ["--anchor", anchor]);
    const places = [
      ...VALIDATORS.map((name) => ({ name, flags: [`--${name}`, "--validator", ...anchorFlags] })),
      ...full.map((name) => ({ name, flags: ["--name", name] })),
    ];
    const ports = await freePorts(places.length * PORTS);
    const nodes = places.map(({ name, flags }, i) => {
      const own = ports.slice(i * PORTS, (i + 1) * PORTS);
      const port = own[PORTS - 1];
      const udp = proofs
        ? [`--probe-udp=0.0.0.0:${port}`, `--probe-udp-public=${proofs}:${port}`]
        : [];
      return new SuretyNode({
        processes,
        name,
        place: i + 1,
        ports: own,
        flags: i < VALIDATORS.length ? [...flags, ...udp] : flags,
      });
    });
    const count = VALIDATORS.length;
    const network = new Network(processes, nodes.slice(0, count), nodes.slice(count));
    await Promise.all(nodes.map((node) => node.start(network.#addressesBut(node))));
    const [first] = network.validators;
    await waitFor("the validators finalize", async () => (await first.finalized()).number > 0, {
      timeout: 120_000,
      abort: () => processes.failure(),
    });
    return network;
  }

  /** @returns {SuretyNode[]} */
  get nodes() {
    return [...this.validators, ...this.full];
  }

  /**
   * Addresses of all nodes but one.
   * @param {SuretyNode} node
   * @returns {string[]}
   */
  #addressesBut(node) {
    return this.nodes.filter((other) => other !== node).map(({ address }) => address);
  }

  /**
   * Start one more full node.
   * @param {string} name
   * @param {string} chain - path of the chain's specification
   * @returns {Promise<SuretyNode>}
   */
  async join(name, chain) {
    const node = new SuretyNode({
      processes: this.#processes,
      name,
      place: this.nodes.length + 1,
      ports: await freePorts(PORTS),
      flags: ["--name", name],
      chain,
    });
    this.full.push(node);
    await node.start(this.#addressesBut(node));
    return node;
  }

  /**
   * Write the raw specification of the chain.
   * @param {string} file
   */
  async exportSpec(file) {
    const args = ["export-chain-spec", "--chain", "local", "--raw", "--output", file];
    await this.#processes.run("export-chain-spec", nodeBinary(), args);
  }
}

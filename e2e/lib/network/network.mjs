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
  #chain;
  #anchorFlags;

  /**
   * @param {Processes} processes
   * @param {{ validators: SuretyNode[], full: SuretyNode[], chain: string, anchorFlags: string[] }} parts
   *   `chain`: name of the chain, or path of its specification; `anchorFlags`: of validators
   */
  constructor(processes, { validators, full, chain, anchorFlags }) {
    this.#processes = processes;
    this.#chain = chain;
    this.#anchorFlags = anchorFlags;
    this.validators = validators;
    this.full = full;
  }

  /**
   * Start four validators and wait until they finalize.
   * @param {Processes} processes
   * @param {object} [options]
   * @param {string[]} [options.anchors] - reference endpoints of the validators as `name=url`
   * @param {string[]} [options.full] - names of nodes that do not validate
   * @param {string} [options.proofs] - address at which exits of VPNs reach the validators
   * @param {string} [options.chain] - path of a specification
   * @returns {Promise<Network>}
   */
  static async start(processes, { anchors = [], full = [], proofs, chain = "local" } = {}) {
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
        chain,
      });
    });
    const count = VALIDATORS.length;
    const [validators, others] = [nodes.slice(0, count), nodes.slice(count)];
    const network = new Network(processes, { validators, full: others, chain, anchorFlags });
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
    const node = await this.#startNode(name, { flags: ["--name", name], chain });
    this.full.push(node);
    return node;
  }

  /**
   * Start one more node that validates as soon as its keys are those of a validator.
   * @param {string} name
   * @param {string[]} [flags] - `["--dave"]` gives it the keys of Dave
   * @returns {Promise<SuretyNode>}
   */
  async joinValidator(name, flags = []) {
    const all = ["--name", name, "--validator", ...this.#anchorFlags, ...flags];
    const node = await this.#startNode(name, { flags: all, chain: this.#chain });
    this.validators.push(node);
    return node;
  }

  /**
   * Start one more node.
   * @param {string} name
   * @param {{ flags: string[], chain: string }} options
   * @returns {Promise<SuretyNode>}
   */
  async #startNode(name, { flags, chain }) {
    const place = this.nodes.length + 1;
    const ports = await freePorts(PORTS);
    const node = new SuretyNode({ processes: this.#processes, name, place, ports, flags, chain });
    await node.start(this.#addressesBut(node));
    return node;
  }

  /**
   * Write the raw specification of the chain.
   * @param {string} file
   */
  async exportSpec(file) {
    await exportSpec(this.#processes, this.#chain, file, "--raw");
  }
}

/**
 * Write the specification of a chain.
 * @param {Processes} processes
 * @param {string} chain - its name, or path of another form of it
 * @param {string} file
 * @param {...string} flags
 */
export async function exportSpec(processes, chain, file, ...flags) {
  const args = ["export-chain-spec", "--chain", chain, "--output", file, ...flags];
  await processes.run("export-chain-spec", nodeBinary(), args);
}

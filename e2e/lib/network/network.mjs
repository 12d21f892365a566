// SPDX-License-Identifier: Apache-2.0
// A local network of Surety nodes: four validators, and full nodes that serve JSON-RPC.

import { freePorts } from "../system/local.mjs";
import { waitFor } from "../system/wait.mjs";
import { nodeBinary, SuretyNode } from "./node.mjs";

/** @import { Namespace } from "../provider/namespace.mjs" */
/** @import { Processes } from "../system/processes.mjs" */

/**
 * Machine with some of the validators, by their names.
 * @typedef {{ machine: Namespace, names: string[] }} Far
 */

const VALIDATORS = ["alice", "bob", "charlie", "dave"];
/** Ports that a node listens on: peers, JSON-RPC, Prometheus, proofs of VPNs. */
const PORTS = 4;

/** All nodes of a network. */
export class Network {
  #processes;
  #chain;
  #anchorFlags;
  #ip;

  /**
   * @param {Processes} processes
   * @param {object} parts
   * @param {SuretyNode[]} parts.validators
   * @param {SuretyNode[]} parts.full
   * @param {string} parts.chain - its name, or path of its specification
   * @param {string[]} parts.anchorFlags - of validators
   * @param {string} [parts.ip] - at which all nodes reach those of this machine
   */
  constructor(processes, { validators, full, chain, anchorFlags, ip }) {
    this.#processes = processes;
    this.#chain = chain;
    this.#anchorFlags = anchorFlags;
    this.#ip = ip;
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
   * @param {Far} [options.far] - validators on a machine of their own
   * @param {Record<string, string[]>} [options.flags] - further flags, by name of the node
   * @returns {Promise<Network>}
   */
  static async start(processes, options = {}) {
    const { anchors = [], full = [], proofs, chain = "local", far, flags: more = {} } = options;
    const ip = far?.machine.outside;
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
        flags: [...flags, ...(i < VALIDATORS.length ? udp : []), ...(more[name] ?? [])],
        chain,
        machine: far?.names.includes(name) ? far.machine : undefined,
        ip,
      });
    });
    const count = VALIDATORS.length;
    const [validators, others] = [nodes.slice(0, count), nodes.slice(count)];
    const parts = { validators, full: others, chain, anchorFlags, ip };
    const network = new Network(processes, parts);
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
   * @param {string[]} [flags]
   * @returns {Promise<SuretyNode>}
   */
  async join(name, chain, flags = []) {
    const node = await this.#startNode(name, { flags: ["--name", name, ...flags], chain });
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
    const [processes, ip] = [this.#processes, this.#ip];
    const node = new SuretyNode({ processes, name, place, ports, flags, chain, ip });
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

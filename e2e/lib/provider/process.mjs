// SPDX-License-Identifier: Apache-2.0
// The agent of an operator, `surety-provider`, as a process of a machine.

import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { toToml } from "../gateway/toml.mjs";
import { waitFor } from "../system/wait.mjs";

/** @import { Table } from "../gateway/toml.mjs" */
/** @import { ManagedProcess } from "../system/processes.mjs" */
/** @import { Machine } from "./machine.mjs" */
/** @import { Registry } from "./registry.mjs" */

/** Ports of every machine. */
const PUBLIC_PORT = 8_647;
const CONTROL_PORT = 9_647;
/** Environment variable with the key of the agent. */
const KEY = "SURETY_OPERATE";

/**
 * State of an agent as its control listener shows it, as far as it is used here.
 * @typedef {object} AgentStatus
 * @property {number} uptimeSecs
 * @property {{ order: number, state: string, price?: string, why: string }[]} bids
 * @property {{ id: number, phase: string, health?: { state: string, exitCode?: number },
 *   exits: number }[]} leases
 * @property {{ total: { cpuMilli?: number } }[]} services
 * @property {{ running: boolean, listingKey: string }} [vpn]
 */

/**
 * Path of the binary that `make build` made.
 * @returns {string}
 */
export function providerBinary() {
  const cache = process.env.SURETY_CACHE ?? path.join(os.homedir(), ".cache", "surety");
  const target = process.env.CARGO_TARGET_DIR ?? path.join(cache, "target");
  const binary = process.env.SURETY_PROVIDER ?? path.join(target, "testnet", "surety-provider");
  if (!existsSync(binary)) throw new Error(`${binary} is not there: run "make build"`);
  return binary;
}

/**
 * URL of the agent of a machine.
 * @param {Machine} machine
 * @returns {string}
 */
export const publicUrl = (machine) => `http://${machine.address}:${PUBLIC_PORT}`;

/** An agent on a machine. */
export class ProviderProcess {
  /** @type {ManagedProcess} */
  process;
  #machine;
  #file;
  #key;

  /**
   * @param {Machine} machine
   * @param {object} options
   * @param {string} options.operator - address of the operator
   * @param {string} options.key - secret URI of a proxy of the type `Operate`
   * @param {number[]} options.nodes - ports of nodes of the chain on the loopback of this machine
   * @param {Registry} options.registry
   * @param {Table} [options.config] - tables of its file, beside those that follow from the rest
   */
  constructor(machine, { operator, key, nodes, registry, config = {} }) {
    this.#machine = machine;
    this.#key = key;
    this.name = `agent-of-${machine.name}`;
    this.url = publicUrl(machine);
    this.control = `http://${machine.address}:${CONTROL_PORT}`;
    this.data = path.join(machine.dir, "agent");
    mkdirSync(this.data, { recursive: true, mode: 0o700 });
    this.#file = path.join(machine.dir, "provider.toml");
    const table = (/** @type {string} */ name) => /** @type {Table} */ (config[name] ?? {});
    writeFileSync(
      this.#file,
      toToml({
        ...config,
        data: this.data,
        chain: { nodes: nodes.map((port) => `http://${machine.outside}:${port}`) },
        operator: { account: operator, key: { env: KEY } },
        front: { listen: `0.0.0.0:${PUBLIC_PORT}`, ...table("front") },
        control: { listen: `0.0.0.0:${CONTROL_PORT}`, ...table("control") },
        engine: {
          socket: machine.socket,
          "observe-ms": 1_000,
          "private-registries": [registry.address],
          mirrors: { "docker.io": registry.address },
          "registry-roots": registry.authority,
          "reserve-gib": 1,
          ...table("engine"),
        },
      }),
    );
  }

  /** Start it, on what it stored if it ran before, and wait until it can decide and act. */
  async start() {
    const args = ["run", "--config", this.#file];
    const env = { [KEY]: this.#key };
    this.process = this.#machine.launch(this.name, providerBinary(), args, env);
    await waitFor(
      `${this.name} is healthy`,
      async () => (await fetch(`${this.control}/health`)).ok,
      {
        timeout: 90_000,
        every: 100,
        abort: () => this.process.failure(),
      },
    );
  }

  /** Stop it. Its containers go on. */
  async stop() {
    await this.process.stop();
  }

  /**
   * State as its control listener shows it.
   * @returns {Promise<AgentStatus>}
   */
  async status() {
    return /** @type {any} */ ((await fetch(`${this.control}/status`)).json());
  }

  /**
   * Health of a lease, as validators ask for it.
   * @param {number} lease
   * @returns {Promise<{ state: string, exitCode?: number } | undefined>} undefined if the agent
   *   has no such lease
   */
  async health(lease) {
    const answer = await fetch(`${this.url}/leases/${lease}`);
    return answer.ok ? /** @type {any} */ (answer.json()) : undefined;
  }
}

// SPDX-License-Identifier: Apache-2.0
// A tenant with `surety-provider` at hand: orders of compose files, the courier of their private
// parts, and access to the containers.

import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { providerBinary } from "./process.mjs";

/** @import { Fixture } from "../fixture.mjs" */
/** @import { ManagedProcess } from "../system/processes.mjs" */

/** A tenant. */
export class Tenant {
  /** @type {ManagedProcess | undefined} */
  #courier;
  #fixture;
  #name;
  #dir;
  #key;

  /**
   * @param {Fixture} fixture
   * @param {string} name - whose secret URI is `//name`
   */
  constructor(fixture, name) {
    this.#fixture = fixture;
    this.#name = name.toLowerCase();
    this.#dir = path.join(fixture.dir, `tenant-${this.#name}`);
    this.#key = path.join(this.#dir, "key");
    mkdirSync(this.#dir, { mode: 0o700 });
    writeFileSync(this.#key, `//${name}\n`, { mode: 0o600 });
  }

  /**
   * Show the order of a compose file with its cost, and submit it.
   * @param {string} compose - YAML
   * @returns {Promise<string>} what is shown
   */
  async order(compose) {
    const file = path.join(this.#dir, "compose.yaml");
    writeFileSync(file, compose, { mode: 0o600 });
    return this.#run("order", [file, "--submit", ...this.#signed(), ...this.#state()]);
  }

  /** Start the courier, which runs for as long as the order does. */
  startCourier() {
    const args = ["courier", ...this.#nodes(), "--allow-private", ...this.#state()];
    const { processes } = this.#fixture;
    this.#courier = processes.start(`courier-of-${this.#name}`, providerBinary(), args);
  }

  /**
   * Log of a lease's container.
   * @param {number} lease
   * @returns {Promise<string>}
   */
  logs(lease) {
    return this.#run("logs", [`${lease}`, "--allow-private", ...this.#signed()]);
  }

  /**
   * Configuration of WireGuard for an agreement.
   * @param {{ service: number, agreement: number }} ids
   * @returns {Promise<string>} path of the file, for `wg-quick`
   */
  async vpn({ service, agreement }) {
    const file = path.join(this.#dir, "surety.conf");
    await this.#run("vpn", [
      ...["--service", `${service}`, "--agreement", `${agreement}`, "--out", file],
      ...["--replace", "--no-dns", "--allow-private", ...this.#signed()],
    ]);
    return file;
  }

  /** Stop the courier. */
  async stop() {
    await this.#courier?.stop();
  }

  /**
   * Run a command to its end.
   * @param {string} command
   * @param {string[]} args
   * @returns {Promise<string>} its output
   */
  #run(command, args) {
    const name = `${command}-of-${this.#name}`;
    return this.#fixture.processes.run(name, providerBinary(), [command, ...args]);
  }

  #nodes() {
    const { validators } = this.#fixture.network;
    return validators.slice(0, 2).flatMap(({ http }) => ["--node", http]);
  }

  #signed() {
    return [...this.#nodes(), "--key-file", this.#key];
  }

  #state() {
    return ["--state", path.join(this.#dir, "courier")];
  }
}

// SPDX-License-Identifier: Apache-2.0
// A real model: SmolLM2-135M behind llama.cpp's server, from packages (`scripts/models`).

import path from "node:path";
import { fileURLToPath } from "node:url";
import { waitFor } from "../system/wait.mjs";

/** @import { ManagedProcess, Processes } from "../system/processes.mjs" */
/** @import { Namespace } from "./namespace.mjs" */

const INSTALL = fileURLToPath(new URL("../../../scripts/models", import.meta.url));
/** Name of the model on the chain and at its server. */
export const MODEL = "smollm2-135m";
/** Port of the server on the loopback of its machine. */
export const MODEL_PORT = 8_080;

/** A server of the model on a machine. */
export class ModelServer {
  /** @type {ManagedProcess} */
  process;
  #processes;
  #machine;

  /**
   * @param {Processes} processes
   * @param {Namespace} machine
   */
  constructor(processes, machine) {
    this.#processes = processes;
    this.#machine = machine;
  }

  /** Start it. Without the model, it is installed first. */
  async start() {
    const lines = (await this.#processes.run("models", INSTALL, [])).trimEnd().split("\n");
    const server = path.join(lines[lines.length - 1], "bin", "chat-server");
    const args = ["--port", `${MODEL_PORT}`, "--alias", MODEL, "--slots", "4"];
    const started = this.#machine.launch(`model-of-${this.#machine.name}`, server, args);
    this.process = started;
    // The port is the first line that it prints once it listens.
    const prints = () => started.tail(Infinity).split("\n").includes(`${MODEL_PORT}`);
    await waitFor("the model's server listens", prints, {
      timeout: 120_000,
      abort: () => started.failure(),
    });
  }

  /** Lose it. */
  async kill() {
    await this.process.stop("SIGKILL");
  }
}

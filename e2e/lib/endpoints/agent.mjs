// SPDX-License-Identifier: Apache-2.0
// Stand-in for an operator's agent: a real HTTP server in a process of its own, which answers
// health requests for the leases that it runs.
//
//   GET  /              200
//   GET  /leases/<id>   {"lease": <id>, "state": "running"}, 404 for a lease that it does not run
//   PUT  /leases/<id>   run the lease
//
// As a program (`node agent.mjs <port>`) this file is the server; `Agent` starts and stops it.

import http from "node:http";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { freePorts } from "../system/local.mjs";
import { waitFor } from "../system/wait.mjs";

/** @import { Processes } from "../system/processes.mjs" */

const SELF = fileURLToPath(import.meta.url);

/** An agent that runs. */
export class Agent {
  /**
   * @param {string} url
   * @param {ReturnType<Processes["start"]>} process
   */
  constructor(url, process) {
    this.url = url;
    this.process = process;
  }

  /**
   * Start an agent.
   * @param {Processes} processes
   * @param {string} name
   * @returns {Promise<Agent>}
   */
  static async start(processes, name) {
    const [port] = await freePorts(1);
    const url = `http://127.0.0.1:${port}`;
    const started = processes.start(name, process.execPath, [SELF, `${port}`]);
    await waitFor(`${name} answers`, async () => (await fetch(url)).ok, {
      abort: () => started.failure(),
    });
    return new Agent(url, started);
  }

  /**
   * URL at which the probers ask for a lease.
   * @param {number} lease
   * @returns {string}
   */
  health(lease) {
    return `${this.url}/leases/${lease}`;
  }

  /**
   * Start the container of a lease.
   * @param {number} lease
   */
  async run(lease) {
    const { status } = await fetch(this.health(lease), { method: "PUT" });
    if (status !== 204) throw new Error(`${this.url} does not run lease ${lease}: ${status}`);
  }

  /** Lose the machine. */
  async kill() {
    await this.process.stop("SIGKILL");
  }
}

/**
 * Serve, for ever.
 * @param {number} port
 */
function serve(port) {
  /** @type {Set<string>} */
  const leases = new Set();
  const server = http.createServer((request, response) => {
    const id = /^\/leases\/(\d+)$/.exec(request.url ?? "")?.[1];
    if (request.url === "/") return response.end("an agent\n");
    if (id && request.method === "PUT") {
      leases.add(id);
      return response.writeHead(204).end();
    }
    if (!id || !leases.has(id)) return response.writeHead(404).end();
    response.setHeader("content-type", "application/json");
    return response.end(JSON.stringify({ lease: Number(id), state: "running" }));
  });
  server.listen(port, "127.0.0.1");
}

if (process.argv[1] === SELF) serve(Number(process.argv[2]));

// In the place of an operator's agent: a real HTTP server in a process of its own. At its root it says that it
// is there; below /leases/ it says of each lease that it was told to run how that is doing.
//
//   GET  /              200
//   GET  /leases/<id>   {"lease": <id>, "state": "running"}, 404 for a lease it does not run
//   PUT  /leases/<id>   run it
//
// Started as a program (`node agent.mjs <port>`) it is that server; `Agent` starts and stops it.

import http from "node:http";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { freePorts, waitFor } from "./util.mjs";

const SELF = fileURLToPath(import.meta.url);

export class Agent {
  static async start(procs, name) {
    const agent = new Agent();
    const [port] = await freePorts(1);
    Object.assign(agent, { procs, name, port, url: `http://127.0.0.1:${port}` });
    await agent.up();
    return agent;
  }

  async up() {
    this.proc = this.procs.start(this.name, process.execPath, [SELF, `${this.port}`]);
    await waitFor(`${this.name} answers`, async () => (await fetch(this.url)).ok, { abort: () => this.proc.died() });
  }

  /** Where the chain's probers ask for a lease. */
  health(lease) {
    return `${this.url}/leases/${lease}`;
  }

  /** "Start the container" of a lease. */
  async run(lease) {
    const { status } = await fetch(this.health(lease), { method: "PUT" });
    if (status !== 204) throw new Error(`${this.name} does not run lease ${lease}: ${status}`);
  }

  /** The machine is gone. */
  async kill() {
    await this.proc.stop("SIGKILL");
  }
}

function serve(port) {
  const leases = new Set();
  const server = http.createServer((request, response) => {
    const id = /^\/leases\/(\d+)$/.exec(request.url)?.[1];
    if (request.url === "/") return response.end("an agent\n");
    if (id && request.method === "PUT") leases.add(id);
    if (id && request.method === "PUT") return response.writeHead(204).end();
    if (!leases.has(id)) return response.writeHead(404).end();
    response.setHeader("content-type", "application/json");
    return response.end(JSON.stringify({ lease: Number(id), state: "running" }));
  });
  server.listen(port, "127.0.0.1");
}

if (process.argv[1] === SELF) serve(Number(process.argv[2]));

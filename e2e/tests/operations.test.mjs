// SPDX-License-Identifier: Apache-2.0
// Operations: the alerts and the dashboard against real metrics, and the limits of JSON-RPC.

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { request } from "node:http";
import path from "node:path";
import { after, before, describe } from "node:test";
import { WebSocket } from "ws";
import { account, connect } from "../lib/chain/api.mjs";
import { send } from "../lib/chain/calls.mjs";
import { GatewayProcess } from "../lib/gateway/process.mjs";
import { toToml } from "../lib/gateway/toml.mjs";
import { SuretyNode } from "../lib/network/node.mjs";
import { ANY, interpolate, queriesOf, readDashboard } from "../lib/operations/dashboard.mjs";
import { Prometheus } from "../lib/operations/prometheus.mjs";
import { metricsOf } from "../lib/operations/promql.mjs";
import { providerBinary } from "../lib/provider/process.mjs";
import { register } from "../lib/scenarios/listing.mjs";
import { freePorts, workDir } from "../lib/system/local.mjs";
import { Processes } from "../lib/system/processes.mjs";
import { waitFor } from "../lib/system/wait.mjs";
import { check, removeOrShow } from "./checks.mjs";

/** In ms. */
const MINUTE = 60_000;
/** Account of a tenant without agreements. */
const ALICE = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY";
/** Key of an operator. */
const OPERATOR = "//Bob";
/**
 * Metrics that Prometheus makes itself, and one that only an agent with a VPN has: the agent's own
 * tests assert it.
 */
const NOT_EXPORTED = new Set(["up", "surety_provider_vpn_up"]);
/** Limits of the node's JSON-RPC: calls per minute, connections, MiB, and the rest. */
const LIMITS = { rate: 600, connections: 8, request: 1, batch: 10, subscriptions: 2 };
/** Errors of JSON-RPC. */
const ERRORS = { rate: -32_999, unsafe: -32_601, batch: -32_010, subscriptions: -32_006 };

/** @type {ReturnType<typeof workDir>} */
let work;
/** @type {Processes} */
let processes;
/** @type {SuretyNode} */
let node;

before(
  async () => {
    work = workDir("surety-operations");
    processes = new Processes(work.dir);
    // Nothing listens there: anchors are exported before they are asked.
    const anchors = await freePorts(2);
    node = new SuretyNode({
      processes,
      name: "node",
      place: 1,
      ports: await freePorts(3),
      chain: "dev",
      flags: [
        ...["--alice", "--validator", "--force-authoring", "--rpc-methods", "safe"],
        ...anchors.flatMap((port) => ["--anchor", `ethereum=http://127.0.0.1:${port}`]),
        ...["--rpc-rate-limit", `${LIMITS.rate}`],
        ...["--rpc-max-connections", `${LIMITS.connections}`],
        ...["--rpc-max-request-size", `${LIMITS.request}`],
        ...["--rpc-max-batch-request-len", `${LIMITS.batch}`],
        ...["--rpc-max-subscriptions-per-connection", `${LIMITS.subscriptions}`],
      ],
    });
    await node.start();
  },
  { timeout: 2 * MINUTE },
);

after(async () => {
  await processes?.stopAll();
  removeOrShow(work);
});

describe("alerts and dashboard", () => {
  /** @type {GatewayProcess} */
  let gateway;
  /** @type {GatewayProcess} */
  let edge;
  /** @type {Prometheus} */
  let prometheus;

  before(
    async () => {
      gateway = await GatewayProcess.start(processes, "gateway", {
        role: "gateway",
        config: {
          network: [{ name: "surety", protocol: "substrate", "block-ms": 1_000 }],
          operator: [{ name: "own", url: node.http, network: "surety" }],
          chain: { nodes: [node.http] },
          tenant: { account: ALICE },
        },
      });
      edge = await GatewayProcess.start(processes, "edge", {
        role: "edge",
        config: { service: [{ id: 1, backend: node.http, protocol: "substrate" }] },
      });
      await gateway.untilHealthy();
      for (const url of [`${gateway.url}/surety`, edge.url]) {
        const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "system_chain", params: [] });
        const headers = { "content-type": "application/json" };
        await fetch(url, { method: "POST", headers, body });
      }
      const agent = await startAgent();
      prometheus = await Prometheus.start(processes, {
        "surety-node": [node.metrics],
        "surety-gateway": [gateway, edge].map(({ control }) => new URL(control).host),
        "surety-provider": [agent],
      });
    },
    { timeout: 2 * MINUTE },
  );

  check("every metric of an alert is exported", async () => {
    const exported = await prometheus.metrics();
    const rules = await prometheus.rules();
    assert.ok(rules.length > 20, `${rules.length} alerts`);
    for (const { name, query } of rules) assertExported(exported, name, query);
  });

  check("every alert is evaluated without an error", async () => {
    for (const { name, health, lastError } of await prometheus.rules()) {
      assert.equal(health, "ok", `${name}: ${lastError}`);
    }
  });

  check("every panel of the dashboard shows something", async () => {
    const exported = await prometheus.metrics();
    const rounds = 'surety_verdicts_total{verdict="up"}';
    assert.ok((await prometheus.query(rounds)).length > 0, rounds);
    for (const { panel, expr } of queriesOf(readDashboard())) {
      const query = interpolate(expr, ANY);
      assertExported(exported, panel.title, query);
      const shown = await waitFor(
        `${panel.title}: ${query}`,
        async () => {
          const samples = await prometheus.query(query);
          return samples.length > 0 && samples;
        },
        { timeout: 20_000 },
      );
      assert.ok(shown.length > 0);
    }
  });

  check("a node alone and a gateway that dies raise their alerts", async () => {
    await gateway.stop();
    const raised = async () => {
      const rules = await prometheus.rules();
      const active = rules.filter(({ state }) => state === "pending" || state === "firing");
      return active.map(({ name }) => name).sort();
    };
    await waitFor("the alerts are raised", async () => {
      const names = await raised();
      return ["SuretyFewPeers", "SuretyGatewayDown"].every((name) => names.includes(name));
    });
    assert.ok(!(await raised()).includes("SuretyNodeDown"));
  });
});

/**
 * Start the agent of an operator without services, on a machine without an engine.
 * @returns {Promise<string>} its control listener
 */
async function startAgent() {
  const api = await connect(node.ws);
  await send(api, account(OPERATOR), register(api, "Bob"));
  await api.disconnect();
  const [front, control] = (await freePorts(2)).map((port) => `127.0.0.1:${port}`);
  const file = path.join(work.dir, "provider.toml");
  const tables = {
    data: path.join(work.dir, "agent"),
    chain: { nodes: [node.http] },
    operator: { key: { env: "SURETY_OPERATE" } },
    front: { listen: front },
    control: { listen: control },
    engine: { socket: path.join(work.dir, "no.sock") },
  };
  writeFileSync(file, toToml(tables));
  const env = { SURETY_OPERATE: OPERATOR };
  processes.start("agent", providerBinary(), ["run", "--config", file], { env });
  const isReady = async () => {
    const text = await (await fetch(`http://${control}/metrics`)).text();
    return text.includes("surety_provider_bond_reserved_share");
  };
  await waitFor("the agent knows its bond", isReady);
  return control;
}

/**
 * Assert that all metrics of an expression are exported.
 * @param {Set<string>} exported
 * @param {string} name
 * @param {string} query
 */
function assertExported(exported, name, query) {
  const metrics = metricsOf(query);
  assert.ok(metrics.size > 0, `${name} reads no metric: ${query}`);
  for (const metric of metrics) {
    assert.ok(exported.has(metric) || NOT_EXPORTED.has(metric), `${name}: no metric ${metric}`);
  }
}

describe("limits of JSON-RPC", () => {
  check("calls above the rate wait, and are refused if they are too many", async () => {
    const socket = await connected(node.ws);
    const answers = await askMany(socket, LIMITS.rate + 400);
    const refused = answers.filter(({ error }) => error?.code === ERRORS.rate);
    const served = answers.filter(({ result }) => result !== undefined);
    assert.equal(refused.length + served.length, answers.length);
    assert.ok(served.length >= LIMITS.rate, `${served.length} served`);
    assert.ok(refused.length > 0, "none refused");
    // Others have a rate of their own.
    const other = await connected(node.ws);
    assert.ok((await askMany(other, 1))[0].result);
    for (const its of [socket, other]) its.terminate();
  });

  check("connections above the limit are refused with 429", async () => {
    /** @type {WebSocket[]} */
    const open = [];
    let status;
    while (status === undefined && open.length <= LIMITS.connections) {
      await connected(node.ws).then(
        (socket) => open.push(socket),
        (error) => {
          status = error.message;
        },
      );
    }
    assert.match(`${status}`, /429/);
    assert.ok(open.length > 0 && open.length <= LIMITS.connections, `${open.length} open`);
    for (const socket of open) socket.terminate();
    await waitFor("the node lets clients in again", async () => {
      (await connected(node.ws)).terminate();
      return true;
    });
  });

  check("requests, batches and subscriptions above their limits are refused", async () => {
    const send = (/** @type {unknown} */ body) =>
      fetch(node.http, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
      });
    const call = { jsonrpc: "2.0", id: 1, method: "system_chain", params: [] };
    assert.equal(await statusForLength(node.http, (LIMITS.request << 20) + 1), 413);
    const batch = await send(Array.from({ length: LIMITS.batch + 1 }, () => call));
    assert.equal(/** @type {any} */ (await batch.json()).error.code, ERRORS.batch);
    const unsafe = await send({ ...call, method: "author_rotateKeys" });
    assert.equal(/** @type {any} */ (await unsafe.json()).error.code, ERRORS.unsafe);
    const socket = await connected(node.ws);
    const asked = await askMany(socket, LIMITS.subscriptions + 1, "chain_subscribeNewHeads");
    const errors = asked.flatMap(({ error }) => (error ? [error.code] : []));
    assert.deepEqual(errors, [ERRORS.subscriptions]);
    socket.terminate();
  });
});

/**
 * Announce a body, and take the status that the server answers before it reads one. The body is not
 * sent: a server that refuses it closes the connection, and the answer is lost to a client that
 * still writes.
 * @param {string} url
 * @param {number} length  in bytes
 * @returns {Promise<number | undefined>}
 */
function statusForLength(url, length) {
  const headers = { "content-type": "application/json", "content-length": length };
  return new Promise((resolve, reject) => {
    const asked = request(url, { method: "POST", headers }, (response) => {
      resolve(response.statusCode);
      asked.destroy();
    });
    asked.once("error", reject);
    asked.flushHeaders();
  });
}

/**
 * Open a WebSocket.
 * @param {string} url
 * @returns {Promise<WebSocket>}
 */
function connected(url) {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url);
    socket.once("open", () => resolve(socket));
    socket.once("error", reject);
  });
}

/** @typedef {{ id?: number, result?: unknown, error?: { code: number } }} Answer */

/**
 * Send calls of one method at once, and wait for all answers.
 * @param {WebSocket} socket
 * @param {number} count
 * @param {string} [method]
 * @returns {Promise<Answer[]>}
 */
function askMany(socket, count, method = "system_chain") {
  return new Promise((resolve, reject) => {
    /** @type {Answer[]} */
    const answers = [];
    const take = (/** @type {Buffer} */ data) => {
      const answer = JSON.parse(data.toString());
      if (answer.id === undefined) return;
      answers.push(answer);
      if (answers.length < count) return;
      socket.off("message", take);
      resolve(answers);
    };
    socket.on("message", take);
    socket.once("close", () => reject(new Error("the node closed the connection")));
    for (let id = 0; id < count; id += 1) {
      socket.send(JSON.stringify({ jsonrpc: "2.0", id, method, params: [] }));
    }
  });
}

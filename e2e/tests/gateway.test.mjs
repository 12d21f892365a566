// SPDX-License-Identifier: Apache-2.0
// The gateway between hostile operators and hostile clients, without a chain: limits hold, and
// others do not suffer.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, describe } from "node:test";
import { EthereumNetwork } from "../lib/endpoints/ethereum.mjs";
import { HostileRpc, MISBEHAVIOURS, subscriptionFlood } from "../lib/endpoints/hostile-rpc.mjs";
import { ethersWebSocket } from "../lib/gateway/clients.mjs";
import {
  headerFlood,
  neverRead,
  slowBody,
  slowHead,
  webSocketFlood,
} from "../lib/gateway/hostile-clients.mjs";
import { GatewayProcess } from "../lib/gateway/process.mjs";
import { portOf, workDir } from "../lib/system/local.mjs";
import { Processes } from "../lib/system/processes.mjs";
import { waitFor } from "../lib/system/wait.mjs";
import { check, removeOrShow } from "./checks.mjs";

/** In ms. */
const MINUTE = 60_000;
/** Longest time in ms for an answer while something hostile goes on. */
const PATIENCE_MS = 10_000;
/** Most memory of a gateway in MiB: an answer of 14 GB is not kept. */
const MOST_MEMORY = 400;
/** Limits of the gateway under test, short enough for a test. */
const FRONT = {
  "header-timeout-ms": 1_500,
  "body-timeout-ms": 1_500,
  "max-body-bytes": 100_000,
  "max-batch": 50,
};
/** Connections of an attack. */
const ATTACKERS = 200;

/** @type {ReturnType<typeof workDir>} */
let work;
/** @type {Processes} */
let processes;
/** @type {EthereumNetwork} */
let ethereum;

/**
 * Start a gateway with operators of one network.
 * @param {string} name
 * @param {string[]} urls
 * @returns {Promise<GatewayProcess>}
 */
async function gatewayOf(name, urls) {
  const gateway = await GatewayProcess.start(processes, name, {
    role: "gateway",
    config: {
      network: [{ name: "ethereum", protocol: "ethereum", "block-ms": 4_000 }],
      operator: urls.map((url, i) => ({ name: `operator-${i}`, url, network: "ethereum" })),
      front: FRONT,
      upstream: { "timeout-ms": 3_000 },
      routing: { "max-answer-bytes": 1_000_000 },
    },
  });
  await gateway.untilHealthy();
  return gateway;
}

/**
 * Send a body to a gateway.
 * @param {GatewayProcess} gateway
 * @param {string} body
 * @param {string} [path]
 */
async function post(gateway, body, path = "/ethereum") {
  const answer = await fetch(`${gateway.url}${path}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body,
    signal: AbortSignal.timeout(PATIENCE_MS),
  });
  const text = await answer.text();
  const json = text.startsWith("{") || text.startsWith("[") ? JSON.parse(text) : undefined;
  return { status: answer.status, headers: answer.headers, text, json };
}

/**
 * A request as text.
 * @param {string} method
 * @param {unknown[]} [params]
 * @param {unknown} [id]
 * @returns {string}
 */
const request = (method, params = [], id = 1) =>
  JSON.stringify({ jsonrpc: "2.0", id, method, params });

/**
 * Assert that a gateway answers, and return the time that it took in ms.
 * @param {GatewayProcess} gateway
 * @returns {Promise<number>}
 */
async function assertServing(gateway) {
  const from = Date.now();
  const { status, json, text } = await post(
    gateway,
    request("eth_getBlockByNumber", ["0x5", false]),
  );
  assert.equal(status, 200, text);
  assert.equal(json.result?.number, "0x5", text);
  return Date.now() - from;
}

/**
 * Resident memory of a gateway in MiB.
 * @param {GatewayProcess} gateway
 * @returns {number}
 */
function memoryOf(gateway) {
  const status = readFileSync(`/proc/${gateway.process.pid}/status`, "utf8");
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) / 1_024;
}

before(
  async () => {
    work = workDir("surety-gateway");
    processes = new Processes(work.dir);
    ethereum = await EthereumNetwork.start(processes);
  },
  { timeout: 2 * MINUTE },
);

after(async () => {
  ethereum?.stop();
  await processes?.stopAll();
  removeOrShow(work);
});

describe("a hostile operator beside an honest one", () => {
  for (const [name, misbehaviour] of Object.entries(MISBEHAVIOURS)) {
    check(`${name}: no request fails, and memory is bounded`, async () => {
      const hostile = await HostileRpc.start(misbehaviour);
      const label = `gateway-${name.replaceAll(" ", "-")}`;
      const gateway = await gatewayOf(label, [hostile.url, ethereum.operator.url]);
      try {
        for (let i = 0; i < 5; i += 1) {
          const reads = Array.from({ length: 8 }, () => assertServing(gateway));
          await Promise.all(reads);
        }
        const memory = memoryOf(gateway);
        assert.ok(memory < MOST_MEMORY, `${memory} MiB`);
        // After it was found out it gets few requests, beside those for its health.
        const before = hostile.requests;
        for (let i = 0; i < 50; i += 1) await assertServing(gateway);
        assert.ok(hostile.requests - before < 20, `${hostile.requests - before} requests of 50`);
      } finally {
        await gateway.stop();
        await hostile.stop();
      }
    });
  }

  check("logs of 14 GB from all operators end in an error, not in memory", async () => {
    const huge = MISBEHAVIOURS["14 GB of logs"];
    const logs = (/** @type {string} */ method) => method === "eth_getLogs";
    const hostile = await Promise.all([1, 2].map(() => HostileRpc.start(huge, logs)));
    const gateway = await gatewayOf(
      "gateway-logs",
      hostile.map(({ url }) => url),
    );
    try {
      const asked = Array.from({ length: 20 }, () =>
        post(gateway, request("eth_getLogs", [{ fromBlock: "0x0", toBlock: "0x5" }])),
      );
      for (const { status, json } of await Promise.all(asked)) {
        assert.ok([502, 503, 504].includes(status), `status ${status}`);
        assert.ok(json.error.code < -32_000, JSON.stringify(json));
      }
      assert.ok(memoryOf(gateway) < MOST_MEMORY, `${memoryOf(gateway)} MiB`);
    } finally {
      await gateway.stop();
      for (const its of hostile) await its.stop();
    }
  });

  check("a flood of notifications reaches no client, and heads go on", async () => {
    const flood = await subscriptionFlood();
    const url = `http://127.0.0.1:${portOf(flood)}`;
    const gateway = await gatewayOf("gateway-flood", [url, ethereum.operator.url]);
    const ethers = ethersWebSocket(`${gateway.ws}/ethereum`);
    /** @type {number[]} */
    const heads = [];
    try {
      await ethers.on("block", (number) => heads.push(number));
      await waitFor("three heads", () => heads.length >= 3, { timeout: MINUTE });
      heads.forEach((head, i) => {
        assert.ok(i === 0 || head === heads[i - 1] + 1, `${heads}`);
      });
      assert.ok(memoryOf(gateway) < MOST_MEMORY, `${memoryOf(gateway)} MiB`);
    } finally {
      await ethers.destroy();
      await gateway.stop();
      flood.close();
    }
  });
});

describe("hostile clients", () => {
  /** @type {GatewayProcess} */
  let gateway;

  before(async () => {
    const [first, second] = ethereum.anchors;
    gateway = await gatewayOf("gateway", [first.url, second.url]);
  });

  /**
   * Assert that others are served while an attack goes on.
   * @param {Promise<unknown>} running
   */
  async function assertOthersServed(running) {
    let over = false;
    running.finally(() => {
      over = true;
    });
    const times = [];
    do {
      times.push(await assertServing(gateway));
    } while (!over && times.length < 2_000);
    await running;
    const sorted = times.toSorted((a, b) => a - b);
    const p90 = sorted[Math.floor(sorted.length * 0.9)];
    assert.ok(p90 < 1_000, `others waited ${p90} ms`);
    assert.ok(memoryOf(gateway) < MOST_MEMORY, `${memoryOf(gateway)} MiB`);
  }

  /**
   * As many attackers at a time as an attack has.
   * @template T
   * @param {() => Promise<T>} attacker
   * @param {number} [count]
   * @returns {Promise<T[]>}
   */
  const many = (attacker, count = ATTACKERS) =>
    Promise.all(Array.from({ length: count }, attacker));

  for (const [name, attacker] of /** @type {const} */ ([
    ["heads that come byte by byte", slowHead],
    ["bodies that come byte by byte", slowBody],
  ])) {
    check(`${name} are cut off`, async () => {
      const attacks = many(() => attacker(gateway.url, 15_000));
      await assertOthersServed(attacks);
      for (const { closed, ms } of await attacks) assert.ok(closed, `still open after ${ms} ms`);
    });
  }

  check("headers without end are cut off", async () => {
    const attacks = many(() => headerFlood(gateway.url, 15_000), 20);
    await assertOthersServed(attacks);
    for (const { closed, ms } of await attacks) assert.ok(closed, `still open after ${ms} ms`);
  });

  check("clients that read nothing cost a bounded amount of memory", async () => {
    const block = request("eth_getBlockByNumber", ["0x5", true]);
    await assertOthersServed(many(() => neverRead(gateway.url, block, 2_000, 6_000), 50));
  });

  check("a flood of WebSocket messages is limited", async () => {
    const url = `${gateway.ws}/ethereum`;
    await assertOthersServed(many(() => webSocketFlood(url, request("eth_chainId"), 6_000), 10));
  });

  check("a flood of subscriptions is limited", async () => {
    const url = `${gateway.ws}/ethereum`;
    const message = request("eth_subscribe", ["logs", { address: `0x${"00".repeat(20)}` }]);
    await assertOthersServed(many(() => webSocketFlood(url, message, 6_000), 10));
  });

  check("each wrong request gets its error at once", async () => {
    const deep = `${"[".repeat(50_000)}${"]".repeat(50_000)}`;
    const batch = (/** @type {number} */ count) =>
      `[${Array.from({ length: count }, (_, i) => request("eth_chainId", [], i)).join(",")}]`;
    const long = request("eth_call", ["0x".padEnd(200_000, "0")]);
    /** @type {[body: string, statuses: number[], code: number | undefined][]} */
    const wrong = [
      ["", [400], -32_700],
      ["{", [400], -32_700],
      ["nonsense", [400], -32_700],
      ["\u0000\u0001", [400], -32_700],
      ["5", [400], -32_600],
      ["[]", [400], -32_600],
      ["{}", [400], -32_600],
      [`{"jsonrpc":"2.0","id":1,"method":5}`, [400], -32_600],
      [`{"jsonrpc":"2.0","id":1,"id":2,"method":"eth_chainId"}`, [400], -32_600],
      [deep.slice(0, 90_000), [400, 413], undefined],
      [batch(51), [413], undefined],
      [long, [413], undefined],
      // Its code is the operator's: the gateway does not know all methods of all nodes.
      [request("eth_nothing"), [200], undefined],
    ];
    for (const [body, statuses, code] of wrong) {
      const { status, json, text } = await post(gateway, body);
      const about = `${body.slice(0, 60)}: ${status} ${text.slice(0, 200)}`;
      assert.ok(statuses.includes(status), about);
      if (code !== undefined) assert.equal(json?.error?.code, code, about);
    }
    assert.equal((await post(gateway, request("eth_chainId"), "/nowhere")).status, 404);
    const { json } = await post(gateway, batch(50));
    const ids = json.map((/** @type {any} */ { id }) => id);
    assert.deepEqual(
      ids,
      Array.from({ length: 50 }, (_, i) => i),
    );
  });

  check("ids come back as they were", async () => {
    for (const id of ["", 'a"b\\', "\u00e9\u0000", 0, -1, 1.5, 2 ** 53, null]) {
      const { json, text } = await post(gateway, request("eth_chainId", [], id));
      assert.deepEqual(json.id, id, text);
    }
  });
});

// SPDX-License-Identifier: Apache-2.0
// JSON-RPC of a node with calls that do not fit: every method, wrong parameters, bodies that are no
// calls, extrinsics that cannot be decoded. The answer is a result or an error object, and the node
// goes on.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before } from "node:test";
import { compactAddLength } from "@polkadot/util";
import { WebSocket } from "ws";
import { SuretyNode } from "../lib/network/node.mjs";
import { jsonRpc } from "../lib/system/json-rpc.mjs";
import { freePorts, workDir } from "../lib/system/local.mjs";
import { Processes } from "../lib/system/processes.mjs";
import { waitFor } from "../lib/system/wait.mjs";
import { check, removeOrShow } from "./checks.mjs";

/** In ms. */
const MINUTE = 60_000;
/** Codes of JSON-RPC: not JSON, not a request. */
const NOT_JSON = -32_700;
const NOT_A_REQUEST = -32_600;
/** Methods that end, or do not belong to a test: they write to the node's own log. */
const LEFT_OUT = new Set(["system_addLogFilter", "system_resetLogFilter"]);
const ALICE = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY";

/** @type {ReturnType<typeof workDir>} */
let work;
/** @type {Processes} */
let processes;
/** @type {SuretyNode} */
let node;
/** @type {string} */
let best;

before(
  async () => {
    work = workDir("surety-rpc");
    processes = new Processes(work.dir);
    node = new SuretyNode({
      processes,
      name: "node",
      place: 1,
      ports: await freePorts(3),
      chain: "dev",
      flags: ["--alice", "--validator", "--force-authoring", "--rpc-methods", "unsafe"],
    });
    await node.start();
    await waitFor("the first blocks", async () => (await node.best()) > 1, { timeout: MINUTE });
    best = await jsonRpc(node.http, "chain_getBlockHash");
  },
  { timeout: 3 * MINUTE },
);

after(async () => {
  await processes?.stopAll();
  removeOrShow(work);
});

/**
 * Values of one parameter.
 * @returns {unknown[]}
 */
function values() {
  const zeros = `0x${"00".repeat(32)}`;
  return [
    ...[null, true, 0, 1, -1, 1.5, 4_294_967_296, Number.MAX_SAFE_INTEGER, 1e300],
    ...["", "0x", "0x0", "0xzz", "zz", "-1", "latest", "\u0000", "\u{202e}\u{1f9a0}\ufffd"],
    ...[best, best.slice(0, -2), `${best}00`, best.slice(2), zeros, ALICE, `${ALICE}A`],
    ...["0x3a636f6465", `0x${"ff".repeat(1_000)}`, "f".repeat(20_000)],
    ...[[], {}, [[]], [best], [null, null], { hash: best }, { service: 0 }, { lease: -1 }],
    { class: "rpc", asset: "local:7", maxPrice: "-1" },
    JSON.parse("[".repeat(100) + "]".repeat(100)),
    JSON.parse(`${'{"a":'.repeat(100)}1${"}".repeat(100)}`),
    Array.from({ length: 1_000 }, (_, n) => n),
  ];
}

/**
 * Parameters of a call: none, one of each, pairs, too many, and those that are no list.
 * @returns {unknown[]}
 */
function parameters() {
  const all = values();
  // Two and four at once, of the short ones.
  const short = all.filter((value) => JSON.stringify(value).length < 100);
  const other = (/** @type {number} */ n) => short[n % short.length];
  const pairs = short.map((value, n) => [other(7 * n + 3), value]).filter((_, n) => n % 3 === 0);
  const fours = short.map((value, n) => [0, other(5 * n + 1), value, null]);
  const lists = [
    [],
    ...all.map((value) => [value]),
    ...pairs,
    ...fours.filter((_, n) => n % 5 === 0),
  ];
  return [...lists, Array(100).fill(null), {}, { id: 1 }, { hash: best, at: best }];
}

/**
 * Assert that an answer is a result or an error object.
 * @param {any} answer
 * @param {string} of
 */
function assertAnswer(answer, of) {
  assert.equal(answer.jsonrpc, "2.0", of);
  if (answer.error === undefined) {
    assert.ok("result" in answer, of);
    return;
  }
  assert.ok(!("result" in answer), of);
  assert.ok(Number.isInteger(answer.error.code), of);
  assert.equal(typeof answer.error.message, "string", of);
  assert.doesNotMatch(answer.error.message, /panicked|join error/i, of);
}

/** Assert that the node runs, has not panicked, and builds blocks. */
async function assertAlive() {
  const log = readFileSync(`${work.dir}/node.log`, "utf8");
  // A panic in the wasm is an error of its caller; one of a thread is the node's.
  assert.doesNotMatch(log, /Thread '.*' panicked at|Essential task .* failed/);
  const from = await node.best();
  await waitFor("a block", async () => (await node.best()) > from, { timeout: MINUTE });
}

check("every method answers parameters that do not fit", async () => {
  const { methods } = await jsonRpc(node.http, "rpc_methods");
  assert.ok(methods.length > 80, `${methods.length} methods`);
  const all = parameters();
  for (const method of methods.filter((/** @type {string} */ name) => !LEFT_OUT.has(name))) {
    const answers = await askAll(method, all);
    assert.equal(answers.size, all.length, method);
    for (const [id, answer] of answers) {
      assertAnswer(answer, `${method} ${JSON.stringify(all[id]).slice(0, 200)}`);
    }
  }
  await assertAlive();
});

/**
 * Send calls over a WebSocket of their own and wait for all answers.
 * @param {string} method
 * @param {unknown[]} all - parameters, whose places are the ids
 * @returns {Promise<Map<number, any>>}
 */
function askAll(method, all) {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(node.ws);
    /** @type {Map<number, any>} */
    const answers = new Map();
    const timer = setTimeout(() => {
      const silent = all.findIndex((_, id) => !answers.has(id));
      end(new Error(`${method} does not answer ${JSON.stringify(all[silent]).slice(0, 200)}`));
    }, MINUTE);
    const end = (/** @type {Error | undefined} */ error) => {
      clearTimeout(timer);
      socket.removeAllListeners();
      socket.on("error", () => {});
      socket.terminate();
      if (error) reject(error);
      else resolve(answers);
    };
    socket.once("error", end);
    socket.once("close", () => end(new Error(`${method}: the node closed the connection`)));
    socket.on("message", (data) => {
      const answer = JSON.parse(data.toString());
      // A subscription that was granted tells more, without an id.
      if (answer.id === undefined) return;
      answers.set(answer.id, answer);
      if (answers.size === all.length) end(undefined);
    });
    socket.once("open", () => {
      for (const [id, params] of all.entries()) {
        socket.send(JSON.stringify({ jsonrpc: "2.0", id, method, params }));
      }
    });
  });
}

check("bodies that are no calls are errors", async () => {
  const call = (/** @type {string} */ params) =>
    `{"jsonrpc":"2.0","id":1,"method":"system_chain","params":${params}}`;
  const bodies = [
    ...["", " ", "{", "[", "}", "[]", "{}", "[{}]", "[1,2]", "[[]]", "null", "1", '"x"', "true"],
    ...["\u0000", "\ufeff{}", "<html>", "[{},", "nul", '{"jsonrpc":"2.0"}', "[null]"],
    '{"jsonrpc":"1.0","id":1,"method":"system_chain"}',
    '{"jsonrpc":"2.0","id":{},"method":"system_chain"}',
    '{"jsonrpc":"2.0","id":-1,"method":"system_chain"}',
    '{"jsonrpc":"2.0","id":1.5,"method":"system_chain"}',
    '{"jsonrpc":"2.0","id":1,"method":7}',
    '{"jsonrpc":"2.0","id":1,"method":"no_such_method"}',
    '{"jsonrpc":"2.0","id":1,"method":"system_\\u0000chain"}',
    '{"jsonrpc":"2.0","id":1,"id":2,"method":"system_chain","method":"system_name"}',
    `{"jsonrpc":"2.0","id":1,"method":"${"x".repeat(1 << 20)}"}`,
    call('"x"'),
    call("7"),
    call("1e999999"),
    call("-"),
    call(`[${"9".repeat(100_000)}]`),
    call("[".repeat(100_000)),
    call("[".repeat(100_000) + "]".repeat(100_000)),
    call('{"a":'.repeat(50_000)),
    call('["\\ud800"]'),
    call('["\\x"]'),
    `[${Array(50).fill("{}").join()}]`,
    `[${call("[]")},${call('"x"')},{},1]`,
    Buffer.from([0x7b, 0xff, 0xfe, 0x22, 0x80]),
    Buffer.concat([Buffer.from(call('["').slice(0, -1)), Buffer.from([0xc3, 0x28, 0x22, 0x5d])]),
  ];
  for (const body of bodies) {
    const shown = body.toString().slice(0, 100);
    const response = await fetch(node.http, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body,
      signal: AbortSignal.timeout(MINUTE),
    });
    const text = await response.text();
    assert.ok(response.status < 500, `${response.status}: ${shown}`);
    // A notification, which an id of no valid type leaves, has no answer.
    const unanswered = text === "" && shown.includes('"method":"system_');
    if (response.status !== 200 || unanswered) continue;
    const answer = JSON.parse(text);
    for (const one of Array.isArray(answer) ? answer : [answer]) assertAnswer(one, shown);
  }
  const errors = await Promise.all(["{", '{"id":1}'].map((body) => codeOf(body)));
  assert.deepEqual(errors, [NOT_JSON, NOT_A_REQUEST]);
  await assertAlive();
});

/**
 * Code of the error that a body is answered with.
 * @param {string} body
 * @returns {Promise<number>}
 */
async function codeOf(body) {
  const headers = { "content-type": "application/json" };
  const response = await fetch(node.http, { method: "POST", headers, body });
  return /** @type {any} */ (await response.json()).error.code;
}

check("extrinsics that cannot be decoded are refused", async () => {
  const utility = await palletIndex("Utility");
  const sized = (/** @type {Uint8Array} */ bytes) => Buffer.from(compactAddLength(bytes));
  // One batch in the other: pallet, call, and a list of one.
  const nested = (/** @type {number} */ depth) => {
    const level = Uint8Array.from([utility, 0, 4]);
    const call = Buffer.concat([...Array(depth).fill(level), Uint8Array.from([0, 0, 0])]);
    return sized(Buffer.concat([Uint8Array.from([5]), call]));
  };
  const extrinsics = [
    Buffer.alloc(0),
    Buffer.from([0]),
    Buffer.from([4, 5]),
    Buffer.from([255, 255, 255, 255, 255]),
    sized(Buffer.alloc(300, 0x84)),
    sized(Buffer.from([0x45, 0, 0])),
    sized(Buffer.alloc(1_000_000, 0xff)),
    ...[10, 255, 300, 10_000, 300_000].map(nested),
  ];
  for (const bytes of extrinsics) {
    const hex = `0x${bytes.toString("hex")}`;
    const calls = [
      ["author_submitExtrinsic", hex],
      ["system_dryRun", hex],
      ["payment_queryInfo", hex],
      ["transaction_v1_broadcast", hex],
      ["state_call", "TaggedTransactionQueue_validate_transaction", hex],
      ["state_call", "BlockBuilder_apply_extrinsic", hex],
      ["state_call", "Core_execute_block", hex],
    ];
    for (const [method, ...params] of calls) {
      const [answer] = [...(await askAll(method, [params])).values()];
      const of = `${method} ${hex.length} ${hex.slice(0, 40)}`;
      assertAnswer(answer, of);
      if (method === "author_submitExtrinsic") assert.ok(answer.error, of);
    }
  }
  await assertAlive();
});

/**
 * Index of a pallet, from the runtime's metadata.
 * @param {string} name
 * @returns {Promise<number>}
 */
async function palletIndex(name) {
  const { ApiPromise, WsProvider } = await import("@polkadot/api");
  const api = await ApiPromise.create({ provider: new WsProvider(node.ws), noInitWarn: true });
  const pallets = api.runtimeMetadata.asLatest.pallets;
  const pallet = pallets.find((pallet) => pallet.name.toString() === name);
  await api.disconnect();
  if (!pallet) throw new Error(`there is no pallet ${name}`);
  return pallet.index.toNumber();
}

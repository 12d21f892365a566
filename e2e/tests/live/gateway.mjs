// SPDX-License-Identifier: Apache-2.0
// The gateway between clients that nobody here wrote and operators that fail: no client notices,
// and the chain has the evidence.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { account, storage } from "../../lib/chain/api.mjs";
import { call, send } from "../../lib/chain/calls.mjs";
import { ethersHttp, papi, polkadotJs, viemHttp } from "../../lib/gateway/clients.mjs";
import { followThrough } from "../../lib/gateway/followers.mjs";
import { GatewayProcess } from "../../lib/gateway/process.mjs";
import { mintToken } from "../../lib/gateway/token.mjs";
import { serviceName } from "../../lib/scenarios/gateway.mjs";
import { jsonRpc } from "../../lib/system/json-rpc.mjs";
import { MINUTE } from "./context.mjs";

/** @import { GatewayScenario } from "../../lib/scenarios/gateway.mjs" */
/** @import { LiveContext, Subject } from "./context.mjs" */

/** Step of the scenario from which on the gateway serves. */
const SERVING = 4;
/** Step at which an operator that was killed is back and gets traffic. */
const RETURNED = 9;
/** Account of hardhat's nodes with a balance from genesis. */
const RICH = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";
const FUNDS = 10_000n * 10n ** 18n;
const OLD_BLOCK = 7;
/** Time in ms between two blocks of this chain. */
const SLOT_MS = 2_000;
const CHAIN_ID = "0x7a69";
/** Longest time in ms for an answer. */
const PATIENCE_MS = 15_000;
/** Time in ms that a test waits for the scenario. */
const TIMEOUT = 20 * MINUTE;

/** @type {Subject} */
export const gateway = {
  scenarios: ["gateway"],
  define(context) {
    const { gateway: scenario } = context;
    // The scenario runs in the background, long before the tests of this subject.
    const following = scenario
      .reached(SERVING)
      .then(() => followThrough(scenario.gateway, scenario.reached(RETURNED)));
    following.catch(() => {});
    /** @type {(name: string, run: () => Promise<void>) => void} */
    const test = (name, run) =>
      context.test(
        name,
        async () => {
          await scenario.reached(SERVING);
          await run();
        },
        TIMEOUT,
      );

    test("ethers reads the same through the gateway as from a node", async () => {
      const node = ethersHttp(context.fixture.ethereum.anchors[0].url);
      const provider = ethersHttp(urlOf(scenario, "ethereum"));
      try {
        assert.equal((await provider.getNetwork()).chainId, (await node.getNetwork()).chainId);
        // One batch.
        const [balance, code, block, missing] = await Promise.all([
          provider.getBalance(RICH, OLD_BLOCK),
          provider.getCode(RICH),
          provider.getBlock(OLD_BLOCK),
          provider.getTransaction(`0x${"11".repeat(32)}`),
        ]);
        assert.equal(balance, FUNDS);
        assert.equal(code, "0x");
        assert.equal(block?.hash, (await node.getBlock(OLD_BLOCK))?.hash);
        assert.equal(missing, null);
        await assert.rejects(provider.send("eth_nothing", []), /not found|not exist|supported/i);
      } finally {
        provider.destroy();
        node.destroy();
      }
    });

    test("viem reads the same through the gateway as from a node", async () => {
      const node = viemHttp(context.fixture.ethereum.anchors[0].url);
      const client = viemHttp(urlOf(scenario, "ethereum"));
      const [chain, balance, block] = await Promise.all([
        client.getChainId(),
        client.getBalance({ address: RICH, blockNumber: BigInt(OLD_BLOCK) }),
        client.getBlock({ blockNumber: BigInt(OLD_BLOCK) }),
      ]);
      assert.equal(chain, await node.getChainId());
      assert.equal(balance, FUNDS);
      const { hash } = await node.getBlock({ blockNumber: BigInt(OLD_BLOCK) });
      assert.equal(block.hash, hash);
      const logs = await client.getLogs({ fromBlock: 1n, toBlock: BigInt(OLD_BLOCK) });
      assert.deepEqual(logs, []);
    });

    test("ethers and viem get every head once while an operator is killed", async () => {
      const { ethers, viem, errors } = await following;
      assert.deepEqual(errors, []);
      assertConsecutive("ethers", ethers);
      assertConsecutive("viem", viem);
    });

    test("polkadot.js follows heads and storage while an operator is killed", async () => {
      const { polkadotJs: heads, times } = await following;
      // The chain finalizes several blocks at once, and nodes notify of the last one only.
      assertRising("finalized heads", heads);
      // Two validators may author in one slot, and the best block changes between them.
      const slots = times.map((time) => Math.floor(time / SLOT_MS));
      assert.ok(new Set(slots).size > 5, `times of blocks: only ${times}`);
      slots.forEach((slot, i) => {
        assert.ok(slot >= Math.max(...slots.slice(0, i + 1)) - 1, `times of blocks: ${times}`);
      });
    });

    test("PAPI follows the chain while an operator is killed", async () => {
      const { papi: finalized, genesis } = await following;
      assert.equal(genesis, context.api.genesisHash.toHex());
      assertConsecutive("finalized blocks", finalized);
    });

    test("PAPI reads storage", async () => {
      const client = papi(webSocketOf(scenario, "surety"));
      try {
        const number = await client.getUnsafeApi().query.System.Number.getValue();
        assert.ok(Number(number) > 0);
      } finally {
        client.destroy();
      }
    });

    test("polkadot.js sends a transaction and watches it to finality", async () => {
      const api = await polkadotJs(webSocketOf(scenario, "surety"));
      try {
        const remark = call(api, "system", "remarkWithEvent", { remark: "through the gateway" });
        const { events } = await send(api, account("//Charlie"), remark);
        assert.ok(
          events.some(({ section, method }) => section === "system" && method === "Remarked"),
        );
      } finally {
        await api.disconnect();
      }
    });

    test("polkadot.js reads over HTTP", async () => {
      const api = await polkadotJs(urlOf(scenario, "surety"));
      try {
        const { address } = account("//Charlie");
        const { nonce } = await storage(api, "system", "account", address);
        assert.ok(nonce.toNumber() > 0);
      } finally {
        await api.disconnect();
      }
    });

    test("subxt reads through the gateway", async () => {
      // The client of the chain in a second gateway is subxt. Its only node is the first gateway. It
      // uses the same agreements, and counts in a lane of its own.
      const name = "gateway-of-gateway";
      const second = await GatewayProcess.start(context.fixture.processes, name, {
        role: "gateway",
        env: { SURETY_TENANT: "//Dora//buy" },
        flags: [
          ...["--for", scenario.accounts.Dora.address, "--network", "ethereum"],
          ...["--node", urlOf(scenario, "surety")],
        ],
        config: { usage: { lane: 1, lanes: 2 } },
      });
      try {
        await second.untilHealthy();
        const head = await jsonRpc(`${second.url}/ethereum`, "eth_blockNumber");
        assert.ok(Number(head) > 0);
      } finally {
        await second.stop();
      }
    });

    test("headers say who answered, and why", async () => {
      // Nobody has asked for this account, so it is not in the cache.
      const account = `0x${randomBytes(20).toString("hex")}`;
      const { headers } = await post(urlOf(scenario, "ethereum"), "eth_getBalance", {
        params: [account, "latest"],
        headers: { traceparent: TRACE },
      });
      const names = ["service", "operator", "why", "cache", "head", "overhead-us"];
      const missing = names.filter((its) => !headers.has(`x-surety-${its}`));
      assert.deepEqual(missing, [], [...headers].join("\n"));
      const services = Object.values(scenario.watchlist.services);
      assert.ok(services.includes(Number(headers.get("x-surety-service"))));
      assert.ok(Number(headers.get("x-surety-overhead-us")) < 100_000);
    });

    test("an edge takes a token of the agreement, in a header or in the path", async () => {
      const { edge, token } = edgeOf(context, "Greta");
      for (const [path, headers] of /** @type {[string, Record<string, string>][]} */ ([
        ["/ethereum", { authorization: `Bearer ${token}` }],
        ["/ethereum", { "x-surety-token": token }],
        [`/k/${token}/ethereum`, {}],
      ])) {
        const { status, json } = await post(`${edge.url}${path}`, "eth_chainId", { headers });
        assert.equal(status, 200, JSON.stringify(json));
        assert.equal(json.result, CHAIN_ID);
      }
    });

    test("an edge refuses forged tokens and those of others", async () => {
      const { edge, token, agreement } = edgeOf(context, "Greta");
      const genesis = context.api.genesisHash.toU8a();
      const stranger = account("//Nobody");
      const mid = token.length - 20;
      const wrong = {
        "no token": "srt1_AAAA",
        forged: token.slice(0, mid) + (token[mid] === "A" ? "B" : "A") + token.slice(mid + 1),
        "signed by a stranger": mintToken({ genesis, agreement, signer: stranger }),
        "for another service": edgeOf(context, "Gino").token,
        "for no agreement": mintToken({ genesis, agreement: 999_999, signer: stranger }),
        "of another chain": mintToken({
          genesis: genesis.map((byte) => byte ^ 1),
          agreement,
          signer: account("//Dora"),
        }),
        expired: mintToken({ genesis, agreement, signer: account("//Dora"), lifetime: -600 }),
      };
      for (const [name, text] of Object.entries(wrong)) {
        const headers = { authorization: `Bearer ${text}` };
        const { status, json } = await post(`${edge.url}/ethereum`, "eth_chainId", { headers });
        assert.ok([401, 402].includes(status), `${name}: ${status} ${JSON.stringify(json)}`);
      }
    });

    test("an edge limits strangers, tells when to come back, and serves tenants on", async () => {
      const { edge, token } = edgeOf(context, "Greta");
      const url = `${edge.url}/ethereum`;
      const all = await Promise.all(
        Array.from({ length: 60 }, () => post(url, "eth_chainId", { headers: {} })),
      );
      const limited = all.filter(({ status }) => status === 429);
      assert.ok(limited.length > 20, `${limited.length} of 60 were limited`);
      assert.ok(limited.every(({ headers }) => Number(headers.get("retry-after")) >= 1));
      const { status } = await post(url, "eth_chainId", { headers: { "x-surety-token": token } });
      assert.equal(status, 200);
    });

    test("an edge proves the control of its host", async () => {
      const { edge, service } = edgeOf(context, "Greta");
      const proof = await fetch(`${edge.url}/.well-known/surety/${service}`);
      assert.equal(proof.status, 200);
      assert.match(await proof.text(), /[0-9a-f]{64}/);
    });

    test("no request of the dApp fails, whatever the operators do", async () => {
      await context.completed("gateway");
      assert.deepEqual([...(scenario.dapp?.failures() ?? [])], []);
      assert.deepEqual(scenario.dapp?.headFaults(), []);
      assert.ok((scenario.dapp?.reads.length ?? 0) > 1_000);
    });

    test("a killed or slow operator gets little traffic, and it all again after", async () => {
      const { killed, slow, services } = await context.completed("gateway");
      const shareOf = (/** @type {typeof slow} */ { traffic }, /** @type {string} */ operator) => {
        const its = traffic.services.get(services[serviceName(operator, "ethereum")])?.count ?? 0;
        const all = [...traffic.services.values()].reduce((sum, { count }) => sum + count, 0);
        return its / all;
      };
      assert.equal(shareOf(killed, "Gus"), 0);
      assert.ok(shareOf(slow, "Gino") < 0.15, `${shareOf(slow, "Gino")}`);
      // The dApp hardly waits for the slow one: 400 ms are ten times what the others take.
      const sorted = slow.traffic.ms.toSorted((a, b) => a - b);
      assert.ok(sorted[Math.floor(sorted.length * 0.8)] < 400, `${sorted.slice(-20)}`);
    });

    test("the breach of the killed operator is credited", async () => {
      const { credited, breachBlock } = await context.completed("gateway");
      assert.ok(credited > 0n && breachBlock > 0);
    });

    test("usage lands on chain from both sides, and they agree", async () => {
      const { reported } = await context.completed("gateway");
      /** @type {Map<string, Map<string, number>>} */
      const windows = new Map();
      for (const { data } of reported) {
        const key = `${data.agreement} in window ${data.window}`;
        const sides = windows.get(key) ?? new Map();
        const before = sides.get(data.side.type) ?? 0;
        sides.set(data.side.type, Math.max(before, data.counts.requests.toNumber()));
        windows.set(key, sides);
      }
      const both = [...windows].filter(([, sides]) => sides.size === 2);
      assert.ok(both.length >= 3, `${both.length} windows have both sides`);
      for (const [key, sides] of both) {
        const [tenant, operator] = [sides.get("Tenant") ?? 0, sides.get("Operator") ?? 0];
        // Requests on their way are seen by one side. The edge that was killed had not signed those
        // of its last ten seconds.
        const id = Number.parseInt(key, 10);
        const its = scenario.watchlist.agreements.find((agreement) => agreement.id === id);
        const share = its?.service.startsWith("Gus/") ? 0.2 : 0.05;
        const most = Math.max(16, share * Math.max(tenant, operator));
        assert.ok(Math.abs(tenant - operator) <= most, `${key}: ${tenant} and ${operator}`);
      }
    });
  },
};

/**
 * Edge of an operator, with a token for its Ethereum service.
 * @param {LiveContext} context
 * @param {string} operator
 */
function edgeOf({ api, gateway: scenario }, operator) {
  const name = serviceName(operator, "ethereum");
  const agreement = scenario.watchlist.agreements.find(({ service }) => service === name)?.id;
  assert.ok(agreement !== undefined, `no agreement on ${name}`);
  const genesis = api.genesisHash.toU8a();
  const signer = account("//Dora//report");
  return {
    edge: scenario.edges[operator],
    service: scenario.watchlist.services[name],
    agreement,
    token: mintToken({ genesis, agreement, signer }),
  };
}

/**
 * Send a request.
 * @param {string} url
 * @param {string} method
 * @param {{ params?: unknown[], headers: Record<string, string> }} options
 * @returns {Promise<{ status: number, headers: Headers, json: any }>}
 */
async function post(url, method, { params = [], headers }) {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
    signal: AbortSignal.timeout(PATIENCE_MS),
  });
  const text = await response.text();
  const json = text.startsWith("{") ? JSON.parse(text) : text;
  return { status: response.status, headers: response.headers, json };
}

/** Trace of a client. */
const TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

/**
 * URL of a network at the gateway.
 * @param {GatewayScenario} scenario
 * @param {string} network
 * @returns {string}
 */
const urlOf = ({ gateway: its }, network) => `${its.url}/${network}`;

/**
 * The same for WebSocket.
 * @param {GatewayScenario} scenario
 * @param {string} network
 * @returns {string}
 */
const webSocketOf = ({ gateway: its }, network) => `${its.ws}/${network}`;

/**
 * Assert that every number follows its predecessor.
 * @param {string} name
 * @param {number[]} numbers
 */
function assertConsecutive(name, numbers) {
  assert.ok(numbers.length > 5, `${name}: only ${numbers}`);
  numbers.forEach((number, i) => {
    assert.ok(i === 0 || number === numbers[i - 1] + 1, `${name}: ${numbers}`);
  });
}

/**
 * Assert that every number is above its predecessor.
 * @param {string} name
 * @param {number[]} numbers
 */
function assertRising(name, numbers) {
  assert.ok(numbers.length > 5, `${name}: only ${numbers}`);
  numbers.forEach((number, i) => {
    assert.ok(i === 0 || number > numbers[i - 1], `${name}: ${numbers}`);
  });
}

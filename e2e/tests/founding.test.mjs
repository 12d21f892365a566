// SPDX-License-Identifier: Apache-2.0
// A network founded from the template `mainnet`, step by step as docs/operations.md says: keys that
// nobody else has, balances of its own, production's clock.

import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { after, before } from "node:test";
import { UNIT } from "../lib/chain/amounts.mjs";
import { balanceOf, connect, storage } from "../lib/chain/api.mjs";
import { validators } from "../lib/chain/validators.mjs";
import { exportSpec } from "../lib/network/network.mjs";
import { nodeBinary, SuretyNode } from "../lib/network/node.mjs";
import { jsonRpc } from "../lib/system/json-rpc.mjs";
import { freePorts, workDir } from "../lib/system/local.mjs";
import { Processes } from "../lib/system/processes.mjs";
import { waitFor } from "../lib/system/wait.mjs";
import { check, removeOrShow } from "./checks.mjs";

/** @typedef {{ ss58Address: string, secretPhrase: string }} Key  what `key generate` prints */

/** In ms. */
const MINUTE = 60_000;
/** Session keys: type in the keystore, scheme, name in the specification. */
const SESSION_KEYS = [
  ["babe", "sr25519", "babe"],
  ["gran", "ed25519", "grandpa"],
  ["audi", "sr25519", "authority_discovery"],
  ["prob", "sr25519", "prober"],
];
/** SURE of each validator and of another account at genesis. */
const [FREE, BOND, SOLD] = [150_000, 100_000, 123_456_789];
const VALIDATORS = 4;
/** Ports of a node. */
const PORTS = 3;
/** Accounts of the market that the template fills. */
const POTS = 3;

/** @type {ReturnType<typeof workDir>} */
let work;
/** @type {Processes} */
let processes;
/** @type {SuretyNode[]} */
let nodes = [];
/** @type {Key[]} */
let accounts;
/** @type {Key} */
let buyer;

/**
 * Run a command of the node.
 * @param {...string} args
 * @returns {Promise<string>}
 */
const run = (...args) => processes.run(`command-${args[0]}`, nodeBinary(), args);

/**
 * @param {string} scheme
 * @returns {Promise<Key>}
 */
async function generate(scheme) {
  return JSON.parse(await run("key", "generate", "--scheme", scheme, "--output-type", "json"));
}

/** @param {string} name */
const inWork = (name) => path.join(work.dir, name);

before(
  async () => {
    work = workDir("surety-founding");
    processes = new Processes(work.dir);
    const [template, filled, raw] = ["template.json", "filled.json", "raw.json"].map(inWork);
    await exportSpec(processes, "mainnet", template);
    const ports = await freePorts(VALIDATORS * PORTS);
    nodes = Array.from(
      { length: VALIDATORS },
      (_, at) =>
        new SuretyNode({
          processes,
          name: `validator-${at + 1}`,
          place: at + 1,
          ports: ports.slice(at * PORTS, (at + 1) * PORTS),
          chain: raw,
          flags: ["--validator"],
        }),
    );
    buyer = await generate("sr25519");
    accounts = [];
    /** @type {Record<string, Key>[]} */
    const keys = [];
    for (const _ of nodes) {
      accounts.push(await generate("sr25519"));
      /** @type {Record<string, Key>} */
      const own = {};
      for (const [type, scheme] of SESSION_KEYS) own[type] = await generate(scheme);
      keys.push(own);
    }

    const spec = JSON.parse(readFileSync(template, "utf8"));
    const { balances, session, staking, technicalCommittee } = spec.genesis.runtimeGenesis.patch;
    const addresses = accounts.map(({ ss58Address }) => ss58Address);
    // JSON has no larger integers; all of these are exact.
    const planck = (/** @type {number} */ amount) => amount * Number(UNIT);
    spec.bootNodes = nodes.slice(0, 2).map(({ address }) => address);
    balances.balances = [
      ...addresses.map((address) => [address, planck(FREE + BOND)]),
      [buyer.ss58Address, planck(SOLD)],
      ...balances.balances.slice(-POTS),
    ];
    session.keys = addresses.map((address, at) => [
      address,
      address,
      Object.fromEntries(SESSION_KEYS.map(([type, , name]) => [name, keys[at][type].ss58Address])),
    ]);
    staking.stakers = addresses.map((address) => [address, address, planck(BOND), "Validator"]);
    staking.invulnerables = addresses;
    technicalCommittee.members = addresses.slice(0, 3);
    writeFileSync(filled, JSON.stringify(spec));
    await exportSpec(processes, filled, raw, "--raw");

    for (const [at, { basePath }] of nodes.entries()) {
      mkdirSync(basePath);
      const base = ["--base-path", basePath, "--chain", raw];
      for (const [type, scheme] of SESSION_KEYS) {
        const suri = keys[at][type].secretPhrase;
        await run(
          ...["key", "insert", ...base],
          ...["--key-type", type, "--scheme", scheme, "--suri", suri],
        );
      }
    }
    await Promise.all(nodes.map((node) => node.start()));
  },
  { timeout: 3 * MINUTE },
);

after(async () => {
  await processes?.stopAll();
  removeOrShow(work);
});

check("a template with its placeholders starts no node", async () => {
  const [node] = nodes;
  for (const chain of ["mainnet", "staging", inWork("template.json")]) {
    const start = run("--chain", chain, "--base-path", inWork("nobody"), "--port", `${node.port}`);
    await assert.rejects(start, /is a template: \d+ values are to be filled in/);
  }
});

check(
  "each validator authors, and all finalize",
  async () => {
    const abort = () => processes.failure();
    const api = await connect(nodes[3].ws);
    try {
      /** @type {Set<string>} */
      const authors = new Set();
      // Slots are drawn: four validators need about nine blocks of six seconds.
      await waitFor(
        "blocks of all validators",
        async () => {
          const best = await api.derive.chain.getHeader((await api.rpc.chain.getHeader()).hash);
          if (best?.author) authors.add(`${best.author}`);
          return authors.size === accounts.length;
        },
        { timeout: 5 * MINUTE, abort },
      );
      assert.deepEqual([...authors].sort(), accounts.map((it) => it.ss58Address).sort());
      const goal = (await nodes[0].best()) + 1;
      for (const node of nodes) {
        const reached = async () => (await node.finalized()).number >= goal;
        await waitFor(`${node.name} finalizes`, reached, { timeout: MINUTE, abort });
      }
    } finally {
      await api.disconnect();
    }
  },
  7 * MINUTE,
);

check("the network is the one that was filled in", async () => {
  const [node] = nodes;
  assert.equal(await jsonRpc(node.http, "system_chainType"), "Live");
  const api = await connect(node.ws);
  try {
    assert.equal((await balanceOf(api, buyer.ss58Address)).free, BigInt(SOLD) * UNIT);
    const addresses = accounts.map(({ ss58Address }) => ss58Address);
    assert.deepEqual((await validators(api)).sort(), addresses.toSorted());
    const members = await storage(api, "technicalCommittee", "members");
    assert.deepEqual(members.toJSON().sort(), addresses.slice(0, 3).sort());
    assert.equal(`${await storage(api, "sudo", "key")}`, "");
  } finally {
    await api.disconnect();
  }
});

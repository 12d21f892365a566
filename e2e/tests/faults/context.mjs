// SPDX-License-Identifier: Apache-2.0
// Context of the tests of faults: a network with a market, half of it on a machine of its own, and
// what every finalized block says about those who did nothing wrong.

import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { u8aToHex } from "@polkadot/util";
import { big, UNIT } from "../../lib/chain/amounts.mjs";
import { account, balanceOf, storage } from "../../lib/chain/api.mjs";
import { batch, call, eventOf, fieldsOf, send } from "../../lib/chain/calls.mjs";
import { networkId, readAgreement, readRound, readService } from "../../lib/chain/shapes.mjs";
import { Nginx } from "../../lib/endpoints/nginx.mjs";
import { Fixture } from "../../lib/fixture.mjs";
import { findProgram } from "../../lib/provider/requirements.mjs";
import { BOND, listService, PRICE, register, TERMS } from "../../lib/scenarios/listing.mjs";
import { jsonRpc } from "../../lib/system/json-rpc.mjs";
import { waitFor } from "../../lib/system/wait.mjs";
import { assertConserved } from "../conservation.mjs";

/** @import { Account, Api, ApiAt, Codec } from "../../lib/chain/api.mjs" */
/** @import { RoundClock } from "../../lib/chain/shapes.mjs" */
/** @import { SuretyNode } from "../../lib/network/node.mjs" */

/** In ms. */
export const MINUTE = 60_000;
/** Blocks of a session: a minute. */
const SESSION_BLOCKS = 30;
/** Programs by Debian package. */
const PROGRAMS = { iproute2: "ip", nftables: "nft", "util-linux": "unshare" };
/** Library of Debian's package libfaketime, which shifts the clock of a process. */
const FAKETIME = ["x86_64", "aarch64"]
  .map((cpu) => `/usr/lib/${cpu}-linux-gnu/faketime/libfaketimeMT.so.1`)
  .find((file) => existsSync(file));
/** Deposit of the agreement, in planck: more than the run uses. */
const DEPOSIT = 60n * UNIT;
const UNITS = 2;
/** Share of its bond that a prober loses for a session of neglect, in billionths. */
const NEGLECT = 100_000;
/**
 * Verdicts that an honest operator may get while validators fail: the right one, and that of a round
 * with too few reports.
 */
const HONEST = ["up", "unmeasured"];

/**
 * Reason why this machine cannot have the faults.
 * @returns {string | undefined} undefined if it can
 */
export function whyNoFaults() {
  if (process.getuid?.() !== 0) return "namespaces and mounts need root";
  const missing = Object.entries(PROGRAMS).filter(([, program]) => !findProgram(program));
  const packages = missing.map(([name]) => name);
  if (!FAKETIME) packages.push("libfaketime");
  return packages.length > 0 ? `apt-get install ${packages.join(" ")}` : undefined;
}

/**
 * Environment of a process whose clock is wrong.
 * @param {string} skew - such as `+2s`
 * @returns {NodeJS.ProcessEnv}
 */
export const skewed = (skew) => ({
  LD_PRELOAD: FAKETIME,
  FAKETIME: skew,
  // Time limits are not wrong, as they are not on a machine whose clock is.
  FAKETIME_DONT_FAKE_MONOTONIC: "1",
  NO_FAKE_STAT: "1",
});

/**
 * Observations in finalized blocks over a stretch of the chain.
 * @typedef {object} Findings
 * @property {number} blocks
 * @property {Record<string, number>} verdicts - of all services, by verdict
 * @property {number} rounds - that were closed
 * @property {string[]} neglect - names of validators with a session of neglect
 */

/** @returns {Findings} */
const noFindings = () => ({ blocks: 0, rounds: 0, verdicts: {}, neglect: [] });

/** State that all faults share. */
export class FaultContext {
  fixture = new Fixture();
  /** @type {Api} */
  api;
  /** @type {SuretyNode} */
  reader;
  /** Figures for the table at the end. */
  figures = /** @type {[string, string][]} */ ([]);
  /** Last block that was read. */
  #read = 0;
  /**
   * Findings since the fault began.
   * @type {Findings}
   */
  #findings = noFindings();
  /** Fault that is tried now. */
  #fault = "start";
  /**
   * Validators that are disturbed, by name, each from a block to another one, or until now.
   * @type {{ name: string, from: number, to: number }[]}
   */
  #disturbed = [];
  /** @type {{ service: Record<string, number>, agreement: number, operator: Account, tenant: Account }} */
  #market;
  /** Tests that have not passed. The logs are kept if any is left. */
  #open = 1;

  /** @returns {SuretyNode[]} alice, bob, and on the machine of their own charlie, dave */
  get validators() {
    return this.fixture.network.validators;
  }

  /** @returns {SuretyNode[]} */
  get nodes() {
    return this.fixture.network.nodes;
  }

  /**
   * Abort a wait if a process does not run although it should.
   * @returns {string | undefined} the reason
   */
  abort = () => this.fixture.failure();

  /** Start the network, and the market that must survive. */
  async start() {
    const { fixture } = this;
    await fixture.start({
      endpoints: false,
      full: ["reader"],
      reader: "reader",
      far: ["charlie", "dave"],
      // A full disk is noticed within a second, at a size that a test can fill.
      flags: {
        dave: ["--db-storage-threshold", "64", "--db-storage-polling-period", "1"],
        reader: ["--rpc-external"],
      },
      genesis: ({ timing }) => {
        timing.timings.epochBlocks = SESSION_BLOCKS;
      },
    });
    this.api = fixture.api;
    [this.reader] = fixture.network.full;
    await this.#openMarket();
    await this.audit();
    this.#open -= 1;
  }

  /** Stop everything. */
  async stop() {
    const keepLogs = this.#open > 0;
    await this.fixture.stop({ keepLogs });
    if (keepLogs) console.log(`logs of all processes: ${this.fixture.dir}`);
  }

  /**
   * Define the test of a fault. Whatever it does, the blocks up to its end are read.
   * @param {string} fault - in the table of figures
   * @param {string} name
   * @param {() => Promise<string[]>} run - returns figures
   * @param {number} [timeout] - ms
   */
  test(fault, name, run, timeout = 10 * MINUTE) {
    this.#open += 1;
    test(name, { timeout }, async () => {
      this.#fault = fault;
      await this.audit();
      this.#findings = noFindings();
      const figures = await run();
      await this.audit();
      const { blocks, rounds, verdicts, neglect } = this.#findings;
      const of = Object.entries(verdicts).map(([verdict, count]) => `${count} ${verdict}`);
      figures.push(`${blocks} blocks, ${rounds} rounds: ${of.join(", ")}`);
      if (neglect.length > 0) figures.push(`sessions of neglect: ${neglect.join(", ")}`);
      for (const figure of figures) console.log(`  ${fault}: ${figure}`);
      this.figures.push([fault, figures.join("; ")]);
      this.#open -= 1;
    });
  }

  // ------------------------------------------------------------------ the market

  /** List two services and sell one of them. All of it is on this machine's side of the link. */
  async #openMarket() {
    const { api, fixture, reader } = this;
    // Validators on both sides reach it at the same address.
    const { machine, processes } = fixture;
    const files = { "index.html": "<!doctype html><title>A page</title>" };
    const page = await Nginx.start(processes, files, machine.outside);
    const rpcUrl = reader.http.replace("127.0.0.1", machine.outside);
    const [operator, tenant] = [account("//Olga"), account("//Toni")];
    const fund = (/** @type {Account} */ { address }) =>
      call(api, "balances", "transferKeepAlive", { dest: address, value: BOND + DEPOSIT });
    await send(api, account("//Alice"), batch(api, [fund(operator), fund(tenant)]));
    const network = await networkId(api, "surety");
    const { events } = await send(
      api,
      operator,
      batch(api, [
        register(api, "Olga"),
        listService(api, { kind: "Compute", endpoint: page.url, capacity: 10 }),
        listService(api, { kind: { Rpc: { network } }, endpoint: rpcUrl, capacity: 10 }),
      ]),
    );
    const [compute, rpc] = events
      .filter((e) => e.section === "operators" && e.method === "ServiceListed")
      .map((event) => fieldsOf(event).service.toNumber());
    const isUp = async (/** @type {number} */ service) =>
      (await readService(await this.atFinalized(), "", { service }))?.last?.verdict === "up";
    await waitFor("both services are up", async () => (await isUp(compute)) && (await isUp(rpc)), {
      timeout: 2 * MINUTE,
      every: 1_000,
      abort: this.abort,
    });
    const agreement = call(api, "sla", "openAgreement", {
      service: rpc,
      units: UNITS,
      maxPrice: PRICE,
      deposit: DEPOSIT,
      minCover: TERMS.cover,
    });
    const opened = eventOf((await send(api, tenant, agreement)).events, "sla", "AgreementOpened");
    this.#market = {
      service: { compute, rpc },
      agreement: opened.agreement.toNumber(),
      operator,
      tenant,
    };
  }

  /** Assert that services, agreement, bond and deposit are all there. */
  async assertMarket() {
    const { service, agreement, operator, tenant } = this.#market;
    const at = await this.atFinalized();
    for (const id of Object.values(service)) {
      const state = await readService(at, "", { service: id });
      assert.ok(state, `service ${id} is gone`);
      assert.equal(state.index, 0n, `service ${id} was breached`);
    }
    const state = await readAgreement(at, agreement);
    assert.ok(state, "the agreement is gone");
    const { held, paid, owed, promised, lastRound } = state;
    assert.equal(held + paid, DEPOSIT, "the deposit is on hold or paid");
    assert.deepEqual([owed, promised, lastRound], [0n, 0n, undefined]);
    assert.equal((await balanceOf(at, tenant.address)).held, held);
    const bonds = (await at.call.suretyApi.operator(operator.address)).toJSON();
    const [bond] = /** @type {any} */ (bonds).bonds;
    // Rents are all that a bond may lose.
    const rents = this.rents.get(operator.address) ?? 0n;
    assert.equal(big(bond.active), BOND - rents);
    await assertConserved(this.api, (await this.reader.finalized()).hash);
  }

  /** Rent taken from bonds by address, in planck. @type {Map<string, bigint>} */
  rents = new Map();

  // ------------------------------------------------------------------ the chain

  /** @returns {Promise<ApiAt>} state at the last finalized block */
  async atFinalized() {
    return this.api.at((await this.reader.finalized()).hash);
  }

  /** @returns {Promise<RoundClock>} */
  async round() {
    return readRound(await this.atFinalized());
  }

  /**
   * Wait until a condition holds.
   * @param {string} what - the condition, as error messages name it
   * @param {() => Promise<boolean>} check
   * @param {number} [timeout] - ms
   * @returns {Promise<number>} ms that it took
   */
  async until(what, check, timeout = 4 * MINUTE) {
    const start = Date.now();
    await waitFor(what, check, { timeout, every: 200, abort: this.abort });
    return Date.now() - start;
  }

  /**
   * Wait until blocks are finalized by a node.
   * @param {number} count
   * @param {SuretyNode} [node]
   */
  async finalizes(count, node = this.reader) {
    const { number } = await node.finalized();
    const there = async () => (await node.finalized()).number >= number + count;
    await this.until(`${node.name} finalizes ${count} blocks`, there);
  }

  /**
   * Wait until rounds that have not begun yet are judged.
   * @param {number} count
   * @returns {Promise<number>} the last of them
   */
  async judges(count) {
    const { round } = await this.round();
    const last = round + count;
    const judged = async () => (await this.round()).judgedRound >= last;
    await this.until(`round ${last} is judged`, judged);
    return last;
  }

  /**
   * Wait until the best block is at an offset in its round.
   * @param {number} offset - blocks
   */
  async blockOfRound(offset) {
    const { roundBlocks } = await this.round();
    const there = async () => (await this.reader.best()) % roundBlocks === offset;
    await this.until(`block ${offset} of a round`, there);
  }

  /**
   * Wait until nodes have finalized what the most advanced one has.
   * @param {...SuretyNode} nodes
   * @returns {Promise<number>} ms that it took
   */
  catchUp(...nodes) {
    const there = async () => {
      const answers = await Promise.allSettled(this.nodes.map((node) => node.finalized()));
      const numbers = answers.map((its) => (its.status === "fulfilled" ? its.value.number : 0));
      const most = Math.max(...numbers);
      return nodes.every((node) => numbers[this.nodes.indexOf(node)] >= most - 2);
    };
    return this.until(`${nodes.map(({ name }) => name)} catch up`, there);
  }

  /**
   * Wait until a validator that was started again has revealed a report.
   * @param {SuretyNode} node
   */
  async onDuty(node) {
    const revealed = async () => {
      const values = Object.entries(await node.metricValues());
      return values.some(([key, value]) => /surety_reports_total.*revealed/.test(key) && value > 0);
    };
    await this.until(`${node.name} reveals a report`, revealed);
  }

  /**
   * Note that validators are disturbed while something runs: they may neglect their duty.
   * @template T
   * @param {SuretyNode[]} nodes
   * @param {() => Promise<T>} run
   * @returns {Promise<T>}
   */
  async disturbing(nodes, run) {
    const from = await this.reader.best();
    const entries = nodes.map(({ name }) => ({ name, from, to: Infinity }));
    this.#disturbed.push(...entries);
    const result = await run();
    const to = await this.reader.best();
    for (const entry of entries) entry.to = to;
    return result;
  }

  /**
   * Give a validator new session keys, which are in its keystore on disk.
   * @param {SuretyNode} node
   */
  async rotateKeys(node) {
    const signer = accountOf(node);
    const owner = u8aToHex(signer.publicKey);
    const { keys, proof } = await jsonRpc(node.http, "author_rotateKeysWithOwner", [owner]);
    await send(this.api, signer, call(this.api, "session", "setKeys", { keys, proof }), {
      timeout: 3 * MINUTE,
    });
  }

  /**
   * Wait until sessions begin.
   * @param {number} count
   */
  async sessions(count) {
    const current = async () =>
      (await storage(await this.atFinalized(), "session", "currentIndex")).toNumber();
    const last = (await current()) + count;
    await this.until(`session ${last} begins`, async () => (await current()) >= last);
  }

  /** @returns {Promise<number>} number of changes of GRANDPA's set */
  async setChanges() {
    return (await storage(await this.atFinalized(), "grandpa", "currentSetId")).toNumber();
  }

  // ------------------------------------------------------------------ what the blocks say

  /**
   * Read the blocks that were finalized since the last time, and assert that nobody who did
   * nothing wrong was slashed, breached or disabled.
   * @returns {Promise<Map<string, number>>} blocks by name of the author
   */
  async audit() {
    const { number } = await this.reader.finalized();
    const authored = new Map();
    while (this.#read < number) {
      this.#read += 1;
      const author = await this.#readBlock(this.#read);
      authored.set(author, (authored.get(author) ?? 0) + 1);
    }
    return authored;
  }

  /**
   * Read a block.
   * @param {number} number
   * @returns {Promise<string>} name of its author
   */
  async #readBlock(number) {
    const hash = await this.reader.hashOf(number);
    const at = await this.api.at(hash);
    const records = await storage(at, "system", "events");
    this.#findings.blocks += 1;
    for (const { event } of records) this.#judge(number, event);
    return this.#author(hash, at);
  }

  /**
   * Name of the author of a block.
   * @param {string} hash
   * @param {ApiAt} at
   * @returns {Promise<string>}
   */
  async #author(hash, at) {
    const { digest } = await this.reader.header(hash);
    // 06: pre-runtime digest; the engine's id, a length, the variant, and the author's index.
    const log = digest.logs.find((/** @type {string} */ text) => text.startsWith("0x0642414245"));
    const bytes = Buffer.from(log.slice(2), "hex");
    const index = bytes.readUInt32LE(5 + (bytes[5] % 4 === 0 ? 1 : 2) + 1);
    const authorities = await storage(at, "session", "validators");
    return nameOf(authorities[index]);
  }

  /**
   * Judge an event.
   * @param {number} number - of the block
   * @param {Codec} event
   */
  #judge(number, event) {
    const findings = this.#findings;
    const name = `${event.section}.${event.method}`;
    const text = () => `${this.#fault}, block ${number}: ${name} ${event.data}`;
    // Duty is settled at the end of a session, for rounds that were judged in it.
    const isDisturbed = (/** @type {Codec} */ who, sessions = 2) =>
      this.#disturbed.some(
        ({ name: its, from, to }) =>
          its === nameOf(who) && from <= number && to >= number - sessions * SESSION_BLOCKS,
      );
    const data = fieldsOf(event);
    switch (name) {
      case "sla.Breached":
      case "sla.ServiceTerminated":
      case "sla.AgreementClosed":
      case "operators.BondSlashed":
      case "session.ValidatorDisabled":
        assert.fail(text());
        break;
      case "offences.Offence":
        assert.match(data.kind.toUtf8(), /^surety:neglect/, text());
        break;
      case "staking.SlashReported":
        assert.ok(data.fraction.toNumber() <= NEGLECT && isDisturbed(data.validator), text());
        break;
      case "staking.Slashed":
        // One era later.
        assert.ok(isDisturbed(data.staker, 4), text());
        break;
      case "probes.DutyFailed":
        assert.ok(isDisturbed(data.prober), text());
        findings.neglect.push(nameOf(data.prober));
        break;
      case "operators.RentPaid": {
        const operator = data.operator.toString();
        this.rents.set(operator, (this.rents.get(operator) ?? 0n) + big(data.amount));
        break;
      }
      case "probes.RoundClosed": {
        const { round, ...counts } = data;
        findings.rounds += 1;
        for (const [verdict, count] of Object.entries(counts)) {
          if (count.toNumber() === 0) continue;
          assert.ok(HONEST.includes(verdict), text());
          findings.verdicts[verdict] = (findings.verdicts[verdict] ?? 0) + count.toNumber();
        }
        break;
      }
    }
  }

  /**
   * Assert that no node saw an equivocation, in what it logged.
   */
  assertNoEquivocation() {
    for (const { log } of this.nodes) {
      const lines = readFileSync(log, "utf8").split("\n");
      assert.deepEqual(
        lines.filter((line) => /equivocat/i.test(line)),
        [],
        log,
      );
    }
  }
}

/**
 * Account of a validator.
 * @param {SuretyNode} node
 * @returns {Account}
 */
const accountOf = ({ name }) => account(`//${name[0].toUpperCase()}${name.slice(1)}`);

/** Names of the validators by address. */
const NAMES = new Map();

/**
 * Name of a validator's node.
 * @param {Codec} who
 * @returns {string}
 */
function nameOf(who) {
  if (NAMES.size === 0) {
    for (const name of ["alice", "bob", "charlie", "dave", "eve"]) {
      NAMES.set(accountOf(/** @type {any} */ ({ name })).address, name);
    }
  }
  return NAMES.get(who.toString()) ?? who.toString();
}

/**
 * Format a time.
 * @param {number} ms
 * @returns {string}
 */
export const seconds = (ms) => `${(ms / 1_000).toFixed(1)} s`;

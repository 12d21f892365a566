// SPDX-License-Identifier: Apache-2.0
// Promises of the demo: everything that it started is stopped, however it ends, and its exit code
// shows how it ended.
//
// Every process of a demo has the folder for temporary files in its environment or on its command
// line, or is in the process group of one that has. A folder of its own per demo finds all of them,
// the reaper included.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { workDir } from "../lib/system/local.mjs";
import { REAPER } from "../lib/system/processes.mjs";
import { waitFor } from "../lib/system/wait.mjs";

/**
 * A process of this machine; `text` is its command line and environment.
 * @typedef {{ pid: number, group: number, text: string }} RunningProcess
 */

const DEMO = fileURLToPath(new URL("../demo.mjs", import.meta.url));
/** In ms. */
const MINUTE = 60_000;

/** @type {ReturnType<typeof workDir>} */
let work;
/** @type {Demo[]} */
const demos = [];

/**
 * All processes of this machine that can be read.
 * @returns {RunningProcess[]}
 */
function processes() {
  const read = (/** @type {string} */ pid, /** @type {string} */ file) =>
    readFileSync(`/proc/${pid}/${file}`, "latin1");
  const inspect = (/** @type {string} */ pid) => {
    try {
      // "pid (name) state parent group ...", where the name may contain anything.
      const [state, , group] = read(pid, "stat")
        .replace(/^.*\) /s, "")
        .split(" ");
      // A process that has ended and is not yet collected has no command line.
      if (state === "Z") return [];
      const text = read(pid, "cmdline") + read(pid, "environ");
      return [{ pid: Number(pid), group: Number(group), text }];
    } catch {
      return [];
    }
  };
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap(inspect);
}

/** A demo that runs as a process of its own. */
class Demo {
  output = "";
  /** @type {Set<number>} */
  #groups = new Set();

  /**
   * @param {string} name
   * @param {string} scene
   */
  constructor(name, scene) {
    this.dir = path.join(work.dir, name);
    mkdirSync(this.dir);
    this.child = spawn(process.execPath, [DEMO, "--scene", scene], {
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, TMPDIR: this.dir },
    });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream.setEncoding("utf8").on("data", (text) => {
        this.output += text;
      });
    }
    /** @type {Promise<number | string | null>} */
    this.ended = new Promise((resolve) => {
      this.child.once("exit", (code, signal) => resolve(signal ?? code));
    });
    demos.push(this);
  }

  /**
   * Processes that the demo started and that still run.
   * @returns {RunningProcess[]}
   */
  running() {
    const all = processes();
    for (const { text, group } of all) if (text.includes(this.dir)) this.#groups.add(group);
    return all.filter(({ pid, group }) => this.#groups.has(group) && pid !== this.child.pid);
  }

  /**
   * Wait until the output matches.
   * @param {RegExp} words
   */
  async prints(words) {
    const ended = () =>
      this.child.exitCode === null ? undefined : `the demo ended:\n${this.output}`;
    await waitFor(`${words} is printed`, () => words.test(this.output), {
      timeout: 3 * MINUTE,
      every: 100,
      abort: ended,
    });
  }

  /**
   * Wait for the end, and assert that no process is left a moment later.
   * @returns {Promise<number | string | null>} exit code or signal
   */
  async ends() {
    const how = await this.ended;
    const isAlone = () => this.running().length === 0;
    await waitFor("no process is left", isAlone, { timeout: 30_000 }).catch((error) => {
      const command = (/** @type {string} */ text) => text.split("\0").slice(0, 2).join(" ");
      const left = this.running().map(({ pid, text }) => `${pid} ${command(text)}`);
      throw new Error(`${error.message}: ${left}`);
    });
    return how;
  }
}

describe("the demo", () => {
  before(() => {
    work = workDir("surety-demo");
  });

  after(() => {
    for (const demo of demos) {
      for (const { pid } of [...demo.running(), demo.child]) {
        try {
          if (pid !== undefined) process.kill(pid, "SIGKILL");
        } catch {
          // The process is gone.
        }
      }
    }
    work.remove();
  });

  test("Ctrl-C stops everything that the demo started", { timeout: 4 * MINUTE }, async () => {
    const demo = new Demo("interrupted", "outage");
    // Everything runs: validators, a full node, hardhat, nginx, and the reaper.
    await demo.prints(/== 2\//);
    const running = demo.running();
    for (const part of ["--alice", "--dave", "hardhat", "nginx", "reaper.mjs"]) {
      const isThere = running.some(({ text }) => text.includes(part));
      assert.ok(isThere, `no ${part} is running`);
    }
    const { pid } = demo.child;
    assert.ok(pid);
    process.kill(-pid, "SIGINT");
    assert.equal(await demo.ends(), 130, demo.output);
    assert.match(demo.output, /interrupted/);
    assert.deepEqual(readdirSync(demo.dir), [], "its folder is gone");
  });

  test("a validator that dies fails the step by name", { timeout: 5 * MINUTE }, async () => {
    const demo = new Demo("failed", "compute");
    await demo.prints(/== 3\//);
    const dave = demo.running().find(({ text }) => text.includes("--dave"));
    assert.ok(dave);
    process.kill(dave.pid, "SIGKILL");
    assert.equal(await demo.ends(), 1, demo.output);
    const step = "The validators probe the agents: all are up";
    assert.ok(demo.output.includes(`FAILED at step 3 (${step})`), demo.output);
    assert.match(demo.output, /dave stopped \(SIGKILL\)/);
    // The logs are kept.
    const logs = /Logs: (.*)/.exec(demo.output)?.[1];
    assert.ok(logs);
    assert.ok(readdirSync(logs).includes("dave.log"));
  });

  test("the reaper stops what nobody could tell it of any more", { timeout: MINUTE }, async () => {
    const run = "a run that was killed";
    const options = { detached: true, stdio: /** @type {const} */ ("ignore") };
    const env = { ...process.env, SURETY_RUN: run };
    const unlisted = spawn("sleep", ["1000"], { ...options, env });
    const other = spawn("sleep", ["1000"], options);
    try {
      const ended = new Promise((resolve) => unlisted.once("exit", (_, signal) => resolve(signal)));
      spawn(process.execPath, [REAPER, run], { stdio: ["pipe", "ignore", "ignore"] }).stdin.end();
      assert.equal(await ended, "SIGTERM");
      assert.equal(other.exitCode ?? other.signalCode, null, "no process of others");
    } finally {
      for (const child of [unlisted, other]) child.kill("SIGKILL");
    }
  });

  test("a demo that is killed leaves no process behind", { timeout: 2 * MINUTE }, async () => {
    const demo = new Demo("killed", "compute");
    const validators = () => demo.running().filter(({ text }) => text.includes("--validator"));
    await waitFor("its validators run", () => validators().length === 4, {
      timeout: MINUTE,
      every: 100,
    });
    demo.child.kill("SIGKILL");
    assert.equal(await demo.ends(), "SIGKILL");
  });
});

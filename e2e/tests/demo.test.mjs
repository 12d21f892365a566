// What the demo promises: everything that it started is stopped, however it ends, and its exit code says how.
//
// Whatever it starts has the folder for temporary files in its environment or on its command line, or is of the
// process group of one that has. So a folder of its own finds all of it, the reaper included.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { waitFor, workDir } from "../lib/util.mjs";

const DEMO = fileURLToPath(new URL("../demo.mjs", import.meta.url));
const MINUTE = 60_000;

let work;
const demos = [];

/** All processes: `{ pid, group, text }`, the text being command line and environment. */
function processes() {
  const read = (pid, file) => readFileSync(`/proc/${pid}/${file}`, "latin1");
  return readdirSync("/proc").filter((name) => /^\d+$/.test(name)).flatMap((pid) => {
    try {
      // "pid (name) state parent group ...", and the name may have anything in it.
      const [state, , group] = read(pid, "stat").replace(/^.*\) /s, "").split(" ");
      // One that is over and not yet buried has no command line.
      if (state === "Z") return [];
      return [{ pid: Number(pid), group: Number(group), text: read(pid, "cmdline") + read(pid, "environ") }];
    } catch {
      return [];
    }
  });
}

class Demo {
  output = "";
  #groups = new Set();

  constructor(name, scene) {
    this.dir = path.join(work.dir, name);
    mkdirSync(this.dir);
    this.child = spawn(process.execPath, [DEMO, "--scene", scene], {
      detached: true, stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, TMPDIR: this.dir },
    });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream.setEncoding("utf8").on("data", (text) => { this.output += text; });
    }
    this.over = new Promise((resolve) => this.child.once("exit", (code, signal) => resolve(signal ?? code)));
    demos.push(this);
  }

  /** What it started and is still there. */
  left() {
    const all = processes();
    for (const { text, group } of all) if (text.includes(this.dir)) this.#groups.add(group);
    return all.filter(({ pid, group }) => this.#groups.has(group) && pid !== this.child.pid);
  }

  /** Wait until its output matches. */
  says(words) {
    return waitFor(`${words} is said`, () => words.test(this.output), {
      timeout: 3 * MINUTE, every: 100, abort: () => this.child.exitCode !== null ? `it ended:\n${this.output}` : undefined,
    });
  }

  /** Its exit code or signal, and that nothing is left a moment later. */
  async ends() {
    const how = await this.over;
    const names = () => this.left().map(({ pid, text }) => `${pid} ${text.split("\0").slice(0, 2).join(" ")}`);
    await waitFor("nothing is left", () => this.left().length === 0, { timeout: 30_000 }).catch((error) => {
      throw new Error(`${error.message}: ${names()}`);
    });
    return how;
  }
}

describe("the demo", () => {
  before(() => {
    work = workDir("surety-demo");
  });

  after(async () => {
    for (const demo of demos) {
      for (const { pid } of [...demo.left(), demo.child]) {
        try {
          process.kill(pid, "SIGKILL");
        } catch {
          /* gone */
        }
      }
    }
    work.remove();
  });

  test("Ctrl-C stops everything that it started", { timeout: 4 * MINUTE }, async () => {
    const demo = new Demo("interrupted", "outage");
    // The world is up: validators, a full node, hardhat, nginx, and who waits to clean up after them.
    await demo.says(/== 2\//);
    const names = demo.left().map(({ text }) => text);
    for (const part of ["--alice", "--dave", "hardhat", "nginx", "reaper.mjs"]) {
      assert.ok(names.some((text) => text.includes(part)), `no ${part} is running`);
    }
    process.kill(-demo.child.pid, "SIGINT");
    assert.equal(await demo.ends(), 130, demo.output);
    assert.match(demo.output, /interrupted/);
    assert.deepEqual(readdirSync(demo.dir), [], "its folder is gone");
  });

  test("a validator that dies is a failure with the name of the step", { timeout: 5 * MINUTE }, async () => {
    const demo = new Demo("failed", "compute");
    await demo.says(/== 3\//);
    const dave = demo.left().find(({ text }) => text.includes("--dave"));
    process.kill(dave.pid, "SIGKILL");
    assert.equal(await demo.ends(), 1, demo.output);
    assert.match(demo.output, /FAILED at step 3 \(The validators probe the agents: all are up\)/);
    assert.match(demo.output, /dave stopped \(SIGKILL\)/);
    // The logs are there for whoever looks for the reason.
    const [, logs] = /Logs: (.*)/.exec(demo.output);
    assert.ok(readdirSync(logs).includes("dave.log"));
  });

  test("a demo that is killed leaves nothing behind either", { timeout: 2 * MINUTE }, async () => {
    const demo = new Demo("killed", "compute");
    await waitFor("its validators run", () => demo.left().filter(({ text }) => text.includes("--validator")).length === 4, {
      timeout: MINUTE, every: 100,
    });
    demo.child.kill("SIGKILL");
    assert.equal(await demo.ends(), "SIGKILL");
  });
});

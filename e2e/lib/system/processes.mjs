// SPDX-License-Identifier: Apache-2.0
// Processes of a run. None of them outlives the run: not on success, not on an error, not on
// Ctrl-C, and not when the run itself is killed (the reaper process handles that).

import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { closeSync, openSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

/** @import { ChildProcess } from "node:child_process" */
/** @import { Writable } from "node:stream" */

export const REAPER = fileURLToPath(new URL("./reaper.mjs", import.meta.url));
/** Time in ms between the request to stop and SIGKILL. */
const GRACE_MS = 8_000;

/**
 * Signal a process group. A group that is gone is no error.
 * @param {number | undefined} pid
 * @param {NodeJS.Signals} signal
 */
function signalGroup(pid, signal) {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // The group is gone.
  }
}

/** One process, the leader of a process group of its own. */
export class ManagedProcess {
  /** True if the process may end: it was asked to stop, or runs to its end. */
  expected = false;
  /**
   * Exit code or signal; undefined while the process runs.
   * @type {string | undefined}
   */
  exit;

  /**
   * @param {string} name
   * @param {ChildProcess} child
   * @param {string} log - path of the file with its output
   * @param {(process: ManagedProcess) => void} onExit
   */
  constructor(name, child, log, onExit) {
    this.name = name;
    this.log = log;
    this.pid = child.pid;
    /**
     * Resolves when the process has ended, with how it ended.
     * @type {Promise<string>}
     */
    this.ended = new Promise((resolve) => {
      const done = (/** @type {string} */ exit) => {
        this.exit ??= exit;
        onExit(this);
        resolve(this.exit);
      };
      child.once("exit", (code, signal) => done(signal ?? `exit code ${code}`));
      child.once("error", (error) => done(error.message));
    });
  }

  /** @returns {boolean} */
  get running() {
    return this.exit === undefined;
  }

  /**
   * Reason why the process does not run although it should, for `waitFor({ abort })`.
   * @returns {string | undefined}
   */
  failure() {
    if (this.running || this.expected) return undefined;
    return `${this.name} stopped (${this.exit}); the end of ${this.log}:\n${this.tail()}`;
  }

  /**
   * Last lines of the log.
   * @param {number} [lines]
   * @returns {string}
   */
  tail(lines = 12) {
    try {
      return readFileSync(this.log, "utf8").trimEnd().split("\n").slice(-lines).join("\n");
    } catch {
      return "(no log)";
    }
  }

  /**
   * Stop the process group: first with `signal`, then with SIGKILL.
   * @param {NodeJS.Signals} [signal]
   */
  async stop(signal = "SIGTERM") {
    this.expected = true;
    if (!this.running) return;
    signalGroup(this.pid, signal);
    const kill = setTimeout(() => signalGroup(this.pid, "SIGKILL"), GRACE_MS);
    await this.ended;
    clearTimeout(kill);
  }
}

/** All processes of a run. */
export class Processes {
  /** @type {Set<ManagedProcess>} */
  #all = new Set();
  #closed = false;
  /** Name of the run, by which the reaper finds what it was not told of. */
  #run = randomUUID();
  /** @type {Writable} */
  #reaper;

  /** @param {string} dir - folder for one log file per process */
  constructor(dir) {
    this.dir = dir;
    // A process group of its own, so that the Ctrl-C of a terminal does not stop the reaper.
    const reaper = spawn(process.execPath, [REAPER, this.#run], {
      detached: true,
      stdio: ["pipe", "ignore", "ignore"],
    });
    reaper.unref();
    this.#reaper = /** @type {Writable} */ (reaper.stdin);
    /** @type {any} */ (this.#reaper).unref?.();
    this.#reaper.on("error", () => {});
  }

  /**
   * Start a process. Its output goes to `<dir>/<name>.log`.
   * @param {string} name
   * @param {string} command
   * @param {string[]} args
   * @param {{ cwd?: string, env?: NodeJS.ProcessEnv }} [options] - `env` is added to this process's
   * @returns {ManagedProcess}
   */
  start(name, command, args, { cwd, env } = {}) {
    if (this.#closed) throw new Error(`${name} is not started: the run is being stopped`);
    const log = path.join(this.dir, `${name}.log`);
    const out = openSync(log, "a");
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, ...env, SURETY_RUN: this.#run },
      detached: true,
      stdio: ["ignore", out, out],
    });
    closeSync(out);
    const managed = new ManagedProcess(name, child, log, (ended) => this.#onExit(ended));
    if (child.pid !== undefined) {
      this.#all.add(managed);
      this.#reaper.write(`+${child.pid}\n`);
    }
    return managed;
  }

  /**
   * Run a command to its end. An exit code other than 0 is an error.
   * @param {string} name
   * @param {string} command
   * @param {string[]} args
   * @param {{ cwd?: string, env?: NodeJS.ProcessEnv }} [options] - as of `start`
   * @returns {Promise<string>} output of the command
   */
  async run(name, command, args, options) {
    rmSync(path.join(this.dir, `${name}.log`), { force: true });
    const managed = this.start(name, command, args, options);
    managed.expected = true;
    const exit = await managed.ended;
    if (exit !== "exit code 0") {
      throw new Error(`${name}: ${exit}; the end of ${managed.log}:\n${managed.tail()}`);
    }
    return managed.tail(Infinity);
  }

  /**
   * Handle the end of a process. One that ended unasked stays on the list, for `failure`.
   * @param {ManagedProcess} managed
   */
  #onExit(managed) {
    if (managed.expected) this.#all.delete(managed);
    if (managed.pid !== undefined && this.#reaper.writable) this.#reaper.write(`-${managed.pid}\n`);
  }

  /**
   * Reason why a process does not run although it should, of the first such process.
   * @returns {string | undefined}
   */
  failure() {
    for (const managed of this.#all) {
      const reason = managed.failure();
      if (reason) return reason;
    }
    return undefined;
  }

  /** Stop all processes, in parallel. */
  async stopAll() {
    this.#closed = true;
    await Promise.all([...this.#all].map((managed) => managed.stop()));
    this.#reaper.end();
  }

  /** Kill all processes without waiting: for the last moment of this process. */
  killAll() {
    for (const managed of this.#all) if (managed.running) signalGroup(managed.pid, "SIGKILL");
  }
}

/**
 * Run `main`, then `cleanup`, whatever happens: `main` returns, it throws, or the user presses
 * Ctrl-C. A second Ctrl-C kills at once.
 * @param {() => Promise<number>} main - returns the exit code
 * @param {() => Promise<void>} cleanup
 * @param {{ onSignal?: (name: string) => void, killAll?: () => void }} [options]
 * @returns {Promise<number>} the exit code
 */
export async function withCleanup(main, cleanup, { onSignal = () => {}, killAll = () => {} } = {}) {
  let interrupted = false;
  /** @type {Promise<number>} */
  const signal = new Promise((resolve) => {
    for (const name of ["SIGINT", "SIGTERM", "SIGHUP"]) {
      process.on(name, () => {
        if (interrupted) {
          killAll();
          process.exit(130);
        }
        interrupted = true;
        onSignal(name);
        resolve(130);
      });
    }
  });
  process.on("exit", killAll);
  try {
    return await Promise.race([main(), signal]);
  } finally {
    await cleanup();
  }
}

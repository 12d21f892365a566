// Processes that a run starts, and the promise that none of them outlives it: not on success, not on an
// error, not on Ctrl-C, and not when the run itself is killed (a reaper process waits for that).

import { spawn } from "node:child_process";
import { closeSync, openSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

const REAPER = fileURLToPath(new URL("./reaper.mjs", import.meta.url));
/** How long a process may take to stop by itself. */
const GRACE_MS = 8_000;

/** A process group can be gone before we signal it. */
function signalGroup(pid, signal) {
  try {
    process.kill(-pid, signal);
  } catch {
    /* gone */
  }
}

class Proc {
  constructor(owner, name, child, log) {
    Object.assign(this, { owner, name, child, log, pid: child.pid, expected: false, exit: undefined });
    this.gone = new Promise((resolve) => {
      const done = (how) => {
        if (this.exit === undefined) this.exit = how;
        owner.forget(this);
        resolve(this.exit);
      };
      child.once("exit", (code, signal) => done(signal ?? `exit code ${code}`));
      child.once("error", (error) => done(error.message));
    });
  }

  get running() {
    return this.exit === undefined;
  }

  /** Why it is not running although it should be; for `waitFor({ abort })`. */
  died() {
    if (this.running || this.expected) return undefined;
    return `${this.name} stopped (${this.exit}); the end of ${this.log}:\n${this.tail()}`;
  }

  tail(lines = 12) {
    try {
      return readFileSync(this.log, "utf8").trimEnd().split("\n").slice(-lines).join("\n");
    } catch {
      return "(no log)";
    }
  }

  /** Ask it to stop, then insist. `signal` is what it is asked with. */
  async stop(signal = "SIGTERM") {
    this.expected = true;
    if (!this.running) return;
    signalGroup(this.pid, signal);
    const insist = setTimeout(() => signalGroup(this.pid, "SIGKILL"), GRACE_MS);
    await this.gone;
    clearTimeout(insist);
  }
}

export class Processes {
  #all = new Set();
  #closed = false;
  #reaper;

  /** `dir` gets one log file per process. */
  constructor(dir) {
    this.dir = dir;
    // Its own process group, so that the Ctrl-C of a terminal does not hit it.
    this.#reaper = spawn(process.execPath, [REAPER], { detached: true, stdio: ["pipe", "ignore", "ignore"] });
    this.#reaper.unref();
    this.#reaper.stdin.unref?.();
    this.#reaper.stdin.on("error", () => {});
  }

  /** Start `command`. Its output goes to `<dir>/<name>.log`. */
  start(name, command, args, { cwd, env } = {}) {
    if (this.#closed) throw new Error(`${name} is not started any more: everything is being stopped`);
    const log = path.join(this.dir, `${name}.log`);
    const out = openSync(log, "a");
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, ...env },
      detached: true,
      stdio: ["ignore", out, out],
    });
    closeSync(out);
    const proc = new Proc(this, name, child, log);
    if (child.pid !== undefined) {
      this.#all.add(proc);
      this.#reaper.stdin.write(`+${child.pid}\n`);
    }
    return proc;
  }

  /** Run `command` to its end and give what it said. That it does not succeed is an error. */
  async run(name, command, args) {
    rmSync(path.join(this.dir, `${name}.log`), { force: true });
    const proc = this.start(name, command, args);
    // It stops by itself.
    proc.expected = true;
    const how = await proc.gone;
    if (how !== "exit code 0") throw new Error(`${name}: ${how}; the end of ${proc.log}:\n${proc.tail()}`);
    return proc.tail(Infinity);
  }

  /** One is gone. If nobody wanted that it stays on the list, for `died` to tell. */
  forget(proc) {
    if (proc.expected) this.#all.delete(proc);
    if (proc.pid !== undefined && this.#reaper.stdin.writable) this.#reaper.stdin.write(`-${proc.pid}\n`);
  }

  /** Whatever died without being asked to. */
  died() {
    for (const proc of this.#all) {
      const reason = proc.died();
      if (reason) return reason;
    }
    return undefined;
  }

  /** Stop everything, in parallel. */
  async stopAll() {
    this.#closed = true;
    await Promise.all([...this.#all].map((proc) => proc.stop()));
    this.#reaper.stdin.end();
  }

  /** Stop everything at once, without waiting: for the last moment of this process. */
  killAll() {
    for (const proc of this.#all) if (proc.running) signalGroup(proc.pid, "SIGKILL");
  }
}

/**
 * Run `main`, then `cleanup`, whatever happens: it returns, it throws, or the user presses Ctrl-C.
 * Returns the exit code. A second Ctrl-C kills at once.
 */
export async function withCleanup(main, cleanup, { onSignal = () => {}, killAll = () => {} } = {}) {
  let interrupted;
  const signal = new Promise((resolve) => {
    for (const name of ["SIGINT", "SIGTERM", "SIGHUP"]) {
      process.on(name, () => {
        if (interrupted) {
          killAll();
          process.exit(130);
        }
        interrupted = name;
        onSignal(name);
        resolve(130);
      });
    }
  });
  process.on("exit", killAll);
  let code;
  try {
    code = await Promise.race([main(), signal]);
  } finally {
    await cleanup();
  }
  return code ?? 0;
}

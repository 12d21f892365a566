// SPDX-License-Identifier: Apache-2.0
// A part of this machine that is one by itself: processes, mounts, interfaces and firewall in
// namespaces of their own, and a link to the rest. All of it ends with its first process, however
// that one ends, so nothing of it can be left behind.

import { execFileSync } from "node:child_process";
import { randomBytes, randomInt } from "node:crypto";
import { readlinkSync } from "node:fs";
import os from "node:os";
import { waitFor } from "../system/wait.mjs";
import { Forward } from "./forward.mjs";
import { ADMIN_ENV } from "./requirements.mjs";

/** @import { ManagedProcess, Processes } from "../system/processes.mjs" */

const KINDS = ["net", "mount", "pid", "ipc"];

/**
 * Run a program of administrators.
 * @param {string} program
 * @param {string[]} args
 * @returns {string} its output
 */
export function admin(program, args) {
  try {
    const env = { ...process.env, ...ADMIN_ENV };
    return execFileSync(program, args, {
      env,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
    });
  } catch (error) {
    const reason = `${error.stderr ?? error.message}`.trim();
    throw new Error(`${program} ${args.join(" ")}: ${reason}`);
  }
}

/**
 * Addresses of both ends of a link.
 * @typedef {{ near: string, far: string }} Link
 */

/**
 * Find a private network of two addresses that no interface here has, and neither engines (10.88 to
 * 10.95) nor VPN exits (10.66) take first.
 * @returns {Link}
 */
function freeLink() {
  const used = Object.values(os.networkInterfaces()).flatMap((its) => its ?? []);
  for (;;) {
    const prefix = `10.${randomInt(96, 128)}.${randomInt(256)}.`;
    if (used.some(({ address }) => address.startsWith(prefix))) continue;
    const first = 4 * randomInt(64);
    return { near: `${prefix}${first + 1}`, far: `${prefix}${first + 2}` };
  }
}

/** Namespaces with a link. */
export class Namespace {
  /** @type {ManagedProcess} */
  #init;
  /** @type {Set<ManagedProcess>} */
  #inside = new Set();
  /** @type {Map<number, Forward>} */
  #forwards = new Map();
  #processes;
  #link = freeLink();
  #neighbour;

  /**
   * @param {Processes} processes
   * @param {string} name
   * @param {{ neighbour?: Namespace }} [options] - `neighbour`: the other end of the link instead of
   *   the rest of this machine; it must have been booted
   */
  constructor(processes, name, { neighbour } = {}) {
    this.#processes = processes;
    this.name = name;
    this.#neighbour = neighbour;
  }

  /**
   * Address by which the rest of this machine reaches it.
   * @returns {string}
   */
  get address() {
    return this.#link.far;
  }

  /**
   * Address of the rest of this machine, as it is reached from inside.
   * @returns {string}
   */
  get outside() {
    return this.#link.near;
  }

  /** @returns {boolean} */
  get running() {
    return this.#init.running;
  }

  /**
   * Start the first process: a shell script that may use the link and ends with `exec`.
   * @param {string} script
   * @param {NodeJS.ProcessEnv} [env]
   */
  async boot(script, env = {}) {
    const wait = "until ip link set eth0 up 2> /dev/null; do sleep 0.05; done";
    const { near, far } = this.#link;
    // State that programs keep in /run and /dev/shm is their own too, and /sys shows the interfaces
    // of the new namespace.
    const prologue = [
      "mount -t tmpfs -o mode=755 tmpfs /run",
      "mount -t tmpfs tmpfs /dev/shm",
      "mkdir /run/lock /run/cgroup",
      "mount --rbind /sys/fs/cgroup /run/cgroup",
      "mount -t sysfs sysfs /sys",
      "mount --rbind /run/cgroup /sys/fs/cgroup",
      "ip link set lo up",
      wait,
      `ip address add ${far}/30 dev eth0`,
      `ip route add default via ${near}`,
    ];
    const init = this.#processes.start(
      this.name,
      "unshare",
      [
        ...KINDS.map((kind) => `--${kind}`),
        ...["--fork", "--kill-child", "--mount-proc", "--propagation", "private"],
        ...["/bin/sh", "-euc", [...prologue, script].join("\n")],
      ],
      { env: { ...env, ...ADMIN_ENV } },
    );
    this.#init = init;
    const own = readlinkSync("/proc/self/ns/net");
    await waitFor(
      `${this.name} has namespaces of its own`,
      () => readlinkSync(`/proc/${init.pid}/ns/net`) !== own,
      { every: 20, abort: () => init.failure() },
    );
    // Firewalls of engines take every `surety-*` for the bridge of a lease.
    const side = `link-${randomBytes(3).toString("hex")}`;
    const peer = ["type", "veth", "peer", "name", "eth0", "netns", `${init.pid}`];
    const outside = this.#neighbour;
    const ip = (/** @type {string[]} */ ...args) =>
      outside ? outside.runNow("ip", args) : admin("ip", args);
    const netns = outside ? ["netns", `${outside.#init.pid}`] : [];
    admin("ip", ["link", "add", side, ...netns, ...peer]);
    ip("address", "add", `${near}/30`, "dev", side);
    ip("link", "set", side, "up");
  }

  /**
   * Command that runs another one inside.
   * @param {string} command
   * @param {string[]} args
   * @returns {string[]}
   */
  enter(command, args) {
    const spaces = KINDS.map((kind) => {
      const file = { mount: "mnt", pid: "pid_for_children" }[kind] ?? kind;
      return `--${kind}=/proc/${this.#init.pid}/ns/${file}`;
    });
    // A request to stop goes to the command only: nsenter waits for its end.
    const env = ["env", "--ignore-signal=TERM", `PATH=${ADMIN_ENV.PATH}`];
    return [...env, "nsenter", ...spaces, command, ...args];
  }

  /**
   * Start a process inside. It ends with the namespaces at the latest.
   * @param {string} name
   * @param {string} command
   * @param {string[]} args
   * @param {NodeJS.ProcessEnv} [env]
   * @returns {ManagedProcess}
   */
  launch(name, command, args, env = {}) {
    const [program, ...rest] = this.enter(command, args);
    const started = this.#processes.start(name, program, rest, { env });
    this.#inside.add(started);
    return started;
  }

  /**
   * Run a command inside to its end. An exit code other than 0 is an error.
   * @param {string} name
   * @param {string} command
   * @param {string[]} args
   * @returns {Promise<string>} its output
   */
  run(name, command, args) {
    const [program, ...rest] = this.enter(command, args);
    return this.#processes.run(name, program, rest);
  }

  /**
   * Run a short command inside to its end, while this process waits.
   * @param {string} command
   * @param {string[]} args
   * @returns {string} its output
   */
  runNow(command, args) {
    const [program, ...rest] = this.enter(command, args);
    return admin(program, rest);
  }

  /**
   * Let it reach a server on the loopback of the rest of this machine, at `outside` and the same
   * port.
   * @param {number} port
   */
  async reach(port) {
    if (this.#forwards.has(port)) return;
    this.#forwards.set(port, await Forward.start(this.outside, port));
  }

  /** Lose all processes at once, as a machine without power does. */
  async kill() {
    await Promise.all([this.#init, ...this.#inside].map((its) => its?.stop("SIGKILL")));
    for (const forward of this.#forwards.values()) forward.stop();
  }
}

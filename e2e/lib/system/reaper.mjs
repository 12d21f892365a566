// SPDX-License-Identifier: Apache-2.0
// Program that stops the process groups of a run that ends without stopping them, for example by
// SIGKILL. It reads lines "+PID" and "-PID" from its parent. When the pipe closes, the parent is
// gone, and every process group that is still on the list is stopped. The parent may be gone before
// it wrote the line of its last process: all have the argument, the name of the run, in their
// environment.

import { readdirSync, readFileSync } from "node:fs";

const [, , run] = process.argv;
/** @type {Set<number>} */
const alive = new Set();
let rest = "";

/** Add the processes of the run that are not on the list, where the system tells. */
function addUnlisted() {
  /** @type {string[]} */
  let entries = [];
  try {
    entries = readdirSync("/proc");
  } catch {
    // No Linux: the list is all there is.
  }
  for (const entry of entries.filter((name) => /^[0-9]+$/.test(name))) {
    try {
      const variables = readFileSync(`/proc/${entry}/environ`, "utf8").split("\0");
      if (variables.includes(`SURETY_RUN=${run}`)) alive.add(Number(entry));
    } catch {
      // It is gone, or not ours.
    }
  }
}

/**
 * Signal all process groups on the list. A group that is gone leaves the list.
 * @param {NodeJS.Signals} name
 */
function signalAll(name) {
  addUnlisted();
  for (const pid of alive) {
    try {
      process.kill(-pid, name);
    } catch {
      alive.delete(pid);
    }
  }
}

process.stdin.setEncoding("utf8");
process.stdin.on("data", (text) => {
  const lines = (rest + text).split("\n");
  rest = lines.pop() ?? "";
  for (const line of lines) {
    const pid = Number(line.slice(1));
    if (line[0] === "+") alive.add(pid);
    else alive.delete(pid);
  }
});
process.stdin.on("end", () => {
  signalAll("SIGTERM");
  setTimeout(() => signalAll("SIGKILL"), 3_000);
});

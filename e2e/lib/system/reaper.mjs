// SPDX-License-Identifier: Apache-2.0
// Program that stops the process groups of a run that ends without stopping them, for example by
// SIGKILL. It reads lines "+PID" and "-PID" from its parent. When the pipe closes, the parent is
// gone, and every process group that is still on the list is stopped.

/** @type {Set<number>} */
const alive = new Set();
let rest = "";

/**
 * Signal all process groups on the list. A group that is gone leaves the list.
 * @param {NodeJS.Signals} name
 */
function signalAll(name) {
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
  if (alive.size === 0) return;
  setTimeout(() => signalAll("SIGKILL"), 3_000);
});

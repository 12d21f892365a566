// Reads "+PID" and "-PID" lines. When the pipe closes, whoever wrote them is gone, and so must be every
// process group that is still on the list.

const alive = new Set();
let rest = "";

const signal = (name) => {
  for (const pid of alive) {
    try {
      process.kill(-pid, name);
    } catch {
      alive.delete(pid);
    }
  }
};

process.stdin.setEncoding("utf8");
process.stdin.on("data", (text) => {
  const lines = (rest + text).split("\n");
  rest = lines.pop();
  for (const line of lines) {
    const pid = Number(line.slice(1));
    if (line[0] === "+") alive.add(pid);
    else alive.delete(pid);
  }
});
process.stdin.on("end", () => {
  signal("SIGTERM");
  if (alive.size === 0) return;
  setTimeout(() => signal("SIGKILL"), 3_000);
});

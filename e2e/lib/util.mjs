// Small things that everything here needs: waiting, ports, JSON-RPC.

import net from "node:net";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Ask `check` until it returns something true, and return that. Errors count as "not yet". */
export async function waitFor(what, check, { timeout = 60_000, every = 250, abort = () => undefined } = {}) {
  const end = Date.now() + timeout;
  let last;
  for (;;) {
    const reason = abort();
    if (reason) throw new Error(`${what}: ${reason}`);
    try {
      const result = await check();
      if (result) return result;
    } catch (error) {
      last = error;
    }
    if (Date.now() > end) {
      const why = last ? ` (last error: ${last.message})` : "";
      throw new Error(`${what}: not within ${Math.round(timeout / 1000)} s${why}`);
    }
    await sleep(every);
  }
}

/** `count` TCP ports that are free on loopback right now. */
export async function freePorts(count) {
  const servers = await Promise.all(
    Array.from(
      { length: count },
      () =>
        new Promise((resolve, reject) => {
          const server = net.createServer();
          server.once("error", reject);
          server.listen(0, "127.0.0.1", () => resolve(server));
        }),
    ),
  );
  const ports = servers.map((server) => server.address().port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

/** One JSON-RPC request over HTTP. */
export async function jsonRpc(url, method, params = [], { timeout = 5_000 } = {}) {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
    signal: AbortSignal.timeout(timeout),
  });
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  const { result, error } = await response.json();
  if (error) throw Object.assign(new Error(`${url}: ${error.message}`), { code: error.code, data: error.data });
  return result;
}

/** A new folder for one run, and how to remove it. */
export function workDir(prefix) {
  const dir = mkdtempSync(path.join(os.tmpdir(), `${prefix}-${randomBytes(2).toString("hex")}-`));
  return { dir, remove: () => rmSync(dir, { recursive: true, force: true }) };
}

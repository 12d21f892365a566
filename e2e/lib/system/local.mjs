// SPDX-License-Identifier: Apache-2.0
// Resources of this machine: free ports and a folder for each run.

import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import net from "node:net";
import os from "node:os";
import path from "node:path";

/**
 * Port of a server that listens on TCP.
 * @param {net.Server} server
 * @returns {number}
 */
export const portOf = (server) => /** @type {net.AddressInfo} */ (server.address()).port;

/**
 * Find TCP ports that are free on loopback now.
 * @param {number} count
 * @returns {Promise<number[]>}
 */
export async function freePorts(count) {
  const open = () =>
    new Promise((/** @type {(server: net.Server) => void} */ resolve, reject) => {
      const server = net.createServer();
      server.once("error", reject);
      server.listen(0, "127.0.0.1", () => resolve(server));
    });
  // All are open at once, so that no port is found twice.
  const servers = await Promise.all(Array.from({ length: count }, open));
  const ports = servers.map(portOf);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

/**
 * Create a folder for one run.
 * @param {string} prefix
 * @returns {{ dir: string, remove: () => void }}
 */
export function workDir(prefix) {
  const dir = mkdtempSync(path.join(os.tmpdir(), `${prefix}-${randomBytes(2).toString("hex")}-`));
  return { dir, remove: () => rmSync(dir, { recursive: true, force: true }) };
}

// SPDX-License-Identifier: Apache-2.0
// nginx as an operator runs it: its own configuration in its own folder, and no need of root.

import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { freePorts } from "../system/local.mjs";
import { waitFor } from "../system/wait.mjs";

/** @import { Processes } from "../system/processes.mjs" */

/**
 * Path of the program. Debian installs it outside of a user's PATH.
 * @returns {string}
 */
function binary() {
  const found = ["/usr/sbin/nginx", "/usr/local/sbin/nginx", "/usr/bin/nginx"].find(existsSync);
  if (!found) throw new Error("nginx is not installed: run scripts/setup.sh");
  return found;
}

/**
 * Configuration of a server.
 * @param {string} dir
 * @param {string} address - with the port
 * @returns {string}
 */
function configuration(dir, address) {
  const temp = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    .map((kind) => `  ${kind}_temp_path ${dir}/tmp/${kind};`)
    .join("\n");
  return `
${process.getuid?.() === 0 ? "user root;" : ""}
daemon off;
worker_processes 1;
pid ${dir}/nginx.pid;
error_log ${dir}/error.log warn;
events { worker_connections 256; }
http {
  access_log off;
${temp}
  types { text/html html; application/json json; text/plain txt; }
  default_type application/json;
  server {
    listen ${address};
    root ${dir}/www;
    index index.html index.json;
  }
}
`;
}

/** A server that runs. */
export class Nginx {
  /** @param {string} url */
  constructor(url) {
    this.url = url;
  }

  /**
   * Start a server.
   * @param {Processes} processes
   * @param {Record<string, string>} files - text by path below the root
   * @param {string} [ip] - of this machine
   * @returns {Promise<Nginx>}
   */
  static async start(processes, files, ip = "127.0.0.1") {
    const name = "nginx";
    const dir = path.join(processes.dir, name);
    const [port] = await freePorts(1);
    const address = `${ip}:${port}`;
    const url = `http://${address}`;
    for (const [file, text] of Object.entries(files)) {
      const target = path.join(dir, "www", file);
      mkdirSync(path.dirname(target), { recursive: true });
      writeFileSync(target, text);
    }
    mkdirSync(path.join(dir, "tmp"), { recursive: true });
    const config = path.join(dir, "nginx.conf");
    writeFileSync(config, configuration(dir, address));
    const args = ["-p", dir, "-e", path.join(dir, "error.log"), "-c", config];
    const started = processes.start(name, binary(), args);
    await waitFor(`${name} answers`, async () => (await fetch(url)).status > 0, {
      abort: () => started.failure(),
    });
    return new Nginx(url);
  }
}

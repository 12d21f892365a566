// SPDX-License-Identifier: Apache-2.0
// Proxies in front of one or more upstreams, each with the settings that suit it best.

import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { freePorts } from "../system/local.mjs";
import { waitFor } from "../system/wait.mjs";
import { useOf } from "./procfs.mjs";
import { haproxyBinary, nginxBinary } from "./programs.mjs";

/** @import { ManagedProcess, Processes } from "../system/processes.mjs" */
/** @import { Use } from "./procfs.mjs" */

/** A proxy that runs, or a row of them. */
export class MeasuredProxy {
  /**
   * @param {string} name
   * @param {string} url - for JSON-RPC over HTTP
   * @param {ManagedProcess[]} processes - leaders of their groups
   * @param {Record<string, string>} [headers] - that requests need
   */
  constructor(name, url, processes, headers = {}) {
    this.name = name;
    this.url = url;
    this.ws = url.replace(/^http/, "ws");
    this.headers = headers;
    this.processes = processes;
  }

  /** @returns {Use} of all its processes */
  use() {
    const sum = { cpu: 0, memory: 0, files: 0 };
    for (const { pid } of this.processes) {
      if (pid === undefined) continue;
      const { cpu, memory, files } = useOf(pid);
      sum.cpu += cpu;
      sum.memory += memory;
      sum.files += files;
    }
    return sum;
  }

  /** Stop all its processes. */
  async stop() {
    await Promise.all(this.processes.map((started) => started.stop()));
  }
}

/**
 * Wait until a server answers at all.
 * @param {string} url
 * @param {ManagedProcess} started
 */
export const untilServing = (url, started) =>
  waitFor(`${started.name} answers`, async () => (await fetch(url)).status > 0, {
    every: 50,
    abort: () => started.failure(),
  });

/**
 * Host and port of a URL.
 * @param {string} url
 * @returns {string}
 */
const hostOf = (url) => new URL(url).host;

/**
 * Start nginx. Connections to the upstreams stay open, as many as there can be requests; answers of
 * 100 kB are kept in memory.
 * @param {Processes} processes
 * @param {string[]} upstreams - URLs
 * @param {{ threads?: number, name?: string }} [options]
 * @returns {Promise<MeasuredProxy>}
 */
export async function startNginx(processes, upstreams, { threads = 1, name = "nginx" } = {}) {
  const dir = path.join(processes.dir, name);
  mkdirSync(path.join(dir, "tmp"), { recursive: true });
  const [port] = await freePorts(1);
  const temp = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    .map((kind) => `  ${kind}_temp_path ${dir}/tmp/${kind};`)
    .join("\n");
  const servers = upstreams.map((url) => `    server ${hostOf(url)};`).join("\n");
  const config = path.join(dir, "nginx.conf");
  writeFileSync(
    config,
    `
${process.getuid?.() === 0 ? "user root;" : ""}
daemon off;
worker_processes ${threads};
worker_rlimit_nofile 60000;
pid ${dir}/nginx.pid;
error_log ${dir}/error.log crit;
events { worker_connections 50000; }
http {
  access_log off;
  tcp_nodelay on;
  keepalive_requests 1000000000;
  keepalive_timeout 3600;
  client_body_buffer_size 64k;
  client_max_body_size 64m;
${temp}
  map $http_upgrade $connection_upgrade { default upgrade; '' ''; }
  upstream backend {
${servers}
    keepalive 256;
    keepalive_requests 1000000000;
    keepalive_timeout 3600;
  }
  server {
    listen 127.0.0.1:${port} reuseport backlog=16384;
    location / {
      proxy_pass http://backend;
      proxy_http_version 1.1;
      proxy_set_header Connection $connection_upgrade;
      proxy_set_header Upgrade $http_upgrade;
      proxy_buffer_size 16k;
      proxy_buffers 16 16k;
      proxy_max_temp_file_size 0;
      proxy_read_timeout 3600;
    }
  }
}
`,
  );
  const args = ["-p", dir, "-e", path.join(dir, "error.log"), "-c", config];
  const started = processes.start(name, nginxBinary(), args);
  const url = `http://127.0.0.1:${port}/`;
  await untilServing(url, started);
  return new MeasuredProxy("nginx", url, [started]);
}

/**
 * Start nginx as an upstream with one answer to everything: the cheapest one, which verifies
 * nothing.
 * @param {Processes} processes
 * @returns {Promise<{ url: string, process: ManagedProcess }>}
 */
export async function startFixedAnswer(processes) {
  const name = "fixed-answer";
  const dir = path.join(processes.dir, name);
  mkdirSync(dir, { recursive: true });
  const [port] = await freePorts(1);
  const config = path.join(dir, "nginx.conf");
  writeFileSync(
    config,
    `
${process.getuid?.() === 0 ? "user root;" : ""}
daemon off;
worker_processes 1;
pid ${dir}/nginx.pid;
error_log ${dir}/error.log crit;
events { worker_connections 4096; }
http {
  access_log off;
  keepalive_requests 1000000000;
  client_body_buffer_size 64k;
  client_body_temp_path ${dir};
  default_type application/json;
  server {
    listen 127.0.0.1:${port};
    location / { return 200 '{"jsonrpc":"2.0","id":1,"result":"0x1"}'; }
  }
}
`,
  );
  const args = ["-p", dir, "-e", path.join(dir, "error.log"), "-c", config];
  const started = processes.start(name, nginxBinary(), args);
  const url = `http://127.0.0.1:${port}`;
  await untilServing(url, started);
  return { url, process: started };
}

/**
 * Start haproxy.
 * @param {Processes} processes
 * @param {string[]} upstreams - URLs
 * @param {{ threads?: number }} [options]
 * @returns {Promise<MeasuredProxy | undefined>} nothing if haproxy is not installed
 */
export async function startHaproxy(processes, upstreams, { threads = 1 } = {}) {
  const binary = haproxyBinary();
  if (!binary) return undefined;
  const name = "haproxy";
  const [port] = await freePorts(1);
  const servers = upstreams.map((url, i) => `  server s${i} ${hostOf(url)}`).join("\n");
  const config = path.join(processes.dir, "haproxy.cfg");
  writeFileSync(
    config,
    `
global
  nbthread ${threads}
  maxconn 5000
defaults
  mode http
  timeout connect 3s
  timeout client 1h
  timeout server 1h
  timeout tunnel 1h
  http-reuse always
frontend front
  bind 127.0.0.1:${port}
  default_backend back
backend back
${servers}
`,
  );
  const started = processes.start(name, binary, ["-db", "-f", config]);
  const url = `http://127.0.0.1:${port}/`;
  await untilServing(url, started);
  return new MeasuredProxy(name, url, [started]);
}

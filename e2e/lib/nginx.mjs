// nginx as an operator runs it, with its own configuration in its own folder and no need of root.

import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { freePorts, waitFor } from "./util.mjs";

/** Debian puts it where a user's path does not lead. */
function binary() {
  const found = ["/usr/sbin/nginx", "/usr/local/sbin/nginx", "/usr/bin/nginx"].find(existsSync);
  if (!found) throw new Error("nginx is not installed: run scripts/setup.sh");
  return found;
}

export class Nginx {
  /** `files` maps paths below the root to their text, `proxies` paths to the servers behind them. */
  static async start(procs, { name = "nginx", files, proxies = {}, port }) {
    const nginx = new Nginx();
    const dir = path.join(procs.dir, name);
    Object.assign(nginx, { procs, name, dir, proxies, port: port ?? (await freePorts(1))[0] });
    nginx.url = `http://127.0.0.1:${nginx.port}`;
    for (const [file, text] of Object.entries(files)) {
      const target = path.join(dir, "www", file);
      mkdirSync(path.dirname(target), { recursive: true });
      writeFileSync(target, text);
    }
    mkdirSync(path.join(dir, "tmp"), { recursive: true });
    writeFileSync(path.join(dir, "nginx.conf"), nginx.#configuration());
    await nginx.up();
    return nginx;
  }

  #configuration() {
    const temp = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
      .map((kind) => `  ${kind}_temp_path ${this.dir}/tmp/${kind};`)
      .join("\n");
    const proxies = Object.entries(this.proxies)
      .map(([place, server]) => `    location ${place} { proxy_pass ${server}; }`)
      .join("\n");
    return `
${process.getuid() === 0 ? "user root;" : ""}
daemon off;
worker_processes 1;
pid ${this.dir}/nginx.pid;
error_log ${this.dir}/error.log warn;
events { worker_connections 256; }
http {
  access_log off;
${temp}
  types { text/html html; application/json json; text/plain txt; }
  default_type application/json;
  server {
    listen 127.0.0.1:${this.port};
    root ${this.dir}/www;
    index index.html index.json;
${proxies}
  }
}
`;
  }

  async up() {
    this.proc = this.procs.start(this.name, binary(), [
      "-p", this.dir, "-e", path.join(this.dir, "error.log"), "-c", path.join(this.dir, "nginx.conf"),
    ]);
    await waitFor(`${this.name} answers`, async () => (await fetch(this.url)).status > 0, {
      abort: () => this.proc.died(),
    });
  }

  async stop() {
    await this.proc.stop("SIGQUIT");
  }
}

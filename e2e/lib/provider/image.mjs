// SPDX-License-Identifier: Apache-2.0
// A small image of the nginx that is installed here, as a folder in the OCI layout. It does what the
// official image does: templates become pages with the variables of the environment.

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, copyFileSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { findProgram } from "./requirements.mjs";

/** Folder of the templates. */
export const TEMPLATES = "/etc/nginx/templates";
const HTML = "/usr/share/nginx/html";
const TOOLS = ["sh", "cat", "sleep", "ls", "env", "kill"];

const ENTRYPOINT = `#!/bin/sh
set -eu
for template in ${TEMPLATES}/*; do
  [ -e "$template" ] || continue
  page=${HTML}/\${template##*/}
  eval "cat << END-OF-TEMPLATE
$(cat "$template")
END-OF-TEMPLATE" > "$page"
done
exec /usr/sbin/nginx
`;

const CONFIG = `user nginx;
daemon off;
worker_processes 1;
pid /run/nginx.pid;
error_log /dev/stderr warn;
events { worker_connections 64; }
http {
  access_log /dev/stdout;
  default_type text/html;
  client_body_temp_path /tmp/body;
  proxy_temp_path /tmp/proxy;
  fastcgi_temp_path /tmp/fastcgi;
  uwsgi_temp_path /tmp/uwsgi;
  scgi_temp_path /tmp/scgi;
  server {
    listen 80;
    root ${HTML};
  }
}
`;

const FILES = {
  "/docker-entrypoint.sh": ENTRYPOINT,
  "/etc/group": "root:x:0:\nnginx:x:101:\n",
  "/etc/nginx/nginx.conf": CONFIG,
  "/etc/passwd": "root:x:0:0::/:/bin/sh\nnginx:x:101:101::/:/bin/sh\n",
  [`${HTML}/index.html`]: "<h1>Welcome to nginx!</h1>\n",
};

/**
 * Shared libraries of a program, with its loader.
 * @param {string} program
 * @returns {string[]} absolute paths
 */
const librariesOf = (program) =>
  execFileSync("ldd", [program], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] })
    .split("\n")
    .flatMap((line) => /(\/\S+) \(/.exec(line)?.[1] ?? []);

/**
 * Path of an installed program. Its absence is an error.
 * @param {string} name
 * @returns {string}
 */
function installed(name) {
  const found = findProgram(name);
  if (!found) throw new Error(`${name} is not installed: run "make setup"`);
  return found;
}

/**
 * Fill a folder with the files of the image.
 * @param {string} root
 */
function writeRoot(root) {
  const at = (/** @type {string} */ file) => {
    const to = path.join(root, file);
    mkdirSync(path.dirname(to), { recursive: true });
    return to;
  };
  const nginx = installed("nginx");
  const busybox = installed("busybox");
  copyFileSync(nginx, at("/usr/sbin/nginx"));
  copyFileSync(busybox, at("/bin/busybox"));
  for (const file of [nginx, busybox].flatMap(dynamicLibraries)) copyFileSync(file, at(file));
  for (const tool of TOOLS) symlinkSync("busybox", at(`/bin/${tool}`));
  for (const [file, text] of Object.entries(FILES)) writeFileSync(at(file), text);
  chmodSync(path.join(root, "docker-entrypoint.sh"), 0o755);
  for (const folder of ["/tmp", "/run", "/var/log/nginx", "/var/lib/nginx", TEMPLATES]) {
    mkdirSync(path.join(root, folder), { recursive: true });
  }
  chmodSync(path.join(root, "tmp"), 0o1777);
}

/**
 * Libraries of a program. One that is linked statically has none.
 * @param {string} program
 * @returns {string[]}
 */
function dynamicLibraries(program) {
  try {
    return librariesOf(program);
  } catch {
    return [];
  }
}

/**
 * Write the image.
 * @param {string} dir - folder of the layout, which is made
 * @returns {string} digest of its manifest
 */
export function writeNginxImage(dir) {
  const root = path.join(dir, "root");
  writeRoot(root);
  const owner = ["--owner=0", "--group=0", "--numeric-owner", "--sort=name", "--mtime=@0"];
  const tar = execFileSync("tar", [...owner, "-C", root, "-cf", "-", "."], { maxBuffer: 2 ** 28 });
  const blobs = path.join(dir, "blobs", "sha256");
  mkdirSync(blobs, { recursive: true });
  const sha256 = (/** @type {Buffer} */ bytes) => createHash("sha256").update(bytes).digest("hex");
  const add = (/** @type {string} */ type, /** @type {Buffer} */ bytes) => {
    const hex = sha256(bytes);
    writeFileSync(path.join(blobs, hex), bytes);
    const mediaType = `application/vnd.oci.image.${type}`;
    return { mediaType, digest: `sha256:${hex}`, size: bytes.length };
  };
  const json = (/** @type {unknown} */ value) => Buffer.from(JSON.stringify(value));
  const layer = add("layer.v1.tar+gzip", gzipSync(tar));
  const architecture = process.arch === "x64" ? "amd64" : process.arch;
  const config = add(
    "config.v1+json",
    json({
      os: "linux",
      architecture,
      config: {
        Entrypoint: ["/docker-entrypoint.sh"],
        Env: ["PATH=/usr/sbin:/bin"],
        ExposedPorts: { "80/tcp": {} },
      },
      rootfs: { type: "layers", diff_ids: [`sha256:${sha256(tar)}`] },
    }),
  );
  const mediaType = "application/vnd.oci.image.manifest.v1+json";
  const manifest = add(
    "manifest.v1+json",
    json({ schemaVersion: 2, mediaType, config, layers: [layer] }),
  );
  writeFileSync(path.join(dir, "index.json"), json({ schemaVersion: 2, manifests: [manifest] }));
  writeFileSync(path.join(dir, "oci-layout"), json({ imageLayoutVersion: "1.0.0" }));
  return manifest.digest;
}

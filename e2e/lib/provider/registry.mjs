// SPDX-License-Identifier: Apache-2.0
// A registry of images, Debian's docker-registry with TLS, in the place of docker.io.

import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { freePorts } from "../system/local.mjs";
import { waitFor } from "../system/wait.mjs";
import { writeNginxImage } from "./image.mjs";

/** @import { Processes } from "../system/processes.mjs" */

/** Name by which orders ask for the image. */
export const NGINX = "docker.io/library/nginx:1.27";
/** Name of the host of the registry, as machines know it. */
export const REGISTRY = "registry.test";

/** A registry that runs. */
export class Registry {
  /**
   * @param {string} dir
   * @param {number} port - on loopback
   * @param {string} digest - of the image
   */
  constructor(dir, port, digest) {
    this.port = port;
    this.digest = digest;
    /** File with the certificate of the authority that clients trust. */
    this.authority = path.join(dir, "certificates", "ca.crt");
  }

  /**
   * Start a registry, and push the image of nginx to it.
   * @param {Processes} processes
   * @returns {Promise<Registry>}
   */
  static async start(processes) {
    const dir = path.join(processes.dir, "registry");
    const certificates = path.join(dir, "certificates");
    mkdirSync(certificates, { recursive: true });
    issueCertificate(certificates);
    const [port] = await freePorts(1);
    const config = path.join(dir, "config.json");
    // JSON is YAML.
    const yaml = {
      version: 0.1,
      log: { accesslog: { disabled: true } },
      storage: { filesystem: { rootdirectory: path.join(dir, "data") } },
      http: {
        addr: `127.0.0.1:${port}`,
        tls: {
          certificate: path.join(certificates, "server.pem"),
          key: path.join(certificates, "server-key.pem"),
        },
      },
    };
    writeFileSync(config, JSON.stringify(yaml));
    const started = processes.start("registry", "docker-registry", ["serve", config]);
    const layout = path.join(dir, "nginx");
    const digest = writeNginxImage(layout);
    const to = `docker://127.0.0.1:${port}/library/nginx:1.27`;
    const push = () =>
      processes.run("push", "skopeo", [
        ...["--insecure-policy", "copy", "--dest-cert-dir", certificates],
        ...[`oci:${layout}`, to],
      ]);
    await waitFor("the registry takes the image", () => push().then(() => true), {
      abort: () => started.failure(),
    });
    return new Registry(dir, port, digest);
  }

  /**
   * Name of the image with its digest.
   * @returns {string}
   */
  get pinned() {
    return `${NGINX}@${this.digest}`;
  }

  /**
   * Address of the registry, as machines know it.
   * @returns {string}
   */
  get address() {
    return `${REGISTRY}:${this.port}`;
  }

  /**
   * `registries.conf` of an engine that asks this registry in the place of docker.io.
   * @returns {string}
   */
  get mirrorConf() {
    return `[[registry]]\nprefix = "docker.io"\nlocation = "${this.address}"\n`;
  }
}

/**
 * Issue the certificate of the registry by an authority of its own.
 * @param {string} dir
 */
function issueCertificate(dir) {
  const openssl = (/** @type {string[]} */ ...args) =>
    execFileSync("openssl", args, { cwd: dir, stdio: "ignore" });
  const key = ["-newkey", "rsa:2048", "-nodes", "-days", "2"];
  openssl(
    "req",
    "-x509",
    ...key,
    "-subj",
    "/CN=authority",
    "-keyout",
    "ca-key.pem",
    "-out",
    "ca.crt",
  );
  openssl(
    "req",
    ...key,
    "-subj",
    "/CN=registry",
    "-keyout",
    "server-key.pem",
    "-out",
    "server-request.pem",
  );
  writeFileSync(path.join(dir, "names"), `subjectAltName=DNS:${REGISTRY},IP:127.0.0.1\n`);
  const sign = ["-CA", "ca.crt", "-CAkey", "ca-key.pem", "-CAcreateserial", "-extfile", "names"];
  openssl("x509", "-req", "-days", "2", "-in", "server-request.pem", ...sign, "-out", "server.pem");
}

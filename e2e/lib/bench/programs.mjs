// SPDX-License-Identifier: Apache-2.0
// Programs of the gateway's benchmark: the gateway, the load generator with its upstream, and the
// proxies that the gateway is compared with.

import { existsSync } from "node:fs";
import os from "node:os";
import path from "node:path";

/**
 * Path of a release binary of this workspace.
 * @param {string} name
 * @param {string} variable - environment variable with another path
 * @returns {string}
 */
function releaseBinary(name, variable) {
  const cache = process.env.SURETY_CACHE ?? path.join(os.homedir(), ".cache", "surety");
  const target = process.env.CARGO_TARGET_DIR ?? path.join(cache, "target");
  const binary = process.env[variable] ?? path.join(target, "release", name);
  if (!existsSync(binary)) throw new Error(`${binary} is not there: run "make bench-gateway"`);
  return binary;
}

/**
 * Path of a program of Debian, which is outside of a user's PATH.
 * @param {string} name
 * @returns {string | undefined}
 */
const systemBinary = (name) =>
  ["/usr/sbin", "/usr/local/sbin", "/usr/bin", "/usr/local/bin"]
    .map((dir) => path.join(dir, name))
    .find(existsSync);

/** @returns {string} path of the gateway */
export const gatewayBinary = () => releaseBinary("surety-gateway", "SURETY_GATEWAY");

/** @returns {string} path of the load generator */
export const loadBinary = () => releaseBinary("surety-load", "SURETY_LOAD");

/** @returns {string} path of nginx */
export function nginxBinary() {
  const found = systemBinary("nginx");
  if (!found) throw new Error("nginx is not installed: run scripts/setup.sh");
  return found;
}

/** @returns {string | undefined} path of haproxy, if it is installed */
export const haproxyBinary = () => systemBinary("haproxy");

// SPDX-License-Identifier: Apache-2.0
// Certificates that no authority signed, made by openssl.

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";

/** @typedef {{ key: Buffer, cert: Buffer }} Credentials */

/** Options of openssl for a certificate of one name. */
const REQUEST = ["req", "-x509", "-days", "2", "-subj", "/CN=localhost"];
/** Certificates of the maze, beside the first one. */
const MAZE_CERTIFICATES = 36;
/** Bytes of filler in each of them. */
const MAZE_FILLER = 900;

/**
 * A key, and a certificate that it signed itself.
 * @param {string} dir - folder for the files
 * @param {string} name
 * @returns {Credentials}
 */
export function selfSigned(dir, name) {
  const key = path.join(dir, `${name}.key`);
  const cert = path.join(dir, `${name}.crt`);
  const args = [...REQUEST, "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", cert];
  execFileSync("openssl", args, { stdio: "ignore" });
  return { key: readFileSync(key), cert: readFileSync(cert) };
}

/**
 * A chain of some 60 kB whose certificates have one name and one key, so that each may have signed
 * each other. A search for the path through them takes seconds.
 * @param {string} dir - folder for the files
 * @returns {Credentials}
 */
export function certificateMaze(dir) {
  const { key, cert } = selfSigned(dir, "maze");
  const another = (/** @type {number} */ serial) => {
    const comment = `nsComment=${"x".repeat(MAZE_FILLER)}`;
    const extra = ["-key", path.join(dir, "maze.key"), "-set_serial", `${serial}`];
    return execFileSync("openssl", [...REQUEST, ...extra, "-addext", comment], {
      stdio: ["ignore", "pipe", "ignore"],
    });
  };
  const others = Array.from({ length: MAZE_CERTIFICATES }, (_, i) => another(i + 1));
  return { key, cert: Buffer.concat([cert, ...others]) };
}

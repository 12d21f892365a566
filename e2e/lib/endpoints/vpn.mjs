// SPDX-License-Identifier: Apache-2.0
// Stand-in for a VPN's agent: a real HTTP server in a process of its own, which signs its state
// with the key of its listing.
//
//   GET /vpn?nonce=<16 bytes in hex>   {"service": <id>, "state": "running", "signature": "0x.."}
//   PUT /                              {"genesis": "0x..", "service": <id>}: serve that service
//
// It signs the bytes `surety:vpn-health`, the genesis hash, the service (4 bytes, little-endian),
// the nonce and the state. The chain decides the id when the service is listed; before the PUT the
// answer is 503.
//
// As a program (`node vpn.mjs <port> <seed>`) this file is the server; `VpnAgent` starts it.

import crypto from "node:crypto";
import http from "node:http";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { freePorts } from "../system/local.mjs";
import { waitFor } from "../system/wait.mjs";

/** @import { IncomingMessage } from "node:http" */
/** @import { Processes } from "../system/processes.mjs" */
/** @typedef {{ genesis: string, service: number }} Listing */

const SELF = fileURLToPath(import.meta.url);
/** Bytes that precede the 32 bytes of an ed25519 key in PKCS#8. */
const PKCS8 = Buffer.from("302e020100300506032b657004220420", "hex");

/**
 * Private key of a seed.
 * @param {string} seed - 32 bytes in hex
 * @returns {crypto.KeyObject}
 */
const keyOf = (seed) =>
  crypto.createPrivateKey({
    key: Buffer.concat([PKCS8, Buffer.from(seed, "hex")]),
    format: "der",
    type: "pkcs8",
  });

/** A VPN's agent that runs. */
export class VpnAgent {
  /**
   * @param {string} url
   * @param {string} key - public key, 0x-hex
   */
  constructor(url, key) {
    this.url = url;
    this.key = key;
  }

  /**
   * Start an agent.
   * @param {Processes} processes
   * @param {string} name
   * @returns {Promise<VpnAgent>}
   */
  static async start(processes, name) {
    const [port] = await freePorts(1);
    const url = `http://127.0.0.1:${port}`;
    const seed = crypto.randomBytes(32).toString("hex");
    const { x = "" } = crypto.createPublicKey(keyOf(seed)).export({ format: "jwk" });
    const started = processes.start(name, process.execPath, [SELF, `${port}`, seed]);
    await waitFor(`${name} answers`, async () => (await fetch(url)).status > 0, {
      abort: () => started.failure(),
    });
    return new VpnAgent(url, `0x${Buffer.from(x, "base64url").toString("hex")}`);
  }

  /**
   * Serve a service of a chain from now on.
   * @param {string} genesis - hash, 0x-hex
   * @param {number} service
   */
  async serve(genesis, service) {
    const body = JSON.stringify({ genesis, service });
    const { status } = await fetch(this.url, { method: "PUT", body });
    if (status !== 204) throw new Error(`${this.url} does not serve: ${status}`);
  }
}

/**
 * Body of a request, as JSON.
 * @param {IncomingMessage} request
 * @returns {Promise<any>}
 */
async function readJson(request) {
  const parts = [];
  for await (const part of request) parts.push(part);
  return JSON.parse(Buffer.concat(parts).toString());
}

/**
 * Sign the state of a service.
 * @param {crypto.KeyObject} key
 * @param {Listing} listing
 * @param {string} nonce - 16 bytes in hex
 * @param {string} state
 * @returns {string} 0x-hex
 */
function sign(key, { genesis, service }, nonce, state) {
  const id = Buffer.alloc(4);
  id.writeUInt32LE(service);
  const message = Buffer.concat([
    Buffer.from("surety:vpn-health"),
    Buffer.from(genesis.slice(2), "hex"),
    id,
    Buffer.from(nonce, "hex"),
    Buffer.from(state),
  ]);
  return `0x${crypto.sign(null, message, key).toString("hex")}`;
}

/**
 * Serve, for ever.
 * @param {number} port
 * @param {string} seed - 32 bytes in hex
 */
function serve(port, seed) {
  const key = keyOf(seed);
  /** @type {Listing | undefined} */
  let listing;
  const server = http.createServer(async (request, response) => {
    if (request.method === "PUT") {
      listing = await readJson(request);
      return response.writeHead(204).end();
    }
    const nonce = new URL(request.url ?? "", "http://vpn").searchParams.get("nonce") ?? "";
    if (!listing) return response.writeHead(503).end();
    if (!/^[0-9a-f]{32}$/.test(nonce)) return response.writeHead(400).end();
    const state = "running";
    const { service } = listing;
    response.setHeader("content-type", "application/json");
    return response.end(
      JSON.stringify({ service, state, signature: sign(key, listing, nonce, state) }),
    );
  });
  server.listen(port, "127.0.0.1");
}

if (process.argv[1] === SELF) serve(Number(process.argv[2]), process.argv[3]);

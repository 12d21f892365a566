// In the place of a VPN's agent: a real HTTP server in a process of its own that signs how it is, with the key that its
// listing names.
//
//   GET /vpn?nonce=<16 bytes in hex>   {"service": <id>, "state": "running", "signature": "0x.."}
//
// It signs the bytes `surety:vpn-health`, the genesis hash, the service (4 bytes, little-endian), the nonce and
// the state. Which service it is the chain decides when it is listed: until it is told it answers 503.
//
// Started as a program (`node vpn.mjs <port> <seed>`) it is that server; `Vpn` starts it.

import crypto from "node:crypto";
import http from "node:http";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { freePorts, waitFor } from "./util.mjs";

const SELF = fileURLToPath(import.meta.url);
/** An ed25519 key in PKCS#8 is its 32 bytes behind these. */
const PKCS8 = Buffer.from("302e020100300506032b657004220420", "hex");

const keyOf = (seed) => crypto.createPrivateKey({
  key: Buffer.concat([PKCS8, Buffer.from(seed, "hex")]), format: "der", type: "pkcs8",
});

export class Vpn {
  static async start(procs, name) {
    const vpn = new Vpn();
    const [port] = await freePorts(1);
    const seed = crypto.randomBytes(32).toString("hex");
    const { x } = crypto.createPublicKey(keyOf(seed)).export({ format: "jwk" });
    Object.assign(vpn, { name, url: `http://127.0.0.1:${port}`, key: `0x${Buffer.from(x, "base64url").toString("hex")}` });
    vpn.proc = procs.start(name, process.execPath, [SELF, `${port}`, seed]);
    await waitFor(`${name} answers`, async () => (await fetch(vpn.url)).status > 0, { abort: () => vpn.proc.died() });
    return vpn;
  }

  /** Tell it which service of which chain it is. */
  async serve(genesis, service) {
    const { status } = await fetch(this.url, { method: "PUT", body: JSON.stringify({ genesis, service }) });
    if (status !== 204) throw new Error(`${this.name} does not serve: ${status}`);
  }
}

function serve(port, seed) {
  const key = keyOf(seed);
  let listing;
  const server = http.createServer(async (request, response) => {
    if (request.method === "PUT") {
      const parts = [];
      for await (const part of request) parts.push(part);
      listing = JSON.parse(Buffer.concat(parts).toString());
      return response.writeHead(204).end();
    }
    const nonce = new URL(request.url, "http://vpn").searchParams.get("nonce") ?? "";
    if (!listing) return response.writeHead(503).end();
    if (!/^[0-9a-f]{32}$/.test(nonce)) return response.writeHead(400).end();
    const { genesis, service } = listing;
    const number = Buffer.alloc(4);
    number.writeUInt32LE(service);
    const message = Buffer.concat([
      Buffer.from("surety:vpn-health"), Buffer.from(genesis.slice(2), "hex"), number, Buffer.from(nonce, "hex"), Buffer.from("running"),
    ]);
    response.setHeader("content-type", "application/json");
    return response.end(JSON.stringify({
      service, state: "running", signature: `0x${crypto.sign(null, message, key).toString("hex")}`,
    }));
  });
  server.listen(port, "127.0.0.1");
}

if (process.argv[1] === SELF) serve(Number(process.argv[2]), process.argv[3]);

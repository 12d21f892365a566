// SPDX-License-Identifier: Apache-2.0
// Hostile operators of JSON-RPC: servers on bare sockets that break HTTP, JSON-RPC or WebSocket in
// one way each. A gateway must answer from the honest operator beside them.

import { createHash } from "node:crypto";
import { createServer } from "node:net";
import { portOf } from "../system/local.mjs";

/** @import { Server, Socket } from "node:net" */

/**
 * Answer of a hostile server to the body of a request.
 * @typedef {(socket: Socket, body: string) => void} Misbehaviour
 */

const HEAD = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n";
const CHUNK = "x".repeat(16_384);
/** Length in bytes that a server announces for its logs: 14 GB, as an operator once sent. */
const HUGE = 14_000_000_000;
/** Time in ms between two bytes of a server that trickles. */
const TRICKLE_MS = 500;
/** GUID of RFC 6455. */
const WEBSOCKET_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/**
 * Right answer to a request, but for its result.
 * @param {string} body - of the request
 * @param {unknown} [result]
 * @returns {string}
 */
function answerTo(body, result = "0x28") {
  const { id } = JSON.parse(body);
  return JSON.stringify({ jsonrpc: "2.0", id, result });
}

/** Head of a server that is hostile in other methods only. */
const BLOCK = { number: "0x28", hash: `0x${"cd".repeat(32)}`, parentHash: `0x${"ef".repeat(32)}` };

/**
 * Result that a method may have: of a gateway's questions for the head, a block.
 * @param {string} method
 * @returns {unknown}
 */
const resultOf = (method) => (method === "eth_getBlockByNumber" ? BLOCK : BLOCK.number);

/**
 * Complete response.
 * @param {string} body
 * @returns {string}
 */
const response = (body) => `${HEAD}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;

/**
 * Write without end, as fast as the other side reads.
 * @param {Socket} socket
 * @param {string} part
 */
function pour(socket, part) {
  const more = () => {
    while (!socket.destroyed && socket.write(part));
    if (!socket.destroyed) socket.once("drain", more);
  };
  more();
}

/**
 * Write byte by byte.
 * @param {Socket} socket
 * @param {string} text
 * @param {number} ms - between two bytes
 */
function trickle(socket, text, ms) {
  let at = 0;
  const timer = setInterval(() => {
    if (socket.destroyed || at >= text.length) return clearInterval(timer);
    socket.write(text[at]);
    at += 1;
  }, ms);
}

/**
 * Misbehaviours by name.
 * @type {Record<string, Misbehaviour>}
 */
export const MISBEHAVIOURS = {
  "endless chunks": (socket) => {
    socket.write(`${HEAD}transfer-encoding: chunked\r\n\r\n`);
    pour(socket, `${CHUNK.length.toString(16)}\r\n${CHUNK}\r\n`);
  },
  "14 GB of logs": (socket) => {
    socket.write(`${HEAD}content-length: ${HUGE}\r\n\r\n[`);
    pour(socket, CHUNK);
  },
  "endless headers": (socket) => {
    socket.write(HEAD);
    pour(socket, `x-more: ${CHUNK}\r\n`);
  },
  "a body that ends early": (socket) => {
    socket.end(`${HEAD}content-length: 400\r\n\r\n{"jsonrpc":"2.0","id":1,"res`);
  },
  "a reset in the middle": (socket) => {
    socket.write(`${HEAD}content-length: 400\r\n\r\n{"jsonrpc"`, () => socket.resetAndDestroy());
  },
  "one byte now and then": (socket, body) => {
    trickle(socket, response(answerTo(body)), TRICKLE_MS);
  },
  "two lengths": (socket, body) => {
    const answer = answerTo(body);
    const length = `content-length: ${answer.length}\r\n`;
    socket.write(`${HEAD}${length}content-length: 1\r\n\r\n${answer}`);
  },
  "a length and chunks": (socket, body) => {
    const answer = answerTo(body);
    const chunks = `${answer.length.toString(16)}\r\n${answer}\r\n0\r\n\r\n`;
    socket.write(`${HEAD}content-length: 4\r\ntransfer-encoding: chunked\r\n\r\n${chunks}`);
  },
  "a chunk of negative size": (socket) => {
    socket.write(`${HEAD}transfer-encoding: chunked\r\n\r\n-1\r\nx\r\n0\r\n\r\n`);
  },
  "a second answer behind the first": (socket, body) => {
    const answer = response(answerTo(body, "0xdead"));
    socket.write(answer + answer);
  },
  "no HTTP": (socket) => {
    socket.write("SSH-2.0-OpenSSH_9.2p1\r\n");
  },
  "no JSON": (socket) => {
    socket.write(response("<html><body>Welcome</body></html>"));
  },
  "another id": (socket, body) => {
    const answer = JSON.parse(answerTo(body, "0xdead"));
    socket.write(response(JSON.stringify({ ...answer, id: "another" })));
  },
  "neither result nor error": (socket, body) => {
    socket.write(response(JSON.stringify({ jsonrpc: "2.0", id: JSON.parse(body).id })));
  },
  "JSON that nests without end": (socket) => {
    socket.write(response("[".repeat(1_000_000)));
  },
  "a redirect": (socket) => {
    const to = "location: http://169.254.169.254/latest/meta-data/\r\n";
    socket.write(`HTTP/1.1 302 Found\r\n${to}content-length: 0\r\n\r\n`);
  },
  silence: () => {},
};

/** A hostile operator. */
export class HostileRpc {
  /** Requests that it got. */
  requests = 0;
  /** @type {Set<Socket>} */
  #sockets = new Set();
  /** @type {Server} */
  #server;

  /**
   * @param {Misbehaviour} misbehaviour
   * @param {(method: string) => boolean} [concerns] - methods that it breaks; others get a right
   *   answer
   */
  constructor(misbehaviour, concerns = () => true) {
    this.#server = createServer((socket) => {
      this.#sockets.add(socket);
      socket.on("close", () => this.#sockets.delete(socket));
      socket.on("error", () => socket.destroy());
      let text = "";
      socket.on("data", (data) => {
        text += data;
        // A gateway sends no request before it has the answer to the one before.
        const end = text.indexOf("\r\n\r\n");
        const length = Number(/content-length: *(\d+)/i.exec(text)?.[1] ?? 0);
        if (end < 0 || text.length < end + 4 + length) return;
        const body = text.slice(end + 4, end + 4 + length);
        text = "";
        this.requests += 1;
        if (length === 0) return void socket.end("HTTP/1.1 404 Not Found\r\n\r\n");
        const { method } = JSON.parse(body);
        if (concerns(method)) misbehaviour(socket, body);
        else socket.write(response(answerTo(body, resultOf(method))));
      });
    });
  }

  /**
   * Start a server.
   * @param {Misbehaviour} misbehaviour
   * @param {(method: string) => boolean} [concerns]
   * @returns {Promise<HostileRpc>}
   */
  static async start(misbehaviour, concerns) {
    const hostile = new HostileRpc(misbehaviour, concerns);
    await new Promise((resolve) => hostile.#server.listen(0, "127.0.0.1", () => resolve(null)));
    return hostile;
  }

  /** @returns {string} */
  get url() {
    return `http://127.0.0.1:${portOf(this.#server)}`;
  }

  /** Close it with all its connections. */
  async stop() {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/**
 * Text of a WebSocket frame, unmasked.
 * @param {string} text
 * @returns {Buffer}
 */
function frame(text) {
  const payload = Buffer.from(text);
  const head = Buffer.from([0x81, 126, payload.length >> 8, payload.length & 0xff]);
  return Buffer.concat([head, payload]);
}

/**
 * Server that floods each subscription with the same head.
 * @returns {Promise<Server>}
 */
export async function subscriptionFlood() {
  const server = createServer((socket) => {
    socket.on("error", () => socket.destroy());
    let text = "";
    socket.on("data", (data) => {
      text += data.toString("latin1");
      const key = /sec-websocket-key: *(\S+)/i.exec(text)?.[1];
      if (!key || !text.includes("\r\n\r\n")) return;
      text = "";
      const accept = createHash("sha1")
        .update(key + WEBSOCKET_GUID)
        .digest("base64");
      const upgrade = "connection: Upgrade\r\nupgrade: websocket\r\n";
      socket.write(
        `HTTP/1.1 101 Switching Protocols\r\n${upgrade}sec-websocket-accept: ${accept}\r\n\r\n`,
      );
      const result = { number: "0x28", hash: `0x${"ab".repeat(32)}`, extra: "x".repeat(4_000) };
      const params = { subscription: "0x1", result };
      const message = { jsonrpc: "2.0", method: "eth_subscription", params };
      // Whatever the id of the request is, 1 is a likely one.
      socket.write(frame(JSON.stringify({ jsonrpc: "2.0", id: 1, result: "0x1" }).padEnd(200)));
      pour(socket, frame(JSON.stringify(message)).toString("latin1"));
    });
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(null)));
  return server;
}

// SPDX-License-Identifier: Apache-2.0
// Server of an operator in front of a real Ethereum node, HTTP and WebSocket on one port, which can
// begin to lie about its head or to be slow.

import { createServer } from "node:http";
import { WebSocket, WebSocketServer } from "ws";
import { portOf } from "../system/local.mjs";
import { sleep } from "../system/wait.mjs";
import { guarded, readBody } from "./handlers.mjs";

/** @import { IncomingMessage, Server } from "node:http" */
/** @import { Duplex } from "node:stream" */

/** @typedef {"honest" | "lying" | "slow"} Mode */

const JSON_HEADERS = { "content-type": "application/json" };
/** Blocks that a lying server is ahead of its node. */
const AHEAD = 1_000;
/** Time in ms that a slow server takes for each answer. */
export const SLOW_MS = 400;

/**
 * Number in hexadecimal digits that is ahead.
 * @param {string} hex
 * @returns {string}
 */
const ahead = (hex) => `0x${(Number(hex) + AHEAD).toString(16)}`;

/**
 * True for a request for the head.
 * @param {any} request - JSON
 * @returns {boolean}
 */
const asksForHead = ({ method, params }) =>
  method === "eth_blockNumber" ||
  (method === "eth_getBlockByNumber" && ["latest", "pending"].includes(params?.[0]));

/**
 * Let an answer name a head that does not exist.
 * @param {any} answer - JSON
 */
function lie(answer) {
  if (typeof answer.result === "string") answer.result = ahead(answer.result);
  else if (answer.result?.number) answer.result.number = ahead(answer.result.number);
}

/**
 * Answers of a liar.
 * @param {string} question - one request or a batch
 * @param {string} text - the node's answers
 * @returns {string}
 */
function twist(question, text) {
  const asked = [JSON.parse(question)].flat().filter(asksForHead);
  const ids = new Set(asked.map(({ id }) => id));
  const answer = JSON.parse(text);
  for (const its of [answer].flat()) if (ids.has(its.id)) lie(its);
  return JSON.stringify(answer);
}

/** The server. */
export class Backend {
  /** @type {Mode} */
  mode = "honest";
  #node;
  #sockets = new WebSocketServer({ noServer: true });
  /** @type {Server} */
  #server;

  /** @param {string} node - URL */
  constructor(node) {
    this.#node = node;
    const handle = guarded(async (request, response) => {
      const body = await readBody(request);
      if (this.mode === "slow") await sleep(SLOW_MS);
      const answer = await fetch(node, { method: "POST", headers: JSON_HEADERS, body });
      const text = await answer.text();
      response.writeHead(answer.status, JSON_HEADERS);
      response.end(this.mode === "lying" ? twist(body, text) : text);
    });
    this.#server = createServer(handle);
    this.#server.on("upgrade", (request, socket, head) => this.#upgrade(request, socket, head));
  }

  /**
   * Start a server.
   * @param {string} node - URL
   * @returns {Promise<Backend>}
   */
  static async start(node) {
    const backend = new Backend(node);
    await new Promise((resolve) => backend.#server.listen(0, "127.0.0.1", () => resolve(null)));
    return backend;
  }

  /** @returns {string} */
  get url() {
    return `http://127.0.0.1:${portOf(this.#server)}`;
  }

  /** Close it with all its connections. */
  async stop() {
    for (const client of this.#sockets.clients) client.terminate();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /**
   * Join a WebSocket connection to one of the node.
   * @param {IncomingMessage} request
   * @param {Duplex} socket
   * @param {Buffer} head
   */
  #upgrade(request, socket, head) {
    this.#sockets.handleUpgrade(request, socket, head, (client) => {
      const node = new WebSocket(this.#node.replace("http", "ws"));
      /** @type {string[]} */
      const early = [];
      for (const [one, other] of [
        [client, node],
        [node, client],
      ]) {
        one.on("close", () => other.terminate());
        one.on("error", () => other.terminate());
      }
      node.on("open", () => {
        for (const text of early.splice(0)) node.send(text);
      });
      /**
       * Ids of requests for the head.
       * @type {Set<unknown>}
       */
      const asked = new Set();
      client.on("message", (data) => {
        const text = `${data}`;
        for (const request of [JSON.parse(text)].flat()) {
          if (asksForHead(request)) asked.add(request.id);
        }
        if (node.readyState === WebSocket.OPEN) node.send(text);
        else early.push(text);
      });
      node.on("message", async (data) => {
        if (this.mode === "slow") await sleep(SLOW_MS);
        const message = JSON.parse(`${data}`);
        if (this.mode === "lying") {
          if (message.params) lie(message.params);
          for (const answer of [message].flat()) if (asked.has(answer.id)) lie(answer);
        }
        for (const answer of [message].flat()) asked.delete(answer.id);
        client.send(JSON.stringify(message));
      });
    });
  }
}

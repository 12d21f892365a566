// SPDX-License-Identifier: Apache-2.0
// Server of an operator in front of a real Ethereum node, HTTP and WebSocket on one port, which can
// begin to lie about its head or to be slow.

import { createServer } from "node:http";
import { WebSocket, WebSocketServer } from "ws";
import { portOf } from "../system/local.mjs";
import { sleep } from "../system/wait.mjs";
import { guarded, twisted } from "./handlers.mjs";

/** @import { IncomingMessage, Server } from "node:http" */
/** @import { Duplex } from "node:stream" */

/** @typedef {"honest" | "lying" | "slow"} Mode */

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
 * Result of a liar: a head that does not exist.
 * @param {string | undefined} method
 * @param {any} result
 * @returns {any}
 */
function lie(method, result) {
  if (method === "eth_blockNumber") return ahead(result);
  const isBlock = method?.startsWith("eth_getBlockBy") && result;
  return isBlock ? { ...result, number: ahead(result.number) } : result;
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
      if (this.mode === "slow") await sleep(SLOW_MS);
      const twist = this.mode === "lying" ? lie : (/** @type {any} */ _, /** @type {any} */ r) => r;
      await twisted(node, twist)(request, response);
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
      client.on("message", (data) => {
        if (node.readyState === WebSocket.OPEN) node.send(`${data}`);
        else early.push(`${data}`);
      });
      node.on("message", async (data) => {
        if (this.mode === "slow") await sleep(SLOW_MS);
        client.send(this.mode === "lying" ? this.#twistMessage(`${data}`) : `${data}`);
      });
    });
  }

  /**
   * Message of the node, of a liar: heads of subscriptions and heads that were asked for.
   * @param {string} text
   * @returns {string}
   */
  #twistMessage(text) {
    const message = JSON.parse(text);
    const header = message.params?.result;
    if (header?.number) header.number = ahead(header.number);
    if (message.result?.number) message.result.number = ahead(message.result.number);
    return JSON.stringify(message);
  }
}

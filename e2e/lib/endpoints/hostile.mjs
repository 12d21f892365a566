// SPDX-License-Identifier: Apache-2.0
// Hostile endpoints, one server each. They run in the process of the test.

import http from "node:http";
import https from "node:https";
import net from "node:net";
import { freePorts, portOf } from "../system/local.mjs";
import { certificateMaze, selfSigned } from "./certificates.mjs";
import { behind, cached, endless, fixed, guarded, onlyProbes, wrongBlocks } from "./handlers.mjs";

/** @import { Socket } from "node:net" */
/** @import { Duplex } from "node:stream" */
/** @import { Handler } from "./handlers.mjs" */

/**
 * An endpoint to list, and the verdict that it deserves.
 * @typedef {object} HostileEndpoint
 * @property {string} name
 * @property {string} url
 * @property {"compute" | "ethereum"} kind
 * @property {string[]} expected - verdicts, any of them
 * @property {number} [minLatencyMs] - least latency that the chain may see
 */

/** Delay in ms of the slow servers. */
const SLOW_MS = 700;
/** Time in ms between the pieces of an answer that trickles. */
const TRICKLE_MS = 300;

/** All hostile servers. */
export class HostileEndpoints {
  /**
   * One endpoint of each kind.
   * @type {HostileEndpoint[]}
   */
  list = [];
  /** @type {net.Server[]} */
  #servers = [];
  /** @type {Set<Socket>} */
  #sockets = new Set();
  /** @type {Set<NodeJS.Timeout>} */
  #timers = new Set();
  #ethereum;

  /** @param {string} ethereum - URL of a real Ethereum JSON-RPC */
  constructor(ethereum) {
    this.#ethereum = ethereum;
  }

  /**
   * Start one server of each kind.
   * @param {object} options
   * @param {string} options.ethereum - URL of a real Ethereum JSON-RPC, which some of them twist
   * @param {string} options.page - URL of a page on loopback
   * @param {string} options.dir - folder for certificates
   * @param {() => number} options.roundProgress - share of the chain's round that is over, 0 to 1
   * @returns {Promise<HostileEndpoints>}
   */
  static async start({ ethereum, page, dir, roundProgress }) {
    const hostile = new HostileEndpoints(ethereum);
    await hostile.#startUnavailable(page);
    await hostile.#startIncorrect(roundProgress);
    await hostile.#startSlow();
    await hostile.#startTls(dir);
    hostile.list.push(
      // No loopback address by its form, but it leads to the page, which answers.
      {
        name: "unspecified",
        url: page.replace("127.0.0.1", "0.0.0.0"),
        kind: "compute",
        expected: ["down"],
      },
      {
        name: "noSuchName",
        url: "http://nothing.surety.invalid",
        kind: "compute",
        expected: ["down"],
      },
    );
    return hostile;
  }

  // ------------------------------------------------------------------ one of each kind

  /**
   * Servers without an answer, or without an end of it.
   * @param {string} page - URL of a page on loopback
   */
  async #startUnavailable(page) {
    const down = (/** @type {string} */ name, /** @type {Handler} */ handler) =>
      this.#add(name, "compute", ["down"], http.createServer(guarded(handler)));
    await down("silent", () => {});
    await down("trickledBody", (_, response) => {
      response.writeHead(200, { "content-type": "text/plain" });
      this.#every(TRICKLE_MS, response, () => response.write("x"));
    });
    await down("endless", endless);
    await down("redirectToLoopback", fixed(302, { location: page }, ""));
    await down("serverError", fixed(500, {}, "no"));
    const trickledHeaders = this.#raw((socket) => {
      let sent = 0;
      socket.write("HTTP/1.1 200 OK\r\n");
      this.#every(TRICKLE_MS, socket, () => {
        sent += 1;
        socket.write(`x-${sent}: 1\r\n`);
      });
    });
    await this.#add("trickledHeaders", "compute", ["down"], trickledHeaders);
    const hangUp = this.#raw((socket) => socket.destroy());
    await this.#add("hangUp", "compute", ["down"], hangUp);
  }

  /**
   * Servers whose answers are wrong, or right only for probes.
   * @param {() => number} roundProgress - share of the chain's round that is over, 0 to 1
   */
  async #startIncorrect(roundProgress) {
    const ethereum = this.#ethereum;
    const rpc = (
      /** @type {string} */ name,
      /** @type {string} */ expected,
      /** @type {Handler} */ handler,
    ) => this.#add(name, "ethereum", [expected], http.createServer(guarded(handler)));
    const json = { "content-type": "application/json" };
    await rpc("garbageJson", "bad", fixed(200, json, '{"jsonrpc":"2.0","id":1,"result":'));
    const html = { "content-type": "text/html" };
    await rpc("htmlForJson", "bad", fixed(200, html, "<h1>It works!</h1>"));
    await rpc("wrongBlocks", "bad", wrongBlocks(ethereum, "5e"));
    await rpc("cachedBlock", "bad", cached(ethereum));
    await rpc("farBehind", "stale", behind(ethereum, 30));
    await rpc("onlyProbes", "down", onlyProbes(ethereum));
    // Serves in the first third of a round, when an early protocol version sent all probes.
    const firstThird = http.createServer(
      guarded((request, response) =>
        fixed(roundProgress() < 1 / 3 ? 200 : 503, {}, "hello")(request, response),
      ),
    );
    await this.#add("firstThird", "compute", ["down", "unclear"], firstThird);
  }

  /** Servers that hide their latency. */
  async #startSlow() {
    const slow = (/** @type {string} */ name, /** @type {Handler} */ handler) =>
      this.#add(name, "compute", ["up"], http.createServer(guarded(handler)), SLOW_MS);
    await slow("slowBody", (_, response) => {
      response.writeHead(200, { "content-type": "text/plain" });
      response.write("hel");
      this.#later(SLOW_MS, () => response.end("lo"));
    });
    // Claims to have taken a millisecond.
    const claim = fixed(200, { "surety-elapsed-us": "1000" }, "hello");
    await slow("claimsToBeFast", (request, response) =>
      this.#later(SLOW_MS, () => claim(request, response)),
    );
  }

  /**
   * Servers without TLS where it is expected, or with certificates that no authority signed.
   * @param {string} dir - folder for certificates
   */
  async #startTls(dir) {
    const hello = guarded(fixed(200, {}, "hello"));
    const servers = {
      noTls: http.createServer(hello),
      selfSigned: https.createServer(selfSigned(dir, "self-signed"), hello),
      certificateMaze: https.createServer(certificateMaze(dir), hello),
    };
    for (const [name, server] of Object.entries(servers)) {
      const port = await this.#listen(server);
      const url = `https://127.0.0.1:${port}`;
      this.list.push({ name, url, kind: "compute", expected: ["down"] });
    }
  }

  // ------------------------------------------------------------------ many of one kind

  /**
   * Endpoints that refuse connections.
   * @param {number} count
   * @returns {Promise<HostileEndpoint[]>}
   */
  static async refusing(count) {
    return (await freePorts(count)).map((port, i) => ({
      name: `refusing ${i}`,
      url: `http://127.0.0.1:${port}`,
      kind: "compute",
      expected: ["down"],
    }));
  }

  /**
   * Servers that accept connections and never answer.
   * @param {number} count
   * @returns {Promise<(HostileEndpoint & { accepted: () => number })[]>} `accepted`: how many
   *   connections one has accepted
   */
  silent(count) {
    const start = async (/** @type {number} */ i) => {
      let accepted = 0;
      // Data is read and dropped, or the server would not notice the end of a connection.
      const server = net.createServer((socket) => {
        accepted += 1;
        socket.resume();
      });
      const url = `http://127.0.0.1:${await this.#listen(server)}`;
      const kind = /** @type {const} */ ("compute");
      return { name: `silent ${i}`, url, kind, expected: ["down"], accepted: () => accepted };
    };
    return Promise.all(Array.from({ length: count }, (_, i) => start(i)));
  }

  /**
   * Ethereum servers that agree with each other, and with nobody else, on the hash of a block.
   * @param {number} count
   * @returns {Promise<HostileEndpoint[]>}
   */
  colluding(count) {
    const start = async (/** @type {number} */ i) => {
      const server = http.createServer(guarded(wrongBlocks(this.#ethereum, "ab")));
      const url = `http://127.0.0.1:${await this.#listen(server)}`;
      const kind = /** @type {const} */ ("ethereum");
      return { name: `colluding ${i}`, url, kind, expected: ["bad"] };
    };
    return Promise.all(Array.from({ length: count }, (_, i) => start(i)));
  }

  // ------------------------------------------------------------------ servers

  /**
   * Start a server and put it on the list.
   * @param {string} name
   * @param {HostileEndpoint["kind"]} kind
   * @param {string[]} expected - verdicts, any of them
   * @param {net.Server} server
   * @param {number} [minLatencyMs]
   */
  async #add(name, kind, expected, server, minLatencyMs) {
    const url = `http://127.0.0.1:${await this.#listen(server)}`;
    this.list.push({ name, url, kind, expected, minLatencyMs });
  }

  /**
   * Server that handles the first bytes of a connection below HTTP.
   * @param {(socket: Socket) => void} handle
   * @returns {net.Server}
   */
  #raw(handle) {
    return net.createServer((socket) => {
      socket.on("error", () => {});
      socket.once("data", () => handle(socket));
    });
  }

  /**
   * Act again and again until a stream is closed.
   * @param {number} ms
   * @param {Duplex | http.ServerResponse} stream
   * @param {() => void} act
   */
  #every(ms, stream, act) {
    const timer = setInterval(act, ms);
    this.#timers.add(timer);
    stream.on("error", () => {});
    stream.on("close", () => clearInterval(timer));
  }

  /**
   * Act once, later.
   * @param {number} ms
   * @param {() => void} act
   */
  #later(ms, act) {
    this.#timers.add(setTimeout(act, ms));
  }

  /**
   * Listen on loopback.
   * @param {net.Server} server
   * @returns {Promise<number>} port
   */
  #listen(server) {
    this.#servers.push(server);
    const track = (/** @type {Socket} */ socket) => {
      this.#sockets.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => this.#sockets.delete(socket));
    };
    server.on("connection", track);
    server.on("tlsClientError", () => {});
    server.on("clientError", (_, socket) => socket.destroy());
    return new Promise((resolve, reject) => {
      server.once("error", reject);
      server.listen(0, "127.0.0.1", () => resolve(portOf(server)));
    });
  }

  /** Stop all servers, in mid-answer or not. */
  async stop() {
    for (const timer of this.#timers) clearTimeout(timer);
    for (const socket of this.#sockets) socket.destroy();
    const close = (/** @type {net.Server} */ server) =>
      new Promise((resolve) => server.close(resolve));
    await Promise.all(this.#servers.map(close));
  }
}

// SPDX-License-Identifier: Apache-2.0
// Hostile clients of a gateway, on bare sockets.

import { connect } from "node:net";
import { WebSocket } from "ws";
import { sleep } from "../system/wait.mjs";

/** @import { Socket } from "node:net" */

/**
 * A client's view of its connection.
 * @typedef {object} Ended
 * @property {string} received - text that the server sent
 * @property {number} ms - until the server closed it; the limit if it did not
 * @property {boolean} closed
 */

/**
 * Connect and let `act` write. Resolves when the server closes the connection, at the latest after
 * `ms`.
 * @param {string} url
 * @param {(socket: Socket, host: string) => void} act
 * @param {number} ms
 * @returns {Promise<Ended>}
 */
export function attack(url, act, ms) {
  const { hostname, port, host } = new URL(url);
  const start = Date.now();
  return new Promise((resolve) => {
    let received = "";
    const socket = connect(Number(port), hostname, () => act(socket, host));
    const end = (/** @type {boolean} */ closed) => {
      clearTimeout(timer);
      socket.destroy();
      resolve({ received, ms: Date.now() - start, closed });
    };
    const timer = setTimeout(() => end(false), ms);
    socket.on("data", (data) => {
      // The first bytes say enough.
      if (received.length < 100_000) received += data.toString("latin1");
    });
    socket.on("error", () => {});
    socket.on("close", () => end(true));
  });
}

/**
 * Send the head of a request byte by byte, without an end.
 * @param {string} url
 * @param {number} ms
 * @returns {Promise<Ended>}
 */
export const slowHead = (url, ms) =>
  attack(
    url,
    async (socket, host) => {
      socket.write(`POST /ethereum HTTP/1.1\r\nhost: ${host}\r\nx: `);
      while (!socket.destroyed) {
        socket.write("x");
        await sleep(200);
      }
    },
    ms,
  );

/**
 * Announce a body, and send it byte by byte.
 * @param {string} url
 * @param {number} ms
 * @returns {Promise<Ended>}
 */
export const slowBody = (url, ms) =>
  attack(
    url,
    async (socket, host) => {
      socket.write(`POST /ethereum HTTP/1.1\r\nhost: ${host}\r\ncontent-length: 5000\r\n\r\n{`);
      while (!socket.destroyed) {
        socket.write(" ");
        await sleep(200);
      }
    },
    ms,
  );

/**
 * Send headers without end.
 * @param {string} url
 * @param {number} ms
 * @returns {Promise<Ended>}
 */
export const headerFlood = (url, ms) =>
  attack(
    url,
    (socket, host) => {
      socket.write(`POST /ethereum HTTP/1.1\r\nhost: ${host}\r\n`);
      const more = () => {
        while (!socket.destroyed && socket.write(`x-more: ${"x".repeat(8_000)}\r\n`));
        if (!socket.destroyed) socket.once("drain", more);
      };
      more();
    },
    ms,
  );

/**
 * Ask for much and read nothing.
 * @param {string} url
 * @param {string} request - body
 * @param {number} count
 * @param {number} ms
 * @returns {Promise<Ended>}
 */
export const neverRead = (url, request, count, ms) =>
  attack(
    url,
    (socket, host) => {
      socket.pause();
      const head = `POST /ethereum HTTP/1.1\r\nhost: ${host}\r\n`;
      const one = `${head}content-length: ${request.length}\r\n\r\n${request}`;
      for (let i = 0; i < count; i += 1) socket.write(one);
    },
    ms,
  );

/**
 * Open a WebSocket and flood it with messages. Resolves with the close code, or with undefined
 * after `ms`.
 * @param {string} url
 * @param {string} message
 * @param {number} ms
 * @returns {Promise<{ code: number | undefined, answers: number }>}
 */
export function webSocketFlood(url, message, ms) {
  return new Promise((resolve) => {
    let answers = 0;
    const socket = new WebSocket(url);
    const end = (/** @type {number | undefined} */ code) => {
      clearTimeout(timer);
      socket.terminate();
      resolve({ code, answers });
    };
    const timer = setTimeout(() => end(undefined), ms);
    socket.on("message", () => {
      answers += 1;
    });
    socket.on("error", () => {});
    socket.on("close", (code) => end(code));
    socket.on("open", async () => {
      while (socket.readyState === WebSocket.OPEN) {
        for (let i = 0; i < 100; i += 1) socket.send(message);
        await sleep(1);
      }
    });
  });
}

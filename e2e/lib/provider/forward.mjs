// SPDX-License-Identifier: Apache-2.0
// Forwarding of TCP connections from the address of a link to a server on loopback.

import net from "node:net";

/** A forwarded port. */
export class Forward {
  /** @type {Set<net.Socket>} */
  #sockets = new Set();
  #server;

  /** @param {net.Server} server */
  constructor(server) {
    this.#server = server;
    server.on("connection", (socket) => this.#keep(socket));
  }

  /**
   * Forward the port of an address to the same port of loopback.
   * @param {string} address
   * @param {number} port
   * @returns {Promise<Forward>}
   */
  static async start(address, port) {
    const server = net.createServer();
    const forward = new Forward(server);
    server.on("connection", (from) => {
      const to = net.connect(port, "127.0.0.1");
      forward.#keep(to);
      from.pipe(to).pipe(from);
      from.once("close", () => to.destroy());
      to.once("close", () => from.destroy());
    });
    await new Promise((resolve, reject) => {
      server.once("error", reject);
      server.listen(port, address, () => resolve(undefined));
    });
    // It ends with this process at the latest.
    server.unref();
    return forward;
  }

  /**
   * Keep a connection until it is closed.
   * @param {net.Socket} socket
   */
  #keep(socket) {
    this.#sockets.add(socket);
    socket.on("error", () => {});
    socket.once("close", () => this.#sockets.delete(socket));
  }

  /** Close the port and all connections. */
  stop() {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }
}

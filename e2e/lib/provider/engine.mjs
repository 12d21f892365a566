// SPDX-License-Identifier: Apache-2.0
// Client of a container engine's Docker API, on a Unix socket.

import http from "node:http";

/**
 * @typedef {object} Container
 * @property {string} id
 * @property {string} image
 * @property {string} state - such as `running` or `exited`
 * @property {string} startedAt - changes with each start
 * @property {string[]} command
 * @property {string[]} env
 */

/** An engine. */
export class EngineClient {
  /** @param {string} socket - path */
  constructor(socket) {
    this.socket = socket;
  }

  /** Fail unless the engine answers. */
  async ping() {
    await this.#request("GET", "/_ping");
  }

  /**
   * All containers, those that ended included.
   * @returns {Promise<Container[]>}
   */
  async containers() {
    const list = JSON.parse(await this.#request("GET", "/containers/json?all=true"));
    return Promise.all(list.map((/** @type {any} */ { Id }) => this.#inspect(Id)));
  }

  /**
   * The one container that runs.
   * @returns {Promise<Container>}
   */
  async onlyContainer() {
    const all = await this.containers();
    const running = all.filter(({ state }) => state === "running");
    if (running.length !== 1) throw new Error(`${running.length} of ${all.length} containers run`);
    return running[0];
  }

  /**
   * Kill the processes of a container.
   * @param {string} id
   */
  async kill(id) {
    await this.#request("POST", `/containers/${id}/kill?signal=KILL`);
  }

  /**
   * @param {string} id
   * @returns {Promise<Container>}
   */
  async #inspect(id) {
    const its = JSON.parse(await this.#request("GET", `/containers/${id}/json`));
    return {
      id: its.Id,
      image: its.Config.Image,
      state: its.State.Status,
      startedAt: its.State.StartedAt,
      command: [its.Path, ...its.Args],
      env: its.Config.Env ?? [],
    };
  }

  /**
   * @param {string} method
   * @param {string} path
   * @returns {Promise<string>} body of the answer
   */
  #request(method, path) {
    return new Promise((resolve, reject) => {
      const options = { socketPath: this.socket, method, path: `/v1.41${path}`, timeout: 10_000 };
      const request = http.request(options, (response) => {
        let body = "";
        response.setEncoding("utf8");
        response.on("data", (text) => {
          body += text;
        });
        response.on("error", reject);
        response.on("end", () => {
          const { statusCode = 0 } = response;
          if (statusCode < 300) resolve(body);
          else reject(new Error(`${method} ${path}: ${statusCode} ${body.slice(0, 300)}`));
        });
      });
      request.on("timeout", () => request.destroy(new Error(`${method} ${path}: no answer`)));
      request.on("error", reject);
      request.end();
    });
  }
}

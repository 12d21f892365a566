// SPDX-License-Identifier: Apache-2.0
// Handlers of hostile HTTP servers, most of them in front of a real Ethereum JSON-RPC.

import { Readable } from "node:stream";

/** @import { IncomingMessage, ServerResponse } from "node:http" */
/** @typedef {(request: IncomingMessage | Readable, response: ServerResponse) => unknown} Handler */
/** @typedef {(method: string | undefined, result: any) => any} Twist Changes a JSON-RPC result. */

/**
 * Body of a request.
 * @param {IncomingMessage | Readable} request
 * @returns {Promise<string>}
 */
export async function readBody(request) {
  const parts = [];
  for await (const part of request) parts.push(part);
  return Buffer.concat(parts).toString();
}

/**
 * Fixed answer.
 * @param {number} status
 * @param {Record<string, string>} headers
 * @param {string} body
 * @returns {Handler}
 */
export const fixed = (status, headers, body) => (_, response) => {
  response.writeHead(status, headers);
  response.end(body);
};

/**
 * `handler` as a server calls it. A server that is stopped in mid-answer is no error of the test.
 * @param {Handler} handler
 * @returns {(request: IncomingMessage, response: ServerResponse) => Promise<void>}
 */
export const guarded = (handler) => async (request, response) => {
  try {
    await handler(request, response);
  } catch {
    response.destroy();
  }
};

/**
 * Answers of the JSON-RPC at `upstream`, each result changed by `twist`.
 * @param {string} upstream - URL
 * @param {Twist} twist
 * @returns {Handler}
 */
export function twisted(upstream, twist) {
  return async (request, response) => {
    const question = JSON.parse(await readBody(request));
    const methods = new Map([question].flat().map(({ id, method }) => [id, method]));
    const upstreamResponse = await fetch(upstream, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(question),
    });
    const answer = /** @type {any} */ (await upstreamResponse.json());
    for (const reply of [answer].flat()) reply.result = twist(methods.get(reply.id), reply.result);
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify(answer));
  };
}

/**
 * Right answers, but for the contents of blocks: their hashes, and the balances after them.
 * @param {string} upstream - URL
 * @param {string} byte - in hex, of the wrong values
 * @returns {Handler}
 */
export const wrongBlocks = (upstream, byte) =>
  twisted(upstream, (method, result) => {
    if (method?.startsWith("eth_getBlockBy") && result) {
      return { ...result, hash: `0x${byte.repeat(32)}` };
    }
    return method === "eth_getBalance" ? `0x${byte}` : result;
  });

/**
 * A fresh head, and for every other method the first answer again and again.
 * @param {string} upstream - URL
 * @returns {Handler}
 */
export function cached(upstream) {
  const first = new Map();
  return twisted(upstream, (method, result) => {
    if (method === "eth_blockNumber") return result;
    if (!first.has(method)) first.set(method, result);
    return first.get(method);
  });
}

/**
 * A head that is `blocks` behind.
 * @param {string} upstream - URL
 * @param {number} blocks
 * @returns {Handler}
 */
export const behind = (upstream, blocks) =>
  twisted(upstream, (method, result) => {
    if (method !== "eth_blockNumber") return result;
    return `0x${Math.max(0, Number(result) - blocks).toString(16)}`;
  });

/**
 * Right answers to requests that look like a probe of the first protocol version, a batch of two
 * questions with the ids 1 and 2, and none to others.
 * @param {string} upstream - URL
 * @returns {Handler}
 */
export function onlyProbes(upstream) {
  const serve = twisted(upstream, (_, result) => result);
  return async (request, response) => {
    const text = await readBody(request);
    const question = JSON.parse(text);
    const ids = Array.isArray(question) ? question.map(({ id }) => id) : [];
    const known = ids.length === 2 && ids[0] === 1 && ids[1] === 2;
    const agent = "headers" in request && request.headers["user-agent"];
    if (known && !agent) return serve(Readable.from([Buffer.from(text)]), response);
    response.writeHead(503);
    response.end();
  };
}

/**
 * A body without end, as fast as it is read.
 * @type {Handler}
 */
export const endless = (_, response) => {
  response.writeHead(200, { "content-type": "application/octet-stream" });
  const chunk = Buffer.alloc(65_536, 0x2e);
  const pour = () => {
    while (!response.destroyed && response.write(chunk));
    if (!response.destroyed) response.once("drain", pour);
  };
  pour();
};

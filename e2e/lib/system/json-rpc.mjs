// SPDX-License-Identifier: Apache-2.0
// JSON-RPC over HTTP.

/** Error that a JSON-RPC server answered with. */
export class JsonRpcError extends Error {
  /**
   * @param {string} url
   * @param {{ code: number, message: string, data?: unknown }} error
   */
  constructor(url, { code, message, data }) {
    super(`${url}: ${message}`);
    this.code = code;
    this.data = data;
  }
}

/**
 * Send one request.
 * @param {string} url
 * @param {string} method
 * @param {unknown[]} [params]
 * @param {{ timeout?: number }} [options] - `timeout` in ms
 * @returns {Promise<any>} the result
 */
export async function jsonRpc(url, method, params = [], { timeout = 5_000 } = {}) {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
    signal: AbortSignal.timeout(timeout),
  });
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  const { result, error } = /** @type {any} */ (await response.json());
  if (error) throw new JsonRpcError(url, error);
  return result;
}

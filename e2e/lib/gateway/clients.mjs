// SPDX-License-Identifier: Apache-2.0
// Clients that nobody here wrote, connected to a gateway as their documentation says.

import { ApiPromise, HttpProvider, WsProvider } from "@polkadot/api";
import { JsonRpcProvider, WebSocketProvider } from "ethers";
import { createClient } from "polkadot-api";
import { getWsProvider } from "polkadot-api/ws";
import { createPublicClient, http, webSocket } from "viem";
import { hardhat } from "viem/chains";
import { WebSocket } from "ws";

/** @import { PolkadotClient } from "polkadot-api" */
/** @import { Api } from "../chain/api.mjs" */

/**
 * ethers over HTTP. It joins requests of one moment to a batch.
 * @param {string} url
 * @returns {JsonRpcProvider}
 */
export const ethersHttp = (url) =>
  new JsonRpcProvider(url, undefined, { staticNetwork: true, pollingInterval: 500 });

/**
 * ethers over WebSocket.
 * @param {string} url
 * @returns {WebSocketProvider}
 */
export const ethersWebSocket = (url) => new WebSocketProvider(url);

/**
 * viem over HTTP, with batches.
 * @param {string} url
 */
export const viemHttp = (url) =>
  createPublicClient({ chain: hardhat, transport: http(url, { batch: true, retryCount: 0 }) });

/**
 * viem over WebSocket.
 * @param {string} url
 */
export const viemWebSocket = (url) =>
  createPublicClient({ chain: hardhat, transport: webSocket(url, { retryCount: 0 }) });

/**
 * polkadot.js over WebSocket or HTTP.
 * @param {string} url
 * @returns {Promise<Api>}
 */
export function polkadotJs(url) {
  const provider = url.startsWith("ws") ? new WsProvider(url) : new HttpProvider(url);
  return ApiPromise.create({ provider, noInitWarn: true });
}

/**
 * PAPI, which follows the chain by `chainHead_v1`.
 * @param {string} url
 * @returns {PolkadotClient}
 */
export const papi = (url) =>
  createClient(getWsProvider(url, { websocketClass: /** @type {any} */ (WebSocket) }));

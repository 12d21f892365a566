// SPDX-License-Identifier: Apache-2.0
// Clients that follow both chains through a gateway while its operators fail.

import { ethersWebSocket, papi, polkadotJs, viemWebSocket } from "./clients.mjs";

/** @import { GatewayProcess } from "./process.mjs" */

/** What the clients got, in the order of its arrival. */
export class Followed {
  /** @type {number[]} */
  ethers = [];
  /** @type {number[]} */
  viem = [];
  /**
   * Finalized heads.
   * @type {number[]}
   */
  polkadotJs = [];
  /**
   * Values of a storage item that changes with each block.
   * @type {number[]}
   */
  times = [];
  /** @type {number[]} */
  papi = [];
  /** Hash of the genesis block, as PAPI has it. */
  genesis = "";
  /**
   * Errors that clients report by themselves.
   * @type {string[]}
   */
  errors = [];
}

/**
 * Let all clients follow until a time.
 * @param {GatewayProcess} gateway
 * @param {Promise<void>} until
 * @returns {Promise<Followed>}
 */
export async function followThrough(gateway, until) {
  const followed = new Followed();
  const report = (/** @type {Error} */ error) => followed.errors.push(error.message);
  const [ethereum, surety] = ["ethereum", "surety"].map((network) => `${gateway.ws}/${network}`);

  const ethers = ethersWebSocket(ethereum);
  await ethers.on("block", (number) => followed.ethers.push(number));

  const viem = viemWebSocket(ethereum);
  const unwatch = viem.watchBlocks({
    onBlock: ({ number }) => followed.viem.push(Number(number)),
    onError: report,
  });

  const api = await polkadotJs(surety);
  await api.rpc.chain.subscribeFinalizedHeads((head) => {
    followed.polkadotJs.push(head.number.toNumber());
  });
  await api.query.timestamp.now((/** @type {any} */ now) => {
    followed.times.push(Number(now));
  });

  const client = papi(surety);
  const subscription = client.finalizedBlock$.subscribe({
    next: ({ number }) => followed.papi.push(number),
    error: report,
  });
  followed.genesis = (await client.getChainSpecData()).genesisHash;

  try {
    await until;
  } finally {
    unwatch();
    // Left open, it connects again once the gateway is gone, and keeps the process alive.
    (await viem.transport.getRpcClient()).close();
    subscription.unsubscribe();
    client.destroy();
    await api.disconnect();
    await ethers.destroy();
  }
  return followed;
}

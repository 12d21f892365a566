// SPDX-License-Identifier: Apache-2.0
// A tenant with `surety-provider` at hand: orders of compose files, and the courier of their private
// parts.

import { account } from "../chain/api.mjs";
import { call, send } from "../chain/calls.mjs";
import { readRound } from "../chain/shapes.mjs";

/** @import { Fixture } from "../fixture.mjs" */

/** A tenant. */
export class Tenant {
  #fixture;
  #account;

  /**
   * @param {Fixture} fixture
   * @param {string} seed
   */
  constructor(fixture, seed) {
    this.#fixture = fixture;
    this.#account = account(seed);
  }

  /**
   * Place the order of a compose file.
   * @param {string} compose - YAML
   */
  async order(compose) {
    const { api, network } = this.#fixture;
    const { roundBlocks, windowRounds } = await readRound(api);
    const image = /image: (\S+)@sha256:(\S+)/.exec(compose);
    const duration = 25 * 30;
    const order = {
      asset: "Native",
      resources: {
        cpuMilli: 250,
        memoryMib: 128,
        storageGib: 1,
        bandwidthMbit: 0,
        gpus: 0,
        gpuClass: "",
      },
      image: image?.[1],
      digest: `0x${image?.[2]}`,
      ports: [{ container: 80, protocol: "Tcp" }],
      envHash: null,
      maxPrice: 20_000_000_000n,
      failoverPrice: 20_000_000_000n,
      regions: ["DE"],
      minTrust: "One",
      quantity: 1,
      duration,
      bidDeadline: (await network.validators[0].best()) + 5 * roundBlocks,
      autoMatch: true,
      terms: null,
      deposit: 20_000_000_000n * BigInt(duration + windowRounds * roundBlocks),
    };
    await send(api, this.#account, call(api, "computeOrders", "placeOrder", { order }));
  }

  async startCourier() {}

  async stop() {}
}

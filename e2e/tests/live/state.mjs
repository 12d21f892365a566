// SPDX-License-Identifier: Apache-2.0
// The state as a whole: all validators agree on it, it decodes, and no money is lost.

import assert from "node:assert/strict";
import { big } from "../../lib/chain/amounts.mjs";
import { connect, runtimeApi, storage, storageEntries } from "../../lib/chain/api.mjs";
import { MARKET_PALLETS } from "../../lib/chain/observer.mjs";
import { SBTC } from "../../lib/scenarios/asset.mjs";
import { waitFor } from "../../lib/system/wait.mjs";
import { assertConserved } from "../conservation.mjs";
import { MINUTE } from "./context.mjs";

/** @import { ApiAt } from "../../lib/chain/api.mjs" */
/** @import { SuretyNode } from "../../lib/network/node.mjs" */
/** @import { Subject } from "./context.mjs" */

/** @type {Subject} */
export const state = {
  scenarios: ["outage", "lease", "asset"],
  define(context) {
    context.test("all validators agree on the state", async () => {
      const { outage, fixture, validators } = context;
      const [alice, ...others] = validators;
      const { number } = await alice.finalized();
      const haveIt = async () => {
        const finalized = await Promise.all(others.map((node) => node.finalized()));
        return finalized.every((its) => its.number >= number);
      };
      await waitFor("all have finalized it", haveIt, { timeout: MINUTE });
      const { breachBlock = 2 } = outage.results;
      for (const block of [1, Math.floor(number / 2), breachBlock, number]) {
        const roots = await Promise.all(
          fixture.network.nodes.map(
            async (node) => (await node.header(await node.hashOf(block)))?.stateRoot,
          ),
        );
        assert.equal(new Set(roots).size, 1, `block ${block}: ${roots}`);
      }
      // Each can execute what it stores: the runtime of each gives the same answer.
      const answers = await Promise.all(validators.map((node) => statusAt(node, number)));
      assert.equal(new Set(answers).size, 1);
    });

    context.test("every value in storage decodes by the metadata", async () => {
      const { api } = context;
      await context.completed("outage");
      await context.completed("lease");
      for (const pallet of ["timing", ...MARKET_PALLETS]) {
        for (const [item, entry] of Object.entries(api.query[pallet] ?? {})) {
          if (item === "palletVersion") continue;
          const { isPlain } = entry.creator.meta.type;
          await (isPlain ? storage(api, pallet, item) : storageEntries(api, pallet, item));
        }
      }
    });

    context.test("SURE is conserved: nothing is minted or burnt", async () => {
      await assertConserved(context.api, (await context.validators[0].finalized()).hash);
    });

    context.test("bitcoin is conserved: accounts and holds add up to the supply", async () => {
      const { api } = context;
      // From this step on an operator has a bond in bitcoin.
      await context.asset.reached(2);
      const at = await api.at((await context.validators[0].finalized()).hash);
      const genesis = await api.at(api.genesisHash);
      // Amounts on hold are not in the accounts.
      const accounts = await storageEntries(at, "assets", "account", SBTC);
      const holds = await storageEntries(at, "assetsHolder", "balancesOnHold", SBTC);
      assert.ok(holds.length > 0);
      const amounts = [
        ...accounts.map(([, found]) => found.unwrap().balance.toBigInt()),
        ...holds.map(([, amount]) => big(amount)),
      ];
      const supply = await bitcoinSupply(at);
      assert.equal(
        amounts.reduce((sum, amount) => sum + amount, 0n),
        supply,
      );
      assert.equal(supply, await bitcoinSupply(genesis));
    });
  },
};

/**
 * Status of the network by the runtime of a node.
 * @param {SuretyNode} node
 * @param {number} number - of the block
 * @returns {Promise<string>} JSON
 */
async function statusAt(node, number) {
  const api = await connect(node.ws);
  try {
    const at = await api.at(await api.rpc.chain.getBlockHash(number));
    return JSON.stringify(await runtimeApi(at, "networkStatus"));
  } finally {
    await api.disconnect();
  }
}

/**
 * Supply of the test bitcoin.
 * @param {ApiAt} at
 * @returns {Promise<bigint>} base units
 */
const bitcoinSupply = async (at) =>
  (await storage(at, "assets", "asset", SBTC)).unwrap().supply.toBigInt();

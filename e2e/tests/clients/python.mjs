// SPDX-License-Identifier: Apache-2.0
// substrate-interface and its successor for asyncio: programs in Python, each in an environment of
// its own, since their codecs share a name.

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { u8aToHex } from "@polkadot/util";
import { mnemonicToMiniSecret } from "@polkadot/util-crypto";
import { account, storage } from "../../lib/chain/api.mjs";
import { PRICE } from "../../lib/scenarios/listing.mjs";

/** @import { ClientsContext } from "./context.mjs" */

const SOURCES = fileURLToPath(new URL("../../clients/python", import.meta.url));
/** Phrase of the development accounts. */
const PHRASE = "bottom drive obey lake curtain smoke basket hold race lonely fit walk";

/**
 * Interpreter of the environment of a library.
 * @param {string} library
 * @returns {string}
 */
function interpreter(library) {
  const cache = process.env.SURETY_CACHE ?? path.join(os.homedir(), ".cache", "surety");
  const binary = path.join(cache, "clients", library, "bin", "python");
  if (!existsSync(binary)) throw new Error(`${binary} is not there: run "make setup-clients"`);
  return binary;
}

/**
 * Libraries, each with the secret that its program takes and the signer that follows from it.
 * @type {Record<string, { secret: string, signer: string }>}
 */
const LIBRARIES = {
  "substrate-interface": { secret: "//Two", signer: account("//Two").address },
  // It derives no keys.
  "aio-substrate-interface": {
    secret: u8aToHex(mnemonicToMiniSecret(PHRASE)),
    signer: account(PHRASE).address,
  },
};

/** @param {ClientsContext} context */
export function python(context) {
  for (const [library, { secret, signer }] of Object.entries(LIBRARIES)) {
    context.test(`${library} reads a service and signs a transaction`, async () => {
      const { api, fixture, node, operator, service } = context;
      const program = path.join(SOURCES, `${library.replaceAll("-", "_")}.py`);
      const output = await fixture.processes.run(library, interpreter(library), [
        ...[program, node.ws, `${service}`, secret, `by ${library}`],
      ]);
      const { chain, stored, answered, success, block, events } = JSON.parse(
        output.split("\n").at(-1) ?? "",
      );
      assert.equal(chain, "Surety Local Testnet");
      const expected = [operator.address, node.http, `${PRICE}`];
      for (const its of [stored, answered.service.listing]) {
        assert.deepEqual([its.operator, its.endpoint, `${its.price}`], expected);
      }
      assert.equal(success, true);
      assert.ok(events.includes("System.Remarked"), `${events}`);
      const all = await storage(await api.at(block), "system", "events");
      const remarked = all.find(
        (/** @type {any} */ { event }) => event.section === "system" && event.method === "Remarked",
      );
      assert.equal(remarked.event.data.sender.toString(), signer);
    });
  }
}

// SPDX-License-Identifier: Apache-2.0
// The metadata, as a client without custom types meets it.

import assert from "node:assert/strict";
import { stringCamelCase } from "@polkadot/util";
import { MARKET_PALLETS } from "../../lib/chain/observer.mjs";

/** @import { Api } from "../../lib/chain/api.mjs" */
/** @import { Subject } from "./context.mjs" */

/** Shortest documentation in characters. */
const MIN_DOCS = 10;

/** @type {Subject} */
export const metadata = {
  scenarios: [],
  define(context) {
    context.test("the metadata documents every call, event and error", async () => {
      for (const pallet of MARKET_PALLETS) assertDocumented(context.api, pallet);
    });

    context.test("the chain names its token", async () => {
      const { tokenSymbol } = await context.api.rpc.system.properties();
      assert.equal(tokenSymbol.unwrap()[0].toString(), "SURE");
    });
  },
};

/**
 * Assert that the calls, events and errors of a pallet are documented: a wallet shows these texts.
 * @param {Api} api
 * @param {string} name
 */
function assertDocumented({ registry }, name) {
  const pallet = registry.metadata.pallets.find((p) => stringCamelCase(p.name.toString()) === name);
  assert.ok(pallet, `no pallet ${name}`);
  for (const part of /** @type {const} */ (["calls", "events", "errors"])) {
    const type = pallet[part].unwrapOr(undefined)?.type;
    if (!type) continue;
    for (const item of registry.lookup.getSiType(type).def.asVariant.variants) {
      const docs = item.docs.join(" ").trim();
      assert.ok(docs.length > MIN_DOCS, `${name}.${item.name} (${part}) is not documented`);
    }
  }
}

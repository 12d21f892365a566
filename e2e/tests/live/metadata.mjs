// The metadata and the storage, as a client without custom types meets them.

import assert from "node:assert/strict";
import { stringCamelCase } from "@polkadot/util";
import { storage, storageEntries } from "../../lib/chain/api.mjs";

/** @import { Api } from "../../lib/chain/api.mjs" */
/** @import { Subject } from "./context.mjs" */

const PALLETS = ["operators", "probes", "sla", "escrow", "reputation", "computeOrders"];
/** Shortest documentation in characters. */
const MIN_DOCS = 10;

/** @type {Subject} */
export const metadata = {
  scenarios: ["outage", "lease"],
  define(context) {
    context.test("the metadata documents every call, event and error", async () => {
      for (const pallet of PALLETS) assertDocumented(context.api, pallet);
    });

    context.test("every value in storage decodes", async () => {
      const { api } = context;
      for (const pallet of ["timing", ...PALLETS]) {
        for (const [item, entry] of Object.entries(api.query[pallet] ?? {})) {
          if (item === "palletVersion") continue;
          const { isPlain } = entry.creator.meta.type;
          await (isPlain ? storage(api, pallet, item) : storageEntries(api, pallet, item));
        }
      }
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

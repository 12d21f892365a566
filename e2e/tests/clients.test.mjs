// SPDX-License-Identifier: Apache-2.0
// Clients that nobody here wrote, each used as its documentation says, on a live network of four
// validators with sessions of a minute. `docs/client.md` has the table of what they can do.
//
// CLIENT=papi,python runs some of them. The runner ends the process (`--test-force-exit`): smoldot keeps
// a timer after its end.

import { after, before, describe } from "node:test";
import { ClientsContext, MINUTE } from "./clients/context.mjs";
import { papi } from "./clients/papi.mjs";
import { polkadotJs } from "./clients/polkadot-js.mjs";
import { python } from "./clients/python.mjs";
import { referendum } from "./clients/referendum.mjs";
import { smoldot } from "./clients/smoldot.mjs";
import { staking } from "./clients/staking.mjs";
import { subxt } from "./clients/subxt.mjs";

/**
 * All clients in their order. The calls of staking change the set of validators, and smoldot syncs
 * over that change.
 * @type {Record<string, (context: ClientsContext) => void>}
 */
const CLIENTS = { staking, polkadotJs, papi, python, subxt, smoldot, referendum };

const selected = process.env.CLIENT ? process.env.CLIENT.split(",") : Object.keys(CLIENTS);
const unknown = selected.filter((name) => !(name in CLIENTS));
if (unknown.length > 0) {
  throw new Error(`no client ${unknown}; there are ${Object.keys(CLIENTS).join(", ")}`);
}

// smoldot alone has no change to sync over.
if (selected.includes("smoldot")) selected.push("staking");

const context = new ClientsContext();

before(() => context.start(), { timeout: 5 * MINUTE });
after(() => context.stop(), { timeout: MINUTE });

for (const [name, define] of Object.entries(CLIENTS)) {
  if (selected.includes(name)) describe(name, () => define(context));
}

// SPDX-License-Identifier: Apache-2.0
// Live tests: one network of four validators with real and hostile endpoints, and what the chain
// makes of them, read from finalized blocks. Each subject has a module in `live/`; they run in this
// order.
//
// SUBJECT=leases,audit runs some of them, with the scenarios that they need.

import { after, before, describe } from "node:test";
import { assets } from "./live/assets.mjs";
import { audit } from "./live/audit.mjs";
import { LiveContext, MINUTE } from "./live/context.mjs";
import { gateway } from "./live/gateway.mjs";
import { hostile } from "./live/hostile.mjs";
import { leases } from "./live/leases.mjs";
import { metadata } from "./live/metadata.mjs";
import { node } from "./live/node.mjs";
import { outage } from "./live/outage.mjs";
import { reading } from "./live/reading.mjs";
import { state } from "./live/state.mjs";
import { transactions } from "./live/transactions.mjs";
import { validators } from "./live/validators.mjs";

/** @import { Subject } from "./live/context.mjs" */

/**
 * All subjects in their order: the hostile endpoints are listed while the scenarios begin; a node
 * loses its database at the end.
 * @type {Record<string, Subject>}
 */
const SUBJECTS = {
  metadata,
  hostile,
  validators,
  outage,
  audit,
  leases,
  assets,
  gateway,
  transactions,
  reading,
  state,
  node,
};

const selected = process.env.SUBJECT ? process.env.SUBJECT.split(",") : Object.keys(SUBJECTS);
const unknown = selected.filter((name) => !(name in SUBJECTS));
if (unknown.length > 0) {
  throw new Error(`no subject ${unknown}; there are ${Object.keys(SUBJECTS).join(", ")}`);
}

const needed = new Set(selected.flatMap((name) => [...(SUBJECTS[name].after ?? []), name]));
const scenarios = [...needed].flatMap((name) => SUBJECTS[name].scenarios);
const context = new LiveContext(scenarios);

before(() => context.start(), { timeout: 5 * MINUTE });
after(() => context.stop(), { timeout: MINUTE });

for (const [name, { define }] of Object.entries(SUBJECTS)) {
  if (needed.has(name)) describe(name, () => define(context));
}

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
import { provider } from "./live/provider.mjs";
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
  provider,
  transactions,
  reading,
  state,
  node,
};

/** Subjects that run only if they are named. Installing the engines and models takes CI too long. */
const ON_REQUEST = new Set(process.env.CI ? ["provider"] : []);

const selected = process.env.SUBJECT
  ? process.env.SUBJECT.split(",")
  : Object.keys(SUBJECTS).filter((name) => !ON_REQUEST.has(name));
const unknown = selected.filter((name) => !(name in SUBJECTS));
if (unknown.length > 0) {
  throw new Error(`no subject ${unknown}; there are ${Object.keys(SUBJECTS).join(", ")}`);
}

const needed = new Set(selected.flatMap((name) => [...(SUBJECTS[name].after ?? []), name]));
/** Reasons why this machine cannot run subjects, by name. */
const skipped = new Map(
  [...needed].flatMap((name) => {
    const reason = SUBJECTS[name].whyNot?.();
    return reason ? [[name, reason]] : [];
  }),
);
for (const name of skipped.keys()) needed.delete(name);
const scenarios = [...needed].flatMap((name) => SUBJECTS[name].scenarios);
const context = new LiveContext(scenarios);

if (needed.size > 0) {
  before(() => context.start(), { timeout: 5 * MINUTE });
  after(() => context.stop(), { timeout: MINUTE });
}

for (const [name, { define }] of Object.entries(SUBJECTS)) {
  if (needed.has(name)) describe(name, () => define(context));
  const skip = skipped.get(name);
  if (skip) describe(name, { skip });
}

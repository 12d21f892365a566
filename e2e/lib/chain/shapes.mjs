// SPDX-License-Identifier: Apache-2.0
// Shapes of the chain's data: the one module that reads the answers of the runtime API and the
// fields of events that are enums or structs. `rpc-shapes.mjs` has the JSON of `surety_*`.

import { big } from "./amounts.mjs";
import { runtimeApi } from "./api.mjs";

/** @import { Api, ApiAt, Codec } from "./api.mjs" */

// ------------------------------------------------------------------ targets

/**
 * A listed service or a lease: what probers measure.
 * @typedef {{ service: number } | { lease: number }} Target
 */

/**
 * Target of an event.
 * @param {Record<string, Codec>} fields
 * @returns {Target}
 */
export const targetOf = ({ target }) => target.toJSON();

/**
 * Equality of two targets.
 * @param {Target} a
 * @param {Target} b
 * @returns {boolean}
 */
export const sameTarget = (a, b) => JSON.stringify(a) === JSON.stringify(b);

// ------------------------------------------------------------------ enums

/** Trust levels from the lowest, which is 1. */
export const TRUST_LEVELS = ["One", "Two", "Three", "Four", "Five"];

/**
 * Name of an enum's variant, with a small first letter. polkadot.js has three forms of it in JSON.
 * @param {any} json
 * @returns {string}
 */
export function variant(json) {
  const name = typeof json === "string" ? json : Object.keys(json)[0];
  return name[0].toLowerCase() + name.slice(1);
}

/**
 * Last verdict of a service; `latency` is a bucket.
 * @typedef {{ round: number, verdict: string, latency?: number }} LastVerdict
 */

/**
 * Last verdict of a service or lease.
 * @param {any} last - JSON or null
 * @returns {LastVerdict | undefined}
 */
export function lastVerdictOf(last) {
  if (!last) return undefined;
  const { round, verdict } = last;
  return { round, verdict: variant(verdict), latency: verdict?.up?.latency };
}

// ------------------------------------------------------------------ events

/**
 * @typedef {object} ChainEvent
 * @property {number} block - its number
 * @property {string} hash - of the block
 * @property {string} section - the pallet
 * @property {string} method
 * @property {Record<string, Codec>} data
 */

/**
 * A breach of terms. Indices and the demanded part are shares of a window's price; the rest is in
 * base units.
 * @typedef {object} Breach
 * @property {number} block
 * @property {string} kind - such as `downtime`
 * @property {string} severity - `low` to `critical`
 * @property {bigint} indexBefore
 * @property {bigint} indexAfter
 * @property {bigint} demanded
 * @property {bigint} rate - of all agreements, per block
 * @property {bigint} credited
 * @property {bigint} penalty
 */

/**
 * Breach of an event `sla.Breached`.
 * @param {ChainEvent} event
 * @returns {Breach}
 */
export function breachOf({ block, data }) {
  const breach = data.breach.toJSON();
  return {
    block,
    kind: variant(breach.kind),
    severity: variant(breach.severity),
    indexBefore: big(breach.indexBefore),
    indexAfter: big(breach.indexAfter),
    demanded: big(breach.demanded),
    rate: big(breach.rate),
    credited: big(breach.credited),
    penalty: big(breach.penalty),
  };
}

/**
 * Verdict of an event `probes.VerdictChanged`.
 * @param {ChainEvent} event
 * @returns {{ target: Target, round: number, verdict: string }}
 */
export const changedVerdictOf = ({ data }) => ({
  target: targetOf(data),
  round: data.round.toNumber(),
  verdict: variant(data.to.toJSON()),
});

// ------------------------------------------------------------------ runtime API

/**
 * Position in rounds and windows.
 * @typedef {object} RoundClock
 * @property {number} round
 * @property {number} window
 * @property {number} judgedRound
 * @property {number} roundBlocks
 * @property {number} windowRounds
 * @property {number} slotMs
 */

/**
 * Read the position in rounds and windows.
 * @param {Api | ApiAt} at
 * @returns {Promise<RoundClock>}
 */
export async function readRound(at) {
  const { round, window, judgedRound, roundBlocks, windowRounds, slotMs } = (
    await runtimeApi(at, "round")
  ).toJSON();
  return { round, window, judgedRound, roundBlocks, windowRounds, slotMs };
}

/**
 * Find the id of a network.
 * @param {Api | ApiAt} at
 * @param {string} name
 * @returns {Promise<number>}
 */
export async function networkId(at, name) {
  const networks = /** @type {{ id: number, network: { name: string } }[]} */ (
    (await runtimeApi(at, "networks")).toJSON()
  );
  const text = (/** @type {string} */ hex) => Buffer.from(hex.slice(2), "hex").toString();
  const found = networks.find(({ network }) => text(network.name) === name);
  if (!found) throw new Error(`the chain knows no network "${name}"`);
  return found.id;
}

/**
 * Read the last verdict of every listed service, in few calls: one for each of them would starve
 * the validators.
 * @param {Api | ApiAt} at
 * @returns {Promise<Map<number, LastVerdict | undefined>>} by service id
 */
export async function readLastVerdicts(at) {
  const found = new Map();
  for (let next = null; ; ) {
    /** @type {any} */
    const page = (await runtimeApi(at, "services", {}, next, 128)).toJSON();
    for (const { id, lastVerdict } of page.items) found.set(id, lastVerdictOf(lastVerdict));
    next = page.next;
    if (next === null) return found;
  }
}

/**
 * State of an operator. Amounts in planck, of the bond in SURE.
 * @typedef {object} OperatorState
 * @property {string} name
 * @property {bigint} active
 * @property {bigint} exposure
 * @property {number} score
 * @property {string} trust
 * @property {number} reliability
 * @property {{ score: number, uptime: number, correctness: number, latency: number }} performance
 */

/**
 * Read the state of an operator.
 * @param {ApiAt} at
 * @param {string} name
 * @param {string} address
 * @returns {Promise<OperatorState | undefined>}
 */
export async function readOperator(at, name, address) {
  const info = (await runtimeApi(at, "operator", address)).toJSON();
  if (!info) return undefined;
  const { score, trust, reliability, performance } = info;
  const native = info.bonds.find((/** @type {any} */ bond) => variant(bond.asset) === "native");
  const { active, exposure } = native ?? {};
  const bond = { active: big(active), exposure: big(exposure) };
  return { name, ...bond, score, trust, reliability, performance };
}

/**
 * State of a service or lease. Index and cover are shares of a window's price; amounts are in base
 * units.
 * @typedef {object} ServiceState
 * @property {string} name
 * @property {LastVerdict | undefined} last
 * @property {boolean} active - true if its rows are judged in every round
 * @property {{ blocks: number, through: number } | undefined} meter
 * @property {number} against - rounds of the window against the uptime
 * @property {number} allowance - rounds of the window that the uptime allows
 * @property {bigint} index
 * @property {bigint} cover
 * @property {bigint | undefined} rent - per window
 * @property {bigint} exposure
 * @property {number} units
 * @property {number} capacity
 */

/**
 * Read the state of a service or lease.
 * @param {ApiAt} at
 * @param {string} name
 * @param {Target} target
 * @returns {Promise<ServiceState | undefined>}
 */
export async function readService(at, name, target) {
  if ("service" in target) {
    const detail = (await runtimeApi(at, "service", target.service)).toJSON();
    if (!detail) return undefined;
    const { lastVerdict, units, listing } = detail.service;
    const last = lastVerdictOf(lastVerdict);
    return { name, last, units, capacity: listing.capacity, ...statusOf(detail.status) };
  }
  const [detail, lease] = await Promise.all([
    runtimeApi(at, "leaseDetail", target.lease),
    runtimeApi(at, "lease", target.lease),
  ]);
  if (detail.isNone) return undefined;
  const { listing, status } = detail.toJSON();
  const last = lastVerdictOf(lease.toJSON().lastVerdict);
  return { name, last, units: listing.capacity, capacity: listing.capacity, ...statusOf(status) };
}

/**
 * Live window, credits and exposure of a service or lease.
 * @param {any} status - JSON
 * @returns {Omit<ServiceState, "name" | "last" | "units" | "capacity">}
 */
const statusOf = (status) => ({
  active: status.active,
  meter: status.meter ?? undefined,
  against: status.counters.down + status.counters.stale,
  allowance: status.allowance.downtime,
  index: big(status.index),
  cover: big(status.cover),
  rent: status.rent === null ? undefined : big(status.rent),
  exposure: big(status.exposure),
});

/**
 * State of an agreement. Amounts in base units.
 * @typedef {object} AgreementState
 * @property {number} id
 * @property {number} units
 * @property {bigint} held - rest of the deposit
 * @property {bigint} paid
 * @property {bigint} due - used and not yet paid
 * @property {bigint} owed - credit that is due to the tenant
 * @property {bigint} promised - credit that becomes due as the tenant pays
 * @property {number | undefined} lastRound - of an agreement that ends
 */

/**
 * Read the state of an agreement.
 * @param {ApiAt} at
 * @param {number} id
 * @returns {Promise<AgreementState | undefined>}
 */
export async function readAgreement(at, id) {
  const info = (await runtimeApi(at, "agreement", id)).toJSON();
  if (!info) return undefined;
  return {
    id,
    units: info.units,
    held: big(info.held),
    paid: big(info.paid),
    due: big(info.due),
    owed: big(info.owedCredit),
    promised: big(info.reservedCredit),
    lastRound: info.ending?.round,
  };
}

/**
 * State of a replica of an order. Amounts in base units.
 * @typedef {object} ReplicaState
 * @property {bigint} held
 * @property {string | null} closed - reason of the end
 * @property {LeaseState | undefined} lease
 *
 * @typedef {{ id: number, phase: string, price: bigint, blocksLeft: number }} LeaseState
 */

/**
 * State of an order.
 * @typedef {object} OrderState
 * @property {number} id
 * @property {number | null} bidsUntil - block
 * @property {number} bids - how many there are
 * @property {ReplicaState[]} replicas
 */

/**
 * Read a replica of an order.
 * @param {ApiAt} at
 * @param {any} replica - JSON
 * @returns {Promise<ReplicaState>}
 */
async function readReplica(at, { held, closedReason, lease: leaseId }) {
  const info = leaseId === null ? undefined : (await runtimeApi(at, "lease", leaseId)).toJSON();
  const lease = info && {
    id: info.id,
    phase: variant(info.phase),
    price: big(info.price),
    blocksLeft: info.blocksLeft,
  };
  const closed = closedReason && variant(closedReason);
  return { held: big(held), closed, lease };
}

/**
 * Read the state of an order.
 * @param {ApiAt} at
 * @param {number} id
 * @returns {Promise<OrderState | undefined>}
 */
export async function readOrder(at, id) {
  const info = (await runtimeApi(at, "order", id)).toJSON();
  if (!info) return undefined;
  const bids = (await runtimeApi(at, "bids", id, null, 128)).toJSON().items.length;
  const replicas = await Promise.all(
    info.replicas.map((/** @type {any} */ replica) => readReplica(at, replica)),
  );
  return { id, bidsUntil: info.bidsUntil, bids, replicas };
}

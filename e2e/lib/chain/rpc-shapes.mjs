// JSON of the `surety_*` methods, derived from the answers of the runtime API: every field in
// camelCase, amounts as decimal strings, bytes as text, enums by name. What is shown otherwise has
// a function of its own here.

import { stringCamelCase } from "@polkadot/util";
import { bucketMs } from "./amounts.mjs";
import { TRUST_LEVELS, variant } from "./shapes.mjs";

/** @import { Codec } from "./api.mjs" */

/** @typedef {(value: Codec) => any} Shape Value of the runtime API to JSON. */

/**
 * Codes of the reasons for an end: 1xxx tenant, 2xxx operator, 3xxx network.
 * @type {Record<string, number>}
 */
const CODES = {
  TenantClosed: 1001,
  FundsExhausted: 1002,
  Expired: 1003,
  OperatorClosed: 2001,
  ServiceRetired: 2002,
  Terminated: 2003,
  Unhealthy: 2004,
  NeverReady: 2005,
  Declined: 2006,
  RentUnpaid: 2007,
  Governance: 3001,
  NoBids: 3002,
};

/**
 * Argument of a `surety_*` method as the runtime API takes it.
 * @param {any} arg
 * @returns {any}
 */
export function runtimeArgument(arg) {
  const local = /^local:(\d+)$/.exec(arg?.asset);
  return local ? { ...arg, asset: { Local: Number(local[1]) } } : arg;
}

// ------------------------------------------------------------------ by type

/** @type {Shape} Name of an enum's variant. */
const name = (value) => variant(value.toJSON());

/** @type {Shape} Trust level as a number from 1. */
const level = (value) => TRUST_LEVELS.indexOf(value.type) + 1;

/**
 * Optional value: null if there is none.
 * @param {Codec} value
 * @param {Shape} [shape]
 * @returns {any}
 */
const option = (value, shape = plain) => (value.isSome ? shape(value.unwrap()) : null);

/**
 * Value by its type. A type without a rule is an error, so that no field goes unseen.
 * @param {Codec} value
 * @returns {any}
 */
function plain(value) {
  if (value instanceof Map) return record(value);
  if ("isSome" in value) return option(value);
  if ("isNative" in value) return value.isNative ? "native" : `local:${value.asLocal}`;
  if ("defKeys" in value) return name(value);
  if (Array.isArray(value)) return value.map(plain);
  const type = value.toRawType();
  // Amounts, and shares of a window's price.
  if (type === "u128" || type === "u64") return value.toString();
  if (/^u(8|16|32)$/.test(type)) return value.toNumber();
  if (type === "bool") return value.isTrue;
  if (type === "AccountId") return value.toString();
  if (type === "Bytes" || type === "[u8;2]") return value.toUtf8();
  if (type === "[u8;32]") return value.toHex();
  throw new Error(`no rule for ${type}`);
}

/**
 * All fields of a struct by their types, but for those with a shape in `shapes`.
 * @param {Codec} struct
 * @param {Record<string, Shape>} [shapes] - by field in camelCase
 * @returns {Record<string, any>}
 */
function record(struct, shapes = {}) {
  const keys = /** @type {string[]} */ ([...struct.keys()]);
  const field = (/** @type {string} */ key) => {
    const shown = stringCamelCase(key);
    return [shown, (shapes[shown] ?? plain)(struct.get(key))];
  };
  return Object.fromEntries(keys.map(field));
}

/**
 * All values of an object by their types.
 * @param {Record<string, Codec>} values
 * @returns {Record<string, any>}
 */
const plainAll = (values) =>
  Object.fromEntries(Object.entries(values).map(([key, value]) => [key, plain(value)]));

/** @type {Shape} Upper edge of a latency bucket in whole ms. */
const edge = (bucket) => Math.ceil(Math.floor(1_000 * bucketMs(bucket.toNumber())) / 1_000);

/** @type {(shape: Shape) => Shape} Page of a list. */
const page = (shape) => (struct) =>
  record(struct, { items: (items) => items.map((/** @type {Codec} */ item) => shape(item)) });

// ------------------------------------------------------------------ services

/** @type {Shape} `[round, verdict]`. */
const verdict = ([round, value]) => ({
  round: round.toNumber(),
  verdict: name(value),
  latencyMs: value.isUp ? edge(value.asUp.latency) : null,
});

/** @type {Shape} Terms of a listing or an order. */
const terms = ({ minUptime, maxLatency, maxHeadLag, credit, cover }) => ({
  minUptimePerbill: minUptime.toNumber(),
  maxLatencyMs: edge(maxLatency),
  ...plainAll({ maxHeadLag, credit, cover }),
});

/** @type {Shape} Kind of a service: its class, and the fields of each class. */
const kind = (value) => ({
  class: name(value),
  network: value.isRpc ? plain(value.asRpc.network) : null,
  model: value.isInference ? plain(value.asInference.model) : null,
  key: value.isVpn ? value.asVpn.key.toHex() : null,
});

/** @type {Shape} Status of a listing. */
const status = (value) => ({
  name: name(value),
  at: value.isEnding ? plain(value.asEnding.at) : null,
});

/** @type {Shape} Listing with its state, in one object; `capacity` is the listing's. */
function summary(struct) {
  const { service, capacity, ...known } = record(struct, {
    service: (listing) => record(listing, { kind, status, terms }),
    lastVerdict: (value) => option(value, verdict),
  });
  return { ...known, ...service, resources: capacity };
}

/** @type {Shape} Summary of a window. */
function windowSummary(struct) {
  const { latencyP95, ...shown } = record(struct, { latencyP95: (value) => value });
  // Without any answer there is no latency, and the bucket is the first.
  const none = shown.counters.up === 0 && latencyP95.toNumber() === 0;
  return { ...shown, latencyP95Ms: none ? 0 : edge(latencyP95) };
}

/** @type {Shape} All of a service. */
function detail(struct) {
  const {
    summary: service,
    allowance,
    ...rest
  } = record(struct, {
    summary,
    history: (windows) => windows.map(windowSummary),
    meter: (value) => option(value, ({ blocks, through }) => plainAll({ blocks, through })),
  });
  const [downtime, slow, badData] = allowance;
  return { service, allowance: { downtime, slow, badData }, ...rest };
}

// ------------------------------------------------------------------ agreements, orders, leases

/**
 * End of an agreement or lease.
 * @param {Codec} round
 * @param {Codec} reason
 * @returns {{ round: number, code: number, reason: string }}
 */
const ending = (round, { type }) => ({ round: round.toNumber(), code: CODES[type], reason: type });

/** @type {Shape} Agreement. */
const agreement = (struct) =>
  record(struct, { ending: (value) => option(value, ([round, reason]) => ending(round, reason)) });

/** @type {Shape} Replica of an order; the reason of its end is a code and a name. */
function replica(struct) {
  const { closed: type, ...shown } = record(struct, {
    closed: (value) => option(value, (reason) => reason.type),
  });
  return { ...shown, closedCode: type && CODES[type], closedReason: type };
}

/** @type {Shape} Port of an order, `[container, udp]`. */
const port = ([container, udp]) => ({
  container: plain(container),
  protocol: udp.isTrue ? "udp" : "tcp",
});

/** @type {Shape} Order. */
const order = (struct) =>
  record(struct, {
    ports: (list) => list.map(port),
    minTrust: level,
    terms: (value) => option(value, terms),
    replicas: (list) => list.map(replica),
  });

/** @type {Shape} Phase of a lease by name, and the fields of all phases beside it. */
function phase(value) {
  const none = { fetchUntil: null, readyBy: null, since: null, lastRound: null, ending: null };
  if (value.isStarting) return { ...none, phase: "starting", ...record(value.asStarting) };
  if (value.isRunning) return { ...none, phase: "running", ...record(value.asRunning) };
  const { round, reason } = value.isEnding ? value.asEnding : value.asClosed;
  return { ...none, phase: value.isEnding ? "ending" : "closed", ending: ending(round, reason) };
}

/** @type {Shape} Lease. */
function lease(struct) {
  const { phase: now, ...shown } = record(struct, {
    phase,
    lastVerdict: (value) => option(value, verdict),
  });
  return { ...shown, ...now };
}

// ------------------------------------------------------------------ accounts and the network

/** @type {Shape} Operator or tenant. */
const rated = (struct) => record(struct, { trust: level });

/** @type {Shape} List of `[asset, amount]`. */
const amounts = (list) =>
  list.map((/** @type {[Codec, Codec]} */ [asset, amount]) => plainAll({ asset, amount }));

/** @type {Shape} Network, `[id, network]`. */
const network = ([id, struct]) => ({ id: plain(id), ...record(struct) });

/** @type {Shape} Line of a statement: its kind by name, and the ids that it belongs to. */
function line(struct) {
  const { inner } = struct.get("kind");
  const [id = null, part = null] = inner instanceof Map ? [...inner.values()].map(plain) : [];
  return { ...record(struct), id, part };
}

/**
 * JSON of each `surety_*` method, from the answer of the runtime API's function of that name. The
 * field `rule` of a statement's lines, which is prose, is left out.
 * @type {Record<string, Shape>}
 */
export const RPC_SHAPES = {
  services: page(summary),
  service: (found) => option(found, detail),
  breaches: page(plain),
  agreement: (found) => option(found, agreement),
  agreementsOf: page(agreement),
  operator: (found) => option(found, rated),
  orders: page(order),
  order: (found) => option(found, order),
  bids: page(plain),
  lease: (found) => option(found, lease),
  leasesOf: page(lease),
  tenant: rated,
  networkStatus: (struct) => record(struct, { slashed: amounts, bonded: amounts }),
  statement: (struct) => record(struct, { lines: (lines) => lines.map(line) }),
  round: (struct) => record(struct, { slotMs: (value) => value.toNumber() }),
  networks: (list) => list.map(network),
};

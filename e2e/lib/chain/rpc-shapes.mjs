// SPDX-License-Identifier: Apache-2.0
// JSON of the `surety_*` methods, derived from the answers of the runtime API: every field in
// camelCase, amounts as decimal strings, bytes as text, enums by name. A struct that is flattened
// into another one has a function of its own here.

import { stringCamelCase } from "@polkadot/util";
import { bucketMs } from "./amounts.mjs";
import { TRUST_LEVELS, variant } from "./shapes.mjs";

/** @import { Codec } from "./api.mjs" */

/** @typedef {(value: Codec) => any} Shape Value of the runtime API to JSON. */

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

/** @type {Shape} Number. */
const number = (value) => value.toNumber();

/** @type {Shape} Upper edge of a latency bucket in whole ms. */
const edge = (bucket) => Math.ceil(Math.floor(1_000 * bucketMs(bucket.toNumber())) / 1_000);

/**
 * Optional value: null if there is none.
 * @param {Shape} [shape]
 * @returns {Shape}
 */
const option =
  (shape = plain) =>
  (value) =>
    value.isSome ? shape(value.unwrap()) : null;

/**
 * List.
 * @param {Shape} shape - of an item
 * @returns {Shape}
 */
const list = (shape) => (items) => items.map((/** @type {Codec} */ item) => shape(item));

/**
 * Value by its type. A type without a rule is an error, so that no field goes unseen.
 * @param {Codec} value
 * @returns {any}
 */
function plain(value) {
  if (value instanceof Map) return record()(value);
  if ("isSome" in value) return option()(value);
  if ("isNative" in value) return value.isNative ? "native" : `local:${value.asLocal}`;
  if ("isLease" in value) return { [name(value)]: plain(value.inner) };
  if ("defKeys" in value) return name(value);
  if (Array.isArray(value)) return value.map(plain);
  const type = value.toRawType();
  // Amounts, and shares of a window's price.
  if (type === "u128" || type === "u64") return value.toString();
  if (type === "Perbill" || /^u(8|16|32)$/.test(type)) return value.toNumber();
  if (type === "bool") return value.isTrue;
  if (type === "AccountId" || type === "Text") return value.toString();
  if (type === "Bytes" || type === "[u8;2]") return value.toUtf8();
  if (type === "[u8;32]") return value.toHex();
  throw new Error(`no rule for ${type}`);
}

/**
 * All fields of a struct by their types.
 * @param {Record<string, Shape>} [shapes] - of fields that have another one, by name in camelCase
 * @param {string[]} [flat] - fields whose own fields are shown in their place
 * @returns {Shape}
 */
const record =
  (shapes = {}, flat = []) =>
  (struct) => {
    const shown = (/** @type {string} */ key) => {
      const field = stringCamelCase(key);
      const value = (shapes[field] ?? plain)(struct.get(key));
      return flat.includes(field) ? value : { [field]: value };
    };
    return Object.assign({}, .../** @type {string[]} */ ([...struct.keys()]).map(shown));
  };

/**
 * Enum with fields: the name of the variant, and the fields of that variant.
 * @param {string} tag - field with the name
 * @param {Record<string, Shape>} [shapes] - of fields that have another one than their type's
 * @param {Record<string, string>} [names] - of fields that have another name
 * @returns {Shape}
 */
const tagged =
  (tag, shapes = {}, names = {}) =>
  (value) => {
    const fields = value.inner instanceof Map ? record(shapes)(value.inner) : {};
    const renamed = Object.entries(fields).map(([key, field]) => [names[key] ?? key, field]);
    return { [tag]: name(value), ...Object.fromEntries(renamed) };
  };

/**
 * Page of a list.
 * @param {Shape} shape - of an item
 * @returns {Shape}
 */
const page = (shape) => record({ items: list(shape) });

// ------------------------------------------------------------------ services

/** @type {Shape} Verdict of a round. */
const verdict = record(
  { verdict: tagged("verdict", { latency: edge }, { latency: "latencyMs" }) },
  ["verdict"],
);

/** @type {Shape} Terms of a listing or an order. */
function terms(struct) {
  const { minUptime, maxLatency, ...rest } = record({ maxLatency: edge })(struct);
  return { minUptimePerbill: minUptime, maxLatencyMs: maxLatency, ...rest };
}

/** @type {Shape} Listing of a service or lease. */
const listing = record({ kind: tagged("class"), status: tagged("name"), terms });

/** @type {Shape} Service in a list. */
const summary = record({ listing, unit: tagged("class"), lastVerdict: option(verdict) }, [
  "listing",
]);

/** @type {Shape} Summary of a window. */
function windowSummary(struct) {
  const { latencyP95, ...shown } = record({ latencyP95: (value) => value })(struct);
  // Without any answer there is no latency, and the bucket is the first.
  const none = shown.counters.up === 0 && latencyP95.toNumber() === 0;
  return { ...shown, latencyP95Ms: none ? 0 : edge(latencyP95) };
}

/** @type {Shape} Live window, credits and exposure. */
const status = record({ history: list(windowSummary) });

// ------------------------------------------------------------------ agreements, orders, leases

/** @type {Shape} End of an agreement or lease; the reason is the name of the variant. */
const ending = record({ reason: ({ type }) => type });

/** @type {Shape} Agreement. */
const agreement = record({ ending: option(ending) });

/** @type {Shape} Replica of an order. */
const replica = record({ closedReason: option(({ type }) => type) });

/** @type {Shape} Order. */
const order = record({ minTrust: level, terms: option(terms), replicas: list(replica) });

/** @type {Shape} Lease. */
const lease = record({ phase: tagged("phase", { ending }), lastVerdict: option(verdict) }, [
  "phase",
]);

// ------------------------------------------------------------------ use

/** @type {Shape} Counts of requests and bytes. */
const counts = record({
  requests: number,
  ok: number,
  lost: number,
  slow: number,
  bytes: number,
});

/** @type {Shape} Use of a service or an operator. */
const usage = record({
  windows: list(
    record({ agreed: counts, milliRequestsPerSecond: number, comparison: option(name) }, [
      "agreed",
    ]),
  ),
});

/** @type {Shape} View of one side of an agreement. */
const side = record({ lanes: list(record({ counts }, ["counts"])) });

/** @type {Shape} Use of an agreement. */
const agreementUsage = record({
  maxRequests: number,
  windows: list(record({ agreed: counts, tenant: side, operator: side }, ["agreed"])),
});

// ------------------------------------------------------------------ accounts and the network

/** @type {Shape} Operator or tenant. */
const rated = record({ trust: level });

/** @type {Shape} Line of a statement: its kind, and the ids that it belongs to. */
function line(struct) {
  const ids = { service: "id", agreement: "id", order: "id", index: "part" };
  const kind = tagged("kind", {}, ids);
  // A bid belongs to an order and a service.
  const bid = tagged("kind", {}, { order: "id", service: "part" });
  const shape = struct.get("kind").isBid ? bid : kind;
  return record({ kind: shape }, ["kind"])(struct);
}

/**
 * JSON of each `surety_*` method, from the answer of the runtime API's function of that name.
 * @type {Record<string, Shape>}
 */
export const RPC_SHAPES = {
  services: page(summary),
  service: option(record({ service: summary, status }, ["status"])),
  breaches: page(record({}, ["breach"])),
  agreement: option(agreement),
  agreementsOf: page(agreement),
  agreementsOfService: page(agreement),
  usage: option(usage),
  agreementUsage: option(agreementUsage),
  mayReport: plain,
  probers: plain,
  operator: option(rated),
  orders: page(order),
  order: option(order),
  bids: page(plain),
  lease: option(lease),
  leaseDetail: option(record({ listing, status }, ["status"])),
  leasesOf: page(lease),
  tenant: rated,
  networkStatus: plain,
  statement: record({ lines: list(line) }),
  round: record({ slotMs: number }),
  networks: list(record({}, ["network"])),
};

// What the `surety_*` methods must say, made from the answers of the runtime API: every field of it in
// camelCase, amounts as decimal strings, bytes as text, enums by name, and what is shown otherwise by hand.

import { stringCamelCase } from "@polkadot/util";
import { bucketMs, TRUST_LEVELS } from "./chain.mjs";
import { variant } from "./watch.mjs";

/** Codes of the reasons why something ends: 1xxx tenant, 2xxx operator, 3xxx network. */
const CODES = {
  TenantClosed: 1001, FundsExhausted: 1002, Expired: 1003,
  OperatorClosed: 2001, ServiceRetired: 2002, Terminated: 2003, Unhealthy: 2004, NeverReady: 2005, Declined: 2006, RentUnpaid: 2007,
  Governance: 3001, NoBids: 3002,
};

const name = (value) => variant(value.toJSON());
const level = (value) => TRUST_LEVELS.indexOf(value.type) + 1;
const option = (value, show = plain) => (value.isSome ? show(value.unwrap()) : null);

/** A value as its type is shown. Whatever has no rule here is an error: a field must not go unseen. */
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

/** All fields of a struct but those that are `shown` otherwise. */
function record(struct, shown = {}) {
  const fields = [...struct.keys()].map((key) => [stringCamelCase(key), struct.get(key)]);
  return Object.fromEntries(fields.map(([key, value]) => [key, (shown[key] ?? plain)(value)]));
}

/** Upper edge of a latency bucket in whole ms. */
const edge = (bucket) => Math.ceil(Math.floor(1_000 * bucketMs(bucket.toNumber())) / 1_000);

const verdict = ([round, value]) => ({
  round: round.toNumber(), verdict: name(value), latencyMs: value.isUp ? edge(value.asUp.latency) : null,
});

function terms({ minUptime, maxLatency, maxHeadLag, credit, cover }) {
  return {
    minUptimePerbill: minUptime.toNumber(), maxLatencyMs: edge(maxLatency), ...plainAll({ maxHeadLag, credit, cover }),
  };
}

const plainAll = (values) => Object.fromEntries(Object.entries(values).map(([key, value]) => [key, plain(value)]));

const kind = (value) => ({
  class: name(value),
  network: value.isRpc ? plain(value.asRpc.network) : null,
  model: value.isInference ? plain(value.asInference.model) : null,
  key: value.isVpn ? value.asVpn.key.toHex() : null,
});

const status = (value) => ({ name: name(value), at: value.isEnding ? plain(value.asEnding.at) : null });

/** A listing and what is known of it, side by side; `capacity` is that of the listing. */
function summary(struct) {
  const { service, capacity, ...known } = record(struct, {
    service: (listing) => record(listing, { kind, status, terms }),
    lastVerdict: (value) => option(value, verdict),
  });
  return { ...known, ...service, resources: capacity };
}

function windowSummary(struct) {
  const { latencyP95, ...shown } = record(struct, { latencyP95: (value) => value });
  // Without any answer there is no latency; the bucket is then the first.
  const none = shown.counters.up === 0 && latencyP95.toNumber() === 0;
  return { ...shown, latencyP95Ms: none ? 0 : edge(latencyP95) };
}

function detail(struct) {
  const { summary: service, allowance: [downtime, slow, badData], ...rest } = record(struct, {
    summary,
    history: (windows) => windows.map(windowSummary),
    meter: (value) => option(value, ({ blocks, through }) => plainAll({ blocks, through })),
  });
  return { service, allowance: { downtime, slow, badData }, ...rest };
}

const ending = (round, { type }) => ({ round: round.toNumber(), code: CODES[type], reason: type });

const agreement = (struct) => record(struct, { ending: (value) => option(value, ([round, reason]) => ending(round, reason)) });

const operator = (struct) => record(struct, { trust: level });

const amounts = (list) => list.map(([asset, amount]) => plainAll({ asset, amount }));

/** Why a replica is over comes as a code and in words. */
function replica(struct) {
  const { closed: type, ...shown } = record(struct, { closed: (value) => option(value, (reason) => reason.type) });
  return { ...shown, closedCode: type && CODES[type], closedReason: type };
}

const order = (struct) => record(struct, {
  ports: (list) => list.map(([container, udp]) => ({ container: plain(container), protocol: udp.isTrue ? "udp" : "tcp" })),
  minTrust: level,
  terms: (value) => option(value, terms),
  replicas: (list) => list.map(replica),
});

/** The phase of a lease by name, and beside it what belongs to one phase only. */
function phase(value) {
  const none = { fetchUntil: null, readyBy: null, since: null, lastRound: null, ending: null };
  if (value.isStarting) return { ...none, phase: "starting", ...record(value.asStarting) };
  if (value.isRunning) return { ...none, phase: "running", ...record(value.asRunning) };
  const { round, reason } = value.isEnding ? value.asEnding : value.asClosed;
  return { ...none, phase: value.isEnding ? "ending" : "closed", ending: ending(round, reason) };
}

function lease(struct) {
  const { phase: now, ...shown } = record(struct, { phase, lastVerdict: (value) => option(value, verdict) });
  return { ...shown, ...now };
}

const network = ([id, struct]) => ({ id: plain(id), ...record(struct) });

/** The kind of a line by name, and beside it what it belongs to. Why it is there comes in words, which are not here. */
function line(struct) {
  const [id = null, part = null] = struct.get("kind").inner instanceof Map ? [...struct.get("kind").inner.values()].map(plain) : [];
  return { ...record(struct), id, part };
}

const statement = (struct) => record(struct, { lines: (lines) => lines.map(line) });

const page = (show) => (struct) => record(struct, { items: (items) => items.map((item) => show(item)) });

/** How each method shows what the runtime API's call of that name gives. */
export const VIEWS = {
  services: page(summary),
  service: (found) => option(found, detail),
  breaches: page(plain),
  agreement: (found) => option(found, agreement),
  agreementsOf: page(agreement),
  operator: (found) => option(found, operator),
  orders: page(order),
  order: (found) => option(found, order),
  bids: page(plain),
  lease: (found) => option(found, lease),
  leasesOf: page(lease),
  tenant: (struct) => record(struct, { trust: level }),
  networkStatus: (struct) => record(struct, { slashed: amounts, bonded: amounts }),
  statement,
  round: (struct) => record(struct, { slotMs: (value) => value.toNumber() }),
  networks: (list) => list.map(network),
};

// Talking to the chain through polkadot.js, with the types that its metadata gives and no others.

import { ApiPromise, Keyring, WsProvider } from "@polkadot/api";
import { cryptoWaitReady } from "@polkadot/util-crypto";
import { stringCamelCase } from "@polkadot/util";

/** One SURE in planck. */
export const UNIT = 10n ** 12n;
export const MILLI = UNIT / 1000n;

/** Lease `n` is probed as service 2^31 + n. */
export const LEASES_FROM = 2 ** 31;

/** Trust levels from the lowest, which is 1. */
export const TRUST_LEVELS = ["One", "Two", "Three", "Four", "Five"];

/** Upper edge of a latency bucket in ms: four buckets double it. */
export const bucketMs = (bucket) => 2 ** (bucket / 4);

/** A call that the chain refused, by the name and the documentation of its error. */
class Refused extends Error {
  constructor(call, name, docs) {
    super(`${call} was refused: ${name}${docs ? ` (${docs})` : ""}`);
    this.error = name;
  }
}

/** Connect and wait for the metadata. */
export async function connect(ws) {
  await cryptoWaitReady();
  // The transaction extensions of newer SDKs that polkadot.js does not list carry no data; it says so on the
  // console each time, which is of no use here.
  const warn = console.warn;
  console.warn = () => {};
  try {
    return await ApiPromise.create({ provider: new WsProvider(ws), noInitWarn: true });
  } finally {
    console.warn = warn;
  }
}

const keyring = new Keyring({ type: "sr25519" });
/** Account of a development seed such as `//Alice`. */
export const account = (seed) => keyring.addFromUri(seed);

/** A call with its arguments by name, as the metadata names them; a name too few or too many is an error. */
export function call(api, pallet, name, args = {}) {
  const make = api.tx[pallet]?.[name];
  if (!make) throw new Error(`the chain has no call ${pallet}.${name}`);
  const names = make.meta.args.map((arg) => stringCamelCase(arg.name.toString()));
  const missing = names.filter((n) => !(n in args));
  const unknown = Object.keys(args).filter((n) => !names.includes(n));
  if (missing.length || unknown.length) {
    throw new Error(`${pallet}.${name}(${names.join(", ")}): missing [${missing}], unknown [${unknown}]`);
  }
  return make(...names.map((n) => args[n]));
}

function refusal(api, tx, error) {
  const call = `${tx.method.section}.${tx.method.method}`;
  if (!error.isModule) return new Refused(call, error.toString());
  const { section, name, docs } = api.registry.findMetaError(error.asModule);
  return new Refused(call, `${section}.${name}`, docs.join(" ").trim());
}

/**
 * Sign, send and wait until the block with it is final.
 * Returns that block and the events of the transaction. A refusal throws `Refused`, which has both too.
 */
export function send(api, signer, tx, { timeout = 60_000 } = {}) {
  return new Promise((resolve, reject) => {
    const what = `${tx.method.section}.${tx.method.method}`;
    const timer = setTimeout(() => reject(new Error(`${what}: not final within ${timeout / 1000} s`)), timeout);
    const settle = (end, value) => {
      clearTimeout(timer);
      end(value);
    };
    tx.signAndSend(signer, { nonce: -1 }, ({ status, events, dispatchError, isError }) => {
      if (isError) settle(reject, new Error(`${what}: ${status.type}`));
      if (!status.isFinalized) return;
      // A call that sudo or a batch made reports its failure in an event of theirs.
      const inner = events
        .map(({ event }) => event)
        .find(
          ({ section, method, data }) =>
            (section === "sudo" && method === "Sudid" && data[0].isErr) ||
            (section === "utility" && ["BatchInterrupted", "ItemFailed"].includes(method)),
        );
      const failed = dispatchError ?? (inner && (inner.section === "sudo" ? inner.data[0].asErr : inner.data.at(-1)));
      const outcome = { block: status.asFinalized, events: events.map(({ event }) => event) };
      if (failed) settle(reject, Object.assign(refusal(api, tx, failed), outcome));
      else settle(resolve, outcome);
    }).catch((error) => settle(reject, error));
  });
}

/** The first event of that name, as an object by field name. */
export function eventOf(events, section, method) {
  const event = events.find((e) => e.section === section && e.method === method);
  if (!event) {
    throw new Error(`no event ${section}.${method} among ${events.map((e) => `${e.section}.${e.method}`).join(", ")}`);
  }
  return named(event);
}

/** Fields of an event by name, decoded. */
export function named(event) {
  return Object.fromEntries(event.data.names.map((name, i) => [name, event.data[i]]));
}

/** Numbers come out of JSON as numbers or, if large, as hex. */
export const big = (value) => (value === null || value === undefined ? 0n : BigInt(value.toString()));

/** Planck as SURE, with `digits` decimals. */
export function sure(planck, digits = 4) {
  const value = big(planck);
  const sign = value < 0n ? "-" : "";
  const abs = value < 0n ? -value : value;
  const scale = 10n ** BigInt(12 - digits);
  const rounded = (abs + scale / 2n) / scale;
  const whole = rounded / 10n ** BigInt(digits);
  const part = (rounded % 10n ** BigInt(digits)).toString().padStart(digits, "0");
  return digits ? `${sign}${whole}.${part}` : `${sign}${whole}`;
}

/** Windows' prices as the chain counts them: 1,000,000,000 is the price of one window. */
export const percent = (points) => BigInt(points) * 10_000_000n;
const WINDOW_PRICE = percent(100);

/** Such a share in words: "25 %" of a window's price. */
export const inPercent = (share) => `${Number(big(share)) / Number(percent(1))} %`;

/** `price x share` as an agreement is credited, in base units: rounded down. */
export const creditOf = (price, share) => (price * share) / WINDOW_PRICE;

/** `price x share` as it is reserved and taken, in base units: rounded up. */
export const costOf = (price, share) => (price * share + WINDOW_PRICE - 1n) / WINDOW_PRICE;

/** The smaller one. */
export const least = (a, b) => (a < b ? a : b);

/**
 * Severities that `bad` rounds of a window reach where `allowed` of them are allowed. (Windows are longer than
 * the allowances here.)
 */
export const tiers = (bad, allowed) =>
  Object.entries({ low: 1, medium: 2, high: 5, critical: 10 })
    .filter(([, m]) => bad >= Math.max(allowed * m, allowed + m))
    .map(([severity]) => severity);

/**
 * Call `onBlock({ number, hash, at, events })` for every finalized block, in order, none left out.
 * Returns a function that stops it.
 */
export async function followFinalized(api, onBlock) {
  let next;
  let queue = Promise.resolve();
  let failed;
  const stop = await api.rpc.chain.subscribeFinalizedHeads((head) => {
    queue = queue.then(async () => {
      if (failed) return;
      try {
        const last = head.number.toNumber();
        for (next ??= last; next <= last; next += 1) {
          const hash = await api.rpc.chain.getBlockHash(next);
          const at = await api.at(hash);
          const events = (await at.query.system.events()).map(({ event, phase }) => ({ event, phase }));
          await onBlock({ number: next, hash: hash.toHex(), at, events });
        }
      } catch (error) {
        failed = error;
      }
    });
  });
  return {
    stop: async () => {
      stop();
      await queue;
    },
    failure: () => failed,
  };
}

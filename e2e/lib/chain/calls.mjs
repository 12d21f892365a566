// SPDX-License-Identifier: Apache-2.0
// Transactions: calls by the names of the metadata, sent and followed until their block is final.

import { stringCamelCase } from "@polkadot/util";

/** @import { SubmittableExtrinsic } from "@polkadot/api/types" */
/** @import { Account, Api, Codec } from "./api.mjs" */

/** @typedef {SubmittableExtrinsic<"promise">} Call */
/**
 * The final block of a transaction, and the events of the transaction.
 * @typedef {{ block: Codec, events: Codec[] }} Outcome
 */

/** Refusal of a call by the chain, with the outcome of its transaction. */
export class RefusedCall extends Error {
  /**
   * @param {string} call - such as `sla.settle`
   * @param {string} error - such as `sla.UnknownAgreement`
   * @param {string} docs - documentation of the error in the metadata
   * @param {Outcome} outcome
   */
  constructor(call, error, docs, { block, events }) {
    super(`${call} was refused: ${error}${docs ? ` (${docs})` : ""}`);
    this.error = error;
    this.block = block;
    this.events = events;
  }
}

/**
 * Make a call with its arguments by the names of the metadata. A name too few or too many is an
 * error.
 * @param {Api} api
 * @param {string} pallet
 * @param {string} name
 * @param {Record<string, unknown>} [args]
 * @returns {Call}
 */
export function call(api, pallet, name, args = {}) {
  const make = api.tx[pallet]?.[name];
  if (!make) throw new Error(`the chain has no call ${pallet}.${name}`);
  const names = make.meta.args.map((arg) => stringCamelCase(arg.name.toString()));
  const missing = names.filter((n) => !(n in args));
  const unknown = Object.keys(args).filter((n) => !names.includes(n));
  if (missing.length || unknown.length) {
    const signature = `${pallet}.${name}(${names.join(", ")})`;
    throw new Error(`${signature}: missing [${missing}], unknown [${unknown}]`);
  }
  return make(...names.map((n) => args[n]));
}

/**
 * Make a call that makes several calls, all or none.
 * @param {Api} api
 * @param {Call[]} calls
 * @returns {Call}
 */
export const batch = (api, calls) => call(api, "utility", "batchAll", { calls });

/**
 * Name of a call, such as `sla.settle`.
 * @param {Call} tx
 * @returns {string}
 */
const callName = (tx) => `${tx.method.section}.${tx.method.method}`;

/**
 * The refusal of a call.
 * @param {Api} api
 * @param {Call} tx
 * @param {Codec} error - dispatch error
 * @param {Outcome} outcome
 * @returns {RefusedCall}
 */
function refusal(api, tx, error, outcome) {
  if (!error.isModule) return new RefusedCall(callName(tx), error.toString(), "", outcome);
  const { section, name, docs } = api.registry.findMetaError(error.asModule);
  return new RefusedCall(callName(tx), `${section}.${name}`, docs.join(" ").trim(), outcome);
}

/** Events with the result of a call that another call made, and the place of the result. */
const RESULTS = /** @type {Record<string, number>} */ ({
  "sudo.Sudid": 0,
  "proxy.ProxyExecuted": 0,
  "multisig.MultisigExecuted": 3,
});

/**
 * Error of a transaction. A call that sudo, a proxy, a multisig or a batch makes reports its failure
 * in an event of theirs.
 * @param {Codec[]} events
 * @param {Codec} dispatchError
 * @returns {Codec} undefined if it succeeded
 */
function errorOf(events, dispatchError) {
  if (dispatchError) return dispatchError;
  for (const { section, method, data } of events) {
    const result = data[RESULTS[`${section}.${method}`]];
    if (result?.isErr) return result.asErr;
    const failed = method === "BatchInterrupted" || method === "ItemFailed";
    if (section === "utility" && failed) return data.at(-1);
  }
  return undefined;
}

/**
 * Sign and send a call, and wait until the block with it is final. Rejects with `RefusedCall` if
 * the chain refuses it.
 * @param {Api} api
 * @param {Account} signer
 * @param {Call} tx
 * @param {{ timeout?: number, metadataHash?: string }} [options] - `timeout` in ms; `metadataHash`
 *   in hex, if the signature shall cover it
 * @returns {Promise<Outcome>}
 */
export function send(api, signer, tx, { timeout = 60_000, metadataHash } = {}) {
  const mode = metadataHash ? { mode: 1, metadataHash } : {};
  return new Promise((resolve, reject) => {
    const what = callName(tx);
    const fail = (/** @type {Error} */ error) => {
      clearTimeout(timer);
      reject(error);
    };
    const timer = setTimeout(
      () => fail(new Error(`${what}: not final within ${timeout / 1000} s`)),
      timeout,
    );
    tx.signAndSend(signer, { nonce: -1, ...mode }, (result) => {
      const { status, events: records, dispatchError, internalError, isError } = result;
      if (isError) fail(new Error(`${what}: ${status.type}`));
      if (!status.isFinalized) return;
      // The events could not be read.
      if (internalError) return fail(internalError);
      const events = records.map(({ event }) => event);
      const outcome = { block: status.asFinalized, events };
      const error = errorOf(events, dispatchError);
      if (error) return fail(refusal(api, tx, error, outcome));
      clearTimeout(timer);
      resolve(outcome);
    }).catch(fail);
  });
}

/**
 * Fields of an event by name.
 * @param {Codec} event
 * @returns {Record<string, Codec>}
 */
export function fieldsOf(event) {
  const names = /** @type {string[]} */ (event.data.names);
  return Object.fromEntries(names.map((name, i) => [name, event.data[i]]));
}

/**
 * Fields of the first event of that name. Its absence is an error.
 * @param {Codec[]} events
 * @param {string} section
 * @param {string} method
 * @returns {Record<string, Codec>}
 */
export function eventOf(events, section, method) {
  const event = events.find((e) => e.section === section && e.method === method);
  if (!event) {
    const found = events.map((e) => `${e.section}.${e.method}`).join(", ");
    throw new Error(`no event ${section}.${method} among ${found}`);
  }
  return fieldsOf(event);
}

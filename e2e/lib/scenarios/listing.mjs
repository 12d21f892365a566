// SPDX-License-Identifier: Apache-2.0
// Bond, price and terms that the scenarios share.

import { MILLI, percent, UNIT } from "../chain/amounts.mjs";
import { call } from "../chain/calls.mjs";

/** @import { Api } from "../chain/api.mjs" */
/** @import { Call } from "../chain/calls.mjs" */

/** Bond of every operator, in planck. */
export const BOND = 100n * UNIT;
/** Price per unit and block, in base units. */
export const PRICE = 10n * MILLI;
/**
 * Terms of a listing. In a window of 12 rounds, 90 % allow one bad round: the second is a `Low`
 * breach, the third a `Medium` one and the sixth a `High` one. With seven the service would be
 * ended for cause.
 */
export const TERMS = {
  /** Parts per billion. */
  minUptime: 900_000_000,
  maxLatencyMs: 1_200,
  /** Blocks. */
  maxHeadLag: 8,
  /** By severity, shares of a window's price. */
  credit: [10, 25, 50, 100].map(percent),
  /** Share of a window's price. */
  cover: percent(300),
};
/**
 * Rounds that are billed before an outage begins. Credits are at most what was paid, and those of a
 * `Medium` breach are a quarter of a window's price.
 */
export const PAID_ROUNDS = 4;

/**
 * Make the call `operators.register` with the scenarios' bond.
 * @param {Api} api
 * @param {string} name
 * @param {string} [contact]
 * @returns {Call}
 */
export const register = (api, name, contact = "") =>
  call(api, "operators", "register", { bond: BOND, name, contact });

/**
 * Make the call `operators.listService`, by default with the scenarios' price and terms.
 * @param {Api} api
 * @param {object} listing
 * @param {unknown} listing.kind
 * @param {string} listing.endpoint - URL
 * @param {string} [listing.region]
 * @param {number} [listing.capacity] - units
 * @param {bigint} [listing.price] - per unit and block, in base units
 * @param {unknown} [listing.asset]
 * @param {typeof TERMS} [listing.terms]
 * @returns {Call}
 */
export function listService(api, listing) {
  const { kind, endpoint, region = "DE", capacity = 1, price = PRICE, asset = "Native" } = listing;
  const { terms = TERMS } = listing;
  return call(api, "operators", "listService", {
    kind,
    endpoint,
    region,
    capacity,
    price,
    asset,
    terms,
    metadataHash: new Uint8Array(32),
    metadataUri: "",
  });
}

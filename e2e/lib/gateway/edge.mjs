// SPDX-License-Identifier: Apache-2.0
// Operators behind edges.

import { account } from "../chain/api.mjs";
import { batch, call, eventOf, send } from "../chain/calls.mjs";
import { networkId } from "../chain/shapes.mjs";
import { listService, register } from "../scenarios/listing.mjs";
import { freePorts } from "../system/local.mjs";
import { GatewayProcess } from "./process.mjs";

/** @import { Account, Api } from "../chain/api.mjs" */
/** @import { Call } from "../chain/calls.mjs" */
/** @import { Processes } from "../system/processes.mjs" */

/** Units of each service. */
const CAPACITY = 20;

/**
 * Call that lets a proxy act for an account.
 * @param {Api} api
 * @param {string} delegate - address of the proxy
 * @param {string} proxyType
 * @returns {Call}
 */
export const addProxy = (api, delegate, proxyType) =>
  call(api, "proxy", "addProxy", { delegate, proxyType, delay: 0 });

/**
 * Let an operator register, list a service on each network and name a reporter, and start the edge
 * in front of all its servers.
 * @param {Api} api
 * @param {Processes} processes
 * @param {object} options
 * @param {string} options.name
 * @param {Account} options.operator
 * @param {string} options.reporter - seed of the account whose key the edge has
 * @param {string} options.region
 * @param {Record<string, string>} options.servers - URLs by network
 * @param {string[]} options.flags - of the edge
 * @returns {Promise<{ edge: GatewayProcess, services: Record<string, number> }>} ids by network
 */
export async function listBehindEdge(api, processes, options) {
  const { name, operator, reporter, region, servers, flags } = options;
  const [port] = await freePorts(1);
  const listings = await Promise.all(
    Object.keys(servers).map(async (network) => {
      const kind = { Rpc: { network: await networkId(api, network) } };
      const endpoint = `http://127.0.0.1:${port}/${network}`;
      return listService(api, { kind, endpoint, region, capacity: CAPACITY });
    }),
  );
  const reports = addProxy(api, account(reporter).address, "Report");
  const calls = [register(api, name), ...listings, reports];
  const { events } = await send(api, operator, batch(api, calls));
  const ids = events
    .filter(({ section, method }) => section === "operators" && method === "ServiceListed")
    .map((event) => eventOf([event], "operators", "ServiceListed").service.toNumber());
  const services = Object.fromEntries(Object.keys(servers).map((network, i) => [network, ids[i]]));
  const edge = await GatewayProcess.start(processes, `edge-of-${name}`, {
    role: "edge",
    port,
    env: { SURETY_OPERATOR: reporter },
    flags: ["--operator", operator.address, ...flags],
    config: {
      service: Object.entries(servers).map(([network, backend]) => ({
        id: services[network],
        path: network,
        backend,
      })),
    },
  });
  return { edge, services };
}

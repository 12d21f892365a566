// SPDX-License-Identifier: Apache-2.0
// Client of the chain with PAPI's typed API: reads a service by storage, runtime API and view
// function, and signs a transaction. Arguments: URL of a node, id of a service, secret of the
// signer, text of a remark. Prints JSON.

import { Keyring } from "@polkadot/api";
import { cryptoWaitReady } from "@polkadot/util-crypto";
import { surety } from "@polkadot-api/descriptors";
import { Binary, createClient } from "polkadot-api";
import { getPolkadotSigner } from "polkadot-api/signer";
import { getWsProvider } from "polkadot-api/ws";
import { WebSocket } from "ws";

const [url, id, secret, remark] = process.argv.slice(2);
const service = Number(id);

await cryptoWaitReady();
const pair = new Keyring({ type: "sr25519" }).addFromUri(secret);
const signer = getPolkadotSigner(pair.publicKey, "Sr25519", (message) => pair.sign(message));

const client = createClient(
  getWsProvider(url, { websocketClass: WebSocket as unknown as typeof globalThis.WebSocket }),
);
const api = client.getTypedApi(surety);

const stored = await api.query.Operators.Services.getValue(service);
const answered = await api.apis.SuretyApi.service(service);
if (!stored || !answered) throw new Error(`no service ${service}`);
const { listing } = answered.service;
// Types are those of the chain: a price is a bigint, a kind an enum with data.
const price: bigint = stored.price;
const network: number | undefined =
  stored.kind.type === "Rpc" ? stored.kind.value.network : undefined;
// @ts-expect-error: the chain has no such member.
stored.prize;
// @ts-expect-error: an id is a number.
const wrong = () => api.query.Operators.Services.getValue("0");
void wrong;

const tx = api.tx.System.remark_with_event({ remark: Binary.fromText(remark) });
const { ok, events, block } = await tx.signAndSubmit(signer);

console.log(
  JSON.stringify({
    stored: {
      operator: stored.operator,
      endpoint: Binary.toText(stored.endpoint),
      price: `${price}`,
      network,
    },
    answered: {
      operator: listing.operator,
      endpoint: Binary.toText(listing.endpoint),
      price: `${listing.price}`,
      open: answered.service.open,
    },
    clock: await api.view.Timing.clock(),
    ok,
    block: block.hash,
    events: events.map(({ type, value }) => `${type}.${value.type}`),
  }),
);
client.destroy();

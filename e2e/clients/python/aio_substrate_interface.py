# SPDX-License-Identifier: Apache-2.0
"""Client of the chain with aio-substrate-interface: reads a service, signs a transaction.

Arguments: URL of a node, id of a service, mini-secret of the signer in hex, text of a remark.
Prints JSON.
"""

import asyncio
import json
import sys

import sr25519
from async_substrate_interface import AsyncSubstrateInterface
from scalecodec.utils.ss58 import ss58_encode

SR25519 = 1


class Signer:
    """Key pair as the library wants it: it leaves signatures to its user."""

    crypto_type = SR25519
    ss58_format = 42

    def __init__(self, secret):
        self._pair = sr25519.pair_from_seed(bytes.fromhex(secret.removeprefix("0x")))
        self.public_key = self._pair[0]
        self.ss58_address = ss58_encode(self.public_key, self.ss58_format)

    def sign(self, data):
        message = bytes.fromhex(data[2:]) if isinstance(data, str) else bytes(data)
        return sr25519.sign(self._pair, message)


async def main(url, service, secret, remark):
    async with AsyncSubstrateInterface(url=url, ss58_format=42) as substrate:
        stored = await substrate.query("Operators", "Services", [int(service)])
        answered = await substrate.runtime_call("SuretyApi", "service", [int(service)])
        call = await substrate.compose_call(
            call_module="System",
            call_function="remark_with_event",
            call_params={"remark": remark},
        )
        extrinsic = await substrate.create_signed_extrinsic(call, Signer(secret))
        receipt = await substrate.submit_extrinsic(extrinsic, wait_for_finalization=True)
        events = [record["event"] for record in await receipt.triggered_events]
        print(
            json.dumps(
                {
                    "chain": substrate.chain,
                    "stored": getattr(stored, "value", stored),
                    "answered": getattr(answered, "value", answered),
                    "success": await receipt.is_success,
                    "block": receipt.block_hash,
                    "events": [f"{its['module_id']}.{its['event_id']}" for its in events],
                },
                default=str,
            )
        )


asyncio.run(main(*sys.argv[1:]))

# SPDX-License-Identifier: Apache-2.0
"""Client of the chain with substrate-interface: reads a service, signs a transaction.

Arguments: URL of a node, id of a service, secret of the signer, text of a remark. Prints JSON.
"""

import json
import sys

from substrateinterface import Keypair, SubstrateInterface

url, service, secret, remark = sys.argv[1:]
substrate = SubstrateInterface(url=url)
stored = substrate.query("Operators", "Services", [int(service)])
answered = substrate.runtime_call("SuretyApi", "service", [int(service)])
call = substrate.compose_call(
    call_module="System",
    call_function="remark_with_event",
    call_params={"remark": remark},
)
signer = Keypair.create_from_uri(secret)
extrinsic = substrate.create_signed_extrinsic(call, signer)
receipt = substrate.submit_extrinsic(extrinsic, wait_for_finalization=True)
events = [record.value["event"] for record in receipt.triggered_events]
print(
    json.dumps(
        {
            "chain": substrate.chain,
            "stored": stored.value,
            "answered": answered.value,
            "success": receipt.is_success,
            "block": receipt.block_hash,
            "events": [f"{its['module_id']}.{its['event_id']}" for its in events],
        }
    )
)

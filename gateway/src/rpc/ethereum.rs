// SPDX-License-Identifier: Apache-2.0

//! Methods of Ethereum nodes: the execution API and the `debug`, `trace` and `txpool` namespaces.

use super::{
	BlockHash, json,
	table::{
		BlockArgument::{Range, Tag},
		CachePolicy::{Answer, Forever, Hash, Head},
		Class::{Stateful, Subscribe, Unsubscribe, Write},
		Dispatch::{Broadcast, Maximum, Median, NotNull},
		Known, Method,
		Shape::{Array, Object, Text, TransactionHash},
	},
};
use sp_runtime::traits::{Hash as _, Keccak256};

/// First byte of the RLP list that a transaction of the first kind is.
const LEAST_LIST: u8 = 0xc0;
/// Types of transactions whose hash is that of all their bytes: access lists, fees, set codes.
/// Those with blobs (3) are sent with data that their hash leaves out.
const HASHED_WHOLE: [u8; 3] = [1, 2, 4];

/// Hash of the raw transaction that is the first parameter. `None` if it has no known form.
pub(crate) fn transaction_hash(params: &[u8]) -> Option<BlockHash> {
	let digits = json::plain_string(json::elements(params, 1)?.first()?)?.strip_prefix("0x")?;
	let raw = hex::decode(digits).ok()?;
	let first = *raw.first()?;
	(first >= LEAST_LIST || HASHED_WHOLE.contains(&first)).then(|| Keccak256::hash(&raw).0)
}

/// Tag at a position that every call has.
const fn tag(at: usize) -> super::table::BlockArgument {
	Tag { at, optional: false }
}

/// Tag at a position; the latest block without it.
const fn latest(at: usize) -> super::table::BlockArgument {
	Tag { at, optional: true }
}

const fn read(name: &'static str) -> Method {
	Method::read(name)
}

const fn found(name: &'static str) -> Method {
	Method::read(name).dispatch(NotNull)
}

/// Rows of the table.
pub(super) const METHODS: &[Method] = &[
	// Constants and the state of the node.
	read("eth_chainId").cache(Forever).shape(Text),
	read("net_version").cache(Forever).shape(Text),
	read("web3_sha3").cache(Forever),
	read("web3_clientVersion"),
	read("net_listening"),
	read("net_peerCount"),
	read("eth_syncing"),
	read("eth_accounts"),
	read("eth_protocolVersion"),
	read("eth_blockNumber").dispatch(Median).known(Known::LatestNumber).shape(Text),
	read("rpc_modules"),
	// Prices.
	read("eth_gasPrice").dispatch(Median).cache(Head).shape(Text),
	read("eth_maxPriorityFeePerGas").dispatch(Median).cache(Head).shape(Text),
	read("eth_blobBaseFee").dispatch(Median).cache(Head).shape(Text),
	read("eth_feeHistory").weight(2).at(tag(1)).shape(Object),
	// State.
	read("eth_getBalance").at(latest(1)).shape(Text),
	read("eth_getCode").at(latest(1)).shape(Text),
	read("eth_getStorageAt").at(latest(2)).shape(Text),
	read("eth_getTransactionCount").dispatch(Maximum).at(latest(1)).shape(Text),
	read("eth_getProof").weight(5).at(latest(2)).shape(Object),
	read("eth_call").weight(2).at(latest(1)).shape(Text),
	// Without a block, some nodes estimate on the pending one.
	read("eth_estimateGas").weight(4).at(tag(1)).shape(Text),
	read("eth_createAccessList").weight(4).at(tag(1)),
	read("eth_simulateV1").weight(8).at(latest(1)),
	// Blocks.
	found("eth_getBlockByNumber").at(tag(0)).shape(Object),
	found("eth_getBlockByHash").cache(Hash).shape(Object),
	found("eth_getHeaderByNumber").at(tag(0)),
	found("eth_getHeaderByHash").cache(Hash),
	found("eth_getBlockTransactionCountByNumber").at(tag(0)),
	found("eth_getBlockTransactionCountByHash").cache(Hash),
	found("eth_getUncleCountByBlockNumber").at(tag(0)),
	found("eth_getUncleCountByBlockHash").cache(Hash),
	found("eth_getUncleByBlockNumberAndIndex").at(tag(0)),
	found("eth_getUncleByBlockHashAndIndex").cache(Hash),
	found("eth_getBlockReceipts").weight(8).at(tag(0)).shape(Array),
	// Transactions.
	found("eth_getTransactionByBlockNumberAndIndex").at(tag(0)),
	found("eth_getTransactionByBlockHashAndIndex").cache(Hash),
	found("eth_getTransactionByHash").cache(Answer).shape(Object),
	found("eth_getRawTransactionByHash"),
	found("eth_getTransactionReceipt").cache(Answer).shape(Object),
	Method::new("eth_sendRawTransaction", Write)
		.dispatch(Broadcast)
		.weight(5)
		.shape(TransactionHash),
	Method::new("eth_sendTransaction", Write).weight(5),
	Method::new("eth_sendRawTransactionSync", Write).weight(5),
	Method::new("eth_sign", Write),
	Method::new("eth_signTransaction", Write),
	Method::new("eth_signTypedData_v4", Write),
	// Logs, filters and subscriptions.
	read("eth_getLogs").weight(8).at(Range { at: 0 }).shape(Array),
	Method::new("eth_newFilter", Stateful).weight(2),
	Method::new("eth_newBlockFilter", Stateful),
	Method::new("eth_newPendingTransactionFilter", Stateful),
	Method::new("eth_getFilterChanges", Stateful).weight(2),
	Method::new("eth_getFilterLogs", Stateful).weight(8),
	Method::new("eth_uninstallFilter", Stateful),
	Method::new("eth_subscribe", Subscribe).weight(2),
	Method::new("eth_unsubscribe", Unsubscribe),
	// Pool.
	read("txpool_status"),
	read("txpool_inspect").weight(20),
	read("txpool_content").weight(20),
	read("txpool_contentFrom").weight(5),
	read("eth_pendingTransactions").weight(10),
	// Traces.
	read("debug_traceCall").weight(20).at(latest(1)),
	found("debug_traceTransaction").weight(20),
	found("debug_traceBlockByNumber").weight(40).at(tag(0)),
	found("debug_traceBlockByHash").weight(40).cache(Hash),
	read("debug_getRawHeader").weight(2).at(tag(0)),
	read("debug_getRawBlock").weight(4).at(tag(0)),
	read("debug_getRawReceipts").weight(8).at(tag(0)),
	found("debug_getRawTransaction").weight(2),
	read("trace_call").weight(20).at(latest(2)),
	read("trace_callMany").weight(40).at(latest(1)),
	found("trace_block").weight(20).at(tag(0)),
	found("trace_transaction").weight(20),
	read("trace_filter").weight(40).at(Range { at: 0 }),
	read("trace_rawTransaction").weight(20),
	found("trace_replayTransaction").weight(20),
	found("trace_replayBlockTransactions").weight(40).at(tag(0)),
	found("trace_get").weight(20),
];

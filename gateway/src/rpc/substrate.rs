// SPDX-License-Identifier: Apache-2.0

//! Methods of Substrate nodes: the legacy interface, the groups of the new interface
//! (`chainHead_v1`, `transaction_v1`, `archive_v1`, `chainSpec_v1`) and this chain's own.

use super::table::{
	BlockArgument::{Hash, Number},
	CachePolicy::{self, Forever},
	Class::{Stateful, Subscribe, Unsubscribe, Write},
	Dispatch::{Broadcast, Maximum, NotNull},
	Known, Method,
	Shape::{Object, Text},
};

const fn read(name: &'static str) -> Method {
	Method::read(name)
}

/// Reads the block whose hash is at a position.
const fn state(name: &'static str, at: usize) -> Method {
	Method::read(name).at(Hash { at })
}

const fn found(name: &'static str) -> Method {
	Method::read(name).dispatch(NotNull)
}

const fn subscribe(name: &'static str) -> Method {
	Method::new(name, Subscribe).weight(2)
}

const fn unsubscribe(name: &'static str) -> Method {
	Method::new(name, Unsubscribe)
}

const fn stateful(name: &'static str) -> Method {
	Method::new(name, Stateful)
}

/// Rows of the table.
pub(super) const METHODS: &[Method] = &[
	// Constants and the state of the node.
	read("system_chain").cache(Forever),
	read("system_chainType").cache(Forever),
	read("system_properties").cache(Forever),
	read("system_name"),
	read("system_version"),
	read("system_health"),
	read("system_syncState"),
	read("system_peers"),
	read("system_nodeRoles"),
	read("system_localPeerId"),
	read("system_localListenAddresses"),
	read("rpc_methods"),
	read("chainSpec_v1_chainName").cache(Forever),
	read("chainSpec_v1_genesisHash").cache(Forever),
	read("chainSpec_v1_properties").cache(Forever),
	// Nonces.
	read("system_accountNextIndex").dispatch(Maximum).weight(2),
	read("account_nextIndex").dispatch(Maximum).weight(2),
	// Blocks.
	found("chain_getHeader").at(Hash { at: 0 }).shape(Object),
	found("chain_getBlock").weight(4).at(Hash { at: 0 }).shape(Object),
	found("chain_getBlockHash").at(Number { at: 0 }),
	found("chain_getHead").at(Number { at: 0 }),
	read("chain_getFinalizedHead").known(Known::FinalizedHash).shape(Text),
	read("chain_getFinalisedHead").known(Known::FinalizedHash),
	read("grandpa_roundState"),
	read("grandpa_proveFinality").weight(8),
	read("beefy_getFinalizedHead"),
	read("dev_getBlockStats").weight(20).cache(CachePolicy::Hash),
	// State.
	state("state_getStorage", 1).shape(Text),
	state("state_getStorageAt", 1),
	state("state_getStorageHash", 1),
	state("state_getStorageHashAt", 1),
	state("state_getStorageSize", 1).weight(2),
	state("state_getStorageSizeAt", 1).weight(2),
	state("state_getMetadata", 0).weight(20).shape(Text),
	state("state_getRuntimeVersion", 0).shape(Object),
	state("chain_getRuntimeVersion", 0),
	state("state_getKeys", 1).weight(20),
	state("state_getPairs", 1).weight(40),
	state("state_getKeysPaged", 3).weight(8),
	state("state_getKeysPagedAt", 3).weight(8),
	state("state_queryStorageAt", 1).weight(4),
	read("state_queryStorage").weight(20),
	state("state_call", 2).weight(4).shape(Text),
	state("state_callAt", 2).weight(4),
	state("state_getReadProof", 1).weight(5),
	state("state_getChildReadProof", 2).weight(5),
	read("state_traceBlock").weight(40),
	state("childstate_getStorage", 2),
	state("childstate_getStorageHash", 2),
	state("childstate_getStorageSize", 2).weight(2),
	state("childstate_getStorageEntries", 2).weight(4),
	state("childstate_getKeys", 2).weight(20),
	state("childstate_getKeysPaged", 4).weight(8),
	state("payment_queryInfo", 1).weight(4),
	state("payment_queryFeeDetails", 1).weight(4),
	state("system_dryRun", 1).weight(4),
	// Archive. The hash is required.
	read("archive_v1_body").weight(4).cache(CachePolicy::Hash),
	read("archive_v1_header").cache(CachePolicy::Hash),
	read("archive_v1_call").weight(4).cache(CachePolicy::Hash),
	read("archive_v1_finalizedHeight"),
	read("archive_v1_genesisHash").cache(Forever),
	read("archive_v1_hashByHeight"),
	// Transactions.
	Method::new("author_submitExtrinsic", Write).dispatch(Broadcast).weight(5).shape(Text),
	read("author_pendingExtrinsics").weight(10),
	Method::new("author_insertKey", Write),
	Method::new("author_rotateKeys", Write),
	Method::new("author_removeExtrinsic", Write),
	Method::new("transaction_v1_broadcast", Stateful).weight(5),
	stateful("transaction_v1_stop"),
	// Subscriptions.
	subscribe("chain_subscribeNewHeads"),
	subscribe("chain_subscribeNewHead"),
	subscribe("subscribe_newHead"),
	unsubscribe("chain_unsubscribeNewHeads"),
	unsubscribe("chain_unsubscribeNewHead"),
	unsubscribe("unsubscribe_newHead"),
	subscribe("chain_subscribeAllHeads"),
	unsubscribe("chain_unsubscribeAllHeads"),
	subscribe("chain_subscribeFinalizedHeads"),
	subscribe("chain_subscribeFinalisedHeads"),
	unsubscribe("chain_unsubscribeFinalizedHeads"),
	unsubscribe("chain_unsubscribeFinalisedHeads"),
	subscribe("chain_subscribeRuntimeVersion"),
	unsubscribe("chain_unsubscribeRuntimeVersion"),
	subscribe("state_subscribeRuntimeVersion"),
	unsubscribe("state_unsubscribeRuntimeVersion"),
	subscribe("state_subscribeStorage").weight(4),
	unsubscribe("state_unsubscribeStorage"),
	subscribe("author_submitAndWatchExtrinsic").weight(5),
	unsubscribe("author_unwatchExtrinsic"),
	subscribe("grandpa_subscribeJustifications"),
	unsubscribe("grandpa_unsubscribeJustifications"),
	subscribe("beefy_subscribeJustifications"),
	unsubscribe("beefy_unsubscribeJustifications"),
	subscribe("transactionWatch_v1_submitAndWatch").weight(5),
	unsubscribe("transactionWatch_v1_unwatch"),
	subscribe("archive_v1_storage").weight(8),
	unsubscribe("archive_v1_stopStorage"),
	subscribe("archive_v1_storageDiff").weight(20),
	unsubscribe("archive_v1_storageDiff_stopStorageDiff"),
	// Follows of the chain's head.
	subscribe("chainHead_v1_follow").weight(4),
	unsubscribe("chainHead_v1_unfollow"),
	stateful("chainHead_v1_body").weight(4),
	stateful("chainHead_v1_call").weight(4),
	stateful("chainHead_v1_continue"),
	stateful("chainHead_v1_header"),
	stateful("chainHead_v1_stopOperation"),
	stateful("chainHead_v1_storage").weight(4),
	stateful("chainHead_v1_unpin"),
	// This chain.
	read("surety_*").weight(2),
];

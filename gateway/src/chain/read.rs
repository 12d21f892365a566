// SPDX-License-Identifier: Apache-2.0

//! `surety_*` at a block, in the types of the runtime API.
//!
//! Lists are read to their end within bounds. An entry that cannot be read, such as a kind of
//! service that this version does not know, is left out and counted.

use super::{Head, NodeError, Nodes, NodesError};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json, value::RawValue};
use sp_runtime::AccountId32;
use surety_primitives::{AgreementId, MAX_PAGE, NetworkId, ServiceId};
use surety_runtime_api::{
	AgreementInfo, AgreementUsage, NetworkInfo, OperatorInfo, RoundInfo, RoundProbers,
	ServiceDetail, ServiceSummary,
};

/// Most entries of one list that are taken.
const MAX_ENTRIES: usize = 8_192;
/// Most pages of one list that are asked for; a short page has looked at many entries.
const MAX_PAGES: usize = 256;

/// Entries of a list, and the number of those that could not be read.
#[derive(Debug)]
pub struct Listed<Item> {
	/// Entries.
	pub items: Vec<Item>,
	/// Entries that could not be read.
	pub unreadable: u32,
}

#[derive(Deserialize)]
struct RawPage {
	items: Vec<Box<RawValue>>,
	next: Option<u32>,
}

/// Reader of the state at one block.
#[derive(Clone, Copy)]
pub struct Reader<'a> {
	nodes: &'a Nodes,
	at: Head,
}

impl<'a> Reader<'a> {
	/// Reader of the state at a finalized block.
	pub fn at(nodes: &'a Nodes, at: Head) -> Self {
		Self { nodes, at }
	}

	/// The block.
	pub fn head(&self) -> Head {
		self.at
	}

	/// Read with a method of the node. The parameters must name the block.
	pub async fn ask<T: DeserializeOwned>(
		&self,
		method: &str,
		params: &Value,
	) -> Result<T, NodesError> {
		self.nodes.read(self.at.number, method, params).await
	}

	/// Read a list to its end, within bounds. `of` is the first parameter of the method.
	pub async fn list<Item: DeserializeOwned>(
		&self,
		method: &str,
		of: Value,
	) -> Result<Listed<Item>, NodesError> {
		let mut listed = Listed { items: Vec::new(), unreadable: 0 };
		let mut after: Option<u32> = None;
		for _ in 0..MAX_PAGES {
			let params = json!([of, after, MAX_PAGE, self.at.hash]);
			let page: RawPage = self.ask(method, &params).await?;
			for item in page.items {
				match serde_json::from_str(item.get()) {
					Ok(item) => listed.items.push(item),
					Err(_) => listed.unreadable = listed.unreadable.saturating_add(1),
				}
			}
			// A node that never comes to an end would keep its reader for ever.
			let is_stuck = page.next == after;
			after = page.next;
			if after.is_none() || is_stuck || listed.items.len() >= MAX_ENTRIES {
				break;
			}
		}
		listed.items.truncate(MAX_ENTRIES);
		Ok(listed)
	}

	/// The clock.
	pub async fn round(&self) -> Result<RoundInfo, NodesError> {
		let round: RoundInfo = self.ask("surety_round", &json!([self.at.hash])).await?;
		if round.block != self.at.number || round.round_blocks == 0 || round.window_rounds == 0 {
			let reason = "surety_round: the clock of another block".into();
			return Err(NodesError::Node(NodeError::Malformed(reason)));
		}
		Ok(round)
	}

	/// Networks.
	pub async fn networks(&self) -> Result<Vec<NetworkInfo>, NodesError> {
		self.ask("surety_networks", &json!([self.at.hash])).await
	}

	/// Services of a network, idle and closed ones included.
	pub async fn services_of_network(
		&self,
		network: NetworkId,
	) -> Result<Listed<ServiceSummary<AccountId32>>, NodesError> {
		self.list("surety_services", json!({ "class": "rpc", "network": network })).await
	}

	/// Services of a class without networks.
	pub async fn services_of_class(
		&self,
		class: &str,
	) -> Result<Listed<ServiceSummary<AccountId32>>, NodesError> {
		self.list("surety_services", json!({ "class": class })).await
	}

	/// A service with its live window.
	pub async fn service(
		&self,
		id: ServiceId,
	) -> Result<Option<ServiceDetail<AccountId32>>, NodesError> {
		self.ask("surety_service", &json!([id, self.at.hash])).await
	}

	/// Agreements of a tenant.
	pub async fn agreements_of(
		&self,
		tenant: &AccountId32,
	) -> Result<Listed<AgreementInfo<AccountId32>>, NodesError> {
		self.list("surety_agreementsOf", json!(tenant)).await
	}

	/// Agreements of a service.
	pub async fn agreements_of_service(
		&self,
		service: ServiceId,
	) -> Result<Listed<AgreementInfo<AccountId32>>, NodesError> {
		match self.list("surety_agreementsOfService", json!(service)).await {
			Err(error) if error.is_unknown_method() => {
				tracing::warn!(service, "the chain does not show the agreements of a service");
				Ok(Listed { items: Vec::new(), unreadable: 0 })
			},
			listed => listed,
		}
	}

	/// True if services may be at private addresses: on dev and local networks.
	pub async fn private_endpoints(&self) -> Result<bool, NodesError> {
		let params = json!(["SuretyApi_private_endpoints", "0x", self.at.hash]);
		match self.ask::<String>("state_call", &params).await {
			// A runtime that does not say so is not one of those networks.
			Err(NodesError::Node(NodeError::Refused { .. })) => Ok(false),
			answer => Ok(answer? == "0x01"),
		}
	}

	/// An agreement.
	pub async fn agreement(
		&self,
		id: AgreementId,
	) -> Result<Option<AgreementInfo<AccountId32>>, NodesError> {
		self.ask("surety_agreement", &json!([id, self.at.hash])).await
	}

	/// An operator.
	pub async fn operator(
		&self,
		account: &AccountId32,
	) -> Result<Option<OperatorInfo<AccountId32>>, NodesError> {
		self.ask("surety_operator", &json!([account, self.at.hash])).await
	}

	/// True if an account may report the usage of another, or is that one. A chain without such
	/// proxies knows the account itself only.
	pub async fn may_report(
		&self,
		account: &AccountId32,
		reporter: &AccountId32,
	) -> Result<bool, NodesError> {
		if account == reporter {
			return Ok(true);
		}
		let params = json!([account, reporter, self.at.hash]);
		match self.ask("surety_mayReport", &params).await {
			Err(error) if error.is_unknown_method() => Ok(false),
			answer => answer,
		}
	}

	/// Keys of the probers of the current round, by which their tokens are verified. None on a chain
	/// that does not show them.
	pub async fn probers(&self) -> Result<Vec<[u8; 32]>, NodesError> {
		let params = json!([self.at.hash]);
		match self.ask::<RoundProbers<AccountId32>>("surety_probers", &params).await {
			Err(error) if error.is_unknown_method() => Ok(Vec::new()),
			answer => Ok(answer?.probers.into_iter().map(|prober| prober.key).collect()),
		}
	}

	/// Statements that the chain has of an agreement.
	pub async fn usage(
		&self,
		agreement: AgreementId,
	) -> Result<Option<AgreementUsage<AccountId32>>, NodesError> {
		self.ask("surety_agreementUsage", &json!([agreement, self.at.hash])).await
	}
}

// SPDX-License-Identifier: Apache-2.0

//! Snapshot of the market at a finalized block, for a tenant or for an operator.

use super::{Head, Listed, NodesError, Reader};
use futures::{StreamExt, TryStreamExt, stream};
use sp_core::H256;
use sp_runtime::AccountId32;
use std::{
	collections::{BTreeMap, BTreeSet, HashSet},
	sync::Arc,
	time::{Duration, Instant},
};
use surety_primitives::{
	AgreementId, NetworkId, RoundIndex, ServiceClass, ServiceId, ServiceKind, Target, Verdict,
	WindowIndex, usage::Side,
};
use surety_runtime_api::{
	AgreementInfo, NetworkInfo, RoundInfo, ServiceDetail, ServiceSummary, TargetStatus,
};

/// Calls that are under way at once.
const PARALLEL: usize = 4;
/// Services without an agreement whose live window is read.
const MAX_CANDIDATES: usize = 128;
/// Rounds after which the live window of a service without an agreement is read again.
const CANDIDATE_ROUNDS: u32 = 8;

/// Account whose part of the market is read.
#[derive(Clone, Debug)]
pub enum Subject {
	/// A tenant: its agreements, and what it can buy.
	Tenant {
		/// Account.
		account: AccountId32,
		/// Names of the networks that it wants.
		networks: Vec<String>,
		/// Names of the models that it wants.
		models: Vec<String>,
	},
	/// An operator: its services and their agreements.
	Operator {
		/// Account.
		account: AccountId32,
		/// Services; none is all of them.
		services: Vec<ServiceId>,
	},
}

/// A service.
#[derive(Clone, Debug)]
pub struct ServiceView {
	/// The service as a list shows it.
	pub summary: ServiceSummary<AccountId32>,
	/// Live window, if it was read.
	pub status: Option<TargetStatus>,
	/// Round in which the live window was read.
	pub read_in: RoundIndex,
}

impl ServiceView {
	/// Account of the operator.
	pub fn operator(&self) -> &AccountId32 {
		&self.summary.listing.operator
	}

	/// Endpoint as listed.
	pub fn endpoint(&self) -> String {
		String::from_utf8_lossy(&self.summary.listing.endpoint).into_owned()
	}

	/// Model of an `Inference` service.
	pub fn model(&self) -> Option<String> {
		model_of(&self.summary.listing.kind)
	}

	/// Rounds since the last verdict, if that was `Up`.
	pub fn up_age(&self, round: RoundIndex) -> Option<u32> {
		let last = self.summary.last_verdict?;
		matches!(last.verdict, Verdict::Up { .. }).then(|| round.saturating_sub(last.round))
	}
}

fn model_of(kind: &ServiceKind) -> Option<String> {
	match kind {
		ServiceKind::Inference { model } => Some(String::from_utf8_lossy(model).into_owned()),
		_ => None,
	}
}

/// The market at a finalized block, as one account needs it.
#[derive(Clone, Debug)]
pub struct Market {
	/// Genesis of the chain.
	pub genesis: H256,
	/// Block whose state it is.
	pub head: Head,
	/// Clock at that block.
	pub clock: RoundInfo,
	/// Time at which it was read.
	pub read_at: Instant,
	/// True if services may be at private addresses: on dev and local networks.
	pub private_endpoints: bool,
	/// Networks.
	pub networks: Vec<NetworkInfo>,
	/// Services: of a tenant those that it uses or could buy, of an operator its own.
	pub services: BTreeMap<ServiceId, Arc<ServiceView>>,
	/// Agreements of the account that are about services.
	pub agreements: BTreeMap<AgreementId, AgreementInfo<AccountId32>>,
	/// Names of the operators of the services with agreements.
	pub names: BTreeMap<AccountId32, String>,
	/// sr25519 public keys of the probers, for an operator.
	pub probers: HashSet<[u8; 32]>,
	/// Entries that could not be read.
	pub unreadable: u32,
}

impl Market {
	/// Blocks of a window.
	pub fn window_blocks(&self) -> u32 {
		self.clock.round_blocks.saturating_mul(self.clock.window_rounds.into())
	}

	/// Window at a time, the time since its start, and its length. Between two snapshots it is
	/// counted on by slots, within the window of the last one.
	pub fn window_at(&self, now: Instant) -> (WindowIndex, Duration, Duration) {
		let slot = Duration::from_millis(self.clock.slot_ms);
		let blocks = self.window_blocks();
		let start = self.clock.window.saturating_mul(blocks);
		let passed = slot.saturating_mul(self.head.number.saturating_sub(start));
		let length = slot.saturating_mul(blocks);
		let elapsed = passed.saturating_add(now.saturating_duration_since(self.read_at));
		(self.clock.window, elapsed.min(length), length)
	}

	/// Account of one side of an agreement.
	pub fn party(&self, agreement: AgreementId, side: Side) -> Option<&AccountId32> {
		let agreement = self.agreements.get(&agreement)?;
		match side {
			Side::Tenant => Some(&agreement.tenant),
			Side::Operator => {
				let service = agreement.target.service()?;
				self.services.get(&service).map(|view| view.operator())
			},
		}
	}

	/// First round of the window after the current one.
	pub fn next_window(&self) -> RoundIndex {
		self.clock.window.saturating_add(1).saturating_mul(self.clock.window_rounds.into())
	}

	/// Network of a name.
	pub fn network(&self, name: &str) -> Option<&NetworkInfo> {
		self.networks.iter().find(|info| info.network.name.as_slice() == name.as_bytes())
	}

	/// Name of a network.
	pub fn network_name(&self, id: NetworkId) -> Option<String> {
		let info = self.networks.iter().find(|info| info.id == id)?;
		Some(String::from_utf8_lossy(&info.network.name).into_owned())
	}

	/// Agreements with a service that are not over.
	pub fn agreements_with(
		&self,
		service: ServiceId,
	) -> impl Iterator<Item = &AgreementInfo<AccountId32>> {
		self.agreements.values().filter(move |agreement| {
			agreement.target == Target::Service(service) && self.is_live(agreement)
		})
	}

	/// True if an agreement serves now: its end is not decided, or its last round is not over.
	pub fn is_live(&self, agreement: &AgreementInfo<AccountId32>) -> bool {
		agreement.ending.is_none_or(|ending| ending.round >= self.clock.round)
	}

	/// Name of an operator, or the beginning of its account.
	pub fn operator_name(&self, account: &AccountId32) -> String {
		match self.names.get(account) {
			Some(name) if !name.is_empty() => name.clone(),
			_ => account.to_string().chars().take(10).collect(),
		}
	}
}

/// Read the market at the block of a reader. Of the snapshot before only what changes seldom is
/// taken over.
pub(crate) async fn read_market(
	reader: Reader<'_>,
	genesis: H256,
	subject: &Subject,
	clock: RoundInfo,
	previous: Option<&Market>,
) -> Result<Market, NodesError> {
	let mut market = Market {
		genesis,
		head: reader.head(),
		private_endpoints: false,
		networks: Vec::new(),
		services: BTreeMap::new(),
		agreements: BTreeMap::new(),
		names: BTreeMap::new(),
		probers: HashSet::new(),
		unreadable: 0,
		clock,
		read_at: Instant::now(),
	};
	let is_new_window = previous.is_none_or(|before| before.clock.window != market.clock.window);
	let before = previous.filter(|_| !is_new_window);
	(market.networks, market.private_endpoints) = match before {
		Some(before) => (before.networks.clone(), before.private_endpoints),
		None => (reader.networks().await?, reader.private_endpoints().await?),
	};
	match subject {
		Subject::Tenant { account, networks, models } => {
			market.read_tenant(reader, account, previous).await?;
			market.read_offers(reader, networks, models).await?;
			market.read_windows(reader, previous).await?;
		},
		Subject::Operator { account, services } => {
			market.read_operator(reader, account, services).await?;
			market.probers = reader.probers().await?.into_iter().collect();
		},
	}
	market.read_names(reader, before).await?;
	Ok(market)
}

impl Market {
	fn take<Item>(&mut self, listed: Listed<Item>) -> Vec<Item> {
		self.unreadable = self.unreadable.saturating_add(listed.unreadable);
		listed.items
	}

	fn take_agreements(&mut self, listed: Listed<AgreementInfo<AccountId32>>) {
		let agreements = self.take(listed);
		let of_services = agreements.into_iter().filter(|one| one.target.service().is_some());
		self.agreements.extend(of_services.map(|agreement| (agreement.id, agreement)));
	}

	fn take_service(&mut self, summary: ServiceSummary<AccountId32>) {
		let view = ServiceView { summary, status: None, read_in: 0 };
		self.services.insert(view.summary.id, Arc::new(view));
	}

	fn take_detail(&mut self, detail: ServiceDetail<AccountId32>) {
		let ServiceDetail { service: summary, status } = detail;
		let view = ServiceView { summary, status: Some(status), read_in: self.clock.round };
		self.services.insert(view.summary.id, Arc::new(view));
	}

	async fn read_tenant(
		&mut self,
		reader: Reader<'_>,
		account: &AccountId32,
		previous: Option<&Market>,
	) -> Result<(), NodesError> {
		let listed = reader.agreements_of(account).await?;
		self.take_agreements(listed);
		// An agreement that ends while a list is read in pages could be missed, and would be bought
		// again.
		let missed = previous.into_iter().flat_map(|before| before.agreements.keys());
		let missed: Vec<_> = missed.filter(|id| !self.agreements.contains_key(id)).collect();
		for id in missed {
			if let Some(agreement) = reader.agreement(*id).await? {
				self.agreements.insert(agreement.id, agreement);
			}
		}
		Ok(())
	}

	async fn read_offers(
		&mut self,
		reader: Reader<'_>,
		networks: &[String],
		models: &[String],
	) -> Result<(), NodesError> {
		let ids: Vec<_> =
			networks.iter().filter_map(|name| self.network(name)).map(|info| info.id).collect();
		for id in ids {
			let listed = reader.services_of_network(id).await?;
			self.take(listed).into_iter().for_each(|summary| self.take_service(summary));
		}
		if models.is_empty() {
			return Ok(());
		}
		let listed = reader.services_of_class("inference").await?;
		for summary in self.take(listed) {
			let is_wanted = |model: String| models.contains(&model);
			if model_of(&summary.listing.kind).is_some_and(is_wanted) {
				self.take_service(summary);
			}
		}
		Ok(())
	}

	/// Read the live windows of services with agreements, and of those that can be bought.
	async fn read_windows(
		&mut self,
		reader: Reader<'_>,
		previous: Option<&Market>,
	) -> Result<(), NodesError> {
		let used: BTreeSet<_> =
			self.agreements.values().filter_map(|agreement| agreement.target.service()).collect();
		let mut offers: Vec<_> = self
			.services
			.values()
			.filter(|view| view.summary.open && !used.contains(&view.summary.id))
			.map(|view| (view.summary.listing.price, view.summary.id))
			.collect();
		offers.sort_unstable();
		let mut wanted: Vec<_> = used.into_iter().collect();
		for (_, id) in offers.into_iter().take(MAX_CANDIDATES) {
			match previous.and_then(|before| self.window_before(before, id)) {
				Some(view) => {
					self.services.insert(id, Arc::new(view));
				},
				None => wanted.push(id),
			}
		}
		let details: Vec<_> = stream::iter(wanted)
			.map(|id| reader.service(id))
			.buffer_unordered(PARALLEL)
			.try_collect()
			.await?;
		details.into_iter().flatten().for_each(|detail| self.take_detail(detail));
		Ok(())
	}

	/// Live window of an offer as the snapshot before has it, if that is fresh enough and nothing
	/// was sold or changed since.
	fn window_before(&self, before: &Market, id: ServiceId) -> Option<ServiceView> {
		let old = before.services.get(&id)?;
		let new = self.services.get(&id)?;
		let age = self.clock.round.saturating_sub(old.read_in);
		let is_same =
			old.summary.units == new.summary.units && old.summary.listing == new.summary.listing;
		let is_fresh = before.clock.window == self.clock.window && age < CANDIDATE_ROUNDS;
		let status = old.status.clone().filter(|_| is_same && is_fresh)?;
		Some(ServiceView {
			summary: new.summary.clone(),
			status: Some(status),
			read_in: old.read_in,
		})
	}

	async fn read_operator(
		&mut self,
		reader: Reader<'_>,
		account: &AccountId32,
		services: &[ServiceId],
	) -> Result<(), NodesError> {
		let Some(operator) = reader.operator(account).await? else { return Ok(()) };
		let wanted: Vec<_> = operator
			.services
			.into_iter()
			.filter(|id| services.is_empty() || services.contains(id))
			.collect();
		let parts: Vec<_> = stream::iter(wanted)
			.map(|id| async move {
				let detail = reader.service(id).await?;
				let agreements = reader.agreements_of_service(id).await?;
				Ok::<_, NodesError>((detail, agreements))
			})
			.buffer_unordered(PARALLEL)
			.try_collect()
			.await?;
		for (detail, agreements) in parts {
			if let Some(detail) = detail {
				let is_served = detail.service.listing.kind.class() != ServiceClass::Compute;
				if is_served {
					self.take_detail(detail);
					self.take_agreements(agreements);
				}
			}
		}
		Ok(())
	}

	async fn read_names(
		&mut self,
		reader: Reader<'_>,
		before: Option<&Market>,
	) -> Result<(), NodesError> {
		let used = self.agreements.values().filter_map(|one| one.target.service());
		let operators: BTreeSet<_> = used
			.filter_map(|id| self.services.get(&id))
			.map(|view| view.operator().clone())
			.collect();
		for account in operators {
			let known = before.and_then(|before| before.names.get(&account)).cloned();
			let name = match known {
				Some(name) => name,
				None => match reader.operator(&account).await? {
					Some(operator) => printable(&operator.name),
					None => continue,
				},
			};
			self.names.insert(account, name);
		}
		Ok(())
	}
}

/// Text of the chain without characters that a terminal or a header would act on.
pub(crate) fn printable(text: &[u8]) -> String {
	let text = String::from_utf8_lossy(text);
	text.chars().filter(|c| !c.is_control()).take(64).collect()
}

//! Services.

use super::{
	amount, asset, class,
	resources::CapacityView,
	rounds::{AllowanceView, CountersView, MeterView, VerdictView, WindowView},
	share, text,
};
use sp_core::H256;
use surety_primitives::{NetworkId, Service, ServiceKind, ServiceStatus, SlaTerms};
use surety_runtime::AccountId;
use surety_runtime_api as api;

views! {
	/// What a service sells.
	pub struct KindView {
		/// `rpc`, `compute`, `inference` or `vpn`.
		pub class: &'static str,
		/// Network of an `rpc` service.
		pub network: Option<NetworkId>,
		/// Model of an `inference` service.
		pub model: Option<String>,
		/// ed25519 public key by which the agent of a `vpn` service signs its health.
		pub key: Option<H256>,
	}

	/// Terms of a service.
	pub struct TermsView {
		/// Share of rounds without downtime, in parts of a billion.
		pub min_uptime_perbill: u32,
		/// Slower answers than this are slow.
		pub max_latency_ms: u32,
		/// Blocks an `rpc` service may be behind.
		pub max_head_lag: u32,
		/// Credit for low, medium, high, critical in parts of 1,000,000,000 of the price of one window.
		pub credit: [String; 4],
		/// All that the service can ever credit, in the same parts.
		pub cover: String,
	}

	/// Place of a service in its life.
	pub struct StatusView {
		/// `unproven`, `active`, `paused`, `ending`, or `leased` (the lease of one tenant).
		pub name: &'static str,
		/// Last round that is billed, if it is ending.
		pub at: Option<u32>,
	}

	/// A service as a list shows it.
	pub struct ServiceView {
		/// Id.
		pub id: u32,
		/// Who serves.
		pub operator: AccountId,
		/// What is sold.
		pub kind: KindView,
		/// URL.
		pub endpoint: String,
		/// Where it runs.
		pub region: String,
		/// Units that can be sold.
		pub capacity: u32,
		/// Units sold.
		pub units: u32,
		/// Price per unit and block.
		pub price: String,
		/// Asset of all its amounts.
		pub asset: String,
		/// What is promised.
		pub terms: TermsView,
		/// Hash of the metadata document.
		pub metadata_hash: H256,
		/// Where the metadata document is.
		pub metadata_uri: String,
		/// Place in its life.
		pub status: StatusView,
		/// Score of the operator, 0 to 100.
		pub score: u8,
		/// Whether new units can be bought now.
		pub open: bool,
		/// Last verdict.
		pub last_verdict: Option<VerdictView>,
		/// Resources of a `compute` service, if declared.
		pub resources: Option<CapacityView>,
	}

	/// A service with its live window.
	pub struct ServiceDetailView {
		/// What a list shows of it.
		pub service: ServiceView,
		/// The window being counted.
		pub window: u32,
		/// Its rounds so far.
		pub counters: CountersView,
		/// Bad rounds allowed.
		pub allowance: AllowanceView,
		/// Meter, while it has units.
		pub meter: Option<MeterView>,
		/// Credited so far, in parts of 1,000,000,000 of the price of one window.
		pub index: String,
		/// Left of its cover, in the same parts.
		pub cover: String,
		/// Rent of its slot per window; null while it has no units.
		pub rent: Option<String>,
		/// Bond reserved for it.
		pub exposure: String,
		/// Units that the operator's free bond can still cover.
		pub coverable_units: u32,
		/// Share of good verdicts, 0 to 100.
		pub reliability: u8,
		/// Closed windows, newest last.
		pub history: Vec<WindowView>,
		/// Whether it is probed every round.
		pub hot: bool,
	}
}

impl From<SlaTerms> for TermsView {
	fn from(terms: SlaTerms) -> Self {
		Self {
			min_uptime_perbill: terms.min_uptime.deconstruct(),
			max_latency_ms: terms.max_latency.edge_millis(),
			max_head_lag: terms.max_head_lag,
			credit: terms.credit.map(share),
			cover: share(terms.cover),
		}
	}
}

impl From<ServiceKind> for KindView {
	fn from(kind: ServiceKind) -> Self {
		let network = kind.network();
		let class = class(kind.class());
		let (model, key) = match kind {
			ServiceKind::Inference { model } => (Some(text(&model)), None),
			ServiceKind::Vpn { key } => (None, Some(H256(key))),
			_ => (None, None),
		};
		Self { class, network, model, key }
	}
}

impl From<ServiceStatus> for StatusView {
	fn from(status: ServiceStatus) -> Self {
		let (name, at) = match status {
			ServiceStatus::Unproven => ("unproven", None),
			ServiceStatus::Active => ("active", None),
			ServiceStatus::Paused => ("paused", None),
			ServiceStatus::Ending { at } => ("ending", Some(at)),
			ServiceStatus::Leased => ("leased", None),
		};
		Self { name, at }
	}
}

impl From<api::ServiceSummary<AccountId>> for ServiceView {
	fn from(summary: api::ServiceSummary<AccountId>) -> Self {
		let api::ServiceSummary {
			id,
			service,
			units,
			score,
			open,
			last_verdict,
			capacity: resources,
		} = summary;
		let Service {
			operator,
			kind,
			endpoint,
			region,
			capacity,
			price,
			asset: priced_in,
			terms,
			metadata_hash,
			metadata_uri,
			status,
		} = service;
		Self {
			id,
			operator,
			kind: kind.into(),
			endpoint: text(&endpoint),
			region: text(&region.code()),
			capacity,
			units,
			price: amount(price),
			asset: asset(priced_in),
			terms: terms.into(),
			metadata_hash: metadata_hash.into(),
			metadata_uri: text(&metadata_uri),
			status: status.into(),
			score,
			open,
			last_verdict: last_verdict.map(Into::into),
			resources: resources.map(Into::into),
		}
	}
}

impl From<api::ServiceDetail<AccountId>> for ServiceDetailView {
	fn from(detail: api::ServiceDetail<AccountId>) -> Self {
		let [downtime, slow, bad_data] = detail.allowance;
		Self {
			service: detail.summary.into(),
			window: detail.window,
			counters: detail.counters.into(),
			allowance: AllowanceView { downtime, slow, bad_data },
			meter: detail.meter.map(Into::into),
			index: share(detail.index),
			cover: share(detail.cover),
			rent: detail.rent.map(amount),
			exposure: amount(detail.exposure),
			coverable_units: detail.coverable_units,
			reliability: detail.reliability,
			history: detail.history.into_iter().map(Into::into).collect(),
			hot: detail.hot,
		}
	}
}

//! Compute orders and the bids on them.

use super::{amount, asset, resources::ResourcesView, services::TermsView, text};
use sp_core::H256;
use surety_runtime::AccountId;
use surety_runtime_api as api;

views! {
	/// A port that a container listens on.
	pub struct PortView {
		/// Number.
		pub container: u16,
		/// `tcp` or `udp`.
		pub protocol: &'static str,
	}

	/// A replica of an order.
	pub struct ReplicaView {
		/// Its lease, the last one if it is over; null if it never had one.
		pub lease: Option<u32>,
		/// On hold for it.
		pub held: String,
		/// Why it is over: 1xxx tenant, 2xxx operator, 3xxx network; null while it is not.
		pub closed_code: Option<u16>,
		/// The reason in words.
		pub closed_reason: Option<String>,
	}

	/// A compute order.
	pub struct OrderView {
		/// Id.
		pub id: u32,
		/// Who asks and pays.
		pub tenant: AccountId,
		/// Asset of all amounts.
		pub asset: String,
		/// What each replica needs.
		pub resources: ResourcesView,
		/// Image to run.
		pub image: String,
		/// Digest that the image must have.
		pub digest: Option<H256>,
		/// Ports of the container.
		pub ports: Vec<PortView>,
		/// Commitment to the private environment.
		pub env_hash: Option<H256>,
		/// Most that a replica may cost per billable block.
		pub max_price: String,
		/// Most that a replacement may cost; null for as much as the replica's first lease.
		pub failover_price: Option<String>,
		/// Regions it may run in; empty for any.
		pub regions: Vec<String>,
		/// Least trust level of a bidder, 1 to 5.
		pub min_trust: u8,
		/// Blocks that each replica runs.
		pub duration: u32,
		/// Its own terms; null for those of the bidder's service.
		pub terms: Option<TermsView>,
		/// Whether the best bids are taken at the deadline.
		pub auto_match: bool,
		/// Block in which bids are matched; null if none are taken now.
		pub bids_until: Option<u32>,
		/// Bids that stand.
		pub bids: u32,
		/// Its replicas.
		pub replicas: Vec<ReplicaView>,
	}

	/// A bid.
	pub struct BidView {
		/// Service it offers.
		pub service: u32,
		/// Its operator.
		pub operator: AccountId,
		/// Price per replica and billable block.
		pub price: String,
		/// Replicas it can still take.
		pub left: u8,
		/// Score of the operator, 0 to 100.
		pub score: u8,
		/// What it is ranked by, lowest first.
		pub effective_price: String,
	}
}

impl From<api::ReplicaInfo> for ReplicaView {
	fn from(info: api::ReplicaInfo) -> Self {
		Self {
			lease: info.lease,
			held: amount(info.held),
			closed_code: info.closed.map(|reason| reason.code()),
			closed_reason: info.closed.map(|reason| format!("{reason:?}")),
		}
	}
}

impl From<api::OrderInfo<AccountId>> for OrderView {
	fn from(info: api::OrderInfo<AccountId>) -> Self {
		let port =
			|(container, udp)| PortView { container, protocol: if udp { "udp" } else { "tcp" } };
		Self {
			id: info.id,
			tenant: info.tenant,
			asset: asset(info.asset),
			resources: info.resources.into(),
			image: text(&info.image),
			digest: info.digest.map(Into::into),
			ports: info.ports.into_iter().map(port).collect(),
			env_hash: info.env_hash.map(Into::into),
			max_price: amount(info.max_price),
			failover_price: info.failover_price.map(amount),
			regions: info.regions.iter().map(|region| text(&region.code())).collect(),
			min_trust: super::level(info.min_trust),
			duration: info.duration,
			terms: info.terms.map(Into::into),
			auto_match: info.auto_match,
			bids_until: info.bids_until,
			bids: info.bids,
			replicas: info.replicas.into_iter().map(Into::into).collect(),
		}
	}
}

impl From<api::BidInfo<AccountId>> for BidView {
	fn from(info: api::BidInfo<AccountId>) -> Self {
		Self {
			service: info.service,
			operator: info.operator,
			price: amount(info.price),
			left: info.left,
			score: info.score,
			effective_price: amount(info.effective_price),
		}
	}
}

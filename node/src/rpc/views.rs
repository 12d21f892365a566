//! What the `surety_*` methods take and give, as JavaScript likes it: camelCase, amounts as decimal strings
//! (they pass 2^53), bytes as text, shares of a billion as integers.

use serde::{Deserialize, Serialize};
use sp_core::H256;
use surety_primitives::{
	AssetId, Balance, BreachKind, Counters, LatencyBucket, MeterReading, Network, NetworkId, Protocol,
	Region, Service, ServiceClass, ServiceKind, ServiceStatus, Severity, TrustLevel, Verdict, WindowSummary,
};
use surety_runtime::AccountId;
use surety_runtime_api as api;

fn text(bytes: &[u8]) -> String {
	String::from_utf8_lossy(bytes).into_owned()
}

fn amount(balance: Balance) -> String {
	balance.to_string()
}

/// `native` or `local:7`.
fn asset(asset: AssetId) -> String {
	match asset {
		AssetId::Native => "native".into(),
		AssetId::Local(id) => format!("local:{id}"),
	}
}

fn parse_asset(text: &str) -> Option<AssetId> {
	match text.split_once(':') {
		None if text == "native" => Some(AssetId::Native),
		Some(("local", id)) => id.parse().ok().map(AssetId::Local),
		_ => None,
	}
}

fn class(class: ServiceClass) -> &'static str {
	match class {
		ServiceClass::Rpc => "rpc",
		ServiceClass::Compute => "compute",
		ServiceClass::Inference => "inference",
		ServiceClass::Vpn => "vpn",
	}
}

fn parse_class(text: &str) -> Option<ServiceClass> {
	[ServiceClass::Rpc, ServiceClass::Compute, ServiceClass::Inference, ServiceClass::Vpn]
		.into_iter()
		.find(|candidate| class(*candidate) == text)
}

fn severity(severity: Severity) -> &'static str {
	match severity {
		Severity::Low => "low",
		Severity::Medium => "medium",
		Severity::High => "high",
		Severity::Critical => "critical",
	}
}

fn kind(kind: BreachKind) -> &'static str {
	match kind {
		BreachKind::Downtime => "downtime",
		BreachKind::Slow => "slow",
		BreachKind::BadData => "badData",
		BreachKind::Misbehaviour => "misbehaviour",
	}
}

fn trust(level: TrustLevel) -> u8 {
	match level {
		TrustLevel::One => 1,
		TrustLevel::Two => 2,
		TrustLevel::Three => 3,
		TrustLevel::Four => 4,
		TrustLevel::Five => 5,
	}
}

/// What services to list. Everything left out is any.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Filter {
	/// `rpc`, `compute`, `inference` or `vpn`.
	pub class: Option<String>,
	/// Network of an `rpc` service.
	pub network: Option<NetworkId>,
	/// Two capital letters, ISO 3166-1.
	pub region: Option<String>,
	/// `native` or `local:7`.
	pub asset: Option<String>,
	/// Highest price per unit and block, decimal, in base units of the asset.
	pub max_price: Option<String>,
	/// Lowest score of the operator, 0 to 100.
	pub min_score: Option<u8>,
	/// Only services that take new units now.
	pub open_only: bool,
}

impl TryFrom<Filter> for api::ServiceFilter {
	type Error = String;

	fn try_from(filter: Filter) -> Result<Self, String> {
		fn parse<T>(
			field: &str,
			text: Option<String>,
			parse: impl Fn(&str) -> Option<T>,
		) -> Result<Option<T>, String> {
			text.map(|text| parse(&text).ok_or_else(|| format!("{field}: cannot read {text:?}"))).transpose()
		}
		Ok(Self {
			class: parse("class", filter.class, parse_class)?,
			network: filter.network,
			region: parse("region", filter.region, |r| Region::new(r.as_bytes().try_into().ok()?))?,
			asset: parse("asset", filter.asset, parse_asset)?,
			max_price: parse("maxPrice", filter.max_price, |price| price.parse().ok())?,
			min_score: filter.min_score,
			open_only: filter.open_only,
		})
	}
}

macro_rules! views {
	($($(#[$doc:meta])* pub struct $name:ident { $($(#[$field_doc:meta])* pub $field:ident: $type:ty,)* })*) => {
		$(
			$(#[$doc])*
			#[derive(Clone, Debug, Serialize)]
			#[serde(rename_all = "camelCase")]
			pub struct $name { $($(#[$field_doc])* pub $field: $type,)* }
		)*
	};
}

/// One page of a list.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Page<Item> {
	/// The entries.
	pub items: Vec<Item>,
	/// `startAfter` of the next page; null at the end.
	pub next: Option<u32>,
}

impl<Item> Page<Item> {
	/// The page with its entries as views.
	pub fn of<From>(page: api::Page<From>, view: impl Fn(From) -> Item) -> Self {
		Self { items: page.items.into_iter().map(view).collect(), next: page.next }
	}
}

views! {
	/// What a service sells.
	pub struct KindView {
		/// `rpc`, `compute`, `inference` or `vpn`.
		pub class: &'static str,
		/// Network of an `rpc` service.
		pub network: Option<NetworkId>,
		/// Model of an `inference` service.
		pub model: Option<String>,
	}

	/// Terms of a service.
	pub struct TermsView {
		/// Share of rounds without downtime, in parts of a billion.
		pub min_uptime_perbill: u32,
		/// Slower answers than this are slow.
		pub max_latency_ms: u32,
		/// Blocks an `rpc` service may be behind.
		pub max_head_lag: u32,
		/// Credit per unit for low, medium, high, critical.
		pub credit: [String; 4],
		/// All that one unit can ever be credited.
		pub credit_cap: String,
	}

	/// Place of a service in its life.
	pub struct StatusView {
		/// `unproven`, `active`, `paused` or `ending`.
		pub name: &'static str,
		/// Last round that is billed, if it is ending.
		pub at: Option<u32>,
	}

	/// What the chain decided for a service and round.
	pub struct VerdictView {
		/// Which round.
		pub round: u32,
		/// `up`, `down`, `bad`, `stale`, `unclear`, `unmeasured` or `excused`.
		pub verdict: &'static str,
		/// Median latency of `up`, rounded up to its bucket's edge.
		pub latency_ms: Option<u32>,
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
	}

	/// Rounds by verdict.
	pub struct CountersView {
		/// Answered right.
		pub up: u16,
		/// No usable answer.
		pub down: u16,
		/// Wrong answer.
		pub bad: u16,
		/// Too far behind.
		pub stale: u16,
		/// Probers disagreed.
		pub unclear: u16,
		/// Too few reports.
		pub unmeasured: u16,
		/// Not counted.
		pub excused: u16,
		/// Part of `up` that was slow.
		pub slow: u16,
	}

	/// Bad rounds that the terms allow a window.
	pub struct AllowanceView {
		/// Down or stale.
		pub downtime: u16,
		/// Slow or unclear.
		pub slow: u16,
		/// Wrong.
		pub bad_data: u16,
	}

	/// Meter of a service with units.
	pub struct MeterView {
		/// Billable blocks so far.
		pub blocks: u32,
		/// Last round in it.
		pub through: u32,
	}

	/// A closed window.
	pub struct WindowView {
		/// Which one.
		pub window: u32,
		/// Rounds by verdict.
		pub counters: CountersView,
		/// 95th percentile of latency.
		pub latency_p95_ms: u32,
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
		/// Credited per unit so far.
		pub index: String,
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

	/// How an agreement ends.
	pub struct EndingView {
		/// After this round.
		pub round: u32,
		/// Reason: 1xxx tenant, 2xxx operator, 3xxx network.
		pub code: u16,
		/// The reason in words.
		pub reason: String,
	}

	/// An agreement.
	pub struct AgreementView {
		/// Id.
		pub id: u32,
		/// Who pays.
		pub tenant: AccountId,
		/// What for.
		pub service: u32,
		/// Units.
		pub units: u32,
		/// Asset of all amounts.
		pub asset: String,
		/// Price per billable block.
		pub rate: String,
		/// Block it was opened in.
		pub opened_at: u32,
		/// Deposit still on hold.
		pub held: String,
		/// Paid so far.
		pub paid: String,
		/// Due and not yet paid.
		pub due: String,
		/// Billable blocks that the deposit still pays for.
		pub blocks_left: u32,
		/// Credit owed to the tenant.
		pub owed_credit: String,
		/// Its end, if that is decided.
		pub ending: Option<EndingView>,
	}

	/// Amount of an asset.
	pub struct AmountView {
		/// `native` or `local:7`.
		pub asset: String,
		/// Base units.
		pub amount: String,
	}

	/// Bond of an operator in one asset.
	pub struct BondView {
		/// `native` or `local:7`.
		pub asset: String,
		/// Slashable and reservable.
		pub active: String,
		/// Reserved for services.
		pub exposure: String,
		/// Waiting to be withdrawn.
		pub unbonding: String,
	}

	/// Performance score with its parts, each 0 to 100.
	pub struct PerformanceView {
		/// The score.
		pub score: u8,
		/// Uptime against 99.9 %.
		pub uptime: u8,
		/// Correctness against 99 %.
		pub correctness: u8,
		/// Latency against 250 ms.
		pub latency: u8,
	}

	/// An operator.
	pub struct OperatorView {
		/// Account.
		pub account: AccountId,
		/// Display name.
		pub name: String,
		/// Contact.
		pub contact: String,
		/// Whether its services take new units.
		pub active: bool,
		/// Bonds by asset.
		pub bonds: Vec<BondView>,
		/// Its services.
		pub services: Vec<u32>,
		/// Score, 0 to 100.
		pub score: u8,
		/// Trust level, 1 to 5.
		pub trust: u8,
		/// Reliability score, 0 to 100.
		pub reliability: u8,
		/// Performance score.
		pub performance: PerformanceView,
	}

	/// The chain at a glance.
	pub struct NetworkStatusView {
		/// Registered operators.
		pub operators: u32,
		/// Of them active.
		pub active: u32,
		/// Listed services.
		pub services: u32,
		/// Of them with units.
		pub hot: u32,
		/// Slashed so far.
		pub slashed: Vec<AmountView>,
		/// Bonded now.
		pub bonded: Vec<AmountView>,
		/// Mean score of operators, 0 to 100.
		pub average_score: u8,
		/// Last round judged.
		pub judged_round: u32,
	}

	/// The clock.
	pub struct RoundView {
		/// Block.
		pub block: u32,
		/// Its round.
		pub round: u32,
		/// Its window.
		pub window: u32,
		/// Blocks of a round.
		pub round_blocks: u32,
		/// Rounds of a window.
		pub window_rounds: u16,
		/// Milliseconds of a slot.
		pub slot_ms: u64,
		/// Last round judged.
		pub judged_round: u32,
	}

	/// A network that `rpc` services serve.
	pub struct NetworkView {
		/// Id.
		pub id: NetworkId,
		/// Name, as in `--anchor NAME=URL`.
		pub name: String,
		/// `ethereum` or `substrate`.
		pub protocol: &'static str,
		/// Whether it is this very chain's.
		pub own: bool,
		/// Its listed anchors.
		pub anchors: Vec<String>,
	}

	/// A breach with the numbers that explain it.
	pub struct BreachView {
		/// Place in the service's history.
		pub number: u32,
		/// Window it happened in.
		pub window: u32,
		/// Round that made the counter pass the tier.
		pub round: u32,
		/// `downtime`, `slow`, `badData` or `misbehaviour`.
		pub kind: &'static str,
		/// Tier before, in the same window and kind.
		pub before: Option<&'static str>,
		/// `low`, `medium`, `high` or `critical`.
		pub severity: &'static str,
		/// Rounds at that time.
		pub counters: CountersView,
		/// Bad rounds allowed.
		pub allowance: u16,
		/// Multiplier for repeated breaches.
		pub multiplier: u8,
		/// Units that were credited.
		pub units: u32,
		/// Credit index before.
		pub index_before: String,
		/// Credit index after.
		pub index_after: String,
		/// Moved from bond to credits.
		pub credited: String,
		/// Moved from bond to treasury.
		pub penalty: String,
	}
}

impl From<ServiceKind> for KindView {
	fn from(kind: ServiceKind) -> Self {
		let network = kind.network();
		let class = class(kind.class());
		let model = match kind {
			ServiceKind::Inference { model } => Some(text(&model)),
			_ => None,
		};
		Self { class, network, model }
	}
}

impl From<ServiceStatus> for StatusView {
	fn from(status: ServiceStatus) -> Self {
		let (name, at) = match status {
			ServiceStatus::Unproven => ("unproven", None),
			ServiceStatus::Active => ("active", None),
			ServiceStatus::Paused => ("paused", None),
			ServiceStatus::Ending { at } => ("ending", Some(at)),
		};
		Self { name, at }
	}
}

impl From<(u32, Verdict)> for VerdictView {
	fn from((round, verdict): (u32, Verdict)) -> Self {
		let (verdict, latency_ms) = match verdict {
			Verdict::Up { latency } => ("up", Some(latency.edge_millis())),
			Verdict::Down => ("down", None),
			Verdict::Bad => ("bad", None),
			Verdict::Stale => ("stale", None),
			Verdict::Unclear => ("unclear", None),
			Verdict::Unmeasured => ("unmeasured", None),
			Verdict::Excused => ("excused", None),
		};
		Self { round, verdict, latency_ms }
	}
}

impl From<Counters> for CountersView {
	fn from(counters: Counters) -> Self {
		let Counters { up, down, bad, stale, unclear, unmeasured, excused, slow } = counters;
		Self { up, down, bad, stale, unclear, unmeasured, excused, slow }
	}
}

impl From<WindowSummary> for WindowView {
	fn from(summary: WindowSummary) -> Self {
		let no_answer = summary.counters.up == 0 && summary.latency_p95 == LatencyBucket::default();
		Self {
			window: summary.window,
			counters: summary.counters.into(),
			latency_p95_ms: if no_answer { 0 } else { summary.latency_p95.edge_millis() },
		}
	}
}

impl From<MeterReading> for MeterView {
	fn from(meter: MeterReading) -> Self {
		Self { blocks: meter.blocks, through: meter.through }
	}
}

impl From<api::ServiceSummary<AccountId>> for ServiceView {
	fn from(summary: api::ServiceSummary<AccountId>) -> Self {
		let api::ServiceSummary { id, service, units, score, open, last_verdict } = summary;
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
			terms: TermsView {
				min_uptime_perbill: terms.min_uptime.deconstruct(),
				max_latency_ms: terms.max_latency.edge_millis(),
				max_head_lag: terms.max_head_lag,
				credit: terms.credit.map(amount),
				credit_cap: amount(terms.credit_cap),
			},
			metadata_hash: metadata_hash.into(),
			metadata_uri: text(&metadata_uri),
			status: status.into(),
			score,
			open,
			last_verdict: last_verdict.map(Into::into),
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
			index: amount(detail.index),
			exposure: amount(detail.exposure),
			coverable_units: detail.coverable_units,
			reliability: detail.reliability,
			history: detail.history.into_iter().map(Into::into).collect(),
			hot: detail.hot,
		}
	}
}

impl From<api::AgreementInfo<AccountId>> for AgreementView {
	fn from(info: api::AgreementInfo<AccountId>) -> Self {
		Self {
			id: info.id,
			tenant: info.tenant,
			service: info.service,
			units: info.units,
			asset: asset(info.asset),
			rate: amount(info.rate),
			opened_at: info.opened_at,
			held: amount(info.held),
			paid: amount(info.paid),
			due: amount(info.due),
			blocks_left: info.blocks_left,
			owed_credit: amount(info.owed_credit),
			ending: info.ending.map(|(round, reason)| EndingView {
				round,
				code: reason.code(),
				reason: format!("{reason:?}"),
			}),
		}
	}
}

impl From<api::OperatorInfo<AccountId>> for OperatorView {
	fn from(info: api::OperatorInfo<AccountId>) -> Self {
		let api::Performance { score, uptime, correctness, latency } = info.performance;
		Self {
			account: info.account,
			name: text(&info.name),
			contact: text(&info.contact),
			active: info.active,
			bonds: info
				.bonds
				.into_iter()
				.map(|bond| BondView {
					asset: asset(bond.asset),
					active: amount(bond.active),
					exposure: amount(bond.exposure),
					unbonding: amount(bond.unbonding),
				})
				.collect(),
			services: info.services,
			score: info.score,
			trust: trust(info.trust),
			reliability: info.reliability,
			performance: PerformanceView { score, uptime, correctness, latency },
		}
	}
}

impl From<api::NetworkStatus> for NetworkStatusView {
	fn from(status: api::NetworkStatus) -> Self {
		let amounts = |amounts: Vec<(AssetId, Balance)>| {
			amounts
				.into_iter()
				.map(|(of, sum)| AmountView { asset: asset(of), amount: amount(sum) })
				.collect()
		};
		Self {
			operators: status.operators,
			active: status.active,
			services: status.services,
			hot: status.hot,
			slashed: amounts(status.slashed),
			bonded: amounts(status.bonded),
			average_score: status.average_score,
			judged_round: status.judged_round,
		}
	}
}

impl From<api::RoundInfo> for RoundView {
	fn from(info: api::RoundInfo) -> Self {
		let api::RoundInfo { block, round, window, round_blocks, window_rounds, slot_ms, judged_round } =
			info;
		Self { block, round, window, round_blocks, window_rounds, slot_ms, judged_round }
	}
}

impl From<(NetworkId, Network)> for NetworkView {
	fn from((id, network): (NetworkId, Network)) -> Self {
		Self {
			id,
			name: text(&network.name),
			protocol: match network.protocol {
				Protocol::Ethereum => "ethereum",
				Protocol::Substrate => "substrate",
			},
			own: network.own,
			anchors: network.anchors.iter().map(|anchor| text(anchor)).collect(),
		}
	}
}

impl From<api::BreachInfo> for BreachView {
	fn from(info: api::BreachInfo) -> Self {
		Self {
			number: info.number,
			window: info.window,
			round: info.round,
			kind: kind(info.kind),
			before: info.before.map(severity),
			severity: severity(info.severity),
			counters: info.counters.into(),
			allowance: info.allowance,
			multiplier: info.multiplier,
			units: info.units,
			index_before: amount(info.index_before),
			index_after: amount(info.index_after),
			credited: amount(info.credited),
			penalty: amount(info.penalty),
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	fn filter(json: &str) -> Result<api::ServiceFilter, String> {
		serde_json::from_str::<Filter>(json).map_err(|e| e.to_string())?.try_into()
	}

	#[test]
	fn a_filter_reads_every_field() {
		assert_eq!(filter("{}").unwrap(), api::ServiceFilter::default());
		let full = filter(
			r#"{"class":"rpc","network":3,"region":"DE","asset":"local:7",
			"maxPrice":"340282366920938463463374607431768211455","minScore":40,"openOnly":true}"#,
		);
		assert_eq!(
			full.unwrap(),
			api::ServiceFilter {
				class: Some(ServiceClass::Rpc),
				network: Some(3),
				region: Region::new(*b"DE"),
				asset: Some(AssetId::Local(7)),
				max_price: Some(u128::MAX),
				min_score: Some(40),
				open_only: true,
			}
		);
	}

	#[test]
	fn a_filter_that_cannot_be_read_says_which_field() {
		for (json, field) in [
			(r#"{"class":"RPC"}"#, "class"),
			(r#"{"region":"de"}"#, "region"),
			(r#"{"region":"DEU"}"#, "region"),
			(r#"{"asset":"local"}"#, "asset"),
			(r#"{"maxPrice":"-1"}"#, "maxPrice"),
			(r#"{"colour":"red"}"#, "colour"),
		] {
			let error = filter(json).unwrap_err();
			assert!(error.contains(field), "{json}: {error}");
		}
	}

	#[test]
	fn amounts_survive_javascript() {
		let view = BondView {
			asset: asset(AssetId::Native),
			active: amount(u128::MAX),
			exposure: amount(0),
			unbonding: amount(1),
		};
		assert_eq!(
			serde_json::to_value(view).unwrap(),
			serde_json::json!({
				"asset": "native",
				"active": "340282366920938463463374607431768211455",
				"exposure": "0",
				"unbonding": "1",
			})
		);
	}
}

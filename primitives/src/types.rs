//! The words of the design as types.

use crate::LatencyBucket;
use frame_support::{BoundedVec, traits::ConstU32};
use sp_runtime::{Either, Perbill, traits::Convert};

/// Block number.
pub type BlockNumber = u32;
/// Amount of an asset in its base units (planck for the native token).
pub type Balance = u128;
/// A listing of an operator; never reused.
pub type ServiceId = u32;
/// A tenant's subscription to a service; never reused.
pub type AgreementId = u32;
/// An escrow account; never reused.
pub type EscrowId = u32;
/// A network that `Rpc` services serve, listed by governance.
pub type NetworkId = u16;
/// A tenant's ask for compute; never reused.
pub type OrderId = u32;
/// An accepted bid of a compute order; never reused, below 2^31.
pub type LeaseId = u32;
/// Round since genesis. Round `r` is the blocks `r * L .. (r + 1) * L` with `L` the blocks of a round.
pub type RoundIndex = u32;
/// Window since genesis. Window `w` is the rounds `w * R .. (w + 1) * R` with `R` the rounds of a window.
pub type WindowIndex = u32;

/// Services from here on are leases: lease `n` is probed, judged and credited as service `LEASES_FROM + n`.
pub const LEASES_FROM: ServiceId = 1 << 31;

/// The service that a lease is probed as.
pub fn service_of_lease(lease: LeaseId) -> ServiceId {
	lease.saturating_add(LEASES_FROM)
}

/// The lease that a service is, if it is one.
pub fn lease_of_service(service: ServiceId) -> Option<LeaseId> {
	service.checked_sub(LEASES_FROM)
}

/// Longest endpoint URL in bytes.
pub const MAX_ENDPOINT: u32 = 256;
/// Longest name of a network, a model, a display name in bytes.
pub const MAX_NAME: u32 = 64;
/// Longest metadata URI or contact in bytes.
pub const MAX_URI: u32 = 128;
/// Longest class of a GPU in bytes.
pub const MAX_GPU_CLASS: u32 = 32;
/// Most anchors a network lists.
pub const MAX_ANCHORS: u32 = 8;

/// URL of an endpoint.
pub type Endpoint = BoundedVec<u8, ConstU32<MAX_ENDPOINT>>;
/// A short UTF-8 name.
pub type Name = BoundedVec<u8, ConstU32<MAX_NAME>>;
/// A URI or a contact.
pub type Uri = BoundedVec<u8, ConstU32<MAX_URI>>;

/// Class of a GPU: lower-case ASCII letters, digits and dashes.
pub type GpuClass = BoundedVec<u8, ConstU32<MAX_GPU_CLASS>>;

/// The derives of everything that is stored, passed in calls and read by clients. Whoever uses it depends on
/// `codec`, `scale_info` and `serde`.
#[macro_export]
macro_rules! shared {
	($item:item) => {
		#[derive(
			Clone,
			Debug,
			codec::Decode,
			codec::DecodeWithMemTracking,
			serde::Deserialize,
			codec::Encode,
			Eq,
			codec::MaxEncodedLen,
			PartialEq,
			serde::Serialize,
			scale_info::TypeInfo,
		)]
		$item
	};
}
pub use shared;

shared! {
	/// What a service is priced, bonded and credited in.
	#[derive(Copy, Default, Ord, PartialOrd)]
	pub enum AssetId {
		/// The chain's own token.
		#[default]
		Native,
		/// An asset of the assets pallet that governance approved.
		Local(u32),
	}
}

/// Tells the SDK's `fungible::UnionOf` which side an [`AssetId`] is on.
pub struct SplitAsset;
impl Convert<AssetId, Either<(), u32>> for SplitAsset {
	fn convert(asset: AssetId) -> Either<(), u32> {
		match asset {
			AssetId::Native => Either::Left(()),
			AssetId::Local(id) => Either::Right(id),
		}
	}
}

/// The codes that ISO 3166-1 alpha-2 assigns, as of 2026.
const COUNTRIES: &[u8] = b"AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ \
	CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO \
	FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE \
	JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO \
	MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW \
	PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM \
	TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW";

shared! {
	/// Region of a service: a country code of ISO 3166-1 alpha-2, as two capital letters.
	#[derive(Copy, Ord, PartialOrd)]
	pub struct Region([u8; 2]);
}
impl Region {
	/// `None` unless the code is assigned to a country.
	pub fn new(code: [u8; 2]) -> Option<Self> {
		COUNTRIES.split(|byte| *byte == b' ').any(|known| known == code).then_some(Self(code))
	}
	/// The two letters.
	pub fn code(self) -> [u8; 2] {
		self.0
	}
	/// Whether the code is assigned to a country (it may come from a decoded call).
	pub fn is_valid(self) -> bool {
		Self::new(self.0).is_some()
	}
}

shared! {
	/// What a service sells; decides how it is probed.
	pub enum ServiceKind {
		/// JSON-RPC of a network.
		Rpc {
			/// The network, which says how answers are judged.
			network: NetworkId,
		},
		/// Rented compute.
		Compute,
		/// AI inference.
		Inference {
			/// Model the endpoint must list.
			model: Name,
		},
		/// VPN.
		Vpn,
	}
}
impl ServiceKind {
	/// The network of an `Rpc` service.
	pub fn network(&self) -> Option<NetworkId> {
		match self {
			Self::Rpc { network } => Some(*network),
			_ => None,
		}
	}
	/// The kind without its parameter, to filter by.
	pub fn class(&self) -> ServiceClass {
		match self {
			Self::Rpc { .. } => ServiceClass::Rpc,
			Self::Compute => ServiceClass::Compute,
			Self::Inference { .. } => ServiceClass::Inference,
			Self::Vpn => ServiceClass::Vpn,
		}
	}
}

shared! {
	/// A service kind without its parameter.
	#[derive(Copy)]
	pub enum ServiceClass {
		/// JSON-RPC of any network.
		Rpc,
		/// Rented compute.
		Compute,
		/// AI inference.
		Inference,
		/// VPN.
		Vpn,
	}
}

shared! {
	/// JSON-RPC dialect of a network.
	#[derive(Copy)]
	pub enum Protocol {
		/// `eth_*` methods.
		Ethereum,
		/// `chain_*` methods of a Substrate chain.
		Substrate,
	}
}

shared! {
	/// A network that `Rpc` services serve.
	pub struct Network {
		/// Unique lower-case name, as in the node's `--anchor NAME=URL`.
		pub name: Name,
		/// Dialect.
		pub protocol: Protocol,
		/// Whether this is the network of this very chain: answers are judged by the prober's own state
		/// and no anchor is needed.
		pub own: bool,
		/// Reference endpoints that probers compare answers with; two of them must agree.
		pub anchors: BoundedVec<Endpoint, ConstU32<MAX_ANCHORS>>,
	}
}

shared! {
	/// Terms of a service. Immutable but for the cap, which may only rise.
	pub struct SlaTerms {
		/// Share of a window's rounds in which the service must not be down or stale.
		pub min_uptime: Perbill,
		/// Answers above this bucket are slow.
		pub max_latency: LatencyBucket,
		/// Blocks an `Rpc` service may be behind the head of its network before it is stale.
		pub max_head_lag: u32,
		/// Credit per unit in base units for `Low`, `Medium`, `High`, `Critical`; non-decreasing.
		pub credit: [Balance; 4],
		/// All that one unit can ever be credited, in base units.
		pub credit_cap: Balance,
	}
}

shared! {
	/// Where a service is in its life.
	///
	/// ```text
	/// Unproven -> Active <-> Paused        pause takes no new units, probing goes on
	///    |          |          |
	///    +----------+----------+--> Ending { at } -> (removed once `at` is judged and no units are left)
	/// ```
	#[derive(Copy)]
	pub enum ServiceStatus {
		/// Waits for probers to read the operator's signature at the endpoint's host.
		Unproven,
		/// Takes new units.
		Active,
		/// Takes no new units; the operator's choice.
		Paused,
		/// Retired or terminated for cause: the meter stops after round `at`.
		Ending {
			/// Last round that is billed and judged.
			at: RoundIndex,
		},
		/// Not for sale: it is the lease of one tenant, from the day it is ready until it is over.
		Leased,
	}
}

shared! {
	/// What an order asks for, and what a `Compute` service has in all.
	#[derive(Default)]
	pub struct Resources {
		/// Thousandths of a CPU.
		pub cpu_milli: u32,
		/// MiB of memory.
		pub memory_mib: u32,
		/// GiB of storage.
		pub storage_gib: u32,
		/// Mbit/s of bandwidth.
		pub bandwidth_mbit: u32,
		/// How many GPUs.
		pub gpus: u16,
		/// Class of the GPUs, such as `h100`; empty where there are none, and in an order that takes any.
		pub gpu_class: GpuClass,
	}
}
impl Resources {
	/// Whether nothing at all is asked for.
	pub fn is_zero(&self) -> bool {
		self.amounts() == [0; 5]
	}

	/// Whether the GPUs of `self` can be of `other`'s class.
	fn takes_class_of(&self, other: &Self) -> bool {
		self.gpus == 0 || self.gpu_class.is_empty() || self.gpu_class == other.gpu_class
	}

	/// What is left of `self` when `part` is taken. `None` if it does not have as much, or other GPUs.
	pub fn without(&self, part: &Self) -> Option<Self> {
		if !part.takes_class_of(self) {
			return None;
		}
		Some(Self {
			cpu_milli: self.cpu_milli.checked_sub(part.cpu_milli)?,
			memory_mib: self.memory_mib.checked_sub(part.memory_mib)?,
			storage_gib: self.storage_gib.checked_sub(part.storage_gib)?,
			bandwidth_mbit: self.bandwidth_mbit.checked_sub(part.bandwidth_mbit)?,
			gpus: self.gpus.checked_sub(part.gpus)?,
			gpu_class: self.gpu_class.clone(),
		})
	}

	/// `self` and `part` together, of the GPU class of `self`. `None` if that overflows.
	pub fn with(&self, part: &Self) -> Option<Self> {
		Some(Self {
			cpu_milli: self.cpu_milli.checked_add(part.cpu_milli)?,
			memory_mib: self.memory_mib.checked_add(part.memory_mib)?,
			storage_gib: self.storage_gib.checked_add(part.storage_gib)?,
			bandwidth_mbit: self.bandwidth_mbit.checked_add(part.bandwidth_mbit)?,
			gpus: self.gpus.checked_add(part.gpus)?,
			gpu_class: self.gpu_class.clone(),
		})
	}

	/// `self`, `n` times. `None` if that overflows.
	pub fn times(&self, n: u8) -> Option<Self> {
		let each = u32::from(n);
		Some(Self {
			cpu_milli: self.cpu_milli.checked_mul(each)?,
			memory_mib: self.memory_mib.checked_mul(each)?,
			storage_gib: self.storage_gib.checked_mul(each)?,
			bandwidth_mbit: self.bandwidth_mbit.checked_mul(each)?,
			gpus: self.gpus.checked_mul(u16::from(n))?,
			gpu_class: self.gpu_class.clone(),
		})
	}

	fn amounts(&self) -> [u32; 5] {
		[self.cpu_milli, self.memory_mib, self.storage_gib, self.bandwidth_mbit, u32::from(self.gpus)]
	}
}

shared! {
	/// A listing.
	pub struct Service<AccountId> {
		/// Who serves and whose bond stands for it.
		pub operator: AccountId,
		/// What is sold.
		pub kind: ServiceKind,
		/// http(s) URL that probers and tenants reach.
		pub endpoint: Endpoint,
		/// Where it runs.
		pub region: Region,
		/// Units that can be sold in all.
		pub capacity: u32,
		/// Price per unit and billable block, in base units of `asset`; holds for new agreements.
		pub price: Balance,
		/// Asset of price, deposit, bond, credit and exposure.
		pub asset: AssetId,
		/// What is promised.
		pub terms: SlaTerms,
		/// Hash of the metadata document.
		pub metadata_hash: [u8; 32],
		/// Where the metadata document is.
		pub metadata_uri: Uri,
		/// Place in its life.
		pub status: ServiceStatus,
	}
}

shared! {
	/// What the chain decided for a service and round.
	#[derive(Copy)]
	pub enum Verdict {
		/// At least 2/3 of the reports say it answers right; median latency.
		Up {
			/// Median bucket of the reports that say up.
			latency: LatencyBucket,
		},
		/// At least 2/3 down.
		Down,
		/// At least 2/3 wrong answer.
		Bad,
		/// At least 2/3 too far behind.
		Stale,
		/// Probers disagree.
		Unclear,
		/// No quorum, or the chain stalled. Billed unless it stalled.
		Unmeasured,
		/// Correlated outage or announced maintenance: neither billed nor counted.
		Excused,
	}
}

shared! {
	/// Which term was not kept.
	#[derive(Copy, Ord, PartialOrd)]
	pub enum BreachKind {
		/// Down or stale for more rounds than `min_uptime` allows.
		Downtime,
		/// Above `max_latency`, or unclear, for more than 5 % of the rounds.
		Slow,
		/// Wrong answers.
		BadData,
		/// Found guilty in a dispute.
		Misbehaviour,
	}
}
impl BreachKind {
	/// The kinds that are counted in rounds, in the order in which they are judged.
	pub const COUNTED: [Self; 3] = [Self::Downtime, Self::Slow, Self::BadData];
}

shared! {
	/// How far a count is past its allowance.
	#[derive(Copy, Ord, PartialOrd)]
	pub enum Severity {
		/// Allowance used up.
		Low,
		/// Twice the allowance.
		Medium,
		/// Five times.
		High,
		/// Ten times.
		Critical,
	}
}
impl Severity {
	/// All of them, mildest first.
	pub const ALL: [Self; 4] = [Self::Low, Self::Medium, Self::High, Self::Critical];
	/// Place in `ALL`, and in `SlaTerms::credit`.
	pub fn index(self) -> usize {
		match self {
			Self::Low => 0,
			Self::Medium => 1,
			Self::High => 2,
			Self::Critical => 3,
		}
	}
	/// Multiplier of the allowance at which it fires.
	pub fn multiplier(self) -> u16 {
		match self {
			Self::Low => 1,
			Self::Medium => 2,
			Self::High => 5,
			Self::Critical => 10,
		}
	}
}

shared! {
	/// Rounds of one service in one window, by verdict. A round is in exactly one of the first seven.
	#[derive(Copy, Default)]
	pub struct Counters {
		/// `Up`.
		pub up: u16,
		/// `Down`.
		pub down: u16,
		/// `Bad`.
		pub bad: u16,
		/// `Stale`.
		pub stale: u16,
		/// `Unclear`.
		pub unclear: u16,
		/// `Unmeasured`.
		pub unmeasured: u16,
		/// `Excused`.
		pub excused: u16,
		/// `Up` but above `max_latency`; part of `up`.
		pub slow: u16,
	}
}
impl Counters {
	/// Whether of a window of `rounds` at least half was measured and less than a tenth of that was `Up`.
	pub fn is_dead(&self, rounds: u16) -> bool {
		let measured = u32::from(self.measured());
		measured.saturating_mul(2) >= u32::from(rounds) && u32::from(self.up).saturating_mul(10) < measured
	}
	/// Rounds that count against the allowance of `kind`.
	pub fn against(&self, kind: BreachKind) -> u16 {
		match kind {
			BreachKind::Downtime => self.down.saturating_add(self.stale),
			BreachKind::Slow => self.slow.saturating_add(self.unclear),
			BreachKind::BadData => self.bad,
			BreachKind::Misbehaviour => 0,
		}
	}
	/// Rounds with a verdict that says something of the service: up, down, bad, stale, unclear.
	pub fn measured(&self) -> u16 {
		[self.up, self.down, self.bad, self.stale, self.unclear]
			.into_iter()
			.fold(0u16, |sum, n| sum.saturating_add(n))
	}
	/// All rounds judged.
	pub fn judged(&self) -> u16 {
		self.measured().saturating_add(self.unmeasured).saturating_add(self.excused)
	}
	/// Count one verdict.
	pub fn note(&mut self, verdict: Verdict, max_latency: LatencyBucket) {
		let slot = match verdict {
			Verdict::Up { latency } => {
				if latency > max_latency {
					self.slow = self.slow.saturating_add(1);
				}
				&mut self.up
			},
			Verdict::Down => &mut self.down,
			Verdict::Bad => &mut self.bad,
			Verdict::Stale => &mut self.stale,
			Verdict::Unclear => &mut self.unclear,
			Verdict::Unmeasured => &mut self.unmeasured,
			Verdict::Excused => &mut self.excused,
		};
		*slot = slot.saturating_add(1);
	}
}

shared! {
	/// One closed window of a service, as the ring of the last windows keeps it.
	#[derive(Copy)]
	pub struct WindowSummary {
		/// Which window.
		pub window: WindowIndex,
		/// Rounds by verdict.
		pub counters: Counters,
		/// 95th percentile of the `Up` latencies; 0 without any.
		pub latency_p95: LatencyBucket,
	}
}

shared! {
	/// Reading of a meter: billable blocks since the service became hot.
	///
	/// `recent` lets a stream that began or ended in a round not yet judged at the time find its exact
	/// reading later: bit `k` says whether round `through - k` advanced the meter.
	#[derive(Copy, Default)]
	pub struct MeterReading {
		/// Billable blocks up to and including round `through`.
		pub blocks: u32,
		/// Last round judged for this service.
		pub through: RoundIndex,
		/// Which of the last 32 rounds were billable, the newest in bit 0.
		pub recent: u32,
	}
}
impl MeterReading {
	/// Rounds that `recent` remembers.
	pub const REMEMBERED: u32 = u32::BITS;

	/// Reading at the end of `round`, with `round_blocks` blocks to a round. `None` while the round is
	/// not judged; a round older than the memory gets the oldest reading known.
	pub fn at(&self, round: RoundIndex, round_blocks: u32) -> Option<u32> {
		let age = self.through.checked_sub(round)?;
		let mask = 1u32.checked_shl(age).map_or(u32::MAX, |bit| bit.saturating_sub(1));
		let billed = (self.recent & mask).count_ones();
		Some(self.blocks.saturating_sub(billed.saturating_mul(round_blocks)))
	}

	/// Record the next round.
	pub fn advance(&mut self, round: RoundIndex, billable: bool, round_blocks: u32) {
		let skipped = round.saturating_sub(self.through);
		self.recent = self.recent.checked_shl(skipped).unwrap_or(0) | u32::from(billable);
		self.through = round;
		if billable {
			self.blocks = self.blocks.saturating_add(round_blocks);
		}
	}
}

shared! {
	/// Whose doing the end of an agreement, an order or a lease was, and what happened.
	#[derive(Copy)]
	pub enum CloseReason {
		/// Tenant (1xxx): closed it.
		TenantClosed,
		/// Tenant (1xxx): let the deposit run out.
		FundsExhausted,
		/// Operator (2xxx): gave notice.
		OperatorClosed,
		/// Operator (2xxx): retired the service.
		ServiceRetired,
		/// Operator (2xxx): credited up to the cap or dead for a window, terminated for cause.
		Terminated,
		/// Network (3xxx): closed by governance or a dispute.
		Governance,
		/// Tenant (1xxx): the duration that the order asked for is over.
		Expired,
		/// Operator (2xxx): the lease was bad for several rounds in a row.
		Unhealthy,
		/// Operator (2xxx): the lease was not ready within the start window.
		NeverReady,
		/// Operator (2xxx): declined the lease within the image-fetch window.
		Declined,
		/// Network (3xxx): no bid could take it.
		NoBids,
	}
}
impl CloseReason {
	/// Stable code for clients: the thousands say whose doing it was.
	pub fn code(self) -> u16 {
		match self {
			Self::TenantClosed => 1_001,
			Self::FundsExhausted => 1_002,
			Self::OperatorClosed => 2_001,
			Self::ServiceRetired => 2_002,
			Self::Terminated => 2_003,
			Self::Governance => 3_001,
			Self::Expired => 1_003,
			Self::Unhealthy => 2_004,
			Self::NeverReady => 2_005,
			Self::Declined => 2_006,
			Self::NoBids => 3_002,
		}
	}
	/// Whether what was prepaid is due although the meter did not earn it: only if the tenant left of its
	/// own will.
	pub fn keeps_prepaid(self) -> bool {
		self == Self::TenantClosed
	}
}

shared! {
	/// Trust level that derives from a score.
	#[derive(Copy, Ord, PartialOrd)]
	pub enum TrustLevel {
		/// Score 0-19, and everybody new.
		One,
		/// 20-39.
		Two,
		/// 40-59.
		Three,
		/// 60-79.
		Four,
		/// 80-100.
		Five,
	}
}
impl TrustLevel {
	/// Level of a score of 0 to 100.
	pub fn from_score(score: u8) -> Self {
		match score {
			0..=19 => Self::One,
			20..=39 => Self::Two,
			40..=59 => Self::Three,
			60..=79 => Self::Four,
			_ => Self::Five,
		}
	}
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)]
mod tests {
	use super::*;
	use proptest::prelude::*;

	proptest! {
		/// The reading at any remembered round is what the meter showed when that round was judged.
		#[test]
		fn a_meter_remembers_its_recent_readings(rounds in proptest::collection::vec(any::<bool>(), 1..80)) {
			let mut meter = MeterReading { blocks: 0, through: 100, recent: 0 };
			let mut seen = alloc::vec![(100u32, 0u32)];
			for (i, billable) in rounds.iter().enumerate() {
				let round = 101 + u32::try_from(i).unwrap();
				meter.advance(round, *billable, 10);
				seen.push((round, meter.blocks));
			}
			for (round, blocks) in seen.iter().rev().take(MeterReading::REMEMBERED as usize) {
				prop_assert_eq!(meter.at(*round, 10), Some(*blocks));
			}
			prop_assert_eq!(meter.at(meter.through + 1, 10), None);
		}
	}

	#[test]
	fn a_region_is_a_country() {
		for code in [*b"DE", *b"US", *b"AD", *b"ZW", *b"TW"] {
			assert!(Region::new(code).is_some_and(Region::is_valid));
		}
		for code in [*b"ZZ", *b"UK", *b"de", *b"D1", *b"D ", *b" D", *b"E ", [0, 0]] {
			assert_eq!(Region::new(code), None);
		}
		assert_eq!(COUNTRIES.split(|byte| *byte == b' ').filter(|code| code.len() == 2).count(), 249);
	}

	/// Clients rely on them.
	#[test]
	fn codes_of_reasons_do_not_change() {
		use CloseReason::*;
		let codes = [
			(TenantClosed, 1_001),
			(FundsExhausted, 1_002),
			(Expired, 1_003),
			(OperatorClosed, 2_001),
			(ServiceRetired, 2_002),
			(Terminated, 2_003),
			(Unhealthy, 2_004),
			(NeverReady, 2_005),
			(Declined, 2_006),
			(Governance, 3_001),
			(NoBids, 3_002),
		];
		for (reason, code) in codes {
			assert_eq!(reason.code(), code, "{reason:?}");
		}
	}

	#[test]
	fn resources_are_taken_and_given_back() {
		let class = |name: &str| GpuClass::try_from(name.as_bytes().to_vec()).unwrap();
		let all = Resources {
			cpu_milli: 4_000,
			memory_mib: 8_192,
			gpus: 2,
			gpu_class: class("h100"),
			..Default::default()
		};
		let part = Resources { cpu_milli: 1_500, gpus: 1, ..Default::default() };
		let left = all.without(&part).unwrap();
		assert_eq!((left.cpu_milli, left.memory_mib, left.gpus), (2_500, 8_192, 1));
		assert_eq!(left.with(&part), Some(all.clone()));
		assert_eq!(left.without(&part.times(2).unwrap()), None);
		assert_eq!(all.without(&Resources { gpu_class: class("a100"), ..part.clone() }), None);
		assert!(!part.is_zero() && Resources::default().is_zero());
		assert_eq!(Resources { cpu_milli: u32::MAX, ..Default::default() }.times(2), None);
	}

	#[test]
	fn a_lease_is_a_service_of_its_own() {
		assert_eq!(lease_of_service(service_of_lease(7)), Some(7));
		assert_eq!(lease_of_service(7), None);
	}

	#[test]
	fn a_round_counts_once() {
		let mut c = Counters::default();
		let fast = LatencyBucket::from_millis(10);
		let slow = LatencyBucket::from_millis(1_000);
		for v in [Verdict::Up { latency: fast }, Verdict::Up { latency: slow }, Verdict::Down, Verdict::Stale]
		{
			c.note(v, LatencyBucket::from_millis(250));
		}
		assert_eq!((c.up, c.slow, c.against(BreachKind::Downtime), c.judged()), (2, 1, 2, 4));
	}
}

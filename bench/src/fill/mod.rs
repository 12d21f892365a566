// SPDX-License-Identifier: Apache-2.0

//! Initial state of a chain: operators, services, agreements, orders and leases, created by the
//! pallets' own calls in memory, as if everything had happened in block 0.

mod orders;

pub use orders::{BIDDERS, Matches, Orders};

use crate::args::Res;
use pallet_surety_operators::{GenesisNetwork, TermsInput};
use pallet_surety_probes::{PageId, Pages, ProberSet, ROWS};
use pallet_surety_timing::{TimingPreset, Timings};
use sp_core::{Get, Pair, ed25519, sr25519, storage::Storage};
use sp_io::hashing::{blake2_256, twox_128};
use sp_runtime::{BuildStorage, Perbill};
use sp_state_machine::BasicExternalities;
use surety_primitives::{
	AssetId, Balance, LatencyBucket, OnProof, ProofOutcome, Protocol, Region, ServiceId,
	ServiceKind, Verdict, WindowShare,
};
use surety_runtime::{
	AccountId, AssetsConfig, BabeConfig, BalancesConfig, MILLI, Operators, OperatorsConfig,
	Parameters, Runtime, RuntimeGenesisConfig, RuntimeOrigin, SessionConfig, SessionKeys, Sla,
	TimingConfig, UNIT, WASM_BINARY,
	configs::market::TreasuryAccount,
	genesis::EPOCH_CONFIG,
	parameters::{RuntimeParameters, market, probing},
};

/// Rounds of a window. Production has 1,440, too many to wait for the end of a window.
pub const WINDOW_ROUNDS: u16 = 12;
/// Services due in a round, where their number is not measured: 16 pages.
pub const DUE: u32 = 2_048;

/// Offset in a round of a block without work for probing.
pub const IDLE_AT: u32 = 1;

const SERVICES_PER_OPERATOR: u32 = 512;
const LEAST_OPERATORS: u32 = 8;
const AGREEMENTS_PER_TENANT: u32 = 10;
const UNITS_PER_SERVICE: u32 = 1_000_000;
const BOND: Balance = 10_000_000 * UNIT;
/// Balance of an account that sends transactions: fees and deposits of a whole run.
const TRADER_BALANCE: Balance = 100_000 * UNIT;
/// Balance of a tenant.
const TENANT_BALANCE: Balance = 2_000 * UNIT;
/// Local asset, with amounts like those of the native token.
const ASSET: u32 = 1;
/// Price of a unit per block.
pub const PRICE: Balance = 10 * MILLI;
/// Credits in parts of 1,000,000,000 of a window's price: small, so that no run uses up the cover.
const CREDIT: [u64; 4] = [1_000_000, 2_000_000, 3_000_000, 4_000_000];
/// Cover in windows' prices.
const COVER: u32 = 4;
/// Windows that the deposit of an agreement covers: longer than any run, so that no agreement ends.
const DEPOSIT_WINDOWS: u32 = 100;

/// Contents of a state.
pub struct Plan {
	/// Number of listings.
	pub services: u32,
	/// Service of each agreement, in the order of opening.
	pub agreements: Vec<ServiceId>,
	/// Orders and leases. `None` also omits the bidders.
	pub orders: Option<Orders>,
	/// Maximum number of services due in a round.
	pub due: u32,
	/// Accounts that send transactions. If there are any, services with odd ids are sold in a local
	/// asset.
	pub traders: u32,
}

impl Plan {
	/// Ten times as many agreements as services. As many services as can be probed every round have
	/// agreements, spread over the listings; the others take turns.
	pub fn scale(services: u32) -> Self {
		Self::with_active(services, services.min(max_active(DUE)))
	}

	/// The same with orders. Running leases take the places of services that are probed every
	/// round.
	pub fn compute(services: u32, orders: Orders) -> Self {
		let active = services.min(max_active(DUE)).saturating_sub(orders.running).max(1);
		Self { orders: Some(orders), ..Self::with_active(services, active) }
	}

	/// State in which `active` of the services have agreements.
	fn with_active(services: u32, active: u32) -> Self {
		let nth = |n: u32| u64::from(n % active) * u64::from(services) / u64::from(active);
		let agreements = (0..services * 10).map(|n| nth(n) as ServiceId).collect();
		Self { services, agreements, orders: None, due: DUE, traders: 0 }
	}

	/// State with `due` services due in every round: all pages but one have one agreement per
	/// service.
	pub fn due(due: u32) -> Self {
		/// Pages with agreements between two without. A round searches this many pages, and one
		/// more, for an idle one.
		const SOLD: u32 = 31;
		let pages = max_active(due) / ROWS;
		let mut services = 0;
		let mut agreements = Vec::new();
		for page in 1..=pages {
			agreements.extend(services..services + ROWS);
			let idle = page % SOLD == 0 || page == pages;
			services += if idle { 2 * ROWS } else { ROWS };
		}
		Self { services, agreements, orders: None, due, traders: 0 }
	}

	/// Service 0 with one agreement, service 1 with all others, and two pages of listings without
	/// any.
	pub fn breach(agreements: u32) -> Self {
		let agreements = std::iter::once(0).chain((0..agreements).map(|_| 1)).collect();
		Self { services: 2 * ROWS, agreements, orders: None, due: DUE, traders: 0 }
	}

	/// Agreements on all services in turns, and accounts that open more of them.
	pub fn throughput(services: u32, agreements: u32, traders: u32) -> Self {
		let agreements = (0..agreements).map(|n| n % services).collect();
		Self { services, agreements, orders: None, due: DUE, traders }
	}

	/// Asset in which a service is sold.
	fn asset_of(&self, service: ServiceId) -> AssetId {
		match self.sells_in_asset() && service % 2 == 1 {
			true => AssetId::Local(ASSET),
			false => AssetId::Native,
		}
	}

	/// True if some services are sold in the local asset.
	fn sells_in_asset(&self) -> bool {
		self.traders > 0
	}

	/// Number of listings, including those of the bidders, which come last.
	fn listings(&self) -> u32 {
		self.services + self.orders.map_or(0, |_| BIDDERS)
	}
}

/// Maximum number of services that can be probed every round. One page is reserved for idle
/// listings.
fn max_active(due: u32) -> u32 {
	due - ROWS
}

/// Keys of the first `n` probers, in the order of the session.
pub fn probers(n: usize) -> Vec<sr25519::Pair> {
	keys("prober", n)
}

/// Keys of the first `n` accounts that send transactions.
pub fn traders(n: u32) -> Vec<sr25519::Pair> {
	keys("trader", n as usize)
}

fn keys(kind: &str, n: usize) -> Vec<sr25519::Pair> {
	let pair = |n| sr25519::Pair::from_seed(&blake2_256(format!("{kind} {n}").as_bytes()));
	(0..n).map(pair).collect()
}

/// Account of a key.
pub fn account(pair: &sr25519::Pair) -> AccountId {
	AccountId::from(pair.public().0)
}

/// Balances of accounts that send transactions.
pub fn trader_balances(n: u32) -> Vec<(AccountId, Balance)> {
	traders(n).iter().map(|pair| (account(pair), TRADER_BALANCE)).collect()
}

/// Filled state, reduced to the first `n` validators.
pub fn with_probers(filled: &Storage, plan: &Plan, n: usize) -> Res<Storage> {
	// Storage that depends on the validators.
	let pallets = ["Session", "Historical", "Babe", "Grandpa", "AuthorityDiscovery"];
	let mut prefixes: Vec<Vec<u8>> =
		pallets.map(|name| twox_128(name.as_bytes()).to_vec()).to_vec();
	prefixes.push(ProberSet::<Runtime>::hashed_key().to_vec());
	let theirs = |key: &[u8]| prefixes.iter().any(|prefix| key.starts_with(prefix));
	let mut storage = filled.clone();
	storage.top.retain(|key, _| !theirs(key));
	let fresh = genesis(plan, &probers(n)).build_storage()?;
	storage.top.extend(fresh.top.into_iter().filter(|(key, _)| theirs(key)));
	Ok(storage)
}

/// Maximum weight of a block in picoseconds.
pub fn block_limit() -> u64 {
	let mut storage = Storage::default();
	BasicExternalities::execute_with_storage(&mut storage, || {
		pallet_surety_timing::Settings::<Runtime>::put(timings());
		<Runtime as frame_system::Config>::BlockWeights::get().max_block.ref_time()
	})
}

/// Production timing, except for the length of windows.
pub fn timings() -> Timings {
	Timings { window_rounds: WINDOW_ROUNDS, ..TimingPreset::production() }
}

/// Create the state of a plan. All validators are probers. `check` verifies the invariants of every
/// pallet.
pub fn fill(plan: &Plan, validators: usize, check: bool) -> Res<Storage> {
	let mut storage = genesis(plan, &probers(validators)).build_storage()?;
	BasicExternalities::execute_with_storage(&mut storage, || {
		set_parameters(plan)?;
		list(plan)?;
		if plan.orders.is_some() {
			orders::list_bidders(plan.services)?;
		}
		mark_up(plan.listings());
		open(plan)
	})?;
	if let Some(orders) = &plan.orders {
		orders::place(&mut storage, plan.services, orders)?;
	}
	if check {
		BasicExternalities::execute_with_storage(&mut storage, check_invariants)?;
	}
	let code =
		WASM_BINARY.ok_or("the runtime was built without its wasm: unset SKIP_WASM_BUILD")?;
	storage.top.insert(sp_core::storage::well_known_keys::CODE.to_vec(), code.to_vec());
	Ok(storage)
}

fn named(kind: &str, n: u32) -> AccountId {
	AccountId::new(blake2_256(format!("{kind} {n}").as_bytes()))
}

fn operators(plan: &Plan) -> u32 {
	plan.services.div_ceil(SERVICES_PER_OPERATOR).max(LEAST_OPERATORS)
}

fn tenants(plan: &Plan) -> u32 {
	(plan.agreements.len() as u32).div_ceil(AGREEMENTS_PER_TENANT)
}

fn genesis(plan: &Plan, probers: &[sr25519::Pair]) -> RuntimeGenesisConfig {
	let keys = |(n, pair): (usize, &sr25519::Pair)| {
		let grandpa = ed25519::Pair::from_seed(&blake2_256(format!("grandpa {n}").as_bytes()));
		let keys = SessionKeys {
			babe: pair.public().into(),
			grandpa: grandpa.public().into(),
			authority_discovery: pair.public().into(),
			prober: pair.public().into(),
		};
		(account(pair), account(pair), keys)
	};
	let balances = probers
		.iter()
		.map(|pair| (account(pair), UNIT))
		.chain((0..operators(plan)).map(|n| (named("operator", n), 2 * BOND)))
		.chain((0..tenants(plan)).map(|n| (named("tenant", n), TENANT_BALANCE)))
		.chain(trader_balances(plan.traders))
		.chain(plan.orders.iter().flat_map(orders::balances))
		.collect();
	let network = GenesisNetwork {
		name: "ethereum".into(),
		protocol: Protocol::Ethereum,
		own: false,
		anchors: Vec::new(),
	};
	let local = plan.sells_in_asset();
	let in_asset = |(who, amount)| (ASSET, who, amount);
	let accounts = (0..operators(plan))
		.map(|n| (named("operator", n), BOND))
		.chain((0..tenants(plan)).map(|n| (named("tenant", n), TENANT_BALANCE)))
		.chain(trader_balances(plan.traders))
		.map(in_asset)
		.filter(|_| local)
		.collect();
	RuntimeGenesisConfig {
		assets: AssetsConfig {
			assets: local.then(|| (ASSET, TreasuryAccount::get(), true, 1)).into_iter().collect(),
			accounts,
			..Default::default()
		},
		timing: TimingConfig { timings: timings(), ..Default::default() },
		balances: BalancesConfig { balances, ..Default::default() },
		babe: BabeConfig { epoch_config: EPOCH_CONFIG, ..Default::default() },
		session: SessionConfig {
			keys: probers.iter().enumerate().map(keys).collect(),
			..Default::default()
		},
		operators: OperatorsConfig {
			networks: vec![network],
			assets: local.then_some((ASSET, 1)).into_iter().collect(),
			..Default::default()
		},
		..Default::default()
	}
}

/// Convert a dispatch result, with the name of its error.
fn dispatched<T>(result: Result<T, impl std::fmt::Debug>) -> Res<T> {
	result.map_err(|error| format!("filling the state: {error:?}").into())
}

/// Set the capacity for due services, and a rent that does not rise with the occupancy: no operator
/// sells units for less than the cost of a slot, and here all slots are taken at the same price.
fn set_parameters(plan: &Plan) -> Res<()> {
	let peak = market::Parameters::RentPeak(market::RentPeak, Some(Perbill::zero()));
	let due = probing::Parameters::DueServices(probing::DueServices, Some(plan.due));
	for parameter in [RuntimeParameters::Market(peak), RuntimeParameters::Probing(due)] {
		dispatched(Parameters::set_parameter(RuntimeOrigin::root(), parameter))?;
	}
	Ok(())
}

fn list(plan: &Plan) -> Res<()> {
	let origin = |n| RuntimeOrigin::signed(named("operator", n));
	for operator in 0..operators(plan) {
		let name = dispatched(format!("operator {operator}").into_bytes().try_into())?;
		dispatched(Operators::register(origin(operator), BOND, name, Default::default()))?;
		if plan.sells_in_asset() {
			dispatched(Operators::bond_more(origin(operator), AssetId::Local(ASSET), BOND / 2))?;
		}
	}
	for service in 0..plan.services {
		let kind = ServiceKind::Rpc { network: 0 };
		list_one(origin(service % operators(plan)), service, kind, plan.asset_of(service))?;
	}
	Ok(())
}

fn list_one(
	operator: RuntimeOrigin,
	service: ServiceId,
	kind: ServiceKind,
	asset: AssetId,
) -> Res<()> {
	dispatched(Operators::list_service(
		operator,
		kind,
		dispatched(endpoint(service, "").try_into())?,
		region()?,
		UNITS_PER_SERVICE,
		PRICE,
		asset,
		TermsInput {
			min_uptime: 990_000_000,
			max_latency_ms: 250,
			max_head_lag: 8,
			credit: CREDIT.map(WindowShare::from_inner),
			cover: WindowShare::from_u32(COVER),
		},
		[0; 32],
		Default::default(),
	))
}

/// URL on a service's server.
fn endpoint(service: ServiceId, path: &str) -> Vec<u8> {
	format!("https://service-{service}.example.com/{path}").into_bytes()
}

fn region() -> Res<Region> {
	Ok(Region::new(*b"DE").ok_or("DE is a region")?)
}

/// Effect of the first rounds: every service was up once, which also proves control.
fn mark_up(services: u32) {
	let up = Verdict::Up { latency: LatencyBucket::from_millis(20) };
	for page in 0..services.div_ceil(ROWS) {
		Pages::<Runtime>::mutate(PageId::Idle(page), |page| {
			for row in page.iter_mut().flatten() {
				row.unproven = false;
				row.last = Some((0, up));
			}
		});
	}
	for service in 0..services {
		Operators::on_proof(service, ProofOutcome::Found);
	}
}

/// Deposit of an agreement on one unit.
pub fn deposit() -> Balance {
	let window_blocks = timings().round_blocks * u32::from(WINDOW_ROUNDS);
	PRICE * Balance::from(window_blocks) * Balance::from(DEPOSIT_WINDOWS)
}

fn open(plan: &Plan) -> Res<()> {
	let deposit = deposit();
	for (n, service) in (0u32..).zip(&plan.agreements) {
		let tenant = RuntimeOrigin::signed(named("tenant", n / AGREEMENTS_PER_TENANT));
		dispatched(Sla::open_agreement(
			tenant,
			*service,
			1,
			u128::MAX,
			deposit,
			Default::default(),
		))?;
		if n % 100_000 == 99_999 {
			eprintln!("    {} agreements", n + 1);
		}
	}
	Ok(())
}

fn check_invariants() -> Res<()> {
	dispatched(pallet_surety_timing::Pallet::<Runtime>::do_try_state())?;
	dispatched(pallet_surety_operators::Pallet::<Runtime>::do_try_state())?;
	dispatched(pallet_surety_probes::Pallet::<Runtime>::do_try_state())?;
	dispatched(pallet_surety_sla::Pallet::<Runtime>::do_try_state())?;
	dispatched(pallet_surety_escrow::Pallet::<Runtime>::do_try_state())?;
	dispatched(pallet_surety_reputation::Pallet::<Runtime>::do_try_state())?;
	dispatched(pallet_surety_compute_orders::Pallet::<Runtime>::do_try_state())
}

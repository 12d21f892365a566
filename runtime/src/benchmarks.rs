// SPDX-License-Identifier: Apache-2.0

//! Benchmarks of `make weights`, and the set-up that they need across pallets.

#![allow(
	clippy::arithmetic_side_effects,
	clippy::expect_used,
	clippy::indexing_slicing,
	clippy::panic,
	clippy::unwrap_used
)]

use crate::{
	configs::{assets::Transfers, market},
	*,
};
use alloc::{format, string::String, vec, vec::Vec};
use codec::Decode;
use frame_benchmarking::{BenchmarkBatch, BenchmarkConfig, BenchmarkList, account};
use frame_support::traits::{
	Get, StorageInfo, StorageInfoTrait, WhitelistedStorageKeys, fungibles::Mutate,
};
use frame_system_benchmarking::{
	Pallet as SystemBench, extensions::Pallet as SystemExtensionsBench,
};
use pallet_surety_operators::TermsInput;
use pallet_surety_probes::{
	Active, ActiveSlots, Due, DueList, DuePages, HISTOGRAM, HealthRule, MAX_DUE, Page, PageId,
	PageInfo, PageInfos, PageSet, Pages, Prober, Progress, ROWS, Row, SlotsOf, Snapshot, Snapshots,
	Sweep, bit,
};
use pallet_surety_sla::TargetState;
use surety_primitives::{
	AgreementId, AssetId, Clock, CloseReason, Counters, Endpoint, LatencyBucket, LeaseId,
	LeaseRegistry, MAX_ENDPOINT, MAX_NAME, MAX_URI, OnProof, Probing, ProofOutcome, Region,
	Registry, Resources, RoundIndex, Service, ServiceId, ServiceKind, Slots, Target, Verdict,
	WindowIndex, WindowShare, WindowSummary, WindowTerms, crypto::ProberId,
};

frame_benchmarking::define_benchmarks!(
	[frame_system, SystemBench::<Runtime>]
	[frame_system_extensions, SystemExtensionsBench::<Runtime>]
	[pallet_asset_rate, AssetRate]
	[pallet_assets, Assets]
	[pallet_balances, Balances]
	[pallet_collective, TechnicalCommittee]
	[pallet_conviction_voting, ConvictionVoting]
	[pallet_migrations, MultiBlockMigrations]
	[pallet_multisig, Multisig]
	[pallet_parameters, Parameters]
	[pallet_preimage, Preimage]
	[pallet_proxy, Proxy]
	[pallet_referenda, Referenda]
	[pallet_scheduler, Scheduler]
	[pallet_sudo, Sudo]
	[pallet_timestamp, Timestamp]
	[pallet_transaction_payment, TransactionPayment]
	[pallet_tx_pause, TxPause]
	[pallet_utility, Utility]
	[pallet_whitelist, Whitelist]
	[pallet_surety_operators, Operators]
	[pallet_surety_probes, Probes]
	[pallet_surety_sla, Sla]
	[pallet_surety_escrow, Escrow]
	[pallet_surety_reputation, Reputation]
	[pallet_surety_compute_orders, ComputeOrders]
	[pallet_surety_usage, Usage]
);

impl frame_system_benchmarking::Config for Runtime {}
impl pallet_transaction_payment::BenchmarkConfig for Runtime {}

pub fn metadata(extra: bool) -> (Vec<BenchmarkList>, Vec<StorageInfo>) {
	let mut list = Vec::<BenchmarkList>::new();
	list_benchmarks!(list, extra);
	(list, AllPalletsWithSystem::storage_info())
}

pub fn dispatch(config: BenchmarkConfig) -> Result<Vec<BenchmarkBatch>, String> {
	let whitelist = AllPalletsWithSystem::whitelisted_storage_keys();
	let mut batches = Vec::<BenchmarkBatch>::new();
	let params = (&config, &whitelist);
	add_benchmarks!(params, batches);
	Ok(batches)
}

/// Worst-case set-up for benchmarks: a local asset rather than the native token, and rows in full
/// pages.
pub struct Helper;

/// Local asset that governance can approve.
const ASSET: u32 = 1_000;
/// Minimum balance of the asset.
const MINIMUM: Balance = 5;
/// Bond of the operator in the asset.
const BOND: Balance = 1_000_000_000_000_000_000;
/// Round in which the services are probed; the round two before it is being judged.
const ROUND: RoundIndex = 10;
/// First id of the services that fill the pages.
const OTHERS: ServiceId = 1_000_000;
/// Lease of the compute service.
const LEASE: LeaseId = 7;
/// Slot of the service in its active page.
const LAST_SLOT: u8 = (ROWS - 1) as u8;

fn mint(asset: AssetId, who: &AccountId, amount: Balance) {
	<Transfers as Mutate<AccountId>>::mint_into(asset, who, amount).expect("there is room for it");
}

impl Helper {
	fn asset() -> u32 {
		if !pallet_assets::Asset::<Runtime>::contains_key(ASSET) {
			Assets::force_create(
				RuntimeOrigin::root(),
				ASSET.into(),
				market::TreasuryAccount::get().into(),
				true,
				MINIMUM,
			)
			.expect("nobody else creates it");
			// As on a live chain, the pots can receive payments.
			for pot in [market::TreasuryAccount::get(), market::ProberPot::get()] {
				mint(AssetId::Local(ASSET), &pot, MINIMUM);
			}
		}
		ASSET
	}

	/// The `n`th operator, with a large bond in `asset` and the maximum number of unbonding chunks.
	fn operator(asset: u32, n: u32) -> AccountId {
		let who: AccountId = account("operator", n, 0);
		let now = System::block_number();
		let local = AssetId::Local(asset);
		let native =
			<Runtime as pallet_surety_operators::Config>::MinBond::get().saturating_mul(10);
		mint(AssetId::Native, &who, native.saturating_mul(2));
		mint(local, &who, BOND * 3);
		let origin = RuntimeOrigin::signed(who.clone());
		let text = |len: u32| vec![b'x'; len as usize];
		Operators::register(
			origin.clone(),
			native,
			text(MAX_NAME).try_into().expect("as long as it may be"),
			text(MAX_URI).try_into().expect("as long as it may be"),
		)
		.expect("the operator is new and funded");
		Operators::approve_asset(RuntimeOrigin::root(), asset, MINIMUM)
			.expect("the treasury owns it");
		Operators::bond_more(origin.clone(), local, BOND * 2).expect("the operator is funded");
		let chunks = <Runtime as pallet_surety_operators::Config>::MaxUnbondingChunks::get();
		for block in 1..=chunks {
			System::set_block_number(block);
			Operators::unbond(origin.clone(), local, BOND / 64).expect("nothing is exposed");
		}
		System::set_block_number(now);
		who
	}

	/// List a service of `who` on a server of its own, with texts of maximum length.
	fn list(who: AccountId, asset: AssetId, kind: ServiceKind, n: u32) -> ServiceId {
		let id = pallet_surety_operators::NextServiceId::<Runtime>::get();
		// Units pay the rent of the last free slot, a share of the minimum bond per window.
		let price = Operators::min_bond(asset).unwrap_or_default().div_ceil(100_000).max(10_000);
		let mut url = format!("https://service-{n}.example/").into_bytes();
		url.resize(MAX_ENDPOINT as usize, b'p');
		Operators::list_service(
			RuntimeOrigin::signed(who),
			kind,
			url.try_into().expect("as long as it may be"),
			Region::new(*b"DE").expect("a country"),
			10_000,
			price,
			asset,
			TermsInput {
				min_uptime: 990_000_000,
				max_latency_ms: 250,
				max_head_lag: 5,
				credit: [1, 2, 3, 4].map(WindowShare::from_u32),
				cover: WindowShare::from_u32(10),
			},
			[1; 32],
			vec![b'x'; MAX_URI as usize].try_into().expect("as long as it may be"),
		)
		.expect("the operator is bonded and there is a network");
		<Operators as OnProof>::on_proof(id, ProofOutcome::Found);
		id
	}

	/// A listed service that is up. Its idle page is full of others, and one active slot on the
	/// last page is free.
	fn listed(kind: ServiceKind) -> ServiceId {
		Self::listed_in(kind, true)
	}

	/// The same, sold in a `local` asset or in the native token.
	fn listed_in(kind: ServiceKind, local: bool) -> ServiceId {
		let asset = Self::asset();
		let who = Self::operator(asset, 0);
		System::set_block_number(Timing::round_start(ROUND) + 1);
		Self::rounds();
		let sold_in = if local { AssetId::Local(asset) } else { AssetId::Native };
		let id = Self::list(who, sold_in, kind, 0);

		let place =
			SlotsOf::<Runtime>::get(Target::Service(id)).expect("listing takes a slot").idle;
		let idle = PageId::Idle(place.page);
		let mut row = Pages::<Runtime>::get(idle)
			.get(usize::from(place.slot))
			.cloned()
			.flatten()
			.expect("listing makes a row");
		row.unproven = false;
		row.last = Some((ROUND - 2, Verdict::Up { latency: LatencyBucket::MAX }));
		for index in 0..HISTOGRAM as u8 {
			row.latencies.add(LatencyBucket::from_index(index).expect("below 64"), 1);
		}
		row.counters.up = HISTOGRAM as u16;
		Self::fill(idle, &row, Some(place.slot));
		let pages = <Runtime as pallet_surety_probes::Config>::DueServices::get() / ROWS - 1;
		let mut full = PageSet::default();
		for page in 0..pages - 1 {
			PageInfos::<Runtime>::insert(
				PageId::Active(page),
				PageInfo { due: u128::MAX, taken: u128::MAX },
			);
			full.set(page, true);
		}
		let active = PageId::Active(pages - 1);
		Self::fill(active, &row, None);
		PageInfos::<Runtime>::mutate(active, |info| {
			info.taken &= !bit(LAST_SLOT);
			info.due = info.taken;
		});
		Active::<Runtime>::put(ActiveSlots {
			taken: pages * ROWS - 1,
			pages,
			full,
			full_until: None,
		});
		id
	}

	/// Fill a page with copies of `row`. The row itself goes to slot `own`; without one the last
	/// slot stays free.
	fn fill(id: PageId, row: &Row<AccountId>, own: Option<u8>) {
		let slots = if own.is_some() { ROWS } else { ROWS - 1 };
		let mut rows: Vec<Option<Row<AccountId>>> = (0..slots)
			.map(|slot| Some(Row { target: Target::Service(OTHERS + slot), ..row.clone() }))
			.collect();
		if let Some(slot) = own {
			rows[usize::from(slot)] = Some(row.clone());
		}
		Pages::<Runtime>::insert(id, Page::<AccountId>::try_from(rows).expect("128 at most"));
		PageInfos::<Runtime>::insert(id, PageInfo { due: u128::MAX, taken: u128::MAX });
	}

	/// Snapshots of the open rounds, in none of which the service is due.
	fn rounds() {
		let count = <Runtime as pallet_surety_probes::Config>::MaxProbers::get();
		let probers: Vec<Prober<AccountId>> = (0..count)
			.map(|index| Prober {
				account: account("prober", index, 0),
				key: ProberId::decode(&mut &[index as u8; 32][..])
					.expect("any 32 bytes are a public key"),
			})
			.collect();
		let due: Vec<Due> = (0..MAX_DUE)
			.map(|page| Due { page: PageId::Idle(1 + page), mask: u128::MAX })
			.collect();
		for round in ROUND - 2..=ROUND {
			Snapshots::<Runtime>::insert(
				round,
				Snapshot {
					session: 0,
					started: 0,
					targets: MAX_DUE * ROWS,
					probers: probers.clone().try_into().expect("at most 128"),
					health: HealthRule { bad: 3, of: 4 },
				},
			);
			DuePages::<Runtime>::insert(round, DueList::truncate_from(due.clone()));
		}
		Progress::<Runtime>::put(Sweep { judged: ROUND - 3, ..Default::default() });
	}
}

impl pallet_surety_operators::BenchmarkHelper<AccountId> for Helper {
	fn fund(asset: AssetId, who: &AccountId, amount: Balance) {
		mint(asset, who, amount);
	}
	fn create_asset() -> u32 {
		Self::asset()
	}
	fn declare_capacity(service: ServiceId) {
		let who = <Operators as Registry<AccountId>>::listing(Target::Service(service))
			.expect("it is listed")
			.operator;
		let total = Resources { cpu_milli: 64_000, memory_mib: 262_144, ..Default::default() };
		ComputeOrders::declare_capacity(RuntimeOrigin::signed(who), service, total)
			.expect("it is its own");
	}
	fn activate(service: ServiceId) {
		<Probes as Slots>::activate(Target::Service(service), WindowTerms::default())
			.expect("a slot is left");
	}
	fn sell_unit(service: ServiceId) {
		let asset = <Operators as Registry<AccountId>>::listing(Target::Service(service))
			.expect("it is listed")
			.asset;
		pallet_surety_sla::Targets::<Runtime>::insert(
			Target::Service(service),
			TargetState { units: 1, ..TargetState::new(asset) },
		);
	}
}

impl pallet_surety_escrow::BenchmarkHelper<AccountId> for Helper {
	fn fund(who: &AccountId, amount: Balance) -> AssetId {
		let asset = AssetId::Local(Self::asset());
		mint(asset, who, amount);
		asset
	}
	fn metered() -> Target {
		let target = Target::Service(Self::listed(ServiceKind::Rpc { network: 0 }));
		<Probes as Slots>::activate(target, WindowTerms::default()).expect("a slot is left");
		target
	}
}

impl pallet_surety_sla::benchmarking::BenchmarkHelper<AccountId> for Helper {
	fn open_service(local: bool) -> ServiceId {
		Self::listed_in(ServiceKind::Rpc { network: 0 }, local)
	}
	fn listed_lease() -> LeaseId {
		let parent = <Operators as Registry<AccountId>>::listing(Target::Service(Self::listed(
			ServiceKind::Compute,
		)))
		.expect("it was just listed");
		let Service { endpoint, price, terms, .. } = parent.clone();
		<Operators as LeaseRegistry<AccountId>>::list(LEASE, parent, endpoint, price, terms)
			.expect("the parent is a compute service");
		LEASE
	}
	fn fund(asset: AssetId, who: &AccountId, amount: Balance) {
		mint(asset, who, amount);
	}
	fn end_meter(target: Target, at: RoundIndex) {
		<Probes as Probing<AccountId>>::end_meter(target, at, CloseReason::Terminated);
	}
	fn judge_through(round: RoundIndex) {
		Progress::<Runtime>::put(Sweep { judged: round, ..Default::default() });
		let blocks = Timing::round_blocks();
		let pages: Vec<PageId> =
			Pages::<Runtime>::iter_keys().filter(|page| page.is_active()).collect();
		for id in pages {
			Pages::<Runtime>::mutate(id, |page| {
				for row in page.iter_mut().flatten() {
					for judged in row.meter.through.saturating_add(1)..=round {
						row.meter.advance(judged, true, blocks);
					}
				}
			});
		}
	}
}

impl pallet_surety_compute_orders::BenchmarkHelper<AccountId> for Helper {
	fn asset() -> AssetId {
		let asset = AssetId::Local(Self::asset());
		if System::block_number() <= Timing::round_start(ROUND) {
			System::set_block_number(Timing::round_start(ROUND) + 1);
		}
		Operators::approve_asset(RuntimeOrigin::root(), ASSET, MINIMUM)
			.expect("the treasury owns it");
		asset
	}
	fn fund(asset: AssetId, who: &AccountId, amount: Balance) {
		mint(asset, who, amount);
		mint(AssetId::Native, who, UNIT);
	}
	fn compute_service(n: u32) -> ServiceId {
		// The first service comes with full pages.
		if n == 0 {
			return Self::listed(ServiceKind::Compute);
		}
		let asset = Self::asset();
		Self::list(Self::operator(asset, n), AssetId::Local(asset), ServiceKind::Compute, n)
	}
	fn health(service: ServiceId) -> Endpoint {
		<Operators as Registry<AccountId>>::listing(Target::Service(service))
			.expect("it is listed")
			.endpoint
	}
}

impl pallet_asset_rate::AssetKindFactory<AssetId> for Helper {
	fn create_asset_kind(seed: u32) -> AssetId {
		AssetId::Local(seed)
	}
}

impl pallet_treasury::ArgumentsFactory<AssetId, AccountId> for Helper {
	fn create_asset_kind(_: u32) -> AssetId {
		AssetId::Local(Self::asset())
	}
	fn create_beneficiary(seed: [u8; 32]) -> AccountId {
		seed.into()
	}
}

/// Key type of the reporter of the benchmarks.
const REPORTER: sp_core::crypto::KeyTypeId = sp_core::crypto::KeyTypeId(*b"uses");

impl Helper {
	/// Reporter of the benchmarks. Signatures of ECDSA take longest to verify.
	fn reporter() -> sp_core::ecdsa::Public {
		sp_io::crypto::ecdsa_generate(REPORTER, Some(b"//Reporter".to_vec()))
	}

	/// First agreement: opened for real, of a service in full pages.
	fn first_agreement() -> AgreementId {
		let service = Self::listed(ServiceKind::Rpc { network: 0 });
		let listing = <Operators as Registry<AccountId>>::listing(Target::Service(service))
			.expect("it was just listed");
		let tenant: AccountId = account("tenant", 0, 0);
		let deposit = listing.price * 4 * Balance::from(Timing::window_blocks());
		mint(listing.asset, &tenant, deposit * 2);
		mint(AssetId::Native, &tenant, UNIT);
		mint(listing.asset, &Sla::pot(), MINIMUM);
		let id = pallet_surety_sla::NextAgreement::<Runtime>::get();
		Sla::open_agreement(
			RuntimeOrigin::signed(tenant),
			service,
			1,
			Balance::MAX,
			deposit,
			WindowShare::default(),
		)
		.expect("the service is up and the tenant is funded");
		id
	}

	/// Copy of the first agreement, with a tenant, an operator, a service and funds of its own.
	fn copy_of(first: AgreementId, n: u32) -> AgreementId {
		use pallet_surety_escrow::Accounts;
		use pallet_surety_sla::{Agreement, Agreements, NextAgreement};
		let agreement = Agreements::<Runtime>::get(first).expect("it is open");
		let service = agreement.target.service().expect("it is of a service");
		let listing =
			pallet_surety_operators::Services::<Runtime>::get(service).expect("it is listed");
		let (service, escrow) = (OTHERS * 2 + n, OTHERS + n);
		let operator = account("operator", n, 1);
		pallet_surety_operators::Services::<Runtime>::insert(
			service,
			Service { operator, ..listing },
		);
		let funds = Accounts::<Runtime>::get(agreement.escrow).expect("it is funded");
		Accounts::<Runtime>::insert(escrow, funds);
		let id = NextAgreement::<Runtime>::mutate(|next| {
			*next += 1;
			*next - 1
		});
		let target = Target::Service(service);
		let tenant = account("tenant", n, 0);
		Agreements::<Runtime>::insert(id, Agreement { tenant, target, escrow, ..agreement });
		id
	}
}

impl pallet_surety_usage::benchmarking::BenchmarkHelper<AccountId, Signature> for Helper {
	fn agreement(n: u32) -> (AgreementId, AccountId) {
		let id = if n == 0 { Self::first_agreement() } else { Self::copy_of(0, n) };
		// The scale of fees is a share of it.
		Operators::approve_asset(RuntimeOrigin::root(), ASSET, BOND).expect("the treasury owns it");
		let tenant = pallet_surety_sla::Agreements::<Runtime>::get(id).expect("it is open").tenant;
		let reporter = sp_runtime::MultiSigner::Ecdsa(Self::reporter()).into_account();
		let definition = |delegate, proxy_type| pallet_proxy::ProxyDefinition {
			delegate,
			proxy_type,
			delay: 0u32,
		};
		let most = <Runtime as pallet_proxy::Config>::MaxProxies::get();
		let mut proxies: Vec<_> = (1..most)
			.map(|n| definition(account("proxy", n, 0), configs::accounts::ProxyType::Report))
			.collect();
		proxies.push(definition(reporter.clone(), configs::accounts::ProxyType::Report));
		let proxies =
			frame_support::BoundedVec::try_from(proxies).expect("as many as there may be");
		pallet_proxy::Proxies::<Runtime>::insert(&tenant, (proxies, UNIT));
		(id, reporter)
	}
	fn paid(agreement: AgreementId) {
		use pallet_surety_escrow::Accounts;
		let escrow =
			|id| pallet_surety_sla::Agreements::<Runtime>::get(id).expect("it is open").escrow;
		if agreement == 0 {
			<Self as pallet_surety_sla::benchmarking::BenchmarkHelper<AccountId>>::judge_through(
				ROUND + 20,
			);
			Sla::settle(RuntimeOrigin::signed(account("anyone", 0, 0)), agreement)
				.expect("it has been billed");
		} else {
			let funds = Accounts::<Runtime>::get(escrow(0)).expect("it is funded");
			Accounts::<Runtime>::insert(escrow(agreement), funds);
		}
	}
	fn sign(_: &AccountId, payload: &[u8]) -> Signature {
		sp_io::crypto::ecdsa_sign(REPORTER, &Self::reporter(), payload)
			.expect("the keystore has the key")
			.into()
	}
	fn close_window(service: ServiceId, window: WindowIndex) {
		let summary = |window| WindowSummary {
			window,
			counters: Counters { up: Timing::window_rounds(), ..Default::default() },
			latency_p95: LatencyBucket::MAX,
		};
		let mut ring = vec![summary(window)];
		ring.resize(pallet_surety_probes::Ring::bound(), summary(0));
		pallet_surety_probes::Windows::<Runtime>::insert(
			Target::Service(service),
			pallet_surety_probes::Ring::truncate_from(ring),
		);
	}
}

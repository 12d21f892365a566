// SPDX-License-Identifier: Apache-2.0

//! Random sequences of calls: money is conserved and every exposure is funded.

use super::prelude::*;
use proptest::prelude::*;

const ACCOUNTS: [AccountId; 6] = [ALICE, BOB, CAROL, POT, TREASURY, ADMIN];
const ASSETS: [AssetId; 2] = [AssetId::Native, USD];
/// Exposure of one sold unit.
const UNIT_EXPOSURE: Balance = 150;

/// A call of the pallet, of a trait or of a neighbour. A `usize` selects a target.
#[derive(Clone, Debug)]
enum Step {
	Register(Balance),
	BondMore(AssetId, Balance),
	Unbond(AssetId, Balance),
	Withdraw(AssetId),
	SetStatus(OperatorStatus),
	List(AssetId, bool),
	ListLease(LeaseId, usize),
	RemoveLease(LeaseId),
	Reserve(AssetId, Balance),
	Unreserve(AssetId, Balance),
	Forfeit(AssetId, Balance),
	SetExposure(usize, Balance),
	Slash(usize, Balance, Balance),
	Charge(usize, Balance),
	Prove(usize, ProofOutcome),
	Move(usize, usize),
	RaiseCover(usize),
	UnbondingPeriod(BlockNumber),
	Sell(usize, u32),
	Terminate(usize),
	RetireService(usize),
	RemoveService(usize),
	Freeze(bool),
	BlockPot(bool),
	Pass(u32),
}

fn amount() -> impl Strategy<Value = Balance> {
	prop_oneof![1 => Just(0u128), 2 => 1u128..20, 8 => 1u128..1_200, 1 => Just(Balance::MAX)]
}

fn steps() -> impl Strategy<Value = Vec<(AccountId, Step)>> {
	use OperatorStatus::*;
	let asset = || proptest::sample::select(&ASSETS[..]);
	let at = || 0usize..8;
	let status = proptest::sample::select(&[Active, Active, Inactive, Retiring][..]);
	let outcome = proptest::sample::select(&[Found, Found, NotFound, Lost][..]);
	let step = prop_oneof![
		1 => amount().prop_map(Step::Register),
		4 => (asset(), amount()).prop_map(|(asset, amount)| Step::BondMore(asset, amount)),
		4 => (asset(), amount()).prop_map(|(asset, amount)| Step::Unbond(asset, amount)),
		4 => asset().prop_map(Step::Withdraw),
		1 => status.prop_map(Step::SetStatus),
		4 => (asset(), any::<bool>()).prop_map(|(asset, compute)| Step::List(asset, compute)),
		4 => (0u32..3, at()).prop_map(|(lease, at)| Step::ListLease(lease, at)),
		2 => (0u32..3).prop_map(Step::RemoveLease),
		4 => (asset(), amount()).prop_map(|(asset, amount)| Step::Reserve(asset, amount)),
		2 => (asset(), amount()).prop_map(|(asset, amount)| Step::Unreserve(asset, amount)),
		4 => (asset(), amount()).prop_map(|(asset, amount)| Step::Forfeit(asset, amount)),
		6 => (at(), amount()).prop_map(|(at, amount)| Step::SetExposure(at, amount)),
		6 => (at(), amount(), amount())
			.prop_map(|(at, credit, penalty)| Step::Slash(at, credit, penalty)),
		4 => (at(), amount()).prop_map(|(at, amount)| Step::Charge(at, amount)),
		3 => (at(), outcome).prop_map(|(at, outcome)| Step::Prove(at, outcome)),
		2 => (at(), 0usize..3).prop_map(|(at, host)| Step::Move(at, host)),
		1 => at().prop_map(Step::RaiseCover),
		1 => (0u32..2 * UNBONDING).prop_map(Step::UnbondingPeriod),
		1 => (at(), 0u32..3).prop_map(|(at, units)| Step::Sell(at, units)),
		1 => at().prop_map(Step::Terminate),
		1 => at().prop_map(Step::RetireService),
		2 => at().prop_map(Step::RemoveService),
		1 => any::<bool>().prop_map(Step::Freeze),
		1 => any::<bool>().prop_map(Step::BlockPot),
		4 => (0u32..60).prop_map(Step::Pass),
	];
	proptest::collection::vec((proptest::sample::select(&[ALICE, ALICE, BOB][..]), step), 1..60)
}

/// Listed target, if there is any.
fn target_at(at: usize) -> Option<Target> {
	let services = Services::<Test>::iter_keys().map(Target::Service);
	let leases = Leases::<Test>::iter_keys().map(Target::Lease);
	let mut targets = services.chain(leases).collect::<Vec<_>>();
	targets.sort();
	targets.get(at % targets.len().max(1)).copied()
}

/// Service, or an identifier that is none if the selected target is a lease.
fn service_at(at: usize) -> ServiceId {
	target_at(at).and_then(Target::service).unwrap_or(404)
}

/// Owner of a service; `who` if there is no such service.
fn owner_or(who: AccountId, id: ServiceId) -> RuntimeOrigin {
	signed(Services::<Test>::get(id).map_or(who, |service| service.operator))
}

/// Slash a target, and lower the exposures to the rest of the bond as the caller of a slash must.
fn slash_and_lower(target: Target, credit: Balance, penalty: Balance) {
	let listing = listing(target);
	let before = [POT, TREASURY].map(|who| total(who, listing.asset));
	let moved = slash(target, credit, penalty);
	assert!(moved.credit <= credit && moved.penalty <= penalty);
	let after = [POT, TREASURY].map(|who| total(who, listing.asset));
	assert_eq!(after, [before[0] + moved.credit, before[1] + moved.penalty]);
	lower_exposures(&listing);
}

/// Charge rent, and lower the exposures to the rest of the bond.
fn charge_and_lower(target: Target, amount: Balance) {
	let listing = listing(target);
	let totals = Totals::<Test>::get(listing.asset);
	let moved = charge(target, amount);
	assert!(moved <= amount);
	let bonded = totals.bonded - moved;
	assert_eq!(Totals::<Test>::get(listing.asset), AssetTotals { bonded, ..totals });
	lower_exposures(&listing);
}

fn lower_exposures(slashed: &ServiceOf<Test>) {
	let bond = bond_of(slashed.operator, slashed.asset);
	let mut missing = bond.exposure.saturating_sub(bond.active);
	for (target, exposure) in Exposures::<Test>::iter().collect::<Vec<_>>() {
		let other = listing(target);
		if (other.operator, other.asset) == (slashed.operator, slashed.asset) {
			let part = exposure.min(missing);
			assert_ok!(set_exposure(target, exposure - part));
			missing -= part;
		}
	}
	Operators::unreserve(&slashed.operator, slashed.asset, missing);
}

/// Forfeit bond, which arrives at the treasury or stays in the bond.
fn forfeit(who: AccountId, asset: AssetId, amount: Balance) {
	let reserved = Operators::reserved(&who, asset);
	// More than is reserved would be a fault of the caller.
	let amount = amount.min(reserved);
	let (bond, treasury) = (bond_of(who, asset), total(TREASURY, asset));
	let moved = Operators::forfeit(&who, asset, amount);
	assert!(moved <= amount);
	assert_eq!(Operators::reserved(&who, asset), reserved - amount);
	assert_eq!(bond_of(who, asset).held(), bond.held() - moved);
	assert_eq!(total(TREASURY, asset), treasury + moved);
}

/// Mark the resources of services as in use whose operator has leases, or bids in their asset.
fn use_resources() {
	let has_bids =
		|service: &ServiceOf<Test>| Operators::reserved(&service.operator, service.asset) > 0;
	let has_leases = |service: &ServiceOf<Test>| {
		Leases::<Test>::iter_values().any(|lease| lease.operator == service.operator)
	};
	let used =
		Services::<Test>::iter().filter(|(_, service)| has_bids(service) || has_leases(service));
	InUse::set(used.map(|(id, _)| id).collect());
}

fn list_lease(lease: LeaseId, parent: Target) -> DispatchResult {
	let terms = SlaTerms {
		min_uptime: Perbill::one(),
		max_latency: Default::default(),
		max_head_lag: 0,
		credit: [percent(1); 4],
		cover: percent(1),
	};
	let endpoint = text("https://rpc.example.com/lease");
	Operators::list(lease, listing(parent), endpoint, 1, terms).map(drop)
}

fn move_service(who: AccountId, id: ServiceId, host: usize) -> DispatchResult {
	let endpoint =
		["https://rpc.example.com/v1", "https://rpc.example.com:8443", "https://a.com"][host];
	let endpoint = Some(text(endpoint));
	Operators::update_service(owner_or(who, id), id, endpoint, None, None, None, None)
}

/// Carry out a step of the bonds and of the operator's status.
fn bond_step(who: AccountId, step: &Step) -> Option<DispatchResult> {
	Some(match *step {
		Step::Register(bond) => Operators::register(signed(who), bond, text("Op"), text("")),
		Step::BondMore(asset, amount) => Operators::bond_more(signed(who), asset, amount),
		Step::Unbond(asset, amount) => Operators::unbond(signed(who), asset, amount),
		Step::Withdraw(asset) => Operators::withdraw_unbonded(signed(who), asset),
		Step::SetStatus(OperatorStatus::Active) => Operators::activate(signed(who)),
		Step::SetStatus(OperatorStatus::Inactive) => Operators::deactivate(signed(who)),
		Step::SetStatus(OperatorStatus::Retiring) => Operators::retire(signed(who)),
		Step::Reserve(asset, amount) => Operators::reserve(&who, asset, amount),
		Step::Unreserve(asset, amount) => {
			let amount = amount.min(Operators::reserved(&who, asset));
			Operators::unreserve(&who, asset, amount);
			Ok(())
		},
		Step::Forfeit(asset, amount) => {
			forfeit(who, asset, amount);
			Ok(())
		},
		Step::UnbondingPeriod(blocks) => {
			UnbondingPeriod::set(blocks);
			Ok(())
		},
		Step::Freeze(true) => Assets::freeze(signed(ADMIN), USD_ID, who),
		Step::Freeze(false) => Assets::thaw(signed(ADMIN), USD_ID, who),
		Step::BlockPot(true) => Assets::block(signed(ADMIN), USD_ID, POT),
		Step::BlockPot(false) => Assets::thaw(signed(ADMIN), USD_ID, POT),
		Step::Pass(blocks) => {
			run_to(System::block_number() + blocks);
			JudgedRound::set(Timing::round().saturating_sub(2));
			Ok(())
		},
		_ => return None,
	})
}

/// Carry out a step of a service or a lease. Does nothing without one.
fn target_step(who: AccountId, step: Step) -> Option<DispatchResult> {
	Some(match step {
		Step::List(asset, compute) => {
			allow_private();
			let draft = Draft { asset, ..Draft::default() };
			let kind = if compute { ServiceKind::Compute } else { draft.kind.clone() };
			Draft { kind, ..draft }.list(who)
		},
		Step::ListLease(lease, at) => list_lease(lease, target_at(at)?),
		Step::RemoveLease(lease) => {
			Operators::remove(lease);
			Ok(())
		},
		Step::SetExposure(at, amount) => set_exposure(target_at(at)?, amount),
		Step::Slash(at, credit, penalty) => {
			slash_and_lower(target_at(at)?, credit, penalty);
			Ok(())
		},
		Step::Charge(at, amount) => {
			charge_and_lower(target_at(at)?, amount);
			Ok(())
		},
		Step::Prove(at, outcome) => {
			Operators::on_proof(service_at(at), outcome);
			Ok(())
		},
		Step::Move(at, host) => move_service(who, service_at(at), host),
		Step::RaiseCover(at) => {
			let id = service_at(at);
			let cover = Services::<Test>::get(id)?.terms.cover + percent(1);
			Operators::raise_cover(owner_or(who, id), id, cover)
		},
		Step::Sell(at, units) => {
			sell(service_at(at), units);
			Ok(())
		},
		Step::Terminate(at) => {
			Operators::terminate(service_at(at), Timing::round());
			Ok(())
		},
		Step::RetireService(at) => {
			let id = service_at(at);
			Operators::retire_service(owner_or(who, id), id)
		},
		Step::RemoveService(at) => Operators::remove_service(signed(CAROL), service_at(at)),
		_ => return None,
	})
}

proptest! {
	#![proptest_config(ProptestConfig { cases: 80, ..ProptestConfig::default() })]

	#[test]
	fn money_is_conserved_and_exposures_are_funded(proof in any::<bool>(), steps in steps()) {
		ExtBuilder::default().operators(&[ALICE]).build().execute_with(|| {
			if proof {
				require_proof();
			}
			UnitExposure::set(UNIT_EXPOSURE);
			// From the start there is exposure in both assets.
			for asset in ASSETS {
				let kind = ServiceKind::Compute;
				let id = Draft { asset, kind, ..Draft::default() }.listed(ALICE);
				assert_ok!(set_exposure(Target::Service(id), 700));
			}
			let sum = |asset| ACCOUNTS.iter().map(|who| total(*who, asset)).sum::<Balance>();
			let sums = || (ASSETS.map(sum), ASSETS.map(Money::issuance));
			let before = sums();
			for (who, step) in steps {
				let shown = format!("{who} {step:?}");
				use_resources();
				// About half of the steps are refused, which must keep the invariants too.
				let _ = bond_step(who, &step).or_else(|| target_step(who, step));
				assert_eq!(sums(), before, "{shown}");
				if let Err(error) = Operators::do_try_state() {
					panic!("{error:?} after {shown}");
				}
			}
		});
	}
}

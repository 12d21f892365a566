//! Random sequences keep money conserved and every exposure funded.

use super::prelude::*;
use proptest::prelude::*;

const PEOPLE: [AccountId; 6] = [ALICE, BOB, CAROL, POT, TREASURY, ADMIN];
const ASSETS: [AssetId; 2] = [AssetId::Native, USD];

#[derive(Clone, Debug)]
enum Step {
	Register(Balance),
	BondMore(AssetId, Balance),
	Unbond(AssetId, Balance),
	Withdraw(AssetId),
	Standing(u8),
	List(AssetId, bool),
	ListLease(LeaseId, usize),
	RemoveLease(LeaseId),
	Reserve(AssetId, Balance),
	Unreserve(AssetId, Balance),
	Forfeit(AssetId, Balance),
	SetExposure(usize, Balance),
	Slash(usize, Balance, Balance),
	Charge(usize, Balance),
	Prove(usize, bool),
	Move(usize, usize),
	UnbondingPeriod(BlockNumber),
	Sell(usize, u32),
	Terminate(usize),
	RetireService(usize),
	RemoveService(usize),
	Freeze(bool),
	BlockPot(bool),
	Pass(u32),
}

fn steps() -> impl Strategy<Value = Vec<(AccountId, Step)>> {
	let asset = || proptest::sample::select(&ASSETS[..]);
	let amount = || prop_oneof![1 => Just(0u128), 2 => 1u128..20, 8 => 1u128..1_200, 1 => Just(Balance::MAX)];
	let step = prop_oneof![
		1 => amount().prop_map(Step::Register),
		4 => (asset(), amount()).prop_map(|(asset, amount)| Step::BondMore(asset, amount)),
		4 => (asset(), amount()).prop_map(|(asset, amount)| Step::Unbond(asset, amount)),
		4 => asset().prop_map(Step::Withdraw),
		1 => (0u8..4).prop_map(Step::Standing),
		4 => (asset(), any::<bool>()).prop_map(|(asset, compute)| Step::List(asset, compute)),
		4 => (0u32..3, 0usize..8).prop_map(|(lease, at)| Step::ListLease(lease, at)),
		2 => (0u32..3).prop_map(Step::RemoveLease),
		4 => (asset(), amount()).prop_map(|(asset, amount)| Step::Reserve(asset, amount)),
		2 => (asset(), amount()).prop_map(|(asset, amount)| Step::Unreserve(asset, amount)),
		4 => (asset(), amount()).prop_map(|(asset, amount)| Step::Forfeit(asset, amount)),
		6 => (0usize..8, amount()).prop_map(|(at, amount)| Step::SetExposure(at, amount)),
		6 => (0usize..8, amount(), amount()).prop_map(|(at, credit, penalty)| Step::Slash(at, credit, penalty)),
		4 => (0usize..8, amount()).prop_map(|(at, amount)| Step::Charge(at, amount)),
		3 => (0usize..8, any::<bool>()).prop_map(|(at, found)| Step::Prove(at, found)),
		2 => (0usize..8, 0usize..3).prop_map(|(at, host)| Step::Move(at, host)),
		1 => (0u32..2 * UNBONDING).prop_map(Step::UnbondingPeriod),
		1 => (0usize..8, 0u32..3).prop_map(|(at, units)| Step::Sell(at, units)),
		1 => (0usize..8).prop_map(Step::Terminate),
		1 => (0usize..8).prop_map(Step::RetireService),
		2 => (0usize..8).prop_map(Step::RemoveService),
		1 => any::<bool>().prop_map(Step::Freeze),
		1 => any::<bool>().prop_map(Step::BlockPot),
		4 => (0u32..60).prop_map(Step::Pass),
	];
	proptest::collection::vec((proptest::sample::select(&[ALICE, ALICE, BOB][..]), step), 1..60)
}

/// A service or a lease.
fn service_at(at: usize) -> ServiceId {
	let mut ids =
		Services::<Test>::iter_keys().chain(LeaseServices::<Test>::iter_keys()).collect::<Vec<_>>();
	ids.sort();
	ids.get(at % ids.len().max(1)).copied().unwrap_or(404)
}

/// Slash and then lower the exposures to what is left, as the caller of a slash must.
fn slash(id: ServiceId, credit: Balance, penalty: Balance) {
	let before = PEOPLE.map(|who| ASSETS.map(|asset| total(who, asset)));
	let moved = Operators::slash(id, credit, &POT, penalty);
	assert!(moved.credit <= credit && moved.penalty <= penalty);
	let Some(service) = Operators::service(id) else {
		assert_eq!(moved, Slashed::default());
		return;
	};
	let at = ASSETS.iter().position(|asset| *asset == service.asset).unwrap();
	assert_eq!(total(POT, service.asset), before[3][at] + moved.credit);
	assert_eq!(total(TREASURY, service.asset), before[4][at] + moved.penalty);
	lower_exposures(&service);
}

/// Charge rent and then lower the exposures to what is left.
fn charge(id: ServiceId, amount: Balance) {
	let Some(service) = Operators::service(id) else {
		assert_eq!(Operators::charge(id, amount, &POT), 0);
		return;
	};
	let (pot, totals) = (total(POT, service.asset), Totals::<Test>::get(service.asset));
	let moved = Operators::charge(id, amount, &POT);
	assert!(moved <= amount);
	assert_eq!(total(POT, service.asset), pot + moved);
	let bonded = totals.bonded - moved;
	assert_eq!(Totals::<Test>::get(service.asset), AssetTotals { bonded, ..totals });
	lower_exposures(&service);
}

fn lower_exposures(service: &ServiceOf<Test>) {
	let bond = bond_of(service.operator, service.asset);
	let mut missing = bond.exposure.saturating_sub(bond.active);
	for (other, exposure) in Exposures::<Test>::iter().collect::<Vec<_>>() {
		let listed = Operators::service(other).unwrap();
		if (listed.operator, listed.asset) == (service.operator, service.asset) {
			let part = exposure.min(missing);
			assert_ok!(Operators::set_exposure(other, exposure - part));
			missing -= part;
		}
	}
	Operators::unreserve(&service.operator, service.asset, missing);
}

/// What is forfeited arrives at the treasury, or stays where it is.
fn forfeit(who: AccountId, asset: AssetId, amount: Balance) {
	let reserved = Operators::reserved(&who, asset);
	// More than is reserved is the mistake of a caller.
	let amount = amount.min(reserved);
	let (bond, treasury) = (bond_of(who, asset), total(TREASURY, asset));
	let moved = Operators::forfeit(&who, asset, amount);
	assert!(moved <= amount);
	assert_eq!(Operators::reserved(&who, asset), reserved - amount);
	assert_eq!(bond_of(who, asset).held(), bond.held() - moved);
	assert_eq!(total(TREASURY, asset), treasury + moved);
}

/// Services with leases, and those of an operator with bids, are in use, as the pallet of the orders has it.
fn use_capacity() {
	let reserved =
		|service: &ServiceOf<Test>| Operators::reserved(&service.operator, service.asset) > 0;
	let leased = |service: &ServiceOf<Test>| {
		LeaseServices::<Test>::iter_values().any(|lease| lease.operator == service.operator)
	};
	let used = Services::<Test>::iter().filter(|(_, service)| reserved(service) || leased(service));
	InUse::set(used.map(|(id, _)| id).collect());
}

fn take(who: AccountId, step: Step) {
	use_capacity();
	// Half of the steps are refused, which is as good a test as those that are not.
	let _ = match step {
		Step::Register(bond) => Operators::register(signed(who), bond, text("Op"), text("")),
		Step::BondMore(asset, amount) => Operators::bond_more(signed(who), asset, amount),
		Step::Unbond(asset, amount) => Operators::unbond(signed(who), asset, amount),
		Step::Withdraw(asset) => Operators::withdraw_unbonded(signed(who), asset),
		Step::Standing(0) => Operators::deactivate(signed(who)),
		Step::Standing(1) => Operators::retire(signed(who)),
		Step::Standing(_) => Operators::activate(signed(who)),
		Step::List(asset, compute) => {
			PrivateEndpoints::set(true);
			let draft = Draft { asset, ..Draft::default() };
			let kind = if compute { ServiceKind::Compute } else { draft.kind.clone() };
			Draft { kind, ..draft }.list(who)
		},
		Step::ListLease(lease, at) => {
			let terms = SlaTerms {
				min_uptime: Perbill::one(),
				max_latency: Default::default(),
				max_head_lag: 0,
				credit: [percent(1); 4],
				cover: percent(1),
			};
			let endpoint = text("https://rpc.example.com/lease");
			Operators::list_lease(lease, service_at(at), endpoint, 1, terms)
		},
		Step::RemoveLease(lease) => {
			Operators::remove_lease(lease);
			Ok(())
		},
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
		Step::SetExposure(at, amount) => Operators::set_exposure(service_at(at), amount),
		Step::Slash(at, credit, penalty) => {
			slash(service_at(at), credit, penalty);
			Ok(())
		},
		Step::Charge(at, amount) => {
			charge(service_at(at), amount);
			Ok(())
		},
		Step::Prove(at, found) => {
			let id = service_at(at);
			if found {
				Operators::proven(id)
			} else {
				Operators::unfound(id)
			};
			Ok(())
		},
		Step::Move(at, host) => {
			let id = service_at(at);
			let owner = Operators::service(id).map_or(who, |service| service.operator);
			let endpoint =
				["https://rpc.example.com/v1", "https://rpc.example.com:8443", "https://a.com"]
					[host];
			Operators::update_service(
				signed(owner),
				id,
				Some(text(endpoint)),
				None,
				None,
				None,
				None,
			)
		},
		Step::UnbondingPeriod(blocks) => {
			UnbondingPeriod::set(blocks);
			Ok(())
		},
		Step::Sell(at, units) => {
			sell(service_at(at), units);
			Ok(())
		},
		Step::Terminate(at) => {
			Operators::terminate(service_at(at), ClockRound::get());
			Ok(())
		},
		Step::RetireService(at) => {
			let id = service_at(at);
			let owner = Operators::service(id).map_or(who, |service| service.operator);
			Operators::retire_service(signed(owner), id)
		},
		Step::RemoveService(at) => Operators::remove_service(signed(CAROL), service_at(at)),
		Step::Freeze(true) => Assets::freeze(signed(ADMIN), USD_ID, who),
		Step::Freeze(false) => Assets::thaw(signed(ADMIN), USD_ID, who),
		Step::BlockPot(true) => Assets::block(signed(ADMIN), USD_ID, POT),
		Step::BlockPot(false) => Assets::thaw(signed(ADMIN), USD_ID, POT),
		Step::Pass(blocks) => {
			run_to(System::block_number() as u32 + blocks);
			JudgedRound::set(ClockRound::get().saturating_sub(2));
			Ok(())
		},
	};
}

/// The round of the block.
struct ClockRound;
impl ClockRound {
	fn get() -> RoundIndex {
		<ClockStub as surety_primitives::Clock>::round()
	}
}

proptest! {
	#![proptest_config(ProptestConfig { cases: 80, ..ProptestConfig::default() })]

	#[test]
	fn money_is_conserved_and_exposures_are_funded(proof in any::<bool>(), steps in steps()) {
		ExtBuilder::default().operators(&[ALICE]).build().execute_with(|| {
			ProofOfControl::set(proof);
			// From the start there is something to reserve bond for.
			for asset in ASSETS {
				let kind = ServiceKind::Compute;
				let id = Draft { asset, kind, ..Draft::default() }.listed(ALICE);
				assert_ok!(Operators::set_exposure(id, 700));
			}
			let sums = || ASSETS.map(|asset| PEOPLE.iter().map(|who| total(*who, asset)).sum::<Balance>());
			let before = (sums(), ASSETS.map(Money::issuance));
			for (who, step) in steps {
				let shown = format!("{who} {step:?}");
				take(who, step);
				assert_eq!((sums(), ASSETS.map(Money::issuance)), before, "{shown}");
				if let Err(error) = Operators::do_try_state() {
					panic!("{error:?} after {shown}");
				}
			}
		});
	}
}

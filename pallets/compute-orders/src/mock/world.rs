//! The pallets around this one, small and with their state in storage.

use super::*;
use surety_primitives::{
	Meter, MeterReading, Metered, Network, NetworkId, Occupancy, Probed, credit, endpoint,
	lease_of_service,
};

/// The pallets around this one.
pub struct World;

/// An agreement as the stand-in for `sla` keeps it.
#[derive(Clone, Debug, Decode, Encode)]
pub struct Covered {
	pub lease: LeaseId,
	pub tenant: AccountId,
	pub escrow: EscrowId,
	pub penalty_share: Perbill,
	pub ended: Option<StreamEnd>,
}

impl Registry<AccountId> for World {
	fn service(id: ServiceId) -> Option<Service<AccountId>> {
		Listings::get().get(&id).cloned()
	}
	fn ensure_open(id: ServiceId) -> DispatchResult {
		ensure!(!Shut::get().contains(&id), DispatchError::Other("paused"));
		Ok(())
	}
	fn network(_: NetworkId) -> Option<Network> {
		None
	}
	fn networks() -> Vec<NetworkId> {
		Vec::new()
	}
	fn proven(_: ServiceId) {}
	fn unfound(_: ServiceId) {}
	fn disproven(_: ServiceId) {}
	fn terminate(_: ServiceId, _: RoundIndex) {}
	fn treasury() -> AccountId {
		TREASURY
	}
	fn min_bond(asset: AssetId) -> Option<Balance> {
		Approved::get().contains(&asset).then_some(1_000)
	}
}

impl LeaseRegistry<AccountId> for World {
	fn list_lease(
		lease: LeaseId,
		parent: ServiceId,
		endpoint: Endpoint,
		price: Balance,
		terms: SlaTerms,
	) -> DispatchResult {
		let parent = Self::service(parent).ok_or(DispatchError::Other("no parent"))?;
		let same = endpoint::target(&endpoint).ok() == endpoint::target(&parent.endpoint).ok();
		ensure!(same, DispatchError::Other("elsewhere"));
		let status = surety_primitives::ServiceStatus::Leased;
		let service = Service { endpoint, capacity: 1, price, terms, status, ..parent };
		change!(Listings, |map| assert!(map.insert(service_of_lease(lease), service).is_none()));
		Ok(())
	}
	fn remove_lease(lease: LeaseId) {
		let id = service_of_lease(lease);
		change!(Listings, |map| map.remove(&id));
		change!(Exposures, |map| map.remove(&id));
		change!(MeterEnds, |map| map.remove(&id));
	}
}

impl World {
	/// Active bond that nothing reserves.
	fn free_bond(who: AccountId, asset: AssetId) -> Balance {
		let exposed: Balance = Exposures::get()
			.iter()
			.filter(|(id, _)| {
				Self::service(**id)
					.is_some_and(|service| service.operator == who && service.asset == asset)
			})
			.map(|(_, amount)| amount)
			.sum();
		Money::held(asset, BOND_HOLD, &who).saturating_sub(exposed + Self::reserved(&who, asset))
	}
	fn unreserve_exactly(who: AccountId, asset: AssetId, amount: Balance) {
		change!(Reserves, |map| {
			let left = map.get(&(who, asset)).copied().unwrap_or(0).checked_sub(amount);
			let left = left.expect("no more is given back than is reserved");
			if left > 0 { map.insert((who, asset), left) } else { map.remove(&(who, asset)) }
		});
	}
}

impl BondReserve<AccountId> for World {
	fn reserve(who: &AccountId, asset: AssetId, amount: Balance) -> DispatchResult {
		ensure!(amount <= Self::free_bond(*who, asset), DispatchError::Other("bond too small"));
		change!(Reserves, |map| *map.entry((*who, asset)).or_default() += amount);
		Ok(())
	}
	fn unreserve(who: &AccountId, asset: AssetId, amount: Balance) {
		Self::unreserve_exactly(*who, asset, amount);
	}
	fn forfeit(who: &AccountId, asset: AssetId, amount: Balance) -> Balance {
		Self::unreserve_exactly(*who, asset, amount);
		let amount = amount.min(Money::held(asset, BOND_HOLD, who));
		Money::pay_held(asset, BOND_HOLD, who, &TREASURY, amount).unwrap();
		amount
	}
	fn reserved(who: &AccountId, asset: AssetId) -> Balance {
		Reserves::get().get(&(*who, asset)).copied().unwrap_or(0)
	}
}

impl Probing for World {
	fn list(_: ServiceId) -> DispatchResult {
		Ok(())
	}
	fn unproven(_: ServiceId) {}
	fn unlist(_: ServiceId) {}
	fn heat(_: ServiceId) -> Result<Occupancy, DispatchError> {
		Ok(Occupancy::default())
	}
	fn cool(_: ServiceId) {}
	fn occupancy() -> Occupancy {
		Occupancy::default()
	}
	fn was_full_since(round: RoundIndex) -> bool {
		FullUntil::get().is_some_and(|until| round <= until)
	}
	fn end_meter(service: ServiceId, at: RoundIndex, reason: CloseReason) {
		change!(MeterEnds, |map| {
			let end = map.entry(service).or_insert((at, reason));
			if at < end.0 {
				*end = (at, reason);
			}
		});
	}
	fn set_maintenance(_: ServiceId, _: RoundIndex, _: u16) {}
	fn probed(_: ServiceId) -> Option<Probed> {
		None
	}
	fn judged_round() -> RoundIndex {
		Judged::get()
	}
}

impl Meter for World {
	fn meter(service: ServiceId) -> Option<Metered> {
		let since = *Heated::get().get(&service)?;
		let end = MeterEnds::get().get(&service).copied();
		let mut reading = MeterReading { blocks: 0, through: since, recent: 0 };
		for round in since + 1..=Judged::get() {
			let up = !Outages::get().contains(&(service, round));
			reading.advance(round, up && end.is_none_or(|end| round <= end.0), L);
		}
		Some(Metered { reading, end })
	}
}

impl World {
	/// Judge a round: a lease with 3 bad ones among the last 4 is unhealthy.
	pub fn judge(round: RoundIndex) {
		Judged::set(&round);
		for service in Listings::get().into_keys() {
			let Some(lease) = lease_of_service(service) else { continue };
			let heated = Heated::get().get(&service).copied();
			let Some(opened) = heated.filter(|opened| *opened < round) else { continue };
			let ended = MeterEnds::get().get(&service).is_some_and(|end| end.0 < round);
			let bad =
				|round: &RoundIndex| *round > opened && Outages::get().contains(&(service, *round));
			if !ended && bad(&round) && (round - 3..=round).filter(bad).count() == 3 {
				ComputeOrders::unhealthy(lease, round);
			}
		}
	}
}

impl LeaseAgreements<AccountId> for World {
	fn open(
		lease: LeaseId,
		tenant: &AccountId,
		escrow: EscrowId,
		penalty_share: Perbill,
	) -> Result<AgreementId, DispatchError> {
		ensure!(!Self::is_full(), DispatchError::Other("rounds full"));
		let service = service_of_lease(lease);
		let info = Self::service(service).expect("listed before");
		let exposure =
			credit::exposure::<TestClock>(info.price, info.terms.cover, penalty_share).unwrap();
		ensure!(
			exposure <= Self::free_bond(info.operator, info.asset),
			DispatchError::Other("bond too small")
		);
		change!(Exposures, |map| map.insert(service, exposure));
		change!(Heated, |map| map.insert(service, TestClock::round()));
		let id = NextAgreement::get();
		NextAgreement::set(&(id + 1));
		let covered = Covered { lease, tenant: *tenant, escrow, penalty_share, ended: None };
		change!(Cover, |map| map.insert(id, covered));
		Ok(id)
	}
	fn exposure(terms: &SlaTerms, price: Balance) -> Option<(Perbill, Balance)> {
		let share = PenaltyShare::get();
		Some((share, credit::exposure::<TestClock>(price, terms.cover, share)?))
	}
	fn ended(agreement: AgreementId, end: StreamEnd) {
		change!(Cover, |map| {
			let covered = map.get_mut(&agreement).unwrap();
			assert!(covered.ended.replace(end).is_none(), "an agreement ends once");
			change!(Heated, |heated| heated.remove(&service_of_lease(covered.lease)));
		});
	}
}

impl World {
	/// True while every slot is taken.
	fn is_full() -> bool {
		FullUntil::get().is_some_and(|until| TestClock::round() <= until)
	}
}

impl ReputationSink<AccountId> for World {
	fn window(_: &AccountId, _: ServiceId, _: &surety_primitives::WindowSummary) {}
	fn breach(
		_: &AccountId,
		_: ServiceId,
		_: surety_primitives::BreachKind,
		_: surety_primitives::Severity,
	) {
	}
	fn forget_service(_: ServiceId) {}
	fn engagement(_: AgreementId, _: &AccountId, _: &AccountId, _: AssetId, _: Balance) {}
	fn lease_failed(who: &AccountId, lease: LeaseId, reason: CloseReason) {
		change!(Failures, |all| all.push((*who, lease, reason)));
	}
}

impl ReputationInspect<AccountId> for World {
	fn score(who: &AccountId) -> u8 {
		Scores::get().get(who).copied().unwrap_or(0)
	}
}

#[cfg(feature = "runtime-benchmarks")]
impl pallet_surety_escrow::BenchmarkHelper<AccountId> for World {
	fn fund(who: &AccountId, amount: Balance) -> AssetId {
		<Self as crate::BenchmarkHelper<AccountId>>::fund(LOCAL, who, amount);
		LOCAL
	}
	fn metered() -> ServiceId {
		unimplemented!("the benchmarks of escrow run with its own mock")
	}
}

#[cfg(feature = "runtime-benchmarks")]
impl crate::BenchmarkHelper<AccountId> for World {
	fn asset() -> AssetId {
		LOCAL
	}
	fn fund(asset: AssetId, who: &AccountId, amount: Balance) {
		use frame::token::{fungible::Mutate as _, fungibles::Mutate as _};
		assert_ok!(Balances::mint_into(who, MINIMUM));
		let _: Balance = match asset {
			AssetId::Native => Balances::mint_into(who, amount).unwrap(),
			AssetId::Local(id) => Assets::mint_into(id, who, amount).unwrap(),
		};
	}
	fn compute_service(n: u32) -> ServiceId {
		let who = 1_000 + AccountId::from(n);
		for asset in [NATIVE, LOCAL] {
			Self::fund(asset, &who, 20_000 * BOND);
			assert_ok!(Money::hold(asset, BOND_HOLD, &who, 10_000 * BOND));
		}
		let id = 1_000 + n;
		list(id, who, LOCAL);
		id
	}
	fn health(service: ServiceId) -> Endpoint {
		health_of(service)
	}
}

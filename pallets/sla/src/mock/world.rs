//! The pallets around this one, small and with their state in storage.

use super::*;
use surety_primitives::{
	Agreements as _, LeaseAgreements, MeterReading, Metered, Network, NetworkId, NewStream,
	Occupancy, OnEscrowEnd, Slashed, Started, StreamEnd, StreamInfo,
};

/// The pallets around this one.
pub struct World;

impl Registry<AccountId> for World {
	fn service(id: ServiceId) -> Option<Service<AccountId>> {
		Listings::get().get(&id).cloned()
	}
	fn ensure_open(id: ServiceId) -> DispatchResult {
		if Shut::get().contains(&id) { Err(DispatchError::Other("paused")) } else { Ok(()) }
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
	fn terminate(id: ServiceId, at: RoundIndex) {
		if service_is_sold(id) {
			change!(Terminated, |map| map.insert(id, at));
		}
	}
	fn treasury() -> AccountId {
		TREASURY
	}
	fn min_bond(_: AssetId) -> Option<Balance> {
		Some(MIN_BOND)
	}
}

/// The registry ends no leases: their owner does.
fn service_is_sold(id: ServiceId) -> bool {
	Listings::get()[&id].status != surety_primitives::ServiceStatus::Leased
}

impl Bonding<AccountId> for World {
	fn exposure(service: ServiceId) -> Balance {
		Exposures::get().get(&service).copied().unwrap_or(0)
	}
	fn set_exposure(service: ServiceId, amount: Balance) -> DispatchResult {
		let now = Self::exposure(service);
		if amount > now && amount - now > Self::free_bond(service) {
			return Err(DispatchError::Other("bond too small"));
		}
		change!(Exposures, |map| map.insert(service, amount));
		Ok(())
	}
	fn free_bond(service: ServiceId) -> Balance {
		let info = Self::service(service).unwrap();
		let reserved: Balance = Listings::get()
			.iter()
			.filter(|(_, s)| s.operator == info.operator && s.asset == info.asset)
			.map(|(id, _)| Self::exposure(*id))
			.sum();
		Money::held(info.asset, BOND_HOLD, &info.operator).saturating_sub(reserved)
	}
	fn slash(service: ServiceId, credit: Balance, to: &AccountId, penalty: Balance) -> Slashed {
		let info = Self::service(service).unwrap();
		let take = |to: &AccountId, amount: Balance| {
			let amount = amount.min(Money::held(info.asset, BOND_HOLD, &info.operator));
			if amount > 0 {
				Money::pay_held(info.asset, BOND_HOLD, &info.operator, to, amount).unwrap();
			}
			amount
		};
		let credit = take(to, credit);
		Slashed { credit, penalty: take(&TREASURY, penalty) }
	}
	fn charge(service: ServiceId, amount: Balance, to: &AccountId) -> Balance {
		let info = Self::service(service).unwrap();
		let amount = amount.min(Money::held(info.asset, BOND_HOLD, &info.operator));
		if amount > 0 {
			Money::pay_held(info.asset, BOND_HOLD, &info.operator, to, amount).unwrap();
		}
		amount
	}
}

impl Probing for World {
	fn list(_: ServiceId) -> DispatchResult {
		Ok(())
	}
	fn unproven(_: ServiceId) {}
	fn unlist(_: ServiceId) {}
	fn heat(service: ServiceId) -> Result<Occupancy, DispatchError> {
		ensure!(!PagesFull::get(), DispatchError::Other("pages full"));
		assert!(Services::<Test>::contains_key(service), "a hot row belongs to a known service");
		change!(ProbedAs, |map| map.get_mut(&service).unwrap().hot = true);
		Ok(Self::occupancy())
	}
	fn cool(service: ServiceId) {
		change!(ProbedAs, |map| map.get_mut(&service).unwrap().hot = false);
	}
	fn occupancy() -> Occupancy {
		let hot = ProbedAs::get().values().filter(|probed| probed.hot).count();
		Occupancy { taken: Taken::get() + u32::try_from(hot).unwrap(), slots: 100 }
	}
	fn was_full_since(_: RoundIndex) -> bool {
		PagesFull::get()
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
	fn probed(service: ServiceId) -> Option<Probed> {
		ProbedAs::get().get(&service).copied()
	}
	fn judged_round() -> RoundIndex {
		Judged::get()
	}
}

impl Meter for World {
	/// Only its end is known here.
	fn meter(service: ServiceId) -> Option<Metered> {
		let reading = MeterReading { blocks: 0, through: Judged::get(), recent: 0 };
		Some(Metered { reading, end: MeterEnds::get().get(&service).copied() })
	}
}

impl World {
	/// Due of a stream by the rounds judged. If it is for its tenant's leaving, that is in all at
	/// least what was prepaid, less the rounds that were not billed.
	fn due(stream: &Stream, leaves: bool) -> Balance {
		let last = stream.ending.map_or(Judged::get(), |(round, _)| round.min(Judged::get()));
		let last = Self::ended(stream.meter).map_or(last, |(at, _)| at.min(last));
		let unbilled = Unbilled::get();
		let (mut billed, mut least) = (0, if leaves { stream.prepaid } else { 0 });
		for round in stream.opened + 1..=last {
			let price = stream.rate * Balance::from(L);
			match unbilled.contains(&(stream.meter, round)) {
				true => least = least.saturating_sub(price),
				false => billed += price,
			}
		}
		billed.max(least).saturating_sub(stream.paid).min(stream.held)
	}
	fn pay_due(stream: &mut Stream, leaves: bool) -> Balance {
		let due = Self::due(stream, leaves);
		if due > 0 {
			Money::pay_held(stream.asset, STREAM_HOLD, &stream.payer, &stream.payee, due).unwrap();
		}
		stream.held -= due;
		stream.paid += due;
		due
	}
	/// Close every stream whose last round is judged, as escrow's agenda does.
	pub fn work_agenda() {
		for (id, mut stream) in Streams::get() {
			// A meter that stops ends its streams.
			let meter = Self::ended(stream.meter);
			let ending = stream.ending.into_iter().chain(meter).min_by_key(|(round, _)| *round);
			let Some((round, reason)) = ending.filter(|(round, _)| *round <= Judged::get()) else {
				continue;
			};
			if !stream.closed {
				Self::pay_due(&mut stream, reason.keeps_prepaid());
			}
			let (paid, rest) = (stream.paid, stream.held);
			let refunded = match Money::release(stream.asset, STREAM_HOLD, &stream.payer, rest) {
				Ok(()) => rest,
				Err(_) => 0,
			};
			let told = core::mem::replace(&mut stream.closed, true);
			let owner = stream.owner;
			change!(Streams, |map| match refunded == rest {
				true => map.remove(&id),
				false => map.insert(id, stream),
			});
			if !told {
				Self::tell(owner, StreamEnd { reason, round, paid, fee: paid / 20, refunded });
			}
		}
	}
	/// Tell the owner of a stream of its end, and end the lease if it is one.
	fn tell(owner: EscrowOwner, end: StreamEnd) {
		<Sla as OnEscrowEnd>::ended(owner, end);
		let EscrowOwner::Replica { order: lease, .. } = owner else { return };
		let agreement = Leased::get()[&lease];
		assert!(!matches!(
			Agreements::<Test>::get(agreement).unwrap().state,
			AgreementState::Closed { .. }
		));
		<Sla as LeaseAgreements<_>>::ended(agreement, end);
		change!(Leased, |map| map.remove(&lease));
		let service = service_of_lease(lease);
		Sla::forget(service).unwrap();
		change!(Listings, |map| map.remove(&service));
		change!(MeterEnds, |map| map.remove(&service));
	}
	/// The deposit of a lease is held as a lump, and the lease begins.
	pub fn begin_lease(
		tenant: AccountId,
		lease: LeaseId,
		deposit: Balance,
	) -> Result<AgreementId, DispatchError> {
		let service = service_of_lease(lease);
		let info = <Self as Registry<_>>::service(service).unwrap();
		let escrow = Self::hold_stream(NewStream {
			owner: EscrowOwner::Replica { order: lease, index: 0 },
			payer: tenant,
			payee: info.operator,
			asset: info.asset,
			meter: service,
			rate: info.price,
			deposit,
			prepaid: 0,
			fee: Fee { share: PlatformShare::get(), to_probers: ProberShare::get() },
		})?;
		let agreement = <Sla as LeaseAgreements<_>>::open(lease, &tenant, escrow, Share::get())?;
		change!(Leased, |map| map.insert(lease, agreement));
		Ok(agreement)
	}
	/// The owner of a lease ends it.
	pub fn end_lease(lease: LeaseId, round: RoundIndex, reason: CloseReason) {
		let agreement = Leased::get()[&lease];
		Self::end(Agreements::<Test>::get(agreement).unwrap().escrow, round, reason).unwrap();
	}
	/// Escrow decides an end by itself.
	pub fn decide_end(agreement: AgreementId, round: RoundIndex, reason: CloseReason) {
		let escrow = Agreements::<Test>::get(agreement).unwrap().escrow;
		change!(Streams, |map| map.get_mut(&escrow).unwrap().ending = Some((round, reason)));
		<Sla as OnEscrowEnd>::ending(EscrowOwner::Agreement(agreement), round, reason);
	}
	fn hold_stream(new: NewStream<AccountId>) -> Result<EscrowId, DispatchError> {
		let id = NextStream::get();
		NextStream::set(&(id + 1));
		Money::hold(new.asset, STREAM_HOLD, &new.payer, new.deposit)?;
		let stream = Stream {
			owner: new.owner,
			payer: new.payer,
			payee: new.payee,
			asset: new.asset,
			meter: new.meter,
			rate: new.rate,
			prepaid: new.prepaid,
			held: new.deposit,
			paid: 0,
			opened: TestClock::round(),
			ending: None,
			closed: false,
		};
		change!(Streams, |map| map.insert(id, stream));
		Ok(id)
	}
}

impl OnLease for World {
	fn unhealthy(_: LeaseId, _: RoundIndex) {
		unreachable!("not called here")
	}
	fn terminated(lease: LeaseId, at: RoundIndex, reason: CloseReason) {
		let mut ended = LeasesEnded::get();
		ended.push((lease, at, reason));
		LeasesEnded::set(&ended);
		Self::end_lease(lease, at, reason);
	}
}

impl Escrow<AccountId> for World {
	fn open_stream(new: NewStream<AccountId>) -> Result<EscrowId, DispatchError> {
		assert!(matches!(new.owner, EscrowOwner::Agreement(_)), "leases open their own");
		Self::hold_stream(new)
	}
	fn start(_: EscrowId, _: Started<AccountId>) -> DispatchResult {
		unreachable!("not called here")
	}
	fn extend(_: EscrowId, _: RoundIndex, _: Balance) -> DispatchResult {
		unreachable!("not called here")
	}
	fn park(
		_: EscrowId,
		_: RoundIndex,
		_: CloseReason,
	) -> Result<(RoundIndex, CloseReason), DispatchError> {
		unreachable!("not called here")
	}
	fn top_up(id: EscrowId, amount: Balance) -> DispatchResult {
		let mut stream = Streams::get().remove(&id).unwrap();
		Money::hold(stream.asset, STREAM_HOLD, &stream.payer, amount)?;
		stream.held += amount;
		change!(Streams, |map| map.insert(id, stream));
		Ok(())
	}
	fn settle(id: EscrowId) -> Result<Balance, DispatchError> {
		let mut stream = Streams::get().remove(&id).ok_or(DispatchError::Other("no stream"))?;
		ensure!(!Disputed::get().contains(&id), DispatchError::Other("disputed"));
		let paid = Self::pay_due(&mut stream, false);
		// As escrow does where its agenda has not seen yet that the meter stopped.
		let stopped = Self::ended(stream.meter).filter(|(at, _)| *at <= Judged::get());
		let stopped =
			stopped.filter(|(at, _)| stream.ending.is_none_or(|(stands, _)| *at < stands));
		stream.ending = stopped.or(stream.ending);
		let owner = stream.owner;
		change!(Streams, |map| map.insert(id, stream));
		if let Some((round, reason)) = stopped {
			<Sla as OnEscrowEnd>::ending(owner, round, reason);
		}
		Ok(paid)
	}
	fn end(
		id: EscrowId,
		at: RoundIndex,
		reason: CloseReason,
	) -> Result<(RoundIndex, CloseReason), DispatchError> {
		let mut stream = Streams::get().remove(&id).ok_or(DispatchError::Other("no stream"))?;
		let ends = stream.ending.filter(|(stands, _)| *stands <= at).unwrap_or((at, reason));
		stream.ending = Some(ends);
		change!(Streams, |map| map.insert(id, stream));
		Ok(ends)
	}
	fn freeze(_: EscrowId, _: Balance) -> DispatchResult {
		unreachable!("not called here")
	}
	fn thaw(_: EscrowId, _: Balance) -> DispatchResult {
		unreachable!("not called here")
	}
	fn open_lump(
		_: EscrowOwner,
		_: AccountId,
		_: AccountId,
		_: AssetId,
		_: Balance,
	) -> Result<EscrowId, DispatchError> {
		unreachable!("not called here")
	}
	fn close_lump(_: EscrowId, _: Balance, _: CloseReason) -> DispatchResult {
		unreachable!("not called here")
	}
	fn stream(id: EscrowId) -> Option<StreamInfo> {
		Streams::get().get(&id).filter(|s| !s.closed).map(|s| StreamInfo {
			held: s.held,
			paid: s.paid,
			due: Self::due(s, false),
			blocks_left: u32::try_from((s.held - Self::due(s, false)) / s.rate).unwrap(),
			ending: s.ending,
			parks: false,
			last: None,
		})
	}
}

impl ReputationSink<AccountId> for World {
	fn window(_: &AccountId, _: ServiceId, _: &surety_primitives::WindowSummary) {}
	fn breach(operator: &AccountId, service: ServiceId, kind: BreachKind, severity: Severity) {
		let mut reported = Reported::get();
		reported.push((*operator, service, kind, severity));
		Reported::set(&reported);
	}
	fn forget_service(service: ServiceId) {
		let mut forgotten = Forgotten::get();
		forgotten.push(service);
		Forgotten::set(&forgotten);
	}
	fn engagement(
		agreement: AgreementId,
		operator: &AccountId,
		tenant: &AccountId,
		asset: AssetId,
		fee: Balance,
	) {
		let mut engaged = Engaged::get();
		engaged.push((agreement, *operator, *tenant, asset, fee));
		Engaged::set(&engaged);
	}
	fn lease_failed(_: &AccountId, _: LeaseId, _: CloseReason) {}
}

#[cfg(feature = "runtime-benchmarks")]
impl benchmarking::BenchmarkHelper<AccountId> for World {
	fn open_service() -> ServiceId {
		use frame::token::fungible::Mutate;
		list(SERVICE, NATIVE);
		assert_ok!(Balances::mint_into(&OPERATOR, BOND * 2));
		assert_ok!(Money::hold(NATIVE, BOND_HOLD, &OPERATOR, BOND));
		up(SERVICE);
		SERVICE
	}
	fn listed_lease() -> LeaseId {
		Self::open_service();
		list_lease(0, NATIVE);
		0
	}
	fn fund(_: AssetId, who: &AccountId, amount: Balance) {
		use frame::token::fungible::Mutate;
		assert_ok!(Balances::mint_into(who, amount));
	}
	fn judge_through(round: RoundIndex) {
		Judged::set(&round);
	}
}

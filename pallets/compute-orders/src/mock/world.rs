//! The pallets around this one, small and with their state in storage.

use super::*;
use surety_primitives::{
	EscrowOwner, Network, NetworkId, NewStream, Occupancy, OnEscrowEnd, Probed, Started, StreamInfo, credit,
	endpoint, lease_of_service,
};

/// The pallets around this one.
pub struct World;

/// A stream as the stand-in for escrow keeps it.
#[derive(Clone, Debug, Decode, Encode)]
pub struct Stream {
	pub meter: ServiceId,
	pub rate: Balance,
	/// Least that is due in all if the tenant closes it after the trial, less the rounds not billable.
	pub prepaid: Balance,
	pub opened: RoundIndex,
	pub last: RoundIndex,
	pub trial_until: RoundIndex,
	pub deposited: Balance,
	pub paid: Balance,
	pub fee: Balance,
	/// Last round, why, and whether it is parked then.
	pub ending: Option<(RoundIndex, CloseReason, bool)>,
}

/// An account of a replica.
#[derive(Clone, Debug, Decode, Encode)]
pub struct Account {
	pub owner: (OrderId, u8),
	pub payer: AccountId,
	pub payee: AccountId,
	pub asset: AssetId,
	pub held: Balance,
	pub stream: Option<Stream>,
}

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
	fn terminate(_: ServiceId, _: RoundIndex) {}
	fn treasury() -> AccountId {
		TREASURY
	}
	fn in_min_bonds(_: AssetId, amount: Balance) -> Balance {
		amount
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
		let same = endpoint::check(&endpoint, true).ok() == endpoint::check(&parent.endpoint, true).ok();
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
				Self::service(**id).is_some_and(|service| service.operator == who && service.asset == asset)
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

impl World {
	/// Judge a round: a lease with 3 bad ones among the last 4 is unhealthy.
	pub fn judge(round: RoundIndex) {
		Judged::set(&round);
		for service in Listings::get().into_keys() {
			let Some(lease) = lease_of_service(service) else { continue };
			let opened = Accounts::get()
				.values()
				.filter_map(|account| account.stream.clone())
				.find(|stream| stream.meter == service)
				.map(|stream| stream.opened);
			let Some(opened) = opened.filter(|opened| *opened < round) else { continue };
			let ended = MeterEnds::get().get(&service).is_some_and(|end| end.0 < round);
			let bad = |round: &RoundIndex| *round > opened && Outages::get().contains(&(service, *round));
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
		let cost = Self::cost(&info.terms, info.price).unwrap();
		let exposure = credit::with_penalty(cost, penalty_share).unwrap();
		ensure!(
			exposure <= Self::free_bond(info.operator, info.asset),
			DispatchError::Other("bond too small")
		);
		change!(Exposures, |map| map.insert(service, exposure));
		let id = NextAgreement::get();
		NextAgreement::set(&(id + 1));
		let covered = Covered { lease, tenant: *tenant, escrow, penalty_share, ended: None };
		change!(Cover, |map| map.insert(id, covered));
		Ok(id)
	}
	fn exposure(terms: &SlaTerms, price: Balance) -> Option<(Perbill, Balance)> {
		let share = PenaltyShare::get();
		Some((share, credit::with_penalty(Self::cost(terms, price)?, share)?))
	}
	fn ended(agreement: AgreementId, end: StreamEnd) {
		change!(Cover, |map| {
			let covered = map.get_mut(&agreement).unwrap();
			assert!(covered.ended.replace(end).is_none(), "an agreement ends once");
		});
	}
}

impl World {
	fn cost(terms: &SlaTerms, price: Balance) -> Option<Balance> {
		credit::cost_of(credit::window_price::<TestClock>(price)?, terms.cover)
	}

	/// Whether every slot is taken now.
	fn is_full() -> bool {
		FullUntil::get().is_some_and(|until| TestClock::round() <= until)
	}
}

impl ReputationSink<AccountId> for World {
	fn window(_: &AccountId, _: ServiceId, _: &surety_primitives::WindowSummary) {}
	fn breach(_: &AccountId, _: ServiceId, _: surety_primitives::BreachKind, _: surety_primitives::Severity) {
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

impl Stream {
	/// The end that stands, and if it parks then: what was decided, or its time if that is over sooner.
	pub fn ending(&self) -> Option<(RoundIndex, CloseReason, bool)> {
		let expired = Some((self.last, CloseReason::Expired, false));
		match self.ending {
			Some((round, ..)) if self.last < round => expired,
			None if self.last <= TestClock::round() => expired,
			decided => decided,
		}
	}

	/// Rounds that were judged so far, and those of them that were billable.
	fn rounds(&self, through: RoundIndex) -> (Balance, Balance) {
		let last = self.ending().map_or(through, |(round, ..)| round.min(through));
		let last = MeterEnds::get().get(&self.meter).map_or(last, |end| last.min(end.0));
		let outages = Outages::get();
		let up = (self.opened + 1..=last).filter(|round| !outages.contains(&(self.meter, *round)));
		(Balance::from(last.saturating_sub(self.opened)), up.count() as Balance)
	}

	/// Price of the rounds that were billable.
	fn used(&self, through: RoundIndex) -> Balance {
		self.rate * self.rounds(through).1 * Balance::from(L)
	}

	/// Least that is due at an end.
	fn least(&self, (round, reason, _): (RoundIndex, CloseReason, bool)) -> Balance {
		if !reason.keeps_prepaid() || round <= self.trial_until {
			return 0;
		}
		let (judged, up) = self.rounds(Judged::get());
		self.prepaid.saturating_sub(self.rate * (judged - up) * Balance::from(L))
	}
}

impl World {
	/// Pay what is due, or more if the tenant closes before what is prepaid is earned.
	fn pay(account: &mut Account, least: Balance) {
		let (payer, payee, asset) = (account.payer, account.payee, account.asset);
		let Some(stream) = &mut account.stream else { return };
		let due = stream.used(Judged::get()).max(least).min(stream.deposited);
		let fee = due / 20 - stream.fee;
		let to_payee = due - stream.paid - fee;
		if to_payee > 0 {
			Money::pay_held(asset, ESCROW_HOLD, &payer, &payee, to_payee).unwrap();
		}
		if fee > 0 {
			Money::pay_held(asset, ESCROW_HOLD, &payer, &FEES, fee).unwrap();
		}
		stream.paid = due;
		stream.fee += fee;
		account.held -= to_payee + fee;
	}

	/// Decide and carry out what is due, and notify the owner.
	pub fn work_escrow() {
		for (id, mut account) in Accounts::get() {
			let owner = EscrowOwner::Replica { order: account.owner.0, index: account.owner.1 };
			let Some(mut stream) = account.stream.clone() else { continue };
			let round = TestClock::round();
			let stands = stream.ending();
			let funds = (stream.used(round) >= stream.deposited
				&& stands.is_none_or(|(stands, ..)| round < stands))
			.then_some((round, CloseReason::FundsExhausted, false));
			let fresh = |end: &(RoundIndex, CloseReason, bool)| {
				end.0 <= round && !end.2 && stream.ending != Some(*end)
			};
			if let Some(end) = funds.or(stands).filter(fresh) {
				stream.ending = Some(end);
				account.stream = Some(stream.clone());
				change!(Accounts, |map| map.insert(id, account.clone()));
				ComputeOrders::ending(owner, end.0, end.1);
			}
			let Some(end) = stream.ending() else { continue };
			let (last, reason, parks) = end;
			if last > Judged::get() || Disputed::get().contains(&id) {
				continue;
			}
			Self::pay(&mut account, stream.least(end));
			let stream = account.stream.take().unwrap();
			let (paid, fee, refunded) = (stream.paid, stream.fee, account.held);
			let end = StreamEnd { reason, round: last, paid, fee, refunded };
			if parks {
				account.payee = account.payer;
				change!(Accounts, |map| map.insert(id, account));
				ComputeOrders::parked(owner, end);
			} else {
				Money::release(account.asset, ESCROW_HOLD, &account.payer, account.held).unwrap();
				change!(Accounts, |map| map.remove(&id));
				ComputeOrders::ended(owner, end);
			}
		}
	}

	/// End or park a stream, as escrow does it: closing is stronger than parking, the sooner end stands.
	fn stop(
		id: EscrowId,
		at: RoundIndex,
		reason: CloseReason,
		parks: bool,
	) -> Result<(RoundIndex, CloseReason), DispatchError> {
		let mut account = Accounts::get().remove(&id).ok_or(DispatchError::Other("no account"))?;
		let stream = account.stream.as_mut().ok_or(DispatchError::Other("no stream"))?;
		let (at, reason) = match MeterEnds::get().get(&stream.meter) {
			Some(end) if end.0 < at => *end,
			_ => (at, reason),
		};
		stream.ending = Some(match stream.ending {
			Some((stands, why, was)) if stands <= at => (stands, why, was && parks),
			Some((_, _, was)) => (at, reason, was && parks),
			None => (at, reason, parks),
		});
		let (round, reason, _) = stream.ending().unwrap();
		change!(Accounts, |map| map.insert(id, account));
		Ok((round, reason))
	}

	/// Governance closes an account at once.
	pub fn force_close(id: EscrowId) {
		let account = Accounts::get().remove(&id).unwrap();
		let owner = EscrowOwner::Replica { order: account.owner.0, index: account.owner.1 };
		let (round, reason) = (TestClock::round(), CloseReason::Governance);
		if account.stream.is_some() {
			let (round, reason) = Self::stop(id, round, reason, false).unwrap();
			ComputeOrders::ending(owner, round, reason);
		} else {
			Money::release(account.asset, ESCROW_HOLD, &account.payer, account.held).unwrap();
			change!(Accounts, |map| map.remove(&id));
			let end = StreamEnd { reason, round, paid: 0, fee: 0, refunded: account.held };
			ComputeOrders::ended(owner, end);
		}
	}
}

impl Escrow<AccountId> for World {
	fn open_stream(_: NewStream<AccountId>) -> Result<EscrowId, DispatchError> {
		unreachable!("not called here")
	}
	fn start(id: EscrowId, stream: Started<AccountId>) -> DispatchResult {
		let Started { payee, meter, rate, prepaid, last, trial_until } = stream;
		let mut account = Accounts::get().remove(&id).ok_or(DispatchError::Other("no account"))?;
		ensure!(account.stream.is_none(), DispatchError::Other("a stream"));
		ensure!(!Disputed::get().contains(&id), DispatchError::Other("disputed"));
		ensure!(prepaid.max(rate) <= account.held, DispatchError::Other("does not pay for a block"));
		assert!(Exposures::get().contains_key(&meter), "covered before it streams");
		account.payee = payee;
		account.stream = Some(Stream {
			meter,
			rate,
			prepaid,
			opened: TestClock::round(),
			last,
			trial_until,
			deposited: account.held,
			paid: 0,
			fee: 0,
			ending: None,
		});
		change!(Accounts, |map| map.insert(id, account));
		Ok(())
	}
	fn extend(id: EscrowId, last: RoundIndex, prepaid: Balance) -> DispatchResult {
		let mut account = Accounts::get().remove(&id).ok_or(DispatchError::Other("no account"))?;
		let stream = account.stream.as_mut().ok_or(DispatchError::Other("no stream"))?;
		ensure!(stream.ending().is_none(), DispatchError::Other("ending"));
		ensure!(prepaid <= stream.deposited, DispatchError::Other("prepaid above deposit"));
		assert!(stream.last < last && stream.prepaid <= prepaid, "it only grows");
		(stream.last, stream.prepaid) = (last, prepaid);
		change!(Accounts, |map| map.insert(id, account));
		Ok(())
	}
	fn park(
		id: EscrowId,
		at: RoundIndex,
		reason: CloseReason,
	) -> Result<(RoundIndex, CloseReason), DispatchError> {
		Self::stop(id, at, reason, true)
	}
	fn top_up(id: EscrowId, amount: Balance) -> DispatchResult {
		let mut account = Accounts::get().remove(&id).ok_or(DispatchError::Other("no account"))?;
		let ending = account.stream.as_ref().and_then(|stream| stream.ending());
		ensure!(ending.is_none_or(|(_, _, parks)| parks), DispatchError::Other("ending"));
		Money::hold(account.asset, ESCROW_HOLD, &account.payer, amount)?;
		account.held += amount;
		if let Some(stream) = &mut account.stream {
			stream.deposited += amount;
		}
		change!(Accounts, |map| map.insert(id, account));
		Ok(())
	}
	fn settle(_: EscrowId) -> Result<Balance, DispatchError> {
		unreachable!("not called here")
	}
	fn end(
		id: EscrowId,
		at: RoundIndex,
		reason: CloseReason,
	) -> Result<(RoundIndex, CloseReason), DispatchError> {
		Self::stop(id, at, reason, false)
	}
	fn freeze(_: EscrowId, _: Balance) -> DispatchResult {
		unreachable!("not called here")
	}
	fn thaw(_: EscrowId, _: Balance) -> DispatchResult {
		unreachable!("not called here")
	}
	fn open_lump(
		owner: EscrowOwner,
		payer: AccountId,
		payee: AccountId,
		asset: AssetId,
		amount: Balance,
	) -> Result<EscrowId, DispatchError> {
		let EscrowOwner::Replica { order, index } = owner else { unreachable!("replicas only") };
		let id = NextEscrow::get();
		NextEscrow::set(&(id + 1));
		Money::hold(asset, ESCROW_HOLD, &payer, amount)?;
		let account = Account { owner: (order, index), payer, payee, asset, held: amount, stream: None };
		change!(Accounts, |map| map.insert(id, account));
		Ok(id)
	}
	fn close_lump(id: EscrowId, to_payee: Balance, _: CloseReason) -> DispatchResult {
		assert_eq!(to_payee, 0);
		let account = Accounts::get().remove(&id).ok_or(DispatchError::Other("no account"))?;
		ensure!(account.stream.is_none(), DispatchError::Other("a stream"));
		ensure!(!Disputed::get().contains(&id), DispatchError::Other("disputed"));
		Money::release(account.asset, ESCROW_HOLD, &account.payer, account.held)?;
		change!(Accounts, |map| map.remove(&id));
		Ok(())
	}
	fn stream(id: EscrowId) -> Option<StreamInfo> {
		let accounts = Accounts::get();
		let account = accounts.get(&id)?;
		let stream = account.stream.as_ref()?;
		Some(StreamInfo {
			held: account.held,
			paid: stream.paid,
			due: 0,
			blocks_left: u32::try_from(account.held / stream.rate).unwrap(),
			ending: stream.ending().map(|(round, reason, _)| (round, reason)),
			parks: stream.ending().is_some_and(|(.., parks)| parks),
			last: Some(stream.last),
		})
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

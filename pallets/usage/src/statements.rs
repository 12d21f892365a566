// SPDX-License-Identifier: Apache-2.0

//! Statements: their checks, and their effect on the record of the agreement and on the totals.

use crate::{
	Config, Error, Event, Expiry, Lane, Match, ONE, PairWindow, Pairs, Pallet, Record, Records,
	Refusal, Share, SignedUsageOf, View, WindowUsage, weight_of_fee,
};
use frame::{prelude::*, traits::Verify};
use surety_primitives::{
	AgreementFacts, AgreementId, AgreementInspect, Balance, Clock, Reporters, ServiceId,
	WindowIndex,
	usage::{AgreedUsage, MAX_LANES, UsageStatement},
};

impl<T: Config> Pallet<T> {
	/// Current window.
	pub(crate) fn current_window() -> WindowIndex {
		T::Clock::window_of(T::Clock::round())
	}

	/// Oldest window of which statements are accepted.
	pub(crate) fn oldest_open() -> WindowIndex {
		Self::current_window().saturating_sub(1)
	}

	/// Accept the statements that can be, and report each.
	pub(crate) fn do_report_usage(statements: &[SignedUsageOf<T>]) -> DispatchResult {
		ensure!(!statements.is_empty(), Error::<T>::NoStatements);
		let (mut accepted, mut first) = (false, None);
		for (index, signed) in (0u32..).zip(statements) {
			match Self::accept(signed) {
				Ok(()) => accepted = true,
				Err(reason) => {
					first = first.or(Some(reason));
					let agreement = signed.statement.agreement;
					Self::deposit_event(Event::Refused { index, agreement, reason });
				},
			}
		}
		match first {
			Some(reason) if !accepted => Err(Error::<T>::Refused(reason).into()),
			_ => Ok(()),
		}
	}

	/// Apply a statement. A refused one changes nothing.
	fn accept(signed: &SignedUsageOf<T>) -> Result<(), Refusal> {
		let statement = &signed.statement;
		let UsageStatement { agreement, window, side, lane, seq, counts, .. } = *statement;
		let mut record = Self::record_of(statement)?;
		Self::authenticate(signed, &record)?;
		let new = Lane { lane, seq, counts };
		Self::change(agreement, window, &mut record, |usage| usage.view_mut(side).update(new))?;
		Self::deposit_event(Event::Reported { agreement, window, side, lane, seq, counts });
		Ok(())
	}

	/// Void the view of a side that signed two different statements with one number.
	pub(crate) fn do_report_equivocation(
		first: &SignedUsageOf<T>,
		second: &SignedUsageOf<T>,
	) -> DispatchResult {
		let (a, b) = (&first.statement, &second.statement);
		let key = |s: &UsageStatement| (s.agreement, s.window, s.side, s.lane, s.seq);
		ensure!(key(a) == key(b) && a != b, Error::<T>::NoEquivocation);

		Self::void(first, second).map_err(Error::<T>::Refused)?;
		let (agreement, window, side, lane, seq) = key(a);
		Self::deposit_event(Event::Equivocated { agreement, window, side, lane, seq });
		Ok(())
	}

	fn void(first: &SignedUsageOf<T>, second: &SignedUsageOf<T>) -> Result<(), Refusal> {
		let UsageStatement { agreement, window, side, .. } = first.statement;
		Self::record_of(&second.statement)?;
		let mut record = Self::record_of(&first.statement)?;
		Self::authenticate(first, &record)?;
		Self::authenticate(second, &record)?;
		Self::change(agreement, window, &mut record, |usage| {
			let view = usage.view_mut(side);
			ensure!(*view != View::Void, Refusal::Voided);
			*view = View::Void;
			Ok(())
		})
	}

	/// Check the contents of a statement. Returns the record of its agreement, a new one if nothing
	/// was reported before.
	fn record_of(statement: &UsageStatement) -> Result<Record<T::AccountId>, Refusal> {
		let genesis = frame_system::Pallet::<T>::block_hash(BlockNumberFor::<T>::zero());
		ensure!(statement.genesis.as_ref() == genesis.as_ref(), Refusal::WrongGenesis);
		ensure!(statement.lane < MAX_LANES, Refusal::UnknownLane);
		ensure!(statement.counts.is_consistent(), Refusal::Inconsistent);
		ensure!(statement.window <= Self::current_window(), Refusal::TooEarly);
		ensure!(statement.window >= Self::oldest_open(), Refusal::TooLate);

		let record = match Records::<T>::get(statement.agreement) {
			Some(record) => record,
			None => {
				let facts = T::Agreements::facts(statement.agreement);
				Record::new(facts.ok_or(Refusal::UnknownAgreement)?)
			},
		};
		ensure!(Self::service_of(&record.facts).is_some(), Refusal::NotCounted);
		let over = record.ended.is_some_and(|ended| statement.window > ended.window);
		let outside = over || statement.window < record.facts.opened;
		ensure!(!outside, Refusal::OutsideAgreement);
		Ok(record)
	}

	/// Check the reporter of a statement and its signature.
	fn authenticate(
		signed: &SignedUsageOf<T>,
		record: &Record<T::AccountId>,
	) -> Result<(), Refusal> {
		let party = record.party(signed.statement.side);
		ensure!(T::Reporters::may_report(party, &signed.reporter), Refusal::NotReporter);
		let payload = signed.statement.payload();
		ensure!(signed.signature.verify(&payload[..], &signed.reporter), Refusal::BadSignature);
		Ok(())
	}

	/// Service and highest number of requests of an agreement in a window. `None` if its use is not
	/// counted.
	pub fn service_of(facts: &AgreementFacts<T::AccountId>) -> Option<(ServiceId, u64)> {
		let blocks = u64::from(T::Clock::window_blocks());
		let ms = blocks.saturating_mul(T::Clock::slot_ms());
		Some((facts.target.service()?, facts.class.unit().max_requests(facts.units, ms)?))
	}

	/// Change the use of an agreement in a window, and the totals by the difference.
	fn change(
		id: AgreementId,
		window: WindowIndex,
		record: &mut Record<T::AccountId>,
		change: impl FnOnce(&mut WindowUsage) -> Result<(), Refusal>,
	) -> Result<(), Refusal> {
		let (service, max) = Self::service_of(&record.facts).ok_or(Refusal::NotCounted)?;
		let is_new = record.windows.is_empty() && record.ended.is_none();
		let known = record.windows.iter().find(|usage| usage.window == window).cloned();
		let before = known.as_ref().map(|usage| usage.share);
		let mut usage = known.unwrap_or_else(|| WindowUsage::new(window));
		change(&mut usage)?;

		let (agreed, matched) = usage.compare(max);
		let share = Share { agreed, matched, weight: 0, units: 0 };
		let old_weight = before.map_or(0, |share| share.weight);
		let wanted = Self::wanted_weight(id, record, &share);
		let weight = Self::weigh_pair(&record.facts, window, old_weight, wanted);
		let units = if weight > 0 { record.facts.units } else { 0 };
		usage.share = Share { weight, units, ..share };
		Self::update_totals(service, window, before.as_ref(), &usage.share);

		let oldest = Self::oldest_open();
		record.windows.retain(|other| other.window >= oldest && other.window != window);
		let at = record.windows.partition_point(|other| other.window < window);
		if record.windows.try_insert(at, usage).is_err() {
			defensive!("two windows are open");
		}
		if is_new {
			Self::enqueue(record.until(), Expiry::Agreement(id));
		}
		Records::<T>::insert(id, record);
		Ok(())
	}

	/// Weight that an agreement would have if its pair had no other.
	fn wanted_weight(id: AgreementId, record: &Record<T::AccountId>, share: &Share) -> u64 {
		let AgreementFacts { tenant, operator, asset, .. } = &record.facts;
		let enough = share.agreed.requests >= T::MinRequests::get();
		if share.matched == Match::OneSided || !enough || tenant == operator {
			return 0;
		}
		let fee: Balance = match record.ended {
			Some(ended) => ended.window_fee,
			None => T::Agreements::window_fee(id).unwrap_or(0),
		};
		let scale = T::FeeScale::convert(*asset);
		scale.map_or(0, |scale| weight_of_fee(fee, scale))
	}

	/// Replace the weight of an agreement in its pair. Returns what the pair has left of the wanted
	/// one.
	fn weigh_pair(
		facts: &AgreementFacts<T::AccountId>,
		window: WindowIndex,
		old: u64,
		wanted: u64,
	) -> u64 {
		if old == 0 && wanted == 0 {
			return 0;
		}
		let (operator, tenant) = (&facts.operator, &facts.tenant);
		let mut weights = Pairs::<T>::get(operator, tenant);
		let is_new = weights.is_empty();
		let used = weights.iter().find(|it| it.window == window).map_or(0, |it| it.used);
		let others = used.saturating_sub(old);
		let weight = wanted.min(ONE.saturating_sub(others));

		let oldest = Self::oldest_open();
		weights.retain(|it| it.window >= oldest && it.window != window);
		let at = weights.partition_point(|it| it.window < window);
		let used = others.saturating_add(weight);
		if weights.try_insert(at, PairWindow { window, used }).is_err() {
			defensive!("two windows are open");
		}
		if is_new {
			let expiry = Expiry::Pair(operator.clone(), tenant.clone());
			Self::enqueue(window.saturating_add(1), expiry);
		}
		Pairs::<T>::insert(operator, tenant, weights);
		weight
	}
}

impl WindowUsage {
	/// Use before the first statement.
	pub(crate) fn new(window: WindowIndex) -> Self {
		let (agreed, matched) = (AgreedUsage::default(), Match::OneSided);
		let share = Share { agreed, matched, weight: 0, units: 0 };
		Self { window, tenant: View::default(), operator: View::default(), share }
	}
}

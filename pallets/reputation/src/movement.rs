//! What moves scores. Called inside mandatory sweeps: constant work, and nothing here can fail.

use crate::{
	Cause, Config, Event, Operators, Pallet, Record, Role, Services, Standing, TenantStanding,
	Tenants,
};
use frame::traits::Get;
use frame_support::storage::StorageMap;
use surety_primitives::{
	AgreementId, AssetId, Balance, BreachKind, Clock, CloseReason, LeaseId, ReputationSink,
	ServiceId, Severity, WindowIndex, WindowSummary,
	score::{Evidence, lease_weight},
};

impl<T: Config> ReputationSink<T::AccountId> for Pallet<T> {
	fn window(operator: &T::AccountId, service: ServiceId, summary: &WindowSummary) {
		let WindowSummary { window, counters, latency_p95 } = *summary;
		if counters.measured() == 0 {
			return;
		}
		let at = window.max(Self::last_window());

		Services::<T>::mutate(service, |entry| {
			let standing = entry.get_or_insert_default();
			standing.roll(at, T::HalfLife::get());
			standing.quality = standing.quality.with_window(&counters, latency_p95);
		});
		let cause = Cause::Window { service, window };
		Self::move_score(operator, at, cause, |standing: &mut Standing| {
			standing.count(&counters, latency_p95)
		});
	}

	fn breach(operator: &T::AccountId, service: ServiceId, kind: BreachKind, severity: Severity) {
		let cause = Cause::Breach { service, kind, severity };
		Self::move_score(operator, Self::last_window(), cause, |standing: &mut Standing| {
			standing.evidence = standing.evidence.and(Evidence::of_breach(severity));
		});
	}

	fn forget_service(service: ServiceId) {
		Services::<T>::remove(service);
	}

	fn engagement(
		agreement: AgreementId,
		operator: &T::AccountId,
		tenant: &T::AccountId,
		asset: AssetId,
		fee: Balance,
	) {
		Self::open_engagement(agreement, operator, tenant, asset, fee);
	}

	fn lease_failed(operator: &T::AccountId, lease: LeaseId, reason: CloseReason) {
		if lease_weight(reason) == 0 {
			return;
		}
		let cause = Cause::LeaseFailed { lease, reason };
		Self::move_score(operator, Self::last_window(), cause, |standing: &mut Standing| {
			standing.evidence = standing.evidence.and(Evidence::of_lease(reason));
		});
	}
}

/// A record, and the map that it is stored in.
pub(crate) trait RecordOf<T: Config>: Record + codec::FullCodec {
	/// The records of all accounts in that role.
	type Map: StorageMap<T::AccountId, Self, Query = Option<Self>>;
}

impl<T: Config> RecordOf<T> for Standing {
	type Map = Operators<T>;
}

impl<T: Config> RecordOf<T> for TenantStanding {
	type Map = Tenants<T>;
}

impl<T: Config> Pallet<T> {
	/// Move the score of an account in the role of a record, and store the record. Returns the score before and
	/// after the movement.
	pub(crate) fn move_score<R: RecordOf<T>>(
		account: &T::AccountId,
		at: WindowIndex,
		cause: Cause,
		apply: impl FnOnce(&mut R),
	) -> (u8, u8) {
		let record = R::Map::get(account).unwrap_or_default();
		let (record, before, after) = Self::moved(account, record, at, cause, apply);
		R::Map::insert(account, record);
		(before, after)
	}

	/// Bring a record to window `at`, apply a movement, and tell of it. Returns the record, and the score
	/// before and after the movement.
	fn moved<R: Record>(
		account: &T::AccountId,
		mut record: R,
		at: WindowIndex,
		cause: Cause,
		apply: impl FnOnce(&mut R),
	) -> (R, u8, u8) {
		let rounds = T::Clock::window_rounds();
		let mut before = record.shown();

		let passed = at.saturating_sub(record.window());
		let idle = passed.saturating_sub(u32::from(cause.closes_a_window()));
		record.roll(at, rounds, T::HalfLife::get());
		let rolled = record.score(rounds);
		if idle > 0 && rolled != before {
			Self::tell(account, R::ROLE, Cause::Idle { windows: idle }, before, rolled);
			before = rolled;
		}

		apply(&mut record);
		let after = record.score(rounds);
		*record.shown_mut() = after;
		if after != before || cause.is_told_always() {
			Self::tell(account, R::ROLE, cause, before, after);
		}
		(record, before, after)
	}

	fn tell(account: &T::AccountId, role: Role, cause: Cause, before: u8, after: u8) {
		Self::deposit_event(Event::Moved { account: account.clone(), role, cause, before, after });
	}
}

// SPDX-License-Identifier: Apache-2.0

//! Invariants of the storage.

use crate::{
	AccountOf,
	pallet::{Accounts, Agenda, Config, Cursor, HoldReason, NextId, Pallet},
	types::{Lane, Terms},
};
use frame::{deps::sp_runtime::TryRuntimeError, prelude::*};
use surety_primitives::{Balance, Clock, EscrowId, Funds};

impl<T: Config> Pallet<T> {
	/// Check the invariants that the documentation of the crate lists.
	pub fn do_try_state() -> Result<(), TryRuntimeError> {
		use alloc::collections::BTreeMap;

		let mut holds = BTreeMap::<_, Balance>::new();
		let mut entries = 0usize;
		for (id, account) in Accounts::<T>::iter() {
			let sum = holds.entry((account.asset, account.payer.clone())).or_default();
			*sum = sum.saturating_add(account.held);
			ensure!(id < NextId::<T>::get(), "8: id beyond the next");
			Self::check_money(&account)?;
			let stream = matches!(account.terms, Terms::Stream(_));
			ensure!(stream || account.end_round().is_none(), "9: a one-off hold that is ending");
			if let Terms::Stream(_) = account.terms {
				Self::check_runs(&account)?;
				if Self::check_entry(id, &account)? {
					entries = entries.saturating_add(1);
				}
			}
		}
		for ((asset, payer), sum) in holds {
			let held = T::Funds::held(asset, HoldReason::Escrow.into(), &payer);
			ensure!(held == sum, "1: the hold is not the sum over the accounts");
		}
		ensure!(Agenda::<T>::iter().count() == entries, "5: an entry of no stream");
		Ok(())
	}

	fn check_money(account: &AccountOf<T>) -> Result<(), TryRuntimeError> {
		let paid = account.paid.total();
		let all = paid.saturating_add(account.refunded).saturating_add(account.held);
		ensure!(all == account.deposited, "2: paid, refunded and held are not the deposit");
		ensure!(account.refunded == 0 || account.is_closed(), "2: refunded while open");
		ensure!(paid <= account.due(), "3: more paid than due");
		ensure!(
			account.due() <= account.deposited.saturating_sub(account.frozen),
			"3: more due than deposited and not frozen"
		);
		ensure!(
			account.paid.fee() <= account.fee.share.mul_floor(paid),
			"3: more fee than its share"
		);
		if let (Terms::Stream(stream), false) = (&account.terms, account.is_closed()) {
			ensure!(
				stream.min_due_by_tenant() <= account.for_meter(),
				"3: the prepaid sum is not there"
			);
		}
		ensure!(account.frozen <= account.held, "4: more frozen than held");
		if account.is_closed() {
			ensure!(account.held > 0 && account.frozen == 0, "7: closed without a claim");
		}
		Ok(())
	}

	fn check_entry(id: EscrowId, account: &AccountOf<T>) -> Result<bool, TryRuntimeError> {
		let Terms::Stream(stream) = &account.terms else { return Ok(false) };
		match stream.wake {
			Some((lane, block)) => {
				ensure!(
					Agenda::<T>::contains_key((lane, block), id),
					"5: a stream without its entry"
				);
				ensure!(
					Cursor::<T>::get(lane).is_none_or(|cursor| cursor <= block),
					"5: an entry that is never reached"
				);
				let urgent = lane == Lane::Urgent;
				ensure!(urgent || account.end_round().is_none(), "5: an end that is not urgent");
				let soon = block <= T::Clock::now().saturating_add(1);
				ensure!(
					!urgent || soon || account.end_round().is_some(),
					"5: a look that is urgent"
				);
				Ok(true)
			},
			None => {
				ensure!(
					account.is_closed() || account.frozen > 0,
					"5: a stream that is never looked at"
				);
				Ok(false)
			},
		}
	}

	fn check_runs(account: &AccountOf<T>) -> Result<(), TryRuntimeError> {
		let Terms::Stream(stream) = &account.terms else { return Ok(()) };
		let runs = &stream.runs;
		ensure!(
			runs.iter()
				.zip(runs.iter().skip(1))
				.all(|(a, b)| a.until.is_some_and(|until| until <= b.from)),
			"6: runs out of order"
		);
		ensure!(
			runs.iter().all(|run| run.until.is_none_or(|until| run.from < until)),
			"6: a run that ends before it begins"
		);
		if account.is_closed() {
			return Ok(());
		}
		let open = runs.last().is_some_and(|run| run.until.is_none());
		ensure!(!open || account.frozen == 0, "6: a frozen stream runs");
		let (end, last) = (account.end_round(), stream.last());
		ensure!(
			end.is_none() || last.is_none() || end <= last,
			"6: a stream ends after its last round"
		);
		ensure!(
			end.is_none_or(|end| stream.read <= end),
			"6: a stream ends before the last round read"
		);
		ensure!(
			end.or(last).is_none_or(|end| runs
				.iter()
				.all(|run| run.until.is_some_and(|until| until <= end))),
			"6: a stream runs past its end"
		);
		Ok(())
	}
}

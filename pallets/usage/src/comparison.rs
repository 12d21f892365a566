// SPDX-License-Identifier: Apache-2.0

//! Totals of services, and the comparison of closed windows with the verdicts of the probers.

use crate::{
	ClosedWindow, Comparison, Config, Event, Expiry, HISTORY, Pallet, ServiceUsage, Services,
	Share, Totals, up_share,
};
use alloc::vec::Vec;
use frame::prelude::*;
use surety_primitives::{Agreements, Clock, ProbeHistory, ServiceId, Target, WindowIndex};

impl<T: Config> Pallet<T> {
	/// Totals and standing of a service as of now. `None` if it was not used for [`HISTORY`]
	/// windows.
	pub fn service_usage(service: ServiceId) -> Option<ServiceUsage> {
		let mut usage = Services::<T>::get(service)?;
		let _ = Self::close_windows(service, &mut usage);
		usage.is_recent(Self::current_window()).then_some(usage)
	}

	/// Replace the part of an agreement in the totals of a window. `before` is `None` if it had
	/// none.
	pub(crate) fn update_totals(
		service: ServiceId,
		window: WindowIndex,
		before: Option<&Share>,
		after: &Share,
	) {
		let known = Services::<T>::get(service);
		let is_new = known.is_none();
		let mut usage = known.unwrap_or_default();
		Self::deposit_all(Self::close_windows(service, &mut usage));

		let at = usage.open.partition_point(|totals| totals.window < window);
		if usage.open.get(at).is_none_or(|totals| totals.window != window)
			&& usage.open.try_insert(at, Totals::new(window)).is_err()
		{
			defensive!("two windows are open");
		}
		if let Some(totals) = usage.open.get_mut(at) {
			if let Some(before) = before {
				totals.remove(before);
			}
			totals.add(after);
		}
		if is_new {
			Self::enqueue(Self::current_window(), Expiry::Service(service));
		}
		Services::<T>::insert(service, usage);
	}

	/// Close the windows of a service that cannot be reported any more. Returns the events.
	pub(crate) fn close_windows(service: ServiceId, usage: &mut ServiceUsage) -> Vec<Event<T>> {
		let (oldest, mut events) = (Self::oldest_open(), Vec::new());
		while usage.open.first().is_some_and(|totals| totals.window < oldest) {
			let totals = usage.open.remove(0);
			let (comparison, numbers) = Self::compare(service, &totals);
			if usage.apply(comparison, T::ClearWindows::get()) {
				events.push(match numbers {
					Some((success, up)) if usage.is_discrepant() => {
						Event::Discrepant { service, window: totals.window, success, up }
					},
					_ => Event::Cleared { service },
				});
			}
			if usage.closed.is_full() {
				usage.closed.remove(0);
			}
			if usage.closed.try_push(ClosedWindow::of(&totals, comparison)).is_err() {
				defensive!("room was made");
			}
		}
		events
	}

	/// Compare the median success of a window with the share of its rounds that were up. Returns
	/// both, if they are known.
	fn compare(service: ServiceId, totals: &Totals) -> (Comparison, Option<(Perbill, Perbill)>) {
		let enough = totals.weight >= T::MinWeight::get() && {
			let sold = T::Agreements::units(service);
			totals.units >= T::MinCoverage::get().mul_ceil(sold)
		};
		let median = totals.median().filter(|_| enough);
		let Some(success) = median else { return (Comparison::Unknown, None) };
		let probed = T::Probed::closed_window(Target::Service(service), totals.window);
		let up = probed.and_then(|counters| up_share(&counters, T::Clock::window_rounds()));
		let Some(up) = up else { return (Comparison::Unknown, None) };
		let comparison = if success <= up.saturating_sub(T::Margin::get()) {
			Comparison::Discrepant
		} else {
			Comparison::Consistent
		};
		(comparison, Some((success, up)))
	}

	fn deposit_all(events: Vec<Event<T>>) {
		events.into_iter().for_each(Self::deposit_event);
	}

	/// Close the windows of a service that can be, and forget it if it was not used for [`HISTORY`]
	/// windows. Returns the window after which it is due again.
	pub(crate) fn expire_service(service: ServiceId) -> Option<WindowIndex> {
		let mut usage = Services::<T>::get(service)?;
		Self::deposit_all(Self::close_windows(service, &mut usage));
		let current = Self::current_window();
		if usage.is_recent(current) {
			Services::<T>::insert(service, usage);
			return Some(current);
		}
		if usage.is_discrepant() {
			Self::deposit_event(Event::Cleared { service });
		}
		Services::<T>::remove(service);
		None
	}
}

const _: () = assert!(HISTORY > 2, "a flag must outlive the windows that clear it");

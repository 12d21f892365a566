//! The read side. Nothing here writes.

use crate::*;
use surety_primitives::page_size;

impl<T: Config> Pallet<T> {
	pub(crate) fn read_agreement(id: AgreementId) -> Option<AgreementStatus<T::AccountId>> {
		let agreement = Agreements::<T>::get(id)?;
		let stream = if agreement.is_closed() { None } else { T::Escrow::stream(agreement.escrow) };
		let (owed, reserved) = Self::owed(&agreement);
		Some(AgreementStatus { owed, reserved, stream, agreement })
	}

	pub(crate) fn read_service(service: ServiceId) -> Option<ServiceView> {
		let info = T::Registry::service(service)?;
		let state = Services::<T>::get(service);
		let known = state.clone().unwrap_or_else(|| ServiceState::new(info.asset));
		let cover = known.left_of(info.terms.cover);
		// Before the first sale its exposure is reserved by the share of now.
		let penalty_share =
			if known.units > 0 { known.penalty_share } else { Self::rules_now().penalty_share };
		let known = ServiceState { penalty_share, ..known };
		let covered = Self::coverable(T::Bonding::free_bond(service), &info, &known);
		let available = info.capacity.saturating_sub(known.units).min(covered);
		Some(ServiceView { state, cover, exposure: T::Bonding::exposure(service), available })
	}

	pub(crate) fn read_breaches(
		service: ServiceId,
		start_after: Option<u32>,
		limit: u32,
	) -> BreachPage {
		let count = Services::<T>::get(service).map_or(0, |s| s.breaches);
		let oldest = count.saturating_sub(T::MaxBreaches::get());
		let first = start_after.map_or(0, |n| n.saturating_add(1)).max(oldest);
		let page = (first..count).take(page_size(limit));
		page.filter_map(|n| Some((n, Breaches::<T>::get(service, n)?))).collect()
	}

	pub(crate) fn read_agreements_of(
		tenant: T::AccountId,
		start_after: Option<AgreementId>,
		limit: u32,
	) -> AgreementPage {
		let keys = match start_after {
			Some(id) => {
				let from = ByTenant::<T>::hashed_key_for(&tenant, id);
				ByTenant::<T>::iter_key_prefix_from(tenant, from)
			},
			None => ByTenant::<T>::iter_key_prefix(tenant),
		};
		keys.take(page_size(limit)).collect()
	}
}

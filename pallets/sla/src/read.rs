//! The read side. Nothing here writes.

use crate::*;
use surety_primitives::page_size;

impl<T: Config> Pallet<T> {
	pub(crate) fn read_agreement(id: AgreementId) -> Option<AgreementStatus<T::AccountId>> {
		let agreement = Agreements::<T>::get(id)?;
		let stream = match agreement.state {
			AgreementState::Closed { .. } => None,
			_ => T::Escrow::stream(agreement.escrow),
		};
		Some(AgreementStatus { owed: Self::owed(&agreement), stream, agreement })
	}

	pub(crate) fn read_service(service: ServiceId) -> Option<ServiceView> {
		let info = T::Registry::service(service)?;
		let state = Services::<T>::get(service);
		let (index, units) = state.as_ref().map_or((0, 0), |s| (s.index_at_price(info.price), s.units));
		let cover = info.terms.credit_cap.saturating_sub(index);
		let covered = Self::coverable(T::Bonding::free_bond(service), cover);
		let available = info.capacity.saturating_sub(units).min(covered);
		Some(ServiceView { state, cover, exposure: T::Bonding::exposure(service), available })
	}

	pub(crate) fn read_breaches(service: ServiceId, start_after: Option<u32>, limit: u32) -> BreachPage {
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

// SPDX-License-Identifier: Apache-2.0

//! Invariants of the state.

use crate::{AssetId, Balance, BlockNumber, Host, NetworkId, pallet::*, types::*};
use alloc::collections::{BTreeMap, BTreeSet};
use frame::{deps::sp_runtime::TryRuntimeError, prelude::*};
use surety_primitives::{Funds, Registry, ServiceKind, ServiceStatus};

impl<T: Config> Pallet<T> {
	/// Check all invariants, numbered as in the documentation of the crate.
	pub fn do_try_state() -> Result<(), TryRuntimeError> {
		Self::exposures_sum_up()?;
		Self::exposures_are_funded()?;
		Self::bonds_are_on_hold()?;
		Self::deposits_are_on_hold()?;
		Self::indices_agree()?;
		Self::hosts_agree()?;
		Self::networks_agree()?;
		Self::totals_agree()?;
		Self::leases_are_compute()
	}

	fn exposures_sum_up() -> Result<(), TryRuntimeError> {
		let mut sums = BTreeMap::<(T::AccountId, AssetId), Balance>::new();
		for (target, exposure) in Exposures::<T>::iter() {
			let listing = Self::listing(target).ok_or("1: exposure of an unknown target")?;
			ensure!(exposure > 0, "1: empty exposure stored");
			let sum = sums.entry((listing.operator, listing.asset)).or_default();
			*sum = sum.saturating_add(exposure);
		}
		for (operator, asset, reserved) in Reserved::<T>::iter() {
			ensure!(reserved > 0, "1: empty reservation stored");
			let sum = sums.entry((operator, asset)).or_default();
			*sum = sum.saturating_add(reserved);
		}
		for (operator, asset, bond) in Bonds::<T>::iter() {
			let sum = sums.remove(&(operator, asset)).unwrap_or(0);
			ensure!(
				sum == bond.exposure,
				"1: exposure of a bond is not the sum of what is reserved"
			);
		}
		ensure!(sums.is_empty(), "1: exposure without a bond");
		Ok(())
	}

	fn exposures_are_funded() -> Result<(), TryRuntimeError> {
		for (_, _, bond) in Bonds::<T>::iter() {
			ensure!(bond.exposure <= bond.active, "2: exposure above the active bond");
		}
		Ok(())
	}

	fn bonds_are_on_hold() -> Result<(), TryRuntimeError> {
		for (operator, asset, bond) in Bonds::<T>::iter() {
			ensure!(!bond.is_empty(), "3: empty bond stored");
			ensure!(Operators::<T>::contains_key(&operator), "3: bond without an operator");
			let held = T::Funds::held(asset, bond_reason::<T>(), &operator);
			ensure!(held == bond.held(), "3: bond on hold is not active + chunks");
			let mut last: BlockNumber = 0;
			for chunk in &bond.chunks {
				ensure!(
					chunk.amount > 0 && chunk.unlock_at >= last,
					"3: chunk empty or out of order"
				);
				last = chunk.unlock_at;
			}
		}
		for operator in Operators::<T>::iter_keys() {
			let assets = Approvals::<T>::iter_keys().map(AssetId::Local);
			for asset in core::iter::once(AssetId::Native).chain(assets) {
				let known = Bonds::<T>::contains_key(&operator, asset)
					|| T::Funds::held(asset, bond_reason::<T>(), &operator) == 0;
				ensure!(known, "3: hold without a bond");
			}
		}
		Ok(())
	}

	fn deposits_are_on_hold() -> Result<(), TryRuntimeError> {
		let mut sums = BTreeMap::<T::AccountId, Balance>::new();
		for (id, service) in Services::<T>::iter() {
			let deposit = Listings::<T>::get(id).map_or(0, |listing| listing.deposit);
			let sum = sums.entry(service.operator).or_default();
			*sum = sum.saturating_add(deposit);
		}
		for operator in Operators::<T>::iter_keys() {
			let held = T::Funds::held(AssetId::Native, deposit_reason::<T>(), &operator);
			let deposits = sums.remove(&operator).unwrap_or(0);
			ensure!(held == deposits, "4: deposits on hold are not those of the listings");
		}
		ensure!(sums.is_empty(), "4: deposit of an account that is no operator");
		Ok(())
	}

	fn indices_agree() -> Result<(), TryRuntimeError> {
		let mut indexed = 0usize;
		for (operator, ids) in ServicesOf::<T>::iter() {
			let status =
				Operators::<T>::get(&operator).ok_or("5: services without an operator")?.status;
			ensure!(status != OperatorStatus::Retiring, "5: retiring with services");
			for (at, id) in ids.iter().enumerate() {
				let service = Services::<T>::get(id).ok_or("5: unknown service in the index")?;
				ensure!(
					service.operator == operator,
					"5: service in the index of another operator"
				);
				ensure!(ids.iter().take(at).all(|other| other < id), "5: index out of order");
			}
			indexed = indexed.saturating_add(ids.len());
		}
		ensure!(indexed == Services::<T>::iter_keys().count(), "5: service missing in the index");
		ensure!(
			indexed == Listings::<T>::iter_keys().count(),
			"5: listings are not those of the services"
		);
		for (id, service) in Services::<T>::iter() {
			ensure!(Listings::<T>::contains_key(id), "5: service without a listing");
			ensure!(id < NextServiceId::<T>::get(), "5: identifier not assigned yet");
			ensure!(service.status != ServiceStatus::Leased, "5: lease among the services");
			ensure!(Self::min_bond(service.asset).is_some(), "5: asset never approved");
		}
		Ok(())
	}

	fn hosts_agree() -> Result<(), TryRuntimeError> {
		let mut proven = BTreeMap::<Host, u32>::new();
		let mut unproven = BTreeMap::<(T::AccountId, Host), u32>::new();
		for (id, service) in Services::<T>::iter() {
			let host = Self::origin_of(&service.endpoint).ok_or("6: bad endpoint listed")?.host;
			let place = Listings::<T>::get(id).and_then(|listing| listing.place);
			let fits = match service.status {
				ServiceStatus::Unproven => place != Some(HostPlace::Proven),
				ServiceStatus::Ending { .. } => true,
				_ => place == Some(HostPlace::Proven),
			};
			ensure!(fits, "6: status and place at the host do not fit");
			let count = match place {
				Some(HostPlace::Proven) => proven.entry(host).or_default(),
				Some(HostPlace::Unproven) => unproven.entry((service.operator, host)).or_default(),
				None => continue,
			};
			*count = count.saturating_add(1);
		}
		let stored = Hosts::<T>::iter().collect::<BTreeMap<_, _>>();
		ensure!(stored == proven, "6: counts per host are not those of the proven listings");
		let stored = UnprovenHosts::<T>::iter()
			.map(|(operator, host, count)| ((operator, host), count))
			.collect::<BTreeMap<_, _>>();
		ensure!(stored == unproven, "6: counts of the unproven are not those of the listings");
		Ok(())
	}

	fn networks_agree() -> Result<(), TryRuntimeError> {
		let mut counts = BTreeMap::<NetworkId, u32>::new();
		for network in Services::<T>::iter_values().filter_map(|service| service.kind.network()) {
			ensure!(Networks::<T>::contains_key(network), "7: service of an unknown network");
			let count = counts.entry(network).or_default();
			*count = count.saturating_add(1);
		}
		let stored = NetworkUse::<T>::iter().collect::<BTreeMap<_, _>>();
		ensure!(stored == counts, "7: counts per network are not those of the services");
		for (id, network) in Networks::<T>::iter() {
			ensure!(id < NextNetworkId::<T>::get(), "7: identifier not assigned yet");
			ensure!(
				NetworkByName::<T>::get(network.name) == Some(id),
				"7: name does not lead to its network"
			);
		}
		let names = NetworkByName::<T>::iter_keys().count();
		ensure!(names == Networks::<T>::iter_keys().count(), "7: name without a network");
		Ok(())
	}

	fn totals_agree() -> Result<(), TryRuntimeError> {
		let mut totals = BTreeMap::<AssetId, AssetTotals>::new();
		for (_, asset, bond) in Bonds::<T>::iter() {
			let sum = totals.entry(asset).or_default();
			sum.bonded = sum.bonded.saturating_add(bond.held());
		}
		let mut slashed = BTreeSet::new();
		for (operator, asset, amount) in SlashedOf::<T>::iter() {
			let sum = totals.entry(asset).or_default();
			sum.slashed = sum.slashed.saturating_add(amount);
			slashed.insert(operator);
		}
		let stored = Totals::<T>::iter()
			.filter(|(_, sum)| *sum != AssetTotals::default())
			.collect::<BTreeMap<_, _>>();
		ensure!(stored == totals, "8: totals per asset are not the sums");
		let active = Operators::<T>::iter_values()
			.filter(|operator| operator.status == OperatorStatus::Active);
		let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
		let counts = Counts {
			operators: number(Operators::<T>::iter_keys().count()),
			active: number(active.count()),
			services: number(Services::<T>::iter_keys().count()),
			slashed: number(slashed.len()),
		};
		ensure!(counts == Count::<T>::get(), "8: counts are not the sums");
		Ok(())
	}

	fn leases_are_compute() -> Result<(), TryRuntimeError> {
		for lease in Leases::<T>::iter_values() {
			let leased = lease.status == ServiceStatus::Leased && lease.capacity == 1;
			ensure!(
				leased && lease.kind == ServiceKind::Compute,
				"9: lease that is not one unit of compute"
			);
			let operator =
				Operators::<T>::get(&lease.operator).ok_or("9: lease without an operator")?;
			ensure!(operator.status != OperatorStatus::Retiring, "9: retiring with leases");
			ensure!(Self::min_bond(lease.asset).is_some(), "9: asset never approved");
		}
		let known = LeaseMaintenance::<T>::iter_keys().all(Leases::<T>::contains_key);
		ensure!(known, "9: maintenance of no lease");
		Ok(())
	}
}

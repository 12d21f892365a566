// SPDX-License-Identifier: Apache-2.0

//! Benchmarks of the calls and of the traits that hooks of other pallets call, each in its worst
//! case: the longest texts, bond in an asset rather than the native token, an operator and vectors
//! as full as the runtime allows.

#![cfg(feature = "runtime-benchmarks")]
#![allow(
	clippy::arithmetic_side_effects,
	clippy::expect_used,
	clippy::indexing_slicing,
	clippy::panic,
	clippy::unwrap_used
)]

use crate::*;
use alloc::{format, vec};
use frame::benchmarking::prelude::*;
use surety_primitives::{
	AssetId, BondReserve, Bonding, LeaseRegistry, MAX_ENDPOINT, MAX_NAME, MAX_URI, OnProof,
	ProofOutcome, Registry, endpoint::MAX_LABELS,
};

/// Base units bonded beyond the minimum.
const PART: Balance = 1_000_000_000;

fn text<S: Get<u32>>(fill: u8) -> BoundedVec<u8, S> {
	vec![fill; S::get() as usize].try_into().unwrap()
}

fn name() -> Name {
	text::<ConstU32<MAX_NAME>>(b'n')
}

fn uri() -> Uri {
	text::<ConstU32<MAX_URI>>(b'u')
}

/// Public endpoint with the most labels and the greatest length; another host for each `index`.
fn endpoint_of(index: u32) -> Endpoint {
	let mut url = format!("https://h{index}.{}example/", "a.".repeat(MAX_LABELS - 2)).into_bytes();
	url.resize(MAX_ENDPOINT as usize, b'p');
	url.try_into().unwrap()
}

/// Register an operator with twice the minimum native bond.
fn registered<T: Config>(index: u32) -> T::AccountId {
	let who: T::AccountId = account("operator", index, 0);
	let bond = T::MinBond::get().saturating_mul(2);
	let deposits = T::ServiceDeposit::get()
		.saturating_add(PART)
		.saturating_mul(Balance::from(T::MaxServicesPerOperator::get()) + 1);
	let minimum = T::Funds::minimum(AssetId::Native);
	T::BenchmarkHelper::fund(AssetId::Native, &who, bond + deposits + minimum + PART);
	Pallet::<T>::register(RawOrigin::Signed(who.clone()).into(), bond, name(), uri()).unwrap();
	who
}

/// Approve an asset in which `who` has a bond of the minimum and `PART`, and `PART` to spend.
fn bonded_asset<T: Config>(who: &T::AccountId) -> AssetId {
	let id = T::BenchmarkHelper::create_asset();
	let asset = AssetId::Local(id);
	let min_bond = T::Funds::minimum(asset) + PART;
	Pallet::<T>::do_approve_asset(id, min_bond).unwrap();
	T::BenchmarkHelper::fund(asset, who, 2 * min_bond + 2 * PART);
	Pallet::<T>::do_bond_more(who.clone(), asset, min_bond + PART).unwrap();
	asset
}

/// Network with the most and the longest anchors.
fn network(index: u32) -> Network {
	let anchors = (0..MAX_ANCHORS).map(|at| endpoint_of(1_000 + at)).collect::<Vec<_>>();
	let mut name = format!("network-{index}").into_bytes();
	name.resize(MAX_NAME as usize, b'x');
	Network {
		name: name.try_into().unwrap(),
		protocol: Protocol::Ethereum,
		own: false,
		anchors: anchors.try_into().unwrap(),
	}
}

fn terms() -> TermsInput {
	TermsInput {
		min_uptime: 990_000_000,
		max_latency_ms: 250,
		max_head_lag: 5,
		credit: [1, 2, 3, 4].map(WindowShare::from_inner),
		cover: WindowShare::from_u32(1),
	}
}

fn list<T: Config>(who: &T::AccountId, kind: ServiceKind, asset: AssetId, host: u32) -> ServiceId {
	let id = NextServiceId::<T>::get();
	Pallet::<T>::list_service(
		RawOrigin::Signed(who.clone()).into(),
		kind,
		endpoint_of(host),
		Region::new(*b"DE").unwrap(),
		100,
		1_000,
		asset,
		terms(),
		[1; 32],
		uri(),
	)
	.unwrap();
	id
}

/// List a proven `Rpc` service of an operator in an asset.
fn listed<T: Config>() -> (T::AccountId, ServiceId) {
	let who = registered::<T>(0);
	let asset = bonded_asset::<T>(&who);
	let network = Pallet::<T>::do_set_network(None, network(0)).unwrap();
	let id = list::<T>(&who, ServiceKind::Rpc { network }, asset, 0);
	Pallet::<T>::on_proof(id, ProofOutcome::Found);
	(who, id)
}

/// List a proven `Compute` service of an operator in an asset.
fn compute<T: Config>() -> (T::AccountId, ServiceId) {
	let who = registered::<T>(0);
	let asset = bonded_asset::<T>(&who);
	let id = list::<T>(&who, ServiceKind::Compute, asset, 0);
	Pallet::<T>::on_proof(id, ProofOutcome::Found);
	(who, id)
}

/// Lease that the benchmarks list.
const LEASE: LeaseId = 7;

/// List a lease under a service of [`compute`], on the same server.
fn lease<T: Config>(parent: ServiceId) -> ServiceOf<T> {
	let parent = Services::<T>::get(parent).unwrap();
	let Service { endpoint, price, terms, .. } = parent.clone();
	Pallet::<T>::list(LEASE, parent, endpoint, price, terms).unwrap()
}

/// Activate the row of a service of [`listed`], with as many others in its page as fit.
fn activated<T: Config>() -> (T::AccountId, ServiceId) {
	/// Rows of a page.
	const PAGE: u32 = 128;
	let (who, id) = listed::<T>();
	T::BenchmarkHelper::activate(id);
	let Service { kind, asset, .. } = Services::<T>::get(id).unwrap();
	for host in 1..T::MaxServicesPerOperator::get().min(PAGE) {
		let other = list::<T>(&who, kind.clone(), asset, host);
		T::BenchmarkHelper::activate(other);
	}
	(who, id)
}

fn governance<T: Config>() -> Result<T::RuntimeOrigin, BenchmarkError> {
	T::GovernanceOrigin::try_successful_origin().map_err(|_| BenchmarkError::Weightless)
}

#[benchmarks]
mod benchmarks {
	use super::*;

	#[benchmark]
	fn register() {
		let who: T::AccountId = whitelisted_caller();
		let bond = T::MinBond::get();
		let minimum = T::Funds::minimum(AssetId::Native);
		T::BenchmarkHelper::fund(AssetId::Native, &who, bond + minimum + PART);
		#[extrinsic_call]
		_(RawOrigin::Signed(who.clone()), bond, name(), uri());
		assert!(Operators::<T>::contains_key(&who));
	}

	#[benchmark]
	fn bond_more() {
		let who = registered::<T>(0);
		let asset = bonded_asset::<T>(&who);
		let before = Bonds::<T>::get(&who, asset).active;
		#[extrinsic_call]
		_(RawOrigin::Signed(who.clone()), asset, PART);
		assert_eq!(Bonds::<T>::get(&who, asset).active, before + PART);
	}

	#[benchmark]
	fn unbond() {
		let who = registered::<T>(0);
		let max_chunks = T::MaxUnbondingChunks::get();
		let amount = T::MinBond::get() / Balance::from(max_chunks).saturating_mul(2);
		for at in 1..max_chunks {
			Pallet::<T>::do_unbond(who.clone(), AssetId::Native, amount.max(1)).unwrap();
			// Chunks of one block are merged.
			Bonds::<T>::mutate(&who, AssetId::Native, |bond| {
				if let Some(chunk) = bond.chunks.last_mut() {
					chunk.unlock_at = at;
				}
			});
		}
		#[extrinsic_call]
		_(RawOrigin::Signed(who.clone()), AssetId::Native, amount.max(1));
		assert_eq!(Bonds::<T>::get(&who, AssetId::Native).chunks.len(), max_chunks as usize);
	}

	#[benchmark]
	fn withdraw_unbonded() {
		let who = registered::<T>(0);
		let asset = bonded_asset::<T>(&who);
		// The last bond of a retiring operator is in an asset: the native one is withdrawn already.
		let native = Bonds::<T>::get(&who, AssetId::Native).active;
		Pallet::<T>::do_unbond(who.clone(), AssetId::Native, native).unwrap();
		Pallet::<T>::do_unbond(who.clone(), asset, Bonds::<T>::get(&who, asset).active).unwrap();
		for asset in [AssetId::Native, asset] {
			Bonds::<T>::mutate(&who, asset, |bond| {
				bond.chunks.iter_mut().for_each(|c| c.unlock_at = 0)
			});
		}
		Pallet::<T>::do_withdraw_unbonded(who.clone(), AssetId::Native).unwrap();
		Pallet::<T>::do_retire(who.clone()).unwrap();
		#[extrinsic_call]
		_(RawOrigin::Signed(who.clone()), asset);
		assert!(!Operators::<T>::contains_key(&who));
	}

	#[benchmark]
	fn deactivate() {
		let who = registered::<T>(0);
		#[extrinsic_call]
		_(RawOrigin::Signed(who.clone()));
		assert_eq!(Operators::<T>::get(&who).unwrap().status, OperatorStatus::Inactive);
	}

	#[benchmark]
	fn activate() {
		let who = registered::<T>(0);
		Pallet::<T>::do_deactivate(who.clone()).unwrap();
		#[extrinsic_call]
		_(RawOrigin::Signed(who.clone()));
		assert_eq!(Operators::<T>::get(&who).unwrap().status, OperatorStatus::Active);
	}

	#[benchmark]
	fn retire() {
		let who = registered::<T>(0);
		#[extrinsic_call]
		_(RawOrigin::Signed(who.clone()));
		assert_eq!(Operators::<T>::get(&who).unwrap().status, OperatorStatus::Retiring);
	}

	#[benchmark]
	fn set_identity() {
		let who = registered::<T>(0);
		#[extrinsic_call]
		_(RawOrigin::Signed(who.clone()), text::<ConstU32<MAX_NAME>>(b'x'), uri());
		assert_eq!(Operators::<T>::get(&who).unwrap().name, text::<ConstU32<MAX_NAME>>(b'x'));
	}

	#[benchmark]
	fn list_service() {
		let who = registered::<T>(0);
		let asset = bonded_asset::<T>(&who);
		let network = Pallet::<T>::do_set_network(None, network(0)).unwrap();
		for host in 1..T::MaxServicesPerOperator::get() {
			list::<T>(&who, ServiceKind::Rpc { network }, asset, host);
		}
		let id = NextServiceId::<T>::get();
		#[extrinsic_call]
		_(
			RawOrigin::Signed(who.clone()),
			ServiceKind::Rpc { network },
			endpoint_of(0),
			Region::new(*b"DE").unwrap(),
			100,
			1_000,
			asset,
			terms(),
			[1; 32],
			uri(),
		);
		assert!(Services::<T>::contains_key(id));
	}

	#[benchmark]
	fn update_service() {
		let (who, id) = compute::<T>();
		// A move makes the inventory forget the service's resources. An unproven service has the
		// search for its proof restarted, and its place is released and taken again.
		T::BenchmarkHelper::declare_capacity(id);
		Services::<T>::mutate(id, |service| {
			service.as_mut().unwrap().status = ServiceStatus::Unproven
		});
		let endpoint = endpoint_of(1);
		#[extrinsic_call]
		_(
			RawOrigin::Signed(who),
			id,
			Some(endpoint.clone()),
			Some(200),
			Some(2_000),
			Some([2; 32]),
			Some(uri()),
		);
		assert_eq!(Services::<T>::get(id).unwrap().endpoint, endpoint);
	}

	#[benchmark]
	fn raise_cover() {
		let (who, id) = listed::<T>();
		T::BenchmarkHelper::sell_unit(id);
		let cover = WindowShare::from_u32(2);
		#[extrinsic_call]
		_(RawOrigin::Signed(who), id, cover);
		assert_eq!(Services::<T>::get(id).unwrap().terms.cover, cover);
	}

	#[benchmark]
	fn pause_service() {
		let (who, id) = listed::<T>();
		#[extrinsic_call]
		_(RawOrigin::Signed(who), id);
		assert_eq!(Services::<T>::get(id).unwrap().status, ServiceStatus::Paused);
	}

	#[benchmark]
	fn resume_service() {
		let (who, id) = listed::<T>();
		Pallet::<T>::do_pause(who.clone(), id).unwrap();
		#[extrinsic_call]
		_(RawOrigin::Signed(who), id);
		assert_eq!(Services::<T>::get(id).unwrap().status, ServiceStatus::Active);
	}

	#[benchmark]
	fn retire_service() {
		let (who, id) = activated::<T>();
		#[extrinsic_call]
		_(RawOrigin::Signed(who), id);
		assert!(matches!(Services::<T>::get(id).unwrap().status, ServiceStatus::Ending { .. }));
	}

	#[benchmark]
	fn remove_service() {
		let (who, id) = listed::<T>();
		let (network, asset) = {
			let service = Services::<T>::get(id).unwrap();
			(service.kind.network().unwrap(), service.asset)
		};
		for host in 1..T::MaxServicesPerOperator::get() {
			list::<T>(&who, ServiceKind::Rpc { network }, asset, host);
		}
		Pallet::<T>::do_retire_service(Some(who.clone()), id).unwrap();
		// Judged long ago.
		Services::<T>::mutate(id, |service| {
			service.as_mut().unwrap().status = ServiceStatus::Ending { at: 0 };
		});
		#[extrinsic_call]
		_(RawOrigin::Signed(who), id);
		assert!(!Services::<T>::contains_key(id));
	}

	#[benchmark]
	fn announce_maintenance() {
		let (who, id) = activated::<T>();
		let from = T::Clock::round() + u32::from(T::Clock::window_rounds());
		#[extrinsic_call]
		_(RawOrigin::Signed(who), Target::Service(id), from, 1);
		assert!(Listings::<T>::get(id).unwrap().maintenance.is_some());
	}

	#[benchmark]
	fn set_network() -> Result<(), BenchmarkError> {
		let origin = governance::<T>()?;
		let id = Pallet::<T>::do_set_network(None, network(0)).unwrap();
		let Network { name, protocol, own, anchors } = network(1);
		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, Some(id), name.clone(), protocol, own, anchors);
		assert_eq!(NetworkByName::<T>::get(name), Some(id));
		Ok(())
	}

	#[benchmark]
	fn remove_network() -> Result<(), BenchmarkError> {
		let origin = governance::<T>()?;
		let id = Pallet::<T>::do_set_network(None, network(0)).unwrap();
		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, id);
		assert!(!Networks::<T>::contains_key(id));
		Ok(())
	}

	#[benchmark]
	fn approve_asset() -> Result<(), BenchmarkError> {
		let origin = governance::<T>()?;
		let asset = T::BenchmarkHelper::create_asset();
		let min_bond = T::Funds::minimum(AssetId::Local(asset)) + PART;
		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, asset, min_bond);
		assert!(Approvals::<T>::get(asset).unwrap().listable);
		Ok(())
	}

	#[benchmark]
	fn revoke_asset() -> Result<(), BenchmarkError> {
		let origin = governance::<T>()?;
		let asset = T::BenchmarkHelper::create_asset();
		let min_bond = T::Funds::minimum(AssetId::Local(asset)) + PART;
		Pallet::<T>::do_approve_asset(asset, min_bond).unwrap();
		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, asset);
		assert!(!Approvals::<T>::get(asset).unwrap().listable);
		Ok(())
	}

	#[benchmark]
	fn deny_host() -> Result<(), BenchmarkError> {
		let origin = governance::<T>()?;
		let host = endpoint::check(&endpoint_of(0), false).unwrap().host;
		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, host.clone());
		assert!(DeniedHosts::<T>::contains_key(host));
		Ok(())
	}

	#[benchmark]
	fn allow_host() -> Result<(), BenchmarkError> {
		let origin = governance::<T>()?;
		let host = endpoint::check(&endpoint_of(0), false).unwrap().host;
		Pallet::<T>::do_deny_host(host.clone()).unwrap();
		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, host.clone());
		assert!(!DeniedHosts::<T>::contains_key(host));
		Ok(())
	}

	#[benchmark]
	fn list_lease() {
		let (_, parent) = compute::<T>();
		#[block]
		{
			lease::<T>(parent);
		}
		assert!(Leases::<T>::contains_key(LEASE));
	}

	#[benchmark]
	fn remove_lease() {
		let (_, parent) = compute::<T>();
		let listing = lease::<T>(parent);
		let target = Target::Lease(LEASE);
		Pallet::<T>::set_exposure(target, &listing, PART).unwrap();
		#[block]
		{
			Pallet::<T>::remove(LEASE);
		}
		assert!(!Leases::<T>::contains_key(LEASE));
		assert_eq!(Pallet::<T>::exposure(target), 0);
	}

	#[benchmark]
	fn reserve() {
		let who = registered::<T>(0);
		let asset = bonded_asset::<T>(&who);
		#[block]
		{
			Pallet::<T>::reserve(&who, asset, PART).unwrap();
		}
		assert_eq!(Pallet::<T>::reserved(&who, asset), PART);
	}

	#[benchmark]
	fn unreserve() {
		let who = registered::<T>(0);
		let asset = bonded_asset::<T>(&who);
		Pallet::<T>::reserve(&who, asset, PART).unwrap();
		#[block]
		{
			Pallet::<T>::unreserve(&who, asset, PART);
		}
		assert_eq!(Pallet::<T>::reserved(&who, asset), 0);
	}

	#[benchmark]
	fn forfeit() {
		let who = registered::<T>(0);
		let asset = bonded_asset::<T>(&who);
		Pallet::<T>::reserve(&who, asset, PART).unwrap();
		let moved;
		#[block]
		{
			moved = Pallet::<T>::forfeit(&who, asset, PART);
		}
		assert_eq!(moved, PART);
	}

	#[benchmark]
	fn on_proof() {
		// A lost proof also reads the units sold.
		let (_, id) = listed::<T>();
		#[block]
		{
			Pallet::<T>::on_proof(id, ProofOutcome::Lost);
		}
		let lost = Services::<T>::get(id).unwrap().status == ServiceStatus::Unproven;
		assert_eq!(lost, T::Clock::proof_required());
	}

	#[benchmark]
	fn terminate() {
		let (_, id) = listed::<T>();
		#[block]
		{
			Pallet::<T>::terminate(id, 0);
		}
		assert_eq!(Services::<T>::get(id).unwrap().status, ServiceStatus::Ending { at: 0 });
	}

	impl_benchmark_test_suite!(
		Pallet,
		crate::mock::ExtBuilder::default().build(),
		crate::mock::Test
	);
}

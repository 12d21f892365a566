// SPDX-License-Identifier: Apache-2.0

//! Networks, assets and hosts, which governance sets.

use crate::{pallet::*, types::*};
use frame::prelude::*;
use surety_primitives::{
	AssetId, Balance, Endpoint, EndpointRules, Funds, Name, Network, NetworkId, Protocol,
	endpoint::{self, Host},
};

impl<T: Config> Pallet<T> {
	pub(crate) fn do_set_network(
		id: Option<NetworkId>,
		network: Network,
	) -> Result<NetworkId, DispatchError> {
		Self::check_network(&network)?;
		let holder = NetworkByName::<T>::get(&network.name);
		let id = match id {
			Some(id) => {
				let before = Networks::<T>::get(id).ok_or(Error::<T>::UnknownNetwork)?;
				ensure!(holder.is_none_or(|holder| holder == id), Error::<T>::NetworkNameTaken);
				NetworkByName::<T>::remove(before.name);
				id
			},
			None => {
				ensure!(holder.is_none(), Error::<T>::NetworkNameTaken);
				let id = NextNetworkId::<T>::get();
				NextNetworkId::<T>::put(id.checked_add(1).ok_or(Error::<T>::NoMoreIds)?);
				id
			},
		};
		let name = network.name.clone();
		NetworkByName::<T>::insert(&name, id);
		Networks::<T>::insert(id, network);
		Self::deposit_event(Event::NetworkSet { network: id, name });
		Ok(id)
	}

	fn check_network(network: &Network) -> Result<(), Error<T>> {
		ensure!(Network::is_name(&network.name), Error::<T>::NetworkName);
		ensure!(
			!network.own || network.protocol == Protocol::Substrate,
			Error::<T>::NetworkOwnProtocol
		);
		for (at, anchor) in network.anchors.iter().enumerate() {
			endpoint::check(anchor, T::Clock::private_allowed()).map_err(Self::endpoint_error)?;
			let duplicate = network.anchors.iter().take(at).any(|other| other == anchor);
			ensure!(!duplicate, Error::<T>::DuplicateAnchor);
		}
		Ok(())
	}

	/// Create a network of a chain spec.
	pub(crate) fn genesis_network(given: &GenesisNetwork) -> DispatchResult {
		let name =
			Name::try_from(given.name.clone().into_bytes()).map_err(|_| Error::<T>::NetworkName)?;
		let mut anchors = BoundedVec::new();
		for url in &given.anchors {
			let url = Endpoint::try_from(url.clone().into_bytes())
				.map_err(|_| Error::<T>::EndpointHost)?;
			anchors.try_push(url).map_err(|_| Error::<T>::DuplicateAnchor)?;
		}
		let network = Network { name, protocol: given.protocol, own: given.own, anchors };
		Self::do_set_network(None, network).map(drop)
	}

	pub(crate) fn do_remove_network(id: NetworkId) -> DispatchResult {
		let network = Networks::<T>::get(id).ok_or(Error::<T>::UnknownNetwork)?;
		ensure!(!NetworkUse::<T>::contains_key(id), Error::<T>::NetworkInUse);
		Networks::<T>::remove(id);
		NetworkByName::<T>::remove(network.name);
		Self::deposit_event(Event::NetworkRemoved { network: id });
		Ok(())
	}

	/// True if services may be listed in an asset now.
	pub(crate) fn is_listable(asset: AssetId) -> bool {
		match asset {
			AssetId::Native => true,
			AssetId::Local(id) => Approvals::<T>::get(id).is_some_and(|approval| approval.listable),
		}
	}

	pub(crate) fn do_approve_asset(asset: u32, min_bond: Balance) -> DispatchResult {
		let minimum = T::Funds::minimum(AssetId::Local(asset));
		ensure!(minimum > 0, Error::<T>::AssetUnusable);
		ensure!(min_bond >= minimum, Error::<T>::MinBondTooLow);
		T::AssetPolicy::ensure_approvable(asset)?;
		Approvals::<T>::insert(asset, Approval { min_bond, listable: true });
		Self::deposit_event(Event::AssetApproved { asset, min_bond });
		Ok(())
	}

	pub(crate) fn do_revoke_asset(asset: u32) -> DispatchResult {
		let mut approval = Approvals::<T>::get(asset).ok_or(Error::<T>::AssetNotApproved)?;
		ensure!(approval.listable, Error::<T>::AssetNotApproved);
		approval.listable = false;
		Approvals::<T>::insert(asset, approval);
		Self::deposit_event(Event::AssetRevoked { asset });
		Ok(())
	}

	pub(crate) fn do_deny_host(host: Host) -> DispatchResult {
		let host = endpoint::normalise(&host).map_err(Self::endpoint_error)?;
		ensure!(!DeniedHosts::<T>::contains_key(&host), Error::<T>::HostDenied);
		DeniedHosts::<T>::insert(&host, ());
		Self::deposit_event(Event::HostDenied { host });
		Ok(())
	}

	pub(crate) fn do_allow_host(host: Host) -> DispatchResult {
		let host = endpoint::normalise(&host).map_err(Self::endpoint_error)?;
		ensure!(DeniedHosts::<T>::contains_key(&host), Error::<T>::HostNotDenied);
		DeniedHosts::<T>::remove(&host);
		Self::deposit_event(Event::HostAllowed { host });
		Ok(())
	}
}

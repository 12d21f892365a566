// SPDX-License-Identifier: Apache-2.0

//! Networks, assets and hosts.

use super::prelude::*;
use surety_primitives::Protocol;

fn set(id: Option<NetworkId>, name: &str, anchors: &[&str]) -> DispatchResult {
	let anchors: Vec<Endpoint> = anchors.iter().map(|url| text(url)).collect();
	Operators::set_network(
		root(),
		id,
		text(name),
		Protocol::Ethereum,
		false,
		anchors.try_into().unwrap(),
	)
}

#[test]
fn only_governance_makes_admin_calls() {
	ExtBuilder::default().build_and_execute(|| {
		let anchors = Default::default();
		for origin in [signed(ALICE), RuntimeOrigin::none()] {
			let calls = [
				Operators::set_network(
					origin.clone(),
					None,
					text("x"),
					Protocol::Ethereum,
					false,
					Clone::clone(&anchors),
				),
				Operators::remove_network(origin.clone(), NETWORK),
				Operators::approve_asset(origin.clone(), EUR_ID, 10),
				Operators::revoke_asset(origin.clone(), USD_ID),
				Operators::deny_host(origin.clone(), text("a.com")),
				Operators::allow_host(origin.clone(), text("a.com")),
			];
			assert!(calls.iter().all(|result| *result == Err(DispatchError::BadOrigin)));
		}
	});
}

#[test]
fn genesis_sets_networks_and_approves_assets() {
	ExtBuilder::default().build_and_execute(|| {
		let network = Operators::network(NETWORK).unwrap();
		assert_eq!((network.name, network.anchors.len()), (text("ethereum"), 2));
		assert_eq!(Operators::min_bond(USD), Some(MIN_ASSET_BOND));
		assert_eq!(Operators::min_bond(EUR), None);
		assert_eq!(Operators::min_bond(AssetId::Native), Some(MIN_BOND));
	});
}

#[test]
#[should_panic(expected = "bad network Not A Name")]
fn genesis_with_a_bad_network_panics() {
	let network = GenesisNetwork {
		name: "Not A Name".into(),
		protocol: Protocol::Substrate,
		own: true,
		anchors: Vec::new(),
	};
	ExtBuilder::default().build_and_execute(|| {
		GenesisConfig::<Test> { networks: vec![network], ..Default::default() }.build();
	});
}

#[test]
#[should_panic(expected = "bad asset 404")]
fn genesis_with_an_unknown_asset_panics() {
	ExtBuilder::default().build_and_execute(|| {
		GenesisConfig::<Test> { assets: vec![(404, 100)], ..Default::default() }.build();
	});
}

#[test]
fn networks_are_created_changed_and_removed() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(set(None, "polygon-1", &[]));
		assert_emitted(Event::NetworkSet { network: 1, name: text("polygon-1") });
		assert_ok!(set(Some(1), "polygon", &["https://a.com", "https://b.com"]));
		assert_eq!(Operators::network(1).unwrap().anchors.len(), 2);
		// The old name is free, the new one is not.
		assert_noop!(set(None, "polygon", &[]), Error::NetworkNameTaken);
		assert_noop!(set(Some(NETWORK), "polygon", &[]), Error::NetworkNameTaken);
		assert_ok!(set(None, "polygon-1", &[]));
		assert_ok!(Operators::remove_network(root(), 1));
		assert_emitted(Event::NetworkRemoved { network: 1 });
		assert!(Operators::network(1).is_none());
		assert_noop!(Operators::remove_network(root(), 1), Error::UnknownNetwork);
		assert_noop!(set(Some(1), "polygon", &[]), Error::UnknownNetwork);
		assert_ok!(set(None, "polygon", &[]));
		assert!(Operators::network(3).is_some(), "identifiers are not reused");
		NextNetworkId::<Test>::put(NetworkId::MAX);
		assert_noop!(set(None, "last", &[]), Error::NoMoreIds);
	});
}

#[test]
fn bad_networks_are_refused() {
	ExtBuilder::default().build_and_execute(|| {
		for name in ["", "Ethereum", "a b", "a_b", "ä"] {
			assert_noop!(set(None, name, &[]), Error::NetworkName);
		}
		assert_noop!(set(None, "x", &["http://127.0.0.1"]), Error::EndpointPrivate);
		assert_noop!(set(None, "x", &["ws://a.com"]), Error::EndpointNotHttp);
		assert_noop!(set(None, "x", &["https://a.com", "https://a.com"]), Error::DuplicateAnchor);
		let own = |protocol| {
			Operators::set_network(root(), None, text("own"), protocol, true, Default::default())
		};
		assert_noop!(own(Protocol::Ethereum), Error::NetworkOwnProtocol);
		assert_ok!(own(Protocol::Substrate));
	});
}

#[test]
fn a_network_in_use_cannot_be_removed() {
	ExtBuilder::default().operators(&[ALICE]).build_and_execute(|| {
		let id = Draft::default().listed(ALICE);
		assert_noop!(Operators::remove_network(root(), NETWORK), Error::NetworkInUse);
		assert_ok!(Operators::retire_service(signed(ALICE), id));
		assert_noop!(Operators::remove_network(root(), NETWORK), Error::NetworkInUse);
		assert_ok!(Operators::remove_service(signed(ALICE), id));
		assert_ok!(Operators::remove_network(root(), NETWORK));
	});
}

#[test]
fn an_asset_is_approved_if_usable_and_allowed_by_policy() {
	ExtBuilder::default().build_and_execute(|| {
		let approve = |asset, min_bond| Operators::approve_asset(root(), asset, min_bond);
		assert_noop!(approve(404, 100), Error::AssetUnusable);
		assert_noop!(approve(EUR_ID, 4), Error::MinBondTooLow);
		Unapprovable::mutate(|assets| assets.insert(EUR_ID));
		assert_noop!(approve(EUR_ID, 100), DispatchError::Other("private admin"));
		Unapprovable::set(Default::default());
		assert_ok!(approve(EUR_ID, 5));
		assert_emitted(Event::AssetApproved { asset: EUR_ID, min_bond: 5 });
		assert_ok!(approve(EUR_ID, 100));
		assert_eq!(Operators::min_bond(EUR), Some(100));
	});
}

#[test]
fn services_in_a_revoked_asset_stay_listed_and_sellable() {
	ExtBuilder::default().operators(&[ALICE]).build_and_execute(|| {
		let id = Draft { asset: USD, ..Draft::default() }.listed(ALICE);
		assert_ok!(Operators::revoke_asset(root(), USD_ID));
		assert_emitted(Event::AssetRevoked { asset: USD_ID });
		assert_ok!(Operators::sellable(id));
		assert_ok!(set_exposure(Target::Service(id), 100));
		assert_noop!(Operators::revoke_asset(root(), USD_ID), Error::AssetNotApproved);
		assert_noop!(Operators::revoke_asset(root(), 404), Error::AssetNotApproved);
		assert_ok!(Operators::approve_asset(root(), USD_ID, MIN_ASSET_BOND));
		assert_ok!(Draft { asset: USD, ..Draft::at("b.com") }.list(ALICE));
	});
}

#[test]
fn hosts_are_denied_once_in_normalised_form() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(Operators::deny_host(root(), text("EVIL.com.")));
		assert_emitted(Event::HostDenied { host: text("evil.com") });
		assert_noop!(Operators::deny_host(root(), text("evil.com")), Error::HostDenied);
		assert_ok!(Operators::deny_host(root(), text("[2606:0:0::1]")));
		assert_emitted(Event::HostDenied { host: text("[2606::1]") });
		assert_noop!(Operators::deny_host(root(), text("https://evil.com")), Error::EndpointHost);
		assert_noop!(Operators::allow_host(root(), text("a..b")), Error::EndpointHost);
		assert_ok!(Operators::allow_host(root(), text("Evil.com")));
		assert_emitted(Event::HostAllowed { host: text("evil.com") });
		assert_noop!(Operators::allow_host(root(), text("evil.com")), Error::HostNotDenied);
	});
}

#[test]
fn the_minimum_bond_is_the_same_for_wallets_and_pallets() {
	ExtBuilder::default().build_and_execute(|| {
		NativeMinBond::set(7);
		for (asset, minimum) in
			[(AssetId::Native, Some(7)), (USD, Some(MIN_ASSET_BOND)), (EUR, None)]
		{
			assert_eq!(<Operators as Registry<AccountId>>::min_bond(asset), minimum);
			assert_eq!(Operators::min_bond(asset), minimum);
		}
	});
}

//! Networks, assets, hosts.

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
fn only_governance_sets_anything() {
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
fn a_chain_spec_with_a_bad_network_does_not_build() {
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
fn a_chain_spec_with_an_unknown_asset_does_not_build() {
	ExtBuilder::default().build_and_execute(|| {
		GenesisConfig::<Test> { assets: vec![(404, 100)], ..Default::default() }.build();
	});
}

#[test]
fn networks_are_created_changed_and_removed() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(set(None, "polygon-1", &[]));
		happened(Event::NetworkSet { network: 1, name: text("polygon-1") });
		assert_ok!(set(Some(1), "polygon", &["https://a.com", "https://b.com"]));
		assert_eq!(Operators::network(1).unwrap().anchors.len(), 2);
		// The old name is free, the new one is not.
		assert_noop!(set(None, "polygon", &[]), Fault::NetworkNameTaken);
		assert_noop!(set(Some(NETWORK), "polygon", &[]), Fault::NetworkNameTaken);
		assert_ok!(set(None, "polygon-1", &[]));
		assert_ok!(Operators::remove_network(root(), 1));
		happened(Event::NetworkRemoved { network: 1 });
		assert!(Operators::network(1).is_none());
		assert_noop!(Operators::remove_network(root(), 1), Fault::UnknownNetwork);
		assert_noop!(set(Some(1), "polygon", &[]), Fault::UnknownNetwork);
		assert_ok!(set(None, "polygon", &[]));
		assert!(Operators::network(3).is_some(), "identifiers are not reused");
		NextNetworkId::<Test>::put(NetworkId::MAX);
		assert_noop!(set(None, "last", &[]), Fault::NoMoreIds);
	});
}

#[test]
fn bad_networks_are_refused() {
	ExtBuilder::default().build_and_execute(|| {
		for name in ["", "Ethereum", "a b", "a_b", "ä"] {
			assert_noop!(set(None, name, &[]), Fault::NetworkName);
		}
		assert_noop!(set(None, "x", &["http://127.0.0.1"]), Fault::EndpointPrivate);
		assert_noop!(set(None, "x", &["ws://a.com"]), Fault::EndpointNotHttp);
		assert_noop!(set(None, "x", &["https://a.com", "https://a.com"]), Fault::DuplicateAnchor);
		let own = |protocol| {
			Operators::set_network(root(), None, text("own"), protocol, true, Default::default())
		};
		assert_noop!(own(Protocol::Ethereum), Fault::NetworkOwnProtocol);
		assert_ok!(own(Protocol::Substrate));
	});
}

#[test]
fn a_network_in_use_stays() {
	ExtBuilder::default().operators(&[ALICE]).build_and_execute(|| {
		let id = Draft::default().listed(ALICE);
		assert_noop!(Operators::remove_network(root(), NETWORK), Fault::NetworkInUse);
		assert_ok!(Operators::retire_service(signed(ALICE), id));
		assert_noop!(Operators::remove_network(root(), NETWORK), Fault::NetworkInUse);
		assert_ok!(Operators::remove_service(signed(ALICE), id));
		assert_ok!(Operators::remove_network(root(), NETWORK));
	});
}

#[test]
fn assets_are_approved_by_their_properties() {
	ExtBuilder::default().build_and_execute(|| {
		let approve = |asset, min_bond| Operators::approve_asset(root(), asset, min_bond);
		assert_noop!(approve(404, 100), Fault::AssetUnusable);
		assert_noop!(approve(EUR_ID, 4), Fault::MinBondTooLow);
		Unapprovable::mutate(|assets| assets.insert(EUR_ID));
		assert_noop!(approve(EUR_ID, 100), DispatchError::Other("private admin"));
		Unapprovable::set(Default::default());
		assert_ok!(approve(EUR_ID, 5));
		happened(Event::AssetApproved { asset: EUR_ID, min_bond: 5 });
		assert_ok!(approve(EUR_ID, 100));
		assert_eq!(Operators::min_bond(EUR), Some(100));
	});
}

#[test]
fn revoking_an_asset_leaves_what_is_listed() {
	ExtBuilder::default().operators(&[ALICE]).build_and_execute(|| {
		let id = Draft { asset: USD, ..Draft::default() }.listed(ALICE);
		assert_ok!(Operators::revoke_asset(root(), USD_ID));
		happened(Event::AssetRevoked { asset: USD_ID });
		assert_ok!(Operators::ensure_open(id));
		assert_ok!(Operators::set_exposure(id, 100));
		assert_noop!(Operators::revoke_asset(root(), USD_ID), Fault::AssetNotApproved);
		assert_noop!(Operators::revoke_asset(root(), 404), Fault::AssetNotApproved);
		assert_ok!(Operators::approve_asset(root(), USD_ID, MIN_ASSET_BOND));
		assert_ok!(Draft { asset: USD, ..Draft::at("b.com") }.list(ALICE));
	});
}

#[test]
fn hosts_are_denied_once_and_in_their_normal_form() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(Operators::deny_host(root(), text("EVIL.com.")));
		happened(Event::HostDenied { host: text("evil.com") });
		assert_noop!(Operators::deny_host(root(), text("evil.com")), Fault::HostDenied);
		assert_ok!(Operators::deny_host(root(), text("[2606:0:0::1]")));
		happened(Event::HostDenied { host: text("[2606::1]") });
		assert_noop!(Operators::deny_host(root(), text("https://evil.com")), Fault::EndpointHost);
		assert_noop!(Operators::allow_host(root(), text("a..b")), Fault::EndpointHost);
		assert_ok!(Operators::allow_host(root(), text("Evil.com")));
		happened(Event::HostAllowed { host: text("evil.com") });
		assert_noop!(Operators::allow_host(root(), text("evil.com")), Fault::HostNotDenied);
	});
}

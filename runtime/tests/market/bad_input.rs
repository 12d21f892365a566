// SPDX-License-Identifier: Apache-2.0

//! Bad input is refused with a named error and changes nothing: `Fixture::call` compares the state.

use crate::{actors::*, fixture::Fixture};
use pallet_surety_operators as operators;
use pallet_surety_sla as sla;
use surety_primitives::{AssetId, Balance, ServiceKind, TermsFault, WindowShare};
use surety_runtime::*;

const NATIVE: AssetId = AssetId::Native;

#[test]
fn invalid_listings_are_refused_by_name() {
	use operators::Error as E;
	let mut chain = Fixture::new();
	chain.register(OPERATOR, NATIVE);
	let with = |change: fn(&mut Offer)| {
		let mut offer = Offer::native();
		change(&mut offer);
		offer
	};
	let cases: Vec<(Offer, E<Runtime>)> = vec![
		(with(|o| o.endpoint = "ftp://127.0.0.1/"), E::EndpointNotHttp),
		(with(|o| o.endpoint = "http://user:secret@127.0.0.1/"), E::EndpointHasCredentials),
		(with(|o| o.endpoint = "http://127.0.0.1/?key=1"), E::EndpointHasQuery),
		(with(|o| o.endpoint = "http://127.0.0.1/#top"), E::EndpointHasFragment),
		(with(|o| o.endpoint = "http://127.0.0.1:0/"), E::EndpointPort),
		(with(|o| o.endpoint = "http://a b/"), E::EndpointCharacters),
		(with(|o| o.endpoint = "http:///path"), E::EndpointHost),
		(with(|o| o.endpoint = "not a url"), E::EndpointCharacters),
		(with(|o| o.capacity = 0), E::ZeroCapacity),
		(with(|o| o.price = 0), E::ZeroPrice),
		(with(|o| o.price = Balance::MAX), E::PriceOverflow),
		(with(|o| o.terms.credit.reverse()), E::InvalidTerms(TermsFault::CreditsFall)),
		(with(|o| o.terms.cover = WindowShare::default()), E::InvalidTerms(TermsFault::ZeroCover)),
		(
			with(|o| o.terms.cover = WindowShare::from_inner(1)),
			E::InvalidTerms(TermsFault::CreditAboveCover),
		),
		(
			with(|o| {
				o.terms.credit = [WindowShare::from_u32(31); 4];
				o.terms.cover = WindowShare::from_u32(40);
			}),
			E::InvalidTerms(TermsFault::CreditAboveMax),
		),
		(
			with(|o| {
				o.price = Balance::MAX / 100 / 72;
				o.terms.cover = WindowShare::from_u32(40);
			}),
			E::CreditOverflow,
		),
		(with(|o| o.terms.max_latency_ms = 0), E::InvalidTerms(TermsFault::Latency)),
		(with(|o| o.terms.max_latency_ms = u32::MAX), E::InvalidTerms(TermsFault::Latency)),
		(with(|o| o.kind = ServiceKind::Rpc { network: 99 }), E::UnknownNetwork),
		(with(|o| o.kind = ServiceKind::Inference { model: Default::default() }), E::BadText),
		(with(|o| o.asset = AssetId::Local(99)), E::AssetNotApproved),
		(with(|o| *o = Offer::of(AssetId::Local(genesis::SBTC))), E::BondBelowMinimum),
	];
	for (at, (offer, error)) in cases.into_iter().enumerate() {
		let refused = chain.call(OPERATOR, offer.call()).unwrap_err().error;
		assert_eq!(refused, error.into(), "case {at}");
	}
	let error = chain.call(STRANGER, Offer::native().call()).unwrap_err().error;
	assert_eq!(error, E::<Runtime>::NotOperator.into());
	chain.check();
}

#[test]
fn invalid_agreements_are_refused_by_name() {
	use sla::Error as E;
	let mut chain = Fixture::new();
	let service = chain.operator(NATIVE);
	// One window's price and the minimum balance of the pot.
	let window = chain.price(service, 1, 1) + EXISTENTIAL_DEPOSIT;
	let max_price = chain.peek(|| operators::Services::<Runtime>::get(service).unwrap().price);
	let open = |service, units, deposit, min_cover| sla::Call::open_agreement {
		service,
		units,
		max_price,
		deposit,
		min_cover,
	};
	let mut refused = |call: sla::Call<Runtime>| chain.call(TENANT, call).unwrap_err().error;
	assert_eq!(
		refused(open(99, 1, window, WindowShare::default())),
		operators::Error::<Runtime>::UnknownService.into()
	);
	assert_eq!(
		refused(open(service, 0, window, WindowShare::default())),
		E::<Runtime>::ZeroUnits.into()
	);
	assert_eq!(
		refused(open(service, 1, window - 1, WindowShare::default())),
		E::<Runtime>::DepositUnderOneWindow.into()
	);
	assert_eq!(
		refused(open(service, 1, window, WindowShare::from_u32(4))),
		E::<Runtime>::CoverTooLow.into()
	);
	let cheaper = sla::Call::open_agreement {
		service,
		units: 1,
		max_price: max_price - 1,
		deposit: window,
		min_cover: WindowShare::default(),
	};
	assert_eq!(refused(cheaper), E::<Runtime>::PriceRose.into());
	assert_eq!(
		refused(open(service, 101, 101 * window, WindowShare::default())),
		E::<Runtime>::OverCapacity { left: 100 }.into()
	);
	// A bond of a thousand coins, less the rents, covers 42 units of three windows' prices of 7.2
	// coins and a tenth. The error has the number.
	assert_eq!(
		refused(open(service, 60, 60 * window, WindowShare::default())),
		E::<Runtime>::BondTooSmall { units: 42 }.into()
	);
	assert_eq!(
		refused(sla::Call::close_agreement { agreement: 7 }),
		E::<Runtime>::UnknownAgreement.into()
	);
	let id = chain.open(TENANT, service, 1, 3);
	let error =
		chain.call(STRANGER, sla::Call::close_agreement { agreement: id }).unwrap_err().error;
	assert_eq!(error, E::<Runtime>::NotParty.into());
	chain.call(OPERATOR, operators::Call::pause_service { service }).unwrap();
	let error = chain.try_open(TENANT, service, 1, 3).unwrap_err().error;
	assert_eq!(error, operators::Error::<Runtime>::ServicePaused.into());
	chain.check();
}

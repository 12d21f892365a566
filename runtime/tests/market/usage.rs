// SPDX-License-Identifier: Apache-2.0

//! Usage: statements with real signatures through the whole pipeline, the proxies that sign them,
//! and what clients read of them.

use crate::{
	actors::*,
	fixture::{Fixture, PROBERS, account},
};
use codec::Decode;
use frame_support::assert_ok;
use pallet_surety_probes as probes;
use pallet_surety_sla as sla;
use pallet_surety_usage::{self as usage, Refusal};
use sp_keyring::Sr25519Keyring;
use sp_runtime::{DispatchError, Perbill};
use surety_primitives::{
	AgreementId, AssetId, Clock, ServiceId, ServiceKind,
	usage::{AgreedUsage, Comparison, Match, Side, SignedUsage, UsageCounts, UsageStatement},
};
use surety_runtime::{configs::accounts::ProxyType, *};
use surety_runtime_api::{UsageOf, runtime_decl_for_surety_api::SuretyApiV1 as _};

type Signed = SignedUsage<AccountId, Signature>;

/// Account whose key signs for a tenant.
const GATEWAY: Sr25519Keyring = Sr25519Keyring::Bob;

/// Chain with a service of JSON-RPC.
fn chain() -> (Fixture, ServiceId) {
	let mut chain = Fixture::new();
	chain.register(OPERATOR, AssetId::Native);
	let kind = ServiceKind::Rpc { network: 0 };
	let service = chain.list(OPERATOR, &Offer { kind, ..Offer::native() });
	(chain, service)
}

fn counts(requests: u64, ok: u64) -> UsageCounts {
	UsageCounts { requests, ok, lost: requests - ok, slow: 0, bytes: 1_000 * ok }
}

impl Fixture {
	fn window(&mut self) -> u32 {
		let round = self.round();
		self.peek(|| Timing::window_of(round))
	}

	/// Statement in the window of the next block.
	fn statement(
		&mut self,
		agreement: AgreementId,
		side: Side,
		seq: u32,
		counts: UsageCounts,
	) -> UsageStatement {
		let window = self.peek(|| Timing::window_of(Timing::round_at(Timing::now() + 1)));
		UsageStatement {
			genesis: self.peek(|| System::block_hash(0)),
			agreement,
			window,
			side,
			lane: 0,
			seq,
			counts,
			p50: None,
			p95: None,
			seen: None,
		}
	}

	fn signed_by(
		&mut self,
		who: Sr25519Keyring,
		agreement: AgreementId,
		side: Side,
		seq: u32,
		counts: UsageCounts,
	) -> Signed {
		sign(who, self.statement(agreement, side, seq, counts))
	}

	/// Report the same counts of both sides of an agreement.
	fn report_both(&mut self, tenant: Sr25519Keyring, agreement: AgreementId, counts: UsageCounts) {
		let batch = vec![
			self.signed_by(tenant, agreement, Side::Tenant, 1, counts),
			self.signed_by(OPERATOR, agreement, Side::Operator, 1, counts),
		];
		assert_ok!(self.signed(STRANGER, report(batch)).expect("the pool takes what pays"));
	}
}

fn sign(who: Sr25519Keyring, statement: UsageStatement) -> Signed {
	let signature = who.sign(&statement.payload()).into();
	SignedUsage { statement, reporter: account(who), signature }
}

fn report(batch: Vec<Signed>) -> RuntimeCall {
	usage::Call::report_usage { statements: batch.try_into().unwrap() }.into()
}

fn refused(reason: Refusal) -> DispatchError {
	usage::Error::<Runtime>::Refused(reason).into()
}

fn add_proxy(delegate: Sr25519Keyring, proxy_type: ProxyType, delay: u32) -> RuntimeCall {
	let delegate = account(delegate).into();
	pallet_proxy::Call::add_proxy { delegate, proxy_type, delay }.into()
}

#[test]
fn both_sides_report_through_their_proxies_and_clients_read_what_is_agreed() {
	let (mut chain, service) = chain();
	let id = chain.open(TENANT, service, 2, 6);
	chain.next_window();
	chain.next_window();
	assert_ok!(chain.signed(TENANT, add_proxy(GATEWAY, ProxyType::Report, 0)).unwrap());
	assert!(chain.peek(|| Runtime::may_report(account(TENANT), account(GATEWAY))));
	assert!(!chain.peek(|| Runtime::may_report(account(GATEWAY), account(TENANT))));

	let before = chain.total(AssetId::Native, STRANGER);
	let mine = chain.signed_by(GATEWAY, id, Side::Tenant, 1, counts(1_000, 990));
	let theirs = chain.signed_by(OPERATOR, id, Side::Operator, 1, counts(996, 996));
	assert_ok!(chain.signed(STRANGER, report(vec![mine, theirs])).unwrap());
	let paid = before - chain.total(AssetId::Native, STRANGER);
	assert!(paid > MILLI / 10, "two statements cost {paid}");

	let agreed = AgreedUsage { requests: 996, ok: 986, bytes: 986_040 };
	let of_agreement = chain.peek(|| Runtime::agreement_usage(id)).unwrap();
	assert_eq!((of_agreement.service, of_agreement.tenant), (service, account(TENANT)));
	// Two units of 10 requests a second, for 144 seconds, and a fifth on top.
	assert_eq!(of_agreement.max_requests, 3_456);
	let [window] = &of_agreement.windows[..] else { panic!("one window") };
	assert_eq!((window.agreed, window.matched), (agreed, Match::Close));
	assert_eq!((window.tenant.lanes[0].seq, window.tenant.lanes[0].counts.lost), (1, 10));

	for of in [UsageOf::Service(service), UsageOf::Operator(account(OPERATOR))] {
		let found = chain.peek(|| Runtime::usage(of)).unwrap();
		let [window] = &found.windows[..] else { panic!("one window") };
		assert!(window.open && !found.discrepant);
		assert_eq!((window.agreed, window.agreements), (agreed, 1));
		assert_eq!(window.success_perbill, Some(Perbill::from_rational(986u32, 996)));
		assert!(window.milli_requests_per_second > 996_000 / 144);
	}
	chain.check();
}

#[test]
fn only_a_report_proxy_without_delay_signs_for_its_principal() {
	let (mut chain, service) = chain();
	let id = chain.open(TENANT, service, 1, 6);
	for (proxy_type, delay) in [(ProxyType::Buy, 0), (ProxyType::Any, 0), (ProxyType::Report, 9)] {
		assert_ok!(chain.signed(TENANT, add_proxy(GATEWAY, proxy_type, delay)).unwrap());
	}
	let signed = chain.signed_by(GATEWAY, id, Side::Tenant, 1, counts(10, 10));
	let outcome = chain.signed(STRANGER, report(vec![signed])).unwrap();
	assert_eq!(outcome, Err(refused(Refusal::NotReporter)));
	chain.check();
}

#[test]
fn a_report_proxy_reports_and_does_nothing_else_for_its_principal() {
	let (mut chain, service) = chain();
	let id = chain.open(TENANT, service, 1, 6);
	assert_ok!(chain.signed(TENANT, add_proxy(GATEWAY, ProxyType::Report, 0)).unwrap());
	let proxied = |call: RuntimeCall| {
		let (real, force_proxy_type) = (account(TENANT).into(), None);
		RuntimeCall::Proxy(pallet_proxy::Call::proxy {
			real,
			force_proxy_type,
			call: Box::new(call),
		})
	};
	let executed = |chain: &mut Fixture| {
		chain.events().into_iter().find_map(|event| match event {
			RuntimeEvent::Proxy(pallet_proxy::Event::ProxyExecuted { result }) => Some(result),
			_ => None,
		})
	};
	let batch = vec![chain.signed_by(GATEWAY, id, Side::Tenant, 1, counts(10, 10))];
	assert_ok!(chain.signed(GATEWAY, proxied(report(batch.clone()))).unwrap());
	assert_eq!(executed(&mut chain), Some(Ok(())));
	let close = sla::Call::close_agreement { agreement: id }.into();
	let more = report(vec![chain.signed_by(GATEWAY, id, Side::Tenant, 2, counts(20, 20))]);
	let wrapped = pallet_utility::Call::batch { calls: vec![more] }.into();
	for call in [close, wrapped] {
		assert_ok!(chain.signed(GATEWAY, proxied(call)).unwrap());
		let filtered = frame_system::Error::<Runtime>::CallFiltered.into();
		assert_eq!(executed(&mut chain), Some(Err(filtered)));
	}
	chain.check();
}

#[test]
fn refused_statements_are_paid_for() {
	let (mut chain, service) = chain();
	let id = chain.open(TENANT, service, 1, 6);
	let cost = |chain: &mut Fixture, batch: Vec<Signed>| {
		let before = chain.total(AssetId::Native, STRANGER);
		let outcome = chain.signed(STRANGER, report(batch)).unwrap();
		(before - chain.total(AssetId::Native, STRANGER), outcome)
	};
	let bad = chain.signed_by(STRANGER, id, Side::Tenant, 1, counts(10, 10));
	let good = chain.signed_by(TENANT, id, Side::Tenant, 1, counts(10, 10));
	let (one, outcome) = cost(&mut chain, vec![bad.clone()]);
	assert_eq!(outcome, Err(refused(Refusal::NotReporter)));
	let (many, outcome) = cost(&mut chain, vec![bad; 63]);
	assert_eq!(outcome, Err(refused(Refusal::NotReporter)));
	assert!(many > 20 * one, "63 cost {many}, one {one}");
	let (mixed, outcome) = {
		let bad = chain.signed_by(STRANGER, id, Side::Tenant, 1, counts(10, 10));
		cost(&mut chain, [vec![bad; 63], vec![good]].concat())
	};
	assert_ok!(outcome);
	assert!(mixed > many);
	let windows = chain.peek(|| Runtime::agreement_usage(id)).unwrap().windows;
	assert_eq!(windows[0].tenant.lanes.len(), 1);
	chain.check();
}

#[test]
fn an_equivocation_is_proven_by_anybody_for_a_fee() {
	let (mut chain, service) = chain();
	let id = chain.open(TENANT, service, 1, 6);
	chain.report_both(TENANT, id, counts(100, 100));
	let first = chain.signed_by(OPERATOR, id, Side::Operator, 2, counts(101, 101));
	let second = chain.signed_by(OPERATOR, id, Side::Operator, 2, counts(102, 102));
	let (first, second) = (Box::new(first), Box::new(second));
	let proof = usage::Call::report_equivocation { first, second };
	assert_ok!(chain.signed(STRANGER, proof).unwrap());
	let window = chain.peek(|| Runtime::agreement_usage(id)).unwrap().windows[0].clone();
	assert!(window.operator.void && window.operator.lanes.is_empty());
	assert_eq!((window.agreed.requests, window.matched), (0, Match::OneSided));
	chain.check();
}

#[test]
fn tenants_served_worse_than_probers_flag_the_service_and_no_money_moves() {
	let (mut chain, service) = chain();
	let tenants = [TENANT, OTHER_TENANT, STRANGER];
	let agreements = tenants.map(|tenant| chain.open(tenant, service, 2, 8));
	chain.next_window();
	chain.next_window();
	let bad = chain.window();
	for (tenant, id) in tenants.into_iter().zip(agreements) {
		chain.report_both(tenant, id, counts(1_000, 700));
	}
	let bond = chain.bond(OPERATOR, AssetId::Native);
	let discrepant = |chain: &mut Fixture| {
		let found = chain.peek(|| Runtime::service(service)).unwrap();
		let listed = chain.peek(|| Runtime::services(Default::default(), None, 10)).items;
		assert_eq!(listed[0].discrepant, found.service.discrepant);
		found.service.discrepant
	};
	chain.next_window();
	assert!(!discrepant(&mut chain), "the window can still be reported");
	chain.next_window();
	chain.block();
	assert!(discrepant(&mut chain));
	let found = chain.peek(|| Runtime::usage(UsageOf::Service(service))).unwrap();
	assert!(found.discrepant);
	assert_eq!(found.windows[0].window, bad);
	assert_eq!(found.windows[0].comparison, Some(Comparison::Discrepant));
	assert_eq!(found.windows[0].success_perbill, Some(Perbill::from_percent(70)));
	assert_eq!(chain.bond(OPERATOR, AssetId::Native), bond);
	assert!(chain.breaches(service).is_empty());
	chain.check();
}

#[test]
fn an_agreement_that_ended_is_reported_for_its_last_window() {
	let (mut chain, service) = chain();
	let id = chain.open(TENANT, service, 1, 6);
	chain.next_window();
	chain.rounds(2);
	assert_ok!(chain.call(TENANT, sla::Call::close_agreement { agreement: id }));
	let last = chain.statement(id, Side::Tenant, 1, counts(50, 50));
	chain.until("the agreement is over", 6, || sla::Agreements::<Runtime>::iter().next().is_none());
	let operator = UsageStatement { side: Side::Operator, ..last.clone() };
	let batch = vec![sign(TENANT, last), sign(OPERATOR, operator)];
	assert_ok!(chain.signed(STRANGER, report(batch)).unwrap());
	let usage = chain.peek(|| Runtime::usage(UsageOf::Service(service))).unwrap();
	assert_eq!(usage.windows[0].agreed.requests, 50);
	chain.check();
}

#[test]
fn an_edge_finds_the_agreements_of_its_service_and_the_keys_of_probers() {
	let (mut chain, service) = chain();
	let other = Offer { endpoint: "http://127.0.0.1:8081/", ..Offer::native() };
	let other = chain.list(OPERATOR, &other);
	let mut mine: Vec<_> = (0..5).map(|_| chain.open(TENANT, service, 1, 6)).collect();
	let theirs = chain.open(OTHER_TENANT, other, 1, 6);
	let page = |service, from, limit| Runtime::agreements_of_service(service, from, limit);
	let first = chain.peek(|| page(service, None, 3));
	let rest = chain.peek(|| page(service, first.next, 3));
	assert_eq!((first.items.len(), rest.items.len(), rest.next), (3, 2, None));
	let mut found: Vec<_> = first.items.iter().chain(&rest.items).map(|it| it.id).collect();
	found.sort_unstable();
	mine.sort_unstable();
	assert_eq!(found, mine);
	let ids: Vec<_> =
		chain.peek(|| page(other, None, 3)).items.into_iter().map(|it| it.id).collect();
	assert_eq!(ids, [theirs]);

	let found = chain.peek(Runtime::probers);
	let snapshot = chain.peek(|| probes::Snapshots::<Runtime>::get(found.round)).unwrap();
	assert_eq!(found.probers.len(), snapshot.probers.len());
	for (info, prober) in found.probers.iter().zip(&snapshot.probers) {
		assert_eq!(info.account, prober.account);
		let key = surety_primitives::crypto::ProberId::decode(&mut &info.key[..]).unwrap();
		assert_eq!(key, prober.key);
		assert!(PROBERS.iter().any(|who| account(*who) == info.account));
	}
}

// SPDX-License-Identifier: Apache-2.0

//! Reports of closed windows to a chain that keeps the rules of `usage.report_usage`.

use super::kit::*;
use crate::usage::{
	Equivocation, MAX_BATCH, Moment, OnChain, ReportSettings, ReportTask, Signed, Submit,
	SubmitError,
};
use parking_lot::Mutex;
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use surety_primitives::{
	AgreementId, LatencyBucket, WindowIndex,
	usage::{Side, UsageCounts},
};

type Key = (AgreementId, WindowIndex, Side, u8);

/// Chain that takes what it can of a batch, as `usage.report_usage` does.
#[derive(Clone, Default)]
pub struct Chain(Arc<Mutex<ChainState>>);

#[derive(Default)]
pub struct ChainState {
	pub lanes: BTreeMap<Key, OnChain>,
	pub batches: Vec<usize>,
	/// Statements that changed nothing.
	pub wasted: usize,
	pub proofs: Vec<Equivocation>,
	/// Calls to come that fail.
	pub failures: usize,
	/// Statements of agreements below this one are refused.
	pub refused_below: AgreementId,
}

impl Chain {
	pub fn with<T>(&self, read: impl FnOnce(&mut ChainState) -> T) -> T {
		read(&mut self.0.lock())
	}

	pub fn counts(&self, window: WindowIndex, side: Side) -> Option<UsageCounts> {
		self.with(|chain| chain.lanes.get(&(DEAL, window, side, 0)).map(|lane| lane.counts))
	}

	pub fn count(&self) -> usize {
		self.with(|chain| chain.lanes.len())
	}
}

impl Submit for Chain {
	async fn on_chain(
		&self,
		agreement: AgreementId,
		window: WindowIndex,
	) -> Result<Vec<OnChain>, SubmitError> {
		Ok(self.with(|chain| {
			let lanes = chain.lanes.iter();
			let of = lanes.filter(|((a, w, ..), _)| (*a, *w) == (agreement, window));
			of.map(|(_, lane)| *lane).collect()
		}))
	}

	async fn report(&self, batch: Vec<Signed>) -> Result<(), SubmitError> {
		assert!(!batch.is_empty() && batch.len() <= MAX_BATCH);
		self.with(|chain| {
			if chain.failures > 0 {
				chain.failures -= 1;
				return Err(SubmitError::Unavailable("no node".into()));
			}
			chain.batches.push(batch.len());
			let mut is_accepted = false;
			for signed in batch {
				let one = signed.statement;
				let known = chain.lanes.get(&(one.agreement, one.window, one.side, one.lane));
				let is_refused = one.agreement < chain.refused_below
					|| known.is_some_and(|k| one.seq <= k.seq || !one.counts.continues(&k.counts));
				if is_refused {
					chain.wasted += 1;
					continue;
				}
				let lane =
					OnChain { side: one.side, lane: one.lane, seq: one.seq, counts: one.counts };
				chain.lanes.insert((one.agreement, one.window, one.side, one.lane), lane);
				is_accepted = true;
			}
			if is_accepted { Ok(()) } else { Err(SubmitError::Refused("all of it".into())) }
		})
	}

	async fn report_equivocation(&self, proof: Equivocation) -> Result<(), SubmitError> {
		self.with(|chain| chain.proofs.push(proof));
		Ok(())
	}
}

pub fn step(task: &mut ReportTask<Chain>, now: &Moment) -> Result<usize, SubmitError> {
	futures::executor::block_on(task.step(now))
}

fn task(party: &Party, chain: &Chain, settings: ReportSettings) -> ReportTask<Chain> {
	ReportTask::new(party.ledger.clone(), chain.clone(), settings)
}

/// Both sides after a window with some requests.
fn closed(requests: u64) -> (Party, Party, u64) {
	let (gateway, edge) = pair(0);
	gateway.serve(requests);
	edge.serve(requests);
	let time = run(&gateway, &edge, 0, WINDOW + 30);
	(gateway, edge, time)
}

#[test]
fn everything_is_reported_once_by_whoever_is_first() {
	let (gateway, edge, time) = closed(500);
	let chain = Chain::default();
	let mut tasks = [&gateway, &edge].map(|one| task(one, &chain, ReportSettings::default()));
	for time in time..2 * WINDOW {
		tasks.iter_mut().for_each(|task| _ = step(task, &at(time)).unwrap());
	}
	assert_eq!(chain.with(|chain| chain.batches.clone()), [2]);
	assert_eq!(chain.counts(0, Side::Tenant).unwrap().requests, 500);
	assert_eq!(chain.counts(0, Side::Operator).unwrap().requests, 500);
	let reported = [&gateway, &edge].map(|party| party.ledger.totals().reported);
	assert_eq!(reported.iter().sum::<u64>(), 2);
}

#[test]
fn a_side_alone_reports_its_own() {
	let (gateway, _) = pair(0);
	gateway.serve(500);
	for time in 0..WINDOW + 5 {
		gateway.ledger.tick(&at(time));
	}
	let chain = Chain::default();
	let mut task = task(&gateway, &chain, ReportSettings::default());
	for time in WINDOW..2 * WINDOW {
		gateway.ledger.tick(&at(time));
		step(&mut task, &at(time)).unwrap();
	}
	assert_eq!(chain.count(), 1);
	assert_eq!(chain.counts(0, Side::Tenant).unwrap().requests, 500);
}

#[test]
fn nothing_is_sent_at_the_start_or_the_end_of_the_window() {
	let (gateway, _, _) = closed(500);
	let chain = Chain::default();
	let mut early = task(&gateway, &chain, ReportSettings::default());
	for time in WINDOW..WINDOW + WINDOW * 15 / 100 {
		assert_eq!(step(&mut early, &at(time)), Ok(0));
	}
	for time in WINDOW + WINDOW * 97 / 100..2 * WINDOW {
		assert_eq!(step(&mut early, &at(time)), Ok(0));
	}
	assert_eq!(chain.count(), 0);
}

#[test]
fn failures_are_tried_again_until_the_chain_has_it() {
	let (gateway, _, time) = closed(500);
	let chain = Chain::default();
	chain.with(|chain| chain.failures = 5);
	let mut task = task(&gateway, &chain, ReportSettings::default());
	let results: Vec<_> = (time..2 * WINDOW).map(|time| step(&mut task, &at(time))).collect();
	assert_eq!(results.iter().filter(|result| result.is_err()).count(), 5);
	assert_eq!(chain.with(|chain| (chain.batches.clone(), chain.wasted)), (vec![2], 0));
}

#[test]
fn a_statement_that_comes_late_is_added_by_the_second_pass() {
	let (gateway, edge) = pair(0);
	gateway.serve(500);
	edge.serve(500);
	// No exchange before the first pass.
	for time in 0..WINDOW + 1 {
		gateway.ledger.tick(&at(time));
		edge.ledger.tick(&at(time));
	}
	let chain = Chain::default();
	let mut task = task(&gateway, &chain, ReportSettings::default());
	let mut time = WINDOW + 1;
	while step(&mut task, &at(time)).unwrap() == 0 {
		time += 1;
	}
	assert_eq!(chain.count(), 1);
	exchange(&gateway, &edge, &at(time));
	(time..2 * WINDOW).for_each(|time| _ = step(&mut task, &at(time)).unwrap());
	assert_eq!(chain.count(), 2);
	assert_eq!(chain.with(|chain| chain.batches.clone()), [1, 1]);
}

#[test]
fn little_use_is_not_worth_the_fee() {
	let (gateway, _, time) = closed(99);
	let chain = Chain::default();
	let mut thrifty = task(&gateway, &chain, ReportSettings::default());
	let cheap = ReportSettings { min_requests: 99, ..Default::default() };
	let mut spender = task(&gateway, &chain, cheap);
	(time..2 * WINDOW).for_each(|time| _ = step(&mut thrifty, &at(time)).unwrap());
	assert_eq!(chain.count(), 0);
	(time..2 * WINDOW).for_each(|time| _ = step(&mut spender, &at(time)).unwrap());
	assert_eq!(chain.count(), 2);
}

#[test]
fn a_process_that_does_not_report_sends_nothing() {
	let (gateway, _, time) = closed(500);
	let chain = Chain::default();
	let off = ReportSettings { enabled: false, ..Default::default() };
	let mut task = task(&gateway, &chain, off);
	(time..2 * WINDOW).for_each(|time| _ = step(&mut task, &at(time)).unwrap());
	assert_eq!(chain.count(), 0);
}

#[test]
fn batches_are_bounded_and_the_most_used_go_first() {
	let (gateway, _) = pair(0);
	for deal in 0..100 {
		gateway.rights.grant_for(deal, Side::Tenant, &gateway.key);
		let meter = gateway.ledger.open_agreement(deal, LatencyBucket::MAX, &at(0)).unwrap();
		(0..100 + u64::from(deal)).for_each(|_| meter.answered(0, Duration::ZERO));
	}
	(0..WINDOW + 5).for_each(|time| _ = gateway.ledger.tick(&at(time)));
	let chain = Chain::default();
	let few = ReportSettings { max_statements: 70, ..Default::default() };
	let mut task = task(&gateway, &chain, few);
	(WINDOW..2 * WINDOW).for_each(|time| _ = step(&mut task, &at(time)).unwrap());
	assert_eq!(chain.with(|chain| chain.batches.clone()), [64, 6]);
	assert!(chain.with(|chain| chain.lanes.keys().all(|(deal, ..)| *deal >= 30)));
}

/// Twenty agreements after a window; the chain refuses the statement of each one below a number.
fn refused(below: AgreementId) -> (Chain, usize) {
	let (gateway, _) = pair(0);
	for deal in 0..20 {
		gateway.rights.grant_for(deal, Side::Tenant, &gateway.key);
		let meter = gateway.ledger.open_agreement(deal, LatencyBucket::MAX, &at(0)).unwrap();
		(0..200).for_each(|_| meter.answered(0, Duration::ZERO));
	}
	(0..WINDOW + 5).for_each(|time| _ = gateway.ledger.tick(&at(time)));
	let chain = Chain::default();
	chain.with(|chain| chain.refused_below = below);
	let mut task = task(&gateway, &chain, ReportSettings::default());
	let counts = (WINDOW..2 * WINDOW).map(|time| step(&mut task, &at(time)).unwrap());
	let count = counts.sum();
	(chain, count)
}

#[test]
fn one_bad_statement_costs_no_other_and_is_sent_once() {
	let (chain, _) = refused(1);
	assert_eq!(chain.count(), 19);
	assert_eq!(chain.with(|chain| (chain.batches.clone(), chain.wasted)), (vec![20], 1));
}

#[test]
fn a_batch_that_is_refused_as_a_whole_is_sent_once() {
	let (chain, count) = refused(20);
	assert_eq!((chain.count(), count), (0, 0));
	assert_eq!(chain.with(|chain| chain.batches.clone()), [20]);
}

#[test]
fn the_proof_of_an_equivocation_is_reported_once() {
	let (gateway, edge) = pair(0);
	for requests in [1, 2] {
		edge.offer(gateway.key.sign(statement(Side::Tenant, 0, 5, requests)), &at(1));
	}
	edge.ledger.tick(&at(WINDOW + 1));
	let chain = Chain::default();
	let mut task = task(&edge, &chain, ReportSettings::default());
	(WINDOW..2 * WINDOW).for_each(|time| _ = step(&mut task, &at(time)).unwrap());
	assert_eq!(chain.with(|chain| chain.proofs.len()), 1);
	assert!(edge.ledger.proofs().is_empty());
}

#[test]
fn two_sides_rarely_report_at_the_same_time() {
	let (gateway, edge, _) = closed(500);
	let first = |party: &Party, window: u64| {
		let mut task = task(party, &Chain::default(), ReportSettings::default());
		let start = window * WINDOW;
		party.ledger.tick(&at(start));
		(start..start + WINDOW).find(|time| {
			_ = step(&mut task, &at(*time));
			task.passes_done() == 1
		})
	};
	let apart = (1..40).filter(|window| {
		let (a, b) = (first(&gateway, *window).unwrap(), first(&edge, *window).unwrap());
		a.abs_diff(b) >= 6
	});
	assert!(apart.count() > 30);
}

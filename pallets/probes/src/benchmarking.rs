// SPDX-License-Identifier: Apache-2.0

//! Benchmarks. Each sets its state by hand, so that none depends on the state of other pallets.

#![allow(
	clippy::arithmetic_side_effects,
	clippy::expect_used,
	clippy::indexing_slicing,
	clippy::panic,
	clippy::unwrap_used
)]

use crate::{counting::RoundReports, pages::put, *};
use alloc::{vec, vec::Vec};
use frame::{benchmarking::prelude::*, deps::sp_runtime::transaction_validity::TransactionSource};
use sp_application_crypto::RuntimeAppPublic;
use surety_primitives::{
	Counters, LatencyBucket, MeterReading, WindowSummary, WindowTerms, report::Finding,
};

/// Round of the block being built. Round 8 is the one to count and judge in it.
const ROUND: RoundIndex = 10;
const OLD: RoundIndex = 8;

fn at_block<T: Config>(round: RoundIndex, offset: u32) {
	let block = T::Clock::round_start(round) + offset;
	frame_system::Pallet::<T>::set_block_number(block.into());
}

fn prober<T: Config>(index: u32) -> Prober<T::AccountId> {
	let bytes = [index as u8; 32];
	Prober {
		account: account("prober", index, 0),
		key: ProberId::decode(&mut &bytes[..]).expect("any 32 bytes are a public key"),
	}
}

fn probers<T: Config>(n: u32) -> Probers<T::AccountId> {
	(0..n).map(prober::<T>).collect::<Vec<_>>().try_into().expect("n is at most 128")
}

/// Set up so many full active pages, and the maximum number of idle pages.
fn full_pages<T: Config>(pages: u32) {
	for page in 0..pages {
		PageInfos::<T>::insert(PageId::Active(page), PageInfo { due: u128::MAX, taken: u128::MAX });
	}
	Active::<T>::put(ActiveSlots { taken: pages * ROWS, pages, ..Default::default() });
	Capacity::<T>::put(MAX_DUE);
	Idle::<T>::put(IdleSlots { end: MAX_IDLE_PAGES * ROWS, head: 0, tail: 0 });
}

/// Mask of the `n` lowest bits.
fn mask(n: u32) -> u128 {
	(0..n.min(ROWS) as u8).fold(0, |mask, slot| mask | bit(slot))
}

/// Active pages with `targets` due slots in all, the first ones full.
fn due(targets: u32) -> DueList {
	let page = |page: u32| Due {
		page: PageId::Active(page),
		mask: mask(targets.saturating_sub(page * ROWS)),
	};
	DueList::truncate_from((0..targets.div_ceil(ROWS)).map(page).collect())
}

fn snapshot<T: Config>(n: u32, targets: u32) -> Snapshot<T::AccountId> {
	Snapshot {
		session: 1,
		started: 0,
		health: HealthRule { bad: 3, of: 3 },
		targets,
		probers: probers::<T>(n),
	}
}

/// Insert reports of so many probers in which each third target is down.
fn reports<T: Config>(probers: u32, targets: u32) -> Vec<u8> {
	let says = |i: u32| match i % 3 {
		0 => Finding::Down,
		_ => Finding::Up(LatencyBucket::from_millis(i)),
	};
	let report: Vec<u8> = (0..targets).map(|i| says(i).to_byte()).collect();
	for index in 0..probers as u16 {
		Reports::<T>::insert(OLD, index, Sent::Revealed(Report::truncate_from(report.clone())));
	}
	report
}

/// Row with everything that makes it long.
fn row<T: Config>(service: ServiceId, active: bool) -> Row<T::AccountId> {
	let mut latencies = Histogram::default();
	for bucket in 0..HISTOGRAM as u8 {
		latencies.add(LatencyBucket::from_index(bucket).expect("below 64"), 1);
	}
	Row {
		target: Target::Service(service),
		operator: account("operator", service, 0),
		max_latency: LatencyBucket::MAX,
		joined: 0,
		state: RowState::Due,
		unproven: false,
		maintenance: Some(Maintenance { from: 0, rounds: 1 }),
		window: T::Clock::window_of(OLD),
		counters: Counters::default(),
		earlier: Counters { up: HISTOGRAM as u16, ..Counters::default() },
		latencies,
		last: Some((OLD - 1, Verdict::Up { latency: LatencyBucket::MAX })),
		terms: WindowTerms { allowance: [u16::MAX; 3], multiplier: 1 },
		tiers: [None; 3],
		meter: if active {
			MeterReading { blocks: 0, through: OLD - 1, recent: 0 }
		} else {
			MeterReading::default()
		},
		meter_end: None,
		health: LeaseHealth::default(),
	}
}

/// Context in which an active page is judged in round 8.
fn context<T: Config>() -> RoundContext {
	RoundContext {
		round: OLD,
		window_rounds: T::Clock::window_rounds(),
		round_blocks: T::Clock::round_blocks(),
		stalled: false,
		active: true,
		health: HealthRule { bad: 3, of: 3 },
	}
}

fn fill<T: Config>(id: PageId, rows: u32) {
	let mut page = Page::default();
	for slot in 0..rows.min(ROWS) as u8 {
		put(&mut page, slot, Some(row::<T>(u32::from(slot), id.is_active())));
	}
	Pages::<T>::insert(id, page);
	PageInfos::<T>::insert(id, PageInfo { due: mask(rows), taken: mask(rows) });
}

#[benchmarks]
mod benchmarks {
	use super::*;

	#[benchmark]
	fn commit() {
		at_block::<T>(ROUND, 1);
		Snapshots::<T>::insert(ROUND, snapshot::<T>(MAX_PROBERS, MAX_REPORT));
		let signature =
			ProberSignature::decode(&mut &[0u8; 64][..]).expect("any 64 bytes are a signature");

		#[extrinsic_call]
		_(RawOrigin::Authorized, ROUND, 127, [1u8; 32], signature);

		assert!(Reports::<T>::contains_key(ROUND, 127));
	}

	#[benchmark]
	fn authorize_commit() {
		at_block::<T>(ROUND, 1);
		let key = ProberId::generate_pair(None);
		let mut snapshot = snapshot::<T>(MAX_PROBERS, MAX_REPORT);
		snapshot.probers[127].key = key.clone();
		Snapshots::<T>::insert(ROUND, snapshot);
		let hash = [1; 32];
		let payload = commit_payload(Pallet::<T>::genesis().as_ref(), ROUND, &hash);
		let signature = key.sign(&payload).expect("the key was just made");

		#[block]
		{
			Pallet::<T>::authorize_commit(
				TransactionSource::InBlock,
				&ROUND,
				&127,
				&hash,
				&signature,
			)
			.expect("signed");
		}
	}

	#[benchmark]
	fn reveal(b: Linear<0, MAX_REPORT>) {
		at_block::<T>(ROUND, REVEAL_OFFSET);
		let round = ROUND - 1;
		let (snapshot, index) = (snapshot::<T>(MAX_PROBERS, b), 127);
		let report = Report::truncate_from(vec![1; b as usize]);
		let key = snapshot.probers[usize::from(index)].key.clone();
		let hash = commit_hash(Pallet::<T>::genesis().as_ref(), round, &key, &[2; 32], &report);
		Snapshots::<T>::insert(round, snapshot);
		Reports::<T>::insert(round, index, Sent::Committed(hash));

		#[extrinsic_call]
		_(RawOrigin::Authorized, round, index, [2u8; 32], report);

		assert!(matches!(Reports::<T>::get(round, index), Some(Sent::Revealed(_))));
	}

	#[benchmark]
	fn authorize_reveal(b: Linear<0, MAX_REPORT>) {
		at_block::<T>(ROUND, REVEAL_OFFSET);
		let round = ROUND - 1;
		let (snapshot, index) = (snapshot::<T>(MAX_PROBERS, b), 127);
		let report = Report::truncate_from(vec![1; b as usize]);
		let key = snapshot.probers[usize::from(index)].key.clone();
		let hash = commit_hash(Pallet::<T>::genesis().as_ref(), round, &key, &[2; 32], &report);
		Snapshots::<T>::insert(round, snapshot);
		Reports::<T>::insert(round, index, Sent::Committed(hash));

		#[block]
		{
			Pallet::<T>::authorize_reveal(
				TransactionSource::InBlock,
				&round,
				&index,
				&[2; 32],
				&report,
			)
			.expect("committed");
		}
	}

	#[benchmark]
	fn idle() {
		Progress::<T>::put(Sweep { judged: OLD, ..Default::default() });

		#[block]
		{
			Pallet::<T>::judge_some(ROUND);
		}
	}

	#[benchmark]
	fn open_round(n: Linear<0, MAX_PROBERS>, p: Linear<1, 500>) {
		// The first round of a window, which fixes the capacity too.
		let round = T::Clock::window_start(1);
		at_block::<T>(round, 0);
		ProberSet::<T>::put(probers::<T>(n));
		// Half of the pages are active and full. The idle ones are empty, those of the queue too:
		// the turn looks at as many as it may.
		full_pages::<T>(p / 2);
		Capacity::<T>::put(p / 2 + 1);
		let queue: Vec<u32> = (1..=MAX_QUEUED).map(|page| MAX_IDLE_PAGES - page).collect();
		Queued::<T>::put(Queue::truncate_from(queue));

		#[block]
		{
			Pallet::<T>::open_round(round);
		}

		assert!(Snapshots::<T>::contains_key(round));
	}

	#[benchmark]
	fn count_round(n: Linear<0, MAX_PROBERS>, s: Linear<0, MAX_REPORT>) {
		at_block::<T>(ROUND, COMMIT_GRACE);
		for due in due(s) {
			fill::<T>(due.page, due.mask.count_ones());
		}
		for round in [OLD, OLD + 1] {
			Snapshots::<T>::insert(round, snapshot::<T>(n, s));
			DuePages::<T>::insert(round, due(s));
		}
		Progress::<T>::put(Sweep { judged: OLD - 1, ..Default::default() });
		reports::<T>(n, s);
		// One that reaches nobody, so that the operators of all targets are looked up.
		let dark = Report::truncate_from(vec![Finding::Down.to_byte(); s as usize]);
		Reports::<T>::insert(OLD, 0, Sent::Revealed(dark));

		#[block]
		{
			Pallet::<T>::count_round(OLD);
		}

		assert!(RevealRoots::<T>::contains_key(OLD));
		assert_eq!(
			Counting::<T>::get().map(|counted| counted.blind),
			Some(u128::from(n > 1 && s > 0))
		);
	}

	/// Reads of a judging block before it judges a page.
	#[benchmark]
	fn read_reports(n: Linear<0, MAX_PROBERS>, s: Linear<0, MAX_REPORT>) {
		Snapshots::<T>::insert(OLD, snapshot::<T>(n, s));
		DuePages::<T>::insert(OLD, due(s));
		Counting::<T>::put(Counted::default());
		reports::<T>(n, s);
		let read;

		#[block]
		{
			let snapshot = Snapshots::<T>::get(OLD).expect("just inserted");
			let due = DuePages::<T>::get(OLD);
			let mut counted = Counting::<T>::get().unwrap_or_default();
			let reports = RoundReports::read::<T>(OLD, snapshot.probers.len());
			read = (reports.votes(counted.blind).reports.iter().flatten().count(), due.len());
			counted.duty = Default::default();
			Counting::<T>::put(counted);
		}

		assert_eq!(read, (n as usize, s.div_ceil(ROWS) as usize));
	}

	/// Close of the window of `r` rows with full rings. What the handlers weigh is added.
	#[benchmark]
	fn turn_page(r: Linear<1, ROWS>) {
		// The rows count the window of round 8, and the round to judge is the first of the next
		// one.
		let round = T::Clock::window_start(T::Clock::window_of(OLD) + 1);
		at_block::<T>(round + 2, COMMIT_GRACE + 1);
		let due = Due { page: PageId::Active(0), mask: mask(r) };
		fill::<T>(due.page, r);
		let window = WindowSummary {
			window: 0,
			counters: Counters { up: 1, ..Counters::default() },
			latency_p95: LatencyBucket::MAX,
		};
		for service in 0..r {
			let ring = vec![window; RING as usize];
			Windows::<T>::insert(Target::Service(service), Ring::truncate_from(ring));
		}
		let context = RoundContext { round, ..context::<T>() };

		#[block]
		{
			Pallet::<T>::turn_page(&context, &due);
		}

		let newest = Windows::<T>::get(Target::Service(0)).last().map(|summary| summary.window);
		assert_eq!(newest, Some(T::Clock::window_of(OLD)));
		let row = Pallet::<T>::row(due.page, 0).expect("filled");
		assert_eq!(row.window, T::Clock::window_of(round));
	}

	#[benchmark]
	fn judge_page(r: Linear<0, ROWS>, n: Linear<0, MAX_PROBERS>) {
		at_block::<T>(ROUND, COMMIT_GRACE + 1);
		let due = Due { page: PageId::Active(0), mask: mask(r) };
		fill::<T>(due.page, r);
		let context = context::<T>();
		let snapshot = snapshot::<T>(n, r);
		let report = vec![Finding::Down.to_byte(); r as usize];
		let votes = Votes {
			committed: mask(n),
			reports: (0..n).map(|_| Some(report.as_slice())).collect(),
			blind: 0,
		};
		let mut duty = votes.attendance();

		#[block]
		{
			Pallet::<T>::judge_page(&context, &due, &snapshot, &votes, &mut duty);
		}

		let tally = Progress::<T>::get().tally;
		assert_eq!(if n > 0 { tally.down } else { tally.unmeasured }, r);
	}

	/// End of the meter of a row in a full page, after the last round judged.
	#[benchmark]
	fn end_meter() {
		at_block::<T>(ROUND, COMMIT_GRACE + 1);
		let page = PageId::Active(0);
		fill::<T>(page, ROWS);
		let (target, place) = (Target::Service(127), Place { page: 0, slot: 127 });
		SlotsOf::<T>::insert(target, TargetSlots { idle: place, active: Some(place) });

		#[block]
		{
			let reason = CloseReason::Terminated;
			<Pallet<T> as Probing<T::AccountId>>::end_meter(target, OLD - 1, reason);
		}

		let row = Pallet::<T>::row(page, 127).expect("filled");
		assert_eq!(row.meter_end, Some((OLD - 1, CloseReason::Terminated)));
		assert_eq!(PageInfos::<T>::get(page).due, mask(127));
	}

	#[benchmark]
	fn close_round(n: Linear<0, MAX_PROBERS>) {
		at_block::<T>(ROUND, COMMIT_GRACE + 1);
		let snapshot = snapshot::<T>(n, 1);
		Snapshots::<T>::insert(OLD, &snapshot);
		DuePages::<T>::insert(OLD, due(1));
		reports::<T>(n, 1);
		let duty = vec![DutyTally { rounds: 1, ..Default::default() }; n as usize];

		#[block]
		{
			Pallet::<T>::close_round(OLD, &snapshot, &duty, Sweep::default());
		}

		assert_eq!(Progress::<T>::get().judged, OLD);
		assert!(!Reports::<T>::contains_key(OLD, 0));
	}

	#[benchmark]
	fn request_probe() {
		full_pages::<T>(MAX_DUE - 1);
		let place = Place { page: 0, slot: 0 };
		SlotsOf::<T>::insert(Target::Service(1), TargetSlots { idle: place, active: None });
		PageInfos::<T>::insert(PageId::Idle(0), PageInfo { due: mask(1), ..Default::default() });
		Queued::<T>::put(Queue::truncate_from((1..MAX_QUEUED).collect()));

		#[extrinsic_call]
		_(RawOrigin::Signed(whitelisted_caller()), 1);

		assert_eq!(Queued::<T>::get().last(), Some(&0));
	}

	impl_benchmark_test_suite!(Pallet, crate::mock::new_test_ext(), crate::mock::Test);
}

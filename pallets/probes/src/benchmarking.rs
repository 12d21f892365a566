//! Benchmarks. Each sets its state by hand, so that none depends on what other pallets hold.

#![allow(
	clippy::arithmetic_side_effects,
	clippy::expect_used,
	clippy::indexing_slicing,
	clippy::panic,
	clippy::unwrap_used
)]

use super::*;
use crate::{
	pages::put,
	types::{Histogram, Page, Row, Sweep},
};
use alloc::{vec, vec::Vec};
use codec::Decode;
use frame::benchmarking::prelude::*;
use sp_application_crypto::RuntimeAppPublic;
use surety_primitives::{Counters, Frozen, LatencyBucket, MeterReading, crypto::ProberId, report::Finding};

/// The round of the block being built; round 8 is the one to fold and judge in it.
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

/// Hot pages that are all full, and the most cold pages.
fn full_pages<T: Config>() {
	for page in 0..MAX_DUE - 1 {
		PageInfos::<T>::insert(
			PageId::Hot(page),
			PageInfo { due: u128::MAX, taken: u128::MAX, critical: false },
		);
	}
	ColdCursor::<T>::put(ColdSlots { end: MAX_COLD_PAGES * ROWS, head: 0, tail: 0 });
}

/// The `n` lowest bits.
fn mask(n: u32) -> u128 {
	(0..n.min(ROWS) as u8).fold(0, |mask, slot| mask | bit(slot))
}

/// 16 pages with `services` due slots in all, the first pages full.
fn due(services: u32, full: bool) -> BoundedVec<Due, ConstU32<MAX_DUE>> {
	let page = |page: u32| Due {
		page: if page == 15 { PageId::Cold(0) } else { PageId::Hot(page) },
		mask: mask(services.saturating_sub(page * ROWS)),
		full,
	};
	(0..MAX_DUE).map(page).collect::<Vec<_>>().try_into().expect("16 pages")
}

/// A snapshot of 128 probers whose committees, one short of all, must be drawn for every page.
fn drawn<T: Config>(services: u32) -> Snapshot<T::AccountId> {
	Snapshot {
		session: 1,
		seed: [7; 32],
		started: 0,
		committee: MAX_PROBERS - 1,
		health: HealthRule { bad: 3, of: 3 },
		probers: probers::<T>(MAX_PROBERS),
		due: due(services, false),
	}
}

/// An index that every committee of a snapshot has.
fn member<T: Config>(snapshot: &Snapshot<T::AccountId>, round: RoundIndex) -> u16 {
	let all = snapshot.committees(round).into_iter().fold(u128::MAX, |all, committee| all & committee);
	all.trailing_zeros() as u16
}

/// A row with all that makes it long.
fn row<T: Config>(service: ServiceId, hot: bool) -> Row<T::AccountId> {
	let mut latencies = Histogram::default();
	for bucket in 0..HISTOGRAM as u8 {
		latencies.add(LatencyBucket::from_index(bucket).expect("below 64"), 1);
	}
	Row {
		service,
		operator: account("operator", service, 0),
		network: Some((service % 7) as u16),
		max_latency: LatencyBucket::MAX,
		joined: 0,
		gone: None,
		dormant: false,
		unproven: false,
		maintenance_from: 0,
		maintenance_rounds: 0,
		window: T::Clock::window_of(OLD),
		counters: Counters::default(),
		earlier: Counters { up: HISTOGRAM as u16, ..Counters::default() },
		latencies,
		excuses: 0,
		last: Some((OLD - 1, Verdict::Up { latency: LatencyBucket::MAX })),
		frozen: Frozen { allowance: [u16::MAX; 3], multiplier: 1 },
		tiers: [None; 3],
		meter: if hot {
			MeterReading { blocks: 0, through: OLD - 1, recent: 0 }
		} else {
			MeterReading::default()
		},
		meter_end: None,
		health: LeaseHealth::default(),
	}
}

fn fill<T: Config>(id: PageId, rows: u32) {
	let mut page = Page::default();
	for slot in 0..rows.min(ROWS) as u8 {
		put(&mut page, slot, Some(row::<T>(u32::from(slot), id.is_hot())));
	}
	Pages::<T>::insert(id, page);
	PageInfos::<T>::insert(id, PageInfo { due: mask(rows), taken: mask(rows), critical: false });
}

#[benchmarks]
mod benchmarks {
	use super::*;

	#[benchmark]
	fn commit() {
		at_block::<T>(ROUND, 1);
		Snapshots::<T>::insert(ROUND, drawn::<T>(MAX_REPORT));
		let signature = ProberSignature::decode(&mut &[0u8; 64][..]).expect("any 64 bytes are a signature");

		#[extrinsic_call]
		_(RawOrigin::Authorized, ROUND, 127, [1u8; 32], signature);

		assert!(Reports::<T>::contains_key(ROUND, 127));
	}

	#[benchmark]
	fn authorize_commit() {
		at_block::<T>(ROUND, 1);
		let key = ProberId::generate_pair(None);
		let mut snapshot = drawn::<T>(MAX_REPORT);
		snapshot.probers[127].key = key.clone();
		Snapshots::<T>::insert(ROUND, snapshot);
		let hash = [1; 32];
		let payload = commit_payload(Pallet::<T>::genesis().as_ref(), ROUND, &hash);
		let signature = key.sign(&payload).expect("the key was just made");

		#[block]
		{
			Pallet::<T>::authorize_commit(TransactionSource::InBlock, &ROUND, &127, &hash, &signature)
				.expect("signed");
		}
	}

	#[benchmark]
	fn reveal(b: Linear<0, MAX_REPORT>) {
		at_block::<T>(ROUND, REVEAL_OFFSET);
		let round = ROUND - 1;
		let snapshot = drawn::<T>(b);
		let index = member::<T>(&snapshot, round);
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
		let snapshot = drawn::<T>(b);
		let index = member::<T>(&snapshot, round);
		let report = Report::truncate_from(vec![1; b as usize]);
		let key = snapshot.probers[usize::from(index)].key.clone();
		let hash = commit_hash(Pallet::<T>::genesis().as_ref(), round, &key, &[2; 32], &report);
		Snapshots::<T>::insert(round, snapshot);
		Reports::<T>::insert(round, index, Sent::Committed(hash));

		#[block]
		{
			Pallet::<T>::authorize_reveal(TransactionSource::InBlock, &round, &index, &[2; 32], &report)
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
	fn open_round(n: Linear<0, MAX_PROBERS>) {
		// An odd round: the one cold page that fits is from the queue.
		let round = ROUND + 1;
		at_block::<T>(round, 0);
		ProberSet::<T>::put(probers::<T>(n));
		// All cold pages are empty, that of the queue too: the turn looks at as many as it may.
		full_pages::<T>();
		let queue: Vec<u32> = (1..=MAX_QUEUED).map(|page| MAX_COLD_PAGES - page).collect();
		Queued::<T>::put(Queue::truncate_from(queue));

		#[block]
		{
			Pallet::<T>::open_round(round);
		}

		assert!(Snapshots::<T>::contains_key(round));
	}

	#[benchmark]
	fn fold(n: Linear<0, MAX_PROBERS>, s: Linear<0, MAX_REPORT>) {
		at_block::<T>(ROUND, 0);
		for due in due(s, true) {
			fill::<T>(due.page, due.mask.count_ones());
		}
		for (round, session) in [(OLD, 1), (OLD + 1, 1)] {
			let snapshot = Snapshot {
				session,
				seed: [7; 32],
				started: 0,
				committee: MAX_PROBERS,
				health: HealthRule { bad: 3, of: 3 },
				probers: probers::<T>(n),
				due: due(s, true),
			};
			Snapshots::<T>::insert(round, snapshot);
		}
		let says = |i: u32| match i % 3 {
			0 => Finding::Down,
			_ => Finding::Up(LatencyBucket::from_millis(i)),
		};
		let report: Vec<u8> = (0..s).map(|i| says(i).to_byte()).collect();
		for index in 0..n as u16 {
			Reports::<T>::insert(OLD, index, Sent::Revealed(Report::truncate_from(report.clone())));
		}

		#[block]
		{
			Pallet::<T>::fold_round(OLD);
		}

		assert_eq!(Outcomes::<T>::get(OLD).map(|outcome| outcome.rulings.len()), Some(s as usize));
		assert!(!Reports::<T>::contains_key(OLD, 0));
	}

	#[benchmark]
	fn judge_page(r: Linear<0, ROWS>) {
		at_block::<T>(ROUND, 1);
		let due = Due { page: PageId::Hot(0), mask: mask(r), full: true };
		fill::<T>(due.page, r);
		let hearing = Hearing {
			round: OLD,
			window_rounds: T::Clock::window_rounds(),
			round_blocks: T::Clock::round_blocks(),
			stalled: false,
			full: true,
			hot: true,
			health: HealthRule { bad: 3, of: 3 },
		};
		let rulings = vec![Ruling::Verdict(Verdict::Down).to_byte(); r as usize];

		#[block]
		{
			Pallet::<T>::judge_page(&hearing, &due, &rulings);
		}

		assert_eq!(Progress::<T>::get().tally.down, r);
	}

	#[benchmark]
	fn close_round() {
		at_block::<T>(ROUND, 1);
		Snapshots::<T>::insert(OLD, drawn::<T>(MAX_REPORT));
		let rulings = Report::truncate_from(vec![0; MAX_REPORT as usize]);
		Outcomes::<T>::insert(OLD, Outcome { rulings, stalled: false });
		Progress::<T>::put(Sweep {
			judged: OLD - 1,
			pages: MAX_DUE,
			services: MAX_REPORT,
			..Default::default()
		});

		#[block]
		{
			Pallet::<T>::judge_some(ROUND);
		}

		assert_eq!(Progress::<T>::get().judged, OLD);
	}

	#[benchmark]
	fn request_probe() {
		full_pages::<T>();
		let cold = Place { page: 0, slot: 0 };
		SlotsOf::<T>::insert(1, Slots { cold, hot: None });
		PageInfos::<T>::insert(PageId::Cold(0), PageInfo { due: mask(1), ..Default::default() });
		Queued::<T>::put(Queue::truncate_from((1..MAX_QUEUED).collect()));

		#[extrinsic_call]
		_(RawOrigin::Signed(whitelisted_caller()), 1);

		assert_eq!(Queued::<T>::get().last(), Some(&0));
	}

	impl_benchmark_test_suite!(Pallet, crate::mock::new_test_ext(), crate::mock::Test);
}

// SPDX-License-Identifier: Apache-2.0

//! Content of the store: the part of a ledger that survives the process.

use super::{
	Equivocation, Histogram, LedgerSettings, Meter, Signed, StoreError,
	book::{Book, Lane, REMEMBERED, Sent},
	counts::minus,
	ledger::{Account, State},
};
use codec::{Compact, Decode, Encode};
use sp_runtime::AccountId32;
use std::sync::Arc;
use surety_primitives::{
	AgreementId, LatencyBucket, WindowIndex,
	usage::{Hash, Side, UsageCounts},
};

/// Own statements that the store remembers of each book.
const STORED: usize = 8;

#[derive(Decode, Encode)]
struct Saved {
	genesis: Hash,
	side: Side,
	lane: u8,
	window: WindowIndex,
	accounts: Vec<SavedAccount>,
	proofs: Vec<Equivocation>,
}

#[derive(Decode, Encode)]
struct SavedAccount {
	agreement: AgreementId,
	max_latency: LatencyBucket,
	books: Vec<SavedBook>,
}

#[derive(Decode, Encode)]
struct SavedBook {
	window: WindowIndex,
	own: Option<SavedOwn>,
	lost: UsageCounts,
	is_mixed: bool,
	recovered: bool,
	taken: Option<AccountId32>,
	marked: bool,
	lanes: Vec<SavedLane>,
	latest_lane: Option<u8>,
}

#[derive(Decode, Encode)]
struct SavedOwn {
	signed: Signed,
	lost: UsageCounts,
	first_seq: u32,
	latency: Vec<(LatencyBucket, Compact<u64>)>,
	sent: Vec<(u32, Hash, u64)>,
	acked: Option<u64>,
}

#[derive(Decode, Encode)]
struct SavedLane {
	lane: u8,
	latest: Option<Signed>,
	void: bool,
}

/// Content of the store for a state.
pub(super) fn encode(settings: &LedgerSettings, state: &State) -> Vec<u8> {
	let accounts = state.accounts.iter().filter(|(_, account)| !account.books.is_empty());
	Saved {
		genesis: settings.genesis,
		side: settings.side,
		lane: settings.lane,
		window: state.window,
		accounts: accounts
			.map(|(agreement, account)| SavedAccount {
				agreement: *agreement,
				max_latency: account.meter.max_latency(),
				books: account.books.values().map(save_book).collect(),
			})
			.collect(),
		proofs: state.proofs.clone(),
	}
	.encode()
}

/// Accounts, window and proofs of a stored state.
pub(super) fn decode(
	settings: &LedgerSettings,
	body: &[u8],
	unix: u64,
) -> Result<State, StoreError> {
	let mut input = body;
	let saved = Saved::decode(&mut input).map_err(|_| StoreError::Corrupt("not a ledger"))?;
	if !input.is_empty() {
		return Err(StoreError::Corrupt("bytes behind the ledger"));
	}
	if (saved.genesis, saved.side, saved.lane) != (settings.genesis, settings.side, settings.lane) {
		return Err(StoreError::Foreign);
	}
	let mut state = State::new(saved.window, unix);
	state.proofs = saved.proofs;
	for account in saved.accounts {
		let mut loaded = Account::new(Arc::new(Meter::new(account.max_latency)));
		loaded.is_open = false;
		for book in account.books {
			loaded.books.insert(book.window, load_book(book, unix));
		}
		state.accounts.insert(account.agreement, loaded);
	}
	Ok(state)
}

fn save_book(book: &Book) -> SavedBook {
	let skipped = book.sent.len().saturating_sub(STORED);
	SavedBook {
		window: book.window,
		own: book.latest_own().map(|signed| SavedOwn {
			signed: signed.clone(),
			lost: book.signed_lost,
			first_seq: book
				.stored
				.map(|(first, _)| first)
				.or(book.first_seq)
				.unwrap_or(signed.statement.seq),
			latency: book.signed_latency.filled().map(|(at, n)| (at, Compact(n))).collect(),
			sent: book.sent.iter().skip(skipped).map(|s| (s.seq, s.hash, s.requests)).collect(),
			acked: book.acked,
		}),
		lost: book.lost,
		is_mixed: book.is_mixed,
		recovered: book.recovered,
		taken: book.taken.clone(),
		marked: book.marked,
		lanes: book
			.lanes
			.iter()
			.map(|(lane, held)| SavedLane {
				lane: *lane,
				latest: held.kept.back().cloned(),
				void: held.void,
			})
			.collect(),
		latest_lane: book.latest_lane,
	}
}

fn load_book(saved: SavedBook, unix: u64) -> Book {
	let mut book = Book::new(saved.window, unix);
	book.lost = saved.lost;
	book.is_mixed = saved.is_mixed;
	book.recovered = saved.recovered;
	book.taken = saved.taken;
	book.marked = saved.marked;
	book.latest_lane = saved.latest_lane;
	for lane in saved.lanes {
		let kept = lane.latest.into_iter().collect();
		book.lanes.insert(lane.lane, Lane { kept, void: lane.void });
	}
	if let Some(own) = saved.own {
		let mut latency = Histogram::default();
		own.latency.iter().for_each(|(bucket, count)| latency.add(*bucket, count.0));
		book.base = minus(&own.signed.statement.counts, &own.lost);
		book.signed_lost = own.lost;
		book.base_latency = latency.clone();
		book.signed_latency = latency;
		book.last_seq = own.signed.statement.seq;
		book.stored = Some((own.first_seq, own.signed.statement.seq));
		book.acked = own.acked;
		book.sent = own
			.sent
			.into_iter()
			.take(REMEMBERED)
			.map(|(seq, hash, requests)| Sent { seq, hash, requests })
			.collect();
		book.released = Some(own.signed);
	}
	book
}

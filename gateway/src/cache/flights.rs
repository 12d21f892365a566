// SPDX-License-Identifier: Apache-2.0

//! Coalescing: of equal calls under way at once, one goes to an operator and the others wait for
//! its answer. If its caller leaves, the next one takes over.

use super::Key;
use ahash::HashMap;
use parking_lot::Mutex;
use std::{
	collections::hash_map::Entry,
	sync::{
		Arc,
		atomic::{AtomicUsize, Ordering},
	},
};
use tokio::sync::Notify;

#[derive(Debug)]
enum State<T> {
	/// A leader is asking.
	Led,
	/// The leader left without an answer.
	Vacant,
	/// The answer is there.
	Done(T),
}

#[derive(Debug)]
struct Flight<T> {
	state: Mutex<State<T>>,
	changed: Notify,
	/// Callers in the flight. Changed only while the map is locked.
	seats: AtomicUsize,
}

/// Equal calls under way, of all workers.
#[derive(Debug)]
pub struct Flights<T>(Mutex<HashMap<Key, Arc<Flight<T>>>>);

impl<T> Default for Flights<T> {
	fn default() -> Self {
		Self(Mutex::default())
	}
}

/// Part of a call in a flight.
#[derive(Debug)]
pub enum Join<T: Clone> {
	/// The caller asks for all.
	Lead(Leader<T>),
	/// Answer that another one brought.
	Done(T),
}

impl<T: Clone> Flights<T> {
	/// Join the flight of a key, or start one.
	///
	/// Without an answer of the leader this waits forever: callers have a deadline of their own.
	pub async fn join(self: &Arc<Self>, key: &Key) -> Join<T> {
		let seat = match self.board(key) {
			Ok(leader) => return Join::Lead(leader),
			Err(seat) => seat,
		};
		let flight = Arc::clone(&seat.flight);
		loop {
			let changed = flight.changed.notified();
			let mut changed = std::pin::pin!(changed);
			// From here on no change is missed.
			changed.as_mut().enable();
			{
				let mut state = flight.state.lock();
				match &*state {
					State::Done(value) => return Join::Done(value.clone()),
					State::Vacant => {
						*state = State::Led;
						break;
					},
					State::Led => {},
				}
			}
			changed.await;
		}
		Join::Lead(Leader { seat: Some(seat) })
	}

	/// Number of flights.
	#[cfg(test)]
	pub(super) fn len(&self) -> usize {
		self.0.lock().len()
	}

	fn board(self: &Arc<Self>, key: &Key) -> Result<Leader<T>, Seat<T>> {
		let mut flights = self.0.lock();
		let seat = |flight| Seat { flights: Arc::clone(self), key: key.clone(), flight };
		match flights.entry(key.clone()) {
			Entry::Occupied(entry) => {
				entry.get().seats.fetch_add(1, Ordering::Relaxed);
				Err(seat(Arc::clone(entry.get())))
			},
			Entry::Vacant(entry) => {
				let flight = Arc::new(Flight {
					state: Mutex::new(State::Led),
					changed: Notify::new(),
					seats: AtomicUsize::new(1),
				});
				entry.insert(Arc::clone(&flight));
				Ok(Leader { seat: Some(seat(flight)) })
			},
		}
	}
}

/// Place of a caller in a flight. The last one to leave removes the flight.
#[derive(Debug)]
struct Seat<T> {
	flights: Arc<Flights<T>>,
	key: Key,
	flight: Arc<Flight<T>>,
}

impl<T> Drop for Seat<T> {
	fn drop(&mut self) {
		let mut flights = self.flights.0.lock();
		let last = self.flight.seats.fetch_sub(1, Ordering::Relaxed) == 1;
		let listed = flights.get(&self.key).is_some_and(|other| Arc::ptr_eq(other, &self.flight));
		if last && listed {
			flights.remove(&self.key);
		}
	}
}

/// Caller that asks for all of a flight. Dropped without an answer, it hands over.
#[derive(Debug)]
pub struct Leader<T: Clone> {
	seat: Option<Seat<T>>,
}

impl<T: Clone> Leader<T> {
	/// Give the answer to all.
	pub fn land(mut self, value: T) {
		let Some(seat) = self.seat.take() else { return };
		// Calls from now on start a flight of their own.
		{
			let mut flights = seat.flights.0.lock();
			if flights.get(&seat.key).is_some_and(|other| Arc::ptr_eq(other, &seat.flight)) {
				flights.remove(&seat.key);
			}
		}
		*seat.flight.state.lock() = State::Done(value);
		seat.flight.changed.notify_waiters();
	}
}

impl<T: Clone> Drop for Leader<T> {
	fn drop(&mut self) {
		let Some(seat) = self.seat.take() else { return };
		*seat.flight.state.lock() = State::Vacant;
		seat.flight.changed.notify_one();
	}
}

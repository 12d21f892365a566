//! Match of bids with replicas that wait.
//!
//! Bids are ranked by `price x (300 - score) / 200` with the operator's score of 0 to 100 at the match, lowest
//! first: at a score of 100 the price itself, at 0 one and a half times the price. A bid of 100 at a score of
//! 40 is worth comparing at 130, one of 120 at a score of 90 at 126: the second wins. Equals are drawn with
//! randomness that nobody knew when the bids were placed.
//!
//! Replicas are spread: each goes to the best bid among those of the operators that hold the fewest replicas
//! of the order so far.
//!
//! Once its tenant has agreed to a price (it accepted a bid, or a lease was ready), a replica goes
//! by itself only to bids up to its failover price: else whoever stands by with a dearer bid gains
//! by attacking the operator that serves. The tenant may accept any bid.

use crate::*;
use alloc::vec::Vec;
use frame::{hashing::blake2_256, traits::Randomness};
use surety_primitives::{
	Balance, BlockNumber, Clock, CloseReason, LeaseId, OrderId, ReputationInspect, RoundIndex,
	ServiceId,
};

/// Subject of the randomness that draws among equals.
const DRAW: &[u8] = b"surety:bids";

/// A bid that may be taken.
pub(crate) struct Candidate<T: Config> {
	service: ServiceId,
	bid: BidOf<T>,
	rank: Balance,
	tie: [u8; 32],
}

impl<T: Config> Pallet<T> {
	/// Look at an order whose entry was just taken off.
	pub(crate) fn look(id: OrderId) -> Weight {
		let Some(mut order) = Orders::<T>::get(id) else {
			frame::prelude::defensive!("an entry of no order");
			return T::WeightInfo::look_without_bids();
		};
		order.wake = None;
		let bids = order.bids;
		let weight = if order.is_over() {
			Self::drop_bids(id, &mut order);
			// What it takes to remove an order without leases is to drop its bids.
			T::WeightInfo::remove_order(0, bids)
		} else {
			Self::match_waiting(id, &mut order);
			// Without a bid that fits, all its replicas may be closed.
			T::WeightInfo::look(bids).max(T::WeightInfo::look_without_bids())
		};
		Self::put_order(id, order);
		weight
	}

	/// Place, reopen or close every replica whose time to wait is over.
	fn match_waiting(id: OrderId, order: &mut OrderOf<T>) {
		let now = T::Clock::now();
		let due: Vec<(usize, Wait)> = order
			.waiting()
			.filter(|(_, until, _)| *until <= now)
			.map(|(index, _, wait)| (index, wait))
			.collect();
		let mut candidates = Self::candidates(id, order);
		let mut holders = Self::holders(order);
		for (index, wait) in due {
			if let Some(reason) = Self::out_of_time(order, index, wait) {
				Self::close_replica(id, order, index, reason);
			} else if !Self::take_best(id, order, index, wait, &mut candidates, &mut holders) {
				Self::wait_or_close(id, order, index, wait);
			}
		}
	}

	/// Reason to close a replica whatever bids there are.
	fn out_of_time(order: &OrderOf<T>, index: usize, wait: Wait) -> Option<CloseReason> {
		let over = |replica: &ReplicaOf<T>| replica.is_out_of_time(T::Clock::round());
		match wait {
			Wait::Locked(reason) => Some(reason),
			_ if order.replicas.get(index).is_some_and(over) => Some(CloseReason::Expired),
			_ => None,
		}
	}

	/// The bids whose services may still run the order, with their ranks.
	fn candidates(id: OrderId, order: &OrderOf<T>) -> Vec<Candidate<T>> {
		let (random, _) = T::Randomness::random(DRAW);
		Bids::<T>::iter_prefix(id)
			.filter(|(service, _)| Self::fitting(order, *service).is_ok())
			.map(|(service, bid)| Candidate {
				service,
				rank: rank(bid.price, T::Reputation::score(&bid.operator)),
				tie: blake2_256(&(DRAW, &random, id, service).encode()),
				bid,
			})
			.collect()
	}

	/// The operator of each replica that has one.
	fn holders(order: &OrderOf<T>) -> Vec<T::AccountId> {
		order
			.replicas
			.iter()
			.filter_map(|replica| replica.state.lease())
			.filter_map(Leases::<T>::get)
			.map(|lease| lease.operator)
			.collect()
	}

	/// Give a replica to the best of the candidates. Whether there is one.
	fn take_best(
		id: OrderId,
		order: &mut OrderOf<T>,
		index: usize,
		wait: Wait,
		candidates: &mut [Candidate<T>],
		holders: &mut Vec<T::AccountId>,
	) -> bool {
		// Whom the tenant wants to choose itself it accepts before the deadline; a replacement cannot wait.
		if wait == Wait::Bidding && !order.auto_match {
			return false;
		}
		let Some(replica) = order.replicas.get(index) else { return false };
		let held = |who: &T::AccountId| holders.iter().filter(|holder| *holder == who).count();
		let best = candidates
			.iter_mut()
			.filter(|Candidate { bid, .. }| bid.left > 0 && Self::takes_over(replica, bid))
			.min_by_key(|candidate| (held(&candidate.bid.operator), candidate.rank, candidate.tie));
		let Some(best) = best else { return false };
		let placed = Self::place(id, order, index, best.service, &mut best.bid).is_ok();
		if placed {
			holders.push(best.bid.operator.clone());
		}
		placed
	}

	/// True if a replica may go to a bid: its operator did not fail it before, and the funds pay
	/// for a round.
	pub(crate) fn suits(replica: &ReplicaOf<T>, bid: &BidOf<T>) -> bool {
		let round = bid.price.saturating_mul(Balance::from(T::Clock::round_blocks()));
		u32::from(replica.placements) < MAX_PLACEMENTS
			&& !replica.failed.contains(&bid.operator)
			&& round <= replica.funds
	}

	/// True if a replica may go to a bid without a word of its tenant.
	fn takes_over(replica: &ReplicaOf<T>, bid: &BidOf<T>) -> bool {
		replica.failover_price.is_none_or(|most| bid.price <= most) && Self::suits(replica, bid)
	}

	/// Nobody takes a replica: it waits for more bids once, then it is over.
	fn wait_or_close(id: OrderId, order: &mut OrderOf<T>, index: usize, wait: Wait) {
		let Some(replica) = order.replicas.get_mut(index) else { return };
		let again = !order.withdrawn && u32::from(replica.placements) < MAX_PLACEMENTS;
		match wait {
			Wait::Replacing(reason) if again => {
				let mut until = T::Clock::now().saturating_add(T::ReopenBlocks::get().max(1));
				if let Some(term) = replica.term {
					until = until.min(T::Clock::round_start(term.last));
				}
				replica.state = ReplicaState::Waiting { until, wait: Wait::Reopened(reason) };
				let replica = u8::try_from(index).unwrap_or(u8::MAX);
				let code = reason.code();
				Self::deposit_event(Event::ReplicaReopened {
					order: id,
					replica,
					until,
					reason,
					code,
				});
			},
			Wait::Bidding => Self::close_replica(id, order, index, CloseReason::NoBids),
			Wait::Replacing(reason) | Wait::Reopened(reason) | Wait::Locked(reason) => {
				Self::close_replica(id, order, index, reason)
			},
		}
	}

	/// A bid becomes a lease: what it reserves for one replica is the lease's from now on.
	pub(crate) fn place(
		id: OrderId,
		order: &mut OrderOf<T>,
		index: usize,
		service: ServiceId,
		bid: &mut BidOf<T>,
	) -> Result<LeaseId, Error<T>> {
		let lease_id = NextLease::<T>::get();
		let next = lease_id.checked_add(1).ok_or(Error::<T>::TooManyLeases)?;
		let replica = order.replicas.get_mut(index).ok_or(Error::<T>::UnknownReplica)?;
		order.leases.try_push(lease_id).map_err(|_| Error::<T>::TooManyLeases)?;
		NextLease::<T>::put(next);
		let (fetch_until, ready_by) = Self::start_window(replica.term.map(|term| term.last));
		replica.lease = Some(lease_id);
		replica.placements = replica.placements.saturating_add(1);
		replica.state = ReplicaState::Placed(lease_id);
		bid.left = bid.left.saturating_sub(1);
		if bid.left == 0 {
			Bids::<T>::remove(id, service);
			order.bids = order.bids.saturating_sub(1);
			Self::give_back(HoldReason::Bid, &bid.operator, bid.deposit);
		} else {
			Bids::<T>::insert(id, service, bid.clone());
		}
		let replica = u8::try_from(index).unwrap_or(u8::MAX);
		let lease = Lease {
			order: id,
			replica,
			operator: bid.operator.clone(),
			service,
			price: bid.price,
			terms: bid.terms.clone(),
			penalty_share: bid.penalty_share,
			exposure: bid.exposure,
			penalty: bid.penalty,
			reserved: bid.exposure.saturating_add(bid.penalty),
			forfeited: 0,
			agreement: None,
			health: Default::default(),
			access: Default::default(),
			placed_at: T::Clock::now(),
			left_at_once: false,
			state: LeaseState::Starting { fetch_until, ready_by },
			paid: 0,
			refunded: 0,
		};
		Leases::<T>::insert(lease_id, lease);
		Self::await_ready(lease_id, ready_by);
		LeasesOf::<T>::insert(&order.tenant, lease_id, ());
		LeasesOf::<T>::insert(&bid.operator, lease_id, ());
		Self::deposit_event(Event::LeaseAwarded {
			lease: lease_id,
			order: id,
			replica,
			operator: bid.operator.clone(),
			service,
			price: bid.price,
			score: T::Reputation::score(&bid.operator),
			fetch_until,
			ready_by,
		});
		Ok(lease_id)
	}

	/// First blocks in which a lease can no longer be declined, and in which it has failed if it is
	/// not ready; not later than the last round of its replica begins.
	fn start_window(last: Option<RoundIndex>) -> (BlockNumber, BlockNumber) {
		let now = T::Clock::now();
		let mut ready_by = now.saturating_add(T::StartBlocks::get().max(1));
		if let Some(last) = last {
			ready_by = ready_by.min(T::Clock::round_start(last));
		}
		(now.saturating_add(T::FetchBlocks::get()).min(ready_by), ready_by)
	}

	pub(crate) fn do_accept_bid(
		who: T::AccountId,
		id: OrderId,
		service: ServiceId,
		max_price: Balance,
	) -> DispatchResult {
		let mut order = Self::order_of_tenant(&who, id)?;
		let mut bid = Bids::<T>::get(id, service).ok_or(Error::<T>::UnknownBid)?;
		ensure!(bid.price <= max_price, Error::<T>::PriceRose);
		let round = T::Clock::round();
		let waits = |replica: &ReplicaOf<T>| {
			matches!(replica.state, ReplicaState::Waiting { wait, .. } if wait.takes_bids())
				&& !replica.is_out_of_time(round)
		};
		ensure!(order.replicas.iter().any(waits), Error::<T>::NothingWaiting);
		Self::fitting(&order, service)?;
		let index =
			order.replicas.iter().position(|replica| waits(replica) && Self::suits(replica, &bid));
		let index = index.ok_or(Error::<T>::BidUnfit)?;
		let failover_price = order.failover_price.unwrap_or(bid.price);
		if let Some(replica) = order.replicas.get_mut(index) {
			replica.failover_price.get_or_insert(failover_price);
		}
		Self::place(id, &mut order, index, service, &mut bid)?;
		Self::put_order(id, order);
		Ok(())
	}
}

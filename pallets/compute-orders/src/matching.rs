// SPDX-License-Identifier: Apache-2.0

//! Match of bids with the replicas that wait.
//!
//! Bids are ranked by `price x (300 - score) / 200` with the operator's score of 0 to 100 at the
//! match, lowest first: at a score of 100 the price itself, at 0 one and a half times the price. A
//! bid of 100 at a score of 40 ranks at 130, one of 120 at a score of 90 at 126: the second wins.
//! Equals are drawn with randomness that nobody knew when the bids were placed.
//!
//! Replicas are spread: each goes to the best bid among those of the operators that run the fewest
//! replicas of the order so far.
//!
//! Once the tenant has agreed to a price (it accepted a bid, or a lease was ready), a bid above the
//! failover price never takes over without being accepted. Otherwise an operator with a dearer
//! standing bid would gain by attacking the operator that serves. The tenant may accept any bid.

use crate::*;
use alloc::vec::Vec;
use frame::{hashing::blake2_256, traits::Randomness};
use surety_primitives::{
	Balance, BlockNumber, Clock, CloseReason, LeaseId, OrderId, ReputationInspect, RoundIndex,
	ServiceId,
};

/// Subject of the randomness that draws among equal bids.
const DRAW: &[u8] = b"surety:bids";

/// Bid that may be taken.
pub(crate) struct Candidate<T: Config> {
	service: ServiceId,
	bid: BidOf<T>,
	rank: Balance,
	tie: [u8; 32],
}

impl<T: Config> Pallet<T> {
	/// Process an order whose entry was just removed from the agenda.
	pub(crate) fn process_order(id: OrderId) -> Weight {
		let Some(mut order) = Orders::<T>::get(id) else {
			defensive!("an entry of no order");
			return T::WeightInfo::process_order_without_bids();
		};
		order.wake = None;
		let bids = order.bids;
		let weight = if order.is_over() {
			Self::remove_bids(id, &mut order);
			// An order without leases is removed at the same cost.
			T::WeightInfo::remove_order(0, bids)
		} else {
			Self::match_waiting(id, &mut order);
			// Without an eligible bid all replicas may be closed.
			T::WeightInfo::process_order(bids).max(T::WeightInfo::process_order_without_bids())
		};
		Self::put_order(id, order);
		weight
	}

	/// Place, reopen or close every replica that has waited long enough.
	fn match_waiting(id: OrderId, order: &mut OrderOf<T>) {
		let now = T::Clock::now();
		let due: Vec<(u8, Wait)> = order
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

	/// Reason to close a replica regardless of the bids.
	fn out_of_time(order: &OrderOf<T>, index: u8, wait: Wait) -> Option<CloseReason> {
		let over = |replica: &ReplicaOf<T>| replica.is_out_of_time(T::Clock::round());
		match wait {
			Wait::Locked(reason) => Some(reason),
			_ if order.replicas.get(usize::from(index)).is_some_and(over) => {
				Some(CloseReason::Expired)
			},
			_ => None,
		}
	}

	/// Bids whose services may still run the order, with their ranks.
	fn candidates(id: OrderId, order: &OrderOf<T>) -> Vec<Candidate<T>> {
		let (random, _) = T::Randomness::random(DRAW);
		Bids::<T>::iter_prefix(id)
			.filter(|(service, _)| Self::eligible(order, *service).is_ok())
			.map(|(service, bid)| Candidate {
				service,
				rank: rank(bid.price, T::Reputation::score(&bid.operator)),
				tie: blake2_256(&(DRAW, &random, id, service).encode()),
				bid,
			})
			.collect()
	}

	/// Operators of the replicas that have one, once per replica.
	fn holders(order: &OrderOf<T>) -> Vec<T::AccountId> {
		order
			.replicas
			.iter()
			.filter_map(|replica| replica.state.lease())
			.filter_map(Leases::<T>::get)
			.map(|lease| lease.operator)
			.collect()
	}

	/// Place a replica at the best of the candidates. Returns false if there is none.
	fn take_best(
		id: OrderId,
		order: &mut OrderOf<T>,
		index: u8,
		wait: Wait,
		candidates: &mut [Candidate<T>],
		holders: &mut Vec<T::AccountId>,
	) -> bool {
		// Without auto-match the tenant accepts bids before the deadline. A replacement cannot wait
		// for that.
		if wait == Wait::Bidding && !order.auto_match {
			return false;
		}
		let Some(replica) = order.replicas.get(usize::from(index)) else { return false };
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

	/// True if a replica may go to a bid: the operator did not fail it before, and the funds pay
	/// for a round.
	pub(crate) fn suits(replica: &ReplicaOf<T>, bid: &BidOf<T>) -> bool {
		let round = bid.price.saturating_mul(Balance::from(T::Clock::round_blocks()));
		u32::from(replica.placements) < MAX_PLACEMENTS
			&& !replica.failed.contains(&bid.operator)
			&& round <= replica.funds
	}

	/// True if a replica may go to a bid that the tenant has not accepted.
	fn takes_over(replica: &ReplicaOf<T>, bid: &BidOf<T>) -> bool {
		replica.failover_price.is_none_or(|max_price| bid.price <= max_price)
			&& Self::suits(replica, bid)
	}

	/// Reopen a replica that no bid can take once, then close it.
	fn wait_or_close(id: OrderId, order: &mut OrderOf<T>, index: u8, wait: Wait) {
		let Some(replica) = order.replicas.get_mut(usize::from(index)) else { return };
		let again = !order.withdrawn && u32::from(replica.placements) < MAX_PLACEMENTS;
		match wait {
			Wait::Replacing(reason) if again => {
				let mut until = T::Clock::now().saturating_add(T::ReopenBlocks::get().max(1));
				if let Some(term) = replica.term {
					until = until.min(T::Clock::round_start(term.last));
				}
				replica.state = ReplicaState::Waiting { until, wait: Wait::Reopened(reason) };
				let code = reason.code();
				Self::deposit_event(Event::ReplicaReopened {
					order: id,
					replica: index,
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

	/// Turn a bid into a lease, which takes over the reserves for one replica.
	pub(crate) fn place(
		id: OrderId,
		order: &mut OrderOf<T>,
		index: u8,
		service: ServiceId,
		bid: &mut BidOf<T>,
	) -> Result<LeaseId, Error<T>> {
		let lease_id = NextLease::<T>::get();
		let next = lease_id.checked_add(1).ok_or(Error::<T>::TooManyLeases)?;
		// Not `replica_mut`: the list of leases is borrowed too.
		let replica =
			order.replicas.get_mut(usize::from(index)).ok_or(Error::<T>::UnknownReplica)?;
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
			Self::release_deposit(HoldReason::Bid, &bid.operator, bid.deposit);
		} else {
			Bids::<T>::insert(id, service, bid.clone());
		}
		let lease = Lease {
			order: id,
			replica: index,
			operator: bid.operator.clone(),
			service,
			price: bid.price,
			terms: bid.terms.clone(),
			penalty_share: bid.penalty_share,
			exposure: bid.exposure,
			penalty: bid.penalty,
			reserved: bid.exposure.saturating_add(bid.penalty),
			forfeited: 0,
			ready: None,
			placed_at: T::Clock::now(),
			left_at_once: false,
			state: LeaseState::Starting { fetch_until, ready_by },
		};
		Leases::<T>::insert(lease_id, lease);
		Self::await_ready(lease_id, ready_by);
		LeasesOf::<T>::insert(&order.tenant, lease_id, ());
		LeasesOf::<T>::insert(&bid.operator, lease_id, ());
		Self::deposit_event(Event::LeaseAwarded {
			lease: lease_id,
			order: id,
			replica: index,
			operator: bid.operator.clone(),
			service,
			price: bid.price,
			score: T::Reputation::score(&bid.operator),
			fetch_until,
			ready_by,
		});
		Ok(lease_id)
	}

	/// Ends of the fetch window and the start window of a lease that is awarded now. The last round
	/// of the term cuts both short.
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
		Self::eligible(&order, service)?;
		let failover_price = order.failover_price.unwrap_or(bid.price);
		let (index, replica) = (0u8..)
			.zip(&mut order.replicas)
			.find(|(_, replica)| waits(replica) && Self::suits(replica, &bid))
			.ok_or(Error::<T>::BidUnfit)?;
		replica.failover_price.get_or_insert(failover_price);
		Self::place(id, &mut order, index, service, &mut bid)?;
		Self::put_order(id, order);
		Ok(())
	}
}

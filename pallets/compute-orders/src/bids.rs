// SPDX-License-Identifier: Apache-2.0

//! Calls of bidders: place, change and withdraw a bid.

use crate::*;
use alloc::vec::Vec;
use surety_primitives::{
	AssetId, Balance, BlockNumber, BondReserve, Clock, Funds, LeaseAgreements, OrderId, Registry,
	ReputationInspect, Service, ServiceId, ServiceKind,
};

impl<T: Config> Pallet<T> {
	pub(crate) fn do_place_bid(
		who: T::AccountId,
		id: OrderId,
		service: ServiceId,
		price: Balance,
		replicas: u8,
		foreign_terms: bool,
	) -> DispatchResult {
		let mut order = Orders::<T>::get(id).ok_or(Error::<T>::UnknownOrder)?;
		ensure!(order.bids_until(T::Clock::now()).is_some(), Error::<T>::NotBidding);
		ensure!(order.tenant != who, Error::<T>::OwnOrder);
		let listing = Self::eligible(&order, service)?;
		ensure!(listing.operator == who, Error::<T>::NotOperator);
		let max_replicas = order.replicas.len();
		ensure!(replicas > 0 && usize::from(replicas) <= max_replicas, Error::<T>::BadQuantity);
		ensure!(price <= order.max_price, Error::<T>::PriceAboveMax);
		Self::check_price(order.asset, price)?;
		ensure!(!Bids::<T>::contains_key(id, service), Error::<T>::AlreadyBid);
		ensure!(order.bids < T::MaxBids::get(), Error::<T>::TooManyBids);
		// Otherwise an operator fills the order with bids of its own services and keeps others out.
		let has_bid = Bids::<T>::iter_prefix_values(id).any(|bid| bid.operator == who);
		ensure!(!has_bid, Error::<T>::OperatorBid);

		let terms = order.terms.clone().unwrap_or_else(|| listing.terms.clone());
		ensure!(foreign_terms || Self::covers(&listing.terms, &terms), Error::<T>::ForeignTerms);

		let part = order.resources.times(replicas).ok_or(Error::<T>::NotEnoughCapacity)?;
		Self::reserve_resources(service, &part)?;
		let (penalty_share, exposure) =
			T::Agreements::exposure(&terms, price).ok_or(Error::<T>::PriceOverflow)?;
		let penalty = Self::penalty_of(price, order.duration)?;
		T::Bonding::reserve(&who, order.asset, Self::bond_for(exposure, penalty, replicas)?)?;
		let deposit = T::BidDeposit::get();
		T::Funds::hold(AssetId::Native, HoldReason::Bid.into(), &who, deposit)?;
		order.bids = order.bids.saturating_add(1);
		let bid = Bid {
			operator: who.clone(),
			price,
			replicas,
			left: replicas,
			terms,
			penalty_share,
			exposure,
			penalty,
			deposit,
			placed_at: T::Clock::now(),
		};
		Bids::<T>::insert(id, service, bid);
		Self::put_order(id, order);
		Self::deposit_event(Event::BidPlaced {
			order: id,
			service,
			operator: who,
			price,
			replicas,
		});
		Ok(())
	}

	/// Listing of a service that may run replicas of an order now.
	pub(crate) fn eligible(
		order: &OrderOf<T>,
		id: ServiceId,
	) -> Result<Service<T::AccountId>, DispatchError> {
		let service = T::Registry::sellable(id)?;
		ensure!(service.kind == ServiceKind::Compute, Error::<T>::NotCompute);
		ensure!(service.asset == order.asset, Error::<T>::WrongAsset);
		let allowed = order.regions.is_empty() || order.regions.contains(&service.region);
		ensure!(allowed, Error::<T>::RegionNotAllowed);
		ensure!(
			T::Reputation::trust(&service.operator) >= order.min_trust,
			Error::<T>::TrustTooLow
		);
		let inventory = Inventories::<T>::get(id).ok_or(Error::<T>::NoCapacityDeclared)?;
		let server = Self::server_of(&service.endpoint);
		ensure!(server == Some(inventory.server), Error::<T>::ServerMoved);
		Ok(service)
	}

	/// Penalty in base units for failing a replica at this price that runs for `duration` blocks.
	pub(crate) fn penalty_of(price: Balance, duration: BlockNumber) -> Result<Balance, Error<T>> {
		let ahead = Self::price_ahead(price, duration).ok_or(Error::<T>::PriceOverflow)?;
		Ok(T::StartPenalty::get().mul_ceil(ahead))
	}

	/// Bond that a bid reserves for this number of replicas.
	fn bond_for(exposure: Balance, penalty: Balance, replicas: u8) -> Result<Balance, Error<T>> {
		exposure
			.checked_add(penalty)
			.and_then(|each| each.checked_mul(Balance::from(replicas)))
			.ok_or(Error::<T>::PriceOverflow)
	}

	pub(crate) fn do_update_bid(
		who: T::AccountId,
		id: OrderId,
		service: ServiceId,
		price: Balance,
	) -> DispatchResult {
		let order = Orders::<T>::get(id).ok_or(Error::<T>::UnknownOrder)?;
		let mut bid = Self::bid_of(&who, id, service)?;
		ensure!(price != bid.price, Error::<T>::SamePrice);
		ensure!(price <= order.max_price, Error::<T>::PriceAboveMax);
		Self::check_price(order.asset, price)?;
		ensure!(price < bid.price || !Self::is_locked(&order), Error::<T>::BidsLocked);
		let before = Self::bond_for(bid.exposure, bid.penalty, bid.left)?;
		bid.price = price;
		(bid.penalty_share, bid.exposure) =
			T::Agreements::exposure(&bid.terms, price).ok_or(Error::<T>::PriceOverflow)?;
		bid.penalty = Self::penalty_of(price, order.duration)?;
		let after = Self::bond_for(bid.exposure, bid.penalty, bid.left)?;
		if after > before {
			T::Bonding::reserve(&who, order.asset, after.saturating_sub(before))?;
		} else {
			T::Bonding::unreserve(&who, order.asset, before.saturating_sub(after));
		}
		Bids::<T>::insert(id, service, bid);
		Self::deposit_event(Event::BidUpdated { order: id, service, price });
		Ok(())
	}

	pub(crate) fn do_withdraw_bid(
		who: T::AccountId,
		id: OrderId,
		service: ServiceId,
	) -> DispatchResult {
		let mut order = Orders::<T>::get(id).ok_or(Error::<T>::UnknownOrder)?;
		Self::bid_of(&who, id, service)?;
		ensure!(!Self::is_locked(&order), Error::<T>::BidsLocked);
		Self::remove_bid(id, &mut order, service);
		Self::put_order(id, order);
		Ok(())
	}

	/// True from a round before a match on: bids are binding then.
	fn is_locked(order: &OrderOf<T>) -> bool {
		let edge = T::Clock::now().saturating_add(T::Clock::round_blocks());
		order.next_match().is_some_and(|until| until <= edge)
	}

	/// Bid of `who` with a service.
	fn bid_of(who: &T::AccountId, id: OrderId, service: ServiceId) -> Result<BidOf<T>, Error<T>> {
		let bid = Bids::<T>::get(id, service).ok_or(Error::<T>::UnknownBid)?;
		ensure!(bid.operator == *who, Error::<T>::NotOperator);
		Ok(bid)
	}

	/// Remove a bid and release everything that it reserves. Does nothing if there is none.
	pub(crate) fn remove_bid(id: OrderId, order: &mut OrderOf<T>, service: ServiceId) {
		let Some(bid) = Bids::<T>::take(id, service) else { return };
		order.bids = order.bids.saturating_sub(1);
		let each = bid.exposure.saturating_add(bid.penalty);
		T::Bonding::unreserve(
			&bid.operator,
			order.asset,
			each.saturating_mul(Balance::from(bid.left)),
		);
		if let Some(part) = order.resources.times(bid.left) {
			Self::release_resources(service, &part);
		}
		Self::release_deposit(HoldReason::Bid, &bid.operator, bid.deposit);
		Self::deposit_event(Event::BidWithdrawn { order: id, service });
	}

	/// Remove all bids of an order, at most [`Config::MaxBids`].
	pub(crate) fn remove_bids(id: OrderId, order: &mut OrderOf<T>) {
		let services: Vec<ServiceId> = Bids::<T>::iter_key_prefix(id).collect();
		for service in services {
			Self::remove_bid(id, order, service);
		}
	}

	/// Standing bids of an order, in order of their services.
	pub fn bids_of(order: OrderId) -> Vec<(ServiceId, BidOf<T>)> {
		let mut bids: Vec<_> = Bids::<T>::iter_prefix(order).collect();
		bids.sort_unstable_by_key(|(service, _)| *service);
		bids
	}
}

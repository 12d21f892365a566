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
		let info = Self::fitting(&order, service)?;
		ensure!(info.operator == who, Error::<T>::NotOperator);
		let most = order.replicas.len();
		ensure!(replicas > 0 && usize::from(replicas) <= most, Error::<T>::BadQuantity);
		ensure!(price <= order.max_price, Error::<T>::PriceAboveMax);
		Self::check_price(order.asset, price)?;
		ensure!(!Bids::<T>::contains_key(id, service), Error::<T>::AlreadyBid);
		ensure!(order.bids < T::MaxBids::get(), Error::<T>::TooManyBids);
		// Else one operator fills the book with services of its own and keeps all others out.
		let again = Bids::<T>::iter_prefix_values(id).any(|bid| bid.operator == who);
		ensure!(!again, Error::<T>::OperatorBid);

		let terms = order.terms.clone().unwrap_or_else(|| info.terms.clone());
		ensure!(foreign_terms || Self::covers(&info.terms, &terms), Error::<T>::ForeignTerms);

		let part = order.resources.times(replicas).ok_or(Error::<T>::NotEnoughCapacity)?;
		Self::take_capacity(service, &part)?;
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
	pub(crate) fn fitting(
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

	/// Base units that a bidder pays for failing a replica at this price, which runs for `duration`
	/// blocks.
	pub(crate) fn penalty_of(price: Balance, duration: BlockNumber) -> Result<Balance, Error<T>> {
		let ahead = Self::price_ahead(price, duration).ok_or(Error::<T>::PriceOverflow)?;
		Ok(T::StartPenalty::get().mul_ceil(ahead))
	}

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
		Self::drop_bid(id, &mut order, service);
		Self::put_order(id, order);
		Ok(())
	}

	/// True if a match is less than a round away: bidders are taken at their word then.
	fn is_locked(order: &OrderOf<T>) -> bool {
		let edge = T::Clock::now().saturating_add(T::Clock::round_blocks());
		order.next_match().is_some_and(|until| until <= edge)
	}

	fn bid_of(who: &T::AccountId, id: OrderId, service: ServiceId) -> Result<BidOf<T>, Error<T>> {
		let bid = Bids::<T>::get(id, service).ok_or(Error::<T>::UnknownBid)?;
		ensure!(bid.operator == *who, Error::<T>::NotOperator);
		Ok(bid)
	}

	/// A bid is gone: give back what it reserves. Does nothing if there is none.
	pub(crate) fn drop_bid(id: OrderId, order: &mut OrderOf<T>, service: ServiceId) {
		let Some(bid) = Bids::<T>::take(id, service) else { return };
		order.bids = order.bids.saturating_sub(1);
		let each = bid.exposure.saturating_add(bid.penalty);
		T::Bonding::unreserve(
			&bid.operator,
			order.asset,
			each.saturating_mul(Balance::from(bid.left)),
		);
		if let Some(part) = order.resources.times(bid.left) {
			Self::free_capacity(service, &part);
		}
		Self::give_back(HoldReason::Bid, &bid.operator, bid.deposit);
		Self::deposit_event(Event::BidWithdrawn { order: id, service });
	}

	/// All bids of an order are gone. At most as many as may be placed.
	pub(crate) fn drop_bids(id: OrderId, order: &mut OrderOf<T>) {
		let services: Vec<ServiceId> = Bids::<T>::iter_key_prefix(id).collect();
		for service in services {
			Self::drop_bid(id, order, service);
		}
	}
}

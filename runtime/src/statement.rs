// SPDX-License-Identifier: Apache-2.0

//! Statement of an account: every amount that the market has on hold on it, and the part that the
//! account can claim. No function of this file runs in a block.
//!
//! Agreements and services are indexed by account. Orders, bids and claims that were split off from
//! a stream are not: they are searched only if a hold shows that there is one, and only until the
//! whole hold is explained.

use crate::{
	configs::assets::{Holds, MarketFunds},
	*,
};
use alloc::vec::Vec;
use frame_support::traits::{Get, fungibles::hold::Inspect as _};
use pallet_surety_compute_orders as compute;
use pallet_surety_escrow as escrow;
use pallet_surety_operators as operators;
use pallet_surety_sla as sla;
use surety_primitives::{
	AssetId, Clock, EscrowId, EscrowOwner, Funds, JUDGED_AFTER, Streams, Target,
};
use surety_runtime_api::{Statement, StatementKind, StatementLine, StatementTotal};

/// Collector of the lines of one account.
struct Collector<'a> {
	account: &'a AccountId,
	now: BlockNumber,
	lines: Vec<StatementLine>,
	/// Escrow accounts that have a line.
	escrows: Vec<EscrowId>,
}

/// Assets in which amounts may be on hold.
fn assets() -> impl Iterator<Item = AssetId> {
	let local = operators::Approvals::<Runtime>::iter_keys().map(AssetId::Local);
	core::iter::once(AssetId::Native).chain(local)
}

/// Statement of an account over all pallets of the market.
pub fn statement(account: AccountId) -> Statement<AccountId> {
	let mut found = Collector {
		account: &account,
		now: System::block_number(),
		lines: Vec::new(),
		escrows: Vec::new(),
	};
	found.bonds();
	found.listings();
	found.agreements();
	found.orders();
	found.bids();
	found.claims();
	let totals = assets().filter_map(|asset| found.total(asset)).collect();
	let Collector { now, lines, .. } = found;
	Statement { block: now, lines, totals, account }
}

impl Collector<'_> {
	fn line(
		&mut self,
		kind: StatementKind,
		asset: AssetId,
		held: Balance,
	) -> Option<&mut StatementLine> {
		let rule = kind.rule().into();
		self.lines.push(StatementLine {
			kind,
			asset,
			held,
			owed: 0,
			claimable: 0,
			from: None,
			rule,
		});
		self.lines.last_mut()
	}

	/// Sum on hold over the lines of some kinds.
	fn sum(&self, asset: AssetId, kinds: impl Fn(&StatementKind) -> bool) -> Balance {
		let lines = self.lines.iter().filter(|line| line.asset == asset && kinds(&line.kind));
		lines.fold(0, |sum, line| sum.saturating_add(line.held))
	}

	fn on_hold(&self, asset: AssetId, reason: impl Into<RuntimeHoldReason>) -> Balance {
		MarketFunds::held(asset, reason.into(), self.account)
	}

	fn bonds(&mut self) {
		let now = self.now;
		let account = self.account;
		for (asset, bond) in operators::Bonds::<Runtime>::iter_prefix(account) {
			if let Some(line) = self.line(StatementKind::Bond, asset, bond.active) {
				line.owed = bond.exposure;
				line.claimable = bond.free();
			}
			for chunk in &bond.chunks {
				if let Some(line) = self.line(StatementKind::Unbonding, asset, chunk.amount) {
					// A slash may leave less active bond than is reserved. The chunk then stays.
					let free = bond.exposure <= bond.active && chunk.unlock_at <= now;
					line.claimable = if free { chunk.amount } else { 0 };
					line.from = Some(chunk.unlock_at);
				}
			}
		}
	}

	fn listings(&mut self) {
		for service in operators::ServicesOf::<Runtime>::get(self.account) {
			let Some(listing) = operators::Listings::<Runtime>::get(service) else { continue };
			self.line(StatementKind::Listing { service }, AssetId::Native, listing.deposit);
		}
	}

	fn stream(&mut self, kind: StatementKind, id: EscrowId) {
		let Some(account) = escrow::Accounts::<Runtime>::get(id) else { return };
		if self.escrows.contains(&id) {
			return;
		}
		self.escrows.push(id);
		let stream = <Escrow as Streams<_>>::stream(id);
		if let Some(line) = self.line(kind, account.asset, account.held) {
			line.owed = stream.as_ref().map_or_else(|| account.outstanding(), |stream| stream.due);
			// The block that judges an end is not known yet. It comes in the second round after the
			// end at the earliest.
			line.from = stream
				.and_then(|stream| stream.ending)
				.map(|(round, _)| Timing::round_start(round.saturating_add(JUDGED_AFTER)));
		}
	}

	fn agreements(&mut self) {
		let ids: Vec<_> = sla::ByTenant::<Runtime>::iter_key_prefix(self.account).collect();
		for agreement in ids {
			let Some(status) = Sla::agreement(agreement) else { continue };
			let asset = status.agreement.asset;
			// The funds of a lease belong to its order.
			if matches!(status.agreement.target, Target::Service(_))
				&& !status.agreement.is_closed()
			{
				self.stream(StatementKind::Agreement { agreement }, status.agreement.escrow);
			}
			if status.owed > 0
				&& let Some(line) = self.line(StatementKind::Credit { agreement }, asset, 0)
			{
				line.owed = status.owed;
				line.claimable = status.owed;
			}
		}
	}

	fn orders(&mut self) {
		let all = self.on_hold(AssetId::Native, compute::HoldReason::Order);
		let is_order = |kind: &StatementKind| matches!(kind, StatementKind::Order { .. });
		// The deposit may have been zero when an order was placed, so the escrow decides as well.
		if all == 0 && !self.lacks_escrow() {
			return;
		}
		for (id, order) in compute::Orders::<Runtime>::iter() {
			if order.tenant != *self.account {
				continue;
			}
			let until =
				order.closed_at.map(|at| at.saturating_add(parameters::compute::KeepBlocks::get()));
			let now = self.now;
			if let Some(line) = self.line(
				StatementKind::Order { order: id },
				AssetId::Native,
				order.storage_deposit,
			) {
				line.claimable =
					if until.is_some_and(|until| until <= now) { line.held } else { 0 };
				line.from = until;
			}
			for (index, replica) in (0u8..).zip(&order.replicas) {
				self.stream(StatementKind::Replica { order: id, index }, replica.escrow);
			}
			if self.sum(AssetId::Native, is_order) >= all && !self.lacks_escrow() {
				return;
			}
		}
	}

	fn bids(&mut self) {
		let all = self.on_hold(AssetId::Native, compute::HoldReason::Bid);
		if all == 0 {
			return;
		}
		for (order, service, bid) in compute::Bids::<Runtime>::iter() {
			if bid.operator != *self.account {
				continue;
			}
			self.line(StatementKind::Bid { order, service }, AssetId::Native, bid.deposit);
			if self.sum(AssetId::Native, |kind| matches!(kind, StatementKind::Bid { .. })) >= all {
				return;
			}
		}
	}

	/// True if more is on hold in escrow than the lines explain.
	fn lacks_escrow(&self) -> bool {
		let in_escrow = |kind: &StatementKind| {
			matches!(kind, StatementKind::Agreement { .. } | StatementKind::Replica { .. })
		};
		assets().any(|asset| {
			self.on_hold(asset, escrow::HoldReason::Escrow) > self.sum(asset, in_escrow)
		})
	}

	/// Add escrow accounts that outlived their agreement or were split off from the account of a
	/// replica.
	fn claims(&mut self) {
		if !self.lacks_escrow() {
			return;
		}
		for (id, account) in escrow::Accounts::<Runtime>::iter() {
			if account.payer != *self.account || !account.is_closed() {
				continue;
			}
			let kind = match account.owner {
				EscrowOwner::Agreement(agreement) => StatementKind::Agreement { agreement },
				EscrowOwner::Replica { order, index } => StatementKind::Replica { order, index },
			};
			self.stream(kind, id);
		}
	}

	/// Sums of an asset; `None` if no line is in it. A hold that no line explains gets a line of
	/// its own.
	fn total(&mut self, asset: AssetId) -> Option<StatementTotal> {
		let on_hold = Holds::total_balance_on_hold(asset, self.account);
		let other = on_hold.saturating_sub(self.sum(asset, |_| true));
		if other > 0 {
			self.line(StatementKind::Other, asset, other);
		}
		let mut lines = self.lines.iter().filter(|line| line.asset == asset).peekable();
		lines.peek()?;
		let (held, claimable) =
			lines.fold((0, 0), |(held, claimable): (Balance, Balance), line| {
				(held.saturating_add(line.held), claimable.saturating_add(line.claimable))
			});
		Some(StatementTotal { asset, held, claimable, on_hold })
	}
}

//! Properties of a deposit that goes from payee to payee, some of whom cannot be paid: money is conserved,
//! every payee gets to the base unit what its own meter earned, and the payer has nothing back before the end.

use crate::{Accounts, mock::*};
use frame::testing_prelude::*;
use proptest::prelude::{Just, Strategy, any, prop_assert_eq, prop_oneof, proptest};
use proptest::{collection::vec, test_runner::Config as ProptestConfig};
use std::collections::BTreeMap;
use surety_primitives::{
	AssetId, Balance, CloseReason, Escrow as _, EscrowId, Meter, RoundIndex, ServiceId, StreamEnd,
};

/// What may be done to a replica's account, be it a lump or a stream.
#[derive(Clone, Debug)]
enum Op {
	/// Start it for one of the payees.
	Start {
		payee: AccountId,
		rate: Balance,
		prepaid: Balance,
	},
	/// Park it so many rounds ahead. `None`: with its meter, at the last round that is judged.
	Park {
		rounds_ahead: Option<u32>,
		reason: CloseReason,
	},
	TopUp(Balance),
	Settle,
	Freeze(Balance),
	Thaw {
		percent: u128,
	},
	End {
		rounds_ahead: u32,
		reason: CloseReason,
	},
	/// A payee can be paid no more, or again; with the native token nothing happens.
	Block {
		payee: AccountId,
		blocked: bool,
	},
}

fn reason() -> impl Strategy<Value = CloseReason> {
	prop_oneof![
		Just(CloseReason::TenantClosed),
		Just(CloseReason::Expired),
		Just(CloseReason::OperatorClosed),
		Just(CloseReason::Unhealthy),
	]
}

/// One of them starts with nothing, so that it can take no less than an account's minimum.
fn payee() -> impl Strategy<Value = AccountId> {
	prop_oneof![Just(OPERATOR), Just(OTHER), Just(NOBODY)]
}

fn op() -> impl Strategy<Value = Op> {
	let ahead = prop_oneof![Just(None), (0u32..6).prop_map(Some)];
	prop_oneof![
		12 => (payee(), 1u128..5, 0u128..300)
			.prop_map(|(payee, rate, prepaid)| Op::Start { payee, rate, prepaid }),
		9 => (ahead, reason()).prop_map(|(rounds_ahead, reason)| Op::Park { rounds_ahead, reason }),
		4 => (1u128..500).prop_map(Op::TopUp),
		3 => Just(Op::Settle),
		2 => (1u128..300).prop_map(Op::Freeze),
		4 => (0u128..=100).prop_map(|percent| Op::Thaw { percent }),
		1 => (0u32..12, reason()).prop_map(|(rounds_ahead, reason)| Op::End { rounds_ahead, reason }),
		6 => (payee(), prop_oneof![3 => Just(true), 1 => Just(false)])
			.prop_map(|(payee, blocked)| Op::Block { payee, blocked }),
	]
}

#[derive(Clone, Debug)]
struct Plan {
	deposit: Balance,
	/// What rounds turn out to be, over and over.
	rounds: Vec<bool>,
	/// Blocks to wait, then what to do.
	ops: Vec<(u32, Op)>,
	/// Why it ends, if it has not by then.
	reason: CloseReason,
}

fn plan() -> impl Strategy<Value = Plan> {
	let ops = vec((0u32..35, op()), 1..40);
	(1u128..1_500, vec(any::<bool>(), 1..40), ops, reason()).prop_map(|(deposit, rounds, ops, reason)| Plan {
		deposit,
		rounds,
		ops,
		reason,
	})
}

/// The stream that runs, counted round by round.
struct Lease {
	payee: AccountId,
	meter: ServiceId,
	started: RoundIndex,
	rate: Balance,
	prepaid: Balance,
	awarded: Balance,
	/// Rounds `.0 + 1 ..= .1` are not billed; the last may be open.
	pauses: Vec<(RoundIndex, RoundIndex)>,
	/// Parking was asked for before any end.
	parks: bool,
	/// An end was.
	closes: bool,
}

impl Lease {
	fn paid(&self, plan: &Plan, end: &StreamEnd, deposited: Balance) -> Balance {
		let paused = |round| self.pauses.iter().any(|(from, to)| (from + 1..=*to).contains(&round));
		let last = end.round.min(TestMeter::ended(self.meter).unwrap_or(end.round));
		let billed = (self.started + 1..=last).filter(|round| plan.billable(*round) && !paused(*round));
		let price = self.rate * Balance::from(L) * billed.count() as Balance;
		let left = self.closes && end.reason == CloseReason::TenantClosed;
		let least = if left { self.prepaid } else { 0 };
		price.max(least).min(deposited - self.awarded) + self.awarded
	}
}

/// So much that who starts with nothing cannot take what a round or two earn.
const FEE: Perbill = Perbill::from_percent(60);

struct World {
	plan: Plan,
	asset: AssetId,
	poke: bool,
	id: EscrowId,
	/// The payer's free balance before anything.
	free: Balance,
	/// Put into the account by the payer, ever.
	put_in: Balance,
	/// Of that what no lease has used up.
	deposited: Balance,
	frozen: Balance,
	lease: Option<Lease>,
	/// What each payee and both pots together must have in the end.
	owed: BTreeMap<AccountId, Balance>,
	fees: Balance,
	over: bool,
}

impl Plan {
	fn billable(&self, round: RoundIndex) -> bool {
		self.rounds[round as usize % self.rounds.len()]
	}
}

fn round() -> RoundIndex {
	System::block_number() / L
}

impl World {
	fn new(plan: Plan, asset: AssetId, poke: bool) -> Self {
		let free = free(asset, TENANT);
		let (id, deposited) = (open_replica(asset, plan.deposit), plan.deposit);
		let (lease, owed) = (None, BTreeMap::new());
		let (put_in, frozen, fees, over) = (deposited, 0, 0, false);
		Self { plan, asset, poke, id, free, put_in, deposited, frozen, lease, owed, fees, over }
	}

	fn run(&mut self, blocks: u32) {
		for _ in 0..blocks {
			next_block_with(&|round| self.plan.billable(round), 1);
			self.hear();
			if self.poke && !self.over {
				assert_ok!(settle(self.id));
			}
			let back = if self.over { self.deposited } else { 0 };
			let free = free(self.asset, TENANT);
			assert_eq!(free, self.free - self.put_in + back, "out of escrow before the end, or not after it");
		}
	}

	/// Note what the owner is told.
	fn hear(&mut self) {
		for told in told() {
			let (end, parked) = match told {
				Told::Ending(..) => continue,
				Told::Parked(_, end) => (end, true),
				Told::Ended(_, end) => (end, false),
			};
			let lease = self.lease.take().expect("a stream was running");
			let exhausted = end.reason == CloseReason::FundsExhausted;
			assert_eq!(parked, lease.parks && !lease.closes && !exhausted, "parked only if nobody ended it");
			assert_eq!(end.paid, lease.paid(&self.plan, &end, self.deposited));
			assert_eq!(end.paid + end.refunded, self.deposited);
			assert_eq!(end.fee, FEE.mul_floor(end.paid));
			*self.owed.entry(lease.payee).or_default() += end.paid - end.fee;
			self.fees += end.fee;
			self.deposited = end.refunded;
			self.over = !parked;
		}
	}

	fn start(&mut self, payee: AccountId, rate: Balance, prepaid: Balance) {
		let meter = METER + 1 + round();
		TestMeter::start(meter, round());
		if Escrow::start(self.id, payee, meter, rate, prepaid).is_ok() {
			assert!(self.lease.is_none() && self.deposited >= rate.max(prepaid));
			let (started, awarded, pauses) = (round(), 0, vec![]);
			let (parks, closes) = (false, false);
			let lease = Lease { payee, meter, started, rate, prepaid, awarded, pauses, parks, closes };
			self.lease = Some(lease);
		}
	}

	fn park(&mut self, rounds_ahead: Option<u32>, reason: CloseReason) {
		let Some(lease) = &mut self.lease else { return };
		let at = match rounds_ahead {
			Some(rounds) => round() + rounds,
			None => {
				let last = TestMeter::through(lease.meter).unwrap();
				if TestMeter::ended(lease.meter).is_none() {
					TestMeter::end(lease.meter, last);
				}
				last
			},
		};
		let ends = !lease.parks && Escrow::stream(self.id).unwrap().ending.is_some();
		assert_ok!(Escrow::park(self.id, at, reason));
		lease.parks |= !ends;
		lease.closes |= ends;
	}

	fn freeze(&mut self, amount: Balance) {
		if let Some(lease) = &mut self.lease
			&& Escrow::freeze(self.id, amount).is_ok()
		{
			if self.frozen == 0 {
				lease.pauses.push((round(), RoundIndex::MAX));
			}
			self.frozen += amount;
		}
	}

	fn thaw(&mut self, percent: u128) {
		let to_payee = self.frozen * percent / 100;
		if let Some(lease) = &mut self.lease
			&& Escrow::thaw(self.id, to_payee).is_ok()
		{
			lease.pauses.last_mut().unwrap().1 = round();
			lease.awarded += to_payee;
			self.frozen = 0;
		}
	}

	fn end(&mut self, rounds_ahead: u32, reason: CloseReason) {
		if let Some(lease) = &mut self.lease {
			assert_ok!(Escrow::end(self.id, round() + rounds_ahead, reason));
			lease.closes = true;
		}
	}

	fn act(&mut self, op: &Op) {
		if self.over {
			return;
		}
		match *op {
			Op::Start { payee, rate, prepaid } => self.start(payee, rate, prepaid),
			Op::Park { rounds_ahead, reason } => self.park(rounds_ahead, reason),
			Op::TopUp(amount) => {
				if Escrow::top_up(self.id, amount).is_ok() {
					self.put_in += amount;
					self.deposited += amount;
				}
			},
			Op::Settle => assert!(settle(self.id).is_ok()),
			Op::Freeze(amount) => self.freeze(amount),
			Op::Thaw { percent } => self.thaw(percent),
			Op::End { rounds_ahead, reason } => self.end(rounds_ahead, reason),
			Op::Block { payee, blocked } => {
				if self.asset != AssetId::Native && payee != NOBODY {
					block(payee, blocked);
				}
			},
		}
		Escrow::do_try_state().unwrap();
	}

	/// Bring it to its end and deliver every claim.
	fn finish(&mut self) {
		self.thaw(0);
		self.end(0, self.plan.reason);
		self.run(4 * L);
		if !self.over {
			assert_ok!(Escrow::close_lump(self.id, 0, CloseReason::NoBids));
			self.over = true;
		}
		assert!(self.lease.is_none());
		if self.asset != AssetId::Native {
			block(OPERATOR, false);
			block(OTHER, false);
		}
		spend(self.asset, TREASURY, NOBODY, MINIMUM);
		let claims: Vec<_> = Accounts::<Test>::iter_keys().collect();
		for id in claims {
			assert_ok!(settle(id));
		}
	}
}

fn asset() -> impl Strategy<Value = AssetId> {
	prop_oneof![Just(AssetId::Native), Just(AssetId::Local(ASSET))]
}

proptest! {
	#![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

	#[test]
	fn one_deposit_pays_every_payee_to_the_base_unit(plan in plan(), asset in asset(), poke in any::<bool>()) {
		new_ext().execute_with(|| {
			let before = everything(asset);
			PlatformFee::set(FEE);
			let mut world = World::new(plan.clone(), asset, poke);
			for (wait, op) in &plan.ops {
				if world.over {
					break;
				}
				world.run(*wait);
				world.act(op);
			}
			world.finish();
			prop_assert_eq!(Accounts::<Test>::iter().count(), 0, "every claim can be delivered");
			prop_assert_eq!(on_hold(asset, TENANT), 0);
			prop_assert_eq!(everything(asset), before);
			for payee in [OPERATOR, OTHER, NOBODY] {
				let owed = world.owed.get(&payee).copied().unwrap_or_default();
				let given = if payee == NOBODY { MINIMUM } else { 0 };
				prop_assert_eq!(gained(asset, payee), (owed + given) as i128);
			}
			let fees = gained(asset, POT) + gained(asset, TREASURY) + MINIMUM as i128;
			prop_assert_eq!(fees, world.fees as i128);
			prop_assert_eq!(gained(asset, TENANT), -(world.owed.values().sum::<Balance>() as i128) - world.fees as i128);
			Ok(())
		})?;
	}
}

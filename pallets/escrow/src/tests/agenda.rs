//! The agenda is bounded, exact and forgets nobody.

use crate::{Agenda, Cursor, MAX_BLOCKS_WALKED, mock::*, weights::WeightInfo};
use frame::testing_prelude::*;
use surety_primitives::{CloseReason, Escrow as _, EscrowId, NewStream};

fn ending(ids: &[EscrowId]) -> usize {
	ids.iter().filter(|id| Escrow::stream(**id).is_some_and(|info| info.ending.is_some())).count()
}

#[test]
fn ends_beyond_the_bound_wait_for_the_next_blocks_and_end_with_the_same_round() {
	with_each_asset(|asset| {
		AgendaPerBlock::set(3);
		let ids: Vec<_> = (0..8).map(|_| open(asset)).collect();
		run_to(509);
		assert_eq!(ending(&ids), 0);
		for (block, decided) in [(510, 3), (511, 6), (512, 8)] {
			run_to(block);
			assert_eq!(ending(&ids), decided);
		}
		assert_eq!(Cursor::<Test>::get(), Some(513), "the backlog is caught up with");
		assert!(
			ids.iter()
				.all(|id| Escrow::stream(*id).unwrap().ending == Some((50, CloseReason::FundsExhausted)))
		);
		run_to(532);
		assert!(ids.iter().all(|id| Escrow::stream(*id).is_none()));
		assert_eq!(gained(asset, TENANT), -8_000);
	});
}

#[test]
fn work_and_weight_of_a_block_are_bounded() {
	with_each_asset(|asset| {
		AgendaPerBlock::set(3);
		for _ in 0..8 {
			open(asset);
		}
		let looked = <() as WeightInfo>::wake().max(<() as WeightInfo>::wake_parking());
		let each = looked.saturating_add(OnEndWeight::get());
		run_to(509);
		System::set_block_number(510);
		let full = <() as WeightInfo>::agenda(1).saturating_add(each.saturating_mul(3));
		assert_eq!(Escrow::on_initialize(510), full);
		run_to(540);
		System::set_block_number(541);
		assert_eq!(Escrow::on_initialize(541), <() as WeightInfo>::agenda(1));
	});
}

#[test]
fn a_walk_over_many_blocks_is_cut() {
	with_each_asset(|asset| {
		let id = open(asset);
		run_to(500);
		System::set_block_number(600);
		let started = Cursor::<Test>::get().unwrap();
		Escrow::on_initialize(600);
		assert_eq!(Cursor::<Test>::get(), Some(started + MAX_BLOCKS_WALKED));
		assert_eq!(Escrow::stream(id).unwrap().ending, Some((50, CloseReason::FundsExhausted)));
		for block in 601..609 {
			System::set_block_number(block);
			Escrow::on_initialize(block);
		}
		assert_eq!(Cursor::<Test>::get(), Some(609));
	});
}

#[test]
fn a_stream_has_one_entry_wherever_it_moves() {
	with_each_asset(|asset| {
		let id = open(asset);
		let entries = || Agenda::<Test>::iter().map(|(block, id, ())| (block, id)).collect::<Vec<_>>();
		assert_eq!(entries(), vec![(510, id)]);
		assert_ok!(Escrow::top_up(id, 20));
		assert_eq!(entries(), vec![(520, id)]);
		assert_ok!(Escrow::freeze(id, 20));
		assert_eq!(entries(), vec![], "opened and frozen in one round: nothing to read, nothing to end");
		run_to_round(2);
		assert_ok!(Escrow::thaw(id, 0));
		assert_eq!(entries(), vec![(50, id)], "when round 2 is judged");
		run_to(50);
		assert_eq!(entries(), vec![(540, id)]);
		assert_ok!(Escrow::end(id, 9, CloseReason::TenantClosed));
		assert_eq!(entries(), vec![(120, id)]);
		run_to(120);
		assert_eq!(entries(), vec![]);
	});
}

#[test]
fn a_stream_that_never_bills_never_crowds_the_agenda() {
	with_each_asset(|asset| {
		let id = Escrow::open_stream(NewStream { prepaid: 0, ..new_stream(asset) }).unwrap();
		let mut looked = 0;
		let mut wake = stream(id).wake;
		while System::block_number() < 3_000 {
			next_block_with(&|_| false, 1);
			if stream(id).wake != wake {
				looked += 1;
				wake = stream(id).wake;
			}
		}
		assert!(looked <= 3_000 / 470 + 1, "looked {looked} times");
		assert_ok!(Escrow::end(id, 0, CloseReason::TenantClosed));
		run_with(3_040, |_| false);
		assert_eq!(gained(asset, TENANT), 0);
	});
}

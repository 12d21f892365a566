//! Rounds in rough weather: sessions that change in their middle, a chain that stalls.

use crate::{actors::*, world::World};
use surety_primitives::{AssetId, Meter, Probing, Verdict};
use surety_runtime::*;

#[test]
fn a_session_may_change_in_the_middle_of_a_round() {
	let mut world = World::new();
	let service = world.operator(AssetId::Native);
	world.open(TENANT, service, 1, 12);
	let session = world.peek(Session::current_index);
	// Epochs are 60 blocks and rounds 6: over three sessions every round is measured.
	world.until("three sessions", 40, move || Session::current_index() >= session + 3);
	let probed = world.peek(|| Probes::probed(service).unwrap());
	assert_eq!(probed.counters.unmeasured, 0);
	assert!(matches!(probed.last, Some((_, Verdict::Up { .. }))));
	world.check();
}

#[test]
fn a_stall_is_neither_billed_nor_judged() {
	let mut world = World::new();
	let service = world.operator(AssetId::Native);
	world.open(TENANT, service, 1, 12);
	world.rounds(2);
	let stalled = world.round();
	world.block();
	// The chain stands still for five rounds' time in the middle of this round.
	world.stall(30);
	world.rounds(1);
	world.judged(stalled + 1);
	let (reading, probed) =
		world.peek(|| (Probes::reading(service).unwrap(), Probes::probed(service).unwrap()));
	let billed = |round| reading.at(round, 6).unwrap();
	assert_eq!(billed(stalled), billed(stalled - 1), "the stalled round is not billed");
	assert_eq!(billed(stalled + 1), billed(stalled) + 6, "the next one is");
	assert_eq!((probed.counters.down, probed.counters.unmeasured), (0, 1));
	assert!(world.breaches(service).is_empty());
	world.check();
}

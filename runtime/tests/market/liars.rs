//! One of four probers lies in every way there is: no false breach, none missed, and its duty shows it.

use crate::{
	actors::*,
	world::{Conduct, World, account, up},
};
use pallet_surety_sla as sla;
use sp_keyring::Sr25519Keyring;
use surety_primitives::{AssetId, Probing, Verdict, report::Finding};
use surety_runtime::*;

const LIES: [Conduct; 6] = [
	Conduct::Always(Finding::Down),
	Conduct::Always(Finding::Abstained),
	Conduct::Copies(0),
	Conduct::RevealsWrong,
	Conduct::NeverReveals,
	Conduct::Absent,
];

#[test]
fn a_liar_invents_no_outage() {
	for lie in LIES {
		let mut world = World::new();
		let service = world.operator(AssetId::Native);
		world.open(TENANT, service, 1, 4);
		world.conduct[3] = lie;
		world.rounds(20);
		let probed = world.peek(|| Probes::probed(service).unwrap());
		assert!(matches!(probed.last, Some((_, Verdict::Up { .. }))), "{lie:?}: {:?}", probed.last);
		assert_eq!((probed.counters.down, probed.counters.unclear), (0, 0), "{lie:?}");
		assert!(world.breaches(service).is_empty(), "{lie:?}");
		world.check();
	}
}

#[test]
fn a_liar_hides_no_outage() {
	for lie in LIES.into_iter().chain([Conduct::Always(up())]) {
		let mut world = World::new();
		let service = world.operator(AssetId::Native);
		world.open(TENANT, service, 1, 6);
		world.next_window();
		world.conduct[3] = lie;
		world.endpoints.insert(service, Finding::Down);
		world.until("a breach in spite of the liar", 14, move || {
			sla::Services::<Runtime>::get(service).is_some_and(|s| s.breaches > 0)
		});
		world.check();
	}
}

#[test]
fn the_liars_duty_shows_it() {
	for lie in [Conduct::Always(Finding::Down), Conduct::NeverReveals, Conduct::Absent] {
		let mut world = World::new();
		world.operator(AssetId::Native);
		world.conduct[3] = lie;
		world.rounds(4);
		let duty = |world: &mut World, who| world.peek(|| Probes::duty(account(who)).unwrap_or_default());
		let honest = duty(&mut world, Sr25519Keyring::Alice);
		let liar = duty(&mut world, Sr25519Keyring::Dave);
		assert!(honest.agreed > liar.agreed, "{lie:?}: {honest:?} {liar:?}");
		world.check();
	}
}

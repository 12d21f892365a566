// SPDX-License-Identifier: Apache-2.0

//! Work in the background: the end of trials, stale peers, the file of peers, the firewall.

use super::{Shared, firewall::Firewall, now, registry::Change};
use crate::keys::Key;
use std::{sync::Arc, time::Duration};
use tokio::time::{MissedTickBehavior, interval};

/// Time between two looks at the trials.
const TICK: Duration = Duration::from_secs(1);
/// Ticks between two looks at handshakes.
const LOOK: u64 = 10;
/// Ticks between two looks at the firewall.
const GUARD: u64 = 3;
/// Ticks between two writes of the counts.
const SAVE: u64 = 60;

/// Work until the task is aborted.
pub async fn run(shared: Arc<Shared>, firewall: Arc<Firewall>) {
	let mut ticks = interval(TICK);
	ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
	for count in 1u64.. {
		ticks.tick().await;
		if count.is_multiple_of(GUARD) {
			guard(&firewall).await;
		}
		if count.is_multiple_of(LOOK) {
			look(&shared).await;
		}
		sweep(&shared, count.is_multiple_of(SAVE)).await;
		if let Err(error) = shared.check().await {
			tracing::error!("{error}");
			return;
		}
	}
}

/// Put up rules that somebody has removed.
async fn guard(firewall: &Firewall) {
	match firewall.restore().await {
		Ok(false) => {},
		Ok(true) => tracing::warn!("the rules of the VPN were removed by others and are back"),
		Err(error) => tracing::error!("the rules of the VPN cannot be checked: {error}"),
	}
}

/// Note the last handshake of each peer.
async fn look(shared: &Shared) {
	let mut state = shared.state.lock().await;
	let Some(wire) = &state.wire else { return };
	let now = now();
	for peer in wire.peers().await {
		if let (Some(ago), Ok(key)) =
			(peer.stats.last_handshake, Key::new(peer.peer.public_key.to_bytes()))
		{
			let ago = u64::try_from(ago.as_millis()).unwrap_or(u64::MAX);
			state.registry.see(&key, now.saturating_sub(ago));
		}
	}
}

/// Remove what is over, and write the peers if they have changed or if it is time to.
async fn sweep(shared: &Shared, is_time: bool) {
	let stale = u64::try_from(shared.settings.stale.as_millis()).unwrap_or(u64::MAX);
	let mut state = shared.state.lock().await;
	let removed = state.registry.sweep(stale, now());
	state.is_dirty |= is_time || removed.iter().any(|peer| peer.until == 0);
	if !removed.is_empty()
		&& let Err(error) = shared.apply(&mut state, Change { removed, added: None }).await
	{
		tracing::warn!("peers of the VPN are not removed: {error}");
	}
	shared.save(&mut state).await;
}

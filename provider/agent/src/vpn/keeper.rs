// SPDX-License-Identifier: Apache-2.0

//! Work in the background: the exit over its failures, the ends of peers, the status.

use super::{Unknown, Vpn, is_open};
use crate::chain::Snapshot;
use futures::{StreamExt, TryStreamExt, stream};
use std::{collections::BTreeSet, sync::Arc, time::Duration};
use surety_primitives::AgreementId;
use surety_vpn::exit::{Exit, ExitError};
use tokio::{
	sync::watch,
	time::{MissedTickBehavior, interval, sleep},
};

/// Snapshots, as they are published.
type Snapshots = watch::Receiver<Option<Arc<Snapshot>>>;

/// Agreements that are asked about at a time.
const CALLS: usize = 8;

/// Time between two looks at the exit.
const TICK: Duration = Duration::from_secs(2);
/// Time until a start that failed is tried again.
const PAUSE: Duration = Duration::from_secs(10);
/// Time until a read of the chain that failed is tried again.
const RETRY: Duration = Duration::from_secs(2);

impl Vpn {
	/// Keep the exit running, and the status up to date, for ever.
	pub async fn keep(self: Arc<Self>) {
		let mut ticks = interval(TICK);
		ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
		loop {
			ticks.tick().await;
			match self.desk.exit() {
				Some(exit) => {
					if let Err(error) = exit.check().await {
						tracing::error!(%error, "the VPN exit is started again");
						self.desk.set_exit(None);
						self.fail(&error);
						if let Err(error) = exit.stop().await {
							tracing::warn!(%error, "the VPN exit did not stop in order");
						}
					}
				},
				None => {
					if let Err(error) = self.start_exit().await {
						sleep(PAUSE).await;
						tracing::debug!(%error, "the VPN exit is tried again");
					}
				},
			}
			self.look().await;
		}
	}

	async fn start_exit(&self) -> Result<(), ExitError> {
		match Exit::start(self.settings.clone()).await {
			Ok(exit) => {
				self.desk.set_exit(Some(Arc::new(exit)));
				Ok(())
			},
			Err(error) => {
				// Once in the log; every time in the status.
				if self.status.lock().error.as_deref() != Some(&error.to_string()) {
					tracing::error!(%error, "the VPN exit does not start");
				}
				self.fail(&error);
				Err(error)
			},
		}
	}

	fn fail(&self, error: &ExitError) {
		let mut status = self.status.lock();
		status.running = false;
		status.exit_key = None;
		status.error = Some(error.to_string());
		status.take(&[]);
	}

	/// Take the state of a running exit over into the status.
	async fn look(&self) {
		let Some(exit) = self.desk.exit() else { return };
		let peers = exit.peers().await;
		let mut status = self.status.lock();
		status.running = true;
		status.error = None;
		status.exit_key = Some(exit.key().to_string());
		if let Some(market) = self.desk.market() {
			status.services = market.services.keys().copied().collect();
		}
		status.take(&peers);
	}

	/// Read the market in each round and whenever the own services change, and end the peers of
	/// agreements that are over, for ever.
	pub async fn follow(self: Arc<Self>, mut snapshots: Snapshots) {
		let (mut done, mut is_known) = (None, true);
		loop {
			let snapshot = snapshots.borrow_and_update().clone();
			let state = snapshot.map(|snapshot| {
				let operator = snapshot.operator.iter();
				// A service that is new is probed in its first round.
				let services: Vec<_> = operator.flat_map(|its| its.services.clone()).collect();
				(snapshot.genesis, snapshot.clock.round, services)
			});
			if state.is_some() && state != done {
				match self.advance().await {
					Ok(()) => (done, is_known) = (state, true),
					Err(error) => {
						if std::mem::replace(&mut is_known, false) {
							tracing::warn!(
								error,
								"the VPN's agreements cannot be read: peers stay"
							);
						}
						sleep(RETRY).await;
						continue;
					},
				}
			}
			if snapshots.changed().await.is_err() {
				return;
			}
		}
	}

	/// Read the market, and end the peers of agreements that are over.
	///
	/// Errors: a sentence. Some agreements may not have been asked about; their peers stay.
	pub async fn advance(&self) -> Result<(), String> {
		let ledger = self.desk.ledger();
		let round = ledger.refresh().await.map_err(|cause| cause.to_string())?.round;
		let Some(exit) = self.desk.exit() else { return Ok(()) };
		let ask = |id: AgreementId| async move {
			let found = ledger.agreement(id).await?;
			let is_open = found.is_some_and(|agreement| is_open(&agreement, round));
			Ok::<_, Unknown>((!is_open).then_some(id))
		};
		// Peers that are admitted from here on are not asked about. Those that are were admitted by
		// this block or an earlier one.
		let asked: Vec<_> = exit.agreements().await.into_iter().map(ask).collect();
		let answers: Result<Vec<_>, Unknown> =
			stream::iter(asked).buffered(CALLS).try_collect().await;
		let over: BTreeSet<AgreementId> =
			answers.map_err(|cause| cause.to_string())?.into_iter().flatten().collect();
		if over.is_empty() {
			return Ok(());
		}
		let count = exit.revoke(&over).await.map_err(|error| error.to_string())?;
		tracing::info!(count, agreements = ?over, "peers of agreements that are over have ended");
		Ok(())
	}
}

// SPDX-License-Identifier: Apache-2.0

//! Work in the background: the exit over its failures, the ends of peers, the status.

use super::{ChainLedger, Vpn};
use std::{collections::BTreeSet, sync::Arc, time::Duration};
use surety_vpn::exit::{Exit, ExitError};
use tokio::time::{MissedTickBehavior, interval, sleep};

/// Time between two looks at the exit.
const TICK: Duration = Duration::from_secs(2);
/// Time until a start that failed is tried again.
const PAUSE: Duration = Duration::from_secs(10);
/// Time until a read of the chain that failed is tried again.
const RETRY: Duration = Duration::from_secs(2);

impl Vpn {
	/// Keep the exit running, and the status up to date, for ever.
	pub(super) async fn keep(self: Arc<Self>) {
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

	/// Read the market in each round, and end the peers of agreements that are over, for ever.
	pub(super) async fn follow(self: Arc<Self>, ledger: Arc<ChainLedger>) {
		let mut snapshots = ledger.follower().subscribe();
		let (mut done, mut is_known) = (None, true);
		loop {
			let snapshot = snapshots.borrow_and_update().clone();
			let round = snapshot.map(|snapshot| (snapshot.genesis, snapshot.clock.round));
			if round.is_some() && round != done {
				match self.advance(&ledger).await {
					Ok(()) => (done, is_known) = (round, true),
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

	async fn advance(&self, ledger: &ChainLedger) -> Result<(), String> {
		ledger.refresh().await.map_err(|cause| cause.to_string())?;
		let Some(exit) = self.desk.exit() else { return Ok(()) };
		let over = ledger.over(exit.agreements().await).await.map_err(|cause| cause.to_string())?;
		self.end(&exit, over).await.map_err(|error| error.to_string())
	}

	/// End the peers of agreements that are over.
	pub(super) async fn end(
		&self,
		exit: &Exit,
		over: BTreeSet<surety_primitives::AgreementId>,
	) -> Result<(), ExitError> {
		if over.is_empty() {
			return Ok(());
		}
		let count = exit.revoke(&over).await?;
		tracing::info!(count, agreements = ?over, "peers of agreements that are over have ended");
		Ok(())
	}
}

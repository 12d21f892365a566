// SPDX-License-Identifier: Apache-2.0

//! Usage statements of a role. The ledger is opened when the chain was read for the first time, and
//! its tasks run on the control thread. A role without a ledger serves all the same.

use super::{clock::RoleClock, parties::PartyBook, reports::UsageReports};
use crate::{
	chain::{Chain, KeySigner, Transactions},
	config::UsageSection,
	roles::background::Background,
	telemetry::{UsageMetrics, UsageStatus, follow},
	usage::{
		Clock, FileStore, Ledger, LedgerSettings, Meter, Refusal, ReportKey, ReportSettings,
		ReportTask, Reporters, keep,
	},
};
use arc_swap::ArcSwapOption;
use parking_lot::Mutex;
use sp_core::H256;
use std::{
	collections::{HashMap, HashSet},
	path::{Path, PathBuf},
	sync::Arc,
	time::Duration,
};
use surety_primitives::{AgreementId, LatencyBucket, usage::Side};

/// Usage statements of a role.
pub(super) struct Statements {
	section: UsageSection,
	side: Side,
	data: PathBuf,
	key: Option<KeySigner>,
	clock: RoleClock,
	parties: Arc<PartyBook>,
	ledger: ArcSwapOption<Ledger>,
	fault: Mutex<Option<String>>,
}

impl Statements {
	/// Statements of one side. Without a key nothing is signed or counted for the chain.
	pub fn new(
		section: &UsageSection,
		side: Side,
		data: &Path,
		key: Option<KeySigner>,
		clock: RoleClock,
		parties: Arc<PartyBook>,
	) -> Arc<Self> {
		Arc::new(Self {
			section: section.clone(),
			side,
			data: data.to_owned(),
			key,
			clock,
			parties,
			ledger: ArcSwapOption::empty(),
			fault: Mutex::new(None),
		})
	}

	/// Clock of the statements.
	pub fn clock(&self) -> &RoleClock {
		&self.clock
	}

	/// Parties of the agreements.
	pub fn parties(&self) -> &Arc<PartyBook> {
		&self.parties
	}

	/// The ledger, if it is open.
	pub fn ledger(&self) -> Option<Arc<Ledger>> {
		self.ledger.load_full()
	}

	/// Open the ledger if it is not. Returns it if it was opened now.
	pub fn open(&self, genesis: H256) -> Option<Arc<Ledger>> {
		if !self.section.enabled || self.ledger.load().is_some() {
			return None;
		}
		let key = self.key.clone()?;
		let now = self.clock.now()?;
		let mut settings = LedgerSettings::new(genesis, self.side);
		settings.lane = self.section.lane;
		settings.lanes = self.section.lanes;
		settings.interval = Duration::from_secs(self.section.exchange_secs);
		settings.requests = self.section.exchange_requests;
		let name = format!("usage-{}", self.section.lane);
		let report_key = ReportKey::new(key.account().clone(), move |bytes| key.sign(bytes));
		let reporters = Arc::clone(&self.parties) as Arc<dyn Reporters>;
		let opened = FileStore::open(&self.data, &name)
			.and_then(|store| Ledger::open(settings, report_key, reporters, Box::new(store), &now));
		match opened {
			Ok(ledger) => {
				let ledger = Arc::new(ledger);
				self.ledger.store(Some(Arc::clone(&ledger)));
				*self.fault.lock() = None;
				Some(ledger)
			},
			Err(error) => {
				let reason = error.to_string();
				let before = self.fault.lock().replace(reason.clone());
				if before.as_ref() != Some(&reason) {
					tracing::error!(reason, "usage is not counted: it is tried again");
				}
				None
			},
		}
	}

	/// Agreements that are used now, with the latency of their terms. Returns their meters.
	pub fn set_agreements(
		&self,
		agreements: impl IntoIterator<Item = (AgreementId, LatencyBucket)>,
	) -> HashMap<AgreementId, Arc<Meter>> {
		let (Some(ledger), Some(now)) = (self.ledger(), self.clock.now()) else {
			return HashMap::new();
		};
		let meters: HashMap<_, _> = agreements
			.into_iter()
			.filter_map(|(id, latency)| Some((id, ledger.open_agreement(id, latency, &now)?)))
			.collect();
		let known: HashSet<_> = ledger.agreements().into_iter().collect();
		for gone in known.into_iter().filter(|id| !meters.contains_key(id)) {
			ledger.close_agreement(gone);
		}
		meters
	}

	/// Start the tasks of a ledger that was opened, on the local runtime.
	pub fn spawn_tasks(&self, ledger: &Arc<Ledger>, reports: &ReportWay) {
		tokio::task::spawn_local(keep(Arc::clone(ledger), self.clock.clone()));
		let Some((chain, transactions)) = reports.0.clone() else { return };
		let settings = ReportSettings {
			enabled: self.section.report,
			min_requests: self.section.report_min_requests,
			..ReportSettings::default()
		};
		let submit = UsageReports::new(chain, transactions);
		let task = ReportTask::new(Arc::clone(ledger), submit, settings);
		tokio::task::spawn_local(task.run(self.clock.clone()));
	}

	/// Sign and store what is left, at the end of the process.
	pub fn finish(&self) {
		if let (Some(ledger), Some(now)) = (self.ledger(), self.clock.now()) {
			let signed = ledger.finish(&now);
			tracing::info!(signed, "usage: the last statements are stored");
		}
	}

	/// State for the status page.
	pub fn status(&self) -> UsageStatus {
		let mut status = UsageStatus {
			reporter: self.key.as_ref().map(|key| key.account().to_string()),
			lane: self.section.lane,
			error: self.fault.lock().clone(),
			..UsageStatus::default()
		};
		let Some(ledger) = self.ledger() else { return status };
		let totals = ledger.totals();
		status.signed = totals.signed;
		status.taken = totals.accepted;
		status.refused = totals.refused.iter().fold(0, |sum, count| sum.saturating_add(*count));
		status.reported = totals.reported;
		let current = ledger.window();
		for view in ledger.views().iter().filter(|view| view.window == current) {
			status.silent = status.silent.saturating_add(view.silent.into());
			status.contested = status.contested.saturating_add(view.contested.into());
		}
		status
	}

	/// Take over the totals into the metrics.
	pub fn refresh(&self, metrics: &UsageMetrics) {
		let Some(ledger) = self.ledger() else { return };
		let totals = ledger.totals();
		follow(&metrics.signed, totals.signed);
		follow(&metrics.taken, totals.accepted);
		for (reason, count) in Refusal::ALL.iter().zip(totals.refused) {
			follow(&metrics.refused.with_label_values(&[reason.name()]), count);
		}
		follow(&metrics.marks, totals.uncountersigned);
		follow(&metrics.equivocations, totals.equivocations);
		follow(&metrics.reported, totals.reported);
		metrics.silent.set(i64::try_from(self.status().silent).unwrap_or(i64::MAX));
	}
}

/// Chain and sender of reports; none without a chain or a key.
#[derive(Clone)]
pub(super) struct ReportWay(Option<(Arc<Chain>, Arc<Transactions>)>);

impl ReportWay {
	/// Way of a role's reports.
	pub fn of(background: &Background) -> Self {
		Self(background.chain.clone().zip(background.reports.clone()))
	}
}

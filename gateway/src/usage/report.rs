// SPDX-License-Identifier: Apache-2.0

//! Report of a closed window to the chain.
//!
//! A window can be reported until the end of the next one. Each process reports at a time of its
//! own in the next window, taken from its key, so that of two sides usually one finds everything on
//! chain. A second pass late in the window adds what came after the first.

use super::{Clock, Equivocation, Evidence, Ledger, Moment, Signed};
use sp_runtime::{
	AccountId32,
	traits::{BlakeTwo256, Hash as _},
};
use std::{
	collections::{BTreeMap, BTreeSet},
	fmt,
	future::Future,
	sync::Arc,
	time::Duration,
};
use surety_primitives::{
	AgreementId, WindowIndex,
	usage::{Side, UsageCounts},
};
use tokio::time::sleep;
use tracing::{info, warn};

/// Maximum number of statements in one `report_usage`.
pub const MAX_BATCH: usize = 64;

/// Part of a window, in thousandths.
type Permille = u32;

/// First and last time of a process' first pass.
const FIRST: (Permille, Permille) = (150, 650);

/// First and last time of a process' second pass.
const SECOND: (Permille, Permille) = (780, 860);

/// Time after which nothing is sent any more: it might not be in a block in time.
const LAST: Permille = 960;

/// Time between two looks at the clock, and after a failure.
const POLL: Duration = Duration::from_secs(1);

/// Statement of a lane as the chain has it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct OnChain {
	/// Party.
	pub side: Side,
	/// Lane.
	pub lane: u8,
	/// Number.
	pub seq: u32,
	/// Counts.
	pub counts: UsageCounts,
}

/// Reason why the chain does not have a report.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum SubmitError {
	/// No node answered, or the transaction was not included in time. It may be tried again.
	Unavailable(String),
	/// The chain refuses the call as it is.
	Refused(String),
}

impl fmt::Display for SubmitError {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		match self {
			Self::Unavailable(reason) => write!(f, "chain not available: {reason}"),
			Self::Refused(reason) => write!(f, "refused by the chain: {reason}"),
		}
	}
}

impl std::error::Error for SubmitError {}

/// Way to the chain; the chain's room implements it.
pub trait Submit {
	/// Statements that the chain has of an agreement and window (`surety_usage`), read at its best
	/// block, so that what the other side has just reported is seen.
	fn on_chain(
		&self,
		agreement: AgreementId,
		window: WindowIndex,
	) -> impl Future<Output = Result<Vec<OnChain>, SubmitError>>;

	/// Send `usage.report_usage` with at most [`MAX_BATCH`] statements, and wait for its block to
	/// be final. The chain skips what it cannot accept; it refuses the call if that is all of it.
	fn report(&self, batch: Vec<Signed>) -> impl Future<Output = Result<(), SubmitError>>;

	/// Send `usage.report_equivocation`, and wait for its block to be final.
	fn report_equivocation(
		&self,
		proof: Equivocation,
	) -> impl Future<Output = Result<(), SubmitError>>;
}

/// Settings of the report.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ReportSettings {
	/// True if this process reports at all. One process of a party is enough, but two do no harm.
	pub enabled: bool,
	/// Requests of an agreement in a window below which its report is not worth the fee.
	pub min_requests: u64,
	/// Maximum number of statements reported per window; those with the most requests go first.
	pub max_statements: usize,
}

impl Default for ReportSettings {
	fn default() -> Self {
		Self { enabled: true, min_requests: 100, max_statements: 1_024 }
	}
}

/// Statements worth a report: those of agreements with enough requests, that say more than the
/// chain has, the most requests first. Statements of one agreement stay together.
pub fn plan(
	evidence: Vec<Evidence>,
	on_chain: &BTreeMap<AgreementId, Vec<OnChain>>,
	settings: &ReportSettings,
) -> Vec<Signed> {
	let requests = |one: &Evidence| {
		let each = one.statements.iter().map(|signed| signed.statement.counts.requests);
		each.max().unwrap_or(0)
	};
	let mut worth: Vec<(u64, Evidence)> = evidence
		.into_iter()
		.map(|one| (requests(&one), one))
		.filter(|(requests, _)| *requests >= settings.min_requests.max(1))
		.collect();
	worth.sort_by_key(|(requests, one)| (std::cmp::Reverse(*requests), one.agreement));
	worth
		.into_iter()
		.flat_map(|(_, one)| one.statements)
		.filter(|signed| {
			let statement = &signed.statement;
			let known = on_chain.get(&statement.agreement).into_iter().flatten();
			let mut of_lane =
				known.filter(|known| (known.side, known.lane) == (statement.side, statement.lane));
			!of_lane.any(|known| statement.seq <= known.seq || statement.counts == known.counts)
				&& statement.counts.requests > 0
		})
		.take(settings.max_statements)
		.collect()
}

/// Time of a process' pass in a window.
fn pass_at(key: &AccountId32, window: WindowIndex, (from, to): (Permille, Permille)) -> Permille {
	let bytes: [u8; 32] = key.clone().into();
	let seed = [bytes.as_slice(), &window.to_le_bytes()].concat();
	let draw = BlakeTwo256::hash(&seed).to_low_u64_le();
	let width = u64::from(to.saturating_sub(from)).max(1);
	from.saturating_add(u32::try_from(draw.checked_rem(width).unwrap_or(0)).unwrap_or(0))
}

/// Thousandths of the window that are over.
fn progress(now: &Moment) -> Permille {
	let length = now.length.as_millis().max(1);
	let part = now.elapsed.as_millis().saturating_mul(1_000).div_euclid(length);
	u32::try_from(part).unwrap_or(u32::MAX)
}

/// Passes over a window that are done.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
struct Passes {
	window: WindowIndex,
	done: u8,
	/// Hashes of the statements that were in a block, accepted or not.
	sent: BTreeSet<[u8; 32]>,
}

/// Reporter of one process' closed windows.
pub struct ReportTask<S> {
	ledger: Arc<Ledger>,
	submit: S,
	settings: ReportSettings,
	passes: Passes,
}

impl<S: Submit> ReportTask<S> {
	/// Reporter of a ledger.
	pub fn new(ledger: Arc<Ledger>, submit: S, settings: ReportSettings) -> Self {
		Self { ledger, submit, settings, passes: Passes::default() }
	}

	/// Report for ever.
	pub async fn run(mut self, clock: impl Clock) {
		loop {
			if let Some(now) = clock.now()
				&& let Err(error) = self.step(&now).await
			{
				warn!(%error, "usage: the report is tried again");
				let pause = now.length.checked_div(100).unwrap_or_default();
				sleep(pause.clamp(POLL, Duration::from_secs(60))).await;
			}
			sleep(POLL).await;
		}
	}

	/// Run the pass that is due, if there is one. Returns the number of statements reported.
	///
	/// Errors: [`SubmitError::Unavailable`]; the pass is then due again, and asks the chain anew
	/// what it has.
	pub async fn step(&mut self, now: &Moment) -> Result<usize, SubmitError> {
		if self.passes.window != now.window {
			self.passes = Passes { window: now.window, ..Passes::default() };
		}
		let key = self.ledger.key.account();
		let progress = progress(now);
		let due = [FIRST, SECOND]
			.iter()
			.filter(|range| progress >= pass_at(&key, now.window, **range))
			.count();
		let due = u8::try_from(due).unwrap_or(u8::MAX);
		// A ledger that has not turned yet, or has seen a later window, has nothing to say now.
		let is_turned = self.ledger.window() == now.window;
		let is_over = due <= self.passes.done || progress > LAST;
		if !self.settings.enabled || !is_turned || is_over {
			return Ok(0);
		}
		self.report_proofs().await?;
		let count = self.report_evidence().await?;
		self.passes.done = due;
		if count != 0 {
			self.ledger.note_reported(count);
			info!(window = now.window.saturating_sub(1), count, "usage: statements reported");
		}
		Ok(count)
	}

	/// Passes over the current window that are done.
	#[cfg(test)]
	pub(super) fn passes_done(&self) -> u8 {
		self.passes.done
	}

	async fn report_proofs(&self) -> Result<(), SubmitError> {
		for proof in self.ledger.proofs() {
			match self.submit.report_equivocation(proof.clone()).await {
				Ok(()) => self.ledger.forget_proof(&proof),
				Err(SubmitError::Refused(reason)) => {
					warn!(reason, "usage: the chain refuses the proof of an equivocation");
					self.ledger.forget_proof(&proof);
				},
				Err(error) => return Err(error),
			}
		}
		Ok(())
	}

	async fn report_evidence(&mut self) -> Result<usize, SubmitError> {
		let evidence = self.ledger.evidence();
		// Nothing is asked about agreements that are not reported anyway.
		let unread = BTreeMap::new();
		let wanted = plan(evidence.clone(), &unread, &self.settings);
		let ids: BTreeSet<_> = wanted.iter().map(|signed| signed.statement.agreement).collect();
		let window = wanted.first().map(|signed| signed.statement.window);
		let mut on_chain = BTreeMap::new();
		for id in ids {
			let known = self.submit.on_chain(id, window.unwrap_or_default()).await?;
			on_chain.insert(id, known);
		}
		let mut planned = plan(evidence, &on_chain, &self.settings);
		planned.retain(|signed| !self.passes.sent.contains(&hash(signed)));
		planned.truncate(self.settings.max_statements.saturating_sub(self.passes.sent.len()));
		let mut count = 0usize;
		for batch in planned.chunks(MAX_BATCH) {
			// The chain takes what it can of a batch, and refuses the call if that is nothing. So
			// what was in a block is never sent again: it would cost the same and change nothing.
			match self.submit.report(batch.to_vec()).await {
				Ok(()) => count = count.saturating_add(batch.len()),
				Err(SubmitError::Refused(reason)) => {
					// Most often `Outdated`: the other side was faster.
					info!(reason, statements = batch.len(), "usage: the chain refuses a report");
				},
				Err(error) => return Err(error),
			}
			self.passes.sent.extend(batch.iter().map(hash));
		}
		Ok(count)
	}
}

fn hash(signed: &Signed) -> [u8; 32] {
	signed.statement.hash().into()
}

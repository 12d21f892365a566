// SPDX-License-Identifier: Apache-2.0

//! Off-chain worker: probe once a round, keep the report locally, commit to it, reveal it.
//!
//! ```text
//!  any block of r             no local report of r yet: probe (long), keep salt and report, commit
//!  later, to block 1 of r+1   commit, unless the commit is on chain or was sent in this block
//!  block 4 of r+1 to
//!    block 1 of r+2           reveal, likewise
//! ```
//!
//! The report is made once per round, whatever fork the worker runs on, and kept before it is
//! committed to. So a reorganisation never makes a prober report two things.

use crate::*;
use alloc::{collections::BTreeSet, vec::Vec};
use frame::deps::sp_runtime::offchain::{Duration, storage::StorageValueRef};
use frame_system::offchain::SubmitTransaction;
use sp_application_crypto::RuntimeAppPublic;
use sp_io::hashing::blake2_256;
use surety_primitives::{
	NetworkId,
	endpoint::{self, Host},
	prober_token::ProberToken,
	report::Finding,
};
use surety_prober::{Assignment, NetworkRef, OwnHead, Proof, Schedule, probe_round};

/// Local storage key, followed by the name of a network: SCALE `Vec<Vec<u8>>` of the node's own
/// anchor URLs.
pub const ANCHORS_KEY: &[u8] = b"surety/anchors/";
/// Local storage key: SCALE `Vec<Vec<u8>>` of hosts that the node does not probe, including all
/// names below them. IPv6 addresses are in brackets.
pub const DENY_KEY: &[u8] = b"surety/deny";

const REPORT_KEY: &[u8] = b"surety/report/";

/// Local storage key of the round that a prober began to probe. A run that ends before the report is
/// kept leaves it behind, so that a node removes it at its start, or the round is lost.
pub fn probing_key(prober: &ProberId) -> Vec<u8> {
	(b"surety/probing/".as_slice(), prober).encode()
}

/// Blocks after which a transaction that is not on chain yet is sent again. A round of five blocks
/// leaves two for a reveal, so there is no block to lose.
const RESEND: u32 = 1;
/// Rounds after which a local report is of no use.
const KEPT: RoundIndex = 4;
/// Older reports that are removed per block, for a node that was off for a while.
const CLEANED: RoundIndex = 8;
/// Share of a round, in percent, over which the probes start: an endpoint that serves only a part
/// of the round must not know which part.
const SPREAD: u64 = 80;
/// Share of a round, in percent, at which probing ends. The commit has two blocks more.
const DEADLINE: u64 = 100;
/// Targets probed at the same time. All of them may be dead, and each is owed the same patience:
/// with 8,192 targets in a minute, 4,096 at a time leave each more than a tenth of the minute,
/// which is the longest latency that terms may promise.
const CONCURRENCY: u32 = 4_096;

/// Report as the node keeps it locally.
#[derive(Clone, Debug, Decode, Encode, Eq, PartialEq)]
pub(crate) struct Local {
	pub salt: [u8; 32],
	pub report: Vec<u8>,
	/// Hash of the places that the report is about, in its order. On a fork on which a target was
	/// activated in another block the places may be others, and as many.
	pub places: [u8; 32],
	/// Block after which the commit was sent last.
	pub committed_at: Option<BlockNumber>,
	/// Block after which the reveal was sent last.
	pub revealed_at: Option<BlockNumber>,
}

/// Local storage key of the report of a round and prober.
pub(crate) fn report_key(round: RoundIndex, prober: &ProberId) -> Vec<u8> {
	(REPORT_KEY, round, prober).encode()
}

/// Reason to send nothing.
#[derive(Debug)]
enum Skip {
	/// No report of the round, or none that fits this fork.
	NoReport,
	/// The transaction is on chain, or the worker of another block sends it or just did.
	Sent,
	/// The keystore did not sign.
	NoSignature,
	/// The pool did not take the transaction.
	Pool,
}

/// Transaction of a report.
#[derive(Clone, Copy)]
enum Step {
	Commit,
	Reveal,
}

impl Local {
	fn sent_at(&mut self, step: Step) -> &mut Option<BlockNumber> {
		match step {
			Step::Commit => &mut self.committed_at,
			Step::Reveal => &mut self.revealed_at,
		}
	}
}

impl<T: Config> Pallet<T> {
	/// Work after the import of the block `Clock::now()`.
	pub(crate) fn work() {
		let now = T::Clock::now();
		let next = now.saturating_add(1);
		let round = T::Clock::round();
		for key in ProberId::all() {
			Self::clean(round, &key);
			let recent = |back: RoundIndex| round.checked_sub(back);
			for of in [recent(2), recent(1)].into_iter().flatten() {
				// Not in the block before the phase opens: the pool of a peer that has not imported
				// this block yet would refuse, and then ban, a transaction that comes too early.
				let open = |block| reveal_phase::<T::Clock>(of, block) == Phase::Open;
				if open(now) && open(next) {
					Self::log_sent(of, Self::send_reveal(of, &key));
				}
			}
			for of in [recent(1), recent(0)].into_iter().flatten() {
				if commit_phase::<T::Clock>(of, next) == Phase::Open {
					Self::log_sent(of, Self::send_commit(of, &key));
				}
			}
		}
		// Probing takes long: it comes after everything else is sent.
		for key in ProberId::all() {
			if Self::probe(round, &key) {
				Self::log_sent(round, Self::send_commit(round, &key));
			}
		}
	}

	fn log_sent(round: RoundIndex, sent: Result<(), Skip>) {
		match sent {
			Ok(()) => log::debug!(target: LOG_TARGET, "sent for round {round}"),
			Err(skip @ (Skip::NoReport | Skip::Sent)) => {
				log::trace!(target: LOG_TARGET, "round {round}: {skip:?}")
			},
			Err(skip) => {
				log::warn!(target: LOG_TARGET, "could not send for round {round}: {skip:?}")
			},
		}
	}

	fn clean(round: RoundIndex, key: &ProberId) {
		let Some(newest) = round.checked_sub(KEPT.saturating_add(1)) else { return };
		for old in newest.saturating_sub(CLEANED)..=newest {
			StorageValueRef::persistent(&report_key(old, key)).clear();
		}
	}

	/// Local report of a round, if it fits the snapshot of the round on this fork.
	fn local(round: RoundIndex, key: &ProberId) -> Result<(u16, Local), Skip> {
		let snapshot = Snapshots::<T>::get(round).ok_or(Skip::NoReport)?;
		let (index, _) = snapshot.find(key).ok_or(Skip::NoReport)?;
		let local: Local = StorageValueRef::persistent(&report_key(round, key))
			.get()
			.ok()
			.flatten()
			.ok_or(Skip::NoReport)?;
		let fits = !local.report.is_empty() && local.places == Self::places(round);
		fits.then_some((index, local)).ok_or(Skip::NoReport)
	}

	/// Hash of the places that a report of a round is about.
	fn places(round: RoundIndex) -> [u8; 32] {
		DuePages::<T>::get(round).using_encoded(blake2_256)
	}

	/// Take the right to send, unless another worker of this block did. Returns true if the
	/// transaction is sent for the first time.
	fn claim(round: RoundIndex, key: &ProberId, step: Step) -> Result<bool, Skip> {
		let now = T::Clock::now();
		let mut first = true;
		let claimed = StorageValueRef::persistent(&report_key(round, key)).mutate(
			|stored: Result<Option<Local>, _>| {
				let mut local = stored.ok().flatten().ok_or(())?;
				let sent = local.sent_at(step);
				first = sent.is_none();
				// A worker on a fork may run at a lower block than the one that sent.
				if sent.is_some_and(|at| now < at.saturating_add(RESEND)) {
					return Err(());
				}
				*sent = Some(now);
				Ok(local)
			},
		);
		claimed.map(|_| first).map_err(|_| Skip::Sent)
	}

	fn submit(
		round: RoundIndex,
		key: &ProberId,
		step: Step,
		first: bool,
		call: Call<T>,
	) -> Result<(), Skip> {
		let xt = T::create_authorized_transaction(call.into());
		SubmitTransaction::<T, Call<T>>::submit_transaction(xt).map_err(|()| {
			// As a rule the pool refuses because it still has the transaction from before.
			if !first {
				return Skip::Sent;
			}
			// The next block may try again.
			let _ = StorageValueRef::persistent(&report_key(round, key)).mutate(
				|stored: Result<Option<Local>, _>| {
					let mut local = stored.ok().flatten().ok_or(())?;
					*local.sent_at(step) = None;
					Ok::<Local, ()>(local)
				},
			);
			Skip::Pool
		})
	}

	fn send_commit(round: RoundIndex, key: &ProberId) -> Result<(), Skip> {
		let (index, Local { salt, report, .. }) = Self::local(round, key)?;
		if Reports::<T>::contains_key(round, index) {
			return Err(Skip::Sent);
		}
		let first = Self::claim(round, key, Step::Commit)?;
		let genesis = Self::genesis();
		let hash = commit_hash(genesis.as_ref(), round, key, &salt, &report);
		let payload = commit_payload(genesis.as_ref(), round, &hash);
		let signature = key.sign(&payload).ok_or(Skip::NoSignature)?;
		Self::submit(
			round,
			key,
			Step::Commit,
			first,
			Call::commit { round, index, hash, signature },
		)
	}

	fn send_reveal(round: RoundIndex, key: &ProberId) -> Result<(), Skip> {
		let (index, Local { salt, report, .. }) = Self::local(round, key)?;
		let hash = commit_hash(Self::genesis().as_ref(), round, key, &salt, &report);
		match Reports::<T>::get(round, index) {
			Some(Sent::Committed(committed)) if committed == hash => (),
			Some(Sent::Revealed(_)) => return Err(Skip::Sent),
			_ => return Err(Skip::NoReport),
		}
		let report = Report::try_from(report).map_err(|_| Skip::NoReport)?;
		let first = Self::claim(round, key, Step::Reveal)?;
		Self::submit(round, key, Step::Reveal, first, Call::reveal { round, index, salt, report })
	}

	/// Probe a round, unless another worker began to, and keep the report. Returns true if there is
	/// a new report.
	fn probe(round: RoundIndex, key: &ProberId) -> bool {
		let Some(snapshot) = Snapshots::<T>::get(round) else { return false };
		let Some((_, prober)) = snapshot.find(key) else { return false };
		let Some(schedule) = Self::schedule(round) else { return false };
		if snapshot.targets == 0 || !Self::begin_probing(round, key) {
			return false;
		}
		let due = DuePages::<T>::get(round);
		let due_targets = Self::assignments(round, &due, prober);
		let assignments: Vec<Assignment> = due_targets.iter().flatten().cloned().collect();
		let networks = Self::networks(&assignments);
		log::debug!(target: LOG_TARGET, "probing {} targets in round {round}", assignments.len());
		let random = sp_io::offchain::random_seed();
		let genesis = H256::from(hash_bytes(Self::genesis().as_ref()));
		let token = |service, nonce| {
			Some(ProberToken::sign(&genesis, round, service, nonce, key)?.to_header())
		};
		let findings = probe_round(&assignments, &networks, &schedule, Some(&token), random);
		let mut findings = findings.into_iter();
		let mut finding = |due: &Option<Assignment>| due.as_ref().and_then(|_| findings.next());
		let report: Vec<u8> = due_targets
			.iter()
			.map(|due| finding(due).unwrap_or(Finding::Abstained).to_byte())
			.collect();
		let local = Local {
			salt: sp_io::offchain::random_seed(),
			report,
			places: due.using_encoded(blake2_256),
			committed_at: None,
			revealed_at: None,
		};
		StorageValueRef::persistent(&report_key(round, key)).set(&local);
		true
	}

	/// Take the right to probe a round: the first worker to call gets it.
	fn begin_probing(round: RoundIndex, key: &ProberId) -> bool {
		let kept: Result<Option<Local>, _> =
			StorageValueRef::persistent(&report_key(round, key)).get();
		if !matches!(kept, Ok(None)) {
			return false;
		}
		StorageValueRef::persistent(&probing_key(key))
			.mutate(|begun: Result<Option<RoundIndex>, _>| match begun {
				Ok(Some(begun)) if begun == round => Err(()),
				_ => Ok(round),
			})
			.is_ok()
	}

	/// Schedule of the probes, counted from now; `None` if it is too late in the round.
	pub(crate) fn schedule(round: RoundIndex) -> Option<Schedule> {
		let slot = T::Clock::slot_ms();
		let length = slot.saturating_mul(u64::from(T::Clock::round_blocks()));
		let passed = T::Clock::now().saturating_sub(T::Clock::round_start(round));
		let passed = slot.saturating_mul(u64::from(passed));
		let share = |percent: u64| length.saturating_mul(percent).checked_div(100).unwrap_or(0);
		let left = share(DEADLINE).checked_sub(passed).filter(|left| *left > 0)?;
		let start = sp_io::offchain::timestamp();
		Some(Schedule {
			start,
			spread_ms: share(SPREAD).saturating_sub(passed),
			deadline: start.add(Duration::from_millis(left)),
			concurrency: CONCURRENCY,
		})
	}

	/// Probes of a round, one entry per byte of the report; `None` where no target is (any more).
	fn assignments(
		round: RoundIndex,
		due: &[Due],
		prober: &Prober<T::AccountId>,
	) -> Vec<Option<Assignment>> {
		let kept: Vec<Vec<u8>> =
			StorageValueRef::persistent(DENY_KEY).get().ok().flatten().unwrap_or_default();
		let denied = deny_list(&kept);
		let mut assignments = Vec::new();
		for Due { page: id, mask } in due {
			let page = Pages::<T>::get(id);
			for slot in bits(*mask) {
				let row = page
					.get(usize::from(slot))
					.and_then(Option::as_ref)
					.filter(|row| row.is_due(round));
				let active = id.is_active();
				assignments.push(
					row.and_then(|row| Self::assignment(round, active, row, prober, &denied)),
				);
			}
		}
		assignments
	}

	/// Probe of one row in a round; `None` if its listing is gone.
	pub(crate) fn assignment(
		round: RoundIndex,
		active: bool,
		row: &Row<T::AccountId>,
		prober: &Prober<T::AccountId>,
		denied: &BTreeSet<Host>,
	) -> Option<Assignment> {
		let Service { operator, kind, endpoint, terms, .. } = T::Registry::listing(row.target)?;
		let skip = if operator == prober.account {
			Some(Finding::Skipped)
		} else {
			is_denied(&endpoint, denied).then_some(Finding::Abstained)
		};
		// Control is proven before a service may be sold, again in the first round of every window,
		// and whenever the last verdict is bad: names can be pointed at a stranger's address. Idle
		// services take turns and may miss that round. A lease runs on the server of a service that
		// proves control.
		let window = T::Clock::window_of(round);
		let bad = row.last.is_some_and(|(_, verdict)| verdict == Verdict::Bad);
		let turns = round == T::Clock::window_start(window) || (!active && row.window != window);
		let proving = T::Clock::proof_required() && (row.unproven || bad || turns);
		let proof = row.target.service().filter(|_| proving).map(|service| Proof {
			expected: operator.using_encoded(|operator| {
				endpoint::control_hash(Self::genesis().as_ref(), operator, service, &endpoint)
			}),
			pending: row.unproven,
		});
		Some(Assignment {
			target: row.target,
			genesis: hash_bytes(Self::genesis().as_ref()),
			kind,
			endpoint: endpoint.into_inner(),
			max_head_lag: terms.max_head_lag,
			skip,
			proof,
		})
	}

	/// Networks of the probes and all others, with the node's own anchors before the listed ones.
	/// The networks that no probe is of are there for their anchors, which show if the node is cut
	/// off.
	pub(crate) fn networks(assignments: &[Assignment]) -> Vec<NetworkRef> {
		let probed = assignments.iter().filter_map(|assignment| assignment.kind.network());
		let ids: BTreeSet<NetworkId> = probed.chain(T::Registry::ids()).collect();
		ids.into_iter()
			.filter_map(|id| {
				let network = T::Registry::network(id)?;
				let key = [ANCHORS_KEY, &network.name].concat();
				let mut anchors: Vec<Vec<u8>> =
					StorageValueRef::persistent(&key).get().ok().flatten().unwrap_or_default();
				for listed in network.anchors {
					let listed = listed.into_inner();
					if !anchors.contains(&listed) {
						anchors.push(listed);
					}
				}
				let own =
					network.own.then(|| OwnHead::new(T::Clock::now(), Self::block_hash_bytes));
				Some(NetworkRef { id, protocol: network.protocol, own, anchors })
			})
			.collect()
	}

	fn block_hash_bytes(block: u32) -> Option<[u8; 32]> {
		let hash = frame_system::Pallet::<T>::block_hash(BlockNumberFor::<T>::from(block));
		(hash != T::Hash::default()).then(|| hash_bytes(hash.as_ref()))
	}
}

fn hash_bytes(hash: &[u8]) -> [u8; 32] {
	hash.try_into().unwrap_or_default()
}

/// Local deny list, with each host spelled as in a listing's URL. Entries that are no host of a URL
/// are left out.
pub(crate) fn deny_list(kept: &[Vec<u8>]) -> BTreeSet<Host> {
	kept.iter().filter_map(|host| endpoint::normalise(host).ok()).collect()
}

/// True if the deny list has the host of a URL or a name above that host.
pub(crate) fn is_denied(url: &[u8], denied: &BTreeSet<Host>) -> bool {
	let Ok(origin) = endpoint::origin(url) else { return false };
	endpoint::lineage(&origin.host).any(|host| denied.contains(&host))
}

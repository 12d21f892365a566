// SPDX-License-Identifier: Apache-2.0

//! Statement on a breach, as text and as fields.
//!
//! The fields have the JSON form of the runtime API: amounts are base units as decimal strings,
//! shares are parts of 1,000,000,000.

use super::fold::{Credit, Facts, JudgedRound, Message};
use serde::Serialize;
use std::{collections::BTreeMap, fmt};
use surety_primitives::{
	AssetId, Balance, Breach, BreachKind, Endpoint, LatencyBucket, RoundIndex, Severity, SlaTerms,
	Target, Verdict, WindowShare, json, report::Finding,
};
use surety_runtime::{AccountId, BlockNumber, Hash};

/// Maximum line length of the text.
const WIDTH: usize = 100;
/// Width of the column of names.
const NAMES: usize = 12;
/// Decimals of the native token.
const DECIMALS: u32 = 12;

/// Verified statement on a breach.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Statement {
	/// Genesis block of the chain.
	pub genesis: Hash,
	/// Service or lease in breach.
	pub target: Target,
	/// Number of the breach, counted per target.
	pub number: u32,
	/// Account whose bond was slashed.
	pub operator: AccountId,
	/// URL that was probed.
	#[serde(with = "json")]
	pub endpoint: Endpoint,
	/// Asset of all amounts.
	pub asset: AssetId,
	/// Terms of the target.
	pub terms: SlaTerms,
	/// First round of the window.
	pub first_round: RoundIndex,
	/// Rounds per window.
	pub window_rounds: u16,
	/// Blocks per round.
	pub round_blocks: u32,
	/// Breach as the chain recorded it.
	#[serde(flatten)]
	pub breach: Breach,
	/// Rounds that count against the allowance, in order.
	pub rounds: Vec<RoundStatement>,
	/// Amount due to tenants.
	#[serde(with = "json")]
	pub credit_due: Balance,
	/// Amount due to the treasury.
	#[serde(with = "json")]
	pub penalty_due: Balance,
	/// Block of the breach.
	pub block: BlockNumber,
	/// Credit of each agreement.
	pub agreements: Vec<Credit>,
	/// Statement as text.
	pub text: String,
}

/// Counted round.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RoundStatement {
	/// Round.
	pub round: u32,
	/// Block that judged it.
	pub block: BlockNumber,
	/// Root of all reports of the round.
	pub root: Hash,
	/// Accounts of the probers.
	pub probers: Vec<String>,
	/// Indices into `probers`, grouped by finding.
	pub findings: BTreeMap<String, Vec<usize>>,
	/// Number of probers that committed.
	pub committed: usize,
	/// Number of probers that revealed.
	pub revealed: usize,
	/// Number of probers whose report was ignored as blind.
	pub blind: usize,
	/// Verdict.
	pub verdict: String,
	/// Number of counted rounds, including this one.
	pub count: u16,
}

impl Statement {
	/// Statement on verified facts.
	pub(super) fn of(facts: &Facts, genesis: Hash) -> Self {
		let Facts { clock, listing, breach, .. } = facts;
		Self {
			genesis,
			target: facts.target,
			number: facts.number,
			operator: listing.operator.clone(),
			endpoint: listing.endpoint.clone(),
			asset: listing.asset,
			terms: listing.terms.clone(),
			first_round: breach.window.saturating_mul(clock.window_rounds.into()),
			window_rounds: clock.window_rounds,
			round_blocks: clock.round_blocks,
			breach: breach.clone(),
			rounds: facts
				.rounds
				.iter()
				.map(|round| RoundStatement::of(round, breach.kind))
				.collect(),
			credit_due: facts.cost,
			penalty_due: facts.penalty,
			block: facts.rounds.last().map_or(0, |round| round.block),
			agreements: facts.credits.clone(),
			text: text(facts, genesis),
		}
	}
}

impl fmt::Display for Statement {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		f.write_str(&self.text)
	}
}

impl RoundStatement {
	fn of(round: &JudgedRound, kind: BreachKind) -> Self {
		let is = |wanted: fn(&Message) -> bool| {
			round.messages.iter().filter(|message| wanted(message)).count()
		};
		let mut findings: BTreeMap<String, Vec<usize>> = BTreeMap::new();
		for (prober, message) in round.messages.iter().enumerate() {
			findings.entry(finding_text(*message)).or_default().push(prober);
		}
		Self {
			round: round.round,
			block: round.block,
			root: round.root,
			probers: round.probers.iter().map(ToString::to_string).collect(),
			findings,
			committed: is(|message| *message != Message::Absent),
			revealed: is(|message| matches!(message, Message::Report { .. })),
			blind: is(|message| matches!(message, Message::Report { blind: true, .. })),
			verdict: verdict(round),
			count: round.after.against(kind),
		}
	}
}

/// Target with its kind, in words.
pub(super) fn target_name(target: Target) -> String {
	match target {
		Target::Service(id) => format!("service {id}"),
		Target::Lease(id) => format!("lease {id}"),
	}
}

fn kind(kind: BreachKind) -> &'static str {
	match kind {
		BreachKind::Downtime => "downtime",
		BreachKind::Slow => "slow",
		BreachKind::BadData => "badData",
		BreachKind::Misbehaviour => "misbehaviour",
	}
}

fn severity(severity: Severity) -> &'static str {
	match severity {
		Severity::Low => "low",
		Severity::Medium => "medium",
		Severity::High => "high",
		Severity::Critical => "critical",
	}
}

fn verdict(round: &JudgedRound) -> String {
	match round.verdict {
		Verdict::Up { latency } => format!("up, {}", millis(latency)),
		Verdict::Down => "down".into(),
		Verdict::Bad => "bad".into(),
		Verdict::Stale => "stale".into(),
		Verdict::Unclear => "unclear".into(),
		Verdict::Unmeasured if round.stalled => "unmeasured: the chain stalled".into(),
		Verdict::Unmeasured => "unmeasured".into(),
		Verdict::Excused => "excused".into(),
	}
}

/// Message of a prober in words.
fn finding_text(message: Message) -> String {
	let (finding, blind) = match message {
		Message::Absent => return "no commit".into(),
		Message::Hidden => return "no reveal".into(),
		Message::Report { finding, blind } => (finding, blind),
	};
	let said = match finding {
		Finding::Up(latency) => format!("up, {}", millis(latency)),
		Finding::Down => "down".into(),
		Finding::Bad(latency) => format!("bad, {}", millis(latency)),
		Finding::Stale(latency) => format!("stale, {}", millis(latency)),
		Finding::NoProof => "no proof".into(),
		Finding::InDoubt => "in doubt".into(),
		Finding::Abstained => "abstained".into(),
		Finding::Skipped => "skipped".into(),
	};
	if blind { format!("{said}, blind") } else { said }
}

fn millis(latency: LatencyBucket) -> String {
	format!("{} ms", latency.edge_millis())
}

/// Decimal fraction without trailing zeros.
fn decimal(number: u128, decimals: u32) -> String {
	let digits = format!(
		"{number:0>width$}",
		width = usize::try_from(decimals).unwrap_or(0).saturating_add(1)
	);
	let point = digits.len().saturating_sub(usize::try_from(decimals).unwrap_or(0));
	let (whole, rest) = digits.split_at_checked(point).unwrap_or((&digits, ""));
	match rest.trim_end_matches('0') {
		"" => whole.into(),
		rest => format!("{whole}.{rest}"),
	}
}

fn percent(share: WindowShare) -> String {
	format!("{} %", decimal(share.into_inner().into(), 7))
}

fn windows(share: WindowShare) -> String {
	decimal(share.into_inner().into(), 9)
}

fn coins(asset: AssetId, amount: Balance) -> String {
	match asset {
		AssetId::Native => format!("{} SURE", decimal(amount, DECIMALS)),
		AssetId::Local(id) => format!("{amount} base units of asset {id}"),
	}
}

fn units(units: u32) -> String {
	if units == 1 { "1 unit".into() } else { format!("{units} units") }
}

/// Amount taken, with the amount due if the bond did not cover it.
fn taken(asset: AssetId, taken: Balance, due: Balance) -> String {
	if taken == due {
		coins(asset, taken)
	} else {
		format!("{} of {}", coins(asset, taken), coins(asset, due))
	}
}

/// Text in two columns.
#[derive(Default)]
struct Lines(String);

impl Lines {
	/// Add a name and its wrapped description.
	fn add(&mut self, name: &str, words: &str) {
		let mut line = format!("{name:<NAMES$}");
		let mut is_first = true;
		for word in words.split(' ') {
			let length =
				line.chars().count().saturating_add(word.chars().count()).saturating_add(1);
			if !is_first && length > WIDTH {
				self.line(&line);
				line = " ".repeat(NAMES);
				is_first = true;
			}
			if !is_first {
				line.push(' ');
			}
			line.push_str(word);
			is_first = false;
		}
		self.line(&line);
	}

	fn line(&mut self, line: &str) {
		self.0.push_str(line.trim_end());
		self.0.push('\n');
	}
}

fn text(facts: &Facts, genesis: Hash) -> String {
	let mut lines = Lines::default();
	lines.line(&format!("Breach {} of {}", facts.number, target_name(facts.target)));
	lines.line("");
	add_listing(&mut lines, facts);
	for round in &facts.rounds {
		add_round(&mut lines, &RoundStatement::of(round, facts.breach.kind));
	}
	lines.line("");
	add_breach(&mut lines, facts);
	lines.line("");
	add_payments(&mut lines, facts);
	lines.line("");
	lines.add("chain", &format!("{genesis:?}"));
	lines.line("verified");
	lines.0
}

fn add_listing(lines: &mut Lines, facts: &Facts) {
	let Facts { clock, listing, breach, .. } = facts;
	let terms = &listing.terms;
	lines.add("operator", &listing.operator.to_string());
	lines.add("endpoint", &String::from_utf8_lossy(&listing.endpoint));
	let credits = terms.credit.map(percent).join(", ");
	lines.add(
		"terms",
		&format!(
			"up in {} % of the rounds, answers within {} ms, credits {credits} of a window's price, \
			 at most {} windows' prices in all",
			decimal(terms.min_uptime.deconstruct().into(), 7),
			terms.max_latency.edge_millis(),
			windows(terms.cover),
		),
	);
	let first = breach.window.saturating_mul(clock.window_rounds.into());
	let last = first.saturating_add(clock.window_rounds.into()).saturating_sub(1);
	lines.add(
		"window",
		&format!("{}: rounds {first} to {last}, {} blocks each", breach.window, clock.round_blocks),
	);
}

fn add_round(lines: &mut Lines, round: &RoundStatement) {
	lines.line("");
	lines.add("round", &format!("{}, judged in block {}", round.round, round.block));
	lines.add("  reports", &format!("{:?}", round.root));
	let RoundStatement { committed, revealed, blind, .. } = round;
	lines.add("", &format!("{committed} committed, {revealed} revealed, {blind} blind"));
	for (finding, probers) in &round.findings {
		let probers: Vec<String> = probers.iter().map(usize::to_string).collect();
		lines.add("", &format!("{finding}: prober {}", probers.join(" ")));
	}
	lines.add("  verdict", &format!("{}, counts as number {}", round.verdict, round.count));
}

fn add_breach(lines: &mut Lines, facts: &Facts) {
	let Facts { listing, breach, .. } = facts;
	let counted = breach.counters.against(breach.kind);
	let before = breach.before.map_or("none", severity);
	lines.add(
		"counted",
		&format!(
			"{counted} of {}, {} allowed: tier {}, {before} before",
			kind(breach.kind),
			breach.allowance,
			severity(breach.severity),
		),
	);
	let counters = breach.counters;
	lines.add(
		"counters",
		&format!(
			"up {} ({} slow), down {}, bad {}, stale {}, unclear {}, unmeasured {}, excused {}",
			counters.up,
			counters.slow,
			counters.down,
			counters.bad,
			counters.stale,
			counters.unclear,
			counters.unmeasured,
			counters.excused,
		),
	);
	let credits = &listing.terms.credit;
	let credit = |tier: Severity| credits.get(tier.index()).copied().unwrap_or_default();
	lines.add(
		"credit",
		&format!(
			"({} - {}) x {} for repetition = {} of a window's price",
			percent(credit(breach.severity)),
			percent(breach.before.map(credit).unwrap_or_default()),
			breach.multiplier,
			percent(breach.demanded),
		),
	);
	lines.add(
		"index",
		&format!(
			"{} -> {} windows' prices",
			windows(breach.index_before),
			windows(breach.index_after)
		),
	);
	let rate = coins(listing.asset, breach.rate);
	lines.add("rate", &format!("{rate} per block, all agreements that count"));
}

fn add_payments(lines: &mut Lines, facts: &Facts) {
	let Facts { listing, breach, .. } = facts;
	let coins = |amount| coins(listing.asset, amount);
	let block = facts.rounds.last().map_or(0, |round| round.block);
	lines.add("slash", &format!("in block {block}, out of the operator's bond"));
	lines.add("  tenants", &taken(listing.asset, breach.credited, facts.cost));
	lines.add("  treasury", &taken(listing.asset, breach.penalty, facts.penalty));
	for credit in &facts.credits {
		lines.add("agreement", &format!("{} of {}", credit.agreement, credit.tenant));
		lines.add(
			"  credit",
			&format!(
				"{} now, {} as it pays more (paid {}; {} at {} per block, since index {})",
				coins(credit.now),
				coins(credit.later),
				coins(credit.paid),
				units(credit.units),
				coins(credit.rate),
				windows(credit.base),
			),
		);
	}
}

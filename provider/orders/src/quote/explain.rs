// SPDX-License-Identifier: Apache-2.0

//! Order and cost in words.

use super::{ChainRules, Quote};
use crate::compose::{Compose, show_amount, show_cpus, show_millis, show_share};
use surety_primitives::{AssetId, BlockNumber, PortProtocol, TermsFault, TermsInput};

/// Hours' milliseconds, for prices per hour.
const HOUR_MS: u128 = 3_600_000;

/// Text of a fault of terms.
pub(super) fn terms_fault(fault: TermsFault, rules: &ChainRules) -> String {
	match fault {
		TermsFault::Uptime => "`min_uptime` is above 100%".into(),
		TermsFault::Latency => {
			let tenth = rules.millis(rules.round_blocks).checked_div(10).unwrap_or(0);
			format!("`max_latency` is above 0 and at most a tenth of a round, {tenth}ms")
		},
		TermsFault::ZeroCover => "`cover` is zero".into(),
		TermsFault::CreditsFall => "a credit is below that of a milder breach".into(),
		TermsFault::CreditAboveCover => "a credit is above `cover`".into(),
		TermsFault::CreditAboveMax => {
			format!("a credit is above the maximum of the chain, {} windows", rules.max_credit)
		},
	}
}

impl Compose {
	/// The order in words: one line per subject.
	pub fn explain(&self, quote: &Quote, rules: &ChainRules) -> String {
		let lines = [
			self.subject(),
			self.times(quote, rules),
			self.bids(quote, rules),
			self.money(quote),
			self.returns(quote, rules),
			self.leaving(quote, rules),
			self.failover(rules),
			self.promise(),
			self.private(),
		];
		lines.concat()
	}

	fn amount(&self, amount: u128) -> String {
		show_amount(amount, self.asset == AssetId::Native)
	}

	fn subject(&self) -> String {
		let r = &self.resources;
		let mut parts = Vec::new();
		if r.cpu_milli > 0 {
			let cpus = show_cpus(r.cpu_milli);
			parts.push(format!("{cpus} CPUs"));
		}
		for (value, unit) in [
			(r.memory_mib, "MiB memory"),
			(r.storage_gib, "GiB storage"),
			(r.bandwidth_mbit, "Mbit/s"),
		] {
			if value > 0 {
				parts.push(format!("{value} {unit}"));
			}
		}
		if r.gpus > 0 {
			let class = String::from_utf8_lossy(&r.gpu_class);
			let class = if class.is_empty() { "any class".into() } else { class };
			parts.push(format!("{} GPUs of {class}", r.gpus));
		}
		let ports = self.ports.iter().map(|port| {
			let protocol = match port.protocol {
				PortProtocol::Tcp => "tcp",
				PortProtocol::Udp => "udp",
			};
			format!("{}/{protocol}", port.container)
		});
		let ports = ports.collect::<Vec<_>>();
		let ports = if ports.is_empty() { "none".into() } else { ports.join(", ") };
		let digest =
			self.image.digest.map(|digest| format!("@sha256:{}", crate::hex::encode(&digest)));
		format!(
			"Order    {} x {}{}\nEach     {}\nPorts    {ports}\n",
			self.quantity,
			self.image.name,
			digest.unwrap_or_default(),
			parts.join(", "),
		)
	}

	fn times(&self, quote: &Quote, rules: &ChainRules) -> String {
		let regions: Vec<_> = self.regions.iter().map(|region| String::from(*region)).collect();
		let regions = if regions.is_empty() { "any region".into() } else { regions.join(", ") };
		format!(
			"Runs     {} ({} blocks, {} rounds) from the first start on, in {regions}\n",
			show_millis(rules.millis(quote.duration)),
			quote.duration,
			quote.rounds,
		)
	}

	fn bids(&self, quote: &Quote, rules: &ChainRules) -> String {
		let hourly = self.max_price.checked_mul(HOUR_MS);
		let hourly = hourly.and_then(|price| price.checked_div(u128::from(rules.slot_ms)));
		let hourly = hourly.map(|price| format!(" ({} an hour)", self.amount(price)));
		let choice = if self.auto_match {
			"the best bid wins"
		} else {
			"you accept bids before that, or everything is refunded"
		};
		format!(
			"Bids     until block {} (in {}), at most {} per replica and block{}; {choice}; \
			 bidders have trust level {} at least\n",
			quote.bid_deadline,
			show_millis(rules.millis(quote.bidding)),
			self.amount(self.max_price),
			hourly.unwrap_or_default(),
			u8::from(self.min_trust),
		)
	}

	fn money(&self, quote: &Quote) -> String {
		let mut text = format!(
			"Held     {} per replica, {} in all, and {} for the order itself\n\
			 Cost     at most {} per replica, {} in all; rounds without service cost nothing\n",
			self.amount(quote.deposit),
			self.amount(quote.held),
			show_amount(quote.order_deposit, true),
			self.amount(quote.max_cost),
			self.amount(quote.max_cost_all),
		);
		if quote.paid_blocks < quote.duration {
			text.push_str(&format!(
				"Warning  at the maximum price the deposit ends after {} of {} blocks; add funds by \
				 `topUp`, or deposit more\n",
				quote.paid_blocks, quote.duration,
			));
		}
		text
	}

	fn returns(&self, quote: &Quote, rules: &ChainRules) -> String {
		format!(
			"Returned the unspent deposit when a replica is over, all of it if nobody runs it; the \
			 {} by `removeOrder`, {} after the end of the order\n",
			show_amount(quote.order_deposit, true),
			show_millis(rules.millis(rules.keep_blocks)),
		)
	}

	fn leaving(&self, quote: &Quote, rules: &ChainRules) -> String {
		let trial = rules.round_blocks.checked_mul(rules.trial_rounds).unwrap_or(BlockNumber::MAX);
		format!(
			"Leaving  free before a start, for the used rounds within {} after it; later at least \
			 the price of the first window, at most {} per replica\n",
			show_millis(rules.millis(trial)),
			self.amount(quote.leaving_cost),
		)
	}

	fn failover(&self, rules: &ChainRules) -> String {
		let limit = match self.failover_price {
			None => "a standing bid takes over up to the price of the first lease".into(),
			Some(0) => "no bid takes over unless you accept it".into(),
			Some(price) => format!("a standing bid takes over up to {}", self.amount(price)),
		};
		format!(
			"Failover {limit} (up to the maximum price until a lease was ready); without one, new \
			 bids are taken for {}\n",
			show_millis(rules.millis(rules.reopen_blocks)),
		)
	}

	fn promise(&self) -> String {
		let Some(terms) = &self.terms else {
			return "Terms    those of the bidder's service\n".into();
		};
		let TermsInput { min_uptime, max_latency_ms, credit, cover, .. } = terms;
		let [low, medium, high, critical] = credit.map(|credit| show_share(credit.into_inner()));
		format!(
			"Terms    up in {} of the rounds, answers within {max_latency_ms}ms; credits of {low}, \
			 {medium}, {high} and {critical} of a window's price, {} in all\n",
			show_share(u64::from(*min_uptime)),
			show_share(cover.into_inner()),
		)
	}

	fn private(&self) -> String {
		let manifest = &self.manifest;
		if manifest.is_empty() {
			return "Private  nothing\n".into();
		}
		let login = if manifest.login.is_some() { ", a login" } else { "" };
		format!(
			"Private  {} arguments, {} variables, {} files{login}: only the chosen operator reads \
			 them; the chain has a salted hash\n",
			manifest.entrypoint.len().saturating_add(manifest.command.len()),
			manifest.environment.len(),
			manifest.files.len(),
		)
	}
}

// SPDX-License-Identifier: Apache-2.0

//! Comparison of a sampled share of answers between operators.

use super::{
	attempt::{Attempt, attempt, attempt_timeout, now},
	call::Prepared,
	fetch::Fetched,
	network::{Network, count},
	upstreams::Member,
	worker::Worker,
};
use crate::{
	routing::{Account, Judgement, outvoted, same},
	rpc::{self, CachePolicy},
};
use bytes::Bytes;
use std::sync::Arc;

/// Longest answer that is compared.
const MAX_BYTES: usize = 256 * 1024;
/// Times that an error or an answer without data is compared more often than one with data: they
/// are the cheapest to make up.
const WITHOUT_DATA: f64 = 10.0;
/// Answers compared for each one outvoted, below which all answers of a service are compared.
const SUSPECT: u64 = 20;

impl Worker {
	/// Ask another operator too for a share of the answers, in the background.
	///
	/// Constants are always compared: one wrong answer would be served for long.
	pub(super) fn compare_at_times(
		&self,
		network: &Arc<Network>,
		prepared: &Prepared,
		fetched: &Fetched,
	) {
		let fixed = prepared.number.is_some()
			|| prepared.by_hash
			|| matches!(prepared.method.cache, CachePolicy::Answer | CachePolicy::Forever);
		let has_data = fetched.judgement == Judgement::Found;
		let suitable = prepared.method.is_comparable()
			&& fixed && (has_data
			|| matches!(fetched.judgement, Judgement::Empty | Judgement::CallerError))
			&& fetched.body.len() <= MAX_BYTES
			&& prepared.is_known_block();
		let (compared, outvoted) = fetched.member.state.comparisons();
		let share = match prepared.method.cache {
			CachePolicy::Forever => 1.0,
			_ if outvoted.saturating_mul(SUSPECT) > compared => 1.0,
			_ if has_data => self.gateway().settings.compare_share,
			_ => self.gateway().settings.compare_share * WITHOUT_DATA,
		};
		if !suitable
			|| !self.random().chance(share)
			|| network.group.members().operators < 2
			|| !network.group.mirrors.spend(now())
		{
			return;
		}
		let (worker, network, prepared) = (self.clone(), Arc::clone(network), prepared.clone());
		let (member, body) = (Arc::clone(&fetched.member), fetched.body.clone());
		self.in_background(async move {
			worker.compare(&network, &prepared, member, body).await;
		});
	}

	async fn compare(
		&self,
		network: &Arc<Network>,
		prepared: &Prepared,
		member: Arc<Member>,
		body: Bytes,
	) {
		let mut asked = vec![member.spec.account];
		let Some(second) = self.ask(network, prepared, &mut asked).await else { return };
		// The others have data, so an answer without any differs from theirs.
		let own = result(&body).unwrap_or(b"null");
		let agrees = result(&second.body).and_then(|other| same(own, other));
		let Some(agrees) = agrees else { return };
		count(&network.counts.compared);
		if agrees {
			member.state.note_comparison(true);
			second.member.state.note_comparison(true);
			return;
		}
		// A reorganisation in between is no lie.
		let now_known = prepared.number.and_then(|number| network.heads.hash_at(number));
		let moved = prepared.number.is_some() && now_known != prepared.hash;
		if moved || self.is_recent(network, prepared, &body) {
			return;
		}
		count(&network.counts.disagreed);
		let third = self.ask(network, prepared, &mut asked).await;
		let loser = third.as_ref().and_then(|third| {
			let results = [own, result(&second.body)?, result(&third.body)?];
			let members = [&member, &second.member, &third.member];
			members.get(outvoted(results)?).map(|member| Arc::clone(member))
		});
		let method = &prepared.payload.method;
		tracing::warn!(
			network = network.settings.name,
			method,
			first = member.label(),
			second = second.member.label(),
			outvoted = loser.as_ref().map(|member| member.label()),
			"operators gave different answers to the same call"
		);
		if let Some(loser) = loser {
			loser.state.note_comparison(false);
			loser.state.blame(prepared.payload.class, now());
			if let Some(cache) = &self.gateway().cache {
				cache.distrust(loser.spec.service);
			}
		}
	}

	/// Result of an operator that was not asked.
	async fn ask(
		&self,
		network: &Arc<Network>,
		prepared: &Prepared,
		asked: &mut Vec<Account>,
	) -> Option<Attempt> {
		let at = now();
		let chosen = self.pick(network, prepared, asked, false, at).ok()?;
		asked.push(chosen.member.spec.account);
		let class = prepared.payload.class;
		let usual = network.group.latencies(class).usual();
		let timeout = attempt_timeout(usual, class, prepared.left(at));
		let payload = Arc::clone(&prepared.payload);
		let answer = attempt(self.clone(), chosen.member, payload, timeout, at).await;
		(answer.judgement == Judgement::Found).then_some(answer)
	}

	/// True if an answer names its block itself and that block is not final: operators may rightly
	/// be on different forks.
	fn is_recent(&self, network: &Network, prepared: &Prepared, body: &[u8]) -> bool {
		if prepared.method.cache != CachePolicy::Answer {
			return false;
		}
		let number = result(body)
			.and_then(|result| rpc::json::member(result, b"blockNumber"))
			.and_then(rpc::json::quantity);
		number > network.heads.finalized()
	}
}

fn result(body: &[u8]) -> Option<&[u8]> {
	rpc::json::member(body, b"result")
}

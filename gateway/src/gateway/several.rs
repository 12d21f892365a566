// SPDX-License-Identifier: Apache-2.0

//! Answers of several operators at once: broadcast of transactions, highest nonce, median price.

use super::{
	attempt::{Attempt, attempt, attempt_timeout, now},
	call::Prepared,
	fetch::{Fetched, Landed, Rank, rank, record},
	network::Network,
	worker::Worker,
};
use crate::{
	routing::{Account, Judgement, NoChoice, Reason},
	rpc,
};
use futures::{StreamExt, stream::FuturesUnordered};
use std::{future::Future, pin::Pin, sync::Arc, time::Duration};
use tokio::sync::oneshot;

/// Time that slower operators have after the first answer, at least.
const LEAST_GRACE: Duration = Duration::from_millis(100);

type Sent = FuturesUnordered<Pin<Box<dyn Future<Output = Attempt>>>>;

impl Worker {
	/// Send to several different operators. Empty if none can be chosen.
	fn send_to_several(
		&self,
		network: &Arc<Network>,
		prepared: &Prepared,
	) -> Result<(Sent, Reason), NoChoice> {
		let group = &network.group;
		let at = now();
		let class = prepared.payload.class;
		let timeout = attempt_timeout(group.latencies(class).usual(), class, prepared.left(at));
		let sent = Sent::new();
		let mut asked: Vec<Account> = Vec::new();
		let mut reason = None;
		while asked.len() < self.gateway().settings.fan_out.max(1) {
			let chosen = match self.pick(network, prepared, &asked, false, at) {
				Ok(chosen) => chosen,
				Err(none) if asked.is_empty() => return Err(none),
				Err(_) => break,
			};
			asked.push(chosen.member.spec.account);
			reason.get_or_insert(chosen.reason);
			let payload = Arc::clone(&prepared.payload);
			sent.push(Box::pin(attempt(self.clone(), chosen.member, payload, timeout, at)));
		}
		Ok((sent, reason.unwrap_or(Reason::Relaxed)))
	}

	/// Send a transaction to several operators; the first result counts. The others are reached even
	/// if the caller leaves.
	pub(super) async fn broadcast(&self, network: &Arc<Network>, prepared: &Prepared) -> Landed {
		let Ok((mut sent, reason)) = self.send_to_several(network, prepared) else {
			return self.fetch(network, prepared).await;
		};
		let (sender, receiver) = oneshot::channel();
		let (judged, own) = (prepared.clone(), Arc::clone(network));
		tokio::task::spawn_local(async move {
			let mut sender = Some(sender);
			let mut best: Option<Attempt> = None;
			while let Some(attempt) = sent.next().await {
				let attempt = record(&own, attempt);
				if attempt.judgement == Judgement::Found
					&& let Some(sender) = sender.take()
				{
					// A caller that left needs no answer.
					let _ = sender.send(Some(attempt));
					continue;
				}
				let better = |best: &Attempt| rank(&judged, &attempt) > rank(&judged, best);
				if best.as_ref().is_none_or(better) {
					best = Some(attempt);
				}
			}
			if let Some(sender) = sender {
				let _ = sender.send(best);
			}
		});
		match receiver.await {
			Ok(Some(attempt)) if rank(prepared, &attempt) > Rank::Failed => {
				Ok(one_of(prepared, attempt, reason))
			},
			// None answered: once more, one after the other.
			_ => self.fetch(network, prepared).await,
		}
	}

	/// Ask several operators and take the answer that `combine` selects of their results.
	pub(super) async fn several(
		&self,
		network: &Arc<Network>,
		prepared: &Prepared,
		combine: fn(&[&[u8]]) -> Option<usize>,
	) -> Landed {
		let Ok((mut sent, reason)) = self.send_to_several(network, prepared) else {
			return self.fetch(network, prepared).await;
		};
		let mut answers: Vec<Attempt> = Vec::new();
		let mut grace = prepared.left(now());
		while let Ok(Some(attempt)) = tokio::time::timeout(grace, sent.next()).await {
			let attempt = record(network, attempt);
			if attempt.judgement == Judgement::Found {
				// A slow operator does not hold up the others for long.
				grace = attempt.latency.saturating_mul(3).max(LEAST_GRACE).min(grace);
				answers.push(attempt);
			}
		}
		if !sent.is_empty() {
			self.in_background(async move { while sent.next().await.is_some() {} });
		}
		let results: Vec<&[u8]> =
			answers.iter().filter_map(|attempt| rpc::answer(&attempt.body)?.result).collect();
		let chosen = if results.len() == answers.len() { combine(&results) } else { None };
		match chosen {
			Some(index) if index < answers.len() => {
				Ok(one_of(prepared, answers.swap_remove(index), reason))
			},
			// No number among the answers: that of one operator, with its error.
			_ => self.fetch(network, prepared).await,
		}
	}
}

/// Answer of one attempt.
pub(super) fn one_of(prepared: &Prepared, attempt: Attempt, reason: Reason) -> Fetched {
	Fetched {
		member: attempt.member,
		reason,
		attempts: 1,
		hedged: false,
		upstream: attempt.latency,
		judgement: attempt.judgement,
		body: attempt.body,
		id: prepared.payload.id.clone(),
	}
}

// SPDX-License-Identifier: Apache-2.0

//! Blocks and logs that a machine needs, fetched from the upstream that it follows: only that one
//! surely has the ancestors of what it announced.

use super::machine::Need;
use crate::{
	rpc::{
		Block,
		json::{elements, hex},
	},
	subscriptions::{
		block::Head,
		line::Line,
		resume::{Log, Wanted},
		source::LineFault,
		topic::block_filter,
	},
	websocket::clock::sleep,
};
use bytes::Bytes;
use futures::future::{FutureExt, LocalBoxFuture, join_all};
use std::{rc::Rc, time::Duration};
use surety_primitives::Protocol;

/// Blocks that are asked for at once.
const MAX_PARALLEL: u64 = 16;
/// Attempts: a server behind a load balancer may not have what its neighbour announced.
const ATTEMPTS: u32 = 4;
/// Time between attempts.
const PAUSE: Duration = Duration::from_millis(250);
/// Logs of a block.
const MAX_LOGS: usize = 65_536;

/// Thing that was fetched.
pub enum Fetched {
	/// Best block.
	Latest(Head),
	/// Ancestors, the youngest first; none if the upstream does not have them.
	Ancestors(Vec<Head>),
	/// Logs of a block.
	Logs(Block, Vec<Log>),
}

/// Reason why nothing was fetched.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum FetchError {
	/// The line is over, or the upstream does not know what every upstream does.
	Line(LineFault),
	/// The upstream does not answer with the logs of a block. The filter, which is a client's, may
	/// be the reason.
	Logs,
}

impl From<LineFault> for FetchError {
	fn from(fault: LineFault) -> Self {
		Self::Line(fault)
	}
}

/// Fetches what a machine needs.
///
/// - `params`: parameters of the feed's subscription.
///
/// Errors: [`FetchError`].
pub fn fetch(
	line: Rc<Line>,
	need: Need,
	protocol: Protocol,
	params: Bytes,
) -> LocalBoxFuture<'static, Result<Fetched, FetchError>> {
	async move {
		for attempt in 0..ATTEMPTS {
			if attempt > 0 {
				sleep(PAUSE).await;
			}
			let fetched = match need {
				Need::Latest => latest(&line, protocol).await?.map(Fetched::Latest),
				Need::Ancestors(wanted) => {
					let found = ancestors(&line, protocol, &wanted).await?;
					(!found.is_empty()).then_some(Fetched::Ancestors(found))
				},
				Need::Logs(block) => {
					logs(&line, &block, &params).await?.map(|logs| Fetched::Logs(block, logs))
				},
			};
			if let Some(fetched) = fetched {
				return Ok(fetched);
			}
		}
		match need {
			// The machine knows best.
			Need::Ancestors(_) => Ok(Fetched::Ancestors(Vec::new())),
			Need::Latest => Err(FetchError::Line(LineFault::Unanswered)),
			Need::Logs(_) => Err(FetchError::Logs),
		}
	}
	.boxed_local()
}

async fn latest(line: &Line, protocol: Protocol) -> Result<Option<Head>, LineFault> {
	Ok(match protocol {
		Protocol::Ethereum => ethereum(line, "eth_getBlockByNumber", r#""latest""#).await?,
		Protocol::Substrate => line
			.call("chain_getHeader", Bytes::from_static(b"[]"))
			.await?
			.ok()
			.and_then(Head::substrate),
	})
}

async fn ethereum(
	line: &Line,
	method: &'static str,
	block: &str,
) -> Result<Option<Head>, LineFault> {
	let answer = line.call(method, format!("[{block},false]")).await?;
	Ok(answer.ok().and_then(|body| Head::ethereum_block(&body)))
}

async fn ancestors(
	line: &Line,
	protocol: Protocol,
	wanted: &Wanted,
) -> Result<Vec<Head>, LineFault> {
	let first = format!(r#""{}""#, hex(&wanted.hash));
	if protocol == Protocol::Substrate {
		let header = line.call("chain_getHeader", format!("[{first}]")).await?;
		return Ok(header.ok().and_then(Head::substrate).into_iter().collect());
	}
	let lowest = wanted.floor.max(wanted.number.saturating_sub(MAX_PARALLEL));
	// The youngest by its hash; the others by number, which is right unless the upstream changes
	// its mind.
	let by_number: Vec<_> =
		(lowest..wanted.number).rev().map(|number| format!(r#""0x{number:x}""#)).collect();
	let others =
		join_all(by_number.iter().map(|number| ethereum(line, "eth_getBlockByNumber", number)));
	let (first, others) = futures::join!(ethereum(line, "eth_getBlockByHash", &first), others);
	let mut found: Vec<Head> = first?.into_iter().collect();
	for other in others {
		let (Some(other), Some(child)) = (other?, found.last()) else { break };
		if other.block.hash != child.block.parent {
			break;
		}
		found.push(other);
	}
	Ok(found)
}

async fn logs(line: &Line, block: &Block, params: &[u8]) -> Result<Option<Vec<Log>>, FetchError> {
	let filter = block_filter(params, &hex(&block.hash)).ok_or(FetchError::Logs)?;
	let Ok(body) = line.call("eth_getLogs", filter).await? else { return Ok(None) };
	let entries = elements(&body, MAX_LOGS).ok_or(FetchError::Logs)?;
	let logs = entries.into_iter().map(|entry| Log::read(body.slice_ref(entry)));
	logs.collect::<Option<Vec<_>>>().map(Some).ok_or(FetchError::Logs)
}

// SPDX-License-Identifier: Apache-2.0

//! Requests of a run, and the verification of their answers.

use super::Fault;
use crate::chain::{self, CHAIN_ID, Chain, balance, hash, is_data, logs};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::{str::FromStr, time::Duration};

/// Finalized blocks that are asked for, so that a cache can have them all.
const ACTIVE_BLOCKS: u64 = 64;
/// Blocks of a range of logs.
const LOG_RANGE: u64 = 4;

/// Kind of a request.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
	/// `eth_call` with data that no other request has; answered with `answer` digits.
	Call { answer: usize, question: usize },
	/// `eth_getBlockByNumber` of one of the last finalized blocks.
	Block,
	/// `eth_blockNumber`.
	Head,
	/// `eth_getBlockByNumber` of `latest`.
	Latest,
	/// `eth_chainId`.
	ChainId,
	/// `eth_getBalance` at `latest`.
	Balance,
	/// `eth_getLogs` of some finalized blocks.
	Logs,
	/// `eth_sendRawTransaction` of a transaction that no other request has.
	Write,
}

/// Kinds of requests with their shares.
#[derive(Clone, Debug)]
pub struct Mix {
	kinds: Vec<(Kind, u64)>,
	total: u64,
}

impl FromStr for Mix {
	type Err = String;

	fn from_str(text: &str) -> Result<Self, String> {
		let kinds = text.split(',').map(kind).collect::<Result<Vec<_>, _>>()?;
		let total = kinds.iter().map(|(_, share)| share).sum();
		if total == 0 { Err("all shares are zero".into()) } else { Ok(Self { kinds, total }) }
	}
}

/// Parse a kind with its share, such as `call:10000=3`.
fn kind(text: &str) -> Result<(Kind, u64), String> {
	let (name, share) = text.split_once('=').unwrap_or((text, "1"));
	let share = share.parse().map_err(|error| format!("{text}: {error}"))?;
	let mut parts = name.split(':');
	let name = parts.next().unwrap_or_default();
	let mut size = |default: usize| match parts.next() {
		None => Ok(default),
		Some(size) => size.parse().map_err(|error| format!("{text}: {error}")),
	};
	let kind = match name {
		"call" => Kind::Call { answer: size(64)?, question: size(16)? },
		"block" => Kind::Block,
		"head" => Kind::Head,
		"latest" => Kind::Latest,
		"chain" => Kind::ChainId,
		"balance" => Kind::Balance,
		"logs" => Kind::Logs,
		"write" => Kind::Write,
		_ => return Err(format!("unknown request {name}")),
	};
	Ok((kind, share))
}

/// A request that was sent.
#[derive(Clone, Copy, Debug)]
pub struct Question {
	kind: Kind,
	id: u64,
	/// Number that the contents follow from.
	seed: u64,
}

impl Mix {
	/// The request with a number. `seed` is another for each run.
	pub fn question(&self, number: u64, seed: u64) -> Question {
		let seed = chain::mix(seed).wrapping_add(number);
		let mut choice = chain::mix(seed ^ 0x6b69_6e64) % self.total;
		let mut kind = self.kinds[0].0;
		for (candidate, share) in &self.kinds {
			if choice < *share {
				kind = *candidate;
				break;
			}
			choice -= share;
		}
		Question { kind, id: number, seed }
	}
}

/// Bounds of what an answer may say about the head.
#[derive(Clone, Copy, Debug)]
pub struct HeadBounds {
	/// Lowest head, some blocks behind that of the chain.
	pub low: u64,
	/// Head of the chain.
	pub high: u64,
	/// Highest head that the same connection has seen.
	pub seen: u64,
}

/// Answer of JSON-RPC.
#[derive(Deserialize)]
struct Answer<'a> {
	id: u64,
	#[serde(borrow)]
	result: Option<&'a RawValue>,
	error: Option<ErrorObject>,
}

/// Error of JSON-RPC.
#[derive(Deserialize)]
struct ErrorObject {
	code: i64,
}

impl Question {
	/// Write the body of the request.
	pub fn write(&self, chain: &Chain, now: Duration, into: &mut Vec<u8>) {
		let (method, params) = match self.kind {
			Kind::Call { answer, question } => {
				let filler = "0".repeat(question.saturating_sub(16));
				let call = format!(
					r#"[{{"to":"0x{:040x}","data":"0x{:016x}{answer:08x}{filler}"}},"latest"]"#,
					self.seed % 1_000,
					self.seed,
				);
				("eth_call", call)
			},
			Kind::Block => {
				("eth_getBlockByNumber", format!(r#"["{:#x}",false]"#, self.block(chain, now)))
			},
			Kind::Head => ("eth_blockNumber", "[]".to_string()),
			Kind::Latest => ("eth_getBlockByNumber", r#"["latest",false]"#.to_string()),
			Kind::ChainId => ("eth_chainId", "[]".to_string()),
			Kind::Balance => {
				("eth_getBalance", format!(r#"["0x{:040x}","latest"]"#, self.seed % 100_000))
			},
			Kind::Logs => {
				let from = self.block(chain, now);
				let to = from + LOG_RANGE - 1;
				let range = format!(r#"[{{"fromBlock":"{from:#x}","toBlock":"{to:#x}"}}]"#);
				("eth_getLogs", range)
			},
			Kind::Write => ("eth_sendRawTransaction", format!(r#"["0x{:0>220x}"]"#, self.seed)),
		};
		let id = self.id;
		let body =
			format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"{method}","params":{params}}}"#);
		into.extend_from_slice(body.as_bytes());
	}

	/// Block that the request asks for. It is finalized whenever the request arrives.
	fn block(&self, chain: &Chain, now: Duration) -> u64 {
		// The range moves once in 1,024 blocks, so that the same blocks are asked for all the time.
		let last = chain.finalized(now).saturating_sub(LOG_RANGE) & !1_023;
		last - self.seed % ACTIVE_BLOCKS
	}

	/// Verify an answer. Returns the head that it names, if it does.
	pub fn verify(
		&self,
		body: &[u8],
		chain: &Chain,
		sent: Duration,
		heads: HeadBounds,
	) -> Result<Option<u64>, Fault> {
		let answer: Answer<'_> = serde_json::from_slice(body).map_err(|_| Fault::Json)?;
		if let Some(ErrorObject { code }) = answer.error {
			return Err(Fault::Rpc(code));
		}
		if answer.id != self.id {
			return Err(Fault::Id);
		}
		let result = answer.result.ok_or(Fault::Json)?.get();
		let expect = |right: &str| if result == right { Ok(None) } else { Err(Fault::Result) };
		match self.kind {
			Kind::Call { answer, .. } => {
				let data = result.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
				let matches = data.is_some_and(|data| is_data(data.as_bytes(), self.seed, answer));
				if matches { Ok(None) } else { Err(Fault::Result) }
			},
			Kind::Block => expect(&chain.block(self.block(chain, sent))),
			Kind::Head => in_bounds(number(result)?, heads),
			Kind::Latest => {
				#[derive(Deserialize)]
				struct Numbered<'a> {
					#[serde(borrow)]
					number: &'a RawValue,
				}
				let named: Numbered<'_> = serde_json::from_str(result).map_err(|_| Fault::Json)?;
				let number = number(named.number.get())?;
				in_bounds(number, heads)?;
				expect(&chain.block(number))?;
				Ok(Some(number))
			},
			Kind::ChainId => expect(&format!("\"{CHAIN_ID}\"")),
			Kind::Balance => expect(&format!("\"{}\"", balance(self.seed % 100_000))),
			Kind::Logs => expect(&logs(self.block(chain, sent), LOG_RANGE)),
			Kind::Write => expect(&format!("\"{}\"", hash(self.seed))),
		}
	}
}

/// Number of a JSON string in hexadecimal digits.
fn number(json: &str) -> Result<u64, Fault> {
	let digits = json.strip_prefix("\"0x").and_then(|rest| rest.strip_suffix('"'));
	u64::from_str_radix(digits.ok_or(Fault::Json)?, 16).map_err(|_| Fault::Json)
}

/// Check a head.
fn in_bounds(
	number: u64,
	HeadBounds { low, high, seen }: HeadBounds,
) -> Result<Option<u64>, Fault> {
	match number {
		_ if number > high => Err(Fault::Ahead),
		_ if number < seen => Err(Fault::Backwards),
		_ if number < low => Err(Fault::Behind),
		_ => Ok(Some(number)),
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::serve::answers::answer;

	const NOW: Duration = Duration::from_secs(1_767_300_000);

	fn chain() -> Chain {
		Chain::new(Duration::from_secs(1_767_225_600), Duration::from_secs(2), 32)
	}

	fn bounds() -> HeadBounds {
		let high = chain().head(NOW);
		HeadBounds { low: high - 5, high, seen: high - 1 }
	}

	fn asked(mix: &str, number: u64) -> (Question, Vec<u8>) {
		let question = mix.parse::<Mix>().unwrap().question(number, 9);
		let mut body = Vec::new();
		question.write(&chain(), NOW, &mut body);
		(question, body)
	}

	#[test]
	fn the_upstream_answers_every_kind_as_expected() {
		for mix in ["call", "call:10000:300", "block", "head", "latest", "chain", "balance", "logs"]
			.into_iter()
			.chain(["write"])
		{
			for number in 0..20 {
				let (question, body) = asked(mix, number);
				let answer = answer(&body, &chain(), NOW, 0).body;
				let verified = question.verify(&answer, &chain(), NOW, bounds());
				assert!(
					verified.is_ok(),
					"{mix}: {verified:?} {}",
					String::from_utf8_lossy(&answer)
				);
			}
		}
	}

	#[test]
	fn wrong_answers_are_found() {
		let verify = |(question, _): &(Question, Vec<u8>), answer: &str| {
			question.verify(answer.as_bytes(), &chain(), NOW, bounds())
		};
		let head = asked("head", 7);
		let at = |number: u64| format!(r#"{{"jsonrpc":"2.0","result":"{number:#x}","id":7}}"#);
		let now = chain().head(NOW);
		assert_eq!(verify(&head, &at(now)), Ok(Some(now)));
		assert_eq!(verify(&head, &at(now + 1)), Err(Fault::Ahead));
		assert_eq!(verify(&head, &at(now - 2)), Err(Fault::Backwards));
		assert_eq!(verify(&head, r#"{"id":8,"result":"0x1"}"#), Err(Fault::Id));
		assert_eq!(
			verify(&head, r#"{"id":7,"error":{"code":-5,"message":""}}"#),
			Err(Fault::Rpc(-5))
		);
		assert_eq!(verify(&head, "<html>"), Err(Fault::Json));
		assert_eq!(verify(&asked("call", 7), r#"{"id":7,"result":"0x00"}"#), Err(Fault::Result));
	}

	#[test]
	fn shares_are_kept() {
		let mix: Mix = "call=3,head=1".parse().unwrap();
		let heads = (0..4_000).filter(|n| mix.question(*n, 1).kind == Kind::Head).count();
		assert!((900..1_100).contains(&heads), "{heads}");
		assert!("call=x".parse::<Mix>().is_err());
		assert!("walk".parse::<Mix>().is_err());
		assert!("call=0".parse::<Mix>().is_err());
	}
}

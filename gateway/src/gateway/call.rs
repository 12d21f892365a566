// SPDX-License-Identifier: Apache-2.0

//! One JSON-RPC call: from the table of methods over block, cache and coalescing to the answer.

use super::{
	access::Client,
	attempt::{Payload, max_bytes, now},
	explain::{Explanation, Source},
	fetch::{Fetched, Landed},
	keep,
	network::{Network, count},
	worker::Worker,
};
use crate::{
	cache::{self, Join, Key},
	routing::{LoadClass, Session},
	rpc::{
		self, BlockHash, CachePolicy, Call, Class, Dispatch, Failure, Known, Method, Shape,
		block::{BlockReference, Parameter, Pinned, RangeEnd, Tag},
		ethereum,
	},
};
use bytes::Bytes;
use http::HeaderValue;
use std::{
	sync::{Arc, atomic::Ordering},
	time::{Duration, Instant},
};

/// Circumstances of a call.
pub(super) struct Context<'a> {
	/// Network.
	pub network: &'a Arc<Network>,
	/// Client.
	pub client: &'a Client,
	/// `traceparent` of the request.
	pub trace: Option<HeaderValue>,
}

impl<'a> Context<'a> {
	pub fn new(network: &'a Arc<Network>, client: &'a Client, trace: Option<HeaderValue>) -> Self {
		Self { network, client, trace }
	}
}

/// Call whose block is fixed. What only operators need is composed once one has to be asked.
struct Fixed {
	/// Parameters, if they were changed.
	pinned: Option<Pinned>,
	number: Option<u64>,
	by_hash: bool,
	tip: Option<u64>,
	announced: Option<u64>,
	height: Option<u64>,
	/// Key of the cache, if the answer may be kept or shared.
	key: Option<Key>,
	session: Arc<Session>,
}

/// Call that is ready to be sent.
#[derive(Clone, Debug)]
pub(super) struct Prepared {
	/// Request.
	pub payload: Arc<Payload>,
	/// Row of the table.
	pub method: Method,
	/// Number of the block that the call reads, if it has one.
	pub number: Option<u64>,
	/// Hash of that block when the call was prepared.
	pub hash: Option<BlockHash>,
	/// True if the call names its block by hash.
	pub by_hash: bool,
	/// Served latest block when the call was prepared.
	pub tip: Option<u64>,
	/// Highest block that clients can know of.
	pub announced: Option<u64>,
	/// Height that an operator must have reached.
	pub height: Option<u64>,
	/// End of the time for the call.
	pub deadline: Instant,
	/// Session of the client.
	pub session: Arc<Session>,
}

impl Prepared {
	/// True if the block of the call is one that every operator should have.
	pub fn is_known_block(&self) -> bool {
		!self.is_above(self.tip)
	}

	/// True if the block of the call is one that an operator has.
	pub fn is_announced_block(&self) -> bool {
		!self.is_above(self.announced)
	}

	/// Time left for the call.
	pub fn left(&self, now: Instant) -> Duration {
		self.deadline.saturating_duration_since(now)
	}

	/// False by hash, or without a block.
	fn is_above(&self, highest: Option<u64>) -> bool {
		self.number.zip(highest).is_some_and(|(number, highest)| number > highest)
	}

	/// Number of operators to ask: of a call whose block is fixed one is enough.
	pub fn dispatch(&self) -> Dispatch {
		match self.method.dispatch {
			Dispatch::Maximum if self.number.is_some() || self.by_hash => Dispatch::One,
			dispatch => dispatch,
		}
	}
}

impl Worker {
	/// Answer a call. Errors are answers too; one of our own is also in the explanation.
	pub(super) async fn call(
		&self,
		context: &Context<'_>,
		call: &Call<'_>,
	) -> (Bytes, Explanation) {
		let begin = now();
		let network = context.network;
		count(&network.counts.calls);
		let mut explanation =
			Explanation { head: network.heads.latest(), ..Explanation::default() };
		let answer = match self.try_call(context, call, begin, &mut explanation).await {
			Ok(answer) => answer,
			Err(failure) => {
				count(&network.counts.failed);
				let body = failure.body(call.id);
				explanation.failure = Some(failure);
				body
			},
		};
		explanation.whole = now().saturating_duration_since(begin);
		let observer = &self.gateway().observer;
		observer.called(&network.settings.name, explanation.whole, explanation.upstream);
		(answer, explanation)
	}

	async fn try_call(
		&self,
		context: &Context<'_>,
		call: &Call<'_>,
		begin: Instant,
		explanation: &mut Explanation,
	) -> Result<Bytes, Failure> {
		let network = context.network;
		let method = network.methods().get(call.method);
		if !network.settings.filter.allows(call.method) {
			return Err(Failure::MethodNotFound);
		}
		self.gateway().access.charge(context.client, call.method, method.weight)?;
		if matches!(method.class, Class::Subscribe | Class::Unsubscribe) {
			return Err(Failure::Invalid("subscriptions need a WebSocket connection"));
		}
		if let Some(answer) = method.known.and_then(|known| self.known(context, known, call)) {
			explanation.source = Source::Known;
			network.cache.save(method.weight);
			return Ok(answer);
		}
		let mut fixed = self.fix(context, call, method);
		let Some((key, cache)) = fixed.key.take().zip(self.gateway().cache.as_ref()) else {
			let prepared = self.prepare(context, call, method, begin, fixed);
			let fetched = self.dispatch(network, &prepared).await;
			return self.answer_of(call, &prepared, network, fetched, explanation);
		};
		if let Some(entry) = cache.get(&key, &network.heads, &network.cache, now()) {
			explanation.source = Source::Hit;
			if let Some(number) = fixed.number {
				fixed.session.saw(number);
			}
			network.cache.save(method.weight);
			return Ok(rpc::compose(call.id, &entry.result));
		}
		let prepared = self.prepare(context, call, method, begin, fixed);
		explanation.source = Source::Miss;
		let joined = self.gateway().flights.join(&key);
		match tokio::time::timeout_at(prepared.deadline.into(), joined).await {
			Err(_) => Err(Failure::Timeout),
			Ok(Join::Done(landed)) => {
				explanation.source = Source::Joined;
				network.cache.coalesced.fetch_add(1, Ordering::Relaxed);
				let answer = self.answer_of(call, &prepared, network, landed, explanation)?;
				explanation.upstream = None;
				network.cache.save(method.weight);
				Ok(answer)
			},
			Ok(Join::Lead(leader)) => {
				let fetched = self.dispatch(network, &prepared).await;
				if let Ok(fetched) = &fetched
					&& let Some((result, validity)) = keep::keep(network, &prepared, fetched, now())
				{
					cache.insert(key, result, fetched.member.spec.service, validity);
				}
				leader.land(fetched.clone());
				self.answer_of(call, &prepared, network, fetched, explanation)
			},
		}
	}

	/// Answer out of what the gateway knows itself.
	fn known(&self, context: &Context<'_>, known: Known, call: &Call<'_>) -> Option<Bytes> {
		let (network, params) = (context.network, call.params);
		if !network.is_current(now()) {
			return None;
		}
		if !params.is_empty() && rpc::json::elements(params, 1).is_none_or(|all| !all.is_empty()) {
			return None;
		}
		let result = match known {
			Known::LatestNumber => {
				let session = self.session(context);
				let tip = network.heads.latest()?;
				let latest = session.latest(tip, network.heads.ceiling().unwrap_or(tip));
				session.saw(latest);
				rpc::json::quoted_quantity(latest)
			},
			Known::FinalizedHash => quoted(&network.heads.hash_at(network.heads.finalized()?)?),
		};
		Some(rpc::compose(call.id, result.as_bytes()))
	}

	/// Fix the block of a call.
	fn fix(&self, context: &Context<'_>, call: &Call<'_>, method: &Method) -> Fixed {
		let network = context.network;
		let heads = &network.heads;
		let session = self.session(context);
		let tip = heads.latest();
		let latest = tip.map(|tip| session.latest(tip, heads.ceiling().unwrap_or(tip)));
		let announced = heads.announced();
		let by_hash_argument = matches!(method.block, rpc::BlockArgument::Hash { .. });
		let resolve = |tag: Tag| -> Option<String> {
			let number = match tag {
				Tag::Latest => latest,
				Tag::Safe => heads.safe(),
				Tag::Finalized => heads.finalized(),
			}?;
			if by_hash_argument {
				return Some(quoted(&heads.hash_at(number)?));
			}
			Some(rpc::json::quoted_quantity(number))
		};
		// Argument before its tag was replaced: the number of a Substrate block.
		let parameter = Parameter::find(call.params, method.block);
		let named = parameter.reference();
		let pinned = parameter.pin(&resolve);
		let (params, reference) = match &pinned {
			Some(pinned) => (pinned.params.as_slice(), pinned.reference()),
			None => (call.params, named),
		};
		let number = match (reference, named) {
			(BlockReference::Number(number), _)
			| (BlockReference::Range(RangeEnd::Number(number)), _) => Some(number),
			(BlockReference::Hash(_), BlockReference::Tag(Tag::Latest)) => latest,
			_ => None,
		};
		let by_hash =
			matches!(reference, BlockReference::Hash(_) | BlockReference::Range(RangeEnd::Hash(_)));
		let unfixed = matches!(reference, BlockReference::Tag(_) | BlockReference::Pending);
		let shared = match method.cache {
			CachePolicy::Never => false,
			CachePolicy::Block => number.is_some() || by_hash,
			CachePolicy::Hash => !unfixed,
			CachePolicy::Forever | CachePolicy::Answer | CachePolicy::Head => true,
		};
		let key = (shared && method.class == Class::Read && self.gateway().cache.is_some())
			.then(|| cache::key(network.index, call.method, params))
			.flatten();
		// Blocks above are asked for by clients that know better: nothing is demanded.
		let height = number.filter(|number| Some(*number) <= latest.max(announced));
		Fixed { pinned, number, by_hash, tip, announced, height, key, session }
	}

	/// Compose the request for operators.
	fn prepare(
		&self,
		context: &Context<'_>,
		call: &Call<'_>,
		method: &Method,
		begin: Instant,
		fixed: Fixed,
	) -> Prepared {
		let settings = &self.gateway().settings;
		let Fixed { pinned, number, by_hash, tip, announced, height, session, .. } = fixed;
		let params = pinned.as_ref().map_or(call.params, |pinned| pinned.params.as_slice());
		let class = LoadClass::of(method);
		let id = upstream_id(call.id);
		let body = rpc::request(&id, call.method, params).into();
		let payload = Payload {
			method: call.method.to_owned(),
			class,
			weight: u32::from(method.weight),
			idempotent: method.is_idempotent(),
			shape: method.shape,
			hash: match method.shape {
				Shape::TransactionHash => ethereum::transaction_hash(params),
				_ => None,
			},
			max_bytes: max_bytes(settings, class),
			id,
			body,
			trace: context.trace.clone(),
		};
		Prepared {
			payload: Arc::new(payload),
			method: method.clone(),
			number,
			hash: number.and_then(|number| context.network.heads.hash_at(number)),
			by_hash,
			tip,
			announced,
			height,
			deadline: begin.checked_add(settings.timeout).unwrap_or(begin),
			session,
		}
	}

	fn session(&self, context: &Context<'_>) -> Arc<Session> {
		let network = u64::from(context.network.index);
		self.gateway().sessions.get(context.client.session ^ network.rotate_right(8))
	}

	/// Answer under the caller's id, with its explanation.
	fn answer_of(
		&self,
		call: &Call<'_>,
		prepared: &Prepared,
		network: &Network,
		landed: Landed,
		explanation: &mut Explanation,
	) -> Result<Bytes, Failure> {
		let fetched: Fetched = landed?;
		explanation.member = Some(Arc::clone(&fetched.member));
		explanation.reason = Some(fetched.reason);
		explanation.attempts = fetched.attempts;
		explanation.hedged = fetched.hedged;
		explanation.upstream = Some(fetched.upstream);
		if let Some(seen) = prepared.number.or_else(|| keep::block_of(prepared, &fetched)) {
			// Never above what operators agree on, see `Session::latest`.
			if Some(seen) <= network.heads.ceiling() {
				prepared.session.saw(seen);
			}
		}
		if fetched.id == call.id {
			return Ok(fetched.body);
		}
		let id = if call.id.is_empty() { b"null" } else { call.id };
		rpc::replace_id(&fetched.body, id).ok_or(Failure::BadAnswer)
	}
}

/// Id for operators: the caller's own if every server writes it back unchanged, so that the answer
/// is passed on as it is.
fn upstream_id(id: &[u8]) -> Bytes {
	let number = id.len() <= 15
		&& id.iter().all(u8::is_ascii_digit)
		&& (id == b"0" || id.first().is_some_and(|digit| *digit != b'0'));
	let text = matches!(id, [b'"', inner @ .., b'"']
		if inner.len() <= 64 && inner.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(byte)));
	if number || text { Bytes::copy_from_slice(id) } else { Bytes::from_static(b"1") }
}

/// Hash as a JSON string.
fn quoted(hash: &BlockHash) -> String {
	format!("\"{}\"", rpc::json::hex(hash))
}

// SPDX-License-Identifier: Apache-2.0

//! Table of methods: weight, class, dispatch, caching and the block that a call reads, as data.
//!
//! A network with another dialect is a table with other rows: [`MethodTable::extended`] takes them
//! from the configuration.

use super::{ethereum, substrate};
use ahash::{HashMap, HashMapExt};
use serde::Deserialize;
use std::{borrow::Cow, collections::BTreeMap, sync::LazyLock};
use surety_primitives::Protocol;

/// Effect of a method, which decides what may be repeated.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum Class {
	/// Reads state: may be repeated, hedged, compared and cached.
	Read,
	/// Changes state: never hedged, and repeated only if [`Dispatch::Broadcast`] says that a
	/// repetition does no harm.
	Write,
	/// Starts a subscription; needs a WebSocket.
	Subscribe,
	/// Ends a subscription.
	Unsubscribe,
	/// Refers to state that one server keeps for the caller, such as a filter: goes to the operator
	/// of the call before.
	Stateful,
	/// Not in the table: not hedged, and repeated only if no server can have seen it.
	#[default]
	Unknown,
}

/// Number of operators asked, and the answer taken.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum Dispatch {
	/// One operator.
	#[default]
	One,
	/// Several operators at once, first result: signed transactions, where a repetition is harmless.
	Broadcast,
	/// Several operators, highest number: nonces.
	Maximum,
	/// One operator after the other until a result has data.
	NotNull,
	/// Several operators, median of the numbers: prices.
	Median,
}

/// Lifetime of an answer.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum CachePolicy {
	/// Never kept.
	#[default]
	Never,
	/// A constant of the network.
	Forever,
	/// Valid for the block that the call names, as long as that block is in the chain.
	Block,
	/// Content of a hash that the call names: valid by itself.
	Hash,
	/// Valid for the block that the answer names (`blockNumber` and `blockHash`).
	Answer,
	/// Valid until the next block.
	Head,
}

/// Place of the block that a call reads.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum BlockArgument {
	/// The call reads no particular block.
	#[default]
	None,
	/// Number, tag, hash, or object of EIP-1898 at a position.
	Tag {
		/// Position in the parameters.
		at: usize,
		/// True if a call without the parameter reads the latest block.
		optional: bool,
	},
	/// Number at a position; without it the best block.
	Number {
		/// Position in the parameters.
		at: usize,
	},
	/// Hash at a position; without it the best block.
	Hash {
		/// Position in the parameters.
		at: usize,
	},
	/// Filter object with `fromBlock`, `toBlock` or `blockHash`.
	Range {
		/// Position in the parameters.
		at: usize,
	},
}

/// Form of a result with data. Another one is a fault of the server.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum Shape {
	/// Any.
	#[default]
	Any,
	/// Object.
	Object,
	/// Array.
	Array,
	/// String.
	Text,
	/// String: the hash of the raw Ethereum transaction that is the first parameter.
	TransactionHash,
}

impl Shape {
	/// True if a result that begins with a byte can have this form.
	pub fn fits(self, first: u8) -> bool {
		match self {
			Self::Any => true,
			Self::Object => first == b'{',
			Self::Array => first == b'[',
			Self::Text | Self::TransactionHash => first == b'"',
		}
	}
}

/// Value that the gateway knows itself, by watching the heads of all operators.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum Known {
	/// Number of the latest block, as `"0x…"`.
	LatestNumber,
	/// Hash of the finalized block.
	FinalizedHash,
}

/// Row of the table.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Method {
	/// Name, or a prefix if it ends with `*`.
	pub name: Cow<'static, str>,
	/// Effect.
	#[serde(default)]
	pub class: Class,
	/// Number of operators asked.
	#[serde(default)]
	pub dispatch: Dispatch,
	/// Requests that the call counts as, at least 1.
	#[serde(default = "one")]
	pub weight: u16,
	/// Lifetime of the answer.
	#[serde(default)]
	pub cache: CachePolicy,
	/// Block that the call reads.
	#[serde(default)]
	pub block: BlockArgument,
	/// Form of a result with data.
	#[serde(default)]
	pub shape: Shape,
	/// Value that needs no operator.
	#[serde(default)]
	pub known: Option<Known>,
}

const fn one() -> u16 {
	1
}

impl Method {
	/// Row of a class with weight 1 that nothing is known of.
	pub(crate) const fn new(name: &'static str, class: Class) -> Self {
		Self {
			name: Cow::Borrowed(name),
			class,
			dispatch: Dispatch::One,
			weight: 1,
			cache: CachePolicy::Never,
			block: BlockArgument::None,
			shape: Shape::Any,
			known: None,
		}
	}

	/// Row of a reading method.
	pub(crate) const fn read(name: &'static str) -> Self {
		Self::new(name, Class::Read)
	}

	pub(crate) const fn weight(mut self, weight: u16) -> Self {
		self.weight = weight;
		self
	}

	pub(crate) const fn dispatch(mut self, dispatch: Dispatch) -> Self {
		self.dispatch = dispatch;
		self
	}

	pub(crate) const fn cache(mut self, cache: CachePolicy) -> Self {
		self.cache = cache;
		self
	}

	pub(crate) const fn shape(mut self, shape: Shape) -> Self {
		self.shape = shape;
		self
	}

	pub(crate) const fn known(mut self, known: Known) -> Self {
		self.known = Some(known);
		self
	}

	/// Reads the block at a position, and is cached for it.
	pub(crate) const fn at(mut self, block: BlockArgument) -> Self {
		self.block = block;
		self.cache = match block {
			BlockArgument::None => CachePolicy::Never,
			BlockArgument::Hash { .. } => CachePolicy::Hash,
			_ => CachePolicy::Block,
		};
		self
	}

	/// True if a repetition changes nothing.
	pub fn is_idempotent(&self) -> bool {
		self.class == Class::Read || self.dispatch == Dispatch::Broadcast
	}

	/// True if the call may be sent to a second operator while the first has not answered.
	pub fn may_hedge(&self) -> bool {
		self.class == Class::Read && matches!(self.dispatch, Dispatch::One | Dispatch::NotNull)
	}

	/// True if honest operators give the same answer once the block is fixed.
	pub fn is_comparable(&self) -> bool {
		self.class == Class::Read
			&& matches!(
				self.cache,
				CachePolicy::Block | CachePolicy::Hash | CachePolicy::Answer | CachePolicy::Forever
			)
	}
}

/// Methods of a network.
#[derive(Clone, Debug)]
pub struct MethodTable {
	exact: HashMap<Cow<'static, str>, Method>,
	/// Rows by prefix, of which the longest counts.
	prefixes: BTreeMap<Cow<'static, str>, Method>,
	unknown: Method,
}

/// Fault of a row in the configuration.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum RowFault {
	/// The name is empty.
	NoName,
	/// The weight is 0.
	NoWeight(String),
	/// Broadcast and other forms of asking several operators don't fit the class.
	Dispatch(String),
	/// A policy of the cache needs a block argument, or a reading method.
	Cache(String),
}

impl core::fmt::Display for RowFault {
	fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
		match self {
			Self::NoName => f.write_str("a method needs a name"),
			Self::NoWeight(name) => write!(f, "{name}: the weight must be at least 1"),
			Self::Dispatch(name) => write!(
				f,
				"{name}: `broadcast` is for class `write`, other dispatch than `one` for class `read`"
			),
			Self::Cache(name) => write!(
				f,
				"{name}: only class `read` is cached, and `block` and `hash` need a block argument"
			),
		}
	}
}

impl std::error::Error for RowFault {}

impl MethodTable {
	/// Table of a dialect.
	pub fn of(protocol: Protocol) -> &'static Self {
		static ETHEREUM: LazyLock<MethodTable> =
			LazyLock::new(|| MethodTable::from_rows(ethereum::METHODS));
		static SUBSTRATE: LazyLock<MethodTable> =
			LazyLock::new(|| MethodTable::from_rows(substrate::METHODS));
		match protocol {
			Protocol::Ethereum => &ETHEREUM,
			Protocol::Substrate => &SUBSTRATE,
		}
	}

	fn from_rows(rows: &[Method]) -> Self {
		let mut table = Self {
			exact: HashMap::with_capacity(rows.len()),
			prefixes: BTreeMap::new(),
			unknown: Method::new("", Class::Unknown),
		};
		rows.iter().for_each(|row| table.insert(row.clone()));
		table
	}

	fn insert(&mut self, row: Method) {
		if let Some(prefix) = row.name.strip_suffix('*') {
			self.prefixes.insert(prefix.to_owned().into(), row);
		} else {
			self.exact.insert(row.name.clone(), row);
		}
	}

	/// The same table with rows added or replaced.
	pub fn extended(&self, rows: Vec<Method>) -> Result<Self, RowFault> {
		let mut table = self.clone();
		for row in rows {
			check(&row)?;
			table.insert(row);
		}
		Ok(table)
	}

	/// Row of a method: its own, that of the longest prefix, or the row for unknown methods.
	pub fn get(&self, name: &str) -> &Method {
		if let Some(row) = self.exact.get(name) {
			return row;
		}
		self.prefixes
			.iter()
			.filter(|(prefix, _)| name.starts_with(prefix.as_ref()))
			.max_by_key(|(prefix, _)| prefix.len())
			.map_or(&self.unknown, |(_, row)| row)
	}
}

fn check(row: &Method) -> Result<(), RowFault> {
	let name = || row.name.to_string();
	if row.name.is_empty() {
		return Err(RowFault::NoName);
	}
	if row.weight == 0 {
		return Err(RowFault::NoWeight(name()));
	}
	let fits = match row.dispatch {
		Dispatch::One => true,
		Dispatch::Broadcast => row.class == Class::Write,
		Dispatch::Maximum | Dispatch::NotNull | Dispatch::Median => row.class == Class::Read,
	};
	if !fits {
		return Err(RowFault::Dispatch(name()));
	}
	let cacheable = match row.cache {
		CachePolicy::Never => true,
		CachePolicy::Block | CachePolicy::Hash => {
			row.class == Class::Read && row.block != BlockArgument::None
		},
		CachePolicy::Forever | CachePolicy::Answer | CachePolicy::Head => row.class == Class::Read,
	};
	if cacheable { Ok(()) } else { Err(RowFault::Cache(name())) }
}

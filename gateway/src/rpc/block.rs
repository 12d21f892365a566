// SPDX-License-Identifier: Apache-2.0

//! Block that a call reads: found in its parameters, and fixed there.
//!
//! A call on `latest` gets the number (or, on Substrate, the hash) of the block that the gateway
//! serves as the latest. All operators then read the same block, and the answer can be kept.

use super::{
	json::{self, MAX_DEPTH, Reader},
	table::BlockArgument,
};

/// Name of a block whose number changes with time.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Tag {
	/// Latest block.
	Latest,
	/// Latest block that a reorganisation is unlikely to remove.
	Safe,
	/// Latest final block.
	Finalized,
}

/// Block that a call names.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum BlockReference<'a> {
	/// Block with this tag; `None` in place of a missing parameter means the best block.
	Tag(Tag),
	/// Block with this number. `earliest` is 0.
	Number(u64),
	/// Block with this hash, as written.
	Hash(&'a str),
	/// Blocks up to this one. The lower end does not matter: a chain that has the upper block has
	/// all below it.
	Range(RangeEnd<'a>),
	/// Block of transactions that are not in a block yet.
	Pending,
	/// No block, or one that could not be read: the call is passed on as it is.
	None,
}

/// Upper end of a range of blocks.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum RangeEnd<'a> {
	/// Tag.
	Tag(Tag),
	/// Number.
	Number(u64),
	/// The range is the block with this hash.
	Hash(&'a str),
}

/// Parameter that names the block of a call, found once.
#[derive(Clone, Copy, Debug)]
pub struct Parameter<'a> {
	params: &'a [u8],
	argument: BlockArgument,
	place: Place<'a>,
}

/// Place of a parameter.
#[derive(Clone, Copy, Debug)]
enum Place<'a> {
	/// The parameter.
	Element(&'a [u8]),
	/// The parameters end just before it.
	End {
		/// True if there are no parameters.
		first: bool,
	},
	/// The call has no parameters at all, and this is not the first one.
	Missing,
	/// A parameter that is missing between others can't be added, and one of an object is not read.
	None,
}

/// Parameters with their block fixed.
#[derive(Clone, Debug)]
pub struct Pinned {
	/// The parameters.
	pub params: Vec<u8>,
	argument: BlockArgument,
	value: Vec<u8>,
}

impl Pinned {
	/// Block that is fixed.
	pub fn reference(&self) -> BlockReference<'_> {
		of_value(self.argument, Some(&self.value))
	}
}

impl<'a> Parameter<'a> {
	/// Find the parameter. What follows it is not read.
	pub fn find(params: &'a [u8], argument: BlockArgument) -> Self {
		let place = match argument {
			BlockArgument::None => Place::None,
			BlockArgument::Tag { at, .. }
			| BlockArgument::Number { at }
			| BlockArgument::Hash { at }
			| BlockArgument::Range { at } => place(params, at).unwrap_or(Place::None),
		};
		Self { params, argument, place }
	}

	/// Block that the call names.
	pub fn reference(&self) -> BlockReference<'a> {
		match self.place {
			Place::Element(value) => of_value(self.argument, Some(value)),
			Place::End { .. } | Place::Missing => of_value(self.argument, None),
			Place::None => BlockReference::None,
		}
	}

	/// Parameters with every tag of the block argument replaced by the block served for it, and a
	/// missing optional one added. `None` if nothing is to be replaced.
	pub fn pin(&self, blocks: &impl Resolve) -> Option<Pinned> {
		let latest = || blocks.resolve(Tag::Latest).map(String::into_bytes);
		let value = match (self.argument, self.place) {
			(BlockArgument::Tag { .. }, Place::Element(value)) => pinned_block(value, blocks),
			(BlockArgument::Tag { optional: true, .. }, Place::End { .. })
			| (BlockArgument::Hash { .. }, Place::Element(b"null") | Place::End { .. }) => latest(),
			(BlockArgument::Range { .. }, Place::Element(filter)) => pinned_range(filter, blocks),
			_ => None,
		}?;
		let params = match self.place {
			Place::Element(part) => replace(self.params, part, &value),
			Place::End { first } => add(self.params, first, &value),
			Place::Missing | Place::None => None,
		}?;
		Some(Pinned { params, argument: self.argument, value })
	}
}

fn place(params: &[u8], at: usize) -> Option<Place<'_>> {
	if params.is_empty() {
		return Some(if at == 0 { Place::End { first: true } } else { Place::Missing });
	}
	let mut reader = Reader::new(params, MAX_DEPTH);
	let mut more = reader.open(b'[', b']').ok()?;
	for _ in 0..at {
		if !more {
			return None;
		}
		reader.value(1).ok()?;
		more = reader.more(b']').ok()?;
	}
	if !more {
		return Some(Place::End { first: at == 0 });
	}
	reader.value(1).ok().map(Place::Element)
}

/// Block that the value of a block argument names.
fn of_value(argument: BlockArgument, value: Option<&[u8]>) -> BlockReference<'_> {
	let value = value.filter(|value| *value != b"null");
	match (argument, value) {
		(BlockArgument::Tag { optional: true, .. }, None) => BlockReference::Tag(Tag::Latest),
		(BlockArgument::Tag { .. }, Some(value)) => block(value),
		(BlockArgument::Number { .. } | BlockArgument::Hash { .. }, None) => {
			BlockReference::Tag(Tag::Latest)
		},
		(BlockArgument::Number { .. }, Some(value)) => {
			decimal(value).map_or(BlockReference::None, BlockReference::Number)
		},
		(BlockArgument::Hash { .. }, Some(value)) => {
			json::plain_string(value).map_or(BlockReference::None, BlockReference::Hash)
		},
		(BlockArgument::Range { .. }, Some(filter)) => range(filter),
		(BlockArgument::None | BlockArgument::Tag { .. } | BlockArgument::Range { .. }, _) => {
			BlockReference::None
		},
	}
}

/// Number in either notation: Substrate takes both.
fn decimal(value: &[u8]) -> Option<u64> {
	core::str::from_utf8(value).ok()?.parse().ok().or_else(|| json::quantity(value))
}

/// Number, tag, hash, or object of EIP-1898.
fn block(value: &[u8]) -> BlockReference<'_> {
	if value.first() == Some(&b'{') {
		if let Some(hash) = json::member(value, b"blockHash").and_then(json::plain_string) {
			return BlockReference::Hash(hash);
		}
		return match json::member(value, b"blockNumber") {
			Some(number @ [b'"', ..]) => block(number),
			_ => BlockReference::None,
		};
	}
	let Some(text) = json::plain_string(value) else { return BlockReference::None };
	match text {
		"latest" => BlockReference::Tag(Tag::Latest),
		"safe" => BlockReference::Tag(Tag::Safe),
		"finalized" => BlockReference::Tag(Tag::Finalized),
		"pending" => BlockReference::Pending,
		"earliest" => BlockReference::Number(0),
		text if text.len() == 66 => BlockReference::Hash(text),
		text => json::quantity_of(text).map_or(BlockReference::None, BlockReference::Number),
	}
}

fn range(filter: &[u8]) -> BlockReference<'_> {
	if filter.first() != Some(&b'{') {
		return BlockReference::None;
	}
	if let Some(hash) = json::member(filter, b"blockHash") {
		return json::plain_string(hash)
			.map_or(BlockReference::None, |hash| BlockReference::Range(RangeEnd::Hash(hash)));
	}
	let end = match json::member(filter, b"toBlock").filter(|end| *end != b"null") {
		None => BlockReference::Tag(Tag::Latest),
		Some(end) => block(end),
	};
	match end {
		BlockReference::Tag(tag) => BlockReference::Range(RangeEnd::Tag(tag)),
		BlockReference::Number(number) => BlockReference::Range(RangeEnd::Number(number)),
		BlockReference::Pending => BlockReference::Pending,
		_ => BlockReference::None,
	}
}

/// Blocks that are served for the tags, as raw JSON: a quoted number or hash.
pub trait Resolve {
	/// Value for a tag; `None` if it is not known, which leaves the call as it is.
	fn resolve(&self, tag: Tag) -> Option<String>;
}

impl<F: Fn(Tag) -> Option<String>> Resolve for F {
	fn resolve(&self, tag: Tag) -> Option<String> {
		self(tag)
	}
}

fn tag_of(value: &[u8]) -> Option<Tag> {
	match block(value) {
		BlockReference::Tag(tag) if value.first() == Some(&b'"') => Some(tag),
		_ => None,
	}
}

fn pinned_block(value: &[u8], blocks: &impl Resolve) -> Option<Vec<u8>> {
	if value == b"null" {
		return blocks.resolve(Tag::Latest).map(String::into_bytes);
	}
	if value.first() == Some(&b'{') {
		let inner = json::member(value, b"blockNumber")?;
		return replace(value, inner, blocks.resolve(tag_of(inner)?)?.as_bytes());
	}
	blocks.resolve(tag_of(value)?).map(String::into_bytes)
}

/// Filter with both ends fixed. Without `fromBlock` a filter starts at the latest block.
fn pinned_range(filter: &[u8], blocks: &impl Resolve) -> Option<Vec<u8>> {
	if json::member(filter, b"blockHash").is_some() {
		return None;
	}
	let mut reader = Reader::new(filter, MAX_DEPTH);
	let mut out = Vec::with_capacity(filter.len().saturating_add(64));
	let mut changed = false;
	let mut ends = [("fromBlock", false), ("toBlock", false)];
	out.push(b'{');
	let mut more = reader.open(b'{', b'}').ok()?;
	while more {
		let key = reader.key().ok()?;
		let value = reader.value(1).ok()?;
		let mut value = std::borrow::Cow::Borrowed(value);
		if let Some((_, seen)) = ends.iter_mut().find(|(name, _)| name.as_bytes() == key.raw) {
			*seen = true;
			let tag = if value.as_ref() == b"null" { Some(Tag::Latest) } else { tag_of(&value) };
			if let Some(tag) = tag {
				value = blocks.resolve(tag)?.into_bytes().into();
				changed = true;
			}
		}
		separate(&mut out);
		out.push(b'"');
		out.extend_from_slice(key.raw);
		out.extend_from_slice(b"\":");
		out.extend_from_slice(&value);
		more = reader.more(b'}').ok()?;
	}
	for (name, seen) in ends {
		if !seen {
			separate(&mut out);
			out.extend_from_slice(format!("\"{name}\":").as_bytes());
			out.extend_from_slice(blocks.resolve(Tag::Latest)?.as_bytes());
			changed = true;
		}
	}
	out.push(b'}');
	changed.then_some(out)
}

fn separate(out: &mut Vec<u8>) {
	if out.last() != Some(&b'{') {
		out.push(b',');
	}
}

/// `whole` with `part`, a slice of it, replaced.
fn replace(whole: &[u8], part: &[u8], by: &[u8]) -> Option<Vec<u8>> {
	let start = part.as_ptr().addr().checked_sub(whole.as_ptr().addr())?;
	let head = whole.get(..start)?;
	let tail = whole.get(start.checked_add(part.len())?..)?;
	Some([head, by, tail].concat())
}

/// Array with an element added at its end.
fn add(array: &[u8], first: bool, value: &[u8]) -> Option<Vec<u8>> {
	let array = if array.is_empty() { b"[]" } else { array };
	let head = array.trim_ascii_end().strip_suffix(b"]")?;
	let comma: &[u8] = if first { b"" } else { b"," };
	Some([head, comma, value, b"]"].concat())
}

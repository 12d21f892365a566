// SPDX-License-Identifier: Apache-2.0

//! YAML as a tree of texts with their places, within bounds.
//!
//! Of YAML only mappings, sequences and scalars are taken. Anchors, aliases, tags, directives and
//! further documents are refused, so the tree is never larger than the text. Scalars stay the texts
//! that they were written as: `1.10` is no number here, and `no` no boolean.

use super::error::{ComposeError, FaultKind, Position, shown};
use granit_parser::{Event, Marker, Options, Parser, ScalarStyle};
use zeroize::Zeroizing;

/// Longest document in bytes.
pub const MAX_DOCUMENT: usize = 256 * 1024;
/// Most nodes of a document.
pub const MAX_NODES: usize = 8_192;
/// Deepest nesting of a document.
pub const MAX_DEPTH: usize = 16;
/// Longest key in bytes.
pub const MAX_KEY: usize = 256;

/// Node with its place.
pub(super) struct Node {
	pub at: Position,
	pub value: Value,
}

/// Value of a node.
pub(super) enum Value {
	/// Scalar; `plain` if it is not quoted and no block.
	Text { text: Zeroizing<String>, plain: bool },
	/// Sequence.
	List(Vec<Node>),
	/// Mapping, in the order of the document. Keys are distinct.
	Map(Vec<Entry>),
}

/// Entry of a mapping.
pub(super) struct Entry {
	pub at: Position,
	pub key: String,
	pub node: Node,
}

/// Collection that is not at its end.
enum Open {
	List(Position, Vec<Node>),
	Map(Position, Vec<Entry>, Option<(Position, String)>),
}

/// Read a document.
pub(super) fn read(bytes: &[u8]) -> Result<Node, ComposeError> {
	let start = Position { line: 1, column: 1 };
	if bytes.len() > MAX_DOCUMENT {
		let problem = format!("the document has more than {MAX_DOCUMENT} bytes");
		return Err(fault(FaultKind::TooLarge, start, problem, "put large files beside it"));
	}
	let text = std::str::from_utf8(bytes).map_err(|error| {
		let good = bytes.get(..error.valid_up_to()).unwrap_or_default();
		let line = good.iter().filter(|byte| **byte == b'\n').count().saturating_add(1);
		let last = good.rsplit(|byte| *byte == b'\n').next().unwrap_or_default();
		let column = String::from_utf8_lossy(last).chars().count().saturating_add(1);
		let at = Position { line, column };
		fault(FaultKind::Yaml, at, "the document is not UTF-8", "save it as UTF-8")
	})?;
	let mut options = Options::default();
	options.set_emit_comments(false);
	options.disallow_directives = true;
	options.flow_nesting_limit = MAX_DEPTH;
	options.block_nesting_limit = MAX_DEPTH;
	let mut parser = Parser::new_from_str_with_options(text, options);
	let mut tree = Tree::default();
	while let Some(next) = parser.next_event() {
		let (event, span) = next.map_err(|error| {
			let at = position(error.marker());
			fault(FaultKind::Yaml, at, format!("no YAML: {}", error.info()), "")
		})?;
		if !tree.take(event, position(&span.start))? {
			break;
		}
	}
	tree.root.ok_or_else(|| {
		fault(FaultKind::Missing, start, "the document is empty", "describe a service")
	})
}

fn position(marker: &Marker) -> Position {
	Position { line: marker.line().max(1), column: marker.col().saturating_add(1) }
}

fn fault(
	kind: FaultKind,
	at: Position,
	problem: impl Into<String>,
	instead: impl Into<String>,
) -> ComposeError {
	ComposeError::new(kind, at, "", problem, instead)
}

/// Tree that grows by events.
#[derive(Default)]
struct Tree {
	root: Option<Node>,
	open: Vec<Open>,
	nodes: usize,
	documents: usize,
}

impl Tree {
	/// Take an event. False after the last one.
	fn take(&mut self, event: Event<'_>, at: Position) -> Result<bool, ComposeError> {
		let (anchor, tagged) = match &event {
			Event::Scalar(_, _, anchor, tag)
			| Event::SequenceStart(_, anchor, tag)
			| Event::MappingStart(_, anchor, tag) => (*anchor > 0, tag.is_some()),
			_ => (false, false),
		};
		if anchor || matches!(event, Event::Alias(_)) {
			let problem = "anchors and aliases are not supported";
			return Err(fault(FaultKind::Yaml, at, problem, "write the value out"));
		}
		if tagged {
			let problem = "tags such as `!!str` are not supported";
			return Err(fault(FaultKind::Yaml, at, problem, "quote the value"));
		}
		match event {
			Event::StreamEnd => return Ok(false),
			Event::DocumentStart(..) => {
				self.documents = self.documents.saturating_add(1);
				if self.documents > 1 {
					let problem = "the file has more than one document";
					return Err(fault(FaultKind::Yaml, at, problem, "write one file per order"));
				}
			},
			Event::Scalar(text, style, ..) => {
				let plain = style == ScalarStyle::Plain;
				self.scalar(Zeroizing::new(text.into_owned()), plain, at)?;
			},
			Event::SequenceStart(..) => self.enter(Open::List(at, Vec::new()), at)?,
			Event::MappingStart(..) => self.enter(Open::Map(at, Vec::new(), None), at)?,
			Event::SequenceEnd | Event::MappingEnd => match self.open.pop() {
				Some(Open::List(at, nodes)) => self.put(Node { at, value: Value::List(nodes) })?,
				Some(Open::Map(at, entries, _)) => {
					self.put(Node { at, value: Value::Map(entries) })?;
				},
				None => {},
			},
			_ => {},
		}
		Ok(true)
	}

	fn count(&mut self, at: Position) -> Result<(), ComposeError> {
		self.nodes = self.nodes.saturating_add(1);
		if self.nodes > MAX_NODES {
			let problem = format!("the document has more than {MAX_NODES} values");
			return Err(fault(FaultKind::TooLarge, at, problem, "use `env_file` or files"));
		}
		Ok(())
	}

	fn enter(&mut self, open: Open, at: Position) -> Result<(), ComposeError> {
		self.count(at)?;
		if self.open.len() >= MAX_DEPTH {
			let problem = format!("values are nested deeper than {MAX_DEPTH}");
			return Err(fault(FaultKind::TooLarge, at, problem, ""));
		}
		if let Some(Open::Map(_, _, None)) = self.open.last() {
			let problem = "a key that is a list or a mapping";
			return Err(fault(FaultKind::Yaml, at, problem, "use a text as the key"));
		}
		self.open.push(open);
		Ok(())
	}

	fn scalar(
		&mut self,
		text: Zeroizing<String>,
		plain: bool,
		at: Position,
	) -> Result<(), ComposeError> {
		self.count(at)?;
		if let Some(Open::Map(_, entries, key @ None)) = self.open.last_mut() {
			if text.len() > MAX_KEY || text.is_empty() {
				let problem = format!("a key has 1 to {MAX_KEY} bytes");
				return Err(fault(FaultKind::TooLarge, at, problem, "shorten it"));
			}
			if let Some(first) = entries.iter().find(|entry| entry.key == *text) {
				let problem = format!("key {} is given twice", shown(&text));
				let instead = format!("keep one of them; the first is at {}", first.at);
				return Err(fault(FaultKind::Duplicate, at, problem, instead));
			}
			*key = Some((at, text.to_string()));
			return Ok(());
		}
		self.put(Node { at, value: Value::Text { text, plain } })
	}

	fn put(&mut self, node: Node) -> Result<(), ComposeError> {
		match self.open.last_mut() {
			None => self.root = Some(node),
			Some(Open::List(_, nodes)) => nodes.push(node),
			Some(Open::Map(_, entries, key)) => {
				if let Some((at, key)) = key.take() {
					entries.push(Entry { at, key, node });
				}
			},
		}
		Ok(())
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;

	fn kind(text: &str) -> (FaultKind, usize, usize) {
		let error = read(text.as_bytes()).err().expect(text);
		(error.kind, error.at.line, error.at.column)
	}

	#[test]
	fn texts_stay_as_they_are_written_and_have_places() {
		let node = read(b"a: 1.10\nlist:\n  - no\n  - 'x'\n").unwrap();
		let Value::Map(entries) = node.value else { panic!() };
		let keys: Vec<_> =
			entries.iter().map(|e| (e.key.as_str(), e.at.line, e.at.column)).collect();
		assert_eq!(keys, [("a", 1, 1), ("list", 2, 1)]);
		let Value::Text { text, plain } = &entries[0].node.value else { panic!() };
		assert_eq!((text.as_str(), *plain, entries[0].node.at.column), ("1.10", true, 4));
		let Value::List(items) = &entries[1].node.value else { panic!() };
		let places: Vec<_> = items.iter().map(|item| (item.at.line, item.at.column)).collect();
		assert_eq!(places, [(3, 5), (4, 5)]);
	}

	#[test]
	fn parts_of_yaml_that_multiply_or_mislead_are_refused() {
		assert_eq!(kind("a: &x 1\nb: *x\n"), (FaultKind::Yaml, 1, 7));
		assert_eq!(kind("a: !!int 1\n").0, FaultKind::Yaml);
		assert_eq!(kind("a: 1\n---\nb: 2\n").0, FaultKind::Yaml);
		assert_eq!(kind("%YAML 1.1\n---\na: 1\n").0, FaultKind::Yaml);
		assert_eq!(kind("a: 1\nb: 2\n'a': 3\n"), (FaultKind::Duplicate, 3, 1));
		assert_eq!(kind("[a]: 1\n").0, FaultKind::Yaml);
		assert_eq!(kind("a: [1\n").0, FaultKind::Yaml);
		assert_eq!(kind("").0, FaultKind::Missing);
		let bomb = "a: &a [x]\nb: &b [*a,*a,*a]\nc: &c [*b,*b,*b]\n";
		assert_eq!(kind(bomb).0, FaultKind::Yaml);
	}

	#[test]
	fn size_is_bounded() {
		assert_eq!(kind(&"#".repeat(MAX_DOCUMENT + 1)).0, FaultKind::TooLarge);
		assert_eq!(kind(&"- a\n".repeat(MAX_NODES + 1)).0, FaultKind::TooLarge);
		assert_eq!(kind(&format!("{}: 1\n", "k".repeat(MAX_KEY + 1))).0, FaultKind::TooLarge);
		let deep = kind(&"[".repeat(100_000));
		assert!(matches!(deep.0, FaultKind::TooLarge | FaultKind::Yaml), "{deep:?}");
		let deep: String = (0..1_000).map(|n| format!("{}a:\n", " ".repeat(n % 400))).collect();
		assert!(read(deep.as_bytes()).is_err());
	}

	#[test]
	fn a_byte_that_is_no_text_is_located() {
		let error = read(b"a: 1\nb: \xff\n").err().unwrap();
		assert_eq!((error.kind, error.at), (FaultKind::Yaml, Position { line: 2, column: 4 }));
	}

	proptest! {
		#[test]
		fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
			let _ = read(&bytes);
		}

		#[test]
		fn arbitrary_yaml_never_panics(text in "[\\[\\]{}:,\\-?&*!|>'\"%@ \\n\\ta-c#0.$]{0,200}") {
			let _ = read(text.as_bytes());
		}
	}
}

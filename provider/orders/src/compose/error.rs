// SPDX-License-Identifier: Apache-2.0

//! Faults of compose files, with their place and the way out.

use std::fmt;

/// Place in a compose file. Lines and columns are counted from 1.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub struct Position {
	/// Line.
	pub line: usize,
	/// Column, in characters.
	pub column: usize,
}

impl fmt::Display for Position {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		write!(f, "line {}, column {}", self.line, self.column)
	}
}

/// Kind of a fault.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum FaultKind {
	/// The document is not YAML, or uses anchors, aliases, tags or several documents.
	Yaml,
	/// The document is larger or deeper than allowed.
	TooLarge,
	/// A key is given twice.
	Duplicate,
	/// No such key is known.
	UnknownKey,
	/// The key is one of docker-compose that a lease does not have.
	Unsupported,
	/// A required key or value is missing.
	Missing,
	/// The value cannot be read, or is out of its bounds.
	Value,
	/// A file that the document names cannot be read.
	File,
}

/// Fault of a compose file. Values of the private part are never in it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ComposeError {
	/// Kind.
	pub kind: FaultKind,
	/// Place.
	pub at: Position,
	/// Path of the key, such as `services.web.ports[0]`; empty for the document.
	pub path: String,
	/// Problem, in words.
	pub problem: String,
	/// Advice, in words; may be empty.
	pub instead: String,
}

impl ComposeError {
	pub(crate) fn new(
		kind: FaultKind,
		at: Position,
		path: impl Into<String>,
		problem: impl Into<String>,
		instead: impl Into<String>,
	) -> Self {
		Self { kind, at, path: path.into(), problem: problem.into(), instead: instead.into() }
	}
}

impl fmt::Display for ComposeError {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		write!(f, "{}: ", self.at)?;
		if !self.path.is_empty() {
			write!(f, "{}: ", self.path)?;
		}
		f.write_str(&self.problem)?;
		if !self.instead.is_empty() {
			write!(f, "; {}", self.instead)?;
		}
		Ok(())
	}
}

impl std::error::Error for ComposeError {}

/// Short, printable form of a text from a file, for a message.
pub(crate) fn shown(text: &str) -> String {
	let short: String = text.chars().take(40).collect();
	let more = if short.len() < text.len() { ".." } else { "" };
	format!("{short:?}{more}")
}

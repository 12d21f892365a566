// SPDX-License-Identifier: Apache-2.0

//! Reading of nodes: known keys only, and every fault with its place.

use super::{
	error::{ComposeError, FaultKind, Position, shown},
	keys::{self, Section},
	yaml::{Entry, Node, Value},
};
use zeroize::Zeroizing;

/// Node with the path of its key.
pub(super) struct Item<'a> {
	pub path: String,
	/// Place of the key, or of the node itself in a list.
	pub key_at: Position,
	pub node: &'a Node,
}

/// Mapping with known keys.
pub(super) struct Fields<'a> {
	pub path: String,
	pub at: Position,
	entries: &'a [Entry],
}

impl<'a> Item<'a> {
	pub fn fault(
		&self,
		kind: FaultKind,
		problem: impl Into<String>,
		instead: impl Into<String>,
	) -> ComposeError {
		ComposeError::new(kind, self.node.at, &*self.path, problem, instead)
	}

	/// Fault of the value.
	pub fn wrong(&self, problem: impl Into<String>) -> ComposeError {
		self.fault(FaultKind::Value, problem, "")
	}

	/// Text of a scalar that is not null, with `$$` for `$`.
	pub fn text(&self) -> Result<Zeroizing<String>, ComposeError> {
		let Value::Text { text, plain } = &self.node.value else {
			return Err(self.fault(FaultKind::Value, "a text is expected here", ""));
		};
		if *plain && matches!(text.as_str(), "" | "~" | "null" | "Null" | "NULL") {
			return Err(self.fault(FaultKind::Missing, "the value is missing", "give one"));
		}
		unescape_dollars(text).ok_or_else(|| {
			let problem = "variables such as `${NAME}` are not replaced here";
			self.fault(
				FaultKind::Value,
				problem,
				"write the value, use `env_file`, or `$$` for `$`",
			)
		})
	}

	/// Public text, read by `read`, whose error is completed by the text itself.
	pub fn read<T>(&self, read: impl FnOnce(&str) -> Result<T, String>) -> Result<T, ComposeError> {
		let text = self.text()?;
		read(&text)
			.map_err(|problem| self.wrong(format!("cannot read {}: {problem}", shown(&text))))
	}

	/// Items of a sequence.
	pub fn list(&self) -> Result<Vec<Item<'a>>, ComposeError> {
		let Value::List(nodes) = &self.node.value else {
			return Err(self.fault(FaultKind::Value, "a list is expected here", ""));
		};
		let item = |(at, node): (usize, &'a Node)| Item {
			path: format!("{}[{at}]", self.path),
			key_at: node.at,
			node,
		};
		Ok(nodes.iter().enumerate().map(item).collect())
	}

	/// Items of a sequence, or the item itself if it is a text.
	pub fn list_or_text(self) -> Result<Vec<Item<'a>>, ComposeError> {
		match self.node.value {
			Value::Text { .. } => Ok(vec![self]),
			_ => self.list(),
		}
	}

	/// True if it is a mapping.
	pub fn is_map(&self) -> bool {
		matches!(self.node.value, Value::Map(_))
	}

	/// True if it is a sequence.
	pub fn is_list(&self) -> bool {
		matches!(self.node.value, Value::List(_))
	}

	/// Entries of a mapping with any keys.
	pub fn entries(&self) -> Result<Vec<(&'a str, Item<'a>)>, ComposeError> {
		let Value::Map(entries) = &self.node.value else {
			return Err(self.fault(FaultKind::Value, "a mapping is expected here", ""));
		};
		let item = |entry: &'a Entry| {
			let path = join(&self.path, &entry.key);
			(entry.key.as_str(), Item { path, key_at: entry.at, node: &entry.node })
		};
		Ok(entries.iter().map(item).collect())
	}

	/// Mapping with the keys of a section only.
	pub fn fields(&self, section: Section) -> Result<Fields<'a>, ComposeError> {
		let Value::Map(entries) = &self.node.value else {
			return Err(self.fault(FaultKind::Value, "a mapping is expected here", ""));
		};
		for Entry { at, key, .. } in entries {
			if section.keys().contains(&key.as_str()) {
				continue;
			}
			let path = join(&self.path, key);
			return Err(match keys::instead(section, key) {
				Some(instead) => {
					let problem = format!("{} is not supported", shown(key));
					ComposeError::new(FaultKind::Unsupported, *at, path, problem, instead)
				},
				None => {
					let problem = format!("{} is not a key that is known here", shown(key));
					let instead = keys::suggestion(section, key);
					ComposeError::new(FaultKind::UnknownKey, *at, path, problem, instead)
				},
			});
		}
		Ok(Fields { path: self.path.clone(), at: self.node.at, entries })
	}
}

impl<'a> Fields<'a> {
	/// Value of a key.
	pub fn get(&self, key: &str) -> Option<Item<'a>> {
		let entry = self.entries.iter().find(|entry| entry.key == key)?;
		let path = join(&self.path, key);
		Some(Item { path, key_at: entry.at, node: &entry.node })
	}

	/// Value of a key that must be there.
	pub fn require(&self, key: &str, example: &str) -> Result<Item<'a>, ComposeError> {
		self.get(key).ok_or_else(|| {
			let problem = format!("`{key}` is missing");
			let instead = format!("add `{key}: {example}`");
			ComposeError::new(FaultKind::Missing, self.at, &*self.path, problem, instead)
		})
	}

	/// Public value of a key, if it is there.
	pub fn read<T>(
		&self,
		key: &str,
		read: impl FnOnce(&str) -> Result<T, String>,
	) -> Result<Option<T>, ComposeError> {
		self.get(key).map(|item| item.read(read)).transpose()
	}
}

/// Path of a key. Other keys than plain ones are quoted.
fn join(path: &str, key: &str) -> String {
	let plain = key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
	let key = if plain { key.to_owned() } else { shown(key) };
	if path.is_empty() { key } else { format!("{path}.{key}") }
}

/// Text with `$` for `$$`. `None` if it has a single `$`.
fn unescape_dollars(text: &str) -> Option<Zeroizing<String>> {
	let mut plain = Zeroizing::new(String::with_capacity(text.len()));
	let mut letters = text.chars();
	while let Some(letter) = letters.next() {
		if letter == '$' && letters.next() != Some('$') {
			return None;
		}
		plain.push(letter);
	}
	Some(plain)
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn dollars_are_doubled_or_refused() {
		let plain = |text| unescape_dollars(text).map(|text| text.to_string());
		assert_eq!(plain("a$$b$$$$").as_deref(), Some("a$b$$"));
		for text in ["$", "a$b", "${X}", "$$$"] {
			assert_eq!(plain(text), None);
		}
	}
}

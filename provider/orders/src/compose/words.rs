// SPDX-License-Identifier: Apache-2.0

//! Commands written as one text, and files of variables.

use crate::manifest::{SecretText, is_variable};
use zeroize::Zeroizing;

/// Words of a command as a shell splits them: single and double quotes and backslashes, nothing
/// else. The error has no part of the text.
pub(super) fn words(text: &str) -> Result<Vec<SecretText>, String> {
	let mut words = Vec::new();
	let mut word: Option<Zeroizing<String>> = None;
	let mut letters = text.chars();
	let mut quote = None;
	while let Some(letter) = letters.next() {
		let escaped = |letters: &mut std::str::Chars<'_>| {
			letters.next().ok_or_else(|| "a backslash at the end escapes nothing".to_owned())
		};
		match (quote, letter) {
			(None, ' ' | '\t' | '\n') => words.extend(word.take().as_ref().map(SecretText::from)),
			(None, '\'' | '"') => {
				quote = Some(letter);
				word.get_or_insert_default();
			},
			(Some(open), _) if open == letter => quote = None,
			(None, '\\') => word.get_or_insert_default().push(escaped(&mut letters)?),
			(Some('"'), '\\') => match escaped(&mut letters)? {
				next @ ('"' | '\\' | '`' | '$') => word.get_or_insert_default().push(next),
				next => word.get_or_insert_default().extend(['\\', next]),
			},
			(None, ';' | '|' | '&' | '<' | '>' | '`' | '(' | ')') => {
				return Err(
					"no shell runs the command; quote the sign, or use `[\"sh\", \"-c\", ..]`"
						.into(),
				);
			},
			_ => word.get_or_insert_default().push(letter),
		}
	}
	if quote.is_some() {
		return Err("a quote is not closed".into());
	}
	words.extend(word.as_ref().map(SecretText::from));
	Ok(words)
}

/// Variables of a file: lines `NAME=value`, `#` at the start of a line for comments, values in
/// single or double quotes. The error names the line and has no part of a value.
pub(super) fn variables(text: &str) -> Result<Vec<(String, SecretText)>, String> {
	let mut found = Vec::new();
	for (number, line) in text.lines().enumerate() {
		let number = number.saturating_add(1);
		let line = line.trim();
		if line.is_empty() || line.starts_with('#') {
			continue;
		}
		let (name, value) = line
			.split_once('=')
			.ok_or_else(|| format!("line {number}: `NAME=value` is expected"))?;
		if !is_variable(name) {
			return Err(format!("line {number}: no name of a variable before `=`"));
		}
		let value = value_of(value).map_err(|problem| format!("line {number}: {problem}"))?;
		if found.iter().any(|(known, _)| known == name) {
			return Err(format!("line {number}: the variable is given twice"));
		}
		found.push((name.to_owned(), value));
	}
	Ok(found)
}

fn value_of(text: &str) -> Result<SecretText, &'static str> {
	let inner = |quote: char| text.strip_prefix(quote).map(|rest| rest.strip_suffix(quote));
	if let Some(inner) = inner('\'') {
		let inner = inner.filter(|inner| !inner.contains('\''));
		return inner.map(SecretText::new).ok_or("a single quote is not closed");
	}
	if let Some(inner) = inner('"') {
		return double_quoted(inner.ok_or("a double quote is not closed")?);
	}
	if text.contains('$') || text.contains(" #") {
		return Err("put a value with `$` or ` #` into single quotes");
	}
	Ok(SecretText::new(text))
}

fn double_quoted(text: &str) -> Result<SecretText, &'static str> {
	let mut value = Zeroizing::new(String::with_capacity(text.len()));
	let mut letters = text.chars();
	while let Some(letter) = letters.next() {
		value.push(match letter {
			'"' => return Err("a double quote is not closed"),
			'$' => return Err("variables are not replaced; write `\\$` for `$`"),
			'\\' => match letters.next() {
				Some('n') => '\n',
				Some('r') => '\r',
				Some('t') => '\t',
				Some(next @ ('"' | '\\' | '$')) => next,
				_ => return Err("no such escape: \\n, \\r, \\t, \\\", \\\\ and \\$ are known"),
			},
			_ => letter,
		});
	}
	Ok(SecretText::from(&value))
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;

	fn split(text: &str) -> Result<Vec<String>, String> {
		words(text).map(|words| words.iter().map(|word| word.expose().to_owned()).collect())
	}

	#[test]
	fn commands_are_split_like_a_shell_does() {
		assert_eq!(
			split("nginx -g 'daemon off;'  --x=\"a \\\"b\\\" \\n\" c\\ d ''").unwrap(),
			["nginx", "-g", "daemon off;", "--x=a \"b\" \\n", "c d", ""]
		);
		assert_eq!(split("  \n").unwrap(), Vec::<String>::new());
		for wrong in ["a 'b", "a \"b", "a\\", "a && b", "a | b", "a > b", "`a`"] {
			assert!(split(wrong).is_err(), "{wrong}");
		}
	}

	#[test]
	fn files_of_variables_are_read() {
		let text = "# comment\n\nA=1\nB='x $y #z'\nC=\"a\\nb\\$\"\nD=\nE=a b\n";
		let found = variables(text).unwrap();
		let found: Vec<_> =
			found.iter().map(|(name, value)| (name.as_str(), value.expose())).collect();
		let expected = [("A", "1"), ("B", "x $y #z"), ("C", "a\nb$"), ("D", ""), ("E", "a b")];
		assert_eq!(found, expected);
	}

	#[test]
	fn a_fault_names_the_line_and_hides_the_value() {
		for line in [
			"hunter2",
			"1A=hunter2",
			"A B=hunter2",
			"A=hunter2$x",
			"A=hunter2 # x",
			"A='hunter2",
			"A=\"hunter2",
			"A=\"hunter2\\x\"",
			"A=\"${hunter2}\"",
			"=hunter2",
			"X=hunter2",
		] {
			let error = variables(&format!("X=1\n{line}\n")).unwrap_err();
			assert!(error.starts_with("line 2: ") && !error.contains("hunter2"), "{error}");
		}
	}

	proptest! {
		#[test]
		fn arbitrary_texts_never_panic(text in "[ -~\n]{0,80}|\\PC{0,40}") {
			let _ = (words(&text), variables(&text));
		}
	}
}

// SPDX-License-Identifier: Apache-2.0

use super::*;
use proptest::prelude::*;

const ROLE: &str = r#"data: {"choices":[{"index":0,"delta":{"role":"assistant","content":null}}]}"#;
const HELLO: &str = r#"data: {"choices":[{"index":0,"delta":{"content":"Hello"}}]}"#;
const TOOL: &str = r#"data: {"choices":[{"delta":{"tool_calls":[{"function":{"name":"f"}}]}}]}"#;
const QUOTED: &str = r#"data: {"choices":[{"delta":{"content":"\"usage\": {}"}}]}"#;
const USAGE: &str = concat!(
	r#"data: {"choices":[],"usage":{"completion_tokens":4,"prompt_tokens":31,"#,
	r#""total_tokens":35}}"#
);
const DONE: &str = "data: [DONE]";

fn stream(events: &[&str], end: &str) -> String {
	events.iter().map(|event| format!("{event}{end}{end}")).collect()
}

/// What a client gets if the server's bytes come in parts of a size.
fn passed(events: &mut Events, text: &str, size: usize) -> String {
	let mut output = Vec::new();
	for part in text.as_bytes().chunks(size) {
		output.extend_from_slice(&events.push(Bytes::copy_from_slice(part)));
	}
	output.extend_from_slice(&events.finish());
	String::from_utf8(output).unwrap()
}

#[test]
fn the_usage_is_hidden_however_the_bytes_are_cut() {
	for end in ["\n", "\r\n"] {
		let text = stream(&[ROLE, HELLO, QUOTED, TOOL, USAGE, DONE], end);
		let hidden = stream(&[ROLE, HELLO, QUOTED, TOOL, DONE], end);
		for size in [1, 2, 3, 7, 50, 100, 10_000] {
			let mut events = Events::new(true);
			assert_eq!(passed(&mut events, &text, size), hidden, "{size}");
			assert_eq!(events.usage(), Some(Tokens { prompt: 31, completion: 4 }));
			assert_eq!(events.deltas(), 3);
			let mut events = Events::new(false);
			assert_eq!(passed(&mut events, &text, size), text);
			assert_eq!(events.usage(), Some(Tokens { prompt: 31, completion: 4 }));
		}
	}
}

#[test]
fn whole_events_pass_without_a_copy() {
	let mut events = Events::new(true);
	let data = Bytes::from(stream(&[ROLE, HELLO], "\n"));
	assert_eq!(events.push(data.clone()).as_ptr(), data.as_ptr());
}

#[test]
fn usage_beside_a_part_of_the_answer_is_not_hidden() {
	let both = r#"data: {"choices":[{"delta":{"content":"x"}}],"usage":{"prompt_tokens":1}}"#;
	let none = r#"data: {"choices":[],"usage":null}"#;
	let text = stream(&[both, none, ": a comment", "event: ping"], "\n");
	let mut events = Events::new(true);
	assert_eq!(passed(&mut events, &text, 9), text);
	assert_eq!(events.usage(), Some(Tokens { prompt: 1, completion: 0 }));
}

#[test]
fn text_counts_where_no_usage_is_told() {
	let mut events = Events::new(true);
	let long = r#"data: {"choices":[{"delta":{"content":"abcdefghijklmnop"}}]}"#;
	passed(&mut events, &stream(&[ROLE, HELLO, long], "\n"), 64);
	assert_eq!((events.usage(), events.deltas(), events.counted()), (None, 2, 6));
	assert!(!events.has_failed());
	passed(&mut events, "data: {\"error\":{\"message\":\"out of memory\"}}\n\n", 64);
	assert!(events.has_failed());
}

#[test]
fn an_event_without_an_end_passes_unread() {
	let mut events = Events::new(true);
	let part = Bytes::from(vec![b'x'; 100_000]);
	let sum: usize = (0..20).map(|_| events.push(part.clone()).len()).sum();
	assert_eq!(sum + events.finish().len(), 2_000_000);
	assert_eq!(events.part.capacity(), 0);
}

proptest! {
	#[test]
	fn any_bytes_pass_in_order(parts in prop::collection::vec("[a-z{}\":\r\n ]{0,20}", 0..20)) {
		let mut events = Events::new(false);
		let mut output = Vec::new();
		for part in &parts {
			output.extend_from_slice(&events.push(Bytes::from(part.clone())));
		}
		output.extend_from_slice(&events.finish());
		prop_assert_eq!(String::from_utf8(output).unwrap(), parts.concat());
	}
}

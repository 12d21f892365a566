// SPDX-License-Identifier: Apache-2.0

//! Block arguments.

use crate::rpc::{
	BlockArgument,
	block::{BlockReference, Parameter, RangeEnd, Tag},
};

fn reference(params: &[u8], argument: BlockArgument) -> BlockReference<'_> {
	Parameter::find(params, argument).reference()
}

#[test]
fn the_block_of_a_call_is_found() {
	let at = BlockArgument::Tag { at: 1, optional: true };
	let hash = format!("0x{}", "ab".repeat(32));
	for (params, expected) in [
		(r#"["0xa"]"#.to_owned(), BlockReference::Tag(Tag::Latest)),
		(r#"["0xa",null]"#.into(), BlockReference::Tag(Tag::Latest)),
		(r#"["0xa","safe"]"#.into(), BlockReference::Tag(Tag::Safe)),
		(r#"["0xa","pending"]"#.into(), BlockReference::Pending),
		(r#"["0xa","earliest"]"#.into(), BlockReference::Number(0)),
		(r#"["0xa","0x10"]"#.into(), BlockReference::Number(16)),
		(format!(r#"["0xa","{hash}"]"#), BlockReference::Hash(&hash)),
		(format!(r#"["0xa",{{"blockHash":"{hash}"}}]"#), BlockReference::Hash(&hash)),
		(r#"["0xa",{"blockNumber":"latest"}]"#.into(), BlockReference::Tag(Tag::Latest)),
		("[]".into(), BlockReference::None),
		("{}".into(), BlockReference::None),
		(r#"["0xa",{"blockNumber":{"blockNumber":"0x1"}}]"#.into(), BlockReference::None),
	] {
		assert_eq!(reference(params.as_bytes(), at), expected, "{params}");
	}
	let filter = BlockArgument::Range { at: 0 };
	assert_eq!(
		reference(br#"[{"fromBlock":"0x1"}]"#, filter),
		BlockReference::Range(RangeEnd::Tag(Tag::Latest))
	);
	assert_eq!(
		reference(br#"[{"toBlock":"0x9"}]"#, filter),
		BlockReference::Range(RangeEnd::Number(9))
	);
	assert_eq!(reference(b"", BlockArgument::Hash { at: 0 }), BlockReference::Tag(Tag::Latest));
}

#[test]
fn tags_are_pinned_to_the_served_block() {
	let blocks = |tag| match tag {
		Tag::Latest => Some("\"0x64\"".to_owned()),
		Tag::Safe => Some("\"0x60\"".to_owned()),
		Tag::Finalized => None,
	};
	let tag = BlockArgument::Tag { at: 1, optional: true };
	let filter = BlockArgument::Range { at: 0 };
	let hash = BlockArgument::Hash { at: 1 };
	for (argument, params, expected) in [
		(tag, r#"["a","latest"]"#, Some(r#"["a","0x64"]"#)),
		(tag, r#"["a", "safe" , 1]"#, Some(r#"["a", "0x60" , 1]"#)),
		(tag, r#"["a"]"#, Some(r#"["a","0x64"]"#)),
		(
			tag,
			r#"["latest",{"blockNumber":"latest"}]"#,
			Some(r#"["latest",{"blockNumber":"0x64"}]"#),
		),
		(tag, r#"["a","0x1"]"#, None),
		(tag, r#"["a","finalized"]"#, None),
		(tag, "[]", None),
		(hash, r#"["a"]"#, Some(r#"["a","0x64"]"#)),
		(hash, r#"["a",null]"#, Some(r#"["a","0x64"]"#)),
		(hash, r#"["a","0xff"]"#, None),
		(
			filter,
			r#"[{"topics":[]}]"#,
			Some(r#"[{"topics":[],"fromBlock":"0x64","toBlock":"0x64"}]"#),
		),
		(filter, r#"[{}]"#, Some(r#"[{"fromBlock":"0x64","toBlock":"0x64"}]"#)),
		(
			filter,
			r#"[{"fromBlock":"0x1","toBlock":"latest"}]"#,
			Some(r#"[{"fromBlock":"0x1","toBlock":"0x64"}]"#),
		),
		(filter, r#"[{"fromBlock":"0x1","toBlock":"0x2"}]"#, None),
		(filter, r#"[{"blockHash":"0x1"}]"#, None),
	] {
		let pinned = Parameter::find(params.as_bytes(), argument).pin(&blocks);
		let text = pinned.as_ref().map(|pinned| pinned.params.as_slice());
		assert_eq!(text, expected.map(str::as_bytes), "{params}");
		if let Some(pinned) = &pinned {
			assert_eq!(pinned.reference(), reference(&pinned.params, argument), "{params}");
		}
	}
	let empty = Parameter::find(b"", BlockArgument::Hash { at: 0 }).pin(&blocks).unwrap();
	assert_eq!(empty.params, br#"["0x64"]"#);
	assert!(Parameter::find(b"", tag).pin(&blocks).is_none());
}

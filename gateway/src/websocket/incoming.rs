// SPDX-License-Identifier: Apache-2.0

//! Messages of a server on a WebSocket: answers and notifications.

use crate::rpc::json::{MAX_DEPTH, Reader, member};

/// Message of a server.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Incoming<'a> {
	/// Answer to a call.
	Answer {
		/// Id as raw JSON.
		id: &'a [u8],
		/// Result, or error object, as raw JSON.
		result: Result<&'a [u8], &'a [u8]>,
	},
	/// Notification of a subscription.
	Notification {
		/// Id of the subscription as raw JSON.
		subscription: &'a [u8],
		/// Result as raw JSON; empty if the server sent an error instead.
		result: &'a [u8],
	},
	/// Any other JSON object.
	Other,
}

impl<'a> Incoming<'a> {
	/// Reads a message. `None` if it is no JSON object, or ambiguous.
	pub fn read(message: &'a [u8]) -> Option<Self> {
		let mut reader = Reader::new(message, MAX_DEPTH);
		let (mut id, mut result, mut error, mut params) = (None, None, None, None);
		let mut more = reader.open(b'{', b'}').ok()?;
		while more {
			let key = reader.key().ok()?;
			let value = reader.value(1).ok()?;
			let slot = match key.raw {
				b"id" => Some(&mut id),
				b"result" => Some(&mut result),
				b"error" => Some(&mut error),
				b"params" => Some(&mut params),
				_ => None,
			};
			if slot.is_some_and(|slot| slot.replace(value).is_some()) {
				return None;
			}
			more = reader.more(b'}').ok()?;
		}
		reader.end().ok()?;
		let error = error.filter(|error| *error != b"null");
		if let Some(id) = id.filter(|id| *id != b"null") {
			let result = match (result, error) {
				(_, Some(error)) => Err(error),
				(Some(result), None) => Ok(result),
				(None, None) => return Some(Self::Other),
			};
			return Some(Self::Answer { id, result });
		}
		let Some(params) = params.filter(|params| params.first() == Some(&b'{')) else {
			return Some(Self::Other);
		};
		let Some(subscription) = member(params, b"subscription") else { return Some(Self::Other) };
		Some(Self::Notification {
			subscription,
			result: member(params, b"result").unwrap_or_default(),
		})
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn answers_and_notifications_are_distinguished() {
		let read = |text: &'static str| Incoming::read(text.as_bytes());
		assert_eq!(
			read(r#"{"jsonrpc":"2.0","id":7,"result":null}"#),
			Some(Incoming::Answer { id: b"7", result: Ok(b"null") })
		);
		assert_eq!(
			read(r#"{"id":7,"error":{"code":1},"result":null}"#),
			Some(Incoming::Answer { id: b"7", result: Err(br#"{"code":1}"#) })
		);
		assert_eq!(
			read(r#"{"method":"m","params":{"subscription":"0x1","result":[1]}}"#),
			Some(Incoming::Notification { subscription: br#""0x1""#, result: b"[1]" })
		);
		assert_eq!(read(r#"{"method":"m","params":[]}"#), Some(Incoming::Other));
		for broken in ["", "[]", r#"{"id":1,"id":2,"result":1}"#, r#"{"id":1"#, r#"{"id":1}x"#] {
			assert_eq!(read(broken), None, "{broken}");
		}
	}
}

// SPDX-License-Identifier: Apache-2.0

//! Notification that many clients receive, each under an id of its own.

use bytes::Bytes;

const HEAD: &str = r#"{"jsonrpc":"2.0","method":""#;
const MIDDLE: &str = r#"","params":{"subscription":"#;

/// Notification without the id of a subscription. It is serialized once; the id is spliced in when
/// a client's frame is written, so that a slow client holds no copy.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Notification {
	method: &'static str,
	tail: Bytes,
}

impl Notification {
	/// Notification of a method with a result in JSON.
	pub fn new(method: &'static str, result: &[u8]) -> Self {
		let mut tail = Vec::with_capacity(result.len().saturating_add(12));
		tail.extend_from_slice(br#","result":"#);
		tail.extend_from_slice(result);
		tail.extend_from_slice(b"}}");
		Self { method, tail: tail.into() }
	}

	/// Bytes of the notification under an id.
	pub fn size(&self, id: &str) -> usize {
		[HEAD.len(), self.method.len(), MIDDLE.len(), id.len(), self.tail.len()]
			.iter()
			.fold(0, |total, length| total.saturating_add(*length))
	}

	/// The notification under an id, which is raw JSON.
	pub fn text(&self, id: &str) -> Bytes {
		let mut text = Vec::with_capacity(self.size(id));
		for part in [HEAD, self.method, MIDDLE, id] {
			text.extend_from_slice(part.as_bytes());
		}
		text.extend_from_slice(&self.tail);
		text.into()
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn the_id_is_spliced_in() {
		let notification = Notification::new("eth_subscription", br#"{"number":"0x1"}"#);
		let text = notification.text(r#""0xab""#);
		assert_eq!(
			text,
			r#"{"jsonrpc":"2.0","method":"eth_subscription","params":{"subscription":"0xab","result":{"number":"0x1"}}}"#
		);
		assert_eq!(text.len(), notification.size(r#""0xab""#));
	}
}

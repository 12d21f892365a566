//! What is asked.

use crate::{
	http::{Ask, Keep},
	json::to_hex,
	judge::{BLOCK, HEAD},
};
use alloc::{
	format,
	string::{String, ToString},
};
use surety_primitives::{Protocol, ServiceId};

/// Longest body of an answer in bytes, but for proofs and the health of leases.
pub const MAX_BODY: usize = 256 * 1024;
/// Longest health of a lease in bytes.
pub const MAX_HEALTH: usize = 4 * 1024;
/// Longest proof in bytes.
pub const MAX_PROOF: usize = 1024;

/// Both questions at once: its head, and the reference block.
pub fn batch(protocol: Protocol, url: &str, number: u64) -> Ask {
	rpc(url, format!("[{},{}]", head_question(protocol), block_question(protocol, number)))
}

/// Its head.
pub fn head(protocol: Protocol, url: &str) -> Ask {
	rpc(url, head_question(protocol))
}

/// A block's hash.
pub fn block(protocol: Protocol, url: &str, number: u64) -> Ask {
	rpc(url, block_question(protocol, number))
}

/// The endpoint itself, whatever it shows.
pub fn page(url: &str) -> Ask {
	Ask { url: url.to_string(), post: None, keep: Keep::Nothing(MAX_BODY) }
}

/// The models that an inference endpoint lists.
pub fn models(url: &str) -> Ask {
	let url = format!("{}/v1/models", url.trim_end_matches('/'));
	Ask { url, post: None, keep: Keep::All(MAX_BODY) }
}

/// The health of a lease, which the endpoint itself shows.
pub fn health(url: &str) -> Ask {
	Ask { url: url.to_string(), post: None, keep: Keep::All(MAX_HEALTH) }
}

/// The operator's signature at the endpoint's host. `None` if the endpoint is no http(s) URL.
pub fn control(endpoint: &str, service: ServiceId) -> Option<Ask> {
	let url = crate::control_url(endpoint, service)?;
	Some(Ask { url, post: None, keep: Keep::All(MAX_PROOF) })
}

fn rpc(url: &str, body: String) -> Ask {
	Ask { url: url.to_string(), post: Some(body.into_bytes()), keep: Keep::All(MAX_BODY) }
}

fn head_question(protocol: Protocol) -> String {
	match protocol {
		Protocol::Ethereum => question(HEAD, "eth_blockNumber", ""),
		Protocol::Substrate => question(HEAD, "chain_getHeader", ""),
	}
}

fn block_question(protocol: Protocol, number: u64) -> String {
	match protocol {
		Protocol::Ethereum => {
			question(BLOCK, "eth_getBlockByNumber", &format!("\"{}\",false", to_hex(number)))
		},
		Protocol::Substrate => question(BLOCK, "chain_getBlockHash", &number.to_string()),
	}
}

fn question(id: u64, method: &str, params: &str) -> String {
	format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"{method}","params":[{params}]}}"#)
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn a_batch_asks_for_the_head_and_the_reference_block() {
		let ask = batch(Protocol::Ethereum, "http://a/x", 255);
		assert_eq!(
			String::from_utf8(ask.post.unwrap()).unwrap(),
			r#"[{"jsonrpc":"2.0","id":1,"method":"eth_blockNumber","params":[]},{"jsonrpc":"2.0","id":2,"method":"eth_getBlockByNumber","params":["0xff",false]}]"#
		);
		let ask = batch(Protocol::Substrate, "http://a/x", 255);
		assert_eq!(
			String::from_utf8(ask.post.unwrap()).unwrap(),
			r#"[{"jsonrpc":"2.0","id":1,"method":"chain_getHeader","params":[]},{"jsonrpc":"2.0","id":2,"method":"chain_getBlockHash","params":[255]}]"#
		);
	}

	#[test]
	fn the_models_are_below_the_endpoint() {
		assert_eq!(models("https://a/b").url, "https://a/b/v1/models");
		assert_eq!(models("https://a/").url, "https://a/v1/models");
	}
}

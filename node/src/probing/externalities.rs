// SPDX-License-Identifier: Apache-2.0

//! Host side of a run of the off-chain worker.

use super::{clock, requests::HttpRequests};
use codec::Encode;
use sc_offchain::NetworkProvider;
use sp_core::{
	OpaquePeerId, Pair,
	offchain::{
		Externalities, HttpError, HttpRequestId, HttpRequestStatus, OpaqueMultiaddr,
		OpaqueNetworkState, Timestamp,
	},
};
use std::{collections::HashSet, sync::Arc};

/// Externalities of one run of the off-chain worker. They match those of the SDK, except that HTTP
/// uses the probing transport.
pub struct ProbeExternalities {
	/// HTTP.
	pub http: HttpRequests,
	/// The node's network.
	pub network: Arc<dyn NetworkProvider + Send + Sync>,
	/// True if the node runs as a validator.
	pub is_validator: bool,
}

impl Externalities for ProbeExternalities {
	fn is_validator(&self) -> bool {
		self.is_validator
	}

	fn network_state(&self) -> Result<OpaqueNetworkState, ()> {
		let peer_id = OpaquePeerId::new(self.network.local_peer_id().to_bytes().encode());
		let external_addresses = self
			.network
			.external_addresses()
			.iter()
			.map(|address| OpaqueMultiaddr::new(address.to_string().encode()))
			.collect();
		Ok(OpaqueNetworkState { peer_id, external_addresses })
	}

	fn timestamp(&mut self) -> Timestamp {
		clock::now()
	}

	fn sleep_until(&mut self, deadline: Timestamp) {
		std::thread::sleep(clock::until(deadline));
	}

	fn random_seed(&mut self) -> [u8; 32] {
		// The seed of a fresh key pair comes from the operating system.
		sp_core::ed25519::Pair::generate().1
	}

	fn http_request_start(
		&mut self,
		method: &str,
		uri: &str,
		_meta: &[u8],
	) -> Result<HttpRequestId, ()> {
		self.http.start(method, uri)
	}

	fn http_request_add_header(
		&mut self,
		id: HttpRequestId,
		name: &str,
		value: &str,
	) -> Result<(), ()> {
		self.http.add_header(id, name, value)
	}

	fn http_request_write_body(
		&mut self,
		id: HttpRequestId,
		chunk: &[u8],
		deadline: Option<Timestamp>,
	) -> Result<(), HttpError> {
		self.http.write_body(id, chunk, deadline)
	}

	fn http_response_wait(
		&mut self,
		ids: &[HttpRequestId],
		deadline: Option<Timestamp>,
	) -> Vec<HttpRequestStatus> {
		self.http.wait(ids, deadline)
	}

	fn http_response_headers(&mut self, id: HttpRequestId) -> Vec<(Vec<u8>, Vec<u8>)> {
		self.http.headers(id)
	}

	fn http_response_read_body(
		&mut self,
		id: HttpRequestId,
		buffer: &mut [u8],
		deadline: Option<Timestamp>,
	) -> Result<usize, HttpError> {
		self.http.read_body(id, buffer, deadline)
	}

	fn set_authorized_nodes(&mut self, nodes: Vec<OpaquePeerId>, authorized_only: bool) {
		let peers: HashSet<_> = nodes
			.into_iter()
			.filter_map(|node| sc_network::PeerId::from_bytes(&node.0).ok())
			.collect();
		self.network.set_authorized_peers(peers);
		self.network.set_authorized_only(authorized_only);
	}
}

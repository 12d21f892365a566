// SPDX-License-Identifier: Apache-2.0

//! TLS and WebSocket.

use super::*;
use crate::test_kit::SelfSigned;
use futures::{SinkExt, StreamExt};
use http::HeaderMap;
use rustls::{
	ServerConfig,
	crypto::ring,
	pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use std::{path::PathBuf, sync::Arc};
use tokio_rustls::TlsAcceptor;
use tokio_tungstenite::{accept_hdr_async, tungstenite::Message};

/// Self-signed certificate for `localhost`: the server's side, and the file that a client trusts.
fn certificate() -> (TlsAcceptor, tempfile::TempDir, PathBuf) {
	let made = SelfSigned::new("localhost");
	let directory = tempfile::tempdir().unwrap();
	let path = directory.path().join("root.pem");
	std::fs::write(&path, &made.certificate).unwrap();
	let certificate = CertificateDer::from_pem_slice(made.certificate.as_bytes()).unwrap();
	let key = PrivateKeyDer::from_pem_slice(made.key.as_bytes()).unwrap();
	let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
		.with_safe_default_protocol_versions()
		.unwrap()
		.with_no_client_auth()
		.with_single_cert(vec![certificate], key)
		.unwrap();
	(TlsAcceptor::from(Arc::new(config)), directory, path)
}

fn trusting(path: Option<&PathBuf>) -> PoolSettings {
	let mut connect = ConnectSettings::new(client_config(path.map(|path| path.as_path())).unwrap());
	connect.allow_private = true;
	PoolSettings::new(connect)
}

#[test]
fn tls_is_used_with_extra_roots_only_if_they_are_given() {
	local(async {
		let (acceptor, _kept, root) = certificate();
		let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
		let port = listener.local_addr().unwrap().port();
		tokio::task::spawn_local(async move {
			while let Ok((socket, _)) = listener.accept().await {
				let Ok(mut socket) = acceptor.accept(socket).await else { continue };
				let mut read = Vec::new();
				for body in ["1", "2"] {
					while head::end(&read, 0).is_none() {
						socket.read_buf(&mut read).await.unwrap();
					}
					read.clear();
					let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\n{body}");
					socket.write_all(answer.as_bytes()).await.unwrap();
				}
			}
		});
		let endpoint = |host: &str| format!("https://{host}:{port}").parse::<Endpoint>().unwrap();
		let pool = Pool::new(endpoint("localhost"), trusting(Some(&root)));
		for body in ["1", "2"] {
			assert_eq!(pool.send(get(), LONG, 10).await.unwrap().body(), body);
		}
		let strangers = Pool::new(endpoint("localhost"), trusting(None));
		let refused = strangers.send(get(), LONG, 10).await.unwrap_err();
		assert!(matches!(refused, UpstreamError::Tls(_)), "{refused}");
		let other_name = Pool::new(endpoint("127.0.0.1"), trusting(Some(&root)));
		let refused = other_name.send(get(), LONG, 10).await.unwrap_err();
		assert!(matches!(refused, UpstreamError::Tls(_)), "{refused}");
	});
}

#[test]
fn a_file_without_roots_is_named() {
	let directory = tempfile::tempdir().unwrap();
	let path = directory.path().join("empty.pem");
	std::fs::write(&path, "").unwrap();
	assert!(client_config(Some(&path)).unwrap_err().to_string().contains("empty.pem"));
}

#[test]
fn a_websocket_carries_our_headers_and_messages_within_the_limit() {
	local(async {
		let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
		let url = format!("ws://{}/below", listener.local_addr().unwrap());
		tokio::task::spawn_local(async move {
			let (socket, _) = listener.accept().await.unwrap();
			#[expect(clippy::result_large_err, reason = "type of the library")]
			let check = |request: &http::Request<()>, response| {
				assert_eq!(request.uri(), "/below/ws?a=b");
				assert_eq!(request.headers()["authorization"], "Bearer x");
				Ok(response)
			};
			let mut socket = accept_hdr_async(socket, check).await.unwrap();
			while let Some(Ok(message)) = socket.next().await {
				let back =
					if message.is_text() { Message::text("x".repeat(2_000)) } else { message };
				if socket.send(back).await.is_err() {
					break;
				}
			}
		});
		let connector = Connector::new(url.parse().unwrap(), settings().connect);
		let mut headers = HeaderMap::new();
		headers.insert("authorization", "Bearer x".parse().unwrap());
		headers.insert("sec-websocket-key", "theirs".parse().unwrap());
		let limits = WebSocketLimits { max_message: 1_000, ..WebSocketLimits::default() };
		let mut socket = websocket(&connector, "/ws?a=b", &headers, &limits, LONG).await.unwrap();
		socket.send(Message::binary(vec![7; 500])).await.unwrap();
		assert_eq!(socket.next().await.unwrap().unwrap(), Message::binary(vec![7; 500]));
		socket.send(Message::text("large, please")).await.unwrap();
		assert!(socket.next().await.unwrap().is_err());
	});
}

#[test]
fn servers_without_websocket_are_refused() {
	let open = |script: Vec<Act>, timeout| {
		local(async move {
			let server = server(vec![script]).await;
			let connector = Connector::new(server.endpoint, settings().connect);
			let limits = WebSocketLimits::default();
			websocket(&connector, "/", &HeaderMap::new(), &limits, timeout)
				.await
				.map(|_| ())
				.unwrap_err()
		})
	};
	assert_eq!(open(vec![Act::Read, ok("hello")], LONG), UpstreamError::Refused(200));
	let wrong = send(
		"HTTP/1.1 101 S\r\nupgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-accept: x\r\n\r\n",
	);
	assert_eq!(open(vec![Act::Read, wrong], LONG), Malformed::Handshake.into());
	assert_eq!(open(vec![Act::Read, Act::Wait], BRIEF), UpstreamError::Timeout { sent: false });
	assert_eq!(open(vec![Act::Read], LONG), Malformed::Handshake.into());
}

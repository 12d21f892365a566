// SPDX-License-Identifier: Apache-2.0

//! `POST` to an agent, with bounds on time and bytes. Redirects are not followed.

use crate::client::Network;
use bytes::Bytes;
use http::{Request, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::rt::TokioIo;
use std::time::Duration;
use surety_gateway::upstream::{Connector, Endpoint, UpstreamError};

/// Send JSON to a path below an endpoint. Gives status and body.
///
/// - `max`: maximum length of the answer in bytes.
///
/// Errors: a sentence, of what the other side did or did not do.
pub async fn post(
	endpoint: &str,
	path: &str,
	body: String,
	network: &Network,
	max: usize,
	timeout: Duration,
) -> Result<(u16, Bytes), String> {
	let exchange = exchange(endpoint, path, body, network, max);
	let late = |_| format!("no answer in {} s", timeout.as_secs());
	tokio::time::timeout(timeout, exchange).await.map_err(late)?
}

async fn exchange(
	endpoint: &str,
	path: &str,
	body: String,
	network: &Network,
	max: usize,
) -> Result<(u16, Bytes), String> {
	let endpoint: Endpoint = endpoint.parse().map_err(text)?;
	let (own, rest) = endpoint.target(path);
	let target = format!("{own}{rest}");
	let authority = endpoint.authority().clone();
	let stream = Connector::new(endpoint, network.settings()).connect().await;
	let stream = stream.map_err(|error| match error {
		UpstreamError::Forbidden(reason) => {
			format!("a {reason:?} address; on a private network, give --allow-private")
		},
		error => error.to_string(),
	})?;
	let (mut sender, connection) =
		hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(text)?;
	let request = Request::post(target)
		.header(header::HOST, authority)
		.header(header::CONTENT_TYPE, "application/json")
		.header(header::CONNECTION, "close")
		.body(Full::new(Bytes::from(body)))
		.map_err(text)?;
	let answer = async {
		let response = sender.send_request(request).await.map_err(text)?;
		let status = response.status().as_u16();
		let body = Limited::new(response.into_body(), max).collect().await.map_err(text)?;
		Ok((status, body.to_bytes()))
	};
	tokio::pin!(answer);
	tokio::pin!(connection);
	tokio::select! {
		answer = &mut answer => answer,
		ended = &mut connection => {
			ended.map_err(text)?;
			answer.await
		},
	}
}

fn text(error: impl ToString) -> String {
	error.to_string()
}

// SPDX-License-Identifier: Apache-2.0

//! One request to a server, with bounds on time and bytes. Redirects are not followed.

use super::Network;
use bytes::Bytes;
use http::{Method, Request, Uri, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::rt::TokioIo;
use std::time::Duration;
use surety_gateway::upstream::{Connector, Endpoint, UpstreamError};

/// Ask with `GET`, or send JSON with `POST`. Gives status and body.
///
/// - `max`: maximum length of the answer in bytes.
///
/// Errors: a sentence, of what the other side did or did not do.
pub async fn ask(
	url: &str,
	json: Option<String>,
	network: &Network,
	max: usize,
	timeout: Duration,
) -> Result<(u16, Bytes), String> {
	let exchange = exchange(url, json, network, max);
	let late = |_| format!("no answer in {} ms", timeout.as_millis());
	tokio::time::timeout(timeout, exchange).await.map_err(late)?
}

/// URL of a path below an endpoint.
///
/// - `path`: begins with a slash.
pub fn below(endpoint: &str, path: &str) -> String {
	format!("{}{path}", endpoint.trim_end_matches('/'))
}

async fn exchange(
	url: &str,
	json: Option<String>,
	network: &Network,
	max: usize,
) -> Result<(u16, Bytes), String> {
	let endpoint: Endpoint = url.parse().map_err(text)?;
	let uri: Uri = url.parse().map_err(text)?;
	let target = uri.path_and_query().map_or("/", |path| path.as_str());
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
	let mut request = Request::builder()
		.method(if json.is_some() { Method::POST } else { Method::GET })
		.uri(target)
		.header(header::HOST, authority)
		.header(header::CONNECTION, "close");
	if json.is_some() {
		request = request.header(header::CONTENT_TYPE, "application/json");
	}
	let request = request.body(Full::new(Bytes::from(json.unwrap_or_default()))).map_err(text)?;
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

// SPDX-License-Identifier: Apache-2.0

//! Control listener: `/metrics`, `/status`, `/health`.

use super::{Health, Metrics, Status};
use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response, StatusCode, header, uri::Authority};
use http_body_util::{BodyExt, Full, Limited};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use std::{
	convert::Infallible,
	io,
	net::{IpAddr, SocketAddr},
	sync::Arc,
	time::Duration,
};
use tokio::{
	net::{TcpListener, TcpStream},
	sync::Semaphore,
};
use tracing::warn;

/// Open connections.
const MAX_CONNECTIONS: usize = 64;
/// Longest time of a connection. A reader comes again.
const MAX_TIME: Duration = Duration::from_secs(60);
/// Longest time for the head of a request.
const HEAD_TIME: Duration = Duration::from_secs(5);
/// Longest status that `fetch_status` reads.
const MAX_STATUS: usize = 16 << 20;

/// Pages of the control listener.
pub trait ControlPages: Send + Sync + 'static {
	/// Status now.
	fn status(&self) -> Status;
	/// Health now.
	fn health(&self) -> Health;
	/// Take over into the metrics what is not counted there as it happens.
	fn refresh(&self, _metrics: &Metrics) {}
}

/// Serve the control listener for ever.
pub async fn serve_control(
	listener: TcpListener,
	metrics: Arc<Metrics>,
	pages: Arc<dyn ControlPages>,
) {
	let permits = Arc::new(Semaphore::new(MAX_CONNECTIONS));
	let private = listener.local_addr().is_ok_and(|address| address.ip().is_loopback());
	loop {
		let stream = match listener.accept().await {
			Ok((stream, _)) => stream,
			Err(error) => {
				// Out of file descriptors, most likely: give others the time to close some.
				warn!(%error, "control listener");
				tokio::time::sleep(Duration::from_millis(100)).await;
				continue;
			},
		};
		let Ok(permit) = permits.clone().try_acquire_owned() else { continue };
		let (metrics, pages) = (metrics.clone(), pages.clone());
		tokio::spawn(async move {
			let answer = service_fn(|request| {
				std::future::ready(Ok::<_, Infallible>(answer(
					&request, private, &metrics, &*pages,
				)))
			});
			let connection = http1::Builder::new()
				.timer(TokioTimer::new())
				.header_read_timeout(HEAD_TIME)
				.max_buf_size(16 << 10)
				.serve_connection(TokioIo::new(stream), answer);
			// The fault of a connection is its client's.
			let _ = tokio::time::timeout(MAX_TIME, connection).await;
			drop(permit);
		});
	}
}

/// Answer a request.
///
/// - `private`: only this machine reaches the listener.
fn answer(
	request: &Request<Incoming>,
	private: bool,
	metrics: &Metrics,
	pages: &dyn ControlPages,
) -> Response<Full<Bytes>> {
	if !matches!(*request.method(), Method::GET | Method::HEAD) {
		return page(StatusCode::METHOD_NOT_ALLOWED, "text/plain", "GET only\n".into());
	}
	if private && !names_this_machine(request.headers()) {
		let text = "use the address or localhost\n";
		return page(StatusCode::MISDIRECTED_REQUEST, "text/plain", text.into());
	}
	match request.uri().path() {
		"/metrics" => {
			pages.refresh(metrics);
			page(StatusCode::OK, "text/plain; version=0.0.4", metrics.encode())
		},
		"/status" => json(StatusCode::OK, &pages.status()),
		"/health" => {
			let health = pages.health();
			let status =
				if health.healthy { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
			json(status, &health)
		},
		_ => {
			let text = "/metrics\n/status\n/health\n";
			page(StatusCode::NOT_FOUND, "text/plain", text.into())
		},
	}
}

/// False if a client came by a name of the DNS. Whoever visits a page on this machine must not show
/// it the status, and a page whose name was rebound to this machine comes by that name.
fn names_this_machine(headers: &HeaderMap) -> bool {
	let Some(host) = headers.get(header::HOST) else { return true };
	let authority = host.to_str().ok().and_then(|host| host.parse::<Authority>().ok());
	authority.is_some_and(|authority| {
		let host = authority.host();
		host == "localhost" || host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok()
	})
}

fn json<T: serde::Serialize>(status: StatusCode, value: &T) -> Response<Full<Bytes>> {
	match serde_json::to_string(value) {
		Ok(text) => page(status, "application/json", text),
		Err(error) => page(StatusCode::INTERNAL_SERVER_ERROR, "text/plain", error.to_string()),
	}
}

fn page(status: StatusCode, kind: &'static str, text: String) -> Response<Full<Bytes>> {
	let mut response = Response::new(Full::new(Bytes::from(text)));
	*response.status_mut() = status;
	response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static(kind));
	response
}

/// Read the status of the process that has its control listener at an address.
pub async fn fetch_status(control: SocketAddr, timeout: Duration) -> io::Result<Status> {
	let body = tokio::time::timeout(timeout, fetch(control, "/status"));
	let body = body.await.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??;
	serde_json::from_slice(&body).map_err(io::Error::other)
}

async fn fetch(control: SocketAddr, path: &str) -> io::Result<Bytes> {
	let stream = TcpStream::connect(control).await?;
	let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
		.await
		.map_err(io::Error::other)?;
	let connection = tokio::spawn(connection);
	let request = Request::get(path)
		.header(header::HOST, control.to_string())
		.body(Full::<Bytes>::default())
		.map_err(io::Error::other)?;
	let response = sender.send_request(request).await.map_err(io::Error::other)?;
	if !response.status().is_success() {
		return Err(io::Error::other(format!("HTTP status {}", response.status())));
	}
	let body = Limited::new(response.into_body(), MAX_STATUS).collect().await;
	connection.abort();
	Ok(body.map_err(io::Error::other)?.to_bytes())
}

#[cfg(test)]
mod tests {
	use super::*;

	struct Pages;

	impl ControlPages for Pages {
		fn status(&self) -> Status {
			Status { role: "edge".into(), uptime_secs: 7, ..Status::default() }
		}
		fn health(&self) -> Health {
			Health { healthy: false, reasons: vec!["no operator".into()] }
		}
	}

	async fn start() -> SocketAddr {
		let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
		let address = listener.local_addr().unwrap();
		tokio::spawn(serve_control(listener, Metrics::new("edge").unwrap(), Arc::new(Pages)));
		address
	}

	#[tokio::test]
	async fn pages_are_served() {
		let control = start().await;
		let status = fetch_status(control, Duration::from_secs(10)).await.unwrap();
		assert_eq!(status, Pages.status());
		let metrics = fetch(control, "/metrics").await.unwrap();
		assert!(String::from_utf8(metrics.to_vec()).unwrap().contains("surety_build_info"));
		let health = fetch(control, "/health").await.unwrap_err().to_string();
		assert!(health.contains("503"), "{health}");
		assert!(fetch(control, "/other").await.unwrap_err().to_string().contains("404"));
	}

	#[test]
	fn a_name_that_was_rebound_to_this_machine_shows_nothing() {
		let named = |host: &str| {
			names_this_machine(&HeaderMap::from_iter([(header::HOST, host.parse().unwrap())]))
		};
		assert!(
			["127.0.0.1:9645", "localhost:9645", "[::1]:9645", "localhost"].map(named) == [true; 4]
		);
		for host in ["evil.example", "evil.example:9645", "localhost.evil.example", "a@b:c"] {
			assert!(!named(host), "{host}");
		}
		assert!(names_this_machine(&HeaderMap::new()));
	}
}

// SPDX-License-Identifier: Apache-2.0

//! The HTTP client against servers that misbehave.

#![allow(clippy::arithmetic_side_effects)]

mod lookups;
mod scale;
mod server;
mod tls;
mod tunnels;

use super::{
	address_filter::AddressFilter,
	budget::BudgetLimits,
	clock::now,
	failure::Failure,
	metrics::Metrics,
	requests::HttpRequests,
	resolver::{DnsConfig, Resolver},
	tls::{client, public_roots},
	transport::{Limits, Transport},
};
use prometheus_endpoint::Registry;
use server::{Server, request};
use sp_core::offchain::{
	Duration as OffchainDuration, HttpError, HttpRequestId, HttpRequestStatus, Timestamp,
};
use std::{
	collections::HashSet,
	sync::{
		Arc,
		atomic::{AtomicUsize, Ordering},
	},
	time::{Duration, Instant},
};
use surety_prober::ELAPSED_HEADER;
use tokio::{
	io::{AsyncReadExt, AsyncWriteExt},
	runtime::Runtime,
};

fn limits() -> Limits {
	Limits {
		total: Duration::from_secs(2),
		lookup: Duration::from_secs(1),
		connect: Duration::from_millis(500),
		..Limits::default()
	}
}

fn resolver() -> Resolver {
	Resolver::new(DnsConfig::default()).unwrap()
}

/// Transport with default settings.
fn counted(limits: Limits, metrics: Metrics) -> Arc<Transport> {
	let tls = client(public_roots()).unwrap();
	Arc::new(Transport::new(resolver(), tls, None, limits, metrics, HashSet::new()).unwrap())
}

fn transport(limits: Limits) -> Arc<Transport> {
	counted(limits, Metrics::default())
}

fn http_with(limits: Limits) -> HttpRequests {
	HttpRequests::new(
		transport(limits),
		AddressFilter { private: true, ..AddressFilter::default() },
	)
}

fn http() -> HttpRequests {
	http_with(limits())
}

fn after(ms: u64) -> Option<Timestamp> {
	Some(now().add(OffchainDuration::from_millis(ms)))
}

fn get(http: &mut HttpRequests, url: &str) -> HttpRequestId {
	let id = http.start("GET", url).unwrap();
	http.write_body(id, &[], None).unwrap();
	id
}

fn status(http: &mut HttpRequests, url: &str) -> HttpRequestStatus {
	let id = get(http, url);
	http.wait(&[id], after(5_000))[0]
}

fn body(http: &mut HttpRequests, id: HttpRequestId) -> Result<Vec<u8>, HttpError> {
	let mut all = Vec::new();
	let mut buffer = [0; 1000];
	loop {
		match http.read_body(id, &mut buffer, after(5_000))? {
			0 => return Ok(all),
			n => all.extend_from_slice(&buffer[..n]),
		}
	}
}

fn header(http: &mut HttpRequests, id: HttpRequestId, name: &str) -> Vec<String> {
	http.headers(id)
		.into_iter()
		.filter(|(n, _)| n == name.as_bytes())
		.map(|(_, value)| String::from_utf8(value).unwrap())
		.collect()
}

#[test]
fn a_response_is_read_to_its_end_and_timed() {
	let server = Server::new(|mut stream| async move {
		let seen = request(&mut stream).await;
		tokio::time::sleep(Duration::from_millis(50)).await;
		let body = format!("you said: {seen}");
		let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nx-y: z\r\n\r\n", body.len());
		stream.write_all(head.as_bytes()).await.unwrap();
		stream.write_all(body.as_bytes()).await.unwrap();
	});
	let mut http = http();
	let id = http.start("POST", &format!("{}some/path", server.url())).unwrap();
	http.add_header(id, "content-type", "application/json").unwrap();
	http.write_body(id, b"{\"a\":", None).unwrap();
	http.write_body(id, b"1}", None).unwrap();
	http.write_body(id, &[], None).unwrap();
	assert_eq!(http.wait(&[id], after(5_000)), [HttpRequestStatus::Finished(200)]);
	assert_eq!(header(&mut http, id, "x-y"), ["z"]);
	let elapsed: u64 = header(&mut http, id, ELAPSED_HEADER)[0].parse().unwrap();
	assert!((50_000..2_000_000).contains(&elapsed), "{elapsed} us");
	let said = String::from_utf8(body(&mut http, id).unwrap()).unwrap();
	assert!(said.starts_with("you said: POST /some/path HTTP/1.1\r\n"), "{said}");
	assert!(said.contains(&format!("host: 127.0.0.1:{}\r\n", server.port)), "{said}");
	assert!(said.contains("content-type: application/json\r\n"), "{said}");
	assert!(said.ends_with("{\"a\":1}"), "{said}");
	// A request is destroyed once it is read to its end.
	assert_eq!(http.wait(&[id], after(0)), [HttpRequestStatus::Invalid]);
	assert_eq!(http.read_body(id, &mut [0; 8], after(0)), Err(HttpError::Invalid));
	assert!(http.headers(id).is_empty());
}

#[test]
fn chunked_bodies_are_read() {
	let server = Server::responding(
		"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
	);
	let mut http = http();
	let id = get(&mut http, &server.url());
	assert_eq!(body(&mut http, id).unwrap(), b"abcde");
}

#[test]
fn a_silent_server_fails_at_the_deadline_and_the_limit() {
	let server = Server::new(|stream| async move {
		let _stream = stream;
		std::future::pending().await
	});
	let mut http = http();
	let id = get(&mut http, &server.url());
	let began = Instant::now();
	assert_eq!(http.wait(&[id], after(300)), [HttpRequestStatus::DeadlineReached]);
	assert!(began.elapsed() < Duration::from_secs(1));
	assert!(http.headers(id).is_empty());
	assert_eq!(http.read_body(id, &mut [0; 8], after(0)), Err(HttpError::DeadlineReached));
	// The request is kept, so a second wait without a deadline is possible.
	assert_eq!(http.wait(&[id], None), [HttpRequestStatus::IoError]);
	assert!(began.elapsed() < Duration::from_secs(4));
	assert_eq!(http.wait(&[id], after(0)), [HttpRequestStatus::Invalid]);
}

#[test]
fn trickled_headers_end_at_the_time_limit() {
	let server = Server::new(|mut stream| async move {
		let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n").await;
		while stream.write_all(b"a: b\r\n").await.is_ok() {
			tokio::time::sleep(Duration::from_millis(100)).await;
		}
	});
	let began = Instant::now();
	assert_eq!(status(&mut http(), &server.url()), HttpRequestStatus::IoError);
	assert!(began.elapsed() < Duration::from_secs(4));
}

#[test]
fn a_trickled_body_ends_at_the_deadline_and_the_time_limit() {
	let server = Server::new(|mut stream| async move {
		request(&mut stream).await;
		let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n").await;
		while stream.write_all(b"x").await.is_ok() {
			tokio::time::sleep(Duration::from_millis(100)).await;
		}
	});
	let mut http = http();
	let id = get(&mut http, &server.url());
	let began = Instant::now();
	// The head alone is no complete response.
	assert_eq!(http.wait(&[id], after(300)), [HttpRequestStatus::DeadlineReached]);
	assert_eq!(http.read_body(id, &mut [0; 100], after(0)), Err(HttpError::DeadlineReached));
	assert!(began.elapsed() < Duration::from_secs(1));
	assert_eq!(body(&mut http, id), Err(HttpError::IoError));
	assert!(began.elapsed() < Duration::from_secs(4));
	assert_eq!(http.wait(&[id], after(0)), [HttpRequestStatus::Invalid]);
}

#[test]
fn latency_includes_the_last_byte() {
	let server = Server::new(|mut stream| async move {
		request(&mut stream).await;
		let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\no").await;
		tokio::time::sleep(Duration::from_millis(700)).await;
		let _ = stream.write_all(b"k").await;
	});
	let mut http = http();
	let id = get(&mut http, &server.url());
	assert_eq!(http.wait(&[id], after(5_000)), [HttpRequestStatus::Finished(200)]);
	let elapsed: u64 = header(&mut http, id, ELAPSED_HEADER)[0].parse().unwrap();
	assert!(elapsed >= 700_000, "{elapsed} us");
	// The complete body is available.
	let mut buffer = [0; 8];
	assert_eq!(http.read_body(id, &mut buffer, after(0)), Ok(2));
	assert_eq!(http.read_body(id, &mut buffer, after(0)), Ok(0));
}

#[test]
fn a_request_ends_at_the_deadline_of_the_worker() {
	let (server, closed) = Server::silent();
	let mut http = http_with(Limits { total: Duration::from_secs(60), ..limits() });
	let id = http.start("GET", &server.url()).unwrap();
	http.write_body(id, &[], after(200)).unwrap();
	assert_eq!(closed.recv_timeout(Duration::from_secs(5)), Ok(true));
	assert_eq!(http.wait(&[id], None), [HttpRequestStatus::IoError]);
}

#[test]
fn an_endless_body_is_cut_at_the_limit() {
	let sent = Arc::new(AtomicUsize::new(0));
	let counter = sent.clone();
	let server = Server::new(move |mut stream| {
		let counter = counter.clone();
		async move {
			request(&mut stream).await;
			let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await;
			while stream.write_all(&[b'x'; 8_192]).await.is_ok() {
				counter.fetch_add(8_192, Ordering::SeqCst);
			}
		}
	});
	let mut http = http_with(Limits { total: Duration::from_secs(60), ..limits() });
	assert_eq!(status(&mut http, &server.url()), HttpRequestStatus::IoError);
	assert!(sent.load(Ordering::SeqCst) >= usize::try_from(limits().body_bytes).unwrap());
}

#[test]
fn oversized_bodies_do_not_evict_a_short_one() {
	let short = Server::responding("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nshort");
	let mut bloated = b"HTTP/1.1 200 OK\r\ncontent-length: 400000\r\n\r\n".to_vec();
	bloated.resize(bloated.len() + 400_000, b'x');
	let bloated = Server::responding(bloated);
	let mut http = http_with(Limits { unread_bytes: 1_000_000, ..limits() });
	let first = get(&mut http, &short.url());
	assert_eq!(http.wait(&[first], after(5_000)), [HttpRequestStatus::Finished(200)]);
	let many: Vec<_> = (0..10).map(|_| get(&mut http, &bloated.url())).collect();
	http.wait(&many, after(5_000));
	let whole = many.into_iter().filter(|id| body(&mut http, *id).is_ok()).count();
	assert!(whole <= 2, "{whole}");
	assert_eq!(body(&mut http, first).unwrap(), b"short");
	let again = get(&mut http, &short.url());
	assert_eq!(body(&mut http, again).unwrap(), b"short");
}

#[test]
fn the_body_of_an_error_is_discarded() {
	let server = Server::new(|mut stream| async move {
		request(&mut stream).await;
		let _ = stream.write_all(b"HTTP/1.1 404 Not Found\r\n\r\n").await;
		while stream.write_all(&[b'x'; 8_192]).await.is_ok() {}
	});
	let mut http = http();
	let id = get(&mut http, &server.url());
	assert_eq!(http.wait(&[id], after(5_000)), [HttpRequestStatus::Finished(404)]);
	assert_eq!(body(&mut http, id).unwrap(), b"");
}

#[test]
fn many_names_at_one_address_share_a_budget() {
	let (victim, visits) = Server::counting();
	let budget =
		BudgetLimits { address: 12, domain: 8, exempt_private: false, ..BudgetLimits::default() };
	let mut http = http_with(Limits { budget, ..limits() });
	let asked = |http: &mut HttpRequests, host: &str, port: u16| {
		let ids: Vec<_> = (0..20).map(|_| get(http, &format!("http://{host}:{port}/"))).collect();
		http.wait(&ids, after(5_000))
	};
	let ends =
		[asked(&mut http, "127.0.0.1", victim.port), asked(&mut http, "localhost", victim.port)];
	assert!(ends.iter().flatten().all(|end| *end == HttpRequestStatus::IoError));
	assert_eq!(visits.load(Ordering::SeqCst), 12);
	// The next run has its own budget, and a verified name at the same address is exempt.
	let good = Server::responding("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
	let mut next = HttpRequests::new(
		http.transport(),
		AddressFilter { private: true, ..AddressFilter::default() },
	);
	assert_eq!(status(&mut next, &good.url()), HttpRequestStatus::Finished(200));
	asked(&mut next, "localhost", victim.port);
	assert_eq!(visits.load(Ordering::SeqCst), 12 + 8);
	for _ in 0..30 {
		assert_eq!(status(&mut next, &good.url()), HttpRequestStatus::Finished(200));
	}
}

#[test]
fn a_body_with_too_large_a_length_is_not_read() {
	let server = Server::responding("HTTP/1.1 200 OK\r\ncontent-length: 524289\r\n\r\nabc");
	let mut http = http();
	let id = get(&mut http, &server.url());
	assert_eq!(body(&mut http, id), Err(HttpError::IoError));
}

#[test]
fn an_incomplete_body_is_a_failure() {
	let server = Server::responding("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc");
	let mut http = http();
	let id = get(&mut http, &server.url());
	assert_eq!(body(&mut http, id), Err(HttpError::IoError));
}

#[test]
fn a_redirect_is_not_followed() {
	let (victim, visits) = Server::counting();
	let server = Server::responding(format!(
		"HTTP/1.1 302 Found\r\nlocation: {}\r\ncontent-length: 0\r\n\r\n",
		victim.url()
	));
	let mut http = http();
	let id = get(&mut http, &server.url());
	assert_eq!(http.wait(&[id], after(5_000)), [HttpRequestStatus::Finished(302)]);
	assert_eq!(header(&mut http, id, "location"), [victim.url()]);
	assert_eq!(body(&mut http, id).unwrap(), b"");
	assert_eq!(visits.load(Ordering::SeqCst), 0);
}

#[test]
fn a_spoofed_elapsed_header_is_stripped() {
	let server = Server::responding(
		"HTTP/1.1 200 OK\r\nSurety-Elapsed-Us: 1\r\nsurety-elapsed-us: 2\r\nSURETY-ANYTHING: 3\r\n\
		 x-surety: kept\r\ncontent-length: 0\r\n\r\n",
	);
	let mut http = http();
	let id = get(&mut http, &server.url());
	assert_eq!(http.wait(&[id], after(5_000)), [HttpRequestStatus::Finished(200)]);
	let elapsed = header(&mut http, id, ELAPSED_HEADER);
	assert_eq!(elapsed.len(), 1);
	assert!(elapsed[0].parse::<u64>().unwrap() > 2);
	assert!(header(&mut http, id, "surety-anything").is_empty());
	assert_eq!(header(&mut http, id, "x-surety"), ["kept"]);
}

#[test]
fn too_many_or_too_long_headers_are_refused() {
	let many: String = (0..100).map(|n| format!("h{n}: v\r\n")).collect();
	let long = format!("h: {}\r\n", "v".repeat(20_000));
	for bomb in [many, long] {
		let server =
			Server::responding(format!("HTTP/1.1 200 OK\r\n{bomb}content-length: 0\r\n\r\n"));
		assert_eq!(status(&mut http(), &server.url()), HttpRequestStatus::IoError);
	}
	let server = Server::new(|mut stream| async move {
		while stream.write_all(b"HTTP/1.1 200 OK and on and on ").await.is_ok() {}
	});
	assert_eq!(status(&mut http(), &server.url()), HttpRequestStatus::IoError);
}

#[test]
fn malformed_and_empty_responses_are_failures() {
	for answer in ["\0\0\0\0garbage\r\n\r\n", ""] {
		let server = Server::responding(answer);
		assert_eq!(status(&mut http(), &server.url()), HttpRequestStatus::IoError);
	}
}

#[test]
fn a_closed_port_is_a_failure() {
	let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
	let began = Instant::now();
	assert_eq!(
		status(&mut http(), &format!("http://127.0.0.1:{port}/")),
		HttpRequestStatus::IoError
	);
	assert!(began.elapsed() < Duration::from_secs(1));
}

#[test]
fn a_failed_tls_handshake_is_a_failure() {
	// The server does not speak TLS.
	let server = Server::without_tls();
	let began = Instant::now();
	assert_eq!(
		status(&mut http(), &format!("https://127.0.0.1:{}/", server.port)),
		HttpRequestStatus::IoError
	);
	assert!(began.elapsed() < Duration::from_secs(1));
	// The server never answers the handshake.
	let server = Server::new(|stream| async move {
		let _stream = stream;
		std::future::pending().await
	});
	let mut http = http();
	let id = get(&mut http, &format!("https://localhost:{}/", server.port));
	assert_eq!(http.wait(&[id], after(300)), [HttpRequestStatus::DeadlineReached]);
}

#[test]
fn private_addresses_are_refused_unless_allowed() {
	let (server, visits) = Server::counting();
	let transport = transport(limits());
	for host in
		["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0", "2130706433", "0x7f.1"]
	{
		let mut http = HttpRequests::new(transport.clone(), AddressFilter::default());
		let url = format!("http://{host}:{}/", server.port);
		assert_eq!(status(&mut http, &url), HttpRequestStatus::IoError, "{url}");
	}
	// Addresses that no service can have are refused even where private ones are allowed.
	for host in ["[::ffff:127.0.0.1]", "[::1]", "0.0.0.0"] {
		let url = format!("http://{host}:{}/", server.port);
		assert_eq!(status(&mut self::http(), &url), HttpRequestStatus::IoError, "{url}");
	}
	assert_eq!(visits.load(Ordering::SeqCst), 0);
}

#[test]
fn names_are_resolved_and_checked() {
	let server = Server::responding("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
	let url = format!("http://localhost:{}/", server.port);
	assert_eq!(status(&mut http(), &url), HttpRequestStatus::Finished(200));
	assert_eq!(status(&mut http(), "http://no-such-host.invalid/"), HttpRequestStatus::IoError);
}

#[test]
fn only_the_exact_url_of_an_own_anchor_may_be_private() {
	let server = Server::responding("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
	let trusted = HashSet::from([server.url().parse().unwrap()]);
	let tls = client(public_roots()).unwrap();
	// An own anchor is exempt from the budget, too.
	let budget = BudgetLimits { address: 0, exempt_private: false, ..BudgetLimits::default() };
	let limits = Limits { budget, ..limits() };
	let transport = Arc::new(
		Transport::new(resolver(), tls, None, limits, Metrics::default(), trusted).unwrap(),
	);
	let mut http = HttpRequests::new(transport, AddressFilter::default());
	assert_eq!(status(&mut http, &server.url()), HttpRequestStatus::Finished(200));
	assert_eq!(status(&mut http, &format!("{}other", server.url())), HttpRequestStatus::IoError);
}

#[test]
fn connections_leave_from_the_egress_address() {
	let server = Server::new(|mut stream| async move {
		let peer = stream.peer_addr().unwrap().ip().to_string();
		request(&mut stream).await;
		let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{peer}", peer.len());
		let _ = stream.write_all(answer.as_bytes()).await;
	});
	let egress = Some("127.0.0.9".parse().unwrap());
	let tls = client(public_roots()).unwrap();
	let transport =
		Transport::new(resolver(), tls, egress, limits(), Metrics::default(), HashSet::new());
	let transport = Arc::new(transport.unwrap());
	let mut http =
		HttpRequests::new(transport, AddressFilter { private: true, ..AddressFilter::default() });
	let id = get(&mut http, &server.url());
	assert_eq!(body(&mut http, id).unwrap(), b"127.0.0.9");
}

#[test]
fn only_valid_get_and_post_requests_can_be_started() {
	let mut http = http();
	for (method, url) in [
		("PUT", "http://a/"),
		("CONNECT", "http://a/"),
		("\0", "http://a/"),
		("GET", "ftp://a/"),
		("GET", "file:///etc/passwd"),
		("GET", "/path"),
		("GET", "a:80"),
		("GET", "http://user:password@a/"),
		("GET", "http://user@a/"),
		("GET", "http://"),
		("GET", "http://a\0b/"),
	] {
		assert!(http.start(method, url).is_err(), "{method} {url}");
	}
	assert!(http.start("GET", "https://a").is_ok());
	assert!(http.start("POST", "http://a:8080/b?c=d").is_ok());
}

#[test]
fn a_request_cannot_be_changed_after_it_is_sent() {
	let server = Server::responding("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
	let mut http = http();
	let unknown = HttpRequestId(999);
	assert!(http.add_header(unknown, "a", "b").is_err());
	assert_eq!(http.write_body(unknown, b"x", None), Err(HttpError::Invalid));
	let id = http.start("POST", &server.url()).unwrap();
	assert!(http.add_header(id, "bad name", "b").is_err());
	assert!(http.add_header(id, "a", "bad\r\nvalue").is_err());
	assert!(http.add_header(id, "a", "b").is_ok());
	http.write_body(id, &[], None).unwrap();
	assert!(http.add_header(id, "a", "b").is_err());
	assert_eq!(http.write_body(id, b"x", None), Err(HttpError::Invalid));
	assert_eq!(
		http.wait(&[id, unknown, id], after(5_000)),
		[
			HttpRequestStatus::Finished(200),
			HttpRequestStatus::Invalid,
			HttpRequestStatus::Finished(200)
		]
	);
	let long = http.start("POST", &server.url()).unwrap();
	assert_eq!(http.write_body(long, &vec![0; 65 * 1024], None), Err(HttpError::IoError));
	assert_eq!(http.write_body(long, b"x", None), Err(HttpError::Invalid));
}

#[test]
fn many_dead_servers_do_not_delay_a_good_one() {
	let dead = Server::new(|stream| async move {
		let _stream = stream;
		std::future::pending().await
	});
	let good = Server::responding("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
	let mut http = http();
	let dead: Vec<_> = (0..200).map(|_| get(&mut http, &dead.url())).collect();
	let began = Instant::now();
	let id = get(&mut http, &good.url());
	assert_eq!(http.wait(&[id], after(1_500)), [HttpRequestStatus::Finished(200)]);
	assert_eq!(body(&mut http, id).unwrap(), b"ok");
	assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
	let ends = http.wait(&dead, after(10_000));
	assert!(ends.iter().all(|end| *end == HttpRequestStatus::IoError));
	assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
}

/// Number of failures counted under `cause`.
fn failures(registry: &Registry, cause: &str) -> f64 {
	let families = registry.gather();
	let family =
		families.iter().find(|family| family.get_name() == "surety_probes_failed_total").unwrap();
	family
		.get_metric()
		.iter()
		.filter(|metric| metric.get_label().iter().any(|label| label.get_value() == cause))
		.map(|metric| metric.get_counter().get_value())
		.sum()
}

#[test]
fn every_failure_is_counted_under_its_cause() {
	let silent = Server::new(|stream| async move {
		let _stream = stream;
		std::future::pending().await
	});
	let redirect = Server::responding("HTTP/1.1 302 Found\r\ncontent-length: 0\r\n\r\n");
	let error = Server::responding("HTTP/1.1 500 Oh\r\ncontent-length: 0\r\n\r\n");
	let long = Server::responding("HTTP/1.1 200 OK\r\ncontent-length: 524289\r\n\r\n");
	let garbage = Server::responding("garbage\r\n\r\n");
	let good = Server::responding("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
	let plain = Server::without_tls();
	let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();

	let registry = Registry::new();
	let metrics = Metrics::new(Some(&registry)).unwrap();
	// The budget covers the eight requests below and the abandoned one.
	let budget = BudgetLimits {
		address: 9,
		domain: 9,
		plain: 0,
		exempt_private: false,
		..BudgetLimits::default()
	};
	let transport = counted(Limits { budget, ..limits() }, metrics);
	let mut http =
		HttpRequests::new(transport, AddressFilter { private: true, ..AddressFilter::default() });
	let asked = [
		("timeout", silent.url()),
		("redirect", redirect.url()),
		("status", error.url()),
		("oversize", long.url()),
		("http", garbage.url()),
		("connect", format!("http://127.0.0.1:{closed}/")),
		("tls", format!("https://127.0.0.1:{}/", plain.port)),
		("forbidden", "http://169.254.169.254/".into()),
		// A label of more than 63 letters fails without a query, whatever the machine's resolver.
		("dns", format!("http://{}.invalid/", "x".repeat(64))),
		("none", good.url()),
	];
	let ids: Vec<_> = asked.iter().map(|(_, url)| get(&mut http, url)).collect();
	http.wait(&ids, after(10_000));
	for id in ids {
		let _ = body(&mut http, id);
	}
	let abandoned = get(&mut http, &silent.url());
	assert_eq!(http.wait(&[abandoned], after(100)), [HttpRequestStatus::DeadlineReached]);
	assert_eq!(status(&mut http, &good.url()), HttpRequestStatus::IoError);
	drop(http);

	let counted = |cause: &str| failures(&registry, cause);
	// The last counts lag behind the responses.
	let began = Instant::now();
	while Failure::CAUSES.iter().any(|cause| counted(cause) < 1.0)
		&& began.elapsed() < Duration::from_secs(5)
	{
		std::thread::sleep(Duration::from_millis(20));
	}
	for cause in Failure::CAUSES {
		assert_eq!(counted(cause), 1.0, "{cause}");
	}
}

#[test]
fn dropping_the_requests_closes_their_connections() {
	let (server, closed) = Server::silent();
	let mut http = http_with(Limits { total: Duration::from_secs(60), ..limits() });
	let id = get(&mut http, &server.url());
	assert_eq!(http.wait(&[id], after(200)), [HttpRequestStatus::DeadlineReached]);
	drop(http);
	assert_eq!(closed.recv_timeout(Duration::from_secs(5)), Ok(true));
}

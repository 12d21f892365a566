//! The transport against servers that misbehave.

#![allow(clippy::arithmetic_side_effects)]

mod lookups;
mod scale;
mod tls;

use super::{
	budget::Caps,
	connector::{Failure, Rules},
	metrics::Metrics,
	names::{Names, Source},
	tls::{client, public_roots},
	transport::{Http, Limits, Transport, now},
};
use prometheus_endpoint::Registry;
use sp_core::offchain::{
	Duration as OffchainDuration, HttpError, HttpRequestId, HttpRequestStatus, Timestamp,
};
use std::{
	collections::HashSet,
	future::Future,
	sync::{
		Arc,
		atomic::{AtomicUsize, Ordering},
	},
	time::{Duration, Instant},
};
use surety_prober::ELAPSED_HEADER;
use tokio::{
	io::{AsyncReadExt, AsyncWriteExt},
	net::{TcpListener, TcpStream},
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

fn names() -> Names {
	Names::new(Source::default()).unwrap()
}

/// A transport that is told nothing but its limits, and where to count.
fn counted(limits: Limits, metrics: Metrics) -> Arc<Transport> {
	let tls = client(public_roots()).unwrap();
	Arc::new(Transport::new(names(), tls, None, limits, metrics, HashSet::new()).unwrap())
}

fn transport(limits: Limits) -> Arc<Transport> {
	counted(limits, Metrics::default())
}

fn http_with(limits: Limits) -> Http {
	Http::new(transport(limits), Rules { private: true, ..Rules::default() })
}

fn http() -> Http {
	http_with(limits())
}

fn after(ms: u64) -> Option<Timestamp> {
	Some(now().add(OffchainDuration::from_millis(ms)))
}

/// A server that does `serve` with every connection. It lives as long as the runtime.
struct Server {
	_runtime: Runtime,
	port: u16,
}

impl Server {
	fn new<F, Fut>(serve: F) -> Self
	where
		F: Fn(TcpStream) -> Fut + Send + 'static,
		Fut: Future<Output = ()> + Send + 'static,
	{
		let runtime = tokio::runtime::Builder::new_multi_thread()
			.worker_threads(1)
			.enable_all()
			.build()
			.unwrap();
		let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
		let port = listener.local_addr().unwrap().port();
		runtime.spawn(async move {
			loop {
				let (stream, _) = listener.accept().await.unwrap();
				tokio::spawn(serve(stream));
			}
		});
		Self { _runtime: runtime, port }
	}

	/// Answers every request with `response`, byte by byte as given.
	fn saying(response: impl Into<Vec<u8>>) -> Self {
		let response = Arc::new(response.into());
		Self::new(move |mut stream| {
			let response = response.clone();
			async move {
				request(&mut stream).await;
				let _ = stream.write_all(&response).await;
			}
		})
	}

	/// Says something at once that is no TLS.
	fn without_tls() -> Self {
		Self::new(|mut stream| async move {
			let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
		})
	}

	/// Answers nothing, and says of each connection whether the other side closed it.
	fn watching() -> (Self, std::sync::mpsc::Receiver<bool>) {
		let (closed_to, closed) = std::sync::mpsc::channel();
		let server = Self::new(move |mut stream| {
			let closed_to = closed_to.clone();
			async move {
				request(&mut stream).await;
				let end = stream.read(&mut [0; 8]).await;
				closed_to.send(matches!(end, Ok(0) | Err(_))).unwrap();
			}
		});
		(server, closed)
	}

	/// Counts its connections, to see that there are none.
	fn counting() -> (Self, Arc<AtomicUsize>) {
		let count = Arc::new(AtomicUsize::new(0));
		let counted = count.clone();
		let server = Self::new(move |_| {
			counted.fetch_add(1, Ordering::SeqCst);
			async {}
		});
		(server, count)
	}

	fn url(&self) -> String {
		format!("http://127.0.0.1:{}/", self.port)
	}
}

/// Read the head of a request, and its body if it says how long that is.
async fn request(stream: &mut TcpStream) -> String {
	let mut seen = Vec::new();
	let mut buffer = [0; 1024];
	loop {
		let text = String::from_utf8_lossy(&seen).to_string();
		if let Some(end) = text.find("\r\n\r\n") {
			let length = text
				.to_lowercase()
				.split_once("content-length: ")
				.and_then(|(_, rest)| rest.split("\r\n").next()?.parse::<usize>().ok())
				.unwrap_or(0);
			if seen.len() >= end + 4 + length {
				return text;
			}
		}
		match stream.read(&mut buffer).await {
			Ok(n) if n > 0 => seen.extend_from_slice(&buffer[..n]),
			_ => return text,
		}
	}
}

fn get(http: &mut Http, url: &str) -> HttpRequestId {
	let id = http.start("GET", url).unwrap();
	http.write_body(id, &[], None).unwrap();
	id
}

fn status(http: &mut Http, url: &str) -> HttpRequestStatus {
	let id = get(http, url);
	http.wait(&[id], after(5_000))[0]
}

fn body(http: &mut Http, id: HttpRequestId) -> Result<Vec<u8>, HttpError> {
	let mut all = Vec::new();
	let mut buffer = [0; 1000];
	loop {
		match http.read_body(id, &mut buffer, after(5_000))? {
			0 => return Ok(all),
			n => all.extend_from_slice(&buffer[..n]),
		}
	}
}

fn header(http: &mut Http, id: HttpRequestId, name: &str) -> Vec<String> {
	http.headers(id)
		.into_iter()
		.filter(|(n, _)| n == name.as_bytes())
		.map(|(_, value)| String::from_utf8(value).unwrap())
		.collect()
}

#[test]
fn a_good_server_is_read_to_the_end_and_timed() {
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
	// Read to its end, the request is gone.
	assert_eq!(http.wait(&[id], after(0)), [HttpRequestStatus::Invalid]);
	assert_eq!(http.read_body(id, &mut [0; 8], after(0)), Err(HttpError::Invalid));
	assert!(http.headers(id).is_empty());
}

#[test]
fn chunked_bodies_are_read_too() {
	let server = Server::saying(
		"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
	);
	let mut http = http();
	let id = get(&mut http, &server.url());
	assert_eq!(body(&mut http, id).unwrap(), b"abcde");
}

#[test]
fn a_server_that_never_answers_ends_at_the_deadline_and_then_at_the_time_cap() {
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
	// It was kept, so it can be waited for again, without a deadline of the worker's own.
	assert_eq!(http.wait(&[id], None), [HttpRequestStatus::IoError]);
	assert!(began.elapsed() < Duration::from_secs(4));
	assert_eq!(http.wait(&[id], after(0)), [HttpRequestStatus::Invalid]);
}

#[test]
fn trickled_headers_end_at_the_time_cap() {
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
fn a_trickled_body_ends_at_the_deadline_and_then_at_the_time_cap() {
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
	// Its head is there, but that is no answer yet.
	assert_eq!(http.wait(&[id], after(300)), [HttpRequestStatus::DeadlineReached]);
	assert_eq!(http.read_body(id, &mut [0; 100], after(0)), Err(HttpError::DeadlineReached));
	assert!(began.elapsed() < Duration::from_secs(1));
	assert_eq!(body(&mut http, id), Err(HttpError::IoError));
	assert!(began.elapsed() < Duration::from_secs(4));
	assert_eq!(http.wait(&[id], after(0)), [HttpRequestStatus::Invalid]);
}

#[test]
fn the_time_is_that_of_the_last_byte() {
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
	// All of it is there.
	let mut buffer = [0; 8];
	assert_eq!(http.read_body(id, &mut buffer, after(0)), Ok(2));
	assert_eq!(http.read_body(id, &mut buffer, after(0)), Ok(0));
}

#[test]
fn a_request_ends_with_the_patience_of_the_worker() {
	let (server, closed) = Server::watching();
	let mut http = http_with(Limits { total: Duration::from_secs(60), ..limits() });
	let id = http.start("GET", &server.url()).unwrap();
	http.write_body(id, &[], after(200)).unwrap();
	assert_eq!(closed.recv_timeout(Duration::from_secs(5)), Ok(true));
	assert_eq!(http.wait(&[id], None), [HttpRequestStatus::IoError]);
}

#[test]
fn an_endless_body_is_cut_at_the_cap() {
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
fn bloated_bodies_do_not_cost_a_short_one() {
	let short = Server::saying("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nshort");
	let mut bloated = b"HTTP/1.1 200 OK\r\ncontent-length: 400000\r\n\r\n".to_vec();
	bloated.resize(bloated.len() + 400_000, b'x');
	let bloated = Server::saying(bloated);
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
fn nobody_keeps_the_body_of_an_error() {
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
fn many_names_at_one_address_do_not_make_many_requests() {
	let (victim, visits) = Server::counting();
	let caps = Caps { address: 12, domain: 8, spare_private: false, ..Caps::default() };
	let mut http = http_with(Limits { caps, ..limits() });
	let asked = |http: &mut Http, host: &str, port: u16| {
		let ids: Vec<_> = (0..20).map(|_| get(http, &format!("http://{host}:{port}/"))).collect();
		http.wait(&ids, after(5_000))
	};
	let ends =
		[asked(&mut http, "127.0.0.1", victim.port), asked(&mut http, "localhost", victim.port)];
	assert!(ends.iter().flatten().all(|end| *end == HttpRequestStatus::IoError));
	assert_eq!(visits.load(Ordering::SeqCst), 12);
	// The next run has a budget of its own, and so has a good name at the same address.
	let good = Server::saying("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
	let mut next = Http::new(http.transport(), Rules { private: true, ..Rules::default() });
	assert_eq!(status(&mut next, &good.url()), HttpRequestStatus::Finished(200));
	asked(&mut next, "localhost", victim.port);
	assert_eq!(visits.load(Ordering::SeqCst), 12 + 8);
	for _ in 0..30 {
		assert_eq!(status(&mut next, &good.url()), HttpRequestStatus::Finished(200));
	}
}

#[test]
fn a_body_that_is_announced_too_long_is_not_read_at_all() {
	let server = Server::saying("HTTP/1.1 200 OK\r\ncontent-length: 524289\r\n\r\nabc");
	let mut http = http();
	let id = get(&mut http, &server.url());
	assert_eq!(body(&mut http, id), Err(HttpError::IoError));
}

#[test]
fn a_body_that_breaks_off_is_no_body() {
	let server = Server::saying("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc");
	let mut http = http();
	let id = get(&mut http, &server.url());
	assert_eq!(body(&mut http, id), Err(HttpError::IoError));
}

#[test]
fn a_redirect_is_not_followed() {
	let (victim, visits) = Server::counting();
	let server = Server::saying(format!(
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
	let server = Server::saying(
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
fn header_bombs_are_refused() {
	let many: String = (0..100).map(|n| format!("h{n}: v\r\n")).collect();
	let long = format!("h: {}\r\n", "v".repeat(20_000));
	for bomb in [many, long] {
		let server = Server::saying(format!("HTTP/1.1 200 OK\r\n{bomb}content-length: 0\r\n\r\n"));
		assert_eq!(status(&mut http(), &server.url()), HttpRequestStatus::IoError);
	}
	let server = Server::new(|mut stream| async move {
		while stream.write_all(b"HTTP/1.1 200 OK and on and on ").await.is_ok() {}
	});
	assert_eq!(status(&mut http(), &server.url()), HttpRequestStatus::IoError);
}

#[test]
fn garbage_and_silence_are_failures() {
	for answer in ["\0\0\0\0garbage\r\n\r\n", ""] {
		let server = Server::saying(answer);
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
fn tls_that_fails_is_a_failure() {
	// Speaks no TLS at all.
	let server = Server::without_tls();
	let began = Instant::now();
	assert_eq!(
		status(&mut http(), &format!("https://127.0.0.1:{}/", server.port)),
		HttpRequestStatus::IoError
	);
	assert!(began.elapsed() < Duration::from_secs(1));
	// Never shakes hands.
	let server = Server::new(|stream| async move {
		let _stream = stream;
		std::future::pending().await
	});
	let mut http = http();
	let id = get(&mut http, &format!("https://localhost:{}/", server.port));
	assert_eq!(http.wait(&[id], after(300)), [HttpRequestStatus::DeadlineReached]);
}

#[test]
fn private_addresses_are_refused_where_the_chain_does_not_allow_them() {
	let (server, visits) = Server::counting();
	let transport = transport(limits());
	for host in
		["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0", "2130706433", "0x7f.1"]
	{
		let mut http = Http::new(transport.clone(), Rules::default());
		let url = format!("http://{host}:{}/", server.port);
		assert_eq!(status(&mut http, &url), HttpRequestStatus::IoError, "{url}");
	}
	// Even where private ones are allowed, what is no address of a service is refused.
	for host in ["[::ffff:127.0.0.1]", "[::1]", "0.0.0.0"] {
		let url = format!("http://{host}:{}/", server.port);
		assert_eq!(status(&mut self::http(), &url), HttpRequestStatus::IoError, "{url}");
	}
	assert_eq!(visits.load(Ordering::SeqCst), 0);
}

#[test]
fn names_are_resolved_and_checked() {
	let server = Server::saying("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
	let url = format!("http://localhost:{}/", server.port);
	assert_eq!(status(&mut http(), &url), HttpRequestStatus::Finished(200));
	assert_eq!(status(&mut http(), "http://no-such-host.invalid/"), HttpRequestStatus::IoError);
}

#[test]
fn an_own_anchor_may_be_private_and_nothing_beside_it() {
	let server = Server::saying("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
	let trusted = HashSet::from([server.url().parse().unwrap()]);
	let tls = client(public_roots()).unwrap();
	// It is exempt from the budget, too.
	let caps = Caps { address: 0, spare_private: false, ..Caps::default() };
	let limits = Limits { caps, ..limits() };
	let transport =
		Arc::new(Transport::new(names(), tls, None, limits, Metrics::default(), trusted).unwrap());
	let mut http = Http::new(transport, Rules::default());
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
		Transport::new(names(), tls, egress, limits(), Metrics::default(), HashSet::new());
	let transport = Arc::new(transport.unwrap());
	let mut http = Http::new(transport, Rules { private: true, ..Rules::default() });
	let id = get(&mut http, &server.url());
	assert_eq!(body(&mut http, id).unwrap(), b"127.0.0.9");
}

#[test]
fn only_plain_http_requests_can_be_started() {
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
fn a_request_can_only_be_changed_before_it_is_sent() {
	let server = Server::saying("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
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
fn many_dead_servers_do_not_hold_up_a_good_one() {
	let dead = Server::new(|stream| async move {
		let _stream = stream;
		std::future::pending().await
	});
	let good = Server::saying("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
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

/// Failed requests that were counted under `cause`.
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
	let redirect = Server::saying("HTTP/1.1 302 Found\r\ncontent-length: 0\r\n\r\n");
	let error = Server::saying("HTTP/1.1 500 Oh\r\ncontent-length: 0\r\n\r\n");
	let long = Server::saying("HTTP/1.1 200 OK\r\ncontent-length: 524289\r\n\r\n");
	let garbage = Server::saying("garbage\r\n\r\n");
	let good = Server::saying("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
	let plain = Server::without_tls();
	let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();

	let registry = Registry::new();
	let metrics = Metrics::new(Some(&registry)).unwrap();
	// Eight of those below, the abandoned one, and none more.
	let caps = Caps { address: 9, domain: 9, plain: 0, spare_private: false, ..Caps::default() };
	let transport = counted(Limits { caps, ..limits() }, metrics);
	let mut http = Http::new(transport, Rules { private: true, ..Rules::default() });
	let asked = [
		("timeout", silent.url()),
		("redirect", redirect.url()),
		("status", error.url()),
		("oversize", long.url()),
		("http", garbage.url()),
		("connect", format!("http://127.0.0.1:{closed}/")),
		("tls", format!("https://127.0.0.1:{}/", plain.port)),
		("forbidden", "http://169.254.169.254/".into()),
		// A label of more than 63 letters fails without a query, whatever resolver the machine has.
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
	// The last counts follow the answers by a moment.
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
	let (server, closed) = Server::watching();
	let mut http = http_with(Limits { total: Duration::from_secs(60), ..limits() });
	let id = get(&mut http, &server.url());
	assert_eq!(http.wait(&[id], after(200)), [HttpRequestStatus::DeadlineReached]);
	drop(http);
	assert_eq!(closed.recv_timeout(Duration::from_secs(5)), Ok(true));
}

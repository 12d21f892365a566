// SPDX-License-Identifier: Apache-2.0

//! A round of the validators' prober over real connections.

use sp_core::{
	OpaquePeerId,
	offchain::{
		Externalities, HttpError, HttpRequestId, HttpRequestStatus, OffchainWorkerExt,
		OpaqueNetworkState, Timestamp,
	},
};
use std::{
	collections::HashMap,
	io::{Read, Write},
	net::TcpStream,
	sync::mpsc::{Receiver, TryRecvError, channel},
	time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};
use surety_primitives::{ServiceKind, Target, report::Finding};
use surety_prober::{Assignment, Schedule, probe_round};

/// Time of a round.
const ROUND_MS: u64 = 60_000;

pub fn assignment(target: Target, model: &str, endpoint: &str) -> Assignment {
	let model = model.as_bytes().to_vec().try_into().unwrap();
	Assignment {
		target,
		genesis: [0; 32],
		kind: ServiceKind::Inference { model },
		endpoint: endpoint.as_bytes().to_vec(),
		max_head_lag: 0,
		skip: None,
		proof: None,
	}
}

/// Findings of a round, which ends as soon as all have answered.
pub async fn round(assignments: &[Assignment]) -> Vec<Finding> {
	let assignments = assignments.to_vec();
	let probing = move || {
		let mut externalities = sp_io::TestExternalities::default();
		externalities.register_extension(OffchainWorkerExt::new(Sockets::default()));
		externalities.execute_with(|| {
			let now = now_ms();
			let at = Timestamp::from_unix_millis;
			let schedule = Schedule {
				start: at(now),
				spread_ms: 100,
				deadline: at(now + ROUND_MS),
				concurrency: 8,
			};
			probe_round(&assignments, &[], &schedule, None, [7; 32])
		})
	};
	tokio::task::spawn_blocking(probing).await.unwrap()
}

fn now_ms() -> u64 {
	SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as u64
}

/// The host's HTTP client, with a thread per request.
#[derive(Default)]
struct Sockets {
	next: u16,
	started: HashMap<u16, (String, String, Vec<String>, Vec<u8>)>,
	sent: HashMap<u16, Receiver<Option<(u16, Vec<u8>)>>>,
	answers: HashMap<u16, Option<(u16, Vec<u8>)>>,
}

/// Status and body of an answer.
fn exchange(method: &str, url: &str, headers: &[String], body: &[u8]) -> Option<(u16, Vec<u8>)> {
	let rest = url.strip_prefix("http://")?;
	let (host, path) = rest.split_once('/')?;
	let mut stream = TcpStream::connect(host).ok()?;
	stream.set_read_timeout(Some(Duration::from_millis(ROUND_MS))).ok()?;
	let mut request = format!("{method} /{path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n");
	headers.iter().for_each(|header| request.push_str(header));
	request.push_str(&format!("content-length: {}\r\n\r\n", body.len()));
	stream.write_all(request.as_bytes()).ok()?;
	stream.write_all(body).ok()?;
	let mut answer = Vec::new();
	stream.read_to_end(&mut answer).ok()?;
	let end = answer.windows(4).position(|four| four == b"\r\n\r\n")?;
	let head = String::from_utf8_lossy(&answer[..end]).to_lowercase();
	assert!(!head.contains("chunked"), "answers of probes are whole");
	let status = head.split(' ').nth(1)?.parse().ok()?;
	Some((status, answer[end + 4..].to_vec()))
}

impl Sockets {
	fn send(&mut self, id: u16) {
		if let Some((method, url, headers, body)) = self.started.remove(&id) {
			let (sender, receiver) = channel();
			std::thread::spawn(move || {
				let _ = sender.send(exchange(&method, &url, &headers, &body));
			});
			self.sent.insert(id, receiver);
		}
	}

	fn status(&mut self, id: u16) -> HttpRequestStatus {
		self.send(id);
		if let Some(receiver) = self.sent.get(&id) {
			match receiver.try_recv() {
				Ok(answer) => drop(self.answers.insert(id, answer)),
				Err(TryRecvError::Empty) => return HttpRequestStatus::DeadlineReached,
				Err(TryRecvError::Disconnected) => {},
			}
		}
		match self.answers.get(&id) {
			Some(Some((status, _))) => HttpRequestStatus::Finished(*status),
			Some(None) => HttpRequestStatus::IoError,
			None => HttpRequestStatus::Invalid,
		}
	}
}

impl Externalities for Sockets {
	fn is_validator(&self) -> bool {
		true
	}
	fn network_state(&self) -> Result<OpaqueNetworkState, ()> {
		Err(())
	}
	fn timestamp(&mut self) -> Timestamp {
		Timestamp::from_unix_millis(now_ms())
	}
	fn sleep_until(&mut self, deadline: Timestamp) {
		let wait = deadline.unix_millis().saturating_sub(now_ms());
		std::thread::sleep(Duration::from_millis(wait));
	}
	fn random_seed(&mut self) -> [u8; 32] {
		[9; 32]
	}
	fn http_request_start(
		&mut self,
		method: &str,
		uri: &str,
		_: &[u8],
	) -> Result<HttpRequestId, ()> {
		self.next += 1;
		let request = (method.to_owned(), uri.to_owned(), Vec::new(), Vec::new());
		self.started.insert(self.next, request);
		Ok(HttpRequestId(self.next))
	}
	fn http_request_add_header(
		&mut self,
		id: HttpRequestId,
		name: &str,
		value: &str,
	) -> Result<(), ()> {
		let request = self.started.get_mut(&id.0).ok_or(())?;
		request.2.push(format!("{name}: {value}\r\n"));
		Ok(())
	}
	fn http_request_write_body(
		&mut self,
		id: HttpRequestId,
		chunk: &[u8],
		_: Option<Timestamp>,
	) -> Result<(), HttpError> {
		if chunk.is_empty() {
			self.send(id.0);
			return Ok(());
		}
		let request = self.started.get_mut(&id.0).ok_or(HttpError::Invalid)?;
		request.3.extend_from_slice(chunk);
		Ok(())
	}
	fn http_response_wait(
		&mut self,
		ids: &[HttpRequestId],
		deadline: Option<Timestamp>,
	) -> Vec<HttpRequestStatus> {
		let wait = deadline.map_or(ROUND_MS, |at| at.unix_millis().saturating_sub(now_ms()));
		let until = Instant::now() + Duration::from_millis(wait);
		loop {
			let all: Vec<_> = ids.iter().map(|id| self.status(id.0)).collect();
			if !all.contains(&HttpRequestStatus::DeadlineReached) || Instant::now() >= until {
				return all;
			}
			std::thread::sleep(Duration::from_millis(2));
		}
	}
	fn http_response_headers(&mut self, _: HttpRequestId) -> Vec<(Vec<u8>, Vec<u8>)> {
		Vec::new()
	}
	fn http_response_read_body(
		&mut self,
		id: HttpRequestId,
		buffer: &mut [u8],
		_: Option<Timestamp>,
	) -> Result<usize, HttpError> {
		let Some(Some((_, body))) = self.answers.get_mut(&id.0) else {
			return Err(HttpError::Invalid);
		};
		let length = body.len().min(buffer.len());
		buffer[..length].copy_from_slice(&body[..length]);
		body.drain(..length);
		Ok(length)
	}
	fn set_authorized_nodes(&mut self, _: Vec<OpaquePeerId>, _: bool) {}
}

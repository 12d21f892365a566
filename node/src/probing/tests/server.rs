// SPDX-License-Identifier: Apache-2.0

//! Servers that the HTTP client is tested against.

use std::{
	future::Future,
	sync::{
		Arc,
		atomic::{AtomicUsize, Ordering},
	},
};
use tokio::{
	io::{AsyncReadExt, AsyncWriteExt},
	net::{TcpListener, TcpStream},
	runtime::Runtime,
};

/// Server that runs `serve` for every connection. It lives as long as the runtime.
pub struct Server {
	_runtime: Runtime,
	pub port: u16,
}

impl Server {
	pub fn new<F, Fut>(serve: F) -> Self
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

	/// Server that sends the raw bytes of `response` to every request.
	pub fn responding(response: impl Into<Vec<u8>>) -> Self {
		let response = Arc::new(response.into());
		Self::new(move |mut stream| {
			let response = response.clone();
			async move {
				request(&mut stream).await;
				let _ = stream.write_all(&response).await;
			}
		})
	}

	/// Server that does not speak TLS.
	pub fn without_tls() -> Self {
		Self::new(|mut stream| async move {
			let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
		})
	}

	/// Server that never responds, and reports for each connection whether the client closed it.
	pub fn silent() -> (Self, std::sync::mpsc::Receiver<bool>) {
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

	/// Server that counts its connections.
	pub fn counting() -> (Self, Arc<AtomicUsize>) {
		let count = Arc::new(AtomicUsize::new(0));
		let counted = count.clone();
		let server = Self::new(move |_| {
			counted.fetch_add(1, Ordering::SeqCst);
			async {}
		});
		(server, count)
	}

	pub fn url(&self) -> String {
		format!("http://127.0.0.1:{}/", self.port)
	}
}

/// Read the head of a request, and its body if the head announces a length.
pub async fn request(stream: &mut TcpStream) -> String {
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

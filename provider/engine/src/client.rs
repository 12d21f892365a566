// SPDX-License-Identifier: Apache-2.0

//! Connection to the engine's socket.
//!
//! One connection per request, and a bound on the bytes of each: an engine that answers without end
//! costs neither memory nor time. bollard speaks through it, and so do the requests that bollard
//! would log or buffer (creation with the tenant's environment, shells, logs) and those to libpod's
//! own API.

use crate::EngineError;
use bollard::{ClientVersion, Docker, errors::Error};
use bytes::Bytes;
use http::{Method, Request, Response, Uri, header};
use http_body_util::{BodyExt, Full};
use hyper::{
	body::{Body, Incoming},
	client::conn::http1,
};
use hyper_util::rt::TokioIo;
use parking_lot::Mutex;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::{
	future::Future,
	io,
	path::{Path, PathBuf},
	pin::Pin,
	sync::Arc,
	task::{Context, Poll},
	time::Duration,
};
use tokio::{
	io::{AsyncRead, AsyncWrite, ReadBuf},
	net::UnixStream,
	time::timeout,
};

/// Bytes of an ordinary answer.
const ANSWER: u64 = 16 << 20;

/// Failure of a request.
#[derive(Debug)]
pub(crate) enum Failure {
	/// No answer, or one that is not understood.
	Down(String),
	/// The engine answered with an error.
	Status(u16, String),
}

impl Failure {
	/// True if the engine has no such thing.
	pub fn is_absent(&self) -> bool {
		matches!(self, Self::Status(404, _))
	}

	/// True if the thing is already so (running, stopped, connected).
	pub fn is_done(&self) -> bool {
		matches!(self, Self::Status(304, _))
	}

	/// True if there is a thing of that name already: 409 of dockerd, 500 of podman.
	pub fn is_duplicate(&self) -> bool {
		match self {
			Self::Status(409, _) => true,
			Self::Status(500, text) => {
				text.contains("already in use") && text.contains("name")
					|| text.contains("already exists")
			},
			_ => false,
		}
	}
}

impl From<Failure> for EngineError {
	fn from(failure: Failure) -> Self {
		match failure {
			Failure::Down(reason) => Self::Unavailable(reason),
			Failure::Status(status, text) => {
				Self::Refused(format!("{} ({status})", text.chars().take(500).collect::<String>()))
			},
		}
	}
}

impl From<Error> for Failure {
	fn from(error: Error) -> Self {
		match error {
			Error::DockerResponseServerError { status_code, message } => {
				Self::Status(status_code, message)
			},
			Error::DockerStreamError { error } => Self::Status(500, error),
			other => Self::Down(other.to_string()),
		}
	}
}

/// Stream that ends in an error after a number of bytes.
struct Bounded {
	stream: UnixStream,
	left: u64,
}

impl AsyncRead for Bounded {
	fn poll_read(
		mut self: Pin<&mut Self>,
		cx: &mut Context<'_>,
		buf: &mut ReadBuf<'_>,
	) -> Poll<io::Result<()>> {
		if self.left == 0 {
			return Poll::Ready(Err(io::Error::other("the engine's answer is too long")));
		}
		let before = buf.filled().len();
		let poll = Pin::new(&mut self.stream).poll_read(cx, buf);
		let read = buf.filled().len().saturating_sub(before);
		self.left = self.left.saturating_sub(u64::try_from(read).unwrap_or(u64::MAX));
		poll
	}
}

impl AsyncWrite for Bounded {
	fn poll_write(
		mut self: Pin<&mut Self>,
		cx: &mut Context<'_>,
		buf: &[u8],
	) -> Poll<io::Result<usize>> {
		Pin::new(&mut self.stream).poll_write(cx, buf)
	}

	fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
		Pin::new(&mut self.stream).poll_flush(cx)
	}

	fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
		Pin::new(&mut self.stream).poll_shutdown(cx)
	}
}

/// Send a request on a fresh connection whose answer has at most `max_bytes`.
async fn send<B>(
	socket: &Path,
	mut request: Request<B>,
	max_bytes: u64,
) -> io::Result<Response<Incoming>>
where
	B: Body<Data = Bytes> + Send + Unpin + 'static,
	B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
	let stream = UnixStream::connect(socket).await?;
	let path = request.uri().path_and_query().map_or("/", |path| path.as_str()).to_string();
	*request.uri_mut() = path.parse::<Uri>().map_err(io::Error::other)?;
	request.headers_mut().insert(header::HOST, header::HeaderValue::from_static("engine"));
	let (mut sender, connection) = http1::Builder::new()
		.handshake(TokioIo::new(Bounded { stream, left: max_bytes }))
		.await
		.map_err(io::Error::other)?;
	// Ends with the answer: the sender and the body are its only users.
	tokio::spawn(async move {
		let _ = connection.with_upgrades().await;
	});
	sender.send_request(request).await.map_err(io::Error::other)
}

/// Kind and version of an engine.
pub(crate) struct Identity {
	/// True for podman.
	pub podman: bool,
	/// Name and version.
	pub name: String,
	/// Version of the Docker API that is spoken.
	pub api: String,
	/// Client of the Docker API.
	pub docker: Docker,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Version {
	api_version: String,
	#[serde(default)]
	version: String,
	#[serde(default)]
	components: Vec<Component>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Component {
	name: String,
}

#[derive(Deserialize)]
struct Message {
	message: String,
}

/// Client of an engine.
pub(crate) struct Client {
	socket: PathBuf,
	time: Duration,
	identity: Mutex<Option<Arc<Identity>>>,
}

/// Newest Docker API that this crate was written against.
const NEWEST: ClientVersion = ClientVersion { major_version: 1, minor_version: 44 };

impl Client {
	/// Client of a socket with a bound on the time of a request.
	pub fn new(socket: PathBuf, time: Duration) -> Self {
		Self { socket, time, identity: Mutex::new(None) }
	}

	/// Socket of the engine.
	pub fn socket(&self) -> &Path {
		&self.socket
	}

	/// Kind and version of the engine; asked once, and again after the engine was away.
	pub async fn identity(&self) -> Result<Arc<Identity>, Failure> {
		if let Some(identity) = self.identity.lock().clone() {
			return Ok(identity);
		}
		let version: Version = self.json(Method::GET, "/version", None::<&()>).await?;
		let number = |text: &str| -> Option<(usize, usize)> {
			let (major, minor) = text.split_once('.')?;
			Some((major.parse().ok()?, minor.parse().ok()?))
		};
		let (major_version, minor_version) = number(&version.api_version)
			.ok_or_else(|| Failure::Down("the engine's API has no version".into()))?
			.min((NEWEST.major_version, NEWEST.minor_version));
		let podman = version.components.iter().any(|part| part.name.starts_with("Podman"));
		let socket = self.socket.clone();
		let transport = move |request: bollard::BollardRequest| {
			let socket = socket.clone();
			async move { send(&socket, request, ANSWER).await.map_err(|err| Error::IOError { err }) }
		};
		let docker = Docker::connect_with_custom_transport(
			transport,
			Some("http://engine"),
			self.time.as_secs(),
			&ClientVersion { major_version, minor_version },
		)?;
		let name = if podman { "podman" } else { "dockerd" };
		let version: String = version.version.chars().take(60).collect();
		let identity = Arc::new(Identity {
			podman,
			name: format!("{name} {version}"),
			api: format!("{major_version}.{minor_version}"),
			docker,
		});
		*self.identity.lock() = Some(identity.clone());
		Ok(identity)
	}

	/// Await an answer of bollard within the bound on time.
	pub async fn call<T>(
		&self,
		request: impl Future<Output = Result<T, Error>>,
	) -> Result<T, Failure> {
		let result = match timeout(self.time, request).await {
			Ok(result) => result.map_err(Failure::from),
			Err(_) => Err(Failure::Down(format!("no answer in {:?}", self.time))),
		};
		self.noted(result)
	}

	fn noted<T>(&self, result: Result<T, Failure>) -> Result<T, Failure> {
		// An engine that was away may come back as another version.
		if matches!(result, Err(Failure::Down(_))) {
			*self.identity.lock() = None;
		}
		result
	}

	/// Ask the Docker API, by a path without its version.
	pub async fn docker<T: DeserializeOwned>(
		&self,
		method: Method,
		path: &str,
		body: Option<&impl Serialize>,
	) -> Result<T, Failure> {
		let api = self.identity().await?.api.clone();
		self.json(method, &format!("/v{api}{path}"), body).await
	}

	/// Ask libpod's own API, by a path without its version.
	pub async fn libpod<T: DeserializeOwned>(
		&self,
		method: Method,
		path: &str,
		body: Option<&impl Serialize>,
	) -> Result<T, Failure> {
		self.json(method, &format!("/v4.0.0/libpod{path}"), body).await
	}

	async fn json<T: DeserializeOwned>(
		&self,
		method: Method,
		path: &str,
		body: Option<&impl Serialize>,
	) -> Result<T, Failure> {
		let body = body
			.map(serde_json::to_vec)
			.transpose()
			.map_err(|_| Failure::Down("the request is not JSON".into()))?
			.unwrap_or_default();
		let all = async {
			let response = self.open(method, path, body.into(), None, ANSWER).await?;
			let body = response.into_body().collect().await;
			let body = body.map_err(|e| Failure::Down(chain(&e)))?.to_bytes();
			crate::wire::read(&body)
				.map_err(|e| Failure::Down(format!("the engine's answer is not understood: {e}")))
		};
		let result = timeout(self.time, all)
			.await
			.unwrap_or_else(|_| Err(Failure::Down(format!("no answer in {:?}", self.time))));
		self.noted(result)
	}

	/// Send a request to the Docker API and return once the head of the answer is there. The body
	/// is the caller's to bound.
	pub async fn stream(
		&self,
		method: Method,
		path: &str,
		body: Bytes,
		header: Option<(&'static str, &str)>,
	) -> Result<Response<Incoming>, Failure> {
		let api = self.identity().await?.api.clone();
		let path = format!("/v{api}{path}");
		timeout(self.time, self.open(method, &path, body, header, u64::MAX))
			.await
			.unwrap_or_else(|_| Err(Failure::Down(format!("no answer in {:?}", self.time))))
	}

	async fn open(
		&self,
		method: Method,
		path: &str,
		body: Bytes,
		extra: Option<(&'static str, &str)>,
		max_bytes: u64,
	) -> Result<Response<Incoming>, Failure> {
		let mut request = Request::builder().method(method).uri(path);
		if !body.is_empty() {
			request = request.header(header::CONTENT_TYPE, "application/json");
		}
		if let Some((name, value)) = extra {
			request = request.header(name, value);
			if name == "upgrade" {
				request = request.header(header::CONNECTION, "Upgrade");
			}
		}
		let request = request
			.body(Full::new(body))
			.map_err(|e| Failure::Down(format!("the request is malformed: {e}")))?;
		let response = send(&self.socket, request, max_bytes)
			.await
			.map_err(|e| Failure::Down(format!("{}: {}", self.socket.display(), chain(&e))))?;
		let status = response.status();
		if status.is_success() || status.as_u16() == 101 {
			return Ok(response);
		}
		let body = http_body_util::Limited::new(response.into_body(), 64 << 10).collect().await;
		let body = body.map(|body| body.to_bytes()).unwrap_or_default();
		let text = serde_json::from_slice::<Message>(&body)
			.map_or_else(|_| String::from_utf8_lossy(&body).into_owned(), |m| m.message);
		Err(Failure::Status(status.as_u16(), text))
	}
}

/// An error with its causes.
fn chain(error: &dyn std::error::Error) -> String {
	let mut text = error.to_string();
	let mut source = error.source();
	while let Some(cause) = source {
		text = format!("{text}: {cause}");
		source = cause.source();
	}
	text
}

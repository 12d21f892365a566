// SPDX-License-Identifier: Apache-2.0

//! Body of an answer that is passed on while it arrives.

use super::{UpstreamError, decoder::Decoder, pool::Lease};
use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use std::{
	collections::VecDeque,
	future::Future,
	pin::Pin,
	task::{Context, Poll},
};
use tokio::time::{Instant, Sleep, sleep};

/// Body that holds its connection until the last byte.
pub struct Streaming {
	/// `None` once the body is complete or failed.
	lease: Option<Lease>,
	/// Parts that were read before the body was passed on.
	start: VecDeque<Bytes>,
	decoder: Decoder,
	keep_alive: bool,
	/// Runs while a byte is waited for.
	timer: Option<Pin<Box<Sleep>>>,
	waiting: bool,
}

impl Streaming {
	/// Body whose head was read, and perhaps its first parts.
	pub fn new(lease: Lease, decoder: Decoder, start: Vec<Bytes>, keep_alive: bool) -> Self {
		let mut body = Self {
			lease: Some(lease),
			start: start.into(),
			decoder,
			keep_alive,
			timer: None,
			waiting: false,
		};
		body.finish_if_done();
		body
	}

	/// Give the connection back as soon as the last byte is here.
	fn finish_if_done(&mut self) {
		if self.decoder.is_done()
			&& let Some(lease) = self.lease.take()
		{
			lease.finish(self.keep_alive);
		}
	}

	fn is_late(&mut self, cx: &mut Context<'_>) -> bool {
		let Some(limit) = self.lease.as_ref().map(Lease::stream_timeout) else { return false };
		let timer = self.timer.get_or_insert_with(|| Box::pin(sleep(limit)));
		if !self.waiting {
			self.waiting = true;
			if let Some(deadline) = Instant::now().checked_add(limit) {
				timer.as_mut().reset(deadline);
			}
		}
		timer.as_mut().poll(cx).is_ready()
	}
}

impl Body for Streaming {
	type Data = Bytes;
	type Error = UpstreamError;

	fn poll_frame(
		mut self: Pin<&mut Self>,
		cx: &mut Context<'_>,
	) -> Poll<Option<Result<Frame<Bytes>, UpstreamError>>> {
		let this = &mut *self;
		if let Some(part) = this.start.pop_front() {
			return Poll::Ready(Some(Ok(Frame::data(part))));
		}
		let Some(lease) = &mut this.lease else { return Poll::Ready(None) };
		match lease.connection.poll_body(cx, &mut this.decoder) {
			Poll::Ready(Ok(Some(data))) => {
				this.waiting = false;
				this.finish_if_done();
				Poll::Ready(Some(Ok(Frame::data(data))))
			},
			Poll::Ready(Ok(None)) => {
				this.finish_if_done();
				Poll::Ready(None)
			},
			Poll::Ready(Err(error)) => {
				this.lease = None;
				Poll::Ready(Some(Err(error)))
			},
			Poll::Pending if this.is_late(cx) => {
				this.lease = None;
				Poll::Ready(Some(Err(UpstreamError::Timeout { sent: true })))
			},
			Poll::Pending => Poll::Pending,
		}
	}

	fn is_end_stream(&self) -> bool {
		self.lease.is_none() && self.start.is_empty()
	}

	fn size_hint(&self) -> SizeHint {
		let start =
			self.start.iter().fold(0_u64, |sum, part| sum.saturating_add(part.len() as u64));
		let rest = self.decoder.remaining();
		rest.map_or_else(SizeHint::new, |rest| SizeHint::with_exact(rest.saturating_add(start)))
	}
}

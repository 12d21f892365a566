// SPDX-License-Identifier: Apache-2.0

//! The tasks of the control thread. Time is a number that each test sets; the tasks look at it four
//! times a second.

use super::kit::*;
use crate::usage::{
	Courier, CourierError, ExchangeHandle, MAX_MESSAGE, Offer, answer_exchanges, exchange,
	exchanges, keep, wire,
};
use bytes::Bytes;
use http::StatusCode;
use std::{cell::Cell, future::pending, rc::Rc, time::Duration};
use surety_primitives::{AgreementId, LatencyBucket, usage::Side};
use tokio::task::LocalSet;

/// Way to an edge in the same thread. Agreement [`DEAL`] + 1 never gets an answer.
struct Direct(ExchangeHandle, Rc<Cell<u32>>);

impl Courier for Direct {
	async fn deliver(
		&self,
		agreement: AgreementId,
		message: Vec<u8>,
	) -> Result<Bytes, CourierError> {
		self.1.set(self.1.get() + 1);
		if agreement != DEAL {
			return pending().await;
		}
		let reply = self.0.exchange(message.into()).await;
		match reply.status {
			StatusCode::OK => Ok(reply.body),
			status => Err(CourierError(status.to_string())),
		}
	}
}

#[tokio::test]
async fn both_roles_exchange_while_another_edge_hangs() {
	let (gateway, edge) = pair(0);
	gateway.ledger.open_agreement(DEAL + 1, LatencyBucket::MAX, &at(0)).unwrap();
	let clock = HandClock::default();
	let (handle, receiver) = exchanges();
	let sent = Rc::new(Cell::new(0));
	let local = LocalSet::new();
	for party in [&gateway, &edge] {
		local.spawn_local(keep(party.ledger.clone(), clock.clone()));
	}
	local.spawn_local(answer_exchanges(edge.ledger.clone(), clock.clone(), receiver));
	let courier = Direct(handle, sent.clone());
	local.spawn_local(exchange(gateway.ledger.clone(), clock.clone(), courier));
	local
		.run_until(async {
			for step in 1..100 {
				gateway.serve(1);
				edge.serve(1);
				clock.set(step * 5);
				tokio::time::sleep(Duration::from_millis(260)).await;
				let is_agreed = gateway.ledger.views().iter().any(|view| view.agreed.is_some());
				if is_agreed && edge.view(0).other.is_some() {
					break;
				}
			}
		})
		.await;
	assert!(gateway.view(0).agreed.unwrap().0 > 0);
	assert!(edge.view(0).other.unwrap().requests > 0);
	assert!(sent.get() >= 2);
}

#[tokio::test]
async fn replies_have_the_status_of_their_fault() {
	let (gateway, edge) = pair(0);
	let (handle, receiver) = exchanges();
	let statement = gateway.key.sign(statement(Side::Tenant, 0, 5, 1));
	let good: Bytes = wire::encode(&[Offer { statement, copy: None }]).into();
	let long = handle.exchange(vec![1; MAX_MESSAGE + 1].into()).await;
	assert_eq!(long.status, StatusCode::PAYLOAD_TOO_LARGE);
	let local = LocalSet::new();
	local.spawn_local(answer_exchanges(edge.ledger.clone(), HandClock::default(), receiver));
	let (good, bad) = local
		.run_until(async {
			let good = handle.exchange(good).await;
			(good, handle.exchange(Bytes::from_static(b"nonsense")).await)
		})
		.await;
	assert_eq!((good.status, bad.status), (StatusCode::OK, StatusCode::BAD_REQUEST));
	drop(local);
	let gone = handle.exchange(Bytes::from_static(b"x")).await;
	assert_eq!(gone.status, StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test]
async fn a_flood_of_messages_is_refused() {
	let (handle, _receiver) = exchanges();
	let message = Bytes::from_static(b"x");
	let mut waiting: Vec<_> = (0..64).map(|_| Box::pin(handle.exchange(message.clone()))).collect();
	for one in &mut waiting {
		assert!(futures::poll!(one).is_pending());
	}
	assert_eq!(handle.exchange(message).await.status, StatusCode::SERVICE_UNAVAILABLE);
}

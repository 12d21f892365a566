//! The methods that audit a breach.
//!
//! To collect is to read the states of a whole window, so it is for the node's owner only (`--rpc-methods`). To
//! verify takes headers and the bytes of the request, whose length the server bounds, so it is for everybody. Both
//! hash and judge, so at most one of them runs at a time.

use crate::audit::{self, Chain, Statement};
use codec::Encode;
use jsonrpsee::{Extensions, core::RpcResult, proc_macros::rpc, types::ErrorObjectOwned};
use sc_rpc::DenyUnsafe;
use serde::Serialize;
use sp_core::Bytes;
use std::sync::Arc;
use surety_runtime::BlockNumber;
use tokio::sync::{Semaphore, SemaphorePermit};

/// Code of an audit that came to no statement; the message says what is missing or wrong.
const AUDIT_ERROR: i32 = 9_002;
/// Code of an audit that must wait for another one.
const BUSY: i32 = 9_003;

/// Audits of breaches.
#[rpc(server, namespace = "surety")]
pub trait AuditRpc {
	/// Statement on a breach of a service, and the bundle that shows it. `block` is one that remembers the breach, the
	/// last finalized one if left out. Needs the states of the breach's window.
	#[method(name = "auditBreach", blocking, with_extensions)]
	fn audit_breach(
		&self,
		service: u32,
		number: u32,
		block: Option<BlockNumber>,
	) -> RpcResult<Audited>;

	/// Statement that a bundle shows.
	#[method(name = "verifyAudit", blocking)]
	fn verify_audit(&self, bundle: Bytes) -> RpcResult<Statement>;
}

/// A statement and its bundle.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Audited {
	/// The statement.
	pub statement: Statement,
	/// The bundle, in hex.
	pub bundle: Bytes,
}

/// Audits with a chain, one at a time.
pub struct Audit<C> {
	chain: Arc<C>,
	turn: Semaphore,
}

impl<C> Audit<C> {
	/// Audits with `chain`.
	pub fn new(chain: Arc<C>) -> Self {
		Self { chain, turn: Semaphore::new(1) }
	}

	fn turn(&self) -> RpcResult<SemaphorePermit<'_>> {
		self.turn
			.try_acquire()
			.map_err(|_| error(BUSY, "another audit is running: try again later"))
	}
}

fn error(code: i32, reason: impl ToString) -> ErrorObjectOwned {
	ErrorObjectOwned::owned(code, reason.to_string(), None::<()>)
}

impl<C: Chain + Send + Sync + 'static> AuditRpcServer for Audit<C> {
	fn audit_breach(
		&self,
		extensions: &Extensions,
		service: u32,
		number: u32,
		block: Option<BlockNumber>,
	) -> RpcResult<Audited> {
		// A server that does not say who may call gets the careful answer.
		extensions.get::<DenyUnsafe>().copied().unwrap_or(DenyUnsafe::Yes).check_if_safe()?;
		let _turn = self.turn()?;
		let audited = audit::collect(&*self.chain, service, number, block);
		let (bundle, statement) = audited.map_err(|reason| error(AUDIT_ERROR, reason))?;
		Ok(Audited { statement, bundle: Bytes(bundle.encode()) })
	}

	fn verify_audit(&self, bundle: Bytes) -> RpcResult<Statement> {
		let _turn = self.turn()?;
		audit::verify(&*self.chain, &bundle).map_err(|reason| error(AUDIT_ERROR, reason))
	}
}

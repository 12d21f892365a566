// SPDX-License-Identifier: Apache-2.0

//! Methods that audit a breach.
//!
//! A collection reads the states of a whole window, so it is for the node's owner only
//! (`--rpc-methods`). A verification needs headers and the bytes of the request, whose length the
//! server bounds, so it is for everyone. Both hash and judge, so at most one of them runs at a
//! time.

use crate::audit::{self, Chain, Statement};
use codec::Encode;
use jsonrpsee::{Extensions, core::RpcResult, proc_macros::rpc, types::ErrorObjectOwned};
use sc_rpc::DenyUnsafe;
use serde::Serialize;
use sp_core::Bytes;
use std::sync::Arc;
use surety_primitives::Target;
use surety_runtime::BlockNumber;
use tokio::sync::{Semaphore, SemaphorePermit};

/// Code of an audit without a statement; the message names what is missing or wrong.
const AUDIT_ERROR: i32 = 9_002;
/// Code of an audit that must wait for another one.
const BUSY: i32 = 9_003;

/// Audits of breaches.
#[rpc(server, namespace = "surety")]
pub trait AuditRpc {
	/// Statement on a breach of a target, and the bundle that proves it. `block` is a block whose
	/// state has the breach, the last finalized one if left out. The node must have the states of
	/// the breach's window.
	#[method(name = "auditBreach", blocking, with_extensions)]
	fn audit_breach(
		&self,
		target: Target,
		number: u32,
		block: Option<BlockNumber>,
	) -> RpcResult<Audited>;

	/// Statement that a bundle proves.
	#[method(name = "verifyAudit", blocking)]
	fn verify_audit(&self, bundle: Bytes) -> RpcResult<Statement>;
}

/// Statement with its bundle.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Audited {
	/// Statement.
	pub statement: Statement,
	/// Bundle, in hex.
	pub bundle: Bytes,
}

/// Server of the methods, which audits with a chain, one breach at a time.
pub struct Audit<C> {
	chain: Arc<C>,
	permits: Semaphore,
}

impl<C> Audit<C> {
	/// Audit with `chain`.
	pub fn new(chain: Arc<C>) -> Self {
		Self { chain, permits: Semaphore::new(1) }
	}

	fn permit(&self) -> RpcResult<SemaphorePermit<'_>> {
		self.permits
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
		target: Target,
		number: u32,
		block: Option<BlockNumber>,
	) -> RpcResult<Audited> {
		// A server without a policy gets the strict one.
		extensions.get::<DenyUnsafe>().copied().unwrap_or(DenyUnsafe::Yes).check_if_safe()?;
		let _permit = self.permit()?;
		let audited = audit::collect(&*self.chain, target, number, block);
		let (bundle, statement) = audited.map_err(|reason| error(AUDIT_ERROR, reason))?;
		Ok(Audited { statement, bundle: Bytes(bundle.encode()) })
	}

	fn verify_audit(&self, bundle: Bytes) -> RpcResult<Statement> {
		let _permit = self.permit()?;
		audit::verify(&*self.chain, &bundle).map_err(|reason| error(AUDIT_ERROR, reason))
	}
}

// SPDX-License-Identifier: Apache-2.0

//! A tenant's side: asks the agent of a service for a peer, and believes nothing but what the key
//! of the listing has signed.

use super::{
	SignedRequest,
	ledger::{is_buyer, vpn_services},
};
use crate::{
	client::{Network, ask, below},
	time::now_ms,
};
use serde::Deserialize;
use sp_core::{Pair, ed25519};
use std::{fmt, io, time::Duration};
use surety_gateway::chain::{Head, KeySigner, Nodes, NodesError, Reader};
use surety_primitives::{AgreementId, RoundIndex, ServiceId, Target};
use surety_vpn::{
	claims::{Answer, AnswerFault, MAX_ANSWER, PeerRequest, Scope, SignedAnswer},
	keys::Secret,
};

/// Longest time for the agent's answer. It asks the chain first.
const TIMEOUT: Duration = Duration::from_secs(30);
/// Characters of an agent's complaint that are shown.
const MAX_COMPLAINT: usize = 300;

/// Peer that the agent has admitted.
#[derive(Debug)]
pub struct Granted {
	/// Secret key of the peer.
	pub secret: Secret,
	/// Answer of the agent, signed by the key of the listing.
	pub answer: Answer,
	/// Units of the agreement.
	pub units: u32,
}

/// Reason for which there is no peer.
#[derive(Debug)]
pub enum ClientError {
	/// The chain gave no answer.
	Chain(String),
	/// The chain has no VPN service of this id.
	NoService(ServiceId),
	/// The agreement is not one of the service, or the chain has none of this id.
	NoAgreement(AgreementId),
	/// The agreement is over.
	Over(AgreementId),
	/// The key acts neither for the tenant nor as its proxy.
	NoRight(String),
	/// No randomness for a key.
	Random(io::Error),
	/// The agent did not answer.
	Silent(String),
	/// The agent refused.
	Refused(u16, String),
	/// The answer is not to be believed.
	Answer(AnswerFault),
	/// The answer leads to another host than the listing.
	Elsewhere(String),
}

impl fmt::Display for ClientError {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		match self {
			Self::Chain(reason) => write!(f, "the chain cannot be read: {reason}"),
			Self::NoService(id) => write!(f, "service {id} is not a VPN on this chain"),
			Self::NoAgreement(id) => write!(
				f,
				"agreement {id} is not one of this service in the finalized blocks: wait some \
				 seconds if it is new"
			),
			Self::Over(id) => write!(f, "agreement {id} is over: open another one"),
			Self::NoRight(tenant) => write!(
				f,
				"the key is neither that of the tenant {tenant} nor of its proxy of the type Buy"
			),
			Self::Random(error) => write!(f, "no randomness for a key: {error}"),
			Self::Silent(reason) => write!(f, "the agent of the service: {reason}"),
			Self::Refused(status, reason) => {
				write!(f, "the agent of the service refused ({status}): {reason}")
			},
			Self::Answer(fault) => write!(f, "the answer of the agent: {fault}"),
			Self::Elsewhere(host) => write!(
				f,
				"the answer leads to {host}, which is not the host of the listing that validators \
				 check: do not use it"
			),
		}
	}
}

impl std::error::Error for ClientError {}

impl From<NodesError> for ClientError {
	fn from(error: NodesError) -> Self {
		Self::Chain(error.to_string())
	}
}

/// Ask the agent of a service for a peer of an agreement, with a fresh key.
///
/// - `nodes`: polled once at least.
/// - `signer`: key of the tenant, or of its `Buy` proxy.
pub async fn request(
	nodes: &Nodes,
	head: Head,
	signer: &KeySigner,
	service: ServiceId,
	agreement: AgreementId,
	network: &Network,
) -> Result<Granted, ClientError> {
	let reader = Reader::at(nodes, head);
	let genesis = nodes.genesis().ok_or_else(|| ClientError::Chain("no genesis".into()))?;
	let unknown = |cause: super::Unknown| ClientError::Chain(cause.to_string());
	let listed = vpn_services(reader, vec![service]).await.map_err(unknown)?;
	let (_, listing_key, own) = listed.into_iter().next().ok_or(ClientError::NoService(service))?;
	let round = reader.round().await?.round;
	let units = check(reader, signer, service, agreement, round).await?;

	let secret = Secret::generate().map_err(ClientError::Random)?;
	let scope = Scope { genesis: genesis.0, service };
	let request = PeerRequest { agreement, key: secret.public(), issued: now_ms() };
	let signature = signer.sign(&request.message(&scope));
	let signed = SignedRequest::new(request, signer.account().clone(), &signature);
	let body =
		serde_json::to_string(&signed).map_err(|error| ClientError::Silent(error.to_string()))?;
	let peers = below(&own.endpoint, "/peers");
	let (status, body) =
		ask(&peers, Some(body), network, MAX_ANSWER, TIMEOUT).await.map_err(ClientError::Silent)?;
	if status != 200 {
		return Err(ClientError::Refused(status, complaint(&body)));
	}
	let key = secret.public();
	let verify = |signature: &[u8; 64], message: &[u8]| is_by(&listing_key, signature, message);
	let answer = SignedAnswer::open(&body, &scope, Some(agreement), &key, now_ms(), verify)
		.map_err(ClientError::Answer)?;
	is_at(&own.host(), &answer)?;
	Ok(Granted { secret, answer, units })
}

/// Check the agreement on chain before the agent is asked: the reasons are clearer here.
async fn check(
	reader: Reader<'_>,
	signer: &KeySigner,
	service: ServiceId,
	id: AgreementId,
	round: RoundIndex,
) -> Result<u32, ClientError> {
	let found = reader.agreement(id).await?;
	let found = found.filter(|found| found.target == Target::Service(service));
	let found = found.ok_or(ClientError::NoAgreement(id))?;
	if !super::is_open(&found, round) {
		return Err(ClientError::Over(id));
	}
	let (tenant, account) = (&found.tenant, signer.account());
	let unknown = |cause: super::Unknown| ClientError::Chain(cause.to_string());
	if account != tenant && !is_buyer(reader, tenant, account).await.map_err(unknown)? {
		return Err(ClientError::NoRight(tenant.to_string()));
	}
	Ok(found.units)
}

/// True if a signature is that of an ed25519 key.
pub(crate) fn is_by(key: &[u8; 32], signature: &[u8; 64], message: &[u8]) -> bool {
	let (key, signature) =
		(ed25519::Public::from_raw(*key), ed25519::Signature::from_raw(*signature));
	ed25519::Pair::verify(&signature, message, &key)
}

/// Check that an answer leads to the host of the listing: what validators check is what is used.
pub(crate) fn is_at(listed: &Option<String>, answer: &Answer) -> Result<(), ClientError> {
	let host = answer.tunnel.endpoint.host();
	let bracketed = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
	let given = surety_primitives::endpoint::normalise(bracketed.as_bytes());
	let given = given.map(|host| String::from_utf8_lossy(&host).into_owned());
	if given.is_ok_and(|given| Some(given) == *listed) {
		Ok(())
	} else {
		Err(ClientError::Elsewhere(host.into()))
	}
}

/// Reason that an agent gives, without control characters.
pub(crate) fn complaint(body: &[u8]) -> String {
	#[derive(Deserialize)]
	struct Refused {
		error: String,
	}
	let text = match serde_json::from_slice::<Refused>(body) {
		Ok(Refused { error }) => error,
		Err(_) => String::from_utf8_lossy(body).into_owned(),
	};
	text.chars().filter(|c| !c.is_control()).take(MAX_COMPLAINT).collect()
}

// SPDX-License-Identifier: Apache-2.0

//! Snapshots for tests.

use crate::chain::{LeaseView, ServiceView, Snapshot};
use sp_core::H256;
use sp_runtime::{AccountId32, Perbill};
use std::collections::{BTreeMap, BTreeSet};
use surety_gateway::chain::Head;
use surety_primitives::{
	AssetId, CloseReason, LatencyBucket, Port, PortProtocol, Region, Resources, Service,
	ServiceClass, ServiceKind, ServiceStatus, SlaTerms, TrustLevel, WindowShare,
};
use surety_runtime_api::{
	Allowance, BondInfo, CapacityInfo, Ending, LeaseInfo, LeasePhase, OperatorInfo, OrderInfo,
	Performance, ReplicaInfo, RoundInfo, ServiceDetail, ServiceSummary, TargetStatus,
};

/// Base units of one token.
pub const UNIT: u128 = 1_000_000_000_000;

/// Account of the operator.
pub fn operator() -> AccountId32 {
	AccountId32::new([1; 32])
}

/// Account of a tenant.
pub fn tenant() -> AccountId32 {
	AccountId32::new([2; 32])
}

/// Terms with a cover of three windows' prices.
pub fn terms() -> SlaTerms {
	let share = WindowShare::from_u32;
	SlaTerms {
		min_uptime: Perbill::from_percent(99),
		max_latency: LatencyBucket::from_millis(250),
		max_head_lag: 0,
		credit: [share(1), share(1), share(1), share(1)],
		cover: share(3),
	}
}

/// Resources with some of everything but GPUs.
pub fn resources(cpus: u32) -> Resources {
	Resources {
		cpu_milli: cpus.saturating_mul(1_000),
		memory_mib: cpus.saturating_mul(1_024),
		storage_gib: cpus.saturating_mul(10),
		..Resources::default()
	}
}

/// Service 1 of the operator, with 8 CPUs.
pub fn service() -> ServiceView {
	let listing = Service {
		operator: operator(),
		kind: ServiceKind::Compute,
		endpoint: b"http://127.0.0.1:8080/agent".to_vec().try_into().unwrap(),
		region: Region::new(*b"DE").unwrap(),
		capacity: 1,
		price: 1,
		asset: AssetId::Native,
		terms: terms(),
		metadata_hash: [0; 32],
		metadata_uri: Default::default(),
		status: ServiceStatus::Active,
	};
	let service = ServiceSummary {
		id: 1,
		listing,
		units: 0,
		unit: ServiceClass::Compute.unit(),
		score: 50,
		open: true,
		discrepant: false,
		last_verdict: None,
		resources: Some(CapacityInfo { total: resources(8), free: resources(8) }),
	};
	let status = TargetStatus {
		window: 0,
		counters: Default::default(),
		allowance: Allowance { downtime: 1, slow: 1, bad_data: 1 },
		meter: None,
		index: WindowShare::from_u32(0),
		cover: WindowShare::from_u32(3),
		rent: None,
		exposure: 0,
		coverable_units: 0,
		reliability: 100,
		history: Vec::new(),
		active: true,
	};
	ServiceView { detail: ServiceDetail { service, status } }
}

/// Order of one replica with one CPU and port 80, that takes bids.
pub fn order(id: u32) -> OrderInfo<AccountId32> {
	OrderInfo {
		id,
		tenant: tenant(),
		asset: AssetId::Native,
		resources: resources(1),
		image: b"docker.io/library/nginx:1.27".to_vec(),
		digest: None,
		ports: vec![Port { container: 80, protocol: PortProtocol::Tcp }],
		env_hash: None,
		max_price: 1_000,
		failover_price: None,
		regions: Vec::new(),
		min_trust: TrustLevel::One,
		duration: 600,
		terms: None,
		auto_match: true,
		bids_until: Some(1_000),
		bids: 0,
		replicas: vec![ReplicaInfo {
			lease: None,
			held: 0,
			closed_code: None,
			closed_reason: None,
		}],
	}
}

/// Lease in a phase.
pub fn lease(id: u32, phase: LeasePhase) -> LeaseView {
	let ready = matches!(phase, LeasePhase::Running { .. } | LeasePhase::Ending { .. });
	let info = LeaseInfo {
		id,
		order: id,
		replica: 0,
		tenant: tenant(),
		operator: operator(),
		service: 1,
		price: 100,
		asset: AssetId::Native,
		health: if ready { b"http://127.0.0.1:8080/leases/1".to_vec() } else { Vec::new() },
		access: Vec::new(),
		phase,
		agreement: None,
		blocks_left: 100,
		paid: 0,
		refunded: 0,
		forfeited: 0,
		owed_credit: 0,
		last_verdict: None,
	};
	LeaseView { info, order: Some(order(id)), detail: None }
}

/// End of a lease for a reason.
pub fn closed(reason: CloseReason) -> LeasePhase {
	LeasePhase::Closed { ending: Ending { round: 1, code: reason.code(), reason } }
}

/// Snapshot of an operator with a service and a bond, at a block that was seen at a time.
pub fn snapshot(block: u32, seen_ms: u64) -> Snapshot {
	Snapshot {
		genesis: H256::repeat_byte(7),
		head: Head { number: block, hash: H256::from_low_u64_be(block.into()) },
		best: block,
		seen_ms,
		clock: RoundInfo {
			block,
			round: block.checked_div(5).unwrap(),
			window: 0,
			round_blocks: 5,
			window_rounds: 12,
			slot_ms: 1_000,
			judged_round: 0,
		},
		account: operator(),
		operator: Some(OperatorInfo {
			account: operator(),
			name: b"acme".to_vec(),
			contact: Vec::new(),
			active: true,
			bonds: vec![BondInfo {
				asset: AssetId::Native,
				active: 10 * UNIT,
				exposure: 0,
				unbonding: 0,
			}],
			services: vec![1],
			score: 50,
			trust: TrustLevel::Three,
			reliability: 100,
			performance: Performance::default(),
		}),
		services: BTreeMap::from([(1, service())]),
		leases: BTreeMap::new(),
		gone: BTreeSet::new(),
		orders: BTreeMap::new(),
		bids: BTreeMap::new(),
		rivals: BTreeMap::new(),
		tenants: BTreeMap::new(),
	}
}

// SPDX-License-Identifier: Apache-2.0

//! The JSON of every answer, as clients rely on it, and of filters.

use super::*;
use core::fmt::Debug;
use serde::de::DeserializeOwned;
use serde_json::{Value, from_str, from_value, json, to_value};
use sp_runtime::{AccountId32, Perbill};
use surety_primitives::{
	AssetId, Balance, Breach, BreachKind, CloseReason, Counters, LatencyBucket, MeterReading,
	Network, Port, PortProtocol, Protocol, Region, Resources, Service, ServiceClass, ServiceKind,
	ServiceStatus, Severity, SlaTerms, TrustLevel, Verdict, WindowShare, WindowSummary,
	usage::{AgreedUsage, Comparison, Match, UsageCounts},
};

const ALICE: &str = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY";

fn alice() -> AccountId32 {
	ALICE.parse().unwrap()
}

fn region(code: &[u8; 2]) -> Region {
	Region::new(*code).unwrap()
}

fn terms() -> SlaTerms {
	SlaTerms {
		min_uptime: Perbill::from_perthousand(999),
		max_latency: LatencyBucket::from_millis(250),
		max_head_lag: 3,
		credit: [100, 250, 500, 1_000].map(|n| WindowShare::from_rational(n, 1_000)),
		cover: WindowShare::from_u32(30),
	}
}

fn terms_json() -> Value {
	json!({
		"minUptimePerbill": 999_000_000,
		"maxLatencyMs": 256,
		"maxHeadLag": 3,
		"credit": ["100000000", "250000000", "500000000", "1000000000"],
		"cover": "30000000000",
	})
}

fn listing(kind: ServiceKind, status: ServiceStatus) -> Service<AccountId32> {
	Service {
		operator: alice(),
		kind,
		endpoint: b"https://rpc.example.com/".to_vec().try_into().unwrap(),
		region: region(b"DE"),
		capacity: 10,
		price: Balance::MAX,
		asset: AssetId::Local(7),
		terms: terms(),
		metadata_hash: [0x1f; 32],
		metadata_uri: b"ipfs://x".to_vec().try_into().unwrap(),
		status,
	}
}

fn listing_json(kind: Value, status: Value) -> Value {
	json!({
		"operator": ALICE,
		"kind": kind,
		"endpoint": "https://rpc.example.com/",
		"region": "DE",
		"capacity": 10,
		"price": "340282366920938463463374607431768211455",
		"asset": "local:7",
		"terms": terms_json(),
		"metadataHash": format!("0x{}", "1f".repeat(32)),
		"metadataUri": "ipfs://x",
		"status": status,
	})
}

fn resources() -> Resources {
	Resources {
		cpu_milli: 4_000,
		memory_mib: 8_192,
		storage_gib: 100,
		bandwidth_mbit: 1_000,
		gpus: 1,
		gpu_class: b"h100".to_vec().try_into().unwrap(),
	}
}

fn resources_json() -> Value {
	json!({
		"cpuMilli": 4_000, "memoryMib": 8_192, "storageGib": 100, "bandwidthMbit": 1_000,
		"gpus": 1, "gpuClass": "h100",
	})
}

fn counters() -> Counters {
	Counters { up: 1, down: 2, bad: 3, stale: 4, unclear: 5, unmeasured: 6, excused: 7, slow: 8 }
}

fn counters_json() -> Value {
	json!({
		"up": 1, "down": 2, "bad": 3, "stale": 4, "unclear": 5, "unmeasured": 6, "excused": 7,
		"slow": 8,
	})
}

/// One object with the fields of several.
fn merged(parts: impl IntoIterator<Item = Value>) -> Value {
	let fields = parts.into_iter().flat_map(|part| part.as_object().unwrap().clone());
	Value::Object(fields.collect())
}

/// The value is written as this JSON, and read from it.
fn assert_json<T: Debug + DeserializeOwned + PartialEq + Serialize>(value: T, json: Value) {
	assert_eq!(to_value(&value).unwrap(), json);
	assert_eq!(from_value::<T>(json).unwrap(), value);
}

#[test]
fn a_service_in_a_list_is_one_object() {
	let known = |last_verdict, resources| {
		let kind = ServiceKind::Rpc { network: 3 };
		ServiceSummary {
			id: 5,
			listing: listing(kind, ServiceStatus::Active),
			units: 2,
			unit: ServiceClass::Rpc.unit(),
			score: 40,
			open: true,
			discrepant: false,
			last_verdict,
			resources,
		}
	};
	let expected = |last_verdict, resources| {
		let rest = json!({
			"id": 5, "units": 2, "score": 40, "open": true, "discrepant": false,
			"unit": {
				"class": "rpc", "requestsPerSecond": 10, "burst": 100, "bytesPerSecond": 1_048_576,
				"subscriptions": 20,
			},
			"lastVerdict": last_verdict, "resources": resources,
		});
		let kind = json!({ "class": "rpc", "network": 3 });
		merged([listing_json(kind, json!({ "name": "active" })), rest])
	};
	assert_json(known(None, None), expected(Value::Null, Value::Null));
	let latency = LatencyBucket::from_millis(250);
	let up = RoundVerdict::from((9, Verdict::Up { latency }));
	let capacity = CapacityInfo { total: resources(), free: Resources::default() };
	let nothing = json!({
		"cpuMilli": 0, "memoryMib": 0, "storageGib": 0, "bandwidthMbit": 0, "gpus": 0,
		"gpuClass": "",
	});
	let page = Page { items: vec![known(Some(up), Some(capacity))], next: Some(5) };
	let item = expected(
		json!({ "round": 9, "verdict": "up", "latencyMs": 256 }),
		json!({ "total": resources_json(), "free": nothing }),
	);
	assert_json(page, json!({ "items": [item], "next": 5 }));
}

#[test]
fn an_enum_shows_the_fields_of_its_variant() {
	for (kind, json) in [
		(ServiceKind::Rpc { network: 0 }, json!({ "class": "rpc", "network": 0 })),
		(ServiceKind::Compute, json!({ "class": "compute" })),
		(
			ServiceKind::Inference { model: b"llama".to_vec().try_into().unwrap() },
			json!({ "class": "inference", "model": "llama" }),
		),
		(
			ServiceKind::Vpn { key: [7; 32] },
			json!({ "class": "vpn", "key": format!("0x{}", "07".repeat(32)) }),
		),
	] {
		assert_json(kind, json);
	}
	for (class, json) in [
		(
			ServiceClass::Inference,
			json!({
				"class": "inference", "requestsPerMinute": 60, "tokensPerMinute": 20_000,
			}),
		),
		(ServiceClass::Vpn, json!({ "class": "vpn", "megabitsPerSecond": 10 })),
		(ServiceClass::Compute, json!({ "class": "compute" })),
	] {
		assert_json(class.unit(), json);
	}
	for (status, json) in [
		(ServiceStatus::Unproven, json!({ "name": "unproven" })),
		(ServiceStatus::Active, json!({ "name": "active" })),
		(ServiceStatus::Paused, json!({ "name": "paused" })),
		(ServiceStatus::Ending { at: 12 }, json!({ "name": "ending", "at": 12 })),
		(ServiceStatus::Leased, json!({ "name": "leased" })),
	] {
		assert_json(status, json);
	}
	for (verdict, name) in [
		(Verdict::Down, "down"),
		(Verdict::Bad, "bad"),
		(Verdict::Stale, "stale"),
		(Verdict::Unclear, "unclear"),
		(Verdict::Unmeasured, "unmeasured"),
		(Verdict::Excused, "excused"),
	] {
		assert_json(RoundVerdict::from((1, verdict)), json!({ "round": 1, "verdict": name }));
	}
	assert_json(Target::Service(5), json!({ "service": 5 }));
	assert_json(Target::Lease(3), json!({ "lease": 3 }));
	for (level, number) in [
		(TrustLevel::One, 1),
		(TrustLevel::Two, 2),
		(TrustLevel::Three, 3),
		(TrustLevel::Four, 4),
		(TrustLevel::Five, 5),
	] {
		assert_json(TenantInfo { score: 9, trust: level }, json!({ "score": 9, "trust": number }));
	}
}

fn status() -> TargetStatus {
	let summary = |up, latency_p95| WindowSummary {
		window: 1,
		counters: Counters { up, ..Default::default() },
		latency_p95,
	};
	TargetStatus {
		window: 2,
		counters: counters(),
		allowance: Allowance { downtime: 1, slow: 2, bad_data: 3 },
		meter: Some(MeterReading { blocks: 60, through: 11, recent: 5 }),
		index: WindowShare::from_rational(1, 4),
		cover: WindowShare::from_u32(29),
		rent: Some(1),
		exposure: 1 << 60,
		coverable_units: 4,
		reliability: 99,
		history: vec![
			summary(0, LatencyBucket::default()),
			summary(1, LatencyBucket::default()),
			summary(1, LatencyBucket::from_millis(100)),
		],
		active: true,
	}
}

fn status_json() -> Value {
	let window = |up, latency: u32| {
		let counters = json!({
			"up": up, "down": 0, "bad": 0, "stale": 0, "unclear": 0, "unmeasured": 0, "excused": 0,
			"slow": 0,
		});
		json!({ "window": 1, "counters": counters, "latencyP95Ms": latency })
	};
	json!({
		"window": 2,
		"counters": counters_json(),
		"allowance": { "downtime": 1, "slow": 2, "badData": 3 },
		"meter": { "blocks": 60, "through": 11, "recent": 5 },
		"index": "250000000",
		"cover": "29000000000",
		"rent": "1",
		"exposure": "1152921504606846976",
		"coverableUnits": 4,
		"reliability": 99,
		"history": [window(0, 0), window(1, 1), window(1, 108)],
		"active": true,
	})
}

#[test]
fn a_service_and_a_lease_show_their_live_window() {
	let summary = ServiceSummary {
		id: 0,
		listing: listing(ServiceKind::Compute, ServiceStatus::Paused),
		units: 0,
		unit: ServiceClass::Compute.unit(),
		score: 0,
		open: false,
		discrepant: false,
		last_verdict: None,
		resources: None,
	};
	let service = to_value(&summary).unwrap();
	assert_json(
		ServiceDetail { service: summary, status: status() },
		merged([json!({ "service": service }), status_json()]),
	);
	let listing = listing(ServiceKind::Compute, ServiceStatus::Leased);
	let shown = listing_json(json!({ "class": "compute" }), json!({ "name": "leased" }));
	assert_json(
		LeaseDetail { listing, status: TargetStatus { meter: None, rent: None, ..status() } },
		merged([
			json!({ "listing": shown }),
			status_json(),
			json!({ "meter": null, "rent": null }),
		]),
	);
}

#[test]
fn a_breach_is_shown_as_it_is_stored() {
	for (kind, name) in [
		(BreachKind::Downtime, "downtime"),
		(BreachKind::Slow, "slow"),
		(BreachKind::BadData, "badData"),
		(BreachKind::Misbehaviour, "misbehaviour"),
	] {
		let breach = Breach {
			window: 1,
			round: 13,
			kind,
			before: Some(Severity::Low),
			severity: Severity::Medium,
			counters: counters(),
			allowance: 1,
			multiplier: 2,
			demanded: WindowShare::from_rational(3, 10),
			rate: 200,
			index_before: WindowShare::from_u32(0),
			index_after: WindowShare::from_rational(3, 10),
			credited: 7_200,
			penalty: 720,
		};
		let json = json!({
			"number": 4, "window": 1, "round": 13, "kind": name, "before": "low",
			"severity": "medium", "counters": counters_json(), "allowance": 1, "multiplier": 2,
			"demanded": "300000000", "rate": "200", "indexBefore": "0", "indexAfter": "300000000",
			"credited": "7200", "penalty": "720",
		});
		assert_json(NumberedBreach { number: 4, breach: breach.clone() }, json.clone());
		let first = Breach { before: None, severity: Severity::Critical, ..breach };
		let change = json!({ "before": null, "severity": "critical" });
		assert_json(NumberedBreach { number: 4, breach: first }, merged([json, change]));
	}
}

#[test]
fn an_agreement_shows_its_funds_and_its_end() {
	let agreement = AgreementInfo {
		id: 1,
		tenant: alice(),
		target: Target::Service(5),
		units: 2,
		asset: AssetId::Native,
		rate: 3,
		opened_at: 4,
		held: 5,
		paid: 6,
		due: 7,
		blocks_left: 8,
		owed_credit: 9,
		reserved_credit: 10,
		ending: None,
	};
	let json = json!({
		"id": 1, "tenant": ALICE, "target": { "service": 5 }, "units": 2, "asset": "native",
		"rate": "3", "openedAt": 4, "held": "5", "paid": "6", "due": "7", "blocksLeft": 8,
		"owedCredit": "9", "reservedCredit": "10", "ending": null,
	});
	assert_json(agreement.clone(), json.clone());
	let ending = Some(Ending::from((11, CloseReason::TenantClosed)));
	let end = json!({ "ending": { "round": 11, "code": 1_001, "reason": "TenantClosed" } });
	assert_json(AgreementInfo { ending, ..agreement }, merged([json, end]));
}

#[test]
fn an_order_shows_its_replicas() {
	let replica = ReplicaInfo { lease: None, held: 5, closed_code: None, closed_reason: None };
	let over = ReplicaInfo {
		lease: Some(2),
		held: 0,
		closed_code: Some(3_002),
		closed_reason: Some(CloseReason::NoBids),
	};
	let order = OrderInfo {
		id: 1,
		tenant: alice(),
		asset: AssetId::Native,
		resources: resources(),
		image: b"ghcr.io/x/y:1".to_vec(),
		digest: Some([0xab; 32]),
		ports: vec![
			Port { container: 80, protocol: PortProtocol::Tcp },
			Port { container: 53, protocol: PortProtocol::Udp },
		],
		env_hash: None,
		max_price: 9,
		failover_price: None,
		regions: vec![region(b"DE"), region(b"FR")],
		min_trust: TrustLevel::Two,
		duration: 600,
		terms: None,
		auto_match: true,
		bids_until: Some(40),
		bids: 3,
		replicas: vec![replica, over],
	};
	let json = json!({
		"id": 1, "tenant": ALICE, "asset": "native", "resources": resources_json(),
		"image": "ghcr.io/x/y:1", "digest": format!("0x{}", "ab".repeat(32)),
		"ports": [
			{ "container": 80, "protocol": "tcp" }, { "container": 53, "protocol": "udp" },
		],
		"envHash": null, "maxPrice": "9", "failoverPrice": null, "regions": ["DE", "FR"],
		"minTrust": 2, "duration": 600, "terms": null, "autoMatch": true, "bidsUntil": 40,
		"bids": 3,
		"replicas": [
			{ "lease": null, "held": "5", "closedCode": null, "closedReason": null },
			{ "lease": 2, "held": "0", "closedCode": 3_002, "closedReason": "NoBids" },
		],
	});
	assert_json(order.clone(), json.clone());
	let order = OrderInfo { failover_price: Some(8), terms: Some(terms()), ..order };
	let change = json!({ "failoverPrice": "8", "terms": terms_json() });
	assert_json(order, merged([json, change]));
}

#[test]
fn a_bid_and_a_lease_are_shown() {
	let bid =
		BidInfo { service: 5, operator: alice(), price: 7, left: 1, score: 40, effective_price: 9 };
	let json = json!({
		"service": 5, "operator": ALICE, "price": "7", "left": 1, "score": 40,
		"effectivePrice": "9",
	});
	assert_json(bid, json);
	let ending = Ending::from((13, CloseReason::Unhealthy));
	let end = json!({ "round": 13, "code": 2_004, "reason": "Unhealthy" });
	for (phase, shown) in [
		(
			LeasePhase::Starting { fetch_until: 7, ready_by: 8 },
			json!({ "phase": "starting", "fetchUntil": 7, "readyBy": 8 }),
		),
		(
			LeasePhase::Running { since: 9, last_round: 30 },
			json!({ "phase": "running", "since": 9, "lastRound": 30 }),
		),
		(LeasePhase::Ending { ending }, json!({ "phase": "ending", "ending": end })),
		(LeasePhase::Closed { ending }, json!({ "phase": "closed", "ending": end })),
	] {
		let lease = LeaseInfo {
			id: 3,
			order: 1,
			replica: 0,
			tenant: alice(),
			operator: alice(),
			service: 5,
			price: 7,
			asset: AssetId::Native,
			health: b"https://x.example/health".to_vec(),
			access: Vec::new(),
			phase,
			agreement: Some(2),
			blocks_left: 10,
			paid: 70,
			refunded: 0,
			forfeited: 0,
			owed_credit: 1,
			last_verdict: Some((12, Verdict::Down).into()),
		};
		let json = json!({
			"id": 3, "order": 1, "replica": 0, "tenant": ALICE, "operator": ALICE, "service": 5,
			"price": "7", "asset": "native", "health": "https://x.example/health", "access": "",
			"agreement": 2, "blocksLeft": 10, "paid": "70", "refunded": "0", "forfeited": "0",
			"owedCredit": "1", "lastVerdict": { "round": 12, "verdict": "down" },
		});
		assert_json(lease, merged([json, shown]));
	}
}

#[test]
fn an_operator_shows_bonds_that_pass_two_to_the_53() {
	let operator = OperatorInfo {
		account: alice(),
		name: "Grüße".into(),
		contact: Vec::new(),
		active: true,
		bonds: vec![BondInfo {
			asset: AssetId::Native,
			active: Balance::MAX,
			exposure: 0,
			unbonding: 1,
		}],
		services: vec![0, 1],
		score: 90,
		trust: TrustLevel::Five,
		reliability: 98,
		performance: Performance { score: 97, uptime: 96, correctness: 95, latency: 94 },
	};
	let bond = json!({
		"asset": "native", "active": "340282366920938463463374607431768211455", "exposure": "0",
		"unbonding": "1",
	});
	let performance = json!({ "score": 97, "uptime": 96, "correctness": 95, "latency": 94 });
	let json = json!({
		"account": ALICE, "name": "Grüße", "contact": "", "active": true, "bonds": [bond],
		"services": [0, 1], "score": 90, "trust": 5, "reliability": 98,
		"performance": performance,
	});
	assert_json(operator, json);
}

#[test]
fn the_network_and_its_clock_are_shown() {
	let status = NetworkStatus {
		operators: 4,
		active: 3,
		slashed_operators: 1,
		services: 5,
		active_services: 2,
		slashed: vec![AssetAmount { asset: AssetId::Native, amount: 7 }],
		bonded: Vec::new(),
		average_score: 50,
		judged_round: 12,
	};
	let json = json!({
		"operators": 4, "active": 3, "slashedOperators": 1, "services": 5, "activeServices": 2,
		"slashed": [{ "asset": "native", "amount": "7" }], "bonded": [], "averageScore": 50,
		"judgedRound": 12,
	});
	assert_json(status, json);
	let round = RoundInfo {
		block: 70,
		round: 11,
		window: 0,
		round_blocks: 6,
		window_rounds: 12,
		slot_ms: 2_000,
		judged_round: 9,
	};
	let json = json!({
		"block": 70, "round": 11, "window": 0, "roundBlocks": 6, "windowRounds": 12,
		"slotMs": 2_000, "judgedRound": 9,
	});
	assert_json(round, json);
	let network = NetworkInfo {
		id: 1,
		network: Network {
			name: b"ethereum".to_vec().try_into().unwrap(),
			protocol: Protocol::Ethereum,
			own: false,
			anchors: vec![b"https://a.example".to_vec().try_into().unwrap()].try_into().unwrap(),
		},
	};
	let json = json!({
		"id": 1, "name": "ethereum", "protocol": "ethereum", "own": false,
		"anchors": ["https://a.example"],
	});
	assert_json(network, json);
}

#[test]
fn a_statement_names_the_owner_and_the_rule_of_each_amount() {
	for (kind, shown) in [
		(StatementKind::Bond, json!({ "kind": "bond" })),
		(StatementKind::Unbonding, json!({ "kind": "unbonding" })),
		(StatementKind::Listing { service: 5 }, json!({ "kind": "listing", "id": 5 })),
		(StatementKind::Agreement { agreement: 6 }, json!({ "kind": "agreement", "id": 6 })),
		(
			StatementKind::Replica { order: 7, index: 1 },
			json!({ "kind": "replica", "id": 7, "part": 1 }),
		),
		(StatementKind::Order { order: 7 }, json!({ "kind": "order", "id": 7 })),
		(StatementKind::Bid { order: 7, service: 5 }, json!({ "kind": "bid", "id": 7, "part": 5 })),
		(StatementKind::Credit { agreement: 6 }, json!({ "kind": "credit", "id": 6 })),
		(StatementKind::Other, json!({ "kind": "other" })),
	] {
		let total = StatementTotal { asset: AssetId::Native, held: 4, claimable: 2, on_hold: 4 };
		let line = StatementLine {
			kind,
			asset: AssetId::Local(7),
			held: 4,
			owed: 3,
			claimable: 2,
			from: Some(9),
			rule: kind.rule().into(),
		};
		assert!(line.rule.len() > 10);
		let known = json!({
			"asset": "local:7", "held": "4", "owed": "3", "claimable": "2", "from": 9,
			"rule": line.rule,
		});
		let statement =
			Statement { account: alice(), block: 8, lines: vec![line], totals: vec![total] };
		let json = json!({
			"account": ALICE,
			"block": 8,
			"lines": [merged([known, shown])],
			"totals": [{ "asset": "native", "held": "4", "claimable": "2", "onHold": "4" }],
		});
		assert_json(statement, json);
	}
}

#[test]
fn a_service_filter_reads_every_field() {
	let read = |json: &str| from_str::<ServiceFilter>(json).unwrap();
	assert_eq!(read("{}"), ServiceFilter::default());
	assert_eq!(read(r#"{"class":null,"maxPrice":null}"#), ServiceFilter::default());
	let full = read(
		r#"{"class":"rpc","network":3,"region":"DE","asset":"local:7",
		"maxPrice":"340282366920938463463374607431768211455","minScore":40,"openOnly":true}"#,
	);
	let expected = ServiceFilter {
		class: Some(ServiceClass::Rpc),
		network: Some(3),
		region: Some(region(b"DE")),
		asset: Some(AssetId::Local(7)),
		max_price: Some(u128::MAX),
		min_score: Some(40),
		open_only: true,
	};
	assert_eq!(full, expected);
	for (name, class) in [
		("compute", ServiceClass::Compute),
		("inference", ServiceClass::Inference),
		("vpn", ServiceClass::Vpn),
	] {
		assert_eq!(read(&format!(r#"{{"class":"{name}"}}"#)).class, Some(class));
	}
}

#[test]
fn an_order_filter_reads_every_field() {
	let read = |json: &str| from_str::<OrderFilter<AccountId32>>(json).unwrap();
	assert_eq!(read("{}"), OrderFilter::default());
	let full = read(&format!(
		r#"{{"tenant":"{ALICE}","region":"DE","fits":{{"cpuMilli":4000,"gpus":1,"gpuClass":"h100"}},
		"asset":"native","openOnly":true}}"#
	));
	let fits = Resources { memory_mib: 0, storage_gib: 0, bandwidth_mbit: 0, ..resources() };
	let expected = OrderFilter {
		tenant: Some(alice()),
		region: Some(region(b"DE")),
		fits: Some(fits),
		asset: Some(AssetId::Native),
		open_only: true,
	};
	assert_eq!(full, expected);
}

#[test]
fn a_filter_that_cannot_be_read_names_the_field() {
	fn refused<Filter: DeserializeOwned + core::fmt::Debug>(cases: &[(&str, &str, &str)]) {
		for (json, field, value) in cases {
			let error = from_str::<Filter>(json).unwrap_err().to_string();
			assert!(error.contains(field) && error.contains(value), "{json}: {error}");
		}
	}
	refused::<ServiceFilter>(&[
		(r#"{"class":"RPC"}"#, "class: ", "RPC"),
		(r#"{"network":70000}"#, "network: ", "70000"),
		(r#"{"region":"de"}"#, "region: ", "de"),
		(r#"{"region":"DEU"}"#, "region: ", "DEU"),
		(r#"{"asset":"local"}"#, "asset: ", "local"),
		(r#"{"asset":"gold"}"#, "asset: ", "gold"),
		(r#"{"maxPrice":"-1"}"#, "maxPrice: ", "-1"),
		(r#"{"maxPrice":5}"#, "maxPrice: ", ""),
		(r#"{"minScore":300}"#, "minScore: ", "300"),
		(r#"{"colour":"red"}"#, "colour", ""),
	]);
	refused::<OrderFilter<AccountId32>>(&[
		(r#"{"tenant":"nobody"}"#, "tenant: ", ""),
		(r#"{"region":"de"}"#, "region: ", "de"),
		(r#"{"fits":{"cpu":1}}"#, "fits: ", "cpu"),
		(r#"{"fits":{"gpuClass":"0123456789012345678901234567890123"}}"#, "gpuClass: ", "32 bytes"),
		(r#"{"colour":"red"}"#, "colour", ""),
	]);
}

#[test]
fn use_of_a_service_shows_what_both_sides_signed() {
	let agreed = AgreedUsage { requests: 1_000, ok: 990, bytes: 5_000_000_000 };
	let window = |open, success_perbill, comparison| WindowUse {
		window: 7,
		open,
		agreed,
		milli_requests_per_second: 16_666,
		success_perbill,
		agreements: 3,
		one_sided: 1,
		contested: 1,
		comparison,
	};
	let windows = vec![
		window(false, Some(Perbill::from_percent(99)), Some(Comparison::Consistent)),
		window(true, None, None),
	];
	let expected = |open, success: Value, comparison: Value| {
		json!({
			"window": 7, "open": open, "requests": 1_000, "ok": 990, "bytes": 5_000_000_000u64,
			"milliRequestsPerSecond": 16_666, "successPerbill": success, "agreements": 3,
			"oneSided": 1, "contested": 1, "comparison": comparison,
		})
	};
	let null = Value::Null;
	assert_json(
		UsageInfo { discrepant: true, windows },
		json!({ "discrepant": true, "windows": [
			expected(false, json!(990_000_000), json!("consistent")),
			expected(true, null.clone(), null),
		] }),
	);
	for (comparison, name) in
		[(Comparison::Unknown, "unknown"), (Comparison::Discrepant, "discrepant")]
	{
		assert_json(comparison, json!(name));
	}
}

#[test]
fn use_of_an_agreement_shows_the_statements_of_both_sides() {
	let counts = UsageCounts { requests: 10, ok: 8, lost: 2, slow: 1, bytes: 99 };
	let side = |void, lanes| SideUse { void, lanes };
	let usage = AgreementUsage {
		agreement: 3,
		service: 5,
		tenant: alice(),
		operator: alice(),
		max_requests: 720,
		windows: vec![AgreementWindow {
			window: 7,
			agreed: AgreedUsage::default(),
			matched: Match::OneSided,
			tenant: side(false, vec![LaneUse { lane: 1, seq: 4, counts }]),
			operator: side(true, vec![]),
		}],
	};
	assert_json(
		usage,
		json!({
			"agreement": 3, "service": 5, "tenant": ALICE, "operator": ALICE, "maxRequests": 720,
			"windows": [{
				"window": 7, "requests": 0, "ok": 0, "bytes": 0, "matched": "oneSided",
				"tenant": { "void": false, "lanes": [{
					"lane": 1, "seq": 4, "requests": 10, "ok": 8, "lost": 2, "slow": 1, "bytes": 99,
				}] },
				"operator": { "void": true, "lanes": [] },
			}],
		}),
	);
	assert_json(Match::Close, json!("close"));
	assert_json(Match::Contested, json!("contested"));
}

#[test]
fn probers_show_their_keys() {
	let probers = vec![ProberInfo { account: alice(), key: [7; 32] }];
	let key = format!("0x{}", "07".repeat(32));
	assert_json(
		RoundProbers { round: 9, probers },
		json!({ "round": 9, "probers": [{ "account": ALICE, "key": key }] }),
	);
}

#[test]
fn the_subject_of_use_is_read_by_name() {
	let read = |text: &str| from_str::<UsageOf<AccountId32>>(text);
	assert_eq!(read(r#"{"service":5}"#).unwrap(), UsageOf::Service(5));
	assert_eq!(read(&format!(r#"{{"operator":"{ALICE}"}}"#)).unwrap(), UsageOf::Operator(alice()));
	for wrong in ["5", r#"{"agreement":5}"#, r#"{"operator":5}"#, r#"{"service":5,"lease":1}"#] {
		assert!(read(wrong).is_err(), "{wrong}");
	}
}

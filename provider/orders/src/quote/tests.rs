// SPDX-License-Identifier: Apache-2.0

use super::*;
use crate::{
	compose::{NoFiles, parse, write},
	manifest::{Manifest, tests::manifests},
};
use pallet_surety_compute_orders::{Ports, Regions};
use proptest::{collection, option, prelude::*};
use surety_primitives::{GpuClass, Port, PortProtocol, Region, Resources, TermsInput, TrustLevel};

const NOW: BlockNumber = 1_000;

/// Parameters of a local network.
fn rules() -> ChainRules {
	ChainRules {
		slot_ms: 2_000,
		round_blocks: 6,
		window_rounds: 12,
		max_bid_blocks: 14_400,
		max_duration: 5_256_000,
		reopen_blocks: 36,
		keep_blocks: 144,
		trial_rounds: 2,
		max_credit: WindowShare::from_u32(30),
		order_deposit: 500_000_000_000,
		minimum_balance: 1_000_000_000,
	}
}

fn compose(more: &str) -> Compose {
	let text = format!(
		"services: {{web: {{image: 'nginx:1.27', deploy: {{resources: {{limits: {{cpus: 1}}}}}}}}}}\n\
		 x-surety:\n  max_price: 0.02 SURE\n{more}"
	);
	parse(text.as_bytes(), &NoFiles).unwrap()
}

fn order(more: &str) -> Result<(NewOrder, Quote), ComposeError> {
	compose(more).order(&rules(), NOW, &Salt::from_bytes([1; 32]))
}

#[test]
fn the_example_of_the_documents_costs_as_documented() {
	// 180 blocks at 0.02, as in docs/tenant.md: 3.6 for all of it, 1.44 and the minimum at least.
	let (order, quote) = order("  duration: 6m\n  bidding: 1m\n  quantity: 2\n").unwrap();
	assert_eq!((order.duration, order.bid_deadline), (180, NOW + 30));
	assert_eq!((quote.rounds, quote.duration), (30, 180));
	assert_eq!(quote.min_deposit, 1_441_000_000_000);
	assert_eq!((order.deposit, quote.deposit), (3_600_000_000_000, 3_600_000_000_000));
	assert_eq!((quote.held, quote.max_cost_all), (7_200_000_000_000, 7_200_000_000_000));
	assert_eq!((quote.paid_blocks, quote.leaving_cost), (180, 1_440_000_000_000));
	assert_eq!(order.env_hash, None);
}

#[test]
fn time_is_rounded_up_to_whole_rounds_and_priced_so() {
	let (order, quote) = order("  duration: 13s\n").unwrap();
	assert_eq!((order.duration, quote.duration, quote.rounds), (7, 12, 2));
	assert_eq!(quote.min_deposit, 12 * 20_000_000_000 + 1_000_000_000);
	assert_eq!(quote.deposit, quote.min_deposit, "a full deposit is not below the least one");
	assert_eq!(quote.max_cost, 240_000_000_000);
	assert_eq!(quote.bidding, 18, "three rounds unless the file says otherwise");
}

#[test]
fn a_small_deposit_is_taken_with_a_warning_and_a_smaller_one_refused() {
	let more = "  duration: 6m\n  deposit: minimum\n";
	let (_, quote) = order(more).unwrap();
	assert_eq!((quote.max_cost, quote.paid_blocks), (1_441_000_000_000, 72));
	let text = compose(more).explain(&quote, &rules());
	assert!(text.contains("the deposit ends after 72 of 180 blocks"), "{text}");
	let error = order("  duration: 6m\n  deposit: 1.44 SURE\n").unwrap_err();
	assert_eq!((error.path.as_str(), error.at.line, error.at.column), ("x-surety.deposit", 5, 12));
	assert!(error.problem.contains("1.441 SURE"), "{error}");
}

#[test]
fn values_beyond_the_parameters_of_the_chain_are_refused_with_their_place() {
	let terms = |latency, low, cover| {
		format!(
			"  duration: 6m\n  terms: {{min_uptime: 99%, max_latency: {latency}, cover: {cover}, \
			 credit: {{low: {low}, medium: 20%, high: 30%, critical: 40%}}}}\n"
		)
	};
	assert!(order(&terms("250ms", "10%", "3 windows")).is_ok());
	for (more, path) in [
		("  duration: 0 blocks\n".to_owned(), "x-surety.duration"),
		("  duration: 400d\n".into(), "x-surety.duration"),
		("  duration: 4294967295 blocks\n".into(), "x-surety.duration"),
		("  duration: 6m\n  bidding: 10s\n".into(), "x-surety.bidding"),
		("  duration: 6m\n  bidding: 9h\n".into(), "x-surety.bidding"),
		(terms("2s", "10%", "3 windows"), "x-surety.terms"),
		(terms("250ms", "25%", "3 windows"), "x-surety.terms"),
		(terms("250ms", "10%", "35%"), "x-surety.terms"),
		(terms("250ms", "10%", "0%"), "x-surety.terms"),
	] {
		let error = order(&more).unwrap_err();
		assert_eq!((error.path.as_str(), error.at.line), (path, path_line(&more, path)), "{error}");
	}
	let mut dear = compose("  duration: 6m\n");
	dear.max_price = Balance::MAX / 2;
	let error = dear.order(&rules(), NOW, &Salt::from_bytes([1; 32])).unwrap_err();
	assert_eq!(error.path, "x-surety.max_price");
}

/// Line of the value of a key: the lines of [`compose`] before it, and those of `more`.
fn path_line(more: &str, path: &str) -> usize {
	let key = path.rsplit('.').next().unwrap();
	4 + more.lines().position(|line| line.trim().starts_with(key)).unwrap()
}

#[test]
fn the_explanation_has_every_amount() {
	let more = "  duration: 6m\n  quantity: 2\n  regions: [DE, NO]\n  failover_price: 0.01 SURE\n";
	let compose = compose(more);
	let (_, quote) = order(more).unwrap();
	let text = compose.explain(&quote, &rules());
	for part in [
		"2 x docker.io/library/nginx:1.27",
		"1 CPUs",
		"Ports    none",
		"6m (180 blocks, 30 rounds)",
		"in DE, NO",
		"until block 1018 (in 36s), at most 0.02 SURE per replica and block (36 SURE an hour)",
		"3.6 SURE per replica, 7.2 SURE in all, and 0.5 SURE for the order itself",
		"at most 3.6 SURE per replica, 7.2 SURE in all",
		"4m48s after the end of the order",
		"takes over up to 0.01 SURE (up to the maximum price until",
		"those of the bidder's service",
		"Private  nothing",
	] {
		assert!(text.contains(part), "{part} is not in\n{text}");
	}
	assert!(text.lines().all(|line| !line.is_empty()) && !text.contains("Warning"));
}

fn resources() -> impl Strategy<Value = Resources> {
	let class = option::of("[a-z0-9-]{1,32}");
	(1u32.., any::<u32>(), any::<u32>(), any::<u32>(), any::<u16>(), class).prop_map(
		|(cpu_milli, memory_mib, storage_gib, bandwidth_mbit, gpus, class)| {
			let class = class.filter(|_| gpus > 0).unwrap_or_default();
			let gpu_class = GpuClass::try_from(class.into_bytes()).unwrap();
			Resources { cpu_milli, memory_mib, storage_gib, bandwidth_mbit, gpus, gpu_class }
		},
	)
}

fn ports() -> impl Strategy<Value = Ports> {
	collection::btree_set((1u16.., any::<bool>()), 0..16).prop_map(|set| {
		let port = |(container, tcp)| {
			let protocol = if tcp { PortProtocol::Tcp } else { PortProtocol::Udp };
			Port { container, protocol }
		};
		Ports::truncate_from(set.into_iter().map(port).collect())
	})
}

fn regions() -> impl Strategy<Value = Regions> {
	proptest::sample::subsequence(vec![*b"DE", *b"NO", *b"US", *b"FR"], 0..4).prop_map(|codes| {
		Regions::truncate_from(codes.into_iter().filter_map(Region::new).collect())
	})
}

fn terms() -> impl Strategy<Value = TermsInput> {
	let credits = proptest::array::uniform4(0u64..=30_000_000_000);
	(0u32..=1_000_000_000, 1u32..=1_200, any::<u32>(), credits, 1u64..).prop_map(
		|(min_uptime, max_latency_ms, max_head_lag, mut credits, cover)| {
			credits.sort_unstable();
			let cover = cover.max(credits[3]);
			let credit = credits.map(WindowShare::from_inner);
			let cover = WindowShare::from_inner(cover);
			TermsInput { min_uptime, max_latency_ms, max_head_lag, credit, cover }
		},
	)
}

/// Orders that a local network takes.
fn orders() -> impl Strategy<Value = NewOrder> {
	let asset = prop_oneof![Just(AssetId::Native), any::<u32>().prop_map(AssetId::Local)];
	let image = "(docker[.]io/library|localhost:5000|a[.]b/c)/[a-z]{1,8}(:[a-z0-9]{1,8})";
	let price = 1u128..1_000_000_000_000_000_000;
	let parts = (asset, resources(), image, option::of(any::<[u8; 32]>()), ports(), regions());
	let times = (price, option::of(0u32..=100), 1u32..=5_256_000, 8u32..=14_400, any::<u64>());
	let rest = (1u8..=5, 1u8..=8, any::<bool>(), option::of(terms()));
	(parts, times, rest).prop_map(
		|(
			(asset, resources, image, digest, ports, regions),
			(max_price, failover, duration, bidding, more),
			(trust, quantity, auto_match, terms),
		)| {
			let rounded = duration.div_ceil(6) * 6;
			let least = min_deposit(max_price, 72, rounded, 1_000_000_000).unwrap();
			NewOrder {
				asset,
				resources,
				image: Image::try_from(image.into_bytes()).unwrap(),
				digest,
				ports,
				env_hash: None,
				max_price,
				failover_price: failover.map(|percent| max_price * u128::from(percent) / 100),
				regions,
				min_trust: TrustLevel::try_from(trust).unwrap(),
				quantity,
				duration,
				bid_deadline: NOW + bidding,
				auto_match,
				terms,
				deposit: least + u128::from(more),
			}
		},
	)
}

proptest! {
	#[test]
	fn an_order_survives_its_compose_file(order in orders(), manifest in manifests(), salt: [u8; 32]) {
		let salt = Salt::from_bytes(salt);
		let mut expected = order;
		expected.env_hash = (!manifest.is_empty()).then(|| manifest.hash(&salt));
		let text = write(&expected, &manifest, NOW).unwrap();
		let read = parse(text.as_bytes(), &NoFiles).map_err(|e| TestCaseError::fail(format!("{e}")))?;
		prop_assert_eq!(&read.manifest, &manifest);
		let placed = read.order(&rules(), NOW, &salt);
		let (found, quote) = placed.map_err(|e| TestCaseError::fail(format!("{e}")))?;
		prop_assert_eq!(&found, &expected);
		prop_assert!(quote.max_cost <= quote.deposit && quote.min_deposit <= quote.deposit);
		prop_assert!(!read.explain(&quote, &rules()).is_empty());
	}

	#[test]
	fn a_manifest_of_any_text_survives(manifest in "\\PC{0,60}") {
		let words = vec![crate::manifest::SecretText::new(manifest)];
		let manifest = Manifest { command: words, ..Default::default() };
		let (order, _) = order("  duration: 6m\n").unwrap();
		let text = write(&order, &manifest, NOW).unwrap();
		prop_assert_eq!(parse(text.as_bytes(), &NoFiles).unwrap().manifest, manifest);
	}
}

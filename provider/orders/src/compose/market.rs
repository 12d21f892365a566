// SPDX-License-Identifier: Apache-2.0

//! Section `x-surety`: prices, times, regions and terms.

use super::{
	Deposit,
	error::{ComposeError, FaultKind},
	fields::{Fields, Item},
	files::Files,
	keys::Section,
	units::{Span, amount, gibibytes, integer, megabits, share, span},
};
use crate::manifest::{Login, SecretText};
use pallet_surety_compute_orders::{MAX_REGIONS, MAX_REPLICAS, Regions};
use surety_primitives::{
	AssetId, Balance, GpuClass, Region, Resources, TermsInput, TrustLevel, WindowShare,
};

/// Longest password file in bytes.
const MAX_PASSWORD: usize = 16 * 1024;

/// Values of the section.
pub(super) struct Market {
	pub asset: AssetId,
	pub max_price: Balance,
	pub failover_price: Option<Balance>,
	pub deposit: Deposit,
	pub duration: Span,
	pub bidding: Option<Span>,
	pub auto_match: bool,
	pub quantity: u8,
	pub regions: Regions,
	pub min_trust: TrustLevel,
	pub terms: Option<TermsInput>,
	pub login: Option<Login>,
}

/// Read the section, and its part of the resources.
pub(super) fn market(
	surety: &Fields<'_>,
	resources: &mut Resources,
	files: &dyn Files,
) -> Result<Market, ComposeError> {
	let asset = surety.read("asset", |text| AssetId::try_from(text.to_owned()))?;
	let asset = asset.unwrap_or_default();
	let native = asset == AssetId::Native;
	let sum = |text: &str| amount(text, native);
	let max_price = surety.require("max_price", "0.02 SURE")?.read(|text| {
		sum(text).and_then(|price| match price {
			0 => Err("a price is above zero".into()),
			price => Ok(price),
		})
	})?;
	let failover_price = surety.read("failover_price", |text| {
		sum(text).and_then(|price| {
			let within = price <= max_price;
			within.then_some(price).ok_or_else(|| "it is above `max_price`".into())
		})
	})?;
	let deposit = surety.read("deposit", |text| match text {
		"full" => Ok(Deposit::Full),
		"minimum" => Ok(Deposit::Minimum),
		_ => sum(text).map(Deposit::Exact),
	})?;
	let auto_match = surety.read("match", |text| match text {
		"best" => Ok(true),
		"manual" => Ok(false),
		_ => {
			Err("it is `best` (the best bid at the deadline) or `manual` (you accept bids)".into())
		},
	})?;
	let quantity = surety.read("quantity", |text| {
		let number = integer::<u8>(text);
		let number = number.filter(|number| (1..=MAX_REPLICAS).contains(&u32::from(*number)));
		number.ok_or_else(|| format!("the quantity is 1 to {MAX_REPLICAS}"))
	})?;
	let min_trust = surety.read("min_trust", |text| {
		let level = integer::<u8>(text).and_then(|level| TrustLevel::try_from(level).ok());
		level.ok_or_else(|| "a trust level is 1 to 5".into())
	})?;
	resources.storage_gib = surety.read("storage", gibibytes)?.unwrap_or(0);
	resources.bandwidth_mbit = surety.read("bandwidth", megabits)?.unwrap_or(0);
	resources.gpu_class = gpu_class(surety, resources.gpus)?;
	if resources.is_zero() {
		return Err(ComposeError::new(
			FaultKind::Missing,
			surety.at,
			"services",
			"the order asks for no resources",
			"add `deploy.resources.limits` with `cpus` and `memory` to the service",
		));
	}
	Ok(Market {
		asset,
		max_price,
		failover_price,
		deposit: deposit.unwrap_or(Deposit::Full),
		duration: surety.require("duration", "24h")?.read(span)?,
		bidding: surety.read("bidding", span)?,
		auto_match: auto_match.unwrap_or(true),
		quantity: quantity.unwrap_or(1),
		regions: regions(surety)?,
		min_trust: min_trust.unwrap_or(TrustLevel::One),
		terms: surety.get("terms").map(|item| terms(&item)).transpose()?,
		login: surety.get("registry").map(|item| login(&item, files)).transpose()?,
	})
}

fn gpu_class(surety: &Fields<'_>, gpus: u16) -> Result<GpuClass, ComposeError> {
	let class = surety.read("gpu_class", |text| {
		let plain = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-';
		let class = GpuClass::try_from(text.as_bytes().to_vec()).ok();
		let class = class.filter(|_| !text.is_empty() && text.bytes().all(plain));
		let class = class.ok_or("a class is 1 to 32 lower-case letters, digits and dashes")?;
		let wanted = gpus > 0;
		wanted.then_some(class).ok_or_else(|| "the service reserves no GPUs".into())
	})?;
	Ok(class.unwrap_or_default())
}

fn regions(surety: &Fields<'_>) -> Result<Regions, ComposeError> {
	let mut found: Vec<Region> = Vec::new();
	for item in surety.get("regions").map(|item| item.list()).transpose()?.unwrap_or_default() {
		let region = item.read(|text| Region::try_from(text.to_owned()))?;
		if found.contains(&region) {
			return Err(item.fault(FaultKind::Duplicate, "the region is given twice", "keep one"));
		}
		found.push(region);
		if found.len() > MAX_REGIONS as usize {
			return Err(item.wrong(format!("an order has at most {MAX_REGIONS} regions")));
		}
	}
	Ok(Regions::truncate_from(found))
}

fn terms(item: &Item<'_>) -> Result<TermsInput, ComposeError> {
	let fields = item.fields(Section::Terms)?;
	let uptime = |text: &str| {
		let parts = share(text)?;
		u32::try_from(parts).map_err(|_| "an uptime is at most 100%".to_owned())
	};
	let millis = |text: &str| match span(text)? {
		Span::Millis(ms) => u32::try_from(ms).map_err(|_| "the time is too long".to_owned()),
		Span::Blocks(_) => Err("a latency is in ms or s, such as 250ms".into()),
	};
	let window_share = |text: &str| share(text).map(WindowShare::from_inner);
	let credit = fields.require("credit", "{low: 10%, medium: 25%, high: 50%, critical: 100%}")?;
	let credit = credit.fields(Section::Credit)?;
	let tier = |key, example| credit.require(key, example)?.read(window_share);
	Ok(TermsInput {
		min_uptime: fields.require("min_uptime", "99.9%")?.read(uptime)?,
		max_latency_ms: fields.require("max_latency", "250ms")?.read(millis)?,
		max_head_lag: fields
			.read("max_head_lag", |text| {
				integer(text).ok_or_else(|| "it is a number of blocks".into())
			})?
			.unwrap_or(0),
		credit: [
			tier("low", "10%")?,
			tier("medium", "25%")?,
			tier("high", "50%")?,
			tier("critical", "100%")?,
		],
		cover: fields.require("cover", "3 windows")?.read(window_share)?,
	})
}

fn login(item: &Item<'_>, files: &dyn Files) -> Result<Login, ComposeError> {
	let fields = item.fields(Section::Registry)?;
	let user = fields.require("user", "name")?.text()?.to_string();
	let password = match (fields.get("password"), fields.get("password_file")) {
		(Some(password), None) => SecretText::from(&password.text()?),
		(None, Some(file)) => {
			let path = file.text()?;
			let failed = |problem| {
				let problem = format!("cannot read {:?}: {problem}", path.as_str());
				file.fault(FaultKind::File, problem, "")
			};
			let content = files.read(&path, MAX_PASSWORD).map_err(failed)?;
			let text = std::str::from_utf8(&content).map_err(|_| failed("no UTF-8".into()))?;
			SecretText::new(text.trim_end_matches(['\n', '\r']))
		},
		_ => {
			return Err(item.fault(
				FaultKind::Missing,
				"exactly one of `password` and `password_file` is needed",
				"give the password by one of them",
			));
		},
	};
	Ok(Login { user, password })
}

//! Which services and orders to list.

use super::{class, resources::ResourcesView};
use serde::Deserialize;
use surety_primitives::{AssetId, NetworkId, Region, ServiceClass};
use surety_runtime::AccountId;
use surety_runtime_api as api;

fn parse_asset(text: &str) -> Option<AssetId> {
	match text.split_once(':') {
		None if text == "native" => Some(AssetId::Native),
		Some(("local", id)) => id.parse().ok().map(AssetId::Local),
		_ => None,
	}
}

fn parse_class(text: &str) -> Option<ServiceClass> {
	[ServiceClass::Rpc, ServiceClass::Compute, ServiceClass::Inference, ServiceClass::Vpn]
		.into_iter()
		.find(|candidate| class(*candidate) == text)
}

/// What services to list. Everything left out is any.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Filter {
	/// `rpc`, `compute`, `inference` or `vpn`.
	pub class: Option<String>,
	/// Network of an `rpc` service.
	pub network: Option<NetworkId>,
	/// Two capital letters, ISO 3166-1.
	pub region: Option<String>,
	/// `native` or `local:7`.
	pub asset: Option<String>,
	/// Highest price per unit and block, decimal, in base units of the asset.
	pub max_price: Option<String>,
	/// Lowest score of the operator, 0 to 100.
	pub min_score: Option<u8>,
	/// Only services that take new units now.
	pub open_only: bool,
}

/// What orders to list. Everything left out is any.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct OrderFilter {
	/// Who placed the order.
	pub tenant: Option<AccountId>,
	/// Region that the order accepts: two capital letters, ISO 3166-1.
	pub region: Option<String>,
	/// Orders whose replica fits into this.
	pub fits: Option<ResourcesView>,
	/// `native` or `local:7`.
	pub asset: Option<String>,
	/// Only orders that take bids now.
	pub open_only: bool,
}

fn parse<T>(
	field: &str,
	text: Option<String>,
	parse: impl Fn(&str) -> Option<T>,
) -> Result<Option<T>, String> {
	text.map(|text| parse(&text).ok_or_else(|| format!("{field}: cannot read {text:?}")))
		.transpose()
}

fn parse_region(text: &str) -> Option<Region> {
	Region::new(text.as_bytes().try_into().ok()?)
}

impl TryFrom<OrderFilter> for api::OrderFilter<AccountId> {
	type Error = String;

	fn try_from(filter: OrderFilter) -> Result<Self, String> {
		Ok(Self {
			tenant: filter.tenant,
			region: parse("region", filter.region, parse_region)?,
			fits: filter.fits.map(TryInto::try_into).transpose()?,
			asset: parse("asset", filter.asset, parse_asset)?,
			open_only: filter.open_only,
		})
	}
}

impl TryFrom<Filter> for api::ServiceFilter {
	type Error = String;

	fn try_from(filter: Filter) -> Result<Self, String> {
		Ok(Self {
			class: parse("class", filter.class, parse_class)?,
			network: filter.network,
			region: parse("region", filter.region, parse_region)?,
			asset: parse("asset", filter.asset, parse_asset)?,
			max_price: parse("maxPrice", filter.max_price, |price| price.parse().ok())?,
			min_score: filter.min_score,
			open_only: filter.open_only,
		})
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use sp_core::Pair;

	fn filter(json: &str) -> Result<api::ServiceFilter, String> {
		serde_json::from_str::<Filter>(json).map_err(|e| e.to_string())?.try_into()
	}

	#[test]
	fn a_filter_reads_every_field() {
		assert_eq!(filter("{}").unwrap(), api::ServiceFilter::default());
		let full = filter(
			r#"{"class":"rpc","network":3,"region":"DE","asset":"local:7",
			"maxPrice":"340282366920938463463374607431768211455","minScore":40,"openOnly":true}"#,
		);
		assert_eq!(
			full.unwrap(),
			api::ServiceFilter {
				class: Some(ServiceClass::Rpc),
				network: Some(3),
				region: Region::new(*b"DE"),
				asset: Some(AssetId::Local(7)),
				max_price: Some(u128::MAX),
				min_score: Some(40),
				open_only: true,
			}
		);
	}

	#[test]
	fn an_order_filter_reads_every_field() {
		let read = |json: &str| -> Result<api::OrderFilter<AccountId>, String> {
			serde_json::from_str::<OrderFilter>(json).map_err(|e| e.to_string())?.try_into()
		};
		assert_eq!(read("{}").unwrap(), api::OrderFilter::default());
		let full = read(
			r#"{"tenant":"5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY","region":"DE","fits":{"cpuMilli":4000,"gpus":1,"gpuClass":"h100"},"asset":"native","openOnly":true}"#,
		)
		.unwrap();
		assert_eq!(
			full.tenant,
			Some(sp_core::sr25519::Pair::from_string("//Alice", None).unwrap().public().into())
		);
		let fits = full.fits.unwrap();
		assert_eq!((fits.cpu_milli, fits.gpus, fits.memory_mib), (4_000, 1, 0));
		assert_eq!(fits.gpu_class.to_vec(), b"h100");
		assert_eq!(
			(full.region, full.asset, full.open_only),
			(Region::new(*b"DE"), Some(AssetId::Native), true)
		);
		for (json, field) in [
			(r#"{"region":"de"}"#, "region"),
			(r#"{"fits":{"cpu":1}}"#, "cpu"),
			(r#"{"fits":{"gpuClass":"0123456789012345678901234567890123"}}"#, "gpuClass"),
		] {
			assert!(read(json).unwrap_err().contains(field), "{json}");
		}
	}

	#[test]
	fn a_filter_that_cannot_be_read_says_which_field() {
		for (json, field) in [
			(r#"{"class":"RPC"}"#, "class"),
			(r#"{"region":"de"}"#, "region"),
			(r#"{"region":"DEU"}"#, "region"),
			(r#"{"asset":"local"}"#, "asset"),
			(r#"{"maxPrice":"-1"}"#, "maxPrice"),
			(r#"{"colour":"red"}"#, "colour"),
		] {
			let error = filter(json).unwrap_err();
			assert!(error.contains(field), "{json}: {error}");
		}
	}
}

//! The words of the design as types, and the derives of what is stored.

mod asset;
mod ids;
mod meter;
mod reason;
mod region;
mod resources;
mod service;
mod trust;
mod verdict;

pub use asset::*;
pub use ids::*;
pub use meter::*;
pub use reason::*;
pub use region::*;
pub use resources::*;
pub use service::*;
pub use trust::*;
pub use verdict::*;

/// The derives of what is stored, passed in calls or told in events, and is no part of an answer or of genesis.
/// Whoever uses it depends on `codec` and `scale_info`.
#[macro_export]
macro_rules! stored {
	($item:item) => {
		#[derive(
			Clone,
			Debug,
			codec::Decode,
			codec::DecodeWithMemTracking,
			codec::Encode,
			Eq,
			codec::MaxEncodedLen,
			PartialEq,
			scale_info::TypeInfo,
		)]
		$item
	};
}
pub use stored;

/// [`stored!`] for what is a part of the runtime API's answers or of genesis too, and so is read and written as
/// JSON. Whoever uses it depends on `serde` as well.
#[macro_export]
macro_rules! shared {
	($item:item) => {
		$crate::stored! {
			#[derive(serde::Deserialize, serde::Serialize)]
			$item
		}
	};
}
pub use shared;

// SPDX-License-Identifier: Apache-2.0

//! Resources of compute orders and `Compute` services.

use crate::json;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::{BoundedVec, traits::ConstU32};
use scale_info::TypeInfo;
use serde::{Deserialize, Deserializer, Serialize, de::Error as _};

/// Maximum length of the class of a GPU in bytes.
pub const MAX_GPU_CLASS: u32 = 32;

/// Class of a GPU: lower-case ASCII letters, digits and dashes.
pub type GpuClass = BoundedVec<u8, ConstU32<MAX_GPU_CLASS>>;

/// Resources that an order asks for or a `Compute` service has in all. In JSON a part that is left
/// out is 0.
#[derive(
	Clone,
	Debug,
	Decode,
	DecodeWithMemTracking,
	Default,
	Deserialize,
	Encode,
	Eq,
	MaxEncodedLen,
	PartialEq,
	Serialize,
	TypeInfo,
)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Resources {
	/// Thousandths of a CPU.
	pub cpu_milli: u32,
	/// MiB of memory.
	pub memory_mib: u32,
	/// GiB of storage.
	pub storage_gib: u32,
	/// Mbit/s of bandwidth.
	pub bandwidth_mbit: u32,
	/// Number of GPUs.
	pub gpus: u16,
	/// Class of the GPUs, such as `h100`; empty without GPUs, and in an order that takes any class.
	#[serde(deserialize_with = "read_gpu_class", serialize_with = "json::serialize")]
	pub gpu_class: GpuClass,
}

/// Deserialize a GPU class; the error names the field.
fn read_gpu_class<'de, D: Deserializer<'de>>(from: D) -> Result<GpuClass, D::Error> {
	json::deserialize(from).map_err(|error| D::Error::custom(format_args!("gpuClass: {error}")))
}

/// Protocol of a port.
#[derive(
	Clone,
	Copy,
	Debug,
	Decode,
	DecodeWithMemTracking,
	Deserialize,
	Encode,
	Eq,
	MaxEncodedLen,
	PartialEq,
	Serialize,
	TypeInfo,
)]
#[serde(rename_all = "camelCase")]
pub enum PortProtocol {
	/// TCP.
	Tcp,
	/// UDP.
	Udp,
}

/// A port that a container listens on.
#[derive(
	Clone,
	Copy,
	Debug,
	Decode,
	DecodeWithMemTracking,
	Deserialize,
	Encode,
	Eq,
	MaxEncodedLen,
	PartialEq,
	Serialize,
	TypeInfo,
)]
#[serde(rename_all = "camelCase")]
pub struct Port {
	/// Number inside the container, not 0.
	pub container: u16,
	/// Protocol.
	pub protocol: PortProtocol,
}

impl Resources {
	/// True if all amounts are zero.
	pub fn is_zero(&self) -> bool {
		self.amounts() == [0; 5]
	}

	/// True if the GPUs of `self` can be of the class of `other`.
	fn takes_class_of(&self, other: &Self) -> bool {
		self.gpus == 0 || self.gpu_class.is_empty() || self.gpu_class == other.gpu_class
	}

	/// Rest of `self` without `part`. `None` if `self` does not have as much, or other GPUs.
	pub fn without(&self, part: &Self) -> Option<Self> {
		if !part.takes_class_of(self) {
			return None;
		}
		Some(Self {
			cpu_milli: self.cpu_milli.checked_sub(part.cpu_milli)?,
			memory_mib: self.memory_mib.checked_sub(part.memory_mib)?,
			storage_gib: self.storage_gib.checked_sub(part.storage_gib)?,
			bandwidth_mbit: self.bandwidth_mbit.checked_sub(part.bandwidth_mbit)?,
			gpus: self.gpus.checked_sub(part.gpus)?,
			gpu_class: self.gpu_class.clone(),
		})
	}

	/// Sum of `self` and `part`, of the GPU class of `self`. `None` if it overflows.
	pub fn with(&self, part: &Self) -> Option<Self> {
		Some(Self {
			cpu_milli: self.cpu_milli.checked_add(part.cpu_milli)?,
			memory_mib: self.memory_mib.checked_add(part.memory_mib)?,
			storage_gib: self.storage_gib.checked_add(part.storage_gib)?,
			bandwidth_mbit: self.bandwidth_mbit.checked_add(part.bandwidth_mbit)?,
			gpus: self.gpus.checked_add(part.gpus)?,
			gpu_class: self.gpu_class.clone(),
		})
	}

	/// `n` times `self`. `None` if it overflows.
	pub fn times(&self, n: u8) -> Option<Self> {
		let each = u32::from(n);
		Some(Self {
			cpu_milli: self.cpu_milli.checked_mul(each)?,
			memory_mib: self.memory_mib.checked_mul(each)?,
			storage_gib: self.storage_gib.checked_mul(each)?,
			bandwidth_mbit: self.bandwidth_mbit.checked_mul(each)?,
			gpus: self.gpus.checked_mul(u16::from(n))?,
			gpu_class: self.gpu_class.clone(),
		})
	}

	fn amounts(&self) -> [u32; 5] {
		[
			self.cpu_milli,
			self.memory_mib,
			self.storage_gib,
			self.bandwidth_mbit,
			u32::from(self.gpus),
		]
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn resources_are_taken_and_given_back() {
		let class = |name: &str| GpuClass::try_from(name.as_bytes().to_vec()).unwrap();
		let all = Resources {
			cpu_milli: 4_000,
			memory_mib: 8_192,
			gpus: 2,
			gpu_class: class("h100"),
			..Default::default()
		};
		let part = Resources { cpu_milli: 1_500, gpus: 1, ..Default::default() };
		let left = all.without(&part).unwrap();
		assert_eq!((left.cpu_milli, left.memory_mib, left.gpus), (2_500, 8_192, 1));
		assert_eq!(left.with(&part), Some(all.clone()));
		assert_eq!(left.without(&part.times(2).unwrap()), None);
		assert_eq!(all.without(&Resources { gpu_class: class("a100"), ..part.clone() }), None);
		assert!(!part.is_zero() && Resources::default().is_zero());
		assert_eq!(Resources { cpu_milli: u32::MAX, ..Default::default() }.times(2), None);
	}
}

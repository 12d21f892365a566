// SPDX-License-Identifier: Apache-2.0

//! Random SCALE values of the types in the metadata, so that calls of pallets that join the runtime
//! are made without a change here.
//!
//! A value is made anew, or by changing some leaves of one that is known. Both follow the type, so
//! most bytes decode. Those that do not, such as a list above its bound, are dropped by the caller.

use super::{
	excluded::{exclusion, keeps_origin},
	pool::Pool,
};
use crate::fuzz::Random;
use codec::{Compact, Decode, Encode};
use scale_info::{
	Field, MetaType, PortableRegistry, Registry, Type, TypeDef, TypeDefPrimitive,
	form::PortableForm,
};
use sp_io::hashing::blake2_256;
use surety_runtime::{OriginCaller, RuntimeCall};

/// Maximum depth of a call in calls.
const MAX_NESTED: u32 = 3;
/// Maximum depth of a value.
const MAX_DEPTH: u32 = 32;
/// Name of the fields whose bytes are an encoded call: preimages.
const PREIMAGE: &str = "bytes";

/// Call of the runtime.
pub struct CallType {
	pub pallet: String,
	pub name: String,
	/// Indices of pallet and call, as encoded.
	pub index: [u8; 2],
	fields: Vec<Field<PortableForm>>,
	/// True if a field contains a call.
	nests: bool,
}

/// Types of the runtime's calls and origins.
pub struct Types {
	registry: PortableRegistry,
	call: u32,
	origin: u32,
	pub calls: Vec<CallType>,
}

impl Types {
	/// Types of this runtime.
	pub fn new() -> Self {
		let mut registry = Registry::new();
		let call = registry.register_type(&MetaType::new::<RuntimeCall>()).id;
		let origin = registry.register_type(&MetaType::new::<OriginCaller>()).id;
		let mut types = Self { registry: registry.into(), call, origin, calls: Vec::new() };
		let TypeDef::Variant(pallets) = &types.resolve(call).type_def else {
			panic!("a call is an enum of pallets")
		};
		let mut calls = Vec::new();
		for pallet in &pallets.variants {
			let TypeDef::Variant(its) = &types.resolve(pallet.fields[0].ty.id).type_def else {
				panic!("a pallet's call is an enum")
			};
			calls.extend(its.variants.iter().map(|call| CallType {
				pallet: pallet.name.clone(),
				name: call.name.clone(),
				index: [pallet.index, call.index],
				nests: call.fields.iter().any(|field| types.contains_call(field.ty.id)),
				fields: call.fields.clone(),
			}));
		}
		types.calls = calls;
		types
	}

	fn resolve(&self, id: u32) -> &Type<PortableForm> {
		self.registry.resolve(id).expect("the registry is complete")
	}

	/// Call of an encoded call.
	pub fn call_of(&self, bytes: &[u8]) -> Option<&CallType> {
		self.calls.iter().find(|call| bytes.starts_with(&call.index))
	}

	/// True if a value of the type may contain a call.
	fn contains_call(&self, id: u32) -> bool {
		let (mut open, mut seen) = (vec![id], std::collections::BTreeSet::new());
		while let Some(id) = open.pop() {
			if id == self.call {
				return true;
			}
			if !seen.insert(id) {
				continue;
			}
			match &self.resolve(id).type_def {
				TypeDef::Composite(def) => open.extend(def.fields.iter().map(|field| field.ty.id)),
				TypeDef::Variant(def) => {
					let fields = def.variants.iter().flat_map(|variant| &variant.fields);
					open.extend(fields.map(|field| field.ty.id));
				},
				TypeDef::Sequence(def) => open.push(def.type_param.id),
				TypeDef::Array(def) => open.push(def.type_param.id),
				TypeDef::Tuple(def) => open.extend(def.fields.iter().map(|field| field.id)),
				TypeDef::Compact(def) => open.push(def.type_param.id),
				TypeDef::Primitive(_) | TypeDef::BitSequence(_) => (),
			}
		}
		false
	}

	/// Width in bytes of the integer that a type wraps.
	fn integer_width(&self, id: u32) -> Option<usize> {
		match &self.resolve(id).type_def {
			TypeDef::Composite(def) => self.integer_width(def.fields.first()?.ty.id),
			TypeDef::Tuple(def) => self.integer_width(def.fields.first()?.id),
			TypeDef::Primitive(primitive) => width(primitive),
			_ => None,
		}
	}
}

/// Bytes of a primitive of fixed width.
fn width(primitive: &TypeDefPrimitive) -> Option<usize> {
	use TypeDefPrimitive::*;
	Some(match primitive {
		Bool | U8 | I8 => 1,
		U16 | I16 => 2,
		Char | U32 | I32 => 4,
		U64 | I64 => 8,
		U128 | I128 => 16,
		U256 | I256 => 32,
		Str => return None,
	})
}

/// Writer of random values.
pub struct Values<'a> {
	types: &'a Types,
	pool: &'a Pool,
	random: &'a mut Random,
	out: Vec<u8>,
	/// True if the value may be dispatched with an origin other than a signed one.
	privileged: bool,
	/// True if only accounts with a key may occur.
	with_key: bool,
	/// Number of calls around the present value.
	nested: u32,
	depth: u32,
}

impl<'a> Values<'a> {
	pub fn new(types: &'a Types, pool: &'a Pool, random: &'a mut Random, privileged: bool) -> Self {
		let (with_key, nested, depth) = (false, 0, 0);
		Self { types, pool, random, out: Vec::new(), privileged, with_key, nested, depth }
	}

	/// Random call of one type.
	pub fn call_of(self, call: &'a CallType) -> Option<Vec<u8>> {
		let excluded = exclusion(&call.pallet, &call.name, self.privileged).is_some();
		if excluded { None } else { self.any_of(call) }
	}

	/// Random call of one type, whether excluded or not.
	pub fn any_of(mut self, call: &'a CallType) -> Option<Vec<u8>> {
		self.one_call(call)?;
		Some(self.out)
	}

	/// Known call with some of its leaves changed. The larger `rate`, the fewer.
	pub fn like(mut self, mut known: &[u8], rate: u64) -> Option<Vec<u8>> {
		self.changed_call(&mut known, rate)?;
		Some(self.out)
	}

	/// Random origin, of those that the runtime knows.
	pub fn origin(mut self) -> Option<Vec<u8>> {
		let origin = self.types.origin;
		self.fresh(origin, "")?;
		Some(self.out)
	}

	fn below(&mut self, limit: u64) -> u64 {
		self.random.below(limit)
	}

	fn any_call(&mut self) -> Option<()> {
		let types = self.types;
		let (privileged, leaf) = (self.privileged, self.nested >= MAX_NESTED);
		for _ in 0..64 {
			let at = self.below(types.calls.len() as u64) as usize;
			let call = &types.calls[at];
			let allowed = exclusion(&call.pallet, &call.name, privileged).is_none();
			if allowed && !(leaf && call.nests) {
				let start = self.out.len();
				self.one_call(call)?;
				if self.nested > 0 {
					// Multisigs, announcements and preimages name calls by their hash.
					self.pool.remember(blake2_256(&self.out[start..]));
				}
				return Some(());
			}
		}
		None
	}

	/// Fields of a call, with the privilege that calls within them have.
	fn one_call(&mut self, call: &'a CallType) -> Option<()> {
		self.out.extend(call.index);
		self.within(call, |values| call.fields.iter().try_for_each(|field| values.field(field)))
	}

	fn within(
		&mut self,
		call: &CallType,
		fields: impl FnOnce(&mut Self) -> Option<()>,
	) -> Option<()> {
		let before = (self.privileged, self.with_key);
		self.privileged |= !keeps_origin(&call.pallet, &call.name);
		// `sudo_as` and `dispatch_as` act as accounts of the chain, which have no key.
		self.with_key |= call.pallet == "Sudo";
		self.nested += 1;
		let done = fields(self);
		self.nested -= 1;
		(self.privileged, self.with_key) = before;
		done
	}

	fn field(&mut self, field: &Field<PortableForm>) -> Option<()> {
		let name = field.name.clone().unwrap_or_default();
		self.fresh(field.ty.id, &name)
	}

	/// New value of a type. `name` is that of the field.
	fn fresh(&mut self, id: u32, name: &str) -> Option<()> {
		if self.depth > MAX_DEPTH {
			return None;
		}
		self.depth += 1;
		let done = self.fresh_value(id, name);
		self.depth -= 1;
		done
	}

	fn fresh_value(&mut self, id: u32, name: &str) -> Option<()> {
		let types = self.types;
		if id == types.call {
			return self.any_call();
		}
		if id == types.origin && !self.with_key {
			self.with_key = true;
			let done = self.fresh_value(id, name);
			self.with_key = false;
			return done;
		}
		let ty = types.resolve(id);
		match ty.path.segments.last().map(String::as_str) {
			Some("AccountId32") => {
				let who = self.pool.account(self.random, self.with_key);
				self.out.extend(who.encode());
				return Some(());
			},
			Some("H256") => {
				self.out.extend(self.pool.hash(self.random));
				return Some(());
			},
			Some("Region") => {
				self.out.extend(self.pool.region(self.random));
				return Some(());
			},
			_ => (),
		}
		match &ty.type_def {
			TypeDef::Composite(def) => def.fields.iter().try_for_each(|field| {
				let name = field.name.as_deref().unwrap_or(name);
				self.fresh(field.ty.id, name)
			}),
			TypeDef::Variant(def) => {
				if def.variants.is_empty() {
					return None;
				}
				let variant = &def.variants[self.below(def.variants.len() as u64) as usize];
				// Given only by the transaction extension that checked the call.
				if variant.name == "Authorized" {
					return None;
				}
				self.out.push(variant.index);
				// A motion has members, and at most as many ayes. The SDK multiplies both unchecked
				// (`a_share_of_a_motion_overflows_in_the_sdk`).
				if variant.name == "Members" {
					let members = 1 + self.below(32) as u32;
					let ayes = 1 + self.below(members.into()) as u32;
					self.out.extend((ayes, members).encode());
					return Some(());
				}
				let inline = variant.name == "Inline"
					&& ty
						.path
						.segments
						.ends_with(&["preimages".to_string(), "Bounded".to_string()]);
				if inline {
					return self.opaque_call();
				}
				variant.fields.iter().try_for_each(|field| {
					let name = field.name.as_deref().unwrap_or(name);
					self.fresh(field.ty.id, name)
				})
			},
			TypeDef::Sequence(def) => {
				let element = def.type_param.id;
				if self.is_byte(element) {
					if name == PREIMAGE && self.below(2) == 0 {
						return self.opaque_call();
					}
					let bytes = self.pool.bytes(self.random, name);
					bytes.encode_to(&mut self.out);
					return Some(());
				}
				let length = match self.below(40) {
					0 => self.below(70),
					1..=8 => 0,
					_ => 1 + self.below(3),
				};
				Compact(length).encode_to(&mut self.out);
				(0..length).try_for_each(|_| self.fresh(element, name))
			},
			TypeDef::Array(def) => {
				let element = def.type_param.id;
				if self.is_byte(element) {
					let bytes = self.pool.fixed_bytes(self.random, def.len as usize);
					self.out.extend(bytes);
					return Some(());
				}
				(0..def.len).try_for_each(|_| self.fresh(element, name))
			},
			TypeDef::Tuple(def) => {
				def.fields.iter().try_for_each(|field| self.fresh(field.id, name))
			},
			TypeDef::Primitive(TypeDefPrimitive::Str) => {
				self.pool.bytes(self.random, name).encode_to(&mut self.out);
				Some(())
			},
			TypeDef::Primitive(TypeDefPrimitive::Bool) => {
				let bit = self.below(2) as u8;
				self.out.push(bit);
				Some(())
			},
			TypeDef::Primitive(primitive) => {
				let width = width(primitive)?;
				let number = self.pool.number(self.random, width);
				let bytes = number.to_le_bytes();
				self.out.extend(&bytes[..width.min(16)]);
				self.out.extend(vec![0; width.saturating_sub(16)]);
				Some(())
			},
			TypeDef::Compact(def) => {
				if let Some(width) = types.integer_width(def.type_param.id) {
					let number = self.pool.number(self.random, width);
					let number = number & (u128::MAX >> (128 - 8 * width.min(16)));
					Compact(number).encode_to(&mut self.out);
				}
				Some(())
			},
			TypeDef::BitSequence(_) => None,
		}
	}

	/// Encoded call as bytes, as in a preimage.
	fn opaque_call(&mut self) -> Option<()> {
		let before = (self.privileged, std::mem::take(&mut self.out));
		self.privileged = true;
		self.nested += 1;
		let done = self.any_call();
		self.nested -= 1;
		let call = std::mem::replace(&mut self.out, before.1);
		self.privileged = before.0;
		done?;
		call.encode_to(&mut self.out);
		Some(())
	}

	fn is_byte(&self, id: u32) -> bool {
		matches!(self.types.resolve(id).type_def, TypeDef::Primitive(TypeDefPrimitive::U8))
	}

	fn changed_call(&mut self, known: &mut &[u8], rate: u64) -> Option<()> {
		let types = self.types;
		let call = types.call_of(known)?;
		if exclusion(&call.pallet, &call.name, self.privileged).is_some() {
			return None;
		}
		*known = known.get(2..)?;
		self.out.extend(call.index);
		self.within(call, |values| {
			call.fields.iter().try_for_each(|field| {
				let name = field.name.as_deref().unwrap_or_default();
				values.changed(field.ty.id, name, known, rate)
			})
		})
	}

	/// Copy of a known value with some leaves changed; none are with a `rate` of 0.
	fn changed(&mut self, id: u32, name: &str, known: &mut &[u8], rate: u64) -> Option<()> {
		if self.depth > MAX_DEPTH {
			return None;
		}
		if rate > 0 && self.below(rate) == 0 {
			let end = self.out.len();
			self.changed(id, name, known, 0)?;
			self.out.truncate(end);
			return self.fresh(id, name);
		}
		self.depth += 1;
		let done = self.changed_value(id, name, known, rate);
		self.depth -= 1;
		done
	}

	fn changed_value(&mut self, id: u32, name: &str, known: &mut &[u8], rate: u64) -> Option<()> {
		let types = self.types;
		if id == types.call {
			// A copy that is thrown away may contain any call.
			return if rate == 0 {
				self.copied_call(known)
			} else {
				self.changed_call(known, rate)
			};
		}
		match &types.resolve(id).type_def {
			TypeDef::Composite(def) => def.fields.iter().try_for_each(|field| {
				let name = field.name.as_deref().unwrap_or(name);
				self.changed(field.ty.id, name, known, rate)
			}),
			TypeDef::Variant(def) => {
				let index = self.copy(known, 1)?[0];
				let variant = def.variants.iter().find(|variant| variant.index == index)?;
				// Its numbers depend on each other.
				let rate = if variant.name == "Members" { 0 } else { rate };
				variant.fields.iter().try_for_each(|field| {
					let name = field.name.as_deref().unwrap_or(name);
					self.changed(field.ty.id, name, known, rate)
				})
			},
			TypeDef::Sequence(def) => {
				let element = def.type_param.id;
				let length = Compact::<u32>::decode(known).ok()?.0;
				Compact(length).encode_to(&mut self.out);
				if self.is_byte(element) {
					return self.copy(known, length as usize).map(|_| ());
				}
				(0..length).try_for_each(|_| self.changed(element, name, known, rate))
			},
			TypeDef::Array(def) => {
				let element = def.type_param.id;
				if self.is_byte(element) {
					return self.copy(known, def.len as usize).map(|_| ());
				}
				(0..def.len).try_for_each(|_| self.changed(element, name, known, rate))
			},
			TypeDef::Tuple(def) => {
				def.fields.iter().try_for_each(|field| self.changed(field.id, name, known, rate))
			},
			TypeDef::Primitive(TypeDefPrimitive::Str) => {
				let length = Compact::<u32>::decode(known).ok()?.0;
				Compact(length).encode_to(&mut self.out);
				self.copy(known, length as usize).map(|_| ())
			},
			TypeDef::Primitive(primitive) => self.copy(known, width(primitive)?).map(|_| ()),
			TypeDef::Compact(def) => {
				if types.integer_width(def.type_param.id).is_some() {
					let number = Compact::<u128>::decode(known).ok()?;
					number.encode_to(&mut self.out);
				}
				Some(())
			},
			TypeDef::BitSequence(_) => None,
		}
	}

	fn copied_call(&mut self, known: &mut &[u8]) -> Option<()> {
		let call = self.types.call_of(known)?;
		self.copy(known, 2)?;
		call.fields.iter().try_for_each(|field| {
			let name = field.name.as_deref().unwrap_or_default();
			self.changed(field.ty.id, name, known, 0)
		})
	}

	fn copy<'b>(&mut self, known: &mut &'b [u8], length: usize) -> Option<&'b [u8]> {
		let (bytes, rest) = known.split_at_checked(length)?;
		self.out.extend(bytes);
		*known = rest;
		Some(bytes)
	}
}

// SPDX-License-Identifier: Apache-2.0

//! Identifiers, times, amounts, names.

use frame_support::{BoundedVec, traits::ConstU32};

/// Block number.
pub type BlockNumber = u32;
/// Amount of an asset in its base units (planck for the native token).
pub type Balance = u128;
/// Id of a service that an operator lists; never reused.
pub type ServiceId = u32;
/// Id of an agreement; never reused.
pub type AgreementId = u32;
/// Id of an escrow account; never reused.
pub type EscrowId = u32;
/// Id of a network that `Rpc` services serve, listed by governance.
pub type NetworkId = u16;
/// Id of a compute order; never reused.
pub type OrderId = u32;
/// Id of a lease, an accepted bid of a compute order; never reused.
pub type LeaseId = u32;
/// Round since genesis. Round `r` is the blocks `r * L .. (r + 1) * L`, with `L` blocks to a round.
pub type RoundIndex = u32;
/// Window since genesis. Window `w` is the rounds `w * R .. (w + 1) * R`, with `R` rounds to a
/// window.
pub type WindowIndex = u32;

/// Maximum length of an endpoint URL in bytes.
pub const MAX_ENDPOINT: u32 = 256;
/// Maximum length of a name of a network, a model or an operator in bytes.
pub const MAX_NAME: u32 = 64;
/// Maximum length of a metadata URI or a contact in bytes.
pub const MAX_URI: u32 = 128;
/// Maximum number of anchors of a network.
pub const MAX_ANCHORS: u32 = 8;

/// URL of an endpoint.
pub type Endpoint = BoundedVec<u8, ConstU32<MAX_ENDPOINT>>;
/// Short UTF-8 name.
pub type Name = BoundedVec<u8, ConstU32<MAX_NAME>>;
/// URI or contact.
pub type Uri = BoundedVec<u8, ConstU32<MAX_URI>>;

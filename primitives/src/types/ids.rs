//! Identifiers, times, amounts, names.

use frame_support::{BoundedVec, traits::ConstU32};

/// Block number.
pub type BlockNumber = u32;
/// Amount of an asset in its base units (planck for the native token).
pub type Balance = u128;
/// A listing of an operator; never reused.
pub type ServiceId = u32;
/// A tenant's subscription to a service; never reused.
pub type AgreementId = u32;
/// An escrow account; never reused.
pub type EscrowId = u32;
/// A network that `Rpc` services serve, listed by governance.
pub type NetworkId = u16;
/// A tenant's ask for compute; never reused.
pub type OrderId = u32;
/// An accepted bid of a compute order; never reused.
pub type LeaseId = u32;
/// Round since genesis. Round `r` is the blocks `r * L .. (r + 1) * L` with `L` the blocks of a round.
pub type RoundIndex = u32;
/// Window since genesis. Window `w` is the rounds `w * R .. (w + 1) * R` with `R` the rounds of a window.
pub type WindowIndex = u32;

/// Longest endpoint URL in bytes.
pub const MAX_ENDPOINT: u32 = 256;
/// Longest name of a network, a model, a display name in bytes.
pub const MAX_NAME: u32 = 64;
/// Longest metadata URI or contact in bytes.
pub const MAX_URI: u32 = 128;
/// Most anchors a network lists.
pub const MAX_ANCHORS: u32 = 8;

/// URL of an endpoint.
pub type Endpoint = BoundedVec<u8, ConstU32<MAX_ENDPOINT>>;
/// A short UTF-8 name.
pub type Name = BoundedVec<u8, ConstU32<MAX_NAME>>;
/// A URI or a contact.
pub type Uri = BoundedVec<u8, ConstU32<MAX_URI>>;

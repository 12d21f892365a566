// SPDX-License-Identifier: Apache-2.0

//! Trait that `sla` calls, inside mandatory hooks: constant work, no failure.

use crate::{Config, Pallet, WeightInfo};
use frame::prelude::*;
use surety_primitives::{AgreementFacts, AgreementId, Balance, OnAgreementEnd, RoundIndex};

impl<T: Config> OnAgreementEnd<T::AccountId> for Pallet<T> {
	fn agreement_ended(
		agreement: AgreementId,
		facts: AgreementFacts<T::AccountId>,
		last: RoundIndex,
		window_fee: Balance,
	) -> Weight {
		if Self::service_of(&facts).is_none() {
			return Weight::zero();
		}
		Self::end_agreement(agreement, facts, last, window_fee);
		T::WeightInfo::agreement_ended()
	}

	fn max_weight() -> Weight {
		T::WeightInfo::agreement_ended()
	}
}

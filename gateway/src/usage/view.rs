// SPDX-License-Identifier: Apache-2.0

//! Reading of a ledger: evidence for the report, views for status and metrics.

use super::{Evidence, Ledger, Signed, UsageView, book::Book};
use surety_primitives::AgreementId;

impl Ledger {
	/// Statements of the window before the current one, to be reported.
	pub fn evidence(&self) -> Vec<Evidence> {
		let state = self.lock();
		let Some(window) = state.window.checked_sub(1) else { return Vec::new() };
		let of = |agreement: &AgreementId, book: &Book| {
			let side = self.settings.side;
			let own = book.released.iter().filter(|own| {
				self.reporters.may_report(*agreement, side, &own.reporter) != Some(false)
			});
			let statements: Vec<Signed> = own.chain(book.of_other()).cloned().collect();
			(!statements.is_empty()).then_some(Evidence {
				agreement: *agreement,
				window,
				statements,
			})
		};
		let books = state.accounts.iter();
		books.filter_map(|(id, account)| of(id, account.books.get(&window)?)).collect()
	}

	/// View of all books, for status and metrics.
	pub fn views(&self) -> Vec<UsageView> {
		let state = self.lock();
		let mut views = Vec::new();
		for (agreement, account) in &state.accounts {
			let reading = account.meter.read();
			for book in account.books.values() {
				let (own, latency) = book.counts(&reading, account.meter.max_latency());
				let other = book.counts_of_other();
				let signed = book.released.as_ref().map(|own| own.statement.counts);
				let both = signed.zip(other).filter(|_| self.settings.lanes == 1);
				views.push(UsageView {
					agreement: *agreement,
					window: book.window,
					own,
					latency,
					other,
					agreed: both.map(|(a, b)| (a.requests.min(b.requests), a.ok.min(b.ok))),
					contested: both.is_some_and(|(a, b)| a.differs_from(&b)),
					countersigned: book.is_countersigned(),
					marked: book.marked,
					silent: book.silent,
				});
			}
		}
		views
	}
}

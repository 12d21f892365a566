// SPDX-License-Identifier: Apache-2.0

//! Connections of one worker, so that they can be ended together.

use super::{Ending, Outgoing, clock};
use std::{
	cell::{Cell, RefCell},
	collections::HashMap,
	rc::Rc,
	time::Duration,
};

/// Time between two looks at the connections that are left.
const LOOK: Duration = Duration::from_millis(20);

/// Open connections of one worker.
#[derive(Default)]
pub struct Connections {
	queues: RefCell<HashMap<u64, Rc<Outgoing>>>,
	next: Cell<u64>,
}

impl Connections {
	/// Add a connection, until the returned value is dropped.
	pub fn enter(self: &Rc<Self>, outgoing: Rc<Outgoing>) -> Entered {
		let number = self.next.get();
		self.next.set(number.wrapping_add(1));
		self.queues.borrow_mut().insert(number, outgoing);
		Entered { connections: Rc::clone(self), number }
	}

	/// End all connections, and wait until they are gone.
	pub async fn close(&self) {
		while !self.queues.borrow().is_empty() {
			// Repeated for those whose handshake ended meanwhile.
			for outgoing in self.queues.borrow().values() {
				outgoing.end(Ending::Shutdown);
			}
			clock::sleep(LOOK).await;
		}
	}
}

/// Connection that is open.
pub struct Entered {
	connections: Rc<Connections>,
	number: u64,
}

impl Drop for Entered {
	fn drop(&mut self) {
		self.connections.queues.borrow_mut().remove(&self.number);
	}
}

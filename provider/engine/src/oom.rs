// SPDX-License-Identifier: Apache-2.0

//! Deaths by want of memory: a container's own, or the host's.
//!
//! Engines report both alike (exit code 137, `OOMKilled` or not), but one is the tenant's doing and
//! the other the operator's. The kernel's log tells them apart.

use crate::command;

/// Reason of a death, by the kernel's log.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Death {
	/// Its own bound of memory.
	Own,
	/// The host had no memory left.
	Host,
}

/// Last death of a container in the kernel's log.
fn find(log: &str, container: &str) -> Option<Death> {
	if container.len() < 12 {
		return None;
	}
	log.lines()
		.filter(|line| line.contains("oom-kill:constraint="))
		.filter(|line| {
			line.split("task_memcg=").nth(1).is_some_and(|rest| {
				rest.split(',').next().is_some_and(|group| group.contains(container))
			})
		})
		.map(|line| match line.contains("constraint=CONSTRAINT_MEMCG") {
			true => Death::Own,
			false => Death::Host,
		})
		.next_back()
}

/// Last death of a container in the kernel's log; none if there is none, or no log to read.
pub(crate) async fn death(container: &str) -> Option<Death> {
	let output = command::run("dmesg", &[], None).await.ok()?;
	find(&output.stdout, container)
}

#[cfg(test)]
mod tests {
	use super::*;

	const LOG: &str = "\
[1.0] oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),oom_memcg=/docker/aaaaaaaaaaaa1,\
task_memcg=/docker/aaaaaaaaaaaa1,task=dd,pid=1,uid=0
[2.0] oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),global_oom,\
task_memcg=/machine/libpod-bbbbbbbbbbbb2,task=x,pid=2,uid=0
[3.0] Out of memory: Killed process 3 (cccccccccccc3)
";

	#[test]
	fn own_and_host_are_told_apart() {
		assert_eq!(find(LOG, "aaaaaaaaaaaa1"), Some(Death::Own));
		assert_eq!(find(LOG, "bbbbbbbbbbbb2"), Some(Death::Host));
		assert_eq!(find(LOG, "cccccccccccc3"), None);
		assert_eq!(find(LOG, ""), None);
	}
}

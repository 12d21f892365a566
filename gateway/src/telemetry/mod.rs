// SPDX-License-Identifier: Apache-2.0

//! Views from outside: metrics, logs, status.
//!
//! | file | part |
//! |---|---|
//! | `metrics.rs`, `families.rs` | Prometheus metrics, bounded in the number of their labels |
//! | `log.rs` | log lines for people, or as JSON |
//! | `status.rs` | status of the process as JSON |
//! | `control.rs` | control listener: `/metrics`, `/status`, `/health` |
//! | `table.rs` | status as a live table in the terminal |

mod control;
mod families;
mod log;
mod metrics;
mod status;
mod table;

pub use control::*;
pub use families::{AgreementMetrics, ModelMetrics, NetworkMetrics, ServiceMetrics};
pub use log::*;
pub use metrics::*;
pub use status::*;
pub use table::*;

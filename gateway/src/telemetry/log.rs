// SPDX-License-Identifier: Apache-2.0

//! Log lines for people, or as JSON: one object per line with `timestamp`, `level`, `target`,
//! `message` and the fields of the event.

use crate::config::{ConfigError, LogFormat, LogSection};
use std::io::{self, IsTerminal};
use tracing_subscriber::EnvFilter;

/// Start the log of the process.
pub fn start_log(config: &LogSection) -> Result<(), ConfigError> {
	let filter = EnvFilter::try_new(&config.filter)
		.map_err(|error| ConfigError::invalid("log.filter", error.to_string()))?;
	let builder = tracing_subscriber::fmt()
		.with_env_filter(filter)
		.with_writer(io::stderr)
		.with_ansi(io::stderr().is_terminal());
	let started = match config.format {
		LogFormat::Text => builder.try_init(),
		LogFormat::Json => builder.json().flatten_event(true).try_init(),
	};
	started.map_err(|error| ConfigError::invalid("log", error.to_string()))
}

// SPDX-License-Identifier: Apache-2.0

//! Program `surety-provider`.

use clap::Parser;
use std::process::ExitCode;
use surety_engine::ContainerEngine;
use surety_provider::{
	cli::{Cli, execute},
	config::ProviderConfig,
};

fn main() -> ExitCode {
	execute(Cli::parse(), |config| async move { open(&config) })
}

/// Container engine of a configuration. Its socket is first used by the agent.
fn open(config: &ProviderConfig) -> Result<ContainerEngine, String> {
	let settings = config.engine().map_err(|error| error.to_string())?;
	ContainerEngine::open(settings).map_err(|error| error.to_string())
}

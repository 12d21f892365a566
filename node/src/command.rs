// SPDX-License-Identifier: Apache-2.0

//! Execution of the command line.

use crate::{
	chain_spec::{self, ChainSpec},
	cli::{Cli, Subcommand},
	client::FullClient,
	service::{self, DatabaseTools},
	template,
};
use sc_chain_spec::ChainType;
use sc_cli::{CliConfiguration, SubstrateCli};
use sc_network::config::NetworkBackendType;
use sp_runtime::traits::Block as BlockT;
use std::{path::PathBuf, sync::Arc};
use surety_runtime::opaque::Block;

impl SubstrateCli for Cli {
	fn impl_name() -> String {
		"Surety Node".into()
	}

	fn impl_version() -> String {
		env!("SUBSTRATE_CLI_IMPL_VERSION").into()
	}

	fn description() -> String {
		env!("CARGO_PKG_DESCRIPTION").into()
	}

	fn author() -> String {
		env!("CARGO_PKG_AUTHORS").into()
	}

	fn support_url() -> String {
		// Shown in crash reports; empty until there is an address for them.
		option_env!("CARGO_PKG_REPOSITORY").unwrap_or_default().into()
	}

	fn copyright_start_year() -> i32 {
		2026
	}

	fn load_spec(&self, id: &str) -> Result<Box<dyn sc_service::ChainSpec>, String> {
		Ok(Box::new(match id {
			"dev" => chain_spec::development()?,
			"" | "local" => chain_spec::local()?,
			"rehearsal" => chain_spec::rehearsal()?,
			"staging" => self.complete(id, chain_spec::staging()?)?,
			"mainnet" => self.complete(id, chain_spec::mainnet()?)?,
			path => self.complete(path, ChainSpec::from_json_file(PathBuf::from(path))?)?,
		}))
	}
}

impl Cli {
	/// Check that a specification is complete, for the commands that make a chain from it.
	fn complete(&self, id: &str, spec: ChainSpec) -> Result<ChainSpec, String> {
		let is_read = match &self.subcommand {
			// Node keys are made before the specification can be filled in.
			Some(Subcommand::Key(_)) => true,
			Some(Subcommand::ExportChainSpec(cmd)) => !cmd.raw,
			Some(Subcommand::BuildSpec(cmd)) => !cmd.raw,
			_ => false,
		};
		if !is_read {
			template::check(id, &spec)?;
		}
		Ok(spec)
	}
}

/// Parse the command line and run the command.
pub fn run() -> sc_cli::Result<()> {
	let cli = Cli::from_args();

	match &cli.subcommand {
		None => run_node(cli),
		Some(Subcommand::Key(cmd)) => cmd.run(&cli),
		Some(Subcommand::BuildSpec(cmd)) => {
			let runner = cli.create_runner(cmd)?;
			runner.sync_run(|config| cmd.run(config.chain_spec, config.network))
		},
		Some(Subcommand::ExportChainSpec(cmd)) => cmd.run(cli.load_spec(&cmd.chain)?),
		Some(Subcommand::CheckBlock(cmd)) => cli.create_runner(cmd)?.async_run(|config| {
			let DatabaseTools { client, task_manager, import_queue, .. } =
				service::new_database_tools(&config)?;
			Ok((cmd.run(client, import_queue), task_manager))
		}),
		Some(Subcommand::ExportBlocks(cmd)) => cli.create_runner(cmd)?.async_run(|config| {
			let DatabaseTools { client, mut task_manager, import_queue, .. } =
				service::new_database_tools(&config)?;
			task_manager.keep_alive(import_queue);
			Ok((cmd.run(client, config.database), task_manager))
		}),
		Some(Subcommand::ExportState(cmd)) => cli.create_runner(cmd)?.async_run(|config| {
			let DatabaseTools { client, mut task_manager, import_queue, .. } =
				service::new_database_tools(&config)?;
			task_manager.keep_alive(import_queue);
			Ok((cmd.run(client, config.chain_spec), task_manager))
		}),
		Some(Subcommand::ImportBlocks(cmd)) => cli.create_runner(cmd)?.async_run(|config| {
			let DatabaseTools { client, task_manager, import_queue, .. } =
				service::new_database_tools(&config)?;
			Ok((cmd.run(client, import_queue), task_manager))
		}),
		Some(Subcommand::PurgeChain(cmd)) => {
			let runner = cli.create_runner(cmd)?;
			runner.sync_run(|config| cmd.run(config.database))
		},
		Some(Subcommand::Revert(cmd)) => cli.create_runner(cmd)?.async_run(|config| {
			let DatabaseTools { client, mut task_manager, backend, import_queue } =
				service::new_database_tools(&config)?;
			task_manager.keep_alive(import_queue);
			// BABE and GRANDPA keep auxiliary data that must be reverted with the blocks.
			let aux_revert = Box::new(|client: Arc<FullClient>, backend, blocks| {
				sc_consensus_babe::revert(client.clone(), backend, blocks)?;
				sc_consensus_grandpa::revert(client, blocks)?;
				Ok(())
			});
			Ok((cmd.run(client, backend, Some(aux_revert)), task_manager))
		}),
		Some(Subcommand::ChainInfo(cmd)) => {
			let runner = cli.create_runner(cmd)?;
			runner.sync_run(|config| cmd.run::<Block>(&config))
		},
		Some(Subcommand::Audit(cmd)) => cli.create_runner(cmd)?.async_run(|config| {
			let DatabaseTools { client, task_manager, .. } = service::new_database_tools(&config)?;
			Ok((async move { cmd.run(&*client) }, task_manager))
		}),
	}
}

fn run_node(mut cli: Cli) -> sc_cli::Result<()> {
	cli.probing.add_environment()?;
	cli.validate()?;
	let test_chain = is_test_chain(&cli)?;
	if test_chain {
		// The SDK requires a validator to have a node key made beforehand, so that it does not lose
		// its identity by accident. On a test chain with well-known keys that is only an obstacle.
		cli.run.network_params.node_key_params.unsafe_force_node_key_generation = true;
	}
	let options = service::Options {
		probing: cli.probing.clone(),
		hardware_benchmarks: !cli.no_hardware_benchmarks && !test_chain,
		storage: cli.storage.clone(),
	};
	let runner = cli.create_runner(&cli.run)?;
	runner.run_node_until_exit(|config| async move {
		match config.network.network_backend {
			NetworkBackendType::Libp2p => service::new_full::<
				sc_network::NetworkWorker<Block, <Block as BlockT>::Hash>,
			>(config, options),
			NetworkBackendType::Litep2p => {
				service::new_full::<sc_network::Litep2pNetworkBackend>(config, options)
			},
		}
		.map_err(sc_cli::Error::Service)
	})
}

fn is_test_chain(cli: &Cli) -> sc_cli::Result<bool> {
	let params = cli.run.shared_params();
	let chain = params.chain_id(params.is_dev());
	Ok(matches!(cli.load_spec(&chain)?.chain_type(), ChainType::Development | ChainType::Local))
}

#[cfg(test)]
mod tests {
	use super::*;

	fn is_test(args: &[&str]) -> bool {
		is_test_chain(&Cli::try_from_iter(["surety-node"].iter().chain(args)).unwrap()).unwrap()
	}

	#[test]
	fn only_test_chains_generate_node_keys() {
		assert!(is_test(&["--dev"]));
		assert!(is_test(&["--chain=local", "--alice"]));
		assert!(is_test(&["--chain=rehearsal", "--alice"]));
		let (_folder, filled) = template::tests::filled();
		assert!(!is_test(&[&filled, "--validator"]));
		assert!(!is_test(&[&filled, "--alice"]));
	}

	#[test]
	fn a_template_is_exported_but_makes_no_chain() {
		let load = |args: &[&str], id: &str| {
			let cli = Cli::try_from_iter(["surety-node"].iter().chain(args)).unwrap();
			cli.load_spec(id).map(|spec| spec.id().to_string())
		};
		for id in chain_spec::TEMPLATES {
			let error = load(&["--validator"], id).unwrap_err();
			assert!(error.contains("is a template"), "{error}");
			assert!(load(&["export-chain-spec", "--raw"], id).is_err());
			assert!(load(&["purge-chain"], id).is_err());
			load(&["export-chain-spec"], id).unwrap();
			load(&["build-spec"], id).unwrap();
			load(&["key", "generate-node-key"], id).unwrap();
		}
	}
}

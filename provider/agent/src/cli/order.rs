// SPDX-License-Identifier: Apache-2.0

//! `surety-provider order`: a compose file as a call, its cost, and its submission.

use super::{Failure, TenantArgs};
use crate::client::{Chain, Placing, reader_key};
use std::{
	fs::File,
	io::Read,
	path::{Path, PathBuf},
};
use surety_gateway::chain::Transactions;
use surety_orders::compose::{Directory, MAX_DOCUMENT, parse};
use tokio::task::LocalSet;

/// Flags of `order`.
#[derive(Clone, Debug, clap::Args)]
pub struct OrderArgs {
	/// Compose file with one service and a section `x-surety:`.
	#[arg(value_name = "FILE")]
	pub file: PathBuf,

	/// Chain and key.
	#[command(flatten)]
	pub tenant: TenantArgs,

	/// Sign and submit it, with --key-file. Otherwise it is only shown.
	#[arg(long, requires = "key_file")]
	pub submit: bool,

	/// Directory of the courier, which keeps the private part.
	#[arg(long, value_name = "DIR", default_value = "surety-courier")]
	pub state: PathBuf,
}

pub(super) async fn run(args: &OrderArgs) -> Result<(), Failure> {
	LocalSet::new().run_until(order(args)).await
}

async fn order(args: &OrderArgs) -> Result<(), Failure> {
	let bytes = read(&args.file).map_err(|error| format!("{}: {error}", args.file.display()))?;
	let directory = match args.file.parent() {
		Some(parent) if parent != Path::new("") => parent,
		_ => Path::new("."),
	};
	let compose = parse(&bytes, &Directory::new(directory))
		.map_err(|error| format!("{}: {error}", args.file.display()))?;
	let chain = Chain::connect(&args.tenant.nodes).await?;
	let signer = match args.tenant.signer()? {
		Some(signer) => signer,
		None => reader_key().ok_or("no key can be made")?,
	};
	let own = signer.account().clone();
	let transactions = Transactions::new(chain.nodes().clone(), signer);
	let proxied = args.tenant.tenant.as_ref().filter(|tenant| **tenant != own);
	let placing = Placing::prepare(&chain, &compose, &transactions, proxied).await?;
	print!("{}", compose.explain(&placing.quote, &placing.rules));
	let digits: String = placing.call_data.iter().map(|byte| format!("{byte:02x}")).collect();
	println!("Call     computeOrders.placeOrder, 0x{digits}");
	let is_private = !compose.manifest.is_empty();
	if !args.submit {
		if is_private {
			println!(
				"Nothing was submitted. The call has the hash of a salt that is not kept: submit with \
				 --submit --key-file FILE"
			);
		} else {
			println!("Nothing was submitted. To submit it: --submit --key-file FILE");
		}
		return Ok(());
	}
	let tenant = proxied.cloned().unwrap_or(own);
	let submitting = placing.submit(&chain, &compose, &transactions, &tenant, &args.state);
	let (head, order) = tokio::select! {
		placed = submitting => placed?,
		() = chain.follow() => return Err("the nodes are not followed".into()),
	};
	match order {
		Some(order) => println!("Placed   order {order}, in block {}", head.number),
		None => println!("Placed   in block {}", head.number),
	}
	if is_private {
		println!(
			"Next     surety-provider courier --state {}: it brings the private part to the operators \
			 that are chosen, and has to run for as long as the order does",
			args.state.display()
		);
	}
	Ok(())
}

fn read(path: &Path) -> std::io::Result<Vec<u8>> {
	let limit = u64::try_from(MAX_DOCUMENT).unwrap_or(u64::MAX).saturating_add(1);
	let mut bytes = Vec::new();
	// One byte more than allowed: the parser says that it is too large.
	File::open(path)?.take(limit).read_to_end(&mut bytes)?;
	Ok(bytes)
}

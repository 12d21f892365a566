// SPDX-License-Identifier: Apache-2.0

fn main() {
	#[cfg(feature = "std")]
	{
		let builder = substrate_wasm_builder::WasmBuilder::init_with_defaults();
		// The hash doubles the build time, so only releases have it: see the feature
		// `metadata-hash`.
		#[cfg(feature = "metadata-hash")]
		let builder = builder.enable_metadata_hash("SURE", 12);
		builder.build();
	}
}

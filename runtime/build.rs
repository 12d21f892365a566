fn main() {
	#[cfg(feature = "std")]
	{
		let builder = substrate_wasm_builder::WasmBuilder::init_with_defaults();
		// Doubles the build, so it is for a release: see the feature `metadata-hash`.
		#[cfg(feature = "metadata-hash")]
		let builder = builder.enable_metadata_hash("SURE", 12);
		builder.build();
	}
}

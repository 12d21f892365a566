// SPDX-License-Identifier: Apache-2.0

use super::{
	frames::{CHUNK, Frames},
	*,
};
use tokio::io::AsyncReadExt;

#[test]
fn frames_are_split_wherever_they_are_cut() {
	let wire = [&[1, 0, 0, 0, 0, 0, 0, 2][..], b"hi", &[2, 0, 0, 0, 0, 0, 0, 3], b"bad"].concat();
	for cut in 0..wire.len() {
		let (mut frames, mut out, mut entries) = (Frames::default(), Vec::new(), 0);
		for part in [&wire[..cut], &wire[cut..]] {
			frames.buffer.extend_from_slice(part);
			while let Some(chunk) = frames.next().unwrap() {
				entries += usize::from(chunk.ends);
				out.extend(chunk.bytes.iter().map(|byte| (chunk.stderr, *byte)));
			}
		}
		let text: Vec<u8> = out.iter().map(|(_, byte)| *byte).collect();
		assert_eq!((text.as_slice(), out[1].0, out[2].0), (&b"hibad"[..], false, true));
		assert_eq!((entries, frames.next()), (2, Ok(None)));
	}
}

#[test]
fn a_frame_that_claims_gigabytes_is_handed_on_in_chunks() {
	let mut frames = Frames::default();
	frames.buffer.extend_from_slice(&[1, 0, 0, 0, 255, 255, 255, 255]);
	frames.buffer.extend_from_slice(&vec![b'x'; CHUNK + 5]);
	assert_eq!(frames.next().unwrap().unwrap().bytes.len(), CHUNK);
	assert_eq!(frames.next().unwrap().unwrap().bytes.len(), 5);
	assert_eq!(frames.next().unwrap(), None);
}

#[test]
fn what_is_not_framed_is_an_error() {
	let mut frames = Frames::default();
	frames.buffer.extend_from_slice(b"plain text without frames");
	assert!(frames.next().is_err());
}

#[tokio::test]
async fn output_comes_in_pieces_and_input_goes_on() {
	use futures::StreamExt;
	use tokio::io::AsyncWriteExt;
	for (terminal, wire, expected) in [
		(true, b"raw \x01\x00".to_vec(), vec![(false, b"raw \x01\x00".to_vec())]),
		(
			false,
			[&[1, 0, 0, 0, 0, 0, 0, 2][..], b"hi", &[2, 0, 0, 0, 0, 0, 0, 3], b"bad"].concat(),
			vec![(false, b"hi".to_vec()), (true, b"bad".to_vec())],
		),
	] {
		let (near, mut far) = tokio::io::duplex(1_024);
		let (mut input, output) = Shell::new("a1".into(), terminal, Box::new(near)).into_parts();
		far.write_all(&wire).await.unwrap();
		input.write_all(b"ls").await.unwrap();
		let mut typed = [0; 2];
		far.read_exact(&mut typed).await.unwrap();
		assert_eq!(&typed, b"ls");
		drop(far);
		let chunks: Vec<_> = output.collect().await;
		let chunks: Vec<_> = chunks.into_iter().map(Result::unwrap).collect();
		let seen: Vec<_> = chunks.iter().map(|c| (c.stderr, c.bytes.to_vec())).collect();
		assert_eq!(seen, expected);
	}
}

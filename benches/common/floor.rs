//! The floor: plain libdeflate inflation of the same files, and nothing else.

use std::fs;
use std::path::PathBuf;

/// Inflates every file whole into one buffer; returns the bytes that came out.
pub fn inflate_all(files: &[PathBuf]) -> u64 {
    let mut inflater = libdeflater::Decompressor::new();
    let mut buffer = Vec::new();
    let mut total = 0;
    for file in files {
        let stored = fs::read(file).expect("the corpus can be read");
        let size =
            u32::from_le_bytes(stored[stored.len() - 4..].try_into().expect("four bytes")) as usize;
        buffer.resize(size.max(buffer.len()), 0);
        total += inflater
            .gzip_decompress(&stored, &mut buffer)
            .expect("sound gzip") as u64;
    }
    total
}

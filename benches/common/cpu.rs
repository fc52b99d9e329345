//! CPU time of this process, so that a busy machine does not blur a ratio.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use sha2::{Digest, Sha256};

/// User and system time of all threads so far.
pub fn cpu_time() -> Duration {
    // SAFETY: `getrusage` fills the struct that it is given and keeps no pointer to it.
    let usage = unsafe {
        let mut usage = std::mem::zeroed::<libc::rusage>();
        assert_eq!(
            libc::getrusage(libc::RUSAGE_SELF, &raw mut usage),
            0,
            "getrusage works"
        );
        usage
    };
    let of = |time: libc::timeval| Duration::new(time.tv_sec as u64, time.tv_usec as u32 * 1000);
    of(usage.ru_utime) + of(usage.ru_stime)
}

/// CPU seconds of one call, and its answer.
pub fn timed<T>(work: impl FnOnce() -> T) -> (f64, T) {
    let before = cpu_time();
    let answer = work();
    ((cpu_time() - before).as_secs_f64(), answer)
}

/// The middle of an odd number of values.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Plain inflation of gzip files, the floor of every scan; the bytes that came out.
pub fn inflate_all(files: &[PathBuf]) -> usize {
    let mut total = 0;
    inflate_each(files, &mut |bytes| total += bytes.len());
    total
}

/// Inflation and SHA-256 of what comes out, and nothing else; a sum that depends on all hashes.
pub fn inflate_and_hash(files: &[PathBuf]) -> u64 {
    let mut sum = 0_u64;
    inflate_each(files, &mut |bytes| {
        let hash: [u8; 32] = Sha256::digest(bytes).into();
        sum = sum.wrapping_add(u64::from(hash[0]) + 1);
    });
    sum
}

fn inflate_each(files: &[PathBuf], each: &mut dyn FnMut(&[u8])) {
    let mut inflater = libdeflater::Decompressor::new();
    let mut buffer = Vec::new();
    for file in files {
        let stored = fs::read(file).expect("the corpus can be read");
        let size =
            u32::from_le_bytes(stored[stored.len() - 4..].try_into().expect("four bytes")) as usize;
        buffer.resize(size.max(buffer.len()), 0);
        let length = inflater
            .gzip_decompress(&stored, &mut buffer)
            .expect("sound gzip");
        each(&buffer[..length]);
    }
}

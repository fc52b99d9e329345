//! Readers that stop: at a ratio of unpacked to stored bytes, and never between zstd frames.

use std::io::{self, Read};

use super::super::inflate::InflateLimits;
use super::FileFault;
use crate::reader::inflate::GzipFault;

/// Below this the ratio is not looked at.
const SMALL: u64 = 64 << 20;

/// Counts what comes out of an archive, and ends with an error where it is too dense.
pub(super) struct Bounded<R> {
    inner: R,
    stored: u64,
    limits: InflateLimits,
    /// Bytes that came out.
    pub(super) count: u64,
    /// Zero bytes at the end of them.
    pub(super) zeros: u64,
    is_over: bool,
}

impl<R: Read> Bounded<R> {
    pub(super) fn new(inner: R, stored: u64, limits: InflateLimits) -> Self {
        Bounded {
            inner,
            stored,
            limits,
            count: 0,
            zeros: 0,
            is_over: false,
        }
    }

    /// The fault, if the bound was met.
    pub(super) fn fault(&self) -> Option<FileFault> {
        self.is_over
            .then(|| dense(self.count, self.stored, self.limits))
    }
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.count += count as u64;
        let part = &buffer[..count];
        let zeros = part.iter().rev().take_while(|byte| **byte == 0).count();
        self.zeros = zeros as u64 + if zeros == count { self.zeros } else { 0 };
        if is_dense(self.count, self.stored, self.limits) {
            self.is_over = true;
            return Err(io::Error::other("denser than the limit"));
        }
        Ok(count)
    }
}

pub(super) fn is_dense(inflated: u64, stored: u64, limits: InflateLimits) -> bool {
    inflated > SMALL && inflated / limits.ratio.max(1) > stored
}

pub(super) fn dense(inflated: u64, stored: u64, limits: InflateLimits) -> FileFault {
    FileFault::Gzip(GzipFault::TooDense {
        inflated,
        stored,
        limit: limits.ratio,
    })
}

/// Zstd frames one after another.
pub(super) struct Frames<R: Read> {
    state: State<R>,
}

enum State<R: Read> {
    Between(io::BufReader<R>),
    Inside(
        Box<ruzstd::decoding::StreamingDecoder<io::BufReader<R>, ruzstd::decoding::FrameDecoder>>,
    ),
    Ended,
}

impl<R: Read> Frames<R> {
    pub(super) fn new(inner: R) -> Self {
        Frames {
            state: State::Between(io::BufReader::new(inner)),
        }
    }
}

fn broken(_: impl std::fmt::Debug) -> io::Error {
    io::Error::other("broken zstd data")
}

impl<R: Read> Read for Frames<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match std::mem::replace(&mut self.state, State::Ended) {
                State::Ended => return Ok(0),
                State::Between(mut inner) => {
                    if io::BufRead::fill_buf(&mut inner)?.is_empty() {
                        return Ok(0);
                    }
                    let decoder = ruzstd::decoding::StreamingDecoder::new(inner).map_err(broken)?;
                    self.state = State::Inside(Box::new(decoder));
                }
                State::Inside(mut decoder) => {
                    let count = decoder.read(buffer).map_err(broken)?;
                    if count > 0 || buffer.is_empty() {
                        self.state = State::Inside(decoder);
                        return Ok(count);
                    }
                    let frame = &decoder.decoder;
                    let stated = frame.get_checksum_from_data();
                    if stated.is_some() && stated != frame.get_calculated_checksum() {
                        return Err(broken(()));
                    }
                    self.state = State::Between(decoder.into_inner());
                }
            }
        }
    }
}

//! Readers that stop: at a ratio of unpacked to stored bytes, and never between zstd frames.

use std::cell::{Cell, RefCell};
use std::io::{self, Read};

use flate2::bufread::GzDecoder;

use super::super::inflate::InflateLimits;
use super::FileFault;
use crate::reader::inflate::GzipFault;
use crate::reader::streams::hides_in_header;

/// Below this the ratio is not looked at.
const SMALL: u64 = 64 << 20;

/// Counts what comes out of an archive, looks at what fills its blocks, and ends with an error
/// where it is too dense. It is read through a reference, so that it can be asked meanwhile.
pub(super) struct Bounded<R> {
    inner: RefCell<R>,
    stored: u64,
    limits: InflateLimits,
    /// Bytes that came out.
    count: Cell<u64>,
    /// Zero bytes at the end of them.
    zeros: Cell<u64>,
    end: Cell<End>,
    /// Where the last member ends, and up to where its last block is filled.
    filling: Cell<(u64, u64)>,
    /// The first byte of a filling that is not zero.
    filled: Cell<Option<u64>>,
}

/// Why no more is read.
#[derive(Clone, Copy)]
enum End {
    Open,
    Dense,
    HeaderData,
}

impl<R: Read> Bounded<R> {
    pub(super) fn new(inner: R, stored: u64, limits: InflateLimits) -> Self {
        Bounded {
            inner: RefCell::new(inner),
            stored,
            limits,
            count: Cell::new(0),
            zeros: Cell::new(0),
            end: Cell::new(End::Open),
            filling: Cell::new((0, 0)),
            filled: Cell::new(None),
        }
    }

    /// The fault, if the bound was met or a gzip header hides something.
    pub(super) fn fault(&self) -> Option<FileFault> {
        match self.end.get() {
            End::Open => None,
            End::Dense => Some(dense(self.count.get(), self.stored, self.limits)),
            End::HeaderData => Some(FileFault::Gzip(GzipFault::HeaderData)),
        }
    }

    /// Says where data ends that is not read to there yet; zeros fill its block.
    pub(super) fn data_ends(&self, at: u64, block: u64) {
        self.filling
            .set((at, at.checked_next_multiple_of(block).unwrap_or(at)));
    }

    /// The first byte that fills a block and is not zero.
    pub(super) fn filled(&self) -> Option<u64> {
        self.filled.get()
    }

    /// Zero bytes at the end, behind all data.
    pub(super) fn zeros(&self) -> u64 {
        let behind = self.count.get().saturating_sub(self.filling.get().1);
        self.zeros.get().min(behind)
    }

    fn look(&self, part: &[u8]) {
        let start = self.count.get();
        let (from, to) = self.filling.get();
        let place = |at: u64| at.saturating_sub(start).min(part.len() as u64) as usize;
        let filling = &part[place(from)..place(to)];
        if self.filled.get().is_none()
            && let Some(at) = filling.iter().position(|byte| *byte != 0)
        {
            self.filled.set(Some(start.max(from) + at as u64));
        }
        let zeros = part.iter().rev().take_while(|byte| **byte == 0).count();
        let before = if zeros == part.len() {
            self.zeros.get()
        } else {
            0
        };
        self.zeros.set(before + zeros as u64);
        self.count.set(start + part.len() as u64);
    }
}

impl<R: Read> Read for &Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.borrow_mut().read(buffer);
        let count = read.inspect_err(|error| {
            if error.kind() == io::ErrorKind::InvalidData
                && error.get_ref().is_some_and(|cause| cause.is::<GzipFault>())
            {
                self.end.set(End::HeaderData);
            }
        })?;
        self.look(&buffer[..count]);
        if is_dense(self.count.get(), self.stored, self.limits) {
            self.end.set(End::Dense);
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

/// Gzip members one after another.
pub(super) struct GzipMembers<R: Read> {
    member: Option<GzDecoder<io::BufReader<R>>>,
}

impl<R: Read> GzipMembers<R> {
    pub(super) fn new(inner: R) -> Self {
        GzipMembers {
            member: Some(GzDecoder::new(io::BufReader::new(inner))),
        }
    }
}

impl<R: Read> Read for GzipMembers<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while let Some(member) = &mut self.member {
            let count = member.read(buffer)?;
            if member.header().is_some_and(hides_in_header) {
                return Err(io::Error::new(
                    io::ErrorKind::InvalidData,
                    GzipFault::HeaderData,
                ));
            }
            if count > 0 || buffer.is_empty() {
                return Ok(count);
            }
            let ended = self.member.take().map(GzDecoder::into_inner);
            if let Some(mut inner) = ended
                && !io::BufRead::fill_buf(&mut inner)?.is_empty()
            {
                self.member = Some(GzDecoder::new(inner));
            }
        }
        Ok(0)
    }
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

//! What a person sees while work goes on: a bar on a terminal, a line now and
//! then elsewhere, nothing when asked to be quiet. Always on standard error.

use std::io::{IsTerminal, Write};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// How often a line is written where there is no terminal.
const LINE_EVERY: Duration = Duration::from_secs(10);

/// How far a scan has come.
#[derive(Debug, Clone, Copy, Default)]
pub struct Progress {
    /// Files done.
    pub files: u64,
    /// Files in all.
    pub files_total: u64,
    /// Bytes as stored, done.
    pub bytes: u64,
    /// Bytes as stored, in all.
    pub bytes_total: u64,
    /// Records read.
    pub records: u64,
}

/// Shows progress in the way that fits where standard error goes.
pub struct Display {
    kind: Kind,
    started: Instant,
}

enum Kind {
    Quiet,
    Bar(ProgressBar),
    Lines(Mutex<Instant>),
}

impl Display {
    /// A display for the current standard error.
    pub fn new(quiet: bool) -> Display {
        let kind = if quiet {
            Kind::Quiet
        } else if std::io::stderr().is_terminal() {
            let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stderr_with_hz(8));
            let style =
                ProgressStyle::with_template("{bar:24} {percent:>3}%  {eta} left  {wide_msg}")
                    .expect("the template is valid")
                    .progress_chars("=> ");
            bar.set_style(style);
            Kind::Bar(bar)
        } else {
            Kind::Lines(Mutex::new(Instant::now()))
        };
        Display {
            kind,
            started: Instant::now(),
        }
    }

    /// Shows how far the work has come.
    pub fn update(&self, progress: Progress) {
        match &self.kind {
            Kind::Quiet => {}
            Kind::Bar(bar) => {
                bar.set_length(progress.bytes_total.max(1));
                bar.set_position(progress.bytes);
                bar.set_message(words(progress));
            }
            Kind::Lines(last) => {
                let mut last = last
                    .lock()
                    .unwrap_or_else(std::sync::PoisonError::into_inner);
                if last.elapsed() >= LINE_EVERY {
                    *last = Instant::now();
                    write_line(&format!(
                        "reading: {}{}",
                        words(progress),
                        self.left(progress)
                    ));
                }
            }
        }
    }

    /// Ends the bar and says what was done.
    pub fn finish(&self, line: &str) {
        if let Kind::Bar(bar) = &self.kind {
            bar.finish_and_clear();
        }
        self.say(line);
    }

    /// One line, unless quiet.
    pub fn say(&self, line: &str) {
        match &self.kind {
            Kind::Quiet => {}
            Kind::Bar(bar) => bar.suspend(|| write_line(line)),
            Kind::Lines(_) => write_line(line),
        }
    }

    fn left(&self, progress: Progress) -> String {
        if progress.bytes == 0 || progress.bytes >= progress.bytes_total {
            return String::new();
        }
        let rest = (progress.bytes_total - progress.bytes) as f64 / progress.bytes as f64;
        let seconds = self.started.elapsed().as_secs_f64() * rest;
        format!(
            ", about {} left",
            indicatif::HumanDuration(Duration::from_secs_f64(seconds))
        )
    }
}

fn words(progress: Progress) -> String {
    format!(
        "{} of {} files, {} records",
        thousands(progress.files),
        thousands(progress.files_total),
        thousands(progress.records)
    )
}

/// A line to standard error; a closed one is no reason to fail.
fn write_line(line: &str) {
    let _closed_is_fine = writeln!(std::io::stderr().lock(), "{line}");
}

/// `1,234,567`
pub fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::thousands;

    #[test]
    fn numbers_are_grouped_by_three() {
        assert_eq!(thousands(0), "0");
        assert_eq!(thousands(999), "999");
        assert_eq!(thousands(1_000), "1,000");
        assert_eq!(thousands(1_234_567), "1,234,567");
    }
}

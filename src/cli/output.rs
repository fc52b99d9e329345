//! Standard output and standard error.

use std::io::{self, BufWriter, StdoutLock, Write};

use super::exit::Exit;
use super::failure::Failure;

/// Buffered standard output.
pub type Out = BufWriter<StdoutLock<'static>>;

/// Standard output, to be passed down.
pub fn stdout() -> Out {
    BufWriter::new(io::stdout().lock())
}

/// A reader that closed the pipe (`| head`) has seen enough: a quiet end, not an error.
///
/// # Errors
/// Any other trouble with standard output.
pub fn closed_is_fine(result: io::Result<()>) -> Result<(), Failure> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        Err(error) => Err(Failure {
            message: format!("cannot write to standard output: {error}"),
            help: None,
            exit: Exit::Usage,
        }),
        Ok(()) => Ok(()),
    }
}

/// Text to standard error.
pub fn complain(text: &str) {
    let _closed_is_fine = writeln!(io::stderr().lock(), "{}", text.trim_end());
}

//! The only place that knows of a clock, an environment, a terminal and an exit code.

pub mod args;
pub mod control;
pub mod exit;
pub mod failure;
pub mod integrity;
pub mod matching;
pub mod output;
pub mod plan;
pub mod reference;
pub mod settings;
pub mod terminal;
pub mod trial;

use clap::Parser;

use self::args::{Cli, Command, Control, Logs};
use self::exit::Exit;
use self::failure::Failure;

/// Runs the command that this process was called with, and says how to end.
pub fn main() -> Exit {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are answers; anything else is wrong use.
            let exit = if error.use_stderr() {
                Exit::Usage
            } else {
                Exit::Clean
            };
            let _closed_is_fine = error.print();
            return exit;
        }
    };
    match run(&cli.command) {
        Ok(exit) => exit,
        Err(failure) => {
            output::complain(&failure.text());
            failure.exit
        }
    }
}

fn run(command: &Command) -> Result<Exit, Failure> {
    let mut out = output::stdout();
    let exit = match command {
        Command::Control(Control::List(args)) => control::list(args, &mut out)?,
        Command::Control(Control::Show(args)) => control::show(args, &mut out)?,
        Command::Control(Control::Lint(args)) => trial::lint(args, &mut out)?,
        Command::Control(Control::Test(args)) => trial::test(args, &mut out)?,
        Command::Control(Control::Match(args)) => matching::run(args, &mut out)?,
        Command::Logs(Logs::Integrity(args)) => integrity::run(args, &mut out)?,
        _ => return Err(Failure::usage("not wired yet", "")),
    };
    output::closed_is_fine(std::io::Write::flush(&mut out))?;
    Ok(exit)
}

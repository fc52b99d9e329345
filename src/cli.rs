//! The only place that knows of a clock, an environment, a terminal and an exit code.

pub mod args;
pub mod clock;
pub mod control;
pub mod exit;
pub mod explain;
pub mod failure;
pub mod given;
pub mod intake;
pub mod integrity;
pub mod logs;
pub mod matching;
pub mod merge;
pub mod output;
pub mod own_files;
pub mod pattern;
pub mod plan;
pub mod reference;
pub mod report;
pub mod settings;
pub mod settings_shown;
pub mod snapshots;
pub mod standard_input;
pub mod stop;
pub mod terminal;
pub mod trial;
pub mod trust;

use clap::Parser;

use self::args::{Cli, Command, Control, LogsCommand, Pattern};
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
    stop::listen();
    stop::outlive_limits();
    match run(&cli.command, &clock::Clock::start()) {
        Ok(exit) => exit,
        Err(failure) => {
            output::complain(&failure.text());
            failure.exit
        }
    }
}

fn run(command: &Command, clock: &clock::Clock) -> Result<Exit, Failure> {
    let mut out = output::stdout();
    let exit = match command {
        Command::Control(Control::List(args)) => control::list(args, &mut out)?,
        Command::Control(Control::Show(args)) => control::show(args, &mut out)?,
        Command::Control(Control::Lint(args)) => trial::lint(args, &mut out)?,
        Command::Control(Control::Test(args)) => trial::test(args, &mut out)?,
        Command::Control(Control::Match(args)) => matching::run(args, &mut out)?,
        Command::Pattern(Pattern::Check(args)) => pattern::check(args, &mut out)?,
        Command::Report(args) => report::run(args, clock, &mut out)?,
        Command::Scan(args) => intake::scan(args, &mut out)?,
        Command::Merge(args) => merge::run(args, &mut out)?,
        Command::Logs(args) => match &args.command {
            Some(LogsCommand::Integrity(args)) => integrity::run(args, &mut out)?,
            None => logs::run(&args.inspect, clock, &mut out)?,
        },
        Command::Settings(args) => settings_shown::run(args, &mut out)?,
        Command::Control(Control::Explain(args)) => explain::run(args, &mut out)?,
    };
    let flushed = output::closed_is_fine(std::io::Write::flush(&mut out));
    match command {
        // Its work is on disk, and it has told what could not be printed.
        Command::Report(_) => Ok(exit),
        _ => flushed.map(|()| exit),
    }
}

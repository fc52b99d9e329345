//! Writes a packet made by hand, to look at: `cargo run --example packet_demo -- OUT`.
//!
//! All values are made up; many of them are what attackers write into logs.

use std::path::Path;
use std::process::ExitCode;

use attestrail::packet::build;
use attestrail::packet::folder::Existing;
use attestrail::packet::write::{self, Options};
use attestrail::render;

#[path = "../tests/it/packet_demo.rs"]
#[allow(dead_code, reason = "tests use more of it")]
mod packet_demo;

fn main() -> ExitCode {
    let Some(out) = std::env::args().nth(1) else {
        eprintln!("usage: packet_demo OUT");
        return ExitCode::FAILURE;
    };
    let demo = packet_demo::demo();
    for framework in ["pci-dss-4.0.1", "hipaa"] {
        let inputs = demo.inputs(framework);
        let options = Options {
            out: Path::new(&out),
            existing: Existing::Replace,
            views: &render::VIEWS,
            stop: None,
        };
        let written = build::build(&inputs)
            .map_err(|error| error.to_string())
            .and_then(|packet| {
                write::write(&inputs, &packet, &options).map_err(|error| error.to_string())
            });
        match written {
            Ok(written) => println!("{}", written.folder.display()),
            Err(message) => {
                eprintln!("{message}");
                return ExitCode::FAILURE;
            }
        }
    }
    ExitCode::SUCCESS
}

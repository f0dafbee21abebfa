//! `holdctl`: Holdpoint in a terminal.

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(cli::main())
}

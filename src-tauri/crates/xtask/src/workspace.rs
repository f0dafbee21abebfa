//! Where the repository and its built binaries are, and how cargo is called in it.

use crate::page;
use crate::setup::{Purpose, node, setup};
use anyhow::{Context, Result, anyhow, bail};
use serde_json::Value;
use std::env;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// This repository on this machine.
pub(crate) struct Workspace {
    /// The folder of the workspace's `Cargo.toml`.
    pub(crate) root: PathBuf,
    /// Cargo's target directory, wherever the environment puts it.
    pub(crate) target: PathBuf,
}

impl Workspace {
    /// The workspace this tool was started from.
    pub(crate) fn find() -> Result<Self> {
        let start = env::var_os("CARGO_MANIFEST_DIR").map_or_else(env::current_dir, |dir| Ok(dir.into()))?;
        let root = start
            .ancestors()
            .find(|dir| is_workspace(dir))
            .ok_or_else(|| {
                anyhow!("no workspace above {}: start this inside the repository", start.display())
            })?
            .to_path_buf();
        let mut workspace = Workspace { target: root.join("target"), root };
        let output = workspace
            .cargo(["metadata", "--no-deps", "--format-version", "1"])
            .stderr(Stdio::inherit())
            .output()
            .context("cargo could not be started")?;
        let metadata: Value =
            serde_json::from_slice(&output.stdout).context("cargo metadata says nothing")?;
        if let Some(target) = metadata.get("target_directory").and_then(Value::as_str) {
            workspace.target = target.into();
        }
        Ok(workspace)
    }

    /// Cargo in the repository's root, with the environment a person's shell would give it.
    pub(crate) fn cargo<const N: usize>(&self, arguments: [&str; N]) -> Command {
        let mut command = Command::new(cargo_program());
        command.current_dir(&self.root).args(arguments);
        // `cargo run` describes this package to this process. Passed on, it would look like a changed input to build
        // scripts that watch those variables, and rebuild them each time.
        for (name, _) in env::vars_os().filter(|(name, _)| describes_this_package(name)) {
            command.env_remove(name);
        }
        self.put_fetched_first(&mut command);
        command
    }

    /// A program by its name, those that setup fetched before those of the machine.
    pub(crate) fn program(&self, name: &str) -> Command {
        let mut command = Command::new(if cfg!(windows) && name == "npm" { "npm.cmd" } else { name });
        self.put_fetched_first(&mut command);
        command
    }

    fn put_fetched_first(&self, command: &mut Command) {
        let fetched = node::programs(&self.target);
        if fetched.is_dir()
            && let Ok(path) = first_on_path(fetched, &env::var_os("PATH").unwrap_or_default())
        {
            command.env("PATH", path);
        }
    }
}

/// What is built.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Targets {
    /// The programs.
    Programs,
    /// The tests too, which ask some packages for more: built after the programs alone, they would build half of them twice.
    WithTests,
}

/// The product's programs, by absolute path.
pub(crate) struct Binaries {
    pub(crate) holdctl: PathBuf,
    pub(crate) gateway: PathBuf,
    pub(crate) rehearsal: PathBuf,
    pub(crate) app: PathBuf,
}

impl Binaries {
    /// The environment variables that hand the programs over to tests and to this tool's own children.
    const VARIABLES: [&str; 4] =
        ["HOLDCTL_BIN", "HOLDPOINT_GATEWAY_BIN", "HOLDPOINT_REHEARSAL_BIN", "HOLDPOINT_BIN"];

    /// Those named in the environment, else freshly built ones, on a machine that is set up for `purpose`.
    pub(crate) fn ready(workspace: &Workspace, purpose: Purpose) -> Result<Self> {
        match Self::VARIABLES.map(env::var_os) {
            [Some(holdctl), Some(gateway), Some(rehearsal), Some(app)] => Ok(Binaries {
                holdctl: holdctl.into(),
                gateway: gateway.into(),
                rehearsal: rehearsal.into(),
                app: app.into(),
            }),
            _ => {
                setup(workspace, purpose)?;
                Self::build(workspace, Targets::Programs)
            }
        }
    }

    /// Builds the page, which the window's program holds, and the whole workspace: building single packages would unify
    /// features differently and build twice.
    pub(crate) fn build(workspace: &Workspace, targets: Targets) -> Result<Self> {
        page::build(workspace)?;
        let mut command = workspace.cargo(["build", "--workspace"]);
        command.args(["--message-format", "json-render-diagnostics"]);
        if targets == Targets::WithTests {
            command.arg("--all-targets");
        }
        let output = command.stderr(Stdio::inherit()).output().context("cargo build could not be started")?;
        if !output.status.success() {
            bail!("cargo build ended with {}: mend what it says above", output.status);
        }
        let messages = String::from_utf8_lossy(&output.stdout);
        let built = |name: &str| {
            executable(&messages, name).ok_or_else(|| anyhow!("the workspace builds no program named {name}"))
        };
        Ok(Binaries {
            holdctl: built("holdctl")?,
            gateway: built("holdpoint-gateway")?,
            rehearsal: built("holdpoint-rehearsal")?,
            app: built("holdpoint")?,
        })
    }

    /// Names and values of [`Self::VARIABLES`].
    pub(crate) fn environment(&self) -> [(&'static str, &Path); 4] {
        let [holdctl, gateway, rehearsal, app] = Self::VARIABLES;
        [(holdctl, &self.holdctl), (gateway, &self.gateway), (rehearsal, &self.rehearsal), (app, &self.app)]
    }
}

fn first_on_path(first: PathBuf, path: &OsStr) -> Result<OsString, env::JoinPathsError> {
    env::join_paths(std::iter::once(first).chain(env::split_paths(path)))
}

fn is_workspace(dir: &Path) -> bool {
    std::fs::read_to_string(dir.join("Cargo.toml"))
        .is_ok_and(|text| text.lines().any(|line| line.trim() == "[workspace]"))
}

fn cargo_program() -> OsString {
    env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}

fn describes_this_package(variable: &OsString) -> bool {
    variable
        .to_str()
        .is_some_and(|name| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_"))
}

/// The path of the program `name` in cargo's JSON messages; the tests inside a program are another one.
fn executable(messages: &str, name: &str) -> Option<PathBuf> {
    messages
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|message| message.pointer("/target/name").and_then(Value::as_str) == Some(name))
        .filter(|message| message.pointer("/profile/test").and_then(Value::as_bool) != Some(true))
        .find_map(|message| Some(message.get("executable")?.as_str()?.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_built_program_is_found_by_its_name_and_a_library_or_its_tests_are_not_one() {
        let messages = concat!(
            r#"{"profile":{"test":true},"target":{"kind":["bin"],"name":"holdctl"},"executable":"/t/holdctl-1"}"#,
            "\n",
            r#"{"profile":{"test":false},"target":{"kind":["lib"],"name":"gateway"},"executable":null}"#,
            "\nnot json\n",
            r#"{"profile":{"test":false},"target":{"kind":["bin"],"name":"holdctl"},"executable":"/t/holdctl"}"#,
        );
        assert_eq!(executable(messages, "holdctl"), Some(PathBuf::from("/t/holdctl")));
        assert_eq!(executable(messages, "gateway"), None);
    }

    #[test]
    fn what_was_fetched_comes_first_on_the_path() {
        let machine = env::join_paths(["/usr/bin", "/bin"]).expect("a path");
        let whole = first_on_path("/t/tools".into(), &machine).expect("a path");
        let dirs: Vec<PathBuf> = env::split_paths(&whole).collect();
        assert_eq!(dirs, ["/t/tools", "/usr/bin", "/bin"].map(PathBuf::from));
    }

    #[test]
    fn only_what_cargo_run_says_about_this_package_is_withheld() {
        assert!(describes_this_package(&"CARGO_PKG_NAME".into()));
        assert!(describes_this_package(&"CARGO_MANIFEST_DIR".into()));
        assert!(!describes_this_package(&"CARGO_TARGET_DIR".into()));
        assert!(!describes_this_package(&"CARGO_HOME".into()));
    }
}

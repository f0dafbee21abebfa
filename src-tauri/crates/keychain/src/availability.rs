//! Is there a credential store at all? Asked before the first call, because the keyring crate keeps its first failure
//! for the life of the process.

use std::fmt;

/// Whether secrets outlive this process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Availability {
    /// The OS keeps them.
    Ready,
    /// They are kept in memory only.
    None {
        /// Why.
        why: Absence,
    },
}

/// Why there is no credential store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Absence {
    /// No session bus, as on a headless host.
    NoBus {
        /// What the bus library said.
        detail: String,
    },
    /// A session bus, but nobody on it keeps secrets (no GNOME Keyring, KWallet or the like).
    NoService,
    /// The session bus did not answer in time.
    Silent,
    /// The caller wanted none.
    NotAsked,
}

/// A sentence for people.
impl fmt::Display for Availability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let why = match self {
            Availability::Ready => return f.write_str("the keychain keeps the session"),
            Availability::None { why } => why,
        };
        f.write_str("No keychain here: ")?;
        match why {
            Absence::NoBus { detail } => write!(f, "there is no session bus ({detail})")?,
            Absence::NoService => f.write_str("no program on the session bus keeps secrets")?,
            Absence::Silent => f.write_str("the session bus does not answer")?,
            Absence::NotAsked => f.write_str("it was not asked for")?,
        }
        f.write_str("; the session lasts until this program ends")
    }
}

/// Asks the session bus whether someone on it keeps secrets, or would if called. `address` is the bus to ask; `None`
/// for the one of this process.
#[cfg(all(unix, not(target_os = "macos")))]
pub(crate) async fn look(address: Option<&str>) -> Availability {
    /// Longer than any bus needs; short enough for a start.
    const PATIENCE: std::time::Duration = std::time::Duration::from_secs(2);

    match tokio::time::timeout(PATIENCE, keeps_secrets(address)).await {
        Ok(Ok(true)) => Availability::Ready,
        Ok(Ok(false)) => Availability::None { why: Absence::NoService },
        Ok(Err(error)) => Availability::None { why: Absence::NoBus { detail: error.to_string() } },
        Err(_) => Availability::None { why: Absence::Silent },
    }
}

/// The stores of macOS and Windows are always there.
#[cfg(not(all(unix, not(target_os = "macos"))))]
pub(crate) async fn look(_address: Option<&str>) -> Availability {
    Availability::Ready
}

#[cfg(all(unix, not(target_os = "macos")))]
async fn keeps_secrets(address: Option<&str>) -> zbus::Result<bool> {
    const SERVICE: &str = "org.freedesktop.secrets";

    let bus = match address {
        Some(address) => zbus::connection::Builder::address(address)?.build().await?,
        None => zbus::Connection::session().await?,
    };
    let bus = zbus::fdo::DBusProxy::new(&bus).await?;
    if bus.name_has_owner(SERVICE.try_into()?).await? {
        return Ok(true);
    }
    let activatable = bus.list_activatable_names().await?;
    Ok(activatable.iter().any(|name| name.as_str() == SERVICE))
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use std::io::{BufRead, BufReader};
    use std::path::Path;
    use std::process::{Child, Command, Stdio};
    use tempfile::TempDir;

    /// A real bus of its own, ended with the test.
    struct Bus {
        daemon: Child,
        address: String,
        _dir: TempDir,
    }

    impl Bus {
        fn start(services: &[&str]) -> Self {
            let dir = TempDir::new().expect("a directory");
            for name in services {
                let service = format!("[D-BUS Service]\nName={name}\nExec=/bin/false\n");
                std::fs::write(dir.path().join(format!("{name}.service")), service).expect("writable");
            }
            let config = dir.path().join("bus.conf");
            std::fs::write(&config, bus_config(dir.path())).expect("writable");
            let mut daemon = Command::new("dbus-daemon")
                .args(["--nofork", "--print-address"])
                .arg(format!("--config-file={}", config.display()))
                .stdout(Stdio::piped())
                .stderr(Stdio::null())
                .spawn()
                .expect("dbus-daemon is among the test packages: cargo xtask setup");
            let mut address = String::new();
            let said = daemon.stdout.take().expect("piped");
            BufReader::new(said).read_line(&mut address).expect("an address");
            Self { daemon, address: address.trim().to_owned(), _dir: dir }
        }
    }

    impl Drop for Bus {
        fn drop(&mut self) {
            let _ = self.daemon.kill();
            let _ = self.daemon.wait();
        }
    }

    fn bus_config(dir: &Path) -> String {
        let dir = dir.display();
        format!(
            "<busconfig><type>session</type><listen>unix:dir={dir}</listen><servicedir>{dir}</servicedir>\
             <policy context=\"default\"><allow send_destination=\"*\"/>\
             <allow receive_sender=\"*\"/><allow own=\"*\"/></policy></busconfig>"
        )
    }

    #[tokio::test]
    async fn f47_without_a_session_bus_there_is_no_keychain_and_it_is_said() {
        let found = look(Some("unix:path=/nonexistent/bus")).await;
        assert!(matches!(&found, Availability::None { why: Absence::NoBus { .. } }), "{found:?}");
        let sentence = found.to_string();
        assert!(sentence.starts_with("No keychain here: there is no session bus ("), "{sentence}");
        assert!(sentence.ends_with("; the session lasts until this program ends"), "{sentence}");
    }

    #[tokio::test]
    async fn f47_a_bus_where_nobody_keeps_secrets_is_no_keychain() {
        let bus = Bus::start(&["org.example.Other"]);
        let found = look(Some(&bus.address)).await;
        assert_eq!(found, Availability::None { why: Absence::NoService });
    }

    #[tokio::test]
    async fn a_service_that_the_bus_would_start_counts_as_there() {
        let bus = Bus::start(&["org.freedesktop.secrets"]);
        assert_eq!(look(Some(&bus.address)).await, Availability::Ready);
    }

    #[tokio::test]
    async fn a_service_that_runs_counts_as_there() {
        let bus = Bus::start(&[]);
        let builder = zbus::connection::Builder::address(bus.address.as_str()).expect("an address");
        let _keeper =
            builder.name("org.freedesktop.secrets").expect("a name").build().await.expect("connects");
        assert_eq!(look(Some(&bus.address)).await, Availability::Ready);
    }

    #[tokio::test]
    async fn f47_a_bus_that_never_answers_is_given_up() {
        let dir = TempDir::new().expect("a directory");
        let path = dir.path().join("bus");
        let _deaf = std::os::unix::net::UnixListener::bind(&path).expect("binds");
        let address = format!("unix:path={}", path.display());
        assert_eq!(look(Some(&address)).await, Availability::None { why: Absence::Silent });
    }
}

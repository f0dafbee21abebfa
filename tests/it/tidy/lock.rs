//! What the lock file must not hold: a second TLS or cryptography stack, a second or an older SQLite.
//! `.deny.toml` says the same to cargo-deny, which not every machine has.

use super::none;
use super::tree;

/// One of these is enough to double the build or the attack surface.
const BANNED: [&str; 5] = ["aws-lc-rs", "aws-lc-sys", "native-tls", "openssl", "openssl-sys"];
/// SQLite 3.51.3; older ones can corrupt a write-ahead log when it is reset.
const SQLITE: (&str, &str) = ("libsqlite3-sys", "0.37.0");

fn violations(lock: &str) -> Vec<String> {
    let packages = packages(lock);
    let banned = packages.iter().filter(|(name, _)| BANNED.contains(name));
    let mut found: Vec<String> =
        banned.map(|(name, _)| format!("Cargo.lock holds {name}: TLS is rustls on ring")).collect();
    let (sqlite, wanted) = SQLITE;
    let versions: Vec<&str> =
        packages.iter().filter(|(name, _)| *name == sqlite).map(|(_, version)| *version).collect();
    if versions != [wanted] {
        found.push(format!("Cargo.lock holds {sqlite} {versions:?}, but exactly {wanted} is due"));
    }
    found
}

fn packages(lock: &str) -> Vec<(&str, &str)> {
    let value = |entry: &'_ str, key: &str| -> Option<(usize, usize)> {
        let start = entry.find(&format!("{key} = \""))? + key.len() + 4;
        Some((start, start + entry[start..].find('"')?))
    };
    lock.split("[[package]]")
        .skip(1)
        .filter_map(|entry| {
            let (name, version) = (value(entry, "name")?, value(entry, "version")?);
            Some((&entry[name.0..name.1], &entry[version.0..version.1]))
        })
        .collect()
}

#[test]
fn the_lock_file_holds_one_tls_stack_and_one_sqlite() {
    let lock = std::fs::read_to_string(tree::root().join("Cargo.lock")).expect("the lock file");
    none(&violations(&lock));
}

#[test]
fn a_second_tls_stack_or_another_sqlite_is_caught() {
    let entry =
        |name: &str, version: &str| format!("[[package]]\nname = \"{name}\"\nversion = \"{version}\"\n\n");
    let good = entry("libsqlite3-sys", "0.37.0");
    assert!(violations(&good).is_empty());
    assert_eq!(violations(&format!("{good}{}", entry("openssl-sys", "0.9.1"))).len(), 1);
    assert_eq!(violations(&entry("libsqlite3-sys", "0.36.0")).len(), 1);
    assert_eq!(violations(&format!("{good}{}", entry("libsqlite3-sys", "0.35.0"))).len(), 1);
}

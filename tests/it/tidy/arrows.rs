//! Which package may depend on which, and which of them alone knows a library. The table is the architecture; the
//! truth it is compared with is cargo's own.

use super::none;
use super::tree;
use serde_json::Value;
use std::env;
use std::process::Command;

/// Every allowed arrow inside the workspace, development dependencies included. What is not drawn is forbidden.
const ARROWS: [(&str, &[&str]); 14] = [
    ("domain", &[]),
    ("keychain", &[]),
    ("headless", &[]),
    ("xtask", &["headless"]),
    ("protocol", &["domain"]),
    ("store", &["domain"]),
    ("client", &["protocol", "domain"]),
    ("gateway", &["protocol", "domain"]),
    ("engine", &["client", "store", "keychain", "domain"]),
    ("cli", &["engine", "client", "store", "keychain", "domain"]),
    ("rehearsal", &["gateway"]),
    ("fuzz", &["protocol", "store", "domain"]),
    ("holdpoint", &["engine", "rehearsal", "gateway", "client", "store", "keychain", "domain"]),
    (
        "tests",
        &[
            "domain",
            "protocol",
            "client",
            "store",
            "keychain",
            "engine",
            "cli",
            "gateway",
            "rehearsal",
            "headless",
        ],
    ),
];

/// Libraries that only some packages may know. A name covers its plug-ins too (`tauri` also `tauri-build`).
const KNOWN_BY: [(&str, &[&str]); 10] = [
    ("fantoccini", &["headless"]),
    ("tauri", &["holdpoint"]),
    ("notify-rust", &["holdpoint"]),
    ("sqlx", &["store", "gateway"]),
    ("libsqlite3-sys", &["store", "gateway"]),
    ("reqwest", &["client", "gateway"]),
    ("tungstenite", &["client", "gateway"]),
    ("tokio-tungstenite", &["client", "gateway"]),
    ("axum", &["gateway"]),
    ("keyring", &["keychain"]),
];

/// The behaviour tests break things from outside, so they may know any library.
const FREE: &str = "tests";

/// A package and what it depends on.
struct Package {
    name: String,
    /// Packages of the workspace.
    inside: Vec<String>,
    /// Libraries.
    outside: Vec<String>,
}

impl Package {
    fn read(value: &Value) -> Self {
        let dependencies = value["dependencies"].as_array().into_iter().flatten();
        let (inside, outside) = dependencies.partition::<Vec<&Value>, _>(|one| one["path"].is_string());
        let names = |list: Vec<&Value>| list.iter().map(|one| text(&one["name"])).collect();
        Package { name: text(&value["name"]), inside: names(inside), outside: names(outside) }
    }
}

fn arrows(packages: &[Package]) -> Vec<String> {
    let mut found = Vec::new();
    for package in packages {
        let Some((_, allowed)) = ARROWS.iter().find(|(name, _)| *name == package.name) else {
            found.push(format!("{}: it is not in the table of arrows; draw its arrows first", package.name));
            continue;
        };
        let forbidden = package.inside.iter().filter(|other| !allowed.contains(&other.as_str()));
        found.extend(forbidden.map(|other| format!("{} -> {other}: no such arrow is drawn", package.name)));
    }
    found
}

fn known(packages: &[Package]) -> Vec<String> {
    let mut found = Vec::new();
    for package in packages.iter().filter(|package| package.name != FREE) {
        for library in &package.outside {
            let rule = KNOWN_BY.iter().find(|(name, _)| covers(name, library));
            if let Some((_, by)) = rule
                && !by.contains(&package.name.as_str())
            {
                found.push(format!(
                    "{} depends on {library}, which only {} may know",
                    package.name,
                    by.join(", ")
                ));
            }
        }
    }
    found
}

fn covers(name: &str, library: &str) -> bool {
    library == name || library.strip_prefix(name).is_some_and(|rest| rest.starts_with('-'))
}

fn packages() -> Vec<Package> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1"])
        .current_dir(tree::root())
        .output()
        .expect("cargo can be started");
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo metadata speaks JSON");
    metadata["packages"].as_array().expect("packages").iter().map(Package::read).collect()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn planted(name: &str, inside: &[&str], outside: &[&str]) -> Package {
    let owned = |list: &[&str]| list.iter().map(|name| (*name).to_owned()).collect();
    Package { name: name.into(), inside: owned(inside), outside: owned(outside) }
}

#[test]
fn the_packages_depend_on_each_other_only_along_the_drawn_arrows() {
    let packages = packages();
    assert!(packages.len() >= 11, "cargo metadata names only {} packages", packages.len());
    none(&arrows(&packages));
}

#[test]
fn a_library_is_known_only_where_it_belongs() {
    none(&known(&packages()));
}

#[test]
fn an_arrow_that_is_not_drawn_is_caught() {
    assert_eq!(arrows(&[planted("domain", &["store"], &[])]).len(), 1);
    assert_eq!(arrows(&[planted("engine", &["gateway", "client"], &[])]).len(), 1);
    assert_eq!(arrows(&[planted("newcomer", &[], &[])]).len(), 1);
    assert!(arrows(&[planted("engine", &["client"], &[])]).is_empty());
}

#[test]
fn a_library_in_the_wrong_place_is_caught() {
    assert_eq!(known(&[planted("engine", &[], &["sqlx"])]).len(), 1);
    assert_eq!(known(&[planted("cli", &[], &["tauri-plugin-autostart"])]).len(), 1);
    assert!(known(&[planted("tests", &[], &["axum"]), planted("store", &[], &["sqlx"])]).is_empty());
}

#[test]
fn a_development_dependency_is_an_arrow_like_any_other() {
    let value = serde_json::json!({"name":"client","dependencies":[
        {"name":"gateway","path":"/x/gateway","kind":"dev"},
        {"name":"axum","kind":"dev"},
    ]});
    let package = [Package::read(&value)];
    assert_eq!(arrows(&package).len(), 1);
    assert_eq!(known(&package).len(), 1);
}

//! Writes the TypeScript bindings into the directory named: `cargo xtask bindings` calls it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{env, fs, process};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let target = PathBuf::from(env::args_os().nth(1).ok_or("name the directory to write to")?);
    let scratch = target.with_file_name(format!(".bindings-{}", process::id()));
    let files = engine::bindings::generate(&scratch);
    fs::remove_dir_all(&scratch)?;
    replace(&target, &files?)?;
    Ok(())
}

/// Files of types that are gone go too.
fn replace(target: &Path, files: &BTreeMap<String, String>) -> std::io::Result<()> {
    fs::create_dir_all(target)?;
    for entry in fs::read_dir(target)? {
        let entry = entry?;
        if !files.contains_key(&*entry.file_name().to_string_lossy()) {
            fs::remove_file(entry.path())?;
        }
    }
    for (name, text) in files {
        fs::write(target.join(name), text)?;
    }
    Ok(())
}

//! The sheet: one row per scene and size, light and dark beside each other. Reads names of files and writes HTML.

use anyhow::{Context, Result};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

const HEAD: &str = "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\"><title>Holdpoint, every view</title>\n<style>\n\
    body { font: 13px/20px Inter, system-ui, sans-serif; margin: 24px; background: #7773; }\n\
    h2 { font-size: 13px; margin: 32px 0 8px; }\n\
    div { display: grid; grid-template-columns: 1fr 1fr; gap: 16px; align-items: start; }\n\
    img { max-width: 100%; height: auto; display: block; }\n\
    </style>\n";

/// One picture, as its file is named: `SCENE-THEME-WIDTHxHEIGHT.png`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Picture {
    scene: String,
    theme: Theme,
    width: u32,
    height: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Theme {
    Light,
    Dark,
}

/// The pictures in a folder; other files are none.
pub(super) fn pictures(folder: &Path) -> Result<Vec<Picture>> {
    let entries =
        fs::read_dir(folder).with_context(|| format!("there are no pictures in {}", folder.display()))?;
    let names = entries.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()));
    let names = names.collect::<Result<Vec<String>>>()?;
    let mut pictures: Vec<Picture> = names.iter().filter_map(|name| Picture::read(name)).collect();
    pictures.sort();
    Ok(pictures)
}

/// The sheet of these pictures, to lie beside them.
pub(super) fn html(pictures: &[Picture]) -> String {
    let mut rows: BTreeMap<(&str, u32, u32), Vec<&Picture>> = BTreeMap::new();
    for picture in pictures {
        rows.entry((&picture.scene, picture.width, picture.height)).or_default().push(picture);
    }
    let mut html = HEAD.to_owned();
    for ((scene, width, height), row) in rows {
        let _ = write!(html, "<h2>{scene}, {width} x {height}</h2>\n<div>");
        for picture in row {
            let file = picture.file();
            let _ =
                write!(html, "<a href=\"{file}\"><img src=\"{file}\" alt=\"{file}\" loading=\"lazy\"></a>");
        }
        html.push_str("</div>\n");
    }
    html
}

impl Picture {
    fn read(file: &str) -> Option<Self> {
        let (rest, size) = file.strip_suffix(".png")?.rsplit_once('-')?;
        let (scene, theme) = rest.rsplit_once('-')?;
        let (width, height) = size.split_once('x')?;
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
        let theme = match theme {
            "light" => Theme::Light,
            "dark" => Theme::Dark,
            _ => return None,
        };
        let is_plain = !scene.is_empty() && scene.chars().all(plain);
        let (width, height) = (width.parse().ok()?, height.parse().ok()?);
        is_plain.then(|| Picture { scene: scene.to_owned(), theme, width, height })
    }

    fn file(&self) -> String {
        let theme = match self.theme {
            Theme::Light => "light",
            Theme::Dark => "dark",
        };
        format!("{}-{theme}-{}x{}.png", self.scene, self.width, self.height)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_read_from_its_name_and_named_the_same_again() {
        let name = "inbox-card-dark-380x560.png";
        let picture = Picture::read(name).expect("a picture");
        assert_eq!((picture.scene.as_str(), picture.theme), ("inbox-card", Theme::Dark));
        assert_eq!(picture.file(), name);
        for other in ["index.html", "inbox-380x560.png", "inbox-sepia-1x1.png", "<b>-dark-1x1.png"] {
            assert_eq!(Picture::read(other), None, "{other}");
        }
    }

    #[test]
    fn light_and_dark_of_a_scene_and_size_share_a_row_light_first() {
        let dir = tempfile::tempdir().expect("a directory");
        let names = ["a-dark-9x6.png", "a-light-9x6.png", "a-light-14x9.png", "index.html"];
        for name in names {
            fs::write(dir.path().join(name), "").expect("written");
        }
        let html = html(&pictures(dir.path()).expect("read"));
        assert_eq!(html.matches("<h2>").count(), 2);
        assert_eq!(html.matches("<img").count(), 3);
        let place = |name: &str| html.find(&format!("src=\"{name}\"")).expect(name);
        assert!(place("a-light-9x6.png") < place("a-dark-9x6.png"));
    }
}

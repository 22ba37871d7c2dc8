//! Documents on disk: which there are below a path, and their text.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// Files above this are passed over.
const LARGEST: u64 = 1 << 20;

/// The files below a path, or the file itself, in order of their names. What is hidden, and folders that are links, are
/// passed over.
pub(crate) fn below(path: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    if path.metadata()?.is_dir() {
        gather(path, &mut found)?;
    } else {
        found.push(path.to_owned());
    }
    found.sort();
    Ok(found)
}

fn gather(folder: &Path, found: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with('.') {
            continue;
        }
        if entry.file_type()?.is_dir() {
            gather(&entry.path(), found)?;
        } else if entry.path().is_file() {
            found.push(entry.path());
        }
    }
    Ok(())
}

/// The text in a file; or why it is passed over.
pub(crate) fn text(path: &Path) -> Result<String, String> {
    let size = path.metadata().map_err(|error| error.to_string())?.len();
    if size > LARGEST {
        return Err(format!("{size} bytes are more than {LARGEST}"));
    }
    let bytes = fs::read(path).map_err(|error| error.to_string())?;
    String::from_utf8(bytes)
        .ok()
        .filter(|text| !text.contains('\0'))
        .ok_or_else(|| "it is no text".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hidden_files_and_binaries_are_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir_all(at("b/.git")).unwrap();
        for (name, bytes) in [
            ("z.md", b"text".as_slice()),
            ("b/a.txt", b"more"),
            ("b/.git/config", b"hidden"),
            ("image.png", b"\x89PNG\0\0"),
            ("latin.txt", b"caf\xe9"),
        ] {
            fs::write(at(name), bytes).unwrap();
        }
        let found = below(folder.path()).unwrap();
        assert_eq!(found, [at("b/a.txt"), at("image.png"), at("latin.txt"), at("z.md")]);
        assert_eq!(below(&at("z.md")).unwrap(), [at("z.md")]);
        assert!(below(&at("gone")).is_err());
        assert_eq!(text(&at("b/a.txt")).as_deref(), Ok("more"));
        assert_eq!(text(&at("image.png")), Err("it is no text".to_owned()));
        assert!(text(&at("latin.txt")).is_err());
        fs::write(at("large.txt"), vec![b'a'; LARGEST as usize + 1]).unwrap();
        assert!(text(&at("large.txt")).unwrap_err().contains("more than"));
    }
}

//! Documents on disk: listing and reading text files.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// Larger files are skipped, in bytes.
const MAX_SIZE: u64 = 1 << 20;

/// The files below a path, or the file itself, sorted by name. Skips hidden entries and symlinked
/// directories.
pub(crate) fn list(path: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    if path.metadata()?.is_dir() {
        walk(path, &mut found)?;
    } else {
        found.push(path.to_owned());
    }
    found.sort();
    Ok(found)
}

fn walk(folder: &Path, found: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with('.') {
            continue;
        }
        if entry.file_type()?.is_dir() {
            walk(&entry.path(), found)?;
        } else if entry.path().is_file() {
            found.push(entry.path());
        }
    }
    Ok(())
}

/// The text of a file, or the reason to skip it.
pub(crate) fn text(path: &Path) -> Result<String, String> {
    let size = path.metadata().map_err(|error| error.to_string())?.len();
    if size > MAX_SIZE {
        return Err(format!("{size} bytes exceed the limit of {MAX_SIZE}"));
    }
    let bytes = fs::read(path).map_err(|error| error.to_string())?;
    String::from_utf8(bytes)
        .ok()
        .filter(|text| !text.contains('\0'))
        .ok_or_else(|| "not a text file".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hidden_and_binary_files_are_skipped() {
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
        let found = list(folder.path()).unwrap();
        assert_eq!(found, [at("b/a.txt"), at("image.png"), at("latin.txt"), at("z.md")]);
        assert_eq!(list(&at("z.md")).unwrap(), [at("z.md")]);
        assert!(list(&at("gone")).is_err());
        assert_eq!(text(&at("b/a.txt")).as_deref(), Ok("more"));
        assert_eq!(text(&at("image.png")), Err("not a text file".to_owned()));
        assert!(text(&at("latin.txt")).is_err());
        fs::write(at("large.txt"), vec![b'a'; MAX_SIZE as usize + 1]).unwrap();
        assert!(text(&at("large.txt")).unwrap_err().contains("exceed the limit"));
    }
}

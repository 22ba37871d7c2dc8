//! Where the running demo keeps its data, so that `turnscope runs` finds it although nobody named the directory.

use std::path::{Path, PathBuf};

/// Stands for as long as the demo runs.
pub(crate) struct Pointer {
    path: PathBuf,
}

impl Pointer {
    fn path() -> Option<PathBuf> {
        Some(crate::settings::directories()?.cache_dir().join("demo"))
    }

    /// Says where; `None` when that cannot be written down, which only costs comfort.
    pub(crate) fn write(directory: &Path) -> Option<Self> {
        let path = Self::path()?;
        std::fs::create_dir_all(path.parent()?).ok()?;
        std::fs::write(&path, directory.to_str()?).ok()?;
        Some(Self { path })
    }

    /// The directory of the demo that ran last.
    pub(crate) fn read() -> Option<PathBuf> {
        std::fs::read_to_string(Self::path()?).ok().map(|text| PathBuf::from(text.trim()))
    }
}

impl Drop for Pointer {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

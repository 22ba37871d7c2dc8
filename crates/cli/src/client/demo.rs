//! Remembers the data directory of the running demo, so that `turnscope runs` finds it without `--data`.

use etcetera::AppStrategy as _;
use std::path::{Path, PathBuf};

/// A file with the demo's data directory, removed when the demo ends.
pub(crate) struct DemoPointer {
    path: PathBuf,
}

impl DemoPointer {
    fn path() -> Option<PathBuf> {
        Some(crate::settings::directories()?.cache_dir().join("demo"))
    }

    /// Writes the file. A failure is ignored, because the file is only a convenience.
    pub(crate) fn write(directory: &Path) -> Option<Self> {
        let path = Self::path()?;
        std::fs::create_dir_all(path.parent()?).ok()?;
        std::fs::write(&path, directory.to_str()?).ok()?;
        Some(Self { path })
    }

    /// The directory of the most recent demo.
    pub(crate) fn read() -> Option<PathBuf> {
        std::fs::read_to_string(Self::path()?).ok().map(|text| PathBuf::from(text.trim()))
    }
}

impl Drop for DemoPointer {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

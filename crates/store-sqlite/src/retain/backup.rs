//! Copies the store into a new file, and checks the copy.

use crate::{
    blocks::first_damaged_block,
    error::{Error, Result, StoreError},
};
use rusqlite::{
    Connection,
    backup::{Backup, StepResult},
};
use std::{fs::File, path::Path, time::Duration};

/// Pages copied between two looks at who else wants the file.
const PAGES: std::ffi::c_int = 2000;
const PAUSE: Duration = Duration::from_millis(20);

/// Copies a store as it is at one moment, into a file that must not exist yet. A copy of a damaged store is not kept: it
/// is said what is damaged.
pub(crate) fn backup(from: &Connection, to: &Path, progress: &mut dyn FnMut(u32, u32)) -> Result<()> {
    // Made here and nowhere else, so that a failure removes nothing that was there before.
    File::create_new(to).map_err(|source| StoreError::Io { path: to.display().to_string(), source })?;
    let copied = copy(from, to, progress);
    if copied.is_err() {
        let _ = std::fs::remove_file(to);
    }
    copied
}

fn copy(from: &Connection, to: &Path, progress: &mut dyn FnMut(u32, u32)) -> Result<()> {
    let mut target = Connection::open(to)?;
    let backup = Backup::new(from, &mut target)?;
    let pages = |count: std::ffi::c_int| u32::try_from(count).unwrap_or(0);
    loop {
        let step = backup.step(PAGES)?;
        let done = backup.progress();
        progress(pages(done.pagecount - done.remaining), pages(done.pagecount));
        match step {
            StepResult::Done => break,
            StepResult::More => {}
            _ => std::thread::sleep(PAUSE),
        }
    }
    drop(backup);
    check_copy(&target)
}

/// Looks at every page of the copy, and at the checksum of every block.
fn check_copy(copy: &Connection) -> Result<()> {
    let refused = |what: &str| {
        Error::damaged(format!(
            "{what}: nothing was copied; `turnscope doctor --salvage DIR` copies what can be read"
        ))
    };
    let pages: String = copy.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if pages != "ok" {
        return Err(refused(&pages));
    }
    if let Some((block, why)) = first_damaged_block(copy)? {
        return Err(refused(&format!("block {block} is damaged ({why})")));
    }
    Ok(())
}

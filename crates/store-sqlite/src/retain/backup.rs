//! Copies the store into a new file, and checks the copy.

use crate::{
    blocks::first_damaged_block,
    error::{Error, Result, StoreError},
};
use rusqlite::{
    Connection,
    backup::{Backup, StepResult},
};
use std::{path::Path, time::Duration};

/// Pages copied between two looks at who else wants the file.
const PAGES: std::ffi::c_int = 2000;
const PAUSE: Duration = Duration::from_millis(20);

/// Copies a store as it is at one moment, into a file that must not exist yet. A copy of a damaged store is not kept: it
/// is said what is damaged.
pub(crate) fn backup(from: &Connection, to: &Path, progress: &mut dyn FnMut(u32, u32)) -> Result<()> {
    let io = |source| StoreError::Io { path: to.display().to_string(), source };
    if to.exists() {
        return Err(io(std::io::ErrorKind::AlreadyExists.into()).into());
    }
    let directory = to.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let unfinished = tempfile::Builder::new()
        .prefix(".turnscope-backup-")
        .tempfile_in(directory)
        .map_err(io)?
        .into_temp_path();
    copy(from, &unfinished, progress)?;
    // Under its name only now that it is whole. What appeared there meanwhile stays.
    unfinished.persist_noclobber(to).map_err(|error| io(error.error))?;
    Ok(())
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

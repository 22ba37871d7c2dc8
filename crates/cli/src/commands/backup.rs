//! `turnscope backup`.

use crate::{
    client::Client,
    exit::{Code, Failure, Outcome},
    progress,
    render::human,
    settings::{Flags, READ},
};
use std::path::PathBuf;
use turnscope_store::Maintenance as _;
use turnscope_store_sqlite::{FILE, SqliteStore};

/// Arguments.
#[derive(clap::Args)]
pub(crate) struct Backup {
    /// The new file, or a directory for it
    path: PathBuf,
    #[command(flatten)]
    from: Flags<READ>,
}

/// Copies a snapshot of the store. A running server keeps working meanwhile.
pub(crate) fn backup(args: &Backup) -> Outcome {
    let settings = args.from.resolve()?;
    let client = Client::read(&settings)?;
    let Some(directory) = client.directory.clone() else {
        return Err(Failure::usage("a backup needs the data directory: run it on the server's machine")
            .hint("omit --server and use --data"));
    };
    let target = if args.path.is_dir() { args.path.join(FILE) } else { args.path.clone() };
    if target.exists() {
        return Err(Failure::usage(format!("{} already exists", target.display()))
            .hint("choose a new file: backups never overwrite anything"));
    }
    let store = SqliteStore::open_read_only(&directory, None)?;
    let bar = progress::bar(0, "pages");
    let copied = store.backup(&target, &mut |done, total| {
        bar.set_length(u64::from(total));
        bar.set_position(u64::from(done));
    });
    bar.finish_and_clear();
    copied.map_err(|error| {
        Failure::new(Code::Failed, format!("cannot copy the store to {}: {error}", target.display()))
    })?;
    let size = std::fs::metadata(&target).map_or(0, |file| file.len());
    eprintln!(
        "Copied {} to {}. To use the copy, move it to an empty directory as {FILE} and serve that directory with --data.",
        human::bytes(size),
        target.display()
    );
    Ok(())
}

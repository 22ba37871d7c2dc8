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

/// What was typed.
#[derive(clap::Args)]
pub(crate) struct Backup {
    /// The new file, or a directory to put it into
    path: PathBuf,
    #[command(flatten)]
    from: Flags<READ>,
}

/// Copies the store as it is at one moment; a running server goes on meanwhile.
pub(crate) fn backup(args: &Backup) -> Outcome {
    let settings = args.from.resolve()?;
    let client = Client::read(&settings)?;
    let Some(directory) = client.directory.clone() else {
        return Err(Failure::usage(
            "a backup reads the data directory: it works on the server's own machine",
        )
        .hint("leave --server out, and name the directory with --data"));
    };
    let target = if args.path.is_dir() { args.path.join(FILE) } else { args.path.clone() };
    if target.exists() {
        return Err(Failure::usage(format!("{} is there already", target.display()))
            .hint("name a new file: a backup never writes over anything"));
    }
    let store = SqliteStore::open_read_only(&directory)?;
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
        "Copied {} into {}. To use it, put it as {FILE} into an empty directory and serve that with --data.",
        human::bytes(size),
        target.display()
    );
    Ok(())
}

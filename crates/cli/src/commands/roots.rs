//! All top-level runs that match a query, page by page, for commands that look at each of them.

use super::{filter::Filter, reading::query, unreadable::Unreadable};
use crate::{
    client::Client,
    exit::{Code, Failure, Outcome},
    progress,
};
use std::collections::HashSet;
use turnscope_api::{Run, RunList};

/// Reads something of each run, newest first and at most so many, and hands it over. A run that cannot be read is named, and
/// the others go on; an error of `take` ends it all.
pub(crate) fn each_root<T>(
    client: &Client,
    filter: &Filter,
    most: u64,
    mut read: impl FnMut(&Run) -> Result<T, Failure>,
    mut take: impl FnMut(&Run, T) -> Outcome,
) -> Result<Unreadable, Failure> {
    let bar = progress::bar(0, "runs");
    let [q, tz] = filter.parameters();
    let (mut cursor, mut done) = (None, 0);
    let mut unreadable = Unreadable::default();
    // A run that begins earlier than was known moves in the list, and may be met again.
    let mut seen = HashSet::new();
    loop {
        let parts = [
            ("limit", Some("200".to_owned())),
            ("roots_only", Some("true".to_owned())),
            q.clone(),
            tz.clone(),
            ("cursor", cursor),
        ];
        let page: RunList = client.get(&format!("/v1/runs{}", query(&parts)))?;
        bar.suspend(|| unreadable.tell(&page.unreadable));
        if let Some(total) = page.total {
            bar.set_length(total.min(most));
        }
        for listed in &page.runs {
            if done >= most {
                break;
            }
            let run = &listed.run;
            if !seen.insert(run.run_id.clone()) {
                continue;
            }
            match read(run) {
                Ok(found) => bar.suspend(|| take(run, found))?,
                // What is wrong with one run. What is wrong with the server or the key is wrong with all.
                Err(failure) if matches!(failure.code, Code::Failed | Code::NotFound) => {
                    bar.suspend(|| {
                        unreadable.tell(&[format!("run {}: {}", run.run_id, failure.message())]);
                    });
                }
                Err(failure) => return Err(failure),
            }
            done += 1;
            bar.set_position(done);
        }
        cursor = page.next_cursor.filter(|_| done < most);
        if cursor.is_none() {
            bar.finish_and_clear();
            return Ok(unreadable);
        }
    }
}

//! Progress of long operations, on stderr, and only on a terminal.

use indicatif::{ProgressBar, ProgressStyle};
use std::{borrow::Cow, time::Duration};

/// A progress bar for a known amount of work.
pub(crate) fn bar(total: u64, what: impl Into<Cow<'static, str>>) -> ProgressBar {
    let bar = ProgressBar::new(total).with_message(what);
    if let Ok(style) = ProgressStyle::with_template("{msg} {wide_bar} {pos}/{len} {eta}") {
        bar.set_style(style);
    }
    bar
}

/// A progress bar for a file that is read; of an unknown size where that is 0.
pub(crate) fn bytes(total: u64, name: impl Into<Cow<'static, str>>) -> ProgressBar {
    let bar = if total == 0 { ProgressBar::no_length() } else { ProgressBar::new(total) };
    let template = if total == 0 { "{msg} {bytes}" } else { "{msg} {wide_bar} {bytes}/{total_bytes} {eta}" };
    match ProgressStyle::with_template(template) {
        Ok(style) => bar.with_message(name).with_style(style),
        Err(_) => bar.with_message(name),
    }
}

/// A spinner for an unknown amount of work.
pub(crate) fn spinner(what: impl Into<Cow<'static, str>>) -> ProgressBar {
    let spinner = ProgressBar::new_spinner().with_message(what);
    spinner.enable_steady_tick(Duration::from_millis(120));
    spinner
}

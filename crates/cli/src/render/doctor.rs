//! What `turnscope doctor` found, in plain words.

use super::{
    human,
    terminal_style::{TerminalStyle, Tone, wrap},
};
use std::{collections::BTreeSet, fmt::Write as _, path::Path};
use turnscope_store_sqlite::{Report, Salvaged};

/// Places and runs that are named; `--json` has all that are known.
const NAMED: usize = 20;
/// Runs that are named with one place.
const RUNS: usize = 3;

/// Whether the store is sound, what is wrong, and what to do.
pub(crate) fn report(style: &TerminalStyle, data: &Path, report: &Report) -> String {
    let mut out = String::new();
    let (sign, tone) = style.status(if report.is_sound() { "completed" } else { "failed" });
    let verdict = if report.is_sound() { "is sound" } else { "is not sound" };
    let title = style.paint(Tone::Strong, &format!("The store in {} {verdict}.", data.display()));
    let _ = writeln!(out, "{} {title}", style.paint(tone, sign));
    let looked = [
        human::plural(report.runs, "run"),
        format!("{} spans and log records", human::count(report.records)),
        human::plural(report.contents, "content"),
        human::plural(report.blocks, "block"),
    ];
    text(&mut out, style, 2, Tone::Faint, &format!("Looked at {}.", looked.join(", ")));
    damage(&mut out, style, report);
    quarantine(&mut out, style, report);
    out
}

fn damage(out: &mut String, style: &TerminalStyle, report: &Report) {
    if report.damaged == 0 {
        return;
    }
    let _ = writeln!(
        out,
        "\n{}",
        style.paint(Tone::Strong, &format!("Damaged: {}", human::plural(report.damaged, "place")))
    );
    let groups =
        Group::of(report.damage.iter().map(|one| (one.place.as_str(), one.reason.as_str(), &one.runs[..])));
    for group in groups.iter().take(NAMED) {
        group.put(out, style);
    }
    let named = groups.iter().take(NAMED).map(|group| group.places).sum();
    more(out, style, report.damaged, named);
    if report.damage.iter().any(|damage| damage.is_derived) {
        let text_of = "Run rows are derived data: a running server makes them again when it meets them.";
        text(out, style, 2, Tone::Faint, text_of);
    }
    if !report.affected_runs.is_empty() {
        let n = report.affected_runs.len() as u64;
        let _ = writeln!(
            out,
            "\n{}",
            style.paint(Tone::Strong, &format!("Affected: {}", human::plural(n, "run")))
        );
        for run in report.affected_runs.iter().take(NAMED) {
            let _ = writeln!(out, "  {run}");
        }
        more(out, style, n, NAMED);
    }
    let _ = writeln!(out, "\n{}", style.paint(Tone::Strong, "What to do"));
    if report.damage.iter().all(|damage| damage.is_derived) {
        text(
            out,
            style,
            2,
            Tone::Plain,
            "Only derived data is damaged: `turnscope serve` makes it again when the runs are listed. If it does not, copy the \
             store with `turnscope doctor --salvage NEW_DIR`.",
        );
        return;
    }
    for step in [
        "Put back the latest copy that `turnscope backup` made, if that loses less.",
        "Or copy all that can be read with `turnscope doctor --salvage NEW_DIR`, and serve that with --data NEW_DIR. What is \
         damaged is left out, the rest of its run stays.",
        "Look for the cause: damage comes from failing disks and memory, or from other programs that write to the file.",
    ] {
        text(out, style, 2, Tone::Plain, step);
    }
}

/// Places of one kind with one reason: a damaged block makes everything in it unreadable.
struct Group<'a> {
    kind: &'a str,
    first: &'a str,
    reason: String,
    places: usize,
    runs: BTreeSet<&'a str>,
}

impl<'a> Group<'a> {
    /// Groups in the order in which they were met first.
    fn of(all: impl Iterator<Item = (&'a str, &'a str, &'a [String])>) -> Vec<Self> {
        let mut groups: Vec<Self> = Vec::new();
        for (place, reason, runs) in all {
            let (kind, reason) = (place.split(' ').next().unwrap_or(place), human::damage(reason));
            let runs = runs.iter().map(String::as_str);
            match groups.iter_mut().find(|group| group.kind == kind && group.reason == reason) {
                Some(group) => {
                    group.places += 1;
                    group.runs.extend(runs);
                }
                None => groups.push(Group { kind, first: place, reason, places: 1, runs: runs.collect() }),
            }
        }
        groups
    }

    fn put(&self, out: &mut String, style: &TerminalStyle) {
        let others = if self.places > 1 { format!(" and {} more", self.places - 1) } else { String::new() };
        text(out, style, 2, Tone::Bad, &format!("{}{others}: {}", self.first, self.reason));
        let named: Vec<&str> = self.runs.iter().take(RUNS).copied().collect();
        let runs = match self.runs.len() {
            0 => return,
            1 => format!("of run {}", named[0]),
            n if n <= RUNS => format!("of runs {}", named.join(", ")),
            n => format!("of runs {} and {} more", named.join(", "), n - RUNS),
        };
        text(out, style, 4, Tone::Faint, &runs);
    }
}

fn quarantine(out: &mut String, style: &TerminalStyle, report: &Report) {
    if report.quarantined.is_empty() {
        return;
    }
    let n = report.quarantined.len() as u64;
    let _ = writeln!(out, "\n{}", style.paint(Tone::Strong, &format!("In quarantine: {n}")));
    for entry in report.quarantined.iter().take(NAMED) {
        text(out, style, 2, Tone::Warn, &human::damage(entry));
    }
    more(out, style, n, NAMED);
    text(
        out,
        style,
        2,
        Tone::Plain,
        "These could not be processed and were set aside, so that they hold up nothing else. Nothing of them is lost: another \
         version of turnscope tries again when it starts, and `POST /v1/quarantine/retry` makes a running server try now.",
    );
}

/// What was copied, and what was left out; `others` are files of the old directory that are no part of the store.
pub(crate) fn salvaged(
    style: &TerminalStyle,
    data: &Path,
    to: &Path,
    salvaged: &Salvaged,
    others: &[&str],
) -> String {
    let mut out = String::new();
    let copied = [
        format!("{} spans and log records", human::count(salvaged.records)),
        human::plural(salvaged.metrics, "metric"),
        format!("{} scores and tags", human::count(salvaged.annotations)),
    ];
    let (from, new) = (data.display(), to.display());
    text(&mut out, style, 0, Tone::Plain, &format!("Copied {} from {from} to {new}.", copied.join(", ")));
    if !salvaged.lost.is_empty() {
        let n = salvaged.lost.len() as u64;
        let _ = writeln!(out, "\n{}", style.paint(Tone::Strong, &format!("Left out: {n}")));
        let groups = Group::of(salvaged.lost.iter().map(|lost| {
            let (place, reason) = lost.split_once(": ").unwrap_or((lost, ""));
            (place, reason, &[][..])
        }));
        for group in groups.iter().take(NAMED) {
            group.put(&mut out, style);
        }
        more(&mut out, style, n, groups.iter().take(NAMED).map(|group| group.places).sum());
    }
    if !others.is_empty() {
        let names = others.join(", ");
        text(
            &mut out,
            style,
            0,
            Tone::Plain,
            &format!("Not part of the store, to be copied by hand: {names}."),
        );
    }
    text(&mut out, style, 0, Tone::Plain, &format!("`turnscope serve --data {new}` serves it."));
    out
}

fn more(out: &mut String, style: &TerminalStyle, all: u64, named: usize) {
    let hidden = all.saturating_sub(named as u64);
    if hidden > 0 {
        text(
            out,
            style,
            2,
            Tone::Faint,
            &format!("and {} more; --json names more of them", human::count(hidden)),
        );
    }
}

/// A text of several lines, indented.
fn text(out: &mut String, style: &TerminalStyle, indent: usize, tone: Tone, text: &str) {
    for line in wrap(text, style.width.saturating_sub(indent).max(20)) {
        let _ = writeln!(out, "{}{}", " ".repeat(indent), style.paint(tone, &line));
    }
}

//! A timeline as rows with branches: steps, and a heading where a turn begins.

use super::look::Look;
use crate::wire::Step;

/// One row.
pub(super) struct Row<'a> {
    /// The lines and corners in front of it.
    pub(super) branch: String,
    pub(super) what: What<'a>,
}

/// What a row shows.
pub(super) enum What<'a> {
    Step(&'a Step),
    /// A turn of the run of this place among the rows begins.
    Turn(u64, Option<&'a str>),
}

/// Levels that are drawn; deeper ones stand at the same place.
const DEEPEST: usize = 16;

/// The rows of these steps, which stand in pre-order.
pub(super) fn rows<'a>(look: &Look, steps: &'a [Step]) -> Vec<Row<'a>> {
    let least = steps.iter().map(|step| step.depth).min().unwrap_or(0);
    let mut flat: Vec<(usize, What<'a>)> = Vec::with_capacity(steps.len() * 2);
    let mut open: Vec<(Option<&str>, u64)> = Vec::new();
    for step in steps {
        let run = step.run_id.as_deref();
        if let Some(turn) = step.turn
            && !step.outer
            && step.kind != "run"
        {
            let known = open.iter_mut().find(|(of, _)| *of == run);
            let begins = known.as_ref().is_none_or(|(_, last)| *last != turn);
            match known {
                Some(known) => known.1 = turn,
                None => open.push((run, turn)),
            }
            // A turn that has a span of its own is its own heading.
            if begins && step.kind != "turn" {
                flat.push((step.depth - least, What::Turn(turn, run)));
            }
        }
        flat.push((step.depth - least, What::Step(step)));
    }
    let last = last_of_level(&flat);
    let mut lines: Vec<bool> = Vec::new();
    flat.into_iter()
        .zip(last)
        .map(|((depth, what), last)| {
            lines.resize(depth, false);
            let mut branch = String::new();
            for line in lines.iter().take(depth.min(DEEPEST)).skip(1) {
                branch.push_str(if *line { look.either("│ ", "| ") } else { "  " });
            }
            if depth > 0 {
                branch.push_str(if last { look.either("└ ", "` ") } else { look.either("├ ", "|-") });
            }
            lines.push(!last);
            Row { branch, what }
        })
        .collect()
}

/// For each row, whether no later row stands on its level below the same parent.
fn last_of_level(flat: &[(usize, What<'_>)]) -> Vec<bool> {
    let mut seen: Vec<bool> = Vec::new();
    let mut out = vec![true; flat.len()];
    for (place, (depth, _)) in flat.iter().enumerate().rev() {
        seen.resize((*depth + 1).max(seen.len()), false);
        out[place] = !seen[*depth];
        seen[*depth] = true;
        seen.truncate(depth + 1);
    }
    out
}

//! A timeline as rows of a tree: steps below their parents, and a heading for each turn.

use super::terminal_style::TerminalStyle;
use std::collections::{HashMap, HashSet};
use turnscope_api::Step;

/// One row.
pub(super) struct Row<'a> {
    /// The branch lines in front of it.
    pub(super) branch: String,
    /// The branch lines in front of what is below it.
    pub(super) below: String,
    pub(super) content: RowContent<'a>,
}

/// The content of a row.
pub(super) enum RowContent<'a> {
    Step(&'a Step),
    /// The heading of a turn, with its number and its run's id.
    Turn(u64, Option<&'a str>),
}

/// Maximum depth of indentation.
const MAX_DEPTH: usize = 16;

/// The rows of these steps, which are ordered by start.
pub(super) fn rows<'a>(style: &TerminalStyle, steps: &'a [Step]) -> Vec<Row<'a>> {
    let flat = with_turns(preorder(steps));
    let last = last_of_level(&flat);
    let mut lines: Vec<bool> = Vec::new();
    let parents: Vec<bool> =
        (0..flat.len()).map(|at| flat.get(at + 1).is_some_and(|next| next.0 > flat[at].0)).collect();
    flat.into_iter()
        .zip(last.into_iter().zip(parents))
        .map(|((depth, content), (last, is_parent))| {
            lines.resize(depth, false);
            let mut branch = String::new();
            for line in lines.iter().take(depth.min(MAX_DEPTH)).skip(1) {
                branch.push_str(if *line { style.either("│ ", "| ") } else { "  " });
            }
            let mut below = branch.clone();
            if depth > 0 {
                branch.push_str(if last { style.either("└ ", "` ") } else { style.either("├ ", "|-") });
                below.push_str(if last { "  " } else { style.either("│ ", "| ") });
            }
            below.push_str(if is_parent && depth > 0 { style.either("│ ", "| ") } else { "  " });
            lines.push(!last);
            Row { branch, below, content }
        })
        .collect()
}

/// Depth-first order: parents before children, siblings in order. A step without a known parent is a root.
fn preorder(steps: &[Step]) -> Vec<(usize, &Step)> {
    let mut places: HashMap<&str, usize> = HashMap::with_capacity(steps.len());
    for (place, step) in steps.iter().enumerate() {
        places.entry(&step.step_id).or_insert(place);
    }
    let mut children: Vec<Vec<usize>> = vec![Vec::new(); steps.len()];
    let mut tops = Vec::new();
    for (place, step) in steps.iter().enumerate() {
        match step.parent_step_id.as_deref().and_then(|id| places.get(id)) {
            Some(&parent) if parent != place => children[parent].push(place),
            _ => tops.push(place),
        }
    }
    let mut out = Vec::with_capacity(steps.len());
    let mut seen = vec![false; steps.len()];
    let mut open: Vec<(usize, usize)> = tops.iter().rev().map(|top| (0, *top)).collect();
    while let Some((depth, place)) = open.pop() {
        if std::mem::replace(&mut seen[place], true) {
            continue;
        }
        out.push((depth, &steps[place]));
        open.extend(children[place].iter().rev().map(|child| (depth + 1, *child)));
    }
    out
}

/// Inserts a heading before the first step of each turn, with the turn's steps below it. A turn with a span
/// of its own needs no heading.
fn with_turns(steps: Vec<(usize, &Step)>) -> Vec<(usize, RowContent<'_>)> {
    let spans: HashSet<(Option<&str>, u64)> = steps
        .iter()
        .filter(|(_, step)| step.kind == "turn")
        .filter_map(|(_, step)| Some((step.run_id.as_deref(), step.turn?)))
        .collect();
    let mut flat = Vec::with_capacity(steps.len() * 2);
    let mut headed: HashMap<Option<&str>, u64> = HashMap::new();
    // The headings above the current step, each with the depth at which it was inserted.
    let mut above: Vec<(usize, Option<&str>, u64)> = Vec::new();
    for (depth, step) in steps {
        above.retain(|(at, ..)| *at <= depth);
        let run = step.run_id.as_deref();
        let turn = step.turn.filter(|_| !step.outer && step.kind != "run");
        if let Some((at, of, n)) = above.last().copied()
            && at == depth
            && (of, Some(n)) != (run, turn)
        {
            above.pop();
        }
        if let Some(turn) = turn
            && headed.insert(run, turn) != Some(turn)
            && !spans.contains(&(run, turn))
        {
            flat.push((depth + above.len(), RowContent::Turn(turn, run)));
            above.push((depth, run, turn));
        }
        flat.push((depth + above.len(), RowContent::Step(step)));
    }
    flat
}

/// For each row, whether it is the last child of its parent.
fn last_of_level(flat: &[(usize, RowContent<'_>)]) -> Vec<bool> {
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

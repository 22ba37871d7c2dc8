//! Turns: one decision of a run's model and what followed from it.
//!
//! In: one run's steps in order of start, with the calls that count. Out: the turns, and each step's number.
//! Not here: which calls count (`calls`), which tools (`tools`), sums (`figures`).

use super::step::Step;
use std::collections::{HashMap, HashSet};
use turnscope_model::{Kind, UnixNanos};

/// A turn while the rules work on it.
#[derive(Clone, Debug)]
pub(super) struct Turn {
    pub(super) n: u64,
    /// When the step that opened it began.
    pub(super) opened: UnixNanos,
    /// Its number as sent.
    sent: Option<u64>,
}

/// The turns of one run. `own` are its steps in order of start; `asked_by` gives the call that asked for a tool step.
pub(super) fn assign(
    steps: &mut [Step],
    own: &[usize],
    roots: &HashSet<usize>,
    asked_by: &HashMap<usize, usize>,
) -> Vec<Turn> {
    let mut by_place = own.to_vec();
    by_place.sort_unstable();
    let above = Above::of(steps, &by_place);

    let mut turns: Vec<Turn> = Vec::new();
    let mut opens: HashMap<usize, usize> = HashMap::new();
    let mut calls = EarlierCalls::default();
    for &i in own {
        let explicit = above.turn[&i] == Some(i);
        let loose = above.turn[&i].is_none() && above.tool[&i].is_none() && opens_a_turn(&steps[i]);
        if !explicit && !loose {
            if steps[i].counted && steps[i].kind == Kind::Tool {
                calls.tool_seen();
            }
            continue;
        }
        let same = if explicit { None } else { calls.same_turn(&steps[i], &turns) };
        let turn = same.unwrap_or_else(|| {
            turns.push(Turn { n: 0, opened: steps[i].start, sent: steps[i].facts.turn_index });
            turns.len() - 1
        });
        opens.insert(i, turn);
        if loose {
            calls.called(&steps[i], turn);
        }
    }
    number(&mut turns);
    place(steps, &by_place, roots, &above, &turns, &opens, asked_by);
    turns
}

/// A call that counts, embeddings aside.
fn opens_a_turn(step: &Step) -> bool {
    step.counted && !step.is_sum && matches!(step.kind, Kind::Llm | Kind::Run | Kind::Turn)
}

/// For each step of a run the topmost turn span and the nearest tool step that it lies in.
struct Above {
    turn: HashMap<usize, Option<usize>>,
    tool: HashMap<usize, Option<usize>>,
}

impl Above {
    fn of(steps: &[Step], by_place: &[usize]) -> Self {
        let mut above = Self {
            turn: HashMap::with_capacity(by_place.len()),
            tool: HashMap::with_capacity(by_place.len()),
        };
        for &i in by_place {
            let parent = steps[i].parent.filter(|p| steps[*p].run == steps[i].run);
            let turn = parent.and_then(|p| above.turn.get(&p).copied().flatten());
            let own = (steps[i].kind == Kind::Turn && parent.is_some()).then_some(i);
            above.turn.insert(i, turn.or(own));
            let tool = parent.and_then(|p| {
                if steps[p].kind == Kind::Tool { Some(p) } else { above.tool.get(&p).copied().flatten() }
            });
            above.tool.insert(i, tool);
        }
        above
    }
}

/// What is remembered of the calls before, to tell a retry or a parallel sample from a new decision.
#[derive(Default)]
struct EarlierCalls {
    by_context: HashMap<u64, Earlier>,
    last: Option<Earlier>,
}

#[derive(Clone)]
struct Earlier {
    turn: usize,
    failed: bool,
    end: UnixNanos,
    context: Option<u64>,
    model: Option<String>,
}

impl EarlierCalls {
    /// The turn that this call continues.
    fn same_turn(&self, call: &Step, turns: &[Turn]) -> Option<usize> {
        if let Some(sent) = call.facts.turn_index {
            let same = turns.iter().rev().take(8).position(|turn| turn.sent == Some(sent));
            if let Some(back) = same {
                return Some(turns.len() - 1 - back);
            }
        }
        let continues = |earlier: &&Earlier| earlier.failed || earlier.end > call.start;
        match call.facts.context {
            Some(context) => self.by_context.get(&context).filter(continues).map(|earlier| earlier.turn),
            // Without the messages: the call right before failed, and the same model is asked again.
            None => self
                .last
                .as_ref()
                .filter(|e| {
                    e.failed
                        && e.context.is_none()
                        && e.end <= call.start
                        && e.model == call.facts.request_model
                })
                .map(|earlier| earlier.turn),
        }
    }

    fn called(&mut self, call: &Step, turn: usize) {
        let earlier = Earlier {
            turn,
            failed: call.failed(),
            end: call.end.unwrap_or(UnixNanos::MAX),
            context: call.facts.context,
            model: call.facts.request_model.clone(),
        };
        if let Some(context) = call.facts.context {
            self.by_context.insert(context, earlier.clone());
        }
        self.last = Some(earlier);
    }

    fn tool_seen(&mut self) {
        self.last = None;
    }
}

/// Numbers are kept as sent while they rise, and count on from the one before otherwise.
fn number(turns: &mut [Turn]) {
    let mut last: Option<u64> = None;
    for turn in turns {
        let next = last.map_or(1, |n| n.saturating_add(1));
        turn.n = turn.sent.filter(|&sent| last.is_none_or(|last| sent > last)).unwrap_or(next);
        last = Some(turn.n);
    }
}

fn place(
    steps: &mut [Step],
    by_place: &[usize],
    roots: &HashSet<usize>,
    above: &Above,
    turns: &[Turn],
    opens: &HashMap<usize, usize>,
    asked_by: &HashMap<usize, usize>,
) {
    if turns.is_empty() {
        return;
    }
    // What a step holds decides for it: the calls of one turn, or of several.
    let mut holds: HashMap<usize, Holds> = HashMap::new();
    for &i in by_place.iter().rev() {
        let mut held = holds.get(&i).copied().unwrap_or(Holds::Nothing);
        if let Some(&turn) = opens.get(&i) {
            held = held.with(turn);
        }
        holds.insert(i, held);
        if let Some(parent) = steps[i].parent.filter(|p| steps[*p].run == steps[i].run) {
            let merged = match held {
                Holds::Nothing => None,
                Holds::One(turn) => Some(holds.get(&parent).copied().unwrap_or(Holds::Nothing).with(turn)),
                Holds::Several => Some(Holds::Several),
            };
            if let Some(merged) = merged {
                holds.insert(parent, merged);
            }
        }
    }
    let at = |start: UnixNanos| turns.partition_point(|turn| turn.opened <= start).saturating_sub(1);
    let mut turn_of: HashMap<usize, Option<usize>> = HashMap::with_capacity(by_place.len());
    turn_of.extend(opens.iter().map(|(&step, &turn)| (step, Some(turn))));
    for &i in by_place {
        let parent = steps[i].parent.filter(|p| steps[*p].run == steps[i].run);
        let inherited =
            parent.filter(|p| !roots.contains(p)).and_then(|p| turn_of.get(&p).copied().flatten());
        let turn = if let Some(&turn) = opens.get(&i) {
            Some(turn)
        } else if roots.contains(&i) {
            None
        } else if let Some(turn) = above.turn[&i].and_then(|t| opens.get(&t)) {
            Some(*turn)
        } else if let Some(turn) = steps[i].same_as.and_then(|first| turn_of.get(&first).copied().flatten()) {
            Some(turn)
        } else if let Some(turn) = asked_by.get(&i).and_then(|call| turn_of.get(call).copied().flatten()) {
            Some(turn)
        } else {
            match holds.get(&i) {
                Some(Holds::One(turn)) => Some(*turn),
                Some(Holds::Several) => None,
                _ => inherited.or_else(|| Some(at(steps[i].start))),
            }
        };
        turn_of.insert(i, turn);
        steps[i].turn = turn.map(|turn| turns[turn].n);
    }
}

#[derive(Clone, Copy)]
enum Holds {
    Nothing,
    One(usize),
    Several,
}

impl Holds {
    fn with(self, turn: usize) -> Self {
        match self {
            Self::Nothing => Self::One(turn),
            Self::One(known) if known == turn => self,
            _ => Self::Several,
        }
    }
}

//! What is kept, and for how long: limits of age and size, and rules for sorts of runs.

use crate::{ReadLimit, Store, StoreError};
use std::{collections::HashMap, time::Duration};
use turnscope_model::TraceGroupId;
use turnscope_query::{AgedGroup, Fate, Moment, Pruned, Retention, RetentionRules, RuleOutcome, RunFilter};

/// Trace groups looked at at once.
const AT_ONCE: u32 = 500;

/// Deletes what is not to be kept: what is too old, then the oldest of what takes too much room. A limit of size needs
/// [`Store::maintenance`]: without it, nothing is deleted and the answer is [`StoreError::Unsupported`].
pub fn retain(store: &dyn Store, retention: Retention, now_ms: i64) -> Result<Pruned, StoreError> {
    let size = match retention.max_bytes {
        Some(max) => Some((max, store.maintenance().ok_or(StoreError::Unsupported("limit of size"))?)),
        None => None,
    };
    let mut pruned = Pruned::default();
    if let Some(before) = retention.cutoff(now_ms) {
        pruned += store.prune_before(before)?;
    }
    if let Some((max, maintenance)) = size {
        pruned += maintenance.prune_to_size(max)?;
    }
    Ok(pruned)
}

/// Applies rules in the place of a limit of age: what each of them did, and all of it. With `dry_run` nothing is deleted, and it says
/// what each would do. The last rule is also for what belongs to no run.
/// `filters` has the runs of each rule, as [`RetentionRules::filters`] gives them.
pub fn apply_rules(
    store: &dyn Store,
    rules: &RetentionRules,
    filters: &[RunFilter],
    moment: Moment,
    dry_run: bool,
) -> Result<(Vec<RuleOutcome>, Pruned), StoreError> {
    let mut outcomes = vec![RuleOutcome::default(); rules.0.len()];
    let mut pruned = Pruned::default();
    let Some(earliest) = rules.earliest() else { return Ok((outcomes, pruned)) };
    let before = before_time(moment.now_ms, earliest);
    let mut after = (i64::MIN, TraceGroupId(i64::MIN));
    loop {
        let (groups, fates) = look(store, rules, filters, (after, before), moment)?;
        let Some(last) = groups.last() else { break };
        after = (last.listed_at, last.group);
        let of = |fate: Fate| -> Vec<TraceGroupId> {
            groups.iter().zip(&fates).filter(|(_, (_, own))| *own == fate).map(|(one, _)| one.group).collect()
        };
        for (rule, fate) in &fates {
            if let Some(outcome) = outcomes.get_mut(*rule) {
                outcome.matched += 1;
                outcome.deleted += u64::from(*fate == Fate::Delete);
                outcome.contents_deleted += u64::from(*fate == Fate::DeleteContents);
            }
        }
        if !dry_run {
            // What came since is not what was looked at.
            pruned += store.delete_contents(of(Fate::DeleteContents), moment.now_ms)?;
            pruned += store.delete_groups(of(Fate::Delete), moment.now_ms)?;
        }
    }
    let rest = rules.0.last().and_then(|rule| rule.keep);
    if !dry_run && (rest.is_some() || pruned != Pruned::default()) {
        // Without an age nothing more goes, and the room of what went is given back.
        let before = rest.map_or(i64::MIN, |age| before_time(moment.now_ms, age).saturating_mul(1_000_000));
        pruned += store.prune_loose_before(before)?;
    }
    Ok((outcomes, pruned))
}

/// What becomes of the next trace groups, and by which rule.
type Fates = (Vec<AgedGroup>, Vec<(usize, Fate)>);

fn look(
    store: &dyn Store,
    rules: &RetentionRules,
    filters: &[RunFilter],
    (after, before): ((i64, TraceGroupId), i64),
    moment: Moment,
) -> Result<Fates, StoreError> {
    let mut reader = store.reader(&ReadLimit::none())?;
    let groups = reader.aged_groups(after, before, AT_ONCE)?;
    let mut left: Vec<_> = groups.iter().flat_map(|group| group.runs.iter().copied()).collect();
    let mut rule_of = HashMap::new();
    for (rule, filter) in filters.iter().enumerate() {
        if left.is_empty() {
            break;
        }
        let matching = reader.matching(&left, filter, moment)?;
        left.retain(|run| !matching.contains(run));
        rule_of.extend(matching.into_iter().map(|run| (run, rule)));
    }
    let last = filters.len().saturating_sub(1);
    let fate = |group: &AgedGroup| {
        let age = u64::try_from(moment.now_ms.saturating_sub(group.received_at)).unwrap_or(0);
        let age = Duration::from_millis(age);
        let matched: Vec<usize> =
            group.runs.iter().map(|run| rule_of.get(run).copied().unwrap_or(last)).collect();
        let fate = match rules.fate(&matched, age, group.place) {
            _ if group.is_pinned => Fate::Keep,
            Fate::DeleteContents if !group.has_contents => Fate::Keep, // they went before
            fate => fate,
        };
        (matched.into_iter().min().unwrap_or(last), fate)
    };
    let fates = groups.iter().map(fate).collect();
    Ok((groups, fates))
}

/// The time so long ago, in milliseconds since the epoch.
fn before_time(now_ms: i64, age: Duration) -> i64 {
    now_ms.saturating_sub(i64::try_from(age.as_millis()).unwrap_or(i64::MAX))
}

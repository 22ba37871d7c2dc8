//! The recent lists of each trace group, against which the next one is coded; and of each conversation, for chats whose
//! every message is a trace of its own.

use lru::LruCache;
use std::{num::NonZeroUsize, sync::Arc};
use turnscope_model::{ContentId, Purpose, RecordId, TraceGroupId};

/// Trace groups remembered at once. The next list of a group that was forgotten is written out whole: correct, only
/// larger.
const TRACE_GROUPS: NonZeroUsize = NonZeroUsize::new(4096).unwrap();
/// Ids remembered in all lists together (8 bytes each).
const IDS: usize = 2_000_000;
/// Lists per group: agents that take turns in one trace each have a history of their own.
const LISTS: usize = 6;

/// Conversations remembered across groups, and how long a list must be to count as one: lists of another group are worth
/// their bookkeeping only where they save many rows.
const CONVERSATIONS: NonZeroUsize = NonZeroUsize::new(2048).unwrap();
const SHORTEST: usize = 8;

/// A list that a later one can be coded against.
#[derive(Clone, Debug)]
pub(crate) struct BaseList {
    pub(crate) group: TraceGroupId,
    pub(crate) record: RecordId,
    pub(crate) slot: u32,
    purpose: Purpose,
    pub(crate) list: Arc<[ContentId]>,
}

/// Recent lists by trace group.
pub(crate) struct RecentLists {
    groups: LruCache<TraceGroupId, Vec<BaseList>>,
    /// The latest long list that begins with these two contents.
    conversations: LruCache<(Purpose, ContentId, ContentId), BaseList>,
    ids: usize,
}

impl RecentLists {
    pub(crate) fn new() -> Self {
        Self { groups: LruCache::new(TRACE_GROUPS), conversations: LruCache::new(CONVERSATIONS), ids: 0 }
    }

    /// The best list to code this one against: of the same group, else of the same conversation in another group.
    pub(crate) fn find(
        &mut self,
        group: TraceGroupId,
        purpose: Purpose,
        list: &[ContentId],
    ) -> Option<&BaseList> {
        if self.groups.contains(&group) {
            return find_in(self.groups.get(&group)?, purpose, list);
        }
        let base = self.conversations.get(&conversation(purpose, list)?)?;
        (shared_beginning(base, list) * 2 >= list.len()).then_some(base)
    }

    /// Remembers a list, in the place of the one it grew out of.
    pub(crate) fn remember(
        &mut self,
        group: TraceGroupId,
        purpose: Purpose,
        record: RecordId,
        slot: u32,
        list: Vec<ContentId>,
    ) {
        self.ids += list.len();
        let base = BaseList { group, record, slot, purpose, list: list.into() };
        if let Some(key) = conversation(purpose, &base.list) {
            self.conversations.put(key, base.clone());
        }
        if let Some(lists) = self.groups.get_mut(&group) {
            let same_start =
                |old: &BaseList| old.purpose == base.purpose && old.list.first() == base.list.first();
            if let Some(at) = lists.iter().position(same_start) {
                self.ids -= lists.remove(at).list.len();
            } else if lists.len() == LISTS {
                self.ids -= lists.remove(0).list.len();
            }
            lists.push(base);
        } else if let Some((_, evicted)) = self.groups.push(group, vec![base]) {
            self.ids -= evicted.iter().map(|base| base.list.len()).sum::<usize>();
        }
        while self.ids > IDS {
            let Some((_, evicted)) = self.groups.pop_lru() else { break };
            self.ids -= evicted.iter().map(|base| base.list.len()).sum::<usize>();
        }
    }

    /// Forgets everything, after a transaction was rolled back or records were deleted.
    pub(crate) fn reset(&mut self) {
        self.groups.clear();
        self.conversations.clear();
        self.ids = 0;
    }
}

/// Of a group's lists: the one of the same purpose that shares the longest beginning, else the latest that shares
/// anything.
fn find_in<'a>(lists: &'a [BaseList], purpose: Purpose, list: &[ContentId]) -> Option<&'a BaseList> {
    let best = lists.iter().max_by_key(|base| (shared_beginning(base, list), base.purpose == purpose))?;
    if shared_beginning(best, list) > 0 {
        return Some(best);
    }
    // A sliding window shares no beginning, but its first message is somewhere in the list before.
    lists.iter().rev().find(|base| list.first().is_some_and(|id| base.list.contains(id)))
}

fn shared_beginning(base: &BaseList, list: &[ContentId]) -> usize {
    base.list.iter().zip(list).take_while(|(a, b)| a == b).count()
}

fn conversation(purpose: Purpose, list: &[ContentId]) -> Option<(Purpose, ContentId, ContentId)> {
    match list {
        [first, second, ..] if list.len() >= SHORTEST => Some((purpose, *first, *second)),
        _ => None,
    }
}

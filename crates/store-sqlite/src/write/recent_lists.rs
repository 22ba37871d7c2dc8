//! The recent lists of each trace group, against which the next one is coded; and of each conversation, for chats whose
//! every message is a trace of its own.

use lru::LruCache;
use std::{collections::HashSet, num::NonZeroUsize, sync::Arc};
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

/// What tells conversations apart: many begin with the same instructions and greetings.
type Conversation = (Purpose, [ContentId; SHORTEST]);

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
    /// The latest long list that begins like this.
    conversations: LruCache<Conversation, BaseList>,
    ids: usize,
}

impl RecentLists {
    pub(crate) fn new() -> Self {
        Self { groups: LruCache::new(TRACE_GROUPS), conversations: LruCache::new(CONVERSATIONS), ids: 0 }
    }

    /// The best list to code this one against: of the same group, or of the same conversation in another group where that
    /// holds at least half of the list and more of it than the group's own.
    pub(crate) fn find(
        &mut self,
        group: TraceGroupId,
        purpose: Purpose,
        list: &[ContentId],
    ) -> Option<&BaseList> {
        let own = self.groups.get(&group).and_then(|lists| find_in(lists, purpose, list));
        let in_own = own.map_or(0, |(_, shared)| shared);
        if in_own * 2 < list.len()
            && let Some(key) = conversation(purpose, list)
            && self
                .conversations
                .peek(&key)
                .is_some_and(|base| shared_beginning(base, list) * 2 >= list.len())
        {
            return self.conversations.get(&key);
        }
        self.groups.peek(&group)?.get(own?.0)
    }

    /// Forgets the lists of trace groups that were deleted.
    pub(crate) fn forget_groups(&mut self, gone: &[TraceGroupId]) {
        if gone.is_empty() {
            return;
        }
        for group in gone {
            let lists = self.groups.pop(group);
            self.forget(lists.into_iter().flatten());
        }
        let gone: HashSet<TraceGroupId> = gone.iter().copied().collect();
        let stale: Vec<Conversation> = self
            .conversations
            .iter()
            .filter(|(_, base)| gone.contains(&base.group))
            .map(|(key, _)| *key)
            .collect();
        for key in stale {
            let base = self.conversations.pop(&key);
            self.forget(base);
        }
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
            let before = self.conversations.push(key, base.clone());
            self.forget(before.map(|(_, before)| before));
        }
        if let Some(lists) = self.groups.get_mut(&group) {
            let same_start =
                |old: &BaseList| old.purpose == base.purpose && old.list.first() == base.list.first();
            let grown_out_of = lists.iter().position(same_start);
            let at = grown_out_of.or_else(|| (lists.len() == LISTS).then_some(0));
            let before = at.map(|at| lists.remove(at));
            lists.push(base);
            self.forget(before);
        } else {
            let evicted = self.groups.push(group, vec![base]);
            self.forget(evicted.into_iter().flat_map(|(_, lists)| lists));
        }
        while self.ids > IDS {
            let (group, conversation) = (self.groups.pop_lru(), self.conversations.pop_lru());
            if group.is_none() && conversation.is_none() {
                break;
            }
            self.forget(group.into_iter().flat_map(|(_, lists)| lists));
            self.forget(conversation.map(|(_, list)| list));
        }
    }

    /// Takes lists out of the count of ids. A list that is remembered in the other cache too still takes its memory.
    fn forget(&mut self, lists: impl IntoIterator<Item = BaseList>) {
        for base in lists {
            if Arc::strong_count(&base.list) == 1 {
                self.ids -= base.list.len();
            }
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
/// anything. Gives its place, and how long the beginning is.
fn find_in(lists: &[BaseList], purpose: Purpose, list: &[ContentId]) -> Option<(usize, usize)> {
    let shared = |(at, base)| (at, shared_beginning(base, list));
    let best = lists
        .iter()
        .enumerate()
        .map(shared)
        .max_by_key(|(at, shared)| (*shared, lists[*at].purpose == purpose))?;
    if best.1 > 0 {
        return Some(best);
    }
    // A sliding window shares no beginning, but its first message is somewhere in the list before.
    let first = list.first()?;
    lists.iter().rposition(|base| base.list.contains(first)).map(|at| (at, 0))
}

fn shared_beginning(base: &BaseList, list: &[ContentId]) -> usize {
    base.list.iter().zip(list).take_while(|(a, b)| a == b).count()
}

fn conversation(purpose: Purpose, list: &[ContentId]) -> Option<Conversation> {
    Some((purpose, *list.first_chunk()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;

    /// The ids in memory: a list that both caches remember takes its memory once.
    fn ids_in_memory(recent: &RecentLists) -> usize {
        let grouped = recent.groups.iter().flat_map(|(_, lists)| lists);
        let all = grouped.chain(recent.conversations.iter().map(|(_, base)| base));
        let distinct: HashMap<_, _> = all.map(|base| (base.list.as_ptr(), base.list.len())).collect();
        distinct.values().sum()
    }

    #[test]
    fn lists_of_conversations_count_too() {
        let mut recent = RecentLists::new();
        let list = |first: i64| -> Vec<ContentId> { (0..400_000).map(|n| ContentId(first + n)).collect() };
        for n in 0..20 {
            // Each list begins a conversation of its own; some groups have several.
            recent.remember(TraceGroupId(n / 2), Purpose::Input, RecordId(n), 0, list(n * 1_000_000));
            assert_eq!(recent.ids, ids_in_memory(&recent));
            assert!(recent.ids <= IDS, "{}", recent.ids);
        }
        // The latest list can still be coded against, from its own group and from another.
        for group in [9, 100] {
            let base = recent.find(TraceGroupId(group), Purpose::Input, &list(19_000_000)).unwrap();
            assert_eq!(base.record, RecordId(19));
        }
        recent.reset();
        assert_eq!((recent.ids, ids_in_memory(&recent)), (0, 0));
    }
}

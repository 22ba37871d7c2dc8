//! Which commits can be read: those whose trace groups have all been projected.

use crate::isolate::lock;
use std::{
    collections::BTreeMap,
    sync::Mutex,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};
use turnscope_store::CommitToken;

/// The number of what an earlier process had committed and not projected.
const EARLIER: u64 = 0;

/// The commits since the store was opened.
pub(crate) struct Commits {
    opened: u64,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    newest: u64,
    unread: BTreeMap<u64, Unread>,
}

/// A commit that cannot be read whole yet.
struct Unread {
    /// Trace groups still to be projected.
    groups: usize,
    since: Instant,
}

impl Default for Commits {
    fn default() -> Self {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self { opened: u64::try_from(since_epoch.as_nanos()).unwrap_or(u64::MAX), state: Mutex::default() }
    }
}

impl Commits {
    /// So many trace groups were left to be projected by an earlier process; gives the number to say so under.
    pub(crate) fn add_earlier(&self, groups: usize) -> u64 {
        self.put(EARLIER, groups);
        EARLIER
    }

    /// A batch was committed that touched so many trace groups; gives its number.
    pub(crate) fn add(&self, groups: usize) -> u64 {
        let number = {
            let mut state = lock(&self.state);
            state.newest += 1;
            state.newest
        };
        self.put(number, groups);
        number
    }

    fn put(&self, number: u64, groups: usize) {
        if groups > 0 {
            lock(&self.state).unread.insert(number, Unread { groups, since: Instant::now() });
        }
    }

    /// A trace group was projected, or is gone: each of these commits has one less to wait for.
    pub(crate) fn group_done(&self, numbers: impl IntoIterator<Item = u64>) {
        let mut state = lock(&self.state);
        for number in numbers {
            if let Some(commit) = state.unread.get_mut(&number) {
                commit.groups -= 1;
                if commit.groups == 0 {
                    state.unread.remove(&number);
                }
            }
        }
    }

    pub(crate) fn token(&self, number: u64) -> CommitToken {
        CommitToken { opened: self.opened, number }
    }

    pub(crate) fn newest(&self) -> CommitToken {
        self.token(lock(&self.state).newest)
    }

    pub(crate) fn can_read(&self, token: CommitToken) -> bool {
        !lock(&self.state).unread.contains_key(&self.number(token))
    }

    pub(crate) fn can_read_all_to(&self, token: CommitToken) -> bool {
        let last = self.number(token);
        lock(&self.state).unread.first_key_value().is_none_or(|(oldest, _)| *oldest > last)
    }

    /// The age of the oldest commit that cannot be read whole.
    pub(crate) fn lag(&self) -> Duration {
        let oldest = lock(&self.state).unread.first_key_value().map(|(_, commit)| commit.since);
        oldest.map_or(Duration::ZERO, |since| since.elapsed())
    }

    fn number(&self, token: CommitToken) -> u64 {
        if token.opened == self.opened { token.number } else { EARLIER }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commit_waits_for_its_own_trace_groups_and_for_no_others() {
        let commits = Commits::default();
        let huge = commits.add(1);
        let small = commits.add(2);
        let (token, both) = (commits.token(small), commits.newest());
        assert!(!commits.can_read(token));
        commits.group_done([small]);
        assert!(!commits.can_read(token));
        commits.group_done([small]);
        assert!(commits.can_read(token));
        assert!(!commits.can_read(commits.token(huge)));
        assert!(!commits.can_read_all_to(both));
        commits.group_done([huge]);
        assert!(commits.can_read_all_to(both));
        assert_eq!(commits.lag(), Duration::ZERO);
    }

    #[test]
    fn a_token_of_an_earlier_process_waits_for_what_that_left() {
        let commits = Commits::default();
        let old = CommitToken { opened: 1, number: 70 };
        let left = commits.add_earlier(1);
        commits.add(1);
        assert!(!commits.can_read(old));
        commits.group_done([left]);
        assert!(commits.can_read(old));
    }
}

//! The tests that every store must pass, whatever it is built on.
//!
//! An implementation opens itself in a [`Subject`] and writes one line:
//!
//! ```ignore
//! turnscope_store::conformance_tests!(open_my_store);
//! ```
//!
//! which makes a `#[test]` of each function of [`tests`]. Stores are opened with [`text_of`], so that what is written here
//! can be searched.

mod records;
#[expect(clippy::missing_panics_doc, reason = "tests panic when they fail")]
pub mod tests;

use crate::{ReadLimit, Reader, Store, catch_up};
use std::time::{Duration, Instant};
use turnscope_model::{Form, Purpose, RunId};
use turnscope_query::{Moment, Run, RunFilter, RunPage, RunPageQuery, SearchPage, SearchQuery};

/// How long a store may take until what was committed can be read and searched.
const PATIENCE: Duration = Duration::from_secs(20);

/// An empty store under test.
pub trait Subject {
    /// The store.
    fn store(&self) -> &dyn Store;

    /// Closes the store and opens it again, where it outlives that.
    fn reopen(&mut self);
}

/// The searchable text of a content here: all of it.
pub fn text_of(_: Form, _: Purpose, bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Makes a `#[test]` of each test of the suite. The argument is a function that gives an empty [`Subject`].
#[macro_export]
macro_rules! conformance_tests {
    ($open:path) => {
        $crate::conformance_tests! { $open;
            what_was_committed_is_read_back
            what_is_sent_again_is_counted_and_kept_once
            a_commit_is_named_and_can_be_read_in_the_end
            of_two_versions_the_later_end_wins
            everything_survives_reopening
            a_message_is_kept_once_however_often_it_is_sent
            contexts_are_given_in_the_order_of_the_records
            a_batched_read_says_which_item_is_missing_and_gives_the_rest
            pages_lead_through_every_run_once
            a_cursor_of_another_list_is_refused
            filters_choose_runs
            runs_are_found_by_their_ids_and_beginnings
            child_runs_are_totalled_and_listed
            links_lead_both_ways
            a_run_waits_for_a_person_until_its_session_goes_on
            figures_are_sums_over_the_matching_runs
            values_are_listed_most_frequent_first
            sessions_gather_runs
            traces_are_listed_newest_first
            what_belongs_to_no_run_can_be_walked_through
            what_was_said_is_found_with_its_run_and_step
            a_search_can_be_for_texts_of_some_purposes
            pages_of_a_search_lead_through_every_hit_once
            scores_and_tags_are_given_changed_and_deleted
            a_deleted_run_takes_its_content_with_it_and_leaves_the_rest
            retention_deletes_what_was_received_before
            a_limit_of_size_deletes_the_oldest_or_is_refused
            contents_can_go_while_what_runs_did_and_cost_stays
            rules_decide_by_the_first_that_matches
            prices_that_change_reach_past_runs
            a_question_over_its_limit_is_ended
            changes_are_told_to_the_listener
        }
    };
    ($open:path; $($test:ident)*) => {
        $(
            #[test]
            fn $test() {
                $crate::conformance::tests::$test(&mut $open());
            }
        )*
    };
}

/// The moment at which questions are asked here.
fn moment() -> Moment {
    Moment { now_ms: records::ms(1_000_000), inactivity_ms: 600_000 }
}

fn view(subject: &impl Subject) -> Box<dyn Reader + '_> {
    assert!(catch_up(subject.store(), PATIENCE), "the store never caught up");
    subject.store().reader(&ReadLimit::none()).unwrap()
}

/// The runs that match, oldest first.
fn runs(subject: &impl Subject, filter: &RunFilter) -> Vec<Run> {
    let page = RunPageQuery { limit: 1000, ..RunPageQuery::default() };
    let found = view(subject).runs(filter, &page, moment()).unwrap();
    assert_eq!(found.unreadable, [""; 0]);
    found.runs.into_iter().map(|listed| listed.run).collect()
}

fn run_ids(subject: &impl Subject, filter: &RunFilter) -> Vec<RunId> {
    runs(subject, filter).into_iter().map(|run| run.run_id).collect()
}

fn page(subject: &impl Subject, page: &RunPageQuery) -> RunPage {
    view(subject).runs(&RunFilter::default(), page, moment()).unwrap()
}

/// Searches once the index has caught up.
fn search(subject: &impl Subject, words: &str) -> SearchPage {
    let until = Instant::now() + PATIENCE;
    while subject.store().counters().index_lag > 0 {
        assert!(Instant::now() < until, "the index never caught up");
        std::thread::sleep(Duration::from_millis(5));
    }
    view(subject).search(&search_query(words, 10), moment()).unwrap()
}

/// Asks for one word or phrase, in all runs.
fn search_query(words: &str, limit: u32) -> SearchQuery {
    SearchQuery { phrases: vec![words.into()], limit, ..SearchQuery::default() }
}

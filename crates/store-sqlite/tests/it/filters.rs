//! Filters choose the runs that they say, whatever is in the values.

use crate::world::*;
use opentelemetry_proto::tonic::trace::v1::Status;
use proptest::prelude::*;
use turnscope_query::{Clock, Field, GroupBy, RunFilter, RunPageQuery, parameter, parse};
use turnscope_store::Store as _;

fn clock() -> Clock {
    Clock::utc(moment().now_ms)
}

impl World {
    /// The names of the runs that match, sorted.
    fn named(&self, filter: &RunFilter) -> Vec<String> {
        let page = RunPageQuery { limit: 1000, ..RunPageQuery::default() };
        let found = self.reader().runs(filter, &page, moment()).unwrap();
        assert_eq!(found.total, Some(found.runs.len() as u64));
        let mut names: Vec<String> =
            found.runs.into_iter().filter_map(|listed| listed.run.agent_name).collect();
        names.sort();
        names
    }

    fn asked(&self, query: &str) -> Vec<String> {
        self.named(&parse(query, &clock()).unwrap_or_else(|error| panic!("{query}: {error:?}")))
    }
}

#[test]
fn conditions_are_combined_and_negated() {
    let world = World::new();
    let failed = |mut span: opentelemetry_proto::tonic::trace::v1::Span| {
        span.status = Some(Status { code: 2, message: "went wrong".into() });
        span
    };
    world.send(vec![failed(with(agent(1, (1, 0), "a", (0, 10)), [text("user.id", "ann")]))]);
    world.send(vec![agent(2, (1, 0), "b", (20, 40)), tool(2, (2, 1), (21, 22), "{}", "a herd of quaggas")]);
    world.send(vec![with(agent(3, (1, 0), "c", (30, 60)), [text("user.id", "bob")])]);
    world.search("quaggas");
    for (query, names) in [
        ("", &["a", "b", "c"][..]),
        ("agent:a OR agent:b", &["a", "b"]),
        ("agent:a,b -status:failed", &["b"]),
        ("NOT (agent:a OR tool:look)", &["c"]),
        ("status:completed (user:bob OR tool:*)", &["b", "c"]),
        // What is unknown does not hold, so its negation does.
        ("-user:ann", &["b", "c"]),
        ("-has:user", &["b"]),
        ("-(user:ann OR user:bob)", &["b"]),
        ("-cost>0", &["a", "b", "c"]),
        ("quaggas", &["b"]),
        ("-quaggas", &["a", "c"]),
        ("quaggas OR error:*", &["a", "b"]),
        ("tool_calls:1.0", &["b"]),
        ("duration>10ms duration<0.03s", &["b"]),
        ("started:2023-11-14", &["a", "b", "c"]),
        ("started:2023-11-15", &[]),
    ] {
        assert_eq!(world.asked(query), names, "{query}");
    }
    let thousand = vec!["x"; 999].join(",");
    assert_eq!(world.asked(&format!("agent:{thousand},a")), ["a"]);
    // Each alternative would be one level of an expression, of which SQLite takes 1,000.
    let alternatives = vec!["tool:x"; 1000].join(" OR ");
    assert_eq!(world.asked(&alternatives), [""; 0]);
}

#[test]
fn only_a_star_is_a_wildcard() {
    let world = World::new();
    let texts = [
        "quota at 100% reached",
        "quota at 100 items, reached",
        "rate_limit",
        "rate-limit",
        r"no C:\tmp\x",
        "ÜBER",
    ];
    for (trace, text) in (1..).zip(texts) {
        let mut failed = agent(trace, (1, 0), text, (0, 10));
        failed.status = Some(Status { code: 2, message: text.into() });
        world.send(vec![failed]);
    }
    for (query, names) in [
        ("error:\"100%\"", &[texts[0]][..]),
        ("error:rate_limit", &["rate_limit"]),
        ("error:\"quota%reached\"", &[]),
        ("error:\"quota*reached\"", &[texts[1], texts[0]]),
        (r#"error:"C:\tmp""#, &[texts[4]]),
        ("error:QUOTA", &[texts[1], texts[0]]),
        ("error:über", &["ÜBER"]),
        ("agent:rate_limit", &["rate_limit"]),
        ("agent:rate?limit", &[]),
        ("agent:[r]*", &[]),
        ("agent:rate*", &["rate-limit", "rate_limit"]),
        ("agent:*limit", &["rate-limit", "rate_limit"]),
        (r"agent:rate\*", &[]),
    ] {
        assert_eq!(world.asked(query), names, "{query}");
    }
}

#[test]
fn a_run_in_several_traces_is_found_by_each() {
    let world = World::new();
    let event = |trace, kind, id| {
        with(
            span(trace, (1, 0), kind, (0, 10)),
            [text("agent_inspector.run_id", "r-1"), text("agent_inspector.event_id", id)],
        )
    };
    world.send(vec![event(1, "run_start", "e-1"), event(2, "tool_call", "e-2")]);
    assert_eq!(world.runs()[0].trace_ids.len(), 2);
    for (trace, found) in [("01".repeat(16), 1), ("02".repeat(16), 1), ("03".repeat(16), 0)] {
        let filter = parse(&format!("trace:{trace}"), &clock()).unwrap();
        let runs = world.reader().runs(&filter, &RunPageQuery::default(), moment()).unwrap();
        assert_eq!(runs.total, Some(found), "{trace}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// Whatever is listed as a value finds exactly the runs that have it: written by the store, in a query and as a
    /// parameter; as it is, where it holds nothing that has a meaning.
    #[test]
    fn what_is_listed_as_a_value_can_be_found_by_it(
        names in prop::collection::btree_set(r#"[ab][ ,"*\\()%_]{0,3}[ab]?|\PC{1,6}"#, 1..6),
    ) {
        let world = World::new();
        let names: Vec<String> = names.into_iter().filter(|name| !name.trim().is_empty()).collect();
        for (trace, name) in (1..).zip(&names) {
            let ids = [text("session.id", name.as_str()), text("gen_ai.agent.name", name.as_str())];
            world.send(vec![with(agent(trace, (1, 0), name, (0, 10)), ids)]);
        }
        for of in [GroupBy::Agent, GroupBy::Session] {
            let field = Field::Text(of.field());
            for (value, runs) in world.reader().values(of, "", None, 100).unwrap().values {
                prop_assert_eq!(runs, 1);
                let quoted = turnscope_query::quoted(of.field(), &value);
                let found = world.asked(&format!("{}:{quoted}", field.name()));
                prop_assert_eq!(found.len(), 1, "{} in a query", quoted);
                let read = parameter::parameter(field, &quoted, &clock()).unwrap();
                prop_assert!(world.named(&read).contains(&found[0]), "{} as a parameter", quoted);
                if of == GroupBy::Session || !value.contains(['*', ',', '"']) {
                    let raw = parameter::parameter(field, &value, &clock()).unwrap();
                    prop_assert_eq!(world.named(&raw), found, "{}", value);
                }
            }
        }
    }
}

#[test]
fn tags_given_later_are_listed_and_found() {
    let world = World::new();
    world.send(vec![with(agent(1, (1, 0), "a", (0, 10)), [text("tag.tags", r#"["sent"]"#)])]);
    assert!(world.store().change_tags(run_id(1, 1), vec!["given, later".into()], Vec::new()).unwrap());
    let listed = world.reader().values(GroupBy::Tag, "", None, 10).unwrap().values;
    assert_eq!(listed, [("given, later".to_owned(), 1), ("sent".to_owned(), 1)]);
    for query in ["tag:\"given, later\" tag:sent", "has:tag", "tag:given*"] {
        assert_eq!(world.asked(query), ["a"], "{query}");
    }
}

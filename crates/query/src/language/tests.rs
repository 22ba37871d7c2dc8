//! Tests of the language as a whole, and of the page that documents it.

use super::{parameter, parse, quoted};
use crate::{
    AttributeTest, Bounds, Clock, Condition, Field, Known, NumberField, Operator, Pattern, Phrase, Range,
    RunFilter, TextField,
};
use proptest::prelude::*;
use turnscope_model::{RunStatus, Verdict};

const NOW: i64 = 1_790_000_000_000;
const DAY: i64 = 86_400_000_000_000;
const TENTH_OF_MARCH: i64 = 1_773_100_800_000_000_000;

fn read(query: &str) -> RunFilter {
    parse(query, &Clock::utc(NOW)).unwrap_or_else(|error| panic!("{query}: {error:?}"))
}

fn is(condition: Condition) -> RunFilter {
    condition.into()
}

fn not(filter: RunFilter) -> RunFilter {
    RunFilter::Not(Box::new(filter))
}

fn words(texts: &[&str]) -> RunFilter {
    let phrase = |text: &&str| Phrase::from(*text);
    is(Condition::Content(texts.iter().map(phrase).collect()))
}

fn agent(name: &str) -> RunFilter {
    is(Condition::Text(TextField::Agent, vec![Pattern::parse(name)]))
}

#[test]
fn the_example_of_the_design_is_understood() {
    let dollars = Range { first: 500_000_001, last: i64::MAX };
    assert_eq!(
        read("agent:triage cost>0.5 verdict:deny error:* \"refund policy\" hello"),
        RunFilter::All(vec![
            agent("triage"),
            is(Condition::Number(NumberField::Cost, dollars)),
            is(Condition::Verdict(Verdict::Deny)),
            is(Condition::Has(Known::Error)),
            words(&["refund policy", "hello"]),
        ])
    );
    assert_eq!(read("  "), RunFilter::default());
}

#[test]
fn or_binds_less_than_and_and_not_binds_most() {
    let (a, b, c) = (|| agent("a"), || agent("b"), || agent("c"));
    let all = |filters: Vec<RunFilter>| RunFilter::All(filters);
    let any = |filters: Vec<RunFilter>| RunFilter::Any(filters);
    for (query, filter) in [
        ("agent:a agent:b OR agent:c", any(vec![all(vec![a(), b()]), c()])),
        ("agent:a AND agent:b OR agent:c", any(vec![all(vec![a(), b()]), c()])),
        ("agent:a (agent:b OR agent:c)", all(vec![a(), any(vec![b(), c()])])),
        ("NOT agent:a agent:b", all(vec![not(a()), b()])),
        ("-agent:a OR agent:b", any(vec![not(a()), b()])),
        ("-(agent:a OR agent:b)", not(any(vec![a(), b()]))),
        ("NOT NOT agent:a", not(not(a()))),
        ("((agent:a))", a()),
        ("(agent:a)(agent:b)", all(vec![a(), b()])),
        ("word -other", all(vec![not(words(&["other"])), words(&["word"])])),
        ("one AND two", words(&["one", "two"])),
        ("one OR two", any(vec![words(&["one"]), words(&["two"])])),
        ("\"OR\" or", words(&["OR", "or"])),
    ] {
        assert_eq!(read(query), filter, "{query}");
    }
}

#[test]
fn a_quoted_value_is_one_value_and_commas_split_outside_quotes() {
    let texts = |query: &str| match read(query) {
        RunFilter::Is(Condition::Text(_, patterns)) => patterns,
        other => panic!("{query}: {other:?}"),
    };
    let parsed = |values: &[&str]| values.iter().map(|value| Pattern::parse(value)).collect::<Vec<_>>();
    assert_eq!(texts(r#"agent:"Planner, EU",other"#), parsed(&["Planner, EU", "other"]));
    assert_eq!(texts(r#"agent:"the ""fast"" one""#), parsed(&["the \"fast\" one"]));
    assert_eq!(texts("agent:a:b>c"), parsed(&["a:b>c"]));
    assert_eq!(texts(r#"agent:"back\slash""#), parsed(&["back\\slash"]));
    assert_eq!(texts("tool:get_*"), parsed(&["get_*"]));
    // Ids are never patterns.
    assert_eq!(texts("session:team-*"), [Pattern::literal("team-*")]);
    assert_eq!(texts("user:*"), [Pattern::literal("*")]);
    assert_eq!(read("has:session"), is(Condition::Has(Known::Text(TextField::Session))));
    assert_eq!(read("tool:*"), is(Condition::Has(Known::Text(TextField::Tool))));
}

#[test]
fn a_day_is_a_day_and_bounds_say_what_they_include() {
    let started = |query: &str| match read(query) {
        RunFilter::Is(Condition::Number(NumberField::Started, range)) => (range.first, range.last),
        other => panic!("{query}: {other:?}"),
    };
    let (begin, end) = (TENTH_OF_MARCH, TENTH_OF_MARCH + DAY - 1);
    assert_eq!(started("started:2026-03-10"), (begin, end));
    assert_eq!(started("started>=2026-03-10"), (begin, i64::MAX));
    assert_eq!(started("started>2026-03-10"), (end + 1, i64::MAX));
    assert_eq!(started("started<2026-03-10"), (i64::MIN, begin - 1));
    assert_eq!(started("started<=2026-03-10"), (i64::MIN, end));
    assert_eq!(started("started:2026-03-10..2026-03-11"), (begin, end + DAY));
    assert_eq!(started("started:..2026-03-10"), (i64::MIN, end));
    assert_eq!(started("started:\"2026-03-10 00:00\"").0, begin);
    let hour_ago = NOW * 1_000_000 - DAY / 24;
    assert_eq!(started("started>=1h"), (hour_ago, i64::MAX));
    assert_eq!(started("started:-1h.."), (hour_ago, i64::MAX));
}

#[test]
fn numbers_have_units_and_ranges() {
    let number = |query: &str| match read(query) {
        RunFilter::Is(Condition::Number(_, range)) => (range.first, range.last),
        other => panic!("{query}: {other:?}"),
    };
    assert_eq!(number("duration>=1.5s"), (1_500_000_000, i64::MAX));
    assert_eq!(number("tokens>=2k"), (2000, i64::MAX));
    assert_eq!(number("cost:$0.29"), (290_000_000, 290_000_000));
    assert_eq!(number("turns:5.0"), (5, 5));
    assert_eq!(number("turns:2..5"), (2, 5));
    assert_eq!(number("cost<0.1"), (i64::MIN, 99_999_999));
    assert_eq!(
        read("score.helpful<=0.5"),
        is(Condition::ScoreFigure("helpful".into(), Bounds::of(Operator::AtMost, 0.5)))
    );
    assert_eq!(
        read("score.\"user rating\":1"),
        is(Condition::ScoreFigure("user rating".into(), Bounds::of(Operator::Is, 1.0)))
    );
    assert_eq!(read("status:failed"), is(Condition::Status(RunStatus::Failed)));
}

#[test]
fn attributes_are_asked_for_by_key() {
    let test = |query: &str| match read(query) {
        RunFilter::Is(Condition::Attribute(attribute)) => (attribute.key, attribute.test),
        other => panic!("{query}: {other:?}"),
    };
    let one_of =
        |values: &[&str]| AttributeTest::OneOf(values.iter().map(|value| Pattern::parse(value)).collect());
    assert_eq!(
        test("attr.deployment.environment:prod,eu"),
        ("deployment.environment".into(), one_of(&["prod", "eu"]))
    );
    assert_eq!(test("attr.\"a b:c\":5"), ("a b:c".into(), one_of(&["5"])));
    assert_eq!(test("attr.n>5"), ("n".into(), AttributeTest::Between(Bounds::of(Operator::MoreThan, 5.0))));
    assert_eq!(test("attr.n:*"), ("n".into(), AttributeTest::Any));
}

#[test]
fn mistakes_say_where_they_are_and_what_would_be_right() {
    for (query, at, length, message, help) in [
        ("agent:x  nope:1 tag:y", 9, 4, "there is no field \"nope\"", "use status, user"),
        (
            "status:done",
            7,
            4,
            "there is no status \"done\"",
            "use running, waiting, completed, failed or incomplete",
        ),
        ("-status:failed,done", 15, 4, "there is no status \"done\"", "use running"),
        ("verdict:maybe", 8, 5, "there is no verdict", "use allow, deny or hitl"),
        ("trace_id:xyz", 9, 3, "\"xyz\" is no trace id", "32 hexadecimal digits"),
        ("parent:xyz", 7, 3, "\"xyz\" is no run id", "is:root"),
        ("is:leaf", 3, 4, "there is no is:leaf", "is:root"),
        ("has:luck", 4, 4, "there is no has:luck", "use user, session"),
        ("cost>lots", 5, 4, "\"lots\" is no number for cost", "0.25"),
        ("cost>NaN", 5, 3, "is no number", "US dollars"),
        ("tokens:many", 7, 4, "is no number for tokens", "2k"),
        ("duration>5y", 9, 2, "is no number for duration", "250ms"),
        ("turns:5..2", 6, 4, "ends before it begins", "smaller end first"),
        ("started>yesterday", 8, 9, "\"yesterday\" is no time", "2026-03-10"),
        ("started:2026-02-30", 8, 10, "is no time", "-24h"),
        ("agent>3", 0, 5, "agent is not compared as a number", "agent:VALUE"),
        ("score>3", 0, 5, "a score is compared by its name", "score.NAME>0.5"),
        ("score.x:good", 8, 4, "is no number", "score:LABEL"),
        ("agent:", 6, 0, "a value is missing for agent", "without a space"),
        ("agent:a, b", 8, 1, "a value is missing", "without a space"),
        ("cost>1,2", 6, 1, "several values", "cost:A,B"),
        ("\"open", 0, 1, "a closing quote is missing", "\"\""),
        ("\"süß\" word \"open", 11, 1, "a closing quote is missing", "\"\""),
        ("a\"b", 1, 1, "a quote stands inside a word", "whole word"),
        ("agent:\"a\"b", 9, 1, "behind a closing quote", "put a space"),
        ("f(x)", 1, 1, "a parenthesis stands inside a word", "quotes"),
        ("(agent:a", 0, 1, "never closed", "write )"),
        ("agent:a)", 7, 1, "closes nothing", "take it away"),
        ("()", 1, 1, "a condition is expected here", "status:failed"),
        ("agent:a OR", 10, 0, "the query ends", "status:failed"),
        ("OR agent:a", 0, 2, "a condition is expected here", "in quotes"),
        (":x", 0, 1, "the name of a field is missing", "NAME:VALUE"),
        ("\" \"", 0, 3, "nothing to search for", "write a word"),
        ("tag:x - agent:a", 6, 1, "this minus stands alone", "-tag:test"),
        ("agent:a -", 8, 1, "this minus stands alone", "in quotes"),
        ("(agent:a -)", 9, 1, "this minus stands alone", "in quotes"),
        ("a\0b", 0, 3, "NUL", "beside it"),
    ] {
        let error = parse(query, &Clock::utc(NOW)).expect_err(query);
        assert_eq!((error.at, error.length), (at, length), "{query}: {error:?}");
        assert!(error.message.contains(message), "{query}: {error:?}");
        assert!(error.help.contains(help), "{query}: {error:?}");
    }
}

#[test]
fn size_and_depth_are_bounded() {
    let message = |query: &str| parse(query, &Clock::utc(NOW)).map(|_| ()).map_err(|error| error.message);
    let many = |n: usize| format!("agent:{}", vec!["a"; n].join(","));
    assert_eq!(message(&many(1000)), Ok(()));
    assert!(message(&many(1001)).unwrap_err().contains("more than 1000 values"));
    assert!(message(&"agent:a OR ".repeat(1001)).is_err());
    let deep = |n: usize| format!("{}agent:a{}", "(".repeat(n), ")".repeat(n));
    assert_eq!(message(&deep(32)), Ok(()));
    assert!(message(&deep(33)).unwrap_err().contains("more than 32 deep"));
    assert!(message(&format!("{}agent:a", "-".repeat(10_000))).unwrap_err().contains("more than 32 deep"));
    assert!(message(&"a ".repeat(9000)).unwrap_err().contains("longer than"));
    let clock = Clock::utc(NOW);
    let tools = Field::Text(TextField::Tool);
    assert!(parameter::parameter(tools, &vec!["a"; 1001].join(","), &clock).is_err());
}

#[test]
fn a_parameter_takes_values_as_they_are_listed() {
    let of = |field: TextField, value: &str| match parameter::parameter(
        Field::Text(field),
        value,
        &Clock::utc(NOW),
    )
    .unwrap()
    {
        RunFilter::Is(Condition::Text(_, patterns)) => patterns,
        other => panic!("{value}: {other:?}"),
    };
    let literals = |values: &[&str]| values.iter().map(|value| Pattern::literal(*value)).collect::<Vec<_>>();
    for (value, read) in [
        ("Planner", &["Planner"][..]),
        ("Planner, EU", &["Planner, EU"]),
        ("Planner,EU", &["Planner", "EU", "Planner,EU"]),
        ("the \"fast\" one", &["the \"fast\" one"]),
        ("\"a,b\",c", &["a,b", "c", "\"a,b\",c"]),
        ("a(b) OR c", &["a(b) OR c"]),
    ] {
        assert_eq!(of(TextField::Agent, value), literals(read), "{value}");
    }
    for id in ["a,b", "s:Planner, EU", "team-*", "*", "the \"fast\" one"] {
        assert_eq!(of(TextField::Session, id), literals(&[id]));
    }
    assert_eq!(of(TextField::User, "\"a,b\""), literals(&["a,b"]));
    let clock = Clock::utc(NOW);
    let error = parameter::parameter(Field::Status, "failed,done", &clock).unwrap_err();
    assert!(error.help.contains("running"), "{error:?}");
    for none in ["", " ", "\"\"", "a\0b"] {
        assert!(parameter::words(none).is_err(), "{none:?}");
    }
    assert!(parameter::scores("helpful>=high", &clock).is_err());
    assert!(parameter::at_least(Field::Number(NumberField::Cost), "NaN", &clock).is_err());
    assert_eq!(
        parameter::started_before("2026-03-10", &clock).unwrap(),
        is(Condition::Number(NumberField::Started, Range::to(TENTH_OF_MARCH - 1)))
    );
}

/// Every query in the page on the language is one; those of the section on errors are none.
#[test]
fn the_examples_of_the_page_on_the_language_are_right() {
    let page = include_str!("../../../../docs/query.md");
    let (right, wrong) = page.split_once("## Errors").expect("a section on errors");
    let examples = |text: &str| -> Vec<String> {
        let rows = text.lines().filter_map(|line| line.strip_prefix("| `")?.split_once('`'));
        rows.map(|(query, _)| query.replace("\\|", "|")).collect()
    };
    assert!(examples(right).len() > 20 && examples(wrong).len() > 3);
    for query in examples(right) {
        read(&query);
    }
    for query in examples(wrong) {
        assert!(parse(&query, &Clock::utc(NOW)).is_err(), "{query}");
    }
}

proptest! {
    /// Whatever text a field holds, it is found by itself: in a query and as a parameter.
    #[test]
    fn a_quoted_value_is_read_as_exactly_that_value(value in r#"[a,b "*\\()%_:<>\n]{0,10}|\PC{0,8}"#) {
        for field in [TextField::Agent, TextField::Session] {
            let written = quoted(field, &value);
            let exactly = is(Condition::Text(field, vec![Pattern::literal(value.as_str())]));
            let name = Field::Text(field).name();
            prop_assert_eq!(read(&format!("{name}:{written}")), exactly.clone());
            let read = parameter::parameter(Field::Text(field), &written, &Clock::utc(NOW)).unwrap();
            let RunFilter::Is(Condition::Text(_, patterns)) = read else { panic!("{read:?}") };
            prop_assert_eq!(patterns[0].as_literal(), Some(value.as_str()));
        }
    }

    /// No text makes the parser panic, and errors lie inside the query.
    #[test]
    fn any_text_is_a_query_or_an_error_with_its_place(query in r#"[a-c:<>=(),"*\- .0-9ORNTAD]{0,40}|\PC{0,30}"#) {
        if let Err(error) = parse(&query, &Clock::utc(NOW)) {
            prop_assert!(error.at + error.length <= query.chars().count(), "{:?}", error);
        }
    }
}

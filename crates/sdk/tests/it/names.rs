//! The tables in docs/sdk.md list exactly the names that the typed API records, in either naming.

use crate::{live, mcp, metrics, recording, tree};
use opentelemetry::KeyValue;
use opentelemetry_sdk::trace::SpanData;
use std::collections::{BTreeMap, BTreeSet};
use turnscope::Naming;

const GUIDE: &str = include_str!("../../../../docs/sdk.md");

type Names = BTreeSet<String>;

/// A row of a table: the kind and the names in its second column, and the names in its third.
#[derive(Debug)]
struct Row {
    what: &'static str,
    names: Vec<&'static str>,
    attributes: Names,
}

/// The rows of the table whose second column has this heading.
fn table(head: &str) -> Vec<Row> {
    let lines =
        GUIDE.lines().skip_while(|line| line.split('|').nth(2).is_none_or(|cell| cell.trim() != head));
    let rows = lines.skip(2).take_while(|line| line.starts_with('|')).map(|line| {
        let cells: Vec<_> = line.split('|').collect();
        let names = |cell: &'static str| cell.split('`').skip(1).step_by(2);
        let what = cells[2].trim().split([' ', '`']).next().unwrap();
        Row {
            what,
            names: names(cells[2]).collect(),
            attributes: names(cells[3]).map(str::to_owned).collect(),
        }
    });
    let rows: Vec<_> = rows.collect();
    assert!(rows.len() > 5, "docs/sdk.md has no table of {head}");
    rows
}

/// Records everything there is, with content, in both namings.
async fn record() -> Vec<SpanData> {
    let mut spans = Vec::new();
    for naming in [Naming::Semconv, Naming::AgentRun] {
        let (here, kept) = tree::recorder();
        let recorder = here.with_content(true).with_naming(naming);
        recording::record(&recorder);
        let there = kept.other_recorder().with_content(true).with_naming(naming);
        mcp::talk(&recorder, there.clone()).await;
        mcp::ask_for_more(&recorder, there).await;
        spans.extend(kept.spans());
    }
    spans
}

fn keys<'a>(attributes: impl IntoIterator<Item = &'a KeyValue>) -> Names {
    attributes.into_iter().map(|attribute| attribute.key.to_string()).collect()
}

fn is_named(pattern: &str, name: &str) -> bool {
    pattern.strip_suffix('…').map_or(pattern == name, |beginning| name.starts_with(beginning))
}

#[tokio::test]
async fn spans_and_their_attributes() {
    let rows = table("span");
    let shared: Names =
        rows.iter().filter(|row| row.names.is_empty()).flat_map(|row| row.attributes.clone()).collect();
    let mut seen: BTreeMap<usize, Names> = BTreeMap::new();
    let mut seen_names = Names::new();
    let mut seen_shared = Names::new();
    for span in record().await.iter().filter(|span| span.name != "queue.wait") {
        let row = rows.iter().position(|row| row.names.iter().any(|pattern| is_named(pattern, &span.name)));
        let row = row.unwrap_or_else(|| panic!("docs/sdk.md does not list {}", span.name));
        let (common, own) =
            keys(&span.attributes).into_iter().partition::<Vec<_>, _>(|key| shared.contains(key));
        seen.entry(row).or_default().extend(own);
        seen_shared.extend(common);
        let pattern = rows[row].names.iter().find(|pattern| is_named(pattern, &span.name)).unwrap();
        seen_names.insert((*pattern).to_owned());
    }
    assert_eq!(seen_shared, shared);
    for (index, row) in rows.iter().enumerate().filter(|(_, row)| !row.names.is_empty()) {
        assert_eq!(seen.get(&index), Some(&row.attributes), "{:?}", row.names);
        assert!(row.names.iter().all(|name| seen_names.contains(*name)), "{:?} in {seen_names:?}", row.names);
    }
}

#[tokio::test]
async fn events_links_logs_and_metrics() {
    let rows = table("event, link, log or metric");
    let mut seen: BTreeMap<(&str, String), Names> = BTreeMap::new();
    let mut add = |what, name: &str, attributes| {
        seen.entry((what, name.to_owned())).or_default().extend(attributes);
    };
    for span in record().await {
        for event in &span.events.events {
            add("event", &event.name, keys(&event.attributes));
        }
        for link in &span.links.links {
            add("link", "", keys(&link.attributes));
        }
    }
    for (name, attributes) in live::announced() {
        add("log", &name, attributes);
    }
    for point in metrics::recorded().keys() {
        let (name, labels) = point.split_once(" {").unwrap();
        let labels = labels.split_once('{').map_or("", |(_, labels)| labels).trim_end_matches('}');
        let labels = labels.split(' ').filter_map(|label| Some(label.split_once('=')?.0.to_owned()));
        add("metric", name.split(' ').next().unwrap(), labels.collect());
    }
    seen.remove(&("event", "noted".to_owned())); // a custom one
    for row in &rows {
        let what = row.what.trim_end_matches('s');
        let names = if row.names.is_empty() { &[""][..] } else { &row.names };
        let mut found = Names::new();
        for name in names {
            let here = seen.remove(&(what, (*name).to_owned()));
            found.extend(here.unwrap_or_else(|| panic!("no {what} {name} was recorded: {seen:?}")));
        }
        let missing: Vec<_> = row.attributes.difference(&found).collect();
        assert!(missing.is_empty(), "{what} {names:?} has no {missing:?}");
        // The attributes that a step starts with are in the other table.
        assert!(what == "log" || found == row.attributes, "{what} {names:?}: {found:?}");
    }
    assert!(seen.is_empty(), "docs/sdk.md does not list {seen:?}");
}

//! What the tables find in real captures: one snapshot for each producer, one line for each span and log record.
//!
//! The captures are the workspace's `tests/corpus` (real exports; its README says of which versions), or the folder
//! `corpus` under `TURNSCOPE_SHARED`. Without either there is nothing to compare with, and nothing is compared.

mod capture;
mod explained;
mod line;
mod speed;
mod sums;

#[test]
fn every_producer_is_understood_as_before() {
    let Some(corpus) = capture::corpus() else { return };
    for producer in capture::producers(&corpus) {
        let records = capture::records(&corpus.join(&producer));
        for record in &records {
            let again = turnscope_otlp::normalise::again(record).unwrap();
            assert_eq!(format!("{again:?}"), format!("{record:?}"), "{producer}, looked at again");
        }
        let mut lines: Vec<String> = records.iter().map(line::line).collect();
        // Log records that say the same again would only add length.
        lines.dedup_by(|line, before| line == before && line.starts_with("LOG "));
        insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
            insta::assert_yaml_snapshot!(producer, lines);
        });
    }
}

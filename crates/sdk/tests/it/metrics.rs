//! Metrics of calls and turns, as an exporter receives them.

use crate::tree;
use opentelemetry::metrics::MeterProvider;
use opentelemetry_sdk::{
    metrics::{
        InMemoryMetricExporter, PeriodicReader, SdkMeterProvider,
        data::{AggregatedMetrics, MetricData, ResourceMetrics, ScopeMetrics},
    },
    trace::{Sampler, SdkTracerProvider},
};
use std::{collections::BTreeMap, fmt::Debug, time::Duration};
use turnscope::{Recorder, Usage};

struct Meters {
    provider: SdkMeterProvider,
    exporter: InMemoryMetricExporter,
}

impl Meters {
    fn new() -> Self {
        let exporter = InMemoryMetricExporter::default();
        let provider = SdkMeterProvider::builder()
            .with_reader(PeriodicReader::builder(exporter.clone()).build())
            .build();
        Self { provider, exporter }
    }

    fn measuring(&self, recorder: Recorder) -> Recorder {
        recorder.with_meter(&self.provider.meter("turnscope"))
    }

    /// Each data point as `name unit {labels}` with its value: a sum, or a histogram's count. Durations are
    /// left out.
    fn points(&self) -> BTreeMap<String, String> {
        self.exporter.reset();
        self.provider.force_flush().unwrap();
        let mut points = BTreeMap::new();
        for resource in self.exporter.get_finished_metrics().unwrap() {
            collect(&resource, &mut points);
        }
        points
    }
}

fn collect(resource: &ResourceMetrics, points: &mut BTreeMap<String, String>) {
    for metric in resource.scope_metrics().flat_map(ScopeMetrics::metrics) {
        let name = format!("{} {}", metric.name(), metric.unit());
        match metric.data() {
            AggregatedMetrics::U64(data) => figures(&name, data, points),
            AggregatedMetrics::I64(data) => figures(&name, data, points),
            AggregatedMetrics::F64(data) => figures(&name, data, points),
        }
    }
}

fn figures<T: Debug + Copy>(name: &str, data: &MetricData<T>, points: &mut BTreeMap<String, String>) {
    let labelled = |attributes: &mut dyn Iterator<Item = &opentelemetry::KeyValue>| {
        let mut labels: Vec<_> = attributes.map(|label| format!("{}={}", label.key, label.value)).collect();
        labels.sort();
        format!("{name} {{{}}}", labels.join(" "))
    };
    match data {
        MetricData::Sum(sum) => {
            for point in sum.data_points() {
                points.insert(labelled(&mut point.attributes()), format!("{:?}", point.value()));
            }
        }
        MetricData::Histogram(histogram) => {
            for point in histogram.data_points() {
                let sum =
                    if name.contains("token") { format!(" sum {:?}", point.sum()) } else { String::new() };
                points.insert(labelled(&mut point.attributes()), format!("{} in all{sum}", point.count()));
            }
        }
        other => panic!("{name}: {other:?}"),
    }
}

fn record(recorder: &Recorder) {
    let run = recorder.run("helpdesk");
    let turn = run.turn();
    let call = turn.llm("openai", "gpt-5-mini");
    call.response("resp-1", "gpt-5-mini-2026").time_to_first_chunk(Duration::from_millis(320));
    call.usage(Usage { input: Some(120), output: Some(18), cached: Some(100), ..Usage::default() });
    call.end();
    turn.llm("openai", "gpt-5-mini").fail("rate_limit_error", "come back later");
    turn.llm("openai", "gpt-5-mini").error(&std::fmt::Error);
    turn.embedding("openai", "text-embedding-3-small").input_tokens(80);
}

/// The metrics of a run with calls of every outcome.
pub(crate) fn recorded() -> BTreeMap<String, String> {
    let meters = Meters::new();
    let (recorder, _) = tree::recorder();
    record(&meters.measuring(recorder));
    meters.points()
}

#[test]
fn calls_are_measured_and_turns_counted() {
    let meters = Meters::new();
    let (recorder, _) = tree::recorder();
    let recorder = meters.measuring(recorder);
    let run = recorder.run("helpdesk");
    let open = (run.turn(), run.turn());
    let active = "agent.active_turns {turn} {}";
    assert_eq!(meters.points()[active], "2");
    drop(open);
    record(&recorder);
    insta::assert_yaml_snapshot!(meters.points());
}

#[test]
fn unsampled_runs_are_measured_too() {
    let (all, none) = (Meters::new(), Meters::new());
    let (recorder, _) = tree::recorder();
    record(&all.measuring(recorder));
    let provider = SdkTracerProvider::builder().with_sampler(Sampler::AlwaysOff).build();
    record(&none.measuring(Recorder::new(&provider)));
    assert_eq!(all.points(), none.points());
}

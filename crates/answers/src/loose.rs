//! Telemetry that belongs to no run: traces without one, log records of no step, metrics. With the exports of all runs it is
//! everything that the store holds.

use crate::{AnswerError, Answers, Result, otlp_json::OtlpJson, timeline::steps_in_runs};
use opentelemetry_proto::tonic::metrics::v1::Metric;
use prost::Message as _;
use std::{collections::HashSet, fmt, str::FromStr};
use turnscope_api::LooseTelemetry;
use turnscope_model::{MetricId, RecordId, TraceGroupId};
use turnscope_otlp::to_json;
use turnscope_project::{RecordFacts, TraceGroup};
use turnscope_store::{Reader, StoreError, StoredBody};

/// A page ends once it has this many records, or this many bytes of them, or looked at this many trace groups.
const RECORDS: usize = 1000;
const BYTES: usize = 4 << 20;
const GROUPS: u32 = 500;

/// Where a page begins: trace groups come first, then records that belong to none, then metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Groups(TraceGroupId),
    Records(RecordId),
    Metrics(MetricId),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Groups(above) => write!(f, "groups:{above}"),
            Self::Records(above) => write!(f, "records:{above}"),
            Self::Metrics(above) => write!(f, "metrics:{above}"),
        }
    }
}

impl FromStr for Place {
    type Err = StoreError;

    fn from_str(text: &str) -> std::result::Result<Self, StoreError> {
        let (part, above) = text.split_once(':').ok_or(StoreError::BadCursor)?;
        let above = above.parse().map_err(|_| StoreError::BadCursor)?;
        match part {
            "groups" => Ok(Self::Groups(TraceGroupId(above))),
            "records" => Ok(Self::Records(RecordId(above))),
            "metrics" => Ok(Self::Metrics(MetricId(above))),
            _ => Err(StoreError::BadCursor),
        }
    }
}

impl Answers {
    /// One page of the telemetry that belongs to no run.
    pub fn loose_telemetry(&self, cursor: Option<&str>) -> Result<LooseTelemetry> {
        let place = cursor.map_or(Ok(Place::Groups(TraceGroupId(0))), str::parse)?;
        self.read(|reader| {
            let mut page = Page::default();
            let next = match place {
                Place::Groups(above) => Some(page.groups(reader, above)?),
                Place::Records(above) => Some(page.records(reader, above)?),
                Place::Metrics(above) => page.metrics(reader, above)?,
            };
            Ok(LooseTelemetry {
                otlp: page.otlp.into_json(),
                unreadable: page.unreadable,
                next_cursor: next.map(|next| next.to_string()),
            })
        })
    }
}

/// A page as it is filled. What is damaged is named and left out.
#[derive(Default)]
struct Page {
    otlp: OtlpJson,
    unreadable: Vec<String>,
    taken: usize,
    bytes: usize,
}

impl Page {
    fn is_full(&self) -> bool {
        self.taken >= RECORDS || self.bytes >= BYTES
    }

    fn groups(&mut self, reader: &mut dyn Reader, above: TraceGroupId) -> Result<Place> {
        let groups = reader.groups(above, GROUPS)?;
        let is_last = groups.len() < GROUPS as usize;
        let mut last = above;
        for id in groups {
            match reader.group(id) {
                Ok(group) => self.take(reader, &outside_runs(&group))?,
                Err(StoreError::Damaged(why)) => self.unreadable.push(format!("trace group {id}: {why}")),
                Err(error) => return Err(error.into()),
            }
            if self.is_full() {
                return Ok(Place::Groups(id));
            }
            last = id;
        }
        Ok(if is_last { Place::Records(RecordId(0)) } else { Place::Groups(last) })
    }

    fn records(&mut self, reader: &mut dyn Reader, above: RecordId) -> Result<Place> {
        let found = reader.loose_records(above)?;
        let mut records = Vec::with_capacity(found.records.len());
        for record in found.records {
            match record {
                Ok(record) => records.push(record),
                Err(unreadable) => self.unreadable.push(unreadable.to_string()),
            }
        }
        self.take(reader, &records.iter().collect::<Vec<_>>())?;
        Ok(found.looked_to.map_or(Place::Metrics(MetricId(0)), Place::Records))
    }

    fn metrics(&mut self, reader: &mut dyn Reader, above: MetricId) -> Result<Option<Place>> {
        let metrics = reader.metrics(above, RECORDS as u32)?;
        let last = metrics.last().map(|metric| metric.id).filter(|_| metrics.len() == RECORDS);
        for metric in metrics {
            let read = metric.bytes.map_err(|unreadable| unreadable.to_string());
            match read.and_then(|bytes| Metric::decode(&*bytes).map_err(|error| error.to_string())) {
                Ok(decoded) => self.otlp.metric(&metric.origin, to_json::metric(&decoded)),
                Err(why) => self.unreadable.push(format!("metric {}: {why}", metric.id)),
            }
        }
        Ok(last.map(Place::Metrics))
    }

    /// Adds these records, read a page at a time.
    fn take(&mut self, reader: &mut dyn Reader, records: &[&RecordFacts]) -> Result<()> {
        for records in records.chunks(RECORDS) {
            let ids: Vec<RecordId> = records.iter().map(|record| record.id).collect();
            for (record, stored) in records.iter().zip(reader.bodies(&ids)?) {
                let added = stored.map_err(AnswerError::from).and_then(|stored| {
                    self.bytes += size(&stored);
                    self.otlp.record(record, &stored)
                });
                match added {
                    Ok(()) => self.taken += 1,
                    Err(AnswerError::Store(StoreError::Damaged(why))) => self.unreadable.push(why),
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(())
    }
}

fn size(stored: &StoredBody) -> usize {
    let items = stored.body.values.iter().flat_map(|value| &value.items);
    stored.body.bytes.len() + items.map(|item| item.bytes.len()).sum::<usize>()
}

/// The records of a trace group that the export of no run has.
fn outside_runs(group: &TraceGroup) -> Vec<&RecordFacts> {
    let exported: HashSet<RecordId> = steps_in_runs(group)
        .into_iter()
        .flat_map(|step| group.records_of_step(step).map(|record| record.id))
        .collect();
    group.records.iter().filter(|record| !exported.contains(&record.id)).collect()
}

//! OTLP/JSON: metrics, key by key.

use super::{
    json::{
        F64, Fields, Flag, FromJson, Hex, I32, I64, Single, Text, U32, U64, list, one, option, optional,
        values,
    },
    json_messages::{by_name, from_json},
    schema,
};
use opentelemetry_proto::tonic::{
    collector::metrics::v1::ExportMetricsServiceRequest,
    metrics::v1::{
        AggregationTemporality, Exemplar, ExponentialHistogram, ExponentialHistogramDataPoint, Gauge,
        Histogram, HistogramDataPoint, Metric, NumberDataPoint, ResourceMetrics, ScopeMetrics, Sum, Summary,
        SummaryDataPoint, exemplar, exponential_histogram_data_point::Buckets, metric::Data,
        number_data_point, summary_data_point::ValueAtQuantile,
    },
};
use serde::de::MapAccess;

from_json!(ExportMetricsServiceRequest, "a request for metrics", self, map {
    "resourceMetrics" | "resource_metrics" => self.resource_metrics = list(map)?,
});
from_json!(ResourceMetrics, "resource metrics", self, map {
    "resource" => self.resource = option(map)?,
    "scopeMetrics" | "scope_metrics" => self.scope_metrics = list(map)?,
    "schemaUrl" | "schema_url" => self.schema_url = one::<_, Text>(map)?,
});
from_json!(ScopeMetrics, "scope metrics", schema::held_as_scope::<Self>(), self, map {
    "scope" => self.scope = option(map)?,
    "metrics" => self.metrics = list(map)?,
    "schemaUrl" | "schema_url" => self.schema_url = one::<_, Text>(map)?,
});
from_json!(Metric, "a metric", schema::METRIC_SIZE, self, map {
    "name" => self.name = one::<_, Text>(map)?,
    "description" => self.description = one::<_, Text>(map)?,
    "unit" => self.unit = one::<_, Text>(map)?,
    "metadata" => self.metadata = list(map)?,
    "gauge" => self.data = option(map)?.map(Data::Gauge),
    "sum" => self.data = option(map)?.map(Data::Sum),
    "histogram" => self.data = option(map)?.map(Data::Histogram),
    "exponentialHistogram" | "exponential_histogram" => self.data = option(map)?.map(Data::ExponentialHistogram),
    "summary" => self.data = option(map)?.map(Data::Summary),
});
from_json!(Gauge, "a gauge", self, map {
    "dataPoints" | "data_points" => self.data_points = list(map)?,
});
from_json!(Sum, "a sum", self, map {
    "dataPoints" | "data_points" => self.data_points = list(map)?,
    "aggregationTemporality" | "aggregation_temporality" => self.aggregation_temporality = one::<_, Temporality>(map)?,
    "isMonotonic" | "is_monotonic" => self.is_monotonic = one::<_, Flag>(map)?,
});
from_json!(Histogram, "a histogram", self, map {
    "dataPoints" | "data_points" => self.data_points = list(map)?,
    "aggregationTemporality" | "aggregation_temporality" => self.aggregation_temporality = one::<_, Temporality>(map)?,
});
from_json!(ExponentialHistogram, "an exponential histogram", self, map {
    "dataPoints" | "data_points" => self.data_points = list(map)?,
    "aggregationTemporality" | "aggregation_temporality" => self.aggregation_temporality = one::<_, Temporality>(map)?,
});
from_json!(Summary, "a summary", self, map {
    "dataPoints" | "data_points" => self.data_points = list(map)?,
});
from_json!(whole NumberDataPoint, "a data point", schema::held_as_point::<Self>(), self, map {
    "attributes" => self.attributes = list(map)?,
    "startTimeUnixNano" | "start_time_unix_nano" => self.start_time_unix_nano = one::<_, U64>(map)?,
    "timeUnixNano" | "time_unix_nano" => self.time_unix_nano = one::<_, U64>(map)?,
    "exemplars" => self.exemplars = list(map)?,
    "flags" => self.flags = one::<_, U32>(map)?,
    "asDouble" | "as_double" => {
        self.value = optional::<_, F64>(map)?.map(number_data_point::Value::AsDouble).or(self.value);
    },
    "asInt" | "as_int" => {
        self.value = optional::<_, I64>(map)?.map(number_data_point::Value::AsInt).or(self.value);
    },
});
from_json!(whole HistogramDataPoint, "a data point", schema::held_as_point::<Self>(), self, map {
    "attributes" => self.attributes = list(map)?,
    "startTimeUnixNano" | "start_time_unix_nano" => self.start_time_unix_nano = one::<_, U64>(map)?,
    "timeUnixNano" | "time_unix_nano" => self.time_unix_nano = one::<_, U64>(map)?,
    "count" => self.count = one::<_, U64>(map)?,
    "sum" => self.sum = optional::<_, F64>(map)?,
    "bucketCounts" | "bucket_counts" => self.bucket_counts = values::<_, U64>(map)?,
    "explicitBounds" | "explicit_bounds" => self.explicit_bounds = values::<_, F64>(map)?,
    "exemplars" => self.exemplars = list(map)?,
    "flags" => self.flags = one::<_, U32>(map)?,
    "min" => self.min = optional::<_, F64>(map)?,
    "max" => self.max = optional::<_, F64>(map)?,
});
from_json!(whole ExponentialHistogramDataPoint, "a data point", schema::held_as_point::<Self>(), self, map {
    "attributes" => self.attributes = list(map)?,
    "startTimeUnixNano" | "start_time_unix_nano" => self.start_time_unix_nano = one::<_, U64>(map)?,
    "timeUnixNano" | "time_unix_nano" => self.time_unix_nano = one::<_, U64>(map)?,
    "count" => self.count = one::<_, U64>(map)?,
    "sum" => self.sum = optional::<_, F64>(map)?,
    "scale" => self.scale = one::<_, I32>(map)?,
    "zeroCount" | "zero_count" => self.zero_count = one::<_, U64>(map)?,
    "positive" => self.positive = option(map)?,
    "negative" => self.negative = option(map)?,
    "flags" => self.flags = one::<_, U32>(map)?,
    "exemplars" => self.exemplars = list(map)?,
    "min" => self.min = optional::<_, F64>(map)?,
    "max" => self.max = optional::<_, F64>(map)?,
    "zeroThreshold" | "zero_threshold" => self.zero_threshold = one::<_, F64>(map)?,
});
from_json!(Buckets, "buckets", self, map {
    "offset" => self.offset = one::<_, I32>(map)?,
    "bucketCounts" | "bucket_counts" => self.bucket_counts = values::<_, U64>(map)?,
});
from_json!(whole SummaryDataPoint, "a data point", schema::held_as_point::<Self>(), self, map {
    "attributes" => self.attributes = list(map)?,
    "startTimeUnixNano" | "start_time_unix_nano" => self.start_time_unix_nano = one::<_, U64>(map)?,
    "timeUnixNano" | "time_unix_nano" => self.time_unix_nano = one::<_, U64>(map)?,
    "count" => self.count = one::<_, U64>(map)?,
    "sum" => self.sum = one::<_, F64>(map)?,
    "quantileValues" | "quantile_values" => self.quantile_values = list(map)?,
    "flags" => self.flags = one::<_, U32>(map)?,
});
from_json!(ValueAtQuantile, "a quantile", self, map {
    "quantile" => self.quantile = one::<_, F64>(map)?,
    "value" => self.value = one::<_, F64>(map)?,
});
from_json!(Exemplar, "an exemplar", schema::EXEMPLAR_SIZE, self, map {
    "filteredAttributes" | "filtered_attributes" => self.filtered_attributes = list(map)?,
    "timeUnixNano" | "time_unix_nano" => self.time_unix_nano = one::<_, U64>(map)?,
    "spanId" | "span_id" => self.span_id = one::<_, Hex>(map)?,
    "traceId" | "trace_id" => self.trace_id = one::<_, Hex>(map)?,
    "asDouble" | "as_double" => self.value = optional::<_, F64>(map)?.map(exemplar::Value::AsDouble).or(self.value),
    "asInt" | "as_int" => self.value = optional::<_, I64>(map)?.map(exemplar::Value::AsInt).or(self.value),
});

by_name!(Temporality, AggregationTemporality, "an aggregation temporality");

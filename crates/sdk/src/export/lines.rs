//! One finished span a line, as JSON, to stderr.

use super::Exporter;
use crate::FinishedSpan;
use opentelemetry_sdk::trace::SpanData;
use std::{
    error::Error,
    io::{self, Write as _},
};

/// One span a line, as JSON, to stderr.
#[derive(Debug)]
pub(crate) struct Lines;

impl Exporter for Lines {
    fn export(&mut self, spans: &[SpanData]) -> Result<(), Box<dyn Error + Send + Sync>> {
        let lines: String = spans.iter().map(|span| FinishedSpan::from(span).line() + "\n").collect();
        Ok(io::stderr().lock().write_all(lines.as_bytes())?)
    }
}

//! One finished span a line, as JSON.

use super::Exporter;
use crate::FinishedSpan;
use opentelemetry_sdk::trace::SpanData;
use std::{error::Error, fmt, io::Write};

/// One span a line, as JSON.
pub(crate) struct Lines<W>(pub(crate) W);

impl<W: Write + Send> Exporter for Lines<W> {
    fn export(&mut self, spans: &[SpanData]) -> Result<(), Box<dyn Error + Send + Sync>> {
        let mut text = String::new();
        for span in spans {
            text.push_str(&FinishedSpan::from(span).line());
            text.push('\n');
        }
        self.0.write_all(text.as_bytes())?;
        Ok(self.0.flush()?)
    }
}

impl<W> fmt::Debug for Lines<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Lines")
    }
}

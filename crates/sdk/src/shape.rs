//! What is done to finished spans before they are exported: redaction, then truncation, then sampling. Where large
//! contents are put elsewhere, they are after sampling, and what stays is cut then.

use crate::{Redaction, sample::Tail, truncate::ValueLimits};
use opentelemetry::{Array, KeyValue, Value, trace::Status};
use opentelemetry_sdk::trace::SpanData;
use std::{fmt, sync::Arc, time::Duration};

/// Puts large contents elsewhere.
pub(crate) trait LargeContents: fmt::Debug + Send + Sync {
    /// Takes large texts out of this span, and gives the links that come in their place.
    fn take(&self, span: &mut SpanData) -> Vec<KeyValue>;
    /// Waits until what has links is there; false when that takes longer than `timeout`.
    fn flush(&self, timeout: Duration) -> bool;
    /// As `flush`, and takes nothing more.
    fn close(&self, timeout: Duration) -> bool;
}

/// The whole, in its order.
#[derive(Debug)]
pub(crate) struct Shape {
    pub(crate) redaction: Redaction,
    pub(crate) limits: ValueLimits,
    pub(crate) tail: Option<Tail>,
    pub(crate) large: Option<Arc<dyn LargeContents>>,
}

impl Shape {
    /// Puts what goes on, of this batch and of earlier ones, in the batch's place.
    pub(crate) fn batch(&mut self, spans: &mut Vec<SpanData>) {
        for span in &mut *spans {
            self.redaction.span(span);
            if self.large.is_none() {
                self.limits.cut(span);
            }
        }
        if let Some(tail) = &mut self.tail {
            *spans = tail.keep(std::mem::take(spans));
        }
        self.link(spans);
    }

    /// What was held back until now, when nothing more will come.
    pub(crate) fn rest(&mut self) -> Vec<SpanData> {
        let mut rest = self.tail.as_mut().map(Tail::rest).unwrap_or_default();
        self.link(&mut rest);
        rest
    }

    /// What is dropped is put nowhere: links are made of what is kept.
    fn link(&self, spans: &mut [SpanData]) {
        if let Some(large) = &self.large {
            for span in spans {
                let links = large.take(span);
                self.limits.cut(span);
                span.attributes.extend(links); // whole: a link that is cut leads nowhere
            }
        }
    }
}

/// Gives every text of a span with its key to `change`, and puts what it returns in the text's place.
pub(crate) fn each_text(span: &mut SpanData, change: &mut impl FnMut(&str, &str) -> Option<String>) {
    each_value(&mut span.attributes, change);
    for event in &mut span.events.events {
        each_value(&mut event.attributes, change);
    }
    for link in &mut span.links.links {
        each_value(&mut link.attributes, change);
    }
    if let Status::Error { description } = &mut span.status
        && let Some(new) = change("status", description)
    {
        *description = new.into();
    }
}

fn each_value(attributes: &mut [KeyValue], change: &mut impl FnMut(&str, &str) -> Option<String>) {
    for KeyValue { key, value, .. } in attributes {
        match value {
            Value::String(text) => {
                if let Some(new) = change(key.as_str(), text.as_str()) {
                    *text = new.into();
                }
            }
            Value::Array(Array::String(texts)) => {
                for text in texts {
                    if let Some(new) = change(key.as_str(), text.as_str()) {
                        *text = new.into();
                    }
                }
            }
            _ => {}
        }
    }
}

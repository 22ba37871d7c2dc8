//! Attributes that all spans of a run carry: session, user, role.

use opentelemetry::{KeyValue, Value};
use std::sync::{
    Arc, PoisonError, RwLock,
    atomic::{AtomicBool, Ordering},
};

/// Attributes that are added to every span that begins after they were set.
#[derive(Debug, Default)]
pub(crate) struct RunAttributes {
    attributes: RwLock<Vec<KeyValue>>,
    /// Whether there are any; checked before the lock is taken.
    any: AtomicBool,
}

impl RunAttributes {
    /// A copy for a child run, whose changes must not affect its parent.
    pub(crate) fn fork(&self) -> Self {
        let attributes = self.attributes.read().unwrap_or_else(PoisonError::into_inner).clone();
        Self { any: AtomicBool::new(!attributes.is_empty()), attributes: RwLock::new(attributes) }
    }

    pub(crate) fn set(&self, key: &'static str, value: Value) {
        // Every span gets a copy, so make the text reference-counted.
        let value = match value {
            Value::String(text) => Value::from(Arc::<str>::from(text.as_str())),
            other => other,
        };
        let mut all = self.attributes.write().unwrap_or_else(PoisonError::into_inner);
        match all.iter_mut().find(|attribute| attribute.key.as_str() == key) {
            Some(attribute) => attribute.value = value,
            None => all.push(KeyValue::new(key, value)),
        }
        self.any.store(true, Ordering::Release);
    }

    pub(crate) fn add_to(&self, attributes: &mut Vec<KeyValue>) {
        if self.any.load(Ordering::Acquire) {
            let all = self.attributes.read().unwrap_or_else(PoisonError::into_inner);
            attributes.extend_from_slice(&all);
        }
    }
}

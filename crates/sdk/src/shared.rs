//! What all spans of a run carry, once it is known: session, user, role.

use opentelemetry::{KeyValue, Value};
use std::sync::{
    Arc, PoisonError, RwLock,
    atomic::{AtomicBool, Ordering},
};

/// Attributes that every span gets that begins after they were set.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    attributes: RwLock<Vec<KeyValue>>,
    /// Whether there are any, so that the lock is not taken for none.
    any: AtomicBool,
}

impl Shared {
    /// A copy to go on from: what a child run sets is its own.
    pub(crate) fn fork(&self) -> Self {
        let attributes = self.attributes.read().unwrap_or_else(PoisonError::into_inner).clone();
        Self { any: AtomicBool::new(!attributes.is_empty()), attributes: RwLock::new(attributes) }
    }

    pub(crate) fn set(&self, key: &'static str, value: Value) {
        // Each span gets a copy, so a text is counted rather than copied.
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

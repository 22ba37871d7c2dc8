//! What all spans of a run carry, once it is known: session, user, role.

use opentelemetry::{KeyValue, Value};
use std::sync::{PoisonError, RwLock};

/// Attributes that every span gets that begins after they were set.
#[derive(Debug, Default)]
pub(crate) struct Shared(RwLock<Vec<KeyValue>>);

impl Shared {
    /// A copy to go on from: what a child run sets is its own.
    pub(crate) fn fork(&self) -> Self {
        Self(RwLock::new(self.0.read().unwrap_or_else(PoisonError::into_inner).clone()))
    }

    pub(crate) fn set(&self, key: &'static str, value: Value) {
        let mut all = self.0.write().unwrap_or_else(PoisonError::into_inner);
        match all.iter_mut().find(|attribute| attribute.key.as_str() == key) {
            Some(attribute) => attribute.value = value,
            None => all.push(KeyValue::new(key, value)),
        }
    }

    pub(crate) fn each(&self, put: impl FnMut(KeyValue)) {
        self.0.read().unwrap_or_else(PoisonError::into_inner).iter().cloned().for_each(put);
    }
}

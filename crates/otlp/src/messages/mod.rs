//! Canonical messages from what was sent.

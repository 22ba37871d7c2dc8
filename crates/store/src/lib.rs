//! Keeps records, each message once, and answers what runs they make.

pub mod project;

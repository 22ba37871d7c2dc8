//! One file per sub-command, holding its arguments and its function.

pub(crate) mod serve;

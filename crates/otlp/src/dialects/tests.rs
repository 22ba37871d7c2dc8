//! Tests of the tables on synthetic records, one file per theme.

//! Cuts large values out of a record's body, and puts them back.

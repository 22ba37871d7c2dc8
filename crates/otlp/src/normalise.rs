//! Protobuf types to records.

//! What can go wrong in restoring.

/// Why a body could not be restored: it is not as [`super::span`] or [`super::log`] made it.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// The bytes, or an item, are not valid protobuf.
    #[error("the stored body is not valid protobuf: {0}")]
    Protobuf(#[from] prost::DecodeError),
    /// A slot for which there is no value.
    #[error("the stored body refers to value {0}, which is missing")]
    Slot(i32),
    /// A text that is not UTF-8.
    #[error("a stored text is not UTF-8: {0}")]
    Text(#[from] std::string::FromUtf8Error),
    /// The bytes between the items do not fit.
    #[error("the bytes around the items of a stored value are damaged")]
    Envelope,
}

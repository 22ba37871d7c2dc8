//! Canonical messages from what was sent.

/// The searchable text of one stored item.
pub fn item_text(form: turnscope_model::Form, purpose: turnscope_model::Purpose, bytes: &[u8]) -> String {
    let _ = (form, purpose);
    String::from_utf8_lossy(bytes).into_owned()
}

//! Errors of any kind: their message with all causes, and a type that says something.

use std::{
    any::{type_name, type_name_of_val},
    error::Error,
    io,
    ops::Deref,
};

/// Says how a value is an error: it implements `Error`.
#[derive(Debug)]
pub enum ByItself {}

/// Says how a value is an error: it points to one, as `Box<dyn Error>` and `anyhow::Error` do.
#[derive(Debug)]
pub enum ByPointer {}

/// Any error: a type that implements `Error`, `dyn Error`, a box of one, `anyhow::Error` and the like.
///
/// ```
/// let run = turnscope::run("helpdesk");
/// let missing: Result<String, std::io::Error> = std::fs::read_to_string("/no/such/file");
/// run.error(&missing.unwrap_err()); // error.type: std::io::ErrorKind::NotFound
/// let boxed: Box<dyn std::error::Error + Send + Sync> = "too late".into();
/// run.tool("lookup").error(&boxed);
/// ```
pub trait AnyError<How> {
    /// The message, followed by the causes.
    #[doc(hidden)]
    fn full_message(&self) -> String;

    /// What is recorded as `error.type`.
    #[doc(hidden)]
    fn type_of(&self) -> String;
}

impl<E: Error + ?Sized> AnyError<ByItself> for E {
    fn full_message(&self) -> String {
        with_causes(self.to_string(), self.source())
    }

    fn type_of(&self) -> String {
        let name = type_name_of_val(self);
        let debug = || format!("{self:?}");
        if name.starts_with("dyn ") {
            known(self.source()).unwrap_or_else(|| by_debug(&debug()))
        } else if name == type_name::<io::Error>() {
            io_kind(&debug())
        } else {
            name.to_owned()
        }
    }
}

/// The trait objects that a pointer may point to.
pub trait ErrorObject {
    #[doc(hidden)]
    fn object(&self) -> &(dyn Error + 'static);
}

impl ErrorObject for dyn Error + 'static {
    fn object(&self) -> &(dyn Error + 'static) {
        self
    }
}

impl ErrorObject for dyn Error + Send + 'static {
    fn object(&self) -> &(dyn Error + 'static) {
        self
    }
}

impl ErrorObject for dyn Error + Send + Sync + 'static {
    fn object(&self) -> &(dyn Error + 'static) {
        self
    }
}

impl<P> AnyError<ByPointer> for P
where
    P: Deref,
    P::Target: ErrorObject,
{
    fn full_message(&self) -> String {
        let error = self.deref().object();
        with_causes(error.to_string(), error.source())
    }

    fn type_of(&self) -> String {
        let error = self.deref().object();
        known(Some(error)).unwrap_or_else(|| by_debug(&format!("{error:?}")))
    }
}

/// OpenTelemetry's value for an error without a type.
const OTHER: &str = "_OTHER";

/// Many errors repeat their cause in their own message; that is not repeated again.
fn with_causes(mut message: String, mut cause: Option<&(dyn Error + 'static)>) -> String {
    while let Some(error) = cause {
        let text = error.to_string();
        if !message.contains(&text) {
            message = format!("{message}: {text}");
        }
        cause = error.source();
    }
    message
}

/// The type of the innermost error whose type can be told: one of input and output.
fn known(error: Option<&(dyn Error + 'static)>) -> Option<String> {
    let mut next = error;
    let mut kind = None;
    while let Some(error) = next {
        kind = error.downcast_ref::<io::Error>().map(|error| io_kind(&format!("{error:?}"))).or(kind);
        next = error.source();
    }
    kind
}

/// What the debug output of an error tells of its type: that is all that an object says of itself.
fn by_debug(debug: &str) -> String {
    if debug.starts_with("Os { code: ") || debug.starts_with("Custom { kind: ") {
        return io_kind(debug);
    }
    variant(debug).unwrap_or_else(|| OTHER.to_owned())
}

fn io_kind(debug: &str) -> String {
    let kind = debug.split_once("kind: ").map(|(_, rest)| rest).or_else(|| debug.strip_prefix("Kind("));
    let end = |text: &str| text.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(text.len());
    match kind.map(|text| &text[..end(text)]).filter(|kind| !kind.is_empty()) {
        Some(kind) => format!("std::io::ErrorKind::{kind}"),
        None => "std::io::Error".to_owned(),
    }
}

/// The name with which the debug output of a struct or a variant begins.
fn variant(debug: &str) -> Option<String> {
    let end = debug.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(debug.len());
    let (name, rest) = debug.split_at(end);
    let is_name = name.starts_with(|c: char| c.is_ascii_uppercase()) && name != "Error"; // which says nothing
    (is_name && (rest.is_empty() || rest.starts_with(['(', '{']) || rest.starts_with(" {")))
        .then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("cannot answer")]
    struct Outer(#[source] Middle);

    #[derive(Debug, thiserror::Error)]
    #[error("no connection: {0}")]
    struct Middle(#[source] io::Error);

    fn outer() -> Outer {
        Outer(Middle(io::ErrorKind::ConnectionRefused.into()))
    }

    /// As `Step::error` takes it.
    fn of<How>(error: &(impl AnyError<How> + ?Sized)) -> (String, String) {
        (error.type_of(), error.full_message())
    }

    #[test]
    fn errors_of_every_form_have_a_message_with_their_causes_and_a_type() {
        let message = "cannot answer: no connection: connection refused".to_owned();
        let refused = "std::io::ErrorKind::ConnectionRefused".to_owned();
        assert_eq!(of(&outer()), (type_name::<Outer>().to_owned(), message.clone()));
        let boxed: Box<dyn Error + Send + Sync> = Box::new(outer());
        assert_eq!(of(&boxed), (refused.clone(), message.clone()));
        let object: &dyn Error = &outer();
        assert_eq!(of(object), (refused.clone(), message.clone()));
        let plain: Box<dyn Error> = Box::new(outer());
        assert_eq!(of(&plain), (refused.clone(), message.clone()));
        assert_eq!(of(&anyhow::Error::new(outer())), (refused.clone(), message));
        let context = anyhow::Error::new(outer()).context("while asked");
        assert!(of(&context).1.starts_with("while asked: cannot answer: no connection"));
        assert_eq!(of(&io::Error::from(io::ErrorKind::ConnectionRefused)).0, refused);
        assert_eq!(of(&io::Error::other("x")).0, "std::io::ErrorKind::Other");
        assert_eq!(of(&anyhow::anyhow!("It broke")), ("_OTHER".into(), "It broke".into()));
        let parse: Box<dyn Error> = "x".parse::<i32>().unwrap_err().into();
        assert_eq!(of(&parse).0, "ParseIntError");
    }
}

//! Where finished spans go.

mod console;
mod otlp;
mod otlp_signals;
mod ring;
#[cfg(feature = "store")]
mod store;
#[cfg(feature = "tls")]
mod tls;
#[cfg(feature = "store")]
mod turn;

pub(crate) use console::Console;
pub(crate) use otlp::OtlpExporter;
pub use otlp::{Otlp, OtlpProtocol};
pub(crate) use otlp_signals::{log_exporter, meter_provider};
pub(crate) use ring::Ring;
#[cfg(feature = "store")]
pub use store::StoreExporter;

use opentelemetry_sdk::trace::SpanData;
use std::{error::Error, fmt};

/// Takes finished spans, on a thread of its own: it may fail, wait or panic without the caller's or another exporter's
/// noticing.
///
/// ```
/// use opentelemetry_sdk::trace::SpanData;
/// use turnscope::{Exporter, Setup, setup};
///
/// #[derive(Debug)]
/// struct Count(usize);
///
/// impl Exporter for Count {
///     fn export(&mut self, spans: &[SpanData]) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
///         self.0 += spans.len();
///         Ok(())
///     }
/// }
///
/// setup(Setup { exporters: vec![Box::new(Count(0))], ..Setup::new("helpdesk") })?;
/// # Ok::<(), turnscope::SetupError>(())
/// ```
pub trait Exporter: fmt::Debug + Send {
    /// Takes a batch.
    ///
    /// # Errors
    /// When the batch could not be exported; it is lost, and reported.
    fn export(&mut self, spans: &[SpanData]) -> Result<(), Box<dyn Error + Send + Sync>>;
}

//! Exporters: where finished spans go.

mod console;
mod data_directory;
#[cfg(feature = "store")]
mod directory_lease;
mod otlp;
#[cfg(feature = "otlp")]
mod otlp_exporter;
#[cfg(feature = "otlp")]
mod otlp_signals;
mod otlp_variables;
mod ring_buffer;
#[cfg(feature = "store")]
mod store;
#[cfg(feature = "tls")]
mod tls;

pub(crate) use console::Console;
pub use data_directory::DataDirectory;
pub(crate) use data_directory::{DAYS, are_days};
pub use otlp::{Otlp, OtlpProtocol};
#[cfg(feature = "otlp")]
pub(crate) use otlp_exporter::OtlpExporter;
#[cfg(feature = "otlp")]
pub(crate) use otlp_signals::{log_exporter, meter_provider};
pub(crate) use ring_buffer::RingBuffer;
#[cfg(feature = "store")]
pub use store::StoreExporter;

use opentelemetry_sdk::trace::SpanData;
use std::{error::Error, fmt};

/// Receives finished spans on a thread of its own. It may fail, block or panic without affecting the caller
/// or other exporters.
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
    /// Exports a batch.
    ///
    /// # Errors
    /// When the batch cannot be exported. It is lost, and the error is logged.
    fn export(&mut self, spans: &[SpanData]) -> Result<(), Box<dyn Error + Send + Sync>>;
}

//! Exporters: where finished spans go.

mod console;
mod data_directory;
#[cfg(feature = "store")]
mod directory_lease;
mod otlp;
#[cfg(feature = "otlp")]
mod otlp_address;
#[cfg(feature = "otlp")]
mod otlp_client;
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
use std::{any::type_name, borrow::Cow, error::Error, fmt};

/// Receives finished spans on a thread of its own. It may fail, block or panic without affecting the caller
/// or other exporters.
///
/// ```
/// use opentelemetry_sdk::trace::SpanData;
/// use turnscope::{Exporter, Setup, setup};
///
/// struct Count(usize);
///
/// impl Exporter for Count {
///     fn export(&mut self, spans: &[SpanData]) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
///         self.0 += spans.len();
///         Ok(())
///     }
/// }
///
/// let _recording = setup(Setup { exporters: vec![Box::new(Count(0))], ..Setup::new("helpdesk") })?;
/// # Ok::<(), turnscope::SetupError>(())
/// ```
pub trait Exporter: Send {
    /// Exports a batch.
    ///
    /// # Errors
    /// When the batch cannot be exported. It is lost, and the error is logged and counted.
    fn export(&mut self, spans: &[SpanData]) -> Result<(), Box<dyn Error + Send + Sync>>;

    /// What logs and errors call it, without secrets. Default: the name of its type.
    fn name(&self) -> Cow<'_, str> {
        type_name::<Self>().into()
    }

    /// Whether it writes on this machine, at little cost for each call. Then the end of a run is exported at
    /// once, and not up to [`run_end_delay`](crate::RecordingConfig::run_end_delay) later. Default: no.
    fn is_local(&self) -> bool {
        false
    }
}

/// Shows its name: what else is in an exporter may be secret.
impl fmt::Debug for dyn Exporter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name())
    }
}

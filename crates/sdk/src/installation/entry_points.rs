//! The calls that set the crate up: from code, from the environment and from an agent's file.

use super::{Recording, is_installed, shutdown};
use crate::{
    Backend, Observability, Recorder, RecordingConfig, Setup, SetupError, default_recorder,
    set_default_recorder,
};
use opentelemetry_sdk::trace::SdkTracerProvider;
use std::io::{self, Write as _};

/// Sets up what [`run`](fn@crate::run) records to. The previous set-up is flushed and closed, and its ring
/// buffer cleared.
///
/// # Errors
/// When a file, endpoint or thread cannot be opened.
pub fn setup(setup: Setup) -> Result<Recording, SetupError> {
    RecordingConfig::from(setup).install()
}

/// Sets up export from the environment. The protocol is OTLP over HTTP unless `OTEL_EXPORTER_OTLP_PROTOCOL` is
/// `grpc`. If `OTEL_SDK_DISABLED` is `true`, `OTEL_TRACES_EXPORTER` is `none`, no endpoint is set, or a setting
/// is invalid (which is reported on stderr), nothing is set up. See [`RecordingConfig::from_env`], which returns an
/// error.
///
/// ```
/// let _recording = turnscope::init_tracing("helpdesk");
/// turnscope::run("helpdesk").end();
/// ```
pub fn init_tracing(service_name: &str) -> Recording {
    match RecordingConfig::from_env(service_name)
        .and_then(|config| config.map(RecordingConfig::install).transpose())
    {
        Ok(Some(recording)) => recording,
        Ok(None) => {
            let _ = shutdown(); // it logs what was lost
            Recording::nothing()
        }
        Err(error) => {
            let _ = writeln!(io::stderr(), "turnscope: tracing is off: {error}");
            Recording::nothing()
        }
    }
}

/// Sets up what the `observability` section of an agent's YAML file specifies, at the top level or under
/// `spec`. Without such a section, nothing is set up: no thread, no exporter, a tracer that does nothing.
///
/// ```
/// let file = "
/// name: helpdesk
/// observability:
///   backend: console
///   sample_rate: 0.1
/// ";
/// let recording = turnscope::setup_from_yaml(file, "helpdesk")?;
/// assert!(recording.is_set_up());
/// assert!(!turnscope::setup_from_yaml("name: helpdesk", "helpdesk")?.is_set_up());
/// # Ok::<(), turnscope::SetupError>(())
/// ```
///
/// # Errors
/// When the text is not valid YAML, a key or value is not allowed, or the set-up fails.
#[cfg(feature = "yaml")]
pub fn setup_from_yaml(file: &str, agent_name: &str) -> Result<Recording, SetupError> {
    match Observability::from_yaml(file)? {
        Some(section) => section.install(agent_name),
        None => Ok(Recording::nothing()),
    }
}

impl Observability {
    /// Installs this. For Logfire, it reuses the current set-up, else the OpenTelemetry global provider that
    /// the application has set, instead of adding a second one.
    ///
    /// # Errors
    /// As [`config`](Self::config) and [`RecordingConfig::install`].
    pub fn install(self, agent_name: &str) -> Result<Recording, SetupError> {
        if self.backend == Backend::Logfire {
            let configured = is_installed().then(default_recorder);
            if let Some(recorder) = configured.or_else(Recorder::through_global) {
                set_default_recorder(self.apply_to(recorder));
                return Ok(Recording::current());
            }
        }
        self.config(agent_name)?.install()
    }

    /// Records through a provider that the application has configured, and creates none. Export and sampling
    /// are up to that provider.
    ///
    /// ```
    /// use opentelemetry_sdk::trace::SdkTracerProvider;
    /// use turnscope::Observability;
    ///
    /// let provider = SdkTracerProvider::builder().build();
    /// Observability::default().install_on(&provider);
    /// assert!(turnscope::run("helpdesk").is_recording());
    /// ```
    pub fn install_on(&self, provider: &SdkTracerProvider) {
        set_default_recorder(self.apply_to(Recorder::new(provider)));
    }

    fn apply_to(&self, recorder: Recorder) -> Recorder {
        recorder
            .with_content(self.include_content)
            .with_tool_calls(self.trace_tool_calls)
            .with_token_usage(self.trace_token_usage)
    }
}

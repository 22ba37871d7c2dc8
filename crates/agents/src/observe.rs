//! Sets up recording as the role configures it. Without an `observability` section there is no exporter and
//! no thread, and the recorder does nothing.

use crate::role::{Names, Role};
use std::time::Duration;
use turnscope::{Naming, SetupError};

/// Sets up what the role's section `observability` specifies, and returns whether there is one.
///
/// # Errors
/// See [`turnscope::RecordingConfig::install`].
pub fn observe(role: &Role) -> Result<bool, SetupError> {
    let Some(mut section) = role.observability.clone() else { return Ok(false) };
    // A person can be asked, and whoever watches must see that meanwhile.
    section.live.get_or_insert(role.policy.is_some());
    let mut config = section.config(&role.name)?;
    config.naming = naming(role.names);
    config.run_end_delay = Duration::ZERO; // a served agent does not end after its runs
    config.install()?.detach(); // `main` shuts it down
    Ok(true)
}

/// The naming of spans.
pub(crate) fn naming(names: Names) -> Naming {
    match names {
        Names::Semconv => Naming::Semconv,
        Names::Agent | Names::InitRunner => Naming::AgentRun,
    }
}

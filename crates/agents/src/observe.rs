//! Sets up recording as the role configures it. Without an `observability` section there is no exporter and
//! no thread, and the recorder does nothing.

use crate::role::{Names, Role};
use turnscope::{Naming, SetupError};

/// Sets up what the role's section `observability` specifies, and returns whether there is one.
///
/// # Errors
/// See [`turnscope::Config::install`].
pub fn observe(role: &Role) -> Result<bool, SetupError> {
    let Some(section) = role.observability.clone() else { return Ok(false) };
    let mut config = section.config(&role.name)?;
    config.naming = naming(role.names);
    config.install()?;
    Ok(true)
}

/// The naming of spans.
pub(crate) fn naming(names: Names) -> Naming {
    match names {
        Names::Semconv => Naming::Semconv,
        Names::Agent | Names::InitRunner => Naming::AgentRun,
    }
}

//! Sets the recording up that a role asks for. Without the section there is no exporter, no thread, and a recorder that
//! does nothing.

use crate::role::{Names, Role};
use turnscope::{Naming, SetupError};

/// Sets up what the role's section `observability` says; whether there is one.
///
/// # Errors
/// As [`turnscope::Config::install`].
pub fn observe(role: &Role) -> Result<bool, SetupError> {
    let Some(section) = role.observability.clone() else { return Ok(false) };
    let mut config = section.config(&role.name)?;
    config.naming = naming(role.names);
    config.install()?;
    Ok(true)
}

/// How spans are named.
pub(crate) fn naming(names: Names) -> Naming {
    match names {
        Names::Semconv => Naming::Semconv,
        Names::Agent | Names::InitRunner => Naming::AgentRun,
    }
}

//! Checks where OTLP goes: endpoints and headers. OpenTelemetry's exporter finds out with the first request, or
//! leaves out what it cannot read.

use crate::{SetupError, environment::text, secret::shown};
use http::{HeaderName, HeaderValue, Uri};

const ADDRESS: &str = "an address such as http://localhost:4318";

/// The variables with headers.
const HEADERS: [&str; 4] = [
    "OTEL_EXPORTER_OTLP_HEADERS",
    "OTEL_EXPORTER_OTLP_TRACES_HEADERS",
    "OTEL_EXPORTER_OTLP_METRICS_HEADERS",
    "OTEL_EXPORTER_OTLP_LOGS_HEADERS",
];

/// Fails unless `endpoint` is a URL with a host. For gRPC it may lack the scheme.
pub(super) fn check(setting: &str, endpoint: &str, is_grpc: bool) -> Result<(), SetupError> {
    if is_address(endpoint, is_grpc) {
        return Ok(());
    }
    Err(SetupError::invalid(setting, &shown(endpoint), ADDRESS))
}

fn is_address(endpoint: &str, is_grpc: bool) -> bool {
    let Ok(uri) = endpoint.parse::<Uri>() else { return false };
    let is_known = match uri.scheme_str() {
        Some(scheme) => scheme == "http" || scheme == "https",
        None => is_grpc,
    };
    let Some(authority) = uri.authority().filter(|_| is_known) else { return false };
    let host = authority.as_str().rsplit('@').next().unwrap_or_default();
    let port = host.rsplit_once(']').map_or(host, |(_, rest)| rest).rsplit_once(':');
    !authority.host().is_empty()
        && port.is_none_or(|(_, port)| port.parse::<u16>().is_ok_and(|port| port > 0))
}

/// Fails unless this can be a header. The error does not show the value.
pub(super) fn check_header(setting: &str, name: &str, value: &str) -> Result<(), SetupError> {
    if HeaderName::try_from(name).is_ok() && HeaderValue::try_from(value).is_ok() {
        return Ok(());
    }
    Err(SetupError::invalid(setting, name, "a header's name, with a value of printable ASCII"))
}

/// Fails if a variable with headers is not a list of names and values.
pub(super) fn check_variables() -> Result<(), SetupError> {
    for variable in HEADERS {
        let list = text(variable).unwrap_or_default();
        for pair in list.split(',').map(str::trim).filter(|pair| !pair.is_empty()) {
            let allowed = "NAME=VALUE, separated by commas; a comma in a value is %2C";
            let Some((name, value)) = pair.split_once('=') else {
                return Err(SetupError::invalid(variable, "(set)", allowed));
            };
            check_header(variable, name.trim(), value.trim())?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::is_address;

    #[test]
    fn an_address_has_a_scheme_a_host_and_perhaps_a_port() {
        for good in [
            "http://h",
            "https://h:4318/v1/traces",
            "http://[::1]:4318",
            "http://ada:x@h:1/",
            "http://127.0.0.1",
        ] {
            assert!(is_address(good, false) && is_address(good, true), "{good}");
        }
        for bad in [
            "",
            "localhost",
            "h:4318",
            "ftp://h",
            "http://",
            "http://h:port",
            "http://h:99999",
            "http://h:0",
            "a b",
            "htp:/h",
        ] {
            assert!(!is_address(bad, false), "{bad}");
        }
        assert!(is_address("h:4317", true) && is_address("localhost", true) && !is_address("h:grpc", true));
    }
}

//! Parses sizes, durations, addresses and lists. Errors say what is expected.

use std::{net::SocketAddr, time::Duration};

pub(super) fn address(text: &str) -> Result<SocketAddr, String> {
    let text = text.trim();
    let numeric = match text.strip_prefix("localhost:") {
        Some(port) => format!("127.0.0.1:{port}"),
        None => text.to_owned(),
    };
    numeric.parse().map_err(|_| "expected HOST:PORT with a numeric host, such as 127.0.0.1:8000".to_owned())
}

pub(super) fn host(text: &str) -> Result<std::net::IpAddr, String> {
    let numeric = if text.trim() == "localhost" { "127.0.0.1" } else { text.trim() };
    numeric.parse().map_err(|_| "expected a numeric address, such as 127.0.0.1 or 0.0.0.0".to_owned())
}

pub(super) fn port(text: &str) -> Result<u16, String> {
    text.trim().parse().map_err(|_| "expected a port from 0 to 65535".to_owned())
}

/// A key without the whitespace around it, which files and shells add.
pub(super) fn key(text: &str) -> Result<String, String> {
    let key = text.trim();
    if !key.is_empty() && key.chars().all(|c| c == ' ' || c.is_ascii_graphic()) {
        return Ok(key.to_owned());
    }
    Err("expected printable ASCII characters, because the key is sent in a header".to_owned())
}

pub(super) fn switch(text: &str) -> Result<bool, String> {
    match text.trim().to_ascii_lowercase().as_str() {
        "on" | "true" | "1" | "yes" => Ok(true),
        "off" | "false" | "0" | "no" => Ok(false),
        _ => Err("expected on or off".to_owned()),
    }
}

/// Parses `67108864`, `64MiB`, `64MB` or `1.5G`.
pub(crate) fn bytes(text: &str) -> Result<u64, String> {
    let text = text.trim();
    let at = text.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(text.len());
    let (digits, unit) = text.split_at(at);
    let factor: f64 = match unit.to_ascii_lowercase().as_str() {
        "" | "b" => 1.0,
        "k" | "kib" => 1024.0,
        "kb" => 1e3,
        "m" | "mib" => 1_048_576.0,
        "mb" => 1e6,
        "g" | "gib" => 1_073_741_824.0,
        "gb" => 1e9,
        "t" | "tib" => 1_099_511_627_776.0,
        "tb" => 1e12,
        _ => return Err("expected a number of bytes, such as 67108864, 64MiB or 2GB".to_owned()),
    };
    digits
        .trim()
        .parse::<f64>()
        .ok()
        .map(|number| number * factor)
        .filter(|bytes| bytes.is_finite() && (0.0..=9e18).contains(bytes))
        .map(|bytes| bytes as u64)
        .ok_or_else(|| "expected a number of bytes, such as 67108864, 64MiB or 2GB".to_owned())
}

/// Parses `10m`, `90s`, `250ms`, `2h` or `1d`; a number without a unit is in seconds.
pub(crate) fn time(text: &str) -> Result<Duration, String> {
    let wrong = || "expected a duration such as 30s, 10m or 2h".to_owned();
    let text = text.trim();
    let at = text.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(text.len());
    let (digits, unit) = text.split_at(at);
    let factor = match unit {
        "ms" => 0.001,
        "" | "s" => 1.0,
        "m" | "min" => 60.0,
        "h" => 3600.0,
        "d" => 86_400.0,
        _ => return Err(wrong()),
    };
    let seconds = digits.trim().parse::<f64>().map_err(|_| wrong())?;
    Duration::try_from_secs_f64(seconds * factor).map_err(|_| wrong())
}

/// Checks a level, or a filter of levels by target. The parser would accept any single word as a target.
pub(super) fn log_level(text: &str) -> Result<String, String> {
    let is_level = |text: &str| text.trim().parse::<tracing::level_filters::LevelFilter>().is_ok();
    let all_are = text.split(',').all(|part| is_level(part.split_once('=').map_or(part, |(_, level)| level)));
    if all_are && text.parse::<tracing_subscriber::filter::Targets>().is_ok() {
        return Ok(text.to_owned());
    }
    Err("expected off, error, warn, info, debug or trace, or a filter such as turnscope_server=debug"
        .to_owned())
}

/// Parses a number of days; 0 means no limit.
pub(crate) fn days(text: &str) -> Result<Option<Duration>, String> {
    let wrong = || "expected a number of days, such as 30 or 0.5".to_owned();
    let days: f64 = text.trim().trim_end_matches('d').parse().map_err(|_| wrong())?;
    let age = Duration::try_from_secs_f64(days * 86_400.0).map_err(|_| wrong())?;
    Ok((!age.is_zero()).then_some(age))
}

/// Splits at commas outside brackets, so that `a{1,2}` stays whole.
pub(super) fn split_patterns(text: &str) -> Vec<String> {
    let mut out = vec![String::new()];
    let (mut depth, mut escaped) = (0_u32, false);
    for c in text.chars() {
        match c {
            _ if escaped => {}
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                out.push(String::new());
                continue;
            }
            _ => {}
        }
        escaped = c == '\\' && !escaped;
        if let Some(last) = out.last_mut() {
            last.push(c);
        }
    }
    out.iter().map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect()
}

/// Splits at commas.
pub(super) fn split_list(text: &str) -> Vec<String> {
    text.split(',').map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect()
}

/// Names between commas. A text without any is an empty name, for whoever takes the names to refuse.
pub(super) fn split_names(text: &str) -> Vec<String> {
    let names = split_list(text);
    if names.is_empty() { vec![String::new()] } else { names }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_split_at_commas_outside_brackets_only() {
        assert_eq!(split_patterns(r"a{1,2}, [x,y]+ ,\(,b"), [r"a{1,2}", "[x,y]+", r"\(", "b"]);
        assert_eq!(split_patterns(" , "), Vec::<String>::new());
    }

    #[test]
    fn sizes_and_times_have_units() {
        assert_eq!(bytes("64MiB"), Ok(64 << 20));
        assert_eq!(bytes("1.5 kB"), Ok(1500));
        assert!(bytes("lots").is_err() && bytes("-1").is_err());
        assert_eq!(time("10m"), Ok(Duration::from_secs(600)));
        assert!(time("soon").is_err());
        assert!(log_level("warn,turnscope_server=debug").is_ok() && log_level("WARN").is_ok());
        assert!(log_level("verbose").is_err() && log_level("a=loud").is_err());
        assert_eq!(days("0"), Ok(None));
        assert_eq!(address("localhost:80"), Ok(SocketAddr::from(([127, 0, 0, 1], 80))));
    }
}

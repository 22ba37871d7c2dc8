//! Formatting of times, counts, money and sizes.

use turnscope_api::{Money, Usage};

/// `0.4 ms`, `340 ms`, `1.2 s`, `3 m 05 s`, `2 h 10 m`.
pub(crate) fn duration(ms: f64) -> String {
    if !ms.is_finite() || ms < 0.0 {
        return "-".to_owned();
    }
    let seconds = ms / 1e3;
    if ms < 10.0 {
        format!("{ms:.1} ms")
    } else if ms < 999.5 {
        format!("{ms:.0} ms")
    } else if seconds < 59.95 {
        format!("{seconds:.1} s")
    } else if seconds < 3600.0 {
        format!("{} m {:02} s", seconds.round() as u64 / 60, seconds.round() as u64 % 60)
    } else if seconds < 86_400.0 {
        format!("{} h {:02} m", seconds as u64 / 3600, seconds as u64 % 3600 / 60)
    } else {
        format!("{} d {} h", seconds as u64 / 86_400, seconds as u64 % 86_400 / 3600)
    }
}

/// `987`, `12.3k`, `4.5M`.
pub(crate) fn count(n: u64) -> String {
    let scaled = |n: f64, unit: &str| {
        if n < 99.95 { format!("{n:.1}{unit}") } else { format!("{n:.0}{unit}") }
    };
    match n {
        0..1000 => n.to_string(),
        1000..999_500 => scaled(n as f64 / 1e3, "k"),
        999_500..999_500_000 => scaled(n as f64 / 1e6, "M"),
        _ => scaled(n as f64 / 1e9, "G"),
    }
}

/// A cost: with a plus if the price of some calls is unknown, `?` if all are unknown, empty if there were no
/// calls.
pub(crate) fn cost(money: &Money) -> String {
    match (money.cost_usd, money.unpriced_calls) {
        (Some(usd), 0) => self::money(usd),
        (Some(usd), _) => format!("{}+", self::money(usd)),
        (None, 0) => String::new(),
        (None, _) => "?".to_owned(),
    }
}

/// Input and output tokens; unknown only when both are.
pub(crate) fn tokens(usage: Option<&Usage>) -> Option<u64> {
    match usage.map(|usage| (usage.input_tokens, usage.output_tokens)) {
        None | Some((None, None)) => None,
        Some((input, output)) => Some(input.unwrap_or(0).saturating_add(output.unwrap_or(0))),
    }
}

/// `$0.0123`, `$1.23`, `$1,234`.
pub(crate) fn money(usd: f64) -> String {
    if usd == 0.0 {
        "$0".to_owned()
    } else if usd < 0.0001 {
        "<$0.0001".to_owned()
    } else if usd < 0.1 {
        format!("${usd:.4}")
    } else if usd < 1000.0 {
        format!("${usd:.2}")
    } else {
        format!("${usd:.0}")
    }
}

/// `now`, `12 s ago`, `5 min ago`, `3 h ago`, `2 d ago`; `in 5 min` if clocks differ.
pub(crate) fn ago(at: i64, now: i64) -> String {
    let seconds = now.saturating_sub(at) / 1000;
    let text = match seconds.unsigned_abs() {
        0..5 => return "now".to_owned(),
        s @ 5..60 => format!("{s} s"),
        s @ 60..3600 => format!("{} min", s / 60),
        s @ 3600..172_800 => format!("{} h", s / 3600),
        s => format!("{} d", s / 86_400),
    };
    if seconds < 0 { format!("in {text}") } else { format!("{text} ago") }
}

/// `1.2 kB`, `34 MB`.
pub(crate) fn bytes(n: u64) -> String {
    let mut value = n as f64;
    for unit in ["B", "kB", "MB", "GB"] {
        if value < 999.5 {
            return if unit == "B" || value >= 99.5 {
                format!("{value:.0} {unit}")
            } else {
                format!("{value:.1} {unit}")
            };
        }
        value /= 1000.0;
    }
    format!("{value:.1} TB")
}

/// `1 turn`, `2 turns`.
pub(crate) fn plural(n: u64, one: &str) -> String {
    if n == 1 { format!("1 {one}") } else { format!("{} {one}s", count(n)) }
}

/// A reason for damage without what each layer of the store puts in front of it.
pub(crate) fn damage(reason: &str) -> String {
    reason.replace("the store holds damaged data: ", "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_short_and_have_units() {
        assert_eq!([duration(0.42), duration(340.2), duration(1234.0)], ["0.4 ms", "340 ms", "1.2 s"]);
        assert_eq!([duration(59_990.0), duration(185_000.0)], ["1 m 00 s", "3 m 05 s"]);
        assert_eq!([count(987), count(12_345), count(999_700)], ["987", "12.3k", "1.0M"]);
        assert_eq!([money(0.0123), money(1.5), money(0.000_01)], ["$0.0123", "$1.50", "<$0.0001"]);
        assert_eq!([ago(0, 3_000), ago(0, 300_000), ago(90_000, 0)], ["now", "5 min ago", "in 1 min"]);
        assert_eq!(bytes(1_234_567), "1.2 MB");
    }
}

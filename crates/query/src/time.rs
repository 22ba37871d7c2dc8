//! Times as people write them: dates, times of a day, milliseconds since the epoch, and times before now.
//!
//! A time stands for all of what it names: a date is its whole day, a time without seconds its whole minute.

use crate::range::{Decimal, Range};
use jiff::{
    civil::{Date, DateTime, Time},
    tz::{Offset, TimeZone},
};

/// What times are read with.
#[derive(Clone, Debug)]
pub struct Clock {
    /// Now, in milliseconds since the epoch: what relative times start from.
    pub now_ms: i64,
    /// Where dates and times without an offset are.
    pub zone: TimeZone,
}

impl Clock {
    /// Times in UTC.
    pub const fn utc(now_ms: i64) -> Self {
        Self { now_ms, zone: TimeZone::UTC }
    }
}

/// How a time is written, for error messages.
pub(crate) const HOW: &str = "write a date (2026-03-10), a time (2026-03-10T14:30, with Z or an offset such as +02:00 where it is \
     not of your zone), milliseconds since the epoch, or a time before now (-24h; units are ms, s, m, h, d, w)";
/// How a duration is written, for error messages.
pub(crate) const HOW_LONG: &str =
    "write a number of milliseconds, or one with a unit: 250ms, 1.5s, 5m, 2h, 1d, 1w";

/// The time zone of this name: `UTC`, an offset such as `+02:00`, or a name such as `Europe/Berlin`.
pub fn zone(name: &str) -> Option<TimeZone> {
    if matches!(name, "UTC" | "Z") {
        return Some(TimeZone::UTC);
    }
    match offset(name) {
        Some(offset) => Some(offset.to_time_zone()),
        None => TimeZone::get(name).ok(),
    }
}

/// Nanoseconds since the epoch that a time stands for; a time before now is one moment.
pub(crate) fn period(text: &str, clock: &Clock) -> Option<Range> {
    if let Some(ago) = before_now(text) {
        let at = i128::from(clock.now_ms) * 1_000_000 - i128::from(ago);
        return Some(nanos(at, at));
    }
    if let Some(number) = milliseconds(text) {
        // 2026 is a year, and 20260310 a date, that somebody wrote otherwise.
        const LEAST: i64 = 100_000_000_000 * 1_000_000;
        return (number.first == 0 || number.first >= LEAST).then_some(number);
    }
    let (date, rest) = text.split_at_checked(10)?;
    let date = self::date(date)?;
    if rest.is_empty() {
        let first = instant(date.at(0, 0, 0, 0), &clock.zone)?;
        let next = instant(date.tomorrow().ok()?.at(0, 0, 0, 0), &clock.zone)?;
        return Some(nanos(first, next - 1));
    }
    let rest = rest.strip_prefix(['T', ' '])?;
    let (time, zone) = match rest.find(['Z', '+', '-']) {
        None => (rest, clock.zone.clone()),
        Some(at) if &rest[at..] == "Z" => (&rest[..at], TimeZone::UTC),
        Some(at) => (&rest[..at], offset(&rest[at..])?.to_time_zone()),
    };
    let (time, length) = time_of_day(time)?;
    let first = instant(date.to_datetime(time), &zone)?;
    Some(nanos(first, first + length - 1))
}

/// The millisecond, or the part of one, that a number names.
fn milliseconds(text: &str) -> Option<Range> {
    let whole = Decimal::parse(text)?.times(1, 6)?.whole();
    let is_fraction = text.contains(['.', 'e', 'E', '-']);
    Some(if is_fraction {
        whole
    } else {
        Range { first: whole.first, last: whole.last.saturating_add(999_999) }
    })
}

/// A duration in nanoseconds.
pub(crate) fn duration(text: &str) -> Option<Range> {
    let unit_at = text.find(|c: char| c.is_ascii_alphabetic() && c != 'e').unwrap_or(text.len());
    let (number, unit) = text.split_at(unit_at);
    let (factor, power) = unit_of(unit)?;
    Some(Decimal::parse(number)?.times(factor, power)?.whole())
}

/// A length of time, such as `90d` or `36h`; `None` where it is none, or is negative.
pub fn length_of_time(text: &str) -> Option<std::time::Duration> {
    let has_unit = text.ends_with(|c: char| c.is_ascii_alphabetic());
    let range = has_unit.then(|| duration(text)).flatten()?;
    u64::try_from(range.first).ok().map(std::time::Duration::from_nanos)
}

/// A unit as nanoseconds: a factor, and a power of ten.
fn unit_of(unit: &str) -> Option<(i128, i32)> {
    Some(match unit {
        "" | "ms" => (1, 6),
        "s" => (1, 9),
        "m" | "min" => (60, 9),
        "h" => (3600, 9),
        "d" => (86_400, 9),
        "w" => (7 * 86_400, 9),
        _ => return None,
    })
}

/// `-24h` or `24h` in nanoseconds.
fn before_now(text: &str) -> Option<i64> {
    let ago = text.strip_prefix('-').unwrap_or(text);
    let with_unit =
        ago.ends_with(|c: char| c.is_ascii_alphabetic()) && ago.starts_with(|c: char| c.is_ascii_digit());
    let range = with_unit.then(|| duration(ago)).flatten()?;
    (range.first == range.last).then_some(range.first)
}

/// `2026-03-10`.
fn date(text: &str) -> Option<Date> {
    let [year, month, day] = numbers(text, '-', &[4, 2, 2])?;
    Date::new(i16::try_from(year).ok()?, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}

/// `14:30`, `14:30:05` or `14:30:05.123`, and the nanoseconds that it stands for.
fn time_of_day(text: &str) -> Option<(Time, i128)> {
    const SECOND: i128 = 1_000_000_000;
    let (clock, fraction) = match text.split_once('.') {
        Some((clock, fraction)) => (clock, Some(fraction)),
        None => (text, None),
    };
    let ([hour, minute, second], mut length) = match clock.len() {
        5 if fraction.is_none() => {
            let [hour, minute] = numbers(clock, ':', &[2, 2])?;
            ([hour, minute, 0], 60 * SECOND)
        }
        _ => (numbers(clock, ':', &[2, 2, 2])?, SECOND),
    };
    let mut nanos = 0;
    if let Some(fraction) = fraction {
        if !(1..=9).contains(&fraction.len()) || !fraction.bytes().all(|digit| digit.is_ascii_digit()) {
            return None;
        }
        length = 10_i128.pow(9 - u32::try_from(fraction.len()).ok()?);
        nanos = format!("{fraction:0<9}").parse::<i32>().ok()?;
    }
    let small = |n: u16| i8::try_from(n).ok();
    // A second numbered 60 is refused: clocks of computers have none.
    let is_real = second < 60;
    is_real
        .then(|| Time::new(small(hour)?, small(minute)?, small(second)?, nanos).ok())
        .flatten()
        .map(|time| (time, length))
}

/// `+02:00`, `-0500` or `+2`.
fn offset(text: &str) -> Option<Offset> {
    let (sign, text) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+')?),
    };
    let (hours, minutes) = match text.split_once(':') {
        Some(parts) if parts.0.len() == 2 => parts,
        Some(_) => return None,
        None if text.len() == 4 => text.split_at_checked(2)?,
        None => (text, "00"),
    };
    let is_plain = (1..=2).contains(&hours.len()) && minutes.len() == 2;
    let is_number = hours.bytes().chain(minutes.bytes()).all(|digit| digit.is_ascii_digit());
    let (hours, minutes): (i32, i32) = (hours.parse().ok()?, minutes.parse().ok()?);
    if !is_plain || !is_number || hours > 18 || minutes > 59 {
        return None;
    }
    Offset::from_seconds(sign * (hours * 3600 + minutes * 60)).ok()
}

/// Whole numbers with exactly these counts of digits, separated by `separator`.
fn numbers<const N: usize>(text: &str, separator: char, digits: &[usize; N]) -> Option<[u16; N]> {
    let mut parts = text.split(separator);
    let mut read = [0; N];
    for (number, digits) in read.iter_mut().zip(digits) {
        let part = parts.next().filter(|part| part.len() == *digits)?;
        *number = part.bytes().all(|digit| digit.is_ascii_digit()).then(|| part.parse().ok()).flatten()?;
    }
    parts.next().is_none().then_some(read)
}

fn instant(at: DateTime, zone: &TimeZone) -> Option<i128> {
    zone.to_timestamp(at).ok().map(jiff::Timestamp::as_nanosecond)
}

/// A range of nanoseconds, cut to what is kept: the years 1678 to 2262.
#[expect(clippy::cast_possible_truncation, reason = "clamped to what fits")]
fn nanos(first: i128, last: i128) -> Range {
    let clamp = |n: i128| n.clamp(i64::MIN.into(), i64::MAX.into()) as i64;
    Range { first: clamp(first), last: clamp(last) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_790_000_000_000;
    const NOON: i64 = 1_773_144_000_000_000_000; // 2026-03-10T12:00:00Z
    const HOUR: i64 = 3_600_000_000_000;

    fn at(text: &str, zone: &str) -> Option<(i64, i64)> {
        let clock = Clock { now_ms: NOW, zone: super::zone(zone).unwrap() };
        period(text, &clock).map(|range| (range.first, range.last))
    }

    #[test]
    fn a_time_stands_for_all_of_what_it_names() {
        let second = 1_000_000_000;
        for (text, first, length) in [
            ("2026-03-10", NOON - 12 * HOUR, 24 * HOUR),
            ("2026-03-10T12:00", NOON, 60 * second),
            ("2026-03-10 12:00", NOON, 60 * second),
            ("2026-03-10T12:00:00Z", NOON, second),
            ("2026-03-10T12:00:00.000", NOON, second / 1000),
            ("2026-03-10T14:00:00+02:00", NOON, second),
            ("2026-03-10T07:00-0500", NOON, 60 * second),
            ("1773144000000", NOON, second / 1000),
            ("-2h", NOW * 1_000_000 - 2 * HOUR, 1),
            ("2h", NOW * 1_000_000 - 2 * HOUR, 1),
        ] {
            assert_eq!(at(text, "UTC"), Some((first, first + length - 1)), "{text}");
        }
    }

    #[test]
    fn a_day_is_a_day_of_the_zone_that_was_asked_for() {
        assert_eq!(at("2026-03-10", "+02:00").unwrap().0, NOON - 14 * HOUR);
        assert_eq!(at("2026-03-10T13:00", "Europe/Berlin").unwrap().0, NOON);
        // The clocks go forward in this night.
        let (first, last) = at("2026-03-29", "Europe/Berlin").unwrap();
        assert_eq!(last + 1 - first, 23 * HOUR);
        for no_zone in ["Mars/Base", "", "+25:00", "+1:00", "local"] {
            assert!(super::zone(no_zone).is_none(), "{no_zone}");
        }
    }

    #[test]
    fn times_that_do_not_exist_are_none() {
        for wrong in [
            "2026-02-30",
            "2026-13-01",
            "2026-00-10",
            "2026-03",
            "2026",
            "20260310",
            "10.03.2026",
            "yesterday",
            "",
            "2026-03-10T25:00:00Z",
            "2026-03-10T10:99",
            "2026-03-10T24:00",
            "2026-03-10T10",
            "2026-03-10T10:00:60",
            "2026-03-10T10:00:00+99:00",
            "2026-03-10T10:00:00 ",
            "2026-3-1",
            "NaN",
            "1e3",
            "-",
            "h",
            "--2h",
            "+2026-03-10",
            "2026-03-10Z",
            "-1773144000000",
            "2026-03-1\u{e9}",
            "2h3m",
        ] {
            assert_eq!(at(wrong, "UTC"), None, "{wrong}");
        }
    }

    #[test]
    fn durations_have_units() {
        let whole = |text: &str| duration(text).map(|range| (range.first, range.last));
        assert_eq!(whole("1.5s"), Some((1_500_000_000, 1_500_000_000)));
        assert_eq!(whole("250"), Some((250_000_000, 250_000_000)));
        assert_eq!(whole("2min"), whole("120s"));
        assert_eq!(whole("1w"), whole("7d"));
        assert_eq!(whole("1e3"), whole("1s"));
        for wrong in ["", "s", "5y", "5 s", "NaN", "1s2"] {
            assert_eq!(whole(wrong), None, "{wrong}");
        }
    }
}

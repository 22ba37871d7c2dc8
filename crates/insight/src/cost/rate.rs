//! Prices of tokens, and the days on which they change.

use serde::{Deserialize, Serialize, de::Error as _};
use std::fmt;
use time::{Date, OffsetDateTime, format_description::BorrowedFormatItem, macros::format_description};
use turnscope_model::{NanoUsd, UnixNanos};

const MILLION: i128 = 1_000_000;

/// The price of a million tokens, in nano-dollars. Serialised as US dollars.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rate(i64);

impl Rate {
    /// From US dollars for a million tokens; `None` if that is not a valid price.
    pub fn from_usd(dollars: f64) -> Option<Self> {
        let nanos = (dollars * 1e9).round();
        (nanos.is_finite() && (0.0..9e15).contains(&nanos)).then_some(Self(nanos as i64))
    }

    /// US dollars for a million tokens.
    pub fn usd(self) -> f64 {
        self.0 as f64 / 1e9
    }

    /// The cost of this many tokens, rounded to the nearest nano-dollar.
    pub fn of(self, tokens: u64) -> NanoUsd {
        let exact = i128::from(tokens) * i128::from(self.0);
        i64::try_from((exact + MILLION / 2) / MILLION).unwrap_or(i64::MAX)
    }

    /// A fraction of the price.
    #[must_use]
    pub fn times(self, share: f64) -> Self {
        Self((self.0 as f64 * share).round() as i64)
    }
}

impl<'de> Deserialize<'de> for Rate {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let dollars = f64::deserialize(from)?;
        Self::from_usd(dollars).ok_or_else(|| {
            D::Error::custom(format!("{dollars} is not a price in US dollars for a million tokens"))
        })
    }
}

impl Serialize for Rate {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_f64(self.usd())
    }
}

/// The prices of all buckets. A bucket without a price of its own has the price of the bucket it is part of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Rates {
    /// Fresh input.
    pub input: Rate,
    /// Input read from the provider's cache. Default: the price of fresh input.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_read: Option<Rate>,
    /// Input written to the provider's cache with the default lifetime. Default: the price of fresh input.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_write: Option<Rate>,
    /// Input written to the provider's cache for one hour. Default: the price of any cache write.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_write_1h: Option<Rate>,
    /// Output, including reasoning; `None` if there is none (embeddings).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<Rate>,
}

impl Rates {
    /// A fraction of all prices.
    #[must_use]
    pub fn times(self, share: f64) -> Self {
        Self {
            input: self.input.times(share),
            cache_read: self.cache_read.map(|rate| rate.times(share)),
            cache_write: self.cache_write.map(|rate| rate.times(share)),
            cache_write_1h: self.cache_write_1h.map(|rate| rate.times(share)),
            output: self.output.map(|rate| rate.times(share)),
        }
    }
}

const YMD: &[BorrowedFormatItem<'_>] = format_description!("[year]-[month]-[day]");

/// A day in UTC, written `YYYY-MM-DD`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(Date);

impl Day {
    /// The day that contains a point in time.
    pub fn of(at: UnixNanos) -> Self {
        Self(moment(at).date())
    }

    /// Parses `YYYY-MM-DD`.
    pub fn parse(text: &str) -> Option<Self> {
        Date::parse(text, YMD).ok().map(Self)
    }
}

/// The date and time in UTC.
pub(super) fn moment(at: UnixNanos) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(at)).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.format(YMD).map_err(|_| fmt::Error)?)
    }
}

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        Self::parse(&text)
            .ok_or_else(|| D::Error::custom(format!("{text:?} is not a day: expected YYYY-MM-DD")))
    }
}

impl Serialize for Day {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_rounded_once_to_the_nearest_nano_dollar() {
        let rate = Rate::from_usd(0.075).unwrap();
        assert_eq!(rate.of(1), 75);
        assert_eq!(Rate::from_usd(0.0125).unwrap().of(1), 13); // 12.5
        assert_eq!(Rate::from_usd(0.0125).unwrap().of(3), 38); // 37.5
        assert_eq!(Rate::from_usd(15.0).unwrap().of(u64::MAX), i64::MAX);
        assert_eq!(Rate::from_usd(f64::NAN), None);
        assert_eq!(Rate::from_usd(-1.0), None);
    }

    #[test]
    fn days_are_in_utc() {
        assert_eq!(Day::of(1_772_668_799_999_999_999).to_string(), "2026-03-04");
        assert_eq!(Day::of(1_772_668_800_000_000_000).to_string(), "2026-03-05");
        assert_eq!(Day::parse("2026-02-30"), None);
    }
}

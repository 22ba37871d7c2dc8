//! Ranges of numbers, and decimal numbers read without rounding.

/// Whole numbers from `first` to `last`, both included; none where `last` is less.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    /// The least.
    pub first: i64,
    /// The greatest.
    pub last: i64,
}

impl Range {
    /// Nothing.
    pub const EMPTY: Self = Self { first: i64::MAX, last: i64::MIN };

    /// From this number on.
    pub const fn from(first: i64) -> Self {
        Self { first, last: i64::MAX }
    }

    /// Up to this number.
    pub const fn to(last: i64) -> Self {
        Self { first: i64::MIN, last }
    }

    /// What compares like this with any number of this range.
    #[must_use]
    pub fn compared(self, operator: Operator) -> Self {
        match operator {
            Operator::Is => self,
            Operator::AtLeast => Self::from(self.first),
            Operator::AtMost => Self::to(self.last),
            Operator::MoreThan => self.last.checked_add(1).map_or(Self::EMPTY, Self::from),
            Operator::LessThan => self.first.checked_sub(1).map_or(Self::EMPTY, Self::to),
        }
    }
}

/// How a number is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// `:`
    Is,
    /// `>`
    MoreThan,
    /// `>=`
    AtLeast,
    /// `<`
    LessThan,
    /// `<=`
    AtMost,
}

/// Numbers with fractions between bounds, each with whether it is included.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Bounds {
    /// The least.
    pub low: Option<(f64, bool)>,
    /// The greatest.
    pub high: Option<(f64, bool)>,
}

impl Bounds {
    /// What compares like this with a number.
    pub const fn of(operator: Operator, value: f64) -> Self {
        let (low, high) = match operator {
            Operator::Is => (Some((value, true)), Some((value, true))),
            Operator::MoreThan => (Some((value, false)), None),
            Operator::AtLeast => (Some((value, true)), None),
            Operator::LessThan => (None, Some((value, false))),
            Operator::AtMost => (None, Some((value, true))),
        };
        Self { low, high }
    }

    /// Whether a number lies between them.
    pub fn hold(self, value: f64) -> bool {
        self.low.is_none_or(|(low, including)| value > low || including && value >= low)
            && self.high.is_none_or(|(high, including)| value < high || including && value <= high)
    }
}

/// A decimal number as it was written: `mantissa` times ten to the power of `exponent`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Decimal {
    mantissa: i128,
    exponent: i32,
}

/// Digits that are read.
const DIGITS: usize = 30;
/// Beyond this power of ten a number is no number that anybody measures.
const MAX_EXPONENT: i32 = 400;

impl Decimal {
    /// Reads `5`, `-0.5`, `1e21`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (text, negative) = match text.strip_prefix('-') {
            Some(rest) => (rest, true),
            None => (text.strip_prefix('+').unwrap_or(text), false),
        };
        let (number, exponent) = match text.split_once(['e', 'E']) {
            Some((number, exponent)) => (number, exponent.parse::<i32>().ok()?),
            None => (text, 0),
        };
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        let digits = format!("{whole}{fraction}");
        if digits.is_empty() || digits.len() > DIGITS || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
            return None;
        }
        let mantissa: i128 = digits.parse().ok()?;
        let exponent = exponent.checked_sub(i32::try_from(fraction.len()).ok()?)?;
        (exponent.abs() <= MAX_EXPONENT)
            .then_some(Self { mantissa: if negative { -mantissa } else { mantissa }, exponent })
    }

    /// This many times as much; `None` where that is too much to hold.
    pub(crate) fn times(self, factor: i128, power: i32) -> Option<Self> {
        let exponent = self.exponent.checked_add(power)?;
        Some(Self { mantissa: self.mantissa.checked_mul(factor)?, exponent })
    }

    /// The whole number that it is; between two, the range that holds neither.
    #[expect(clippy::cast_possible_truncation, reason = "clamped to what fits")]
    pub(crate) fn whole(self) -> Range {
        let power = 10_i128.checked_pow(self.exponent.unsigned_abs());
        let clamp = |n: i128| n.clamp(i64::MIN.into(), i64::MAX.into()) as i64;
        if self.exponent >= 0 {
            let whole = match power.and_then(|power| self.mantissa.checked_mul(power)) {
                Some(whole) => whole,
                None => {
                    if self.mantissa < 0 {
                        i128::MIN
                    } else {
                        i128::from(self.mantissa > 0) * i128::MAX
                    }
                }
            };
            // No whole number that is kept is as large.
            if i64::try_from(whole).is_err() {
                let last = clamp(whole);
                return if whole > 0 {
                    Range { first: last, last: last - 1 }
                } else {
                    Range { first: last + 1, last }
                };
            }
            return Range { first: clamp(whole), last: clamp(whole) };
        }
        let (floor, is_whole) = match power {
            Some(power) => (self.mantissa.div_euclid(power), self.mantissa.rem_euclid(power) == 0),
            None => (if self.mantissa < 0 { -1 } else { 0 }, self.mantissa == 0),
        };
        let floor = clamp(floor);
        Range { first: if is_whole { floor } else { floor.saturating_add(1) }, last: floor }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(text: &str, power: i32) -> Range {
        Decimal::parse(text).unwrap().times(1, power).unwrap().whole()
    }

    #[test]
    fn numbers_compare_as_numbers_however_they_are_written() {
        for five in ["5", "5.0", "05", "+5", "0.5e1", "500e-2"] {
            assert_eq!(whole(five, 0), Range { first: 5, last: 5 }, "{five}");
        }
        assert_eq!(whole("0.29", 9), Range { first: 290_000_000, last: 290_000_000 });
        assert_eq!(whole("9007199254740993", 0).first, 9_007_199_254_740_993);
        for none in ["", ".", "NaN", "inf", "1e", "e5", "0x10", "1_000", "1e999", "5 ", "--5"] {
            assert!(Decimal::parse(none).is_none(), "{none}");
        }
    }

    #[test]
    fn a_number_between_two_whole_ones_is_neither() {
        let half = whole("2.5", 0);
        assert!(half.first > half.last);
        assert_eq!(half.compared(Operator::MoreThan), Range::from(3));
        assert_eq!(half.compared(Operator::AtLeast), Range::from(3));
        assert_eq!(half.compared(Operator::LessThan), Range::to(2));
        assert_eq!(half.compared(Operator::AtMost), Range::to(2));
        assert_eq!(whole("-2.5", 0).compared(Operator::AtMost), Range::to(-3));
    }

    #[test]
    fn nothing_is_more_than_a_number_that_does_not_fit() {
        let huge = whole("1e21", 9);
        assert!(huge.first > huge.last);
        assert!(huge.compared(Operator::AtMost).last >= i64::MAX - 1);
        let more = huge.compared(Operator::AtLeast);
        assert_eq!((more.first, more.last), (i64::MAX, i64::MAX));
        assert_eq!(Range::from(i64::MAX).compared(Operator::MoreThan), Range::EMPTY);
    }
}

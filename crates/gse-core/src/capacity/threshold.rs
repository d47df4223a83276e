//! The threshold of a rule: a decimal number, kept and compared exactly. Pure.

use std::cmp::Ordering;
use std::fmt;

use serde::{Deserialize, Serialize};

/// Digits behind the point at most.
const DECIMALS_MAX: usize = 18;

/// A decimal number: `digits` with the point before the last `decimals` of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Threshold {
    digits: i64,
    /// At most 18, and the last digit is not 0.
    decimals: u8,
}

impl Threshold {
    /// Reads `12`, `-3` or `1.5`; below 10^18 in size, with at most 18 digits of which none is lost.
    pub fn parse(text: &str) -> Option<Self> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let fraction = fraction.trim_end_matches('0');
        let is_number = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        let unsigned = whole.strip_prefix('-').unwrap_or(whole);
        if unsigned.is_empty()
            || !is_number(unsigned)
            || !is_number(fraction)
            || fraction.len() > DECIMALS_MAX
        {
            return None;
        }
        let digits = format!("{whole}{fraction}").parse().ok()?;
        Some(Self { digits, decimals: u8::try_from(fraction.len()).ok()? })
    }

    /// How a metric stands to it.
    pub fn compare(self, metric: Fraction) -> Ordering {
        let scale = 10_i128.pow(self.decimals.into());
        (i128::from(metric.part) * scale).cmp(&(i128::from(self.digits) * i128::from(metric.whole)))
    }
}

impl fmt::Display for Threshold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let decimals = usize::from(self.decimals);
        if decimals == 0 {
            return write!(f, "{}", self.digits);
        }
        let sign = if self.digits < 0 { "-" } else { "" };
        let digits = format!("{:0>width$}", self.digits.unsigned_abs(), width = decimals + 1);
        let (whole, fraction) = digits.split_at(digits.len() - decimals);
        write!(f, "{sign}{whole}.{fraction}")
    }
}

/// The value of a metric, exactly: `part` of `whole`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fraction {
    part: u64,
    /// Not 0.
    whole: u64,
}

impl Fraction {
    /// `part / whole`; `None` where `whole` is 0.
    pub fn new(part: u64, whole: u64) -> Option<Self> {
        // Beyond 10^18 the products of a comparison would not fit; no fleet counts so far.
        const MOST: u64 = 1_000_000_000_000_000_000;
        (whole > 0).then(|| Self { part: part.min(MOST), whole: whole.min(MOST) })
    }

    /// A whole number.
    pub fn whole(number: u64) -> Self {
        Self { part: number, whole: 1 }
    }
}

/// With at most two decimals, rounded down; what is compared is the exact value.
impl fmt::Display for Fraction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hundredths = u128::from(self.part) * 100 / u128::from(self.whole);
        match (hundredths / 100, hundredths % 100) {
            (whole, 0) => write!(f, "{whole}"),
            (whole, part) if part % 10 == 0 => write!(f, "{whole}.{}", part / 10),
            (whole, part) => write!(f, "{whole}.{part:02}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thresholds_are_read_and_shown_as_the_shortest_decimal() {
        for (text, shown) in [
            ("10", "10"),
            ("1.5", "1.5"),
            ("0.05", "0.05"),
            ("-0.5", "-0.5"),
            ("-12.25", "-12.25"),
            ("2.500", "2.5"),
            ("3.0", "3"),
            ("0.30000000000000004", "0.30000000000000004"),
        ] {
            assert_eq!(Threshold::parse(text).unwrap().to_string(), shown, "{text}");
        }
        for text in [
            "",
            "-",
            ".",
            "1e3",
            "0x1",
            "1.5.2",
            "+1",
            "1.-5",
            "0.0000000000000000001",
            "10000000000000000000",
        ] {
            assert_eq!(Threshold::parse(text), None, "{text}");
        }
    }

    #[test]
    fn comparisons_are_exact() {
        let check = |part, whole, threshold: &str, wanted| {
            let threshold = Threshold::parse(threshold).unwrap();
            assert_eq!(threshold.compare(Fraction::new(part, whole).unwrap()), wanted);
        };
        check(1, 3, "0.333333333333333333", Ordering::Greater);
        check(1, 10, "0.1", Ordering::Equal);
        check(100, 8, "12.5", Ordering::Equal);
        check(0, 7, "-0.5", Ordering::Greater);
        check(u64::MAX, 1, "999999999999999999", Ordering::Greater);
        assert_eq!(Fraction::new(1, 0), None);
    }

    #[test]
    fn metrics_are_shown_with_two_decimals() {
        let shown = |part, whole| Fraction::new(part, whole).unwrap().to_string();
        assert_eq!([shown(5, 1), shown(5, 2), shown(1, 3), shown(105, 100)], ["5", "2.5", "0.33", "1.05"]);
    }
}

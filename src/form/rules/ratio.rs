//! Exact numbers: fractions of whole numbers, so that a third times three is one and no fen is
//! lost on the way. Only what is stored is rounded, once, half away from zero.

use std::cmp::Ordering;

use serde_json::Number;

/// The most that a numerator or a denominator may be. Two such numbers can be multiplied and added
/// within an `i128`, so an operation overflows exactly when its reduced result does: the page,
/// which reckons with numbers of any size, refuses the same.
const MOST: i128 = 1_000_000_000_000_000_000;
/// A number of JSON has at most 15 digits: that many survive a double unharmed.
const DIGITS_END: u64 = 1_000_000_000_000_000;
/// The most digits after the point.
pub(crate) const SCALE_MAX: u32 = 9;

/// A fraction in lowest terms; the denominator is positive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ratio {
    num: i64,
    den: i64,
}

impl Ratio {
    /// Nothing.
    pub const ZERO: Self = Self { num: 0, den: 1 };

    /// A whole number.
    pub fn whole(number: i64) -> Option<Self> {
        (i128::from(number).abs() <= MOST).then_some(Self { num: number, den: 1 })
    }

    /// A number of JSON, if it has at most 15 digits, at most 9 of them after the point.
    pub fn of(number: &Number) -> Option<Self> {
        match number.as_i64() {
            Some(whole) if whole.unsigned_abs() < DIGITS_END => Self::whole(whole),
            Some(_) => None,
            None => Self::of_double(number.as_f64()?),
        }
    }

    /// The decimal that a double stands for: the one with the fewest digits after the point whose
    /// nearest double it is. Digits and unit are exact as doubles, so their quotient is rounded
    /// once, as reading the decimal was.
    fn of_double(double: f64) -> Option<Self> {
        let (mut unit, mut den) = (1.0, 1);
        for _digit in 0..=SCALE_MAX {
            let digits = (double * unit).round();
            if digits.abs() >= 1e15 {
                return None;
            }
            if digits / unit == double {
                #[expect(clippy::as_conversions, reason = "exact: whole and below 2^53")]
                return Self::reduced(digits as i128, den);
            }
            (unit, den) = (unit * 10.0, den * 10);
        }
        None
    }

    fn reduced(num: i128, den: i128) -> Option<Self> {
        if den == 0 {
            return None;
        }
        let divisor = if den == 1 { 1 } else { gcd(num.abs(), den.abs()) * den.signum() };
        let (num, den) = (num / divisor, den / divisor);
        if num.abs() > MOST || den > MOST {
            return None;
        }
        Some(Self { num: i64::try_from(num).ok()?, den: i64::try_from(den).ok()? })
    }

    fn parts(self) -> (i128, i128) {
        (self.num.into(), self.den.into())
    }

    /// The sum, unless it is beyond the range.
    pub fn plus(self, other: Self) -> Option<Self> {
        let ((a, b), (c, d)) = (self.parts(), other.parts());
        Self::reduced(a * d + c * b, b * d)
    }

    /// The difference, unless it is beyond the range.
    pub fn minus(self, other: Self) -> Option<Self> {
        self.plus(other.negative())
    }

    /// The product, unless it is beyond the range.
    pub fn times(self, other: Self) -> Option<Self> {
        let ((a, b), (c, d)) = (self.parts(), other.parts());
        Self::reduced(a * c, b * d)
    }

    /// The quotient; none by zero, and none beyond the range.
    pub fn over(self, other: Self) -> Option<Self> {
        let ((a, b), (c, d)) = (self.parts(), other.parts());
        Self::reduced(a * d, b * c)
    }

    /// The number with the other sign.
    #[must_use]
    pub fn negative(self) -> Self {
        Self { num: -self.num, ..self }
    }

    /// Whether it is zero.
    pub fn is_zero(self) -> bool {
        self.num == 0
    }

    /// The number times ten to the `scale`, rounded half away from zero to a whole one.
    fn scaled(self, scale: u32) -> i128 {
        let (num, den) = self.parts();
        let num = num * 10_i128.pow(scale.min(SCALE_MAX));
        (2 * num.abs() + den) / (2 * den) * num.signum()
    }

    /// The whole number that it is, if it is one.
    pub fn to_whole(self) -> Option<i64> {
        (self.den == 1).then_some(self.num)
    }

    /// The number rounded half away from zero to a whole one.
    pub fn rounded(self) -> i64 {
        i64::try_from(self.scaled(0)).unwrap_or(i64::MAX)
    }

    /// The decimal with at most `scale` digits after the point, rounded half away from zero, as a
    /// number of JSON; none when it has more than 15 digits.
    pub fn to_number(self, scale: u32) -> Option<Number> {
        let scale = scale.min(SCALE_MAX);
        let (mut digits, mut unit) = (self.scaled(scale), 10_i128.pow(scale));
        while unit > 1 && digits % 10 == 0 {
            (digits, unit) = (digits / 10, unit / 10);
        }
        if digits.unsigned_abs() >= DIGITS_END.into() {
            return None;
        }
        if unit == 1 {
            return Some(i64::try_from(digits).ok()?.into());
        }
        #[expect(clippy::as_conversions, reason = "exact: both are whole and below 2^53")]
        Number::from_f64(digits as f64 / unit as f64)
    }

    /// The same decimal as text: `-12.5`.
    pub fn to_text(self, scale: u32) -> String {
        let scale = scale.min(SCALE_MAX);
        let (digits, unit) = (self.scaled(scale), 10_i128.pow(scale));
        let sign = if digits < 0 { "-" } else { "" };
        let whole = format!("{sign}{}", (digits / unit).abs());
        let width = usize::try_from(scale).unwrap_or_default();
        let part = format!("{:0width$}", (digits % unit).abs());
        match part.trim_end_matches('0') {
            "" => whole,
            part => format!("{whole}.{part}"),
        }
    }

    /// Whether at most `scale` digits after the point write it in full.
    pub fn fits(self, scale: u32) -> bool {
        10_i128.pow(scale.min(SCALE_MAX)) % i128::from(self.den) == 0
    }
}

impl Ord for Ratio {
    fn cmp(&self, other: &Self) -> Ordering {
        let ((a, b), (c, d)) = (self.parts(), other.parts());
        (a * d).cmp(&(c * b))
    }
}

impl PartialOrd for Ratio {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Euclid's; in 64 bits as soon as they suffice, where dividing is several times faster.
fn gcd(mut a: i128, mut b: i128) -> i128 {
    while b != 0 {
        if let (Ok(small), Ok(smaller)) = (u64::try_from(a), u64::try_from(b)) {
            return gcd_small(small, smaller).into();
        }
        (a, b) = (b, a % b);
    }
    a
}

fn gcd_small(mut a: u64, mut b: u64) -> u64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn ratio(value: serde_json::Value) -> Option<Ratio> {
        Ratio::of(value.as_number()?)
    }

    #[test]
    fn a_number_of_json_is_taken_exactly_or_not_at_all() {
        assert_eq!(ratio(json!(0.1)), Some(Ratio { num: 1, den: 10 }));
        assert_eq!(ratio(json!(-12.50)), Some(Ratio { num: -25, den: 2 }));
        assert_eq!(ratio(json!(1.0)), Ratio::whole(1));
        assert_eq!(ratio(json!(-0.0)), Some(Ratio::ZERO));
        assert_eq!(ratio(json!(999_999_999_999_999_i64)), Ratio::whole(999_999_999_999_999));
        for wrong in
            [json!(0.1 + 0.2), json!(1e15), json!(1e300), json!(1e-10), json!(10_i64.pow(15))]
        {
            assert_eq!(ratio(wrong.clone()), None, "{wrong}");
        }
    }

    #[test]
    fn thirds_add_up_to_one() {
        let third = Ratio::whole(1).unwrap().over(Ratio::whole(3).unwrap()).unwrap();
        assert_eq!(third.plus(third).unwrap().plus(third), Ratio::whole(1));
        assert_eq!((third.to_text(4), third.rounded()), ("0.3333".to_owned(), 0));
        assert_eq!(third.over(Ratio::ZERO), None);
    }

    #[test]
    fn a_half_is_rounded_away_from_zero() {
        let words = |value| ratio(value).unwrap().to_text(1);
        assert_eq!([json!(0.25), json!(-0.25), json!(0.24)].map(words), ["0.3", "-0.3", "0.2"]);
        assert_eq!(ratio(json!(-0.04)).unwrap().to_text(1), "0");
        assert_eq!(ratio(json!(2.5)).unwrap().to_number(0), Some(3.into()));
        assert_eq!(
            ratio(json!(999_999_999_999.5)).unwrap().to_number(9),
            Number::from_f64(999_999_999_999.5)
        );
    }

    #[test]
    fn what_is_beyond_the_range_is_told() {
        let most = Ratio::whole(1_000_000_000_000_000_000).unwrap();
        assert_eq!(most.plus(Ratio::whole(1).unwrap()), None);
        assert_eq!(most.times(most), None);
        assert_eq!(most.to_number(0), None);
        let end = Ratio::whole(1_000_000_000_000_000).unwrap();
        assert_eq!(end.to_number(9), None);
        let last = end.minus(Ratio::whole(1).unwrap()).unwrap();
        assert_eq!(last.to_number(9), Some(999_999_999_999_999_i64.into()));
        assert_eq!(most.plus(most.negative()), Some(Ratio::ZERO));
    }

    proptest! {
        #[test]
        fn cents_come_back_as_they_went(cents in -99_999_999_999_999_i64..99_999_999_999_999) {
            let text = format!("{}{}.{:02}", if cents < 0 { "-" } else { "" }, cents.abs() / 100, cents.abs() % 100);
            let ratio = ratio(json!(text.parse::<f64>().unwrap())).unwrap();
            prop_assert!(ratio.fits(2));
            prop_assert_eq!(ratio.times(Ratio::whole(100).unwrap()), Ratio::whole(cents));
            prop_assert_eq!(Ratio::of(&ratio.to_number(2).unwrap()), Some(ratio));
        }

        #[test]
        fn every_decimal_is_taken_as_it_is_written(digits in 0..1_000_000_000_000_000_i64, scale in 0..=SCALE_MAX) {
            let unit = 10_i64.pow(scale);
            let part = format!("{:09}", i128::from(digits % unit) * 10_i128.pow(SCALE_MAX - scale));
            let text = format!("{}.{}", digits / unit, part.trim_end_matches('0'));
            let number: Number = serde_json::from_str(text.trim_end_matches('.')).unwrap();
            prop_assert_eq!(Ratio::of(&number), Ratio::reduced(digits.into(), unit.into()));
        }

        #[test]
        fn reckoning_is_exact(a in -9_999i64..9_999, b in 1i64..9_999, c in -9_999i64..9_999, d in 1i64..9_999) {
            let of = |n, d| Ratio::whole(n).unwrap().over(Ratio::whole(d).unwrap()).unwrap();
            let (x, y) = (of(a, b), of(c, d));
            prop_assert_eq!(x.plus(y).unwrap().minus(y), Some(x));
            prop_assert_eq!(x.times(y), y.times(x));
            prop_assert_eq!(x.cmp(&y), (a * d).cmp(&(c * b)));
            if c != 0 {
                prop_assert_eq!(x.times(y).unwrap().over(y), Some(x));
            }
        }
    }
}

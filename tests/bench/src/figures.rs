//! The arithmetic: medians, percentiles, ratios. Nothing is rounded before it is printed.

/// A count as a number to divide by.
pub(crate) fn number(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

/// The middle value, or the mean of the two middle ones; 0 for nothing.
pub(crate) fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = |place: usize| sorted.get(place).copied().unwrap_or_default();
    match sorted.len() {
        0 => 0.0,
        odd if odd % 2 == 1 => at(odd / 2),
        even => f64::midpoint(at(even / 2 - 1), at(even / 2)),
    }
}

/// The smallest value that `percent` of the values do not exceed (nearest rank); 0 for nothing.
pub(crate) fn percentile(values: &[f64], percent: usize) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied().unwrap_or_default()
}

/// `a / b`, which is not finite when nothing was measured, so that no target is met by it.
pub(crate) fn ratio(a: f64, b: f64) -> f64 {
    if a > 0.0 && b > 0.0 { a / b } else { f64::NAN }
}

/// The median of what a function finds in each round.
pub(crate) fn median_of<T>(rounds: &[T], find: impl Fn(&T) -> f64) -> f64 {
    median(&rounds.iter().map(find).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_stands_in_the_middle_whatever_the_order() {
        assert_eq!(median(&[]), 0.0);
        assert_eq!(median(&[3.0]), 3.0);
        assert_eq!(median(&[9.0, 1.0, 5.0]), 5.0);
        assert_eq!(median(&[4.0, 1.0, 100.0, 2.0]), 3.0);
        assert_eq!(median_of(&["abc", "a", "ab"], |text| number(text.len())), 2.0);
    }

    #[test]
    fn a_percentile_is_one_of_the_values_and_the_nearest_rank() {
        let hundred: Vec<f64> = (1..=100).rev().map(f64::from).collect();
        assert_eq!(percentile(&hundred, 50), 50.0);
        assert_eq!(percentile(&hundred, 99), 99.0);
        assert_eq!(percentile(&hundred, 100), 100.0);
        assert_eq!(percentile(&hundred, 0), 1.0);
        assert_eq!(percentile(&[7.0, 8.0], 99), 8.0);
        assert_eq!(percentile(&[7.0, 8.0], 50), 7.0);
        assert_eq!(percentile(&[], 99), 0.0);
    }

    #[test]
    fn a_ratio_of_nothing_meets_no_target() {
        assert_eq!(ratio(3.0, 2.0), 1.5);
        for nothing in [ratio(0.0, 1.0), ratio(1.0, 0.0), ratio(0.0, 0.0)] {
            assert!(nothing.is_nan());
        }
    }
}

//! Medians and how far the rest is from them.

use std::fmt;

/// Measured values.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sample(Vec<f64>);

impl Sample {
    pub(crate) fn push(&mut self, value: f64) {
        self.0.push(value);
        self.0.sort_by(f64::total_cmp);
    }

    /// The middle one, or the mean of the two in the middle; 0 of none.
    pub(crate) fn median(&self) -> f64 {
        let count = self.0.len();
        match count {
            0 => 0.0,
            _ if count % 2 == 1 => self.0[count / 2],
            _ => f64::midpoint(self.0[count / 2 - 1], self.0[count / 2]),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The median, and the smallest and the largest in parentheses.
    pub(crate) fn shown(&self, decimals: usize) -> impl fmt::Display {
        let (least, most) = (self.0.first().copied(), self.0.last().copied());
        let median = grouped(self.median(), decimals);
        let (least, most) = (grouped(least.unwrap_or(0.0), decimals), grouped(most.unwrap_or(0.0), decimals));
        format!("{median} ({least}–{most})")
    }
}

/// A number with a space between thousands.
pub(crate) fn grouped(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$}");
    let (whole, rest) =
        text.split_once('.').map_or((text.as_str(), None), |(whole, rest)| (whole, Some(rest)));
    let mut grouped = String::new();
    for (position, digit) in whole.chars().enumerate() {
        if position > 0 && (whole.len() - position) % 3 == 0 {
            grouped.push(' ');
        }
        grouped.push(digit);
    }
    if let Some(rest) = rest {
        grouped.push('.');
        grouped.push_str(rest);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::{Sample, grouped};

    #[test]
    fn the_median_is_the_one_in_the_middle() {
        let mut sample = Sample::default();
        for value in [3.0, 1.0, 9.0] {
            sample.push(value);
        }
        assert_eq!(sample.shown(1).to_string(), "3.0 (1.0–9.0)");
        sample.push(4.0);
        assert_eq!(sample.shown(2).to_string(), "3.50 (1.00–9.00)");
    }

    #[test]
    fn thousands_are_set_apart() {
        assert_eq!(grouped(1_234_567.0, 0), "1 234 567");
        assert_eq!(grouped(999.5, 1), "999.5");
    }
}

//! Shares as pages show them: two decimals, with the numbers they are made of.
//!
//! **Never** shows a share of nothing as nought.

use crate::service::ledger::Ratio;

/// A share.
#[derive(Debug)]
pub(in crate::web) struct Rate {
    /// Per cent; a dash where there is nothing to divide by.
    pub(in crate::web) text: String,
    /// Numerator and denominator; empty where there is nothing.
    pub(in crate::web) parts: String,
    /// For a chart.
    pub(in crate::web) percent: Option<f64>,
}

impl From<Ratio> for Rate {
    fn from(ratio: Ratio) -> Self {
        let percent = ratio.rate().map(|rate| rate * 100.0);
        Self {
            text: percent.map_or_else(|| "—".to_owned(), |percent| format!("{percent:.2}%")),
            parts: percent
                .map(|_| format!("{}/{}", ratio.numerator, ratio.denominator))
                .unwrap_or_default(),
            percent,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_has_two_decimals_or_is_a_dash() {
        for (numerator, denominator, text, parts) in [
            (0, 0, "—", ""),
            (0, 4, "0.00%", "0/4"),
            (2, 3, "66.67%", "2/3"),
            (4, 4, "100.00%", "4/4"),
        ] {
            let rate = Rate::from(Ratio { numerator, denominator });
            assert_eq!((rate.text.as_str(), rate.parts.as_str()), (text, parts));
        }
    }
}

//! Figures in the text format that Prometheus reads, version 0.0.4.
//!
//! **Never** escapes: names and labels are words of ours, and what comes from elsewhere is put
//! into plain letters first.

use std::fmt::{Display, Write as _};

use crate::service::vitals::Counted;

/// A text that grows by one figure after another.
#[derive(Debug, Default)]
pub(super) struct Exposition(String);

impl Exposition {
    /// A value that goes up and down.
    pub(super) fn gauge(&mut self, name: &str, help: &str, value: impl Display) {
        self.head(name, "gauge", help);
        self.line(name, "", value);
    }

    /// A value that only grows.
    pub(super) fn counter(&mut self, name: &str, help: &str, value: impl Display) {
        self.head(name, "counter", help);
        self.line(name, "", value);
    }

    /// Values that go up and down, by one label each; without any, nothing.
    pub(super) fn gauges<V: Display>(
        &mut self,
        (name, help): (&str, &str),
        values: impl IntoIterator<Item = (String, V)>,
    ) {
        let mut values = values.into_iter().peekable();
        if values.peek().is_some() {
            self.head(name, "gauge", help);
        }
        for (labels, value) in values {
            self.line(name, &labels, value);
        }
    }

    /// Values that only grow, by one label each.
    pub(super) fn counters(
        &mut self,
        (name, help): (&str, &str),
        values: impl IntoIterator<Item = (String, u64)>,
    ) {
        self.head(name, "counter", help);
        for (labels, value) in values {
            self.line(name, &labels, value);
        }
    }

    /// How often something took how long, by labels.
    pub(super) fn histograms(
        &mut self,
        (name, help): (&str, &str),
        all: impl IntoIterator<Item = (String, Counted)>,
    ) {
        self.head(name, "histogram", help);
        for (labels, counted) in all {
            let and = if labels.is_empty() { "" } else { "," };
            let bucket = format!("{name}_bucket");
            for (end, count) in &counted.up_to {
                self.line(&bucket, &format!("{labels}{and}{}", label("le", end)), count);
            }
            self.line(&bucket, &format!("{labels}{and}{}", label("le", "+Inf")), counted.count);
            self.line(&format!("{name}_sum"), &labels, counted.sum);
            self.line(&format!("{name}_count"), &labels, counted.count);
        }
    }

    /// The text.
    pub(super) fn into_text(self) -> String {
        self.0
    }

    fn head(&mut self, name: &str, kind: &str, help: &str) {
        // Writing to a string cannot fail.
        writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}").unwrap_or_default();
    }

    fn line(&mut self, name: &str, labels: &str, value: impl Display) {
        let labels = if labels.is_empty() { String::new() } else { format!("{{{labels}}}") };
        writeln!(self.0, "{name}{labels} {value}").unwrap_or_default();
    }
}

/// A label; what does not stand for itself in quotes is left out.
pub(super) fn label(name: &str, value: impl Display) -> String {
    let value = value.to_string();
    let plain = value.chars().filter(|c| c.is_alphanumeric() || "+-._ ".contains(*c));
    format!("{name}=\"{}\"", plain.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_histogram_ends_with_everything() {
        let mut text = Exposition::default();
        let counted = Counted { up_to: vec![(0.5, 1), (2.0, 4)], count: 5, sum: 13.5 };
        text.histograms(("x_seconds", "Of x."), [(label("channel", "mail"), counted)]);
        assert_eq!(
            text.into_text(),
            "# HELP x_seconds Of x.\n# TYPE x_seconds histogram\n\
             x_seconds_bucket{channel=\"mail\",le=\"0.5\"} 1\n\
             x_seconds_bucket{channel=\"mail\",le=\"2\"} 4\n\
             x_seconds_bucket{channel=\"mail\",le=\"+Inf\"} 5\n\
             x_seconds_sum{channel=\"mail\"} 13.5\nx_seconds_count{channel=\"mail\"} 5\n"
        );
    }

    #[test]
    fn a_label_cannot_end_its_quotes() {
        assert_eq!(label("standby", "a\"b\\c\nd_1"), "standby=\"abcd_1\"");
    }

    #[test]
    fn nothing_is_said_of_nobody() {
        let mut text = Exposition::default();
        text.gauges::<u8>(("x", "Of x."), []);
        text.gauge("supplyline_on_hold", "Held.", 1);
        assert!(text.into_text().starts_with("# HELP supplyline_on_hold Held.\n"));
    }
}

//! Rows of the ledger as a page shows them, with the lists behind them.
//!
//! **Never** leads to a list that has other tickets than the row.

use chrono::{Datelike as _, Days, Months, NaiveDate};

use super::super::rate::Rate;
use super::super::shell::Shell;
use crate::domain::party::{Division, Level};
use crate::service::ledger::{Figures, Grouping, Subject};
use crate::web::api::ledger::FiguresBody;
use crate::web::form::Typed;

/// A row.
pub(super) struct Line {
    pub(super) name: String,
    /// What tells it from others of its name.
    pub(super) detail: String,
    pub(super) figures: FiguresBody,
    pub(super) reply: Rate,
    pub(super) kept: Rate,
    pub(super) resolved: Rate,
    pub(super) median: String,
    /// Its tickets; `None` where no list has exactly those.
    pub(super) tickets: Option<String>,
    /// The ledger of this row alone, split another way.
    pub(super) within: Option<String>,
}

/// What rows are made with.
pub(super) struct Desk<'a> {
    pub(super) shell: &'a Shell,
    /// The filters, as they were chosen.
    pub(super) typed: &'a Typed,
    pub(super) by: Grouping,
}

/// Parameters of a list.
type Pairs = Vec<(&'static str, String)>;

impl Desk<'_> {
    /// A group's row.
    pub(super) fn line(&self, (subject, figures): &(Subject, Figures)) -> Line {
        let (name, detail) = named(subject);
        let narrowed = self.narrowed(subject);
        Line {
            tickets: narrowed.as_ref().and_then(|pairs| self.tickets(pairs)),
            within: narrowed.map(|pairs| self.within(pairs)),
            ..self.bare((name, detail), figures)
        }
    }

    /// The last row.
    pub(super) fn total(&self, figures: &Figures) -> Line {
        let name = (self.shell.t("total-row"), String::new());
        Line { tickets: self.tickets(&self.filters()), ..self.bare(name, figures) }
    }

    fn bare(&self, (name, detail): (String, String), figures: &Figures) -> Line {
        let median = figures.median_working_days();
        Line {
            name,
            detail,
            reply: figures.replies().into(),
            kept: figures.promises.into(),
            resolved: figures.resolved.into(),
            median: median.map_or_else(|| "—".to_owned(), |days| days.to_string()),
            figures: figures.into(),
            tickets: None,
            within: None,
        }
    }

    /// The filters that are on.
    fn filters(&self) -> Pairs {
        let known = ["from", "to", "manufacturer", "product", "division"];
        let pair = |name: &'static str| Some((name, self.typed.find(name)?.to_owned()));
        known.into_iter().filter_map(pair).collect()
    }

    /// The filters that leave just this group.
    fn narrowed(&self, subject: &Subject) -> Option<Pairs> {
        let mut pairs = self.filters();
        match subject {
            Subject::Manufacturer(house) => put(&mut pairs, "manufacturer", house.id.to_string()),
            Subject::Product { product, .. } => put(&mut pairs, "product", product.code.clone()),
            Subject::City { division, .. } | Subject::County { division, .. } => {
                // A code of the level above stands for what lies in none below.
                let is_part = match (self.by, division.level()) {
                    (_, Level::County) => true,
                    (by, Level::City) => by == Grouping::City,
                    (_, Level::Province) => division.is_municipality(),
                };
                let chosen = self.typed.find("division").and_then(|d| Division::parse(d).ok());
                match chosen {
                    _ if !is_part => return None,
                    Some(chosen) if chosen.is_within(*division) => {}
                    Some(_) | None => put(&mut pairs, "division", division.to_string()),
                }
            }
            Subject::Month(year, month) => {
                let first = NaiveDate::from_ymd_opt(*year, *month, 1)?;
                let last =
                    first.checked_add_months(Months::new(1))?.checked_sub_days(Days::new(1))?;
                let (from, to) = (self.date("from")?, self.date("to")?);
                let from = from.map_or(first, |from| from.max(first));
                let to = to.map_or(last, |to| to.min(last));
                put(&mut pairs, "from", from.to_string());
                put(&mut pairs, "to", to.to_string());
            }
        }
        Some(pairs)
    }

    /// A day that was chosen, if one was; `None` when it is an instant.
    fn date(&self, name: &str) -> Option<Option<NaiveDate>> {
        match self.typed.find(name) {
            None => Some(None),
            Some(text) => text.parse().ok().filter(|day: &NaiveDate| day.year() > 0).map(Some),
        }
    }

    /// The list of these tickets.
    fn tickets(&self, pairs: &Pairs) -> Option<String> {
        let name = |name: &str| match name {
            "from" => "filed_from",
            "to" => "filed_to",
            "product" => "q",
            "manufacturer" => "manufacturer",
            _ => "division",
        };
        let pairs = pairs.iter().map(|(own, value)| Some((name(own), plain(value)?)));
        let pairs: Option<Vec<_>> = pairs.collect();
        Some(address("/tickets", &pairs?))
    }

    /// The ledger of these tickets, split by what is not told yet.
    fn within(&self, mut pairs: Pairs) -> String {
        let by = match self.by {
            Grouping::Manufacturer => "product",
            Grouping::Product => "county",
            Grouping::City | Grouping::County | Grouping::Month => "manufacturer",
        };
        pairs.insert(0, ("by", by.to_owned()));
        let pairs: Vec<_> =
            pairs.iter().map(|(name, value)| (*name, plain(value).unwrap_or_default())).collect();
        address("/ledger", &pairs)
    }
}

fn put(pairs: &mut Pairs, name: &'static str, value: String) {
    pairs.retain(|(known, _)| *known != name);
    pairs.push((name, value));
}

/// A value that stands in an address as it is.
fn plain(value: &str) -> Option<&str> {
    let is_plain = value.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
    is_plain.then_some(value)
}

fn address(path: &str, pairs: &[(&str, &str)]) -> String {
    let pairs: Vec<_> = pairs.iter().map(|(name, value)| format!("{name}={value}")).collect();
    if pairs.is_empty() { path.to_owned() } else { format!("{path}?{}", pairs.join("&")) }
}

fn named(subject: &Subject) -> (String, String) {
    match subject {
        Subject::Manufacturer(house) => (house.name.clone(), String::new()),
        Subject::Product { product, manufacturer, province } => {
            let detail = [
                product.form.as_str(),
                product.specification.as_str(),
                product.code.as_str(),
                manufacturer.name.as_str(),
                &province.to_string(),
            ];
            (product.name.clone(), detail.join(" · "))
        }
        Subject::City { division, name } | Subject::County { division, name } => {
            let name = if name.is_empty() { division.to_string() } else { name.clone() };
            (name, division.to_string())
        }
        Subject::Month(year, month) => (format!("{year:04}-{month:02}"), String::new()),
    }
}

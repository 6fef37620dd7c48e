//! What ships inside the binary: calendars, divisions and the demo's sample province.
//!
//! **Never** changes at run time; what administrators edit is in the database.

use anyhow::Context as _;
use rust_embed::Embed;

use crate::domain::calendar::Layer;
use crate::domain::holiday::read_year;
use crate::domain::party::Division;
use crate::domain::policy::Policy;

#[derive(Embed)]
#[folder = "data/"]
#[include = "calendars/*.json"]
#[include = "policies/*.json"]
#[include = "divisions.csv"]
#[include = "demo/*"]
struct Data;

/// A shipped file's text.
///
/// # Errors
/// When the file is not among the shipped ones.
pub fn text(name: &str) -> anyhow::Result<String> {
    let file = Data::get(name).with_context(|| format!("{name} is not shipped"))?;
    String::from_utf8(file.data.into_owned()).with_context(|| format!("{name} is not UTF-8"))
}

/// The divisions of the country, without the codes that only hold others together.
///
/// # Errors
/// When the shipped table cannot be read.
pub fn divisions() -> anyhow::Result<Vec<(Division, String)>> {
    let text = text("divisions.csv")?;
    let mut table = csv::Reader::from_reader(text.as_bytes());
    let mut found = Vec::new();
    for record in table.records() {
        let record = record.context("divisions.csv cannot be read")?;
        let cell = |at| record.get(at).unwrap_or_default();
        if cell(4) != "placeholder" {
            found.push((Division::parse(cell(0))?, cell(1).to_owned()));
        }
    }
    Ok(found)
}

/// The State Council's calendar, every published year.
///
/// # Errors
/// When a shipped year cannot be read.
pub fn nation() -> anyhow::Result<Layer> {
    let mut layer = Layer::default();
    for name in Data::iter().filter(|name| name.starts_with("calendars/")) {
        let year = read_year(&text(&name)?).with_context(|| format!("{name} cannot be read"))?;
        layer.publish(year);
    }
    Ok(layer)
}

/// The time-limit rules of the nation and of the regions whose document is known, also of those
/// that have lapsed: what they ruled must be explained.
///
/// # Errors
/// When a shipped policy cannot be read.
pub fn policies() -> anyhow::Result<Vec<Policy>> {
    let mut policies = vec![Policy::national()];
    for name in Data::iter().filter(|name| name.starts_with("policies/")) {
        let policy = serde_json::from_str(&text(&name)?);
        policies.push(policy.with_context(|| format!("{name} cannot be read"))?);
    }
    Ok(policies)
}

//! What ships inside the binary: calendars, divisions and the demo's sample province.
//!
//! **Never** changes at run time; what administrators edit is in the database.

use anyhow::Context as _;
use rust_embed::Embed;

use crate::domain::calendar::Layer;
use crate::domain::holiday::read_year;

#[derive(Embed)]
#[folder = "data/"]
#[include = "calendars/*.json"]
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

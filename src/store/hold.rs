//! Whether firing is on hold, and when the clock last ticked: facts shared by all replicas.
//!
//! **Never** judges them.

use chrono::{DateTime, SecondsFormat, Utc};
use sea_orm::ConnectionTrait;

use super::row::{Place, document};
use super::{Error, setting};
use crate::domain::hold::Hold;

const HOLD: &str = "hold";
const TICK: &str = "tick";

/// The hold that is on, if any.
///
/// # Errors
/// [`Error`] when the database fails or the fact cannot be read.
pub async fn find(db: &impl ConnectionTrait) -> Result<Option<Hold>, Error> {
    let Some(text) = setting::find(db, HOLD).await? else { return Ok(None) };
    let place = Place { table: "setting", id: &HOLD };
    let hold = serde_json::from_str(&text).map_err(|error| place.corrupt("value", &error))?;
    Ok(Some(hold))
}

/// Begins a hold, unless one is on: the first one knows what was queued before.
///
/// # Errors
/// [`Error::Driver`].
pub async fn begin(db: &impl ConnectionTrait, hold: &Hold) -> Result<(), Error> {
    setting::keep(db, HOLD, document(hold).to_string()).await.map(drop)
}

/// Ends the hold.
///
/// # Errors
/// [`Error::Driver`].
pub async fn end(db: &impl ConnectionTrait) -> Result<(), Error> {
    setting::forget(db, HOLD).await
}

/// When the clock last ticked; `None` in a fresh database.
///
/// # Errors
/// [`Error`] when the database fails or the fact cannot be read.
pub async fn last_tick(db: &impl ConnectionTrait) -> Result<Option<DateTime<Utc>>, Error> {
    let Some(text) = setting::find(db, TICK).await? else { return Ok(None) };
    let place = Place { table: "setting", id: &TICK };
    Ok(Some(text.parse().map_err(|error| place.corrupt("value", &error))?))
}

/// Records that the clock ticked.
///
/// # Errors
/// [`Error::Driver`].
pub async fn record_tick(db: &impl ConnectionTrait, at: DateTime<Utc>) -> Result<(), Error> {
    setting::set(db, TICK, at.to_rfc3339_opts(SecondsFormat::Millis, true)).await
}

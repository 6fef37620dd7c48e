//! What the live stream tells, from the table that every replica reads.
//!
//! **Never** filters for a reader but by [`News::seen_by`]: what is read for everybody at once is
//! nobody's yet.

use chrono::TimeDelta;

use super::{App, Error};
use crate::domain::access::{Scope, Visible};
use crate::domain::feed::{Bookmark, News, Position};
use crate::store::feed::{self, Span};

/// A reader who comes back within so many days has missed nothing.
const KEPT_DAYS: i64 = 7;

/// The newest place.
///
/// # Errors
/// [`Error::Internal`].
pub async fn head(app: &App) -> Result<Position, Error> {
    Ok(feed::head(app.store.read_unscoped()).await?)
}

/// Where to go on after a bookmark; `None` when what came after it is no longer known, or it is
/// another database's.
///
/// # Errors
/// [`Error::Internal`].
pub async fn find(app: &App, bookmark: Bookmark) -> Result<Option<Position>, Error> {
    Ok(feed::find(app.store.read_unscoped(), bookmark).await?)
}

/// The next changes of any ticket, to be shown to nobody but through [`News::seen_by`].
///
/// # Errors
/// [`Error::Internal`].
pub async fn next(app: &App, after: Position, limit: u64) -> Result<Vec<News>, Error> {
    let span = Span { after, until: None, visible: None, limit };
    Ok(feed::news(app.store.read_unscoped(), span).await?)
}

/// The changes, between two places, of tickets that exist for the reader; of those, what they may
/// know is still to be told by [`News::seen_by`].
///
/// # Errors
/// [`Error::Internal`].
pub async fn missed(
    app: &App,
    reader: &Scope,
    (after, until): (Position, Position),
    limit: u64,
) -> Result<Vec<News>, Error> {
    let visible = Some(reader.tickets()).filter(|visible| *visible != Visible::Bare);
    let span = Span { after, until: Some(until), visible, limit };
    Ok(feed::news(&app.store.read_as(reader).await?, span).await?)
}

/// How long the first change after a place has waited to be told, by the wall.
///
/// # Errors
/// [`Error::Internal`].
pub async fn lag(app: &App, after: Position) -> Result<TimeDelta, Error> {
    let oldest = feed::oldest_after(app.store.read_unscoped(), after).await?;
    let lag = oldest.map_or(TimeDelta::zero(), |oldest| app.clock.wall() - oldest);
    Ok(lag.max(TimeDelta::zero()))
}

/// Forgets what was kept long enough, step by step; gives how many changes.
///
/// # Errors
/// [`Error::Internal`].
pub async fn clear(app: &App) -> Result<u64, Error> {
    let before = app.clock.wall() - TimeDelta::days(KEPT_DAYS);
    let mut all = 0;
    loop {
        let cleared = app.store.write(move |tx| {
            Box::pin(async move { Ok::<_, Error>(feed::clear(tx, before).await?) })
        });
        match cleared.await? {
            0 => return Ok(all),
            cleared => all += cleared,
        }
    }
}

//! Whether this process's clock is right, asked of the database again and again.
//!
//! **Never** trusts an answer for long, nor one from before the clock was set.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};

use super::{App, Error, Limits};
use crate::domain::skew::{Proof, Reading, words};

/// An answer is good for so long.
const GOOD_FOR: Duration = Duration::from_secs(2);
/// Wall time that passed faster or slower than time does, by more than this, was set.
const SET_BY: TimeDelta = TimeDelta::milliseconds(250);

/// What is known of this process's clock.
#[derive(Debug, Default)]
pub(super) struct Skew {
    known: Mutex<Known>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Known {
    last: Option<Last>,
    is_off: bool,
}

#[derive(Debug, Clone, Copy)]
struct Last {
    at: Instant,
    wall: DateTime<Utc>,
    ahead: TimeDelta,
}

impl Last {
    fn is_good(&self, wall: DateTime<Utc>) -> bool {
        let passed = self.at.elapsed();
        let was_set = TimeDelta::from_std(passed).is_ok_and(|passed| {
            let differs = wall - self.wall - passed;
            differs.abs() > SET_BY
        });
        passed < GOOD_FOR && !was_set
    }
}

impl Skew {
    fn known(&self) -> Known {
        *self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a reading in; gives whether the clock is off now, and whether that is news.
    fn learn(&self, reading: &Reading, wall: DateTime<Utc>) -> (bool, bool) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let is_off = match reading.proof() {
            Proof::Agrees => false,
            Proof::Differs => true,
            Proof::Nothing => known.is_off,
        };
        let is_news = known.is_off != is_off;
        let last = Last { at: Instant::now(), wall, ahead: reading.ahead() };
        *known = Known { last: Some(last), is_off };
        (is_off, is_news)
    }
}

/// How far this process's clock is ahead of the database's, and whether that is too far; `None`
/// where there is no second clock, or none was asked yet.
#[must_use]
pub fn known(app: &App) -> Option<(TimeDelta, bool)> {
    let known = app.skew.known();
    known.last.map(|last| (last.ahead, known.is_off))
}

/// True while this process's clock may decide what is due. The demo's moves at will, and SQLite
/// runs on this machine: it has no other clock.
///
/// # Errors
/// [`Error::Internal`]; then nothing may fire either.
pub async fn is_right(app: &App) -> Result<bool, Error> {
    if app.limits == Limits::Off {
        return Ok(true);
    }
    let (wall, known) = (app.clock.wall(), app.skew.known());
    if known.last.is_some_and(|last| last.is_good(wall)) {
        return Ok(!known.is_off);
    }
    Ok(!measure(app).await?)
}

async fn measure(app: &App) -> Result<bool, Error> {
    let (asked, begun) = (app.clock.wall(), Instant::now());
    let Some(answer) = app.store.clock().await? else { return Ok(false) };
    let reading = Reading { asked, took: begun.elapsed(), answer };
    let (is_off, is_news) = app.skew.learn(&reading, app.clock.wall());
    if is_news {
        announce(is_off, reading.ahead());
    }
    Ok(is_off)
}

fn announce(is_off: bool, ahead: TimeDelta) {
    if is_off { announce_off(&words(ahead)) } else { announce_right(&words(ahead)) }
}

fn announce_off(words: &str) {
    tracing::error!("this replica's clock is {words}: it fires nothing until the clock is right");
}

fn announce_right(words: &str) {
    tracing::info!("this replica's clock is right again ({words}): it fires");
}

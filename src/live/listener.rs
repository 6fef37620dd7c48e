//! One open stream: its reader, and how far they have come.
//!
//! **Never** goes past a place without having told what the reader may know of it.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use super::hub::{Shared, failed};
use super::register::Seat;
use super::ring::{After, Ring};
use crate::domain::access::Scope;
use crate::domain::feed::{Bookmark, News, Position, Seen};
use crate::service::{Error, feed};

/// A stream without news says that it is alive this often.
const BEAT: Duration = Duration::from_secs(15);
/// Changes read from the table at once.
const PAGE: u64 = 128;

/// An open stream; dropping it leaves the register.
pub struct Listener {
    shared: Arc<Shared>,
    seat: Seat,
    scope: Scope,
    ring: watch::Receiver<Ring>,
    place: Position,
}

/// What a listener hears.
#[derive(Debug)]
pub enum Heard {
    /// What changed, in order.
    News(Vec<Seen>),
    /// Nothing for a while; the place has moved on with what was not for them.
    Silence(Bookmark),
}

/// Where a stream begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Begun {
    /// After this place, without a gap to what the reader knows.
    Here(Bookmark),
    /// Now: what the reader missed is no longer known.
    Reset(Bookmark),
}

impl Listener {
    pub(super) fn new(shared: Arc<Shared>, seat: Seat, scope: Scope) -> Self {
        let ring = shared.ring.subscribe();
        Self { shared, seat, scope, ring, place: Position::START }
    }

    /// Goes to where the reader was, or to now.
    ///
    /// # Errors
    /// [`Error::Internal`].
    pub async fn begin(&mut self, known: Option<Bookmark>) -> Result<Begun, Error> {
        if let Some(bookmark) = known
            && let Some(place) = feed::find(&self.shared.app, bookmark).await?
        {
            self.place = place;
            return Ok(Begun::Here(bookmark));
        }
        self.place = feed::head(&self.shared.app).await?;
        let here = self.place.bookmark();
        Ok(if known.is_some() { Begun::Reset(here) } else { Begun::Here(here) })
    }

    /// What the reader hears next; `None` when the stream is over.
    pub async fn next(&mut self) -> Option<Heard> {
        let silence = Instant::now() + BEAT;
        loop {
            if self.seat.ended.is_cancelled() || self.shared.closed.is_cancelled() {
                return None;
            }
            let after = self.ring.borrow_and_update().after(self.place);
            match after {
                After::News(news) => {
                    let seen = self.see(&news);
                    if !seen.is_empty() {
                        return Some(Heard::News(seen));
                    }
                    continue;
                }
                After::Gone(until) => {
                    let seen = self.catch_up(until).await?;
                    if !seen.is_empty() {
                        return Some(Heard::News(seen));
                    }
                    continue;
                }
                After::Nothing => {}
            }
            tokio::select! {
                biased;
                () = self.seat.ended.cancelled() => return None,
                () = self.shared.closed.cancelled() => return None,
                changed = self.ring.changed() => changed.ok()?,
                () = self.seat.beat.notified() => break,
                () = sleep_until(silence) => break,
            }
        }
        Some(Heard::Silence(self.place.bookmark()))
    }

    fn see(&mut self, news: &[Arc<News>]) -> Vec<Seen> {
        self.place = news.last().map_or(self.place, |last| last.position);
        news.iter().filter_map(|news| news.seen_by(&self.scope)).collect()
    }

    /// Reads some of what was missed from the table; `None`, and so the end of the stream, when
    /// that fails: its reader comes back to the same place.
    async fn catch_up(&mut self, until: Position) -> Option<Vec<Seen>> {
        let _turn = self.shared.catching_up.acquire().await.ok()?;
        let span = (self.place, until);
        match feed::missed(&self.shared.app, &self.scope, span, PAGE).await {
            Ok(news) => {
                let is_last = u64::try_from(news.len()).unwrap_or(u64::MAX) < PAGE;
                let read = news.last().map_or(until, |last| last.position);
                self.place = if is_last { until } else { read };
                Some(news.iter().filter_map(|news| news.seen_by(&self.scope)).collect())
            }
            Err(error) => {
                failed("catching up", &error);
                None
            }
        }
    }
}

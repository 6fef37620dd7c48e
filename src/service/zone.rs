//! The zone's rules, which are the world's to change: the version of the time-zone database is kept,
//! and with another one every open deadline is looked at.
//!
//! **Never** moves a civil deadline: 24:00 of a day stays 24:00 of that day.

use chrono::{NaiveDate, TimeDelta};
use serde_json::json;

use super::audit::{self, Action, Entry, Origin};
use super::{App, Error};
use crate::domain::calendar::{ZONE_RULES, first_other_day, local_date};
use crate::domain::ticket::Ticket;
use crate::store::replan::candidates;
use crate::store::{rulebook, setting, tickets};

/// The fact that holds the version.
const SETTING: &str = "zone_rules";
/// Tickets looked at together.
const AT_ONCE: usize = 1_000;

/// What was found with another version of the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ZoneChange {
    /// The version that was known.
    pub before: String,
    /// The one that ships.
    pub after: String,
    /// Open deadlines that were looked at.
    pub deadlines: u64,
    /// Those whose instant is not on their civil day.
    pub astray: u64,
    /// The first day on which Shanghai is not UTC+8 by the new version, which this program does
    /// not count with.
    pub differs_from: Option<NaiveDate>,
}

impl ZoneChange {
    /// For whoever operates the service.
    #[must_use]
    pub fn announcement(&self) -> String {
        let Self { before, after, deadlines, astray, .. } = self;
        let said = format!(
            "the time-zone database is {after}, and was {before}: {deadlines} open deadlines were \
             looked at, {astray} of them are not on their civil day"
        );
        match self.differs_from {
            None => said,
            Some(date) => format!("{said}; from {date} on Shanghai is not UTC+8 any more"),
        }
    }
}

/// Keeps the version of the time-zone database. Where another one was known, looks at every open
/// deadline and writes down what was found.
///
/// # Errors
/// [`Error::Internal`].
pub async fn note(app: &App) -> Result<Option<ZoneChange>, Error> {
    let known = setting::find(app.store.read_unscoped(), SETTING).await?;
    let change = match known {
        Some(known) if known == ZONE_RULES => return Ok(None),
        Some(known) => Some(looked_at(app, known).await?),
        None => None,
    };
    let entry = change.as_ref().map(|change| {
        let entry =
            Entry::unnamed(Origin::command_line(), Action::ZoneRulesChanged, app.clock.wall());
        entry.with(json!({
            "before": {"zone_rules": change.before},
            "after": {"zone_rules": change.after},
            "deadlines": change.deadlines,
            "astray": change.astray,
            "differs_from": change.differs_from,
        }))
    });
    app.store
        .write(move |tx| {
            let entry = entry.clone();
            Box::pin(async move {
                // Replicas that start at once note it once.
                rulebook::claimed(tx).await?;
                if setting::find(tx, SETTING).await?.as_deref() == Some(ZONE_RULES) {
                    return Ok(());
                }
                if let Some(entry) = entry {
                    audit::record(tx, entry).await?;
                }
                setting::set(tx, SETTING, ZONE_RULES.to_owned()).await?;
                Ok::<_, Error>(())
            })
        })
        .await?;
    Ok(change)
}

async fn looked_at(app: &App, before: String) -> Result<ZoneChange, Error> {
    let mut change = ZoneChange {
        before,
        after: ZONE_RULES.to_owned(),
        deadlines: 0,
        astray: 0,
        differs_from: first_other_day(),
    };
    let db = app.store.snapshot_unscoped().await?;
    for ids in candidates(&db, None).await?.chunks(AT_ONCE) {
        for ticket in tickets::load(&db, ids).await? {
            let (open, astray) = civil(&ticket);
            change.deadlines += open;
            change.astray += astray;
        }
    }
    Ok(change)
}

/// Open deadlines, and those of them that do not end on their civil day.
fn civil(ticket: &Ticket) -> (u64, u64) {
    let open = ticket.deadlines.iter().filter(|deadline| deadline.is_open());
    open.fold((0, 0), |(open, astray), deadline| {
        // 24:00 is the end of the day, and the first instant of the next.
        let ends_on = local_date(deadline.due_at - TimeDelta::nanoseconds(1));
        (open + 1, astray + u64::from(ends_on != deadline.due_on))
    })
}

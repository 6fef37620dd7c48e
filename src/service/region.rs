//! A bureau's area at a glance: the province's cities, or a city's counties, side by side.
//!
//! Rates are the ledger's, counts those of the ticket lists.
//!
//! **Never** shows a place outside the bureau's own.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::ledger::{self, Figures, Grouping, Period, Subject};
use super::{App, Error};
use crate::domain::access::Scope;
use crate::domain::ledger::city;
use crate::domain::party::{Division, Level, Role};
use crate::store::divisions;
pub use crate::store::tickets::Standing;
use crate::store::tickets::standing;

/// More places than any province has.
const MOST: u64 = 1_000;

/// A part of the area.
#[derive(Debug, Clone)]
pub struct Place {
    /// Its code.
    pub division: Division,
    /// Its name; empty when the code is not a known one.
    pub name: String,
    /// How its tickets stand.
    pub standing: Standing,
    /// The ledger of the tickets filed in the period.
    pub figures: Figures,
}

/// The area.
#[derive(Debug, Clone)]
pub struct Overview {
    /// Whether its parts are cities or counties.
    pub by: Grouping,
    /// The parts, by code; those without tickets too.
    pub places: Vec<Place>,
    /// How all of its tickets stand.
    pub standing: Standing,
    /// The ledger of all.
    pub figures: Figures,
}

/// Admits bureaus.
///
/// # Errors
/// [`Error::Forbidden`] for everybody else.
pub fn admit(scope: &Scope) -> Result<(), Error> {
    if scope.actor().role == Role::Bureau {
        return Ok(());
    }
    Err(Error::Forbidden("the overview of an area is its bureau's".to_owned()))
}

/// The caller's area: what is open, what was closed since an instant, and the ledger of what was
/// filed since then.
///
/// # Errors
/// As [`admit`].
pub async fn overview(app: &App, scope: &Scope, since: DateTime<Utc>) -> Result<Overview, Error> {
    let mut places: BTreeMap<Division, Place> = BTreeMap::new();
    let empty = |(division, name): (Division, String)| Place {
        division,
        name,
        standing: Standing::default(),
        figures: Figures::default(),
    };
    for (division, name) in parts(app, scope).await? {
        places.insert(division, empty((division, name)));
    }
    let by = split(scope);
    let period = Period { filed_from: Some(since), ..Period::default() };
    let ledger = ledger::read(app, scope, by, &period).await?;
    for (subject, figures) in ledger.rows {
        if let Subject::City { division, name } | Subject::County { division, name } = subject {
            let place = places.entry(division).or_insert_with(|| empty((division, name)));
            place.figures = figures;
        }
    }
    let mut all = Standing::default();
    let db = &app.store.read_as(scope).await?;
    for (division, own) in standing(db, scope.tickets(), since).await? {
        let part = if by == Grouping::City { city(division) } else { division };
        let place = places.entry(part).or_insert_with(|| empty((part, String::new())));
        place.standing.add(&own);
        all.add(&own);
    }
    let mut places: Vec<Place> = places.into_values().collect();
    let unnamed = places.iter().filter(|place| place.name.is_empty()).map(|place| place.division);
    let names = divisions::names(db, &unnamed.collect::<Vec<_>>()).await?;
    for place in &mut places {
        if let Some(name) = names.get(&place.division) {
            place.name.clone_from(name);
        }
    }
    Ok(Overview { by, places, standing: all, figures: ledger.total })
}

/// Whether an area is told by its cities or by its counties.
fn split(scope: &Scope) -> Grouping {
    let own = scope.actor().organisation.division;
    if own.level() == Level::Province && !own.is_municipality() {
        Grouping::City
    } else {
        Grouping::County
    }
}

/// The parts of the caller's area by name; a county is its own only part.
///
/// # Errors
/// As [`admit`].
pub async fn parts(app: &App, scope: &Scope) -> Result<Vec<(Division, String)>, Error> {
    admit(scope)?;
    let (own, by) = (scope.actor().organisation.division, split(scope));
    let within = divisions::Filter { within: Some(own), ..divisions::Filter::default() };
    let known = divisions::list(&app.store.read_as(scope).await?, &within, MOST).await?;
    // What stands for no unit is left out: the code that groups a province's own counties.
    let is_part = |code: Division| match code.level() {
        Level::Province => false,
        Level::City => by == Grouping::City && !code.is_directly_under_province(),
        Level::County => by == Grouping::County || code.is_directly_under_province(),
    };
    let parts = known.into_iter().filter(|place| is_part(place.code));
    Ok(parts.map(|place| (place.code, place.name)).collect())
}

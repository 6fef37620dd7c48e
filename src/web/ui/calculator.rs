//! What if a ticket were filed then? The deadlines it would get, day by day.
//!
//! **Never** files anything.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use chrono::{DateTime, NaiveDateTime, TimeZone as _, Utc};

use super::address::Address;
use super::choice::{Choice, words};
use super::fields::{Fields, Need};
use super::shell::{Shell, page};
use super::ticket::deadlines::{DayMark, marks};
use crate::domain::calendar::SHANGHAI;
use crate::domain::id::OrganisationId;
use crate::domain::party::Division;
use crate::domain::policy::Urgency;
use crate::service::catalogue::{Reckoned, Reckoning};
use crate::service::replan::layers;
use crate::service::{Error, FieldError, catalogue};
use crate::web::api::deadline::DeadlineBody;
use crate::web::auth::SignedIn;
use crate::web::error::Problem;
use crate::web::form::Typed;
use crate::web::moment;
use crate::web::query::{self, Query};
use crate::web::site::Site;

/// A deadline that would be.
struct Due {
    name: String,
    due: String,
    sentence: String,
    provisional: bool,
    days: Vec<DayMark>,
}

#[derive(Template)]
#[template(path = "pages/calculator.html")]
struct Page {
    shell: Shell,
    f: Fields,
    urgencies: Vec<Choice>,
    /// Manufacturers with days of their own that the reader may know of.
    makers: Vec<Choice>,
    due: Vec<Due>,
    policy: String,
    source: String,
}

/// Reckons.
pub(super) async fn show(
    site: web::Data<Site>,
    signed: SignedIn,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let raw = Address::of("/calculator", request.query_string()).query();
    let mut query = Query::read(&raw, &["filed_at", "urgency", "division", "manufacturer"])?;
    let shell = Shell::of(&site, &request, &signed).await?;
    let now = shell.now.with_timezone(&SHANGHAI).format("%Y-%m-%dT%H:%M").to_string();
    let typed = query.text("filed_at").unwrap_or(&now).to_owned();
    let filed_at = instant(&typed);
    if let Err((code, message)) = filed_at {
        query.refuse("filed_at", code, message);
    }
    let urgency = query.word("urgency").unwrap_or(Urgency::Ordinary);
    let own = signed.scope.actor().organisation.division;
    let division: Option<Division> = query.word("division");
    let makers = makers(&site, &signed).await?;
    let (manufacturer, maker) = chosen(&mut query, own_days(&signed, &makers));
    let pairs = [
        ("manufacturer".to_owned(), manufacturer),
        ("filed_at".to_owned(), typed),
        ("urgency".to_owned(), query.text("urgency").unwrap_or("ordinary").to_owned()),
        ("division".to_owned(), query.text("division").unwrap_or(&own.to_string()).to_owned()),
    ];
    let outcome = match query.done(()) {
        Ok(()) => {
            let division = Some(division.unwrap_or(own));
            let of = Reckoning { division, category: None, manufacturer: maker };
            reckoned(&site, &signed, (filed_at.unwrap_or(shell.now), urgency), of).await
        }
        Err(error) => Err(error),
    };
    let (reckoned, errors): (_, Vec<FieldError>) = match outcome {
        Ok(reckoned) => (Some(reckoned), Vec::new()),
        Err(Error::Invalid(errors)) => (None, errors),
        Err(error) => return Err(error.into()),
    };
    let drawn = Page {
        due: reckoned.as_ref().map(|reckoned| due(&shell, reckoned)).unwrap_or_default(),
        policy: reckoned.as_ref().map(|one| one.policy.name.clone()).unwrap_or_default(),
        source: reckoned.as_ref().map(|one| one.policy.source.clone()).unwrap_or_default(),
        f: Fields::refused("calculator", shell.words(), Typed::of(pairs), &errors),
        makers,
        urgencies: words(&shell, "urgency"),
        shell,
    };
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    page(status, &drawn)
}

fn due(shell: &Shell, reckoned: &Reckoned) -> Vec<Due> {
    let line = |deadline| {
        let language = shell.language();
        let body =
            DeadlineBody::explained(deadline, &reckoned.calendar, &reckoned.policy, language);
        Due {
            name: shell.name("deadline", &body.kind),
            due: shell.due(&body.due_at),
            days: marks(shell.words(), &body.explanation),
            sentence: body.sentence,
            provisional: body.provisional,
        }
    };
    reckoned.deadlines.iter().map(line).collect()
}

/// The manufacturer that was chosen, as it was typed; where nothing was said, the reader's own.
fn chosen(query: &mut Query, own: Option<String>) -> (String, Option<OrganisationId>) {
    let typed = query.text("manufacturer").map(|id| id.trim().to_owned());
    let id = match typed.as_deref() {
        None => own.as_deref().and_then(query::uuid),
        Some("") => None,
        Some(_) => query.id("manufacturer"),
    };
    (typed.or(own).unwrap_or_default(), id.map(OrganisationId))
}

/// Manufacturers with a calendar that the reader may read.
async fn makers(site: &Site, signed: &SignedIn) -> Result<Vec<Choice>, Error> {
    let book = site.app.book();
    let layers = layers::readable(&book, &signed.scope).into_iter();
    let own = layers.filter(|kept| kept.of.organisation().is_some());
    let views = layers::views(&site.app, own).await?;
    let houses = views.into_iter().filter_map(|view| view.organisation);
    Ok(houses.map(|house| Choice::new(house.id.to_string(), house.name)).collect())
}

/// A manufacturer reckons with its own days unless it says otherwise.
fn own_days(signed: &SignedIn, makers: &[Choice]) -> Option<String> {
    let own = signed.scope.actor().organisation.id.to_string();
    makers.iter().any(|maker| maker.value == own).then_some(own)
}

async fn reckoned(
    site: &Site,
    signed: &SignedIn,
    (filed_at, urgency): (DateTime<Utc>, Urgency),
    of: Reckoning,
) -> Result<Reckoned, Error> {
    if let Some(id) = of.manufacturer {
        catalogue::may_reckon_for(&site.app, &signed.scope, id).await?;
    }
    catalogue::reckon(&site.app, filed_at, urgency, of)
}

/// What a browser's field for a local time gives, in Shanghai; or an instant with its offset.
fn instant(text: &str) -> Result<chrono::DateTime<Utc>, (&'static str, &'static str)> {
    let text = text.replace("%3A", ":");
    let local = NaiveDateTime::parse_from_str(&text, "%Y-%m-%dT%H:%M");
    match local.ok().and_then(|local| SHANGHAI.from_local_datetime(&local).single()) {
        Some(at) => moment::parse(&at.to_rfc3339()),
        None => moment::parse(&text),
    }
}

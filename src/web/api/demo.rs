//! The demo's clock.
//!
//! **Never** there in production.

use actix_web::{HttpResponse, web};
use chrono::{DateTime, FixedOffset, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::docs::Problems;
use crate::domain::calendar::{at_time, local_date, local_time};
use crate::service::{App, Error};
use crate::web::auth::SignedIn;
use crate::web::error::Problem;
use crate::web::extract::Write;
use crate::web::moment::{self, shown};
use crate::web::site::Site;

/// How far one step may go.
const MOST_DAYS: i64 = 5 * 366;
const MOST_WORKING_DAYS: i64 = 5 * 261;

/// Business time.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct ClockBody {
    pub(in crate::web) now: DateTime<FixedOffset>,
}

/// Where to move business time: one of the two.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct Advance {
    /// An instant ahead, at most five years.
    #[schema(value_type = Option<DateTime<FixedOffset>>)]
    advance_to: Option<String>,
    /// The same time of day, so many working days of the nation's calendar later.
    #[schema(minimum = 1, maximum = 1305)]
    advance_working_days: Option<i64>,
}

/// Read the demo's clock.
#[utoipa::path(
    get, path = "/api/v1/demo/clock", operation_id = "demo_show", tag = "demo",
    responses((status = 200, description = "Business time", body = ClockBody), Problems)
)]
pub(in crate::web) async fn show(
    site: web::Data<Site>,
    _signed: SignedIn,
) -> Result<HttpResponse, Problem> {
    if site.demo.is_none() {
        return Err(Error::NotFound.into());
    }
    Ok(HttpResponse::Ok().json(now(&site.app)))
}

/// Move the demo's clock forward, through everything that is due.
#[utoipa::path(
    post, path = "/api/v1/demo/clock", operation_id = "demo_advance", tag = "demo", request_body = Advance,
    responses((status = 200, description = "Business time, after every due step and notice", body = ClockBody), Problems)
)]
pub(in crate::web) async fn advance(
    site: web::Data<Site>,
    write: Write,
) -> Result<HttpResponse, Problem> {
    let demo = site.demo.as_ref().ok_or(Error::NotFound)?;
    let body: Advance = write.form.read()?;
    let to = destination(&site.app, &body)?;
    demo.advance(&site.app, &write.signed.scope, to).await?;
    Ok(HttpResponse::Ok().json(now(&site.app)))
}

fn now(app: &App) -> ClockBody {
    ClockBody { now: shown(app.clock.now()) }
}

fn destination(app: &App, body: &Advance) -> Result<DateTime<Utc>, Error> {
    let now = app.clock.now();
    let (field, to) = match (&body.advance_to, body.advance_working_days) {
        (Some(text), None) => {
            let read = moment::parse(text);
            let refused = |(code, message)| Error::invalid("advance_to", code, message);
            ("advance_to", read.map_err(refused)?)
        }
        (None, Some(days)) => ("advance_working_days", by_working_days(app, now, days)?),
        (None, None) => {
            return Err(Error::invalid("advance_to", "required", "or advance_working_days"));
        }
        (Some(_), Some(_)) => {
            let message = "give either this or advance_to";
            return Err(Error::invalid("advance_working_days", "conflicting", message));
        }
    };
    if to < now {
        return Err(Error::invalid(field, "in_the_past", "business time only moves forward"));
    }
    if to - now > TimeDelta::days(MOST_DAYS) {
        return Err(Error::invalid(field, "out_of_range", "at most five years at once"));
    }
    Ok(to)
}

/// The same time of day, so many working days of the nation's calendar later.
pub(in crate::web) fn by_working_days(
    app: &App,
    now: DateTime<Utc>,
    days: i64,
) -> Result<DateTime<Utc>, Error> {
    let refused = || {
        let message = format!("between 1 and {MOST_WORKING_DAYS}");
        Error::invalid("advance_working_days", "out_of_range", message)
    };
    let days =
        u16::try_from(days).ok().filter(|days| (1..=MOST_WORKING_DAYS).contains(&i64::from(*days)));
    let days = days.ok_or_else(refused)?;
    let day = app.book().nation().nth_working_day_after(local_date(now), days);
    day.map(|day| at_time(day, local_time(now))).map_err(|_error| refused())
}

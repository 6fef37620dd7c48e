//! The versions of the time-limit rules by region, and what ends without a decision.
//!
//! **Never** hides a version: one that has lapsed or was withdrawn stands beside the others.

use std::cmp::Reverse;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use chrono::NaiveDate;
use uuid::Uuid;

use super::super::address::Address;
use super::super::places::Places;
use super::super::shell::{Shell, page};
use super::policies::{Row, SOON_DAYS, Standing, days_left, how, row};
use crate::domain::calendar::local_date;
use crate::domain::party::Role;
use crate::web::api::policies::PolicyDocument;
use crate::web::auth::SignedIn;
use crate::web::error::Problem;
use crate::web::paging::List;
use crate::web::query::Query;
use crate::web::site::Site;

/// The versions of a region.
struct Region {
    name: String,
    rows: Vec<Row>,
}

/// A version whose end nobody has decided about.
struct Alarm {
    id: Uuid,
    text: String,
    has_lapsed: bool,
}

#[derive(Template)]
#[template(path = "pages/policies.html")]
struct Policies {
    shell: Shell,
    /// How many versions stand how.
    counts: Vec<(Standing, usize)>,
    alarms: Vec<Alarm>,
    regions: Vec<Region>,
    /// True for who may make a version.
    is_keeper: bool,
    first: Option<String>,
    next: Option<String>,
}

/// Lists the policies: the nation's, then every region's by its code, the latest first.
pub(in crate::web::ui) async fn list(
    site: web::Data<Site>,
    signed: SignedIn,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let address = Address::of("/policies", request.query_string());
    let mut query = Query::of_list(&address.query(), &[])?;
    let size = query.page_size();
    let cursor = query.text("cursor").map(str::to_owned);
    query.done(())?;
    let list = List { name: "policies", reader: signed.user() };
    let after: Option<Uuid> = list.after(cursor.as_deref())?;
    let shell = Shell::of(&site, &request, &signed).await?;
    let (book, today) = (site.app.book(), local_date(shell.now));
    let mut views = book.policy_views(shell.now);
    views.sort_by_key(|view| {
        let policy = view.policy;
        (policy.division, Reverse((policy.effective_from, policy.number())))
    });
    let all: Vec<_> = views.into_iter().map(PolicyDocument::shown).collect();
    let places = Places::of(&site, all.iter().filter_map(|one| one.division)).await?;
    let (counts, alarms) = (counts(&shell, &all), alarms(&shell, &all, today));
    let last = after.and_then(|after| all.iter().position(|one| one.id == after));
    let rest: Vec<_> = all.into_iter().skip(last.map_or(0, |last| last + 1)).collect();
    let found = list.page(rest, size, |one| one.id);
    let drawn = Policies {
        is_keeper: signed.role() == Role::Admin,
        regions: regions(found.items.iter().map(|one| row(&shell, &places, one))),
        first: cursor.map(|_| address.with("cursor", "")),
        next: found.next_cursor.map(|cursor| address.with("cursor", &cursor)),
        counts,
        alarms,
        shell,
    };
    page(StatusCode::OK, &drawn)
}

/// Rows that follow each other and are of the same region.
fn regions(rows: impl Iterator<Item = Row>) -> Vec<Region> {
    let mut regions: Vec<Region> = Vec::new();
    for row in rows {
        match regions.last_mut().filter(|region| region.name == row.region) {
            Some(region) => region.rows.push(row),
            None => regions.push(Region { name: row.region.clone(), rows: vec![row] }),
        }
    }
    regions
}

fn counts(shell: &Shell, all: &[PolicyDocument]) -> Vec<(Standing, usize)> {
    let mut counts: Vec<(Standing, usize)> = Vec::new();
    for standing in all.iter().map(|one| how(shell, one)) {
        match counts.iter_mut().find(|(known, _)| *known == standing) {
            Some((_, n)) => *n += 1,
            None => counts.push((standing, 1)),
        }
    }
    counts
}

/// What has lapsed or will soon, and nobody has decided about; the earliest end first.
fn alarms(shell: &Shell, all: &[PolicyDocument], today: NaiveDate) -> Vec<Alarm> {
    let ends = |one: &PolicyDocument| days_left(one, today).filter(|days| *days <= SOON_DAYS);
    let open = all.iter().filter(|one| one.undecided);
    let mut ending: Vec<_> = open.filter_map(|one| Some((ends(one)?, one))).collect();
    ending.sort_by_key(|(days, _)| *days);
    let alarm = |(days, one): (i64, &PolicyDocument)| {
        let values = [
            ("name", format!("{} {}", one.name, one.version)),
            ("date", one.effective_to.map(|date| date.to_string()).unwrap_or_default()),
            ("n", days.to_string()),
        ];
        let key = if days < 0 { "policy-alarm-lapsed" } else { "policy-alarm-soon" };
        Alarm { id: one.id, text: shell.words().with_all(key, &values), has_lapsed: days < 0 }
    };
    ending.into_iter().map(alarm).collect()
}

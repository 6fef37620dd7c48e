//! The organisations, for administrators.
//!
//! **Never** takes a sign of what is searched for a pattern.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use uuid::Uuid;

use super::super::address::Address;
use super::super::choice::{Choice, words};
use super::super::places::Places;
use super::super::shell::{Shell, page};
use crate::service::directory::{self, NamePosition, OrganisationView};
use crate::web::api::organisations::{FILTERS, ListedOrganisation, asked, position};
use crate::web::auth::SignedIn;
use crate::web::error::Problem;
use crate::web::form::Typed;
use crate::web::paging::List;
use crate::web::query::Query;
use crate::web::site::Site;

/// An organisation in the list.
struct Row {
    id: Uuid,
    name: String,
    kind: String,
    place: String,
    people: u32,
    /// Since when nobody of it may sign in.
    disabled: Option<String>,
    /// The organisation that it is now a part of.
    merged_into: Option<String>,
}

#[derive(Template)]
#[template(path = "pages/organisations.html")]
struct Page {
    shell: Shell,
    typed: Typed,
    kinds: Vec<Choice>,
    rows: Vec<Row>,
    is_filtered: bool,
    first: Option<String>,
    next: Option<String>,
}

/// Lists organisations.
pub(in crate::web::ui) async fn list(
    site: web::Data<Site>,
    signed: SignedIn,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    directory::admit(&signed.scope, None)?;
    let address = Address::of("/organisations", request.query_string());
    let mut query = Query::of_list(&address.query(), &FILTERS)?;
    let (filter, size) = (asked(&mut query), query.page_size());
    let cursor = query.text("cursor").map(str::to_owned);
    let typed = Typed::of(query.pairs());
    query.done(())?;
    let list = List { name: "organisations", reader: signed.user() };
    let after: Option<NamePosition> = list.after(cursor.as_deref())?;
    let page_of = (after.as_ref(), size + 1);
    let views = directory::organisations(&site.app, &signed.scope, &filter, page_of).await?;
    let found = list.page(views, size, position);
    let divisions = found.items.iter().map(|view| view.organisation.division);
    let places = Places::of(&site, divisions).await?;
    let shell = Shell::of(&site, &request, &signed).await?;
    let drawn = Page {
        kinds: words(&shell, "organisation"),
        rows: found.items.iter().map(|view| row(&shell, &places, view)).collect(),
        is_filtered: FILTERS.iter().any(|name| typed.find(name).is_some()),
        first: cursor.map(|_| address.with("cursor", "")),
        next: found.next_cursor.map(|cursor| address.with("cursor", &cursor)),
        typed,
        shell,
    };
    page(StatusCode::OK, &drawn)
}

fn row(shell: &Shell, places: &Places, view: &OrganisationView) -> Row {
    let body = ListedOrganisation::shown(view);
    Row {
        id: body.organisation.id,
        kind: shell.name("organisation", &body.organisation.kind),
        name: body.organisation.name,
        place: places.name(view.organisation.division),
        people: body.people.unwrap_or_default(),
        disabled: body.disabled_at.map(|at| shell.minute(&at)),
        merged_into: body.merged_into.map(|into| into.name),
    }
}

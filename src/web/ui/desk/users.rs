//! The people, for administrators.
//!
//! **Never** shows an address in full; the use case masks it.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::super::address::Address;
use super::super::choice::{Choice, words};
use super::super::places::Places;
use super::super::shell::{Shell, page};
use crate::service::directory::{self, NamePosition};
use crate::web::api::users::{FILTERS, ListedUser, asked, position};
use crate::web::auth::SignedIn;
use crate::web::error::Problem;
use crate::web::form::Typed;
use crate::web::paging::List;
use crate::web::query::Query;
use crate::web::site::Site;

/// A person in the list.
struct Row {
    body: ListedUser,
    role: String,
    territory: Option<String>,
    /// Since when they may not sign in.
    disabled: Option<String>,
}

#[derive(Template)]
#[template(path = "pages/users.html")]
struct Page {
    shell: Shell,
    typed: Typed,
    roles: Vec<Choice>,
    rows: Vec<Row>,
    /// The organisation that is asked for: its name, where somebody of it is found, and the list
    /// without it.
    only: Option<(String, String)>,
    is_filtered: bool,
    first: Option<String>,
    next: Option<String>,
}

/// Lists people.
pub(in crate::web::ui) async fn list(
    site: web::Data<Site>,
    signed: SignedIn,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    directory::admit_to_users(&signed.scope)?;
    let address = Address::of("/users", request.query_string());
    let mut query = Query::of_list(&address.query(), &FILTERS)?;
    let (filter, size) = (asked(&mut query), query.page_size());
    let cursor = query.text("cursor").map(str::to_owned);
    let typed = Typed::of(query.pairs());
    query.done(())?;
    let list = List { name: "users", reader: signed.user() };
    let after: Option<NamePosition> = list.after(cursor.as_deref())?;
    let page_of = (after.as_ref(), size + 1);
    let views = directory::users(&site.app, &signed.scope, &filter, page_of).await?;
    let found = list.page(views, size, position);
    let places = Places::of(&site, found.items.iter().filter_map(|view| view.territory)).await?;
    let shell = Shell::of(&site, &request, &signed).await?;
    let only = filter.organisation.map(|_| {
        let house = found.items.first().map(|view| view.organisation.name.clone());
        (house.unwrap_or_else(|| shell.t("this-organisation")), address.with("organisation", ""))
    });
    let row = |body: ListedUser| Row {
        role: shell.name("role", &body.role),
        territory: body.territory.map(|territory| places.name(territory)),
        disabled: body.disabled_at.map(|at| shell.minute(&at)),
        body,
    };
    let drawn = Page {
        roles: words(&shell, "role"),
        rows: found.items.into_iter().map(ListedUser::shown).map(row).collect(),
        only,
        is_filtered: FILTERS.iter().any(|name| typed.find(name).is_some()),
        first: cursor.map(|_| address.with("cursor", "")),
        next: found.next_cursor.map(|cursor| address.with("cursor", &cursor)),
        typed,
        shell,
    };
    page(StatusCode::OK, &drawn)
}

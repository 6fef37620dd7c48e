//! Locked user names, for security administrators.
//!
//! **Never** tells whether anybody has the name.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::super::address::Address;
use super::super::shell::{Shell, page};
use crate::service::locks::{self, Lock};
use crate::web::api::locks::LockBody;
use crate::web::auth::SignedIn;
use crate::web::error::Problem;
use crate::web::paging::{List, Name};
use crate::web::query::Query;
use crate::web::site::Site;

#[derive(Template)]
#[template(path = "pages/locks.html")]
struct Page {
    shell: Shell,
    rows: Vec<LockBody>,
    first: Option<String>,
    next: Option<String>,
}

/// Lists the user names by which signing in failed lately.
pub(in crate::web::ui) async fn list(
    site: web::Data<Site>,
    signed: SignedIn,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    locks::admit(&signed.scope)?;
    let address = Address::of("/locks", request.query_string());
    let mut query = Query::of_list(&address.query(), &[])?;
    let size = query.page_size();
    let cursor = query.text("cursor").map(str::to_owned);
    query.done(())?;
    let list = List { name: "locks", reader: signed.user() };
    let after: Option<Name> = list.after(cursor.as_deref())?;
    let after = after.as_ref().map(|name| name.0.as_str());
    let rows = locks::list(&site.app, &signed.scope, after, size + 1).await?;
    let found = list.page(rows, size, |lock: &Lock| Name(lock.username.clone()));
    let drawn = Page {
        rows: found.items.into_iter().map(LockBody::shown).collect(),
        first: cursor.map(|_| address.with("cursor", "")),
        next: found.next_cursor.map(|cursor| address.with("cursor", &cursor)),
        shell: Shell::of(&site, &request, &signed).await?,
    };
    page(StatusCode::OK, &drawn)
}

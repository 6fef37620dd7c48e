//! A person's own notices.
//!
//! **Never** opens one by showing it: opening is a form.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use uuid::Uuid;

use super::address::Address;
use super::shell::{Shell, page, see};
use crate::domain::id::NoticeId;
use crate::service::{Error, notices};
use crate::web::api::lens::Lens;
use crate::web::api::notices::{FILTERS, NoticeBody, asked};
use crate::web::auth::SignedIn;
use crate::web::error::Problem;
use crate::web::form::Post;
use crate::web::paging::List;
use crate::web::query::{self, Query};
use crate::web::site::Site;

#[derive(Template)]
#[template(path = "pages/notices.html")]
struct Page {
    shell: Shell,
    items: Vec<NoticeBody>,
    unread_only: bool,
    first: Option<String>,
    next: Option<String>,
}

/// Lists the reader's notices.
pub(super) async fn list(
    site: web::Data<Site>,
    signed: SignedIn,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let address = Address::of("/notices", request.query_string());
    let mut query = Query::of_list(&address.query(), &FILTERS)?;
    let (unread_only, size) = (asked(&mut query), query.page_size());
    let cursor = query.text("cursor").map(str::to_owned);
    query.done(())?;
    let list = List { name: "notices", reader: signed.user() };
    let after: Option<Uuid> = list.after(cursor.as_deref())?;
    let rows = notices::list(&site.app, &signed.scope, unread_only, after, size + 1).await?;
    let found = list.page(rows, size, |view| view.notice.id.0);
    let lens = Lens::of(&site.app, &signed);
    let shell = Shell::of(&site, &request, &signed).await?;
    let drawn = Page {
        items: found.items.into_iter().map(|view| NoticeBody::shown(view, &lens)).collect(),
        first: cursor.map(|_| address.with("cursor", "")),
        next: found.next_cursor.map(|cursor| address.with("cursor", &cursor)),
        unread_only,
        shell,
    };
    page(StatusCode::OK, &drawn)
}

/// Opens a notice and goes to its ticket.
pub(super) async fn open(
    site: web::Data<Site>,
    post: Post,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let id = request.match_info().get("id").and_then(query::uuid).ok_or(Error::NotFound)?;
    notices::read(&site.app, &post.signed().scope, NoticeId(id)).await?;
    let ticket = query::uuid(post.typed.get("_ticket"));
    Ok(see(&ticket.map_or("/notices".to_owned(), |ticket| format!("/tickets/{ticket}"))))
}

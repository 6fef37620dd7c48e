//! Shortage events: many hospitals' tickets for one product as one page, and one reply for them.
//!
//! **Never** gathers what its reader would not find ticket by ticket.

mod group;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use uuid::Uuid;

pub(super) use group::reply;
use group::{GroupForm, Refusal};

use super::address::Address;
use super::fields::Need;
use super::rows::{Row, rows};
use super::shell::{Shell, page};
use crate::domain::id::EventId;
use crate::domain::party::Role;
use crate::service::{Error, shortage};
use crate::web::api::lens::Lens;
use crate::web::api::shortage::ShortageBody;
use crate::web::auth::SignedIn;
use crate::web::error::Problem;
use crate::web::paging::List;
use crate::web::query::{self, Query};
use crate::web::site::Site;

/// Tickets on the page of an event.
const MOST_ROWS: usize = 500;

/// An event with what is told of it in words.
struct Event {
    body: ShortageBody,
    quantities: String,
    /// The fewest days of stock, in words; nothing where no hospital said.
    stock: Option<String>,
    is_empty_stock: bool,
}

#[derive(Template)]
#[template(path = "pages/shortages.html")]
struct ListPage {
    shell: Shell,
    events: Vec<Event>,
    is_bureau: bool,
    first: Option<String>,
    next: Option<String>,
}

#[derive(Template)]
#[template(path = "pages/shortage.html")]
struct Page {
    shell: Shell,
    event: Event,
    form: Option<GroupForm>,
    conflict: Option<String>,
    rows: Vec<Row>,
    cut: Option<String>,
}

/// Lists the events in the reader's reach.
pub(super) async fn list(
    site: web::Data<Site>,
    signed: SignedIn,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let address = Address::of("/shortage-events", request.query_string());
    let mut query = Query::of_list(&address.query(), &[])?;
    let size = query.page_size();
    let cursor = query.text("cursor").map(str::to_owned);
    query.done(())?;
    let list = List { name: "shortage events", reader: signed.user() };
    let after: Option<(u32, Uuid)> = list.after(cursor.as_deref())?;
    let after = after.map(|(hospitals, id)| (hospitals, EventId(id)));
    let limit = usize::try_from(size).unwrap_or(usize::MAX).saturating_add(1);
    let views = shortage::list(&site.app, &signed.scope, after, limit).await?;
    let found = list.page(views, size, |view| (view.event.hospitals, view.event.id.0));
    let shell = Shell::of(&site, &request, &signed).await?;
    let drawn = ListPage {
        events: found.items.iter().map(|view| event(&shell, ShortageBody::shown(view))).collect(),
        is_bureau: signed.role() == Role::Bureau,
        first: cursor.map(|_| address.with("cursor", "")),
        next: found.next_cursor.map(|cursor| address.with("cursor", &cursor)),
        shell,
    };
    page(StatusCode::OK, &drawn)
}

/// Shows an event.
pub(super) async fn show(
    site: web::Data<Site>,
    signed: SignedIn,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    draw(&site, &signed, &request, None).await
}

fn event(shell: &Shell, body: ShortageBody) -> Event {
    let quantities = body.quantities.iter();
    let quantities: Vec<_> =
        quantities.map(|one| format!("{} {}", one.quantity_short, one.unit)).collect();
    let days = body.worst_days_of_stock;
    Event {
        quantities: quantities.join(&shell.t("page-and")),
        stock: days.map(|days| shell.with("shortage-days", "n", &days)),
        is_empty_stock: days == Some(0),
        body,
    }
}

fn id(request: &HttpRequest) -> Result<EventId, Error> {
    request.match_info().get("id").and_then(query::uuid).map(EventId).ok_or(Error::NotFound)
}

async fn draw(
    site: &Site,
    signed: &SignedIn,
    request: &HttpRequest,
    refusal: Option<Refusal>,
) -> Result<HttpResponse, Problem> {
    let (view, tickets) = shortage::get(&site.app, &signed.scope, id(request)?).await?;
    let shell = Shell::of(site, request, signed).await?;
    let lens = Lens::of(&site.app, signed);
    let status = refusal.as_ref().map_or(StatusCode::OK, |refusal| refusal.status);
    let conflict = refusal.as_ref().and_then(|refusal| refusal.conflict(&shell, &tickets));
    let shown: Vec<_> = tickets.iter().take(MOST_ROWS).cloned().collect();
    let drawn = Page {
        event: event(&shell, ShortageBody::shown(&view)),
        form: GroupForm::of(&shell, &lens, signed, &tickets, refusal),
        rows: rows(&shell, &lens, &shown),
        cut: (tickets.len() > MOST_ROWS).then(|| shell.with("shortage-cut", "n", &tickets.len())),
        conflict,
        shell,
    };
    page(status, &drawn)
}

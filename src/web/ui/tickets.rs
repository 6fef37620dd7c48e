//! The list of tickets, filtered, searched and paged.
//!
//! **Never** loses a filter between pages.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::address::Address;
use super::choice::Choice;
use super::rows::{Row, rows};
use super::shell::{Shell, page};
use crate::service::tickets::{self, Filter};
use crate::web::api::lens::Lens;
use crate::web::api::tickets::{Asked, asked, filters, list_name, position};
use crate::web::auth::SignedIn;
use crate::web::error::Problem;
use crate::web::form::Typed;
use crate::web::paging::List;
use crate::web::query::Query;
use crate::web::site::Site;

/// More tickets than these are not counted.
pub(super) const MOST_COUNTED: u64 = 1_000;

/// The filters that say where tickets stand.
const STANDING: [&str; 5] = ["state", "over", "overdue", "escalated", "ended_from"];

/// A tab of the list.
struct Tab {
    label: String,
    address: String,
    is_here: bool,
}

#[derive(Template)]
#[template(path = "pages/tickets.html")]
struct Page {
    shell: Shell,
    tabs: Vec<Tab>,
    typed: Typed,
    sorts: Vec<Choice>,
    rows: Vec<Row>,
    total: String,
    first: Option<String>,
    next: Option<String>,
    is_bare: bool,
    is_filtered: bool,
    sizes: Vec<(String, String, bool)>,
    exports: Vec<(String, String)>,
}

/// Lists tickets.
pub(super) async fn list(
    site: web::Data<Site>,
    signed: SignedIn,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let lens = Lens::of(&site.app, &signed);
    let address = Address::of("/tickets", request.query_string());
    let mut query = Query::of_list(&address.query(), &filters(&lens))?;
    let Asked { filter, order } = asked(&mut query);
    let size = query.page_size();
    let cursor = query.text("cursor").map(str::to_owned);
    let typed = Typed::of(query.pairs());
    query.done(())?;
    let list = List { name: list_name(order), reader: signed.user() };
    let after: Option<(DateTime<Utc>, Uuid)> = list.after(cursor.as_deref())?;
    let views = tickets::list(&site.app, &signed.scope, &filter, order, (after, size + 1)).await?;
    let found = list.page(views, size, position(order));
    let total = tickets::count_up_to(&site.app, &signed.scope, &filter, MOST_COUNTED + 1).await?;
    let shell = Shell::of(&site, &request, &signed).await?;
    let drawn = Page {
        tabs: tabs(&shell, &address, &typed),
        sorts: ["-filed_at", "filed_at", "due_at"]
            .map(|sort| Choice::new(sort, shell.t(&format!("sort-{}", sort.replace('-', "new-")))))
            .into(),
        rows: rows(&shell, &lens, &found.items),
        total: shell.with("total", "n", &counted(total)),
        first: cursor.map(|_| address.with("cursor", "")),
        next: found.next_cursor.map(|cursor| address.with("cursor", &cursor)),
        is_bare: lens.is_bare(),
        is_filtered: is_filtered(&filter),
        sizes: ["10", "20", "50", "100"]
            .map(|n| (n.to_owned(), address.with("page_size", n), n == size.to_string()))
            .into(),
        exports: ["xlsx", "csv"].map(|kind| (kind.to_owned(), export(&address, kind))).into(),
        typed,
        shell,
    };
    page(StatusCode::OK, &drawn)
}

/// A count, `1000+` at most.
pub(super) fn counted(count: u64) -> String {
    if count > MOST_COUNTED { format!("{MOST_COUNTED}+") } else { count.to_string() }
}

fn is_filtered(filter: &Filter) -> bool {
    filter.query.is_some()
        || filter.state.is_some()
        || filter.over.is_some()
        || filter.escalated.is_some()
        || filter.overdue.is_some()
        || filter.filed_from.is_some()
        || filter.filed_before.is_some()
        || filter.ended_from.is_some()
        || filter.manufacturer.is_some()
        || filter.division.is_some()
}

/// The same filters for a file.
fn export(address: &Address, kind: &str) -> String {
    let query = Address::of("/api/v1/exports/tickets", &address.query()).with("format", kind);
    let kept = query.split('&').filter(|pair| !pair.starts_with("page_size="));
    kept.collect::<Vec<_>>().join("&")
}

fn tabs(shell: &Shell, address: &Address, typed: &Typed) -> Vec<Tab> {
    // A tab is about where tickets stand; search and dates stay.
    let bare = STANDING.iter().fold(address.clone(), |address, name| {
        Address::of("/tickets", query_of(&address.with(name, "")))
    });
    let is_at = |name: &str, value: &str| typed.has(name, value);
    let states = ["open", "promised", "solved", "closed", "withdrawn", "returned"];
    let mut tabs = vec![Tab {
        label: shell.t("tab-all"),
        address: bare.with("state", ""),
        is_here: STANDING.iter().all(|name| typed.find(name).is_none()),
    }];
    tabs.extend(states.map(|state| Tab {
        label: shell.named("state", state),
        address: bare.with("state", state),
        is_here: is_at("state", state),
    }));
    tabs.extend([("overdue", "tab-overdue"), ("escalated", "tab-escalated")].map(|(name, key)| {
        Tab { label: shell.t(key), address: bare.with(name, "true"), is_here: is_at(name, "true") }
    }));
    tabs
}

fn query_of(address: &str) -> &str {
    address.split_once('?').map_or("", |(_, query)| query)
}

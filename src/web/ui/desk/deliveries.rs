//! The delivery log, and sending a dead letter again.
//!
//! **Never** shows an address in full, nor a notice's text.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use uuid::Uuid;

use super::super::address::Address;
use super::super::choice::{Choice, words};
use super::super::shell::{Shell, page, see};
use crate::domain::id::DeliveryId;
use crate::service::notices::{self, DeliveryState, DeliveryView};
use crate::service::{Error, Rendered};
use crate::web::api::deliveries::{DeliveryBody, FILTERS, asked, kinds};
use crate::web::auth::SignedIn;
use crate::web::error::Problem;
use crate::web::form::{Post, Typed};
use crate::web::paging::List;
use crate::web::query::{self, Query};
use crate::web::site::Site;

/// The dead letters: they wait for a person.
const DEAD: &str = "/deliveries?state=failed";
/// The states in the order of the tabs.
const TABS: [DeliveryState; 5] = [
    DeliveryState::Failed,
    DeliveryState::Queued,
    DeliveryState::Sent,
    DeliveryState::Delivered,
    DeliveryState::Read,
];

/// A tab: its name, its address, whether it is open.
type Tab = (String, String, bool);

/// A delivery in the log.
struct Row {
    body: DeliveryBody,
    tone: &'static str,
    is_dead: bool,
}

#[derive(Template)]
#[template(path = "pages/deliveries.html")]
struct Page {
    shell: Shell,
    tabs: Vec<Tab>,
    typed: Typed,
    channels: Vec<Choice>,
    kinds: Vec<Choice>,
    rows: Vec<Row>,
    conflict: Option<String>,
    is_dead: bool,
    /// The address without channel and kind, where one of them is asked for.
    unfiltered: Option<String>,
    /// True where something can be sent again.
    has_dead: bool,
    first: Option<String>,
    next: Option<String>,
}

/// Lists deliveries.
pub(in crate::web::ui) async fn list(
    site: web::Data<Site>,
    signed: SignedIn,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let shell = Shell::of(&site, &request, &signed).await?;
    let address = Address::of("/deliveries", request.query_string());
    draw(&site, &signed, (shell, address), None).await
}

/// Queues a dead letter again.
pub(in crate::web::ui) async fn replay(
    site: web::Data<Site>,
    post: Post,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let id = request.match_info().get("id").and_then(query::uuid).ok_or(Error::NotFound)?;
    let once = post.write.once(|_: &DeliveryView| Rendered {
        status: 303,
        etag: None,
        body: format!("{DEAD}&done=replayed"),
    });
    match notices::replay(&site.app, &post.signed().scope, DeliveryId(id), once).await {
        Ok(answered) => Ok(see(&answered.answer.body)),
        Err(Error::Conflict { code, message, .. }) => {
            let mut shell = Shell::of(&site, &request, post.signed()).await?;
            DEAD.clone_into(&mut shell.here);
            let conflict = shell.words().problem(code, &message);
            let address = Address::of("/deliveries", "state=failed");
            draw(&site, post.signed(), (shell, address), Some(conflict)).await
        }
        Err(error) => Err(error.into()),
    }
}

async fn draw(
    site: &Site,
    signed: &SignedIn,
    (shell, address): (Shell, Address),
    conflict: Option<String>,
) -> Result<HttpResponse, Problem> {
    let mut query = Query::of_list(&address.query(), &FILTERS)?;
    let (filter, size) = (asked(&mut query), query.page_size());
    let cursor = query.text("cursor").map(str::to_owned);
    let list = List { name: "deliveries", reader: signed.user() };
    let after: Option<Uuid> = list.after(cursor.as_deref())?;
    let typed = Typed::of(query.pairs());
    query.done(())?;
    let rows = notices::log(&site.app, &signed.scope, filter, after, size + 1).await?;
    let found = list.page(rows, size, |row: &DeliveryView| row.delivery.id.0);
    let rows: Vec<Row> = found.items.into_iter().map(DeliveryBody::shown).map(row).collect();
    let status = if conflict.is_some() { StatusCode::CONFLICT } else { StatusCode::OK };
    let is_filtered = filter.channel.is_some() || filter.kind.is_some();
    let told = |name| Choice::new(name, shell.named("told", name));
    let drawn = Page {
        tabs: tabs(&shell, &address, filter.state),
        typed,
        channels: words(&shell, "channel"),
        kinds: kinds().map(told).collect(),
        has_dead: rows.iter().any(|row| row.is_dead),
        rows,
        conflict,
        is_dead: filter.state == Some(DeliveryState::Failed),
        unfiltered: is_filtered.then(|| address.only("state")),
        first: cursor.map(|_| address.with("cursor", "")),
        next: found.next_cursor.map(|cursor| address.with("cursor", &cursor)),
        shell,
    };
    page(status, &drawn)
}

fn tabs(shell: &Shell, address: &Address, here: Option<DeliveryState>) -> Vec<Tab> {
    let tab = |state: DeliveryState| {
        let word = serde_json::to_value(state).unwrap_or_default();
        let link = address.with("state", word.as_str().unwrap_or_default());
        (shell.name("delivery", &state), link, here == Some(state))
    };
    let all = (shell.t("tab-all"), address.with("state", ""), here.is_none());
    TABS.map(tab).into_iter().chain([all]).collect()
}

fn row(body: DeliveryBody) -> Row {
    let tone = match body.state {
        DeliveryState::Failed => "red",
        DeliveryState::Queued => "amber",
        DeliveryState::Sent => "blue",
        DeliveryState::Delivered | DeliveryState::Read => "green",
    };
    Row { tone, is_dead: body.state == DeliveryState::Failed, body }
}

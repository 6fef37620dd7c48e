//! The workbench: what waits for the reader, overdue first, and counts that lead to lists.
//!
//! **Never** counts what its reader could not open.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::desk::{Desk, desk};
use super::rows::{Row, rows};
use super::shell::{Shell, page};
use super::tickets::{MOST_COUNTED, counted};
use crate::domain::party::Role;
use crate::domain::ticket::StateName;
use crate::service::tickets::{self, Filter, Order};
use crate::service::{Error, drafts};
use crate::web::api::lens::Lens;
use crate::web::auth::SignedIn;
use crate::web::error::Problem;
use crate::web::site::Site;

/// Tickets of a section.
const SHOWN: u64 = 8;

/// A count with its list.
pub(super) struct Card {
    pub(super) key: &'static str,
    pub(super) address: &'static str,
    pub(super) count: String,
    pub(super) class: &'static str,
}

/// Some tickets with the list that has the rest.
pub(super) struct Section {
    key: &'static str,
    rows: Vec<Row>,
    more: &'static str,
    empty: &'static str,
}

#[derive(Template)]
#[template(path = "pages/home.html")]
struct Page {
    shell: Shell,
    name: String,
    desk: Desk,
    sections: Vec<Section>,
    is_hospital: bool,
}

/// What a card counts.
struct Counted {
    key: &'static str,
    address: &'static str,
    filter: Filter,
    class: &'static str,
}

/// What a section lists.
struct Listed {
    key: &'static str,
    more: &'static str,
    filter: Filter,
    order: Order,
    empty: &'static str,
}

/// Shows the workbench of the reader's role.
pub(super) async fn show(
    site: web::Data<Site>,
    signed: SignedIn,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let shell = Shell::of(&site, &request, &signed).await?;
    let lens = Lens::of(&site.app, &signed);
    let mut desk = desk(&site, &signed, &shell).await?;
    for one in counts(&signed) {
        let count = tickets::count_up_to(&site.app, &signed.scope, &one.filter, MOST_COUNTED + 1);
        let count = count.await?;
        let class = if count == 0 { "" } else { one.class };
        desk.cards.push(Card { key: one.key, address: one.address, count: counted(count), class });
    }
    if signed.role() == Role::Hospital {
        desk.cards.push(draft_card(&site, &signed).await?);
    }
    let mut sections = Vec::new();
    for one in lists(&signed) {
        let found = tickets::list(&site.app, &signed.scope, &one.filter, one.order, (None, SHOWN));
        let rows = rows(&shell, &lens, &found.await?);
        sections.push(Section { key: one.key, rows, more: one.more, empty: one.empty });
    }
    let drawn = Page {
        name: signed.scope.actor().name.clone(),
        desk,
        sections,
        is_hospital: signed.role() == Role::Hospital,
        shell,
    };
    page(StatusCode::OK, &drawn)
}

async fn draft_card(site: &Site, signed: &SignedIn) -> Result<Card, Error> {
    let drafts = drafts::list(&site.app, &signed.scope).await?;
    let count = u64::try_from(drafts.len()).unwrap_or(u64::MAX);
    Ok(Card { key: "card-drafts", address: "/tickets/new", count: counted(count), class: "" })
}

fn state(state: StateName) -> Filter {
    Filter { state: Some(state), ..Filter::default() }
}

fn overdue() -> Filter {
    Filter { overdue: Some(true), ..Filter::default() }
}

fn counts(signed: &SignedIn) -> Vec<Counted> {
    let own = signed.scope.actor().organisation.id;
    let card = |key, address, filter, class| Counted { key, address, filter, class };
    let escalated = || Filter { escalated: Some(true), ..Filter::default() };
    let open = || card("card-open", "/tickets?state=open", state(StateName::Open), "warn");
    let promised =
        || card("card-promised", "/tickets?state=promised", state(StateName::Promised), "");
    let late = || card("card-overdue", "/tickets?overdue=true", overdue(), "bad");
    let raised = || card("card-escalated", "/tickets?escalated=true", escalated(), "bad");
    let solved = |key| card(key, "/tickets?state=solved", state(StateName::Solved), "good");
    match signed.role() {
        Role::Hospital => vec![late(), solved("card-to-confirm"), open(), promised(), raised()],
        Role::Manufacturer | Role::Distributor => {
            vec![late(), open(), promised(), solved("card-solved"), raised()]
        }
        Role::Bureau => {
            let unseen = Filter { unacknowledged_by: Some(own), ..Filter::default() };
            let held = Filter { held_by: Some(own), ..Filter::default() };
            let asked = Filter { asks: Some(own), ..Filter::default() };
            vec![
                card("card-unacknowledged", "/escalations?view=waiting", unseen, "bad"),
                card("card-asked", "/escalations?view=asked", asked, "warn"),
                card("card-held", "/escalations?view=held", held, "warn"),
                late(),
                open(),
                promised(),
            ]
        }
        Role::Admin | Role::Security | Role::Auditor => Vec::new(),
    }
}

fn lists(signed: &SignedIn) -> Vec<Listed> {
    let own = signed.scope.actor().organisation.id;
    let list = |key, more, filter, order| Listed { key, more, filter, order, empty: "home-none" };
    match signed.role() {
        Role::Hospital => vec![
            Listed {
                empty: "home-none-hospital",
                ..list("home-overdue", "/tickets?overdue=true", overdue(), Order::DueFirst)
            },
            list(
                "home-confirm",
                "/tickets?state=solved",
                state(StateName::Solved),
                Order::OldestFirst,
            ),
            list("home-recent", "/tickets", Filter::default(), Order::NewestFirst),
        ],
        Role::Manufacturer | Role::Distributor => vec![list(
            "home-worklist",
            "/tickets?sort=due_at",
            Filter { over: Some(false), ..Filter::default() },
            Order::DueFirst,
        )],
        Role::Bureau => vec![
            list(
                "home-escalations",
                "/escalations?view=held",
                Filter { held_by: Some(own), ..Filter::default() },
                Order::OldestFirst,
            ),
            list(
                "home-decide",
                "/escalations?view=asked",
                Filter { asks: Some(own), ..Filter::default() },
                Order::OldestFirst,
            ),
            list("home-overdue", "/tickets?overdue=true", overdue(), Order::DueFirst),
        ],
        Role::Admin | Role::Security | Role::Auditor => Vec::new(),
    }
}

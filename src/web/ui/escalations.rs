//! The bureau's queue: what it has to take on, what it holds, what it is asked, and the rest of
//! its area.
//!
//! **Never** acts: every row leads to its ticket, where the acts are.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

use super::address::Address;
use super::shell::{Shell, page};
use super::ticket::deadlines::left;
use super::tickets::{MOST_COUNTED, counted};
use crate::domain::escalation::Escalation;
use crate::domain::id::{EscalationId, OrganisationId};
use crate::domain::ticket::{DeadlineKind, Request};
use crate::service::Error;
use crate::service::escalations::{self, Climbed};
use crate::service::tickets::{self, Filter, Order, TicketView};
use crate::web::api::escalations::{EscalationBody, found};
use crate::web::api::lens::Lens;
use crate::web::auth::SignedIn;
use crate::web::error::Problem;
use crate::web::paging::List;
use crate::web::query::Query;
use crate::web::site::Site;

/// What is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum View {
    /// Open, the bureau's own, and nobody took it on.
    Waiting,
    /// Open and the bureau's own.
    Held,
    /// Requests that the bureau decides.
    Asked,
    /// Open, whoever holds it.
    Area,
    /// Closed.
    Closed,
}

impl View {
    const ALL: [Self; 5] = [Self::Waiting, Self::Held, Self::Asked, Self::Area, Self::Closed];

    /// Its word in the address, and what its cursors are sealed for.
    fn word(self) -> (&'static str, &'static str) {
        match self {
            Self::Waiting => ("waiting", "escalations waiting"),
            Self::Held => ("held", "escalations held"),
            Self::Asked => ("asked", "requests"),
            Self::Area => ("area", "escalations open"),
            Self::Closed => ("closed", "escalations closed"),
        }
    }

    fn read(query: &mut Query) -> Self {
        let open = query.flag("open");
        let word = query.text("view").map(str::to_owned);
        let found = Self::ALL.into_iter().find(|view| Some(view.word().0) == word.as_deref());
        match (found, word, open) {
            (Some(view), ..) => view,
            (None, None, Some(true)) => Self::Area,
            (None, None, Some(false)) => Self::Closed,
            (None, None, None) => Self::Waiting,
            (None, Some(_), _) => {
                query.refuse("view", "unknown", "this is not one of the possible values");
                Self::Waiting
            }
        }
    }

    fn climbed(self, own: OrganisationId) -> Climbed {
        let held_by = match self {
            Self::Waiting | Self::Held => Some(own),
            Self::Asked | Self::Area | Self::Closed => None,
        };
        Climbed {
            open: Some(self != Self::Closed),
            acknowledged: (self == Self::Waiting).then_some(false),
            held_by,
        }
    }

    /// The same rows as a file; what is asked is none of the lists.
    fn export(self) -> Option<&'static str> {
        match self {
            Self::Waiting => Some("own=true&open=true&acknowledged=false"),
            Self::Held => Some("own=true&open=true"),
            Self::Asked => None,
            Self::Area => Some("open=true"),
            Self::Closed => Some("open=false"),
        }
    }
}

/// A tab with how much is behind it.
struct Tab {
    label: String,
    address: String,
    is_here: bool,
}

/// What a row tells of its ticket.
struct Subject {
    id: Uuid,
    number: String,
    summary: String,
    product: String,
    hospital: String,
    maker: String,
}

/// An escalation in the list.
struct Line {
    ticket: Subject,
    body: EscalationBody,
    bureau: String,
    is_own: bool,
    measures: String,
    /// How long the bureau has to take it on.
    left: String,
    left_class: &'static str,
}

/// A request in the list.
struct Ask {
    ticket: Subject,
    topic: String,
    day: Option<NaiveDate>,
    by: String,
    reason: String,
    at: String,
}

#[derive(Template)]
#[template(path = "pages/escalations.html")]
struct Page {
    shell: Shell,
    tabs: Vec<Tab>,
    lines: Vec<Line>,
    asks: Vec<Ask>,
    is_asked: bool,
    caption: String,
    empty: String,
    first: Option<String>,
    next: Option<String>,
    export: Option<&'static str>,
}

/// Lists escalations, or requests.
pub(super) async fn list(
    site: web::Data<Site>,
    signed: SignedIn,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    escalations::admit(&signed.scope)?;
    let address = Address::of("/escalations", request.query_string());
    let mut query = Query::of_list(&address.query(), &["view", "open"])?;
    let (view, size) = (View::read(&mut query), query.page_size());
    let cursor = query.text("cursor").map(str::to_owned);
    query.done(())?;
    let (word, name) = view.word();
    let list = List { name, reader: signed.user() };
    let after: Option<(DateTime<Utc>, Uuid)> = list.after(cursor.as_deref())?;
    let shell = Shell::of(&site, &request, &signed).await?;
    let own = signed.scope.actor().organisation.id;
    let (mut lines, mut asks) = (Vec::new(), Vec::new());
    let next = if view == View::Asked {
        let filter = Filter { asks: Some(own), ..Filter::default() };
        let (order, page) = (Order::OldestFirst, (after, size + 1));
        let views = tickets::list(&site.app, &signed.scope, &filter, order, page).await?;
        let found = list.page(views, size, |view| (view.ticket.filed_at, view.ticket.id.0));
        asks.extend(found.items.iter().flat_map(|view| asked(&shell, view, own)));
        found.next_cursor
    } else {
        let (climbed, page) = (view.climbed(own), (after, size + 1));
        let rows = escalations::list(&site.app, &signed.scope, climbed, page).await?;
        let found = list.page(rows, size, |row| {
            (found(row).map_or(DateTime::UNIX_EPOCH, |((at, _), _)| at), row.0.0)
        });
        let lens = Lens::of(&site.app, &signed);
        lines.extend(found.items.iter().filter_map(|row| line(&shell, &lens, row, own)));
        found.next_cursor
    };
    let drawn = Page {
        tabs: tabs(&site, &signed, &shell, view).await?,
        lines,
        asks,
        is_asked: view == View::Asked,
        caption: shell.t(&format!("queue-{word}")),
        empty: shell.t(&format!("queue-empty-{word}")),
        first: cursor.map(|_| address.with("cursor", "")),
        next: next.map(|cursor| address.with("cursor", &cursor)),
        export: view.export(),
        shell,
    };
    page(StatusCode::OK, &drawn)
}

async fn tabs(
    site: &Site,
    signed: &SignedIn,
    shell: &Shell,
    here: View,
) -> Result<Vec<Tab>, Problem> {
    let mut tabs = Vec::new();
    for view in View::ALL {
        let word = view.word().0;
        let mut label = shell.t(&format!("queue-{word}"));
        if let Some(count) = behind(site, signed, view).await? {
            label = format!("{label} ({})", counted(count));
        }
        let address = format!("/escalations?view={word}");
        tabs.push(Tab { label, address, is_here: view == here });
    }
    Ok(tabs)
}

/// How much is behind a tab; closed ones only grow.
async fn behind(site: &Site, signed: &SignedIn, view: View) -> Result<Option<u64>, Error> {
    let (app, scope, most) = (&site.app, &signed.scope, MOST_COUNTED + 1);
    let own = scope.actor().organisation.id;
    match view {
        View::Waiting | View::Held | View::Area => {
            escalations::count_up_to(app, scope, view.climbed(own), most).await.map(Some)
        }
        View::Asked => {
            let filter = Filter { asks: Some(own), ..Filter::default() };
            tickets::count_up_to(app, scope, &filter, most).await.map(Some)
        }
        View::Closed => Ok(None),
    }
}

fn subject(view: &TicketView) -> Subject {
    let (ticket, product) = (&view.ticket, &view.product);
    Subject {
        id: ticket.id.0,
        number: ticket.number.clone(),
        summary: ticket.report.summary.clone(),
        product: format!("{} {}", product.name, product.specification),
        hospital: name(view, ticket.hospital),
        maker: name(view, ticket.manufacturer),
    }
}

fn name(view: &TicketView, id: OrganisationId) -> String {
    view.organisations.get(&id).map(|house| house.name.clone()).unwrap_or_default()
}

fn line(
    shell: &Shell,
    lens: &Lens,
    row: &(EscalationId, TicketView),
    own: OrganisationId,
) -> Option<Line> {
    let (_, body) = found(row)?;
    let (id, view) = row;
    let escalation = view.ticket.escalations.iter().find(|escalation| escalation.id == *id)?;
    let (left, left_class) = to_acknowledge(shell, lens, view, escalation).unwrap_or_default();
    Some(Line {
        ticket: subject(view),
        bureau: body.bureau.as_ref().map_or_else(|| shell.t("no-bureau"), |one| one.name.clone()),
        is_own: escalation.bureau == Some(own),
        measures: shell.with("queue-measures", "n", &body.measures.len()),
        body,
        left,
        left_class,
    })
}

/// The time that the bureau has to take an escalation on.
fn to_acknowledge(
    shell: &Shell,
    lens: &Lens,
    view: &TicketView,
    escalation: &Escalation,
) -> Option<(String, &'static str)> {
    let is_it = |deadline: &&crate::domain::ticket::Deadline| {
        deadline.kind == DeadlineKind::Acknowledge && deadline.ordinal == escalation.ordinal
    };
    let deadline = view.ticket.deadlines.iter().rfind(is_it)?;
    let is_waiting = escalation.is_open() && escalation.acknowledged_at.is_none();
    let calendar = lens.book.calendar_of(&view.ticket);
    left(shell, &view.ticket, deadline, &calendar).filter(|_| is_waiting)
}

fn asked(shell: &Shell, view: &TicketView, own: OrganisationId) -> Vec<Ask> {
    let waits = |one: &&Request| one.outcome.is_none() && one.bureau == Some(own);
    let ask = |one: &Request| Ask {
        ticket: subject(view),
        topic: shell.name("topic", &one.topic),
        day: one.day,
        by: one.by.map_or_else(|| shell.t("page-clock"), |(_, house)| name(view, house)),
        reason: one.reason.clone(),
        at: shell.minute(&one.at),
    };
    view.ticket.requests.iter().filter(waits).map(ask).collect()
}

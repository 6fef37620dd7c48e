//! Tickets as rows of a list.
//!
//! **Never** shows an administrator a party's text.

use crate::domain::party::Role;
use crate::domain::policy::Urgency;
use crate::domain::ticket::StateName;
use crate::service::tickets::TicketView;
use crate::web::api::lens::Lens;

use super::shell::Shell;
use super::ticket::deadlines::next;

/// A ticket in a list.
#[derive(Debug)]
pub(in crate::web) struct Row {
    pub(in crate::web) id: String,
    pub(in crate::web) number: String,
    pub(in crate::web) state: StateName,
    pub(in crate::web) filed: String,
    pub(in crate::web) is_emergency: bool,
    /// The level in charge, in words, where a bureau is.
    pub(in crate::web) level: Option<String>,
    /// How long there is until what is due next.
    pub(in crate::web) left: String,
    pub(in crate::web) left_class: &'static str,
    pub(in crate::web) due: String,
    pub(in crate::web) owes_promise: bool,
    /// What the parties wrote; `None` for administrators.
    pub(in crate::web) text: Option<RowText>,
}

/// The parties' part of a row.
#[derive(Debug)]
pub(in crate::web) struct RowText {
    pub(in crate::web) summary: String,
    pub(in crate::web) product: String,
    /// The other side: for a hospital the manufacturer, for everybody else the hospital.
    pub(in crate::web) house: String,
    /// The manufacturer too, for bureaus.
    pub(in crate::web) maker: Option<String>,
    pub(in crate::web) quantity: String,
}

/// Tickets as rows.
pub(in crate::web) fn rows(shell: &Shell, lens: &Lens, views: &[TicketView]) -> Vec<Row> {
    views.iter().map(|view| row(shell, lens, view)).collect()
}

fn row(shell: &Shell, lens: &Lens, view: &TicketView) -> Row {
    let ticket = &view.ticket;
    let calendar = lens.book.calendar_of(ticket);
    let (left, left_class, due) = match next(shell, ticket, &calendar) {
        Some((left, class, due_at)) => (left, class, shell.due(&due_at)),
        None => (String::new(), "", String::new()),
    };
    let level = ticket.open_escalation().map(|escalation| shell.name("level", &escalation.level));
    Row {
        id: ticket.id.to_string(),
        number: ticket.number.clone(),
        state: ticket.state.name(),
        filed: shell.minute(&ticket.filed_at),
        is_emergency: ticket.urgency == Urgency::Emergency,
        level,
        left,
        left_class,
        due,
        owes_promise: ticket.state == crate::domain::ticket::State::Promised { owes_promise: true },
        text: (!lens.is_bare()).then(|| text(lens, view)),
    }
}

fn text(lens: &Lens, view: &TicketView) -> RowText {
    let (ticket, report) = (&view.ticket, &view.ticket.report);
    let name = |id| view.organisations.get(id).map(|house| house.name.clone()).unwrap_or_default();
    let missing = ticket.remaining_quantity.unwrap_or(report.quantity_short);
    RowText {
        summary: report.summary.clone(),
        product: format!("{} {}", view.product.name, view.product.specification),
        house: if lens.role == Role::Hospital {
            name(&ticket.manufacturer)
        } else {
            name(&ticket.hospital)
        },
        maker: (lens.role == Role::Bureau).then(|| name(&ticket.manufacturer)),
        quantity: format!("{missing} {}", report.unit),
    }
}

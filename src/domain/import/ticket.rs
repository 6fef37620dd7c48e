//! The rows of tickets: new ones, and those that ended before the service began.
//!
//! **Never** lets a historic ticket be open: it would owe somebody a clock.

use chrono::{DateTime, Utc};

use super::RowError;
use super::fields::{Fields, QUANTITY};
use super::rows::{Named, product_code};
use crate::domain::calendar::local_date;
use crate::domain::policy::Urgency;
use crate::domain::ticket::{Category, Contact, Report, State, StateName};

const MOST_ORDERS: usize = 50;

/// A row of tickets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TicketRow {
    /// Its number.
    pub row: u32,
    /// Who reported it.
    pub hospital: Named,
    /// The product, in the catalogue of the hospital's province.
    pub product_code: String,
    /// How pressing it was.
    pub urgency: Urgency,
    /// The story.
    pub report: Report,
    /// When.
    pub filed: Filed,
}

/// How a ticket comes in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Filed {
    /// As if the hospital's person filed it now.
    Now {
        /// What they type to sign in.
        by: String,
    },
    /// It was over before.
    Before {
        /// When it was filed.
        at: DateTime<Utc>,
        /// How it ended.
        ending: Ending,
    },
}

/// How a historic ticket ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ending {
    /// Closed or withdrawn, and when.
    pub state: State,
    /// Why it was withdrawn.
    pub reason: Option<String>,
}

impl TicketRow {
    /// Reads a row; nothing may have happened after `now`.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn read(mut fields: Fields<'_>, now: DateTime<Utc>) -> Result<Option<Self>, Vec<RowError>> {
        let is_historic = fields.yes("historic");
        let hospital = Named::read(&mut fields, "hospital", "hospital_division");
        let product_code = product_code(&mut fields, "product_code");
        let report = report(&mut fields);
        let urgency = fields.maybe_word("urgency").unwrap_or(Urgency::Ordinary);
        let filed = if is_historic { before(&mut fields, now) } else { by_now(&mut fields) };
        let row = fields.row();
        let made = filed.zip(report).map(|(filed, report)| Self {
            row,
            hospital,
            product_code,
            urgency,
            report,
            filed,
        });
        fields.done(made)
    }
}

fn report(fields: &mut Fields<'_>) -> Option<Report> {
    let category: Option<Category> = fields.word("category");
    let (summary, description) = (fields.line("summary", 200), fields.block("description", 10_000));
    let quantity_short = fields.number("quantity_short", &QUANTITY);
    let unit = fields.line("unit", 20);
    let days_of_stock = fields.maybe_number("days_of_stock", &(0..=36_500));
    let order_refs = orders(fields);
    let name = fields.line("contact_name", 50);
    let phone = fields.maybe_phone("contact_phone");
    if phone.is_none() {
        // Says that it is required, or nothing more where it was refused already.
        fields.line("contact_phone", 20);
    }
    let contact = Contact { name, phone: phone.unwrap_or_default() };
    category.map(|category| Report {
        category,
        summary,
        description,
        quantity_short,
        unit,
        days_of_stock,
        order_refs,
        contact,
    })
}

fn orders(fields: &mut Fields<'_>) -> Vec<String> {
    let Some(given) = fields.given("order_refs") else { return Vec::new() };
    let orders: Vec<String> = given
        .split([';', '；', '\n'])
        .map(str::trim)
        .filter(|order| !order.is_empty())
        .map(str::to_owned)
        .collect();
    if orders.len() > MOST_ORDERS {
        fields.refuse("order_refs", "too_many", format!("at most {MOST_ORDERS} orders"));
        return Vec::new();
    }
    let mut checked = Vec::with_capacity(orders.len());
    for order in &orders {
        match crate::domain::text::line(order, 64) {
            Ok(order) => checked.push(order),
            Err(error) => fields.refuse("order_refs", error.code(), error.to_string()),
        }
    }
    checked
}

fn by_now(fields: &mut Fields<'_>) -> Option<Filed> {
    for column in ["filed_at", "state", "ended_at", "reason"] {
        if fields.given(column).is_some() {
            let message = "only a historic ticket has this: a new one is filed now";
            fields.refuse(column, "not_historic", message);
        }
    }
    let by = fields.line("filed_by", 64).to_lowercase();
    Some(Filed::Now { by })
}

fn before(fields: &mut Fields<'_>, now: DateTime<Utc>) -> Option<Filed> {
    if fields.given("filed_by").is_some() {
        let message = "nobody here filed a historic ticket: leave it empty";
        fields.refuse("filed_by", "historic", message);
    }
    let filed_at = past(fields, "filed_at", now);
    let ended_at = past(fields, "ended_at", now);
    let state: Option<StateName> = fields.word("state");
    let reason = fields.maybe_line("reason", 2_000);
    let (at, ended_at) = filed_at.zip(ended_at)?;
    // A day without a time is its beginning: on the day of the filing that is no contradiction.
    let is_same_day = local_date(at) == local_date(ended_at);
    let ended_at = if is_same_day { ended_at.max(at) } else { ended_at };
    if ended_at < at {
        fields.refuse("ended_at", "before_filing", "it ended before it was filed");
    }
    let state = match state? {
        StateName::Closed => State::Closed { at: ended_at },
        StateName::Withdrawn => State::Withdrawn { at: ended_at },
        StateName::Open | StateName::Promised | StateName::Solved | StateName::Returned => {
            return None;
        }
    };
    if reason.is_some() && state.name() == StateName::Closed {
        fields.refuse("reason", "not_withdrawn", "only a withdrawn ticket has a reason");
    }
    Some(Filed::Before { at, ending: Ending { state, reason } })
}

fn past(
    fields: &mut Fields<'_>,
    column: &'static str,
    now: DateTime<Utc>,
) -> Option<DateTime<Utc>> {
    match fields.maybe_instant(column) {
        Some(at) if at > now => {
            fields.refuse(column, "in_the_future", "this has not happened yet");
            None
        }
        Some(at) => Some(at),
        None => {
            // Says that it is required, or nothing more where it was refused already.
            fields.line(column, 64);
            None
        }
    }
}

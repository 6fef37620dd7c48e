//! Filing a ticket.
//!
//! **Never** takes the manufacturer or distributor from the hospital: they follow from the
//! product and the agreement.

use std::sync::Arc;

use actix_web::{HttpResponse, web};
use serde::Deserialize;
use utoipa::ToSchema;

use super::docs::Problems;
use super::lens::Lens;
use super::tickets::{TicketAnswer, render};
use super::words;
use crate::domain::id::TicketId;
use crate::domain::policy::Urgency;
use crate::domain::ticket::{Category, Contact, Report};
use crate::service::Error;
use crate::service::tickets::{self, Filing};
use crate::web::check::{Check, QUANTITY};
use crate::web::error::Problem;
use crate::web::extract::{Form, Write, answer};
use crate::web::json::Object;
use crate::web::query;
use crate::web::site::Site;

/// Longest text, in characters.
pub(in crate::web) const LONGEST_TEXT: usize = 10_000;
/// Longest reason or note, in characters.
pub(in crate::web) const LONGEST_REASON: usize = 2_000;
const LONGEST_SUMMARY: usize = 200;
const MOST_ORDERS: usize = 50;

/// What a hospital fills in.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct NewTicket {
    /// The product's national code, out of the province's catalogue.
    product_code: String,
    #[schema(schema_with = words::category)]
    category: String,
    #[schema(schema_with = words::urgency)]
    urgency: String,
    /// One line, at most 200 characters.
    summary: String,
    /// The whole story, at most 10,000 characters.
    description: String,
    #[schema(minimum = 1, maximum = 1_000_000_000)]
    quantity_short: i64,
    /// The unit of the quantities, like 盒.
    unit: String,
    /// How many days the stock lasts.
    #[schema(minimum = 0)]
    days_of_stock: Option<i64>,
    /// The orders concerned, at most 50.
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>)]
    order_refs: Option<Vec<String>>,
    /// The earlier ticket this one is a recurrence of.
    follows: Option<String>,
    #[schema(value_type = ContactForm)]
    contact: Object<ContactForm>,
}

/// Somebody to call.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct ContactForm {
    name: String,
    /// A mobile like 13800000000, or a landline like 0531-88888888.
    phone: String,
}

impl ContactForm {
    /// The contact, under the field `contact`.
    pub(in crate::web) fn checked(&self, check: &mut Check) -> Contact {
        Contact {
            name: check.line("contact.name", &self.name, 50),
            phone: check.phone("contact.phone", &self.phone),
        }
    }
}

impl NewTicket {
    /// Reads it off a body.
    pub(in crate::web) fn read(form: &Form) -> Result<Filing, Error> {
        form.read::<Self>()?.checked()
    }

    fn checked(self) -> Result<Filing, Error> {
        let mut check = Check::default();
        let (category, urgency) =
            (check.word("category", &self.category), check.word("urgency", &self.urgency));
        let follows = self.follows.map(|text| {
            let id = query::uuid(&text);
            if id.is_none() {
                check.refuse("follows", "unknown", "there is no such ticket of yours");
            }
            TicketId(id.unwrap_or_default())
        });
        let report = Report {
            category: category.unwrap_or(Category::Other),
            summary: check.line("summary", &self.summary, LONGEST_SUMMARY),
            description: check.block("description", &self.description, LONGEST_TEXT),
            quantity_short: check.number("quantity_short", self.quantity_short, QUANTITY),
            unit: check.line("unit", &self.unit, 20),
            days_of_stock: self.days_of_stock.map(|n| check.number("days_of_stock", n, 0..=36_500)),
            order_refs: orders(&mut check, &self.order_refs.unwrap_or_default()),
            contact: self.contact.0.checked(&mut check),
        };
        let filing = Filing {
            product_code: check.line("product_code", &self.product_code, 64),
            urgency: urgency.unwrap_or(Urgency::Ordinary),
            report,
            follows,
        };
        check.done(filing)
    }
}

fn orders(check: &mut Check, refs: &[String]) -> Vec<String> {
    if refs.len() > MOST_ORDERS {
        check.refuse("order_refs", "too_many", format!("at most {MOST_ORDERS} orders"));
        return Vec::new();
    }
    let lines = refs.iter().enumerate();
    lines.map(|(at, text)| check.line(&format!("order_refs[{at}]"), text, 64)).collect()
}

/// File a ticket.
#[utoipa::path(
    post, path = "/api/v1/tickets", operation_id = "filing_file", tag = "tickets", request_body = NewTicket,
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a repetition harmless")),
    responses((status = 201, description = "Filed", body = TicketAnswer), Problems)
)]
pub(in crate::web) async fn file(
    site: web::Data<Site>,
    write: Write,
) -> Result<HttpResponse, Problem> {
    let lens = Lens::of(&site.app, &write.signed);
    let form = write.form.clone();
    let read = Arc::new(move || NewTicket::read(&form));
    let once = write.once(render(lens, 201));
    let answered = tickets::file(&site.app, &write.signed.scope, read, once).await?;
    Ok(answer(answered))
}

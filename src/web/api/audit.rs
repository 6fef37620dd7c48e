//! The audit log, for auditors.
//!
//! **Never** shows more than was kept: it names things, and says nothing of what is in them.

use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, FixedOffset};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use super::docs::Problems;
use super::parties::Named;
use super::words;
use crate::domain::party::Role;
use crate::service::audit::{self, Action, EntryView, Filter, Position};
use crate::web::auth::SignedIn;
use crate::web::error::Problem;
use crate::web::moment::shown;
use crate::web::paging::{List, Page};
use crate::web::query::Query;
use crate::web::site::Site;

/// An entry of the audit log.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct AuditEntry {
    pub(in crate::web) id: Uuid,
    /// By the clock on the wall, whatever the demo's says.
    pub(in crate::web) at: DateTime<FixedOffset>,
    #[schema(schema_with = words::action)]
    pub(in crate::web) action: Action,
    /// Who; null where nobody was signed in.
    pub(in crate::web) user_id: Option<Uuid>,
    /// What they type to sign in; of a refused sign-in, what was typed.
    pub(in crate::web) username: Option<String>,
    pub(in crate::web) organisation: Option<Named>,
    #[schema(schema_with = words::role)]
    pub(in crate::web) role: Option<Role>,
    /// The address of the connection, or `command line`.
    pub(in crate::web) address: Option<String>,
    /// To what it was done, by id, number or name.
    pub(in crate::web) subject: Option<String>,
    /// What else matters of it, by the action.
    #[schema(value_type = Object)]
    pub(in crate::web) detail: Value,
}

impl AuditEntry {
    /// An entry as it is shown.
    pub(in crate::web) fn shown(view: EntryView) -> Self {
        let entry = view.kept.entry;
        Self {
            id: view.kept.id,
            at: shown(entry.at),
            action: entry.action,
            user_id: entry.user.map(|user| user.0),
            username: entry.username,
            organisation: view.organisation.as_ref().map(Named::from),
            role: entry.role,
            address: entry.origin.address,
            subject: entry.subject,
            detail: entry.detail,
        }
    }
}

/// The list's filters.
pub(in crate::web) const FILTERS: [&str; 5] = ["action", "username", "from", "to", "q"];

/// Where in the list an entry stands.
pub(in crate::web) fn position(view: &EntryView) -> Position {
    (view.kept.entry.at, view.kept.id)
}

/// Reads which entries are asked for.
pub(in crate::web) fn asked(query: &mut Query) -> Filter {
    Filter {
        action: query.word("action"),
        username: query.search("username").map(|name| name.to_lowercase()),
        from: query.from("from"),
        before: query.to("to"),
        part: query.search("q"),
    }
}

/// Read the audit log, for auditors.
#[utoipa::path(
    get, path = "/api/v1/audit", operation_id = "audit_list", tag = "administration",
    params(
        ("action" = Option<String>, Query, description = "Only what was done this way"),
        ("username" = Option<String>, Query, description = "Only of this user name"),
        ("from" = Option<String>, Query, description = "A date or an instant, by the clock on the wall"),
        ("to" = Option<String>, Query, description = "A date or an instant, itself included"),
        ("q" = Option<String>, Query, description = "A part of the user name, the subject or the address"),
        ("page_size" = Option<u32>, Query, description = "1 to 100, 20 by default"),
        ("cursor" = Option<String>, Query, description = "Where the page before ended"),
    ),
    responses((status = 200, description = "A page of entries, newest first", body = Page<AuditEntry>), Problems)
)]
pub(in crate::web) async fn list(
    site: web::Data<Site>,
    signed: SignedIn,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    audit::admit(&signed.scope)?;
    let mut query = Query::of_list(request.query_string(), &FILTERS)?;
    let (filter, size) = (asked(&mut query), query.page_size());
    let list = List { name: "audit", reader: signed.user() };
    let after: Option<Position> = list.after(query.text("cursor"))?;
    query.done(())?;
    let rows = audit::list(&site.app, &signed.scope, &filter, (after, size + 1)).await?;
    let page = list.page(rows, size, position);
    Ok(HttpResponse::Ok().json(page.map(AuditEntry::shown)))
}

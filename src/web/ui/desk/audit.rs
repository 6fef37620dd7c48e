//! The audit log, for auditors.
//!
//! **Never** words more than an entry holds.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use chrono::{DateTime, FixedOffset};
use serde_json::Value;

use super::super::address::Address;
use super::super::choice::Choice;
use super::super::shell::{Shell, page};
use crate::service::audit::{self, Action, Filter, Position};
use crate::web::api::audit::{AuditEntry, FILTERS, asked, position};
use crate::web::auth::SignedIn;
use crate::web::error::Problem;
use crate::web::form::Typed;
use crate::web::paging::List;
use crate::web::query::Query;
use crate::web::site::Site;

/// Entries on the workbench.
const NEWEST: u64 = 8;

/// An entry in words.
#[derive(Debug)]
pub(in crate::web::ui) struct Row {
    pub(in crate::web::ui) id: String,
    pub(in crate::web::ui) at: String,
    pub(in crate::web::ui) username: Option<String>,
    /// As what and for whom.
    pub(in crate::web::ui) standing: String,
    pub(in crate::web::ui) action: String,
    pub(in crate::web::ui) is_refusal: bool,
    pub(in crate::web::ui) subject: Option<String>,
    /// What else: a name and a value each.
    pub(in crate::web::ui) detail: Vec<(String, String)>,
    pub(in crate::web::ui) address: String,
}

#[derive(Template)]
#[template(path = "pages/audit.html")]
struct Page {
    shell: Shell,
    typed: Typed,
    actions: Vec<Choice>,
    rows: Vec<Row>,
    is_filtered: bool,
    first: Option<String>,
    next: Option<String>,
}

/// Lists entries.
pub(in crate::web::ui) async fn list(
    site: web::Data<Site>,
    signed: SignedIn,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    audit::admit(&signed.scope)?;
    let address = Address::of("/audit", request.query_string());
    let mut query = Query::of_list(&address.query(), &FILTERS)?;
    let (filter, size) = (asked(&mut query), query.page_size());
    let cursor = query.text("cursor").map(str::to_owned);
    let typed = Typed::of(query.pairs());
    query.done(())?;
    let list = List { name: "audit", reader: signed.user() };
    let after: Option<Position> = list.after(cursor.as_deref())?;
    let views = audit::list(&site.app, &signed.scope, &filter, (after, size + 1)).await?;
    let found = list.page(views, size, position).map(AuditEntry::shown);
    let shell = Shell::of(&site, &request, &signed).await?;
    let action = |action: Action| Choice::new(action.name(), shell.named("audit", action.name()));
    let drawn = Page {
        actions: Action::ALL.map(action).into(),
        rows: found.items.into_iter().map(|entry| row(&shell, entry)).collect(),
        is_filtered: FILTERS.iter().any(|name| typed.find(name).is_some()),
        first: cursor.map(|_| address.with("cursor", "")),
        next: found.next_cursor.map(|cursor| address.with("cursor", &cursor)),
        typed,
        shell,
    };
    page(StatusCode::OK, &drawn)
}

/// The newest entries.
pub(super) async fn newest(
    site: &Site,
    signed: &SignedIn,
    shell: &Shell,
) -> Result<Vec<Row>, Problem> {
    let filter = Filter::default();
    let views = audit::list(&site.app, &signed.scope, &filter, (None, NEWEST)).await?;
    Ok(views.into_iter().map(|view| row(shell, AuditEntry::shown(view))).collect())
}

pub(super) fn row(shell: &Shell, entry: AuditEntry) -> Row {
    let role = entry.role.map(|role| shell.name("role", &role));
    let standing = [role, entry.organisation.map(|house| house.name)];
    let address = entry.address.unwrap_or_default();
    let is_of_tables = matches!(entry.action, Action::ImportRun | Action::ExportMade);
    Row {
        id: entry.id.to_string(),
        at: shell.minute(&entry.at),
        username: entry.username,
        standing: standing.into_iter().flatten().collect::<Vec<_>>().join(" · "),
        action: shell.named("audit", entry.action.name()),
        is_refusal: entry.action == Action::SignInRefused,
        subject: entry
            .subject
            .map(|subject| if is_of_tables { shell.named("table", &subject) } else { subject }),
        detail: details(shell, &entry.detail),
        address: shell.named("origin", &address.replace(' ', "-")),
    }
}

/// The members of an entry's detail that say something, in words.
pub(super) fn details(shell: &Shell, detail: &Value) -> Vec<(String, String)> {
    let members = detail.as_object().into_iter().flatten();
    let told = members.filter(|(_, value)| !value.is_null());
    told.map(|(name, value)| (shell.named("detail", name), told_value(shell, name, value)))
        .collect()
}

fn told_value(shell: &Shell, name: &str, value: &Value) -> String {
    match value {
        Value::Object(_) => {
            let members = details(shell, value);
            let members = members.iter().map(|(name, value)| format!("{name} {value}"));
            members.collect::<Vec<_>>().join(" · ")
        }
        Value::Array(all) => {
            let all = all.iter().map(|one| told_value(shell, name, one));
            all.collect::<Vec<_>>().join(" · ")
        }
        Value::Bool(true) => shell.t("page-yes"),
        Value::Bool(false) => shell.t("page-no"),
        Value::String(text) => match name {
            "role" => shell.named("role", text),
            "state" => shell.named("state", text),
            "act" => shell.named("acted", text),
            "language" => shell.named("language", text),
            "cause" => shell.named("hold", text),
            "channel" => shell.named("channel", text),
            "kind" => shell.named("told", text),
            "delivery" => shell.named("delivery", text),
            "batch_state" => shell.named("batch", text),
            _ => match DateTime::<FixedOffset>::parse_from_rfc3339(text) {
                Ok(at) => shell.minute(&at),
                Err(_) => text.clone(),
            },
        },
        Value::Null => "—".to_owned(),
        Value::Number(_) => value.to_string(),
    }
}

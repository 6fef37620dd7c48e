//! The audit log, for auditors.
//!
//! **Never** shows more than was kept: it names things, and says nothing of what is in them.

use actix_web::body::SizedStream;
use actix_web::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, FixedOffset};
use serde::Serialize;
use serde_json::Value;
use tokio_util::io::ReaderStream;
use utoipa::ToSchema;
use uuid::Uuid;

use super::docs::Problems;
use super::parties::Named;
use super::{id, words};
use crate::domain::calendar::local_date;
use crate::domain::party::Role;
use crate::service::audit::export::{Form, Wanted, export};
use crate::service::audit::verify::{Fault, Finding, Report, verify_for};
use crate::service::audit::{self, Action, EntryView, Filter, Position};
use crate::web::auth::SignedIn;
use crate::web::download::attachment;
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

/// An entry with its place in the chain.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct LinkedEntry {
    #[serde(flatten)]
    pub(in crate::web) entry: AuditEntry,
    /// Its number in the chain; null for the moment before it is linked.
    pub(in crate::web) seq: Option<i64>,
    /// The signature of its number and content and of the link before.
    pub(in crate::web) link: Option<String>,
}

impl LinkedEntry {
    /// An entry as it is shown.
    pub(in crate::web) fn shown(view: EntryView) -> Self {
        let (seq, link) = (view.kept.seq, view.kept.link.clone());
        Self { seq, link, entry: AuditEntry::shown(view) }
    }
}

/// Something that is wrong with the log.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct FindingBody {
    #[schema(schema_with = words::fault)]
    pub(in crate::web) fault: Fault,
    /// From which number of the chain, or line of the checkpoints.
    pub(in crate::web) from: Option<i64>,
    pub(in crate::web) to: Option<i64>,
    /// The entry's id, where it is one entry.
    pub(in crate::web) entry: Option<Uuid>,
    /// The short name of a key that is not known.
    pub(in crate::web) key: Option<String>,
}

/// What a verification of the log found.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct ReportBody {
    /// True when every entry is what was written, and none is missing.
    pub(in crate::web) whole: bool,
    /// Entries of the chain that were looked at.
    pub(in crate::web) entries: u64,
    /// Entries that are signed and not linked yet.
    pub(in crate::web) pending: u64,
    /// Entries that were kept long enough, and removed.
    pub(in crate::web) removed: i64,
    /// The last number.
    pub(in crate::web) head: i64,
    /// Checkpoints that were held against the chain.
    pub(in crate::web) checkpoints: u64,
    /// Checkpoints of a past that a restore has given up.
    pub(in crate::web) given_up: u64,
    /// The number that the last checkpoint names.
    pub(in crate::web) last_checkpoint: Option<i64>,
    pub(in crate::web) last_checkpoint_at: Option<String>,
    /// The first findings.
    pub(in crate::web) findings: Vec<FindingBody>,
    /// Findings that are not listed.
    pub(in crate::web) more: u64,
}

impl ReportBody {
    /// A report as it is shown.
    pub(in crate::web) fn shown(report: Report) -> Self {
        let finding = |found: Finding| FindingBody {
            fault: found.fault,
            from: found.from,
            to: found.to,
            entry: found.entry,
            key: found.key,
        };
        let (last_checkpoint, last_checkpoint_at) = report.last_checkpoint.clone().unzip();
        Self {
            whole: report.is_whole(),
            entries: report.entries,
            pending: report.pending,
            removed: report.removed,
            head: report.head,
            checkpoints: report.checkpoints,
            given_up: report.given_up,
            last_checkpoint,
            last_checkpoint_at,
            findings: report.findings.into_iter().map(finding).collect(),
            more: report.more,
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

/// Read an entry with its place in the chain, for auditors.
#[utoipa::path(
    get, path = "/api/v1/audit/{id}", operation_id = "audit_show", tag = "administration",
    params(("id" = String, Path, description = "The entry's id")),
    responses((status = 200, description = "The entry", body = LinkedEntry), Problems)
)]
pub(in crate::web) async fn show(
    site: web::Data<Site>,
    signed: SignedIn,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    audit::admit(&signed.scope)?;
    Query::read(request.query_string(), &[])?.done(())?;
    let view = audit::find(&site.app, &signed.scope, id(&request)?).await?;
    Ok(HttpResponse::Ok().json(LinkedEntry::shown(view)))
}

/// Verify the audit log, for auditors: every signature is reckoned anew, and the checkpoints are
/// held against it.
#[utoipa::path(
    get, path = "/api/v1/audit/verify", operation_id = "audit_verify", tag = "administration",
    responses((status = 200, description = "What was found", body = ReportBody), Problems)
)]
pub(in crate::web) async fn verify(
    site: web::Data<Site>,
    signed: SignedIn,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    audit::admit(&signed.scope)?;
    Query::read(request.query_string(), &[])?.done(())?;
    let report = verify_for(&site.app, &signed.scope).await?;
    Ok(HttpResponse::Ok().json(ReportBody::shown(report)))
}

/// Download the audit log, for auditors; leaves an entry itself.
///
/// The span is whole: nothing between its first and its last entry is left out.
#[utoipa::path(
    get, path = "/api/v1/audit/export", operation_id = "audit_export", tag = "administration",
    params(
        ("from" = Option<String>, Query, description = "A date or an instant, by the clock on the wall"),
        ("to" = Option<String>, Query, description = "A date or an instant, itself included"),
        ("format" = Option<String>, Query, description = "`jsonl`, which is the default and can be verified, or `csv`"),
    ),
    responses((status = 200, description = "The file", content_type = "application/octet-stream"), Problems)
)]
pub(in crate::web) async fn download(
    site: web::Data<Site>,
    signed: SignedIn,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    audit::admit(&signed.scope)?;
    let mut query = Query::read(request.query_string(), &["from", "to", "format"])?;
    let (from, before) = (query.from("from"), query.to("to"));
    let form = query.word("format").unwrap_or(Form::Jsonl);
    query.done(())?;
    let made = export(&site.app, Some(&signed.scope), Wanted { from, before, form }).await?;
    let (mime, ending) = match form {
        Form::Jsonl => ("application/jsonl", "jsonl"),
        Form::Csv => ("text/csv; charset=utf-8", "csv"),
    };
    let today = local_date(site.app.clock.wall()).format("%Y%m%d");
    let mut response = HttpResponse::Ok();
    response
        .insert_header((CONTENT_TYPE, mime))
        .insert_header((CONTENT_DISPOSITION, attachment(&format!("audit-{today}.{ending}"))))
        .insert_header(("content-encoding", "identity"));
    let bytes = ReaderStream::new(tokio::fs::File::from_std(made.file));
    Ok(response.body(SizedStream::new(made.bytes, bytes)))
}

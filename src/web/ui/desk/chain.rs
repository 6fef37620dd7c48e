//! An entry of the audit log with its place in the chain, and whether the chain is whole.
//!
//! **Never** says that all is well when something was not looked at.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::super::shell::{Shell, page};
use super::audit::{Row, details, row};
use crate::service::Error;
use crate::service::audit::{self, verify::verify_for};
use crate::web::api::audit::{FindingBody, LinkedEntry, ReportBody};
use crate::web::auth::SignedIn;
use crate::web::error::Problem;
use crate::web::query::{self, Query};
use crate::web::site::Site;

/// How something stood before and after: a name and both values.
type Change = (String, String, String);

#[derive(Template)]
#[template(path = "pages/audit_entry.html")]
struct EntryPage {
    shell: Shell,
    row: Row,
    id: String,
    changes: Vec<Change>,
    seq: Option<i64>,
    link: Option<String>,
}

/// Shows one entry.
pub(in crate::web::ui) async fn entry(
    site: web::Data<Site>,
    signed: SignedIn,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    audit::admit(&signed.scope)?;
    let id = request.match_info().get("id").and_then(query::uuid).ok_or(Error::NotFound)?;
    let view = audit::find(&site.app, &signed.scope, id).await?;
    let LinkedEntry { mut entry, seq, link } = LinkedEntry::shown(view);
    let shell = Shell::of(&site, &request, &signed).await?;
    let take = |detail: &mut serde_json::Value, name: &str| {
        let members = detail.as_object_mut().and_then(|members| members.remove(name));
        details(&shell, &members.unwrap_or_default())
    };
    let (before, after) = (take(&mut entry.detail, "before"), take(&mut entry.detail, "after"));
    let drawn = EntryPage {
        changes: changes(&before, &after),
        id: entry.id.to_string(),
        row: row(&shell, entry),
        seq,
        link,
        shell,
    };
    page(StatusCode::OK, &drawn)
}

fn changes(before: &[(String, String)], after: &[(String, String)]) -> Vec<Change> {
    let mut names: Vec<&String> = before.iter().chain(after).map(|(name, _)| name).collect();
    names.sort();
    names.dedup();
    let value = |all: &[(String, String)], name: &String| {
        let found = all.iter().find(|(known, _)| known == name);
        found.map_or_else(|| "—".to_owned(), |(_, value)| value.clone())
    };
    names.into_iter().map(|name| (name.clone(), value(before, name), value(after, name))).collect()
}

/// A finding in words.
struct Found {
    what: String,
    place: String,
    entry: Option<String>,
}

#[derive(Template)]
#[template(path = "pages/audit_verify.html")]
struct ReportPage {
    shell: Shell,
    report: ReportBody,
    last_checkpoint: Option<String>,
    findings: Vec<Found>,
}

/// Verifies the log, and shows what was found.
pub(in crate::web::ui) async fn verification(
    site: web::Data<Site>,
    signed: SignedIn,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    audit::admit(&signed.scope)?;
    Query::read(request.query_string(), &[])?.done(())?;
    let report = ReportBody::shown(verify_for(&site.app, &signed.scope).await?);
    let shell = Shell::of(&site, &request, &signed).await?;
    let at = report.last_checkpoint_at.as_deref();
    let at = at.and_then(|at| chrono::DateTime::parse_from_rfc3339(at).ok());
    let last_checkpoint = report.last_checkpoint.zip(at).map(|(seq, at)| {
        let at = crate::web::moment::shown(at.to_utc());
        format!("{seq} · {}", shell.minute(&at))
    });
    let findings = report.findings.iter().map(|found| told(&shell, found)).collect();
    page(StatusCode::OK, &ReportPage { shell, last_checkpoint, findings, report })
}

fn told(shell: &Shell, found: &FindingBody) -> Found {
    let numbers = [found.from, found.to].into_iter().flatten().map(|number| number.to_string());
    let place = numbers.chain(found.key.clone()).collect::<Vec<_>>().join(" – ");
    let entry = found.entry.map(|id| id.to_string());
    Found { what: shell.named("fault", found.fault.name()), place, entry }
}

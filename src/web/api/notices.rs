//! The caller's in-app mailbox.
//!
//! **Never** shows anybody else's.

use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, FixedOffset};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::deadline::LineBody;
use super::docs::Problems;
use super::escalations::TicketRef;
use super::id;
use super::lens::Lens;
use crate::domain::id::NoticeId;
use crate::domain::notice::Matter;
use crate::notify::render::headline;
use crate::service::notices::{self, NoticeView};
use crate::web::auth::SignedIn;
use crate::web::error::Problem;
use crate::web::extract::Write;
use crate::web::moment::shown;
use crate::web::paging::{List, Page};
use crate::web::query::Query;
use crate::web::site::Site;

/// A notice.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct NoticeBody {
    pub(in crate::web) id: Uuid,
    /// Left out where it is about no single ticket, like a `digest`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::web) ticket: Option<TicketRef>,
    /// What happened, like `filed` or `missed`.
    pub(in crate::web) kind: &'static str,
    /// The notice in one line, in the reader's language; not of tickets for administrators.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::web) headline: Option<String>,
    pub(in crate::web) at: DateTime<FixedOffset>,
    /// When the reader opened it.
    pub(in crate::web) read_at: Option<DateTime<FixedOffset>>,
    /// The deadlines that matter, nearest first.
    pub(in crate::web) deadlines: Vec<LineBody>,
}

impl NoticeBody {
    /// A notice as its reader sees it.
    pub(in crate::web) fn shown(view: NoticeView, lens: &Lens) -> Self {
        let NoticeView { notice, matter } = view;
        let (kind, text) = (matter.name(), headline(&matter, lens.language));
        let (ticket, deadlines, is_own) = match matter {
            Matter::Ticket { ticket, facts, .. } => {
                let line = |line| LineBody::of(line, lens.language);
                let deadlines = facts.deadlines.iter().map(line).collect();
                let ticket = TicketRef { id: ticket.0, number: facts.number };
                (Some(ticket), deadlines, !lens.is_bare())
            }
            Matter::Bulletin(_) => (None, Vec::new(), true),
        };
        Self {
            id: notice.id.0,
            kind,
            headline: is_own.then_some(text),
            ticket,
            at: shown(notice.at),
            read_at: notice.read_at.map(shown),
            deadlines,
        }
    }
}

/// The list's filter.
pub(in crate::web) const FILTERS: [&str; 1] = ["unread"];

/// Reads whether only those not opened yet are asked for.
pub(in crate::web) fn asked(query: &mut Query) -> bool {
    query.flag("unread").unwrap_or_default()
}

/// List the caller's notices.
#[utoipa::path(
    get, path = "/api/v1/notices", operation_id = "notices_list", tag = "notices",
    params(
        ("unread" = Option<bool>, Query, description = "`true`: only those not opened yet"),
        ("page_size" = Option<u32>, Query, description = "1 to 100, 20 by default"),
        ("cursor" = Option<String>, Query, description = "Where the page before ended"),
    ),
    responses((status = 200, description = "A page of notices, newest first", body = Page<NoticeBody>), Problems)
)]
pub(in crate::web) async fn list(
    site: web::Data<Site>,
    signed: SignedIn,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let mut query = Query::of_list(request.query_string(), &FILTERS)?;
    let (unread, size) = (asked(&mut query), query.page_size());
    let list = List { name: "notices", reader: signed.user() };
    let after: Option<Uuid> = list.after(query.text("cursor"))?;
    query.done(())?;
    let rows = notices::list(&site.app, &signed.scope, unread, after, size + 1).await?;
    let lens = Lens::of(&site.app, &signed);
    let page = list.page(rows, size, |view| view.notice.id.0);
    Ok(HttpResponse::Ok().json(page.map(|view| NoticeBody::shown(view, &lens))))
}

/// Mark a notice as opened; again is the same.
#[utoipa::path(
    post, path = "/api/v1/notices/{id}/read", operation_id = "notices_read", tag = "notices",
    params(("id" = String, Path, description = "The notice's id")),
    responses((status = 204, description = "Opened"), Problems)
)]
pub(in crate::web) async fn read(
    site: web::Data<Site>,
    write: Write,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let id = NoticeId(id(&request)?);
    write.form.read_nothing()?;
    notices::read(&site.app, &write.signed.scope, id).await?;
    Ok(HttpResponse::NoContent().finish())
}

//! Files of tickets.
//!
//! **Never** shows a file as a page: it is downloaded, and nothing in it can run here.

use actix_web::http::header::{CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_TYPE, ETAG};
use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, FixedOffset};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::docs::Problems;
use super::timeline::ByBody;
use super::{id, words};
use crate::domain::attachment::Evidence;
use crate::domain::id::{AttachmentId, TicketId};
use crate::domain::ticket::Audience;
use crate::service::attachments::{self, AttachmentView, NewFile};
use crate::service::tickets::TicketView;
use crate::service::{Once, Rendered};
use crate::web::auth::SignedIn;
use crate::web::check::Check;
use crate::web::download::{attachment, is_known};
use crate::web::error::Problem;
use crate::web::extract::{answer, rendered};
use crate::web::moment::shown;
use crate::web::paging::{List, Page};
use crate::web::query::Query;
use crate::web::site::Site;
use crate::web::upload::{Received, Upload};

/// A file of a ticket.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct AttachmentBody {
    pub(in crate::web) id: Uuid,
    /// Its place in the timeline.
    pub(in crate::web) sequence: u32,
    pub(in crate::web) at: DateTime<FixedOffset>,
    pub(in crate::web) by: ByBody,
    /// What it proves.
    #[schema(schema_with = words::evidence)]
    pub(in crate::web) kind: Evidence,
    #[schema(schema_with = words::audience)]
    pub(in crate::web) audience: Audience,
    /// The name it is downloaded under.
    pub(in crate::web) name: String,
    /// Its media type, by its content.
    pub(in crate::web) media_type: &'static str,
    /// Its length in bytes.
    pub(in crate::web) bytes: u64,
    /// Of its bytes, in lower-case hex.
    sha256: String,
}

/// A file about to be added.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it only describes")]
pub(in crate::web) struct NewAttachment {
    /// At most 20 MB: pdf, ofd, jpg, png, webp, docx, xlsx, csv or txt.
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
    /// What it proves.
    #[schema(schema_with = words::evidence)]
    kind: String,
    /// Who may read it; `all` unless said otherwise.
    #[schema(schema_with = words::audience, required = false)]
    audience: String,
}

impl AttachmentBody {
    /// A file as it is shown.
    pub(in crate::web) fn shown(view: &AttachmentView) -> Self {
        let (row, file) = (&view.row, &view.row.file);
        Self {
            id: file.id.0,
            sequence: row.sequence,
            at: shown(row.at),
            by: ByBody { name: view.by.clone(), organisation: view.organisation.clone() },
            kind: file.evidence,
            audience: file.audience,
            name: file.name.clone(),
            media_type: file.file_type.mime(),
            bytes: file.bytes,
            sha256: file.hash.clone(),
        }
    }
}

/// Add a file to a ticket.
#[utoipa::path(
    post, path = "/api/v1/tickets/{id}/attachments", operation_id = "attachments_add", tag = "tickets",
    params(
        ("id" = String, Path, description = "The ticket's id"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes a repetition harmless"),
    ),
    request_body(content = NewAttachment, content_type = "multipart/form-data"),
    responses((status = 201, description = "The file", body = AttachmentBody), Problems)
)]
pub(in crate::web) async fn add(
    site: web::Data<Site>,
    upload: Upload,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let (id, signed) = (TicketId(id(&request)?), upload.signed.clone());
    attachments::admit(&site.app, &signed.scope, id).await?;
    let received = upload.receive(&["kind", "audience"]).await?;
    let once = once(&received, &signed);
    let new = new_file(received)?;
    Ok(answer(attachments::attach(&site.app, &signed.scope, id, new, once).await?))
}

fn once(received: &Received, signed: &SignedIn) -> Once<(TicketView, AttachmentView)> {
    once_as(received, signed, |(ticket, view): &(TicketView, AttachmentView)| {
        rendered(201, Some(ticket.ticket.version), &AttachmentBody::shown(view))
    })
}

/// How a file is added once, answering as `render` says.
pub(in crate::web) fn once_as(
    received: &Received,
    signed: &SignedIn,
    render: impl Fn(&(TicketView, AttachmentView)) -> Rendered + Send + Sync + 'static,
) -> Once<(TicketView, AttachmentView)> {
    let (keyed, fingerprint) = received.keyed();
    keyed.once(signed.user(), fingerprint, render)
}

/// Reads what is said about a file.
pub(in crate::web) fn new_file(mut received: Received) -> Result<NewFile, Problem> {
    let mut check = Check::default();
    let evidence = match received.text("kind") {
        Some(word) => check.word("kind", word),
        None => {
            check.refuse("kind", "required", "say what the file proves");
            None
        }
    };
    let audience =
        received.text("audience").map_or(Some(Audience::All), |word| check.word("audience", word));
    let new = NewFile {
        bytes: received.bytes()?,
        name: received.name,
        hash: received.hash,
        evidence: evidence.unwrap_or(Evidence::Other),
        audience: audience.unwrap_or(Audience::Own),
    };
    Ok(check.done(new)?)
}

/// List the files of a ticket, as far as the caller may read them.
#[utoipa::path(
    get, path = "/api/v1/tickets/{id}/attachments", operation_id = "attachments_list", tag = "tickets",
    params(
        ("id" = String, Path, description = "The ticket's id"),
        ("page_size" = Option<u32>, Query, description = "1 to 100, 20 by default"),
        ("cursor" = Option<String>, Query, description = "Where the page before ended"),
    ),
    responses((status = 200, description = "A page of files, oldest first", body = Page<AttachmentBody>), Problems)
)]
pub(in crate::web) async fn list(
    site: web::Data<Site>,
    signed: SignedIn,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let id = TicketId(id(&request)?);
    let rows = attachments::list(&site.app, &signed.scope, id).await?;
    let mut query = Query::read(request.query_string(), &["page_size", "cursor"])?;
    let size = query.page_size();
    let list = List { name: "attachments", reader: signed.user() };
    let after = list.after(query.text("cursor"))?;
    query.done(())?;
    let page = list.page_after(rows, after, size, |view: &AttachmentView| view.row.sequence);
    Ok(HttpResponse::Ok().json(page.map(|view| AttachmentBody::shown(&view))))
}

/// Download a file.
#[utoipa::path(
    get, path = "/api/v1/attachments/{id}", operation_id = "attachments_read", tag = "tickets",
    params(("id" = String, Path, description = "The file's id")),
    responses((status = 200, description = "Its bytes, to be saved", content_type = "application/octet-stream"), Problems)
)]
pub(in crate::web) async fn read(
    site: web::Data<Site>,
    signed: SignedIn,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let id = AttachmentId(id(&request)?);
    let (row, bytes) = attachments::open(&site.app, &signed.scope, id).await?;
    let file = row.file;
    let etag = format!("\"{}\"", file.hash);
    if is_known(request.headers(), &etag) {
        return Ok(HttpResponse::NotModified().insert_header((ETAG, etag)).finish());
    }
    let mut response = HttpResponse::Ok();
    response
        .insert_header((CONTENT_TYPE, file.file_type.mime()))
        .insert_header((CONTENT_DISPOSITION, attachment(&file.name)))
        .insert_header((ETAG, etag))
        // The length is known, and what is packed already gains nothing.
        .insert_header(("content-encoding", "identity"))
        .insert_header((CONTENT_LENGTH, file.bytes));
    Ok(response.streaming(bytes))
}

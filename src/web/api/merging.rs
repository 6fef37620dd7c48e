//! Making one organisation a part of another.
//!
//! **Never** merges where `dry_run` asks what would be.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::docs::Problems;
use super::filing::LONGEST_REASON;
use super::id;
use super::organisations::{ListedOrganisation, reads};
use crate::domain::access::Scope;
use crate::domain::id::{OrganisationId, TicketId};
use crate::service::keeping::merge::{self, Merged, Merging, Moved};
use crate::service::{App, Error};
use crate::web::check::Check;
use crate::web::error::Problem;
use crate::web::extract::{Form, Write, answer, rendered};
use crate::web::query::Query;
use crate::web::site::Site;

/// Which organisation it becomes a part of.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct NewMerging {
    #[schema(value_type = uuid::Uuid)]
    into: String,
    reason: String,
}

impl NewMerging {
    /// Reads it off a body.
    pub(in crate::web) fn read(form: &Form) -> Result<Merging, Error> {
        let body: Self = form.read()?;
        let mut check = Check::default();
        let into = check.id("into", &body.into);
        let reason = check.block("reason", &body.reason, LONGEST_REASON);
        match into {
            Some(into) => check.done(Merging { into: OrganisationId(into), reason }),
            None => check.done(()).and(Err(Error::NotFound)),
        }
    }
}

/// What became of the two, or would.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct MergedBody {
    /// True when nothing was done.
    pub(in crate::web) dry_run: bool,
    pub(in crate::web) from: ListedOrganisation,
    pub(in crate::web) into: ListedOrganisation,
    pub(in crate::web) moved: MovedBody,
}

/// How much changes hands.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct MovedBody {
    pub(in crate::web) people: u64,
    pub(in crate::web) open_tickets: u64,
    pub(in crate::web) closed_tickets: u64,
    /// Open ones.
    pub(in crate::web) escalations: u64,
    pub(in crate::web) products: u64,
    pub(in crate::web) agreements: u64,
}

impl From<Moved> for MovedBody {
    fn from(moved: Moved) -> Self {
        let Moved { people, open_tickets, closed_tickets, escalations, products, agreements } =
            moved;
        Self { people, open_tickets, closed_tickets, escalations, products, agreements }
    }
}

impl MergedBody {
    /// What became of them, or would.
    pub(in crate::web) fn shown(merged: &Merged, dry_run: bool) -> Self {
        Self {
            dry_run,
            from: ListedOrganisation::shown(&merged.from),
            into: ListedOrganisation::shown(&merged.into),
            moved: merged.moved.into(),
        }
    }
}

/// A party of a ticket that was merged into another organisation since.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct FormerParty {
    /// `hospital`, `manufacturer` or `distributor`.
    pub(in crate::web) party: String,
    pub(in crate::web) name: String,
}

/// Who a ticket's parties were before they were merged.
pub(in crate::web) async fn formerly(
    app: &App,
    scope: &Scope,
    id: TicketId,
) -> Result<Vec<FormerParty>, Error> {
    let found = merge::former(app, scope, id).await?.into_iter();
    Ok(found.map(|(party, name)| FormerParty { party, name }).collect())
}

/// Make an organisation a part of another of its kind, for the system administrator.
///
/// People, tickets, desks, products and agreements become the other's in one transaction; the one
/// that was merged stays as another name.
#[utoipa::path(
    post, path = "/api/v1/organisations/{id}/merge", operation_id = "organisations_merge", tag = "administration",
    request_body = NewMerging,
    params(
        ("id" = String, Path, description = "The organisation that becomes a part"),
        ("dry_run" = Option<bool>, Query, description = "true counts what would change hands and changes nothing"),
    ),
    responses((status = 200, description = "Merged, or what merging would do", body = MergedBody), Problems)
)]
pub(in crate::web) async fn merge(
    site: web::Data<Site>,
    write: Write,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let id = OrganisationId(id(&request)?);
    let mut query = Query::read(request.query_string(), &["dry_run"])?;
    let is_rehearsal = query.flag("dry_run").unwrap_or_default();
    query.done(())?;
    let (read, scope) = (reads(&write, NewMerging::read), &write.signed.scope);
    if is_rehearsal {
        let merged = merge::rehearse(&site.app, scope, id, &read).await?;
        return Ok(HttpResponse::Ok().json(MergedBody::shown(&merged, true)));
    }
    let once = write.once(|merged: &Merged| rendered(200, None, &MergedBody::shown(merged, false)));
    Ok(answer(merge::merge(&site.app, scope, id, read, once).await?))
}

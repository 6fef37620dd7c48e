//! What hospitals were promised, for the system administrator.
//!
//! **Never** offers a distributor that is suspended.

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::super::address::Address;
use super::super::choice::Choice;
use super::super::fields::{Fields, Need};
use super::super::shell::{Shell, page, see};
use super::house::{offered, reads};
use super::outcome::{Refused, conflict, fields, status};
use crate::domain::id::OrganisationId;
use crate::domain::keeping;
use crate::domain::party::OrganisationKind;
use crate::service::keeping::agreements::{self, AgreementPosition, AgreementView};
use crate::service::{Error, Rendered};
use crate::web::api::agreements::{AgreementBody, AgreementChange, NewAgreement, deal, position};
use crate::web::api::organisations::Because;
use crate::web::auth::SignedIn;
use crate::web::error::Problem;
use crate::web::form::Post;
use crate::web::paging::List;
use crate::web::query::Query;
use crate::web::site::Site;

#[derive(Template)]
#[template(path = "pages/agreements.html")]
struct Page {
    shell: Shell,
    rows: Vec<AgreementBody>,
    f: Fields,
    hospitals: Vec<Choice>,
    distributors: Vec<Choice>,
    conflict: Option<String>,
    /// What was wrong with the form of a row.
    wrong: Option<String>,
    first: Option<String>,
    next: Option<String>,
}

/// Lists agreements, with the form for a new one.
pub(in crate::web::ui) async fn list(
    site: web::Data<Site>,
    signed: SignedIn,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    keeping::organisations(signed.role()).map_err(Error::from)?;
    draw(&site, &signed, &request, (None, None)).await
}

async fn draw(
    site: &Site,
    signed: &SignedIn,
    request: &HttpRequest,
    (refused, wrong): (Option<Refused>, Option<String>),
) -> Result<HttpResponse, Problem> {
    let address = Address::of("/agreements", request.query_string());
    let mut query = Query::of_list(&address.query(), &["hospital"])?;
    let (hospital, size) = (query.id("hospital").map(OrganisationId), query.page_size());
    let cursor = query.text("cursor").map(str::to_owned);
    query.done(())?;
    let list = List { name: "agreements", reader: signed.user() };
    let after: Option<AgreementPosition> = list.after(cursor.as_deref())?;
    let (app, scope) = (&site.app, &signed.scope);
    let rows = agreements::list(app, scope, hospital, (after, size + 1)).await?;
    let found = list.page(rows, size, position);
    let shell = Shell::of(site, request, signed).await?;
    let of = |kind| offered(site, scope, (Some(kind), None), None);
    let drawn = Page {
        hospitals: of(OrganisationKind::Hospital).await?,
        distributors: of(OrganisationKind::Distributor).await?,
        f: fields("agreement", &shell, refused.as_ref(), &[]),
        rows: found.items.iter().map(AgreementBody::shown).collect(),
        conflict: conflict(&shell, refused.as_ref()),
        wrong,
        first: cursor.map(|_| address.with("cursor", "")),
        next: found.next_cursor.map(|cursor| address.with("cursor", &cursor)),
        shell,
    };
    page(status(refused.as_ref()), &drawn)
}

fn to_page(done: &'static str) -> impl Fn(&AgreementView) -> Rendered + Send + Sync + 'static {
    move |_| Rendered { status: 303, etag: None, body: format!("/agreements?done={done}") }
}

/// Adds an agreement.
pub(in crate::web::ui) async fn create(
    site: web::Data<Site>,
    post: Post,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let read = reads(&post, NewAgreement::read);
    let once = post.write.once(to_page("agreement-created"));
    match agreements::create(&site.app, &post.signed().scope, read, once).await {
        Ok(answered) => Ok(see(&answered.answer.body)),
        Err(error) => {
            let refused = Refused::of("agreement", &post.typed, error)?;
            draw(&site, post.signed(), &request, (Some(refused), None)).await
        }
    }
}

/// The list again, saying what was wrong with the form of one of its rows.
async fn again(
    site: &Site,
    post: &Post,
    request: &HttpRequest,
    error: Error,
) -> Result<HttpResponse, Problem> {
    let shell = Shell::of(site, request, post.signed()).await?;
    let mut wrong = None;
    if let Error::Invalid(errors) = &error {
        wrong = errors.first().map(|error| shell.error(&error.code, &error.message));
    }
    let refused = Refused::of("row", &post.typed, error)?;
    draw(site, post.signed(), request, (Some(refused), wrong)).await
}

/// Replaces what an agreement says.
pub(in crate::web::ui) async fn change(
    site: web::Data<Site>,
    post: Post,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let read = reads(&post, AgreementChange::read);
    let once = post.write.once(to_page("agreement-changed"));
    let scope = &post.signed().scope;
    match agreements::replace(&site.app, scope, deal(&request)?, read, once).await {
        Ok(answered) => Ok(see(&answered.answer.body)),
        Err(error) => again(&site, &post, &request, error).await,
    }
}

/// Puts an agreement out of force.
pub(in crate::web::ui) async fn suspend(
    site: web::Data<Site>,
    post: Post,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    stand(&site, &post, &request, (true, "agreement-suspended")).await
}

/// Puts an agreement in force again.
pub(in crate::web::ui) async fn resume(
    site: web::Data<Site>,
    post: Post,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    stand(&site, &post, &request, (false, "agreement-resumed")).await
}

async fn stand(
    site: &Site,
    post: &Post,
    request: &HttpRequest,
    (suspends, done): (bool, &'static str),
) -> Result<HttpResponse, Problem> {
    let what = (deal(request)?, suspends);
    let read = reads(post, Because::read);
    let once = post.write.once(to_page(done));
    match agreements::set_standing(&site.app, &post.signed().scope, what, read, once).await {
        Ok(answered) => Ok(see(&answered.answer.body)),
        Err(error) => again(site, post, request, error).await,
    }
}

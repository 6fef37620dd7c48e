//! A person's own account: who they are here, and their password.
//!
//! **Never** shows a password, and never sends one back.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::fields::{Fields, Need};
use super::shell::{Shell, page, see};
use crate::service::{Error, FieldError, accounts};
use crate::web::auth::SignedIn;
use crate::web::error::Problem;
use crate::web::form::{Post, Typed};
use crate::web::site::Site;

#[derive(Template)]
#[template(path = "pages/account.html")]
struct Page {
    shell: Shell,
    f: Fields,
    division: String,
    /// Where the contacts of a party's organisation are kept.
    contacts: Option<String>,
}

/// Shows the account.
pub(super) async fn show(
    site: web::Data<Site>,
    signed: SignedIn,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    draw(&site, &signed, &request, (StatusCode::OK, &[])).await
}

async fn draw(
    site: &Site,
    signed: &SignedIn,
    request: &HttpRequest,
    (status, errors): (StatusCode, &[FieldError]),
) -> Result<HttpResponse, Problem> {
    let shell = Shell::of(site, request, signed).await?;
    let f = Fields::refused("password", shell.words(), Typed::default(), errors);
    let division = signed.scope.actor().organisation.division.to_string();
    let own = signed.scope.actor();
    let is_party = !signed.role().is_administrator();
    let contacts = is_party.then(|| format!("/organisations/{}/contacts", own.organisation.id));
    page(status, &Page { shell, f, division, contacts })
}

/// Changes the password.
pub(super) async fn password(
    site: web::Data<Site>,
    post: Post,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let signed = post.signed();
    let typed = |name| post.typed.get(name).to_owned();
    let (current, new) = (typed("current_password"), typed("new_password"));
    let outcome =
        accounts::change_password(&site.app, &signed.scope, &signed.token, current, new).await;
    match outcome {
        Ok(()) => Ok(see("/account?done=password")),
        Err(Error::Invalid(errors)) => {
            let refused = (StatusCode::UNPROCESSABLE_ENTITY, errors.as_slice());
            draw(&site, signed, &request, refused).await
        }
        Err(error) => Err(error.into()),
    }
}

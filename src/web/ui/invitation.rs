//! Choosing a password by a link that was mailed.
//!
//! **Never** uses the link up by showing the form: mail servers look at links, too.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::fields::{Fields, Need};
use super::session::Open;
use super::shell::{Shell, page, see};
use crate::domain::invitation::Purpose;
use crate::service::keeping::invitations;
use crate::service::{Error, FieldError};
use crate::web::auth;
use crate::web::error::Problem;
use crate::web::form::Typed;
use crate::web::site::Site;

#[derive(Template)]
#[template(path = "pages/invitation.html")]
struct Page {
    shell: Shell,
    /// Whom it is for; `None` = it opens nothing.
    form: Option<Form>,
    /// Why it opens nothing.
    over: Option<String>,
}

/// The form of a link that opens.
struct Form {
    f: Fields,
    username: String,
    name: String,
    is_new: bool,
    until: String,
}

fn token(request: &HttpRequest) -> String {
    request.match_info().get("token").unwrap_or_default().to_owned()
}

/// Shows the form, or that the link opens nothing.
pub(super) async fn show(
    site: web::Data<Site>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    draw(&site, &request, (StatusCode::OK, &[])).await
}

async fn draw(
    site: &Site,
    request: &HttpRequest,
    (status, errors): (StatusCode, &[FieldError]),
) -> Result<HttpResponse, Problem> {
    let mut shell = Shell::outside(site, request);
    // Where the language is chosen, the page is come back to; nothing else needs the address.
    let over = |shell: &Shell, code: &str, message: &str| shell.words().problem(code, message);
    match invitations::look(&site.app, &token(request)).await {
        Ok(invited) => {
            let f = Fields::refused("invitation", shell.words(), Typed::default(), errors);
            let until = shell.minute(&invited.expires_at);
            let is_new = invited.purpose == Purpose::Invited;
            let (username, name) = (invited.username, invited.name);
            let form = Form { f, username, name, is_new, until };
            page(status, &Page { shell, form: Some(form), over: None })
        }
        Err(Error::NotFound) => {
            let over = Some(shell.t("link-unknown"));
            page(StatusCode::NOT_FOUND, &Page { shell, form: None, over })
        }
        Err(Error::Conflict { code, message, .. }) => {
            let over = Some(over(&shell, code, &message));
            shell.done = None;
            page(StatusCode::CONFLICT, &Page { shell, form: None, over })
        }
        Err(error) => Err(error.into()),
    }
}

/// Sets the password, once.
pub(super) async fn accept(
    site: web::Data<Site>,
    request: HttpRequest,
    form: Open,
) -> Result<HttpResponse, Problem> {
    let new = form.0.get("new_password").to_owned();
    let errors = if new.is_empty() {
        vec![FieldError::new("new_password", "required", "this field is required")]
    } else if new != form.0.get("_again") {
        vec![FieldError::new("_again", "differs", "the two are not the same")]
    } else {
        let origin = auth::origin(&request);
        match invitations::accept(&site.app, &token(&request), new, &origin).await {
            Ok(_) => return Ok(see("/login?done=password-chosen")),
            Err(Error::Invalid(errors)) => errors,
            // The page says why.
            Err(Error::NotFound | Error::Conflict { .. }) => Vec::new(),
            Err(error) => return Err(error.into()),
        }
    };
    draw(&site, &request, (StatusCode::UNPROCESSABLE_ENTITY, &errors)).await
}

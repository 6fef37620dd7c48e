//! The way in and out, and the language.
//!
//! **Never** tells a wrong user name from a wrong password, and never sends anybody to another
//! site.

use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::{FromRequest, HttpRequest, HttpResponse, web};
use askama::Template;

use super::shell::{Shell, own_address, page, see};
use crate::domain::party::Language;
use crate::service::{Error, accounts};
use crate::web::api::session::credentials;
use crate::web::auth::{self, SignedIn};
use crate::web::error::Problem;
use crate::web::form::Typed;
use crate::web::query;
use crate::web::site::Site;

/// Such a form is shorter than this, in bytes: anybody may send one.
const MOST_BYTES: usize = 8 * 1024;

/// A form that is sent without being signed in.
pub(super) struct Open(pub(super) Typed);

impl FromRequest for Open {
    type Error = Problem;
    type Future = std::pin::Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move {
            auth::same_origin(&request, auth::site(&request)?)?;
            Typed::receive(request.headers(), payload, MOST_BYTES).await.map(Self)
        })
    }
}

#[derive(Template)]
#[template(path = "pages/login.html")]
struct Login<'a> {
    shell: Shell,
    username: &'a str,
    next: &'a str,
    error: Option<&'a str>,
}

/// The form to sign in with.
pub(super) async fn login(
    site: web::Data<Site>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let next = request.query_string().split('&').find_map(|pair| pair.strip_prefix("next="));
    let next = query::decoded(next.unwrap_or_default())?;
    let shell = Shell::outside(&site, &request);
    page(StatusCode::OK, &Login { shell, username: "", next: own_address(&next), error: None })
}

/// Signs in and goes where the person wanted to.
pub(super) async fn sign_in(
    site: web::Data<Site>,
    request: HttpRequest,
    form: Open,
) -> Result<HttpResponse, Problem> {
    let username = form.0.get("username").trim();
    let (password, next) = (form.0.get("password"), own_address(form.0.get("next")));
    let origin = auth::origin(&request);
    let refused = |status, key| {
        let shell = Shell::outside(&site, &request);
        page(status, &Login { shell, username, next, error: Some(key) })
    };
    let Ok(known_as) = credentials(username, password) else {
        return refused(StatusCode::UNPROCESSABLE_ENTITY, "login-empty");
    };
    match accounts::sign_in(&site.app, &known_as, password.to_owned(), &origin).await {
        Ok(signed_in) => Ok(let_in(&site, &request, signed_in, next)),
        Err(Error::WrongPassword) => refused(StatusCode::UNAUTHORIZED, "login-wrong"),
        Err(Error::Throttled(_)) => refused(StatusCode::TOO_MANY_REQUESTS, "login-throttled"),
        Err(error) => Err(error.into()),
    }
}

/// Goes on with the session, and with the person's language where none was chosen here.
pub(super) fn let_in(
    site: &Site,
    request: &HttpRequest,
    signed_in: accounts::SignedIn,
    next: &str,
) -> HttpResponse {
    let mut response = see(next);
    // The names and values are ours: they are always a cookie's.
    response.add_cookie(&auth::cookie(site, signed_in.token)).ok();
    if request.cookie(auth::LANGUAGE_COOKIE).is_none() {
        response.add_cookie(&auth::language_cookie(site, signed_in.language)).ok();
    }
    response
}

/// Ends the session.
pub(super) async fn sign_out(
    site: web::Data<Site>,
    signed: SignedIn,
) -> Result<HttpResponse, Problem> {
    accounts::sign_out(&site.app, &signed.scope, &signed.token).await?;
    let mut response = see("/login?done=signed-out");
    response.add_cookie(&auth::no_cookie(&site)).ok();
    Ok(response)
}

/// Chooses the language of the pages.
pub(super) async fn language(
    site: web::Data<Site>,
    request: HttpRequest,
    form: Open,
) -> Result<HttpResponse, Problem> {
    let language: Language = crate::web::check::word(form.0.get("language"))
        .ok_or_else(|| Error::invalid("language", "unknown", "zh-CN or en"))?;
    if let Ok(signed) = SignedIn::of(&request).await {
        accounts::set_language(&site.app, &signed.scope, language).await?;
    }
    let mut response = see(own_address(form.0.get("_back")));
    response.add_cookie(&auth::language_cookie(&site, language)).ok();
    Ok(response)
}

//! The first pages: a greeting and the way in. The workbench takes their place.
//!
//! **Never** shows anybody's data.

use actix_web::http::StatusCode;
use actix_web::http::header::{self, CONTENT_TYPE};
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::auth;
use super::error::Problem;
use super::query::{self, decoded};
use super::site::Site;
use crate::service::{Error, accounts};

/// A form is shorter than this, in bytes.
const MOST_BYTES: usize = 8 * 1024;

#[derive(Template)]
#[template(path = "pages/home.html")]
struct Home<'a> {
    ticket: Option<&'a str>,
}

#[derive(Template)]
#[template(path = "pages/login.html")]
struct Login<'a> {
    username: &'a str,
    error: Option<&'a str>,
}

/// The service runs.
pub(super) async fn home() -> Result<HttpResponse, Problem> {
    page(StatusCode::OK, &Home { ticket: None })
}

/// The address that mails point to.
pub(super) async fn ticket(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let id = request.match_info().get("id").filter(|id| query::uuid(id).is_some());
    let id = id.ok_or(Error::NotFound)?;
    page(StatusCode::OK, &Home { ticket: Some(id) })
}

/// The form to sign in with.
pub(super) async fn login() -> Result<HttpResponse, Problem> {
    page(StatusCode::OK, &Login { username: "", error: None })
}

/// Signs in and goes home.
pub(super) async fn sign_in(
    site: web::Data<Site>,
    request: HttpRequest,
    body: web::Bytes,
) -> Result<HttpResponse, Problem> {
    auth::same_origin(&request, &site)?;
    let (username, password) = credentials(&request, &body)?;
    let refused =
        |status, text: &str| page(status, &Login { username: &username, error: Some(text) });
    if username.is_empty() || password.is_empty() || username.contains(char::is_control) {
        return refused(StatusCode::UNPROCESSABLE_ENTITY, "请填写用户名和密码。");
    }
    match accounts::sign_in(&site.app, &username, password).await {
        Ok(signed_in) => Ok(HttpResponse::SeeOther()
            .cookie(auth::cookie(&site, signed_in.token))
            .insert_header((header::LOCATION, "/"))
            .finish()),
        Err(Error::WrongPassword) => refused(StatusCode::UNAUTHORIZED, "用户名或密码不正确。"),
        Err(Error::Throttled(_)) => {
            refused(StatusCode::TOO_MANY_REQUESTS, "尝试次数过多，请稍后再试。")
        }
        Err(error) => Err(error.into()),
    }
}

/// The two fields of the form.
fn credentials(request: &HttpRequest, body: &[u8]) -> Result<(String, String), Problem> {
    let kind = request.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let kind = kind.unwrap_or_default().split(';').next().unwrap_or_default().trim();
    if !kind.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        return Err(Problem::new("unsupported_type", "send the form as a browser does"));
    }
    if body.len() > MOST_BYTES {
        return Err(Problem::new("too_large", format!("at most {MOST_BYTES} bytes")));
    }
    let unreadable = |_error| Problem::new("unreadable", "the form is not UTF-8");
    let text = std::str::from_utf8(body).map_err(unreadable)?;
    let (mut username, mut password) = (String::new(), String::new());
    for pair in text.split('&') {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        match name {
            "username" => decoded(value)?.trim().clone_into(&mut username),
            "password" => password = decoded(value)?,
            _ => {}
        }
    }
    Ok((username, password))
}

fn page(status: StatusCode, template: &impl Template) -> Result<HttpResponse, Problem> {
    let html = template.render().map_err(|error| {
        tracing::error!(%error, "a page could not be rendered");
        Problem::new("internal", "the page could not be shown")
    })?;
    Ok(HttpResponse::build(status).content_type("text/html; charset=utf-8").body(html))
}

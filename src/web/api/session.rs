//! Signing in and out.
//!
//! **Never** tells a wrong user name from a wrong password.

use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, FixedOffset};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::docs::Problems;
use super::parties::OrganisationBody;
use super::words;
use crate::domain::access::Scope;
use crate::domain::party::Role;
use crate::service::{Error, accounts};
use crate::web::auth::{self, SignedIn};
use crate::web::check::Check;
use crate::web::error::Problem;
use crate::web::extract::{Form, Write};
use crate::web::moment::shown;
use crate::web::site::Site;

/// User name and password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct Credentials {
    #[schema(example = "hospital")]
    username: String,
    #[schema(format = Password)]
    password: String,
}

/// A session that has begun.
#[derive(Serialize, ToSchema)]
pub(in crate::web) struct NewSession {
    /// To be sent as `Authorization: Bearer`; this is its only copy.
    pub(in crate::web) token: String,
    pub(in crate::web) expires_at: DateTime<FixedOffset>,
    pub(in crate::web) user: UserBody,
}

/// The session of the request.
#[derive(Serialize, ToSchema)]
pub(in crate::web) struct SessionBody {
    pub(in crate::web) expires_at: DateTime<FixedOffset>,
    pub(in crate::web) user: UserBody,
}

/// Who is signed in.
#[derive(Serialize, ToSchema)]
pub(in crate::web) struct UserBody {
    pub(in crate::web) id: Uuid,
    pub(in crate::web) username: String,
    pub(in crate::web) name: String,
    #[schema(schema_with = words::role)]
    pub(in crate::web) role: Role,
    pub(in crate::web) organisation: OrganisationBody,
}

impl UserBody {
    fn of(scope: &Scope, username: String) -> Self {
        let actor = scope.actor();
        Self {
            id: actor.user.0,
            username,
            name: actor.name.clone(),
            role: actor.role,
            organisation: OrganisationBody::from(&actor.organisation),
        }
    }
}

/// Sign in.
#[utoipa::path(
    post, path = "/api/v1/session", operation_id = "session_begin", tag = "session", request_body = Credentials, security(()),
    responses((status = 200, description = "Signed in; the cookie is set too", body = NewSession), Problems)
)]
pub(in crate::web) async fn begin(
    site: web::Data<Site>,
    form: Form,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let credentials: Credentials = form.read()?;
    let username = self::credentials(&credentials.username, &credentials.password)?;
    let origin = auth::origin(&request);
    let signed_in = accounts::sign_in(&site.app, &username, credentials.password, &origin).await?;
    let body = NewSession {
        token: signed_in.token.clone(),
        expires_at: shown(signed_in.expires_at),
        user: UserBody::of(&signed_in.scope, signed_in.username),
    };
    Ok(HttpResponse::Ok().cookie(auth::cookie(&site, signed_in.token)).json(body))
}

/// The user name as it is looked up, when somebody could sign in with these at all.
pub(in crate::web) fn credentials(username: &str, password: &str) -> Result<String, Error> {
    let mut check = Check::default();
    let username = check.line("username", username, 100);
    match password.chars().count() {
        0 => check.refuse("password", "required", "this field is required"),
        1..=1024 => {}
        _ => check.refuse("password", "too_long", "at most 1024 characters"),
    }
    check.done(username)
}

/// Who is signed in.
#[utoipa::path(
    get, path = "/api/v1/session", operation_id = "session_show", tag = "session",
    responses((status = 200, description = "The session of the request", body = SessionBody), Problems)
)]
pub(in crate::web) async fn show(signed: SignedIn) -> HttpResponse {
    HttpResponse::Ok().json(SessionBody {
        expires_at: shown(signed.expires_at),
        user: UserBody::of(&signed.scope, signed.username),
    })
}

/// Sign out.
#[utoipa::path(
    delete, path = "/api/v1/session", operation_id = "session_end", tag = "session",
    responses((status = 204, description = "Signed out"), Problems)
)]
pub(in crate::web) async fn end(
    site: web::Data<Site>,
    write: Write,
) -> Result<HttpResponse, Problem> {
    write.form.read_nothing()?;
    accounts::sign_out(&site.app, &write.signed.scope, &write.signed.token).await?;
    Ok(HttpResponse::NoContent().cookie(auth::no_cookie(&site)).finish())
}

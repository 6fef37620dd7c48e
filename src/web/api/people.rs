//! People, changed by administrators.
//!
//! **Never** keeps a password that is made: it stands in the first answer alone.

use actix_web::http::header::ETAG;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use super::docs::Problems;
use super::filing::LONGEST_REASON;
use super::organisations::{Because, reads};
use super::users::ListedUser;
use super::{id, words};
use crate::domain::id::{OrganisationId, UserId};
use crate::domain::party::{Language, Role};
use crate::service::directory::UserView;
use crate::service::keeping::passwords::{self, Reset};
use crate::service::keeping::people::{self, Change, Details, Handed, NewRole, Newcomer, Way};
use crate::service::keeping::standing;
use crate::service::{Error, Rendered};
use crate::web::auth::SignedIn;
use crate::web::check::Check;
use crate::web::condition;
use crate::web::error::Problem;
use crate::web::extract::{Form, Write, answer, rendered};
use crate::web::query::Query;
use crate::web::site::Site;

/// The longest user name, in characters.
const LONGEST_USERNAME: usize = 64;
/// The longest name of a person, in characters.
const LONGEST_NAME: usize = 100;

/// A person who is to be added.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct NewUser {
    #[schema(value_type = uuid::Uuid)]
    organisation_id: String,
    /// What they type to sign in; kept in lower case.
    username: String,
    #[schema(schema_with = words::role)]
    role: String,
    name: String,
    email: Option<String>,
    phone: Option<String>,
    #[schema(schema_with = words::language)]
    language: Option<String>,
    /// The division a manufacturer's person is responsible for.
    territory: Option<String>,
    /// `link` mails a link to choose a password; `made` answers with a password. Left out: a link
    /// where there is an address.
    by: Option<String>,
}

impl NewUser {
    /// Reads it off a body.
    pub(in crate::web) fn read(form: &Form) -> Result<Newcomer, Error> {
        let body: Self = form.read()?;
        let mut check = Check::default();
        let organisation = check.id("organisation_id", &body.organisation_id);
        let username = check.line("username", &body.username, LONGEST_USERNAME).to_lowercase();
        if username.contains(char::is_whitespace) {
            check.refuse("username", "blanks", "a user name has no blanks");
        }
        let role: Option<Role> = check.word("role", &body.role);
        let way = match body.by.as_deref() {
            Some(by) => self::way(&mut check, by),
            None if body.email.is_some() => Way::Link,
            None => Way::Made,
        };
        let email = body.email.map(Some);
        let phone = body.phone.map(Some);
        let rest = (body.name, email, phone, body.language, body.territory);
        let details = details(&mut check, rest);
        match organisation.zip(role) {
            Some((organisation, role)) => {
                let organisation = OrganisationId(organisation);
                check.done(Newcomer { organisation, username, role, details, way })
            }
            None => check.done(()).and(Err(Error::NotFound)),
        }
    }
}

fn way(check: &mut Check, by: &str) -> Way {
    match by {
        "link" => Way::Link,
        "made" => Way::Made,
        _ => {
            check.refuse("by", "unknown", "one of: link, made");
            Way::Made
        }
    }
}

type Addressed = Option<Option<String>>;

fn details(
    check: &mut Check,
    (name, email, phone, language, territory): (
        String,
        Addressed,
        Addressed,
        Option<String>,
        Option<String>,
    ),
) -> Details {
    Details {
        name: check.line("name", &name, LONGEST_NAME),
        email: email.map(|email| email.map(|email| check.email("email", &email))),
        phone: phone.map(|phone| phone.map(|phone| check.phone("phone", &phone))),
        language: language
            .and_then(|language| check.word::<Language>("language", &language))
            .unwrap_or_default(),
        territory: territory.and_then(|division| check.division("territory", &division)),
    }
}

/// What was given, `null` included: a member that is left out is not read at all.
fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Addressed, D::Error> {
    Option::<String>::deserialize(deserializer).map(Some)
}

/// What a person is to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct UserChange {
    name: String,
    /// Left out: the address that is known, which nobody is shown in full; null: none.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    email: Addressed,
    /// Likewise.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    phone: Addressed,
    #[schema(schema_with = words::language)]
    language: Option<String>,
    /// The division a manufacturer's person is responsible for; left out: everywhere.
    territory: Option<String>,
    /// Another organisation of the same kind; left out: theirs. Whoever is moved is signed out.
    #[schema(value_type = Option<uuid::Uuid>)]
    organisation_id: Option<String>,
}

impl UserChange {
    /// Reads it off a body.
    pub(in crate::web) fn read(form: &Form) -> Result<Change, Error> {
        let body: Self = form.read()?;
        let mut check = Check::default();
        let organisation = body.organisation_id.and_then(|id| check.id("organisation_id", &id));
        let rest = (body.name, body.email, body.phone, body.language, body.territory);
        let details = details(&mut check, rest);
        check.done(Change { organisation: organisation.map(OrganisationId), details })
    }
}

/// Another role.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct RoleChange {
    #[schema(schema_with = words::role)]
    role: String,
    /// Where it is held, if not in their organisation.
    #[schema(value_type = Option<uuid::Uuid>)]
    organisation_id: Option<String>,
    reason: String,
}

impl RoleChange {
    /// Reads it off a body.
    pub(in crate::web) fn read(form: &Form) -> Result<NewRole, Error> {
        let body: Self = form.read()?;
        let mut check = Check::default();
        let role: Option<Role> = check.word("role", &body.role);
        let organisation = body.organisation_id.and_then(|id| check.id("organisation_id", &id));
        let reason = check.block("reason", &body.reason, LONGEST_REASON);
        match role {
            Some(role) => {
                check.done(NewRole { role, organisation: organisation.map(OrganisationId), reason })
            }
            None => check.done(()).and(Err(Error::NotFound)),
        }
    }
}

/// A new way in.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct PasswordReset {
    /// `link` mails a link to choose a password; `made` answers with a password.
    by: String,
    reason: String,
}

impl PasswordReset {
    /// Reads it off a body.
    pub(in crate::web) fn read(form: &Form) -> Result<Reset, Error> {
        let body: Self = form.read()?;
        let mut check = Check::default();
        let way = way(&mut check, &body.by);
        let reason = check.block("reason", &body.reason, LONGEST_REASON);
        check.done(Reset { way, reason })
    }
}

/// A person, with the password that was made for them.
#[derive(Serialize, ToSchema)]
pub(in crate::web) struct HandedUser {
    #[serde(flatten)]
    user: ListedUser,
    /// Its only copy: a repetition of the call is answered without.
    #[serde(skip_serializing_if = "Option::is_none")]
    password: Option<String>,
}

fn render(status: u16) -> impl Fn(&UserView) -> Rendered + Send + Sync + 'static {
    move |view| rendered(status, Some(view.version), &ListedUser::shown(view.clone()))
}

/// The kept answer, which has no password, with the one that was made.
fn handed(handed: Handed) -> HttpResponse {
    let Handed { mut answered, password } = handed;
    if let Some(password) = password {
        let mut body: serde_json::Value =
            serde_json::from_str(&answered.answer.body).unwrap_or_default();
        if let Some(members) = body.as_object_mut() {
            members.insert("password".to_owned(), password.into());
        }
        answered.answer.body = body.to_string();
    }
    answer(answered)
}

/// Read a person, for administrators.
#[utoipa::path(
    get, path = "/api/v1/users/{id}", operation_id = "users_show", tag = "administration",
    params(("id" = String, Path, description = "The person's id")),
    responses((status = 200, description = "The person; `ETag` is their version", body = ListedUser), Problems)
)]
pub(in crate::web) async fn show(
    site: web::Data<Site>,
    signed: SignedIn,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let view = people::show(&site.app, &signed.scope, UserId(id(&request)?)).await?;
    Query::read(request.query_string(), &[])?.done(())?;
    let mut response = HttpResponse::Ok();
    response.insert_header((ETAG, condition::tag(view.version)));
    Ok(response.json(ListedUser::shown(view)))
}

/// Add a person: of a party, by the system administrator; an administrator, by security.
#[utoipa::path(
    post, path = "/api/v1/users", operation_id = "users_create", tag = "administration",
    request_body = NewUser,
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a repetition harmless")),
    responses((status = 201, description = "Added", body = HandedUser), Problems)
)]
pub(in crate::web) async fn create(
    site: web::Data<Site>,
    write: Write,
) -> Result<HttpResponse, Problem> {
    let (read, once) = (reads(&write, NewUser::read), write.once(render(201)));
    Ok(handed(people::create(&site.app, &write.signed.scope, read, once).await?))
}

/// Replace what is kept of a person.
#[utoipa::path(
    put, path = "/api/v1/users/{id}", operation_id = "users_replace", tag = "administration",
    request_body = UserChange,
    params(
        ("id" = String, Path, description = "The person's id"),
        ("If-Match" = String, Header, description = "The version that is replaced"),
    ),
    responses((status = 200, description = "Replaced", body = ListedUser), Problems)
)]
pub(in crate::web) async fn replace(
    site: web::Data<Site>,
    write: Write,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let id = UserId(id(&request)?);
    let (read, once) = (reads(&write, UserChange::read), write.once(render(200)));
    let done = people::replace(&site.app, &write.signed.scope, id, read, once).await;
    Ok(answer(done.map_err(|refusal| write.form.told(refusal))?))
}

/// Give a person another role, for the security administrator.
#[utoipa::path(
    put, path = "/api/v1/users/{id}/role", operation_id = "users_role", tag = "administration",
    request_body = RoleChange,
    params(("id" = String, Path, description = "The person's id")),
    responses((status = 200, description = "Given; the person is signed out", body = ListedUser), Problems)
)]
pub(in crate::web) async fn role(
    site: web::Data<Site>,
    write: Write,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let id = UserId(id(&request)?);
    let (read, once) = (reads(&write, RoleChange::read), write.once(render(200)));
    Ok(answer(people::give_role(&site.app, &write.signed.scope, id, read, once).await?))
}

/// Suspend a person: they may not sign in, and are signed out.
#[utoipa::path(
    post, path = "/api/v1/users/{id}/suspend", operation_id = "users_suspend", tag = "administration",
    request_body = Because,
    params(("id" = String, Path, description = "The person's id")),
    responses((status = 200, description = "Suspended", body = ListedUser), Problems)
)]
pub(in crate::web) async fn suspend(
    site: web::Data<Site>,
    write: Write,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let id = UserId(id(&request)?);
    let (read, once) = (reads(&write, Because::read), write.once(render(200)));
    Ok(answer(standing::suspend(&site.app, &write.signed.scope, id, read, once).await?))
}

/// Let a suspended person sign in again.
#[utoipa::path(
    post, path = "/api/v1/users/{id}/resume", operation_id = "users_resume", tag = "administration",
    request_body = Because,
    params(("id" = String, Path, description = "The person's id")),
    responses((status = 200, description = "Resumed", body = ListedUser), Problems)
)]
pub(in crate::web) async fn resume(
    site: web::Data<Site>,
    write: Write,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let id = UserId(id(&request)?);
    let (read, once) = (reads(&write, Because::read), write.once(render(200)));
    Ok(answer(standing::resume(&site.app, &write.signed.scope, id, read, once).await?))
}

/// Take a person's password from them, for a link or a password that is made.
#[utoipa::path(
    post, path = "/api/v1/users/{id}/password", operation_id = "users_password", tag = "administration",
    request_body = PasswordReset,
    params(("id" = String, Path, description = "The person's id")),
    responses((status = 200, description = "Taken; the person is signed out", body = HandedUser), Problems)
)]
pub(in crate::web) async fn password(
    site: web::Data<Site>,
    write: Write,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let id = UserId(id(&request)?);
    let (read, once) = (reads(&write, PasswordReset::read), write.once(render(200)));
    Ok(handed(passwords::reset(&site.app, &write.signed.scope, id, read, once).await?))
}

/// Send a person another link to choose a password; the one before opens nothing any more.
#[utoipa::path(
    post, path = "/api/v1/users/{id}/invitation", operation_id = "users_invite", tag = "administration",
    params(("id" = String, Path, description = "The person's id")),
    responses((status = 200, description = "Sent", body = ListedUser), Problems)
)]
pub(in crate::web) async fn invite(
    site: web::Data<Site>,
    write: Write,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let id = UserId(id(&request)?);
    write.form.read_nothing()?;
    let once = write.once(render(200));
    Ok(answer(passwords::invite_again(&site.app, &write.signed.scope, id, once).await?))
}

/// Take back the link by which a person could choose a password.
#[utoipa::path(
    delete, path = "/api/v1/users/{id}/invitation", operation_id = "users_uninvite", tag = "administration",
    params(("id" = String, Path, description = "The person's id")),
    responses((status = 200, description = "Taken back", body = ListedUser), Problems)
)]
pub(in crate::web) async fn uninvite(
    site: web::Data<Site>,
    write: Write,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let id = UserId(id(&request)?);
    write.form.read_nothing()?;
    let once = write.once(render(200));
    Ok(answer(passwords::revoke(&site.app, &write.signed.scope, id, once).await?))
}

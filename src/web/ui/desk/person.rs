//! One person: what is kept of them, and what is done to them.
//!
//! **Never** shows a password but once, to whoever had it made.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::super::choice::{Choice, words};
use super::super::fields::{Fields, Need};
use super::super::places::Places;
use super::super::shell::{Shell, page, see};
use super::house::{offered, reads};
use super::outcome::{Refused, conflict, fields, status};
use crate::domain::id::{OrganisationId, UserId};
use crate::domain::keeping;
use crate::domain::party::{OrganisationKind, Role};
use crate::service::directory::UserView;
use crate::service::keeping::people::Handed;
use crate::service::keeping::{passwords, people, standing};
use crate::service::{Error, Rendered};
use crate::web::api::organisations::Because;
use crate::web::api::people::{NewUser, PasswordReset, RoleChange, UserChange};
use crate::web::api::users::ListedUser;
use crate::web::auth::SignedIn;
use crate::web::error::Problem;
use crate::web::form::Post;
use crate::web::query::{self, Query};
use crate::web::site::Site;

#[derive(Template)]
#[template(path = "pages/user_new.html")]
struct NewPage {
    shell: Shell,
    f: Fields,
    houses: Vec<Choice>,
    roles: Vec<Choice>,
    languages: Vec<Choice>,
    ways: Vec<Choice>,
    q: String,
    organisation: String,
    conflict: Option<String>,
}

#[derive(Template)]
#[template(path = "pages/user.html")]
struct Page {
    shell: Shell,
    body: ListedUser,
    role: String,
    territory: Option<String>,
    version: i64,
    disabled: Option<String>,
    may_keep: bool,
    may_give_role: bool,
    edit: Fields,
    role_form: Fields,
    why: Fields,
    password_form: Fields,
    houses: Vec<Choice>,
    roles: Vec<Choice>,
    languages: Vec<Choice>,
    ways: Vec<Choice>,
    q: String,
    /// A password that was made just now.
    made: Option<String>,
    conflict: Option<String>,
}

fn ways(shell: &Shell) -> Vec<Choice> {
    ["link", "made"].map(|way| Choice::new(way, shell.named("way", way))).to_vec()
}

/// The roles that somebody of a kind of organisation may hold, or that may be given at all.
fn roles(shell: &Shell, keeper: Role, kind: Option<OrganisationKind>) -> Vec<Choice> {
    let fits = |role: &Role| {
        kind.is_none_or(|kind| role.organisation_kind() == kind)
            && keeping::person(keeper, *role).is_ok()
    };
    let choice = |role: Role| {
        let word = serde_json::to_value(role).unwrap_or_default();
        Choice::new(word.as_str().unwrap_or_default(), shell.name("role", &role))
    };
    Role::ALL.into_iter().filter(fits).map(choice).collect()
}

/// Whose organisations somebody may choose from.
fn kinds(keeper: Role) -> Option<OrganisationKind> {
    (keeper == Role::Security).then_some(OrganisationKind::Platform)
}

/// The form for a new person.
pub(in crate::web::ui) async fn new(
    site: web::Data<Site>,
    signed: SignedIn,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    keeping::people(signed.role()).map_err(Error::from)?;
    draw_new(&site, &signed, &request, None).await
}

async fn draw_new(
    site: &Site,
    signed: &SignedIn,
    request: &HttpRequest,
    refused: Option<Refused>,
) -> Result<HttpResponse, Problem> {
    let mut query = Query::read(request.query_string(), &["q", "organisation", "done"])?;
    let (q, organisation) = (query.search("q"), query.id("organisation"));
    let (q, organisation) = query.done((q, organisation))?;
    let shell = Shell::of(site, request, signed).await?;
    let house = organisation.map(|id| id.to_string()).unwrap_or_default();
    let known = [("organisation_id", house.as_str()), ("language", "zh-CN"), ("by", "link")];
    let keeper = signed.role();
    let mut houses = offered(site, &signed.scope, (kinds(keeper), q.clone()), None).await?;
    if let Some(id) = organisation.filter(|_| houses.iter().all(|one| one.value != house)) {
        // One of many: it was come from, so it is offered.
        let id = OrganisationId(id);
        let view = crate::service::keeping::organisations::show(&site.app, &signed.scope, id);
        if let Ok(view) = view.await {
            houses.insert(0, Choice::new(house.clone(), view.organisation.name));
        }
    }
    let drawn = NewPage {
        f: fields("person", &shell, refused.as_ref(), &known),
        houses,
        roles: roles(&shell, keeper, None),
        languages: words(&shell, "language"),
        ways: ways(&shell),
        q: q.unwrap_or_default(),
        organisation: house,
        conflict: conflict(&shell, refused.as_ref()),
        shell,
    };
    page(status(refused.as_ref()), &drawn)
}

fn to_page(done: &'static str) -> impl Fn(&UserView) -> Rendered + Send + Sync + 'static {
    move |view| Rendered {
        status: 303,
        etag: None,
        body: format!("/users/{}?done={done}", view.id.0),
    }
}

/// Adds a person.
pub(in crate::web::ui) async fn create(
    site: web::Data<Site>,
    post: Post,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let read = reads(&post, NewUser::read);
    let once = post.write.once(to_page("person-created"));
    match people::create(&site.app, &post.signed().scope, read, once).await {
        Ok(handed) => hand_over(&site, &post, &request, handed).await,
        Err(error) => {
            let refused = Refused::of("person", &post.typed, error)?;
            draw_new(&site, post.signed(), &request, Some(refused)).await
        }
    }
}

/// Goes on to the person's page; a password that was made is shown there, now and never again.
async fn hand_over(
    site: &Site,
    post: &Post,
    request: &HttpRequest,
    handed: Handed,
) -> Result<HttpResponse, Problem> {
    let address = handed.answered.answer.body;
    let Some(password) = handed.password else { return Ok(see(&address)) };
    let id = address.split(['/', '?']).filter_map(query::uuid).next().ok_or(Error::NotFound)?;
    let about = About { made: Some(password), ..About::of(UserId(id)) };
    draw(site, post.signed(), request, about).await
}

/// What a page about a person is drawn for.
struct About {
    id: UserId,
    q: Option<String>,
    refused: Option<Refused>,
    made: Option<String>,
}

impl About {
    fn of(id: UserId) -> Self {
        Self { id, q: None, refused: None, made: None }
    }
}

fn id(request: &HttpRequest) -> Result<UserId, Error> {
    request.match_info().get("id").and_then(query::uuid).map(UserId).ok_or(Error::NotFound)
}

/// Shows a person.
pub(in crate::web::ui) async fn show(
    site: web::Data<Site>,
    signed: SignedIn,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    keeping::people(signed.role()).map_err(Error::from)?;
    let mut query = Query::read(request.query_string(), &["q", "done"])?;
    let q = query.search("q");
    let about = About { q: query.done(q)?, ..About::of(id(&request)?) };
    draw(&site, &signed, &request, about).await
}

async fn draw(
    site: &Site,
    signed: &SignedIn,
    request: &HttpRequest,
    about: About,
) -> Result<HttpResponse, Problem> {
    let About { id, q, refused, made } = about;
    let view = people::show(&site.app, &signed.scope, id).await?;
    let keeper = signed.role();
    let may_keep = keeping::person(keeper, view.role).is_ok();
    let own = (signed.user(), keeper);
    let may_give_role = keeping::role(own, id).is_ok() && view.role.is_administrator();
    let shell = Shell::of(site, request, signed).await?;
    let places = Places::of(site, view.territory).await?;
    let kind = view.organisation.kind;
    // Security lists the platform's own organisations alone.
    let may_move = keeper == Role::Admin || kind == OrganisationKind::Platform;
    let houses = if may_keep && may_move {
        let house = Some(view.organisation.id);
        offered(site, &signed.scope, (Some(kind), q.clone()), house).await?
    } else {
        Vec::new()
    };
    let refused = refused.as_ref();
    let version = view.version;
    let body = ListedUser::shown(view);
    let language = serde_json::to_value(body.language).unwrap_or_default();
    let known = [
        ("name", body.name.as_str()),
        ("language", language.as_str().unwrap_or_default()),
        ("territory", &body.territory.map(|one| one.to_string()).unwrap_or_default()),
    ];
    let drawn = Page {
        edit: fields("person", &shell, refused, &known),
        role_form: fields("role", &shell, refused, &[]),
        why: fields("why", &shell, refused, &[]),
        password_form: fields("reset", &shell, refused, &[("by", "link")]),
        role: shell.name("role", &body.role),
        territory: body.territory.map(|territory| places.name(territory)),
        version,
        disabled: body.disabled_at.map(|at| shell.minute(&at)),
        may_keep,
        may_give_role,
        houses,
        roles: roles(&shell, keeper, Some(kind)),
        languages: words(&shell, "language"),
        ways: ways(&shell),
        q: q.unwrap_or_default(),
        made,
        conflict: conflict(&shell, refused),
        body,
        shell,
    };
    let status = if refused.is_none() { StatusCode::OK } else { status(refused) };
    page(status, &drawn)
}

async fn again(
    site: &Site,
    post: &Post,
    request: &HttpRequest,
    (form, error): (&'static str, Error),
) -> Result<HttpResponse, Problem> {
    let refused = Some(Refused::of(form, &post.typed, error)?);
    let about = About { refused, ..About::of(id(request)?) };
    draw(site, post.signed(), request, about).await
}

/// Replaces what is kept of a person.
pub(in crate::web::ui) async fn replace(
    site: web::Data<Site>,
    post: Post,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let read = reads(&post, UserChange::read);
    let once = post.write.once(to_page("person-changed"));
    match people::replace(&site.app, &post.signed().scope, id(&request)?, read, once).await {
        Ok(answered) => Ok(see(&answered.answer.body)),
        Err(error) => again(&site, &post, &request, ("person", error)).await,
    }
}

/// Gives a person another role.
pub(in crate::web::ui) async fn role(
    site: web::Data<Site>,
    post: Post,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let read = reads(&post, RoleChange::read);
    let once = post.write.once(to_page("role-given"));
    match people::give_role(&site.app, &post.signed().scope, id(&request)?, read, once).await {
        Ok(answered) => Ok(see(&answered.answer.body)),
        Err(error) => again(&site, &post, &request, ("role", error)).await,
    }
}

/// Suspends a person.
pub(in crate::web::ui) async fn suspend(
    site: web::Data<Site>,
    post: Post,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let read = reads(&post, Because::read);
    let once = post.write.once(to_page("person-suspended"));
    match standing::suspend(&site.app, &post.signed().scope, id(&request)?, read, once).await {
        Ok(answered) => Ok(see(&answered.answer.body)),
        Err(error) => again(&site, &post, &request, ("why", error)).await,
    }
}

/// Lets a suspended person sign in again.
pub(in crate::web::ui) async fn resume(
    site: web::Data<Site>,
    post: Post,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let read = reads(&post, Because::read);
    let once = post.write.once(to_page("person-resumed"));
    match standing::resume(&site.app, &post.signed().scope, id(&request)?, read, once).await {
        Ok(answered) => Ok(see(&answered.answer.body)),
        Err(error) => again(&site, &post, &request, ("why", error)).await,
    }
}

/// Gives a person a new way in.
pub(in crate::web::ui) async fn password(
    site: web::Data<Site>,
    post: Post,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let read = reads(&post, PasswordReset::read);
    let once = post.write.once(to_page("password-reset"));
    match passwords::reset(&site.app, &post.signed().scope, id(&request)?, read, once).await {
        Ok(handed) => hand_over(&site, &post, &request, handed).await,
        Err(error) => again(&site, &post, &request, ("reset", error)).await,
    }
}

/// Sends a person another link.
pub(in crate::web::ui) async fn invite(
    site: web::Data<Site>,
    post: Post,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let once = post.write.once(to_page("link-sent"));
    match passwords::invite_again(&site.app, &post.signed().scope, id(&request)?, once).await {
        Ok(answered) => Ok(see(&answered.answer.body)),
        Err(error) => again(&site, &post, &request, ("reset", error)).await,
    }
}

/// Takes back a person's link.
pub(in crate::web::ui) async fn uninvite(
    site: web::Data<Site>,
    post: Post,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let once = post.write.once(to_page("link-revoked"));
    match passwords::revoke(&site.app, &post.signed().scope, id(&request)?, once).await {
        Ok(answered) => Ok(see(&answered.answer.body)),
        Err(error) => again(&site, &post, &request, ("reset", error)).await,
    }
}

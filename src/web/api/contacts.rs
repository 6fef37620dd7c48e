//! Whom to ask in an organisation, and the codes that verify their addresses.
//!
//! **Never** shows an administrator a party's address in full.

use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, FixedOffset};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::docs::Problems;
use super::organisations::reads;
use super::{id, words};
use crate::domain::contact::{Card, Function, Standing};
use crate::domain::id::OrganisationId;
use crate::domain::notice::Channel;
use crate::domain::party::Division;
use crate::service::keeping::contacts::{self, Change, ContactView};
use crate::service::{Error, Rendered};
use crate::web::auth::SignedIn;
use crate::web::check::Check;
use crate::web::error::Problem;
use crate::web::extract::{Form, Write, answer, rendered};
use crate::web::moment::shown;
use crate::web::query::Query;
use crate::web::site::Site;

/// The longest name, in characters.
const LONGEST_NAME: usize = 100;

/// A contact.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct ContactCard {
    pub(in crate::web) id: uuid::Uuid,
    /// What somebody can be asked about there.
    #[schema(schema_with = words::function)]
    pub(in crate::web) function: Function,
    pub(in crate::web) name: String,
    #[schema(schema_with = words::channel)]
    pub(in crate::web) channel: Channel,
    /// Masked for administrators.
    pub(in crate::web) address: String,
    /// The division it is for; left out: everywhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "370000")]
    pub(in crate::web) territory: Option<Division>,
    /// `unverified`, `verified` or `expired`.
    pub(in crate::web) standing: &'static str,
    /// Until when the verification counts, or counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::web) counts_until: Option<DateTime<FixedOffset>>,
    pub(in crate::web) version: i64,
}

impl ContactCard {
    /// A contact as its reader sees it.
    pub(in crate::web) fn shown(view: &ContactView) -> Self {
        let (contact, card) = (&view.contact, &view.contact.card);
        Self {
            id: contact.id,
            function: card.function,
            name: card.name.clone(),
            channel: card.channel,
            address: card.address.clone(),
            territory: card.territory,
            standing: view.standing.name(),
            counts_until: match view.standing {
                Standing::Unverified => None,
                Standing::Verified { until } => Some(shown(until)),
                Standing::Expired { since } => Some(shown(since)),
            },
            version: contact.version,
        }
    }
}

/// Every contact of an organisation.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct ContactCards {
    pub(in crate::web) items: Vec<ContactCard>,
}

/// What a contact is to say.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct NewContact {
    #[schema(schema_with = words::function)]
    function: String,
    name: String,
    #[schema(schema_with = words::channel)]
    channel: String,
    /// A mail address or a phone number. Where a contact is replaced and this is left out, the
    /// known one stays, verified as it is.
    address: Option<String>,
    /// Left out: everywhere.
    territory: Option<String>,
}

impl NewContact {
    fn judged(form: &Form, must_have_address: bool) -> Result<Card, Error> {
        let body: Self = form.read()?;
        let mut check = Check::default();
        let function: Option<Function> = check.word("function", &body.function);
        // A group's robot is the organisation's, and nobody's contact.
        let channel: Option<Channel> =
            check.word("channel", &body.channel).filter(|channel| *channel != Channel::Robot);
        if channel.is_none() && body.channel == "robot" {
            check.refuse("channel", "unknown", "mail or sms");
        }
        let name = check.line("name", &body.name, LONGEST_NAME);
        let address = match (body.address.as_deref(), channel) {
            (None, _) if must_have_address => {
                check.refuse("address", "required", "this field is required");
                String::new()
            }
            (None, _) | (Some(_), None | Some(Channel::Robot)) => String::new(),
            (Some(address), Some(Channel::Mail)) => check.email("address", address),
            (Some(address), Some(Channel::Sms)) => check.phone("address", address),
        };
        let territory = body.territory.and_then(|place| check.division("territory", &place));
        match function.zip(channel) {
            Some((function, channel)) => {
                check.done(Card { function, name, channel, address, territory })
            }
            None => check.done(()).and(Err(Error::NotFound)),
        }
    }

    /// Reads a new one off a body.
    pub(in crate::web) fn read(form: &Form) -> Result<Card, Error> {
        Self::judged(form, true)
    }

    /// Reads what replaces one off a body.
    pub(in crate::web) fn read_change(form: &Form) -> Result<Change, Error> {
        Ok(Change { card: Self::judged(form, false)? })
    }
}

/// A code as it was typed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct TypedCode {
    /// Six digits.
    code: String,
}

impl TypedCode {
    /// Reads it off a body.
    pub(in crate::web) fn read(form: &Form) -> Result<String, Error> {
        let body: Self = form.read()?;
        let mut check = Check::default();
        let code = crate::domain::code::folded(&check.line("code", &body.code, 12));
        check.done(code)
    }
}

fn render(status: u16) -> impl Fn(&ContactView) -> Rendered + Send + Sync + 'static {
    move |view| rendered(status, Some(view.contact.version), &ContactCard::shown(view))
}

/// List the contacts of an organisation: one's own, or any for the system administrator.
#[utoipa::path(
    get, path = "/api/v1/organisations/{id}/contacts", operation_id = "contacts_list", tag = "administration",
    params(("id" = String, Path, description = "The organisation's id")),
    responses((status = 200, description = "All of them", body = ContactCards), Problems)
)]
pub(in crate::web) async fn list(
    site: web::Data<Site>,
    signed: SignedIn,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let id = OrganisationId(id(&request)?);
    let views = contacts::list(&site.app, &signed.scope, id).await?;
    Query::read(request.query_string(), &[])?.done(())?;
    let items = views.iter().map(ContactCard::shown).collect();
    Ok(HttpResponse::Ok().json(ContactCards { items }))
}

/// Add a contact; its address is unverified until a code that was sent there is typed.
#[utoipa::path(
    post, path = "/api/v1/organisations/{id}/contacts", operation_id = "contacts_create", tag = "administration",
    request_body = NewContact,
    params(("id" = String, Path, description = "The organisation's id")),
    responses((status = 201, description = "Added", body = ContactCard), Problems)
)]
pub(in crate::web) async fn create(
    site: web::Data<Site>,
    write: Write,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let id = OrganisationId(id(&request)?);
    let (read, once) = (reads(&write, NewContact::read), write.once(render(201)));
    Ok(answer(contacts::create(&site.app, &write.signed.scope, id, read, once).await?))
}

/// Replace what a contact says.
#[utoipa::path(
    put, path = "/api/v1/contacts/{id}", operation_id = "contacts_replace", tag = "administration",
    request_body = NewContact,
    params(
        ("id" = String, Path, description = "The contact's id"),
        ("If-Match" = String, Header, description = "The version that is replaced"),
    ),
    responses((status = 200, description = "Replaced; another address is unverified", body = ContactCard), Problems)
)]
pub(in crate::web) async fn replace(
    site: web::Data<Site>,
    write: Write,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let id = id(&request)?;
    let (read, once) = (reads(&write, NewContact::read_change), write.once(render(200)));
    let done = contacts::replace(&site.app, &write.signed.scope, id, read, once).await;
    Ok(answer(done.map_err(|refusal| write.form.told(refusal))?))
}

/// Remove a contact.
#[utoipa::path(
    delete, path = "/api/v1/contacts/{id}", operation_id = "contacts_remove", tag = "administration",
    params(("id" = String, Path, description = "The contact's id")),
    responses((status = 200, description = "What was removed", body = ContactCard), Problems)
)]
pub(in crate::web) async fn remove(
    site: web::Data<Site>,
    write: Write,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let id = id(&request)?;
    write.form.read_nothing()?;
    let once = write.once(render(200));
    Ok(answer(contacts::remove(&site.app, &write.signed.scope, id, once).await?))
}

/// Send a code of six digits to a contact's address; it can be typed for ten minutes.
#[utoipa::path(
    post, path = "/api/v1/contacts/{id}/code", operation_id = "contacts_code", tag = "administration",
    params(("id" = String, Path, description = "The contact's id")),
    responses((status = 200, description = "Sent", body = ContactCard), Problems)
)]
pub(in crate::web) async fn send(
    site: web::Data<Site>,
    write: Write,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let id = id(&request)?;
    write.form.read_nothing()?;
    let once = write.once(render(200));
    Ok(answer(contacts::send_code(&site.app, &write.signed.scope, id, once).await?))
}

/// Verify a contact's address by the code that was sent there; five wrong ones end it.
#[utoipa::path(
    post, path = "/api/v1/contacts/{id}/verify", operation_id = "contacts_verify", tag = "administration",
    request_body = TypedCode,
    params(("id" = String, Path, description = "The contact's id")),
    responses((status = 200, description = "Verified", body = ContactCard), Problems)
)]
pub(in crate::web) async fn verify(
    site: web::Data<Site>,
    write: Write,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let id = id(&request)?;
    let code = TypedCode::read(&write.form)?;
    let view = contacts::verify(&site.app, &write.signed.scope, id, code).await?;
    Ok(HttpResponse::Ok().json(ContactCard::shown(&view)))
}

//! Keeping organisations, people and the catalogue: what administrators change.
//!
//! Who may do what, and what never happens, is decided by [`crate::domain::keeping`]; here it is
//! asked inside the transaction, on rows that are held.
//!
//! **Never** changes anything without an entry in the audit log, in the same transaction.

pub mod agreements;
pub mod contacts;
pub mod invitations;
pub mod merge;
pub mod organisations;
pub mod passwords;
pub mod people;
pub mod products;
pub mod standing;

use std::sync::Arc;

use sea_orm::ConnectionTrait;

use super::{Error, FieldError};
use crate::domain::access::{masked, masked_mail};
use crate::domain::id::OrganisationId;
use crate::domain::keeping::Refusal;
use crate::domain::party::{Division, OrganisationKind};
use crate::store::accounts::{self, ListedOrganisation};
use crate::store::divisions;

/// Reads what is wanted off a request, once it is known that the caller may see and do it.
pub type Read<T> = Arc<dyn Fn() -> Result<T, Error> + Send + Sync>;

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        let message = refusal.to_string();
        match refusal {
            Refusal::Forbidden(_) => Self::Forbidden(message),
            Refusal::Invalid { field, code, .. } => Self::invalid(field, code, message),
            Refusal::OwnRole
            | Refusal::OwnAccount
            | Refusal::LastAdministrator(_)
            | Refusal::SeparatedRoles
            | Refusal::SuspendedAlready
            | Refusal::NotSuspended
            | Refusal::MergedAlready => {
                Self::Conflict { code: refusal.name(), message, possible: Vec::new() }
            }
        }
    }
}

/// Why somebody does something to others, and the version they have seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reasoned {
    /// Why.
    pub reason: String,
}

/// Refuses to replace what the caller has not seen as it is now.
fn replaces(expected: Option<i64>, version: i64) -> Result<(), Error> {
    match expected {
        None => Err(Error::Unconditional),
        Some(seen) if seen == version => Ok(()),
        Some(_) => Err(Error::Outdated),
    }
}

/// The same for an act, whose caller need not say what they have seen.
fn acts_on(expected: Option<i64>, version: i64) -> Result<(), Error> {
    if expected.is_none_or(|seen| seen == version) { Ok(()) } else { Err(Error::Outdated) }
}

/// Refuses a division that nobody knows.
async fn known_division(
    tx: &impl ConnectionTrait,
    field: &str,
    division: Division,
    refused: &mut Vec<FieldError>,
) -> Result<(), Error> {
    if !divisions::names(tx, &[division]).await?.contains_key(&division) {
        let message = "nobody knows this code; a new division is imported first";
        refused.push(FieldError::new(field, "unknown", message));
    }
    Ok(())
}

/// An organisation of a kind that is named for something new; refused, where there is none.
async fn party(
    tx: &impl ConnectionTrait,
    (field, id): (&str, OrganisationId),
    kind: OrganisationKind,
    refused: &mut Vec<FieldError>,
) -> Result<Option<ListedOrganisation>, Error> {
    let mut refuse =
        |code: &str, message: &str| refused.push(FieldError::new(field, code, message));
    let found = accounts::kept(tx, id).await?.filter(|found| found.organisation.kind == kind);
    match &found {
        None => refuse("unknown_organisation", "there is no such organisation of this kind"),
        Some(found) if found.merged_into.is_some() || found.disabled_at.is_some() => {
            refuse("suspended", "this organisation is suspended or was merged");
        }
        Some(_) => {}
    }
    Ok(found)
}

/// Everything was right, or all that was not.
fn unless(refused: Vec<FieldError>) -> Result<(), Error> {
    if refused.is_empty() { Ok(()) } else { Err(Error::Invalid(refused)) }
}

/// Addresses as the audit log may name them.
fn veiled(email: Option<&str>, phone: Option<&str>) -> serde_json::Value {
    serde_json::json!({ "email": email.map(masked_mail), "phone": phone.map(masked) })
}

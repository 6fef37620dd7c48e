//! Organisations and contacts as the API shows them.
//!
//! **Never** shows a contact's phone in full to anybody but the ticket's parties.

use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::words;
use crate::domain::access::{masked, sees_phones};
use crate::domain::party::{Organisation, OrganisationKind, Role};
use crate::domain::ticket::Contact;

/// An organisation.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct OrganisationBody {
    pub(in crate::web) id: Uuid,
    pub(in crate::web) name: String,
    #[schema(schema_with = words::organisation)]
    pub(in crate::web) kind: OrganisationKind,
    /// Its division code, six digits.
    #[schema(example = "371002")]
    pub(in crate::web) division: String,
}

impl From<&Organisation> for OrganisationBody {
    fn from(organisation: &Organisation) -> Self {
        Self {
            id: organisation.id.0,
            name: organisation.name.clone(),
            kind: organisation.kind,
            division: organisation.division.to_string(),
        }
    }
}

/// An organisation's id and name.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct Named {
    pub(in crate::web) id: Uuid,
    pub(in crate::web) name: String,
}

impl From<&Organisation> for Named {
    fn from(organisation: &Organisation) -> Self {
        Self { id: organisation.id.0, name: organisation.name.clone() }
    }
}

/// Somebody to call.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct ContactBody {
    pub(in crate::web) name: String,
    /// Masked except to the parties of the ticket.
    pub(in crate::web) phone: String,
}

impl ContactBody {
    /// A contact as a role may see it.
    pub(in crate::web) fn shown(contact: &Contact, role: Role) -> Self {
        let phone = if sees_phones(role) { contact.phone.clone() } else { masked(&contact.phone) };
        Self { name: contact.name.clone(), phone }
    }
}

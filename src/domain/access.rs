//! Who may see and do what.
//!
//! **Never** answers "forbidden" for a ticket the actor may not see: that one does not exist.

use super::audit::Origin;
use super::calendar::LayerOf;
use super::id::OrganisationId;
use super::party::{Actor, Division, Role};
use super::ticket::{ActKind, Audience, EventData, Party, Ticket};

/// What a signed-in person can reach. Made only when a session is checked, and required by
/// every use case: no other way leads to the store.
#[derive(Debug, Clone)]
pub struct Scope {
    actor: Actor,
    username: Option<String>,
    origin: Origin,
}

impl Scope {
    /// Grants the actor's reach. Called by the check of a session and nowhere else.
    #[must_use]
    pub fn granted(actor: Actor) -> Self {
        Self { actor, username: None, origin: Origin::default() }
    }

    /// The same, of somebody who signed in by this name.
    #[must_use]
    pub fn named(self, username: String) -> Self {
        Self { username: Some(username), ..self }
    }

    /// The same, asked for from there.
    #[must_use]
    pub fn reached_from(self, origin: Origin) -> Self {
        Self { origin, ..self }
    }

    /// The name its holder signed in by.
    #[must_use]
    pub fn username(&self) -> Option<&str> {
        self.username.as_deref()
    }

    /// Where the request came from.
    #[must_use]
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Who acts.
    #[must_use]
    pub fn actor(&self) -> &Actor {
        &self.actor
    }

    /// True where the actor may read a layer of the calendar. An organisation's own days are read
    /// by itself, by bureaus, who judge its clocks, and by administrators; the clocks of a ticket
    /// are explained to all its parties.
    #[must_use]
    pub fn reads_calendar(&self, of: LayerOf) -> bool {
        match (of, self.actor.role) {
            (LayerOf::Nation | LayerOf::Region(_), _)
            | (LayerOf::Organisation(_), Role::Admin | Role::Bureau) => true,
            (
                LayerOf::Organisation(organisation),
                Role::Hospital
                | Role::Manufacturer
                | Role::Distributor
                | Role::Security
                | Role::Auditor,
            ) => organisation == self.actor.organisation.id,
        }
    }

    /// Which tickets exist for the actor.
    #[must_use]
    pub fn tickets(&self) -> Visible {
        let organisation = &self.actor.organisation;
        match self.actor.role {
            Role::Hospital => Visible::Hospital(organisation.id),
            Role::Manufacturer => Visible::Manufacturer(organisation.id),
            Role::Distributor => Visible::Distributor(organisation.id),
            Role::Bureau => Visible::Within(organisation.division),
            Role::Admin => Visible::Bare,
            Role::Security | Role::Auditor => Visible::Nothing,
        }
    }
}

/// Which tickets exist for somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Visible {
    /// Those the hospital filed.
    Hospital(OrganisationId),
    /// Those that name the manufacturer.
    Manufacturer(OrganisationId),
    /// Those that name the distributor.
    Distributor(OrganisationId),
    /// Those of a division's subtree, whoever holds the rung.
    Within(Division),
    /// All, but only number, state and deadlines.
    Bare,
    /// None.
    Nothing,
}

/// What decides for whom a ticket exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parties {
    /// Who filed it.
    pub hospital: OrganisationId,
    /// Who owes the supply.
    pub manufacturer: OrganisationId,
    /// Who delivers, if anybody does.
    pub distributor: Option<OrganisationId>,
    /// Where the hospital lies.
    pub division: Division,
}

impl Visible {
    /// True when the ticket exists for the holder.
    #[must_use]
    pub fn includes(&self, ticket: &Ticket) -> bool {
        self.reaches(&Parties {
            hospital: ticket.hospital,
            manufacturer: ticket.manufacturer,
            distributor: ticket.distributor,
            division: ticket.division,
        })
    }

    /// True when a ticket of these parties exists for the holder.
    #[must_use]
    pub fn reaches(&self, parties: &Parties) -> bool {
        match self {
            Self::Hospital(id) => parties.hospital == *id,
            Self::Manufacturer(id) => parties.manufacturer == *id,
            Self::Distributor(id) => parties.distributor == Some(*id),
            Self::Within(division) => parties.division.is_within(*division),
            Self::Bare => true,
            Self::Nothing => false,
        }
    }
}

/// The table of who may do what with a ticket they can see.
#[must_use]
pub fn may(role: Role, act: ActKind) -> bool {
    match role {
        Role::Hospital => match act {
            ActKind::Confirm
            | ActKind::Withdraw
            | ActKind::Urge
            | ActKind::Escalate
            | ActKind::Message
            | ActKind::Attach => true,
            ActKind::Reply
            | ActKind::Promise
            | ActKind::Solve
            | ActKind::Return
            | ActKind::Extension
            | ActKind::ForceMajeure
            | ActKind::Distributor
            | ActKind::Decide
            | ActKind::Acknowledge
            | ActKind::Measure
            | ActKind::CloseEscalation => false,
        },
        Role::Manufacturer => match act {
            ActKind::Reply
            | ActKind::Promise
            | ActKind::Solve
            | ActKind::Return
            | ActKind::Extension
            | ActKind::ForceMajeure
            | ActKind::Distributor
            | ActKind::Message
            | ActKind::Attach => true,
            ActKind::Confirm
            | ActKind::Withdraw
            | ActKind::Urge
            | ActKind::Escalate
            | ActKind::Decide
            | ActKind::Acknowledge
            | ActKind::Measure
            | ActKind::CloseEscalation => false,
        },
        Role::Distributor => {
            matches!(act, ActKind::ForceMajeure | ActKind::Message | ActKind::Attach)
        }
        Role::Bureau => {
            act.is_on_escalation()
                || matches!(act, ActKind::Decide | ActKind::Message | ActKind::Attach)
        }
        Role::Admin | Role::Security | Role::Auditor => false,
    }
}

/// The parties that may read a message of this audience, the writer's own included.
#[must_use]
pub fn readers(audience: Audience, ticket: &Ticket, writer: &Actor) -> Vec<Party> {
    let bureaus = ticket.escalations.iter().filter(|e| e.is_open()).filter_map(|e| e.bureau);
    let bureaus = bureaus.map(Party::Bureau);
    match audience {
        Audience::All => {
            let parties = [Party::Hospital, Party::Manufacturer, Party::Distributor];
            parties.into_iter().chain(bureaus).collect()
        }
        Audience::HospitalBureau => std::iter::once(Party::Hospital).chain(bureaus).collect(),
        Audience::Bureau => bureaus.collect(),
        Audience::Own => match writer.role {
            Role::Hospital => vec![Party::Hospital],
            Role::Manufacturer => vec![Party::Manufacturer],
            Role::Distributor => vec![Party::Distributor],
            Role::Bureau => vec![Party::Bureau(writer.organisation.id)],
            Role::Admin | Role::Security | Role::Auditor => Vec::new(),
        },
    }
}

/// True when the reader may read a message of this audience written by `writer`'s organisation.
#[must_use]
pub fn may_read(reader: &Actor, audience: Audience, writer: OrganisationId) -> bool {
    if reader.organisation.id == writer {
        return true;
    }
    match (audience, reader.role) {
        (Audience::All, Role::Hospital | Role::Manufacturer | Role::Distributor | Role::Bureau)
        | (Audience::HospitalBureau, Role::Hospital | Role::Bureau)
        | (Audience::Bureau, Role::Bureau) => true,
        (
            Audience::All | Audience::HospitalBureau | Audience::Bureau | Audience::Own,
            Role::Hospital
            | Role::Manufacturer
            | Role::Distributor
            | Role::Bureau
            | Role::Admin
            | Role::Security
            | Role::Auditor,
        ) => false,
    }
}

/// True when the reader, for whom the ticket exists, may read an entry of its timeline that an
/// organisation, or the clock, caused.
#[must_use]
pub fn may_read_entry(reader: &Actor, data: &EventData, by: Option<OrganisationId>) -> bool {
    match (data.audience(), by) {
        (Some(audience), Some(writer)) => may_read(reader, audience, writer),
        (Some(_), None) | (None, _) => true,
    }
}

/// True when the actor is a party of its tickets and sees contact phones in full.
#[must_use]
pub fn sees_phones(role: Role) -> bool {
    match role {
        Role::Hospital | Role::Manufacturer | Role::Distributor => true,
        Role::Bureau | Role::Admin | Role::Security | Role::Auditor => false,
    }
}

/// A phone number with its middle hidden: `138****5678`.
#[must_use]
pub fn masked(phone: &str) -> String {
    let digits: Vec<char> = phone.chars().collect();
    match digits.len().checked_sub(11) {
        Some(prefix) => {
            let head: String = digits.iter().take(prefix + 3).collect();
            let tail: String = digits.iter().skip(digits.len() - 4).collect();
            format!("{head}****{tail}")
        }
        None => "***".to_owned(),
    }
}

/// A mail address with its name hidden: `l***@example.com`.
#[must_use]
pub fn masked_mail(address: &str) -> String {
    match address.rsplit_once('@') {
        Some((local, domain)) => {
            let first: String = local.chars().take(1).collect();
            format!("{first}***@{domain}")
        }
        None => "***".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::masked;

    #[test]
    fn a_masked_phone_keeps_three_and_four_digits() {
        assert_eq!(masked("13812345678"), "138****5678");
        assert_eq!(masked("+8613812345678"), "+86138****5678");
        assert_eq!(masked("12345"), "***");
    }
}

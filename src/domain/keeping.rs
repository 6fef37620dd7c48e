//! Who may keep what: organisations, people, the catalogue.
//!
//! Three administrators watch each other. The system administrator (`admin`) keeps organisations,
//! the catalogue and the people of the parties; the security administrator (`security`) keeps
//! everybody's roles and the administrators themselves; the auditor changes nothing. So nobody
//! can give themselves, or a friend, more than they have without somebody else's hand.
//!
//! **Never** lets the last enabled one of the three go, whatever the reason.

use super::id::{OrganisationId, UserId};
use super::party::{Division, Organisation, OrganisationKind, Role};

/// Why something is not done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The caller's role may not.
    #[error("{0}")]
    Forbidden(&'static str),
    /// Somebody would change their own role.
    #[error("nobody changes their own role; ask another security administrator")]
    OwnRole,
    /// Somebody would suspend themselves.
    #[error("nobody suspends themselves; ask another administrator")]
    OwnAccount,
    /// Nobody would hold one of the three roles any more.
    #[error("this is the last enabled administrator of this kind; appoint another one first")]
    LastAdministrator(Role),
    /// One person would hold two of the three roles.
    #[error("the same mail address holds another of the three administrator roles already")]
    SeparatedRoles,
    /// It is suspended already.
    #[error("it is suspended already")]
    SuspendedAlready,
    /// It is not suspended.
    #[error("it is not suspended")]
    NotSuspended,
    /// It was merged: there is only the other one any more.
    #[error("it was merged into another organisation, which is to be kept instead")]
    MergedAlready,
    /// A field is wrong.
    #[error("{message}")]
    Invalid {
        /// Which.
        field: &'static str,
        /// A stable code.
        code: &'static str,
        /// For people.
        message: &'static str,
    },
}

impl Refusal {
    /// The stable code.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Forbidden(_) => "forbidden",
            Self::OwnRole => "own_role",
            Self::OwnAccount => "own_account",
            Self::LastAdministrator(_) => "last_administrator",
            Self::SeparatedRoles => "separated_roles",
            Self::SuspendedAlready => "suspended_already",
            Self::NotSuspended => "not_suspended",
            Self::MergedAlready => "merged_already",
            Self::Invalid { code, .. } => code,
        }
    }
}

/// Somebody who holds one of the three administrator roles and may sign in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Administrator {
    /// Who.
    pub user: UserId,
    /// Of which organisation.
    pub organisation: OrganisationId,
    /// Which of the three.
    pub role: Role,
    /// Their mail address, by which a person with two accounts is known.
    pub email: Option<String>,
}

/// Whether a role may keep organisations, contacts and the catalogue.
///
/// # Errors
/// [`Refusal::Forbidden`] for everybody but the system administrator.
pub fn organisations(role: Role) -> Result<(), Refusal> {
    match role {
        Role::Admin => Ok(()),
        Role::Hospital
        | Role::Manufacturer
        | Role::Distributor
        | Role::Bureau
        | Role::Security
        | Role::Auditor => {
            Err(Refusal::Forbidden("only the system administrator may keep organisations"))
        }
    }
}

/// Whether a role may see the people.
///
/// # Errors
/// [`Refusal::Forbidden`] for everybody but the system and the security administrator.
pub fn people(role: Role) -> Result<(), Refusal> {
    match role {
        Role::Admin | Role::Security => Ok(()),
        Role::Hospital | Role::Manufacturer | Role::Distributor | Role::Bureau | Role::Auditor => {
            Err(Refusal::Forbidden("only administrators may list people"))
        }
    }
}

/// Whether somebody of a role may keep a person who holds another: create, change, invite,
/// suspend, or give a new password.
///
/// # Errors
/// [`Refusal::Forbidden`].
pub fn person(keeper: Role, kept: Role) -> Result<(), Refusal> {
    people(keeper)?;
    if keeper == Role::Admin && kept.is_administrator() {
        return Err(Refusal::Forbidden("administrators are kept by the security administrator"));
    }
    Ok(())
}

/// Whether somebody may give a person another role.
///
/// # Errors
/// [`Refusal::Forbidden`] for everybody but the security administrator, [`Refusal::OwnRole`].
pub fn role((keeper, as_role): (UserId, Role), of: UserId) -> Result<(), Refusal> {
    if as_role != Role::Security {
        return Err(Refusal::Forbidden("roles are given by the security administrator"));
    }
    if keeper == of { Err(Refusal::OwnRole) } else { Ok(()) }
}

/// Whether a role can be held in an organisation of a kind.
///
/// # Errors
/// [`Refusal::Invalid`] naming `role`.
pub fn role_fits(role: Role, kind: OrganisationKind) -> Result<(), Refusal> {
    if role.organisation_kind() == kind {
        return Ok(());
    }
    let message = "this role belongs to another kind of organisation";
    Err(Refusal::Invalid { field: "role", code: "role_of_kind", message })
}

/// Whether a person may hold a role beside what others with the same mail address hold.
///
/// # Errors
/// [`Refusal::SeparatedRoles`].
pub fn separated(
    who: UserId,
    role: Role,
    email: Option<&str>,
    all: &[Administrator],
) -> Result<(), Refusal> {
    let Some(email) = email.filter(|_| role.is_administrator()) else { return Ok(()) };
    let is_same = |other: &Administrator| {
        let known = other.email.as_deref();
        other.user != who && known.is_some_and(|known| known.eq_ignore_ascii_case(email))
    };
    let clashes = all.iter().any(|other| is_same(other) && other.role != role);
    if clashes { Err(Refusal::SeparatedRoles) } else { Ok(()) }
}

/// Whether each of the three roles is still held by somebody when some of its holders go. A role
/// that nobody holds now is nobody's loss.
///
/// # Errors
/// [`Refusal::LastAdministrator`] naming the first role that would be nobody's.
pub fn remain(all: &[Administrator], goes: impl Fn(&Administrator) -> bool) -> Result<(), Refusal> {
    for role in Role::ADMINISTRATORS {
        let mut holders = all.iter().filter(|one| one.role == role).peekable();
        if holders.peek().is_some() && holders.all(&goes) {
            return Err(Refusal::LastAdministrator(role));
        }
    }
    Ok(())
}

/// An organisation as far as merging asks.
#[derive(Debug, Clone, Copy)]
pub struct Mergeable<'a> {
    /// The organisation.
    pub organisation: &'a Organisation,
    /// True when nobody of it may sign in.
    pub is_suspended: bool,
    /// True when it was merged before.
    pub is_merged: bool,
}

/// Whether one organisation may become a part of another. Hospitals and bureaus stay in their
/// province, whose catalogue and ladder they belong to.
///
/// # Errors
/// [`Refusal::MergedAlready`], and [`Refusal::Invalid`] naming `into`.
pub fn merge(from: Mergeable<'_>, into: Mergeable<'_>) -> Result<(), Refusal> {
    let refused = |code, message| Err(Refusal::Invalid { field: "into", code, message });
    let (kind, other) = (from.organisation.kind, into.organisation.kind);
    let province = |division: Division| division.province();
    if from.is_merged {
        return Err(Refusal::MergedAlready);
    }
    if from.organisation.id == into.organisation.id {
        return refused("itself", "an organisation cannot become a part of itself");
    }
    if kind == OrganisationKind::Platform {
        return Err(Refusal::Forbidden("the platform's own organisations are not merged"));
    }
    if kind != other {
        return refused("other_kind", "only organisations of the same kind can be merged");
    }
    if into.is_merged || into.is_suspended {
        return refused("suspended", "this organisation is suspended or was merged itself");
    }
    let stays = matches!(kind, OrganisationKind::Hospital | OrganisationKind::Bureau);
    if stays && province(from.organisation.division) != province(into.organisation.division) {
        return refused("other_province", "this organisation lies in another province");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    fn user(number: u128) -> UserId {
        UserId(Uuid::from_u128(number))
    }

    fn administrator(number: u128, role: Role) -> Administrator {
        let email = Some(format!("a{number}@platform.example"));
        let organisation = OrganisationId(Uuid::from_u128(number % 2));
        Administrator { user: user(number), organisation, role, email }
    }

    fn organisation(number: u128, kind: OrganisationKind, division: &str) -> Organisation {
        Organisation {
            id: OrganisationId(Uuid::from_u128(number)),
            kind,
            name: format!("机构 {number}"),
            division: Division::parse(division).expect(division),
        }
    }

    fn whole(organisation: &Organisation) -> Mergeable<'_> {
        Mergeable { organisation, is_suspended: false, is_merged: false }
    }

    #[test]
    fn the_three_administrators_keep_different_things() {
        for keeper in Role::ALL {
            assert_eq!(organisations(keeper).is_ok(), keeper == Role::Admin, "{keeper:?}");
            let may_see = matches!(keeper, Role::Admin | Role::Security);
            assert_eq!(people(keeper).is_ok(), may_see, "{keeper:?}");
            for kept in Role::ALL {
                let may = match keeper {
                    Role::Admin => !kept.is_administrator(),
                    Role::Security => true,
                    Role::Hospital
                    | Role::Manufacturer
                    | Role::Distributor
                    | Role::Bureau
                    | Role::Auditor => false,
                };
                assert_eq!(person(keeper, kept).is_ok(), may, "{keeper:?} {kept:?}");
            }
            let given = role((user(1), keeper), user(2));
            assert_eq!(given.is_ok(), keeper == Role::Security, "{keeper:?}");
        }
        assert_eq!(role((user(1), Role::Security), user(1)), Err(Refusal::OwnRole));
    }

    #[test]
    fn one_address_holds_one_of_the_three() {
        let all = [administrator(1, Role::Admin), administrator(2, Role::Security)];
        let known = Some("A1@platform.example");
        assert_eq!(separated(user(3), Role::Auditor, known, &all), Err(Refusal::SeparatedRoles));
        assert_eq!(separated(user(3), Role::Admin, known, &all), Ok(()), "the same role twice");
        assert_eq!(separated(user(3), Role::Hospital, known, &all), Ok(()));
        assert_eq!(separated(user(1), Role::Auditor, known, &all), Ok(()), "it is their own");
        assert_eq!(separated(user(3), Role::Auditor, None, &all), Ok(()));
    }

    #[test]
    fn merging_keeps_kind_and_province() {
        use OrganisationKind::{Bureau, Distributor, Hospital, Manufacturer, Platform};
        let here = organisation(1, Hospital, "371002");
        let code = |from: &Organisation, into: &Organisation| {
            merge(whole(from), whole(into)).err().map(Refusal::name)
        };
        assert_eq!(code(&here, &organisation(2, Hospital, "370202")), None);
        assert_eq!(code(&here, &here), Some("itself"));
        assert_eq!(code(&here, &organisation(2, Manufacturer, "371002")), Some("other_kind"));
        assert_eq!(code(&here, &organisation(2, Hospital, "320500")), Some("other_province"));
        for kind in [Manufacturer, Distributor] {
            let (from, into) = (organisation(3, kind, "330100"), organisation(4, kind, "320500"));
            assert_eq!(code(&from, &into), None);
        }
        let (from, into) = (organisation(3, Bureau, "371002"), organisation(4, Bureau, "330100"));
        assert_eq!(code(&from, &into), Some("other_province"));
        let (from, into) =
            (organisation(3, Platform, "370000"), organisation(4, Platform, "370000"));
        assert_eq!(code(&from, &into), Some("forbidden"));
        let gone = Mergeable { is_merged: true, ..whole(&here) };
        let other = organisation(2, Hospital, "370202");
        assert_eq!(merge(gone, whole(&other)), Err(Refusal::MergedAlready));
        let refused = merge(whole(&other), gone).err().map(Refusal::name);
        assert_eq!(refused, Some("suspended"));
    }

    proptest! {
        #[test]
        fn a_role_that_was_held_is_held_after(
            roles in proptest::collection::vec(0_usize..3, 0..8),
            goes in proptest::collection::vec(any::<bool>(), 8),
        ) {
            let all: Vec<_> = roles.iter().zip(1..)
                .map(|(role, number)| administrator(number, Role::ADMINISTRATORS[*role]))
                .collect();
            let goes = |one: &Administrator| {
                let number = one.user.0.as_u128() - 1;
                usize::try_from(number).ok().and_then(|at| goes.get(at).copied()).unwrap_or(false)
            };
            let held = |stay: bool, role: Role| {
                all.iter().any(|one| one.role == role && !(stay && goes(one)))
            };
            let is_kept =
                Role::ADMINISTRATORS.into_iter().all(|role| !held(false, role) || held(true, role));
            prop_assert_eq!(remain(&all, goes).is_ok(), is_kept);
        }
    }
}

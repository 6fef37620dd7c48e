//! What the audit log (审计日志) keeps: who did what from where, and to what.
//!
//! **Never** holds what a party wrote, an address to write to, a password or a token: an entry
//! names things by number, id or user name, and counts them.

mod canonical;
pub mod chain;
pub mod verify;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::access::Scope;
use super::id::{OrganisationId, UserId};
use super::party::Role;

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Somebody signed in.
    SignedIn,
    /// Credentials were wrong, whoever gave them.
    SignInRefused,
    /// Somebody signed out.
    SignedOut,
    /// Somebody changed their own password.
    PasswordChanged,
    /// A person was created.
    UserCreated,
    /// A file was imported, refused or only judged.
    ImportRun,
    /// A dead letter was queued again.
    DeliveryReplayed,
    /// An evidence pack was made.
    EvidencePackMade,
    /// A list left as a file.
    ExportMade,
    /// Firing was on hold and goes on.
    HoldReleased,
    /// A calendar was added for a region.
    CalendarAdded,
    /// A calendar that never said anything was taken away.
    CalendarRemoved,
    /// A change of calendars or time limits waits for a second administrator.
    ReplanProposed,
    /// A change of calendars or time limits took effect.
    ReplanApplied,
    /// A second administrator approved one, and it took effect.
    ReplanApproved,
    /// One that waited was refused or taken back.
    ReplanRejected,
    /// A hospital filed a ticket.
    TicketFiled,
    /// A party acted on a ticket; `act` says how.
    TicketActed,
    /// A manufacturer replied to many tickets at once.
    ShortageReplied,
    /// Somebody opened a notice of theirs.
    NoticeRead,
    /// Somebody kept a draft.
    DraftKept,
    /// Somebody discarded a draft.
    DraftDiscarded,
    /// Somebody chose the language they are told things in.
    LanguageChanged,
    /// Somebody moved the demo's clock.
    DemoClockMoved,
    /// Firing was put on hold by whoever operates the service.
    HoldBegun,
    /// The service was started with another version of the time-zone database.
    ZoneRulesChanged,
    /// The database was restored from a backup.
    BackupRestored,
    /// Entries that were kept long enough were removed.
    AuditTrimmed,
    /// The log goes on under another key.
    AuditKeyChanged,
    /// An organisation was added.
    OrganisationCreated,
    /// What is kept of an organisation was changed.
    OrganisationChanged,
    /// An organisation was suspended.
    OrganisationSuspended,
    /// A suspended organisation goes on.
    OrganisationResumed,
    /// An organisation became a part of another.
    OrganisationMerged,
    /// What is kept of a person was changed.
    UserChanged,
    /// A person was suspended.
    UserSuspended,
    /// A suspended person goes on.
    UserResumed,
    /// Somebody got another role.
    RoleChanged,
    /// Somebody's password was taken from them, for a new one.
    PasswordReset,
    /// Somebody was sent a link to choose a password.
    LinkSent,
    /// Such a link was taken back.
    LinkRevoked,
    /// Somebody chose a password by such a link.
    LinkOpened,
    /// A contact was added.
    ContactCreated,
    /// A contact was changed.
    ContactChanged,
    /// A contact was removed.
    ContactRemoved,
    /// A code was sent to a contact's address.
    ContactCodeSent,
    /// A contact's address was verified.
    ContactVerified,
    /// A product was added.
    ProductCreated,
    /// A product was changed.
    ProductChanged,
    /// A product was suspended.
    ProductSuspended,
    /// A suspended product goes on.
    ProductResumed,
    /// An agreement was added.
    AgreementCreated,
    /// An agreement was changed.
    AgreementChanged,
    /// An agreement was put out of force.
    AgreementSuspended,
    /// An agreement is in force again.
    AgreementResumed,
    /// A text of notices was worded anew.
    TemplateReplaced,
    /// An earlier text of notices is used again.
    TemplateRestored,
    /// A version of the time-limit rules was made.
    PolicyCreated,
    /// A version took the place of another.
    PolicyReplaced,
    /// A version was taken back before it ruled anything.
    PolicyWithdrawn,
    /// It was decided what becomes of a version that ends.
    PolicyDecided,
    /// A way out of the service was set.
    ChannelSet,
    /// A test message was sent.
    ChannelTested,
}

impl Action {
    /// Every action, for tables and tests.
    pub const ALL: [Self; 63] = [
        Self::SignedIn,
        Self::SignInRefused,
        Self::SignedOut,
        Self::PasswordChanged,
        Self::UserCreated,
        Self::ImportRun,
        Self::DeliveryReplayed,
        Self::EvidencePackMade,
        Self::ExportMade,
        Self::HoldReleased,
        Self::CalendarAdded,
        Self::CalendarRemoved,
        Self::ReplanProposed,
        Self::ReplanApplied,
        Self::ReplanApproved,
        Self::ReplanRejected,
        Self::TicketFiled,
        Self::TicketActed,
        Self::ShortageReplied,
        Self::NoticeRead,
        Self::DraftKept,
        Self::DraftDiscarded,
        Self::LanguageChanged,
        Self::DemoClockMoved,
        Self::HoldBegun,
        Self::ZoneRulesChanged,
        Self::BackupRestored,
        Self::AuditTrimmed,
        Self::AuditKeyChanged,
        Self::OrganisationCreated,
        Self::OrganisationChanged,
        Self::OrganisationSuspended,
        Self::OrganisationResumed,
        Self::OrganisationMerged,
        Self::UserChanged,
        Self::UserSuspended,
        Self::UserResumed,
        Self::RoleChanged,
        Self::PasswordReset,
        Self::LinkSent,
        Self::LinkRevoked,
        Self::LinkOpened,
        Self::ContactCreated,
        Self::ContactChanged,
        Self::ContactRemoved,
        Self::ContactCodeSent,
        Self::ContactVerified,
        Self::ProductCreated,
        Self::ProductChanged,
        Self::ProductSuspended,
        Self::ProductResumed,
        Self::AgreementCreated,
        Self::AgreementChanged,
        Self::AgreementSuspended,
        Self::AgreementResumed,
        Self::TemplateReplaced,
        Self::TemplateRestored,
        Self::PolicyCreated,
        Self::PolicyReplaced,
        Self::PolicyWithdrawn,
        Self::PolicyDecided,
        Self::ChannelSet,
        Self::ChannelTested,
    ];

    /// The stable name.
    #[must_use]
    #[expect(clippy::too_many_lines, reason = "a table, one line for each")]
    pub fn name(self) -> &'static str {
        match self {
            Self::SignedIn => "signed_in",
            Self::SignInRefused => "sign_in_refused",
            Self::SignedOut => "signed_out",
            Self::PasswordChanged => "password_changed",
            Self::UserCreated => "user_created",
            Self::ImportRun => "import_run",
            Self::DeliveryReplayed => "delivery_replayed",
            Self::EvidencePackMade => "evidence_pack_made",
            Self::ExportMade => "export_made",
            Self::HoldReleased => "hold_released",
            Self::CalendarAdded => "calendar_added",
            Self::CalendarRemoved => "calendar_removed",
            Self::ReplanProposed => "replan_proposed",
            Self::ReplanApplied => "replan_applied",
            Self::ReplanApproved => "replan_approved",
            Self::ReplanRejected => "replan_rejected",
            Self::TicketFiled => "ticket_filed",
            Self::TicketActed => "ticket_acted",
            Self::ShortageReplied => "shortage_replied",
            Self::NoticeRead => "notice_read",
            Self::DraftKept => "draft_kept",
            Self::DraftDiscarded => "draft_discarded",
            Self::LanguageChanged => "language_changed",
            Self::DemoClockMoved => "demo_clock_moved",
            Self::HoldBegun => "hold_begun",
            Self::ZoneRulesChanged => "zone_rules_changed",
            Self::BackupRestored => "backup_restored",
            Self::AuditTrimmed => "audit_trimmed",
            Self::AuditKeyChanged => "audit_key_changed",
            Self::OrganisationCreated => "organisation_created",
            Self::OrganisationChanged => "organisation_changed",
            Self::OrganisationSuspended => "organisation_suspended",
            Self::OrganisationResumed => "organisation_resumed",
            Self::OrganisationMerged => "organisation_merged",
            Self::UserChanged => "user_changed",
            Self::UserSuspended => "user_suspended",
            Self::UserResumed => "user_resumed",
            Self::RoleChanged => "role_changed",
            Self::PasswordReset => "password_reset",
            Self::LinkSent => "link_sent",
            Self::LinkRevoked => "link_revoked",
            Self::LinkOpened => "link_opened",
            Self::ContactCreated => "contact_created",
            Self::ContactChanged => "contact_changed",
            Self::ContactRemoved => "contact_removed",
            Self::ContactCodeSent => "contact_code_sent",
            Self::ContactVerified => "contact_verified",
            Self::ProductCreated => "product_created",
            Self::ProductChanged => "product_changed",
            Self::ProductSuspended => "product_suspended",
            Self::ProductResumed => "product_resumed",
            Self::AgreementCreated => "agreement_created",
            Self::AgreementChanged => "agreement_changed",
            Self::AgreementSuspended => "agreement_suspended",
            Self::AgreementResumed => "agreement_resumed",
            Self::TemplateReplaced => "template_replaced",
            Self::TemplateRestored => "template_restored",
            Self::PolicyCreated => "policy_created",
            Self::PolicyReplaced => "policy_replaced",
            Self::PolicyWithdrawn => "policy_withdrawn",
            Self::PolicyDecided => "policy_decided",
            Self::ChannelSet => "channel_set",
            Self::ChannelTested => "channel_tested",
        }
    }
}

/// Where a request came from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Origin {
    /// The client's address, or [`Origin::command_line`]'s.
    pub address: Option<String>,
}

impl Origin {
    /// The service itself, when nobody asked.
    #[must_use]
    pub fn service() -> Self {
        Self { address: Some("service".to_owned()) }
    }

    /// Whoever operates the service, on its own machine.
    #[must_use]
    pub fn command_line() -> Self {
        Self { address: Some("command line".to_owned()) }
    }
}

/// An entry about to be written.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// When, by the clock on the wall: the demo's business time is no proof of anything.
    pub at: DateTime<Utc>,
    /// Who, where they are known.
    pub user: Option<UserId>,
    /// What they type, or typed, to sign in.
    pub username: Option<String>,
    /// For whom.
    pub organisation: Option<OrganisationId>,
    /// As what.
    pub role: Option<Role>,
    /// From where.
    pub origin: Origin,
    /// What was done.
    pub action: Action,
    /// To what.
    pub subject: Option<String>,
    /// What else matters of it.
    pub detail: Value,
}

impl Entry {
    /// An entry about somebody who is signed in.
    #[must_use]
    pub fn by(scope: &Scope, action: Action, at: DateTime<Utc>) -> Self {
        let actor = scope.actor();
        Self {
            user: Some(actor.user),
            username: scope.username().map(str::to_owned),
            organisation: Some(actor.organisation.id),
            role: Some(actor.role),
            ..Self::unnamed(scope.origin().clone(), action, at)
        }
    }

    /// An entry about nobody who is known.
    #[must_use]
    pub fn unnamed(origin: Origin, action: Action, at: DateTime<Utc>) -> Self {
        Self {
            at,
            user: None,
            username: None,
            organisation: None,
            role: None,
            origin,
            action,
            subject: None,
            detail: Value::Object(serde_json::Map::new()),
        }
    }

    /// The same, about this thing.
    #[must_use]
    pub fn about(self, subject: impl std::fmt::Display) -> Self {
        Self { subject: Some(subject.to_string()), ..self }
    }

    /// The same, saying this besides: an object.
    #[must_use]
    pub fn with(self, detail: Value) -> Self {
        Self { detail, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_action_is_stored_by_its_name() {
        for action in Action::ALL {
            assert_eq!(serde_json::to_value(action).expect("a word"), action.name());
        }
    }
}

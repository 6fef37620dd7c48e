//! Asking a bureau for a return, an extension or a stop of the clocks, and bringing in a
//! distributor.
//!
//! **Never** lets the asking move anything: the clocks run on until a bureau has decided.

use chrono::NaiveDate;

use super::deadline::DeadlineKind;
use super::decide::{Draft, by};
use super::event::{EventData, Party, Tell};
use super::refusal::Refusal;
use super::request::{Request, Topic};
use crate::domain::calendar::local_date;
use crate::domain::escalation::find_bureau;
use crate::domain::id::{AttachmentId, OrganisationId};
use crate::domain::notice::Kind;
use crate::domain::party::Actor;

/// What a bureau is asked.
pub(super) struct Asking {
    pub(super) topic: Topic,
    pub(super) day: Option<NaiveDate>,
    pub(super) reason: String,
    pub(super) evidence: Vec<AttachmentId>,
}

impl Draft<'_> {
    pub(super) fn ask_return(&mut self, actor: &Actor, reason: String) {
        let topic = Topic::Return;
        self.ask(Some(actor), Asking { topic, day: None, reason, evidence: Vec::new() });
    }

    pub(super) fn ask_extension(
        &mut self,
        actor: &Actor,
        until: NaiveDate,
        (reason, evidence): (String, Vec<AttachmentId>),
    ) -> Result<(), Refusal> {
        let invalid = |code, message| Refusal::Invalid { field: "until", code, message };
        let due_on = self.resolve_limit()?.unwrap_or_else(|| local_date(self.at));
        if until <= due_on {
            return Err(invalid(
                "not_later",
                format!("an extension reaches beyond the present due day, {due_on}"),
            ));
        }
        let within = self.rules.policy.extension_within;
        let limit = self.rules.calendar.nth_working_day_after(due_on, within)?;
        if until > limit {
            return Err(invalid(
                "beyond_limit",
                format!("an extension may reach {limit} at the latest, {within} working days on"),
            ));
        }
        let topic = Topic::Extension;
        self.ask(Some(actor), Asking { topic, day: Some(until), reason, evidence });
        Ok(())
    }

    pub(super) fn ask_stop(
        &mut self,
        actor: &Actor,
        expected_end: NaiveDate,
        (reason, evidence): (String, Vec<AttachmentId>),
    ) -> Result<(), Refusal> {
        let today = local_date(self.at);
        if expected_end < today {
            return Err(Refusal::Invalid {
                field: "expected_end",
                code: "in_the_past",
                message: format!("the expected end cannot lie before today, {today}"),
            });
        }
        // A day from which nothing can be counted would only be noticed at the resumption.
        self.rules.calendar.nth_working_day_after(expected_end, 1)?;
        let topic = Topic::ForceMajeure;
        self.ask(Some(actor), Asking { topic, day: Some(expected_end), reason, evidence });
        Ok(())
    }

    /// Puts a question to the first-rung bureau; the clock asks about a silent hospital.
    pub(super) fn ask(&mut self, actor: Option<&Actor>, asking: Asking) {
        let Asking { topic, day, reason, evidence } = asking;
        let bureau = self.first_rung();
        let asked = self.change.ticket.requests.len();
        let ordinal = u16::try_from(asked).unwrap_or(u16::MAX).saturating_add(1);
        let by = actor.and_then(by);
        self.change.ticket.requests.push(Request {
            ordinal,
            topic,
            day,
            reason: reason.clone(),
            at: self.at,
            by,
            bureau,
            outcome: None,
        });
        let kind = match topic {
            Topic::Return => Kind::ReturnAsked,
            Topic::Extension => Kind::ExtensionAsked,
            Topic::ForceMajeure | Topic::Resume => Kind::ForceMajeureAsked,
            Topic::Silence => Kind::Silent,
        };
        let hospital = Tell { kind, to: Party::Hospital };
        let bureau = bureau.map(|bureau| Tell { kind, to: Party::Bureau(bureau) });
        let tells = std::iter::once(hospital).chain(bureau).collect();
        let brief = self.brief_of(&[DeadlineKind::Resolve]);
        let data = EventData::Requested { ordinal, topic, day, reason, evidence };
        self.record(by, data, brief, tells);
    }

    /// The bureau of the ladder's first rung, past special divisions and vacant desks.
    fn first_rung(&self) -> Option<OrganisationId> {
        let level = self.rules.policy.ladder.first()?.level;
        let (_, desk, _) = find_bureau(self.change.ticket.division, level, self.rules.desks);
        desk.map(|desk| desk.bureau)
    }

    pub(super) fn bring_in(
        &mut self,
        actor: &Actor,
        distributor: OrganisationId,
    ) -> Result<(), Refusal> {
        if self.change.ticket.distributor == Some(distributor) {
            return Err(Refusal::Invalid {
                field: "organisation_id",
                code: "unchanged",
                message: "this distributor takes part already".to_owned(),
            });
        }
        let before = self.change.ticket.distributor.replace(distributor);
        let tells = [Party::Distributor, Party::Hospital];
        let tells = tells.map(|to| Tell { kind: Kind::Distributor, to }).to_vec();
        let brief = self.brief_of(&[DeadlineKind::Reply, DeadlineKind::Resolve]);
        self.record(by(actor), EventData::Distributor { before, distributor }, brief, tells);
        Ok(())
    }
}

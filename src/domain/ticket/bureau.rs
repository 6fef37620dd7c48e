//! What a bureau does with an escalation it holds.
//!
//! **Never** lets another bureau act on it, whoever is above.

use super::act::TakeMeasure;
use super::admit::admit_holder;
use super::deadline::{Deadline, DeadlineKind};
use super::decide::{Draft, by};
use super::event::{Brief, EventData, Party, Tell};
use super::kind::ActKind;
use super::refusal::Refusal;
use crate::domain::calendar::local_date;
use crate::domain::escalation::{Escalation, Measure};
use crate::domain::id::EscalationId;
use crate::domain::notice::Kind;
use crate::domain::party::{Actor, Level};

impl Draft<'_> {
    pub(super) fn acknowledge(
        &mut self,
        actor: &Actor,
        id: EscalationId,
        note: Option<String>,
    ) -> Result<(), Refusal> {
        let at = self.at;
        let escalation = self.held_by(actor, id, ActKind::Acknowledge)?;
        escalation.acknowledged_at = Some(at);
        let (level, ordinal) = (escalation.level, escalation.ordinal);
        self.done_ordinal(DeadlineKind::Acknowledge, ordinal);
        let tells = self.decided(Kind::Acknowledged);
        let brief = self.brief_of_bureau(level, actor);
        self.record(by(actor), EventData::Acknowledged { level, note }, brief, tells);
        Ok(())
    }

    pub(super) fn measure(
        &mut self,
        actor: &Actor,
        id: EscalationId,
        measure: TakeMeasure,
    ) -> Result<(), Refusal> {
        let at = self.at;
        let today = local_date(at);
        let taken = self.change.ticket.escalations.iter().map(|e| e.measures.len()).sum::<usize>();
        let ordinal = u16::try_from(taken).unwrap_or(u16::MAX).saturating_add(1);
        let escalation = self.held_by(actor, id, ActKind::Measure)?;
        if measure.due_on.is_some_and(|due_on| due_on < today) {
            return Err(Refusal::Invalid {
                field: "due_on",
                code: "in_the_past",
                message: format!("the day to comply by cannot lie before today, {today}"),
            });
        }
        let (level, rung) = (escalation.level, escalation.ordinal);
        escalation.measures.push(Measure {
            ordinal,
            kind: measure.kind,
            text: measure.text.clone(),
            due_on: measure.due_on,
            at,
            by: actor.user,
        });
        self.done_ordinal(DeadlineKind::Acknowledge, rung);
        if let Some(due_on) = measure.due_on {
            self.change.ticket.deadlines.push(Deadline::on_date(
                DeadlineKind::Measure,
                ordinal,
                at,
                due_on,
                self.rules,
            ));
        }
        let TakeMeasure { kind, text, due_on } = measure;
        let tells = self.decided(Kind::Measure);
        let brief = self.brief_of_bureau(level, actor);
        self.record(
            by(actor),
            EventData::Measure { level, measure: kind, text, due_on },
            brief,
            tells,
        );
        Ok(())
    }

    pub(super) fn close_escalation(
        &mut self,
        actor: &Actor,
        id: EscalationId,
        conclusion: String,
    ) -> Result<(), Refusal> {
        let at = self.at;
        let escalation = self.held_by(actor, id, ActKind::CloseEscalation)?;
        escalation.closed_at = Some(at);
        escalation.climbs_at = None;
        escalation.conclusion = Some(conclusion.clone());
        let (level, ordinal) = (escalation.level, escalation.ordinal);
        let measures: Vec<u16> =
            escalation.measures.iter().map(|measure| measure.ordinal).collect();
        self.done_ordinal(DeadlineKind::Acknowledge, ordinal);
        for deadline in &mut self.change.ticket.deadlines {
            if deadline.kind == DeadlineKind::Measure && measures.contains(&deadline.ordinal) {
                deadline.stop();
            }
        }
        let tells = self.decided(Kind::EscalationClosed);
        let brief = self.brief_of_bureau(level, actor);
        self.record(by(actor), EventData::EscalationClosed { level, conclusion }, brief, tells);
        Ok(())
    }

    /// The open escalation `id`, if the actor's bureau holds it.
    fn held_by(
        &mut self,
        actor: &Actor,
        id: EscalationId,
        act: ActKind,
    ) -> Result<&mut Escalation, Refusal> {
        admit_holder(&self.change.ticket, actor, act, id)?;
        let mut escalations = self.change.ticket.escalations.iter_mut();
        escalations.find(|escalation| escalation.id == id).ok_or(Refusal::Forbidden(act))
    }

    /// A bureau's decision is told to both parties.
    fn decided(&self, kind: Kind) -> Vec<Tell> {
        let parties = [Party::Manufacturer, Party::Hospital, Party::Distributor];
        parties.map(|to| Tell { kind, to }).to_vec()
    }

    fn brief_of_bureau(&self, level: Level, actor: &Actor) -> Brief {
        Brief {
            level: Some(level),
            bureau: Some(actor.organisation.name.clone()),
            ..self.brief_of(&[DeadlineKind::Measure])
        }
    }
}

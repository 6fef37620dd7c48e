//! Replaying the sample's tickets through the use cases.
//!
//! **Never** writes a ticket's row itself: the rules do, at the time of the act.

use std::collections::HashMap;
use std::sync::Arc;

use anyhow::Context as _;
use chrono::{DateTime, Datelike as _, Days, NaiveDate, NaiveTime, TimeDelta, Utc};
use serde::Deserialize;

use super::province::{Person, Province};
use crate::domain::calendar::{Calendar, at_time, local_date};
use crate::domain::escalation::MeasureKind;
use crate::domain::id::{EscalationId, TicketId};
use crate::domain::policy::Urgency;
use crate::domain::ticket::{
    Act, Audience, Category, Cause, Confirm, Contact, Rating, Reply, Report, TakeMeasure, Verdict,
};
use crate::jobs::Engine;
use crate::service::tickets::{self, Filing, TicketView};
use crate::service::{App, Error, Once, Rendered, accounts};
use crate::shipped;

#[derive(Debug, Clone, Deserialize)]
struct Story {
    hospital: String,
    product: String,
    category: Category,
    urgency: Urgency,
    summary: String,
    description: String,
    quantity_short: i64,
    unit: String,
    days_of_stock: Option<i64>,
    order_refs: Vec<String>,
    contact: Contact,
    filed_days_ago_working: u16,
    steps: Vec<StoryStep>,
}

#[derive(Debug, Clone, Deserialize)]
struct StoryStep {
    #[serde(default)]
    after_working_days: u16,
    #[serde(flatten)]
    act: StoryAct,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "act", rename_all = "snake_case")]
enum StoryAct {
    Reply {
        cause: Cause,
        promise_in_working_days: u16,
        promised_quantity: i64,
        message: String,
    },
    Promise {
        promise_in_working_days: u16,
        promised_quantity: i64,
        reason: String,
    },
    Solve {
        message: String,
        delivered_quantity: i64,
    },
    Confirm {
        result: Verdict,
        remaining_quantity: Option<i64>,
        rating: Option<Rating>,
        comment: Option<String>,
    },
    Withdraw {
        reason: String,
    },
    Urge {
        reason: String,
    },
    Escalate {
        reason: String,
    },
    Message {
        by: Writer,
        body: String,
        audience: Audience,
    },
    Acknowledge {
        note: Option<String>,
    },
    Measure {
        kind: MeasureKind,
        text: String,
    },
    CloseEscalation {
        conclusion: String,
    },
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Writer {
    Hospital,
    Manufacturer,
    Bureau,
}

/// The sample's acts in the order of their times. Nothing of it happens after now.
pub(super) struct Script {
    stories: Vec<Story>,
    /// Time, story, step; no step = the filing.
    acts: Vec<(DateTime<Utc>, usize, Option<usize>)>,
    calendar: Calendar,
}

/// What was played.
#[derive(Debug, Default)]
pub(super) struct Played {
    pub(super) tickets: usize,
    pub(super) refused: usize,
}

/// The first filing of a day is at this time; the others follow, minutes apart.
const MORNING: NaiveTime = match NaiveTime::from_hms_opt(9, 20, 0) {
    Some(time) => time,
    None => NaiveTime::MIN,
};
/// Minutes between filings, and between the steps of a ticket on one day.
const BETWEEN_FILINGS: i64 = 4;
const BETWEEN_STEPS: i64 = 35;

pub(super) fn script(_province: &Province, now: DateTime<Utc>) -> anyhow::Result<Script> {
    let text = shipped::text("demo/tickets.json")?;
    let stories: Vec<Story> =
        serde_json::from_str(&text).context("demo/tickets.json cannot be read")?;
    let calendar = Calendar::layered("demo", &[&shipped::nation()?]);
    let today = last_day_begun(&calendar, now);
    let mut acts = Vec::new();
    for (index, story) in stories.iter().enumerate() {
        let offset = TimeDelta::minutes(i64::try_from(index)? * BETWEEN_FILINGS);
        let day = working_days_before(&calendar, today, story.filed_days_ago_working);
        let mut at = at_time(day, MORNING) + offset;
        if story.urgency == Urgency::Emergency && story.filed_days_ago_working == 0 {
            at = at.max(now - TimeDelta::hours(1));
        }
        acts.push((at, index, None));
        for (number, step) in story.steps.iter().enumerate() {
            let day = calendar.nth_working_day_after(local_date(at), step.after_working_days)?;
            let morning = at_time(day, MORNING) + offset;
            let earliest =
                acts.last().map_or(at, |(last, ..)| *last) + TimeDelta::minutes(BETWEEN_STEPS);
            acts.push((morning.max(earliest), index, Some(number)));
        }
    }
    acts.retain(|(at, ..)| *at <= now);
    acts.sort();
    Ok(Script { stories, acts, calendar })
}

/// The last working day whose acts lie in the past.
fn last_day_begun(calendar: &Calendar, now: DateTime<Utc>) -> NaiveDate {
    let evening = now - TimeDelta::hours(8);
    working_days_before(calendar, local_date(evening) + Days::new(1), 1)
}

fn working_days_before(calendar: &Calendar, from: NaiveDate, days: u16) -> NaiveDate {
    let mut day = from;
    let mut left = days;
    while left > 0 && day.year() > 2000 {
        day = day - Days::new(1);
        if calendar.is_working(day) {
            left -= 1;
        }
    }
    day
}

impl Script {
    /// When the first act happens.
    pub(super) fn begins_at(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        self.acts.first().map_or(now, |(at, ..)| *at)
    }
}

pub(super) async fn run(
    engine: &Engine,
    province: &Province,
    script: Script,
    now: DateTime<Utc>,
) -> anyhow::Result<Played> {
    let mut filed: HashMap<usize, TicketId> = HashMap::new();
    let mut played = Played::default();
    for (at, index, step) in &script.acts {
        engine.advance_to(*at).await?;
        let Some(story) = script.stories.get(*index) else { continue };
        let step = step.and_then(|step| story.steps.get(step));
        let outcome = match (step, filed.get(index)) {
            (None, _) => file(engine.app(), province, story).await.map(|id| {
                filed.insert(*index, id);
                played.tickets += 1;
            }),
            (Some(step), Some(id)) => {
                let scene = Scene { province, story, calendar: &script.calendar, at: *at, id: *id };
                scene.play(engine.app(), &step.act).await
            }
            (Some(_), None) => Ok(()),
        };
        if let Err(error) = outcome {
            tracing::warn!(%error, summary = story.summary, "the rules refused a sample act");
            played.refused += 1;
        }
    }
    engine.advance_to(now).await?;
    Ok(played)
}

fn answer_nothing() -> Once<TicketView> {
    let render = |_: &TicketView| Rendered { status: 200, etag: None, body: String::new() };
    Once { key: None, expected_version: None, render: Arc::new(render) }
}

async fn file(app: &App, province: &Province, story: &Story) -> Result<TicketId, Error> {
    let person = province.people.get(&story.hospital).ok_or(Error::NotFound)?;
    let scope = accounts::on_behalf_of(app, &person.username).await?;
    let filing = Filing {
        product_code: story.product.clone(),
        urgency: story.urgency,
        report: Report {
            category: story.category,
            summary: story.summary.clone(),
            description: story.description.clone(),
            quantity_short: story.quantity_short,
            unit: story.unit.clone(),
            days_of_stock: story.days_of_stock,
            order_refs: story.order_refs.clone(),
            contact: story.contact.clone(),
        },
        follows: None,
    };
    let read = Arc::new(move || Ok(filing.clone()));
    let render =
        |view: &TicketView| Rendered { status: 201, etag: None, body: view.ticket.id.to_string() };
    let once = Once { key: None, expected_version: None, render: Arc::new(render) };
    let answered = tickets::file(app, &scope, read, once).await?;
    answered.answer.body.parse().map_err(|_not_an_id| Error::NotFound)
}

/// A ticket of the sample at the time of an act.
struct Scene<'a> {
    province: &'a Province,
    story: &'a Story,
    calendar: &'a Calendar,
    at: DateTime<Utc>,
    id: TicketId,
}

impl Scene<'_> {
    async fn play(&self, app: &App, act: &StoryAct) -> Result<(), Error> {
        let (code, escalation) = self.actor_of(app, act).await?;
        let person = self.province.people.get(&code).ok_or(Error::NotFound)?;
        let scope = accounts::on_behalf_of(app, &person.username).await?;
        let act = self.act_of(act, person, escalation)?;
        let kind = act.kind();
        let read = Arc::new(move || Ok(act.clone()));
        tickets::act(app, &scope, self.id, kind, read, answer_nothing()).await.map(|_answer| ())
    }

    /// The code of the organisation that acts, and the escalation it acts on.
    async fn actor_of(
        &self,
        app: &App,
        act: &StoryAct,
    ) -> Result<(String, Option<EscalationId>), Error> {
        let maker = || self.province.makers.get(&self.story.product).cloned();
        let code = match act {
            StoryAct::Reply { .. } | StoryAct::Promise { .. } | StoryAct::Solve { .. } => maker(),
            StoryAct::Message { by: Writer::Manufacturer, .. } => maker(),
            StoryAct::Confirm { .. }
            | StoryAct::Withdraw { .. }
            | StoryAct::Urge { .. }
            | StoryAct::Escalate { .. }
            | StoryAct::Message { by: Writer::Hospital, .. } => Some(self.story.hospital.clone()),
            StoryAct::Message { by: Writer::Bureau, .. } => {
                self.province.bureaus.get(&self.story.hospital).cloned()
            }
            StoryAct::Acknowledge { .. }
            | StoryAct::Measure { .. }
            | StoryAct::CloseEscalation { .. } => return self.bureau(app).await,
        };
        Ok((code.ok_or(Error::NotFound)?, None))
    }

    async fn bureau(&self, app: &App) -> Result<(String, Option<EscalationId>), Error> {
        let person = self.province.people.get(&self.story.hospital).ok_or(Error::NotFound)?;
        let scope = accounts::on_behalf_of(app, &person.username).await?;
        let view = tickets::get(app, &scope, self.id).await?;
        let open = view.ticket.open_escalation().ok_or(Error::NotFound)?;
        let bureau = open.bureau.and_then(|bureau| self.province.codes.get(&bureau));
        Ok((bureau.cloned().ok_or(Error::NotFound)?, Some(open.id)))
    }

    fn act_of(
        &self,
        act: &StoryAct,
        person: &Person,
        escalation: Option<EscalationId>,
    ) -> Result<Act, Error> {
        let promised_on =
            |days: u16| self.calendar.nth_working_day_after(local_date(self.at), days);
        let on = || escalation.ok_or(Error::NotFound);
        Ok(match act.clone() {
            StoryAct::Reply { cause, promise_in_working_days, promised_quantity, message } => {
                Act::Reply(Reply {
                    cause,
                    promised_on: promised_on(promise_in_working_days)?,
                    promised_quantity,
                    message,
                    contact: Contact { name: person.name.clone(), phone: person.phone.clone() },
                })
            }
            StoryAct::Promise { promise_in_working_days, promised_quantity, reason } => {
                Act::Promise {
                    promised_on: promised_on(promise_in_working_days)?,
                    promised_quantity,
                    reason,
                }
            }
            StoryAct::Solve { message, delivered_quantity } => {
                Act::Solve { message, delivered_quantity, evidence: Vec::new() }
            }
            StoryAct::Confirm { result, remaining_quantity, rating, comment } => {
                Act::Confirm(Confirm { result, remaining_quantity, rating, comment })
            }
            StoryAct::Withdraw { reason } => Act::Withdraw { reason },
            StoryAct::Urge { reason } => Act::Urge { reason },
            StoryAct::Escalate { reason } => Act::Escalate { reason },
            StoryAct::Message { body, audience, .. } => Act::Message { body, audience },
            StoryAct::Acknowledge { note } => Act::Acknowledge { escalation: on()?, note },
            StoryAct::Measure { kind, text } => Act::Measure {
                escalation: on()?,
                measure: TakeMeasure { kind, text, due_on: None },
            },
            StoryAct::CloseEscalation { conclusion } => {
                Act::CloseEscalation { escalation: on()?, conclusion }
            }
        })
    }
}

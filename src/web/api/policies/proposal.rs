//! A proposed version of the time-limit rules, as it arrives.
//!
//! **Never** judges whether the rules make sense; that is the domain's.

use serde::{Deserialize, Deserializer};
use utoipa::ToSchema;
use uuid::Uuid;

use super::settings::{QuietBody, WarningsBody, WindowBody, office, time};
use crate::domain::calendar::{Counting, Target};
use crate::domain::id::PolicyId;
use crate::domain::party::{Division, Level};
use crate::domain::policy::{CalendarLayer, Policy, ResolveFrom, Rung, ShortageThreshold, Targets};
use crate::service::policies::Proposal;
use crate::service::{Error, FieldError};
use crate::web::api::filing::LONGEST_REASON;
use crate::web::api::words;
use crate::web::check::Check;
use crate::web::extract::Form;
use crate::web::json::Object;

/// Days and hours lie between these; what is zero is judged by what it means.
const SPAN: std::ops::RangeInclusive<i64> = 0..=1_000;
/// The longest name, and the longest name of a document, in characters.
const LONGEST_NAME: usize = 100;
pub(super) const LONGEST_SOURCE: usize = 500;
/// More rungs than there are levels are refused by the ladder's rules; these are read at all.
const MOST_RUNGS: usize = 10;

/// A version of the rules for a region, from a day on. What is left out is as the nation's rule
/// has it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct NewPolicy {
    /// The name people know.
    name: String,
    /// Where it rules; null = the whole nation, wherever no regional policy does.
    #[schema(example = "370000")]
    division: Option<String>,
    /// First filing date it rules.
    #[schema(value_type = chrono::NaiveDate)]
    effective_from: String,
    /// Last filing date it rules; null = no end.
    #[schema(value_type = Option<chrono::NaiveDate>)]
    effective_to: Option<String>,
    /// The document it comes from.
    source: String,
    /// Why it is made; needed where it begins in the past.
    reason: Option<String>,
    /// The kinds of problem it rules; none = all.
    #[schema(schema_with = words::categories)]
    categories: Option<Vec<String>>,
    #[schema(value_type = NewTargets)]
    ordinary: Object<NewTargets>,
    #[schema(value_type = NewTargets)]
    emergency: Object<NewTargets>,
    /// When the clock of the solution starts.
    #[schema(schema_with = words::resolve_from)]
    resolve_from: Option<String>,
    #[schema(value_type = Option<NewCounting>)]
    counting: Option<Object<NewCounting>>,
    /// Working days a promise may reach from the act once the resolve limit has passed.
    late_promise_within: Option<i64>,
    /// Working days beyond the due day that an extension may reach; 0 = none is given.
    extension_within: Option<i64>,
    /// Working days after a reported solution until a silent hospital is reminded.
    remind_hospital_after: Option<i64>,
    /// Working days after a reported solution until a bureau decides for a silent hospital.
    decide_silence_after: Option<i64>,
    /// When a shortage event is the province's affair; null = never.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<NewThreshold>)]
    shortage_alarm: Option<Option<Object<NewThreshold>>>,
    /// When somebody is warned.
    #[schema(value_type = Option<WarningsBody>)]
    warnings: Option<Object<WarningsBody>>,
    /// When nothing leaves that is not urgent; null = it leaves at any time.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<QuietBody>)]
    quiet_hours: Option<Option<Object<QuietBody>>>,
    /// Down to which layer of the calendar days are taken from.
    #[schema(schema_with = words::calendar_layer)]
    calendar_layer: Option<String>,
    /// First rung first.
    #[schema(value_type = Vec<NewRung>)]
    ladder: Vec<Object<NewRung>>,
}

/// The two targets a ticket is judged by.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct NewTargets {
    #[schema(value_type = NewTarget)]
    reply: Object<NewTarget>,
    #[schema(value_type = NewTarget)]
    resolve: Object<NewTarget>,
}

/// How long a party has: exactly one of them.
#[derive(Debug, Default, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct NewTarget {
    /// So many working days after the filing day.
    working_days: Option<i64>,
    /// So many hours, which no holiday stops.
    elapsed_hours: Option<i64>,
    /// So many office hours of working days.
    working_hours: Option<i64>,
}

/// How working days are counted.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct NewCounting {
    /// When the last day ends, like 17:30; null = 24:00.
    #[schema(example = "17:30")]
    due_time: Option<String>,
    /// A filing after it counts as the next day's; null = none does.
    #[schema(example = "16:00")]
    cutoff_time: Option<String>,
    /// One to three stretches of a working day; 09:00–12:00 and 13:00–17:00 where they are left out.
    #[schema(value_type = Option<Vec<WindowBody>>)]
    office_hours: Option<Vec<Object<WindowBody>>>,
}

/// How far a shortage event must reach.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct NewThreshold {
    hospitals: i64,
    cities: i64,
}

/// Who steps in, and when the next rung is entered.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct NewRung {
    #[schema(schema_with = words::level)]
    level: String,
    /// Working days for the bureau to acknowledge or act.
    acknowledge_within: i64,
    /// Working days after entry by which the ticket must be closed.
    close_within: i64,
    /// Who is told beside the bureau; the manufacturer and the hospital where it is left out.
    #[schema(schema_with = words::told_all)]
    told: Option<Vec<String>>,
    /// On which channels beside the in-app mailbox; null = as each party is told of an escalation.
    #[schema(schema_with = words::channels)]
    channels: Option<Vec<String>>,
}

/// A member that may be null, told from one that is left out.
fn given<'de, D, T>(deserializer: D) -> Result<Option<Option<T>>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    Option::<T>::deserialize(deserializer).map(Some)
}

impl NewPolicy {
    /// Reads it off a body.
    pub(in crate::web) fn read(form: &Form) -> Result<Proposal, Error> {
        Ok(form.read::<Self>()?.checked())
    }

    /// What it proposes, with everything that is wrong with the values.
    pub(super) fn checked(self) -> Proposal {
        let mut check = Check::default();
        let own = Policy::national();
        let reason = check.optional_block("reason", self.reason.as_deref(), LONGEST_REASON);
        let counting = self.counting.map(|counting| counting.0).unwrap_or_default();
        let mut number = |field: &str, value: Option<i64>, default: u16| {
            value.map_or(default, |value| span(&mut check, field, value))
        };
        let late_promise_within =
            number("late_promise_within", self.late_promise_within, own.late_promise_within);
        let extension_within =
            number("extension_within", self.extension_within, own.extension_within);
        let remind_hospital_after =
            number("remind_hospital_after", self.remind_hospital_after, own.remind_hospital_after);
        let decide_silence_after =
            number("decide_silence_after", self.decide_silence_after, own.decide_silence_after);
        let policy = Policy {
            id: PolicyId(Uuid::nil()),
            version: String::new(),
            name: check.line("name", &self.name, LONGEST_NAME),
            division: self.division.as_deref().and_then(|code| division(&mut check, code)),
            effective_from: check.date("effective_from", &self.effective_from),
            effective_to: self.effective_to.map(|date| check.date("effective_to", &date)),
            source: check.line("source", &self.source, LONGEST_SOURCE),
            ordinary: targets(&mut check, "ordinary", &self.ordinary.0),
            emergency: targets(&mut check, "emergency", &self.emergency.0),
            resolve_from: self
                .resolve_from
                .and_then(|word| check.word::<ResolveFrom>("resolve_from", &word))
                .unwrap_or_default(),
            counting: read_counting(&mut check, counting),
            late_promise_within,
            extension_within,
            remind_hospital_after,
            decide_silence_after,
            shortage_alarm: match self.shortage_alarm {
                Some(alarm) => alarm.map(|alarm| threshold(&mut check, &alarm.0)),
                None => own.shortage_alarm,
            },
            warnings: WarningsBody::read(&mut check, self.warnings),
            quiet_hours: match self.quiet_hours {
                Some(quiet) => quiet.and_then(|quiet| QuietBody::read(&mut check, &quiet.0)),
                None => own.quiet_hours,
            },
            calendar_layer: self
                .calendar_layer
                .and_then(|word| check.word::<CalendarLayer>("calendar_layer", &word))
                .unwrap_or_default(),
            ladder: ladder(&mut check, &self.ladder),
            categories: several(&mut check, "categories", &self.categories.unwrap_or_default()),
            ..own
        };
        Proposal { policy, reason, refused: refused(check) }
    }
}

fn read_counting(check: &mut Check, body: NewCounting) -> Counting {
    let mut at = |name: &str, text: Option<String>| {
        text.and_then(|text| time(check, &format!("counting.{name}"), &text))
    };
    Counting {
        due_time: at("due_time", body.due_time),
        cutoff_time: at("cutoff_time", body.cutoff_time),
        office: office(check, body.office_hours),
    }
}

fn threshold(check: &mut Check, body: &NewThreshold) -> ShortageThreshold {
    ShortageThreshold {
        hospitals: span(check, "shortage_alarm.hospitals", body.hospitals).into(),
        cities: span(check, "shortage_alarm.cities", body.cities).into(),
    }
}

fn refused(check: Check) -> Vec<FieldError> {
    match check.done(()) {
        Err(Error::Invalid(fields)) => fields,
        Ok(()) | Err(_) => Vec::new(),
    }
}

/// A number of days or hours.
pub(super) fn span(check: &mut Check, field: &str, value: i64) -> u16 {
    u16::try_from(check.number(field, value, SPAN)).unwrap_or(1)
}

fn division(check: &mut Check, code: &str) -> Option<Division> {
    let division = Division::parse(code).ok();
    if division.is_none() {
        check.refuse("division", "unknown", "a division is six digits, like 370000");
    }
    division
}

fn targets(check: &mut Check, name: &str, body: &NewTargets) -> Targets {
    Targets {
        reply: target(check, &format!("{name}.reply"), &body.reply.0),
        resolve: target(check, &format!("{name}.resolve"), &body.resolve.0),
    }
}

fn target(check: &mut Check, field: &str, body: &NewTarget) -> Target {
    let inner = |name: &str| format!("{field}.{name}");
    match (body.working_days, body.elapsed_hours, body.working_hours) {
        (Some(days), None, None) => Target::WorkingDays(span(check, &inner("working_days"), days)),
        (None, Some(hours), None) => {
            Target::ElapsedHours(span(check, &inner("elapsed_hours"), hours))
        }
        (None, None, Some(hours)) => {
            Target::WorkingHours(span(check, &inner("working_hours"), hours))
        }
        (None, None, None) => {
            check.refuse(field, "required", "say how long, in days or in hours");
            Target::WorkingDays(1)
        }
        (_, _, _) => {
            check.refuse(field, "ambiguous", "say it in one way only");
            Target::WorkingDays(1)
        }
    }
}

fn ladder(check: &mut Check, rungs: &[Object<NewRung>]) -> Vec<Rung> {
    if rungs.len() > MOST_RUNGS {
        check.refuse("ladder", "too_many", "there are three levels");
    }
    let mut all = Vec::new();
    for (at, Object(rung)) in rungs.iter().take(MOST_RUNGS).enumerate() {
        let field = |name: &str| format!("ladder[{at}].{name}");
        let level = check.word::<Level>(&field("level"), &rung.level);
        all.push(Rung {
            level: level.unwrap_or(Level::Province),
            acknowledge_within: span(check, &field("acknowledge_within"), rung.acknowledge_within),
            close_within: span(check, &field("close_within"), rung.close_within),
            told: match &rung.told {
                Some(words) => several(check, &field("told"), words),
                None => Rung::of(Level::City, 1, 1).told,
            },
            channels: rung.channels.as_ref().map(|w| several(check, &field("channels"), w)),
        });
    }
    all
}

/// Words of a set, each once.
fn several<T: serde::de::DeserializeOwned>(
    check: &mut Check,
    field: &str,
    words: &[String],
) -> Vec<T> {
    let mut read = Vec::new();
    for (at, word) in words.iter().enumerate() {
        let field = format!("{field}[{at}]");
        if words.iter().take(at).any(|earlier| earlier == word) {
            check.refuse(&field, "twice", "this is named already");
        } else {
            read.extend(check.word(&field, word));
        }
    }
    read
}

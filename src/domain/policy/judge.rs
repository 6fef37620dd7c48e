//! Whether a policy makes sense, and what to do where it does not.
//!
//! **Never** stops at the first mistake, and never repairs one.

use chrono::{NaiveDate, NaiveTime, TimeDelta};

use super::{Policy, ResolveFrom, Rung, Targets, Warning, prefix};
use crate::domain::calendar::{Office, Target};
use crate::domain::party::{Division, Level};

/// Quiet hours leave at least so much of a day.
const SHORTEST_DAY: TimeDelta = TimeDelta::hours(4);

/// Something wrong with a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The field, by its path on the wire, like `ordinary.reply`.
    pub field: String,
    /// A stable code.
    pub code: &'static str,
    /// For people.
    pub message: String,
}

impl Fault {
    fn new(field: impl Into<String>, code: &'static str, message: impl Into<String>) -> Self {
        Self { field: field.into(), code, message: message.into() }
    }
}

/// What a new policy is held against.
#[derive(Debug, Clone, Copy)]
pub struct Against<'a> {
    /// The versions there are.
    pub others: &'a [Policy],
    /// The version that it is to replace.
    pub replaces: Option<&'a Policy>,
    /// Today in Shanghai.
    pub today: NaiveDate,
    /// Why it is made, where somebody said so.
    pub reason: Option<&'a str>,
    /// True when the division is one of the country's.
    pub is_known_division: bool,
}

/// Everything that is wrong with a policy.
#[must_use]
pub fn check(policy: &Policy, against: &Against<'_>) -> Vec<Fault> {
    let mut faults = Vec::new();
    validity(policy, against, &mut faults);
    targets("ordinary", &policy.ordinary, policy, &mut faults);
    targets("emergency", &policy.emergency, policy, &mut faults);
    counting(policy, &mut faults);
    warnings(policy, &mut faults);
    quiet_hours(policy, &mut faults);
    promises(policy, &mut faults);
    ladder(policy, &mut faults);
    faults
}

/// Where, when and for what it rules.
fn validity(policy: &Policy, against: &Against<'_>, faults: &mut Vec<Fault>) {
    let from = policy.effective_from;
    if !against.is_known_division {
        let message = "there is no such division; see the list of divisions";
        faults.push(Fault::new("division", "unknown", message));
    }
    if let Some(end) = policy.effective_to.filter(|end| *end < from) {
        let message = format!("the last filing date {end} lies before the first, {from}");
        faults.push(Fault::new("effective_to", "before_start", message));
    }
    if from < against.today && against.reason.is_none() {
        let message = format!("it would begin before today, {}: say why", against.today);
        faults.push(Fault::new("reason", "retroactive", message));
    }
    for (at, category) in policy.categories.iter().enumerate() {
        if policy.categories.iter().take(at).any(|earlier| earlier == category) {
            let field = format!("categories[{at}]");
            faults.push(Fault::new(field, "twice", "this kind is named already"));
        }
    }
    if let Some(before) = against.replaces {
        predecessor(policy, before, faults);
    }
    if let Some(other) = against.others.iter().find(|other| collides(policy, other, against)) {
        let message = format!(
            "{} begins on {} for the same kinds of problem: end this one before it, withdraw \
             that one, or replace it",
            other.version, other.effective_from
        );
        faults.push(Fault::new("effective_from", "overlap", message));
    }
}

/// A version that replaces another is one of the same rules, and cannot begin before it.
fn predecessor(policy: &Policy, before: &Policy, faults: &mut Vec<Fault>) {
    if policy.division != before.division {
        let message = format!("{} rules {}", before.version, prefix(before.division));
        faults.push(Fault::new("division", "another_region", message));
    } else if !policy.is_of_scope(before) {
        let message = format!("{} is for other kinds of problem", before.version);
        faults.push(Fault::new("categories", "another_scope", message));
    }
    if policy.effective_from < before.effective_from {
        let first = before.effective_from;
        let message =
            format!("{} begins on {first}: withdraw it, or begin no earlier", before.version);
        faults.push(Fault::new("effective_from", "before_predecessor", message));
    }
}

/// True when nobody could say which of the two rules: another version of the same scope begins
/// while the policy rules, or both name a kind of problem among others and rule at once.
fn collides(policy: &Policy, other: &Policy, against: &Against<'_>) -> bool {
    let is_replaced = against.replaces.is_some_and(|before| before.id == other.id);
    if other.withdrawn.is_some() || is_replaced || other.division != policy.division {
        return false;
    }
    let ends_before = |end: Option<NaiveDate>, day: NaiveDate| end.is_some_and(|end| end < day);
    if ends_before(policy.effective_to, other.effective_from) {
        return false;
    }
    if policy.is_of_scope(other) {
        // One that begins earlier simply gives way.
        return policy.effective_from <= other.effective_from;
    }
    let shares = policy.categories.iter().any(|kind| other.categories.contains(kind));
    shares && !ends_before(other.effective_to, policy.effective_from)
}

/// A target in hours, a working day being 24 of them however short the office hours are.
fn nominal_hours(target: Target, office: Office) -> u32 {
    let working_day = u32::try_from(office.length().num_minutes()).unwrap_or(1);
    match target {
        Target::WorkingDays(days) => u32::from(days) * 24,
        Target::ElapsedHours(hours) => u32::from(hours),
        Target::WorkingHours(hours) => (u32::from(hours) * 24 * 60).div_ceil(working_day.max(1)),
    }
}

fn targets(name: &str, targets: &Targets, policy: &Policy, faults: &mut Vec<Fault>) {
    let office = policy.counting.office;
    for (which, target) in [("reply", targets.reply), ("resolve", targets.resolve)] {
        if nominal_hours(target, office) == 0 {
            let message = "nobody can do anything in no time";
            faults.push(Fault::new(format!("{name}.{which}"), "zero", message));
        }
    }
    let (reply, resolve) =
        (nominal_hours(targets.reply, office), nominal_hours(targets.resolve, office));
    if policy.resolve_from == ResolveFrom::Filing && resolve < reply && resolve > 0 {
        let message = "a problem cannot be due to be solved before the reply to it is due";
        faults.push(Fault::new(format!("{name}.resolve"), "shorter_than_reply", message));
    }
}

fn counting(policy: &Policy, faults: &mut Vec<Fault>) {
    for (field, time) in
        [("due_time", policy.counting.due_time), ("cutoff_time", policy.counting.cutoff_time)]
    {
        if time == Some(NaiveTime::MIN) {
            let message = "00:00 would take the whole day away; leave it empty for 24:00";
            faults.push(Fault::new(format!("counting.{field}"), "midnight", message));
        }
    }
    let opens = policy.counting.office.windows().next().map(|window| window.from);
    let due = policy.counting.due_time.filter(|due| *due != NaiveTime::MIN);
    if let (Some(due), Some(opens)) = (due, opens)
        && due <= opens
    {
        let message = format!("the last day would end before the office opens at {opens}");
        faults.push(Fault::new("counting.due_time", "before_office", message));
    }
}

/// The most working days that any time limit has.
fn longest_days(policy: &Policy) -> u16 {
    let all = [policy.ordinary, policy.emergency].into_iter();
    let days =
        all.flat_map(|targets| [targets.reply, targets.resolve]).map(|target| match target {
            Target::WorkingDays(days) => days,
            Target::ElapsedHours(_) | Target::WorkingHours(_) => 0,
        });
    days.max().unwrap_or(0).max(policy.late_promise_within)
}

fn warnings(policy: &Policy, faults: &mut Vec<Fault>) {
    let due = policy.counting.due_time;
    for (name, list) in [("days", &policy.warnings.days), ("hours", &policy.warnings.hours)] {
        for (at, warning) in list.iter().enumerate() {
            let field = format!("warnings.{name}[{at}]");
            let fault = match warning {
                Warning::OnDueDay(time) if due.is_some_and(|due| *time >= due) => {
                    Some(("after_due", "nobody is helped by a warning at or after the due time"))
                }
                Warning::DaysBefore(0) => Some(("zero", "at least one working day")),
                Warning::DaysBefore(days) if *days >= longest_days(policy) => {
                    Some(("never_comes", "no time limit is that long"))
                }
                Warning::OnDueDay(_) | Warning::DaysBefore(_) | Warning::HalfTime => None,
            };
            let fault = fault.filter(|_| due != Some(NaiveTime::MIN));
            if let Some((code, message)) = fault {
                faults.push(Fault::new(field, code, message));
            } else if list.iter().take(at).any(|earlier| earlier == warning) {
                faults.push(Fault::new(field, "twice", "this warning is there already"));
            }
        }
    }
}

fn quiet_hours(policy: &Policy, faults: &mut Vec<Fault>) {
    let Some(quiet) = policy.quiet_hours else { return };
    let open = quiet.begins - quiet.ends;
    if open < SHORTEST_DAY {
        let message = "they last from an evening to the next morning, and leave four hours a day";
        faults.push(Fault::new("quiet_hours", "quiet_too_long", message));
        return;
    }
    let hours = TimeDelta::hours(24) - open;
    for (name, target) in [("reply", policy.ordinary.reply), ("resolve", policy.ordinary.resolve)] {
        let Target::ElapsedHours(n) = target else { continue };
        if n > 0 && TimeDelta::hours(i64::from(n)) <= hours {
            let message = "the clock would run out before the quiet hours let anybody know of the \
                           ticket; emergency tickets alone are told at once";
            faults.push(Fault::new(
                format!("ordinary.{name}"),
                "swallowed_by_quiet_hours",
                message,
            ));
        }
    }
}

fn promises(policy: &Policy, faults: &mut Vec<Fault>) {
    let days = [
        ("late_promise_within", policy.late_promise_within),
        ("remind_hospital_after", policy.remind_hospital_after),
        ("decide_silence_after", policy.decide_silence_after),
    ];
    for (field, n) in days {
        if n == 0 {
            faults.push(Fault::new(field, "zero", "at least one working day"));
        }
    }
    let decides_after = policy.decide_silence_after;
    if decides_after > 0 && policy.remind_hospital_after >= decides_after {
        let message = "a hospital is reminded before a bureau decides for it";
        faults.push(Fault::new("remind_hospital_after", "not_before_decision", message));
    }
    if let Some(alarm) = policy.shortage_alarm {
        if alarm.hospitals == 0 || alarm.cities == 0 {
            faults.push(Fault::new("shortage_alarm", "zero", "at least one of each"));
        } else if alarm.cities > alarm.hospitals {
            let message = "so many cities need at least as many hospitals";
            faults.push(Fault::new("shortage_alarm.cities", "more_than_hospitals", message));
        }
    }
}

fn ladder(policy: &Policy, faults: &mut Vec<Fault>) {
    if policy.ladder.is_empty() {
        let message = "without a rung nobody steps in when a deadline is missed";
        faults.push(Fault::new("ladder", "required", message));
    }
    let mut highest: Option<Level> = None;
    for (at, rung) in policy.ladder.iter().enumerate() {
        let field = |name: &str| format!("ladder[{at}].{name}");
        if highest.is_some_and(|below| rung.level <= below) {
            let message = "each rung is of a higher level than the one before it";
            faults.push(Fault::new(field("level"), "not_above", message));
        }
        highest = highest.max(Some(rung.level));
        if let Some(message) = missing(policy.division, rung.level) {
            faults.push(Fault::new(field("level"), "no_such_level", message));
        }
        within(rung, field, faults);
    }
}

fn within(rung: &Rung, field: impl Fn(&str) -> String, faults: &mut Vec<Fault>) {
    for (name, n) in
        [("acknowledge_within", rung.acknowledge_within), ("close_within", rung.close_within)]
    {
        if n == 0 {
            faults.push(Fault::new(field(name), "zero", "at least one working day"));
        }
    }
    if rung.close_within < rung.acknowledge_within {
        let message = "a bureau cannot be late with the ticket before it had to acknowledge it";
        faults.push(Fault::new(field("close_within"), "shorter_than_acknowledge", message));
    }
}

/// Why no hospital of the region has a bureau of that level.
fn missing(region: Option<Division>, level: Level) -> Option<&'static str> {
    let region = region?;
    match level {
        Level::City if region.is_municipality() => {
            Some("a municipality directly under the centre has no city level")
        }
        Level::City if region.is_directly_under_province() => {
            Some("a county directly under a province has no city above it")
        }
        Level::County if region.is_functional_zone() => {
            Some("a functional zone has no county bureau of its own")
        }
        Level::County | Level::City | Level::Province => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::id::PolicyId;
    use crate::domain::policy::ShortageThreshold;
    use crate::domain::ticket::Category;

    fn date(text: &str) -> NaiveDate {
        text.parse().expect(text)
    }

    fn sound() -> Policy {
        Policy {
            id: PolicyId(uuid::Uuid::from_u128(9)),
            version: String::new(),
            division: Division::parse("370000").ok(),
            effective_from: date("2026-12-01"),
            ..Policy::national()
        }
    }

    fn faults_among(policy: &Policy, others: &[Policy], reason: Option<&str>) -> Vec<String> {
        let today = date("2026-11-25");
        let against = Against { others, replaces: None, today, reason, is_known_division: true };
        let faults = check(policy, &against);
        faults.iter().map(|fault| format!("{} {}", fault.field, fault.code)).collect()
    }

    fn faults(change: impl FnOnce(&mut Policy)) -> Vec<String> {
        let mut policy = sound();
        change(&mut policy);
        faults_among(&policy, &[Policy::national()], None)
    }

    #[test]
    fn a_sound_policy_passes_and_every_mistake_of_another_is_named_at_once() {
        assert!(faults(|_| {}).is_empty());
        let all = faults(|policy| {
            policy.effective_to = Some(date("2026-11-30"));
            policy.ordinary.reply = Target::WorkingDays(6);
            policy.emergency.reply = Target::ElapsedHours(0);
            policy.counting.due_time = Some(NaiveTime::MIN);
            policy.late_promise_within = 0;
            policy.ladder.clear();
        });
        let expected = [
            "effective_to before_start",
            "ordinary.resolve shorter_than_reply",
            "emergency.reply zero",
            "counting.due_time midnight",
            "late_promise_within zero",
            "ladder required",
        ];
        assert_eq!(all, expected);
    }

    #[test]
    fn what_begins_in_the_past_needs_a_reason() {
        let past = Policy { effective_from: date("2026-11-24"), ..sound() };
        assert_eq!(faults_among(&past, &[], None), ["reason retroactive"]);
        assert!(faults_among(&past, &[], Some("文件自该日起施行")).is_empty());
        assert!(faults(|policy| policy.effective_from = date("2026-11-25")).is_empty(), "today");
    }

    #[test]
    fn a_reply_later_than_the_solution_is_refused_unless_the_solution_follows_it() {
        let late = |policy: &mut Policy| {
            policy.quiet_hours = None;
            policy.ordinary.resolve = Target::ElapsedHours(47);
        };
        assert_eq!(faults(late), ["ordinary.resolve shorter_than_reply"]);
        assert!(faults(|policy| policy.ordinary.resolve = Target::ElapsedHours(48)).is_empty());
        let follows = faults(|policy| {
            late(policy);
            policy.resolve_from = ResolveFrom::Reply;
        });
        assert!(follows.is_empty());
    }

    #[test]
    fn a_ladder_goes_up_through_levels_that_exist() {
        let rung = |level| Rung { level, ..sound().ladder[0].clone() };
        let of = |division: &str, levels: &[Level]| {
            faults(|policy| {
                policy.division = Division::parse(division).ok();
                policy.ladder = levels.iter().map(|level| rung(*level)).collect();
            })
        };
        let (county, city, province) = (Level::County, Level::City, Level::Province);
        assert!(of("370000", &[county, city, province]).is_empty());
        assert!(of("370000", &[county]).is_empty());
        assert_eq!(of("370000", &[city, city]), ["ladder[1].level not_above"]);
        let down = [province, county, city];
        assert_eq!(of("370000", &down), ["ladder[1].level not_above", "ladder[2].level not_above"]);
        assert_eq!(of("110000", &[city, province]), ["ladder[0].level no_such_level"]);
        assert_eq!(of("429004", &[city]), ["ladder[0].level no_such_level"]);
        assert_eq!(of("370171", &[county, city]), ["ladder[0].level no_such_level"]);
        let short = faults(|policy| policy.ladder[0].close_within = 1);
        assert_eq!(short, ["ladder[0].close_within shorter_than_acknowledge"]);
    }

    #[test]
    fn two_versions_that_rule_the_same_at_once_are_told_apart_or_refused() {
        let other = |from: &str, to: Option<&str>, kinds: &[Category]| Policy {
            id: PolicyId(uuid::Uuid::from_u128(7)),
            version: "37-1".to_owned(),
            effective_from: date(from),
            effective_to: to.map(date),
            categories: kinds.to_vec(),
            ..sound()
        };
        let refused = |policy: &Policy, other: Policy| {
            faults_among(policy, &[other], None) == ["effective_from overlap"]
        };
        let plain = sound();
        assert!(!refused(&plain, other("2026-11-30", None, &[])), "the new one takes over");
        assert!(refused(&plain, other("2026-12-01", None, &[])), "the same day");
        assert!(refused(&plain, other("2027-01-01", None, &[])), "it would be cut short");
        let ends = Policy { effective_to: Some(date("2026-12-31")), ..sound() };
        assert!(!refused(&ends, other("2027-01-01", None, &[])));
        let (stop, price) = (Category::SupplyStop, Category::Price);
        assert!(!refused(&plain, other("2027-01-01", None, &[stop])), "narrower goes before");
        let kinds = Policy { categories: vec![stop, price], ..sound() };
        assert!(refused(&kinds, other("2026-01-01", None, &[stop])));
        assert!(!refused(&kinds, other("2026-01-01", Some("2026-11-30"), &[stop])));
        assert!(!refused(&kinds, other("2026-01-01", None, &[Category::Refusal])));
        let elsewhere = Policy { division: None, ..other("2026-12-01", None, &[]) };
        assert!(!refused(&plain, elsewhere));
    }

    #[test]
    fn a_version_replaces_one_of_the_same_rules() {
        let before = Policy { version: "37-1".to_owned(), ..sound() };
        let told = |policy: &Policy| {
            let others = [before.clone()];
            let today = date("2026-11-25");
            let replaces = Some(&before);
            let against =
                Against { others: &others, replaces, today, reason: None, is_known_division: true };
            let faults = check(policy, &against);
            faults.iter().map(|fault| format!("{} {}", fault.field, fault.code)).collect::<Vec<_>>()
        };
        assert!(told(&sound()).is_empty(), "the same day, corrected");
        let city = Policy { division: Division::parse("371000").ok(), ..sound() };
        assert_eq!(told(&city), ["division another_region"]);
        let kinds = Policy { categories: vec![Category::Price], ..sound() };
        assert_eq!(told(&kinds), ["categories another_scope"]);
        let earlier = Policy { effective_from: date("2026-11-30"), ..sound() };
        assert_eq!(told(&earlier), ["effective_from before_predecessor"]);
    }

    #[test]
    fn warnings_come_before_what_they_warn_of_and_once() {
        let time = |text: &str| text.parse().expect("a time");
        let told = faults(|policy| {
            policy.counting.due_time = Some(time("17:30:00"));
            policy.warnings.days = vec![
                Warning::OnDueDay(time("17:30:00")),
                Warning::OnDueDay(time("17:29:00")),
                Warning::DaysBefore(0),
                Warning::DaysBefore(5),
                Warning::DaysBefore(4),
                Warning::DaysBefore(4),
            ];
            policy.warnings.hours.clear();
        });
        let expected = [
            "warnings.days[0] after_due",
            "warnings.days[2] zero",
            "warnings.days[3] never_comes",
            "warnings.days[5] twice",
        ];
        assert_eq!(told, expected);
        let early = faults(|policy| policy.counting.due_time = Some(time("09:00:00")));
        assert_eq!(early, ["counting.due_time before_office", "warnings.days[0] after_due"]);
    }

    #[test]
    fn quiet_hours_are_of_the_night_and_swallow_no_limit() {
        let quiet = |begins: &str, ends: &str| {
            let (begins, ends) = (begins.parse().expect("a time"), ends.parse().expect("a time"));
            faults(|policy| {
                policy.quiet_hours = Some(crate::domain::policy::QuietHours { begins, ends });
            })
        };
        assert!(quiet("12:00:00", "08:00:00").is_empty());
        for (begins, ends) in [("08:00:00", "20:00:00"), ("11:59:00", "08:00:00")] {
            assert_eq!(quiet(begins, ends), ["quiet_hours quiet_too_long"], "{begins} {ends}");
        }
        let short = |hours| {
            faults(|policy| {
                policy.ordinary.reply = Target::ElapsedHours(hours);
                policy.warnings.days.clear();
            })
        };
        assert_eq!(short(12), ["ordinary.reply swallowed_by_quiet_hours"]);
        assert!(short(13).is_empty());
        assert!(faults(|policy| policy.emergency.reply = Target::ElapsedHours(1)).is_empty());
    }

    #[test]
    fn office_hours_compare_with_days() {
        let hours = |reply, resolve| {
            faults(|policy| {
                policy.ordinary = Targets {
                    reply: Target::WorkingHours(reply),
                    resolve: Target::WorkingDays(resolve),
                };
            })
        };
        assert!(hours(14, 2).is_empty(), "two days of seven hours");
        assert_eq!(hours(15, 2), ["ordinary.resolve shorter_than_reply"]);
    }

    #[test]
    fn reminders_and_alarms_make_sense() {
        let late = faults(|policy| policy.remind_hospital_after = 10);
        assert_eq!(late, ["remind_hospital_after not_before_decision"]);
        let alarm = |hospitals, cities| {
            faults(|policy| policy.shortage_alarm = Some(ShortageThreshold { hospitals, cities }))
        };
        assert_eq!(alarm(2, 3), ["shortage_alarm.cities more_than_hospitals"]);
        assert_eq!(alarm(0, 0), ["shortage_alarm zero"]);
        assert!(alarm(1, 1).is_empty());
        assert!(faults(|policy| policy.shortage_alarm = None).is_empty());
        let twice = faults(|policy| policy.categories = vec![Category::Price, Category::Price]);
        assert_eq!(twice, ["categories[1] twice"]);
    }
}

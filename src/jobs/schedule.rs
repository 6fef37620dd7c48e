//! When recurring jobs are due: cron expressions in Shanghai time.
//!
//! After a pause only the last tick of each job is done: yesterday's digest is of no use, and an
//! alarm says the same at each of them.
//!
//! **Never** remembers anything: what is done stands in the database.

use std::collections::HashMap;
use std::str::FromStr as _;

use chrono::{DateTime, TimeDelta, Utc};
use cron::Schedule;

use crate::domain::calendar::SHANGHAI;
use crate::service::recurring::Job;

/// The last instant at or before `at` at which a job was due.
pub(super) fn last_due(job: Job, at: DateTime<Utc>) -> Option<DateTime<Utc>> {
    // The iterator gives what lies strictly before.
    let until = (at + TimeDelta::milliseconds(1)).with_timezone(&SHANGHAI);
    let schedule = schedule(job)?;
    let last = schedule.after(&until).next_back()?;
    Some(last.to_utc())
}

/// The first instant after `at` at which any job is due.
pub(super) fn next_due(at: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let at = at.with_timezone(&SHANGHAI);
    let next = |job| schedule(job)?.after(&at).next();
    Job::ALL.into_iter().filter_map(next).min().map(|next| next.to_utc())
}

/// What is due at `at` and not done.
pub(super) fn due(
    done: &HashMap<Job, DateTime<Utc>>,
    at: DateTime<Utc>,
) -> Vec<(Job, DateTime<Utc>)> {
    let waiting = |job: Job| {
        let due_at = last_due(job, at)?;
        done.get(&job).is_none_or(|done| *done < due_at).then_some((job, due_at))
    };
    let mut due: Vec<_> = Job::ALL.into_iter().filter_map(waiting).collect();
    due.sort_by_key(|(_, due_at)| *due_at);
    due
}

fn schedule(job: Job) -> Option<Schedule> {
    Schedule::from_str(job.cron()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().expect(text)
    }

    #[test]
    fn a_job_is_due_at_its_instant_and_until_it_is_done() {
        let due = |text: &str| last_due(Job::Digest, at(text));
        let morning = Some(at("2026-02-13T08:30:00+08:00"));
        assert_eq!(due("2026-02-13T08:30:00+08:00"), morning);
        assert_eq!(due("2026-02-14T08:29:59.999+08:00"), morning);
        assert_eq!(due("2026-02-13T08:29:59.999+08:00"), Some(at("2026-02-12T08:30:00+08:00")));
        let monthly = last_due(Job::Contacts, at("2026-03-01T09:19:59+08:00"));
        assert_eq!(monthly, Some(at("2026-02-01T09:20:00+08:00")));
    }

    #[test]
    fn every_expression_is_one_and_no_two_jobs_begin_together() {
        let from = at("2026-01-31T00:00:00+08:00");
        let mut firsts: Vec<_> = Job::ALL
            .into_iter()
            .map(|job| schedule(job).expect("an expression").after(&from).next().expect("a tick"))
            .collect();
        firsts.sort_unstable();
        firsts.dedup();
        assert_eq!(firsts.len(), Job::ALL.len());
    }

    #[test]
    fn after_a_pause_only_the_last_tick_is_left() {
        let now = at("2026-02-20T12:00:00+08:00");
        let done = HashMap::from([(Job::Digest, at("2026-02-13T08:30:00+08:00"))]);
        let due = due(&done, now);
        let digests: Vec<_> = due.iter().filter(|(job, _)| *job == Job::Digest).collect();
        assert_eq!(digests, [&(Job::Digest, at("2026-02-20T08:30:00+08:00"))]);
        let all = Job::ALL.into_iter().filter_map(|job| Some((job, last_due(job, now)?)));
        assert!(super::due(&all.collect(), now).is_empty());
    }

    #[test]
    fn the_next_tick_is_the_nearest_of_all() {
        let next = next_due(at("2026-02-13T08:10:00+08:00"));
        assert_eq!(next, Some(at("2026-02-13T08:30:00+08:00")));
    }
}

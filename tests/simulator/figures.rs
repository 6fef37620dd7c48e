//! What was counted, of one run and of all of them.
//!
//! **Never** leaves a slow one out: percentiles are of everything that was measured.

use std::collections::BTreeMap;

use super::world::{MINUTE, Ms, SECOND};

/// How many milliseconds something took, each with how often.
#[derive(Debug, Clone, Default)]
pub(crate) struct Times(BTreeMap<Ms, u64>);

impl Times {
    pub(crate) fn add(&mut self, time: Ms) {
        *self.0.entry(rounded(time)).or_default() += 1;
    }

    fn merge(&mut self, other: &Self) {
        other.0.iter().for_each(|(time, count)| *self.0.entry(*time).or_default() += count);
    }

    /// The time that so many of a thousand do not exceed.
    pub(crate) fn permille(&self, permille: u64) -> Ms {
        let all: u64 = self.0.values().sum();
        let mut left = (all * permille).div_ceil(1_000);
        for (time, count) in &self.0 {
            if *count >= left {
                return *time;
            }
            left -= count;
        }
        self.0.last_key_value().map_or(0, |(time, _)| *time)
    }
}

/// Long times are told to the tenth of a second, upwards.
fn rounded(time: Ms) -> Ms {
    if time < SECOND { time } else { (time + 99) / 100 * 100 }
}

#[derive(Debug, Clone)]
pub(crate) struct Figures {
    pub(crate) runs: u64,
    pub(crate) tickets: u64,
    pub(crate) steps: u64,
    pub(crate) commits: u64,
    pub(crate) requests: u64,
    pub(crate) acts: u64,
    pub(crate) refused: u64,
    pub(crate) replayed: u64,
    pub(crate) beaten: u64,
    pub(crate) raced: u64,
    pub(crate) fired: u64,
    pub(crate) early: u64,
    pub(crate) earliest: Ms,
    pub(crate) crashes: u64,
    pub(crate) pauses: u64,
    pub(crate) outages: u64,
    pub(crate) holds: u64,
    pub(crate) skipped: u64,
    pub(crate) replans: u64,
    pub(crate) replanned: u64,
    pub(crate) notices: u64,
    pub(crate) letters: u64,
    pub(crate) sends: u64,
    pub(crate) taken: u64,
    pub(crate) dead: u64,
    pub(crate) repeats: u64,
    pub(crate) cut_off: u64,
    pub(crate) overtaken: u64,
    pub(crate) unseen: u64,
    pub(crate) missed: u64,
    pub(crate) rungs: u64,
    pub(crate) by_oracle: u64,
    pub(crate) like_ideal: u64,
    pub(crate) like_ideal_in_all: u64,
    pub(crate) lateness: Times,
    pub(crate) leaving: Times,
    /// Nothing may be later than this, in milliseconds in which somebody could have fired it.
    pub(crate) bound: Ms,
}

impl Default for Figures {
    fn default() -> Self {
        Self {
            runs: 0,
            tickets: 0,
            steps: 0,
            commits: 0,
            requests: 0,
            acts: 0,
            refused: 0,
            replayed: 0,
            beaten: 0,
            raced: 0,
            fired: 0,
            early: 0,
            earliest: 0,
            crashes: 0,
            pauses: 0,
            outages: 0,
            holds: 0,
            skipped: 0,
            replans: 0,
            replanned: 0,
            notices: 0,
            letters: 0,
            sends: 0,
            taken: 0,
            dead: 0,
            repeats: 0,
            cut_off: 0,
            overtaken: 0,
            unseen: 0,
            missed: 0,
            rungs: 0,
            by_oracle: 0,
            like_ideal: 0,
            like_ideal_in_all: 0,
            lateness: Times::default(),
            leaving: Times::default(),
            bound: MINUTE,
        }
    }
}

impl Figures {
    /// Every count with its name.
    pub(crate) fn counts(&self) -> Vec<(&'static str, u64)> {
        vec![
            ("runs", self.runs),
            ("tickets", self.tickets),
            ("steps", self.steps),
            ("commits", self.commits),
            ("requests", self.requests),
            ("acts", self.acts),
            ("acts_refused", self.refused),
            ("requests_replayed", self.replayed),
            ("commits_beaten", self.beaten),
            ("timers_fired", self.fired),
            ("deadlines_missed", self.missed),
            ("rungs_entered", self.rungs),
            ("crashes", self.crashes),
            ("pauses", self.pauses),
            ("outages", self.outages),
            ("holds", self.holds),
            ("replans", self.replans),
            ("tickets_replanned", self.replanned),
            ("notices", self.notices),
            ("letters", self.letters),
            ("sends", self.sends),
            ("letters_taken", self.taken),
            ("dead_letters", self.dead),
            ("letters_skipped_at_releases", self.skipped),
            ("repeats", self.repeats),
            ("repeats_after_a_crash", self.cut_off),
            ("repeats_after_a_pause", self.overtaken),
            ("repeats_for_an_answer_lost", self.unseen),
            ("tickets_judged_by_the_naive_oracle", self.by_oracle),
            ("tickets_like_an_undisturbed_run", self.like_ideal),
            ("of_these_with_every_rung_and_bureau_deadline", self.like_ideal_in_all),
        ]
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        self.add(other);
        self.earliest = self.earliest.max(other.earliest);
        self.lateness.merge(&other.lateness);
        self.leaving.merge(&other.leaving);
    }

    fn add(&mut self, other: &Self) {
        self.runs += other.runs;
        self.tickets += other.tickets;
        self.steps += other.steps;
        self.commits += other.commits;
        self.requests += other.requests;
        self.acts += other.acts;
        self.refused += other.refused;
        self.replayed += other.replayed;
        self.beaten += other.beaten;
        self.raced += other.raced;
        self.fired += other.fired;
        self.early += other.early;
        self.crashes += other.crashes;
        self.pauses += other.pauses;
        self.outages += other.outages;
        self.holds += other.holds;
        self.skipped += other.skipped;
        self.replans += other.replans;
        self.replanned += other.replanned;
        self.notices += other.notices;
        self.letters += other.letters;
        self.sends += other.sends;
        self.taken += other.taken;
        self.dead += other.dead;
        self.repeats += other.repeats;
        self.cut_off += other.cut_off;
        self.overtaken += other.overtaken;
        self.unseen += other.unseen;
        self.missed += other.missed;
        self.rungs += other.rungs;
        self.by_oracle += other.by_oracle;
        self.like_ideal += other.like_ideal;
        self.like_ideal_in_all += other.like_ideal_in_all;
    }
}

/// How much of the time somebody was there to fire.
#[derive(Debug, Default)]
pub(crate) struct Health {
    /// Since when it is so, how much there was before, and whether it is so.
    turns: Vec<(Ms, Ms, bool)>,
}

impl Health {
    pub(crate) fn set(&mut self, now: Ms, is_well: bool) {
        let was = self.turns.last().map(|(_, _, is_well)| *is_well);
        if was != Some(is_well) {
            let before = self.until(now);
            self.turns.push((now, before, is_well));
        }
    }

    fn until(&self, at: Ms) -> Ms {
        let index = self.turns.partition_point(|(since, _, _)| *since <= at);
        match index.checked_sub(1).and_then(|index| self.turns.get(index)) {
            Some((since, before, true)) => before + at - since,
            Some((_, before, false)) => *before,
            None => 0,
        }
    }

    /// The part of the time from one instant to another in which somebody was.
    pub(crate) fn between(&self, from: Ms, to: Ms) -> Ms {
        (self.until(to) - self.until(from)).max(0)
    }
}

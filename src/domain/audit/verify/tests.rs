//! Ten thousand ways to change a log, each found.
//!
//! **Never** tampers with the key: whoever has it can write any chain.

use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{Rng as _, SeedableRng as _};
use secrecy::zeroize::Zeroizing;
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::super::chain::{Key, link};
use super::*;

fn key(of: u8) -> Arc<Key> {
    Arc::new(Key::new(Zeroizing::new([of; 32])))
}

fn id(seconds: i64, number: u128) -> Uuid {
    let millis = u64::try_from(seconds).expect("after 1970") * 1_000;
    Uuid::from_u128((u128::from(millis) << 80) | (7 << 76) | (2 << 62) | (number & 0xffff_ffff))
}

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(seconds, 0).expect("an instant")
}

const BEGAN: i64 = 1_700_000_000;

/// Everything an auditor has.
#[derive(Debug, Clone)]
struct Log {
    anchors: Vec<Anchor>,
    records: Vec<Record>,
    lines: Vec<String>,
}

impl Log {
    fn begun(key: &Key, random: &mut StdRng) -> Self {
        let chain = Uuid::from_u128(random.random());
        let anchor = Anchor::begun(key, chain, 0, at(BEGAN));
        Self { anchors: vec![anchor], records: Vec::new(), lines: Vec::new() }
    }

    fn head(&self) -> Head {
        let start = self.anchors.last().map(Anchor::head).expect("a beginning");
        let last = self.records.iter().rev().find(|record| record.seq.is_some());
        let last = last.and_then(|last| Some(Head { seq: last.seq?, link: last.link.clone()? }));
        last.unwrap_or(start)
    }

    /// Writes an entry and links it.
    fn write(&mut self, key: &Key, random: &mut StdRng) {
        let head = self.head();
        let mut record = entry(random, head.seq + 1);
        let mac = record.signature(key);
        record.seq = Some(head.seq + 1);
        record.link = Some(link(key, &head.link, head.seq + 1, &mac));
        record.mac = Some(mac);
        self.records.push(record);
    }

    fn checkpoint(&mut self, key: &Key, kind: Occasion) {
        let head = self.head();
        let taken = Checkpoint::of(key, &head, kind, at(BEGAN + head.seq * 60));
        self.lines.push(taken.line());
    }

    /// A log of some entries with checkpoints now and then, and one of the head.
    fn random(key: &Key, random: &mut StdRng) -> Self {
        let mut log = Self::begun(key, random);
        for _ in 0..random.random_range(6..24) {
            log.write(key, random);
            if random.random_bool(0.2) {
                log.checkpoint(key, Occasion::Head);
            }
        }
        log.checkpoint(key, Occasion::Head);
        log
    }

    fn verified(&self) -> Report {
        self.verified_with(Keyring::of([key(1)]))
    }

    fn verified_with(&self, ring: Keyring) -> Report {
        let mut verifier = Verifier::new(ring, &self.anchors, self.lines.clone(), 10);
        // As a database gives them: by number, and those without one at the end.
        let mut records: Vec<&Record> = self.records.iter().collect();
        records.sort_by_key(|record| record.seq.unwrap_or(i64::MAX));
        records.into_iter().for_each(|record| verifier.entry(record));
        verifier.finish()
    }
}

fn entry(random: &mut StdRng, seq: i64) -> Record {
    let seconds = BEGAN + seq * 60;
    let maybe = |random: &mut StdRng, text: &str| {
        random.random_bool(0.7).then(|| format!("{text}{}", random.random_range(0..9)))
    };
    Record {
        id: id(seconds, random.random()),
        at: at(seconds) + TimeDelta::milliseconds(random.random_range(0..1_000)),
        user: random.random_bool(0.7).then(|| Uuid::from_u128(random.random())),
        username: maybe(random, "hospital"),
        organisation: random.random_bool(0.7).then(|| Uuid::from_u128(random.random())),
        role: maybe(random, "hospital"),
        address: maybe(random, "127.0.0."),
        action: format!("acted{}", random.random_range(0..9)),
        subject: maybe(random, "SQ-"),
        detail: json!({"before": {"version": seq}, "after": {"version": seq + 1}}),
        mac: None,
        seq: None,
        link: None,
    }
}

/// What can be done to a log without the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Tampering {
    Edit,
    Delete,
    DeleteAndRenumber,
    Swap,
    CutTail,
    CutAndRegrow,
    Restamp,
    RollBack,
    RollBackAndGoOn,
    Insert,
    Duplicate,
    RelinkWithoutKey,
    RelinkWithOwnKey,
    Unlink,
    ForgeBeginning,
    ForgeCheckpoint,
}

const WAYS: [Tampering; 16] = [
    Tampering::Edit,
    Tampering::Delete,
    Tampering::DeleteAndRenumber,
    Tampering::Swap,
    Tampering::CutTail,
    Tampering::CutAndRegrow,
    Tampering::Restamp,
    Tampering::RollBack,
    Tampering::RollBackAndGoOn,
    Tampering::Insert,
    Tampering::Duplicate,
    Tampering::RelinkWithoutKey,
    Tampering::RelinkWithOwnKey,
    Tampering::Unlink,
    Tampering::ForgeBeginning,
    Tampering::ForgeCheckpoint,
];

fn flip(text: &mut Option<String>) {
    *text = match text.take() {
        None => Some(String::new()),
        Some(text) => Some(format!("{text}x")),
    };
}

fn edit(record: &mut Record, random: &mut StdRng) {
    match random.random_range(0..11) {
        0 => record.user = record.user.xor(Some(Uuid::nil())),
        1 => flip(&mut record.username),
        2 => record.organisation = record.organisation.xor(Some(Uuid::max())),
        3 => flip(&mut record.role),
        4 => flip(&mut record.address),
        5 => record.action.push('x'),
        6 => flip(&mut record.subject),
        7 => record.detail["after"]["version"] = json!(99),
        8 => record.detail = json!({}),
        9 => flip(&mut record.mac),
        _ => flip(&mut record.link),
    }
}

/// Does it.
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn tamper(log: &mut Log, how: Tampering, random: &mut StdRng) {
    let count = log.records.len();
    let one = random.random_range(0..count);
    let (service, thief) = (key(1), key(9));
    match how {
        Tampering::Edit => edit(&mut log.records[one], random),
        Tampering::Delete => drop(log.records.remove(one)),
        Tampering::DeleteAndRenumber => {
            log.records.remove(one);
            for record in &mut log.records[one..] {
                record.seq = record.seq.map(|seq| seq - 1);
            }
        }
        Tampering::Swap => {
            let other = (one + random.random_range(1..count)) % count;
            let (a, b) = (log.records[one].seq, log.records[other].seq);
            log.records[one].seq = b;
            log.records[other].seq = a;
            if random.random_bool(0.5) {
                let link = log.records[one].link.clone();
                log.records[one].link = log.records[other].link.clone();
                log.records[other].link = link;
            }
        }
        Tampering::CutTail => log.records.truncate(one),
        Tampering::CutAndRegrow => {
            log.records.truncate(one);
            // The service itself goes on, unsuspecting.
            for _ in 0..=count {
                log.write(&service, random);
            }
        }
        Tampering::Restamp => {
            let by = TimeDelta::milliseconds(random.random_range(1..90_000_000));
            log.records[one].at += if random.random_bool(0.5) { by } else { -by };
        }
        Tampering::RollBack | Tampering::RollBackAndGoOn => {
            log.records.truncate(one);
            if how == Tampering::RollBackAndGoOn {
                log.write(&service, random);
            }
        }
        Tampering::Insert => {
            let mut forged = entry(random, i64::try_from(one).expect("few"));
            if random.random_bool(0.5) {
                forged.mac = log.records[one].mac.clone();
            }
            if random.random_bool(0.7) {
                let seq = log.head().seq + 1;
                forged.seq = Some(seq);
                forged.link = log.records[one].link.clone();
            }
            log.records.push(forged);
        }
        Tampering::Duplicate => {
            let mut copy = log.records[one].clone();
            copy.seq = Some(log.head().seq + 1);
            log.records.push(copy);
        }
        Tampering::RelinkWithoutKey | Tampering::RelinkWithOwnKey => {
            log.records.remove(one.min(count - 2));
            relink(log, &thief, how == Tampering::RelinkWithoutKey);
        }
        Tampering::Unlink => {
            log.records[one].seq = None;
            log.records[one].link = None;
        }
        Tampering::ForgeBeginning => {
            let gone = log.records.drain(..=one).next_back().expect("one");
            let head = Head { seq: gone.seq.expect("linked"), link: gone.link.expect("linked") };
            let mut forged = Anchor::trimmed(&thief, &head, 1, at(BEGAN));
            if random.random_bool(0.5) {
                forged.mac = log.anchors[0].mac.clone();
            }
            log.anchors.push(forged);
        }
        Tampering::ForgeCheckpoint => {
            log.records.truncate(one);
            let head = log.head();
            let mut forged = Checkpoint::of(&thief, &head, Occasion::Restored, at(BEGAN));
            if random.random_bool(0.5) {
                forged.mac = forged.mac.replace(thief.id(), service.id());
            }
            log.lines.push(forged.line());
        }
    }
}

/// Links everything anew with a key of one's own, under its name or the service's.
fn relink(log: &mut Log, thief: &Key, as_service: bool) {
    let service = key(1);
    let named = |signature: String| match as_service {
        true => signature.replace(thief.id(), service.id()),
        false => signature,
    };
    let mut before = log.anchors[0].head();
    for record in &mut log.records {
        record.seq = Some(before.seq + 1);
        let mac = record.mac.clone().expect("signed");
        before = Head {
            seq: before.seq + 1,
            link: named(link(thief, &before.link, before.seq + 1, &mac)),
        };
        record.link = Some(before.link.clone());
    }
}

#[test]
fn ten_thousand_random_tamperings_are_found() {
    let seed: u64 = rand::random();
    let mut random = StdRng::seed_from_u64(seed);
    let mut counted: BTreeMap<Tampering, BTreeMap<Fault, u32>> = BTreeMap::new();
    let mut whole = Log::random(&key(1), &mut random);
    for round in 0..10_000 {
        if round % 20 == 0 {
            whole = Log::random(&key(1), &mut random);
            let report = whole.verified();
            assert!(report.is_whole(), "seed {seed}, round {round}: {report:?}");
        }
        let how = *WAYS.choose(&mut random).expect("some");
        let mut log = whole.clone();
        tamper(&mut log, how, &mut random);
        let report = log.verified();
        assert!(!report.is_whole(), "seed {seed}, round {round}: {how:?} was not found");
        let first = report.findings.first().expect("one").fault;
        *counted.entry(how).or_default().entry(first).or_default() += 1;
    }
    assert_eq!(counted.len(), WAYS.len(), "seed {seed}: every way was tried");
    let told = |how, faults: &[Fault]| {
        let found = &counted[&how];
        assert!(found.keys().all(|fault| faults.contains(fault)), "{how:?}: {found:?}");
    };
    // Each is called by its name, as far as it has one.
    told(
        Tampering::Edit,
        &[Fault::Edited, Fault::Inserted, Fault::Swapped, Fault::RolledBack, Fault::WrongKey],
    );
    told(Tampering::CutTail, &[Fault::CutTail]);
    told(Tampering::RollBack, &[Fault::CutTail]);
    told(Tampering::Delete, &[Fault::Missing, Fault::CutTail]);
    told(Tampering::Restamp, &[Fault::Edited, Fault::Restamped]);
    told(Tampering::CutAndRegrow, &[Fault::RolledBack]);
    told(Tampering::RelinkWithOwnKey, &[Fault::RolledBack, Fault::CutTail, Fault::WrongKey]);
}

#[test]
fn without_checkpoints_only_what_hides_the_end_is_not_found() {
    let mut random = StdRng::seed_from_u64(7);
    let mut log = Log::random(&key(1), &mut random);
    log.lines.clear();
    log.records.pop();
    assert!(log.verified().is_whole(), "that is what checkpoints are for");
    log.records.remove(2);
    assert_eq!(log.verified().findings[0].fault, Fault::Missing);
}

#[test]
fn a_restore_explains_a_roll_back_and_nothing_else() {
    let mut random = StdRng::seed_from_u64(11);
    let mut log = Log::random(&key(1), &mut random);
    let whole = log.clone();
    log.records.truncate(3);
    assert_eq!(log.verified().findings[0].fault, Fault::CutTail);
    log.checkpoint(&key(1), Occasion::Restored);
    let report = log.verified();
    assert!(report.is_whole() && report.given_up > 0, "{report:?}");
    for _ in 0..30 {
        log.write(&key(1), &mut random);
    }
    assert!(log.verified().is_whole());
    log.checkpoint(&key(1), Occasion::Head);
    assert!(log.verified().is_whole());
    // Whoever takes the time before the restore out again is found.
    log.records = whole.records;
    assert!(!log.verified().is_whole());
}

#[test]
fn what_was_removed_leaves_a_whole_chain() {
    let mut random = StdRng::seed_from_u64(13);
    let mut log = Log::random(&key(1), &mut random);
    let kept = log.records.split_off(4);
    let last = log.records.last().expect("one").clone();
    let head = Head { seq: 4, link: last.link.clone().expect("linked") };
    log.anchors.push(Anchor::trimmed(&key(1), &head, 4, at(BEGAN)));
    log.records = kept;
    let report = log.verified();
    assert!(report.is_whole() && report.removed == 4, "{report:?}");
    log.records.insert(0, last);
    assert_eq!(log.verified().findings[0].fault, Fault::Inserted, "removed is removed");
    log.records.drain(..3);
    assert_eq!(log.verified().findings[0].fault, Fault::Missing);
}

#[test]
fn a_chain_goes_on_under_another_key_b120() {
    let mut random = StdRng::seed_from_u64(17);
    let mut log = Log::random(&key(1), &mut random);
    for _ in 0..5 {
        log.write(&key(2), &mut random);
    }
    log.checkpoint(&key(2), Occasion::Head);
    assert!(log.verified_with(Keyring::of([key(2), key(1)])).is_whole(), "with both keys");
    let report = log.verified_with(Keyring::of([key(2)]));
    let strange: Vec<_> = report.findings.iter().filter_map(|found| found.key.clone()).collect();
    assert_eq!(strange, [key(1).id()], "one finding names the key that is lost: {report:?}");
    assert_eq!(report.findings[0].fault, Fault::WrongKey);
    log.records.last_mut().expect("one").action.push('x');
    let report = log.verified_with(Keyring::of([key(2)]));
    assert!(report.findings.iter().any(|found| found.fault == Fault::Edited), "{report:?}");
}

#[test]
fn findings_are_bounded_and_counted() {
    let mut random = StdRng::seed_from_u64(19);
    let mut log = Log::begun(&key(1), &mut random);
    for _ in 0..200 {
        log.write(&key(1), &mut random);
    }
    log.records.iter_mut().for_each(|record| record.action.push('x'));
    let report = log.verified();
    assert_eq!((report.findings.len(), report.more, report.entries), (10, 190, 200));
}

#[test]
fn a_signature_is_the_same_for_ever() {
    let record = Record {
        id: Uuid::from_u128(7),
        at: at(BEGAN),
        user: None,
        username: Some("hospital".to_owned()),
        organisation: None,
        role: None,
        address: None,
        action: "signed_in".to_owned(),
        subject: None,
        detail: json!({"n": 1, "a": ["x", null, true]}),
        mac: None,
        seq: None,
        link: None,
    };
    let mac = record.signature(&key(1));
    // Logs of years ago are verified with what was signed then.
    assert_eq!(
        mac,
        "3b23fdb58c06e6a9:2e21259b369f7c2da8465ecb05f9a4d8d8581874920cd9e9b9c48ff7f2e26fa1"
    );
    assert_eq!(
        link(&key(1), "", 1, &mac),
        "3b23fdb58c06e6a9:76c7a570a9237441d95da25877be4a9f3c4794ba048558569509e50e3eefdd39"
    );
}

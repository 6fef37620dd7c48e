//! Figures that somebody reckoned by hand, and sums that hold of any tickets.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::domain::calendar::Layer;
use DeadlineKind::{Promise, Reply, Resolve};
use DeadlineStatus::{Held, Met, Missed, Running, Stopped, Waived};

fn division(text: &str) -> Division {
    Division::parse(text).expect(text)
}

fn at(text: &str) -> DateTime<Utc> {
    format!("{text}:00+08:00").parse().expect(text)
}

/// A ticket filed on Monday, 2 March 2026, a plain week.
fn line(state: StateName, ended: &str, decided: &[(DeadlineKind, DeadlineStatus, &str)]) -> Line {
    let maybe = |text: &str| Some(text).filter(|text| !text.is_empty()).map(at);
    Line {
        manufacturer: OrganisationId(Uuid::from_u128(1)),
        product: ProductId(Uuid::from_u128(2)),
        hospital: OrganisationId(Uuid::from_u128(3)),
        division: division("371002"),
        filed_at: at("2026-03-02T10:00"),
        state,
        ended_at: maybe(ended),
        historic: false,
        agreed: true,
        escalated: false,
        dissatisfied: false,
        decided: decided
            .iter()
            .map(|(kind, status, met)| Decided { kind: *kind, status: *status, met_at: maybe(met) })
            .collect(),
    }
}

fn calendar() -> &'static Calendar {
    static CALENDAR: LazyLock<Calendar> =
        LazyLock::new(|| Calendar::layered("v1", &[&Layer::default()]));
    &CALENDAR
}

fn figures(lines: &[Line]) -> Figures {
    let mut ledger = Ledger::by(Grouping::Manufacturer);
    lines.iter().for_each(|line| ledger.add(line, calendar()));
    ledger.total
}

fn parts(ratio: Ratio) -> (u32, u32) {
    (ratio.numerator, ratio.denominator)
}

/// What one ticket gives: replies, promises, resolved, and the days to its solution.
fn check(what: &str, line: Line, expected: [(u32, u32); 3], days: Option<f64>) {
    let figures = figures(&[line]);
    let found = [parts(figures.replies()), parts(figures.promises), parts(figures.resolved)];
    assert_eq!(found, expected, "{what}");
    assert_eq!(figures.median_working_days(), days, "{what}");
}

#[test]
fn every_ticket_stands_where_it_belongs() {
    use StateName::{Closed, Open, Promised, Returned, Solved, Withdrawn};
    let (soon, late) = ("2026-03-03T09:00", "2026-03-12T09:00");
    let none = [(0, 0); 3];
    check("just filed", line(Open, "", &[]), none, None);
    let running = [(Reply, Running, ""), (Resolve, Held, ""), (Promise, Stopped, "")];
    check("nothing decided", line(Open, "", &running), none, None);
    let waived = [(Reply, Waived, ""), (Resolve, Waived, "")];
    check("a breach taken back", line(Open, "", &waived), none, None);
    let silent = [(Reply, Missed, "")];
    check("no reply", line(Open, "", &silent), [(0, 1), (0, 0), (0, 0)], None);
    let replied = [(Reply, Missed, late)];
    check("a late reply", line(Promised, "", &replied), [(0, 1), (0, 0), (0, 0)], None);
    let answered = [(Reply, Met, soon)];
    check("a reply in time", line(Promised, "", &answered), [(1, 1), (0, 0), (0, 0)], None);
    check("reported, not confirmed", line(Solved, "", &answered), [(1, 1), (0, 0), (0, 0)], None);
    let kept = [
        (Reply, Met, soon),
        (Resolve, Met, "2026-03-05T16:00"),
        (Promise, Met, "2026-03-05T16:00"),
    ];
    check("solved in time", line(Closed, late, &kept), [(1, 1), (1, 1), (1, 1)], Some(3.0));
    let broken = [(Reply, Met, soon), (Promise, Missed, late), (Resolve, Missed, late)];
    check("solved late", line(Closed, late, &broken), [(1, 1), (0, 1), (0, 1)], Some(8.0));
    let twice = [
        (Reply, Met, soon),
        (Promise, Missed, ""),
        (Resolve, Missed, ""),
        (Promise, Met, late),
        (Resolve, Met, late),
    ];
    check(
        "an extension after the miss",
        line(Closed, late, &twice),
        [(1, 1), (1, 2), (0, 1)],
        Some(8.0),
    );
    let early = [(Reply, Met, soon), (Promise, Missed, ""), (Resolve, Met, "2026-03-06T16:00")];
    check(
        "promise broken, limit kept",
        line(Closed, late, &early),
        [(1, 1), (0, 1), (1, 1)],
        Some(4.0),
    );
    check("taken back", line(Withdrawn, soon, &[]), none, None);
    check("taken back after", line(Withdrawn, late, &broken), [(1, 1), (0, 1), (0, 1)], None);
    check("not theirs", line(Returned, late, &broken), none, None);
    let historic = Line { historic: true, ..line(Closed, late, &[]) };
    check("of the time before", historic, none, Some(8.0));
    let unagreed = Line { agreed: false, ..line(Closed, late, &kept) };
    check("no agreed quantity", unagreed, [(1, 1), (1, 1), (0, 0)], Some(3.0));
}

#[test]
fn counts_are_counted() {
    use StateName::{Closed, Open, Returned, Withdrawn};
    let other = |line: Line| Line { hospital: OrganisationId(Uuid::from_u128(9)), ..line };
    let late = "2026-03-12T09:00";
    let figures = figures(&[
        Line { escalated: true, ..line(Open, "", &[(Reply, Missed, "")]) },
        line(Open, "", &[(Reply, Missed, late)]),
        Line { dissatisfied: true, ..line(Closed, late, &[(Reply, Met, late)]) },
        Line { historic: true, agreed: false, ..line(Withdrawn, late, &[]) },
        other(line(Returned, late, &[(Reply, Missed, "")])),
    ]);
    let found = [
        figures.tickets,
        figures.replied_in_time,
        figures.replied_late,
        figures.not_replied,
        figures.issues,
        figures.without_agreement,
        figures.closed,
        figures.withdrawn,
        figures.returned,
        figures.escalated,
        figures.dissatisfied,
        figures.historic,
        figures.hospitals(),
        figures.issue_hospitals(),
    ];
    assert_eq!(found, [5, 1, 1, 1, 3, 1, 1, 1, 1, 1, 1, 1, 2, 1]);
}

#[test]
fn five_issues_of_three_hospitals_are_many_a16() {
    let issue = |hospital: u128| Line {
        hospital: OrganisationId(Uuid::from_u128(hospital)),
        ..line(StateName::Open, "", &[])
    };
    for (hospitals, expected) in [
        (&[1, 2, 3, 3, 3][..], true),
        (&[1, 2, 3, 3], false),
        (&[1, 2, 2, 2, 2, 2], false),
        (&[1, 2, 3, 4, 5, 6], true),
        (&[], false),
    ] {
        let lines: Vec<_> = hospitals.iter().map(|hospital| issue(*hospital)).collect();
        assert_eq!(figures(&lines).is_enough(), expected, "{hospitals:?}");
    }
    let mut lines: Vec<_> = [1, 2, 3, 3, 3].map(issue).to_vec();
    lines[0].state = StateName::Returned;
    assert!(!figures(&lines).is_enough(), "a returned ticket is no issue");
    lines[0] = Line { agreed: false, ..issue(1) };
    assert!(!figures(&lines).is_enough(), "nor one without an agreed quantity");
}

#[test]
fn the_median_is_in_the_middle() {
    let closed = |day: u32| line(StateName::Closed, &format!("2026-03-{day:02}T10:00"), &[]);
    for (days, expected) in [
        (&[2][..], Some(0.0)),
        (&[3, 6], Some(2.5)),
        (&[3, 4, 16], Some(2.0)),
        (&[3, 3, 3, 4], Some(1.0)),
        // The weekend of the 7th and 8th is no working day.
        (&[6, 8, 9], Some(4.0)),
        (&[], None),
    ] {
        let lines: Vec<_> = days.iter().map(|day| closed(*day)).collect();
        assert_eq!(figures(&lines).median_working_days(), expected, "{days:?}");
    }
}

#[test]
fn a_rate_of_nothing_is_none() {
    assert_eq!(Ratio::default().rate(), None);
    assert_eq!(Ratio { numerator: 0, denominator: 4 }.rate(), Some(0.0));
    assert_eq!(Ratio { numerator: 4, denominator: 4 }.rate(), Some(1.0));
}

#[test]
fn a_ticket_belongs_to_its_city_and_its_month() {
    for (code, expected) in [
        ("371002", "371000"),
        ("371000", "371000"),
        ("370000", "370000"),
        ("110105", "110000"),
        ("429004", "429004"),
    ] {
        assert_eq!(city(division(code)), division(expected), "{code}");
    }
    let here = Line { division: division("429004"), ..line(StateName::Open, "", &[]) };
    assert_eq!(Grouping::County.of(&here), Group::County(division("429004")));
    // 1 April in Shanghai is still March in UTC.
    let filed = Line { filed_at: at("2026-04-01T07:00"), ..line(StateName::Open, "", &[]) };
    assert_eq!(Grouping::Month.of(&filed), Group::Month(2026, 4));
}

fn any_line() -> impl Strategy<Value = Line> {
    let state = proptest::sample::select(&StateName::ALL[..]);
    let kind = proptest::sample::select(&KINDS[..]);
    let status = proptest::sample::select(vec![Running, Held, Met, Missed, Waived, Stopped]);
    let decided = (kind, status, proptest::option::of(0..40_i64));
    let place = proptest::sample::select(vec!["371002", "371082", "370202", "110105", "429004"]);
    let ids = (1..4_u128, 1..5_u128, 1..6_u128);
    let flags = proptest::array::uniform4(any::<bool>());
    let decided = proptest::collection::vec(decided, 0..5);
    (ids, place, 0..200_i64, state, flags, decided).prop_map(
        |(ids, place, day, state, flags, decided)| {
            let filed_at = at("2026-01-01T10:00") + chrono::TimeDelta::days(day);
            let later = |days| filed_at + chrono::TimeDelta::days(days);
            let decided_of = |(kind, status, met): (_, _, Option<i64>)| Decided {
                kind,
                status,
                met_at: met.map(later),
            };
            let [historic, agreed, escalated, dissatisfied] = flags;
            Line {
                manufacturer: OrganisationId(Uuid::from_u128(ids.0)),
                product: ProductId(Uuid::from_u128(ids.1)),
                hospital: OrganisationId(Uuid::from_u128(ids.2)),
                division: division(place),
                filed_at,
                state,
                ended_at: state.is_final().then(|| later(30)),
                historic,
                agreed,
                escalated,
                dissatisfied,
                decided: decided.into_iter().map(decided_of).collect(),
            }
        },
    )
}

/// Everything that adds up.
fn sums(figures: &Figures) -> Vec<u32> {
    let Figures { tickets, replied_in_time, replied_late, not_replied, issues, .. } = *figures;
    let Figures { without_agreement, closed, withdrawn, returned, escalated, .. } = *figures;
    let Figures { dissatisfied, historic, promises, resolved, .. } = *figures;
    let (replies, solved) = (figures.replies(), figures.spans.values().sum());
    vec![
        tickets,
        replied_in_time,
        replied_late,
        not_replied,
        issues,
        without_agreement,
        closed,
        withdrawn,
        returned,
        escalated,
        dissatisfied,
        historic,
        promises.numerator,
        promises.denominator,
        resolved.numerator,
        resolved.denominator,
        replies.numerator,
        replies.denominator,
        solved,
    ]
}

proptest! {
    #[test]
    fn a_split_adds_up_to_the_total(lines in proptest::collection::vec(any_line(), 0..60)) {
        let calendar = calendar();
        let whole = figures(&lines);
        for by in Grouping::ALL {
            let mut ledger = Ledger::by(by);
            lines.iter().for_each(|line| ledger.add(line, calendar));
            prop_assert_eq!(&ledger.total, &whole, "the total does not depend on the split");
            let mut added = vec![0; sums(&whole).len()];
            for row in ledger.rows.values() {
                for (sum, part) in added.iter_mut().zip(sums(row)) {
                    *sum += part;
                }
            }
            prop_assert_eq!(added, sums(&whole));
            let hospitals: BTreeSet<_> =
                ledger.rows.values().flat_map(|row| row.hospitals.keys().copied()).collect();
            prop_assert_eq!(u32::try_from(hospitals.len()).expect("few"), whole.hospitals());
            for row in ledger.rows.values().chain([&ledger.total]) {
                for ratio in [row.replies(), row.promises, row.resolved] {
                    prop_assert!(ratio.numerator <= ratio.denominator);
                    prop_assert_eq!(ratio.rate().is_some(), ratio.denominator > 0);
                }
                prop_assert!(row.resolved.denominator <= row.issues);
                prop_assert!(row.replies().denominator <= 5 * row.tickets);
            }
        }
    }
}

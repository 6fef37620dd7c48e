//! Whose territory a ticket lies in: a manufacturer's people for a province or city come before
//! its general ones.
//!
//! **Never** leaves a ticket to somebody who cannot be reached while a colleague can.

use super::party::{Division, Level};

/// How near a person stands to a ticket, nearest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Nearness {
    /// Responsible for its county.
    County,
    /// Responsible for its city.
    City,
    /// Responsible for its province.
    Province,
    /// Responsible for no place in particular.
    General,
    /// Responsible for another place.
    Elsewhere,
}

/// How near a person of this territory stands to a ticket of the division.
#[must_use]
pub fn nearness(territory: Option<Division>, division: Division) -> Nearness {
    match territory {
        None => Nearness::General,
        Some(territory) if division.is_within(territory) => match territory.level() {
            Level::County => Nearness::County,
            Level::City => Nearness::City,
            Level::Province => Nearness::Province,
        },
        Some(_) => Nearness::Elsewhere,
    }
}

/// How far out people are told: to the nearest who can be reached, or to all when nobody can.
/// Of each person, how near they stand and whether they can be reached.
#[must_use]
pub fn reach(people: impl IntoIterator<Item = (Nearness, bool)>) -> Nearness {
    let reachable = people.into_iter().filter(|(_, is_reachable)| *is_reachable);
    reachable.map(|(nearness, _)| nearness).min().unwrap_or(Nearness::Elsewhere)
}

#[cfg(test)]
mod tests {
    use super::Nearness::{City, County, Elsewhere, General, Province};
    use super::*;

    fn near(territory: &str, division: &str) -> Nearness {
        let parse = |code| Division::parse(code).expect("a division");
        nearness(Some(parse(territory)), parse(division))
    }

    #[test]
    fn the_smaller_territory_is_the_nearer() {
        assert_eq!(near("370102", "370102"), County);
        assert_eq!(near("370100", "370102"), City);
        assert_eq!(near("370000", "370102"), Province);
        assert_eq!(near("330000", "370102"), Elsewhere);
        assert_eq!(near("370102", "370100"), Elsewhere, "a county is not its city");
        assert_eq!(nearness(None, Division::parse("370102").expect("a division")), General);
    }

    #[test]
    fn people_are_told_as_far_out_as_the_nearest_who_can_be_reached() {
        for (people, expected) in [
            (vec![(General, true), (Province, true), (Elsewhere, true)], Province),
            (vec![(General, true), (Province, true), (City, true)], City),
            (vec![(General, true), (City, false)], General),
            (vec![(Elsewhere, true)], Elsewhere),
            (vec![(City, false), (General, false)], Elsewhere),
            (vec![], Elsewhere),
        ] {
            assert_eq!(reach(people.clone()), expected, "{people:?}");
        }
    }
}

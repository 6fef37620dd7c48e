//! The last news, for listeners that keep up.
//!
//! **Never** has a gap: it holds everything between its floor and its head.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::domain::feed::{News, Position};

/// News kept: some seconds of the busiest sweep.
const MOST: usize = 2_048;
/// News taken at once.
const AT_ONCE: usize = 64;

/// Everything after the floor, up to the head.
#[derive(Debug)]
pub(super) struct Ring {
    floor: Position,
    head: Position,
    news: VecDeque<Arc<News>>,
}

/// What comes after a place.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum After {
    /// Nothing yet.
    Nothing,
    /// The next of it.
    News(Vec<Arc<News>>),
    /// Some of it has left the ring: up to this place it stands in the table.
    Gone(Position),
}

impl Ring {
    /// A ring that begins, empty, at a place.
    pub(super) fn at(place: Position) -> Self {
        Self { floor: place, head: place, news: VecDeque::new() }
    }

    /// The newest place it knows.
    pub(super) fn head(&self) -> Position {
        self.head
    }

    /// Takes news that follow its head.
    pub(super) fn extend(&mut self, news: Vec<News>) {
        for one in news {
            self.head = one.position;
            self.news.push_back(Arc::new(one));
        }
        while self.news.len() > MOST {
            self.floor = self.news.pop_front().map_or(self.floor, |gone| gone.position);
        }
    }

    /// What comes after a place.
    pub(super) fn after(&self, place: Position) -> After {
        if place >= self.head {
            return After::Nothing;
        }
        if place < self.floor {
            return After::Gone(self.head);
        }
        let begin = self.news.partition_point(|news| news.position <= place);
        After::News(self.news.iter().skip(begin).take(AT_ONCE).cloned().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::access::Parties;
    use crate::domain::id::{OrganisationId, TicketId};
    use crate::domain::party::Division;
    use crate::domain::ticket::StateName;
    use uuid::Uuid;

    fn place(number: usize) -> Position {
        let number = i64::try_from(number).expect("small");
        Position { transaction: number / 10, number, mark: 7 }
    }

    fn news(number: usize) -> News {
        let nobody = OrganisationId(Uuid::nil());
        News {
            position: place(number),
            ticket: TicketId(Uuid::nil()),
            number: String::new(),
            parties: Parties {
                hospital: nobody,
                manufacturer: nobody,
                distributor: None,
                division: Division::parse("371002").expect("a division"),
            },
            state: StateName::Open,
            version: 1,
            entries: Vec::new(),
            told: Vec::new(),
        }
    }

    fn numbers(after: After) -> Vec<i64> {
        match after {
            After::News(news) => news.iter().map(|news| news.position.number).collect(),
            After::Nothing | After::Gone(_) => panic!("{after:?}"),
        }
    }

    #[test]
    fn what_follows_a_place_is_given_in_order() {
        let mut ring = Ring::at(place(3));
        assert_eq!(ring.after(place(3)), After::Nothing);
        assert_eq!(ring.after(place(9)), After::Nothing, "a reader may know more than the hub");
        assert_eq!(ring.after(place(2)), After::Gone(place(3)));
        ring.extend(vec![news(5), news(8)]);
        assert_eq!(numbers(ring.after(place(3))), [5, 8]);
        assert_eq!(numbers(ring.after(place(5))), [8]);
        assert_eq!(numbers(ring.after(place(6))), [8]);
        assert_eq!(ring.after(place(8)), After::Nothing);
        assert_eq!(ring.head(), place(8));
    }

    #[test]
    fn what_has_left_the_ring_is_said_to_be_gone() {
        let mut ring = Ring::at(Position::START);
        ring.extend((1..=MOST + 10).map(news).collect());
        assert_eq!(ring.after(place(9)), After::Gone(place(MOST + 10)));
        let first = numbers(ring.after(place(10)));
        assert_eq!((first.first(), first.len()), (Some(&11), AT_ONCE));
    }
}

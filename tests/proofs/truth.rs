//! What must be true of a database whatever happened to the service: what was acknowledged is
//! there once, and nothing is there by half.
//!
//! **Never** trusts the service's own reading: it asks the tables.

use std::collections::HashMap;

use super::cluster::{Database, Engine, Reader};
use super::ledger::Entry;
use super::people::{Deed, file_of};

/// Which tickets are looked at.
pub(crate) enum Scope<'a> {
    /// All of them.
    All,
    /// Those with these ids.
    These(&'a [String]),
}

impl Scope<'_> {
    /// The condition that a column with a ticket's id is of the scope.
    fn holds(&self, reader: &Reader, column: &str) -> String {
        match self {
            Self::All => "1 = 1".to_owned(),
            Self::These([]) => "1 = 0".to_owned(),
            Self::These(ids) => {
                let ids: Vec<String> = ids.iter().map(|id| reader.literal(id)).collect();
                format!("{column} in ({})", ids.join(", "))
            }
        }
    }
}

/// What no ticket may be, each in one statement, so that it is seen at one instant.
const HALVES: [(&str, &str); 12] = [
    (
        "its events are not as many as it counts",
        "t.events <> (select count(*) from event e where e.ticket_id = t.id)
         or t.events <> (select max(e.sequence) from event e where e.ticket_id = t.id)",
    ),
    (
        "it lacks a deadline",
        "2 <> (select count(*) from deadline d where d.ticket_id = t.id and d.ordinal = 1
               and d.kind in ('reply', 'resolve'))",
    ),
    (
        // One on which everything was missed and told waits for people alone.
        "it is open and in time without a timer, or has ended with one",
        "(t.ended_at is not null or not t.overdue)
         and (t.ended_at is null) <> exists (select 1 from timer w where w.ticket_id = t.id)",
    ),
    (
        "its messages are not those of its timeline",
        "(select count(*) from message m where m.ticket_id = t.id)
         <> (select count(*) from event e where e.ticket_id = t.id and e.kind = 'message')",
    ),
    (
        "its files are not those of its timeline",
        "(select count(*) from attachment a where a.ticket_id = t.id)
         <> (select count(*) from event e where e.ticket_id = t.id and e.kind = 'attached')",
    ),
    (
        "its promises are not those of its timeline",
        "(select count(*) from promise p where p.ticket_id = t.id)
         <> (select count(*) from event e where e.ticket_id = t.id
             and e.kind in ('replied', 'promised'))",
    ),
    (
        "the feed does not tell of its last event",
        "t.events <> (select max(f.last_event) from feed f where f.ticket_id = t.id)",
    ),
    (
        "nobody was told that it was filed",
        "not exists (select 1 from notice n join delivery d on d.notice_id = n.id
                     where n.ticket_id = t.id and n.event = 1)",
    ),
    (
        "it has escalations without events, or events without escalations",
        "(select count(*) from escalation s where s.ticket_id = t.id)
         <> (select count(*) from event e where e.ticket_id = t.id and e.kind = 'escalated')",
    ),
    (
        "one of its deadlines was missed twice",
        "exists (select 1 from event e where e.ticket_id = t.id and e.kind = 'missed'
                 group by e.data having count(*) > 1)",
    ),
    (
        "a change of the rules counted it again and it does not say so, or the other way round",
        "(select count(*) from replan_entry r where r.ticket_id = t.id)
         <> (select count(*) from event e where e.ticket_id = t.id and e.kind = 'replanned')",
    ),
    (
        "its acts are not those of the audit log",
        // A change of the rules has one entry for all tickets.
        "coalesce(logged.entries, 0) <> (select count(*) from event e where e.ticket_id = t.id
                                         and e.by_user is not null and e.kind <> 'replanned')",
    ),
];

/// What is there by half.
pub(crate) async fn halves(reader: &Reader, scope: &Scope<'_>) -> Vec<String> {
    let mut found = Vec::new();
    for (what, condition) in HALVES {
        let logged = if condition.contains("logged.") {
            "left join (select subject, count(*) as entries from audit group by subject) logged
             on logged.subject = t.number"
        } else {
            ""
        };
        let of_scope = scope.holds(reader, "t.id");
        let sql =
            format!("select t.number from ticket t {logged} where {of_scope} and ({condition})");
        let numbers = reader.rows(&sql).await;
        found.extend(numbers.into_iter().map(|row| format!("half: ticket {}: {what}", row[0])));
    }
    found
}

/// How often each mark was done, of marks that begin with `prefix`.
pub(crate) async fn marks(
    reader: &Reader,
    scope: &Scope<'_>,
    prefix: &str,
) -> HashMap<(String, &'static str), usize> {
    let of = |column| scope.holds(reader, column);
    let sql = format!(
        "select 'filed', summary from ticket where {} and summary like '{prefix}%'
         union all select 'message', body from message where {} and body like '{prefix}%'
         union all select 'attached', name from attachment where {} and name like '{prefix}%'
         union all select kind, data ->> 'message' from event
           where {} and kind in ('replied', 'solved') and data ->> 'message' like '{prefix}%'
         union all select kind, data ->> 'comment' from event
           where {} and kind = 'confirmed' and data ->> 'comment' like '{prefix}%'",
        of("id"),
        of("ticket_id"),
        of("ticket_id"),
        of("ticket_id"),
        of("ticket_id")
    );
    let mut counts = HashMap::new();
    for row in reader.rows(&sql).await {
        let deed = Deed::LIFE.into_iter().find(|deed| deed.event() == row[0]).expect("a deed");
        let mark = row[1].trim_end_matches(".txt").to_owned();
        *counts.entry((mark, deed.event())).or_insert(0) += 1;
    }
    counts
}

/// Acknowledgements that have no effect, or more than one.
#[derive(Debug, Default)]
pub(crate) struct Effects {
    pub(crate) lost: Vec<String>,
    pub(crate) doubled: Vec<String>,
}

/// Compares what was acknowledged with what is there.
pub(crate) async fn effects(reader: &Reader, entries: &[Entry], prefix: &str) -> Effects {
    let mut tickets: Vec<String> = entries.iter().map(|entry| entry.ticket.clone()).collect();
    tickets.sort();
    tickets.dedup();
    let counts = marks(reader, &Scope::These(&tickets), prefix).await;
    let mut effects = Effects::default();
    for entry in entries {
        let key = (entry.mark.clone(), entry.deed.event());
        match counts.get(&key).copied().unwrap_or_default() {
            1 => {}
            0 => effects.lost.push(format!("lost: {entry:?}")),
            times => effects.doubled.push(format!("done {times} times: {entry:?}")),
        }
    }
    effects
}

/// Files whose bytes are not those that were sent, of marks that begin with `prefix`.
pub(crate) async fn files(reader: &Reader, database: &Database, prefix: &str) -> Vec<String> {
    let id = reader.id("id");
    let sql = format!("select {id}, name, hash from attachment where name like '{prefix}%'");
    let mut wrong = Vec::new();
    for row in reader.rows(&sql).await {
        let name = uuid::Uuid::parse_str(&row[0]).expect("an id").to_string();
        let folder = name.get(name.len() - 2..).expect("hexadecimal");
        let kept = std::fs::read(database.attachments().join(folder).join(&name));
        if kept.ok() != Some(file_of(row[1].trim_end_matches(".txt"))) {
            wrong.push(format!("half: the file {name} of {} has other bytes, or none", row[1]));
        }
    }
    wrong
}

/// What the database and the audit log say of themselves.
pub(crate) async fn integrity(reader: &Reader, database: &Database) -> Vec<String> {
    let mut wrong = Vec::new();
    if database.engine == Engine::Sqlite {
        for row in reader.rows("select integrity_check from pragma_integrity_check").await {
            if row[0] != "ok" {
                wrong.push(format!("integrity_check: {}", row[0]));
            }
        }
        for row in reader.rows("select \"table\" from pragma_foreign_key_check").await {
            wrong.push(format!("foreign_key_check: {}", row[0]));
        }
    }
    let (code, said) = database.command(&["audit", "verify"]);
    if code != Some(0) {
        wrong.push(format!("supplyline audit verify: {code:?}: {said}"));
    }
    wrong
}

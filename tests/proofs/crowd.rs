//! Many tickets that fall due when a proof wants them to: copies of one that was filed, each with
//! instants of its own, as if filed ten days ago.
//!
//! **Never** a row that the service would not have written itself, but for its instants.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};

use super::cluster::{Engine, Reader};

/// The first half of every copy's id.
const START: &str = "0190aaaa000070008000";

/// Copies whose reply is due one after another.
pub(crate) struct Crowd {
    pub(crate) count: u32,
    /// When the reply of the zeroth would be due.
    pub(crate) from: DateTime<Utc>,
    /// From one to the next.
    pub(crate) step: TimeDelta,
    /// So long before its reply is due, the manufacturer of each is warned.
    pub(crate) warned_before: TimeDelta,
}

/// Something that the clock did to a ticket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Step {
    /// The number of the copy.
    pub(crate) number: u32,
    /// The kind of its event.
    pub(crate) kind: String,
    /// The instant that it was decided at, in milliseconds of Unix time.
    pub(crate) at: i64,
    /// When the notices that it caused were written; `None` when nobody was told.
    pub(crate) told: Option<i64>,
}

impl Crowd {
    /// When the reply of a copy is due.
    pub(crate) fn due(&self, number: u32) -> DateTime<Utc> {
        self.from + self.step * i32::try_from(number).expect("few")
    }

    /// The step that is due then: `warned` before, `missed` and `escalated` when the reply is due.
    pub(crate) fn expected(&self, number: u32, kind: &str) -> i64 {
        let due = self.due(number);
        if kind == "warned" { due - self.warned_before } else { due }.timestamp_millis()
    }

    /// Copies a ticket that was just filed, with all its rows.
    pub(crate) async fn insert(&self, reader: &Reader, template: &str) {
        let sql = Sql { engine: reader.engine(), crowd: self };
        let (due, warned) = (sql.instant(TimeDelta::zero()), sql.instant(-self.warned_before));
        let filed = sql.fixed(self.from - TimeDelta::days(10));
        let of_reply = |column: &str, value: &str| {
            format!("case when kind = 'reply' then {value} else {column} end")
        };
        let tables = [
            (
                "ticket",
                "id",
                vec![
                    ("id", sql.id()),
                    ("number", "'SQ-000000-20260101-' || s.n".to_owned()),
                    ("filed_at", filed.clone()),
                    ("due_at", due.clone()),
                ],
            ),
            (
                "deadline",
                "ticket_id",
                vec![
                    ("ticket_id", sql.id()),
                    ("started_at", filed.clone()),
                    ("due_at", of_reply("due_at", &due)),
                    ("warn_at", of_reply("warn_at", &warned)),
                    ("due_on", of_reply("due_on", &sql.day(&due))),
                ],
            ),
            ("event", "ticket_id", vec![("ticket_id", sql.id()), ("at", filed)]),
            ("timer", "ticket_id", vec![("ticket_id", sql.id()), ("due_at", warned)]),
        ];
        for (table, key, changed) in tables {
            let columns = reader.rows(&sql.columns(table)).await;
            let columns: Vec<String> = columns.into_iter().map(|mut row| row.remove(0)).collect();
            let value = |column: &String| {
                let found = changed.iter().find(|(name, _)| name == column);
                found.map_or_else(|| format!("\"{column}\""), |(_, value)| value.clone())
            };
            let values: Vec<String> = columns.iter().map(value).collect();
            let copied = format!(
                "insert into {table} (\"{}\") select {} from {table}, {} where {key} = {}",
                columns.join("\", \""),
                values.join(", "),
                sql.series(),
                reader.literal(template)
            );
            reader.execute(&copied).await;
        }
    }

    /// What the clock has done to the copies.
    pub(crate) async fn steps(&self, reader: &Reader) -> Vec<Step> {
        let sql = Sql { engine: reader.engine(), crowd: self };
        let (ticket, own) = (reader.id("e.ticket_id"), reader.id("ticket_id"));
        let told = format!(
            "select {own}, cast(event as text), min({}) from notice where {own} like '{START}%' \
             group by ticket_id, event",
            reader.id("id")
        );
        let told = reader.rows(&told).await.into_iter().map(|row| {
            let [ticket, event, first] = <[String; 3]>::try_from(row).expect("three");
            ((ticket, event), drawn_at(&first))
        });
        let told: HashMap<(String, String), i64> = told.collect();
        let events = format!(
            "select {ticket}, cast(e.sequence as text), e.kind, {} from event e \
             where {ticket} like '{START}%' and e.kind in ('warned', 'missed', 'escalated')",
            sql.millis("e.at")
        );
        let step = |row: Vec<String>| {
            let [ticket, sequence, kind, at] = <[String; 4]>::try_from(row).expect("four");
            let number = ticket.get(START.len()..).expect("a copy");
            let number = u32::from_str_radix(number, 16).expect("hexadecimal");
            let told = told.get(&(ticket, sequence)).copied();
            Step { number, kind, at: at.parse().expect("milliseconds"), told }
        };
        reader.rows(&events).await.into_iter().map(step).collect()
    }

    /// Copies that are due and not done at `at`.
    pub(crate) async fn waiting(&self, reader: &Reader, at: DateTime<Utc>) -> i64 {
        let sql = Sql { engine: reader.engine(), crowd: self };
        let waiting = format!(
            "select count(*) from timer where {} like '{START}%' and due_at <= {}",
            reader.id("ticket_id"),
            sql.fixed(at)
        );
        reader.number(&waiting).await
    }
}

/// When an identifier (UUID version 7) was drawn, in milliseconds of Unix time.
fn drawn_at(id: &str) -> i64 {
    i64::from_str_radix(id.get(..12).expect("an id"), 16).expect("hexadecimal")
}

struct Sql<'a> {
    engine: Engine,
    crowd: &'a Crowd,
}

impl Sql<'_> {
    fn series(&self) -> String {
        let count = self.crowd.count;
        match self.engine {
            Engine::Sqlite => format!(
                "(with recursive s(n) as (select 1 union all select n + 1 from s where n < {count}) \
                 select n from s) as s"
            ),
            Engine::Postgres => format!("generate_series(1, {count}) as s(n)"),
        }
    }

    fn id(&self) -> String {
        match self.engine {
            Engine::Sqlite => format!("unhex(printf('{START}%012x', s.n))"),
            Engine::Postgres => format!("('{START}' || lpad(to_hex(s.n), 12, '0'))::uuid"),
        }
    }

    /// When the reply of a copy is due, and so much later.
    fn instant(&self, later: TimeDelta) -> String {
        let from = (self.crowd.from + later).timestamp_millis();
        let millis = format!("{from} + s.n * {}", self.crowd.step.num_milliseconds());
        match self.engine {
            Engine::Sqlite => {
                format!("strftime('%Y-%m-%dT%H:%M:%f+00:00', ({millis}) / 1000.0, 'unixepoch')")
            }
            Engine::Postgres => {
                format!("timestamptz 'epoch' + ({millis}) * interval '1 millisecond'")
            }
        }
    }

    fn fixed(&self, at: DateTime<Utc>) -> String {
        let text = at.format("%Y-%m-%dT%H:%M:%S%.3f+00:00");
        match self.engine {
            Engine::Sqlite => format!("'{text}'"),
            Engine::Postgres => format!("timestamptz '{text}'"),
        }
    }

    fn day(&self, instant: &str) -> String {
        match self.engine {
            Engine::Sqlite => format!("substr({instant}, 1, 10)"),
            Engine::Postgres => format!("cast({instant} as date)"),
        }
    }

    fn millis(&self, column: &str) -> String {
        match self.engine {
            Engine::Sqlite => {
                format!(
                    "cast(cast(round(unixepoch({column}, 'subsec') * 1000) as integer) as text)"
                )
            }
            Engine::Postgres => {
                format!("cast(cast(extract(epoch from {column}) * 1000 as bigint) as text)")
            }
        }
    }

    fn columns(&self, table: &str) -> String {
        match self.engine {
            Engine::Sqlite => format!("select name from pragma_table_info('{table}')"),
            Engine::Postgres => format!(
                "select cast(column_name as text) from information_schema.columns \
                 where table_schema = 'public' and table_name = '{table}' \
                 order by ordinal_position"
            ),
        }
    }
}

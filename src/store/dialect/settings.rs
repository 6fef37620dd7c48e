//! What a PostgreSQL server is set to, and what that does to the promises of the service.
//!
//! **Never** changes a setting: whose server it is decides.

use std::collections::BTreeMap;

use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, Statement};

use crate::store::Error;

/// Everything that is looked at, as this session sees it.
const ASK: &str = "select name, current_setting(name) from pg_settings where name in \
    ('server_encoding', 'fsync', 'full_page_writes', 'synchronous_commit', \
     'synchronous_standby_names', 'data_checksums', 'statement_timeout', 'lock_timeout', \
     'idle_in_transaction_session_timeout') \
    union all select 'superuser', rolsuper::text from pg_roles where rolname = current_user";

/// Without these a start is refused: what is acknowledged could be lost, or could not be written.
const NEEDED: [(&str, &str, &str); 3] = [
    ("fsync", "on", "what is acknowledged can be lost when the machine stops"),
    ("full_page_writes", "on", "a page that was half written when the machine stops is lost"),
    ("synchronous_commit", "on", "what is acknowledged can be lost when the server stops"),
];
/// How a session's setting is stronger than the one that is needed.
const STRONGER: (&str, &str) = ("synchronous_commit", "remote_apply");
/// What every connection asks for when it is opened.
const ASKED: [(&str, &str); 3] = [
    ("statement_timeout", "15s"),
    ("lock_timeout", "3s"),
    ("idle_in_transaction_session_timeout", "10s"),
];

/// What is to be said about a server's settings.
#[derive(Debug, Default, PartialEq, Eq)]
struct Judged {
    /// Without these put right, data would be lost.
    refused: Vec<String>,
    warned: Vec<String>,
    /// Cannot be made up for by anything.
    unusable: Vec<String>,
}

/// What is weaker than it should be. Where it could lose data that is an error, unless whoever
/// operates the service allows it.
pub(super) async fn doubts(
    connection: &DatabaseConnection,
    allow_loss: bool,
) -> Result<Vec<String>, Error> {
    let rows = connection.query_all_raw(Statement::from_string(DbBackend::Postgres, ASK)).await?;
    let pair =
        |row: &sea_orm::QueryResult| Ok((row.try_get_by_index(0)?, row.try_get_by_index(1)?));
    let settings = rows.iter().map(pair).collect::<Result<BTreeMap<String, String>, Error>>()?;
    let judged = judge(&settings);
    let mut fatal = judged.unusable;
    let mut doubts = judged.warned;
    if allow_loss {
        doubts.extend(judged.refused);
    } else if !judged.refused.is_empty() {
        fatal.extend(judged.refused);
        fatal.push("SUPPLYLINE_ALLOW_LOSS=true allows it, for trials".to_owned());
    }
    if fatal.is_empty() {
        return Ok(doubts);
    }
    Err(Error::Unusable(format!("SUPPLYLINE_DATABASE_URL: {}", fatal.join("; "))))
}

fn judge(settings: &BTreeMap<String, String>) -> Judged {
    let of = |name: &str| settings.get(name).map_or("unknown", String::as_str);
    let mut judged = Judged::default();
    if of("server_encoding") != "UTF8" {
        let text = format!(
            "the database's encoding is {}, and only UTF8 holds every name",
            of("server_encoding")
        );
        judged.unusable.push(text);
    }
    for (name, needed, why) in NEEDED {
        if of(name) != needed && (name, of(name)) != STRONGER {
            judged.refused.push(format!("{name} is {}: {why}", of(name)));
        }
    }
    for (name, asked) in ASKED {
        if of(name) != asked {
            let text = format!(
                "{name} is {} and not {asked}, as connections ask: does a pooler between drop what \
                 they ask for? Set it for the role",
                of(name)
            );
            judged.warned.push(text);
        }
    }
    let mut warn = |weak: bool, text: &str| {
        if weak {
            judged.warned.push(text.to_owned());
        }
    };
    warn(
        of("synchronous_standby_names").is_empty(),
        "synchronous_standby_names is empty: a failover may lose what was acknowledged last",
    );
    warn(of("data_checksums") != "on", "data_checksums is off: damage on disk goes unnoticed");
    warn(
        of("superuser") == "true",
        "the role is a superuser: give the service a role of its own, without that right",
    );
    judged
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sound() -> BTreeMap<String, String> {
        let all = [
            ("server_encoding", "UTF8"),
            ("fsync", "on"),
            ("full_page_writes", "on"),
            ("synchronous_commit", "on"),
            ("synchronous_standby_names", "ANY 1 (a, b)"),
            ("data_checksums", "on"),
            ("statement_timeout", "15s"),
            ("lock_timeout", "3s"),
            ("idle_in_transaction_session_timeout", "10s"),
            ("superuser", "false"),
        ];
        all.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
    }

    fn check(name: &str, value: &str, expected: [usize; 3]) {
        let mut settings = sound();
        settings.insert(name.to_owned(), value.to_owned());
        let judged = judge(&settings);
        let found = [judged.unusable.len(), judged.refused.len(), judged.warned.len()];
        assert_eq!(found, expected, "{name} = {value}: {judged:?}");
        let texts = [judged.unusable, judged.refused, judged.warned].concat();
        let is_named = |text: &String| {
            text.contains(name) || name == "server_encoding" && text.contains("encoding")
        };
        assert!(texts.iter().all(is_named), "{texts:?}");
    }

    #[test]
    fn what_could_lose_data_is_refused_and_what_is_weak_is_warned_of() {
        assert_eq!(judge(&sound()), Judged::default());
        check("server_encoding", "SQL_ASCII", [1, 0, 0]);
        check("fsync", "off", [0, 1, 0]);
        check("full_page_writes", "off", [0, 1, 0]);
        for weak in ["off", "local", "remote_write"] {
            check("synchronous_commit", weak, [0, 1, 0]);
        }
        check("synchronous_commit", "remote_apply", [0, 0, 0]);
        check("synchronous_standby_names", "", [0, 0, 1]);
        check("data_checksums", "off", [0, 0, 1]);
        check("superuser", "true", [0, 0, 1]);
        check("statement_timeout", "0", [0, 0, 1]);
        check("lock_timeout", "0", [0, 0, 1]);
    }
}

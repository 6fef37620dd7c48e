//! What an error of a database means.
//!
//! **Never** looks at an error's text.

use sea_orm::sqlx::error::DatabaseError;
use sea_orm::{DbErr, RuntimeErr, sqlx};

/// True after what PostgreSQL says may be tried again: 40001 serialization failure, 40P01
/// deadlock, 55P03 lock not available.
pub(in crate::store) fn is_transient(error: &DbErr) -> bool {
    code(error).is_some_and(|code| matches!(code.as_str(), "40001" | "40P01" | "55P03"))
}

/// True when a value is not of its column's type: SQLite keeps anything anywhere.
pub(in crate::store) fn is_undecodable(error: &DbErr) -> bool {
    if let DbErr::Query(RuntimeErr::SqlxError(error)) = error {
        return matches!(**error, sqlx::Error::ColumnDecode { .. });
    }
    matches!(error, DbErr::Type(_) | DbErr::Json(_))
}

/// True when the database does not answer now: gone, starting, full, read-only, overloaded, or busy
/// for longer than anybody tries again. What was under way may have been done all the same, when
/// the connection was lost during a commit.
pub(in crate::store) fn is_unavailable(error: &DbErr) -> bool {
    if matches!(error, DbErr::ConnectionAcquire(_)) || is_transient(error) {
        return true;
    }
    driver(error).is_some_and(is_absence)
}

/// The same, of the driver's own error.
pub(super) fn is_absence(error: &sqlx::Error) -> bool {
    if let Some(code) = error.as_database_error().and_then(DatabaseError::code) {
        return is_code_of_absence(&code);
    }
    matches!(
        error,
        sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::Protocol(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed
    )
}

/// PostgreSQL: 08 connection, 53 resources such as connections and disk, 57P ended or starting,
/// 57014 took too long, 58 the system's errors, 25006 read-only, 25P03 and 25P04 given up because
/// it stood still. SQLite, by its primary code: 5 busy, 8 read-only, 10 I/O, 13 full, 14 gone.
fn is_code_of_absence(code: &str) -> bool {
    if code.len() == 5 {
        return ["08", "53", "57P", "58"].iter().any(|class| code.starts_with(class))
            || matches!(code, "25006" | "25P03" | "25P04" | "57014");
    }
    let primary = code.parse::<u32>().map(|code| code & 0xff);
    matches!(primary, Ok(5 | 8 | 10 | 13 | 14))
}

fn driver(error: &DbErr) -> Option<&sqlx::Error> {
    if let DbErr::Exec(RuntimeErr::SqlxError(error))
    | DbErr::Query(RuntimeErr::SqlxError(error))
    | DbErr::Conn(RuntimeErr::SqlxError(error)) = error
    {
        return Some(error);
    }
    None
}

fn code(error: &DbErr) -> Option<String> {
    let code = driver(error)?.as_database_error().and_then(DatabaseError::code)?;
    Some(code.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn b115_absence_is_told_from_mistakes() {
        for code in
            ["08006", "53300", "53100", "57P01", "57P03", "25006", "57014", "8", "266", "13"]
        {
            assert!(is_code_of_absence(code), "{code}");
        }
        for code in ["23505", "40001", "42P01", "22021", "1", "19", "2067", "26", ""] {
            assert!(!is_code_of_absence(code), "{code}");
        }
    }

    #[test]
    fn b115_a_lost_connection_is_absence() {
        let lost = std::io::Error::from(std::io::ErrorKind::ConnectionReset);
        let lost = RuntimeErr::SqlxError(sqlx::Error::Io(lost).into());
        assert!(is_unavailable(&DbErr::Exec(lost)));
        let full = sea_orm::ConnAcquireErr::Timeout;
        assert!(is_unavailable(&DbErr::ConnectionAcquire(full)));
        assert!(!is_unavailable(&DbErr::Custom("no".to_owned())));
    }
}

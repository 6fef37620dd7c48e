//! Opening a pool of connections to PostgreSQL: to the one of its servers that can be written to.
//!
//! A URL may name several servers, `postgres://user@one:5432,two:5432/db`, as a primary and its
//! standbys. Whichever can be written to is used, and when another is promoted, it is followed.
//!
//! **Never** uses a connection to a server that only follows another.

use std::time::Duration;

use sea_orm::sqlx::postgres::{PgConnectOptions, PgConnection, PgPool, PgPoolOptions};
use sea_orm::sqlx::{self, ConnectOptions as _, Connection as _};
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::LOCK_WAIT;
use super::failure;
use crate::store::Error;

/// Connections of the pool.
pub(super) const CONNECTIONS: u32 = 16;
/// Older servers lack what the statements and the roles need.
const OLDEST: i32 = 150_000;
/// How long a start waits for a server that is not there yet: whoever starts both at once need not
/// time it. Afterwards whoever operates the service is told, and its supervisor tries again.
const PATIENCE: Duration = Duration::from_secs(10);
/// A server that does not answer for so long is passed over.
const ANSWER: Duration = Duration::from_secs(3);
/// How often the server in use is asked whether it still can be written to.
const LOOK: Duration = Duration::from_secs(1);
/// A connection that lay idle for longer is tried before it is used.
const TRUSTED_IDLE: Duration = Duration::from_secs(1);

/// What a server says of itself. The setting is changed in the same breath, where a commit would
/// otherwise be acknowledged before it is on disk.
const ASK: &str = "select current_setting('server_version_num')::int, \
    pg_is_in_recovery() or current_setting('transaction_read_only')::bool, \
    case when current_setting('synchronous_commit') in ('off', 'local', 'remote_write') \
    then set_config('synchronous_commit', 'on', false) end";

/// The servers of a URL.
#[derive(Clone)]
pub(super) struct Servers(Vec<PgConnectOptions>);

impl Servers {
    pub(super) fn of(url: &str) -> Result<Self, Error> {
        let unusable = |error: &dyn std::fmt::Display| {
            Error::Unusable(format!("SUPPLYLINE_DATABASE_URL: {error}"))
        };
        let options = single(url).into_iter().map(|url| {
            let options: PgConnectOptions = url.parse().map_err(|error| unusable(&error))?;
            Ok(with_settings(options.disable_statement_logging()))
        });
        Ok(Self(options.collect::<Result<_, Error>>()?))
    }

    /// The server that can be written to, waited for a while.
    async fn found(&self) -> Result<PgConnectOptions, Error> {
        let end = Instant::now() + PATIENCE;
        loop {
            let mut problems = Vec::new();
            let mut is_final = true;
            for server in &self.0 {
                match reached(server).await {
                    Ok(connection) => {
                        drop(connection.close().await);
                        return Ok(server.clone());
                    }
                    Err(problem) => {
                        is_final &= problem.is_final;
                        problems.push(format!("{}: {}", name(server), problem.text));
                    }
                }
            }
            if is_final || Instant::now() >= end {
                let problems = problems.join("; ");
                return Err(Error::Unusable(format!(
                    "SUPPLYLINE_DATABASE_URL: no server can be used: {problems}"
                )));
            }
            sleep(Duration::from_millis(250)).await;
        }
    }
}

/// A URL of its own for each server that a URL names.
fn single(url: &str) -> Vec<String> {
    let Some((scheme, rest)) = url.split_once("://") else { return vec![url.to_owned()] };
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, tail) = rest.split_at_checked(end).unwrap_or((rest, ""));
    let (user, hosts) = match authority.rsplit_once('@') {
        Some((user, hosts)) => (format!("{user}@"), hosts),
        None => (String::new(), authority),
    };
    // The only meaning that is meant here anyway; the driver does not know it.
    let tail = ["target_session_attrs=read-write&", "&target_session_attrs=read-write"]
        .iter()
        .fold(tail.to_owned(), |tail, word| tail.replace(word, ""));
    let tail = tail.replace("?target_session_attrs=read-write", "");
    hosts.split(',').map(|host| format!("{scheme}://{user}{host}{tail}")).collect()
}

fn with_settings(options: PgConnectOptions) -> PgConnectOptions {
    options.application_name("supplyline").options([
        ("statement_timeout", "15s"),
        ("lock_timeout", LOCK_WAIT),
        ("idle_in_transaction_session_timeout", "10s"),
        // The server lets go of a client that is gone without a word, and of its locks.
        ("tcp_user_timeout", "15s"),
        ("tcp_keepalives_idle", "5s"),
        ("tcp_keepalives_interval", "5s"),
        ("tcp_keepalives_count", "2"),
        // Whoever says nothing sees nothing, where row-level security binds.
        ("supplyline.reach", "service"),
    ])
}

fn name(server: &PgConnectOptions) -> String {
    match server.get_socket() {
        Some(socket) => format!("{}:{}", socket.display(), server.get_port()),
        None => format!("{}:{}", server.get_host(), server.get_port()),
    }
}

/// Why a server cannot be used.
struct Problem {
    text: String,
    /// Waiting would not change it.
    is_final: bool,
}

/// A connection to a server that can be written to.
async fn reached(server: &PgConnectOptions) -> Result<PgConnection, Problem> {
    let answer = async {
        let mut connection = PgConnection::connect_with(server).await?;
        fit(&mut connection).await?;
        Ok(connection)
    };
    match timeout(ANSWER, answer).await {
        Ok(Ok(connection)) => Ok(connection),
        Ok(Err(error)) => {
            let is_final = matches!(error, sqlx::Error::Configuration(_) | sqlx::Error::Tls(_))
                || error.as_database_error().is_some_and(|_| !failure::is_absence(&error));
            Err(Problem { text: error.to_string(), is_final })
        }
        Err(_late) => Err(Problem { text: "no answer".to_owned(), is_final: false }),
    }
}

/// Makes a new connection ready, if its server is fit.
async fn fit(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    let (version, is_read_only, _): (i32, bool, Option<String>) =
        sqlx::query_as(ASK).persistent(false).fetch_one(connection).await?;
    if version < OLDEST {
        let major = version / 10_000;
        let text = format!("PostgreSQL {major} is too old; 15 or later is needed");
        return Err(sqlx::Error::Configuration(text.into()));
    }
    if is_read_only {
        let text = "it is a standby or read-only, and cannot be written to".to_owned();
        return Err(sqlx::Error::Protocol(text));
    }
    Ok(())
}

/// Opens a pool to the server that can be written to.
pub(super) async fn open(url: &str, connections: u32) -> Result<PgPool, Error> {
    let found = Servers::of(url)?.found().await?;
    let pool = PgPoolOptions::new()
        .max_connections(connections)
        .min_connections(1)
        .acquire_timeout(Duration::from_secs(15))
        .test_before_acquire(false)
        .after_connect(|connection, _| Box::pin(fit(connection)))
        .before_acquire(|connection, about| {
            Box::pin(async move {
                if about.idle_for >= TRUSTED_IDLE {
                    let answer = timeout(ANSWER, connection.ping()).await;
                    answer.map_err(|_late| sqlx::Error::PoolTimedOut)??;
                }
                Ok(true)
            })
        });
    let opened = pool.connect_with(found).await;
    opened.map_err(|error| Error::Unusable(format!("SUPPLYLINE_DATABASE_URL: {error}")))
}

/// Follows the server that can be written to, where there are several, until the guard is dropped.
#[expect(clippy::disallowed_methods, reason = "it ends with the guard")]
pub(super) fn follow(url: &str, pool: &PgPool) -> Result<Option<DropGuard>, Error> {
    let servers = Servers::of(url)?;
    if servers.0.len() < 2 {
        return Ok(None);
    }
    let stop = CancellationToken::new();
    let (guard, pool) = (stop.clone().drop_guard(), pool.clone());
    tokio::spawn(async move { stop.run_until_cancelled(looking(servers, pool)).await });
    Ok(Some(guard))
}

async fn looking(servers: Servers, pool: PgPool) {
    let mut held: Option<PgConnection> = None;
    while !pool.is_closed() {
        sleep(LOOK).await;
        if let Some(connection) = &mut held
            && matches!(timeout(ANSWER, fit(connection)).await, Ok(Ok(())))
        {
            continue;
        }
        held = match reached(&pool.connect_options()).await {
            Ok(connection) => Some(connection),
            Err(_) => changed(&servers, &pool).await,
        };
    }
}

/// Turns to the first other server that can be written to, and gives a connection to it.
async fn changed(servers: &Servers, pool: &PgPool) -> Option<PgConnection> {
    let left = name(&pool.connect_options());
    for server in servers.0.iter().filter(|server| name(server) != left) {
        if let Ok(connection) = reached(server).await {
            tracing::warn!(server = %name(server), "another server can be written to now");
            pool.set_connect_options(server.clone());
            return Some(connection);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn b115_a_url_may_name_several_servers() {
        for (url, expected) in [
            ("postgres://u@h/db", vec!["postgres://u@h/db"]),
            ("postgres:///db?host=/tmp", vec!["postgres:///db?host=/tmp"]),
            (
                "postgres://u:p%2C@a:1,b:2,c/db?sslmode=require",
                vec![
                    "postgres://u:p%2C@a:1/db?sslmode=require",
                    "postgres://u:p%2C@b:2/db?sslmode=require",
                    "postgres://u:p%2C@c/db?sslmode=require",
                ],
            ),
            (
                "postgres://a,b/db?target_session_attrs=read-write&sslmode=disable",
                vec!["postgres://a/db?sslmode=disable", "postgres://b/db?sslmode=disable"],
            ),
            ("postgres://a/db?target_session_attrs=read-write", vec!["postgres://a/db"]),
        ] {
            assert_eq!(single(url), expected, "{url}");
            assert_eq!(Servers::of(url).expect("usable").0.len(), expected.len());
        }
    }
}

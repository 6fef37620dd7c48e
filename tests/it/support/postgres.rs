//! The PostgreSQL servers of this test process.
//!
//! **Never** left out where they are required.

use std::io::Write as _;
use std::sync::OnceLock;

use super::server::{Server, programs, start};

/// Fast, because what it holds is lost with the test anyway.
pub(crate) const FAST: &str = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off";

/// The server of all tests, started when first asked for; `None` where its programs are missing.
pub(crate) fn cluster() -> Option<&'static Server> {
    static CLUSTER: OnceLock<Option<Server>> = OnceLock::new();
    CLUSTER.get_or_init(|| own(FAST)).as_ref()
}

/// A server for one test alone, with these settings; `None` where its programs are missing.
pub(crate) fn own(settings: &str) -> Option<Server> {
    programs().map(|bin| start(&bin, settings, None)).or_else(left_out)
}

impl Server {
    /// The URL of a database on the server, for a role.
    pub(crate) fn url_as(&self, role: &str, database: &str) -> String {
        self.url(database).replacen("postgres@", &format!("{role}@"), 1)
    }
}

fn left_out() -> Option<Server> {
    let required = std::env::var("SUPPLYLINE_TESTS_REQUIRE_POSTGRES").is_ok_and(|yes| yes == "1");
    assert!(!required, "SUPPLYLINE_TESTS_REQUIRE_POSTGRES=1, and PostgreSQL was not found");
    // Not `eprintln!`: that is shown for failing tests only.
    let line = "\nleft out: PostgreSQL programs were not found; tests/run installs them\n";
    drop(std::io::stderr().write_all(line.as_bytes()));
    None
}

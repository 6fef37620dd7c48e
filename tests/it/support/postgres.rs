//! The PostgreSQL server of this test process.
//!
//! **Never** left out where it is required.

use std::io::Write as _;
use std::sync::OnceLock;

use super::server::{Server, programs, start};

/// Nothing of it outlives the process, so nothing need reach the disk.
const IN_HASTE: &str = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off";

/// The server, started when first asked for; `None` where its programs are missing.
pub(crate) fn cluster() -> Option<&'static Server> {
    static CLUSTER: OnceLock<Option<Server>> = OnceLock::new();
    CLUSTER.get_or_init(|| programs().map(|bin| start(&bin, IN_HASTE)).or_else(left_out)).as_ref()
}

fn left_out() -> Option<Server> {
    let required = std::env::var("SUPPLYLINE_TESTS_REQUIRE_POSTGRES").is_ok_and(|yes| yes == "1");
    assert!(!required, "SUPPLYLINE_TESTS_REQUIRE_POSTGRES=1, and PostgreSQL was not found");
    // Not `eprintln!`: that is shown for failing tests only.
    let line = "\nleft out: PostgreSQL programs were not found; tests/run installs them\n";
    drop(std::io::stderr().write_all(line.as_bytes()));
    None
}

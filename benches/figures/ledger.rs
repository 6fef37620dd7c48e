//! The ledger over a province's tickets, split every way.

use std::time::Instant;

use supplyline::clock::Clock;
use supplyline::service::ledger::{Grouping, Period, read};
use supplyline::service::{App, Limits, accounts};
use supplyline::store::Store;

use super::{crowd, memory, row, world};

const TICKETS: u32 = 100_000;

pub(crate) async fn figures() {
    let world = world().await;
    // On connections of its own, which take what they remember with them.
    let url = format!("sqlite://{}", world.path.display());
    let filling = Store::connect(&url).await.expect("opened");
    let now = crowd::fill(&filling, 0..TICKETS).await;
    filling.read_unscoped().clone().close().await.expect("closed");
    drop(filling);
    let app = App::open(world.store.clone(), Clock::still_at(now), Limits::Off).await;
    let app = app.expect("opened");
    let scope = accounts::on_behalf_of(&app, "province").await.expect("known");
    for by in Grouping::ALL {
        memory::forget_peak();
        let before = memory::resident();
        let begun = Instant::now();
        let ledger = read(&app, &scope, by, &Period::default()).await.expect("reckoned");
        let seconds = begun.elapsed().as_secs_f64();
        let rate = |ratio: supplyline::service::ledger::Ratio| {
            format!("{:.0} %", ratio.rate().unwrap_or(f64::NAN) * 100.0)
        };
        row(
            &format!(
                "ledger over {} tickets by {by:?}, {} rows",
                ledger.total.tickets,
                ledger.rows.len()
            ),
            &format!(
                "{seconds:.2} s, peak {:.0} MiB more than the {before:.0} before; replied in time {}, kept {}, solved in time {}",
                memory::peak() - before,
                rate(ledger.total.replies()),
                rate(ledger.total.promises),
                rate(ledger.total.resolved),
            ),
        );
    }
}

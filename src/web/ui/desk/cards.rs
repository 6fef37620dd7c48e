//! The workbench of those who keep the service.
//!
//! **Never** counts what its reader could not open.

use super::super::home::Card;
use super::super::shell::Shell;
use super::super::tickets::counted;
use super::audit::{Row, newest};
use crate::domain::calendar::local_date;
use crate::domain::party::Role;
use crate::service::notices::DeliveryState;
use crate::service::rulebook::PolicyView;
use crate::service::{directory, hold, locks, notices};
use crate::web::auth::SignedIn;
use crate::web::error::Problem;
use crate::web::site::Site;

/// More locked names than these are not counted.
const MOST_LOCKS: u64 = 100;

/// What a keeper's workbench shows beside tickets.
#[derive(Default)]
pub(in crate::web::ui) struct Desk {
    pub(in crate::web::ui) cards: Vec<Card>,
    /// Rules that have lapsed, or are about to, and about which nobody has decided: address and
    /// sentence.
    pub(in crate::web::ui) lapsing: Vec<(String, String)>,
    /// Why nothing fires, while firing is on hold.
    pub(in crate::web::ui) hold: Option<String>,
    /// The newest entries of the audit log; `None` for who may not read it.
    pub(in crate::web::ui) entries: Option<Vec<Row>>,
}

/// The desk of the reader's role; nothing for the parties.
pub(in crate::web::ui) async fn desk(
    site: &Site,
    signed: &SignedIn,
    shell: &Shell,
) -> Result<Desk, Problem> {
    match signed.role() {
        Role::Admin => Ok(Desk {
            cards: of_admin(site, signed).await?,
            lapsing: lapsing(site, shell),
            hold: on_hold(site, shell).await?,
            entries: None,
        }),
        Role::Security => Ok(Desk { cards: of_security(site, signed).await?, ..Desk::default() }),
        Role::Auditor => {
            Ok(Desk { entries: Some(newest(site, signed, shell).await?), ..Desk::default() })
        }
        Role::Hospital | Role::Manufacturer | Role::Distributor | Role::Bureau => {
            Ok(Desk::default())
        }
    }
}

async fn of_admin(site: &Site, signed: &SignedIn) -> Result<Vec<Card>, Problem> {
    let (app, scope, book) = (&site.app, &signed.scope, site.app.book());
    let dead = notices::count(app, scope, DeliveryState::Failed).await?;
    let queued = notices::count(app, scope, DeliveryState::Queued).await?;
    let size = directory::size(app, scope).await?;
    let length = |length: usize| u64::try_from(length).unwrap_or(u64::MAX);
    Ok(vec![
        card("card-dead", "/deliveries?state=failed", dead, "bad"),
        card("card-queued", "/deliveries?state=queued", queued, ""),
        card("card-organisations", "/organisations", size.organisations, ""),
        card("card-users", "/users", size.people, ""),
        card("card-calendars", "/calendars", length(book.layers().len()), ""),
        card("card-policies", "/policies", length(book.policies().len()), ""),
    ])
}

async fn of_security(site: &Site, signed: &SignedIn) -> Result<Vec<Card>, Problem> {
    let names = locks::list(&site.app, &signed.scope, None, MOST_LOCKS).await?;
    let (locked, near): (Vec<_>, Vec<_>) = names.iter().partition(|lock| lock.is_locked);
    let length = |length: usize| u64::try_from(length).unwrap_or(u64::MAX);
    Ok(vec![
        card("card-locks", "/locks", length(locked.len()), "bad"),
        card("card-failures", "/locks", length(near.len()), "warn"),
    ])
}

/// From so many days before the last one of a version its end is told of.
const SOON_DAYS: i64 = 90;

fn lapsing(site: &Site, shell: &Shell) -> Vec<(String, String)> {
    let (book, today) = (site.app.book(), local_date(shell.now));
    let views = book.policy_views(shell.now).into_iter().filter(|view| view.undecided);
    let told = |view: PolicyView<'_>| {
        let end = view.policy.effective_to?;
        let values = [
            ("name", view.policy.name.clone()),
            ("version", view.policy.version.clone()),
            ("date", end.to_string()),
        ];
        let key = if view.lapsed { "desk-lapsed" } else { "desk-lapsing" };
        let is_soon = (end - today).num_days() <= SOON_DAYS;
        let address = format!("/policies/{}", view.policy.id);
        is_soon.then(|| (address, shell.words().with_all(key, &values)))
    };
    views.filter_map(told).collect()
}

async fn on_hold(site: &Site, shell: &Shell) -> Result<Option<String>, Problem> {
    let hold = hold::current(&site.app).await?;
    Ok(hold.map(|hold| {
        let values =
            [("since", shell.minute(&hold.since)), ("cause", shell.name("hold", &hold.cause))];
        shell.words().with_all("on-hold", &values)
    }))
}

fn card(key: &'static str, address: &'static str, count: u64, class: &'static str) -> Card {
    let class = if count == 0 { "" } else { class };
    Card { key, address, count: counted(count), class }
}

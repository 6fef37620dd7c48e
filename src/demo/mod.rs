//! The demo: a sample province with two weeks of life in it.
//!
//! The tickets are replayed through the same use cases that people call, with a clock that is
//! moved from act to act, so that what the demo shows is what the rules did.
//!
//! **Never** touches a database that holds anything.

mod province;
mod replay;

use anyhow::{Context as _, bail};
use chrono::{DateTime, Utc};

use crate::clock::Clock;
use crate::jobs::Engine;
use crate::notify::{Channels, Mail, Sms};
use crate::service::{App, Limits};
use crate::store::Store;

/// The password of every demo account.
pub const PASSWORD: &str = "supplyline-demo";

/// What was loaded.
#[derive(Debug, Clone, Copy)]
pub struct Loaded {
    /// Hospitals, manufacturers, distributors, bureaus.
    pub organisations: usize,
    /// People.
    pub users: usize,
    /// Products.
    pub products: usize,
    /// Tickets filed.
    pub tickets: usize,
    /// Acts that the rules refused; none, unless the sample contradicts them.
    pub refused: usize,
}

/// Fills an empty, migrated and seeded database with the sample province as of `now`.
///
/// # Errors
/// When the database holds anything, or the sample cannot be read.
pub async fn load(store: &Store, now: DateTime<Utc>) -> anyhow::Result<Loaded> {
    if !crate::store::accounts::is_empty(store.read_unscoped()).await? {
        bail!(
            "SUPPLYLINE_DATABASE_URL: this database is not empty; the demo is loaded into an empty one only"
        );
    }
    let province = province::load(store, now).await?;
    // Nothing leaves while the past is replayed: it stays in the in-app mailboxes.
    let public_url = url::Url::parse("http://localhost/").context("a constant")?;
    let channels = Channels::new(Mail::in_app(), Sms::in_app(), public_url);
    let script = replay::script(&province, now)?;
    let begins = script.begins_at(now);
    let app = App::open(store.clone(), Clock::still_at(begins), Limits::Off).await?;
    let engine = Engine::new(app, channels).without_recurring();
    let played = replay::run(&engine, &province, script, now).await?;
    Ok(Loaded {
        organisations: province.organisations,
        users: province.users,
        products: province.products,
        tickets: played.tickets,
        refused: played.refused,
    })
}

/// What to try first, for the screen.
#[must_use]
pub fn what_to_try(address: &url::Url, loaded: &Loaded, now: DateTime<Utc>) -> String {
    let now = now.with_timezone(&crate::domain::calendar::SHANGHAI).format("%Y-%m-%d %H:%M");
    let address = address.as_str().trim_end_matches('/');
    let Loaded { organisations, users, products, tickets, .. } = loaded;
    format!(
        "
Supplyline demo: {organisations} organisations of a sample province, {users} people, {products} products, {tickets} tickets.
Business time is {now} (Asia/Shanghai) and ticks on; nothing is kept when you stop it with Ctrl-C.

  address    {address}      API description {address}/api/docs/
  accounts   hospital hospital2 maker maker2 distributor county city city2 province admin admin2 security auditor
  password   {PASSWORD}

What to try
  1  open {address} and enter as the hospital's pharmacist, with one click
  2  file a ticket: choose a product, say what is missing, see when it would be due
  3  press \"+1 working day\" until the manufacturer is late: the ticket climbs to the city bureau by itself
  4  read everybody's mails and texts, then become the manufacturer and the city bureau
"
    )
}

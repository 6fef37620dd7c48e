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
    if !crate::store::accounts::is_empty(store.read()).await? {
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
  1  sign in as the hospital and keep the token
       TOKEN=$(curl -s {address}/api/v1/session -H 'Content-Type: application/json' \\
         -d '{{\"username\":\"hospital\",\"password\":\"{PASSWORD}\"}}' | sed 's/.*\"token\":\"\\([^\"]*\\)\".*/\\1/')
  2  see its tickets
       curl -s {address}/api/v1/tickets -H \"Authorization: Bearer $TOKEN\"
  3  let two working days pass, and see what has become of those that nobody answered
       curl -s {address}/api/v1/demo/clock -H \"Authorization: Bearer $TOKEN\" -H 'Content-Type: application/json' \\
         -d '{{\"advance_working_days\":2}}'
       curl -s '{address}/api/v1/tickets?overdue=true' -H \"Authorization: Bearer $TOKEN\"
"
    )
}

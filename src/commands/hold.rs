//! Putting firing on hold and letting it go on, on the command line.
//!
//! **Never** releases what was not shown.

use std::sync::Arc;

use anyhow::{Context as _, bail};
use chrono::{DateTime, Utc};
use clap::Args;
use secrecy::ExposeSecret as _;

use super::{key, say};
use crate::config::Config;
use crate::crash::{self, Point};
use crate::domain::audit::chain::Key;
use crate::domain::calendar::SHANGHAI;
use crate::domain::notice::Channel;
use crate::domain::text;
use crate::service::App;
use crate::service::hold::{self, Backlog, HoldCause, Preview, Waiting};
use crate::store::Store;

#[derive(Debug, Args)]
pub(super) struct Begin {
    /// Why, for whoever releases it.
    #[arg(long)]
    reason: String,
}

#[derive(Debug, Clone, Copy, Args)]
pub(super) struct End {
    /// Only show what would fire and be sent.
    #[arg(long)]
    dry_run: bool,
    /// Make dead letters of the deliveries that were queued before the hold began: after a
    /// restore they may have been sent already. An administrator sees them and can send them.
    #[arg(long)]
    skip_deliveries: bool,
}

/// The application over a database as it stands: it is not migrated by the way.
pub(super) async fn open(config: &Config, earlier: Vec<Arc<Key>>) -> anyhow::Result<App> {
    let url = config.database_url.expose_secret();
    if let Some(file) = Store::file(url)?.filter(|file| !file.exists()) {
        bail!("SUPPLYLINE_DATABASE_URL: there is no database {}", file.display());
    }
    let store = Store::connect(url).await.context("the database cannot be opened")?;
    match store.pending_migrations().await? {
        0 => key::app_with(config, store, earlier).await,
        pending => bail!("the database lacks {pending} migrations: run supplyline migrate"),
    }
}

pub(super) async fn begin(config: &Config, begin: &Begin) -> anyhow::Result<()> {
    let reason = text::line(&begin.reason, 200).context("--reason")?;
    let app = open(config, Vec::new()).await?;
    let before = hold::current(&app).await?;
    let on = hold::begin(&app, HoldCause::Command, reason).await?;
    crash::point(Point::HoldCommitted);
    let already = if before.is_some() { "it is on hold already\n" } else { "" };
    say(&format!("{already}{}", on.announcement()))
}

pub(super) async fn release(config: &Config, end: End) -> anyhow::Result<()> {
    let app = open(config, Vec::new()).await?;
    let now = app.clock.now();
    let Some(preview) = hold::preview(&app).await? else {
        return say("nothing is on hold");
    };
    say(&shown(&preview, now))?;
    if end.dry_run {
        return say("dry run: the hold goes on");
    }
    let backlog = if end.skip_deliveries { Backlog::Skip } else { Backlog::Send };
    match hold::release(&app, backlog).await? {
        None => say("somebody else has just released it"),
        Some(0) => say("released: what is due is handled now, in due order"),
        Some(skipped) => say(&format!(
            "released: what is due is handled now, in due order; {skipped} deliveries became dead \
             letters"
        )),
    }
}

/// What a release would set going, in lines.
fn shown(preview: &Preview, now: DateTime<Utc>) -> String {
    let mut lines = vec![preview.hold.announcement(), "due now:".to_owned()];
    for (step, (tickets, oldest)) in &preview.steps {
        let oldest = local(*oldest);
        lines.push(format!("  {tickets} tickets: first comes {step}; the oldest since {oldest}"));
    }
    if preview.steps.is_empty() {
        lines.push("  no ticket".to_owned());
    }
    lines.push("deliveries queued before the hold (--skip-deliveries makes dead letters):".into());
    lines.extend(queue(&preview.before, now));
    lines.push("deliveries queued since:".to_owned());
    lines.extend(queue(&preview.since, now));
    lines.join("\n")
}

fn queue(waiting: &[Waiting], now: DateTime<Utc>) -> Vec<String> {
    let line = |one: &Waiting| {
        let channel = match one.channel {
            Channel::Mail => "mail",
            Channel::Sms => "text message",
            Channel::Robot => "robot text",
        };
        let (days, hours) = ((now - one.oldest).num_days(), (now - one.oldest).num_hours() % 24);
        let oldest = local(one.oldest);
        format!(
            "  {} by {channel}; the oldest from {oldest}, {days} days and {hours} hours ago",
            one.deliveries
        )
    };
    if waiting.is_empty() { vec!["  none".to_owned()] } else { waiting.iter().map(line).collect() }
}

fn local(at: DateTime<Utc>) -> String {
    at.with_timezone(&SHANGHAI).format("%Y-%m-%d %H:%M").to_string()
}

//! The command line.
//!
//! **Never** prints a secret, but for a password it has just made.

mod audit;
mod backup;
mod hold;
mod import;
mod key;
mod verify;

use std::io::{BufRead as _, Write as _};
use std::sync::{Arc, Mutex};

use anyhow::{Context as _, bail};
use chrono::{DateTime, Utc};
use clap::{Args, Parser, Subcommand};
use secrecy::ExposeSecret as _;
use uuid::Uuid;

use crate::clock::Clock;
use crate::config::Config;
use crate::crash::{self, Point};
use crate::domain::id::{OrganisationId, UserId};
use crate::domain::party::{Division, Language, Organisation, OrganisationKind, Role};
use crate::domain::text;
use crate::files::Vault;
use crate::service::accounts::{hash_password, random_password};
use crate::service::catalogue::spell_names;
use crate::service::hold::{current, may_fire};
use crate::service::rulebook::Rulebook;
use crate::service::{App, Limits, zone};
use crate::startup::{Service, serve};
use crate::store::accounts::{self, NewUser};
use crate::store::{self, Lock, Store};
use crate::{demo, notify, shipped, telemetry};

/// Supplyline: the channel through which hospitals get the drugs they are owed.
#[derive(Debug, Parser)]
#[command(name = "supplyline", version, about)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the service.
    Serve,
    /// Run a throw-away sample province with a clock you can move.
    Demo {
        /// Where business time begins, like 2026-02-13T09:00:00+08:00; now, when left out.
        #[arg(long)]
        now: Option<DateTime<Utc>>,
        /// Fill the empty database of `SUPPLYLINE_DATABASE_URL` instead, and exit.
        #[arg(long)]
        load_only: bool,
    },
    /// Bring the database of `SUPPLYLINE_DATABASE_URL` up to date.
    Migrate,
    /// Check the settings and the database; warn about what is weak.
    Check,
    /// Copy the SQLite database and its attachments into one new file, while the service may run.
    #[command(long_about = backup::ABOUT)]
    Backup(backup::Target),
    /// Restore a backup into an absent or empty SQLite database; it starts on hold.
    #[command(long_about = backup::ABOUT_RESTORE)]
    Restore(backup::Source),
    /// Put firing on hold: people go on working, but nothing falls due and nothing is sent.
    Hold(hold::Begin),
    /// Show what waits behind a hold, and let it go on.
    Release(hold::End),
    /// Import a table: every row, or none.
    Import(import::Table),
    /// Verify an evidence pack: offline, without a database.
    Verify(verify::Pack),
    /// Show the public key that evidence packs of this instance are verified with.
    Key,
    /// Verify, export or explain the audit log.
    #[command(subcommand)]
    Audit(audit::Command),
    /// Manage people.
    #[command(subcommand)]
    User(UserCommand),
}

#[derive(Debug, Subcommand)]
enum UserCommand {
    /// Create a person, and their organisation when it is new.
    Create(NewPerson),
}

#[derive(Debug, Args)]
struct NewPerson {
    /// What they type to sign in.
    #[arg(long)]
    username: String,
    /// Their name.
    #[arg(long)]
    name: String,
    /// hospital, manufacturer, distributor, bureau, admin, security or auditor.
    #[arg(long, value_parser = role)]
    role: Role,
    /// Their organisation's name.
    #[arg(long)]
    organisation: String,
    /// The organisation's six-digit division.
    #[arg(long, value_parser = Division::parse)]
    division: Division,
    /// Their mail address.
    #[arg(long)]
    email: Option<String>,
    /// Their phone number.
    #[arg(long)]
    phone: Option<String>,
    /// The six-digit division a manufacturer's person is responsible for: of tickets from there
    /// they are told before their colleagues.
    #[arg(long, value_parser = Division::parse)]
    territory: Option<Division>,
    /// Tell them things in English rather than in Chinese.
    #[arg(long)]
    english: bool,
    /// Read the password from the first line of standard input; otherwise one is made and shown.
    #[arg(long)]
    password_stdin: bool,
}

fn role(word: &str) -> Result<Role, String> {
    serde_json::from_value(serde_json::Value::String(word.to_owned())).map_err(|_unknown| {
        "one of hospital, manufacturer, distributor, bureau, admin, security, auditor".to_owned()
    })
}

/// Runs a command to its end.
///
/// # Errors
/// Says what could not be done, naming the setting or argument.
#[expect(clippy::cognitive_complexity, reason = "a table of commands")]
pub async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let config = Config::load()?;
    telemetry::begin(&config.log)?;
    #[cfg(any(debug_assertions, feature = "crash-points"))]
    if let Some(point) = crate::config::crash_at() {
        crate::crash::arm(&point)?;
    }
    notify::install_crypto();
    match arguments.command {
        Command::Serve => serve_forever(&config).await,
        Command::Demo { now, load_only: true } => load_only(&config, now).await,
        Command::Demo { now, load_only: false } => run_demo(&config, now).await,
        Command::Migrate => {
            let store = open(config.database_url.expose_secret()).await?;
            let store = key::app(&config, store).await?.store;
            if let Some(role) = &config.database_role {
                store.grant(role).await?;
                say(&format!("{role} may serve with this database"))?;
            }
            say("the database is up to date")
        }
        Command::Check => check(&config).await,
        Command::Backup(target) => backup::make(&config, &target).await,
        Command::Restore(source) => backup::restore(&config, &source).await,
        Command::Hold(begin) => hold::begin(&config, &begin).await,
        Command::Release(end) => hold::release(&config, end).await,
        Command::Import(table) => import::run(&config, table).await,
        Command::Verify(pack) => verify::run(&config, &pack),
        Command::Key => key::show(&config).await,
        Command::Audit(command) => audit::run(&config, command).await,
        Command::User(UserCommand::Create(person)) => create_user(&config, person).await,
    }
}

/// Migrates and seeds a database, and opens it.
async fn open(url: &str) -> anyhow::Result<Store> {
    Store::migrate(url).await.context("the database cannot be migrated")?;
    crash::point(Point::Migrated);
    let store = Store::connect(url).await.context("the database cannot be opened")?;
    Rulebook::seed(&store, shipped::nation()?).await.context("the calendar cannot be written")?;
    let policies = Rulebook::seed_policies(&store, shipped::policies()?).await;
    policies.context("the time-limit rules cannot be written")?;
    let divisions = Rulebook::seed_divisions(&store, shipped::divisions()?).await;
    divisions.context("the divisions cannot be written")?;
    crash::point(Point::Seeded);
    spell_names(&store).await.context("the products' names cannot be spelt")?;
    Ok(store)
}

async fn serve_forever(config: &Config) -> anyhow::Result<()> {
    config.warnings().iter().for_each(|warning| warn(warning));
    let alone = Lock::take(config.database_url.expose_secret())?;
    let is_doubtful = alone.is_doubtful();
    let alone = Arc::new(Mutex::new(alone));
    let store = open(config.database_url.expose_secret()).await?;
    store.doubts(config.allow_loss).await?.iter().for_each(|doubt| warn(doubt));
    let vault = Vault::at(&config.attachments_url).context("SUPPLYLINE_ATTACHMENTS_URL")?;
    let app = key::app(config, store).await?.with_files(vault);
    if let Some(change) = zone::note(&app).await? {
        warn(&change.announcement());
    }
    let app = if is_doubtful { app.unchecked() } else { app };
    if is_doubtful {
        warn(
            "the service ended without notice: nothing fires until the database is looked through",
        );
    }
    // Asked before anything runs, so that the log begins with it.
    if !may_fire(&app).await?
        && let Some(on) = current(&app).await?
    {
        warn(&on.announcement());
    }
    let mut service = Service::start(config, app.clone())?;
    if is_doubtful {
        service.look_through(app, Arc::clone(&alone));
    }
    say(&format!("serving on http://{}", service.address().unwrap_or(config.listen)))?;
    serve(service).await
}

fn warn(warning: &str) {
    tracing::warn!("{warning}");
}

async fn load_only(config: &Config, now: Option<DateTime<Utc>>) -> anyhow::Result<()> {
    let store = open(config.database_url.expose_secret()).await?;
    let store = key::app(config, store).await?.store;
    let loaded = demo::load(&store, now.unwrap_or_else(|| Clock::system().now())).await?;
    say(&format!(
        "loaded {} organisations, {} people, {} products and {} tickets; every account's password is {}",
        loaded.organisations,
        loaded.users,
        loaded.products,
        loaded.tickets,
        demo::PASSWORD
    ))
}

async fn run_demo(config: &Config, now: Option<DateTime<Utc>>) -> anyhow::Result<()> {
    let now = now.unwrap_or_else(|| Clock::system().now());
    let folder = tempfile::Builder::new().prefix("supplyline-demo-").tempdir();
    let folder = folder.context("no folder for the demo's database can be made")?;
    run_demo_in(config, folder.path(), now).await
}

async fn run_demo_in(
    config: &Config,
    folder: &std::path::Path,
    now: DateTime<Utc>,
) -> anyhow::Result<()> {
    let store = open(&format!("sqlite://{}", folder.join("demo.db").display())).await?;
    let loaded = demo::load(&store, now).await?;
    let vault = Vault::folder(&folder.join("attachments"))?;
    let app = key::of_demo(store, folder, Clock::ticking_from(now)).await?.with_files(vault);
    let service = Service::start_demo(config, app)?;
    say(&demo::what_to_try(&config.public_url, &loaded, now))?;
    serve(service).await
}

async fn check(config: &Config) -> anyhow::Result<()> {
    for (name, value) in config.shown() {
        say(&format!("{name} = {value}"))?;
    }
    for warning in config.warnings() {
        say(&format!("warning: {warning}"))?;
    }
    key::check(config)?;
    let url = config.database_url.expose_secret();
    let store = Store::connect(url).await.context("the database cannot be opened")?;
    for doubt in store.doubts(config.allow_loss).await? {
        say(&format!("warning: {doubt}"))?;
    }
    match store.pending_migrations().await? {
        0 => say("the database is up to date")?,
        pending => bail!("the database lacks {pending} migrations: run supplyline migrate"),
    }
    let app = App::open(store, Clock::system(), Limits::On).await?;
    current(&app).await?.map_or(Ok(()), |on| say(&format!("warning: {}", on.announcement())))
}

async fn create_user(config: &Config, person: NewPerson) -> anyhow::Result<()> {
    if person.territory.is_some() && person.role != Role::Manufacturer {
        bail!("--territory: only a manufacturer's people have one");
    }
    let store = open(config.database_url.expose_secret()).await?;
    let app = key::app(config, store).await?;
    let (password, is_made) = password(person.password_stdin)?;
    let hash = tokio::task::spawn_blocking(move || {
        Ok::<_, anyhow::Error>((hash_password(&password)?, password))
    });
    let (password_hash, password) = hash.await??;
    let kind = person.role.organisation_kind();
    let house = text::line(&person.organisation, 200).context("--organisation")?;
    let organisation = organisation(&app, kind, person.division, house).await?;
    let user = NewUser {
        id: UserId(Uuid::now_v7()),
        organisation,
        username: text::line(&person.username, 64).context("--username")?.to_lowercase(),
        name: text::line(&person.name, 100).context("--name")?,
        role: person.role,
        email: person
            .email
            .as_deref()
            .map(|mail| text::line(mail, 254))
            .transpose()
            .context("--email")?,
        phone: person
            .phone
            .as_deref()
            .map(|phone| text::line(phone, 20))
            .transpose()
            .context("--phone")?,
        language: if person.english { Language::English } else { Language::Chinese },
        territory: person.territory,
        password_hash,
    };
    let username = user.username.clone();
    let created = crate::service::accounts::create(&app, user).await;
    created.map_err(|error| taken(error, &username))?;
    crash::point(Point::PersonCommitted);
    say(&format!("created {username}"))?;
    if is_made { say(&format!("password: {password}")) } else { Ok(()) }
}

async fn organisation(
    app: &App,
    kind: OrganisationKind,
    division: Division,
    name: String,
) -> anyhow::Result<OrganisationId> {
    let known =
        accounts::find_organisation(app.store.read_unscoped(), kind, division, &name).await?;
    if let Some(known) = known {
        return Ok(known.id);
    }
    let new = Organisation { id: OrganisationId(Uuid::now_v7()), kind, name, division };
    let (id, at) = (new.id, app.clock.now());
    app.store
        .write(move |tx| {
            let new = new.clone();
            Box::pin(async move {
                accounts::insert_organisations(tx, &[new], at).await?;
                Ok::<_, store::Error>(())
            })
        })
        .await?;
    Ok(id)
}

/// The only input that creating a person refuses is a taken user name.
fn taken(error: crate::service::Error, username: &str) -> anyhow::Error {
    if matches!(error, crate::service::Error::Invalid(_)) {
        return anyhow::anyhow!("--username: {username} is taken");
    }
    error.into()
}

/// The password and whether it was made here.
fn password(from_stdin: bool) -> anyhow::Result<(String, bool)> {
    if !from_stdin {
        return Ok((random_password(), true));
    }
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line).context("no password on standard input")?;
    let password = line.trim_end_matches(['\r', '\n']).to_owned();
    if password.chars().count() < 8 {
        bail!("the password on standard input must have at least 8 characters");
    }
    Ok((password, false))
}

fn say(text: &str) -> anyhow::Result<()> {
    writeln!(std::io::stdout().lock(), "{text}").context("standard output is closed")
}

/// Writes a line to standard error; with that closed too, nobody can be told.
pub fn complain(text: &str) {
    writeln!(std::io::stderr().lock(), "{text}").ok();
}

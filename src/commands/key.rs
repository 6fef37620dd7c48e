//! The instance's secret: where it lies, and its public half for people.
//!
//! **Never** prints the secret itself.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use secrecy::ExposeSecret as _;

use super::{open, say};
use crate::clock::Clock;
use crate::config::Config;
use crate::domain::audit::chain::Key;
use crate::seal::{Checkpoints, InstanceSecret, Locker, PublicKey, Purpose, Signer};
use crate::service::audit::chain::{self, Notary};
use crate::service::{App, Limits, evidence};
use crate::store::Store;

/// The instance's secret, made when there is none yet.
async fn secret(config: &Config, store: &Store) -> anyhow::Result<InstanceSecret> {
    Ok(match &config.key_file {
        Some(path) => InstanceSecret::in_file_or_new(path)?,
        None => evidence::secret_in(store).await.context("the key in the database")?,
    })
}

/// What signs the audit log.
pub(super) fn of_audit(secret: &InstanceSecret) -> anyhow::Result<Arc<Key>> {
    Ok(Arc::new(Key::new(secret.derive(Purpose::Audit)?)))
}

/// The application over a database, signing evidence packs and the audit log.
pub(super) async fn app(config: &Config, store: Store) -> anyhow::Result<App> {
    app_with(config, store, Vec::new()).await
}

/// The same, knowing keys of earlier times.
pub(super) async fn app_with(
    config: &Config,
    store: Store,
    earlier: Vec<Arc<Key>>,
) -> anyhow::Result<App> {
    let secret = secret(config, &store).await?;
    let key = of_audit(&secret)?;
    let app = App::open(store.signing(Arc::clone(&key)), Clock::system(), Limits::On).await?;
    let file = config.audit_checkpoints.clone().map(Checkpoints::at);
    let notary = Notary::new(key, earlier, file).keeping(config.audit_days);
    let app = app.with_signer(Signer::of(&secret)?).with_locker(Locker::of(&secret)?);
    let app = app.with_notary(notary);
    chain::begin(&app).await.context("the chain of the audit log cannot be begun")?;
    Ok(app)
}

/// The application of the demo, with a key that nobody keeps.
pub(super) async fn of_demo(store: Store, folder: &Path, clock: Clock) -> anyhow::Result<App> {
    let secret = InstanceSecret::random()?;
    let key = of_audit(&secret)?;
    let app = App::open(store.signing(Arc::clone(&key)), clock, Limits::Off).await?;
    let file = Checkpoints::at(folder.join("supplyline.checkpoints"));
    let app = app.with_signer(Signer::of(&secret)?).with_locker(Locker::of(&secret)?);
    Ok(app.with_notary(Notary::new(key, Vec::new(), Some(file))))
}

/// Checks the key file, if there is one.
pub(super) fn check(config: &Config) -> anyhow::Result<()> {
    known(config).map(|_| ())
}

/// The public key in the key file; none where there is no file yet, or the database keeps it.
pub(super) fn known(config: &Config) -> anyhow::Result<Option<PublicKey>> {
    let Some(path) = &config.key_file else { return Ok(None) };
    let secret = InstanceSecret::in_file(path)?;
    Ok(secret.map(|secret| Signer::of(&secret)).transpose()?.map(|signer| signer.public()))
}

/// Shows the public key, as OpenSSL reads it: the first line is for people and not of the key.
pub(super) async fn show(config: &Config) -> anyhow::Result<()> {
    let public = match &config.key_file {
        Some(path) => Signer::of(&InstanceSecret::in_file_or_new(path)?)?.public(),
        None => {
            let store = open(config.database_url.expose_secret()).await?;
            Signer::of(&secret(config, &store).await?)?.public()
        }
    };
    say(&format!("key {}", public.id()))?;
    say(public.pem().trim_end())
}

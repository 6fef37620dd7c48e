//! The instance's secret: where it lies, and its public half for people.
//!
//! **Never** prints the secret itself.

use anyhow::Context as _;
use secrecy::ExposeSecret as _;

use super::{open, say};
use crate::config::Config;
use crate::seal::{InstanceSecret, PublicKey, Signer};
use crate::service::evidence;
use crate::store::Store;

/// What signs evidence packs, made with its secret when there is none yet.
pub(super) async fn signer(config: &Config, store: &Store) -> anyhow::Result<Signer> {
    let secret = match &config.key_file {
        Some(path) => InstanceSecret::in_file_or_new(path)?,
        None => evidence::secret_in(store).await.context("the key in the database")?,
    };
    Ok(Signer::of(&secret)?)
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
            signer(config, &store).await?.public()
        }
    };
    say(&format!("key {}", public.id()))?;
    say(public.pem().trim_end())
}

//! Verifying an evidence pack.
//!
//! **Never** needs a database or a network, nor writes anything.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::Args;

use super::{key, say};
use crate::config::Config;
use crate::notify::render::single_line;
use crate::seal::{self, PublicKey, Trust, Verified};

/// Larger than any pack that this program makes, in bytes.
const MOST_BYTES: u64 = 512 * 1024 * 1024;
/// Larger than any file with a public key, in bytes.
const MOST_KEY_BYTES: u64 = 16 * 1024;

/// An evidence pack to be verified.
#[derive(Debug, Args)]
pub(super) struct Pack {
    /// The pack, as it was downloaded.
    file: PathBuf,
    /// The public key it must be signed with: a file in PEM, or the key's text; otherwise this
    /// instance's own, where its key file is there.
    #[arg(long, value_name = "KEY")]
    public_key: Option<String>,
}

/// Verifies a pack and says what was checked.
pub(super) fn run(config: &Config, pack: &Pack) -> anyhow::Result<()> {
    let (trust, whose) = trust(config, pack.public_key.as_deref())?;
    let bytes = read(&pack.file, MOST_BYTES)?;
    let verified = seal::verify(&bytes, trust);
    let verified = verified
        .with_context(|| format!("{}: NOT verified, held against {whose}", pack.file.display()))?;
    report(&verified, (trust, whose))
}

fn trust(config: &Config, given: Option<&str>) -> anyhow::Result<(Trust, &'static str)> {
    if let Some(given) = given {
        return Ok((Trust::Key(public_key(given)?), "the key you gave"));
    }
    Ok(match key::known(config)? {
        Some(own) => (Trust::Key(own), "this instance's own key"),
        None => (Trust::KeyInside, "the key inside the pack"),
    })
}

fn public_key(given: &str) -> anyhow::Result<PublicKey> {
    let path = Path::new(given);
    let text = if path.is_file() {
        let bytes = read(path, MOST_KEY_BYTES).context("--public-key")?;
        String::from_utf8(bytes).context("--public-key: not a text")?
    } else {
        given.to_owned()
    };
    PublicKey::parse(&text).with_context(|| format!("--public-key {given:?}"))
}

fn read(path: &Path, most: u64) -> anyhow::Result<Vec<u8>> {
    let shown = path.display();
    let file = std::fs::File::open(path).with_context(|| format!("{shown} cannot be read"))?;
    let mut bytes = Vec::new();
    let read = file.take(most + 1).read_to_end(&mut bytes);
    read.with_context(|| format!("{shown} cannot be read"))?;
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > most {
        bail!("{shown} is larger than {most} bytes: this is not what it should be");
    }
    Ok(bytes)
}

fn report(verified: &Verified, (trust, whose): (Trust, &str)) -> anyhow::Result<()> {
    let Verified { manifest, key, documents } = verified;
    // A stranger's pack may say anything; it does not get to write on the terminal.
    let fact = |name: &str, value: &str| say(&format!("{name:<11} {}", single_line(value, 200)));
    fact("ticket", &manifest.ticket.number)?;
    fact("made at", &manifest.made_at)?;
    fact("made for", &manifest.made_for.name)?;
    fact("made by", &format!("{} {}", manifest.program.name, manifest.program.version))?;
    fact("key", &format!("{} ({whose})", key.id()))?;
    fact("checked", "the archive holds its four entries and nothing else")?;
    fact("checked", "manifest.sig is that key's signature of manifest.json")?;
    for document in documents {
        let (name, hash) = (&document.name, &document.sha256);
        fact("checked", &format!("{name}: {} bytes, SHA-256 {hash}", document.bytes))?;
    }
    fact("checked", "evidence.json is of this ticket, time and organisation")?;
    fact("checked", "evidence.html was made from this evidence.json")?;
    match trust {
        Trust::Key(_) => say("genuine: signed with that key, and unchanged since"),
        Trust::KeyInside => say(
            "intact, but who made it is NOT proved: only the key inside the pack was used, and \
             anybody can sign with a key of their own. Compare the key's short name with the one \
             that the operator publishes, or give --public-key",
        ),
    }
}

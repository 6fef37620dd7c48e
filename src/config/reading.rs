//! How single values are read.
//!
//! **Never** takes what cannot be used: the setting is named.

use anyhow::{Context as _, bail};
use serde::Deserialize;
use url::Url;

pub(super) fn optional(text: &str) -> Option<String> {
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
}

/// What looks like a number is read as one, wherever it stands.
pub(super) fn text_or_number<'d, D: serde::Deserializer<'d>>(from: D) -> Result<String, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Either {
        Text(String),
        Number(i64),
    }
    Ok(match Either::deserialize(from)? {
        Either::Text(text) => text,
        Either::Number(number) => number.to_string(),
    })
}

/// A year at least, as the law on the security of networks wants it for logs and then some.
pub(super) fn audit_days(text: &str) -> anyhow::Result<u16> {
    let Some(text) = optional(text) else { return Ok(1_095) };
    match text.parse() {
        Ok(days) if (365..=36_500).contains(&days) => Ok(days),
        Ok(_) | Err(_) => {
            bail!("SUPPLYLINE_AUDIT_DAYS: {text:?} is not a number of days from 365 to 36500")
        }
    }
}

pub(super) fn web_url(name: &str, text: &str) -> anyhow::Result<Url> {
    let url = Url::parse(text).with_context(|| format!("{name}: {text:?} is not a URL"))?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
        bail!("{name}: {text:?} must begin with http:// or https:// and name a host");
    }
    Ok(url)
}

pub(super) fn attachments_url(text: &str) -> anyhow::Result<Url> {
    let name = "SUPPLYLINE_ATTACHMENTS_URL";
    let url = Url::parse(text).with_context(|| format!("{name}: {text:?} is not a URL"))?;
    match url.scheme() {
        "file" if url.to_file_path().is_ok() => Ok(url),
        "s3" if url.host_str().is_some() => Ok(url),
        _ => bail!("{name}: {text:?} must be file:///FOLDER or s3://BUCKET"),
    }
}

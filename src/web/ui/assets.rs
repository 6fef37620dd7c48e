//! The style sheet, the script and the icon, out of the binary.
//!
//! **Never** loads anything from elsewhere.

use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use actix_web::{HttpRequest, HttpResponse};

use crate::service::Error;
use crate::web::error::Problem;

/// A file with its mark: another text is asked for under another address.
pub(super) struct Asset {
    name: &'static str,
    kind: &'static str,
    text: &'static str,
    mark: u64,
}

impl Asset {
    const fn new(name: &'static str, kind: &'static str, text: &'static str) -> Self {
        Self { name, kind, text, mark: mark(text.as_bytes()) }
    }

    /// Where pages find it.
    pub(super) fn address(&self) -> String {
        format!("/assets/{}?{:016x}", self.name, self.mark)
    }
}

pub(super) const STYLE: Asset = Asset::new(
    "app.css",
    "text/css; charset=utf-8",
    include_str!("../../../templates/assets/app.css"),
);
pub(super) const SCRIPT: Asset = Asset::new(
    "app.js",
    "text/javascript; charset=utf-8",
    include_str!("../../../templates/assets/app.js"),
);
pub(super) const ICON: Asset =
    Asset::new("icon.svg", "image/svg+xml", include_str!("../../../templates/assets/icon.svg"));

/// FNV-1a of 64 bits: tells versions apart, and guards nothing.
const fn mark(bytes: &[u8]) -> u64 {
    let (mut hash, mut rest) = (0xcbf2_9ce4_8422_2325_u64, bytes);
    while let [byte, tail @ ..] = rest {
        hash = (hash ^ u64_of(*byte)).wrapping_mul(0x0100_0000_01b3);
        rest = tail;
    }
    hash
}

const fn u64_of(byte: u8) -> u64 {
    u64::from_be_bytes([0, 0, 0, 0, 0, 0, 0, byte])
}

/// Sends a file, for good: its address holds its mark.
pub(super) async fn file(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let name = request.match_info().get("name").unwrap_or_default();
    let asset = [STYLE, SCRIPT, ICON].into_iter().find(|asset| asset.name == name);
    let asset = asset.ok_or(Error::NotFound)?;
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, asset.kind))
        .insert_header((CACHE_CONTROL, "public, max-age=31536000, immutable"))
        .body(asset.text))
}

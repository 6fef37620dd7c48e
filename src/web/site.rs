//! What every handler works with.
//!
//! **Never** knows how time is moved: only that the demo can.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use futures::future::BoxFuture;
use tokio::runtime::Handle;
use url::Url;

use crate::domain::access::Scope;
use crate::live::Hub;
use crate::service::{self, App};

/// When business time has arrived.
pub type Arrival = BoxFuture<'static, Result<(), service::Error>>;

/// What only the demo can do.
#[derive(Clone)]
pub struct Demo {
    /// Moves business time to an instant, through every step and notice that is due until then.
    pub mover: Arc<dyn Fn(DateTime<Utc>) -> Arrival + Send + Sync>,
    /// The password of its accounts.
    pub password: &'static str,
}

impl Demo {
    /// Moves business time on somebody's behalf.
    pub(super) async fn advance(
        &self,
        app: &App,
        scope: &Scope,
        to: DateTime<Utc>,
    ) -> Result<(), service::Error> {
        service::audit::note_clock(app, scope, to).await?;
        (self.mover)(to).await
    }
}

/// The service as the web serves it.
#[derive(Clone)]
pub struct Site {
    /// The use cases.
    pub app: App,
    /// Where live updates come from.
    pub hub: Hub,
    /// The demo's clock; `None` in production.
    pub demo: Option<Demo>,
    /// The address that people know the service by.
    pub public_url: Url,
    /// The runtime that requests are handled on.
    pub(super) home: Handle,
}

impl Site {
    /// A site; only the demo's clock can be moved. Its requests are handled on the runtime that
    /// this is called on.
    ///
    /// # Panics
    /// When it is called outside a runtime.
    #[must_use]
    pub fn new(app: App, public_url: Url, demo: Option<Demo>) -> Self {
        let home = Handle::current();
        Self { hub: Hub::new(app.clone()), app, demo, public_url, home }
    }

    /// True when people reach the service over TLS.
    pub(super) fn is_secure(&self) -> bool {
        self.public_url.scheme() == "https"
    }

    /// The session cookie's name.
    pub(super) fn cookie_name(&self) -> &'static str {
        if self.is_secure() { "__Host-supplyline" } else { "supplyline" }
    }
}

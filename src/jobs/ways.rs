//! The ways out as they are set now: by the operator, and by administrators on any replica.
//!
//! **Never** keeps using settings that have changed: their versions are asked for before
//! anything is sent.

use std::sync::Arc;

use futures::future::BoxFuture;
use tokio::sync::RwLock;

use super::failed;
use crate::domain::channel::{ChannelName, Secrets, Settings, Step};
use crate::notify::{Channels, Open};
use crate::service::channels::{self, Outlet, Reader, Stamp};
use crate::service::{App, Error, FieldError};

/// The ways out, made anew when their settings change.
pub(super) struct Ways {
    base: Arc<Channels>,
    current: RwLock<(Stamp, Arc<Channels>)>,
}

impl Ways {
    /// The ways out that the operator has set.
    pub(super) fn over(base: Channels) -> Self {
        let base = Arc::new(base);
        Self { current: RwLock::new((Stamp::default(), Arc::clone(&base))), base }
    }

    /// The ways out as they are set now. While the database cannot say, the last ones.
    pub(super) async fn current(&self, app: &App) -> Arc<Channels> {
        match self.renewed(app).await {
            Ok(channels) => channels,
            Err(error) => {
                failed("reading the channels' settings", &error);
                Arc::clone(&self.current.read().await.1)
            }
        }
    }

    async fn renewed(&self, app: &App) -> Result<Arc<Channels>, Error> {
        let stamp = channels::stamp(app).await?;
        {
            let current = self.current.read().await;
            if current.0 == stamp {
                return Ok(Arc::clone(&current.1));
            }
        }
        let opened = channels::open_all(app).await?;
        let opened = opened.into_iter().map(|one| Open {
            name: one.name,
            settings: one.settings,
            secrets: one.secrets,
        });
        let made = Arc::new(self.base.with_settings(opened));
        *self.current.write().await = (stamp, Arc::clone(&made));
        Ok(made)
    }
}

impl Outlet for Ways {
    fn fixed(&self, name: ChannelName) -> Option<Settings> {
        self.base.fixed(name)
    }

    fn check(&self, settings: &Settings, secrets: &Secrets) -> Result<(), Vec<FieldError>> {
        self.base
            .check(settings, secrets)
            .map_err(|(field, message)| vec![FieldError::new(field, "unusable", message)])
    }

    fn test<'a>(
        &'a self,
        app: &'a App,
        name: ChannelName,
        reader: &'a Reader,
    ) -> BoxFuture<'a, Vec<Step>> {
        Box::pin(async move {
            let channels = self.current(app).await;
            let Reader { name: person, address, language } = reader;
            channels.test(name, (person, address), *language, app.clock.wall()).await
        })
    }
}

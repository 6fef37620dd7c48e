//! Wiring: the application, its loops and its HTTP server, from start to a clean end.
//!
//! **Never** decides anything; it only says who gets what.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use actix_web::HttpServer;
use actix_web::dev::{Server, ServerHandle};
use actix_web::web::Data;
use anyhow::Context as _;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::config::Config;
use crate::jobs::{self, Engine};
use crate::live::Hub;
use crate::service::{App, hold};
use crate::store::Lock;
use crate::web::{Arrival, Demo, Site};

/// Requests under way may take this long to end after a signal.
const DRAIN_SECONDS: u64 = 20;

/// A started service: bound, with its loops running.
pub struct Service {
    addresses: Vec<SocketAddr>,
    server: Server,
    loops: JoinSet<()>,
    stop: CancellationToken,
    hub: Hub,
}

/// Ends a service from elsewhere.
#[derive(Clone)]
pub struct Stop {
    server: ServerHandle,
    hub: Hub,
}

impl Stop {
    /// Ends open streams at once and lets requests under way end.
    pub async fn stop(&self) {
        self.hub.close();
        self.server.stop(true).await;
    }
}

impl Service {
    /// Starts the service on the configured address.
    ///
    /// # Errors
    /// Names the setting that cannot be used, such as a port that is taken.
    pub fn start(config: &Config, app: App) -> anyhow::Result<Self> {
        let engine = Arc::new(Engine::new(app, config.channels()?));
        let app = engine.app().clone();
        Self::bind(config, Site::new(app, config.public_url.clone(), None), &engine)
    }

    /// Starts the service with a clock that every signed-in person may move.
    ///
    /// # Errors
    /// As [`Service::start`].
    pub fn start_demo(config: &Config, app: App) -> anyhow::Result<Self> {
        let engine = Arc::new(Engine::new(app, config.channels()?));
        let app = engine.app().clone();
        let mover = Arc::clone(&engine);
        let mover = Arc::new(move |to| -> Arrival {
            let mover = Arc::clone(&mover);
            Box::pin(async move { mover.advance_to(to).await })
        });
        let demo = Demo { mover, password: crate::demo::PASSWORD };
        Self::bind(config, Site::new(app, config.public_url.clone(), Some(demo)), &engine)
    }

    fn bind(config: &Config, site: Site, engine: &Arc<Engine>) -> anyhow::Result<Self> {
        let hub = site.hub.clone();
        let site = Data::new(site);
        let server = HttpServer::new(move || crate::web::app(site.clone()))
            // A compressed page leaves in several writes: the last would wait for the reader's system
            // to acknowledge the first, which takes its time (Nagle's algorithm).
            .tcp_nodelay(true)
            .client_request_timeout(Duration::from_secs(10))
            .client_disconnect_timeout(Duration::from_secs(5))
            .keep_alive(Duration::from_secs(75))
            .shutdown_timeout(DRAIN_SECONDS)
            .bind(config.listen)
            .with_context(|| format!("SUPPLYLINE_LISTEN: {} cannot be used", config.listen))?;
        let addresses = server.addrs();
        let stop = CancellationToken::new();
        let mut loops = jobs::start(engine, &stop);
        loops.spawn(hub.clone().run(stop.clone()));
        loops.spawn(close_on_signal(hub.clone(), stop.clone()));
        Ok(Self { addresses, server: server.run(), loops, stop, hub })
    }

    /// Looks through a database whose last end was not clean, while people work already; `lock` is
    /// told when it is sound.
    pub fn look_through(&mut self, app: App, lock: Arc<Mutex<Lock>>) {
        let stop = self.stop.clone();
        self.loops.spawn(async move {
            match stop.run_until_cancelled(hold::look_through(&app)).await {
                Some(Ok(true)) => {
                    tracing::info!("the database was looked through and is sound");
                    lock.lock().unwrap_or_else(PoisonError::into_inner).settle();
                }
                Some(Ok(false)) | None => {}
                Some(Err(error)) => {
                    tracing::error!(%error, "the database cannot be looked through; nothing fires");
                }
            }
        });
    }

    /// Where it listens; with port 0 configured, the port that was given.
    #[must_use]
    pub fn address(&self) -> Option<SocketAddr> {
        self.addresses.first().copied()
    }

    /// Ends the server from elsewhere.
    #[must_use]
    pub fn handle(&self) -> Stop {
        Stop { server: self.server.handle(), hub: self.hub.clone() }
    }
}

/// Ends open streams when the server hears the signal to stop: it waits for every request under
/// way, and a stream would keep it waiting.
async fn close_on_signal(hub: Hub, stop: CancellationToken) {
    tokio::select! {
        () = stop.cancelled() => {}
        () = signal() => hub.close(),
    }
}

/// Comes back with the first signal to stop; never, where none can be listened to.
async fn signal() {
    let interrupt = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = terminate.recv() => return,
                Ok(()) = interrupt => return,
                else => {}
            }
        }
    }
    #[cfg(not(unix))]
    if interrupt.await.is_ok() {
        return;
    }
    std::future::pending::<()>().await;
}

/// Serves until a signal to stop, then lets requests, sweeps and deliveries end.
///
/// # Errors
/// When the server fails.
pub async fn serve(service: Service) -> anyhow::Result<()> {
    let Service { server, mut loops, stop, .. } = service;
    let ended = server.await.context("the HTTP server failed");
    stop.cancel();
    while let Some(ended) = loops.join_next().await {
        ended.context("a loop failed")?;
    }
    ended
}

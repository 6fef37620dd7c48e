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
use crate::service::vitals::Vitals;
use crate::service::{App, hold};
use crate::store::Lock;
use crate::web::{Arrival, Demo, Site};

/// After a signal to terminate requests are still taken for so long, while `/health/ready` tells
/// whoever spreads them to go elsewhere.
const NOTICE: Duration = Duration::from_secs(2);
/// Requests under way may take this long to end, in seconds.
const DRAIN_SECONDS: u64 = 13;
/// Everything has ended so long after the signal, or is left as it is: nothing is lost by that,
/// it is only found later.
const LONGEST: Duration = Duration::from_secs(18);

/// A started service: bound, with its loops running.
pub struct Service {
    addresses: Vec<SocketAddr>,
    server: Server,
    loops: JoinSet<()>,
    stop: CancellationToken,
    hub: Hub,
    vitals: Arc<Vitals>,
}

/// Ends a service from elsewhere.
#[derive(Clone)]
pub struct Stop {
    server: ServerHandle,
    hub: Hub,
    vitals: Arc<Vitals>,
}

impl Stop {
    /// Begins no new work, ends open streams at once and lets requests under way end.
    pub async fn stop(&self) {
        self.begin();
        self.server.stop(true).await;
    }

    fn begin(&self) {
        self.vitals.drain();
        self.hub.close();
    }

    /// Stops when the process is told to: at once by a keyboard, with notice by a supervisor.
    async fn on_signal(self) {
        let kind = signal().await;
        tracing::info!(?kind, "the service ends: it begins no new work");
        self.begin();
        if kind == Signal::Terminate {
            tokio::time::sleep(NOTICE).await;
        }
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
        let (hub, vitals) = (site.hub.clone(), Arc::clone(&site.app.vitals));
        let site = Data::new(site);
        let server = HttpServer::new(move || crate::web::app(site.clone()))
            // A compressed page leaves in several writes: the last would wait for the reader's system
            // to acknowledge the first, which takes its time (Nagle's algorithm).
            .tcp_nodelay(true)
            .client_request_timeout(Duration::from_secs(10))
            .client_disconnect_timeout(Duration::from_secs(5))
            .keep_alive(Duration::from_secs(75))
            .shutdown_timeout(DRAIN_SECONDS)
            .disable_signals()
            .bind(config.listen)
            .with_context(|| format!("SUPPLYLINE_LISTEN: {} cannot be used", config.listen))?;
        let addresses = server.addrs();
        let stop = CancellationToken::new();
        let mut loops = jobs::start(engine, &stop);
        loops.spawn(hub.clone().run(stop.clone()));
        let server = server.run();
        let on_signal =
            Stop { server: server.handle(), hub: hub.clone(), vitals: Arc::clone(&vitals) };
        let ended = stop.clone();
        loops.spawn(async move {
            ended.run_until_cancelled(on_signal.on_signal()).await;
        });
        Ok(Self { addresses, server, loops, stop, hub, vitals })
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
        let vitals = Arc::clone(&self.vitals);
        Stop { server: self.server.handle(), hub: self.hub.clone(), vitals }
    }
}

/// Who wants the process to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Signal {
    /// Somebody at a keyboard.
    Interrupt,
    /// A supervisor.
    Terminate,
}

/// Comes back with the first signal to stop; never, where none can be listened to.
async fn signal() -> Signal {
    let interrupt = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                Some(()) = terminate.recv() => return Signal::Terminate,
                Ok(()) = interrupt => return Signal::Interrupt,
                else => {}
            }
        }
    }
    #[cfg(not(unix))]
    if interrupt.await.is_ok() {
        return Signal::Interrupt;
    }
    std::future::pending().await
}

/// Serves until a signal to stop, then lets requests, sweeps and deliveries end, within 20 s of
/// the signal.
///
/// # Errors
/// When the server fails.
pub async fn serve(service: Service) -> anyhow::Result<()> {
    let Service { server, mut loops, stop, vitals, .. } = service;
    let work = async {
        let ended = server.await.context("the HTTP server failed");
        vitals.drain();
        stop.cancel();
        while let Some(ended) = loops.join_next().await {
            ended.context("a loop failed")?;
        }
        ended
    };
    let late = async {
        vitals.draining().cancelled().await;
        tokio::select! {
            () = tokio::time::sleep(LONGEST) => {}
            // Told again.
            _ = signal() => {}
        }
    };
    tokio::select! {
        ended = work => ended,
        () = late => {
            tracing::error!("what has not ended by now is left as it is");
            Ok(())
        }
    }
}

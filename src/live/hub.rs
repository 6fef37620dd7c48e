//! The one reader of the feed in a process.
//!
//! **Never** reads while nobody listens, and never lets a failing database end it.

use std::error::Error as _;
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use tokio::sync::{Notify, Semaphore, watch};
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use super::listener::Listener;
use super::register::{Full, Register, Seat};
use super::ring::Ring;
use crate::domain::access::Scope;
use crate::domain::feed::Position;
use crate::service::accounts::{self, SessionKey};
use crate::service::{App, Error, feed};

/// How often the feed is read.
const POLL: Duration = Duration::from_millis(250);
/// How often the listeners' sessions are checked.
const CHECK: Duration = Duration::from_secs(1);
/// Changes read at once.
const PAGE: u64 = 256;
/// Listeners reading from the table at once: the rest of the service needs connections, too.
const CATCHING_UP: usize = 2;
/// How long, and how often, a person's streams are probed before they count as open.
const PROBE: Duration = Duration::from_millis(100);
const PROBES: usize = 4;

/// Where streams come from.
#[derive(Clone)]
pub struct Hub {
    pub(super) shared: Arc<Shared>,
}

pub(super) struct Shared {
    pub(super) app: App,
    pub(super) ring: watch::Sender<Ring>,
    pub(super) catching_up: Semaphore,
    /// The service stops: every stream ends.
    pub(super) closed: CancellationToken,
    register: Arc<Register>,
    somebody: Notify,
}

impl Hub {
    /// A hub over an application; it tells nothing before [`Hub::run`].
    #[must_use]
    pub fn new(app: App) -> Self {
        let shared = Shared {
            app,
            ring: watch::Sender::new(Ring::at(Position::START)),
            catching_up: Semaphore::new(CATCHING_UP),
            closed: CancellationToken::new(),
            register: Arc::default(),
            somebody: Notify::new(),
        };
        Self { shared: Arc::new(shared) }
    }

    /// Begins to listen, by a session that was just checked.
    ///
    /// # Errors
    /// [`Full`] when the person holds as many streams as they may.
    pub async fn listen(&self, scope: Scope, session: SessionKey) -> Result<Listener, Full> {
        let seat = self.seat(&scope, session).await?;
        let listener = Listener::new(Arc::clone(&self.shared), seat, scope);
        self.shared.somebody.notify_one();
        Ok(listener)
    }

    /// A place in the register. Nothing tells that a reader has gone until something is written
    /// to them, so that is done before somebody is turned away: a page may be loaded often.
    async fn seat(&self, scope: &Scope, session: SessionKey) -> Result<Seat, Full> {
        let register = &self.shared.register;
        for _ in 0..PROBES {
            match register.join(scope.actor(), session.clone()) {
                Ok(seat) => return Ok(seat),
                Err(Full) => register.probe(scope.actor().user),
            }
            sleep(PROBE).await;
        }
        register.join(scope.actor(), session)
    }

    /// Ends every stream, and those that begin from now on.
    pub fn close(&self) {
        self.shared.closed.cancel();
    }

    /// How long the newest changes have waited to be passed on; `None` while nobody listens.
    ///
    /// # Errors
    /// [`Error::Internal`].
    pub async fn lag(&self) -> Result<Option<TimeDelta>, Error> {
        let head = self.shared.ring.borrow().head();
        if self.shared.register.is_empty() || head == Position::START {
            return Ok(None);
        }
        feed::lag(&self.shared.app, head).await.map(Some)
    }

    /// Reads the feed while somebody listens, until `stop` or [`Hub::close`].
    pub async fn run(self, stop: CancellationToken) {
        let shared = &self.shared;
        let work = async {
            loop {
                if shared.register.is_empty() {
                    shared.somebody.notified().await;
                } else {
                    shared.serve().await;
                }
            }
        };
        tokio::select! {
            () = stop.cancelled() => self.close(),
            () = shared.closed.cancelled() => {}
            () = work => {}
        }
    }
}

impl Shared {
    /// Reads the feed until nobody listens any more.
    async fn serve(&self) {
        // What happened before, whoever wants to know it reads from the table.
        match feed::head(&self.app).await {
            Ok(head) => drop(self.ring.send_replace(Ring::at(head))),
            Err(error) => {
                failed("reading the feed", &error);
                return sleep(POLL).await;
            }
        }
        let mut checked = Instant::now();
        while !self.register.is_empty() {
            if let Err(error) = self.poll().await {
                failed("reading the feed", &error);
            }
            if checked.elapsed() >= CHECK {
                checked = Instant::now();
                if let Err(error) = self.check().await {
                    failed("checking sessions", &error);
                }
            }
            sleep(POLL).await;
        }
        self.ring.send_modify(|ring| *ring = Ring::at(ring.head()));
    }

    async fn poll(&self) -> Result<(), Error> {
        loop {
            let head = self.ring.borrow().head();
            let news = feed::next(&self.app, head, PAGE).await?;
            let is_last = u64::try_from(news.len()).unwrap_or(u64::MAX) < PAGE;
            if !news.is_empty() {
                self.ring.send_modify(|ring| ring.extend(news));
            }
            if is_last {
                return Ok(());
            }
        }
    }

    async fn check(&self) -> Result<(), Error> {
        let asked = self.register.sessions();
        let live = accounts::live(&self.app, &asked).await?;
        self.register.end_all_but(&asked, &live);
        Ok(())
    }
}

/// Logs what could not be done; it is tried again with the next turn.
pub(super) fn failed(what: &'static str, error: &Error) {
    tracing::error!(%error, cause = ?error.source(), "{what} failed");
}

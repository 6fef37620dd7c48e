//! Places at which a proof stops the process to kill it exactly there.
//!
//! They are compiled in debug builds and with the feature `crash-points`; elsewhere a point is
//! nothing. Where one is asked for, the process says so on its standard output when it reaches the
//! point, and does not go past it.
//!
//! **Never** changes what a build without points does.

/// Declares the points with their names and the list of all of them.
macro_rules! points {
    ($($(#[$doc:meta])* $point:ident = $name:literal,)+) => {
        /// A place in the service at which a kill must do no harm.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Point {
            $($(#[$doc])* $point,)+
        }

        impl Point {
            /// Every point.
            pub const ALL: &[Self] = &[$(Self::$point,)+];

            /// The stable name: what it is asked for by.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$point => $name,)+
                }
            }
        }
    };
}

points! {
    /// A write waits for its transaction.
    WriteWaits = "write_waits",
    /// The transaction of a write has begun.
    WriteBegun = "write_begun",
    /// A write is done and not committed.
    WriteDone = "write_done",
    /// A write is committed, and its caller does not know it.
    WriteCommitted = "write_committed",
    /// A keyed request is done, and its answer is not kept yet.
    KeyBefore = "key_before",
    /// The answer to a keyed request is kept in the transaction.
    KeyKept = "key_kept",
    /// Everything about a filing is looked up.
    FilingKnown = "filing_known",
    /// The transaction of a filing has begun.
    FilingBegun = "filing_begun",
    /// A filed ticket is written, and the audit log knows nothing of it.
    FilingWritten = "filing_written",
    /// A filed ticket and its audit entry are written.
    FilingLogged = "filing_logged",
    /// A filing is committed, and nobody was told.
    FilingCommitted = "filing_committed",
    /// The ticket of an act is locked.
    ActBegun = "act_begun",
    /// An act is decided, and nothing of it is written.
    ActDecided = "act_decided",
    /// An act is written.
    ActWritten = "act_written",
    /// An act is committed, and nobody was told.
    ActCommitted = "act_committed",
    /// A file has arrived and is not kept.
    FileArrived = "file_arrived",
    /// The bytes of a file are kept, and no row names them.
    FileKept = "file_kept",
    /// The row of a file is written.
    FileWritten = "file_written",
    /// The row of a file is committed, and nobody was told.
    FileCommitted = "file_committed",
    /// Due tickets are read or locked.
    SweepRead = "sweep_read",
    /// It is decided what becomes of due tickets.
    SweepDecided = "sweep_decided",
    /// What becomes of due tickets is written.
    SweepWritten = "sweep_written",
    /// What becomes of due tickets is committed.
    SweepCommitted = "sweep_committed",
    /// Deliveries are claimed in the transaction.
    DeliveryClaimed = "delivery_claimed",
    /// A delivery is this process's, and about to be sent.
    DeliveryUnsent = "delivery_unsent",
    /// A delivery is sent, and its row does not say so.
    DeliverySent = "delivery_sent",
    /// What became of deliveries is committed.
    DeliveryFinished = "delivery_finished",
    /// A tick of a recurring job is claimed.
    TickClaimed = "tick_claimed",
    /// A recurring job is done, and its tick is not marked.
    TickDone = "tick_done",
    /// Entries of the audit log are linked in the transaction.
    LinkWritten = "link_written",
    /// Entries of the audit log are linked for good.
    LinkCommitted = "link_committed",
    /// A checkpoint of the audit log is about to be written.
    CheckpointDue = "checkpoint_due",
    /// A checkpoint of the audit log is on the disk.
    CheckpointWritten = "checkpoint_written",
    /// The rules are changed, and no ticket is.
    ReplanBegun = "replan_begun",
    /// Some tickets are counted again.
    ReplanMidway = "replan_midway",
    /// All tickets are counted again, and nothing is committed.
    ReplanWritten = "replan_written",
    /// A change of the rules is committed, and nobody was told.
    ReplanCommitted = "replan_committed",
    /// A session is committed, and its owner has no token.
    SessionCommitted = "session_committed",
    /// A person is committed, and whoever made them was not told.
    PersonCommitted = "person_committed",
    /// The tables are there, and nothing that is shipped is in them.
    Migrated = "migrated",
    /// What is shipped is in the tables.
    Seeded = "seeded",
    /// The key file lies in its place.
    KeyFileMade = "key_file_made",
    /// The rows of a table are written, and its import is not recorded.
    ImportWritten = "import_written",
    /// An import is committed, and nobody was told.
    ImportCommitted = "import_committed",
    /// A hold is committed, and nobody was told.
    HoldCommitted = "hold_committed",
    /// A backup is whole and has no name.
    BackupUnnamed = "backup_unnamed",
    /// A backup has its name, and nobody was told.
    BackupNamed = "backup_named",
    /// A restore is unpacked beside its place.
    RestoreStaged = "restore_staged",
    /// The attachments of a restore lie in their place, and the database does not.
    RestoreHalf = "restore_half",
}

#[cfg(any(debug_assertions, feature = "crash-points"))]
mod armed {
    use std::io::Write as _;
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::Point;

    struct Armed {
        point: Point,
        /// How often it is still passed.
        left: AtomicU32,
    }

    static ARMED: OnceLock<Armed> = OnceLock::new();

    /// Asks for a stop at a point, `name`, or at the `n`th time it is reached, `name:n`.
    ///
    /// # Errors
    /// When there is no such point.
    pub fn arm(text: &str) -> anyhow::Result<()> {
        let (name, times) = text.split_once(':').unwrap_or((text, "1"));
        let point = Point::ALL.iter().copied().find(|point| point.name() == name);
        let unusable = || anyhow::anyhow!("SUPPLYLINE_CRASH_AT: {text:?} is no point to stop at");
        let times: u32 = times.parse().map_err(|_unfit| unusable())?;
        let left = AtomicU32::new(times.checked_sub(1).ok_or_else(unusable)?);
        drop(ARMED.set(Armed { point: point.ok_or_else(unusable)?, left }));
        Ok(())
    }

    /// Stops here for good, if that was asked for.
    pub fn point(reached: Point) {
        let Some(armed) = ARMED.get().filter(|armed| armed.point == reached) else { return };
        let passed =
            armed.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        if passed.is_ok() {
            return;
        }
        let line = format!("stopped at {}\n", reached.name());
        let mut stdout = std::io::stdout().lock();
        // With nobody listening there is nobody to kill it either.
        if stdout.write_all(line.as_bytes()).and_then(|()| stdout.flush()).is_err() {
            return;
        }
        drop(stdout);
        loop {
            std::thread::park();
        }
    }
}

#[cfg(any(debug_assertions, feature = "crash-points"))]
pub use armed::{arm, point};

/// In this build nothing stops anywhere.
#[cfg(not(any(debug_assertions, feature = "crash-points")))]
#[inline]
pub fn point(_: Point) {}

//! Faults that are planted in the model to see that the simulator finds them.
//!
//! **Never** planted in a run that proves anything.

/// A guard that is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// What was decided is written over whatever stands there, and no key refuses it.
    NoVersionGuard,
    /// A batch is taken without locking its tickets.
    NoLock,
    /// A batch is decided on what was read before its tickets were taken.
    NoReread,
    /// A letter is marked as sent before it is.
    MarkedBeforeSent,
    /// A letter in somebody's hands is taken all the same.
    LeaseIgnored,
    /// A letter whose holder has died is never taken again.
    LeaseWithoutEnd,
    /// Whoever lost a letter still writes down what became of it.
    FinishedByAnybody,
    /// The receiver's failure is not tried again.
    NoRetry,
    /// A person hears of success before the commit.
    AnsweredBeforeCommit,
    /// A repeated request is a new one.
    NoIdempotency,
    /// Notices are written after the commit of what caused them.
    NoticesAfterCommit,
    /// Nobody asks whether the clock jumped.
    NoJumpGuard,
    /// Firing goes on while it is on hold.
    HoldIgnored,
    /// What was decided by old rules is written under new ones.
    NoRulebookGuard,
    /// A replica whose clock is off fires all the same.
    NoSkewGuard,
    /// What falls due is looked up a day late.
    LateLook,
}

impl Fault {
    pub(crate) const ALL: [Self; 16] = [
        Self::NoVersionGuard,
        Self::NoLock,
        Self::NoReread,
        Self::MarkedBeforeSent,
        Self::LeaseIgnored,
        Self::LeaseWithoutEnd,
        Self::FinishedByAnybody,
        Self::NoRetry,
        Self::AnsweredBeforeCommit,
        Self::NoIdempotency,
        Self::NoticesAfterCommit,
        Self::NoJumpGuard,
        Self::HoldIgnored,
        Self::NoRulebookGuard,
        Self::NoSkewGuard,
        Self::LateLook,
    ];
}

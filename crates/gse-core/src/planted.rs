//! Planted faults: small mutations of the core that `gse-sim` must notice, so that its checkers are known to see.
//!
//! They exist under the feature `planted` only, which no product is built with. Without it the macro is `false` and
//! nothing of this file is left. A hook is `if planted!(Name)` at the place where the fault would be made.

/// Whether this fault is planted now.
#[cfg(not(feature = "planted"))]
macro_rules! planted {
    ($fault:ident) => {
        false
    };
}

/// Whether this fault is planted now.
#[cfg(feature = "planted")]
macro_rules! planted {
    ($fault:ident) => {
        crate::planted::is_planted(crate::planted::Planted::$fault)
    };
}

pub(crate) use planted;

#[cfg(feature = "planted")]
macro_rules! faults {
    ($($(#[doc = $doc:literal])* $name:ident;)*) => {
        /// The faults that can be planted.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Planted { $($(#[doc = $doc])* $name,)* }

        impl Planted {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// What is wrong with it.
            pub fn words(self) -> &'static str {
                match self { $(Self::$name => concat!($($doc),*),)* }
            }
        }
    };
}

#[cfg(feature = "planted")]
faults! {
    /// a full session takes another player
    SeatLimitIgnored;
    /// a session that is being activated takes players
    JoinWhileActivating;
    /// a session whose process is leaving takes players
    JoinWhileDisabled;
    /// the seat of a player who left stays taken
    SeatNotFreed;
    /// a seat is held twice as long as it may be
    ReservationTooLong;
    /// a player who comes after the reservation is accepted
    TimedOutIsAccepted;
    /// the players of an ended session stay in it
    PlayersOutliveSession;
    /// a process that was told to end gets a session
    DrainingIsEligible;
    /// a reserved instance gets a session
    ReservedIsEligible;
    /// an instance of weight 0 gets a session
    WeightZeroIsEligible;
    /// more sessions are activated on an instance at a time than allowed
    ActivationLimitIgnored;
    /// the emptiest instance is chosen instead of the fullest
    EmptiestFirst;
    /// a process that got a session still counts as idle
    ProcessNotReserved;
    /// a process that failed to start a session is used again
    TaintForgotten;
    /// a session may be activated for ever
    ActivationDeadlineForgotten;
    /// a session that is over ends once more, in another way
    EndsTwice;
    /// the session stays with its process when it has ended
    ProcessNotFreed;
    /// a repeated idempotency token makes another session
    TokenIgnored;
    /// what a host did before is written down as still to come
    HostTimesInFuture;
    /// the trace of a placement is not handed on to its session
    TraceForgotten;
    /// a game server may name moments without end
    MilestonesUnbounded;
    /// a creator makes as many sessions as it likes
    CreatorLimitIgnored;
    /// the last player of a placement gets no seat
    PlacementForgetsPlayer;
    /// a placement that is over keeps the session that is being activated for it
    PlacementKeepsSession;
    /// a placement goes to a region that its players cannot use
    LatencyIgnored;
    /// a placement never times out
    PlacementTimeoutIgnored;
    /// what waits for a process is not woken when there is one
    WaitingNotWoken;
    /// the widest latency policy holds from the beginning
    PolicyTooEarly;
    /// a placement fails when no destination satisfies the first policy
    FailsTooEarly;
    /// who came last is served first
    LatecomerFirst;
    /// a region that is down is used
    DownIsUsed;
    /// scale-in takes busy instances first
    ScaleInBusyFirst;
    /// scale-in takes reserved instances
    ScaleInTakesReserved;
    /// scale-out starts one instance too few
    ScaleOutTooFew;
    /// the processes of an instance that leaves are not told
    LeavingNotTold;
    /// the order to drain an instance is given once only
    DrainNotRepeated;
    /// policies act although the last change is too young
    CoolDownIgnored;
    /// a target-based policy removes instances with sessions
    TargetTakesBusy;
    /// policies make fleets smaller only
    NeverGrows;
    /// policies are asked although automatic scaling was stopped
    StoppedIsAsked;
    /// a fleet with instances is deleted
    FleetDeletedWithInstances;
    /// a fleet that is being deleted never is gone
    DeletionNeverEnds;
    /// a refused join has touched the session
    RefusedJoinTouches;
    /// changes of player sessions do not reach the store
    PlayersNotStored;
    /// the deletion of an alias is acknowledged and not done
    AliasDeletionForgotten;
    /// the order to end a process is given once only
    TerminationNotRepeated;
    /// the processes of a reserved instance are asked to end
    ReservedIsEnded;
    /// a reserved instance has no replacement
    ReservedNotReplaced;
    /// an instance that is gone goes on running on its host
    UnknownInstanceRuns;
    /// a process that the configuration does not want any more is not asked to end
    OldProcessesStay;
    /// a host does not tell again what was not heard
    ConfirmationIgnored;
    /// a host hands a session over twice when the order is repeated
    HandedOverTwice;
    /// a host kills a process although full protection holds
    ProtectionIgnored;
    /// of two timers that are due in one second the older one wins
    TimerOlderWins;
    /// a timer runs again although it is over
    TimerRunsTwice;
    /// the run of a timer is skipped and nobody is told
    TimerSkippedSilently;
    /// the run of a timer leaves the scaling mode as it was
    TimerModeForgotten;
    /// a host starts the replacement of a process that has not gone yet
    ReplacedTooEarly;
}

#[cfg(feature = "planted")]
thread_local! {
    static NOW: std::cell::Cell<Option<Planted>> = const { std::cell::Cell::new(None) };
}

/// Plants a fault in everything that this thread runs from here on.
#[cfg(feature = "planted")]
pub fn plant(fault: Option<Planted>) {
    NOW.set(fault);
}

#[cfg(feature = "planted")]
pub(crate) fn is_planted(fault: Planted) -> bool {
    NOW.get() == Some(fault)
}

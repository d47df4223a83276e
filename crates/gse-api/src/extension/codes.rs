//! The codes that come with sentences: what reads them shows a text of its own for each, and forgets none, because the
//! lists are here. Members of answers hold them as text, so that a newer service may have more.

/// Declares an enum of codes with their texts and a list of all.
macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident { $($(#[$code_doc:meta])* $code:ident = $text:literal,)* })*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $name { $($(#[$code_doc])* $code,)* }

        impl $name {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$code,)*];

            /// The code, as answers have it.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$code => $text,)* }
            }

            /// Reads a code; `None` for one of a newer service.
            pub fn parse(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|code| code.as_str() == text)
            }
        }
    )*};
}

codes! {
    /// Why a destination of a queue was not taken: `PassedOver::code`.
    PassedOverCode {
        /// Not every player has a usable latency to its region.
        Unreachable = "UNREACHABLE",
        /// A player is farther away than the latency policy allows.
        TooFar = "TOO_FAR",
        /// The region is down.
        RegionDown = "REGION_DOWN",
        /// The alias is TERMINAL, or what was named is gone.
        LeadsNowhere = "LEADS_NOWHERE",
        /// The fleet is not ACTIVE.
        NotActive = "NOT_ACTIVE",
        /// No process of the fleet is free.
        NoProcess = "NO_PROCESS",
    }
    /// What came of attempts: `SearchStep::outcome`.
    SearchOutcome {
        /// Nothing was free.
        Waits = "WAITS",
        /// A session was made.
        Chosen = "CHOSEN",
        /// The session did not become active.
        Lost = "LOST",
        /// It can never succeed.
        Hopeless = "HOPELESS",
    }
    /// Who decides the number of instances: `ExplainFleetCapacityResponse::mode`.
    CapacityMode {
        /// Scaling policies.
        Policies = "Policies",
        /// Automatic scaling is on, and there is no policy.
        NoPolicy = "NoPolicy",
        /// Automatic scaling is off.
        Manual = "Manual",
    }
    /// Who made a decision: `CapacityDecision::by`.
    DecidedBy {
        /// UpdateFleetCapacity.
        Request = "Request",
        /// A timer.
        Timer = "Timer",
        /// The settings of the fleet that this one is a copy of.
        Copy = "Copy",
        /// The scaling policies.
        Policies = "Policies",
    }
    /// What came of an evaluation of the policies: `CapacityEvaluation::verdict`.
    CapacityVerdict {
        /// More instances.
        Grow = "Grow",
        /// Fewer instances.
        Shrink = "Shrink",
        /// The number is right.
        Hold = "Hold",
        /// Another number is wanted, and the range forbids it.
        Range = "Range",
        /// Fewer would do, but none is unused.
        Busy = "Busy",
        /// Another number is wanted, and the last change is too young.
        CoolDown = "CoolDown",
    }
    /// What a session waits for, or how it ended: `DescribeSessionTimelineResponse::stands_code`.
    StandsCode {
        /// ActivateGameServerSession has not been called.
        NotActivated = "NOT_ACTIVATED",
        /// No player session has been made.
        NoPlayer = "NO_PLAYER",
        /// A seat is reserved, and AcceptPlayerSession has not been called.
        NotAccepted = "NOT_ACCEPTED",
        /// A player was accepted, and nobody told of the first tick.
        NoFirstTick = "NO_FIRST_TICK",
        /// It is played.
        Played = "PLAYED",
        /// It is ending.
        Ending = "ENDING",
        /// It has ended.
        Over = "OVER",
        /// It failed.
        Failed = "FAILED",
    }
    /// What a process does: `ProcessInfo::state`.
    ProcessState {
        /// It has not called ProcessReady.
        Starting = "STARTING",
        /// It waits for a session.
        Idle = "IDLE",
        /// It was given a session that is not active yet.
        Activating = "ACTIVATING",
        /// It hosts a session.
        Hosting = "HOSTING",
        /// It has called ProcessEnding, or is told to end.
        Ending = "ENDING",
        /// It failed its health checks.
        Unhealthy = "UNHEALTHY",
    }
}

/// The rules of a diagnosis: `Finding::rule`, in the order of a game server's life.
pub const FINDING_RULES: [&str; 19] = [
    "package-unusable",
    "install-failed",
    "launch-path-missing",
    "not-executable",
    "process-ended",
    "no-process-ready",
    "port-clash",
    "client-port-closed",
    "ready-before-listening",
    "callback-unimplemented",
    "health-answered-false",
    "callback-no-answer",
    "callback-failed",
    "activate-missing",
    "accept-missing",
    "wrong-session-id",
    "call-refused",
    "terminate-ignored",
    "does-not-exit",
];

/// The rules of a package's lint: `LintFinding::rule`.
pub const LINT_RULES: [&str; 11] = [
    "architecture",
    "empty",
    "execute-bit",
    "gse-yaml",
    "install-script",
    "interpreter",
    "launch-path",
    "library-not-found",
    "library-of-this-machine",
    "nested-folder",
    "too-large",
];

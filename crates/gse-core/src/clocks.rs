//! Every duration of operations.md 0.3, under the key that `--set KEY=VALUE` reaches it by.
//!
//! Not here: durations that are members of an object (activation timeout, queue timeout, protection time limit,
//! scaling interval); they live in that object's row.

use std::time::Duration;

macro_rules! clocks {
    ($($(#[$doc:meta])* $field:ident : $key:literal = $default_ms:expr;)*) => {
        /// The clocks of the service. `Default` gives the documented values; tests shrink them.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct Clocks {
            $($(#[$doc])* pub $field: Duration,)*
            /// Failed health checks in a row that make a process unhealthy (`health.failures`).
            pub health_failures: u32,
        }

        impl Default for Clocks {
            fn default() -> Self {
                Self { $($field: Duration::from_millis($default_ms),)* health_failures: 3 }
            }
        }

        impl Clocks {
            /// All keys, in the order of the spec's table.
            pub const KEYS: &'static [&'static str] = &[$($key,)* HEALTH_FAILURES];

            fn duration_mut(&mut self, key: &str) -> Option<&mut Duration> {
                match key {
                    $($key => Some(&mut self.$field),)*
                    _ => None,
                }
            }
        }
    };
}

const HEALTH_FAILURES: &str = "health.failures";
const SECOND: u64 = 1000;
const MINUTE: u64 = 60 * SECOND;
const DAY: u64 = 24 * 60 * MINUTE;

clocks! {
    /// Time between two health checks of a process, and from ProcessReady to the first one.
    health_interval: "health.interval" = MINUTE;
    /// Time a process has to answer a health check.
    health_timeout: "health.timeout" = MINUTE;
    /// Time from the creation of a player session to AcceptPlayerSession.
    player_reserve: "player.reserve" = MINUTE;
    /// Longest time a process may go on after OnProcessTerminate under NoProtection.
    protection_none: "protection.none" = 5 * MINUTE;
    /// One minute of a time-limit protection; tests shrink it to speed that policy up.
    protection_minute: "protection.minute" = MINUTE;
    /// Time from the request of an instance until its machine is there; nothing but a cloud takes any (R73).
    pace_machine: "pace.machine" = 0;
    /// Time that a fleet is BUILDING, and then ACTIVATING; nothing but a cloud takes any (R73).
    pace_setup: "pace.setup" = 0;
    /// Period of the scaling evaluation.
    scaling_tick: "scaling.tick" = MINUTE;
    /// One minute of a cool-down and of the evaluation periods of a rule; tests shrink it to speed scaling up.
    scaling_minute: "scaling.minute" = MINUTE;
    /// Of no effect: what could help a placement that waits wakes it (R80). A setting that names it is still taken.
    placement_tick: "placement.tick" = SECOND;
    /// Time from the start of a process to its ProcessReady.
    process_ready: "process.ready" = 5 * MINUTE;
    /// Time from ProcessEnding to the end of the operating-system process (R7).
    process_exit: "process.exit" = 30 * SECOND;
    /// Time from the polite signal to the kill (R7).
    process_kill: "process.kill" = 5 * SECOND;
    /// How long a refused callback connection is tried again (server-sdk.md 4.5, dial grace).
    callback_dial: "callback.dial" = 15 * SECOND;
    /// First wait before a process that ended early is started again; doubles each time.
    launch_backoff_first: "launch.backoff.first" = SECOND;
    /// Longest wait before a process is started again.
    launch_backoff_most: "launch.backoff.most" = MINUTE;
    /// A process that was ready this long resets the launch back-off (R8).
    launch_backoff_reset: "launch.backoff.reset" = MINUTE;
    /// Longest time a fleet may wait for a host, and a host may take to unpack the package.
    fleet_deploy: "fleet.deploy" = 30 * MINUTE;
    /// Period after which orders are derived again for instances that wait for something.
    host_resync: "host.resync" = 10 * SECOND;
    /// How long a call of a game server waits for the control plane before it is answered UNAVAILABLE.
    uplink_answer: "uplink.answer" = 5 * SECOND;
    /// How long an install script may run.
    install_script: "install.script" = 10 * MINUTE;
    /// How long packing the logs of a session may take, and storing them again.
    log_collect: "log.collect" = MINUTE;
    /// A connection of a game server without a call for so long is told to go (server-sdk.md 2.4).
    connection_idle: "connection.idle" = 5 * MINUTE;
    /// A connection on which nothing was heard for so long is asked whether it is there.
    connection_ping: "connection.ping" = MINUTE;
    /// How long a connection may take to say that it speaks HTTP/2; clients of gRPC speak first, at once.
    connection_silence: "connection.silence" = 30 * SECOND;
    /// How long one call of a game server may take, its message included.
    call_longest: "call.longest" = MINUTE;
    /// Validity of an upload signature.
    upload_signature: "upload.signature" = 360 * SECOND;
    /// Validity of what GetUploadFederationToken gives.
    upload_token: "upload.token" = 30 * MINUTE;
    /// Period of the metric report.
    metrics_period: "metrics.period" = MINUTE;
    /// How long ended sessions, player sessions, placements and events stay in memory (R27).
    archive_after: "archive.after" = 60 * MINUTE;
    /// How long ended sessions, placements and events stay readable.
    retention: "retention" = 30 * DAY;
    /// How long it is known when an instance ran, from when it stopped running.
    statistics_retention: "statistics.retention" = 93 * DAY;
    /// Time a CCN peer has to accept during fleet creation.
    ccn_create: "ccn.create" = 20 * MINUTE;
    /// Time a CCN peer has to accept later.
    ccn_later: "ccn.later" = 7 * DAY;
}

/// Why a `KEY=VALUE` setting was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClockError {
    /// No clock has this key.
    UnknownKey(String),
    /// The value is not a duration with a unit.
    NotADuration {
        /// The key that was set.
        key: String,
        /// What was given.
        value: String,
    },
    /// The value is not a whole number of at least one.
    NotACount {
        /// The key that was set.
        key: String,
        /// What was given.
        value: String,
    },
}

impl std::fmt::Display for ClockError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::UnknownKey(key) => {
                write!(f, "unknown setting `{key}`\nhint: known settings are {}", Clocks::KEYS.join(", "))
            }
            Self::NotADuration { key, value } => write!(
                f,
                "`{value}` is not a duration for `{key}`\nhint: write a number above 0 with a unit, such as 500ms, 2s, 5m, 1h or 30d"
            ),
            Self::NotACount { key, value } => {
                write!(f, "`{value}` is not a count for `{key}`\nhint: write a whole number of at least 1")
            }
        }
    }
}

impl std::error::Error for ClockError {}

impl Clocks {
    /// Lets what a cloud had to wait for take its time, instead of none (R73).
    pub fn keep_pace_of_a_cloud(&mut self) {
        self.pace_machine = Duration::from_millis(MINUTE);
        self.pace_setup = Duration::from_millis(10 * SECOND);
    }

    /// Sets one clock by its key. Nothing changes when it is refused.
    pub fn set(&mut self, key: &str, value: &str) -> Result<(), ClockError> {
        if key == HEALTH_FAILURES {
            let count = value.parse().ok().filter(|&count| count > 0);
            self.health_failures =
                count.ok_or_else(|| ClockError::NotACount { key: key.into(), value: value.into() })?;
            return Ok(());
        }
        let Some(duration) = self.duration_mut(key) else { return Err(ClockError::UnknownKey(key.into())) };
        *duration = parse_duration(value)
            .ok_or_else(|| ClockError::NotADuration { key: key.into(), value: value.into() })?;
        Ok(())
    }
}

/// `500ms`, `2s`, `5m`, `1h`, `30d`; zero is refused because a zero clock would spin.
pub fn parse_duration(text: &str) -> Option<Duration> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let number: u64 = text[..digits].parse().ok()?;
    let unit_ms = match &text[digits..] {
        "ms" => 1,
        "s" => SECOND,
        "m" => MINUTE,
        "h" => 60 * MINUTE,
        "d" => DAY,
        _ => return None,
    };
    number.checked_mul(unit_ms).filter(|&millis| millis > 0).map(Duration::from_millis)
}

#[cfg(test)]
mod tests;

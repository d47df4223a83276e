//! Everything that can be set, with its default. All problems of a configuration are reported at once.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use gse_api::admission::AuthMode;
use gse_core::clocks::{ClockError, Clocks};
use gse_core::id::{FleetId, KNOWN_REGIONS, Region};
use gse_core::quota::Quotas;
use gse_core::supervisor::Adoption;
use gse_core::time::parse_offset_s;

use crate::account::file::AccessFile;
use crate::limits::{self, Limits};
use crate::tls::TlsSource;

/// The key of `statistics_ahead_s`.
const STATISTICS_OFFSET: &str = "statistics.offset";
/// The key of `metrics`.
const METRICS_ACCESS: &str = "metrics.access";

/// The configuration of one control plane process.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where everything is kept.
    pub data_dir: PathBuf,
    /// Who must sign (cloud-api.md 1.11).
    pub auth: AuthMode,
    /// Who may call beside the local account (operations.md 11).
    pub access: AccessFile,
    /// Whether the API listener speaks HTTPS, and with which certificate.
    pub tls: Option<TlsSource>,
    /// Names of this service that clients sign and a proxy in front of it hides (cloud-api.md 1.6).
    pub public_hosts: Vec<String>,
    /// The durations of operations.md 0.3.
    pub clocks: Clocks,
    /// The limits of operations.md 12.1.
    pub quotas: Quotas,
    /// The region of a request that names none.
    pub default_region: Region,
    /// The regions that requests may name.
    pub regions: Vec<Region>,
    /// The address that players are told.
    pub public_ip: String,
    /// The largest body of an upload, bytes.
    pub max_object_bytes: u64,
    /// How long requests may go on after the service was told to stop.
    pub shutdown_grace: Duration,
    /// How long a download address of a log is valid.
    pub log_url_validity: Duration,
    /// The soft limit of open files of a game; `None` leaves it that of this process.
    pub open_files_of_games: Option<u64>,
    /// What becomes of game servers that somebody starts by hand (server-sdk.md 2.3).
    pub adoption: Adoption,
    /// Whether `install.sh` of a package is run: it is somebody's program, and runs as the user of the service.
    pub run_install_scripts: bool,
    /// What is taken on at a time, and how slow a peer may be.
    pub limits: Limits,
    /// How many seconds the clocks are ahead of UTC that times and days of statistics are of (cloud-api.md 2.13).
    pub statistics_ahead_s: i64,
    /// Who may read `/metrics` (R92).
    pub metrics: MetricsAccess,
    /// The demo package of the console's wizard (R110): the program of the sample game server, or a zip with it.
    pub demo_package: Option<PathBuf>,
}

/// Who may read `/metrics`, which is unsigned (`metrics.access`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MetricsAccess {
    /// Who calls from this machine.
    #[default]
    Loopback,
    /// Whoever reaches the listener.
    Open,
    /// Nobody.
    Off,
}

impl Config {
    /// The defaults, with everything kept in `data_dir`.
    pub fn new(data_dir: impl Into<PathBuf>) -> Self {
        Self {
            data_dir: data_dir.into(),
            auth: AuthMode::default(),
            access: AccessFile::default(),
            tls: None,
            public_hosts: Vec::new(),
            clocks: Clocks::default(),
            quotas: Quotas::default(),
            default_region: Region::new(KNOWN_REGIONS[0]),
            regions: KNOWN_REGIONS.into_iter().map(Region::new).collect(),
            public_ip: "127.0.0.1".to_owned(),
            max_object_bytes: 5 << 30,
            shutdown_grace: Duration::from_secs(5),
            log_url_validity: Duration::from_secs(600),
            open_files_of_games: None,
            adoption: Adoption::On,
            run_install_scripts: false,
            limits: Limits::default(),
            statistics_ahead_s: 8 * 3600,
            metrics: MetricsAccess::default(),
            demo_package: None,
        }
    }

    /// Serves these regions only; the first is that of a request that names none.
    ///
    /// # Errors
    /// A text for whoever wrote them: a name has the wrong form, or is there twice.
    pub fn set_regions(&mut self, names: &[String]) -> Result<(), String> {
        let form = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let mut regions: Vec<Region> = Vec::new();
        for name in names {
            if !name.contains('-') || name.len() > 64 || !name.bytes().all(form) {
                let hint = "hint: write a name like `ap-shanghai`: small letters, digits and hyphens";
                return Err(format!("`{name}` is no name of a region\n{hint}"));
            }
            if regions.iter().any(|region| region.as_str() == name) {
                return Err(format!("the region `{name}` is named twice\nhint: name each region once"));
            }
            regions.push(Region::new(name.as_str()));
        }
        if let Some(first) = regions.first() {
            self.default_region = first.clone();
            self.regions = regions;
        }
        Ok(())
    }

    /// Applies `KEY=VALUE` settings, or says everything that is wrong with them.
    pub fn set_all<S: AsRef<str>>(&mut self, settings: &[S]) -> Result<(), ConfigError> {
        let mut problems = Vec::new();
        for setting in settings {
            let setting = setting.as_ref();
            let result = match setting.split_once('=') {
                Some((key, value)) => self.set(key.trim(), value.trim()),
                None => Err(format!(
                    "`{setting}` is not a setting\nhint: write KEY=VALUE, such as health.interval=2s"
                )),
            };
            problems.extend(result.err());
        }
        if problems.is_empty() { Ok(()) } else { Err(ConfigError { problems }) }
    }

    fn set(&mut self, key: &str, value: &str) -> Result<(), String> {
        if let Some(result) = self.limits.set(key, value) {
            return result;
        }
        if key == STATISTICS_OFFSET {
            self.statistics_ahead_s = parse_offset_s(value).ok_or_else(|| {
                format!("`{value}` is not an offset for `{key}`\nhint: write it as in +08:00, -05:30 or Z")
            })?;
            return Ok(());
        }
        if key == METRICS_ACCESS {
            self.metrics = match value {
                "loopback" => MetricsAccess::Loopback,
                "open" => MetricsAccess::Open,
                "off" => MetricsAccess::Off,
                _ => {
                    return Err(format!(
                        "`{value}` is no access for `{key}`\nhint: write `loopback`, `open` or `off`"
                    ));
                }
            };
            return Ok(());
        }
        self.clocks.set(key, value).map_err(|error| match error {
            ClockError::UnknownKey(_) => {
                format!("{error}, {STATISTICS_OFFSET}, {METRICS_ACCESS}, {}", limits::KEYS.join(", "))
            }
            ClockError::NotADuration { .. } | ClockError::NotACount { .. } => error.to_string(),
        })
    }
}

/// `on`, `off`, or the id of a fleet whose game servers are started by hand.
///
/// # Errors
/// A text for whoever wrote it.
pub fn parse_adoption(text: &str) -> Result<Adoption, String> {
    match text {
        "on" => Ok(Adoption::On),
        "off" => Ok(Adoption::Off),
        fleet if fleet.len() > "fleet-".len() && fleet.starts_with("fleet-") => {
            Ok(Adoption::Fleet(FleetId::new(fleet)))
        }
        _ => Err(format!(
            "`{text}` is no fleet\nhint: write `on`, `off`, or the id of a fleet, such as fleet-1a2b3c4d-5e6f7g8h"
        )),
    }
}

/// Everything that is wrong with a configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    /// Each problem, with a hint.
    pub problems: Vec<String>,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.problems.join("\n"))
    }
}

impl std::error::Error for ConfigError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_reach_the_clocks() {
        let mut config = Config::new("data");
        config.set_all(&["health.interval=2s", "health.failures = 5", "limit.calls=9"]).unwrap();
        assert_eq!(config.limits.calls, 9);
        assert_eq!(config.clocks.health_interval, Duration::from_secs(2));
        config.set_all(&["statistics.offset=-05:30"]).unwrap();
        assert_eq!(config.statistics_ahead_s, -19_800);
        assert!(config.set_all(&["statistics.offset=8"]).is_err());
        config.set_all(&["metrics.access=open"]).unwrap();
        assert_eq!(config.metrics, MetricsAccess::Open);
        assert!(config.set_all(&["metrics.access=yes"]).is_err());
        assert_eq!(config.clocks.health_failures, 5);
    }

    #[test]
    fn regions_are_named_once_and_the_first_is_the_default() {
        let names = |names: &[&str]| names.iter().map(|name| name.to_string()).collect::<Vec<_>>();
        let mut config = Config::new("data");
        config.set_regions(&[]).unwrap();
        assert_eq!((config.regions.len(), config.default_region.as_str()), (15, "ap-shanghai"));
        config.set_regions(&names(&["na-siliconvalley", "ap-shanghai"])).unwrap();
        assert_eq!((config.regions.len(), config.default_region.as_str()), (2, "na-siliconvalley"));
        for bad in [&["shanghai"][..], &["ap-Shanghai"], &[""], &["ap-tokyo", "ap-tokyo"]] {
            assert!(config.set_regions(&names(bad)).unwrap_err().contains("hint: "), "{bad:?}");
        }
        assert_eq!(config.regions.len(), 2, "what is refused changes nothing");
    }

    #[test]
    fn adoption_is_a_switch_or_a_fleet() {
        let fleet = Adoption::Fleet(FleetId::new("fleet-1-2"));
        for (text, wanted) in [("on", Adoption::On), ("off", Adoption::Off), ("fleet-1-2", fleet)] {
            assert_eq!(parse_adoption(text), Ok(wanted));
        }
        for bad in ["", "yes", "fleet-", "alias-1-2"] {
            assert!(parse_adoption(bad).unwrap_err().contains("`on`, `off`"), "{bad}");
        }
    }

    #[test]
    fn all_problems_are_reported_at_once() {
        let error = Config::new("data").set_all(&["a=1s", "health.interval=soon", "x", "player.reserve=2s"]);
        let text = error.unwrap_err().to_string();
        for part in [
            "unknown setting `a`",
            "known settings are health.interval",
            "limit.calls",
            "`soon`",
            "`x` is not a setting",
        ] {
            assert!(text.contains(part), "`{part}` is missing in:\n{text}");
        }
    }
}

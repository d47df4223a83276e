//! What the command line says, checked as a whole before anything starts.
//!
//! Not here: anything that is decided later, such as which address a fleet gives (`lookup.rs`).

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use clap::Parser;
use game_net::protocol::{CHAT_TEXT_MAX, PLAYER_ID_MAX};
use game_player::bot::BotKind;

/// The flags as they were typed.
#[derive(Debug, Parser)]
#[command(name = "game-client", version, about = "The sample game client of OpenGSE")]
pub struct Options {
    /// Address of the game server, as a player session names it (`IpAddress` and `Port`)
    #[arg(long, value_name = "IP:PORT")]
    pub connect: Option<SocketAddr>,
    /// Watch the match on the game server at this address, without a seat
    #[arg(long, value_name = "IP:PORT", conflicts_with_all = ["connect",
        "matchmaker", "gse_endpoint", "alias", "fleet", "lobby_alias", "lobby_fleet", "watch_alias", "watch_fleet",
        "title", "bot", "say", "expect_peers"])]
    pub watch: Option<SocketAddr>,
    /// The session's game property `spectator_key`; prefer the variable, arguments are visible to others
    #[arg(long, value_name = "KEY", env = "GAME_SPECTATOR_KEY", hide_env_values = true)]
    pub spectator_key: Option<String>,
    /// Id of the player; also the name that others see. If it is not said: the name in the settings, else the user's
    #[arg(long, value_name = "ID")]
    pub player_id: Option<String>,
    /// Secret that a join of the session returned; prefer the variable, arguments are visible to others
    #[arg(long, value_name = "ID", env = "GAME_PLAYER_SESSION_ID", hide_env_values = true)]
    pub player_session_id: Option<String>,

    /// Ask this cloud API for a session instead of `--connect`
    #[arg(long, value_name = "URL")]
    pub gse_endpoint: Option<String>,
    /// Region that is asked
    #[arg(long, value_name = "REGION")]
    pub gse_region: Option<String>,
    /// Look for a session behind this alias
    #[arg(long, value_name = "ALIAS_ID")]
    pub alias: Option<String>,
    /// Look for a session on this fleet
    #[arg(long, value_name = "FLEET_ID")]
    pub fleet: Option<String>,
    /// The lobby is behind this alias
    #[arg(long, value_name = "ALIAS_ID", conflicts_with = "lobby_fleet")]
    pub lobby_alias: Option<String>,
    /// The lobby is on this fleet
    #[arg(long, value_name = "FLEET_ID")]
    pub lobby_fleet: Option<String>,
    /// List the matches behind this alias to watch
    #[arg(long, value_name = "ALIAS_ID", conflicts_with = "watch_fleet")]
    pub watch_alias: Option<String>,
    /// List the matches on this fleet to watch
    #[arg(long, value_name = "FLEET_ID")]
    pub watch_fleet: Option<String>,
    /// Seats of a session that has to be created, 1 to 200
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = clap::value_parser!(u64).range(1..=200))]
    pub max_players: u64,
    /// Ask this matchmaker for a match instead of `--connect`
    #[arg(long, value_name = "URL")]
    pub matchmaker: Option<String>,
    /// How good the player is, for the matchmaker
    #[arg(long, value_name = "POINTS", default_value_t = 1000, requires = "matchmaker")]
    pub skill: u32,
    /// Key id for the cloud API
    #[arg(long, env = "GSE_SECRET_ID", hide = true, hide_env_values = true)]
    pub gse_secret_id: Option<String>,
    /// Key for the cloud API
    #[arg(long, env = "GSE_SECRET_KEY", hide = true, hide_env_values = true)]
    pub gse_secret_key: Option<String>,

    /// Begin with the title, instead of going to where the other flags lead
    #[arg(long, conflicts_with_all = ["headless", "screenshot"])]
    pub title: bool,
    /// The settings, instead of `opengse-arena/settings.json` in the user's configuration folder
    #[arg(long, value_name = "FILE")]
    pub settings: Option<PathBuf>,
    /// A font for the letters that the built-in one has not, instead of what is found on this machine
    #[arg(long, value_name = "FILE", conflicts_with = "headless")]
    pub font: Option<PathBuf>,
    /// Id of the session that `--connect` or `--watch` leads to; F3 shows it
    #[arg(long, value_name = "ID")]
    pub session: Option<String>,
    /// Draw every screen from made-up states, without a window and a network, into this folder, and exit
    #[arg(long, value_name = "FOLDER", conflicts_with_all = ["headless", "screenshot", "title"])]
    pub scenes: Option<PathBuf>,

    /// Run without a window, a display and a renderer
    #[arg(long)]
    pub headless: bool,
    /// Let a bot play instead of the keyboard
    #[arg(long, value_enum)]
    pub bot: Option<BotKind>,
    /// Seed of the bot: the same seed makes the same choices
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// In a lobby: say this once after joining
    #[arg(long, value_name = "TEXT")]
    pub say: Option<String>,
    /// In a lobby: leave once this many others were seen and heard
    #[arg(long, value_name = "N")]
    pub expect_peers: Option<usize>,
    /// Stop after this many seconds, whatever happens: 120 if not said, never for a window. In a lobby without
    /// `--expect-peers` this is how long to stay
    #[arg(long, value_name = "SECONDS")]
    pub deadline_seconds: Option<u64>,
    /// Draw without a window, write one picture to this file, leave the session, exit
    #[arg(long, value_name = "FILE.png", conflicts_with = "headless")]
    pub screenshot: Option<PathBuf>,
    /// How many ticks after joining the picture is taken (60 a second)
    #[arg(long, value_name = "N", default_value_t = 300, requires = "screenshot")]
    pub screenshot_after_ticks: u32,
    /// Progress as JSON lines on stderr
    #[arg(long)]
    pub verbose: bool,
}

/// How the game is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum View {
    /// Not at all.
    Headless,
    /// In a window.
    Window,
    /// Into one picture, without a window.
    Screenshot {
        /// Where the PNG goes.
        path: PathBuf,
        /// Ticks between joining and the picture.
        after_ticks: u32,
    },
    /// Into one picture for each screen, from made-up states.
    Scenes {
        /// Where the PNGs go.
        folder: PathBuf,
    },
}

/// Where the session is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Destination {
    /// Known: somebody joined the session for this player.
    Address {
        /// Address of the game server.
        address: SocketAddr,
        /// Secret of the seat.
        player_session_id: String,
        /// Id of the session, if somebody said it.
        session: Option<String>,
    },
    /// Known, and only to be watched.
    Watch {
        /// Address of the game server.
        address: SocketAddr,
        /// The session's game property.
        spectator_key: String,
        /// Id of the session, if somebody said it.
        session: Option<String>,
    },
    /// To be asked for at the cloud API.
    Cloud(CloudDestination),
    /// To be asked for at a matchmaker.
    Matchmaker(Matchmaker),
}

/// What a matchmaker is asked with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Matchmaker {
    /// Base address of the matchmaker.
    pub url: String,
    /// How good the player is.
    pub skill: u32,
    /// Where to play; anywhere if it is not said.
    pub region: Option<String>,
}

/// What the cloud API is asked with.
#[derive(Clone, PartialEq, Eq)]
pub struct CloudDestination {
    /// Base address of the cloud API.
    pub endpoint: String,
    /// Region that is asked.
    pub region: String,
    /// Alias or fleet.
    pub target: Target,
    /// Key id.
    pub secret_id: String,
    /// Key.
    pub secret_key: String,
    /// Seats of a session that has to be created.
    pub players_max: u64,
}

impl std::fmt::Debug for CloudDestination {
    // The key must not reach a log.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CloudDestination")
            .field("endpoint", &self.endpoint)
            .field("region", &self.region)
            .field("target", &self.target)
            .finish_non_exhaustive()
    }
}

/// What a session is looked for on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// An alias id.
    Alias(String),
    /// A fleet id.
    Fleet(String),
}

/// The checked form of [`Options`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Where the session is; `None` only for a window, which asks then.
    pub destination: Option<Destination>,
    /// Where the lobby is.
    pub lobby: Option<CloudDestination>,
    /// Where matches are that can be watched, beside those that can be played.
    pub watched: Option<CloudDestination>,
    /// What the screen for watching begins with.
    pub spectator_key: Option<String>,
    /// Begin with the title.
    pub begins_at_title: bool,
    /// The file of the settings, if it was named.
    pub settings: Option<PathBuf>,
    /// The font for what the built-in one has not, if it was named.
    pub font: Option<PathBuf>,
    /// Id of the player, if it was said.
    pub player_id: Option<String>,
    /// How the game is shown.
    pub view: View,
    /// The bot that plays, if any.
    pub bot: Option<BotKind>,
    /// Seed of the bot.
    pub seed: u64,
    /// What is said in a lobby after joining.
    pub say: Option<String>,
    /// How many others must be seen and heard in a lobby before leaving.
    pub expect_peers: Option<usize>,
    /// When to give up; `None` only for a window.
    pub deadline: Option<Duration>,
    /// Progress on stderr.
    pub verbose: bool,
}

/// Longest deadline that is accepted: a day.
const DEADLINE_SECONDS_MAX: u64 = 24 * 60 * 60;
const DEADLINE_SECONDS_DEFAULT: u64 = 120;
const NO_KEY: &str = "`--watch` needs the spectator key\nhint: set `GAME_SPECTATOR_KEY` to the session's game property `spectator_key`";

impl Options {
    /// Checks the flags against each other.
    ///
    /// # Errors
    /// Every problem that was found, one per line, each with what was expected.
    pub fn check(self) -> Result<Config, String> {
        let mut problems = Vec::new();
        if let Some(length) = self.player_id.as_ref().map(String::len)
            && !(1..=PLAYER_ID_MAX).contains(&length)
        {
            problems.push(format!("`--player-id` must have 1 to {PLAYER_ID_MAX} bytes, it has {length}"));
        }
        if let Some(length) = self.say.as_ref().map(String::len)
            && !(1..=CHAT_TEXT_MAX).contains(&length)
        {
            problems.push(format!("`--say` must have 1 to {CHAT_TEXT_MAX} bytes, it has {length}"));
        }
        if let Some(seconds) = self.deadline_seconds
            && !(1..=DEADLINE_SECONDS_MAX).contains(&seconds)
        {
            problems.push(format!(
                "`--deadline-seconds` must be between 1 and {DEADLINE_SECONDS_MAX}, it is `{seconds}`"
            ));
        }
        if self.session.is_some() && self.connect.is_none() && self.watch.is_none() {
            problems.push("`--session` needs `--connect` or `--watch`".to_owned());
        }
        let is_player = self.watch.is_none();
        if is_player && self.player_id.is_none() && (self.headless || self.screenshot.is_some()) {
            problems.push("nobody is named\nhint: add `--player-id ID`".to_owned());
        }
        if is_player && self.headless && self.bot.is_none() {
            problems.push(
                "`--headless` has no keyboard\nhint: add `--bot wander`, or `--bot idle` for a lobby"
                    .to_owned(),
            );
        }
        let view = match &self.screenshot {
            Some(path) => {
                if path.extension().is_none_or(|extension| !extension.eq_ignore_ascii_case("png")) {
                    problems.push(format!(
                        "`--screenshot` must name a `.png` file, it names `{}`",
                        path.display()
                    ));
                }
                View::Screenshot { path: path.clone(), after_ticks: self.screenshot_after_ticks }
            }
            None if self.headless => View::Headless,
            None => match &self.scenes {
                Some(folder) => View::Scenes { folder: folder.clone() },
                None => View::Window,
            },
        };
        let deadline = match (self.deadline_seconds, &view) {
            (None, View::Window | View::Scenes { .. }) => None,
            (seconds, _) => Some(Duration::from_secs(seconds.unwrap_or(DEADLINE_SECONDS_DEFAULT))),
        };
        let destination = match view {
            View::Scenes { .. } => Ok(None),
            // A window can ask; nobody else can.
            View::Window if !self.names_a_place() => Ok(None),
            _ if self.names_a_place() || !self.names_a_lobby() => self.destination().map(Some),
            _ => Ok(None),
        };
        let lobby = self.lobby().unwrap_or_else(|more| {
            problems.extend(more);
            None
        });
        let watched = self.matches_to_watch(&mut problems);
        match (destination, problems.is_empty()) {
            (Ok(destination), true) => Ok(Config {
                watched,
                spectator_key: self.spectator_key.filter(|key| !key.is_empty()),
                // Without a match to go to, what was named is the lobby.
                destination: match (destination, &lobby, self.title || view == View::Window) {
                    (None, Some(lobby), false) => Some(Destination::Cloud(lobby.clone())),
                    (destination, ..) => destination,
                },
                lobby,
                begins_at_title: self.title,
                settings: self.settings,
                font: self.font,
                player_id: self.player_id,
                view,
                bot: self.bot,
                seed: self.seed,
                say: self.say,
                expect_peers: self.expect_peers,
                deadline,
                verbose: self.verbose,
            }),
            (Ok(_), false) => Err(problems.join("\n")),
            (Err(more), _) => {
                problems.extend(more);
                Err(problems.join("\n"))
            }
        }
    }

    fn names_a_place(&self) -> bool {
        let cloud = self.gse_endpoint.is_some() && !self.names_more();
        self.connect.is_some()
            || self.watch.is_some()
            || self.matchmaker.is_some()
            || self.alias.is_some()
            || self.fleet.is_some()
            || cloud
    }

    fn names_a_lobby(&self) -> bool {
        self.lobby_alias.is_some() || self.lobby_fleet.is_some()
    }

    /// Whether the cloud API is for something else than to play.
    fn names_more(&self) -> bool {
        self.names_a_lobby() || self.watch_alias.is_some() || self.watch_fleet.is_some()
    }

    /// Where matches are that can be watched, if that was said.
    fn matches_to_watch(&self, problems: &mut Vec<String>) -> Option<CloudDestination> {
        let alias = self.watch_alias.clone().map(Target::Alias);
        let target = alias.or_else(|| self.watch_fleet.clone().map(Target::Fleet))?;
        let mut missing = Vec::new();
        let cloud = self.cloud(target, &mut missing);
        // The lobby or the match may miss the same.
        missing.retain(|problem| !problems.contains(problem));
        problems.extend(missing);
        Some(cloud)
    }

    /// The lobby, if one was named.
    fn lobby(&self) -> Result<Option<CloudDestination>, Vec<String>> {
        let target = match (self.lobby_alias.clone(), self.lobby_fleet.clone()) {
            (Some(alias), _) => Target::Alias(alias),
            (None, Some(fleet)) => Target::Fleet(fleet),
            (None, None) => return Ok(None),
        };
        let mut problems = Vec::new();
        let destination = self.cloud(target, &mut problems);
        if problems.is_empty() { Ok(Some(destination)) } else { Err(problems) }
    }

    /// What the cloud API is asked with; what is missing goes to `problems`.
    fn cloud(&self, target: Target, problems: &mut Vec<String>) -> CloudDestination {
        let mut needed = |name: &str, value: &Option<String>| {
            value.clone().filter(|value| !value.is_empty()).unwrap_or_else(|| {
                problems.push(format!("asking the cloud API needs `{name}`"));
                String::new()
            })
        };
        CloudDestination {
            endpoint: needed("--gse-endpoint", &self.gse_endpoint),
            region: needed("--gse-region", &self.gse_region),
            secret_id: needed("GSE_SECRET_ID", &self.gse_secret_id),
            secret_key: needed("GSE_SECRET_KEY", &self.gse_secret_key),
            target,
            players_max: self.max_players,
        }
    }

    fn watched(&self, address: SocketAddr) -> Result<Destination, String> {
        let session = self.session.clone();
        match self.spectator_key.clone().filter(|key| !key.is_empty()) {
            Some(spectator_key) => Ok(Destination::Watch { address, spectator_key, session }),
            None => Err(NO_KEY.to_owned()),
        }
    }

    fn destination(&self) -> Result<Destination, Vec<String>> {
        if let Some(address) = self.watch {
            return self.watched(address).map_err(|problem| vec![problem]);
        }
        let mut problems = Vec::new();
        let cloud_flags = (self.gse_endpoint.is_some() && !self.names_more())
            || self.alias.is_some()
            || self.fleet.is_some();
        if let Some(url) = &self.matchmaker {
            return match (self.connect.is_some() || cloud_flags, url.starts_with("http://")) {
                (true, _) => Err(vec![
                    "`--matchmaker` excludes `--connect` and the cloud API (`--gse-endpoint`)".to_owned(),
                ]),
                (false, false) => {
                    Err(vec![format!("`--matchmaker` must be `http://HOST:PORT`, it is `{url}`")])
                }
                (false, true) => Ok(Destination::Matchmaker(Matchmaker {
                    url: url.clone(),
                    skill: self.skill,
                    region: None,
                })),
            };
        }
        match (self.connect, cloud_flags) {
            (Some(_), true) => {
                problems.push("`--connect` and the cloud API (`--gse-endpoint`) exclude each other".to_owned());
            }
            (None, false) => problems.push(
                "nowhere to play\nhint: give `--connect IP:PORT` and `GAME_PLAYER_SESSION_ID`, `--gse-endpoint URL` with `--alias` or `--fleet`, or `--matchmaker URL`"
                    .to_owned(),
            ),
            (Some(address), false) => match self.player_session_id.clone().filter(|id| !id.is_empty()) {
                Some(player_session_id) => {
                    let session = self.session.clone();
                    return Ok(Destination::Address { address, player_session_id, session });
                }
                None => problems.push(
                    "`--connect` needs the player session id\nhint: set `GAME_PLAYER_SESSION_ID` to the `PlayerSessionId` that JoinGameServerSession returned"
                        .to_owned(),
                ),
            },
            (None, true) => {
                let target = match (self.alias.clone(), self.fleet.clone()) {
                    (Some(alias), None) => Some(Target::Alias(alias)),
                    (None, Some(fleet)) => Some(Target::Fleet(fleet)),
                    (None, None) | (Some(_), Some(_)) => None,
                };
                let is_one = target.is_some();
                let destination =
                    self.cloud(target.unwrap_or_else(|| Target::Alias(String::new())), &mut problems);
                match (is_one, problems.is_empty()) {
                    (true, true) => return Ok(Destination::Cloud(destination)),
                    (true, false) => {}
                    (false, _) => problems.push("give exactly one of `--alias` and `--fleet`".to_owned()),
                }
            }
        }
        Err(problems)
    }
}

#[cfg(test)]
mod tests;

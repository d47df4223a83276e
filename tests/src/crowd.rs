//! Players who come every 50 ms, create or join a match through an alias, play, and leave. They notice everything that
//! should not happen to them.

use std::io::{BufRead as _, BufReader, ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::Scope;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::raw::RawRequest;
use crate::stack::{PATIENCE, Stack};

/// One comes so often.
const PERIOD: Duration = Duration::from_millis(50);
/// Who makes a match stays so long, and longer while there are guests.
const HOST_STAYS: Duration = Duration::from_millis(600);
const GUEST_STAYS: Duration = Duration::from_millis(150);
/// Seats of a match.
const SEATS: u32 = 8;

/// What the crowd did, and what was done to it.
#[derive(Debug, Default)]
pub struct Report {
    /// Calls of the cloud API.
    pub requests: usize,
    /// Calls that were refused, with the reason.
    pub failed: Vec<String>,
    /// Matches that ended while somebody was in them.
    pub cut: Vec<String>,
    /// The fleet and the id of each session that was created, in that order.
    pub created: Vec<(String, String)>,
    /// Guests who played.
    pub joined: usize,
}

/// A match that can be joined: its maker stays until the guests have left.
#[derive(Debug, Clone)]
struct Open {
    session: String,
    guests: Arc<AtomicUsize>,
}

/// Who comes to an alias.
#[derive(Debug)]
pub struct Crowd<'a> {
    stack: &'a Stack,
    alias: String,
    /// Matches that are made at a time, so that a slow machine makes fewer and none is refused for want of room.
    matches: usize,
    going_on: AtomicUsize,
    is_over: AtomicBool,
    open: Mutex<Vec<Open>>,
    report: Mutex<Report>,
}

impl<'a> Crowd<'a> {
    /// A crowd that has not come yet.
    #[must_use]
    pub fn new(stack: &'a Stack, alias: &str, matches: usize) -> Self {
        Self {
            stack,
            alias: alias.to_owned(),
            matches,
            going_on: AtomicUsize::new(0),
            is_over: AtomicBool::new(false),
            open: Mutex::default(),
            report: Mutex::default(),
        }
    }

    /// Lets players come until it is said to be over.
    pub fn come<'scope>(&'scope self, scope: &'scope Scope<'scope, '_>) {
        scope.spawn(move || {
            while !self.is_over.load(Ordering::SeqCst) {
                scope.spawn(|| self.play());
                std::thread::sleep(PERIOD);
            }
        });
    }

    /// Nobody comes any more; those who are there play to the end.
    pub fn over(&self) {
        self.is_over.store(true, Ordering::SeqCst);
    }

    /// Waits until so many sessions were created in a fleet.
    ///
    /// # Panics
    /// If they are not within [`PATIENCE`], or a player had reason to complain.
    pub fn wait_for_sessions(&self, fleet: &str, count: usize) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let report = self.report();
            let seen = report.created.iter().filter(|(created_in, _)| created_in == fleet).count();
            let has_complaints = !report.failed.is_empty() || !report.cut.is_empty();
            if seen >= count || has_complaints {
                return;
            }
            drop(report);
            assert!(Instant::now() < deadline, "only {seen} sessions were created in {fleet}");
            std::thread::sleep(PERIOD);
        }
    }

    /// What happened so far.
    pub fn report(&self) -> MutexGuard<'_, Report> {
        self.report.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn open(&self) -> MutexGuard<'_, Vec<Open>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One player.
    fn play(&self) {
        let takes = |count: usize| (count < self.matches).then_some(count + 1);
        if self.going_on.fetch_update(Ordering::SeqCst, Ordering::SeqCst, takes).is_ok() {
            self.host();
            self.going_on.fetch_sub(1, Ordering::SeqCst);
        } else {
            self.join();
        }
    }

    /// Makes a match, plays in it, and sees it end.
    fn host(&self) -> Option<()> {
        let request = json!({"AliasId": self.alias, "MaximumPlayerSessionCount": SEATS});
        let session = self.call("CreateGameServerSession", &request)?["GameServerSession"].clone();
        let id = session["GameServerSessionId"].as_str()?.to_owned();
        self.report().created.push((session["FleetId"].as_str()?.to_owned(), id.clone()));
        self.until(&id, "ACTIVE")?;
        let connection = self.enter(&id)?;
        let open = Open { session: id.clone(), guests: Arc::default() };
        self.open().push(open.clone());
        std::thread::sleep(HOST_STAYS);
        self.open().retain(|other| other.session != id);
        while open.guests.load(Ordering::SeqCst) > 0 {
            std::thread::sleep(PERIOD);
        }
        self.leave(&id, connection);
        self.until(&id, "TERMINATED")
    }

    /// Joins a match that the alias shows, if one is open.
    fn join(&self) -> Option<()> {
        let request = json!({"AliasId": self.alias, "FilterExpression": "hasAvailablePlayerSessions=true"});
        let answer = self.call("SearchGameServerSessions", &request)?;
        let shown = answer["GameServerSessions"].as_array()?;
        let is_shown =
            |open: &&Open| shown.iter().any(|session| session["GameServerSessionId"] == *open.session);
        // Counted before the maker may leave.
        let chosen = {
            let open = self.open();
            let has_room = |open: &&Open| open.guests.load(Ordering::SeqCst) < SEATS as usize / 4;
            let chosen = open.iter().filter(is_shown).find(has_room)?.clone();
            chosen.guests.fetch_add(1, Ordering::SeqCst);
            chosen
        };
        if let Some(connection) = self.enter(&chosen.session) {
            std::thread::sleep(GUEST_STAYS);
            self.leave(&chosen.session, connection);
            self.report().joined += 1;
        }
        chosen.guests.fetch_sub(1, Ordering::SeqCst);
        Some(())
    }

    /// Gets a ticket and shows it to the game server.
    fn enter(&self, session: &str) -> Option<BufReader<TcpStream>> {
        let player = format!("player-{}", self.report().requests);
        let request = json!({"GameServerSessionId": session, "PlayerId": player});
        let seat = self.call("JoinGameServerSession", &request)?["PlayerSession"].clone();
        let address = format!("{}:{}", seat["IpAddress"].as_str()?, seat["Port"]);
        let welcome = || -> std::io::Result<(String, BufReader<TcpStream>)> {
            let mut stream = BufReader::new(TcpStream::connect(&address)?);
            stream.get_ref().set_read_timeout(Some(PATIENCE))?;
            let ticket = seat["PlayerSessionId"].as_str().unwrap_or_default();
            stream.get_mut().write_all(format!("{ticket}\n").as_bytes())?;
            let mut answer = String::new();
            stream.read_line(&mut answer)?;
            Ok((answer, stream))
        };
        match welcome() {
            Ok((answer, stream)) if answer == "welcome\n" => Some(stream),
            other => {
                self.report().cut.push(format!("{session}: nobody welcomed {player}: {other:?}"));
                None
            }
        }
    }

    /// Leaves a match that still goes on: the game server has not hung up.
    fn leave(&self, session: &str, mut connection: BufReader<TcpStream>) {
        let said = connection.get_ref().set_nonblocking(true).and_then(|()| connection.read(&mut [0]));
        match said {
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            other => self.report().cut.push(format!("{session}: the connection ended: {other:?}")),
        }
    }

    fn until(&self, session: &str, status: &str) -> Option<()> {
        let deadline = Instant::now() + PATIENCE;
        let request = json!({"GameServerSessionId": session});
        loop {
            let answer = self.call("DescribeGameServerSessions", &request)?;
            let now = answer["GameServerSessions"][0]["Status"].as_str().unwrap_or_default();
            if now == status {
                return Some(());
            }
            if now == "ERROR" || Instant::now() > deadline {
                self.report().cut.push(format!("{session} should become {status} and is {now}"));
                return None;
            }
            std::thread::sleep(PERIOD);
        }
    }

    /// Calls; a refusal is a complaint.
    fn call(&self, action: &str, request: &Value) -> Option<Value> {
        let (_, answer) = RawRequest::good(self.stack, action, request).send(self.stack);
        let mut report = self.report();
        report.requests += 1;
        match answer.get("Error") {
            None => Some(answer),
            Some(error) => {
                report.failed.push(format!("{action} {request}: {error}"));
                None
            }
        }
    }
}

//! The model: lists and counters, nothing else. One fleet, one instance, three processes, one queue; time in seconds.

use super::Deed;

/// Processes of the fleet; the host replaces each that goes.
pub(super) const PROCESSES: u32 = 3;
/// How long a seat is held.
pub(super) const RESERVED_S: u64 = 20;
/// The queue's timeout.
pub(super) const TIMEOUT_S: u64 = 45;
/// The fleet's activation timeout: the default.
const ACTIVATION_S: u64 = 600;

#[derive(Debug)]
struct Process {
    number: u64,
    idle_since_s: u64,
    session: Option<usize>,
    /// It was told to end: replaced when the host had time.
    goes: bool,
}

#[derive(Debug)]
struct Session {
    status: &'static str,
    until_s: u64,
    max_players: u32,
    open: bool,
    process: u64,
    placement: Option<usize>,
}

#[derive(Debug)]
struct Player {
    session: usize,
    status: &'static str,
    until_s: u64,
    accepted_by: Option<u32>,
}

#[derive(Debug)]
struct Placement {
    id: u32,
    players: u32,
    max_players: u32,
    status: &'static str,
    started_s: u64,
    session: Option<usize>,
}

/// What a reader of the spec would keep on paper.
#[derive(Debug)]
pub(super) struct Model {
    now_s: u64,
    processes: Vec<Process>,
    launched: u64,
    sessions: Vec<Session>,
    players: Vec<Player>,
    /// Every placement that was started; the last of an id is the one that counts.
    placements: Vec<Placement>,
}

impl Session {
    fn is_live(&self) -> bool {
        matches!(self.status, "ACTIVATING" | "ACTIVE")
    }
}

impl Model {
    pub(super) fn new() -> Self {
        let (processes, sessions) = (vec![], vec![]);
        let mut model =
            Self { now_s: 0, processes, launched: 0, sessions, players: vec![], placements: vec![] };
        model.replace();
        model
    }

    /// The host keeps three processes running (F-12).
    fn replace(&mut self) {
        self.processes.retain(|process| !process.goes);
        while self.processes.len() < PROCESSES as usize {
            self.launched += 1;
            let (number, idle_since_s) = (self.launched, self.now_s);
            self.processes.push(Process { number, idle_since_s, session: None, goes: false });
        }
    }

    fn process(&self, number: u64) -> Option<&Process> {
        self.processes.iter().find(|process| process.number == number)
    }

    fn seats(&self, session: usize) -> u32 {
        let holds =
            |player: &&Player| player.session == session && matches!(player.status, "RESERVED" | "ACTIVE");
        u32::try_from(self.players.iter().filter(holds).count()).unwrap()
    }

    /// R9 on one instance: who has been idle longest.
    fn place(&mut self, max_players: u32, placement: Option<usize>) -> Option<usize> {
        let idle = self.processes.iter_mut().filter(|process| process.session.is_none() && !process.goes);
        let process = idle.min_by_key(|process| (process.idle_since_s, process.number))?;
        process.session = Some(self.sessions.len());
        let (process, until_s) = (process.number, self.now_s + ACTIVATION_S);
        self.sessions.push(Session {
            status: "ACTIVATING",
            until_s,
            max_players,
            open: true,
            process,
            placement,
        });
        Some(self.sessions.len() - 1)
    }

    /// The session is over, and so are its players (R6).
    fn end(&mut self, session: usize, status: &'static str, process_goes: bool) {
        let was_activating = self.sessions[session].status == "ACTIVATING";
        self.sessions[session].status = status;
        for player in self.players.iter_mut().filter(|player| player.session == session) {
            match player.status {
                "ACTIVE" => player.status = "COMPLETED",
                "RESERVED" => player.status = "TIMEDOUT",
                _ => {}
            }
        }
        for process in self.processes.iter_mut().filter(|process| process.session == Some(session)) {
            (process.session, process.idle_since_s) = (None, self.now_s);
            process.goes |= process_goes;
        }
        // P-16: the search goes on.
        if let Some(placement) = self.sessions[session].placement.filter(|_| was_activating)
            && self.placements[placement].status == "PENDING"
        {
            self.placements[placement].session = None;
        }
    }

    fn finish(&mut self, placement: usize, status: &'static str) {
        self.placements[placement].status = status;
        if let Some(session) = self.placements[placement].session.take() {
            self.end(session, "TERMINATED", true);
        }
    }

    /// P-17: who waits longest is served first.
    fn serve(&mut self) {
        let mut order: Vec<usize> = (0..self.placements.len()).collect();
        order.sort_by_key(|&index| (self.placements[index].started_s, self.placements[index].id));
        for index in order {
            let waits = self.placements[index].status == "PENDING";
            if waits && self.now_s >= self.placements[index].started_s + TIMEOUT_S {
                self.finish(index, "TIMED_OUT");
            } else if waits && self.placements[index].session.is_none() {
                self.placements[index].session = self.place(self.placements[index].max_players, Some(index));
            }
        }
    }

    fn settle(&mut self) {
        self.serve();
        self.replace();
        self.serve();
    }

    fn second(&mut self) {
        self.now_s += 1;
        for index in 0..self.sessions.len() {
            if self.sessions[index].status == "ACTIVATING" && self.sessions[index].until_s <= self.now_s {
                self.end(index, "ERROR", true);
            }
        }
        for player in &mut self.players {
            if player.status == "RESERVED" && player.until_s <= self.now_s {
                player.status = "TIMEDOUT";
            }
        }
        self.settle();
    }

    fn seat(&mut self, session: usize) {
        let until_s = self.now_s + RESERVED_S;
        self.players.push(Player { session, status: "RESERVED", until_s, accepted_by: None });
    }

    /// Does it, and says whether it is taken.
    pub(super) fn act(&mut self, deed: &Deed) -> bool {
        let (sessions, players) = (self.sessions.len(), self.players.len());
        let session_of = |number: usize| number.checked_rem(sessions);
        let player_of = |number: usize| number.checked_rem(players);
        let taken = match *deed {
            Deed::Create { max_players } => self.place(max_players, None).is_some(),
            Deed::Activate { session, max_players } => {
                session_of(session).is_some_and(|session| self.activate(session, max_players))
            }
            Deed::StartFails { session } => session_of(session).is_some_and(|session| {
                // A report is always taken; it changes only what is being activated (case 21).
                if self.sessions[session].status == "ACTIVATING" {
                    self.end(session, "ERROR", true);
                }
                true
            }),
            Deed::Terminate { session } => session_of(session).is_some_and(|session| self.terminate(session)),
            Deed::Crash { session } => session_of(session).is_some_and(|session| self.crash(session)),
            Deed::Policy { session, open } => session_of(session).is_some_and(|session| {
                let taken = self.is_named_by_its_process(session) && self.sessions[session].is_live();
                if taken {
                    self.sessions[session].open = open;
                }
                taken
            }),
            Deed::Join { session, players } => session_of(session).is_some_and(|session| {
                let row = &self.sessions[session];
                let taken =
                    row.status == "ACTIVE" && row.open && self.seats(session) + players <= row.max_players;
                if taken {
                    (0..players).for_each(|_| self.seat(session));
                }
                taken
            }),
            Deed::Accept { player, request } => player_of(player).is_some_and(|player| {
                let row = &mut self.players[player];
                // An ACTIVE session has its process.
                if self.sessions[row.session].status != "ACTIVE" {
                    return false;
                }
                let first = row.status == "RESERVED";
                let again = row.status == "ACTIVE" && row.accepted_by == Some(request);
                if first {
                    (row.status, row.accepted_by) = ("ACTIVE", Some(request));
                }
                first || again
            }),
            Deed::Remove { player } => player_of(player).is_some_and(|player| self.remove(player)),
            Deed::StartPlacement { id, players, max_players } => {
                self.start_placement(id, players, max_players)
            }
            Deed::StopPlacement { id } => self.stop_placement(id),
            Deed::Pass { seconds } => {
                (0..seconds).for_each(|_| self.second());
                true
            }
        };
        self.settle();
        taken
    }

    /// Whether the process of a session is still there to say something about it (4.2).
    fn is_named_by_its_process(&self, session: usize) -> bool {
        self.process(self.sessions[session].process).is_some()
    }

    fn activate(&mut self, session: usize, max_players: u32) -> bool {
        match self.sessions[session].status {
            "ACTIVE" => return true,
            "ACTIVATING" => {}
            _ => return false,
        }
        let placement =
            self.sessions[session].placement.filter(|&index| self.placements[index].session == Some(session));
        let promised = placement.map_or(0, |index| self.placements[index].players);
        let row = &mut self.sessions[session];
        row.status = "ACTIVE";
        if max_players > 0 {
            row.max_players = row.max_players.min(max_players).max(promised);
        }
        if let Some(index) = placement {
            self.placements[index].status = "FULFILLED";
            (0..promised).for_each(|_| self.seat(session));
        }
        true
    }

    /// G-12. A session that is over can be ended again; its process may have been replaced.
    fn terminate(&mut self, session: usize) -> bool {
        if self.sessions[session].is_live() {
            self.end(session, "TERMINATED", false);
            return true;
        }
        self.is_named_by_its_process(session)
    }

    /// The process of that session ends; it may play another one by now.
    fn crash(&mut self, session: usize) -> bool {
        let number = self.sessions[session].process;
        let Some(process) = self.process(number) else { return false };
        if let Some(played) = process.session {
            self.end(played, "ERROR", true);
        }
        self.processes.retain(|process| process.number != number);
        true
    }

    fn remove(&mut self, player: usize) -> bool {
        let session = self.players[player].session;
        if !self.sessions[session].is_live() {
            // Harmless, unless the process confuses its sessions (4.3).
            let process = self.process(self.sessions[session].process);
            return process.is_some_and(|process| process.session.is_none());
        }
        let row = &mut self.players[player];
        if matches!(row.status, "RESERVED" | "ACTIVE") {
            row.status = "COMPLETED";
        }
        true
    }

    fn start_placement(&mut self, id: u32, players: u32, max_players: u32) -> bool {
        let earlier = self.placements.iter().rfind(|placement| placement.id == id);
        // R4
        if let Some(earlier) = earlier.filter(|earlier| earlier.status == "PENDING") {
            return (earlier.players, earlier.max_players) == (players, max_players);
        }
        if players > max_players {
            return false;
        }
        let (status, started_s) = ("PENDING", self.now_s);
        self.placements.push(Placement { id, players, max_players, status, started_s, session: None });
        true
    }

    fn stop_placement(&mut self, id: u32) -> bool {
        let Some(index) = self.placements.iter().rposition(|placement| placement.id == id) else {
            return false;
        };
        match self.placements[index].status {
            "PENDING" => {
                self.finish(index, "CANCELLED");
                true
            }
            "CANCELLED" => true,
            _ => false,
        }
    }

    /// The states, as the test shows those of the core.
    pub(super) fn shown(&self) -> Vec<String> {
        let sessions = self.sessions.iter().enumerate().map(|(index, row)| {
            let most = if row.is_live() { row.max_players } else { 0 };
            format!("session {} {}/{most}", row.status, self.seats(index))
        });
        let players = self.players.iter().map(|row| format!("player {} in {}", row.status, row.session));
        let placements = (0..4).filter_map(|id| {
            let row = self.placements.iter().rfind(|placement| placement.id == id)?;
            Some(format!("placement {id} {} {:?}", row.status, row.session))
        });
        sessions.chain(players).chain(placements).collect()
    }
}

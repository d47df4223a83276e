//! What gse-wrap does when something happens: a state machine without IO, clock or processes.
//!
//! The program's life and the session's are tied together in one of two ways. `at-launch`: the program runs from the
//! start, and hosts one session until it exits. `on-session`: the program is started anew for each session, and its
//! exit ends the session.

/// When the program is started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Start {
    /// At once; ProcessReady follows when its port is open. One process hosts one session
    AtLaunch,
    /// For each session, with the session's data in its arguments; ProcessReady comes before
    OnSession,
}

/// What a program means by ending with another status than 0 although nobody asked it to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum FailedExit {
    /// It has crashed: the session ends as ERROR, and the fleet counts a crash
    Crash,
    /// It has ended, as with status 0
    End,
}

/// Something happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Event {
    /// gse-wrap has begun.
    Begin,
    /// The program's port is open.
    PortOpen,
    /// The agent handed a session over.
    SessionStart,
    /// The agent took no activation: the session has failed already.
    ActivationRefused,
    /// OnProcessTerminate, SIGTERM or Ctrl-C.
    Terminate,
    /// The program is gone.
    Exited {
        /// With status 0.
        clean: bool,
    },
    /// The port did not open in time.
    StartTimePassed,
    /// The program did not end in time after it was asked to.
    StopTimePassed,
}

/// Something to do, in the order given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    /// Write the session file, if one is wanted.
    WriteSession,
    /// Start the program, and watch for its port until the start time has passed.
    Launch,
    /// ProcessReady.
    AnnounceReady,
    /// ActivateGameServerSession.
    Activate,
    /// TerminateGameServerSession.
    TerminateSession,
    /// SIGTERM to the program, and watch until the stop time has passed.
    AskToEnd,
    /// SIGKILL to the program and to everything that it started.
    Kill,
    /// ProcessEnding, then exit with 0.
    End,
    /// Exit with 1 and without a word to the agent, which sees a crash.
    Fail(&'static str),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Program {
    Absent,
    /// It runs, and its port is not open yet.
    Opening,
    Open,
    /// It was asked to end, or killed.
    Ending,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Session {
    None,
    /// Handed over, and waiting for the program's port.
    Starting,
    Active,
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Life {
    start: Start,
    failed_exit: FailedExit,
    program: Program,
    session: Session,
    ready: bool,
    /// Nothing comes after the program that runs now.
    last: bool,
    /// What the end of the program means, if it is known before.
    failure: Option<&'static str>,
}

impl Life {
    pub(crate) fn new(start: Start, failed_exit: FailedExit) -> Self {
        Self {
            start,
            failed_exit,
            program: Program::Absent,
            session: Session::None,
            ready: false,
            last: false,
            failure: None,
        }
    }

    /// The next step. An event that does not fit, such as one that was overtaken by another, asks for nothing.
    pub(crate) fn on(&mut self, event: Event) -> Vec<Action> {
        match event {
            Event::Begin => match self.start {
                Start::AtLaunch => self.launch(&[]),
                Start::OnSession => {
                    self.ready = true;
                    vec![Action::AnnounceReady]
                }
            },
            Event::PortOpen => self.port_open(),
            Event::SessionStart => self.session_start(),
            Event::ActivationRefused => {
                self.session = Session::None;
                self.end()
            }
            Event::Terminate => self.end(),
            Event::Exited { clean } => self.exited(clean),
            Event::StartTimePassed if self.program == Program::Opening => {
                self.failure = Some("its port did not open in time");
                self.program = Program::Ending;
                vec![Action::Kill]
            }
            Event::StopTimePassed if self.program == Program::Ending => vec![Action::Kill],
            Event::StartTimePassed | Event::StopTimePassed => Vec::new(),
        }
    }

    fn launch(&mut self, first: &[Action]) -> Vec<Action> {
        self.program = Program::Opening;
        [first, &[Action::Launch]].concat()
    }

    fn port_open(&mut self) -> Vec<Action> {
        if self.program != Program::Opening {
            return Vec::new();
        }
        self.program = Program::Open;
        let mut actions = Vec::new();
        if !self.ready {
            self.ready = true;
            actions.push(Action::AnnounceReady);
        }
        if self.session == Session::Starting {
            self.session = Session::Active;
            actions.push(Action::Activate);
        }
        actions
    }

    fn session_start(&mut self) -> Vec<Action> {
        if self.last || self.session != Session::None {
            return Vec::new();
        }
        match (self.start, self.program) {
            (Start::OnSession, Program::Absent) => {
                self.session = Session::Starting;
                self.launch(&[Action::WriteSession])
            }
            (Start::AtLaunch, Program::Open) => {
                self.session = Session::Active;
                vec![Action::WriteSession, Action::Activate]
            }
            // At launch the process was announced with an open port, and a process is idle again only when the
            // program of its session is gone.
            (Start::OnSession | Start::AtLaunch, _) => Vec::new(),
        }
    }

    fn end(&mut self) -> Vec<Action> {
        self.last = true;
        match self.program {
            Program::Absent => self.close(),
            Program::Opening | Program::Open => {
                self.program = Program::Ending;
                vec![Action::AskToEnd]
            }
            // It may have missed the first signal while it started.
            Program::Ending => vec![Action::AskToEnd],
        }
    }

    fn exited(&mut self, clean: bool) -> Vec<Action> {
        let before = std::mem::replace(&mut self.program, Program::Absent);
        if before == Program::Absent {
            return Vec::new();
        }
        if let Some(why) = self.failure {
            return vec![Action::Fail(why)];
        }
        let asked = before == Program::Ending;
        if !asked && !clean && self.failed_exit == FailedExit::Crash {
            return vec![Action::Fail("it has crashed")];
        }
        if before == Program::Opening {
            // Ending quietly would let a fleet start it again and again as if all were well.
            return vec![Action::Fail("it ended before its port was open")];
        }
        match self.start {
            Start::AtLaunch => self.last = true,
            Start::OnSession => {}
        }
        self.close()
    }

    /// After the program: the session is over, and so is the process if nothing may follow.
    fn close(&mut self) -> Vec<Action> {
        let mut actions = Vec::new();
        if std::mem::replace(&mut self.session, Session::None) != Session::None {
            actions.push(Action::TerminateSession);
        }
        if self.last {
            actions.push(Action::End);
        }
        actions
    }
}

#[cfg(test)]
mod tests;

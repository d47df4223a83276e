//! The stage of a run: it runs commands, records them, tells the narrator, and knows what is running.
//!
//! The steps say what happens; nothing in here knows the flowchart.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context as _, Result, bail};
use serde_json::{Map, Value, json};

use super::cloud::{self, Cloud, POLL_PERIOD, text_of};
use super::record::{Call, Failure, Look, Refusal, Report, StepRecord, StepSummary};
use super::service::{self, Addresses, Service};
use crate::interrupt;
use crate::narrator::{Narrator, Step, shell_json, summary};
use crate::processes::tail;
use crate::workspace::Workspace;

/// What a wait found in an answer.
pub(crate) enum Seen {
    /// The awaited state.
    Reached(String),
    /// Another state from which the awaited one can still come.
    Underway(String),
    /// A state from which it cannot.
    Hopeless(String),
}

/// One wait: what for, and how long.
pub(crate) struct Wait<'a> {
    /// What is awaited, for a reader: `the fleet is ACTIVE`.
    pub what: &'a str,
    /// After this time the wait fails.
    pub deadline: Duration,
    /// The look tells what it sees, so the states need not be told again.
    pub told: bool,
}

impl<'a> Wait<'a> {
    /// A wait that tells the states it saw.
    pub(crate) fn until(what: &'a str, deadline: Duration) -> Self {
        Self { what, deadline, told: false }
    }
}

/// A look for one state among those that can lead to it.
pub(crate) fn reach(
    pointer: &'static str,
    wanted: &'static str,
    hopeless: &'static [&'static str],
) -> impl FnMut(&mut Stage<'_>, &Value) -> Result<Seen> {
    move |_, answer| {
        let state = text_of(answer, pointer);
        Ok(if state == wanted {
            Seen::Reached(state)
        } else if hopeless.contains(&state.as_str()) {
            Seen::Hopeless(state)
        } else {
            Seen::Underway(state)
        })
    }
}

/// See the module.
pub(crate) struct Stage<'a> {
    pub workspace: &'a Workspace,
    /// Everything that this run writes.
    pub directory: PathBuf,
    /// The service, once it was started.
    pub service: Option<Service>,
    /// The fleet that a failure should look at.
    pub fleet_in_focus: Option<String>,
    /// The log that a failure should look at.
    pub log_in_focus: Option<PathBuf>,
    narrator: Box<dyn Narrator>,
    steps: &'static [Step],
    cloud: Option<Cloud>,
    current: Option<StepRecord>,
    finished: Vec<StepRecord>,
    run_start: Instant,
    step_start: Instant,
}

impl<'a> Stage<'a> {
    /// A stage with a fresh directory in `folder` of the target directory.
    pub(crate) fn new(
        workspace: &'a Workspace,
        folder: &str,
        mut narrator: Box<dyn Narrator>,
        headline: &str,
        steps: &'static [Step],
    ) -> Result<Self> {
        let directory = fresh_directory(&workspace.target().join(folder))?;
        narrator.opening(headline, steps);
        let now = Instant::now();
        Ok(Self {
            workspace,
            directory,
            service: None,
            fleet_in_focus: None,
            log_in_focus: None,
            narrator,
            steps,
            cloud: None,
            current: None,
            finished: Vec::new(),
            run_start: now,
            step_start: now,
        })
    }

    /// Begins the next step.
    pub(crate) fn step(&mut self) {
        let step = self.finished.len() + 1;
        self.step_start = Instant::now();
        let title = self.steps[step - 1].title;
        self.current = Some(StepRecord { step, title, ms: 0, calls: Vec::new(), facts: Map::new() });
        self.narrator.step(step);
    }

    /// Ends the step that is running.
    pub(crate) fn done(&mut self) {
        if let Some(mut record) = self.current.take() {
            record.ms = milliseconds(self.step_start);
            self.narrator.done(&record);
            self.finished.push(record);
        }
    }

    /// Begins a part of the step that is running.
    pub(crate) fn part(&mut self, title: &str) {
        self.narrator.part(title);
    }

    /// Notes what the step claims.
    pub(crate) fn fact(&mut self, name: &str, value: impl Into<Value>) {
        if let Some(record) = &mut self.current {
            record.facts.insert(name.to_owned(), value.into());
        }
    }

    /// Shows a command that is about to run.
    pub(crate) fn show(&mut self, command: &str) {
        self.narrator.command(command);
    }

    /// Shows something that the last command brought.
    pub(crate) fn answer(&mut self, text: &str) {
        self.narrator.answer(text);
    }

    /// Shows what is being waited for.
    pub(crate) fn waiting(&mut self, what: &str) {
        self.narrator.waiting(what);
    }

    /// Records a command.
    pub(crate) fn record(&mut self, call: Call) {
        self.narrator.ended(&call);
        if let Some(record) = &mut self.current {
            record.calls.push(call);
        }
    }

    /// Shows something after the end.
    pub(crate) fn epilogue(&mut self, lines: &[String]) {
        self.narrator.epilogue(lines);
    }

    /// Starts the service of this run.
    pub(crate) fn start_service(&mut self, addresses: &Addresses) -> Result<()> {
        let gse = self.workspace.program("gse")?;
        let data = Workspace::shown(&self.directory.join("data"));
        let command = format!("gse {}", Service::arguments(&data, addresses).join(" "));
        self.show(&command);
        self.waiting("the service listens");
        let service = Service::start(&gse, &self.directory, addresses)?;
        let ready = &service.ready;
        let told = format!("cloud API {}  uploads {}  agent {}", ready.api, ready.objects, ready.agent);
        self.cloud = Some(Cloud::new(gse, ready));
        self.record(Call::command(
            command,
            Some(json!({"api": ready.api, "agent": ready.agent, "objects": ready.objects, "region": ready.region})),
        ));
        self.service = Some(service);
        self.answer(&told);
        Ok(())
    }

    /// The service, which the step before has started.
    pub(crate) fn service(&self) -> &Service {
        self.service.as_ref().expect("the service is started before anything is called")
    }

    /// Calls an action once, without telling anybody.
    pub(crate) fn ask(&self, action: &str, request: &Value) -> Result<Value> {
        self.cloud.as_ref().expect("the service is started before anything is called").call(action, request)
    }

    /// Calls an action, shows and records it.
    pub(crate) fn call(&mut self, action: &str, request: Value) -> Result<Value> {
        let mut call = self.announce(action, request);
        let answer = self.ask(action, call.request.as_ref().unwrap_or(&Value::Null));
        match &answer {
            Ok(answer) => {
                self.answer(&summary(action, answer));
                call.response = Some(answer.clone());
            }
            Err(error) => call.error = error.downcast_ref::<Refusal>().cloned(),
        }
        self.record(call);
        answer
    }

    /// Calls an action until its answer shows the awaited state. All calls are one entry of the record.
    pub(crate) fn wait(
        &mut self,
        action: &str,
        request: Value,
        wait: &Wait<'_>,
        mut look: impl FnMut(&mut Self, &Value) -> Result<Seen>,
    ) -> Result<Value> {
        let mut call = self.announce(action, request.clone());
        self.waiting(wait.what);
        let outcome = self.wait_for(action, &request, wait, &mut call.seen, &mut look);
        match &outcome {
            Ok(answer) => {
                if !wait.told {
                    self.answer(&call.seen.join(" → "));
                }
                call.response = Some(answer.clone());
            }
            Err(error) => call.error = error.downcast_ref::<Refusal>().cloned(),
        }
        self.record(call);
        outcome
    }

    fn wait_for(
        &mut self,
        action: &str,
        request: &Value,
        wait: &Wait<'_>,
        seen: &mut Vec<String>,
        look: &mut impl FnMut(&mut Self, &Value) -> Result<Seen>,
    ) -> Result<Value> {
        let deadline = Instant::now() + wait.deadline;
        loop {
            let answer = self.ask(action, request)?;
            let found = look(self, &answer)?;
            let (Seen::Reached(state) | Seen::Underway(state) | Seen::Hopeless(state)) = &found;
            if seen.last() != Some(state) && !state.is_empty() {
                self.waiting(&format!("{}: {state}", wait.what));
                seen.push(state.clone());
            }
            match found {
                Seen::Reached(_) => return Ok(answer),
                Seen::Hopeless(state) => {
                    bail!("`{action}` answered `{state}` while waiting until {}", wait.what)
                }
                Seen::Underway(state) if Instant::now() > deadline => bail!(
                    "waited {} s until {}, and `{action}` still answers `{state}`",
                    wait.deadline.as_secs(),
                    wait.what
                ),
                Seen::Underway(_) => interrupt::pause(POLL_PERIOD)?,
            }
        }
    }

    fn announce(&mut self, action: &str, request: Value) -> Call {
        let command = format!("gse call {action} --json {}", shell_json(&request));
        self.show(&command);
        self.waiting(action);
        Call {
            command,
            action: Some(action.to_owned()),
            request: Some(request),
            response: None,
            error: None,
            seen: Vec::new(),
        }
    }

    /// Ends the run: collects what a failure should show, stops the service, tells the end. True if all went well.
    pub(crate) fn close(&mut self, outcome: Result<()>, keep: bool) -> bool {
        let mut failure = outcome.err().map(|error| {
            let crash = self.service.as_mut().and_then(Service::crash);
            self.explain(&match crash {
                Some(crash) => error.context(crash),
                None => error,
            })
        });
        if !(keep && failure.is_none())
            && let Err(error) = self.stop_service()
        {
            failure.get_or_insert_with(|| self.explain(&error));
        }
        let last = self.current.take().map(|mut record| {
            record.ms = milliseconds(self.step_start);
            record
        });
        let finished = self.finished.iter().map(|record| (record, "ok"));
        let unfinished = last.iter().map(|record| (record, "failed"));
        let report = Report {
            result: if failure.is_none() { "ok" } else { "failed" },
            steps: finished
                .chain(unfinished)
                .map(|(record, result)| StepSummary {
                    step: record.step,
                    title: record.title,
                    result,
                    ms: record.ms,
                })
                .collect(),
            total_ms: milliseconds(self.run_start),
            failure,
        };
        self.narrator.closing(&report, last.as_ref());
        if (report.failure.is_none() && !keep) || interrupt::requested() {
            // What a failed run wrote is kept; the report names it.
            let _ = fs::remove_dir_all(&self.directory);
        }
        report.failure.is_none()
    }

    fn stop_service(&mut self) -> Result<()> {
        let Some(mut service) = self.service.take() else { return Ok(()) };
        self.narrator.waiting("the service ends what it launched");
        let stopped = service.stop();
        let left = service::left_over(&self.directory);
        service::kill_left_over(&self.directory);
        stopped?;
        if !left.is_empty() {
            bail!("`gse local` has ended but had left processes running, now killed: {left:?}");
        }
        Ok(())
    }

    fn explain(&self, error: &anyhow::Error) -> Failure {
        let step = self.current.as_ref().or(self.finished.last());
        let (number, title) = step.map_or((1, self.steps[0].title), |record| (record.step, record.title));
        if interrupt::requested() {
            // A program that the same Ctrl-C ended may have failed first; that is not what happened.
            let message = interrupt::Interrupted.to_string();
            return Failure {
                step: number,
                title,
                message,
                action: None,
                code: None,
                request_id: None,
                look: Vec::new(),
            };
        }
        let refusal = error.downcast_ref::<Refusal>();
        let mut look = Vec::new();
        if let (Some(fleet), Some(_)) = (&self.fleet_in_focus, &self.service) {
            look.extend(self.look_at_events(fleet));
        }
        if let Some(log) = &self.log_in_focus {
            look.extend(look_at_log("the log of the process", log));
        }
        if let Some(service) = &self.service {
            look.extend(look_at_log("the log of the service", service.log()));
        }
        look.push(Look {
            what: "everything this run wrote is kept".to_owned(),
            lines: vec![shown(&self.directory)],
        });
        Failure {
            step: number,
            title,
            message: format!("{error:#}"),
            action: refusal.map(|refusal| refusal.action.clone()),
            code: refusal.map(|refusal| refusal.code.clone()),
            request_id: refusal.map(|refusal| refusal.request_id.clone()),
            look,
        }
    }

    fn look_at_events(&self, fleet: &str) -> Option<Look> {
        let answer = self.ask("DescribeFleetEvents", &json!({"FleetId": fleet, "Limit": 6})).ok()?;
        let lines = cloud::list(&answer, "/Events")
            .iter()
            .map(|event| {
                ["EventTime", "EventCode", "Message"]
                    .map(|member| event.get(member).and_then(Value::as_str).unwrap_or_default())
                    .join("  ")
            })
            .collect();
        Some(Look { what: format!("the events of `{fleet}`, newest first"), lines })
    }
}

fn look_at_log(what: &str, path: &Path) -> Option<Look> {
    let lines = tail(path, 12);
    (!lines.is_empty()).then(|| Look { what: format!("{what}, `{}`", shown(path)), lines })
}

fn shown(path: &Path) -> String {
    Workspace::shown(path)
}

fn milliseconds(start: Instant) -> u64 {
    u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX)
}

/// A new directory; two runs at the same moment get two.
fn fresh_directory(parent: &Path) -> Result<PathBuf> {
    fs::create_dir_all(parent).with_context(|| format!("cannot make `{}`", parent.display()))?;
    let seconds = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |time| time.as_secs());
    let directory = parent.join(format!("{seconds}-{}", std::process::id()));
    fs::create_dir(&directory).with_context(|| format!("cannot make `{}`", directory.display()))?;
    Ok(directory)
}

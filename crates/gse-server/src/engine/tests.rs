//! The engine on a scripted store and host: order of commit, dispatch and answer; groups; failure; restart.

use std::sync::Mutex;

use gse_core::alias::{Alias, CreateAlias, RoutingStrategy};
use gse_core::id::{AliasId, CounterIds, FleetId, Region, Scope, Uin};
use gse_core::state::Row;
use gse_store::MemoryStore;

use super::*;

/// What happened, in order, whoever did it.
type Diary = Arc<Mutex<Vec<String>>>;

fn write(diary: &Diary, line: impl Into<String>) {
    diary.lock().unwrap().push(line.into());
}

/// A store that tells of its commits, and refuses or waits when it is told to.
struct DiaryStore {
    rows: MemoryStore,
    diary: Diary,
    /// A commit goes on when something is received.
    gate: Option<std::sync::mpsc::Receiver<()>>,
    is_broken: bool,
}

impl Store for DiaryStore {
    fn load(&mut self) -> Result<Vec<Row>, StoreError> {
        self.rows.load()
    }

    fn commit(&mut self, changes: &[Change]) -> Result<(), StoreError> {
        if let Some(gate) = &self.gate {
            write(&self.diary, "waiting");
            gate.recv().unwrap();
        }
        if self.is_broken {
            return Err(StoreError::Foreign { path: "disk".into() });
        }
        self.rows.commit(changes)?;
        write(&self.diary, format!("committed {}", changes.len()));
        Ok(())
    }
}

struct DiaryHost(Diary);

impl FleetBackend for DiaryHost {
    fn dispatch(&self, instance: InstanceId, _order: HostOrder) {
        write(&self.0, format!("order for {instance}"));
    }
}

#[derive(Default)]
struct Setup {
    diary: Diary,
    rows: MemoryStore,
    gate: Option<std::sync::mpsc::Receiver<()>>,
    is_broken: bool,
}

impl Setup {
    fn start(self) -> (EngineHandle, tokio::task::JoinHandle<Result<(), EngineError>>) {
        let store = DiaryStore {
            rows: self.rows,
            diary: self.diary.clone(),
            gate: self.gate,
            is_broken: self.is_broken,
        };
        let parts = Parts {
            backend: Arc::new(DiaryHost(self.diary)),
            ids: Box::new(CounterIds::default()),
            clock: Clock::manual(Timestamp::from_seconds(1000)),
            clocks: Clocks::default(),
            quotas: Quotas::default(),
        };
        let (handle, engine) = Engine::restore(Box::new(store), parts).unwrap();
        (handle, tokio::spawn(engine.run(std::future::pending())))
    }
}

fn scope() -> Scope {
    Scope { uin: Uin::new("1"), region: Region::new("ap-shanghai") }
}

fn create_alias(name: &str) -> CreateAlias {
    let routing = RoutingStrategy::Terminal { message: "closed".into(), fleet: None };
    CreateAlias { scope: scope(), name: name.into(), description: String::new(), routing, tags: Vec::new() }
}

fn names(state: &State) -> Vec<String> {
    state.aliases.values().map(|alias: &Alias| alias.name.clone()).collect()
}

#[tokio::test]
async fn a_command_is_committed_before_it_is_answered() {
    let setup = Setup::default();
    let diary = setup.diary.clone();
    let (engine, _task) = setup.start();
    let alias = engine.submit("r-1", create_alias("one")).await.unwrap();
    write(&diary, "answered");
    assert_eq!(alias.id, AliasId::new("alias-0001"));
    assert_eq!(*diary.lock().unwrap(), ["committed 1", "answered"]);
}

#[tokio::test]
async fn a_refused_command_commits_nothing() {
    let setup = Setup::default();
    let diary = setup.diary.clone();
    let (engine, _task) = setup.start();
    let routing = RoutingStrategy::Simple(FleetId::new("fleet-1"));
    let error = engine.submit("r-1", CreateAlias { routing, ..create_alias("one") }).await.unwrap_err();
    assert_eq!(error, SubmitError::Refused(Error::FleetNotFound(FleetId::new("fleet-1"))));
    assert!(diary.lock().unwrap().is_empty());
}

/// What comes in while a commit runs is one group, and its reads see it when it is durable.
#[tokio::test]
async fn what_waits_behind_a_commit_is_one_group() {
    let (open, gate) = std::sync::mpsc::channel();
    let setup = Setup { gate: Some(gate), ..Setup::default() };
    let diary = setup.diary.clone();
    let (engine, _task) = setup.start();
    let submit = |name: &'static str| {
        let engine = engine.clone();
        tokio::spawn(async move { engine.submit("r", create_alias(name)).await.map(drop) })
    };
    let first = submit("one");
    while diary.lock().unwrap().is_empty() {
        tokio::task::yield_now().await;
    }
    let rest = [submit("two"), submit("three")];
    let seen = {
        let engine = engine.clone();
        tokio::spawn(async move { engine.query(|state, _| names(state)).await })
    };
    while engine.inputs.capacity() > QUEUE_LENGTH - 3 {
        tokio::task::yield_now().await;
    }
    assert!(!first.is_finished() && !seen.is_finished());
    open.send(()).unwrap();
    open.send(()).unwrap();
    first.await.unwrap().unwrap();
    for task in rest {
        task.await.unwrap().unwrap();
    }
    assert_eq!(seen.await.unwrap().unwrap(), ["one", "two", "three"]);
    assert_eq!(*diary.lock().unwrap(), ["waiting", "committed 1", "waiting", "committed 2"]);
}

#[tokio::test]
async fn a_failed_commit_stops_the_service_and_answers_nobody() {
    let (engine, task) = Setup { is_broken: true, ..Setup::default() }.start();
    assert_eq!(engine.submit("r-1", create_alias("one")).await.unwrap_err(), SubmitError::Stopped);
    let error = task.await.unwrap().unwrap_err();
    assert!(matches!(error, EngineError::Commit(_)), "{error:?}");
    assert_eq!(engine.query(|state, _| names(state)).await, Err(SubmitError::Stopped));
}

#[tokio::test]
async fn a_restart_finds_what_was_answered() {
    let rows = MemoryStore::default();
    let (engine, task) = Setup { rows: rows.clone(), ..Setup::default() }.start();
    engine.submit("r-1", create_alias("one")).await.unwrap();
    drop(engine);
    task.await.unwrap().unwrap();
    let (engine, _task) = Setup { rows, ..Setup::default() }.start();
    assert_eq!(engine.query(|state, _| names(state)).await.unwrap(), ["one"]);
}

/// Told to stop, it finishes what was accepted, takes no more, and ends although handles are left.
#[tokio::test]
async fn a_stop_finishes_what_was_accepted() {
    let store = MemoryStore::default();
    let parts = Parts {
        backend: Arc::new(DiaryHost(Diary::default())),
        ids: Box::new(CounterIds::default()),
        clock: Clock::system(),
        clocks: Clocks::default(),
        quotas: Quotas::default(),
    };
    let (handle, engine) = Engine::restore(Box::new(store.clone()), parts).unwrap();
    let accepted = {
        let handle = handle.clone();
        tokio::spawn(async move { handle.submit("r", create_alias("one")).await })
    };
    while handle.inputs.capacity() == QUEUE_LENGTH {
        tokio::task::yield_now().await;
    }
    engine.run(std::future::ready(())).await.unwrap();
    accepted.await.unwrap().unwrap();
    assert_eq!(handle.submit("r", create_alias("two")).await.unwrap_err(), SubmitError::Stopped);
    assert_eq!(store.clone().load().unwrap().len(), 1);
}

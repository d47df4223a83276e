//! The engine on a scripted store and host: order of commit, dispatch and answer; groups; failure; restart.

use std::sync::Mutex;

use gse_core::alias::{Alias, CreateAlias, RoutingStrategy};
use gse_core::id::{AliasId, CounterIds, FleetId, Region, Scope, Uin};
use gse_core::state::{Row, State};
use gse_core::time::Timestamp;
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

    fn settle(&mut self, now: Timestamp) -> Result<(), StoreError> {
        self.rows.settle(now)
    }

    fn archive(&self) -> Result<Box<dyn gse_store::Archive>, StoreError> {
        self.rows.archive()
    }

    fn commit(&mut self, changes: &[Change]) -> Result<(), StoreError> {
        if let Some(gate) = &self.gate {
            write(&self.diary, "waiting");
            // A gate that is gone is open.
            let _ = gate.recv();
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
            quotas: Quotas { aliases: 1000, ..Quotas::default() },
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

/// Starts a call and lets it get as far as the engine's door.
fn begin<F: Future>(call: F) -> std::pin::Pin<Box<F>> {
    let mut call = Box::pin(call);
    assert!(is_pending(&mut call));
    call
}

fn is_pending<F: Future>(call: &mut std::pin::Pin<Box<F>>) -> bool {
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    call.as_mut().poll(&mut context).is_pending()
}

/// Lets the engine take everything that waits at its door.
async fn let_in(engine: &EngineHandle) {
    while engine.inputs.capacity() < QUEUE_LENGTH {
        tokio::task::yield_now().await;
    }
}

async fn wait_for(diary: &Diary, lines: usize) {
    while diary.lock().unwrap().len() < lines {
        tokio::task::yield_now().await;
    }
}

/// What comes in while a commit runs is one group, however many it is, and nobody is answered before its commit
/// returned. The first does not wait for company.
#[tokio::test]
async fn what_comes_in_while_a_commit_runs_is_one_group() {
    let (open, gate) = std::sync::mpsc::channel();
    let setup = Setup { gate: Some(gate), ..Setup::default() };
    let diary = setup.diary.clone();
    let (engine, _task) = setup.start();
    let mut first = begin(engine.submit("r", create_alias("first")));
    wait_for(&diary, 1).await;
    let names: Vec<String> = (0..100).map(|number| format!("alias {number}")).collect();
    let mut rest = Vec::new();
    for name in &names {
        rest.push(begin(engine.submit("r", create_alias(name))));
    }
    let_in(&engine).await;
    assert!(is_pending(&mut first));
    open.send(()).unwrap();
    first.await.unwrap();
    wait_for(&diary, 3).await;
    for call in &mut rest {
        assert!(is_pending(call), "its commit has not returned");
    }
    open.send(()).unwrap();
    for call in rest {
        call.await.unwrap();
    }
    assert_eq!(*diary.lock().unwrap(), ["waiting", "committed 1", "waiting", "committed 100"]);
}

/// A read does not wait for the commit under way and sees nothing of it; who has an answer reads what it tells of.
#[tokio::test]
async fn reads_do_not_wait_for_a_commit_and_see_what_was_answered() {
    let (open, gate) = std::sync::mpsc::channel();
    let setup = Setup { gate: Some(gate), ..Setup::default() };
    let diary = setup.diary.clone();
    let (engine, _task) = setup.start();
    let read = async || engine.query(|state, _| names(state)).await.unwrap();
    open.send(()).unwrap();
    engine.submit("r", create_alias("one")).await.unwrap();
    assert_eq!(read().await, ["one"]);
    wait_for(&diary, 2).await;
    let second = begin(engine.submit("r", create_alias("two")));
    wait_for(&diary, 3).await;
    // The commit of the second is under way, and stays so.
    for _ in 0..100 {
        assert_eq!(read().await, ["one"]);
    }
    open.send(()).unwrap();
    second.await.unwrap();
    assert_eq!(read().await, ["one", "two"]);
    drop(open);
    for number in 0..100 {
        engine.submit("r", create_alias(&format!("alias {number}"))).await.unwrap();
        assert_eq!(read().await.len(), number + 3);
    }
}

/// A row that leaves memory is found in the archive by whoever does not find it in memory.
#[tokio::test]
async fn rows_that_left_memory_are_in_the_archive() {
    use gse_core::event::{Event, EventCode};
    use gse_core::id::EventId;
    let mut rows = MemoryStore::default();
    let event = Event {
        id: EventId::new("event-1"),
        fleet: FleetId::new("fleet-1"),
        sequence: 0,
        code: EventCode::FleetCreated,
        time: Timestamp::from_seconds(1),
        message: String::new(),
        log: None,
        archive_at: Some(Timestamp::from_seconds(1)),
        observations: Default::default(),
    };
    rows.commit(&[Change::Put(Row::from(event.clone()))]).unwrap();
    let (engine, _task) = Setup { rows, ..Setup::default() }.start();
    // It is due; the answer to a later step comes after the change that archived it.
    engine.submit("r", create_alias("one")).await.unwrap();
    assert_eq!(engine.query(|state, _| state.events.len()).await.unwrap(), 0);
    let question = gse_core::archive::ArchiveQuestion::key(gse_core::RowKind::Event, "event-1");
    assert_eq!(engine.archived(question).await.unwrap(), [Row::from(event)]);
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

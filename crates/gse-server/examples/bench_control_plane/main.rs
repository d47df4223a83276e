//! `cargo xtask bench control-plane`: what one durable Create and Join cost, beside a handler that does nothing.
//!
//! The control plane with its real store, API and signatures listens on the loopback; hosts are replaced by one that
//! announces processes and activates sessions at once. Requests are made and signed beforehand and come over
//! connections that stay open. Each connection makes a session, joins the one it made before, and the game server ends
//! the one before that, so that the number of live sessions stays. The generator shares the machine with what it
//! measures, so it is measured first, against a handler that answers without looking.

mod console;
mod host;
mod load;
mod measure;
mod service;

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use measure::{Usage, report};
use service::Service;

/// Live sessions in the runs with different numbers of requests in flight.
const FEW: usize = 100;
const IN_FLIGHT: [usize; 5] = [1, 8, 64, 256, 1000];
const SIZES: [usize; 3] = [FEW, 10_000, 100_000];

type Failure = Box<dyn std::error::Error + Send + Sync>;

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let seconds = Duration::from_millis(2500);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => {
            runtime.block_on(in_flight(seconds))?;
            SIZES.iter().try_for_each(|&size| at_size(size))
        }
        ["--in-flight"] => runtime.block_on(in_flight(seconds)),
        ["--size", size] => at_size(size.parse()?),
        ["--console", sessions] => {
            let directory = tempfile::tempdir()?;
            runtime.block_on(console::run(sessions.parse()?, directory.path()))
        }
        // A child of `at_size`, which kills it.
        ["--fill", size, directory] => runtime.block_on(fill(size.parse()?, Path::new(directory), seconds)),
        _ => Err("known are no arguments, `--in-flight`, `--size N`, and `--console N`".into()),
    }
}

/// One to a thousand requests in flight, few live sessions; the generator alone and a bare handler first.
async fn in_flight(duration: Duration) -> Result<(), Failure> {
    let directory = tempfile::tempdir()?;
    let service = Service::start(directory.path(), FEW + 4000).await?;
    service.fill(FEW).await?;
    println!("in flight, {FEW} live sessions; a pair is one Create and one Join");
    for in_flight in IN_FLIGHT {
        for (name, address) in
            [("no-op handler", service.no_op), ("bare handler", service.bare), ("service", service.api)]
        {
            let requests = load::prepare(&service).await?;
            let before = service.counts();
            let usage = Usage::now();
            let load = load::run(&service, address, requests, in_flight, duration).await?;
            report(name, in_flight, &load, &usage.since(), &before.since(&service.counts()));
        }
    }
    Ok(())
}

/// Fills a store in a child process, kills it under load, and measures the recovery.
fn at_size(size: usize) -> Result<(), Failure> {
    use std::io::{BufRead as _, BufReader};
    let directory = tempfile::tempdir()?;
    let mut child = Command::new(std::env::current_exe()?)
        .args(["--fill", &size.to_string()])
        .arg(directory.path())
        .stdout(Stdio::piped())
        .spawn()?;
    let output = BufReader::new(child.stdout.take().ok_or("stdout was asked for")?);
    for line in output.lines() {
        let line = line?;
        if line == "under load" {
            break;
        }
        println!("{line}");
    }
    std::thread::sleep(Duration::from_millis(500));
    child.kill()?;
    child.wait()?;
    let usage = Usage::now();
    let (sessions, rows, store) = service::recover(directory.path())?;
    let spent = usage.since();
    println!(
        "  killed under load and recovered: {sessions} sessions in memory, {rows} rows, {:.2} s of CPU, {:.2} s, {:.0} MiB",
        spent.cpu.as_secs_f64(),
        spent.wall.as_secs_f64(),
        spent.memory_kib as f64 / 1024.0
    );
    drop(store);
    Ok(())
}

async fn fill(size: usize, directory: &Path, duration: Duration) -> Result<(), Failure> {
    let service = Service::start(directory, size + 2000).await?;
    service.settle().await;
    let usage = Usage::now();
    service.fill(size).await?;
    service.settle().await;
    println!(
        "{size} live sessions with a player each: {:.0} bytes of memory per live session, {:.0} us of CPU to make one",
        usage.since().memory_kib as f64 * 1024.0 / size as f64,
        usage.since().cpu.as_micros() as f64 / size as f64,
    );
    for _ in 0..2 {
        let requests = load::prepare(&service).await?;
        let (before, usage) = (service.counts(), Usage::now());
        let load = load::run(&service, service.api, requests, 64, duration).await?;
        let spent = usage.since();
        report("service", 64, &load, &spent, &before.since(&service.counts()));
        println!(
            "  {:.0} bytes of memory per ended session",
            spent.memory_kib as f64 * 1024.0 / load.pairs as f64
        );
    }
    let requests = load::prepare(&service).await?;
    println!("under load");
    load::run(&service, service.api, requests, 64, Duration::from_secs(60)).await?;
    Ok(())
}

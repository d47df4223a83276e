//! `gse-wrap`: starts any game server, unmodified, and speaks the contract of docs/spec/server-sdk.md for it.
//!
//! What to do is decided in `life.rs`, from events and without IO; `wrap.rs` observes the events and does what was
//! decided. README.md of this crate tells how to use it, and what it cannot know.

mod agent;
mod health;
mod life;
mod options;
mod port;
mod procfs;
mod program;
mod session_file;
mod sockets;
mod template;
mod wrap;

use std::process::ExitCode;

use anyhow::Context as _;
use clap::Parser as _;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

use options::Options;

fn main() -> ExitCode {
    let settings = match Options::parse().check() {
        Ok(settings) => settings,
        Err(error) => {
            eprintln!("gse-wrap: error: {error:#}");
            return ExitCode::from(2);
        }
    };
    match run(settings) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("gse-wrap: error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(settings: options::Settings) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.context("cannot start the runtime")?.block_on(async {
        let (end, asked_to_end) = mpsc::channel(1);
        let mut terminate = signal(SignalKind::terminate()).context("cannot listen for SIGTERM")?;
        let mut interrupt = signal(SignalKind::interrupt()).context("cannot listen for SIGINT")?;
        tokio::spawn(async move {
            loop {
                tokio::select! {
                    _ = terminate.recv() => {}
                    _ = interrupt.recv() => {}
                }
                // Full: the end is asked for already.
                let _ = end.try_send(());
            }
        });
        wrap::wrap(settings, asked_to_end).await
    })
}

#[cfg(test)]
mod tests;

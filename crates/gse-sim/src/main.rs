//! `gse-sim`: runs seeds, shows what broke, and tries the planted faults.

use std::process::ExitCode;

use clap::Parser;
use gse_sim::run::run;
use gse_sim::scenario::Scenario;
use gse_sim::shrink;

#[derive(Parser)]
#[command(name = "gse-sim", about = "Simulate OpenGSE's control plane and agents on a virtual clock")]
struct Options {
    /// How many seeds
    #[arg(long, default_value_t = 200)]
    seeds: u64,
    /// The first seed; alone it is run and its trace is printed
    #[arg(long)]
    seed: Option<u64>,
}

fn main() -> ExitCode {
    let options = Options::parse();
    std::panic::set_hook(Box::new(|_| ()));
    let first = options.seed.unwrap_or(1);
    for seed in first..first + options.seeds {
        let scenario = Scenario::draw(seed);
        let outcome = run(&scenario, false);
        if options.seeds == 1 {
            print!("{}", run(&scenario, true).whole);
        }
        let Some(violation) = outcome.violation.clone() else { continue };
        println!("seed {seed}: {}: {}", violation.rule, violation.detail);
        let (smaller, outcome) = shrink::shrink(&scenario, outcome);
        for line in smaller.lines() {
            println!("  {line}");
        }
        for line in outcome.last {
            println!("{line}");
        }
        return ExitCode::FAILURE;
    }
    println!("{} seeds", options.seeds);
    ExitCode::SUCCESS
}

//! `gse-sim`: runs seeds; a failure is made small and shown.

use std::process::ExitCode;
use std::time::Instant;

use clap::Parser;
use gse_sim::run::{Outcome, run};
use gse_sim::scenario::Scenario;
use gse_sim::shrink;

#[derive(Parser)]
#[command(name = "gse-sim", about = "Simulate OpenGSE's control plane and agents on a virtual clock")]
struct Options {
    /// How many seeds
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u64).range(1..=1_000_000_000))]
    seeds: u64,
    /// The first seed
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u64).range(0..=1_000_000_000))]
    seed: u64,
    /// Print every line of what happens, and do not make a failure smaller
    #[arg(long)]
    trace: bool,
    /// The commit, for the report of a failure
    #[arg(long, default_value = "unknown")]
    commit: String,
}

fn main() -> ExitCode {
    let options = Options::parse();
    // A panic of the core is a result here, and is reported as one.
    std::panic::set_hook(Box::new(|_| ()));
    seeds(&options)
}

#[expect(clippy::disallowed_methods, reason = "how long the program itself took; no run depends on it")]
fn seeds(options: &Options) -> ExitCode {
    let start = Instant::now();
    let (mut lines, mut made) = (0, (0, 0, 0));
    for seed in options.seed..options.seed + options.seeds {
        let scenario = Scenario::draw(seed);
        let outcome = run(&scenario, options.trace);
        print!("{}", outcome.whole);
        lines += outcome.lines;
        made = (made.0 + outcome.made.0, made.1 + outcome.made.1, made.2 + outcome.made.2);
        if outcome.violation.is_some() {
            report(options, &scenario, outcome);
            return ExitCode::FAILURE;
        }
    }
    println!(
        "{} seed(s) from {}, no rule broken: {} sessions, {} player sessions, {} placements, {lines} lines of trace, {:.1} s",
        options.seeds,
        options.seed,
        made.0,
        made.1,
        made.2,
        start.elapsed().as_secs_f64()
    );
    ExitCode::SUCCESS
}

fn report(options: &Options, scenario: &Scenario, outcome: Outcome) {
    let before = shrink::summary(scenario);
    let (smaller, outcome) =
        if options.trace { (scenario.clone(), outcome) } else { shrink::shrink(scenario, outcome) };
    println!("the plan, {}, made smaller from {before}:", shrink::summary(&smaller));
    for line in smaller.lines() {
        println!("{line}");
    }
    if !options.trace {
        println!("\nthe last steps:");
        outcome.last.iter().for_each(|line| println!("{line}"));
    }
    if let Some(violation) = outcome.violation {
        println!("\nseed {} at commit {}", scenario.seed, options.commit);
        println!("broken: {}\n        {}", violation.rule, violation.detail);
        println!("hint: cargo xtask simulate --seed {} --seeds 1 --trace", scenario.seed);
    }
}

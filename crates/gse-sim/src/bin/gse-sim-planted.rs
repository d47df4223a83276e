//! `gse-sim-planted`: plants each known fault, and says how many seeds it took to notice it, and by which rule.

use std::process::ExitCode;
use std::time::Instant;

use clap::Parser;
use gse_sim::planted::{SEEDS_MAX, try_all};

#[derive(Parser)]
#[command(name = "gse-sim-planted", about = "Test the checkers of the simulation with planted faults")]
struct Options {
    /// The commit, for the report of a failure
    #[arg(long, default_value = "unknown")]
    commit: String,
}

#[expect(clippy::disallowed_methods, reason = "how long the program itself took; no run depends on it")]
fn main() -> ExitCode {
    let options = Options::parse();
    // A panic of the core is a result here, and is reported as one.
    std::panic::set_hook(Box::new(|_| ()));
    let start = Instant::now();
    let (mut count, mut missed) = (0, 0);
    println!("{:<28} seeds  noticed as", "planted fault");
    for caught in try_all() {
        count += 1;
        let fault = format!("{:?}", caught.fault);
        match caught.by {
            Some((seeds, violation)) => println!("{fault:<28} {seeds:>5}  {}", violation.rule),
            None => {
                missed += 1;
                println!("{fault:<28}     –  NOT NOTICED: {}", caught.fault.words().trim());
            }
        }
    }
    let took = start.elapsed().as_secs_f64();
    println!(
        "{count} faults, {missed} not noticed within {SEEDS_MAX} seeds, {took:.1} s, commit {}",
        options.commit
    );
    if missed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

//! The live timeline of a terminal: the plain lines scroll above, and below them stands one line per step with its
//! progress, its duration and what it waits for.

use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::{Narrator, Plain, Step, duration, say};
use crate::flow::record::{Call, Report, StepRecord};

const AHEAD: &str = "  {prefix}";
const RUNNING: &str = "{spinner} {prefix} {bar:20.cyan/dim} {elapsed:>6}  {wide_msg:.dim}";
const OVER: &str = "{msg} {prefix}";

/// Tells a run on a terminal.
pub(crate) struct Live {
    timeline: MultiProgress,
    plain: Plain,
    steps: &'static [Step],
    bars: Vec<ProgressBar>,
}

impl Live {
    pub(crate) fn new() -> Self {
        let timeline = MultiProgress::with_draw_target(ProgressDrawTarget::stdout());
        let above = timeline.clone();
        let plain = Plain::printing(move |line| {
            // The terminal wraps long lines itself, so that a command can be copied whole.
            above.suspend(|| say(&line));
        });
        Self { timeline, plain, steps: &[], bars: Vec::new() }
    }

    fn running(&self) -> Option<&ProgressBar> {
        self.bars.iter().find(|bar| !bar.is_finished() && bar.length().is_some())
    }

    fn over(bar: &ProgressBar, mark: &'static str, title: &str, took: &str) {
        bar.set_style(template(OVER));
        bar.set_prefix(format!("{title:<25} {took:>12}"));
        bar.finish_with_message(mark);
    }
}

impl Narrator for Live {
    fn opening(&mut self, headline: &str, steps: &'static [Step]) {
        self.steps = steps;
        self.plain.opening(headline, steps);
        self.bars = steps
            .iter()
            .map(|step| {
                let bar = self.timeline.add(ProgressBar::no_length().with_style(template(AHEAD)));
                bar.set_prefix(step.title);
                bar.tick();
                bar
            })
            .collect();
    }

    fn step(&mut self, step: usize) {
        self.plain.step(step);
        let bar = &self.bars[step - 1];
        bar.set_prefix(format!("{:<25}", self.steps[step - 1].title));
        bar.set_style(template(RUNNING).tick_chars("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏ ").progress_chars("━━─"));
        bar.set_length(self.steps[step - 1].commands);
        bar.reset_elapsed();
        bar.enable_steady_tick(Duration::from_millis(100));
    }

    fn part(&mut self, title: &str) {
        self.plain.part(title);
    }

    fn command(&mut self, command: &str) {
        self.plain.command(command);
    }

    fn answer(&mut self, text: &str) {
        self.plain.answer(text);
    }

    fn waiting(&mut self, what: &str) {
        if let Some(bar) = self.running() {
            bar.set_message(what.to_owned());
        }
    }

    fn ended(&mut self, _call: &Call) {
        if let Some(bar) = self.running() {
            bar.set_message("");
            bar.inc(1);
            // A step that runs more than it announced is full, not overfull.
            bar.set_length(bar.length().unwrap_or(0).max(bar.position()));
        }
    }

    fn done(&mut self, record: &StepRecord) {
        self.plain.done(record);
        Self::over(
            &self.bars[record.step - 1],
            "✔",
            record.title,
            &duration(Duration::from_millis(record.ms)),
        );
    }

    fn closing(&mut self, report: &Report, last: Option<&StepRecord>) {
        for step in &report.steps {
            let mark = if step.result == "ok" { "✔" } else { "✗" };
            Self::over(
                &self.bars[step.step - 1],
                mark,
                step.title,
                &duration(Duration::from_millis(step.ms)),
            );
        }
        // From here on plain lines are enough, and they stay when the timeline goes.
        let _ = self.timeline.clear();
        self.timeline.set_draw_target(ProgressDrawTarget::hidden());
        self.plain = Plain::new();
        self.plain.closing(report, last);
    }

    fn epilogue(&mut self, lines: &[String]) {
        self.plain.epilogue(lines);
    }
}

fn template(text: &str) -> ProgressStyle {
    ProgressStyle::with_template(text).expect("the templates above are well formed")
}

//! Plain lines, for pipes and logs.

use std::time::Duration;

use console::style;

use super::{Narrator, Step, duration, failure_lines, say};
use crate::flow::record::{Call, Report, StepRecord};

/// Tells a run line by line.
pub(crate) struct Plain {
    steps: &'static [Step],
    print: Box<dyn FnMut(String)>,
}

impl Plain {
    pub(crate) fn new() -> Self {
        Self::printing(|line| say(&line))
    }

    /// The same lines, printed in another way.
    pub(super) fn printing(print: impl FnMut(String) + 'static) -> Self {
        Self { steps: &[], print: Box::new(print) }
    }

    fn line(&mut self, line: impl Into<String>) {
        (self.print)(line.into());
    }
}

impl Narrator for Plain {
    fn opening(&mut self, headline: &str, steps: &'static [Step]) {
        self.steps = steps;
        self.line(style(headline).bold().to_string());
    }

    fn step(&mut self, step: usize) {
        let Step { title, about, .. } = self.steps[step - 1];
        self.line("");
        self.line(format!(
            "{} {}",
            style(format!("{step}  {title}")).bold(),
            style(format!("· {about}")).dim()
        ));
    }

    fn part(&mut self, title: &str) {
        self.line("");
        self.line(format!("   {}", style(title).italic()));
    }

    fn command(&mut self, command: &str) {
        for (index, line) in command.lines().enumerate() {
            let line = style(line).cyan();
            self.line(if index == 0 { format!("   $ {line}") } else { format!("     {line}") });
        }
    }

    fn answer(&mut self, text: &str) {
        for line in text.lines() {
            self.line(format!("     {line}"));
        }
    }

    fn waiting(&mut self, _what: &str) {}

    fn ended(&mut self, _call: &Call) {}

    fn done(&mut self, record: &StepRecord) {
        let took = duration(Duration::from_millis(record.ms));
        self.line(format!("   {}", style(format!("done in {took}")).green()));
    }

    fn closing(&mut self, report: &Report, _last: Option<&StepRecord>) {
        self.line("");
        if let Some(failure) = &report.failure {
            for (index, line) in failure_lines(failure).into_iter().enumerate() {
                self.line(if index == 0 { style(line).red().bold().to_string() } else { line });
            }
            self.line("");
        }
        for step in &report.steps {
            let took = duration(Duration::from_millis(step.ms));
            let result = if step.result == "ok" { style("ok").green() } else { style("failed").red() };
            self.line(format!("   {}  {:<25} {took:>12}  {result}", step.step, step.title));
        }
        let total = duration(Duration::from_millis(report.total_ms));
        self.line(format!("      {:<25} {}", "total", style(format!("{total:>12}")).bold()));
    }

    fn epilogue(&mut self, lines: &[String]) {
        self.line("");
        for line in lines {
            self.line(line.clone());
        }
    }
}

//! A program that tells what it does, a JSON object on each line, read while it runs.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use serde::de::DeserializeOwned;

use crate::flow::Stage;
use crate::interrupt;
use crate::processes::{Logged, tail};

/// Gives every line to `tell` until the program has ended well; an error of `tell` ends it.
pub(super) fn follow<Line: DeserializeOwned>(
    stage: &mut Stage<'_>,
    command: &str,
    story: &mut Logged,
    patience: Duration,
    mut tell: impl FnMut(&mut Stage<'_>, Line) -> Result<()>,
) -> Result<()> {
    let deadline = Instant::now() + patience;
    let mut read = 0;
    loop {
        // Asked before the output is read, so that nothing it wrote is missed.
        let ended = story.ended()?;
        let output = story.output();
        let fresh = &output[read..output.rfind('\n').map_or(read, |end| end + 1)];
        read += fresh.len();
        for line in fresh.lines() {
            let line = serde_json::from_str(line).with_context(|| format!("`{command}` said `{line}`"))?;
            tell(stage, line)?;
        }
        match ended {
            Some(status) if status.success() => return Ok(()),
            Some(status) => {
                bail!("`{command}` ended with {status}\n{}", tail(&story.stderr, 10).join("\n"))
            }
            None if Instant::now() > deadline => {
                bail!("`{command}` does not come to an end in {} s", patience.as_secs())
            }
            None => interrupt::pause(Duration::from_millis(20))?,
        }
    }
}

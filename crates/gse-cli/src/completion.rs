//! `gse completion`: what a shell needs to complete commands, actions and their flags.

use std::io::Write as _;

use clap::{Args, CommandFactory as _};
use clap_complete::Shell;

use crate::failure::Failure;

/// Prints the completion script of a shell.
///
/// For bash: `source <(gse completion bash)`; for zsh: `gse completion zsh > "${fpath[1]}/_gse"`; for fish:
/// `gse completion fish > ~/.config/fish/completions/gse.fish`.
#[derive(Debug, Args)]
pub(crate) struct CompletionArgs {
    /// The shell.
    shell: Shell,
}

/// Prints it.
pub(crate) fn run(args: &CompletionArgs) -> Result<(), Failure> {
    match std::io::stdout().write_all(&script(args.shell)) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(anyhow::Error::new(error).context("cannot write to stdout").into())
        }
        _ => Ok(()),
    }
}

fn script(shell: Shell) -> Vec<u8> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut crate::Cli::command(), "gse", &mut script);
    script
}

#[cfg(test)]
mod tests {
    use clap_complete::Shell;

    #[test]
    fn scripts_know_actions_and_their_flags() {
        for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
            let script = String::from_utf8(super::script(shell)).expect("text");
            for expected in
                ["DescribeFleetEvents", "MaximumPlayerSessionCount", "GameServerSessionQueueName", "endpoint"]
            {
                assert!(script.contains(expected), "{shell}: {expected}");
            }
        }
    }
}

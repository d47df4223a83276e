//! What the help of an action says.

use gse_api::Action;

use super::of;

fn help(action: Action) -> String {
    let mut command = of(action);
    command.build();
    command.render_long_help().to_string()
}

#[test]
fn help_has_members_types_limits_and_error_codes() {
    let help = help(Action::CreateGameServerSession);
    for expected in [
        "Calls `CreateGameServerSession`. Each flag of the request is a member of the same name.",
        "--MaximumPlayerSessionCount <NUMBER>\n          required; whole number, 0 to 200",
        "--IdempotencyToken <TEXT>\n          text, at most 48 bytes",
        "--GameProperties <JSON>\n          list of structure `GameProperty`",
        "\n            .Key: required; text, at most 32 bytes",
        "ResourceInsufficient",
    ] {
        assert!(help.contains(expected), "`{expected}` is not in\n{help}");
    }
}

#[test]
fn choices_and_deep_structures_are_shown() {
    let fleet = help(Action::CreateFleet);
    assert!(fleet.contains("one of `FullProtection` `NoProtection` `TimeLimitProtection`"), "{fleet}");
    assert!(fleet.contains("\n            .ServerProcesses: list of structure `ServerProcesse`"), "{fleet}");
    assert!(fleet.contains("\n              .LaunchPath: "), "{fleet}");
    let timer = help(Action::PutTimerScalingPolicy);
    assert!(timer.contains("by name `TimerTypeOnce (1)`"), "{timer}");
    assert!(help(Action::DescribeInstanceTypes).contains("which has no parameters"));
}

#[test]
fn every_action_has_a_consistent_command() {
    for action in Action::ALL {
        of(action).debug_assert();
    }
}

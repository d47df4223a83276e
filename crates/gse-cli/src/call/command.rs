//! The command line of each action, made from the schema of its request: flags, help, and what completion offers.

use clap::{Arg, ArgAction, Command};
use gse_api::Action;
use gse_api::schema::{Integer, LengthUnit, List, Member, Pattern, Structure, Text, ValueType};

use super::flags::is_scalar;

/// The command of an action; its flags are made when they are needed.
pub(super) fn of(action: Action) -> Command {
    Command::new(action.name()).about(format!("[{}]", action.group().name())).defer(filled)
}

/// A flag for each member of the request, in the order of the spec.
fn filled(command: Command) -> Command {
    let action = Action::parse(command.get_name()).expect("it was named after an action");
    let schema = action.request_schema();
    let codes: Vec<_> = action.error_codes().iter().map(|code| code.as_str()).collect();
    let about = match schema.members.is_empty() {
        true => format!("Calls `{}`, which has no parameters.", action.name()),
        false => format!("Calls `{}`. Each flag of the request is a member of the same name.", action.name()),
    };
    let after = format!("Error codes: {}", if codes.is_empty() { "none".into() } else { codes.join(", ") });
    command.about(about).after_long_help(after).args(schema.members.iter().map(flag))
}

fn flag(member: &'static Member) -> Arg {
    let words = about(member);
    let mut long = words.clone();
    nested(&member.value, 1, &mut long);
    let is_list = matches!(&member.value, ValueType::List(list) if is_scalar(list.item));
    Arg::new(member.name)
        .long(member.name)
        .help(words)
        .long_help(long)
        .value_name(value_name(&member.value))
        .allow_negative_numbers(true)
        .action(if is_list { ArgAction::Append } else { ArgAction::Set })
}

fn value_name(kind: &ValueType) -> &'static str {
    match kind {
        ValueType::Text(_) => "TEXT",
        ValueType::Integer(_) | ValueType::Float => "NUMBER",
        ValueType::Boolean => "true|false",
        ValueType::List(list) if is_scalar(list.item) => "ITEM|JSON",
        ValueType::List(_) | ValueType::Object(_) => "JSON",
    }
}

fn about(member: &Member) -> String {
    let required = if member.required { "required; " } else { "" };
    format!("{required}{}", kind(&member.value))
}

/// A type and its limits in words.
fn kind(kind: &ValueType) -> String {
    match kind {
        ValueType::Text(text) => words_of_text(text),
        ValueType::Integer(integer) => words_of_integer(integer),
        ValueType::Float => "number".to_owned(),
        ValueType::Boolean => "`true` or `false`".to_owned(),
        ValueType::Object(structure) => format!("structure `{}`", structure.name),
        ValueType::List(list) => words_of_list(list),
    }
}

fn words_of_text(text: &Text) -> String {
    let unit = match text.unit {
        LengthUnit::Bytes => "bytes",
        LengthUnit::Characters => "characters",
    };
    let length = match (text.min_length, text.max_length) {
        (0, None) => String::new(),
        (least, None) => format!(", at least {least} {unit}"),
        (0, Some(most)) => format!(", at most {most} {unit}"),
        (least, Some(most)) => format!(", {least} to {most} {unit}"),
    };
    let form = match text.pattern {
        None => "",
        Some(Pattern::ImageSize) => ", like `20GB`",
        Some(Pattern::LettersDigitsHyphens) => ", of letters, digits and `-`",
        Some(Pattern::LettersDigitsPunctuation) => ", of letters, digits, `_`, `.` and `-`",
        Some(Pattern::Ipv4Cidr) => ", like `10.0.0.0/8`",
    };
    let choice = one_of(text.one_of.iter().map(|value| (*value).to_owned()));
    format!("text{length}{form}{choice}")
}

fn words_of_integer(integer: &Integer) -> String {
    let least = integer.minimum.or((!integer.signed).then_some(0));
    let range = match (least, integer.maximum) {
        (None, None) => String::new(),
        (Some(least), None) => format!(", at least {least}"),
        (None, Some(most)) => format!(", at most {most}"),
        (Some(least), Some(most)) => format!(", {least} to {most}"),
    };
    let names = integer.names.iter().map(|(name, number)| format!("{name} ({number})"));
    let choice = one_of(integer.one_of.iter().map(i64::to_string));
    let names = one_of(names).replace(", one of", ", by name");
    format!("whole number{}{choice}{names}", if choice.is_empty() { range } else { String::new() })
}

fn words_of_list(list: &List) -> String {
    let count = match (list.min_items, list.max_items) {
        (0, None) => String::new(),
        (least, None) => format!(", at least {least} items"),
        (0, Some(most)) => format!(", at most {most} items"),
        (least, Some(most)) => format!(", {least} to {most} items"),
    };
    format!("list of {}{count}", kind(list.item))
}

fn one_of(values: impl Iterator<Item = String>) -> String {
    let values: Vec<_> = values.map(|value| format!("`{value}`")).collect();
    if values.is_empty() { String::new() } else { format!(", one of {}", values.join(" ")) }
}

/// The members inside, a line for each.
fn nested(value: &ValueType, depth: usize, out: &mut String) {
    let structure: &Structure = match value {
        ValueType::Object(structure) => structure,
        ValueType::List(list) => return nested(list.item, depth, out),
        ValueType::Text(_) | ValueType::Integer(_) | ValueType::Float | ValueType::Boolean => return,
    };
    for member in structure.members {
        out.push_str(&format!("\n{:indent$}.{}: {}", "", member.name, about(member), indent = 2 * depth));
        nested(&member.value, depth + 1, out);
    }
}

#[cfg(test)]
mod tests;

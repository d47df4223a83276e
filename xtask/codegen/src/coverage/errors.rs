//! Which error codes the tests provoke: the rows that `gse-server` asks over a socket, one by one.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context as _, bail};

use super::Pair;
use crate::tree;

const ROWS: &str = "crates/gse-server/src/http/tests/errors";
/// Its rows are requests that are refused before an action is looked at.
const GATEWAY: &str = "gateway.rows";

/// What actions answer, and every code that anything answers.
pub(super) fn provoked(
    root: &Path,
    actions: &BTreeSet<&str>,
) -> anyhow::Result<(BTreeSet<Pair>, BTreeSet<String>)> {
    let (mut pairs, mut codes) = (BTreeSet::new(), BTreeSet::new());
    for (name, text) in tree::read(&root.join(ROWS))?.into_iter().filter(|(name, _)| name.ends_with(".rows"))
    {
        for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let columns: Vec<&str> = line.split(" | ").collect();
            let read = match (name.as_str(), &columns[..]) {
                (GATEWAY, [.., code, _]) => {
                    codes.insert((*code).to_owned());
                    Ok(())
                }
                (_, [action, code, _, ..]) => {
                    codes.insert((*code).to_owned());
                    row(action, code, actions, &mut pairs)
                }
                _ => bail!("`{name}` has a row with too few columns: {line}"),
            };
            read.with_context(|| format!("a row of `{name}` cannot be understood: {line}"))?;
        }
    }
    Ok((pairs, codes))
}

/// `*` is every action.
pub(super) fn row(
    action: &str,
    code: &str,
    actions: &BTreeSet<&str>,
    pairs: &mut BTreeSet<Pair>,
) -> anyhow::Result<()> {
    if action == "*" {
        pairs.extend(actions.iter().map(|action| ((*action).to_owned(), code.to_owned())));
    } else if actions.contains(action) {
        pairs.insert((action.to_owned(), code.to_owned()));
    } else {
        bail!("`{action}` is no action");
    }
    Ok(())
}

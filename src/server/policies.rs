//! Policies from a TOML file. What it does not understand it refuses, with the line and the reason.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use crate::domain::policy::{Policies, Policy};

/// The documented default, as a file.
pub const DEFAULT: &str = include_str!("../../assets/policies.toml");

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    notes: BTreeMap<Spanned<String>, Spanned<String>>,
}

/// Reads a policy file, over the defaults.
///
/// # Errors
/// `line 7: …`, in a plain sentence.
pub fn parse(text: &str) -> Result<Policies, String> {
    let line = |at: usize| text.get(..at).map_or(1, |before| before.matches('\n').count() + 1);
    let file: File = toml::from_str(text).map_err(|e| match e.span() {
        Some(span) => format!("line {}: {}", line(span.start), e.message()),
        None => e.message().to_owned(),
    })?;
    let mut policies = Policies::default();
    for (field, policy) in &file.notes {
        let parsed: Policy = policy.get_ref().parse().map_err(|why| format!("line {}: {why}", line(policy.span().start)))?;
        policies.set(field.get_ref(), parsed).map_err(|why| format!("line {}: {why}", line(field.span().start)))?;
    }
    Ok(policies)
}

/// Sets one policy from `notes.title=manual`.
///
/// # Errors
/// A plain sentence.
pub fn set(policies: &mut Policies, assignment: &str) -> Result<(), String> {
    let (field, policy) = assignment.split_once('=').ok_or("must read like notes.title=manual")?;
    let field = field.trim().strip_prefix("notes.").ok_or("must begin with notes.")?;
    policies.set(field, policy.trim().parse()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documented_default_is_the_default() {
        assert_eq!(parse(DEFAULT).unwrap(), Policies::default());
    }

    #[test]
    fn a_bad_file_is_refused_with_line_and_reason() {
        let bad = [
            ("[notes]\ntitle = \"best\"\n", "line 2: no policy is called \"best\""),
            ("\n[notes]\n\nbody = \"union\"\n", "line 4: body cannot have the policy union"),
            ("[notes]\nbdy = \"manual\"\n", "line 2: no field is called \"bdy\""),
            ("[nodes]\n", "line 1: unknown field"),
            ("[notes]\ntitle = \n", "line 2:"),
        ];
        for (text, why) in bad {
            let told = parse(text).unwrap_err();
            assert!(told.starts_with(why), "{text:?}: {told}");
        }
    }
}

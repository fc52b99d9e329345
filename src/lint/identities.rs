//! Values of `userIdentity.type` that are a documented one misspelt.

use crate::control::model::Control;
use crate::control::shape::Content;
use crate::diagnostic::{Diagnostics, nearest};

/// The documented types. AWS may add some, so one that is like none of these is let be.
const TYPES: [&str; 12] = [
    "Root",
    "IAMUser",
    "AssumedRole",
    "Role",
    "FederatedUser",
    "Directory",
    "AWSAccount",
    "AWSService",
    "IdentityCenterUser",
    "SAMLUser",
    "WebIdentityUser",
    "Unknown",
];

pub(super) fn check(control: &Control, problems: &mut Diagnostics) {
    let branches = control.places.patterns.iter();
    let branches = branches.flat_map(|pattern| &pattern.shape.branches);
    for test in branches.flatten() {
        if test.path != "userIdentity.type" {
            continue;
        }
        for value in &test.values {
            let Content::Text(text) = &value.content else {
                continue;
            };
            if TYPES.contains(&text.as_str()) {
                continue;
            }
            if let Some(near) = nearest(text, TYPES) {
                let message = format!("`{text}` is no `userIdentity.type` and can never match");
                problems.push(
                    control
                        .error("misspelt-identity-type", value.place.clone(), message)
                        .help(format!("did you mean `{near}`?")),
                );
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::lint::testing::check_pattern;

    #[test]
    fn a_misspelt_identity_type_is_an_error() {
        for wrong in ["root", "IamUser", "AssumeRole"] {
            let pattern = format!("userIdentity.type = [\"{wrong}\"]");
            check_pattern(&pattern, &["misspelt-identity-type"]);
        }
        check_pattern("userIdentity.type = [\"Root\", \"SomethingNew\"]", &[]);
        check_pattern(
            "userIdentity.type = [{ equals-ignore-case = \"root\" }]",
            &[],
        );
    }
}

//! Lists that nobody explains: whoever fills them must know what belongs in.

use crate::control::list::{LEAVERS, USUAL};
use crate::control::model::Control;
use crate::diagnostic::Diagnostics;

pub(super) fn check(control: &Control, problems: &mut Diagnostics) {
    for list in control.lists_used() {
        let is_usual = list == LEAVERS || USUAL.iter().any(|(name, _)| *name == list);
        let is_explained = [&control.objective, &control.procedure, &control.limits]
            .iter()
            .any(|text| text.contains(&list));
        if !is_usual && !is_explained {
            let message = format!("the list `{list}` is not explained");
            problems.push(
                control
                    .warning("list-undocumented", control.places.expect.clone(), message)
                    .help(format!("say in `procedure` what belongs into `{list}`")),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::lint::testing::check;

    #[test]
    fn a_list_that_nobody_explains_is_a_warning() {
        let each = |list: &str| {
            format!(
                "[expect]\nkind = \"at-least\"\npattern.eventName = [\"A\"]\neach = {{ list = \"{list}\", path = \"resources.ARN\" }}\n"
            )
        };
        check(&each("cde_kms_keys"), &[]);
        check(&each("my_things"), &["list-undocumented"]);
    }
}

//! Array consistency: whether fields can be satisfied by values that lie in the
//! same element of every array that they share.
//!
//! Fields come in the order of their names. `exists = false` sees only the
//! elements that fields before it have fixed; that is how the reference works.

use std::collections::HashSet;

/// The element of each array that values lie in: (array, element), by array.
pub(super) type Membership = Vec<(u32, u32)>;

/// What one field offers.
#[derive(Debug, Default)]
pub(super) struct Choice {
    /// Where the values lie that satisfy it.
    pub(super) pass: Vec<Membership>,
    /// Where all its values lie, if it may be absent.
    pub(super) absent: Option<Vec<Membership>>,
}

/// Whether all fields can be satisfied together.
pub(super) fn is_satisfiable(choices: &[Choice]) -> bool {
    let mut search = Search {
        choices,
        shared: arrays_from(choices),
        failed: HashSet::new(),
    };
    search.from(0, &Membership::new())
}

struct Search<'a> {
    choices: &'a [Choice],
    /// For each field, the arrays that it or a later field knows.
    shared: Vec<HashSet<u32>>,
    /// Fields and fixed elements that were tried in vain: keeps the search from growing with
    /// the product of the array lengths.
    failed: HashSet<(usize, Membership)>,
}

impl Search<'_> {
    fn from(&mut self, at: usize, fixed: &Membership) -> bool {
        let Some(choice) = self.choices.get(at) else {
            return true;
        };
        let relevant: Membership = fixed
            .iter()
            .filter(|(array, _)| self.shared[at].contains(array))
            .copied()
            .collect();
        if self.failed.contains(&(at, relevant.clone())) {
            return false;
        }
        for membership in &choice.pass {
            if let Some(joined) = join(&relevant, membership)
                && self.from(at + 1, &joined)
            {
                return true;
            }
        }
        let is_absent = choice
            .absent
            .as_ref()
            .is_some_and(|all| all.iter().all(|other| is_conflict(&relevant, other)));
        if is_absent && self.from(at + 1, &relevant) {
            return true;
        }
        self.failed.insert((at, relevant));
        false
    }
}

/// Both memberships together; nothing if they name different elements of one array.
fn join(left: &Membership, right: &Membership) -> Option<Membership> {
    if is_conflict(left, right) {
        return None;
    }
    let mut joined = left.clone();
    for step in right {
        if let Err(at) = joined.binary_search_by_key(&step.0, |step| step.0) {
            joined.insert(at, *step);
        }
    }
    Some(joined)
}

/// Whether they name different elements of one array.
fn is_conflict(left: &Membership, right: &Membership) -> bool {
    right.iter().any(|(array, element)| {
        left.binary_search_by_key(array, |step| step.0)
            .is_ok_and(|at| left[at].1 != *element)
    })
}

fn arrays_from(choices: &[Choice]) -> Vec<HashSet<u32>> {
    let mut known = HashSet::new();
    let mut all: Vec<_> = choices
        .iter()
        .rev()
        .map(|choice| {
            let memberships = choice.pass.iter().chain(choice.absent.iter().flatten());
            known.extend(memberships.flatten().map(|(array, _)| *array));
            known.clone()
        })
        .collect();
    all.reverse();
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pass(memberships: &[&[(u32, u32)]]) -> Choice {
        Choice {
            pass: memberships.iter().map(|steps| steps.to_vec()).collect(),
            absent: None,
        }
    }

    #[test]
    fn values_of_different_elements_do_not_go_together() {
        assert!(!is_satisfiable(&[pass(&[&[(0, 0)]]), pass(&[&[(0, 1)]])]));
        assert!(is_satisfiable(&[
            pass(&[&[(0, 0)], &[(0, 1)]]),
            pass(&[&[(0, 1), (3, 2)]])
        ]));
        assert!(is_satisfiable(&[pass(&[&[(0, 0)]]), pass(&[&[]])]));
    }

    #[test]
    fn absence_is_judged_in_the_elements_fixed_before_it() {
        let absent = |all: &[&[(u32, u32)]]| Choice {
            pass: Vec::new(),
            absent: Some(all.iter().map(|steps| steps.to_vec()).collect()),
        };
        assert!(is_satisfiable(&[pass(&[&[(0, 0)]]), absent(&[&[(0, 1)]])]));
        assert!(!is_satisfiable(&[absent(&[&[(0, 1)]]), pass(&[&[(0, 0)]])]));
    }

    #[test]
    fn independent_arrays_do_not_multiply() {
        let many: Vec<Membership> = (0..2000).map(|at| vec![(0, at)]).collect();
        let choices: Vec<_> = (0..20)
            .map(|array| Choice {
                pass: many.iter().map(|steps| vec![(array, steps[0].1)]).collect(),
                absent: None,
            })
            .chain([pass(&[])])
            .collect();
        assert!(!is_satisfiable(&choices));
    }
}

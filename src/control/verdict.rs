//! The words in which a control's result is told. They never say "compliant".

use super::model::Expectation;

/// What a packet says about one control.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// At least one exception that no waiver covers.
    Exceptions,
    /// Something that is needed for a verdict is missing or unproven.
    NotDeterminable,
    /// An inventory: a person concludes.
    Listed,
    /// Every exception is covered by a waiver in force.
    Waived,
    /// Needs proven, and nothing of what the control tests happened.
    NoActivity,
    /// Needs proven, population examined, nothing failed.
    NoExceptions,
}

impl Verdict {
    /// Every verdict, the gravest first.
    pub const ALL: [Verdict; 6] = [
        Verdict::Exceptions,
        Verdict::NotDeterminable,
        Verdict::Listed,
        Verdict::Waived,
        Verdict::NoActivity,
        Verdict::NoExceptions,
    ];

    /// The id used in controls and packets.
    pub const fn id(self) -> &'static str {
        match self {
            Verdict::Exceptions => "exceptions",
            Verdict::NotDeterminable => "not-determinable",
            Verdict::Listed => "listed",
            Verdict::Waived => "waived",
            Verdict::NoActivity => "no-activity",
            Verdict::NoExceptions => "no-exceptions",
        }
    }

    /// What people read.
    pub const fn title(self) -> &'static str {
        match self {
            Verdict::Exceptions => "Exceptions noted",
            Verdict::NotDeterminable => "Not determinable",
            Verdict::Listed => "Listed for review",
            Verdict::Waived => "Exceptions waived",
            Verdict::NoActivity => "No activity in the period",
            Verdict::NoExceptions => "No exceptions noted",
        }
    }

    /// 0 for the gravest; a requirement takes the gravest verdict of its controls.
    pub fn gravity(self) -> usize {
        Verdict::ALL
            .into_iter()
            .position(|one| one == self)
            .expect("every verdict is in the list")
    }

    /// The verdict with this id.
    pub fn from_id(id: &str) -> Option<Verdict> {
        Verdict::ALL.into_iter().find(|one| one.id() == id)
    }

    /// The gravest of several, if there is one.
    pub fn gravest(all: impl IntoIterator<Item = Verdict>) -> Option<Verdict> {
        all.into_iter().min_by_key(|one| one.gravity())
    }
}

/// How many records (or triggers, or bursts) ended as what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// Against the control, waived ones not among them.
    pub exceptions: u64,
    /// As the control wants it.
    pub conforming: u64,
    /// Refused calls.
    pub attempts: u64,
    /// Neither true nor false.
    pub undecided: u64,
    /// Counted, or listed for a person.
    pub listed: u64,
}

impl Tally {
    /// The verdict of a control whose needs are proven and whose lists are
    /// filled, waivers left aside.
    pub fn verdict(&self, expectation: &Expectation) -> Verdict {
        let population = self.exceptions + self.conforming + self.listed;
        match expectation {
            Expectation::Integrity => Verdict::NotDeterminable,
            _ if self.exceptions > 0 => Verdict::Exceptions,
            _ if self.undecided > 0 => Verdict::NotDeterminable,
            Expectation::Inventory(_) if population > 0 => Verdict::Listed,
            Expectation::Inventory(_)
            | Expectation::Every { .. }
            | Expectation::FollowedBy(_)
            | Expectation::Threshold { .. }
            | Expectation::RecordFields(_)
                if population == 0 =>
            {
                Verdict::NoActivity
            }
            _ => Verdict::NoExceptions,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Verdict;

    #[test]
    fn a_requirement_takes_the_gravest_verdict() {
        let all = [
            Verdict::NoExceptions,
            Verdict::NotDeterminable,
            Verdict::Listed,
        ];
        assert_eq!(Verdict::gravest(all), Some(Verdict::NotDeterminable));
        assert_eq!(Verdict::gravest([]), None);
    }
}

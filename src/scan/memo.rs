//! What the scan makes of records that are alike: nearly all of a log set are
//! like others, and no control asks them for more than what makes them alike.

use crate::control::roles::{Assigned, Judge, Part, Role};
use crate::record::class::{ClassSet, EventClass, classes};
use crate::record::likeness::{Likeness, PLACE, Watch};
use crate::record::path::core;
use crate::record::project::Kind;
use crate::record::view::RecordView;

use super::trails;

/// What is known of the records of one likeness.
#[derive(Debug, Clone, Default)]
pub(super) enum Alike {
    /// None was met yet.
    #[default]
    Unknown,
    /// They are judged one by one: some control looks closer.
    Differ,
    /// The same for all.
    Same(Answer),
    /// The same for all of one account and Region, the last one first.
    Placed(Vec<(Place, Answer)>),
}

/// Answers by place that are kept of one likeness: files come place by place.
const MOST_PLACES: usize = 64;

/// The account that received a record, and its Region, as they are spelled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    account: Box<[u8]>,
    region: Box<[u8]>,
}

impl Alike {
    /// The answer for an account and a Region, if it is known.
    #[inline]
    pub fn answer(&mut self, account: &[u8], region: &[u8]) -> Option<&mut Answer> {
        match self {
            Alike::Same(answer) => Some(answer),
            Alike::Placed(answers) => {
                let is_it = |(place, _): &(Place, Answer)| {
                    *place.account == *account && *place.region == *region
                };
                let found = answers.iter().position(is_it)?;
                answers.swap(0, found);
                answers.first_mut().map(|(_, answer)| answer)
            }
            Alike::Unknown | Alike::Differ => None,
        }
    }

    /// Notes what was found out about the first record, or the first one of a place.
    pub fn learn(&mut self, answer: Answer, watch: &Watch, view: &RecordView<'_>) {
        if watch.went_beyond() {
            *self = Alike::Differ;
        } else if !watch.asked_place() && matches!(self, Alike::Unknown) {
            *self = Alike::Same(answer);
        } else if let Some(place) = place_of(view) {
            match self {
                Alike::Placed(answers) => {
                    answers.truncate(MOST_PLACES - 1);
                    answers.push((place, answer));
                }
                Alike::Unknown => *self = Alike::Placed(vec![(place, answer)]),
                Alike::Differ | Alike::Same(_) => {}
            }
        }
    }
}

/// Where a record belongs, if it says so once and plainly.
fn place_of(view: &RecordView<'_>) -> Option<Place> {
    let text = |path| {
        let mut leaves = view.leaves(path);
        let leaf = leaves.next()?;
        let is_plain = leaf.kind == Kind::String && !leaf.escaped && leaves.next().is_none();
        is_plain.then(|| view.raw_bytes(leaf).into())
    };
    let [account, region] = PLACE;
    Some(Place {
        account: text(account)?,
        region: text(region)?,
    })
}

/// What the controls and classes say about a record.
#[derive(Debug, Clone)]
pub(super) struct Answer {
    pub classes: ClassSet,
    pub assigned: Box<[Assigned]>,
    /// Whether it may say that logging was changed.
    pub is_of_trails: bool,
    /// Whether it may say something about other records.
    pub has_remarks: bool,
    /// In which file its cell was looked up last, and the cell.
    pub cell: Option<(u64, u32)>,
}

impl Answer {
    /// Whether there is nothing to do for such a record but to count it.
    pub fn is_counted(&self) -> bool {
        !self.is_of_trails && !self.has_remarks && self.assigned.iter().all(is_plain_field)
    }
}

/// A record that has all elements of a record-fields control is only counted.
pub(super) fn is_plain_field(one: &Assigned) -> bool {
    matches!(one.part, Part::Fields(_)) && one.role == Role::Conforming
}

/// The answers of one thread.
#[derive(Debug, Default)]
pub(super) struct Memo {
    round: u32,
    all: Vec<Alike>,
}

impl Memo {
    /// The place of the answer about these records.
    #[inline]
    pub fn at(&mut self, likeness: Likeness) -> &mut Alike {
        if likeness.round != self.round {
            self.all.clear();
            self.round = likeness.round;
        }
        let at = likeness.number as usize;
        if at >= self.all.len() {
            self.all.resize(at + 1, Alike::Unknown);
        }
        &mut self.all[at]
    }
}

/// Judges a record that no answer is known for; `assigned` is overwritten.
pub(super) fn judge(
    judge: &mut Judge<'_>,
    view: &RecordView<'_>,
    assigned: &mut Vec<Assigned>,
) -> (Answer, Watch) {
    let watch = Watch::default();
    let watched = view.watched(&watch);
    let classes = classes(&watched);
    assigned.clear();
    judge.roles(&watched, assigned);
    let mut sources = trails::SOURCES.iter();
    let is_of_trails = sources.any(|source| watched.first_is(core::EVENT_SOURCE, source));
    // Whether there is an addendum is part of the likeness, so nobody needs to watch.
    let is_addendum = [core::ADDENDUM_REASON, core::ADDENDUM_ORIGINAL]
        .iter()
        .any(|path| view.leaves(*path).next().is_some());
    let has_remarks = is_addendum
        || classes.contains(EventClass::Insights)
        || classes.contains(EventClass::NetworkActivity);
    let answer = Answer {
        classes,
        assigned: assigned.as_slice().into(),
        is_of_trails,
        has_remarks,
        cell: None,
    };
    (answer, watch)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::control::load;
    use crate::control::scope::Scope;
    use crate::ledger::facts::{FileFacts, FileState};
    use crate::reader::{ReadLimits, Scratch};
    use crate::record::project::Projector;
    use crate::scan::{FactSink, Plan, facts_of_bytes};

    const KEY: &str = "AWSLogs/111122223333/CloudTrail/us-east-1/2026/10/05/111122223333_CloudTrail_us-east-1_20261005T0815Z_aaaaaaaaaaaaaaaa.json.gz";

    /// Reads files one after another, and remembers what was alike.
    struct Reader<'p> {
        scratch: Scratch,
        projector: Projector<'p>,
        sink: FactSink<'p>,
    }

    impl<'p> Reader<'p> {
        fn new(plan: &'p Plan) -> Self {
            Reader {
                scratch: Scratch::new(),
                projector: plan.projector(),
                sink: FactSink::new(plan),
            }
        }

        /// One that reads every record.
        fn plain(plan: &'p Plan) -> Self {
            Reader {
                projector: Projector::new(plan.paths()),
                ..Reader::new(plan)
            }
        }

        fn facts(&mut self, text: &str) -> FileFacts {
            let limits = ReadLimits::default();
            let (scratch, projector) = (&mut self.scratch, &mut self.projector);
            facts_of_bytes(
                KEY,
                text.as_bytes(),
                &limits,
                scratch,
                projector,
                &mut self.sink,
            )
        }
    }

    /// The record with one value after another changed, at any depth.
    fn variants(record: &Value) -> Vec<Value> {
        let mut all = vec![record.clone()];
        let mut pointers = vec![String::new()];
        while let Some(pointer) = pointers.pop() {
            let at = record.pointer(&pointer).expect("it is there");
            match at {
                Value::Object(members) => {
                    pointers.extend(members.keys().map(|name| {
                        format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1"))
                    }));
                }
                Value::Array(elements) => {
                    pointers.extend((0..elements.len()).map(|index| format!("{pointer}/{index}")));
                }
                _ => {}
            }
            let text = at.as_str().unwrap_or_default();
            let values = [
                Value::Null,
                json!(""),
                json!("Root"),
                json!("other"),
                json!("true"),
                json!(true),
                json!(false),
                json!({"omitted": true, "originalSize": 1}),
                json!([at, at]),
                json!(format!("{text}x")),
                json!("a\\\"b"),
            ];
            for value in values {
                let mut other = record.clone();
                *other.pointer_mut(&pointer).expect("it is there") = value;
                all.push(other);
            }
        }
        all
    }

    #[test]
    fn what_was_read_before_changes_no_answer() {
        let (set, _) = load::shipped().expect("the shipped controls load");
        let plan = Plan::new(&set, &Scope::none(), "seed");
        let mut warm = Reader::new(&plan);
        let events = set.controls().iter().flat_map(|control| &control.examples);
        let events: Vec<Value> = events
            .flat_map(|example| &example.events)
            .filter_map(|event| serde_json::from_str(event.get_ref()).ok())
            .collect();
        assert!(events.len() > 50);
        let mut read = 0;
        for event in events.iter().step_by(7) {
            for record in variants(event) {
                let text = json!({"Records": [record, event, record, record, event]}).to_string();
                let facts = warm.facts(&text);
                read += u64::from(facts.state == FileState::Read);
                assert_eq!(facts, Reader::plain(&plan).facts(&text), "{text}");
            }
        }
        assert!(read > 1000);
    }
}

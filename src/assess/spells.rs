//! When each trail did not record what is asked, as far as records of the calls that told it,
//! snapshots and its digest files tell.

use super::absence::{Absence, Edge, Records, Spell};
use super::recording::Asked;
use super::story::{Change, Story};
use crate::ledger::facts::TrailChange;
use crate::trail::{Extent, Recording};

/// How long after it was made a trail is told what to record, in seconds. Until then all management
/// events are chosen, and nothing shows that any was recorded.
const IS_NEW: i64 = 3600;

/// What one instant says of what is asked.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Says {
    /// All of it is recorded.
    Whole,
    /// A part of it, as before or not.
    Part,
    /// Nothing of it.
    Nothing,
    /// The trail was made: it recorded nothing before.
    New,
}

struct Point {
    edge: Edge,
    says: Says,
}

/// What holds from the last point on.
enum Now {
    Unknown,
    Whole,
    /// A part since then; nothing: always.
    Part(Option<Edge>),
    /// Absent since then; nothing: always.
    Absent(Option<Edge>),
    /// Made then, and not yet told anything.
    New(i64),
}

/// The absences of one trail.
pub(super) struct Spells {
    trail: String,
    /// Management events are recorded without being asked for: what first gives them takes nothing
    /// from the time before.
    is_default: bool,
    /// While it is absent, it recorded none of what is seen.
    pub(super) absent: Spell,
    /// Stretches in which it may have recorded what is seen, so that a record of one shows nothing of
    /// another.
    pub(super) apart: Vec<Spell>,
}

impl Spells {
    pub(super) fn new(trail: String, asked: Asked<'_>) -> Spells {
        Spells {
            trail,
            is_default: asked.class().is_recorded_by_default(),
            absent: Vec::new(),
            apart: Vec::new(),
        }
    }

    /// All of them, those that hold nothing left out.
    pub(super) fn all(self) -> impl Iterator<Item = Spell> {
        let absent = (!self.absent.is_empty()).then_some(self.absent);
        absent.into_iter().chain(self.apart)
    }

    /// Those that were added up to now.
    pub(super) fn each(&mut self) -> impl Iterator<Item = &mut Absence> {
        let apart = self.apart.iter_mut().flatten();
        self.absent.iter_mut().chain(apart)
    }

    fn absence(&self, after: Option<Edge>, before: Option<Edge>) -> Absence {
        Absence {
            trail: self.trail.clone(),
            after,
            before,
            records: Records::AreOfOthers,
        }
    }

    fn be_absent(&mut self, after: Option<Edge>, before: Option<Edge>) {
        let one = self.absence(after, before);
        self.absent.push(one);
    }

    fn be_apart(&mut self, after: Option<Edge>, before: Option<Edge>) {
        let one = self.absence(after, before);
        self.apart.push(vec![one]);
    }

    /// What is recorded may be the part that it kept.
    fn be_partial(&mut self, after: Option<Edge>, before: Option<Edge>) {
        let mut one = self.absence(after, before);
        one.records = Records::MayBeThePart;
        self.apart.push(vec![one]);
    }

    /// Goes through what is known of one side of the trail, in the order of time.
    fn walk(&mut self, points: Vec<Point>) {
        let mut now = Now::Unknown;
        for point in points {
            now = self.step(now, point);
        }
        match now {
            Now::Absent(after) => self.be_absent(after, None),
            Now::Part(after) => self.be_partial(after, None),
            Now::Unknown | Now::Whole | Now::New(_) => {}
        }
    }

    fn step(&mut self, now: Now, Point { edge, says }: Point) -> Now {
        let is_said = matches!(edge, Edge::Snapshot(..));
        let now = match now {
            Now::New(made) if edge.time() - made > IS_NEW => Now::Whole,
            now => now,
        };
        match (now, says) {
            (Now::Unknown, Says::New) if self.is_default => Now::New(edge.time()),
            (Now::Unknown, Says::New) => Now::Absent(None),
            (Now::New(_), Says::Nothing) => Now::Absent(None),
            (Now::New(_), Says::Whole) => Now::Whole,
            (Now::New(_), Says::Part) => Now::Part(Some(edge)),
            (Now::Unknown, Says::Whole) if is_said || self.is_default => Now::Whole,
            (Now::Unknown, Says::Part) if is_said => Now::Part(None),
            (Now::Unknown, Says::Part) if self.is_default => Now::Part(Some(edge)),
            // It may have been so before too: a record from then shows nothing of other times.
            (Now::Unknown, Says::Whole) => {
                self.be_apart(None, Some(edge));
                Now::Whole
            }
            (Now::Unknown, Says::Part) => {
                self.be_apart(None, Some(edge.clone()));
                Now::Part(Some(edge))
            }
            (Now::Absent(after), Says::Whole | Says::Part) => {
                self.give_back(after, edge.clone(), is_said);
                match says {
                    Says::Part => Now::Part(Some(edge)),
                    _ => Now::Whole,
                }
            }
            (Now::Absent(after), Says::New) if self.is_default => {
                self.be_absent(after, Some(edge));
                Now::Whole
            }
            (Now::Absent(after), _) => Now::Absent(after),
            (Now::Part(after), says) => {
                self.be_partial(after, Some(edge.clone()));
                match says {
                    Says::Whole => Now::Whole,
                    Says::Part => Now::Part(Some(edge)),
                    Says::Nothing | Says::New => Now::Absent(Some(edge)),
                }
            }
            (_, Says::Whole) => Now::Whole,
            (_, Says::Part) => Now::Part(Some(edge)),
            (_, Says::Nothing) => Now::Absent(Some(edge)),
            (_, Says::New) if self.is_default => Now::Whole,
            (_, Says::New) => Now::Absent(Some(edge)),
        }
    }

    /// A snapshot tells that the trail recorded again, not since when.
    fn give_back(&mut self, after: Option<Edge>, before: Edge, is_said: bool) {
        if !is_said {
            return self.be_absent(after, Some(before));
        }
        let mut one = self.absence(after, Some(before));
        one.records = Records::MayBeLater;
        self.apart.push(vec![one]);
    }

    /// What it was told to record, and what snapshots say of it.
    pub(super) fn add_selectors(&mut self, story: &Story<'_>, asked: Asked<'_>) {
        let told = story.changes.iter().filter_map(|change| {
            let says = says_of_selectors(change, asked)?;
            Some((change.fact.time, point(change, says)))
        });
        let said = story.shots.timed().map(|(taken, shot)| {
            let says = says_of(shot.recording, asked);
            let edge = Edge::Snapshot(shot.file.name.clone(), taken);
            (taken, Point { edge, says })
        });
        let mut points: Vec<(i64, Point)> = told.chain(said).collect();
        points.sort_by_key(|(time, _)| *time);
        self.walk(points.into_iter().map(|(_, point)| point).collect());
    }

    /// Whether it was running.
    pub(super) fn add_logging(&mut self, story: &Story<'_>) {
        let known = self.absent.len();
        let says = |change: &Change<'_>| match change.fact.change {
            TrailChange::Stopped => Some(Says::Nothing),
            TrailChange::Started => Some(Says::Whole),
            _ => change.is_new().then_some(Says::New),
        };
        self.add(story, &says);
        // That it was made and never started is too little to say that it recorded nothing.
        let mut added = self.absent.split_off(known);
        added.retain(|one| one.after.is_some() || one.before.is_some());
        self.absent.extend(added);
    }

    /// Whether it worked at places where only a switch makes it work.
    pub(super) fn add_switch(
        &mut self,
        story: &Story<'_>,
        flag: &dyn Fn(&Change<'_>) -> Option<bool>,
    ) {
        let new = |change: &Change<'_>| change.is_new().then_some(Says::New);
        let switch = |change: &Change<'_>| {
            flag(change).map(|is_on| match is_on {
                true => Says::Whole,
                false => Says::Nothing,
            })
        };
        let mut points = Vec::new();
        for change in &story.changes {
            points.extend(new(change).map(|says| point(change, says)));
            points.extend(switch(change).map(|says| point(change, says)));
        }
        self.walk(points);
    }

    /// Whether events of global services were left out, which are a part of those of their Region.
    pub(super) fn add_global(&mut self, story: &Story<'_>) {
        let says = |change: &Change<'_>| match change.has_global_services {
            Some(true) => Some(Says::Whole),
            Some(false) => Some(Says::Part),
            None => None,
        };
        self.add(story, &says);
    }

    /// Whether it delivered to where the logs here come from. Where that is not known, it may be any
    /// of the places that the trail was told of, and each needs records of its own.
    pub(super) fn add_destination(
        &mut self,
        story: &Story<'_>,
        is_known: &dyn Fn(&Change<'_>) -> Option<bool>,
    ) {
        let mut here = Vec::new();
        let mut last: Option<(&Change<'_>, Edge)> = None;
        for change in story.changes.iter().filter(|one| one.tells_destination()) {
            match is_known(change) {
                Some(true) => here.push(point(change, Says::Whole)),
                Some(false) => here.push(point(change, Says::Nothing)),
                None if last.as_ref().is_some_and(|(one, _)| one.goes_where(change)) => {}
                None => {
                    let edge = point(change, Says::Whole).edge;
                    let after = last.take().map(|(_, edge)| edge);
                    if after.is_some() || !change.is_new() {
                        self.be_apart(after, Some(edge.clone()));
                    }
                    last = Some((change, edge));
                }
            }
        }
        if let Some((_, edge)) = last {
            self.be_apart(Some(edge), None);
        }
        // Told to deliver where it is known to deliver, it may have done so before.
        let first = here.iter().position(|one| one.says == Says::Nothing);
        let from = first.unwrap_or(here.len());
        self.walk(here.split_off(from));
    }

    fn add(&mut self, story: &Story<'_>, says: &dyn Fn(&Change<'_>) -> Option<Says>) {
        let points = story.changes.iter();
        let points = points.filter_map(|change| says(change).map(|says| point(change, says)));
        self.walk(points.collect());
    }
}

fn point(change: &Change<'_>, says: Says) -> Point {
    let fact = change.fact;
    Point {
        edge: Edge::Call(fact.event_name.clone(), fact.time),
        says,
    }
}

fn says_of_selectors(change: &Change<'_>, asked: Asked<'_>) -> Option<Says> {
    if change.is_new() {
        return Some(Says::New);
    }
    match (&change.recording, change.fact.event_name.as_str()) {
        (Some(recording), _) => Some(says_of(recording, asked)),
        // What cannot be read may take it and may give it.
        (None, "PutEventSelectors") => Some(Says::Part),
        (None, _) => None,
    }
}

fn says_of(recording: &Recording, asked: Asked<'_>) -> Says {
    match asked.extent(recording) {
        Extent::Whole => Says::Whole,
        Extent::Part => Says::Part,
        Extent::Nothing => Says::Nothing,
    }
}

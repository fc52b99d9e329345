//! When each trail did not record what is asked, as far as records of the calls that told it,
//! snapshots and its digest files tell.

use super::absence::{Absence, Edge, Records, Spell};
use super::managing;
use super::recording::Asked;
use super::story::{Change, Story};
use crate::ledger::facts::{TrailChange, TrailFact};
use crate::record::class::EventClass;
use crate::trail::{Extent, Recording};

/// How long after it was made a trail is told what to record, in seconds. Until then all management
/// events are chosen, and nothing shows that any was recorded.
const IS_NEW: i64 = 3600;

/// What one instant says of what is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Says {
    /// The trail was made: it recorded nothing before.
    New,
    /// One that was deleted is there again, and records anything: it was started now, or before at an
    /// unknown time.
    Again(bool),
    /// All of it is recorded.
    Whole,
    /// A part of it, as before or not.
    Part,
    /// Several calls of one second tell different things: the last of them is not known.
    Either,
    /// Nothing of it.
    Nothing,
}

struct Point {
    edge: Edge,
    says: Says,
}

/// What holds from the last point on.
enum Now {
    Unknown,
    Whole,
    /// A part since then; nothing: always. What records of that time show.
    Part(Option<Edge>, Records),
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
    fn be_partial(&mut self, after: Option<Edge>, before: Option<Edge>, records: Records) {
        let mut one = self.absence(after, before);
        one.records = records;
        self.apart.push(vec![one]);
    }

    /// Goes through what is known of one side of the trail, in the order of time.
    fn walk(&mut self, points: Vec<Point>) {
        let mut now = Now::Unknown;
        for point in in_seconds(points) {
            now = self.step(now, point);
        }
        match now {
            Now::Absent(after) => self.be_absent(after, None),
            Now::Part(after, records) => self.be_partial(after, None, records),
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
            (Now::Unknown, Says::Whole) if is_said || self.is_default => Now::Whole,
            (Now::Unknown, Says::Part) if is_said => Now::Part(None, Records::MayBeThePart),
            // It may have been so before too: a record from then shows nothing of other times.
            (Now::Unknown, Says::Whole | Says::Part | Says::Either) => {
                if !self.is_default {
                    self.be_apart(None, Some(edge.clone()));
                }
                says.since(edge)
            }
            (Now::Absent(after), Says::Whole | Says::Part) => {
                self.give_back(after, edge.clone(), is_said);
                says.since(edge)
            }
            (Now::Absent(after), Says::New) if self.is_default => {
                self.be_absent(after, Some(edge));
                Now::Whole
            }
            (now, Says::Again(is_start)) => {
                match now {
                    Now::Absent(after) => self.give_back(after, edge, !is_start),
                    Now::Part(after, records) => self.be_partial(after, Some(edge), records),
                    _ => {}
                }
                Now::Unknown
            }
            (Now::Absent(after), Says::Either) => {
                self.be_absent(after, Some(edge.clone()));
                says.since(edge)
            }
            (Now::Absent(after), _) => Now::Absent(after),
            (Now::Part(after, records), says) => {
                self.be_partial(after, Some(edge.clone()), records);
                match says {
                    Says::New => Now::Absent(Some(edge)),
                    says => says.since(edge),
                }
            }
            (_, Says::New) if self.is_default => Now::Whole,
            (_, says) => says.since(edge),
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
        let is_of_insights = matches!(asked, Asked::Class(EventClass::Insights));
        if is_of_insights {
            self.add_insights(story);
        }
        // Management events that are recorded in part have Insights as far as they are.
        let as_far = |says: Says, recording: &Recording| match says {
            Says::Part if is_of_insights && managing::extent(recording) == Extent::Whole => {
                Says::Whole
            }
            says => says,
        };
        let told = story.changes.iter().filter_map(|change| {
            let says = says_of_selectors(change, asked)?;
            let recording = change.recording.as_ref();
            let says = recording.map_or(says, |recording| as_far(says, recording));
            // Made, it records management events.
            let is_known = !(is_of_insights && change.is_new());
            is_known.then(|| point(change, says))
        });
        let said = story.shots.timed().map(|(taken, shot)| {
            let says = as_far(says_of(shot.recording, asked), shot.recording);
            let edge = Edge::Snapshot(shot.file.name.clone(), taken);
            Point { edge, says }
        });
        let all = told.chain(said).chain(self.deletions(story));
        self.walk(all.collect());
    }

    /// The trail of the organization may have recorded what is seen before an account left, and
    /// another what is seen after it.
    pub(super) fn add_leaving(&mut self, fact: &TrailFact) {
        let edge = Edge::Call(fact.event_name.clone(), fact.time);
        self.be_apart(None, Some(edge.clone()));
        self.be_apart(Some(edge), None);
    }

    /// What it was told of Insights.
    fn add_insights(&mut self, story: &Story<'_>) {
        let says = |change: &Change<'_>| {
            if change.is_new() {
                return Some(Says::New);
            }
            change.insights.as_ref().map(says_of_extent)
        };
        self.add(story, &says);
    }

    /// What one of the same name was told before says nothing of a trail that was made anew. Days
    /// without a trail are the matter of the grid.
    fn deletions(&self, story: &Story<'_>) -> Vec<Point> {
        let mut points = Vec::new();
        for change in story.changes.iter().filter(|change| change.is_gone()) {
            if !self.is_default {
                points.push(point(change, Says::Nothing));
            }
            let mut later = story.changes.iter();
            let next = later.find(|one| one.fact.time > change.fact.time);
            if let Some(next) = next.filter(|one| !one.is_new()) {
                let is_start = next.fact.change == TrailChange::Started;
                points.push(point(next, Says::Again(is_start)));
            }
        }
        points
    }

    /// Whether it was running.
    pub(super) fn add_logging(&mut self, story: &Story<'_>) {
        let is_switch = |one: &&Change<'_>| {
            let change = one.fact.change;
            matches!(change, TrailChange::Stopped | TrailChange::Started)
        };
        let is_started = |made: &Change<'_>| {
            let mut later = story.changes.iter().filter(is_switch);
            let next = later.find(|one| one.fact.time >= made.fact.time && !one.is_new());
            next.is_some_and(|one| one.fact.change == TrailChange::Started)
        };
        let says = |change: &Change<'_>| match change.fact.change {
            // That it was made and not started is too little to say that it recorded nothing.
            _ if change.is_new() => is_started(change).then_some(Says::New),
            TrailChange::Stopped => Some(Says::Nothing),
            TrailChange::Started => Some(Says::Whole),
            _ => None,
        };
        self.add(story, &says);
    }

    /// Whether it worked at places where only a switch makes it work.
    pub(super) fn add_switch(
        &mut self,
        story: &Story<'_>,
        flag: &dyn Fn(&Change<'_>) -> Option<bool>,
    ) {
        let new = |change: &Change<'_>| change.is_new().then_some(Says::New);
        let switch = |change: &Change<'_>| match flag(change) {
            Some(true) => Some(Says::Whole),
            Some(false) => Some(Says::Nothing),
            None => change.is_unreadable.then_some(Says::Either),
        };
        let mut points = self.deletions(story);
        for change in &story.changes {
            points.extend(new(change).map(|says| point(change, says)));
            points.extend(switch(change).map(|says| point(change, says)));
        }
        self.walk(points);
        // Where it never worked, as far as anything tells, it took nothing away.
        let is_any = |one: &Absence| one.after.is_some() || one.before.is_some();
        self.absent.retain(is_any);
    }

    /// Whether events of global services were left out, which are a part of those of their Region.
    pub(super) fn add_global(&mut self, story: &Story<'_>) {
        let says = |change: &Change<'_>| match change.has_global_services {
            Some(true) => Some(Says::Whole),
            Some(false) => Some(Says::Part),
            None => change.is_unreadable.then_some(Says::Either),
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
        // One that was made, and never told of another place, took nothing away.
        let made = story.changes.first().filter(|one| one.is_new());
        let is_only = |(change, _): &(&Change<'_>, Edge)| {
            made.is_some_and(|made| std::ptr::eq(made, *change)) && here.is_empty()
        };
        if let Some((_, edge)) = last.filter(|last| !is_only(last)) {
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

impl Point {
    /// Whether it tells what is recorded, and not that there is a trail.
    fn is_telling(&self) -> bool {
        !matches!(self.says, Says::New | Says::Again(_))
    }
}

impl Says {
    /// What holds from an edge on that says so.
    fn since(self, edge: Edge) -> Now {
        match self {
            Says::Whole => Now::Whole,
            Says::Part => Now::Part(Some(edge), Records::MayBeThePart),
            Says::Either => Now::Part(Some(edge), Records::MayBeLater),
            Says::Nothing | Says::New => Now::Absent(Some(edge)),
            Says::Again(_) => Now::Unknown,
        }
    }
}

/// The points in the order of time, one for each second: that there is a trail comes first.
fn in_seconds(mut points: Vec<Point>) -> Vec<Point> {
    points.sort_by_key(|point| (point.edge.time(), point.says));
    let mut all: Vec<Point> = Vec::with_capacity(points.len());
    for point in points {
        match all.last_mut() {
            Some(last) if last.is_telling() && last.edge.time() == point.edge.time() => {
                if last.says != point.says {
                    last.says = Says::Either;
                    last.edge = point.edge;
                }
            }
            _ => all.push(point),
        }
    }
    all
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
    says_of_extent(&asked.extent(recording))
}

fn says_of_extent(extent: &Extent) -> Says {
    match extent {
        Extent::Whole => Says::Whole,
        Extent::Part => Says::Part,
        Extent::Nothing => Says::Nothing,
    }
}

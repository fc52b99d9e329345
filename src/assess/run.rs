//! The assessment from beginning to end.

use super::AssessError;
use super::amendments;
use super::anomalies;
use super::answers::Answers;
use super::chains::{self, Examined, Trust};
use super::classes::{Known, Proofs};
use super::count;
use super::coverage::{self, Grid};
use super::coverage_control::needs_of_all;
use super::delivery::Deliveries;
use super::desk::{Desk, Room};
use super::drops::{self, Drops};
use super::evidence::LedgerEvidence;
use super::gaps::{self, Ground};
use super::homes::Homes;
use super::intake;
use super::integrity::{self, Integrity};
use super::judge::{Judge, judge_for};
use super::left_out;
use super::losses::counted;
use super::outcome::{Assessment, ClassProof, ControlOutcome, Coverage, CoverageRow, LogSet};
use super::places::Places;
use super::recording::Trails;
use super::stops::Stops;
use super::stores::{self, StoreProofs};
use super::tally::Tally;
use super::verdict::conclude;
use super::waivers::Waivers;
use crate::control::model::Expectation;
use crate::control::scope::Scope;
use crate::control::set::ControlSet;
use crate::ledger::facts::{TrailChange, TrailFact};
use crate::ledger::sample::LARGEST_SAMPLE;
use crate::ledger::{Identity, Ledger};
use crate::period::Period;
use crate::record::time;
use crate::source::display::display_value;
use crate::trail::snapshot::Snapshot;

/// What an assessment may be told beside controls, scope and period.
#[derive(Debug, Clone)]
pub struct Options<'o> {
    /// Only accounts that the scope holds for this framework are in scope.
    pub framework: Option<&'o str>,
    /// How many records a sample holds at most.
    pub sample_size: u32,
    /// The stated time of the assessment; a period that ends later is not over, and nothing is certain about it.
    pub made_at: Option<i64>,
    /// Keys and metadata for digest chains; none: no signature can be checked.
    pub trust: Option<&'o Trust>,
    /// Snapshots of what trails record, as the user gave them.
    pub snapshots: &'o [Snapshot],
}

impl Default for Options<'_> {
    fn default() -> Self {
        Options {
            framework: None,
            sample_size: 25,
            made_at: None,
            trust: None,
            snapshots: &[],
        }
    }
}

/// An assessment with its long lists.
pub struct Assessed<'l> {
    /// Verdicts, counts, coverage.
    pub assessment: Assessment,
    /// The records behind them.
    pub evidence: LedgerEvidence<'l>,
}

/// Assesses a ledger.
///
/// # Errors
/// See [`AssessError`]; counts that do not reconcile are one of them.
pub fn assess<'l>(
    ledger: &'l Ledger,
    set: &ControlSet,
    scope: &Scope,
    period: &Period,
    options: &Options<'_>,
) -> Result<Assessed<'l>, AssessError> {
    let seed = check_order(ledger, set, scope, options)?;
    // It lets go of the ledger when it is dropped, also on errors.
    let mut evidence = LedgerEvidence::begin(ledger, set)?;
    let places = Places::of(scope, options.framework);
    let no_trust = Trust::default();
    let trust = options.trust.unwrap_or(&no_trust);
    let mut log_set = LogSet::default();
    let (examined, tally) = take_in(&mut evidence, (&places, scope), period, trust, &mut log_set)?;
    let facts = coverage::trails_in_use(&evidence.intake, &evidence.drops);
    let digests = examined.trails.clone();
    let digests = digests.with_members(&tally.members, &tally.unplaced);
    let snapshots = options.snapshots;
    let facts = Answers {
        snapshots,
        digests: &digests,
    }
    .told(facts);
    let trails = Trails::new(&facts, snapshots, digests, period, scope);
    let deliveries = Deliveries::of(&examined, &evidence.intake.losses, &tally.conflict_hours);
    let stops = Stops::new(&facts, (snapshots, &tally), &trails, period);
    let deliveries = deliveries.with_ends(|place, trail, end| stops.tells_end(place, trail, end));
    let grid = coverage::build(&tally, &places, scope, period, &stops, &deliveries);
    let integrity = integrity::conclude(integrity::Ground {
        examined,
        deliveries: &deliveries,
        places: &places,
        grid: &grid,
        tally: &tally,
        scope,
        period,
        trust,
        digests_seen: evidence.intake.digests,
    });
    let shown = Shown {
        tally: &tally,
        places: &places,
        scope,
        grid: &grid,
        integrity: &integrity,
    };
    let trails = shown.with_homes(trails);
    let proofs = shown.proofs(&trails).all(needs_of_all(set));
    log_set.losses = evidence.intake.loss_rows + evidence.drops.conflict_count();
    log_set.notices = notices(
        &evidence,
        &tally,
        &places,
        period,
        (&facts, &trails),
        &log_set,
    );
    let not_over = not_over(period, options.made_at);
    log_set.notices.splice(0..0, not_over.clone());
    let waivers = Waivers::new(scope);
    let room = Room {
        ledger,
        set,
        scope,
        places: &places,
        period,
        intake: &evidence.intake,
        tally: &tally,
        grid: &grid,
        proofs: &proofs,
        integrity: &integrity,
        suspects: &evidence.suspects,
        trails: &trails,
        waivers: &waivers,
        work: &evidence.work,
        seed: &seed,
        not_over: not_over.as_deref(),
    };
    let controls = judge_all(&room, &evidence.drops, options.sample_size)?;
    evidence.work.finish()?;
    evidence.drops.forget_duplicates();
    let stores = stores::all(&room);
    let snapshots = options.snapshots.to_vec();
    let assessment = Assessment {
        controls,
        coverage: Coverage {
            stores,
            snapshots,
            ..coverage_of(grid, proofs)
        },
        integrity,
        log_set,
        seed,
        sample_size: options.sample_size,
    };
    Ok(Assessed {
        assessment,
        evidence,
    })
}

/// Refuses what the ledger cannot answer; says with which seed its samples are drawn.
fn check_order(
    ledger: &Ledger,
    set: &ControlSet,
    scope: &Scope,
    options: &Options<'_>,
) -> Result<String, AssessError> {
    if options.sample_size > LARGEST_SAMPLE {
        return Err(AssessError::SampleTooLarge {
            asked: options.sample_size,
            most: LARGEST_SAMPLE,
        });
    }
    let seed = ledger.identity().seed.clone();
    let wanted = Identity::of(set, scope, &seed);
    let lacking = ledger.identity().lacks(&wanted);
    match lacking.is_empty() {
        true => Ok(seed),
        false => Err(AssessError::OtherControls(lacking)),
    }
}

/// Goes over every file and every record: what was read, what of it is left out, and what the
/// rest adds up to. That the ledger holds what was written to it is checked on the way.
fn take_in(
    evidence: &mut LedgerEvidence<'_>,
    (places, scope): (&Places, &Scope),
    period: &Period,
    trust: &Trust,
    log_set: &mut LogSet,
) -> Result<(Examined, Tally), AssessError> {
    let ledger = evidence.ledger;
    let unchecked = ledger.check_seal_but_entries()?;
    evidence.intake = intake::read(ledger, log_set)?;
    let intake = &evidence.intake;
    let repeated = drops::repeated(unchecked, intake)?;
    let examined = chains::examine(ledger, intake, period, trust)?;
    let mut drops = Drops::of_copies(intake);
    let ground = count::Ground {
        ledger,
        intake,
        repeated: &repeated,
        places,
        period,
        watched: &examined.watched,
    };
    let mut counting = count::begin(&ground, &drops)?;
    counting.settle(&mut drops, &evidence.work)?;
    log_set.amendments = amendments::settle(
        ledger,
        intake,
        &mut drops,
        (places, scope),
        period,
        &examined,
    )?;
    log_set.anomalies = anomalies::find(ledger, intake, &drops, places, period)?;
    let mut tally = counting.finish(&drops, log_set)?;
    log_set.marked = tally.marked();
    evidence.drops = drops;
    evidence.duplicates = std::mem::take(&mut tally.duplicates);
    evidence.suspects.clone_from(&examined.suspects);
    Ok((examined, tally))
}

/// What was found out about the set, from which follows what trails and classes are shown.
struct Shown<'s> {
    tally: &'s Tally,
    places: &'s Places,
    scope: &'s Scope,
    grid: &'s Grid,
    integrity: &'s Integrity,
}

impl<'s> Shown<'s> {
    fn proofs<'t>(&'t self, trails: &'t Trails<'t>) -> Proofs<'t> {
        Proofs {
            tally: self.tally,
            places: self.places,
            scope: self.scope,
            grid: self.grid,
            trails,
            integrity: self.integrity,
            known: Known::default(),
        }
    }

    /// The trails, with the Regions that they are at home in.
    fn with_homes<'t>(&self, trails: Trails<'t>) -> Trails<'t> {
        let homes = {
            let by_records = self.proofs(&trails);
            let is_proven =
                |account: &str, region: &str| by_records.writes_are_shown(account, region);
            Homes::new(self.grid, self.tally, &is_proven)
        };
        trails.with_homes(homes)
    }
}

fn coverage_of(grid: Grid, classes: Vec<ClassProof>) -> Coverage {
    let covers = |row: &CoverageRow| row.days.iter().all(|state| state.is_accounted_for());
    let is_whole = |days: &Vec<bool>| !days.contains(&true);
    let is_complete = !grid.rows.is_empty()
        && grid.rows.iter().all(covers)
        && grid.asked_for.iter().all(is_whole)
        && grid.without_management.iter().all(is_whole);
    Coverage {
        days: grid.days,
        rows: grid.rows,
        classes,
        is_complete,
        ..Coverage::default()
    }
}

/// Judges every control in one pass over the rows.
fn judge_all(
    room: &Room<'_>,
    drops: &Drops,
    sample_size: u32,
) -> Result<Vec<ControlOutcome>, AssessError> {
    let left_out = left_out::all(room);
    let ground = Ground {
        grid: room.grid,
        proofs: room.proofs,
        left_out: &left_out,
        losses: &room.intake.losses,
        period: room.period,
    };
    let mut benches: Vec<(Desk<'_>, Box<dyn Judge>)> = Vec::new();
    for (number, control) in room.set.controls().iter().enumerate() {
        let stores = StoreProofs::new(room, control);
        let mut gaps = gaps::reasons(&ground, control, stores.classes());
        gaps.extend(stores.reasons());
        gaps.extend(room.not_over.map(str::to_owned));
        // The digest control is about files, and tells their faults one by one.
        if !matches!(control.expectation, Expectation::Integrity) {
            gaps.extend(conflict_gap(room.tally));
            gaps.extend(room.integrity.gap());
        }
        let desk = Desk::new(room, number, gaps, sample_size);
        benches.push((desk, judge_for(&control.expectation)));
    }
    let numbers = numbers(room);
    room.ledger
        .rows(&room.intake.ranks, |row| -> Result<(), AssessError> {
            let number = numbers.get(row.control as usize).copied().flatten();
            let Some((desk, judge)) = number.and_then(|at| benches.get_mut(at)) else {
                return Ok(());
            };
            let rank = room.intake.ranks.at(row.file);
            if drops.of(rank, row.index).is_some() || !desk.wants(&row) {
                return Ok(());
            }
            judge.row(&row, desk)
        })?;
    let mut outcomes = Vec::with_capacity(benches.len());
    for (mut desk, mut judge) in benches {
        judge.finish(&mut desk)?;
        outcomes.push(conclude(desk)?);
    }
    Ok(outcomes)
}

/// The place in the set of each control of the ledger, if it has one.
fn numbers(room: &Room<'_>) -> Vec<Option<usize>> {
    let controls = &room.ledger.identity().controls;
    controls.iter().map(|(id, _)| room.set.index(id)).collect()
}

/// What has not happened yet cannot have been recorded.
fn not_over(period: &Period, made_at: Option<i64>) -> Option<String> {
    let made_at = made_at.filter(|at| *at < period.end)?;
    Some(format!(
        "the period is not over: it ends at {}, and this was made at {}",
        time::format(period.end),
        time::format(made_at)
    ))
}

/// Records that contradict each other are evidence of nothing, so something is missing.
pub(super) fn conflict_gap(tally: &Tally) -> Option<String> {
    let conflicts = tally.conflicts;
    (conflicts > 0).then(|| {
        format!(
            "{} left out, because others with the same event id say something else",
            counted(conflicts, "record")
        )
    })
}

/// CloudTrail puts the records of an account and Region into their folder: what names others there was
/// changed or moved, and may be of the account in scope.
fn strays(tally: &Tally) -> Option<String> {
    (tally.strays > 0).then(|| {
        let (names, lies) = match tally.strays {
            1 => ("it names", "it lies"),
            _ => ("they name", "they lie"),
        };
        format!(
            "{} left out, because the account or Region that {names} is not in scope, and {lies} in a \
             folder of one that is: CloudTrail writes no such record there",
            counted(tally.strays, "record")
        )
    })
}

/// What a reader must know about the whole log set.
fn notices(
    evidence: &LedgerEvidence<'_>,
    tally: &Tally,
    places: &Places,
    period: &Period,
    (facts, trails): (&[TrailFact], &Trails<'_>),
    log_set: &LogSet,
) -> Vec<String> {
    let mut all = Vec::new();
    if !places.is_given() {
        all.push(
            "no list of accounts and Regions was given: those that the log set names are taken as the scope, \
             so nothing shows that none is missing"
                .to_owned(),
        );
    }
    if log_set.files_listed == 0 {
        all.push("the log set holds no files".to_owned());
    } else if log_set.total.kept == 0 {
        all.push("the log set holds no record of the accounts in scope in the period".to_owned());
        if let Some((first, last)) = log_set.outside_times {
            all.push(format!(
                "the records of the log set are from {} to {}, outside the period",
                time::format_day(first),
                time::format_day(last)
            ));
        }
    }
    let copies = evidence.drops.copies().len() as u64;
    if copies > 0 {
        all.push(format!(
            "{} there more than once; records are counted once",
            match copies {
                1 => "1 file is".to_owned(),
                _ => format!("{copies} files are"),
            }
        ));
    }
    all.extend(conflict_gap(tally));
    all.extend(strays(tally));
    all.extend(out_of_scope(tally));
    all.extend(changes_of_trails(places, period, facts, trails));
    let hidden = all.len().saturating_sub(MOST_NOTICES);
    all.truncate(MOST_NOTICES);
    if hidden > 0 {
        all.push(format!(
            "{} not shown here",
            counted(hidden as u64, "more notice")
        ));
    }
    all
}

/// Records that are left out, because the scope does not name where they are of.
fn out_of_scope(tally: &Tally) -> impl Iterator<Item = String> {
    tally.foreign.iter().map(|((account, region), count)| {
        let records = counted(*count, "record");
        let account = display_value(account);
        match region.as_str() {
            "" => format!("{records} of account {account}, which is not in scope, left out"),
            region => format!(
                "{records} of account {account}, Region {}, which is not in scope, left out",
                display_value(region)
            ),
        }
    })
}

/// The changes of trails in the period: those of earlier months matter to the coverage grid, but
/// are no news of this one.
fn changes_of_trails(
    places: &Places,
    period: &Period,
    facts: &[TrailFact],
    trails: &Trails<'_>,
) -> impl Iterator<Item = String> {
    let concerns = |fact: &TrailFact| {
        places.has_account(&fact.account)
            || trails.is_of_organization(fact)
            || fact
                .caller()
                .is_some_and(|caller| places.has_account(&caller))
    };
    let changes = facts.iter().filter(move |fact| {
        fact.change != TrailChange::Started && period.contains(fact.time) && concerns(fact)
    });
    changes.map(|fact| match fact.change {
        TrailChange::Left => format!(
            "`{}`: account {} may have left the trail of its organization at {}",
            display_value(&fact.event_name),
            display_value(&fact.account),
            time::format(fact.time)
        ),
        _ => format!(
            "`{}` on trail `{}` in account {} at {}",
            display_value(&fact.event_name),
            display_value(&fact.trail),
            display_value(&fact.account),
            time::format(fact.time)
        ),
    })
}

/// Notices about the whole set that are printed.
const MOST_NOTICES: usize = 200;

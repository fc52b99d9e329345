//! The files of a ledger: what was read, what was refused, what is known of each.

use std::collections::{BTreeMap, HashMap};

use super::AssessError;
use super::outcome::{LogSet, ShapeCount};
use super::sieve::{Repeated, Sieve};
use crate::integrity::facts::is_unseen;
use crate::integrity::place::{Role, role};
use crate::ledger::Ledger;
use crate::ledger::facts::{
    ClaimFact, FileState, ProblemFact, Profile, RefusalFact, StoreSeen, TrailFact,
};
use crate::ledger::read::Ranks;
use crate::ledger::remarks::{AddendumFact, InsightFact};
use crate::ledger::view::FileView;
use crate::source::layout;
use crate::source::shape::{ARCHIVE, COMPRESSIONS, Shape};

/// What the first pass over the files found.
#[derive(Debug, Default)]
pub struct Intake {
    /// The place of each file.
    pub ranks: Ranks,
    /// The file of each place.
    pub order: Vec<i64>,
    /// Later copies of a file that claim the same account: number of the file to that of the first
    /// copy.
    pub copies: HashMap<i64, i64>,
    /// Files that hold digests.
    pub digests: u64,
    /// What was refused or could not be read, with what the key claims.
    pub losses: Vec<Loss>,
    /// Changes of trails: (file, fact).
    pub trails: Vec<(i64, TrailFact)>,
    /// Insights events: (file, fact).
    pub insights: Vec<(i64, InsightFact)>,
    /// Records that correct others: (file, fact).
    pub addenda: Vec<(i64, AddendumFact)>,
    /// Data stores that records name.
    pub stores: Vec<StoreSeen>,
    /// What is no file to read.
    pub problems: Vec<ProblemFact>,
    /// How many refusals mean loss.
    pub loss_rows: u64,
}

/// Something that may be missing, and from where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loss {
    /// Key of the file, or name of what was not looked at.
    pub name: String,
    /// What its key claims.
    pub claim: ClaimFact,
    /// How many records are known to be missing; 0 for a whole file of unknown content.
    pub records: u64,
    /// Why nobody could look at it; none where it was looked at, and digests can judge it.
    pub unseen: Option<String>,
}

/// Reads what is known of every file, and starts the counts of the log set.
pub fn read(ledger: &Ledger, log_set: &mut LogSet) -> Result<Intake, AssessError> {
    let mut intake = Intake {
        problems: ledger.problems()?,
        ..Intake::default()
    };
    let mut shapes = BTreeMap::new();
    let repeated = repeated_contents(ledger)?;
    // A record that does not name its account is of the one that the key of its file claims.
    let mut first_with: HashMap<([u8; 32], Option<String>), i64> = HashMap::new();
    ledger.views(|file| -> Result<(), AssessError> {
        check_balance(file)?;
        if intake.order.len() >= u32::MAX as usize {
            return Err(AssessError::Work("more than 2^32 files".to_owned()));
        }
        let id = file.id()?;
        intake.order.push(id);
        count_file(log_set, file)?;
        count_shape(&mut shapes, file)?;
        if file.is_digest()? {
            intake.digests += 1;
        }
        let is_first = match file.sha256()?.filter(|hash| may_repeat(&repeated, hash)) {
            Some(sha256) if file.entry_count()? > 0 => {
                let account = file.claim()?.account;
                let first = *first_with.entry((sha256, account)).or_insert(id);
                // One that claims none may be a copy of any before it.
                first_with.entry((sha256, None)).or_insert(first);
                if first != id {
                    intake.copies.insert(id, first);
                }
                first == id
            }
            _ => true,
        };
        add_losses(&mut intake, file)?;
        let trails = file.trails()?.into_iter().map(|fact| (id, fact));
        intake.trails.extend(trails);
        let insights = file.insights()?.into_iter().map(|fact| (id, fact));
        intake.insights.extend(insights);
        let addenda = file.addenda()?.into_iter().map(|fact| (id, fact));
        intake.addenda.extend(addenda);
        if is_first && !is_selection(file)? {
            add_stores(&mut intake.stores, file.stores()?);
        }
        Ok(())
    })?;
    intake.ranks = Ranks::of(&intake.order);
    for problem in intake.problems.iter().filter(|one| one.is_loss) {
        intake.loss_rows += 1;
        log_set.files_listed += 1;
        log_set.files_not_opened += 1;
        intake.losses.push(Loss {
            name: problem.name.clone(),
            claim: claim_of(&problem.name),
            records: 0,
            unseen: Some(problem.message.clone()),
        });
    }
    log_set.shapes = shapes.into_values().collect();
    intake.stores = joined_stores(std::mem::take(&mut intake.stores));
    Ok(intake)
}

/// Whether the records of a file are those that somebody asked for.
pub(super) fn is_selection(file: &FileView<'_>) -> Result<bool, AssessError> {
    Ok(Shape::of_words(file.shape()?).is_some_and(Shape::is_selection))
}

/// Why a file that was refused could not be looked at, where it is nothing to digest chains.
///
/// A file that was read, and is no log, is known; a log or digest that cannot be read has a
/// fault of its own.
fn unseen(file: &FileView<'_>, refusals: &[RefusalFact]) -> Result<Option<String>, AssessError> {
    if file.state()? != FileState::Refused || role(file.key()?) != Role::Other {
        return Ok(None);
    }
    let mut whole = refusals.iter().filter(|one| one.index.is_none());
    let found = whole.find(|one| is_unseen(&one.code));
    Ok(found.map(|one| one.message.clone()))
}

/// What the name of a folder or file that was not looked at claims.
fn claim_of(name: &str) -> ClaimFact {
    // A folder claims what a file in it would.
    let claim = layout::claim(&format!("{name}/-"));
    let day = claim.delivery_day.and_then(|day| day.and_hms_opt(0, 0, 0));
    ClaimFact {
        account: claim.account,
        region: claim.region,
        day: day.map(|day| day.and_utc().timestamp()),
    }
}

/// The contents that more than one file may have.
fn repeated_contents(ledger: &Ledger) -> Result<Repeated, AssessError> {
    let mut sieve = Sieve::new();
    ledger.contents(|front| sieve.note(front).map_err(AssessError::from))?;
    Ok(sieve.finish()?)
}

fn may_repeat(repeated: &Repeated, sha256: &[u8; 32]) -> bool {
    let front = sha256.first_chunk();
    front.is_some_and(|front| repeated.may_contain(u64::from_le_bytes(*front)))
}

/// Every entry of a file must be accounted for.
fn check_balance(file: &FileView<'_>) -> Result<(), AssessError> {
    let (seen, refused) = (file.records_seen()?, file.records_refused()?);
    let kept = file.entry_count()?;
    if seen == kept + refused && (kept == 0 || file.state()? == FileState::Read) {
        return Ok(());
    }
    let key = file.key()?;
    Err(AssessError::DoesNotReconcile(format!(
        "file `{key}`: {seen} records seen, {kept} kept, {refused} refused"
    )))
}

fn add_losses(intake: &mut Intake, file: &FileView<'_>) -> Result<(), AssessError> {
    let refusals = file.refusals()?;
    let lost = refusals.iter().filter(|one| one.is_loss).count() as u64;
    if lost == 0 {
        return Ok(());
    }
    intake.loss_rows += lost;
    intake.losses.push(Loss {
        unseen: unseen(file, &refusals)?,
        name: file.key()?.to_owned(),
        claim: file.claim()?,
        records: match file.state()? {
            FileState::Read => file.records_refused()?,
            _ => 0,
        },
    });
    Ok(())
}

/// Adds a file to the count of its shape; one without records has none.
fn count_shape(
    shapes: &mut BTreeMap<String, ShapeCount>,
    file: &FileView<'_>,
) -> Result<(), AssessError> {
    let words = file.shape()?;
    let front = words
        .rsplit_once(", ")
        .filter(|(_, end)| COMPRESSIONS.contains(end));
    let words = front.map_or(words, |(words, _)| words);
    if !shapes.contains_key(words) {
        let Some(shape) = Shape::of_words(words).filter(|_| is_read(file)) else {
            return Ok(());
        };
        let count = ShapeCount {
            shape: words.to_owned(),
            files: 0,
            records: 0,
            cannot_prove: shape.cannot_prove(),
        };
        shapes.insert(words.to_owned(), count);
    }
    if let Some(count) = shapes.get_mut(words).filter(|_| is_read(file)) {
        count.files += 1;
        count.records += file.records_seen()?;
    }
    Ok(())
}

fn is_read(file: &FileView<'_>) -> bool {
    file.state().is_ok_and(|state| state == FileState::Read)
}

fn count_file(log_set: &mut LogSet, file: &FileView<'_>) -> Result<(), AssessError> {
    log_set.files_listed += 1;
    match file.state()? {
        // The bytes of an archive are those of its members, which are files of their own.
        FileState::Read if file.shape()?.starts_with(ARCHIVE) => log_set.files_read += 1,
        FileState::Read => {
            log_set.files_read += 1;
            log_set.bytes_stored += file.stored_bytes()?;
            log_set.bytes_inflated += file.inflated_bytes()?;
        }
        FileState::Refused => log_set.files_refused += 1,
        FileState::NotRead => log_set.files_not_read += 1,
    }
    Ok(())
}

/// Many files name the same stores; what is alike is joined now and then, so that the list stays short.
fn add_stores(all: &mut Vec<StoreSeen>, more: Vec<StoreSeen>) {
    all.extend(more);
    if all.len() > 100_000 && all.len().is_power_of_two() {
        *all = joined_stores(std::mem::take(all));
    }
}

fn joined_stores(mut all: Vec<StoreSeen>) -> Vec<StoreSeen> {
    all.sort_unstable();
    let mut joined: Vec<StoreSeen> = Vec::with_capacity(all.len().min(1024));
    for one in all {
        match joined.last_mut() {
            Some(last) if is_same_store(last, &one) => {
                last.records += one.records;
                last.hours |= one.hours;
            }
            _ => joined.push(one),
        }
    }
    joined
}

fn is_same_store(a: &StoreSeen, b: &StoreSeen) -> bool {
    (a.control, a.part, a.classes, a.day) == (b.control, b.part, b.classes, b.day)
        && a.value == b.value
        && a.account == b.account
        && a.region == b.region
}

/// Gives equal profiles of different files one number.
#[derive(Debug, Default)]
pub struct Profiles {
    numbers: HashMap<Profile, u32>,
    all: Vec<Profile>,
}

impl Profiles {
    /// The number of a profile.
    pub fn number(&mut self, profile: &Profile) -> u32 {
        if let Some(number) = self.numbers.get(profile) {
            return *number;
        }
        let number = self.all.len() as u32;
        self.numbers.insert(profile.clone(), number);
        self.all.push(profile.clone());
        number
    }

    /// The profile with a number.
    pub fn get(&self, number: u32) -> &Profile {
        &self.all[number as usize]
    }
}

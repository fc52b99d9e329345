//! The report of integrity for people: cover first, then counts, then every problem.

use std::io::{self, Write};

use crate::cli::terminal::thousands;
use crate::integrity::collect::Collected;
use crate::integrity::commands::{LINES, commands};
use crate::integrity::place::Place;
use crate::integrity::report::{
    CoverRange, DigestState, FaultKind, LogState, PlaceCover, Problem, Weight,
};
use crate::integrity::{IntegrityReport, IntegrityVerdict};
use crate::record::time;
use crate::sanitize::inline;
use crate::source::{Listing, Severity};

/// Problems of one kind, and lines for the AWS CLI, above this are counted.
const SHOWN: usize = 200;

pub(super) fn write(
    out: &mut impl Write,
    report: &IntegrityReport,
    collected: &Collected,
    listing: &Listing,
) -> io::Result<()> {
    writeln!(out, "integrity: {}", headline(report))?;
    writeln!(out, "keys: {}", keys_line(collected))?;
    if !collected.untrusted_keys.is_empty() {
        writeln!(
            out,
            "keys inside the log set are not used, for example `{}`: name files that you trust with `--keys`",
            inline(&collected.untrusted_keys[0])
        )?;
    }
    cover(out, report)?;
    counts(out, report, collected)?;
    problems(out, &report.problems)?;
    // Losses are problems of integrity, and told there.
    let remarks = listing.problems.iter();
    let remarks: Vec<_> = remarks
        .filter(|problem| problem.severity == Severity::Notice)
        .collect();
    if !remarks.is_empty() {
        writeln!(
            out,
            "\nnot looked into, and nothing is missing because of it:"
        )?;
        for problem in remarks.iter().take(SHOWN) {
            writeln!(out, "  {}: {}", problem.display, inline(&problem.message))?;
        }
        more(out, remarks.len())?;
    }
    wanted(out, report)
}

/// Whether a trail begins, pauses or ends where others go on.
fn has_trails_in_part(report: &IntegrityReport) -> bool {
    use FaultKind::{TrailAtHome, TrailBegun, TrailEnded, TrailOfOthers, TrailPaused};
    let is_part = |kind| {
        matches!(
            kind,
            TrailBegun | TrailPaused | TrailEnded | TrailAtHome | TrailOfOthers
        )
    };
    let mut all = report.problems.iter();
    all.any(|one| one.matters && is_part(one.kind))
}

fn headline(report: &IntegrityReport) -> &'static str {
    match report.verdict {
        IntegrityVerdict::Verified if has_trails_in_part(report) => {
            "verified, as far as the digests of each trail reach: of some they cover only a part"
        }
        IntegrityVerdict::Verified if report.asked.is_some() => {
            "verified, for the asked period and its slack"
        }
        IntegrityVerdict::Verified => "verified",
        IntegrityVerdict::Incomplete => "not all could be verified",
        IntegrityVerdict::NotVerified => "NOT VERIFIED: there are no digest files",
        IntegrityVerdict::Failed => "FAILED: something does not verify",
    }
}

fn keys_line(collected: &Collected) -> String {
    let keys = &collected.facts.keys;
    if keys.is_empty() {
        return "none given, so no signature can be checked (`--keys FILE`)".into();
    }
    let mut sources: Vec<&str> = keys.iter().map(|key| key.source.as_str()).collect();
    sources.sort_unstable();
    sources.dedup();
    format!(
        "{} from {} (whether they are AWS's own is for you to know)",
        keys.iter().count(),
        sources.join(", ")
    )
}

fn cover(out: &mut impl Write, report: &IntegrityReport) -> io::Result<()> {
    writeln!(out, "\ncover by time of delivery (UTC):")?;
    if let Some(asked) = report.asked {
        writeln!(
            out,
            "  asked for {} to {}, and {} minutes after it for late deliveries",
            time::format(asked.start),
            time::format(asked.end),
            asked.slack / 60
        )?;
    }
    for cover in &report.cover {
        writeln!(out, "  {}", place_words(&cover.place))?;
        ranges(out, shown_ranges(cover, report), "    ")?;
        if cover.trails.is_empty() && report.asked.is_none() {
            writeln!(out, "    no digests")?;
        }
        if cover.trails.len() > 1 {
            for trail in &cover.trails {
                match trail.chain.trail.as_str() {
                    "" => writeln!(out, "    a trail whose name no key tells")?,
                    trail => writeln!(out, "    trail {}", inline(trail))?,
                }
                ranges(out, &trail.ranges, "      ")?;
            }
        }
    }
    Ok(())
}

fn shown_ranges<'r>(cover: &'r PlaceCover, report: &IntegrityReport) -> &'r [CoverRange] {
    match report.asked {
        Some(_) => &cover.asked,
        None => &cover.ranges,
    }
}

fn ranges(out: &mut impl Write, ranges: &[CoverRange], indent: &str) -> io::Result<()> {
    for range in ranges.iter().take(SHOWN) {
        writeln!(
            out,
            "{indent}{} to {}  {}",
            time::format(range.start),
            time::format(range.end),
            range.kind.code()
        )?;
    }
    more(out, ranges.len())
}

fn more(out: &mut impl Write, count: usize) -> io::Result<()> {
    if count > SHOWN {
        let left = thousands((count - SHOWN) as u64);
        writeln!(out, "  … {left} more; `--json` lists all")?;
    }
    Ok(())
}

fn place_words(place: &Place) -> String {
    let mut words = format!(
        "account {}, {}",
        inline(&place.account),
        inline(&place.region)
    );
    if let Some(organization) = &place.organization {
        words.push_str(&format!(" ({})", inline(organization)));
    }
    words
}

fn counts(out: &mut impl Write, report: &IntegrityReport, collected: &Collected) -> io::Result<()> {
    let logs: Vec<String> = LogState::ALL
        .iter()
        .map(|state| (state.code(), report.log_count(*state)))
        .filter(|(_, count)| *count > 0)
        .map(|(code, count)| format!("{} {code}", thousands(count)))
        .collect();
    let digests: Vec<String> = DigestState::ALL
        .iter()
        .map(|state| (state.code(), report.digest_count(*state)))
        .filter(|(_, count)| *count > 0)
        .map(|(code, count)| format!("{} {code}", thousands(count)))
        .collect();
    let none = |list: &[String]| {
        if list.is_empty() {
            "none".to_owned()
        } else {
            list.join(", ")
        }
    };
    writeln!(out, "\nlog files: {}", none(&logs))?;
    writeln!(out, "digests: {}", none(&digests))?;
    if collected.other_count > 0 {
        writeln!(
            out,
            "other files, not looked into: {}",
            thousands(collected.other_count)
        )?;
    }
    Ok(())
}

fn problems(out: &mut impl Write, problems: &[Problem]) -> io::Result<()> {
    for same in problems.chunk_by(|a, b| (a.kind, a.matters) == (b.kind, b.matters)) {
        let kind = same[0].kind;
        // A notice changes nothing anyway.
        let outside = match same[0].matters || kind.weight() == Weight::Notice {
            true => "",
            false => ", outside of what was asked for: changes nothing",
        };
        writeln!(
            out,
            "\n{} ({}, {}{outside}):",
            kind.code(),
            kind.weight().code(),
            same.len()
        )?;
        for problem in same.iter().take(SHOWN) {
            writeln!(
                out,
                "  {}: {}",
                inline(&problem.object),
                inline(&problem.message)
            )?;
        }
        more(out, same.len())?;
        if !kind.help().is_empty() {
            writeln!(out, "  help: {}", kind.help())?;
        }
    }
    Ok(())
}

fn wanted(out: &mut impl Write, report: &IntegrityReport) -> io::Result<()> {
    let lines = commands(report);
    if lines.is_empty() {
        return Ok(());
    }
    writeln!(
        out,
        "\nto verify more, run these where the AWS CLI may read the trail's account and bucket, in the folder\nin which the paths below begin, and then call this command again with `--keys`{}:",
        match lines.iter().any(|line| line.ends_with(LINES)) {
            true => format!(" and `--metadata {LINES}`"),
            false => String::new(),
        }
    )?;
    for line in lines.iter().take(SHOWN) {
        writeln!(out, "  {line}")?;
    }
    more(out, lines.len())
}

//! Packets about more accounts and Regions than views show: what they leave out is counted and
//! named, with the file that has it, and that file has all.

use std::path::Path;

use attestrail::assess::outcome::*;
use attestrail::control::scope::Scope;
use attestrail::diagnostic::SourceText;
use attestrail::packet::build;
use attestrail::packet::folder::Existing;
use attestrail::packet::model::Packet;
use attestrail::packet::write::{self, Options, View};
use attestrail::record::class::EventClass;
use attestrail::render::VIEWS;
use attestrail::render::html::HtmlView;
use attestrail::render::paper::PaperView;

use crate::packet_demo::{Demo, demo};
use crate::pdf_text;

const PCI: &str = "pci-dss-4.0.1";
const ACCOUNTS: usize = 350;
const REGIONS: [&str; 2] = ["eu-west-1", "us-east-1"];
/// The last account, which is where something is open.
const LAST: &str = "200000000349";

fn account(at: usize) -> String {
    format!("{}", 200_000_000_000 + at as u64)
}

fn places() -> impl Iterator<Item = (String, &'static str)> {
    (0..ACCOUNTS).flat_map(|at| REGIONS.map(|region| (account(at), region)))
}

/// 700 places, of which those of the last account are bad in every list.
fn large() -> Demo {
    let demo = demo();
    let days: Vec<i64> = demo.period.days().collect();
    let state = |account: &str| match account {
        LAST => DayState::Missing,
        _ => DayState::Delivered,
    };
    // Two states of days, so that Regions of an account do not share a row.
    let row = |(account, region): (String, &str)| CoverageRow {
        days: (0..days.len())
            .map(|day| match day {
                0 => DayState::ProvedIdle,
                _ => state(&account),
            })
            .collect(),
        counts: vec![7; days.len()],
        hours: vec![0xFF; days.len()],
        account_name: "team".to_owned(),
        account,
        region: region.to_owned(),
    };
    let class = |(account, region): (String, &str)| ClassProof {
        region: region.to_owned(),
        class: EventClass::ManagementWrite,
        records: 7,
        is_proven: account != LAST,
        basis: match account.as_str() {
            LAST => Basis::Nothing,
            _ if region == "us-east-1" => Basis::Records,
            _ => Basis::Elsewhere,
        },
        proof: "as made up".to_owned(),
        account,
    };
    let store = |at: usize| StoreProof {
        list: "data_buckets".to_owned(),
        store: format!("bucket-{at:04}"),
        is_front: false,
        class: EventClass::S3DataRead,
        accounts: Vec::new(),
        records: 0,
        is_proven: at < 600,
        basis: match at < 600 {
            true => Basis::Stated,
            false => Basis::Nothing,
        },
        proof: "as made up".to_owned(),
    };
    let (from, to) = (demo.period.start, demo.period.end);
    let cover = |(account, region): (String, &str)| CoverLine {
        account_name: "team".to_owned(),
        region: region.to_owned(),
        is_declared_idle: false,
        unexpected: Vec::new(),
        ranges: vec![CoverSpan {
            from,
            to,
            state: match account.as_str() {
                LAST => "hole",
                _ => "verified",
            },
        }],
        trails: Vec::new(),
        idle: Vec::new(),
        account,
    };
    let mut assessment = demo.assessment.clone();
    assessment.coverage.days = days.clone();
    assessment.coverage.rows = places().map(row).collect();
    assessment.coverage.classes = places().map(class).collect();
    assessment.coverage.stores = (0..610).map(store).collect();
    assessment.integrity.cover = places().map(cover).collect();
    assessment.log_set.by_account = of_accounts(&assessment.log_set.total);
    assessment.log_set.notices = (0..501).map(|at| format!("notice {at}.")).collect();
    Demo {
        assessment,
        scope: scope(),
        ..demo
    }
}

/// All of `total`, and of that what was refused, are of the last of 520 accounts.
fn of_accounts(total: &RecordCounts) -> std::collections::BTreeMap<String, RecordCounts> {
    let mut all: std::collections::BTreeMap<_, _> = (0..520)
        .map(|at| (account(at), RecordCounts::default()))
        .collect();
    all.insert(account(519), *total);
    all
}

fn scope() -> Scope {
    let mut text = "format = 1\norganisation = \"Example\"\nregions = [\"us-east-1\"]\n".to_owned();
    for at in 0..505 {
        let id = account(at);
        text.push_str(&format!("\n[[account]]\nid = \"{id}\"\nname = \"team\"\n"));
    }
    let buckets: Vec<_> = (0..507).map(|at| format!("\"bucket-{at}\"")).collect();
    text.push_str(&format!(
        "\n[lists]\ndata_buckets = [{}]\n",
        buckets.join(", ")
    ));
    let (scope, _) = Scope::parse(&SourceText::new("scope.toml", &text)).expect("valid");
    scope
}

fn packet(demo: &Demo) -> Packet {
    build::build(&demo.inputs(PCI)).expect("builds")
}

fn rendered(view: &dyn View, packet: &Packet) -> Vec<u8> {
    let mut bytes = Vec::new();
    view.render(packet, &mut bytes).expect("renders");
    bytes
}

/// What both views must say of each list, and the file that they must name.
const CUTS: [(&str, &str, &str); 9] = [
    (
        "days",
        "500 of 700 rows are shown here, those that may hide something first. Left out are 200: 200 of which every day is accounted for.",
        "logs/coverage.csv",
    ),
    (
        "classes of places",
        "500 of 699 rows are shown here, those that may hide something first. Left out are 199: 199 with every class proven.",
        "logs/classes.csv",
    ),
    (
        "classes",
        "500 of 700 rows are shown here, those that may hide something first. Left out are 200: 100 proven (records elsewhere); 100 proven (records).",
        "logs/classes.csv",
    ),
    (
        "stores",
        "500 of 610 rows are shown here, those that may hide something first. Left out are 110: 110 proven (scope file).",
        "logs/stores.csv",
    ),
    (
        "the picture of cover",
        "500 of 700 rows are shown here, those that may hide something first. Left out are 200: 200 verified throughout.",
        "logs/integrity.csv",
    ),
    (
        "cover",
        "500 of 700 rows are shown here, those that may hide something first. Left out are 200: 200 verified.",
        "logs/integrity.csv",
    ),
    (
        "records by account",
        "500 of 520 rows are shown here, those that may hide something first. Left out are 20: 20 without any.",
        "logs/reconciliation.csv",
    ),
    (
        "accounts in scope",
        "500 of 505 rows are shown here. Left out are 5.",
        "packet.json",
    ),
    (
        "a list of the scope",
        "500 of 507 rows are shown here. Left out are 7.",
        "packet.json",
    ),
];

#[test]
fn the_page_says_what_it_leaves_out_of_a_large_organization() {
    let page = String::from_utf8(rendered(&HtmlView, &packet(&large()))).expect("UTF-8");
    for (what, words, file) in CUTS {
        let said = format!("<b>{words}</b> All are in <a href=\"{file}\">{file}</a>.");
        assert!(page.contains(&said), "{what}");
    }
    assert!(page.contains("Left out are 1.</b> All are in"), "notices");
    let bad = page.matches("class=\"day s-missing\"").count();
    assert_eq!(bad, 2 * 30, "the worst rows of the grid are shown");
    assert_eq!(page.matches("class=\"day b-not-proven\"").count(), 1);
    assert_eq!(page.matches("v-failed\">hole<").count(), 2);
    assert_eq!(
        page.matches("<tr><td><bdi class=\"mono\">bucket-").count(),
        500
    );
    assert!(page.contains("<bdi class=\"mono\">bucket-0609</bdi>"));
}

#[test]
fn the_paper_says_what_it_leaves_out_of_a_large_organization() {
    let bytes = rendered(&PaperView, &packet(&large()));
    let text = pdf_text::texts(&pdf_text::read(&bytes)).concat();
    let squeezed = |text: &str| text.replace(char::is_whitespace, "");
    let text = squeezed(&text);
    for (what, words, file) in CUTS {
        let said = squeezed(&format!("{words} All are in {file}"));
        assert!(text.contains(&said), "{what}");
    }
    assert!(text.contains(&squeezed("Left out are 1. All are in packet.json")));
}

fn lines(folder: &Path, file: &str) -> usize {
    let text = std::fs::read_to_string(folder.join(file)).expect("there");
    text.lines().count() - 1
}

#[test]
fn the_files_that_views_name_have_every_row() {
    let out = tempfile::tempdir().expect("a temporary folder");
    let demo = large();
    let inputs = demo.inputs(PCI);
    let packet = packet(&demo);
    let options = Options {
        out: out.path(),
        existing: Existing::Refuse,
        views: &VIEWS,
        stop: None,
    };
    let written = write::write(&inputs, &packet, &options).expect("writes");
    let folder = &written.folder;
    let days = packet.coverage.days.len();
    assert_eq!(lines(folder, "logs/coverage.csv"), 700 * days);
    assert_eq!(lines(folder, "logs/classes.csv"), 700);
    assert_eq!(lines(folder, "logs/stores.csv"), 610);
    assert_eq!(lines(folder, "logs/integrity.csv"), 700);
    assert_eq!(lines(folder, "logs/reconciliation.csv"), 4 + 7 * 521);
    let json = std::fs::read_to_string(folder.join("packet.json")).expect("there");
    let model: Packet = serde_json::from_str(&json).expect("a packet");
    assert_eq!(model, packet);
    assert_eq!(model.scope.accounts.len(), 505);
    assert_eq!(model.coverage.rows.len(), 700);
    assert_eq!(model.log_set.notices.len(), 501);
}

#[test]
fn five_hundred_places_are_shown_whole_and_in_their_order() {
    let mut demo = large();
    demo.assessment.coverage.rows.truncate(500);
    demo.assessment.coverage.rows[499].days[3] = DayState::Silent;
    let page = String::from_utf8(rendered(&HtmlView, &packet(&demo))).expect("UTF-8");
    let grid = &page[page.find("id=\"coverage\"").expect("coverage")..];
    let grid = &grid[..grid.find("Event classes").expect("classes")];
    assert!(!grid.contains("Left out"));
    let first = grid.find("200000000000 eu-west-1").expect("the first");
    assert!(first < grid.find("200000000249 us-east-1").expect("the last"));
}

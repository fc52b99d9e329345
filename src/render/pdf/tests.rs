//! Tests of whole files: read back with lopdf, and checked with qpdf and pdftotext where those are installed.

use std::collections::BTreeMap;
use std::process::Command;

use lopdf::{Document as File, Object, ObjectId};
use proptest::prelude::*;

#[path = "../../../tests/it/pdf_text.rs"]
mod pdf_text;

use self::pdf_text::{read, texts};
use super::*;
use crate::render::block::{
    Bar, CalloutKind, Cell, Chart, ChartKind, Column, Fact, RowSource, Rows, Run, Table, Tone,
};

const HOSTILE: &str = "</rdf:li><evil/>]]>&\u{202e}\0\u{1b}) Tj ET <</S/JavaScript>> \u{ffff}(\\";

fn document(blocks: Vec<Block<'_>>) -> Document<'_> {
    Document {
        title: "Evidence packet".into(),
        packet_id: "pkt-1".into(),
        language: "en".into(),
        running_header: "Running head".into(),
        running_footer_note: "all times UTC".into(),
        author: "Audit".into(),
        created_at: "2026-11-01T02:00:00Z".into(),
        blocks,
    }
}

fn heading(level: u8, text: &str, anchor: Option<&str>) -> Block<'static> {
    Block::Heading {
        level,
        text: text.into(),
        anchor: anchor.map(str::to_owned),
    }
}

fn paragraph(text: &str) -> Block<'static> {
    Block::Paragraph(vec![Run::plain(text)])
}

fn table(rows: Rows<'_>) -> Table<'_> {
    Table {
        name: "events".into(),
        caption: Some("Caption".into()),
        columns: vec![
            Column::points("Number", 60.0),
            Column::share("Headword", 1.0),
        ],
        rows,
        when_empty: "No rows.".into(),
        note: Some("All rows are listed.".into()),
        wide: false,
    }
}

struct Numbered(usize);

impl RowSource for Numbered {
    fn for_each(&self, each: &mut dyn FnMut(&[Cell])) -> Result<(), RowError> {
        (0..self.0).for_each(|row| {
            each(&[
                Cell::text(format!("row-{row:05}")),
                Cell::mono(format!("value of {row}")),
            ])
        });
        Ok(())
    }
}

fn streamed(count: usize) -> Table<'static> {
    table(Rows::Streamed(std::boxed::Box::new(Numbered(count))))
}

/// Every kind of block at least once.
fn everything() -> Vec<Block<'static>> {
    let bars = ChartKind::Bars(vec![Bar {
        label: "髙橋 \u{202e}".into(),
        value: 7,
        tone: Tone::Accent,
    }]);
    vec![
        Block::Title {
            text: "Evidence".into(),
            subtitle: "October".into(),
        },
        heading(1, "Contents", None),
        Block::Contents { depth: 2 },
        Block::PageBreak,
        heading(1, "First", Some("first")),
        paragraph("Some words, مرحبا, שלום, 髙橋, 한국어, Ωμέγα, Жук."),
        Block::Facts(vec![Fact {
            name: "Name".into(),
            value: vec![Run::mono("value")],
        }]),
        heading(2, "Second", Some("second")),
        Block::Callout {
            kind: CalloutKind::Warning,
            title: "Mind".into(),
            body: vec![vec![Run::plain("this")]],
        },
        Block::Bullets(vec![
            vec![Run::plain("one")],
            vec![Run::plain("two").link("first")],
        ]),
        Block::Table(streamed(90)),
        Block::Chart(Chart {
            title: "Chart".into(),
            description: "bars".into(),
            kind: bars,
        }),
        Block::Table(Table {
            wide: true,
            ..streamed(30)
        }),
        Block::Anchor("record".into()),
        Block::Verbatim("{\n  \"a\": \"\u{202e}\"\n}".into()),
        heading(1, "Third", Some("third")),
        Block::Paragraph(vec![Run::plain("to the record").link("record")]),
        Block::SignOff(vec!["Reviewed by".into()]),
    ]
}

fn info(file: &File, key: &[u8]) -> String {
    let info = file
        .trailer
        .get(b"Info")
        .and_then(Object::as_reference)
        .and_then(|id| file.get_dictionary(id));
    let text = info
        .and_then(|info| info.get(key))
        .and_then(Object::as_str)
        .expect("an entry");
    match text {
        [0xFE, 0xFF, units @ ..] => {
            let units: Vec<u16> = units
                .chunks(2)
                .map(|unit| u16::from_be_bytes([unit[0], unit[1]]))
                .collect();
            String::from_utf16(&units).expect("UTF-16")
        }
        ascii => String::from_utf8(ascii.to_vec()).expect("ASCII"),
    }
}

/// Runs a tool on the file. None where it is not installed, unless this is a build that must have it.
fn tool(name: &str, arguments: &[&str], bytes: &[u8]) -> Option<String> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("file.pdf");
    std::fs::write(&path, bytes).expect("written");
    let mut command = Command::new(name);
    let arguments = arguments.iter().map(|argument| {
        if *argument == "FILE" {
            path.as_os_str()
        } else {
            argument.as_ref()
        }
    });
    match command.args(arguments).output() {
        Ok(output) => {
            let said = String::from_utf8_lossy(&output.stdout).into_owned();
            assert!(
                output.status.success(),
                "{name}: {said}{}",
                String::from_utf8_lossy(&output.stderr)
            );
            Some(said)
        }
        Err(cause) => {
            assert!(
                std::env::var_os("CI").is_none(),
                "{name} is needed in a build: {cause}"
            );
            None
        }
    }
}

#[test]
fn qpdf_finds_nothing_wrong() {
    let bytes = render(&document(everything())).expect("drawn");
    if let Some(said) = tool("qpdf", &["--check", "FILE"], &bytes) {
        assert!(
            said.contains("No syntax or stream encoding errors found"),
            "{said}"
        );
    }
}

#[test]
fn the_same_document_gives_the_same_bytes_again_and_in_other_threads() {
    let first = render(&document(everything())).expect("drawn");
    let again = render(&document(everything())).expect("drawn");
    assert!(first == again);
    let threads: Vec<_> = (0..3)
        .map(|_| std::thread::spawn(|| render(&document(everything())).expect("drawn")))
        .collect();
    for thread in threads {
        assert!(thread.join().expect("no panic") == first);
    }
}

#[test]
fn another_word_gives_another_id() {
    let id = |word: &str| {
        let file = read(&render(&document(vec![paragraph(word)])).expect("drawn"));
        file.trailer
            .get(b"ID")
            .and_then(Object::as_array)
            .expect("an id")[0]
            .as_str()
            .expect("bytes")
            .to_vec()
    };
    assert_ne!(id("one"), id("two"));
    assert_eq!(id("one").len(), 16);
}

#[test]
fn each_page_of_a_table_has_its_head_and_every_row_is_there_once() {
    let bytes = render(&document(vec![Block::Table(streamed(2000))])).expect("drawn");
    let pages = texts(&read(&bytes));
    assert!(pages.len() > 20);
    for page in &pages {
        assert_eq!(page.matches("Headword").count(), 1, "{page}");
    }
    let all = pages.concat();
    for row in 0..2000 {
        assert_eq!(
            all.matches(&format!("row-{row:05}\n")).count(),
            1,
            "row {row}"
        );
        assert_eq!(
            all.matches(&format!("value of {row}\n")).count(),
            1,
            "row {row}"
        );
    }
    assert!(all.contains("All rows are listed."));
    if let Some(said) = tool("pdftotext", &["FILE", "-"], &bytes) {
        assert_eq!(said.matches("Headword").count(), pages.len());
        assert_eq!(said.matches("row-").count(), 2000);
    }
}

#[test]
fn each_page_says_which_of_how_many_it_is_and_whose() {
    let file = read(&render(&document(everything())).expect("drawn"));
    let pages = texts(&file);
    for (place, page) in pages.iter().enumerate() {
        assert!(
            page.contains(&format!("page {} of {}\n", place + 1, pages.len())),
            "{page}"
        );
        assert!(
            page.contains("pkt-1\n")
                && page.contains("Running head\n")
                && page.contains("all times UTC\n")
        );
    }
}

#[test]
fn a_row_taller_than_a_page_goes_on_and_says_so() {
    let words: Vec<String> = (0..3000).map(|word| format!("word{word}")).collect();
    let rows = vec![
        vec![Cell::text("1"), Cell::text(words.join(" "))],
        vec![Cell::text("2"), Cell::text("after")],
    ];
    let pages = texts(&read(
        &render(&document(vec![Block::Table(table(Rows::Listed(rows)))])).expect("drawn"),
    ));
    assert!(pages.len() >= 3);
    let all = pages.concat().replace('\n', " ");
    let found: Vec<&str> = all
        .split_whitespace()
        .filter(|word| word.starts_with("word"))
        .collect();
    assert_eq!(found, words);
    assert_eq!(
        all.matches("continues on the next page").count(),
        pages.len() - 1
    );
    assert_eq!(
        all.matches("continued from the page before").count(),
        pages.len() - 1
    );
    assert!(all.contains("after"));
}

#[test]
fn an_empty_table_says_that_it_is_empty() {
    let pages = texts(&read(
        &render(&document(vec![Block::Table(streamed(0))])).expect("drawn"),
    ));
    assert!(pages[0].contains("No rows."));
}

#[test]
fn text_that_others_wrote_stays_text() {
    let runs = vec![Run::plain(HOSTILE)];
    let blocks = vec![
        heading(1, HOSTILE, Some("x")),
        Block::Paragraph(runs.clone()),
        Block::Verbatim(HOSTILE.into()),
        Block::Table(table(Rows::Listed(vec![vec![
            runs.clone().into(),
            Cell::mono(HOSTILE),
        ]]))),
        Block::Title {
            text: HOSTILE.into(),
            subtitle: HOSTILE.into(),
        },
    ];
    let hostile = Document {
        title: HOSTILE.into(),
        packet_id: HOSTILE.into(),
        running_header: HOSTILE.into(),
        running_footer_note: HOSTILE.into(),
        author: HOSTILE.into(),
        ..document(blocks)
    };
    let bytes = render(&hostile).expect("drawn");
    let file = read(&bytes);
    let shown = crate::sanitize::inline(HOSTILE);
    let found = texts(&file).concat();
    let joined = found.replace(['\n', ' '], "");
    assert!(
        joined.matches(&shown.replace(' ', "")).count() >= 5,
        "{found}"
    );
    assert!(!found.contains('\u{202e}') && !found.contains('\0'));
    assert_eq!(info(&file, b"Title"), shown);
    // Nothing in the file is an action.
    for object in file.objects.values() {
        if let Ok(dictionary) = object.as_dict() {
            assert!(
                !dictionary.has(b"S") && !dictionary.has(b"JS") && !dictionary.has(b"AA"),
                "{dictionary:?}"
            );
        }
    }
    let xmp = xmp_of(&file);
    assert!(!xmp.contains("<evil") && xmp.contains("&lt;evil/&gt;"));
    assert!(xmp.chars().all(|c| c >= ' ' || c == '\n'));
    check_well_formed(&xmp);
    tool("qpdf", &["--check", "FILE"], &bytes);
}

fn xmp_of(file: &File) -> String {
    let metadata = file
        .catalog()
        .and_then(|catalog| catalog.get(b"Metadata"))
        .and_then(Object::as_reference);
    let stream = metadata
        .and_then(|id| file.get_object(id))
        .and_then(Object::as_stream)
        .expect("metadata");
    String::from_utf8(stream.content.clone()).expect("UTF-8")
}

/// Each tag that opens closes in order; no bare `&`.
fn check_well_formed(xml: &str) {
    let mut open = Vec::new();
    for part in xml.split('<').skip(1) {
        let tag = part.split('>').next().expect("a tag");
        match tag.strip_prefix('/') {
            Some(name) => assert_eq!(open.pop(), Some(name)),
            None if tag.starts_with('?') => {}
            None => open.push(tag.split_whitespace().next().expect("a name")),
        }
    }
    assert_eq!(open, Vec::<&str>::new());
    for entity in xml.split('&').skip(1) {
        let name = entity.split(';').next().expect("an entity");
        assert!(["lt", "gt", "amp", "quot", "#39"].contains(&name), "{name}");
    }
}

#[test]
fn the_outline_is_a_tree_and_leads_to_the_pages_of_its_headings() {
    let file = read(&render(&document(everything())).expect("drawn"));
    let pages = texts(&file);
    let root = file
        .catalog()
        .and_then(|catalog| catalog.get(b"Outlines"))
        .and_then(Object::as_reference)
        .expect("an outline");
    let top = siblings(&file, root);
    let titles: Vec<&str> = top.iter().map(|entry| title(&file, *entry)).collect();
    assert_eq!(titles, ["Contents", "First", "Third"]);
    let under: Vec<&str> = siblings(&file, top[1])
        .iter()
        .map(|entry| title(&file, *entry))
        .collect();
    assert_eq!(under, ["Second"]);
    for entry in top {
        let page = destination(&file, file.get_dictionary(entry).expect("an entry"));
        assert!(pages[page].contains(title(&file, entry)));
    }
}

fn siblings(file: &File, parent: ObjectId) -> Vec<ObjectId> {
    let entry = |id: ObjectId, key: &[u8]| {
        file.get_dictionary(id)
            .ok()?
            .get(key)
            .and_then(Object::as_reference)
            .ok()
    };
    std::iter::successors(entry(parent, b"First"), |&id| entry(id, b"Next")).collect()
}

fn title(file: &File, entry: ObjectId) -> &str {
    let title = file
        .get_dictionary(entry)
        .and_then(|entry| entry.get(b"Title"))
        .and_then(Object::as_str);
    std::str::from_utf8(title.expect("a title")).expect("ASCII")
}

/// The page that an entry or a link leads to, counted from 0.
fn destination(file: &File, from: &lopdf::Dictionary) -> usize {
    let place = from
        .get(b"Dest")
        .and_then(Object::as_array)
        .expect("a destination");
    let page = place[0].as_reference().expect("a page");
    file.get_pages()
        .values()
        .position(|&id| id == page)
        .expect("a page of this file")
}

#[test]
fn links_lead_to_the_page_of_what_they_name() {
    let file = read(&render(&document(everything())).expect("drawn"));
    let pages = texts(&file);
    let mut seen = BTreeMap::new();
    for id in file.get_pages().into_values() {
        for annotation in file.get_page_annotations(id).expect("annotations") {
            let label = annotation
                .get(b"Contents")
                .and_then(Object::as_str)
                .expect("a label");
            seen.insert(
                String::from_utf8_lossy(label).into_owned(),
                destination(&file, annotation),
            );
        }
    }
    assert!(pages[seen["two"]].contains("\nFirst\n"));
    assert!(pages[seen["to the record"]].contains("\"a\""));
    assert!(pages[seen["Second"]].contains("\nSecond\n"));
    // The contents page says the number of the page that its link leads to.
    let contents = &pages[0];
    for heading in ["First", "Second", "Third"] {
        assert!(
            contents.contains(&format!("{heading}\n{}\n", seen[heading] + 1)),
            "{heading}: {contents}"
        );
    }
}

#[test]
fn letters_of_all_scripts_can_be_copied_out() {
    let bytes = render(&document(everything())).expect("drawn");
    let drawn = texts(&read(&bytes)).concat();
    for word in ["髙橋", "한국어", "Ωμέγα", "Жук"] {
        assert!(drawn.contains(word), "{word}");
    }
    // On the page these stand from right to left.
    for word in ["مرحبا", "שלום"] {
        assert!(
            drawn.contains(&word.chars().rev().collect::<String>()),
            "{word}"
        );
    }
    if let Some(said) = tool("pdftotext", &["FILE", "-"], &bytes) {
        for word in ["مرحبا", "שלום", "髙橋", "한국어", "Ωμέγα", "Жук"] {
            assert!(said.contains(word), "{word}");
        }
    }
}

#[test]
fn look_alikes_keep_their_own_characters() {
    // Latin and Cyrillic letters that fonts may draw alike, and a composed and a decomposed é.
    let text = "aа eе oо pр cс AΑА éé";
    let pages = texts(&read(
        &render(&document(vec![paragraph(text)])).expect("drawn"),
    ));
    assert!(pages[0].contains(text), "{}", pages[0]);
}

#[test]
fn mistakes_in_a_document_are_named() {
    let refused = |blocks| render(&document(blocks)).expect_err("refused").to_string();
    let link = Block::Paragraph(vec![Run::plain("x").link("nowhere")]);
    assert_eq!(
        refused(vec![link]),
        "link to `nowhere`: nothing in the document has that name"
    );
    let twice = || heading(1, "a", Some("same"));
    assert_eq!(
        refused(vec![twice(), twice()]),
        "anchor `same`: two places in the document have that name"
    );
    let uneven = table(Rows::Listed(vec![vec![Cell::text("only one")]]));
    assert_eq!(
        refused(vec![Block::Table(uneven)]),
        "table `events`, row 1: 1 cells for 2 columns"
    );
}

struct Failing;

impl RowSource for Failing {
    fn for_each(&self, each: &mut dyn FnMut(&[Cell])) -> Result<(), RowError> {
        each(&[Cell::text("1"), Cell::text("a")]);
        Err("the ledger is gone".into())
    }
}

#[test]
fn a_source_that_fails_stops_the_document() {
    let failing = table(Rows::Streamed(std::boxed::Box::new(Failing)));
    let refused = render(&document(vec![Block::Table(failing)]))
        .expect_err("refused")
        .to_string();
    assert_eq!(
        refused,
        "table `events`: the rows could not be read: the ledger is gone"
    );
}

#[test]
fn a_heading_never_stands_alone_at_the_foot_of_a_page() {
    for filler in 30..60 {
        let mut blocks: Vec<Block<'static>> = (0..filler)
            .map(|line| paragraph(&format!("line {line}")))
            .collect();
        blocks.push(heading(2, "The heading", None));
        blocks.push(Block::Table(streamed(3)));
        let pages = texts(&read(&render(&document(blocks)).expect("drawn")));
        let page = pages
            .iter()
            .find(|page| page.contains("The heading"))
            .expect("drawn");
        assert!(page.contains("row-00000"), "after {filler} lines");
    }
}

#[test]
fn a_document_without_blocks_is_one_page() {
    assert_eq!(
        texts(&read(&render(&document(Vec::new())).expect("drawn"))).len(),
        1
    );
}

/// Watches that tags open and close in order, and that content stands in tags.
#[derive(Default)]
struct Watcher {
    /// Whether it is open for things that are no text.
    open: Vec<bool>,
    untagged: Vec<String>,
    seen: Vec<String>,
}

impl Canvas for Watcher {
    fn begin_page(&mut self, _: f64, _: f64) -> Result<(), PdfError> {
        Ok(())
    }

    fn end_page(&mut self) -> Result<(), PdfError> {
        Ok(())
    }

    fn resume_page(&mut self, _: usize) -> Result<(), PdfError> {
        Ok(())
    }

    fn text(
        &mut self,
        _: f64,
        _: f64,
        _: f64,
        _: crate::render::chart::Ink,
        parts: &[&fonts::Shaped],
    ) {
        if self.open.is_empty() {
            self.untagged
                .extend(parts.iter().map(|part| part.text.to_string()));
        }
    }

    fn area(&mut self, _: f64, _: f64, _: f64, _: f64, _: crate::render::chart::Ink) {
        if !self.open.contains(&true) {
            self.untagged.push("an area".into());
        }
    }

    fn line(&mut self, _: (f64, f64), _: (f64, f64), _: f64, _: crate::render::chart::Ink) {
        if !self.open.contains(&true) {
            self.untagged.push("a line".into());
        }
    }

    fn link(&mut self, _: f64, _: f64, _: f64, _: f64, _: &str, _: &str) {}
    fn outline(&mut self, _: u8, _: &str, _: f64) {}

    fn open(&mut self, tag: canvas::Tag<'_>) {
        self.open.push(matches!(
            tag,
            canvas::Tag::Artifact | canvas::Tag::Figure(_)
        ));
        self.seen.push(format!("{tag:?}"));
    }

    fn close(&mut self) {
        self.open.pop().expect("only what is open is closed");
    }
}

#[test]
fn everything_that_is_drawn_stands_in_a_tag() {
    let mut watcher = Watcher::default();
    let mut set = Typesetter {
        fonts: Fonts::load().expect("the fonts of the program"),
    };
    let frame = Frame {
        title: "t",
        packet_id: "p",
        footer_note: "f",
    };
    let document = document(everything());
    draw(&document, &mut watcher, &mut set, &frame).expect("laid out");
    assert_eq!(watcher.untagged, Vec::<String>::new());
    assert!(watcher.open.is_empty());
    for tag in [
        "Heading(1)",
        "Heading(2)",
        "Figure(\"bars\")",
        "Code",
        "Entry",
        "HeaderCell",
    ] {
        assert!(watcher.seen.iter().any(|seen| seen == tag), "{tag}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_text_anywhere_is_drawn_and_the_file_can_be_read(
        text in "(\\PC|[\\x00-\\x20]|\\p{Arabic}|\\p{Hebrew}|\\p{Han}|\\p{M}|[\u{202a}-\u{202e}]){0,60}",
        narrow in -5.0..400.0f64,
    ) {
        let runs = || vec![Run::plain(&*text), Run::bold(&*text), Run::mono(&*text).tone(Tone::Bad)];
        let bar = Bar { label: text.clone(), value: 1, tone: Tone::Good };
        let squeezed = Table {
            columns: vec![Column::points(&*text, narrow).center(), Column::share(&*text, 1.0).right()],
            ..table(Rows::Listed(vec![vec![runs().into(), runs().into()]]))
        };
        let blocks = vec![
            heading(1, &text, None),
            Block::Contents { depth: 4 },
            Block::Paragraph(runs()),
            Block::Callout { kind: CalloutKind::Note, title: text.clone(), body: vec![runs()] },
            Block::Table(squeezed),
            Block::Verbatim(text.clone()),
            Block::Chart(Chart { title: text.clone(), description: text.clone(), kind: ChartKind::Bars(vec![bar]) }),
        ];
        let bytes = render(&Document { running_header: text.repeat(9), ..document(blocks) }).expect("drawn");
        let file = read(&bytes);
        prop_assert!(texts(&file)[0].contains("page 1 of "));
        check_well_formed(&xmp_of(&file));
    }
}

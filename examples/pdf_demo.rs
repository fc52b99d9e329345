//! Writes a PDF with every kind of block, to look at: `cargo run --example pdf_demo -- out.pdf`.
//!
//! With a number after the path it writes one table of that many rows instead.
//! All values are made up; accounts and addresses are those for documentation.

use std::process::ExitCode;

use attestrail::render::block::{
    Bar, Block, CalloutKind, Cell, Chart, ChartKind, Column, Fact, GridRow, Pattern, RowError,
    RowSource, Rows, Run, StackedRow, State, Table, Tone,
};
use attestrail::render::pdf::{self, Document};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let blocks = match arguments.as_slice() {
        [_] => demo(),
        [_, count] => match count.parse() {
            Ok(count) => vec![Block::Table(events(
                "all",
                Rows::Streamed(Box::new(Events(count))),
            ))],
            Err(cause) => return fail(&format!("`{count}`: {cause}")),
        },
        _ => return fail("usage: pdf_demo OUT.pdf [ROWS]"),
    };
    let document = Document {
        title: "Evidence packet: PCI DSS v4.0.1, October 2026".into(),
        packet_id: "pkt-2026-10-pci-7f3a9c41".into(),
        language: "en".into(),
        running_header: "PCI DSS v4.0.1 evidence packet · Example Payments".into(),
        running_footer_note: "Period 2026-10-01T00:00:00Z to 2026-11-01T00:00:00Z · all times UTC"
            .into(),
        author: "Example Payments, Audit".into(),
        created_at: "2026-11-01T02:00:00Z".into(),
        blocks,
    };
    let written = pdf::render(&document).map_err(|failure| failure.to_string());
    match written
        .and_then(|bytes| std::fs::write(&arguments[0], bytes).map_err(|cause| cause.to_string()))
    {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => fail(&message),
    }
}

fn fail(message: &str) -> ExitCode {
    eprintln!("{message}");
    ExitCode::FAILURE
}

/// Rows that are made while they are asked for.
struct Events(usize);

impl RowSource for Events {
    fn for_each(&self, each: &mut dyn FnMut(&[Cell])) -> Result<(), RowError> {
        (0..self.0).for_each(|number| each(&event(number)));
        Ok(())
    }
}

fn event(number: usize) -> Vec<Cell> {
    const NAMES: [&str; 6] = [
        "ConsoleLogin",
        "DeleteTrail",
        "PutBucketPolicy",
        "CreateAccessKey",
        "AuthorizeSecurityGroupIngress",
        "StopLogging",
    ];
    let (day, hour, minute) = (number / 330 % 31 + 1, number / 14 % 24, number * 7 % 60);
    let refused = number % 9 == 4;
    let outcome = if refused {
        Run::plain("refused").tone(Tone::Warning)
    } else {
        Run::plain("success")
    };
    let user = match number % 5 {
        0 => "arn:aws:sts::111122223333:assumed-role/PlatformAdmin/maria.lopez@example.com",
        1 => "root",
        2 => "arn:aws:iam::444455556666:user/ci-deploy",
        3 => "arn:aws:iam::444455556666:user/髙橋一郎",
        _ => {
            "arn:aws:sts::777788889999:assumed-role/AWSReservedSSO_Operations_0123456789abcdef/j.smith"
        }
    };
    vec![
        Cell::text((number + 1).to_string()),
        Cell::text(format!(
            "2026-10-{day:02} {hour:02}:{minute:02}:{:02}Z",
            number * 13 % 60
        )),
        Cell::bold(NAMES[number % NAMES.len()]),
        Cell::text(user),
        Cell::mono(format!("198.51.100.{}", number % 250)),
        outcome.into(),
        Cell::mono(format!(
            "{:08x}-{:04x}-4{:03x}-a{:03x}-{:012x}",
            number * 2_654_435_761 % 0xFFFF_FFFF,
            number % 0xFFFF,
            number % 0xFFF,
            number * 31 % 0xFFF,
            number * 1_000_003
        )),
    ]
}

fn events<'a>(name: &str, rows: Rows<'a>) -> Table<'a> {
    Table {
        name: name.into(),
        caption: Some("Exceptions, in the order of time".into()),
        columns: vec![
            Column::points("No.", 32.0).right(),
            Column::points("Time (UTC)", 84.0),
            Column::points("Event", 100.0),
            Column::share("Who", 1.0),
            Column::points("From", 72.0),
            Column::points("Outcome", 48.0),
            Column::points("Event id", 166.0),
        ],
        rows,
        when_empty: "No exceptions.".into(),
        note: Some("All exceptions are listed. The same rows with more columns: controls/root-api-activity/exceptions.csv".into()),
        wide: true,
    }
}

fn demo() -> Vec<Block<'static>> {
    let mut blocks = cover();
    blocks.extend(conclusions());
    blocks.extend(scope());
    blocks.extend(control());
    blocks.extend(hostile());
    blocks.extend([
        heading(1, "Sign-off", None),
        text("The undersigned have read this packet. Their signature says that they did, not what they concluded."),
        Block::SignOff(vec!["Prepared by".into(), "Reviewed by".into(), "Assessor".into()]),
    ]);
    blocks
}

fn heading(level: u8, text: &str, anchor: Option<&str>) -> Block<'static> {
    Block::Heading {
        level,
        text: text.into(),
        anchor: anchor.map(str::to_owned),
    }
}

fn text(text: &str) -> Block<'static> {
    Block::Paragraph(vec![Run::plain(text)])
}

fn fact(name: &str, value: Run) -> Fact {
    Fact {
        name: name.into(),
        value: vec![value],
    }
}

fn cover() -> Vec<Block<'static>> {
    vec![
        Block::Title {
            text: "Evidence packet".into(),
            subtitle: "PCI DSS v4.0.1 · October 2026 · Example Payments".into(),
        },
        Block::Facts(vec![
            fact("Packet", Run::mono("pkt-2026-10-pci-7f3a9c41")),
            fact(
                "Period",
                Run::plain("2026-10-01 00:00:00 UTC to 2026-11-01 00:00:00 UTC (end not included)"),
            ),
            fact("Accounts", Run::plain("3 of 3 in scope")),
            fact(
                "Records",
                Run::plain(
                    "1,204,311 examined; 1,204,355 seen = 1,204,311 kept + 44 duplicate + 0 refused",
                ),
            ),
            fact(
                "Manifest",
                Run::mono("9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"),
            ),
            fact(
                "Made",
                Run::plain("2026-11-01 02:00:00 UTC by attestrail 0.1.0"),
            ),
        ]),
        Block::Callout {
            kind: CalloutKind::Verdict(Tone::Bad),
            title: "Exceptions noted".into(),
            body: vec![vec![
                Run::plain("2 of 25 controls have exceptions, 1 is not determinable. See "),
                Run::plain("conclusions at a glance").link("conclusions"),
                Run::plain("."),
            ]],
        },
        Block::Callout {
            kind: CalloutKind::Note,
            title: "What this packet is".into(),
            body: vec![vec![Run::plain(
                "Evidence from AWS CloudTrail records, with the records themselves. It reports what the records show and draws no conclusion about compliance.",
            )]],
        },
        Block::PageBreak,
        heading(1, "Contents", None),
        Block::Contents { depth: 2 },
        Block::PageBreak,
    ]
}

fn verdict_states() -> Vec<State> {
    [
        ("No exceptions noted", 'N', Tone::Good, Pattern::Solid),
        ("Exceptions noted", 'E', Tone::Bad, Pattern::Hatched),
        ("Not determinable", 'U', Tone::Warning, Pattern::Crossed),
        ("Listed for review", 'L', Tone::Accent, Pattern::Open),
    ]
    .map(|(label, letter, tone, pattern)| State {
        label: label.into(),
        letter,
        tone,
        pattern,
    })
    .to_vec()
}

fn conclusions() -> Vec<Block<'static>> {
    let row = |label: &str, values: [u64; 4]| StackedRow {
        label: label.into(),
        values: values.to_vec(),
    };
    let bar = |label: &str, value, tone| Bar {
        label: label.into(),
        value,
        tone,
    };
    vec![
        heading(1, "Conclusions at a glance", Some("conclusions")),
        Block::Paragraph(vec![
            Run::plain("Each control is judged over the whole period. "),
            Run::bold("Not determinable"),
            Run::plain(
                " means that the records cannot show it, whatever they contain; it is never a pass. The requirement with the most exceptions is ",
            ),
            Run::mono("10.3.2"),
            Run::plain(", see "),
            Run::plain("The root user does not work").link("root-api-activity"),
            Run::plain("."),
        ]),
        Block::Chart(Chart {
            title: "Controls by requirement and verdict".into(),
            description: "Four requirements with their verdicts".into(),
            kind: ChartKind::Stacked {
                states: verdict_states(),
                rows: vec![
                    row("Requirement 1 and 2", [4, 0, 1, 0]),
                    row("Requirement 7", [2, 1, 0, 2]),
                    row("Requirement 8", [5, 1, 0, 1]),
                    row("Requirement 10", [6, 0, 1, 1]),
                ],
            },
        }),
        Block::Chart(Chart {
            title: "Exceptions by control".into(),
            description: "Bars".into(),
            kind: ChartKind::Bars(vec![
                bar("root-api-activity", 1204, Tone::Bad),
                bar("console-login-without-mfa", 311, Tone::Bad),
                bar(
                    "trail-changes-with-a-name-that-is-far-too-long-for-the-gutter",
                    12,
                    Tone::Warning,
                ),
                bar("security-group-open-to-the-world", 0, Tone::Good),
            ]),
        }),
        heading(2, "What changed since last month", None),
        Block::Bullets(vec![
            vec![
                Run::bold("root-api-activity"),
                Run::plain(
                    ": from no exceptions noted to exceptions noted (1,204 exceptions on 3 days).",
                ),
            ],
            vec![
                Run::bold("console-login-without-mfa"),
                Run::plain(": 14 more exceptions; the waiver of ticket "),
                Run::mono("SEC-1042"),
                Run::plain(
                    " ended on 2026-10-12, and sign-ins after that day are no longer covered by it.",
                ),
            ],
            vec![Run::plain("Account 777788889999 is new in scope.")],
        ]),
    ]
}

fn scope() -> Vec<Block<'static>> {
    let states = [
        ("Complete", 'C', Tone::Good, Pattern::Open),
        ("Quiet, proven by digests", 'Q', Tone::Muted, Pattern::Open),
        ("Gap", 'G', Tone::Bad, Pattern::Hatched),
        ("Not delivered", 'N', Tone::Warning, Pattern::Crossed),
    ];
    let regions = ["eu-west-1", "eu-central-1", "us-east-1", "ap-northeast-1"];
    let rows = ["111122223333", "444455556666", "777788889999"]
        .iter()
        .flat_map(|account| {
            regions
                .iter()
                .enumerate()
                .map(move |(place, region)| GridRow {
                    label: format!("{account} {region}"),
                    cells: (0..31)
                        .map(|day| {
                            if place == 3 && day > 20 {
                                3
                            } else if (day + place) % 13 == 5 {
                                2
                            } else {
                                usize::from((day * place) % 7 == 3)
                            }
                        })
                        .collect(),
                })
        });
    vec![
        heading(1, "Scope and method", Some("scope")),
        text("Three accounts in four Regions. A day counts as covered when log files or digest files prove that recording went on."),
        Block::Chart(Chart {
            title: "Coverage by account, Region and day of October 2026".into(),
            description: "Grid".into(),
            kind: ChartKind::Grid {
                states: states.map(|(label, letter, tone, pattern)| State { label: label.into(), letter, tone, pattern }).to_vec(),
                columns: (1..=31).map(|day: u32| day.to_string()).collect(),
                rows: rows.collect(),
            },
        }),
        Block::Callout {
            kind: CalloutKind::Warning,
            title: "9 gaps".into(),
            body: vec![vec![Run::plain("Verdicts that need the missing days are not determinable. The gaps are listed in "), Run::mono("logs/coverage.csv"), Run::plain(".")]],
        },
        heading(2, "How to perform this again", None),
        Block::Verbatim("attestrail report logs/ --period 2026-10 --framework pci-dss-4.0.1 \\\n    --controls controls/ --scope scope.toml --out packets/".into()),
        heading(2, "Requirements", None),
        Block::Table(requirements()),
    ]
}

fn requirements() -> Table<'static> {
    let verdict = |text: &str, tone| Run::bold(text).tone(tone).into();
    let row = |number: &str, title: &str, controls: &str, verdict: Cell, count: &str| {
        vec![
            Cell::mono(number),
            Cell::text(title),
            Cell::text(controls),
            verdict,
            Cell::text(count),
        ]
    };
    Table {
        name: "requirements".into(),
        caption: None,
        columns: vec![
            Column::points("Number", 48.0),
            Column::share("What it asks, in short", 1.0),
            Column::points("Controls", 120.0),
            Column::points("Verdict", 98.0),
            Column::points("Exceptions", 56.0).right(),
        ],
        rows: Rows::Listed(vec![
            row(
                "2.2.2",
                "Vendor accounts are managed",
                "root-api-activity",
                verdict("Exceptions noted", Tone::Bad),
                "1,204",
            ),
            row(
                "7.2.2",
                "Access is given by job and least privilege, and each grant can be traced to somebody who approved it",
                "root-api-activity, iam-policy-changes",
                verdict("Exceptions noted", Tone::Bad),
                "1,204",
            ),
            row(
                "8.4.1",
                "Administrators sign in with more than one factor",
                "console-login-without-mfa",
                verdict("Not determinable", Tone::Warning),
                "–",
            ),
            row(
                "10.3.2",
                "Audit logs are kept from change",
                "trail-changes",
                verdict("No exceptions noted", Tone::Good),
                "0",
            ),
        ]),
        when_empty: String::new(),
        note: None,
        wide: false,
    }
}

fn control() -> Vec<Block<'static>> {
    vec![
        heading(1, "Controls", None),
        heading(2, "The root user does not work", Some("root-api-activity")),
        Block::Callout {
            kind: CalloutKind::Verdict(Tone::Bad),
            title: "Exceptions noted: at least 1,204".into(),
            body: vec![vec![Run::plain("1,204,311 examined = 1,203,107 conforming + 1,204 exceptions + 0 waived + 0 undecided + 0 excluded")]],
        },
        Block::Facts(vec![
            fact("Objective", Run::plain("Show that nobody worked as the root user in the period.")),
            fact("Procedure", Run::plain("Inspect every record whose caller is the root user and that no AWS service made on its behalf.")),
            fact("Limits", Run::plain("Shows use, not how the root credentials are kept.")),
        ]),
        heading(3, "Pattern", None),
        Block::Verbatim("[expect.pattern]\nuserIdentity.type = [\"Root\"]\nuserIdentity.invokedBy = [{ exists = false }]\neventType = [{ anything-but = \"AwsServiceEvent\" }]".into()),
        heading(3, "Exceptions", None),
        Block::Table(events("exceptions", Rows::Streamed(Box::new(Events(70))))),
        heading(3, "Attempts", None),
        Block::Table(Table { caption: None, note: None, wide: false, when_empty: "No refused calls in the period.".into(), ..events("attempts", Rows::Listed(Vec::new())) }),
        heading(3, "A record of the sample", None),
        Block::Anchor("record-1".into()),
        Block::Verbatim(format!("{{\"eventVersion\":\"1.11\",\"userIdentity\":{{\"type\":\"Root\",\"principalId\":\"111122223333\",\"arn\":\"arn:aws:iam::111122223333:root\"}},\"requestParameters\":{{\"policyDocument\":\"{}\"}}}}", "AAAABBBB".repeat(60))),
    ]
}

fn hostile() -> Vec<Block<'static>> {
    let row =
        |what: &str, value: &str| vec![Cell::text(what), Cell::text(value), Cell::mono(value)];
    let tall =
        "A value that is longer than a page goes on over pages, and nothing of it is left out. "
            .repeat(150);
    vec![
        heading(1, "Text that others wrote", None),
        Block::Table(Table {
            name: "hostile".into(),
            caption: Some("Names and user agents as the page shows them".into()),
            columns: vec![
                Column::points("What", 92.0),
                Column::share("Value", 1.0),
                Column::share("In fixed pitch", 1.0),
            ],
            rows: Rows::Listed(vec![
                row("Japanese", "髙橋一郎 﨑山 鷗外 カタカナ"),
                row("Korean, Chinese", "한국어 이름 简体们 繁體"),
                row("Arabic", "مرحبا بالعالم user 123"),
                row("Hebrew", "שלום עולם (test) 42"),
                row("Greek, Cyrillic", "Ωμέγα Ελλάδα Жук Ёлка"),
                row("Latin", "Ångström Łódź Đặng fi ﬁ e\u{301}"),
                row("Controls", "a\u{1b}[31mred\0 line\nbreak"),
                row("Direction", "invoice\u{202e}fdp.exe"),
                row("Invisible", "ad\u{200b}min \u{e0041}\u{feff}"),
                row(
                    "PDF operators",
                    ") Tj ET Q /F1 99 Tf (x) <</JS(app.alert(1))>>",
                ),
                row("Markup", "</rdf:li><evil/> <script>alert(1)</script>"),
                row("No font has it", "😀 𓀀"),
            ]),
            when_empty: String::new(),
            note: None,
            wide: false,
        }),
        Block::Table(Table {
            name: "tall".into(),
            caption: Some("A row that is taller than a page".into()),
            columns: vec![
                Column::points("Field", 92.0),
                Column::points("Value", 150.0),
                Column::share("Note", 1.0),
            ],
            rows: Rows::Listed(vec![
                vec![
                    Cell::text("errorMessage"),
                    Cell::text(tall),
                    Cell::text("whole"),
                ],
                vec![
                    Cell::text("next"),
                    Cell::text("row"),
                    Cell::text("after it"),
                ],
            ]),
            when_empty: String::new(),
            note: None,
            wide: false,
        }),
    ]
}

//! The blocks that a document is made of: plain data, in reading order.
//!
//! Knows nothing of pages, fonts or formats. Text is held as it is; whoever
//! draws a block makes it safe to show (see [`crate::sanitize`]), once.

/// One block of a document.
#[derive(Debug)]
pub enum Block<'a> {
    /// The name of the whole document, on its cover.
    Title {
        text: String,
        subtitle: String,
    },
    /// A heading; level 1 is the highest. Each one stands in the outline.
    Heading {
        level: u8,
        text: String,
        anchor: Option<String>,
    },
    Paragraph(Vec<Run>),
    /// Names and their values, in two columns.
    Facts(Vec<Fact>),
    Callout {
        kind: CalloutKind,
        title: String,
        body: Vec<Vec<Run>>,
    },
    Bullets(Vec<Vec<Run>>),
    Table(Table<'a>),
    Chart(Chart),
    /// Lines in fixed pitch that are kept as they are: pattern text, records.
    Verbatim(String),
    /// A place that links can go to.
    Anchor(String),
    PageBreak,
    /// Stands for the list of headings down to `depth`, with page numbers.
    Contents {
        depth: u8,
    },
    /// Lines to sign on, one set for each role.
    SignOff(Vec<String>),
}

/// A stretch of text in one style.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Run {
    pub text: String,
    pub bold: bool,
    /// Fixed pitch, for ids and names that are compared character by character.
    pub mono: bool,
    pub tone: Tone,
    /// The anchor this text leads to.
    pub link: Option<String>,
}

impl Run {
    pub fn plain(text: impl Into<String>) -> Self {
        Run {
            text: text.into(),
            ..Run::default()
        }
    }

    pub fn bold(text: impl Into<String>) -> Self {
        Run {
            bold: true,
            ..Run::plain(text)
        }
    }

    pub fn mono(text: impl Into<String>) -> Self {
        Run {
            mono: true,
            ..Run::plain(text)
        }
    }

    pub fn tone(self, tone: Tone) -> Self {
        Run { tone, ..self }
    }

    pub fn link(self, anchor: impl Into<String>) -> Self {
        Run {
            link: Some(anchor.into()),
            ..self
        }
    }
}

/// What a colour says. Colour is never the only sign: the words say it too.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tone {
    #[default]
    Plain,
    Muted,
    Accent,
    Good,
    Warning,
    Bad,
}

/// A name and its value.
#[derive(Debug, Clone, PartialEq)]
pub struct Fact {
    pub name: String,
    pub value: Vec<Run>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CalloutKind {
    Note,
    Warning,
    /// A verdict, in the tone of its gravity.
    Verdict(Tone),
}

/// A table. Its rows may be many: they are asked for when they are drawn.
#[derive(Debug)]
pub struct Table<'a> {
    /// Says in messages which table went wrong; the `ref` of the markup.
    pub name: String,
    /// Stands above the table.
    pub caption: Option<String>,
    pub columns: Vec<Column>,
    pub rows: Rows<'a>,
    /// Stands in place of the rows when there are none.
    pub when_empty: String,
    /// Stands below the table: whether rows were left out, and where the whole table is.
    pub note: Option<String>,
    /// Asks for a page on its side.
    pub wide: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    pub title: String,
    pub width: Width,
    pub align: Align,
}

impl Column {
    /// A column that takes `share` parts of the width that fixed columns leave.
    pub fn share(title: impl Into<String>, share: f64) -> Self {
        Column {
            title: title.into(),
            width: Width::Share(share),
            align: Align::Left,
        }
    }

    /// A column of `points` 1/72 inch.
    pub fn points(title: impl Into<String>, points: f64) -> Self {
        Column {
            title: title.into(),
            width: Width::Points(points),
            align: Align::Left,
        }
    }

    pub fn right(self) -> Self {
        Column {
            align: Align::Right,
            ..self
        }
    }

    pub fn center(self) -> Self {
        Column {
            align: Align::Center,
            ..self
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Width {
    Points(f64),
    Share(f64),
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Align {
    #[default]
    Left,
    Right,
    Center,
}

/// A cell is text in styles.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Cell {
    pub runs: Vec<Run>,
}

impl Cell {
    pub fn text(text: impl Into<String>) -> Self {
        Run::plain(text).into()
    }

    pub fn mono(text: impl Into<String>) -> Self {
        Run::mono(text).into()
    }

    pub fn bold(text: impl Into<String>) -> Self {
        Run::bold(text).into()
    }
}

impl From<Run> for Cell {
    fn from(run: Run) -> Self {
        Cell { runs: vec![run] }
    }
}

impl From<Vec<Run>> for Cell {
    fn from(runs: Vec<Run>) -> Self {
        Cell { runs }
    }
}

/// Why a row source stopped.
pub type RowError = Box<dyn std::error::Error + Send + Sync>;

/// Rows that come one by one, so that long tables never lie in memory whole.
pub trait RowSource {
    /// Calls `each` with every row.
    ///
    /// # Errors
    /// Whatever keeps the source from giving all its rows.
    fn for_each(&self, each: &mut dyn FnMut(&[Cell])) -> Result<(), RowError>;
}

/// The rows of a table.
pub enum Rows<'a> {
    Listed(Vec<Vec<Cell>>),
    Streamed(Box<dyn RowSource + 'a>),
}

impl RowSource for Rows<'_> {
    fn for_each(&self, each: &mut dyn FnMut(&[Cell])) -> Result<(), RowError> {
        match self {
            Rows::Listed(rows) => {
                rows.iter().for_each(|row| each(row));
                Ok(())
            }
            Rows::Streamed(source) => source.for_each(each),
        }
    }
}

impl std::fmt::Debug for Rows<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Rows::Listed(rows) => f.debug_tuple("Listed").field(rows).finish(),
            Rows::Streamed(_) => f.write_str("Streamed"),
        }
    }
}

/// A picture of numbers. The numbers stand in a table nearby as well.
#[derive(Debug, Clone, PartialEq)]
pub struct Chart {
    pub title: String,
    /// What the chart shows, in words, for readers who do not see it.
    pub description: String,
    pub kind: ChartKind,
}

#[derive(Debug, Clone, PartialEq)]
pub enum ChartKind {
    /// One bar for each label, across.
    Bars(Vec<Bar>),
    /// One bar for each label, in parts; each part has the state of its place.
    Stacked {
        states: Vec<State>,
        rows: Vec<StackedRow>,
    },
    /// A field of cells, each in one of a few states: account and Region by day.
    Grid {
        states: Vec<State>,
        columns: Vec<String>,
        rows: Vec<GridRow>,
    },
}

#[derive(Debug, Clone, PartialEq)]
pub struct Bar {
    pub label: String,
    pub value: u64,
    pub tone: Tone,
}

/// What a part or a cell can be. Its letter and pattern say it without colour.
#[derive(Debug, Clone, PartialEq)]
pub struct State {
    pub label: String,
    pub letter: char,
    pub tone: Tone,
    pub pattern: Pattern,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pattern {
    Solid,
    /// Lines that rise to the right.
    Hatched,
    /// Lines both ways.
    Crossed,
    /// Only the frame.
    Open,
}

#[derive(Debug, Clone, PartialEq)]
pub struct StackedRow {
    pub label: String,
    /// One value for each state, in their order.
    pub values: Vec<u64>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct GridRow {
    pub label: String,
    /// One for each column: the place of its state in `states`.
    pub cells: Vec<usize>,
}

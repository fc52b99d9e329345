//! Draws each kind of block but tables. Decides what stays together.

use super::super::block::{Block, CalloutKind, Cell, Chart, Fact, Run, Tone};
use super::super::chart::{self, Anchor, Ink, Mark, Scene};
use super::PdfError;
use super::canvas::Tag;
use super::flow::{Entry, Flow, Late, LateEntry, LateText, Panel};
use super::text::{Line, Ruler, Style};

const BODY: Style = Style::plain(9.4);
const BODY_LEADING: f64 = 13.6;
const CODE: Style = Style {
    mono: true,
    ..Style::plain(7.6)
};
const CODE_LEADING: f64 = 10.4;

/// The headings of a document in their order, each with the name of its place.
pub fn entries(blocks: &[Block<'_>]) -> Vec<Entry> {
    let mut entries = Vec::new();
    for (at, block) in blocks.iter().enumerate() {
        if let Block::Heading { level, text, .. } = block {
            // The contents do not list themselves.
            let listed = !matches!(blocks.get(at + 1), Some(Block::Contents { .. }));
            let target = heading_anchor(entries.len());
            entries.push(Entry {
                level: (*level).max(1),
                text: text.clone(),
                target,
                listed,
            });
        }
    }
    entries
}

/// A name that no template can give: it has a blank in it.
fn heading_anchor(number: usize) -> String {
    format!("heading {number}")
}

/// Draws all blocks, from the first page to the last.
pub fn draw(flow: &mut Flow<'_>, blocks: &[Block<'_>]) -> Result<(), PdfError> {
    let mut heading_count = 0;
    for (at, block) in blocks.iter().enumerate() {
        let next = &blocks[at + 1..];
        let under_heading = at > 0 && matches!(blocks[at - 1], Block::Heading { .. });
        if !matches!(block, Block::PageBreak) {
            flow.orient(lies_wide(block, next))?;
        }
        match block {
            Block::Title { text, subtitle } => flow.title(text, subtitle)?,
            Block::Heading {
                level,
                text,
                anchor,
            } => {
                let place = heading_anchor(heading_count);
                heading_count += 1;
                let level = (*level).max(1);
                flow.space(heading_look(level).before * if under_heading { 0.3 } else { 1.0 });
                let anchors = [Some(place.as_str()), anchor.as_deref()];
                flow.heading(level, text, &anchors, next)?;
            }
            Block::Paragraph(runs) => flow.paragraph(runs)?,
            Block::Facts(facts) => flow.facts(&fact_rows(facts))?,
            Block::Callout { kind, title, body } => flow.callout(*kind, title, body)?,
            Block::Bullets(items) => flow.bullets(items)?,
            Block::Table(table) => flow.table(table)?,
            Block::Chart(chart) => flow.chart(chart)?,
            Block::Verbatim(text) => flow.verbatim(text)?,
            Block::Anchor(name) => {
                let least = flow.least_height(next);
                flow.ensure(least)?;
                flow.anchor(name)?;
            }
            Block::PageBreak => flow.end_page()?,
            Block::Contents { depth } => flow.contents(*depth)?,
            Block::SignOff(roles) => flow.sign_off(roles)?,
        }
    }
    // A document without blocks is still a document.
    if flow.places.page_count == 0 {
        flow.begin()?;
    }
    Ok(())
}

/// Headings go with what they head.
fn lies_wide(block: &Block<'_>, next: &[Block<'_>]) -> bool {
    match (block, next) {
        (Block::Table(table), _) => table.wide,
        (Block::Heading { .. } | Block::Anchor(_), [first, rest @ ..]) => lies_wide(first, rest),
        _ => false,
    }
}

fn fact_rows(facts: &[Fact]) -> Vec<Vec<Cell>> {
    let row = |fact: &Fact| {
        vec![
            Cell::text(&fact.name),
            Cell {
                runs: fact.value.clone(),
            },
        ]
    };
    facts.iter().map(row).collect()
}

struct HeadingLook {
    style: Style,
    leading: f64,
    before: f64,
    after: f64,
}

fn heading_look(level: u8) -> HeadingLook {
    match level {
        1 => HeadingLook {
            style: Style::bold(17.0).tone(Tone::Accent),
            leading: 22.0,
            before: 26.0,
            after: 12.0,
        },
        2 => HeadingLook {
            style: Style::bold(12.6).tone(Tone::Accent),
            leading: 17.0,
            before: 20.0,
            after: 5.0,
        },
        3 => HeadingLook {
            style: Style::bold(10.2),
            leading: 14.0,
            before: 14.0,
            after: 3.0,
        },
        _ => HeadingLook {
            style: Style::bold(9.2).tone(Tone::Muted),
            leading: 12.8,
            before: 10.0,
            after: 2.0,
        },
    }
}

impl Flow<'_> {
    fn title(&mut self, text: &str, subtitle: &str) -> Result<(), PdfError> {
        self.begin()?;
        if self.fresh {
            self.advance(96.0);
        }
        self.canvas.open(Tag::Artifact);
        self.canvas
            .area(self.left(), self.y, 54.0, 4.0, Ink::Full(Tone::Accent));
        self.canvas.close();
        self.advance(20.0);
        let lines = self
            .set
            .text_lines(text, Style::bold(27.0).tone(Tone::Accent), self.width());
        self.tagged_stack(Tag::Title, &lines, Panel::bare(34.0))?;
        self.space(4.0);
        let lines =
            self.set
                .text_lines(subtitle, Style::plain(13.0).tone(Tone::Muted), self.width());
        self.tagged_stack(Tag::Paragraph, &lines, Panel::bare(18.0))?;
        self.space(34.0);
        Ok(())
    }

    fn heading(
        &mut self,
        level: u8,
        text: &str,
        anchors: &[Option<&str>],
        next: &[Block<'_>],
    ) -> Result<(), PdfError> {
        let look = heading_look(level);
        let lines = self.set.text_lines(text, look.style, self.width());
        let own = lines.len() as f64 * look.leading + look.after;
        let least = self.least_height(next);
        self.ensure(own + least)?;
        for anchor in anchors.iter().flatten() {
            self.anchor(anchor)?;
        }
        self.canvas.outline(level, text, self.y);
        self.tagged_stack(Tag::Heading(level), &lines, Panel::bare(look.leading))?;
        if level == 1 {
            self.y += 3.0;
            self.rule(0.9, Ink::Full(Tone::Accent));
        }
        self.advance(look.after);
        Ok(())
    }

    /// How much of what follows must stand on the page of its heading.
    fn least_height(&mut self, next: &[Block<'_>]) -> f64 {
        let full = self.full_height();
        let wanted = match next {
            [Block::Heading { level, .. }, rest @ ..] => {
                let look = heading_look(*level);
                look.before + look.leading + look.after + self.least_height(rest)
            }
            [Block::Anchor(_), rest @ ..] => self.least_height(rest),
            [Block::Table(_), ..] => 92.0,
            [Block::Chart(chart), ..] => {
                let first = self.scenes(chart).first().map_or(0.0, |scene| scene.height);
                first + 32.0
            }
            [
                Block::Callout { .. } | Block::Facts(_) | Block::SignOff(_),
                ..,
            ] => 60.0,
            [] | [Block::PageBreak, ..] => 0.0,
            _ => 2.0 * BODY_LEADING,
        };
        // More than a page can never stay together.
        if wanted > full * 0.8 {
            2.0 * BODY_LEADING
        } else {
            wanted
        }
    }

    fn paragraph(&mut self, runs: &[Run]) -> Result<(), PdfError> {
        let lines = self.set.lines(runs, BODY, self.width());
        self.tagged_stack(Tag::Paragraph, &lines, Panel::bare(BODY_LEADING))?;
        self.space(6.5);
        Ok(())
    }

    fn callout(
        &mut self,
        kind: CalloutKind,
        title: &str,
        body: &[Vec<Run>],
    ) -> Result<(), PdfError> {
        let tone = match kind {
            CalloutKind::Note => Tone::Accent,
            CalloutKind::Warning => Tone::Warning,
            CalloutKind::Verdict(tone) => tone,
        };
        let look = Panel {
            ground: Some(Ink::Light(tone)),
            bar: Some(Ink::Full(tone)),
            pad_x: 13.0,
            pad_y: 7.0,
            ..Panel::bare(13.2)
        };
        let width = self.width() - 2.0 * look.pad_x;
        let mut lines: Vec<Line> = Vec::new();
        if !title.is_empty() {
            let size = if matches!(kind, CalloutKind::Verdict(_)) {
                11.0
            } else {
                9.6
            };
            lines.extend(
                self.set
                    .text_lines(title, Style::bold(size).tone(tone), width),
            );
        }
        for runs in body {
            lines.extend(self.set.lines(runs, Style::plain(9.0), width));
        }
        self.space(4.0);
        let height = lines.len() as f64 * look.leading + 2.0 * look.pad_y;
        if height <= self.full_height() * 0.6 {
            self.ensure(height)?;
        }
        self.tagged_stack(Tag::Paragraph, &lines, look)?;
        self.space(10.0);
        Ok(())
    }

    fn bullets(&mut self, items: &[Vec<Run>]) -> Result<(), PdfError> {
        const INDENT: f64 = 13.0;
        self.canvas.open(Tag::List);
        for item in items {
            let lines = self.set.lines(item, BODY, self.width() - INDENT);
            let both = lines.len().min(2) as f64 * BODY_LEADING;
            self.ensure(both)?;
            self.canvas.open(Tag::Artifact);
            let middle = self.y + BODY_LEADING * 0.76 - BODY.size * 0.33;
            self.canvas.area(
                self.left() + 3.0,
                middle - 1.3,
                2.6,
                2.6,
                Ink::Full(Tone::Accent),
            );
            self.canvas.close();
            self.tagged_stack(
                Tag::Item,
                &lines,
                Panel {
                    left: INDENT,
                    ..Panel::bare(BODY_LEADING)
                },
            )?;
            self.space(2.0);
        }
        self.canvas.close();
        self.space(6.0);
        Ok(())
    }

    fn verbatim(&mut self, text: &str) -> Result<(), PdfError> {
        let look = Panel {
            ground: Some(Ink::Light(Tone::Plain)),
            pad_x: 8.0,
            pad_y: 6.0,
            ..Panel::bare(CODE_LEADING)
        };
        let lines = self
            .set
            .verbatim_lines(text, CODE, self.width() - 2.0 * look.pad_x);
        self.space(2.0);
        self.tagged_stack(Tag::Code, &lines, look)?;
        self.space(9.0);
        Ok(())
    }

    fn scenes(&mut self, chart: &Chart) -> Vec<Scene> {
        let (width, most) = (self.width(), self.full_height() - 40.0);
        chart::scenes(
            chart,
            width,
            most,
            &Ruler(std::cell::RefCell::new(self.set)),
        )
    }

    fn chart(&mut self, chart: &Chart) -> Result<(), PdfError> {
        let scenes = self.scenes(chart);
        let first = scenes.first().map_or(0.0, |scene| scene.height);
        self.space(6.0);
        self.ensure(first + 20.0)?;
        self.caption(&chart.title)?;
        if scenes.is_empty() {
            return self.paragraph(&[Run::plain("Nothing to show.").tone(Tone::Muted)]);
        }
        for scene in &scenes {
            self.ensure(scene.height)?;
            self.canvas.open(Tag::Figure(&chart.description));
            self.scene(scene);
            self.canvas.close();
            self.advance(scene.height);
            self.space(8.0);
        }
        self.space(6.0);
        Ok(())
    }

    fn scene(&mut self, scene: &Scene) {
        let (left, top) = (self.left(), self.y);
        for mark in &scene.marks {
            match mark {
                Mark::Area {
                    x,
                    y,
                    width,
                    height,
                    ink,
                } => self.canvas.area(left + x, top + y, *width, *height, *ink),
                Mark::Line {
                    from,
                    to,
                    width,
                    ink,
                } => {
                    let place = |(x, y): (f64, f64)| (left + x, top + y);
                    self.canvas.line(place(*from), place(*to), *width, *ink);
                }
                Mark::Words {
                    x,
                    y,
                    size,
                    anchor,
                    bold,
                    ink,
                    text,
                } => {
                    let line = self.set.line(
                        text,
                        Style {
                            bold: *bold,
                            ..Style::plain(*size)
                        },
                    );
                    let start = match anchor {
                        Anchor::Start => 0.0,
                        Anchor::Middle => line.width / 2.0,
                        Anchor::End => line.width,
                    };
                    self.draw_in(&line, left + x - start, top + y, *ink);
                }
            }
        }
    }

    fn contents(&mut self, depth: u8) -> Result<(), PdfError> {
        let number_width = self.set.line("00000", BODY).width;
        let entries = self.entries.iter().enumerate();
        for (index, entry) in entries.filter(|(_, entry)| entry.listed && entry.level <= depth) {
            let first = entry.level == 1;
            let style = if first {
                Style::bold(9.8)
            } else {
                Style::plain(9.0)
            };
            let leading = if first { 15.0 } else { 13.4 };
            let indent = 14.0 * f64::from(entry.level - 1);
            let width = self.width() - indent - number_width - 10.0;
            let run = Run::plain(&entry.text)
                .tone(if first { Tone::Accent } else { Tone::Plain })
                .link(&entry.target);
            let lines = self.set.lines(&[run], style, width);
            self.space(if first { 7.0 } else { 0.0 });
            self.entry(index, lines, indent, (style, leading))?;
        }
        self.space(10.0);
        Ok(())
    }

    /// Keeps room for an entry, which is drawn when its page is known.
    fn entry(
        &mut self,
        index: usize,
        lines: Vec<Line>,
        indent: f64,
        (style, leading): (Style, f64),
    ) -> Result<(), PdfError> {
        let mut rest = lines;
        while !rest.is_empty() {
            self.ensure(rest.len() as f64 * leading)?;
            let fitting = (((self.room() + 0.01) / leading) as usize).max(1);
            // Only an entry longer than a page has more.
            let later = rest.split_off(fitting.min(rest.len()));
            let lines = std::mem::replace(&mut rest, later);
            let height = lines.len() as f64 * leading;
            self.late.push(Late {
                page: self.page(),
                what: LateText::Entry(LateEntry {
                    index,
                    style,
                    lines,
                    left: self.left() + indent,
                    right: self.left() + self.width(),
                    base: self.y + leading * 0.76,
                    leading,
                }),
            });
            self.advance(height);
        }
        Ok(())
    }

    fn sign_off(&mut self, roles: &[String]) -> Result<(), PdfError> {
        const HEIGHT: f64 = 68.0;
        for role in roles {
            self.ensure(HEIGHT)?;
            let lines = self.set.text_lines(role, Style::bold(9.2), self.width());
            self.tagged_stack(Tag::Paragraph, &lines, Panel::bare(13.0))?;
            self.advance(26.0);
            let mut x = self.left();
            for (label, share) in [("Name", 0.36), ("Signature", 0.40), ("Date", 0.24)] {
                let width = self.width() * share - 12.0;
                self.canvas.open(Tag::Artifact);
                self.canvas.line(
                    (x, self.y),
                    (x + width, self.y),
                    0.6,
                    Ink::Full(Tone::Plain),
                );
                self.canvas.close();
                let line = self.set.line(label, Style::plain(7.4).tone(Tone::Muted));
                self.canvas.open(Tag::Paragraph);
                self.draw(&line, x, self.y + 9.5);
                self.canvas.close();
                x += width + 12.0;
            }
            self.advance(28.0);
        }
        Ok(())
    }
}

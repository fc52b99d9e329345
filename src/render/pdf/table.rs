//! Tables: columns, rows that wrap, heads that repeat, rows taller than a page.
//!
//! No cell is ever cut: what does not fit goes on, on the next line or page.

use std::ops::Deref;

use super::super::block::{Align, Cell, Column, RowSource, Table, Tone, Width};
use super::super::chart::Ink;
use super::PdfError;
use super::canvas::Tag;
use super::flow::{Flow, Panel};
use super::text::{Line, Style};

/// How a table looks.
#[derive(Debug, Clone, Copy)]
pub struct Look {
    pub size: f64,
    pub leading: f64,
    pub pad_x: f64,
    pub pad_y: f64,
    /// Whether the first column names the row.
    pub names: bool,
}

const TABLE: Look = Look {
    size: 7.4,
    leading: 9.8,
    pad_x: 4.0,
    pad_y: 3.0,
    names: false,
};
const FACTS: Look = Look {
    size: 9.0,
    leading: 12.4,
    pad_x: 4.0,
    pad_y: 3.2,
    names: true,
};
const HEAD: Style = Style::bold(7.2).tone(Tone::Accent);
const HEAD_LEADING: f64 = 9.4;
const CONTINUED: Style = Style::plain(6.2).tone(Tone::Muted);
const CONTINUED_HEIGHT: f64 = 9.0;

/// The columns of a table on the page.
struct Grid {
    look: Look,
    aligns: Vec<Align>,
    /// Left edge and width of each column.
    places: Vec<(f64, f64)>,
    head: Vec<Vec<Line>>,
}

impl Flow<'_> {
    /// Draws a table with all its rows.
    pub fn table(&mut self, table: &Table<'_>) -> Result<(), PdfError> {
        self.space(6.0);
        let grid = self.grid(&table.columns, TABLE, true);
        self.ensure(grid.head_height() + 58.0)?;
        if let Some(caption) = &table.caption {
            self.caption(caption)?;
        }
        self.canvas.open(Tag::Table);
        self.head(&grid, Tag::HeaderRow);
        let mut row_count = 0u64;
        let mut failure = None;
        let read = table.rows.for_each(&mut |cells| {
            if failure.is_some() {
                return;
            }
            row_count += 1;
            let drawn = match cells.len() == table.columns.len() {
                true => self.row(&grid, cells),
                false => Err(PdfError::RowWidth {
                    table: table.name.clone(),
                    row: row_count,
                    found: cells.len(),
                    expected: table.columns.len(),
                }),
            };
            failure = drawn.err();
        });
        read.map_err(|cause| PdfError::Rows {
            table: table.name.clone(),
            cause,
        })?;
        if let Some(failure) = failure {
            return Err(failure);
        }
        self.canvas.close();
        if row_count == 0 && !table.when_empty.is_empty() {
            let look = Panel {
                pad_x: TABLE.pad_x,
                pad_y: 3.0,
                ..Panel::bare(TABLE.leading)
            };
            let style = Style::plain(TABLE.size).tone(Tone::Muted);
            let lines =
                self.set
                    .text_lines(&table.when_empty, style, self.width() - 2.0 * TABLE.pad_x);
            self.tagged_stack(Tag::Paragraph, &lines, look)?;
            self.rule(0.4, Ink::Rule);
        }
        if let Some(note) = &table.note {
            let lines =
                self.set
                    .text_lines(note, Style::plain(7.2).tone(Tone::Muted), self.width());
            self.space(3.0);
            self.tagged_stack(Tag::Paragraph, &lines, Panel::bare(9.6))?;
        }
        self.space(10.0);
        Ok(())
    }

    /// Draws names and values, as rows without a head.
    pub fn facts(&mut self, rows: &[Vec<Cell>]) -> Result<(), PdfError> {
        let columns = [Column::points("", 138.0), Column::share("", 1.0)];
        let grid = self.grid(&columns, FACTS, false);
        self.space(2.0);
        self.ensure(30.0)?;
        self.canvas.open(Tag::Table);
        self.rule(0.4, Ink::Rule);
        for row in rows {
            self.row(&grid, row)?;
        }
        self.canvas.close();
        self.space(10.0);
        Ok(())
    }

    /// The words above a table or chart.
    pub fn caption(&mut self, caption: &str) -> Result<(), PdfError> {
        let lines = self.set.text_lines(caption, Style::bold(8.6), self.width());
        self.tagged_stack(Tag::Paragraph, &lines, Panel::bare(12.0))?;
        self.space(2.0);
        Ok(())
    }

    /// Draws lines as one tagged thing.
    pub fn tagged_stack(
        &mut self,
        tag: Tag<'_>,
        lines: &[Line],
        look: Panel,
    ) -> Result<(), PdfError> {
        self.canvas.open(tag);
        self.stack(lines, look)?;
        self.canvas.close();
        Ok(())
    }

    /// A rule across the text at this place.
    pub fn rule(&mut self, width: f64, ink: Ink) {
        let (left, right, y) = (self.left(), self.left() + self.width(), self.y);
        self.canvas.open(Tag::Artifact);
        self.canvas.line((left, y), (right, y), width, ink);
        self.canvas.close();
    }

    fn grid(&mut self, columns: &[Column], look: Look, with_head: bool) -> Grid {
        let places = places(columns, self.left(), self.width());
        let head = match with_head {
            true => columns
                .iter()
                .zip(&places)
                .map(|(column, &(_, width))| {
                    self.set
                        .text_lines(&column.title, HEAD, width - 2.0 * look.pad_x)
                })
                .collect(),
            false => Vec::new(),
        };
        Grid {
            look,
            aligns: columns.iter().map(|column| column.align).collect(),
            places,
            head,
        }
    }

    fn head(&mut self, grid: &Grid, tag: Tag<'_>) {
        let height = grid.head_height();
        self.canvas.open(tag);
        self.canvas.open(Tag::Artifact);
        self.canvas.area(
            self.left(),
            self.y,
            self.width(),
            height,
            Ink::Light(Tone::Accent),
        );
        self.canvas.close();
        self.cells(grid, &grid.head, HEAD_LEADING, |_| Tag::HeaderCell);
        self.canvas.close();
        self.advance(height);
        self.rule(0.8, Ink::Full(Tone::Accent));
    }

    fn row(&mut self, grid: &Grid, cells: &[Cell]) -> Result<(), PdfError> {
        let look = grid.look;
        let mut lines = Vec::with_capacity(cells.len());
        for (place, (cell, &(_, width))) in cells.iter().zip(&grid.places).enumerate() {
            let style = match look.names && place == 0 {
                true => Style::plain(look.size).tone(Tone::Muted),
                false => Style::plain(look.size),
            };
            let (known, width) = (&mut self.known_cells, width - 2.0 * look.pad_x);
            lines.push(known.lines(self.set, &cell.runs, style, width));
        }
        let tallest = lines.iter().map(|lines| lines.len()).max().unwrap_or(0);
        let height = tallest as f64 * look.leading + 2.0 * look.pad_y;
        if height <= self.room() {
            self.row_here(grid, &lines, height);
            return Ok(());
        }
        let empty_page = self.full_height() - grid.head_height();
        if height <= empty_page {
            self.table_page(grid)?;
            self.row_here(grid, &lines, height);
            return Ok(());
        }
        self.tall_row(grid, lines.iter().map(|lines| lines.to_vec()).collect())
    }

    fn row_here<L: Deref<Target = [Line]>>(&mut self, grid: &Grid, lines: &[L], height: f64) {
        self.canvas.open(Tag::Row);
        self.cells(grid, lines, grid.look.leading, |column| {
            if grid.look.names && column == 0 {
                Tag::HeaderCell
            } else {
                Tag::Cell
            }
        });
        self.canvas.close();
        self.advance(height);
        self.rule(0.4, Ink::Rule);
    }

    /// A row higher than a page goes on over pages, and says so at each break.
    fn tall_row(&mut self, grid: &Grid, mut lines: Vec<Vec<Line>>) -> Result<(), PdfError> {
        let look = grid.look;
        let mut first = true;
        while lines.iter().any(|cell| !cell.is_empty()) {
            let used = 2.0 * look.pad_y + CONTINUED_HEIGHT * if first { 1.0 } else { 2.0 };
            let fitting = ((self.room() - used) / look.leading).floor().max(0.0) as usize;
            // A few lines at the foot of a page are no good start.
            if fitting < 4 && !self.fresh {
                self.table_page(grid)?;
                continue;
            }
            if !first {
                self.continued("continued from the page before");
            }
            let rest: Vec<Vec<Line>> = lines
                .iter_mut()
                .map(|cell| cell.split_off(fitting.max(1).min(cell.len())))
                .collect();
            let tallest = lines.iter().map(Vec::len).max().unwrap_or(0);
            self.row_here(
                grid,
                &lines,
                tallest as f64 * look.leading + 2.0 * look.pad_y,
            );
            lines = rest;
            first = false;
            if lines.iter().any(|cell| !cell.is_empty()) {
                self.continued("continues on the next page");
                self.table_page(grid)?;
            }
        }
        Ok(())
    }

    fn continued(&mut self, words: &str) {
        self.canvas.open(Tag::Artifact);
        let line = self.set.line(words, CONTINUED);
        let x = self.left() + self.width() - line.width - TABLE.pad_x;
        self.draw(&line, x, self.y + CONTINUED_HEIGHT - 2.5);
        self.canvas.close();
        self.advance(CONTINUED_HEIGHT);
    }

    fn table_page(&mut self, grid: &Grid) -> Result<(), PdfError> {
        self.next_page()?;
        if !grid.head.is_empty() {
            self.head(grid, Tag::Artifact);
            // Rows may not take a page with nothing but a head for used.
            self.fresh = true;
        }
        Ok(())
    }

    fn cells(
        &mut self,
        grid: &Grid,
        cells: &[impl Deref<Target = [Line]>],
        leading: f64,
        tag: impl Fn(usize) -> Tag<'static>,
    ) {
        for (column, lines) in cells.iter().enumerate() {
            let ((left, width), align) = (grid.places[column], grid.aligns[column]);
            self.canvas.open(tag(column));
            let mut base = self.y + grid.look.pad_y + leading * 0.76;
            for line in lines.iter() {
                let spare = width - 2.0 * grid.look.pad_x - line.width;
                let indent = match align {
                    Align::Left => 0.0,
                    Align::Right => spare.max(0.0),
                    Align::Center => (spare / 2.0).max(0.0),
                };
                self.draw(line, left + grid.look.pad_x + indent, base);
                base += leading;
            }
            self.canvas.close();
        }
    }
}

impl Grid {
    fn head_height(&self) -> f64 {
        match self.head.iter().map(Vec::len).max() {
            Some(tallest) => tallest as f64 * HEAD_LEADING + 2.0 * self.look.pad_y,
            None => 0.0,
        }
    }
}

/// Left edge and width of each column. Fixed widths that leave no room for the others are made smaller.
fn places(columns: &[Column], left: f64, width: f64) -> Vec<(f64, f64)> {
    let sum = |wanted: fn(Width) -> f64| {
        columns
            .iter()
            .map(|column| wanted(column.width))
            .sum::<f64>()
    };
    let fixed = sum(|width| match width {
        Width::Points(points) => points,
        Width::Share(_) => 0.0,
    });
    let shares = sum(|width| match width {
        Width::Points(_) => 0.0,
        Width::Share(share) => share,
    });
    let most_fixed = if shares > 0.0 { width * 0.8 } else { width };
    let squeeze = if fixed > most_fixed || (shares <= 0.0 && fixed > 0.0) {
        most_fixed / fixed
    } else {
        1.0
    };
    let free = width - fixed * squeeze;
    let mut x = left;
    let mut places = Vec::with_capacity(columns.len());
    for column in columns {
        let wide = match column.width {
            Width::Points(points) => points * squeeze,
            Width::Share(share) => free * share / shares,
        };
        places.push((x, wide));
        x += wide;
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(columns: &[Column], expected: &[f64]) {
        let widths: Vec<f64> = places(columns, 50.0, 400.0)
            .iter()
            .map(|place| place.1.round())
            .collect();
        assert_eq!(widths, expected);
    }

    #[test]
    fn columns_fill_the_width_exactly() {
        check(
            &[
                Column::points("a", 100.0),
                Column::share("b", 1.0),
                Column::share("c", 2.0),
            ],
            &[100.0, 100.0, 200.0],
        );
        check(
            &[Column::points("a", 100.0), Column::points("b", 100.0)],
            &[200.0, 200.0],
        );
        check(
            &[Column::points("a", 900.0), Column::share("b", 1.0)],
            &[320.0, 80.0],
        );
    }
}

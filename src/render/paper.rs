//! `packet.pdf`: the template renders block markup, this file gives it the
//! tables and charts that the markup names, and the PDF engine draws it.
//!
//! Rows are made while they are drawn; no table is ever spelled as markup.

mod chains;
mod remarks;
mod tables;

use std::io;

use serde::Serialize;
use tera::Context;

use super::block::{Chart, Table};
use super::bounded::Cut;
use super::lists::Lists;
use super::markup::{self, Resolver};
use super::pdf::{self, Document};
use super::{cover, picture, templates};
use crate::packet::model::Packet;
use crate::packet::write::{View, ViewError};

/// The PDF view.
#[derive(Debug, Clone, Copy, Default)]
pub struct PaperView;

impl View for PaperView {
    fn file_name(&self) -> &'static str {
        "packet.pdf"
    }

    fn render(&self, packet: &Packet, target: &mut dyn io::Write) -> Result<(), ViewError> {
        let text = templates::paper()?.render("paper.html", &context(packet)?)?;
        let blocks = markup::parse(&text, &Named(packet))?;
        drop(text);
        let document = Document {
            title: format!(
                "Evidence packet: {}, {}, {}",
                packet.framework.name,
                packet.period.label,
                packet.shown_organisation()
            ),
            packet_id: packet.id.clone(),
            language: "en".to_owned(),
            running_header: format!(
                "{} evidence packet · {}",
                packet.framework.name,
                packet.shown_organisation()
            ),
            running_footer_note: format!("Period {} · all times UTC", packet.period.label),
            author: packet.organisation.clone(),
            created_at: packet.generated_at.clone(),
            blocks,
        };
        pdf::render_to(&document, target)?;
        Ok(())
    }
}

/// What the template sees. Tables are made from the packet itself.
fn context(packet: &Packet) -> Result<Context, ViewError> {
    let mut context = Context::from_serialize(&packet.without_rows())?;
    context.insert("class_names", &picture::classes_asked(packet));
    context.insert("organisation", packet.shown_organisation());
    let grid = picture::place_rows(packet);
    let has_days = !packet.coverage.days.is_empty();
    context.insert("has_grid", &(has_days && !grid.rows.is_empty()));
    context.insert("has_classes", &!packet.coverage.classes.is_empty());
    context.insert("has_cover", &!packet.integrity.cover.is_empty());
    let line = |cut: Option<Cut>| cut.map(|cut| cut.line());
    let cuts = Cuts {
        grid: line(grid.cut),
        classes: line(picture::class_rows(packet).cut),
        cover: line(cover::places(packet).cut),
    };
    context.insert("cuts", &cuts);
    context.insert("lists", &Lists::of(packet));
    Ok(context)
}

/// What pictures leave out.
#[derive(Serialize)]
struct Cuts {
    grid: Option<String>,
    classes: Option<String>,
    cover: Option<String>,
}

/// The tables and charts of a packet by name.
struct Named<'p>(&'p Packet);

impl<'p> Resolver<'p> for Named<'p> {
    fn table(&self, name: &str) -> Option<Table<'p>> {
        tables::named(self.0, name)
    }

    fn chart(&self, name: &str) -> Option<Chart> {
        let packet = self.0;
        match name {
            "controls" => Some(picture::controls_by_verdict(packet)),
            "exceptions" => picture::exceptions_by_control(packet),
            "requirements" => Some(picture::requirements_by_group(packet)),
            "coverage" => Some(picture::coverage(packet)),
            "integrity" => Some(picture::integrity(packet)),
            "classes" => Some(picture::classes(packet)),
            _ => {
                let id = name.strip_prefix("days/")?;
                let control = packet.controls.iter().find(|one| one.id == id)?;
                Some(picture::exceptions_by_day(packet, control))
            }
        }
    }
}

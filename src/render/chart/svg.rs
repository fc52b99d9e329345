//! Scenes as SVG, for HTML. Carries no style sheet, no script and no link.

use std::fmt::Write as _;

use super::{Anchor, Ink, Mark, Scene};
use crate::sanitize;

/// A scene as an SVG element that needs no style sheet. `description` is read out in its place.
pub fn svg(scene: &Scene, description: &str) -> String {
    let (width, height) = (short(scene.width), short(scene.height));
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" role=\"img\" aria-label=\"{}\">",
        sanitize::html(description)
    );
    for mark in &scene.marks {
        write_mark(&mut svg, mark).expect("writing to a string does not fail");
    }
    svg.push_str("</svg>");
    svg
}

fn write_mark(svg: &mut String, mark: &Mark) -> std::fmt::Result {
    match mark {
        Mark::Area {
            x,
            y,
            width,
            height,
            ink,
        } => write!(
            svg,
            "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"{}\"/>",
            short(*x),
            short(*y),
            short(*width),
            short(*height),
            hex(*ink)
        ),
        Mark::Line {
            from,
            to,
            width,
            ink,
        } => write!(
            svg,
            "<line x1=\"{}\" y1=\"{}\" x2=\"{}\" y2=\"{}\" stroke=\"{}\" stroke-width=\"{}\"/>",
            short(from.0),
            short(from.1),
            short(to.0),
            short(to.1),
            hex(*ink),
            short(*width)
        ),
        Mark::Words {
            x,
            y,
            size,
            anchor,
            bold,
            ink,
            text,
        } => {
            let anchor = match anchor {
                Anchor::Start => "start",
                Anchor::Middle => "middle",
                Anchor::End => "end",
            };
            let weight = if *bold { " font-weight=\"bold\"" } else { "" };
            write!(
                svg,
                "<text x=\"{}\" y=\"{}\" font-size=\"{}\" text-anchor=\"{anchor}\"{weight} fill=\"{}\">{}</text>",
                short(*x),
                short(*y),
                short(*size),
                hex(*ink),
                sanitize::html(text)
            )
        }
    }
}

/// A coordinate to two places, without useless zeros.
fn short(number: f64) -> f64 {
    (number * 100.0).round() / 100.0
}

fn hex(ink: Ink) -> String {
    let [red, green, blue] = ink.rgb();
    format!("#{red:02x}{green:02x}{blue:02x}")
}

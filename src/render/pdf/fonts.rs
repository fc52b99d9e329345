//! The fonts that ship with the program, and text shaped with them.
//!
//! Fonts of the system are never read: a packet must come out the same anywhere.

use std::collections::HashMap;
use std::rc::Rc;

use rapidhash::fast::RandomState as RapidState;
use rustybuzz::{BufferClusterLevel, Direction, Face, Script, ShapePlan, UnicodeBuffer};

use super::PdfError;

/// A font of the program: a place in [`FONTS`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FontId(pub u8);

impl FontId {
    pub const SANS: FontId = FontId(0);
    pub const BOLD: FontId = FontId(1);
    pub const MONO: FontId = FontId(2);
}

/// A font file and the names it goes by.
pub struct FontSource {
    /// The PostScript name.
    pub name: &'static str,
    /// The name of the resource in page contents.
    pub resource: &'static str,
    pub data: &'static [u8],
}

/// All fonts, in the order in which a character looks for one that has it, after its own.
pub static FONTS: [FontSource; 7] = [
    FontSource {
        name: "NotoSans-Regular",
        resource: "Sans",
        data: include_bytes!("../../../assets/fonts/NotoSans-Regular.ttf"),
    },
    FontSource {
        name: "NotoSans-Bold",
        resource: "Bold",
        data: include_bytes!("../../../assets/fonts/NotoSans-Bold.ttf"),
    },
    FontSource {
        name: "NotoSansMono-Regular",
        resource: "Mono",
        data: include_bytes!("../../../assets/fonts/NotoSansMono-Regular.ttf"),
    },
    FontSource {
        name: "NotoSansArabic-Regular",
        resource: "Arab",
        data: include_bytes!("../../../assets/fonts/NotoSansArabic-Regular.ttf"),
    },
    FontSource {
        name: "NotoSansHebrew-Regular",
        resource: "Hebr",
        data: include_bytes!("../../../assets/fonts/NotoSansHebrew-Regular.ttf"),
    },
    FontSource {
        name: "NotoSansCJKjp-Regular",
        resource: "Jpan",
        data: include_bytes!("../../../assets/fonts/NotoSansCJKjp-Regular.otf"),
    },
    FontSource {
        name: "DroidSansFallback",
        resource: "Hani",
        data: include_bytes!("../../../assets/fonts/DroidSansFallback.ttf"),
    },
];

/// One glyph; lengths are thousandths of the font size.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Glyph {
    pub id: u16,
    /// How far the pen moves.
    pub advance: f32,
    /// How far the font says it moves, before kerning.
    pub natural: f32,
    pub dx: f32,
    pub dy: f32,
    /// The characters it stands for, as bytes of [`Shaped::text`]; none for all but the first glyph of a group.
    pub start: u32,
    pub end: u32,
}

/// Glyphs of one font in the order of the page, left to right.
#[derive(Debug, PartialEq)]
pub struct Shaped {
    pub font: FontId,
    pub text: Box<str>,
    pub glyphs: Vec<Glyph>,
    /// The sum of advances, in thousandths of the font size.
    pub width: f64,
}

const FIRST_ASCII: u8 = 0x20;
const ASCII_COUNT: usize = 0x5F;
const KERN_UNKNOWN: i16 = i16::MIN;
/// The cache starts anew at this size, so that memory stays flat. What is drawn does not depend on it.
const MAX_CACHED: usize = 8192;
const MAX_CACHED_LEN: usize = 32;

struct Loaded {
    face: Face<'static>,
    /// Thousandths of the font size for one font unit.
    scale: f32,
    /// Glyph and advance of the printable ASCII characters, where the font has them all.
    ascii: Option<Vec<(u16, f32)>>,
    /// Kerning of pairs of them in font units, asked of the shaper when first needed.
    kerning: Vec<i16>,
}

/// The fonts, ready to shape.
pub struct Fonts {
    loaded: Vec<Loaded>,
    having: HashMap<char, Option<FontId>>,
    /// By font and direction, so that looking up needs no text of its own.
    cache: Vec<HashMap<Box<str>, Rc<Shaped>, RapidState>>,
    cached: usize,
    buffer: Option<UnicodeBuffer>,
    plans: Vec<(PlanKey, ShapePlan)>,
}

/// What the shaper's plan for a text depends on. No language is set.
type PlanKey = (FontId, Direction, Script);

impl Fonts {
    /// Reads the fonts of the program.
    ///
    /// # Errors
    /// A font file that cannot be read: the program was built from damaged files.
    pub fn load() -> Result<Self, PdfError> {
        let loaded = FONTS.iter().map(Loaded::new).collect::<Result<_, _>>()?;
        Ok(Fonts {
            loaded,
            having: HashMap::new(),
            cache: vec![HashMap::default(); 2 * FONTS.len()],
            cached: 0,
            buffer: None,
            plans: Vec::new(),
        })
    }

    pub fn face(&self, font: FontId) -> &Face<'static> {
        &self.loaded[font.0 as usize].face
    }

    /// Thousandths of the font size for one font unit.
    pub fn scale(&self, font: FontId) -> f32 {
        self.loaded[font.0 as usize].scale
    }

    /// The font that shows `c`: `wanted` if it can, else the first that can.
    pub fn font_for(&mut self, c: char, wanted: FontId) -> Option<FontId> {
        if self.has(wanted, c) {
            return Some(wanted);
        }
        let loaded = &self.loaded;
        let first = || (0..loaded.len()).find(|&place| loaded[place].face.glyph_index(c).is_some());
        *self
            .having
            .entry(c)
            .or_insert_with(|| first().map(|place| FontId(place as u8)))
    }

    pub fn has(&self, font: FontId, c: char) -> bool {
        let loaded = &self.loaded[font.0 as usize];
        matches!((c, &loaded.ascii), (' '..='~', Some(_))) || loaded.face.glyph_index(c).is_some()
    }

    /// The glyphs of `text`, which runs one way and whose characters `font` has.
    pub fn shape(&mut self, font: FontId, text: &str, right_to_left: bool) -> Rc<Shaped> {
        // What has digits is a part of an id or an instant as a rule, and never comes again.
        if text.len() > MAX_CACHED_LEN || text.bytes().any(|byte| byte.is_ascii_digit()) {
            return Rc::new(self.shape_now(font, text, right_to_left));
        }
        let place = 2 * font.0 as usize + usize::from(right_to_left);
        if let Some(shaped) = self.cache[place].get(text) {
            return Rc::clone(shaped);
        }
        let shaped = Rc::new(self.shape_now(font, text, right_to_left));
        if self.cached >= MAX_CACHED {
            self.cache.iter_mut().for_each(HashMap::clear);
            self.cached = 0;
        }
        self.cache[place].insert(text.into(), Rc::clone(&shaped));
        self.cached += 1;
        shaped
    }

    fn shape_now(&mut self, font: FontId, text: &str, right_to_left: bool) -> Shaped {
        let printable = text.bytes().all(|b| (0x20..0x7F).contains(&b));
        let glyphs = if printable && !right_to_left && self.loaded[font.0 as usize].ascii.is_some()
        {
            self.ascii_glyphs(font, text)
        } else {
            self.shaper_glyphs(font, text, right_to_left)
        };
        let width = glyphs.iter().map(|glyph| f64::from(glyph.advance)).sum();
        Shaped {
            font,
            text: text.into(),
            glyphs,
            width,
        }
    }

    /// The short way for ASCII, which the tests hold equal to the long one.
    fn ascii_glyphs(&mut self, font: FontId, text: &str) -> Vec<Glyph> {
        let bytes = text.as_bytes();
        let mut glyphs = Vec::with_capacity(bytes.len());
        for (at, &byte) in bytes.iter().enumerate() {
            let kern = match bytes.get(at + 1) {
                Some(&next) if font != FontId::MONO => self.kern(font, byte, next),
                _ => 0,
            };
            let loaded = &self.loaded[font.0 as usize];
            let (id, natural) = loaded.ascii.as_ref().expect("asked only where it is there")
                [(byte - FIRST_ASCII) as usize];
            let advance = natural + f32::from(kern) * loaded.scale;
            glyphs.push(Glyph {
                id,
                advance,
                natural,
                dx: 0.0,
                dy: 0.0,
                start: at as u32,
                end: at as u32 + 1,
            });
        }
        glyphs
    }

    fn kern(&mut self, font: FontId, first: u8, second: u8) -> i16 {
        let place = (first - FIRST_ASCII) as usize * ASCII_COUNT + (second - FIRST_ASCII) as usize;
        let known = self.loaded[font.0 as usize].kerning[place];
        if known != KERN_UNKNOWN {
            return known;
        }
        let pair: String = [first as char, second as char].iter().collect();
        let glyphs = self.shaper_glyphs(font, &pair, false);
        let kern = ((glyphs[0].advance - glyphs[0].natural) / self.scale(font)).round() as i16;
        self.loaded[font.0 as usize].kerning[place] = kern;
        kern
    }

    fn shaper_glyphs(&mut self, font: FontId, text: &str, right_to_left: bool) -> Vec<Glyph> {
        let loaded = &self.loaded[font.0 as usize];
        let mut buffer = self.buffer.take().unwrap_or_default();
        buffer.push_str(text);
        buffer.set_cluster_level(BufferClusterLevel::Characters);
        buffer.guess_segment_properties();
        buffer.set_direction(if right_to_left {
            Direction::RightToLeft
        } else {
            Direction::LeftToRight
        });
        let plan = plan(&mut self.plans, font, &loaded.face, &buffer);
        let output = rustybuzz::shape_with_plan(&loaded.face, plan, buffer);
        let mut ends = cluster_ends(
            output.glyph_infos().iter().map(|info| info.cluster),
            text.len() as u32,
        );
        let mut glyphs = Vec::with_capacity(output.len());
        for (info, position) in output.glyph_infos().iter().zip(output.glyph_positions()) {
            let id = u16::try_from(info.glyph_id).expect("a font has at most 65,535 glyphs");
            let natural = loaded
                .face
                .glyph_hor_advance(rustybuzz::ttf_parser::GlyphId(id))
                .unwrap_or(0);
            glyphs.push(Glyph {
                id,
                advance: position.x_advance as f32 * loaded.scale,
                natural: f32::from(natural) * loaded.scale,
                dx: position.x_offset as f32 * loaded.scale,
                dy: position.y_offset as f32 * loaded.scale,
                start: info.cluster,
                // The first glyph of a cluster says all its text, the others none.
                end: ends.remove(&info.cluster).unwrap_or(info.cluster),
            });
        }
        self.buffer = Some(output.clear());
        glyphs
    }
}

/// The plan for a text, made when the first of its kind is met.
fn plan<'p>(
    plans: &'p mut Vec<(PlanKey, ShapePlan)>,
    font: FontId,
    face: &Face<'_>,
    buffer: &UnicodeBuffer,
) -> &'p ShapePlan {
    let (direction, script) = (buffer.direction(), buffer.script());
    let key = (font, direction, script);
    let known = plans.iter().position(|(one, _)| *one == key);
    let at = known.unwrap_or_else(|| {
        // A text without letters has no script.
        let script = Some(script).filter(|script| *script != rustybuzz::script::UNKNOWN);
        let plan = ShapePlan::new(face, direction, script, None, &[]);
        plans.push((key, plan));
        plans.len() - 1
    });
    &plans[at].1
}

/// Where the text of each cluster ends: where the next one in the text starts.
fn cluster_ends(clusters: impl Iterator<Item = u32>, len: u32) -> HashMap<u32, u32> {
    let mut starts: Vec<u32> = clusters.collect();
    starts.sort_unstable();
    starts.dedup();
    let ends = starts.iter().skip(1).copied().chain([len]);
    starts.iter().copied().zip(ends).collect()
}

impl Loaded {
    fn new(source: &FontSource) -> Result<Self, PdfError> {
        let damaged = || PdfError::Font {
            name: source.name,
            cause: "not a font".into(),
        };
        let face = Face::from_slice(source.data, 0).ok_or_else(damaged)?;
        let scale = 1000.0 / face.units_per_em() as f32;
        let ascii = (FIRST_ASCII..0x7F)
            .map(|byte| {
                let id = face.glyph_index(byte as char)?;
                Some((id.0, f32::from(face.glyph_hor_advance(id)?) * scale))
            })
            .collect();
        Ok(Loaded {
            face,
            scale,
            ascii,
            kerning: vec![KERN_UNKNOWN; ASCII_COUNT * ASCII_COUNT],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_files_are_those_that_their_readme_names() {
        use sha2::{Digest, Sha256};
        let readme = include_str!("../../../assets/fonts/README.md");
        for source in &FONTS {
            let hash = hex::encode(Sha256::digest(source.data));
            assert!(readme.contains(&hash), "{} {hash}", source.name);
        }
    }

    #[test]
    fn each_script_has_a_font() {
        let mut fonts = Fonts::load().expect("the fonts of the program");
        for (c, name) in [
            ('é', "NotoSans-Bold"),
            ('Ж', "NotoSans-Bold"),
            ('م', "NotoSansArabic-Regular"),
            ('ש', "NotoSansHebrew-Regular"),
            ('髙', "NotoSansCJKjp-Regular"),
            ('﨑', "NotoSansCJKjp-Regular"),
            ('鷗', "NotoSansCJKjp-Regular"),
            ('한', "NotoSansCJKjp-Regular"),
            ('→', "NotoSansMono-Regular"),
            ('们', "DroidSansFallback"),
        ] {
            let font = fonts
                .font_for(c, FontId::BOLD)
                .unwrap_or_else(|| panic!("{c}"));
            assert_eq!(FONTS[font.0 as usize].name, name, "{c}");
        }
        assert_eq!(fonts.font_for('\u{1F600}', FontId::SANS), None);
    }

    #[test]
    fn arabic_letters_join_and_keep_their_text() {
        let mut fonts = Fonts::load().expect("the fonts of the program");
        let font = fonts.font_for('م', FontId::SANS).expect("has Arabic");
        let joined = fonts.shape(font, "مرحبا", true);
        let alone = fonts.shape(font, "م", true);
        let last = joined.glyphs.last().expect("glyphs");
        assert_ne!(
            last.id, alone.glyphs[0].id,
            "the first letter has its initial form"
        );
        let text: String = joined
            .glyphs
            .iter()
            .rev()
            .map(|g| &joined.text[g.start as usize..g.end as usize])
            .collect();
        assert_eq!(text, "مرحبا");
    }

    #[test]
    fn a_plan_that_was_made_before_gives_what_a_new_one_gives() {
        let mut fonts = Fonts::load().expect("the fonts of the program");
        for (text, right_to_left) in [
            ("12.3", false),
            ("AV. To", false),
            ("Ωμέγα", false),
            ("7, 8", false),
            ("مرحبا", true),
            ("1 2", true),
            ("Te", false),
        ] {
            for font in (0..FONTS.len() as u8).map(FontId) {
                let mut fresh = Fonts::load().expect("the fonts of the program");
                let expected = fresh.shaper_glyphs(font, text, right_to_left);
                assert_eq!(fonts.shaper_glyphs(font, text, right_to_left), expected);
                let mut buffer = UnicodeBuffer::new();
                buffer.push_str(text);
                buffer.set_cluster_level(BufferClusterLevel::Characters);
                buffer.guess_segment_properties();
                buffer.set_direction(match right_to_left {
                    true => Direction::RightToLeft,
                    false => Direction::LeftToRight,
                });
                let plain = rustybuzz::shape(fonts.face(font), &[], buffer);
                let ids = plain.glyph_infos().iter().map(|info| info.glyph_id as u16);
                let expected = expected.iter().map(|glyph| glyph.id);
                assert!(ids.eq(expected), "{text} {font:?}");
            }
        }
    }

    proptest! {
        #[test]
        fn the_short_way_for_ascii_gives_what_the_shaper_gives(text in "[ -~]{1,40}") {
            let mut fonts = Fonts::load().expect("the fonts of the program");
            for font in [FontId::SANS, FontId::BOLD, FontId::MONO] {
                let short = fonts.ascii_glyphs(font, &text);
                let long = fonts.shaper_glyphs(font, &text, false);
                prop_assert_eq!(short, long);
            }
        }
    }
}

//! Fonts inside the file: which glyphs were used, under which codes, and their dictionaries.
//!
//! A code stands for a glyph *and* the characters it was drawn for, so that
//! copying text out of the page gives the letters of the log even where two of
//! them look the same. Only the used glyphs are embedded.

use std::collections::HashMap;
use std::fmt::Write as _;

use lopdf::{Dictionary, Document, Object, ObjectId, Stream, StringFormat};
use subsetter::GlyphRemapper;

use super::PdfError;
use super::fonts::{FONTS, FontId, Fonts};

/// What one code shows.
#[derive(Debug, Clone)]
struct Code {
    /// The glyph in the subset.
    glyph: u16,
    /// Thousandths of the font size.
    width: f32,
    text: Box<str>,
}

/// The used part of one font.
#[derive(Debug)]
pub struct Used {
    font: FontId,
    /// Outlines in CFF have no table from code to glyph: there the code is the glyph.
    is_cff: bool,
    remapper: GlyphRemapper,
    codes: Vec<Code>,
    by_glyph: HashMap<(u16, Box<str>), u16>,
    /// Glyph and code of each ASCII character, as it was drawn last: the short way.
    ascii: Vec<(u16, u16)>,
}

impl Used {
    pub fn new(font: FontId) -> Self {
        let is_cff = FONTS[font.0 as usize].data.starts_with(b"OTTO");
        let mut used = Used {
            font,
            is_cff,
            remapper: GlyphRemapper::new(),
            codes: Vec::new(),
            by_glyph: HashMap::new(),
            ascii: vec![(0, 0); 128],
        };
        // Code 0 is the glyph for what is missing, and never drawn.
        used.codes.push(Code {
            glyph: 0,
            width: 0.0,
            text: "".into(),
        });
        used
    }

    /// True if anything was drawn with it.
    pub fn is_used(&self) -> bool {
        self.codes.len() > 1
    }

    /// The width the viewer moves on by for a code, in thousandths of the font size.
    #[inline]
    pub fn width(&self, code: u16) -> f32 {
        self.codes[code as usize].width
    }

    /// The code for a glyph that stands for `text`.
    ///
    /// # Errors
    /// More than 65,535 different ones: a code has two bytes.
    #[inline]
    pub fn code(&mut self, glyph: u16, text: &str, width: f32) -> Result<u16, PdfError> {
        let byte = match text.as_bytes() {
            [byte] => usize::from(*byte),
            _ => return self.any_code(glyph, text, width),
        };
        // Code 0 is never drawn, so it stands for none.
        match self.ascii[byte] {
            (known, code) if known == glyph && code != 0 => Ok(code),
            _ => {
                let code = self.any_code(glyph, text, width)?;
                self.ascii[byte] = (glyph, code);
                Ok(code)
            }
        }
    }

    fn any_code(&mut self, glyph: u16, text: &str, width: f32) -> Result<u16, PdfError> {
        // One text for each glyph has to do where the code is the glyph.
        let key = (
            glyph,
            if self.is_cff {
                "".into()
            } else {
                Box::from(text)
            },
        );
        if let Some(&code) = self.by_glyph.get(&key) {
            return Ok(code);
        }
        let too_many = || PdfError::Font {
            name: FONTS[self.font.0 as usize].name,
            cause: "more than 65,535 glyphs".into(),
        };
        let subset_glyph = self.remapper.remap(glyph);
        let code = u16::try_from(self.codes.len()).map_err(|_| too_many())?;
        debug_assert!(!self.is_cff || code == subset_glyph);
        self.codes.push(Code {
            glyph: subset_glyph,
            width,
            text: text.into(),
        });
        self.by_glyph.insert(key, code);
        Ok(code)
    }

    /// Adds the font to `document` and gives its reference.
    ///
    /// # Errors
    /// A font program that cannot be reduced.
    pub fn embed(&self, document: &mut Document, fonts: &Fonts) -> Result<ObjectId, PdfError> {
        let source = &FONTS[self.font.0 as usize];
        let failed = |cause: String| PdfError::Font {
            name: source.name,
            cause,
        };
        let program = subsetter::subset(source.data, 0, &self.remapper)
            .map_err(|cause| failed(cause.to_string()))?;
        let name = format!("{}+{}", self.tag(&program), source.name);
        let program = match self.is_cff {
            // Viewers agree best on the bare table.
            true => cff_table(&program)
                .ok_or_else(|| failed("the subset has no outlines".into()))?
                .to_vec(),
            false => program,
        };
        let descriptor = self.descriptor(document, fonts, &name, program)?;
        let descendant = self.descendant(document, &name, descriptor)?;
        let to_unicode =
            document.add_object(packed(Dictionary::new(), self.to_unicode().as_bytes())?);
        Ok(document.add_object(dictionary([
            ("Type", name_object("Font")),
            ("Subtype", name_object("Type0")),
            ("BaseFont", name_object(&name)),
            ("Encoding", name_object("Identity-H")),
            ("DescendantFonts", Object::Array(vec![descendant.into()])),
            ("ToUnicode", to_unicode.into()),
        ])))
    }

    /// Six letters out of the content, as the names of subsets begin.
    fn tag(&self, program: &[u8]) -> String {
        use sha2::{Digest, Sha256};
        let hash = Sha256::digest(program);
        hash.iter()
            .take(6)
            .map(|byte| char::from(b'A' + byte % 26))
            .collect()
    }

    fn descriptor(
        &self,
        document: &mut Document,
        fonts: &Fonts,
        name: &str,
        program: Vec<u8>,
    ) -> Result<ObjectId, PdfError> {
        let face = fonts.face(self.font);
        let scaled = |units: i16| {
            Object::Integer((f32::from(units) * fonts.scale(self.font)).round() as i64)
        };
        let length = program.len() as i64;
        let (key, extra) = match self.is_cff {
            true => ("FontFile3", ("Subtype", name_object("CIDFontType0C"))),
            false => ("FontFile2", ("Length1", Object::Integer(length))),
        };
        let file = document.add_object(packed(dictionary([extra]), &program)?);
        let area = face.global_bounding_box();
        let corners = [area.x_min, area.y_min, area.x_max, area.y_max]
            .map(scaled)
            .to_vec();
        let fixed_pitch = if self.font == FontId::MONO { 1 } else { 0 };
        Ok(document.add_object(dictionary([
            ("Type", name_object("FontDescriptor")),
            ("FontName", name_object(name)),
            // Symbolic: the codes are our own.
            ("Flags", Object::Integer(4 | fixed_pitch)),
            ("FontBBox", Object::Array(corners)),
            ("ItalicAngle", Object::Integer(0)),
            ("Ascent", scaled(face.ascender())),
            ("Descent", scaled(face.descender())),
            (
                "CapHeight",
                scaled(face.capital_height().unwrap_or_else(|| face.ascender())),
            ),
            (
                "StemV",
                Object::Integer(if self.font == FontId::BOLD { 140 } else { 80 }),
            ),
            (key, file.into()),
        ])))
    }

    fn descendant(
        &self,
        document: &mut Document,
        name: &str,
        descriptor: ObjectId,
    ) -> Result<ObjectId, PdfError> {
        let widths = self
            .codes
            .iter()
            .map(|code| Object::Real((code.width * 100.0).round() / 100.0))
            .collect();
        let info = dictionary([
            ("Registry", Object::string_literal("Adobe")),
            ("Ordering", Object::string_literal("Identity")),
            ("Supplement", Object::Integer(0)),
        ]);
        let mut font = dictionary([
            ("Type", name_object("Font")),
            (
                "Subtype",
                name_object(if self.is_cff {
                    "CIDFontType0"
                } else {
                    "CIDFontType2"
                }),
            ),
            ("BaseFont", name_object(name)),
            ("CIDSystemInfo", Object::Dictionary(info)),
            ("FontDescriptor", descriptor.into()),
            ("DW", Object::Integer(1000)),
            (
                "W",
                Object::Array(vec![Object::Integer(0), Object::Array(widths)]),
            ),
        ]);
        if !self.is_cff {
            let glyphs: Vec<u8> = self
                .codes
                .iter()
                .flat_map(|code| code.glyph.to_be_bytes())
                .collect();
            font.set(
                "CIDToGIDMap",
                document.add_object(packed(Dictionary::new(), &glyphs)?),
            );
        }
        Ok(document.add_object(font))
    }

    /// The table from codes to characters, for search and copying.
    fn to_unicode(&self) -> String {
        let said: Vec<(usize, &Code)> = self
            .codes
            .iter()
            .enumerate()
            .filter(|(_, code)| !code.text.is_empty())
            .collect();
        let mut table = String::from(
            "/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n\
             /CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def\n\
             /CMapName /Adobe-Identity-UCS def\n/CMapType 2 def\n\
             1 begincodespacerange\n<0000> <FFFF>\nendcodespacerange\n",
        );
        // A section of this table has at most 100 lines.
        for part in said.chunks(100) {
            let mut section = format!("{} beginbfchar\n", part.len());
            for (number, code) in part {
                let text: String = code
                    .text
                    .encode_utf16()
                    .map(|unit| format!("{unit:04X}"))
                    .collect();
                writeln!(section, "<{number:04X}> <{text}>")
                    .expect("writing to a string does not fail");
            }
            table.push_str(&section);
            table.push_str("endbfchar\n");
        }
        table.push_str("endcmap\nCMapName currentdict /CMap defineresource pop\nend\nend");
        table
    }
}

/// The `CFF ` table of an OpenType file.
fn cff_table(file: &[u8]) -> Option<&[u8]> {
    let number =
        |at: usize| Some(u32::from_be_bytes(file.get(at..at + 4)?.try_into().ok()?) as usize);
    let count = u16::from_be_bytes(file.get(4..6)?.try_into().ok()?) as usize;
    let record = (0..count)
        .map(|place| 12 + place * 16)
        .find(|&at| file.get(at..at + 4) == Some(b"CFF "))?;
    let start = number(record + 8)?;
    file.get(start..start.checked_add(number(record + 12)?)?)
}

/// A stream packed with zlib.
pub fn packed(mut dictionary: Dictionary, content: &[u8]) -> Result<Stream, PdfError> {
    dictionary.set("Filter", name_object("FlateDecode"));
    Ok(Stream::new(dictionary, Packer::new().zlib(content)?).with_compression(false))
}

/// Packs bytes; one for many pieces, because its tables are large.
pub struct Packer(libdeflater::Compressor);

impl Packer {
    pub fn new() -> Packer {
        let level = libdeflater::CompressionLvl::new(LEVEL).expect("a level that there is");
        Packer(libdeflater::Compressor::new(level))
    }

    /// The bytes as a zlib stream.
    ///
    /// # Errors
    /// None that is known: the room is what the packer asks for.
    pub fn zlib(&mut self, content: &[u8]) -> Result<Vec<u8>, PdfError> {
        let mut packed = vec![0; self.0.zlib_compress_bound(content.len())];
        let length = self.0.zlib_compress(content, &mut packed);
        packed.truncate(length.map_err(|cause| PdfError::Drawing(cause.to_string()))?);
        packed.shrink_to_fit();
        Ok(packed)
    }
}

/// How hard it is tried to pack well.
const LEVEL: i32 = 1;

pub fn dictionary<const N: usize>(entries: [(&str, Object); N]) -> Dictionary {
    Dictionary::from_iter(entries)
}

pub fn name_object(name: &str) -> Object {
    Object::Name(name.as_bytes().to_vec())
}

/// Text as PDF strings hold it: ASCII as it is, anything else in UTF-16.
pub fn text_object(text: &str) -> Object {
    if text.bytes().all(|b| (0x20..0x7F).contains(&b)) {
        return Object::String(text.as_bytes().to_vec(), StringFormat::Literal);
    }
    let units = std::iter::once(0xFEFF).chain(text.encode_utf16());
    Object::String(
        units.flat_map(u16::to_be_bytes).collect(),
        StringFormat::Hexadecimal,
    )
}

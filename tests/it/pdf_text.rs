//! Reads a PDF back with lopdf. The tests of the PDF engine use this file too.

use std::collections::BTreeMap;

use lopdf::{Document as File, Object};

/// A file as others read it.
pub fn read(bytes: &[u8]) -> File {
    File::load_mem(bytes).expect("a PDF file")
}

/// The text of each page, by way of the fonts' own tables of characters.
pub fn texts(file: &File) -> Vec<String> {
    file.get_pages()
        .keys()
        .map(|&page| page_text(file, page))
        .collect()
}

fn page_text(file: &File, number: u32) -> String {
    let page = file.get_pages()[&number];
    let tables: BTreeMap<Vec<u8>, BTreeMap<u16, String>> = file
        .get_page_fonts(page)
        .expect("fonts")
        .into_iter()
        .map(|(name, font)| (name, characters(file, font)))
        .collect();
    let content = lopdf::content::Content::decode(&file.get_page_content(page)).expect("contents");
    let mut font = &BTreeMap::new();
    let mut text = String::new();
    for operation in content.operations {
        match operation.operator.as_str() {
            "Tf" => font = &tables[operation.operands[0].as_name().expect("a font name")],
            "TJ" | "Tj" => {
                for codes in strings(&operation.operands) {
                    for code in codes.chunks(2) {
                        // Of the glyphs that draw one character together, the first says it.
                        let said = font.get(&u16::from_be_bytes([code[0], code[1]]));
                        text.push_str(said.map_or("", String::as_str));
                    }
                }
            }
            "ET" => text.push('\n'),
            _ => {}
        }
    }
    text
}

fn strings(operands: &[Object]) -> Vec<&[u8]> {
    let flat = |object: &'_ Object| matches!(object, Object::String(..));
    match operands {
        [Object::Array(items)] => items
            .iter()
            .filter(|item| flat(item))
            .map(|item| item.as_str().expect("a string"))
            .collect(),
        items => items
            .iter()
            .map(|item| item.as_str().expect("a string"))
            .collect(),
    }
}

/// What each code of a font stands for.
fn characters(file: &File, font: &lopdf::Dictionary) -> BTreeMap<u16, String> {
    let id = font
        .get(b"ToUnicode")
        .and_then(Object::as_reference)
        .expect("a table of characters");
    let stream = file
        .get_object(id)
        .and_then(Object::as_stream)
        .expect("a stream");
    let table = String::from_utf8(stream.decompressed_content().expect("packed")).expect("ASCII");
    let mut characters = BTreeMap::new();
    for line in table
        .lines()
        .filter(|line| line.starts_with('<') && !line.contains("FFFF>"))
    {
        let (code, text) = line.split_once(' ').expect("two columns");
        let units = hex::decode(text.trim_matches(['<', '>'])).expect("hex");
        let units: Vec<u16> = units
            .chunks(2)
            .map(|unit| u16::from_be_bytes([unit[0], unit[1]]))
            .collect();
        let code = u16::from_str_radix(code.trim_matches(['<', '>']), 16).expect("hex");
        characters.insert(code, String::from_utf16(&units).expect("UTF-16"));
    }
    characters
}

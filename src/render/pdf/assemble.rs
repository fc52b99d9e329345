//! The file around the pages: page tree, outline, links, fonts, metadata, id.
//!
//! Written with lopdf, in one fixed order, so that the bytes depend on nothing
//! but the document.

use std::io::{BufWriter, Write};

use lopdf::{Dictionary, Document as File, Object, ObjectId, SaveOptions, Stream};
use sha2::{Digest, Sha256};

use super::PdfError;
use super::backend::{Bookmark, Drawn, Page};
use super::embed::{dictionary, name_object, text_object};
use super::flow::{Place, Places};
use super::fonts::{FONTS, Fonts};
use super::xmp::{self, Metadata};

/// The file, before it is written. It takes the contents of the pages.
///
/// # Errors
/// A link to an anchor that is nowhere, a font that cannot be embedded.
pub fn assemble(
    mut drawn: Drawn,
    places: &Places,
    metadata: &Metadata<'_>,
    fonts: &Fonts,
) -> Result<File, PdfError> {
    let id = content_id(&drawn, metadata);
    let mut file = File::with_version("1.7");
    let pages_id = file.new_object_id();
    let page_ids: Vec<ObjectId> = drawn.pages.iter().map(|_| file.new_object_id()).collect();
    let resources = resources(&mut file, &drawn, fonts)?;
    let contents = contents(&mut drawn.pages);
    let target =
        |place: &Place| destination(page_ids[place.page], &drawn.pages[place.page], place.y);
    for ((page, &id), contents) in drawn.pages.iter().zip(&page_ids).zip(contents) {
        let annotations = annotations(&mut file, page, id, places, &target)?;
        let contents = contents.into_iter().filter(|packed| !packed.is_empty());
        let contents = contents.map(|packed| {
            let packing = dictionary([("Filter", name_object("FlateDecode"))]);
            let stream = Stream::new(packing, packed).with_compression(false);
            file.add_object(stream).into()
        });
        let contents = Object::Array(contents.collect());
        let mut entry = dictionary([
            ("Type", name_object("Page")),
            ("Parent", pages_id.into()),
            (
                "MediaBox",
                numbers([0.0, 0.0, page.width as f32, page.height as f32]),
            ),
            ("Resources", resources.into()),
            ("Contents", contents),
        ]);
        if !annotations.is_empty() {
            entry.set("Annots", Object::Array(annotations));
            entry.set("Tabs", name_object("S"));
        }
        file.set_object(id, entry);
    }
    let kids = page_ids.iter().map(|&id| id.into()).collect();
    file.set_object(
        pages_id,
        dictionary([
            ("Type", name_object("Pages")),
            ("Kids", Object::Array(kids)),
            ("Count", Object::Integer(page_ids.len() as i64)),
        ]),
    );
    let outline = outline(&mut file, &drawn.bookmarks, &page_ids);
    finish(&mut file, pages_id, outline, id, metadata);
    Ok(file)
}

/// Writes the file.
///
/// # Errors
/// A target that takes no more.
pub fn write(mut file: File, target: &mut dyn Write) -> Result<(), PdfError> {
    // What writes the file does so in very small pieces.
    let mut target = BufWriter::with_capacity(1 << 14, target);
    let options = SaveOptions::builder()
        .use_object_streams(true)
        .use_xref_streams(true)
        .build();
    let written = file.save_with_options(&mut target, options);
    written
        .and_then(|()| target.flush())
        .map_err(PdfError::Write)
}

/// The contents of each page, and what was added in the end.
fn contents(pages: &mut [Page]) -> Vec<[Vec<u8>; 2]> {
    let take = std::mem::take::<Vec<u8>>;
    pages
        .iter_mut()
        .map(|page| [take(&mut page.contents), take(&mut page.added)])
        .collect()
}

/// What stands in the file beside its pages.
fn finish(
    file: &mut File,
    pages: ObjectId,
    outline: Option<ObjectId>,
    id: [u8; 16],
    metadata: &Metadata<'_>,
) {
    let packet = xmp::packet(metadata, &id);
    let kind = dictionary([
        ("Type", name_object("Metadata")),
        ("Subtype", name_object("XML")),
    ]);
    // Not packed, so that tools which read no PDF can find it.
    let xmp = file.add_object(Stream::new(kind, packet.into_bytes()).with_compression(false));
    let viewing = dictionary([("DisplayDocTitle", Object::Boolean(true))]);
    let mut catalog = dictionary([
        ("Type", name_object("Catalog")),
        ("Pages", pages.into()),
        ("Metadata", xmp.into()),
        ("Lang", text_object(metadata.language)),
        ("ViewerPreferences", Object::Dictionary(viewing)),
    ]);
    if let Some(outline) = outline {
        catalog.set("Outlines", outline);
        catalog.set("PageMode", name_object("UseOutlines"));
    }
    let catalog = file.add_object(catalog);
    let info = file.add_object(info(metadata));
    file.trailer.set("Root", catalog);
    file.trailer.set("Info", info);
    let id = Object::String(id.to_vec(), lopdf::StringFormat::Hexadecimal);
    file.trailer.set("ID", Object::Array(vec![id.clone(), id]));
}

fn info(metadata: &Metadata<'_>) -> Dictionary {
    let date = Object::string_literal(metadata.created_at.pdf());
    dictionary([
        ("Title", text_object(&metadata.title)),
        ("Author", text_object(&metadata.author)),
        ("Subject", text_object(&metadata.subject)),
        ("Creator", text_object(xmp::CREATOR)),
        ("Producer", text_object(xmp::CREATOR)),
        ("CreationDate", date.clone()),
        ("ModDate", date),
    ])
}

/// Sixteen bytes out of everything that can be seen in the file.
fn content_id(drawn: &Drawn, metadata: &Metadata<'_>) -> [u8; 16] {
    let mut hasher = Sha256::new();
    let mut part = |bytes: &[u8]| {
        hasher.update((bytes.len() as u64).to_be_bytes());
        hasher.update(bytes);
    };
    for text in [
        &*metadata.title,
        &*metadata.author,
        &*metadata.subject,
        metadata.language,
        &metadata.created_at.xmp(),
    ] {
        part(text.as_bytes());
    }
    for page in &drawn.pages {
        part(&page.contents);
        part(&page.added);
    }
    drawn
        .bookmarks
        .iter()
        .for_each(|bookmark| part(bookmark.title.as_bytes()));
    let hash = hasher.finalize();
    std::array::from_fn(|place| hash[place])
}

fn resources(file: &mut File, drawn: &Drawn, fonts: &Fonts) -> Result<ObjectId, PdfError> {
    let mut by_name = Dictionary::new();
    for (used, source) in drawn.fonts.iter().zip(&FONTS) {
        if used.is_used() {
            by_name.set(source.resource, used.embed(file, fonts)?);
        }
    }
    Ok(file.add_object(dictionary([("Font", Object::Dictionary(by_name))])))
}

fn annotations(
    file: &mut File,
    page: &Page,
    page_id: ObjectId,
    places: &Places,
    target: &dyn Fn(&Place) -> Object,
) -> Result<Vec<Object>, PdfError> {
    let mut annotations = Vec::with_capacity(page.links.len());
    for link in &page.links {
        let place = places.anchors.get(&link.anchor);
        let place = place.ok_or_else(|| PdfError::NoSuchAnchor {
            anchor: link.anchor.clone(),
        })?;
        let annotation = file.add_object(dictionary([
            ("Type", name_object("Annot")),
            ("Subtype", name_object("Link")),
            ("Rect", numbers(link.rect)),
            ("Border", numbers([0.0; 3])),
            // Printed as it is seen.
            ("F", Object::Integer(4)),
            ("P", page_id.into()),
            ("Contents", text_object(&link.label)),
            ("Dest", target(place)),
        ]));
        annotations.push(annotation.into());
    }
    Ok(annotations)
}

fn destination(page_id: ObjectId, page: &Page, y: f64) -> Object {
    // A little above, so that the heading does not touch the edge of the window.
    let top = ((page.height - y + 8.0) * 100.0).round() / 100.0;
    Object::Array(vec![
        page_id.into(),
        name_object("XYZ"),
        Object::Null,
        Object::Real(top as f32),
        Object::Null,
    ])
}

/// The outline as a tree: an entry holds those of a deeper level that follow it.
fn outline(file: &mut File, bookmarks: &[Bookmark], page_ids: &[ObjectId]) -> Option<ObjectId> {
    if bookmarks.is_empty() {
        return None;
    }
    let root = file.new_object_id();
    let ids: Vec<ObjectId> = bookmarks.iter().map(|_| file.new_object_id()).collect();
    let parents = parents(bookmarks);
    for (place, bookmark) in bookmarks.iter().enumerate() {
        let parent = parents[place];
        let siblings = |other: &usize| parents[*other] == parent;
        let mut entry = dictionary([
            ("Title", text_object(&bookmark.title)),
            ("Parent", parent.map_or(root, |parent| ids[parent]).into()),
            (
                "Dest",
                Object::Array(vec![
                    page_ids[bookmark.page].into(),
                    name_object("XYZ"),
                    Object::Null,
                    Object::Real(bookmark.top + 8.0),
                    Object::Null,
                ]),
            ),
        ]);
        if let Some(before) = (0..place).rev().find(siblings) {
            entry.set("Prev", ids[before]);
        }
        if let Some(after) = (place + 1..bookmarks.len()).find(siblings) {
            entry.set("Next", ids[after]);
        }
        let children = children(&parents, Some(place));
        if let (Some(&first), Some(&last)) = (children.first(), children.last()) {
            entry.set("First", ids[first]);
            entry.set("Last", ids[last]);
            // Negative: closed until the reader opens it.
            entry.set("Count", Object::Integer(-(children.len() as i64)));
        }
        file.set_object(ids[place], entry);
    }
    let top = children(&parents, None);
    let (first, last) = (top.first()?, top.last()?);
    file.set_object(
        root,
        dictionary([
            ("Type", name_object("Outlines")),
            ("First", ids[*first].into()),
            ("Last", ids[*last].into()),
            ("Count", Object::Integer(top.len() as i64)),
        ]),
    );
    Some(root)
}

/// For each bookmark the one that it stands under: the last before it of a higher level.
fn parents(bookmarks: &[Bookmark]) -> Vec<Option<usize>> {
    let mut open: Vec<usize> = Vec::new();
    let mut parents = Vec::with_capacity(bookmarks.len());
    for (place, bookmark) in bookmarks.iter().enumerate() {
        while open
            .last()
            .is_some_and(|&last| bookmarks[last].level >= bookmark.level)
        {
            open.pop();
        }
        parents.push(open.last().copied());
        open.push(place);
    }
    parents
}

fn children(parents: &[Option<usize>], of: Option<usize>) -> Vec<usize> {
    (0..parents.len())
        .filter(|&place| parents[place] == of)
        .collect()
}

fn numbers<const N: usize>(numbers: [f32; N]) -> Object {
    Object::Array(numbers.map(Object::Real).to_vec())
}

//! What a reader recalls of a record against what it reads.

use attestrail::record::path::PathId;
use attestrail::record::project::{Fault, Kind, Projector};

/// Recalls a text, reads it and learns it if it was new; returns what reading said, and whether it was
/// recalled. `wanted` are the paths whose strings the reader hands out.
pub fn read_and_recall(
    text: &str,
    reader: &mut Projector<'_>,
    wanted: &[PathId],
) -> (Result<usize, Fault>, bool) {
    let bytes = text.as_bytes();
    let recalled = reader.recall(bytes, 0).map(|found| {
        let texts = |path: &PathId| found.texts(*path).map(<[u8]>::to_vec).collect();
        let texts: Vec<Vec<Vec<u8>>> = wanted.iter().map(texts).collect();
        (found.end, found.content_hash, found.likeness(), texts)
    });
    let read = reader.read(bytes, 0);
    let was_recalled = recalled.is_some();
    if let Some((end, content_hash, alike, texts)) = recalled {
        assert_eq!(read, Ok(end), "{text}");
        assert_eq!(reader.content_hash(), content_hash, "{text}");
        // What reading finds for it may have another number, or none: what counts is that the
        // record is like those whose answers it is given.
        assert!(reader.is_like(bytes, alike), "{text}");
        for (path, texts) in wanted.iter().zip(texts) {
            let strings = reader
                .leaves(*path)
                .filter(|leaf| leaf.kind == Kind::String);
            let strings = strings.map(|leaf| &bytes[leaf.start as usize..leaf.end as usize]);
            assert!(strings.eq(texts.iter().map(Vec::as_slice)), "{text}");
        }
    }
    let likeness = reader.likeness(bytes);
    let is_new = !was_recalled && read.is_ok() && bytes.starts_with(b"{");
    if let (true, Some(likeness)) = (is_new, likeness) {
        reader.learn(bytes, 0, likeness);
    }
    (read, was_recalled)
}

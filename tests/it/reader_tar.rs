//! Tar archives, byte for byte: every byte of them is read, or named.

use attestrail::reader::FileOutcome;
use tar::EntryType;

use crate::reader_common::{ReadSet, gzip, read_set, record, wrap, write};

const BLOCK: usize = 512;

fn log(number: u32) -> Vec<u8> {
    wrap(&[record(number)]).into_bytes()
}

/// A header and its data, with `filling` up to the end of the block.
fn entry(name: &str, kind: EntryType, data: &[u8], filling: &[u8]) -> Vec<u8> {
    let mut header = tar::Header::new_gnu();
    header.as_gnu_mut().expect("GNU").name[..name.len()].copy_from_slice(name.as_bytes());
    header.set_entry_type(kind);
    header.set_size(data.len() as u64);
    header.set_mode(0o644);
    header.set_cksum();
    let mut made = header.as_bytes().to_vec();
    made.extend_from_slice(data);
    made.extend_from_slice(filling);
    made.resize(made.len().next_multiple_of(BLOCK), 0);
    made
}

fn file(name: &str, data: &[u8]) -> Vec<u8> {
    entry(name, EntryType::Regular, data, b"")
}

fn link(name: &str, target: &str) -> Vec<u8> {
    let mut made = entry(name, EntryType::Symlink, b"", b"");
    let mut header = tar::Header::new_gnu();
    header.as_mut_bytes().copy_from_slice(&made);
    header.set_link_name_literal(target).expect("fits");
    header.set_cksum();
    made.copy_from_slice(header.as_bytes());
    made
}

/// One line of an extended header.
fn pax(key: &str, value: &str) -> Vec<u8> {
    let rest = format!(" {key}={value}\n");
    let mut length = rest.len();
    while length != rest.len() + length.to_string().len() {
        length = rest.len() + length.to_string().len();
    }
    format!("{length}{rest}").into_bytes()
}

fn extended(kind: EntryType, lines: &[u8]) -> Vec<u8> {
    entry("header", kind, lines, b"")
}

fn archive(parts: &[Vec<u8>]) -> Vec<u8> {
    [parts.concat(), vec![0; 2 * BLOCK]].concat()
}

fn read_as(name: &str, bytes: &[u8]) -> ReadSet {
    let folder = tempfile::tempdir().expect("a folder");
    write(&folder.path().join(name), bytes);
    read_set(&[folder.path().to_owned()])
}

/// What is refused of an archive, and how many records are read; packed with gzip too.
#[track_caller]
fn check(bytes: &[u8], records: usize, expected: &[(&str, &str)]) {
    for (name, bytes) in [("a.tar", bytes.to_vec()), ("a.tgz", gzip(bytes))] {
        let set = read_as(name, &bytes);
        let refused = set.files.iter().filter_map(|(file, report, _)| {
            let FileOutcome::Refused(fault) = &report.outcome else {
                return None;
            };
            Some((
                file.key.trim_start_matches(name).to_owned(),
                fault.to_string(),
            ))
        });
        let found: Vec<_> = refused.collect();
        assert_eq!(found.len(), expected.len(), "{found:?}");
        for ((key, words), (wanted_key, wanted)) in found.iter().zip(expected) {
            assert_eq!(key, wanted_key, "{words}");
            assert!(words.contains(wanted), "{words}");
        }
        assert_eq!(set.kept().count(), records);
    }
}

#[test]
fn bytes_that_fill_a_block_are_zeros_or_are_named() {
    let data = log(1);
    let room = data.len().next_multiple_of(BLOCK) - data.len();
    let hidden = &log(2)[..room.min(40)];
    let filled = entry("a.json", EntryType::Regular, &data, hidden);
    let told = format!(
        "from byte {} on, what fills a block is not zeros",
        BLOCK + data.len()
    );
    let bytes = archive(&[filled, file("b.json", &log(3))]);
    check(&bytes, 2, &[("", &told)]);
}

#[test]
fn data_of_folders_and_links_is_named() {
    let good = file("a.json", &log(1));
    for (kind, word) in [
        (EntryType::Directory, "folder"),
        (EntryType::Symlink, "link"),
        (EntryType::Link, "link"),
    ] {
        let told = format!("it is called a {word}, and holds ");
        let bytes = archive(&[good.clone(), entry("x", kind, &log(2), b"")]);
        check(&bytes, 1, &[("!/x", &told)]);
    }
    let text = record(2);
    let long = entry("x", EntryType::GNULongLink, text.as_bytes(), b"");
    let bytes = archive(&[good, long, entry("x", EntryType::Symlink, b"", b"")]);
    check(&bytes, 1, &[("!/x", "it is called a link, and holds ")]);
}

#[test]
fn data_in_headers_is_named() {
    let good = file("a.json", &log(1));
    let told = [("", "holds data, which is not read")];
    for kind in [EntryType::XHeader, EntryType::XGlobalHeader] {
        let hidden = extended(kind, &pax("comment", &record(2)));
        check(&archive(&[hidden, good.clone()]), 1, &told);
        // Behind the last member, where it belongs to none.
        let hidden = extended(kind, &pax("comment", &record(2)));
        check(&archive(&[good.clone(), hidden]), 1, &told);
    }
    let mut header = tar::Header::new_gnu();
    header.as_mut_bytes().copy_from_slice(&good[..BLOCK]);
    let text = b"{\"eventName\":\"X\",\"eventSource\":\"Y\"}";
    header.as_mut_bytes()[350..350 + text.len()].copy_from_slice(text);
    header.set_cksum();
    let bytes = archive(&[[header.as_bytes(), &good[BLOCK..]].concat()]);
    check(&bytes, 1, &told);
}

#[test]
fn sparse_files_are_named_as_such() {
    let good = file("a.json", &log(1));
    let map = pax("GNU.sparse.major", "1");
    let sparse = [
        extended(EntryType::XHeader, &map),
        file("data", &log(2)),
        good.clone(),
    ];
    let told = [("!/data", "it is a sparse file, which is not read")];
    check(&archive(&sparse), 1, &told);
    let bytes = archive(&[entry("data", EntryType::GNUSparse, &log(2), b""), good]);
    check(&bytes, 1, &told);
}

#[test]
fn global_headers_that_rename_members_are_named() {
    let good = file("a.json", &log(1));
    for key in ["path", "linkpath", "size"] {
        let global = extended(EntryType::XGlobalHeader, &pax(key, "1"));
        let set = read_as("a.tar", &archive(&[global, good.clone()]));
        assert!(set.is_incomplete(), "{key}");
    }
    let commit = pax("comment", "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c");
    let global = extended(EntryType::XGlobalHeader, &commit);
    check(&archive(&[global, good]), 1, &[]);
}

#[test]
fn zeros_of_the_last_member_are_no_end_mark() {
    let parts = [file("a.json", &log(1)), file("picture.bin", &[0; 4096])];
    check(&parts.concat(), 1, &[("", "without its end mark")]);
}

#[test]
fn links_that_lead_out_of_an_archive_are_losses_and_those_inside_are_not() {
    let inside = [
        file("x/a.json", &log(1)),
        link("current", "x"),
        link("again", "current"),
        link("a.json", "x/a.json"),
        entry("empty", EntryType::Directory, b"", b""),
        link("none", "empty"),
    ];
    check(&archive(&inside), 1, &[]);
    for target in ["/mnt/trail", "../trail", "gone"] {
        let bytes = archive(&[inside[0].clone(), link("more", target)]);
        check(&bytes, 1, &[("!/more", "not in the archive")]);
    }
    let bytes = archive(&[inside[0].clone(), link(".DS_Store", "gone")]);
    check(&bytes, 1, &[]);
}

/// As the first version of the format has them, without a mark.
fn old(name: &str, data: &[u8]) -> Vec<u8> {
    let mut header = tar::Header::new_old();
    header.set_path(name).expect("fits");
    header.set_size(data.len() as u64);
    header.set_mode(0o644);
    header.set_cksum();
    let mut made = [header.as_bytes(), data].concat();
    made.resize(made.len().next_multiple_of(BLOCK), 0);
    made
}

#[test]
fn what_ordinary_programs_write_into_a_tar_is_no_loss() {
    let good = file("a.json", &log(1));
    let listed = entry("logs", EntryType::new(b'D'), b"Ya.json\0Yb.json\0\0", b"");
    check(&archive(&[listed, good.clone()]), 1, &[]);
    check(&archive(&[old("a.json", &log(1))]), 1, &[]);
    let hidden = entry("logs", EntryType::new(b'D'), &log(2), b"");
    check(&archive(&[hidden, good]), 1, &[("!/logs", "holds ")]);
    // Programs that write to tapes fill the last record.
    let long = [archive(&[file("a.json", &log(1))]), vec![0; 8192]].concat();
    check(&long, 1, &[]);
}

#[test]
fn data_in_the_header_of_a_packed_archive_is_named() {
    let tar = archive(&[file("a.json", &log(1))]);
    for content in [tar, log(1)] {
        let made = flate2::GzBuilder::new().comment(record(2));
        let mut encoder = made.write(Vec::new(), flate2::Compression::fast());
        std::io::Write::write_all(&mut encoder, &content).expect("writes to memory");
        let set = read_as("a.gz", &encoder.finish().expect("ends"));
        let told: Vec<String> = set
            .files
            .iter()
            .flat_map(|(_, report, _)| report.messages())
            .collect();
        let told = told.join(" ");
        assert!(told.contains("the gzip header holds data"), "{told}");
        assert!(set.is_incomplete());
    }
}

//! Zip archives, byte for byte: every byte of them is read, or named.

use attestrail::reader::FileOutcome;
use flate2::{Compression, Crc};

use crate::reader_common::{ReadSet, gzip, read_set, record, wrap, write};

/// An entry, as a program would write it.
#[derive(Clone, Default)]
struct Entry {
    name: Vec<u8>,
    local_name: Option<Vec<u8>>,
    /// As it lies in the archive.
    packed: Vec<u8>,
    method: u16,
    flags: u16,
    size: u32,
    crc: u32,
    local_extra: Vec<u8>,
    extra: Vec<u8>,
    comment: Vec<u8>,
    /// Of Unix, with the kind of file.
    mode: u32,
}

fn stored(name: &str, content: &[u8]) -> Entry {
    let mut crc = Crc::new();
    crc.update(content);
    Entry {
        name: name.into(),
        packed: content.to_vec(),
        size: u32::try_from(content.len()).expect("small"),
        crc: crc.sum(),
        ..Entry::default()
    }
}

fn deflated(name: &str, content: &[u8]) -> Entry {
    use std::io::Write as _;
    let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(content).expect("writes to memory");
    Entry {
        packed: encoder.finish().expect("ends"),
        method: 8,
        ..stored(name, content)
    }
}

impl Entry {
    /// What both headers have, from the version on.
    fn common(&self) -> Vec<u8> {
        let packed = u32::try_from(self.packed.len()).expect("small");
        [
            &[20, 0][..],
            &self.flags.to_le_bytes(),
            &self.method.to_le_bytes(),
            &[0, 0, 0x21, 0x58],
            &self.crc.to_le_bytes(),
            &packed.to_le_bytes(),
            &self.size.to_le_bytes(),
        ]
        .concat()
    }

    fn local(&self) -> Vec<u8> {
        let name = self.local_name.as_ref().unwrap_or(&self.name);
        [
            b"PK\x03\x04",
            &self.common()[..],
            &short(name),
            &short(&self.local_extra),
            name,
            &self.local_extra,
            &self.packed,
        ]
        .concat()
    }

    fn listed(&self, at: usize) -> Vec<u8> {
        [
            b"PK\x01\x02\x14\x03",
            &self.common()[..],
            &short(&self.name),
            &short(&self.extra),
            &short(&self.comment),
            &[0; 4],
            &(self.mode << 16).to_le_bytes(),
            &u32::try_from(at).expect("small").to_le_bytes(),
            &self.name,
            &self.extra,
            &self.comment,
        ]
        .concat()
    }
}

fn short(bytes: &[u8]) -> [u8; 2] {
    u16::try_from(bytes.len()).expect("short").to_le_bytes()
}

fn archive(entries: &[Entry], comment: &[u8]) -> Vec<u8> {
    let mut made = Vec::new();
    let mut directory = Vec::new();
    for entry in entries {
        directory.extend(entry.listed(made.len()));
        made.extend(entry.local());
    }
    let start = u32::try_from(made.len()).expect("small");
    let length = u32::try_from(directory.len()).expect("small");
    let count = u16::try_from(entries.len()).expect("few").to_le_bytes();
    made.extend(directory);
    made.extend(
        [
            &b"PK\x05\x06\0\0\0\0"[..],
            &count,
            &count,
            &length.to_le_bytes(),
            &start.to_le_bytes(),
            &short(comment),
            comment,
        ]
        .concat(),
    );
    made
}

fn field(tag: u16, value: &[u8]) -> Vec<u8> {
    [&tag.to_le_bytes()[..], &short(value), value].concat()
}

fn read_as(name: &str, bytes: &[u8]) -> ReadSet {
    let folder = tempfile::tempdir().expect("a folder");
    write(&folder.path().join(name), bytes);
    read_set(&[folder.path().to_owned()])
}

/// Name behind the archive's, and what was said of what was refused.
fn refused(set: &ReadSet) -> Vec<(String, String)> {
    let refused = set.files.iter().filter_map(|(file, report, _)| {
        let FileOutcome::Refused(fault) = &report.outcome else {
            return None;
        };
        let key = file.key.trim_start_matches("a.zip").to_owned();
        Some((key, fault.to_string()))
    });
    refused.collect()
}

/// What is refused of an archive with these entries, and how many records are read.
#[track_caller]
fn check(entries: &[Entry], comment: &[u8], records: usize, expected: &[(&str, &str)]) {
    let set = read_as("a.zip", &archive(entries, comment));
    let found = refused(&set);
    assert_eq!(found.len(), expected.len(), "{found:?}");
    for ((key, words), (wanted_key, wanted)) in found.iter().zip(expected) {
        assert_eq!(key, wanted_key, "{words}");
        assert!(words.contains(wanted), "{words}");
    }
    assert_eq!(set.kept().count(), records);
}

fn log(number: u32) -> Vec<u8> {
    wrap(&[record(number)]).into_bytes()
}

#[test]
fn data_under_the_name_of_a_folder_is_named() {
    let good = deflated("a.json", &log(1));
    let told = |name: &'static str| [(name, "it is called a folder, and holds ")];
    for name in ["x/", "y\\"] {
        let key = format!("!/{}", &name[..1]);
        for hidden in [stored(name, &log(2)), deflated(name, &log(2))] {
            let set = read_as("a.zip", &archive(&[good.clone(), hidden], b""));
            let found = refused(&set);
            assert_eq!(found.len(), 1, "{found:?}");
            assert_eq!(found[0].0, key);
            assert!(found[0].1.contains(told("")[0].1), "{found:?}");
        }
    }
    // Some programs compress folders, to nothing.
    check(&[good, deflated("x/", b"")], b"", 1, &[]);
}

#[test]
fn data_under_the_kind_of_a_link_is_named() {
    let link = |content: &[u8]| Entry {
        mode: 0o120_777,
        ..stored("link", content)
    };
    let good = deflated("a.json", &log(1));
    let long = vec![b'x'; 5000];
    for content in [&log(2)[..], &long, b"\x1F\x8B\x08\0"] {
        let entries = [good.clone(), link(content)];
        check(
            &entries,
            b"",
            1,
            &[("!/link", "it is called a link, and holds ")],
        );
    }
    check(&[good, link(b"a.json")], b"", 1, &[]);
}

#[test]
fn bytes_behind_the_end_of_compressed_data_are_named() {
    let mut entry = deflated("a.json", &log(1));
    entry.packed.extend(gzip(&log(2)));
    let more = gzip(&log(2)).len();
    let words = format!("behind its data lie {more} bytes that are not read");
    check(&[entry], b"", 0, &[("!/a.json", &words)]);
    let mut entry = deflated("a.json", &log(1));
    entry.packed.push(0);
    check(
        &[entry],
        b"",
        0,
        &[("!/a.json", "behind its data lie 1 byte ")],
    );
    // A stored member whose two lengths differ.
    let mut entry = stored("a.json", &log(1));
    entry.packed.extend(log(2));
    check(&[entry], b"", 0, &[("!/a.json", "")]);
}

#[test]
fn data_in_extra_fields_and_comments_is_named() {
    let good = deflated("a.json", &log(1));
    let packed = gzip(&log(2));
    let records = log(2);
    let member = stored("b.json", b"x").local();
    for hidden in [&packed[..], &records, &member] {
        let in_extra = |tag| Entry {
            local_extra: field(tag, hidden),
            ..good.clone()
        };
        for tag in [0x5455, 0x7875, 0x0001, 0xd935, 0x7075, 0x1234] {
            let told = [("", "the member at byte 0 has data in its extra fields")];
            check(&[in_extra(tag)], b"", 1, &told);
        }
        let listed = [
            Entry {
                extra: field(0x5455, hidden),
                ..good.clone()
            },
            Entry {
                comment: hidden.to_vec(),
                ..good.clone()
            },
        ];
        for entry in listed {
            let told = [("", "has data in its extra fields or comment")];
            check(&[entry], b"", 1, &told);
        }
        let told = [("", "holds more than words")];
        check(std::slice::from_ref(&good), hidden, 1, &told);
    }
    let renamed = Entry {
        local_name: Some(record(2).into_bytes()),
        ..good
    };
    let told = [("", "the member at byte 0 has another name")];
    check(&[renamed], b"", 1, &told);
}

#[test]
fn fields_and_comments_that_programs_write_are_no_loss() {
    let unix = [&[1, 4][..], &[0; 4], &[4], &[0; 4]].concat();
    let entry = Entry {
        local_extra: [field(0x5455, &[3; 9]), field(0x7875, &unix)].concat(),
        extra: [
            field(0x5455, &[3; 5]),
            field(0x7875, &unix),
            field(0x000a, &[[0; 4], [1, 0, 24, 0]].concat().repeat(4)),
        ]
        .concat(),
        comment: b"delivered in May".to_vec(),
        ..deflated("a.json", &log(1))
    };
    let jar = Entry {
        local_extra: field(0xcafe, b""),
        extra: field(0xcafe, b""),
        ..stored("META-INF/", b"")
    };
    let aligned = Entry {
        local_extra: field(0xd935, &[&[0, 16][..], &[0; 4000]].concat()),
        ..stored("b.json", &log(2))
    };
    let comment = b"0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c";
    check(&[entry, jar, aligned], comment, 2, &[]);
}

#[test]
fn a_compression_that_is_not_read_is_told_by_its_name() {
    for (method, name) in [
        (12, "bzip2"),
        (14, "lzma"),
        (93, "zstd"),
        (95, "xz"),
        (77, "method 77"),
    ] {
        let entry = Entry {
            method,
            ..stored("a.json", b"x")
        };
        let set = read_as("a.zip", &archive(&[entry], b""));
        let told = set.files[0].1.messages().join(" ");
        assert!(
            told.contains(&format!("compressed with {name}, ")),
            "{told}"
        );
        let FileOutcome::Refused(fault) = &set.files[0].1.outcome else {
            panic!("{told}")
        };
        let help = fault.help().expect("help");
        assert!(
            help.contains("unpack") && help.contains("deflate"),
            "{help}"
        );
    }
}

//! The documents of a packet: whatever a log says stays text, every link leads
//! somewhere, and a packet without anything in it can still be read.

use std::collections::{BTreeMap, BTreeSet};

use attestrail::assess::outcome::{Assessment, Coverage, Integrity, LogSet};
use attestrail::control::scope::Scope;
use attestrail::packet::build::{self, Inputs};
use attestrail::packet::folder::Existing;
use attestrail::packet::model::Packet;
use attestrail::packet::write::{self, Options, View};
use attestrail::render::VIEWS;
use attestrail::render::html::HtmlView;
use attestrail::render::paper::PaperView;
use attestrail::render::templates;

use crate::packet_demo::{Demo, HOSTILE, Memory, demo};

const PCI: &str = "pci-dss-4.0.1";

fn packet(demo: &Demo) -> Packet {
    build::build(&demo.inputs(PCI)).expect("builds")
}

fn rendered(view: &dyn View, packet: &Packet) -> Vec<u8> {
    let mut bytes = Vec::new();
    view.render(packet, &mut bytes).expect("renders");
    bytes
}

fn html(packet: &Packet) -> String {
    String::from_utf8(rendered(&HtmlView, packet)).expect("UTF-8")
}

/// A start tag with its attributes, read as strictly as templates write them.
#[derive(Debug)]
struct Tag {
    name: String,
    attributes: BTreeMap<String, String>,
}

/// All tags outside of style and script; anything else that looks like markup is a failure.
fn tags(html: &str) -> Vec<Tag> {
    let mut all = Vec::new();
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        rest = &rest[at + 1..];
        let end = rest.find('>').expect("every tag ends");
        let inside = &rest[..end];
        rest = &rest[end + 1..];
        if inside.starts_with('/') || inside == "!doctype html" {
            continue;
        }
        let tag = tag(inside.trim_end_matches('/'));
        for raw in ["style", "script"] {
            if tag.name == raw {
                rest = &rest[rest.find(&format!("</{raw}>")).expect("it ends")..];
            }
        }
        all.push(tag);
    }
    all
}

fn tag(inside: &str) -> Tag {
    let (name, mut rest) = inside.split_once(' ').unwrap_or((inside, ""));
    let mut attributes = BTreeMap::new();
    while !rest.trim().is_empty() {
        rest = rest.trim_start();
        let word = rest.find([' ', '=']).unwrap_or(rest.len());
        let key = &rest[..word];
        rest = &rest[word..];
        let mut value = String::new();
        if let Some(quoted) = rest.strip_prefix("=\"") {
            let end = quoted.find('"').expect("values are quoted");
            value = quoted[..end].to_owned();
            rest = &quoted[end + 1..];
        } else {
            assert!(!rest.starts_with('='), "an unquoted value in <{inside}>");
        }
        assert!(
            attributes.insert(key.to_owned(), value).is_none(),
            "twice in <{inside}>"
        );
    }
    Tag {
        name: name.to_owned(),
        attributes,
    }
}

#[test]
fn only_the_markup_of_the_templates_is_in_the_page() {
    let allowed: BTreeSet<&str> = [
        "html",
        "head",
        "meta",
        "title",
        "style",
        "body",
        "a",
        "nav",
        "div",
        "p",
        "bdi",
        "ol",
        "ul",
        "li",
        "span",
        "main",
        "section",
        "header",
        "h1",
        "h2",
        "h3",
        "h4",
        "strong",
        "dl",
        "dt",
        "dd",
        "code",
        "small",
        "b",
        "i",
        "br",
        "figure",
        "figcaption",
        "svg",
        "rect",
        "line",
        "text",
        "table",
        "caption",
        "colgroup",
        "col",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
        "article",
        "details",
        "summary",
        "pre",
        "footer",
        "script",
    ]
    .into();
    let page = html(&packet(&demo()));
    for tag in tags(&page) {
        assert!(allowed.contains(tag.name.as_str()), "{tag:?}");
        for (name, value) in &tag.attributes {
            assert!(
                !name.starts_with("on") && name != "src" && name != "style",
                "{tag:?}"
            );
            assert!(!value.to_lowercase().contains("javascript:"), "{tag:?}");
        }
    }
    assert_eq!(page.matches("<script").count(), 1);
    assert_eq!(page.matches("<h1").count(), 1);
}

#[test]
fn hostile_texts_are_shown_and_never_taken_for_markup() {
    let page = html(&packet(&demo()));
    for text in [
        "<script>alert('xs-shared')</script>",
        "\"><img src=x onerror=alert(1)>",
        "</td></tr></table><h1>All controls passed</h1>",
        "<svg/onload=alert(1)>",
        "</script><script>alert(2)</script>",
    ] {
        assert!(HOSTILE.contains(&text));
        assert!(!page.contains(text), "{text}");
    }
    assert!(page.contains("&lt;script&gt;alert(&#39;xs-shared&#39;)&lt;/script&gt;"));
    assert!(
        page.contains("{{ 7 * 7 }}"),
        "templates in values are not rendered"
    );
    assert!(page.contains("invoice\\u{202e}fdp.exe"));
    let hidden: BTreeSet<char> = page
        .chars()
        .filter(|one| *one != '\n' && attestrail::sanitize::is_hidden(*one))
        .collect();
    assert!(hidden.is_empty(), "{hidden:?}");
}

#[test]
fn the_page_asks_for_nothing_and_its_policy_allows_only_its_own_parts() {
    let page = html(&packet(&demo()));
    let found = tags(&page);
    let policy = found
        .iter()
        .find(|tag| {
            tag.attributes
                .get("http-equiv")
                .is_some_and(|name| name == "Content-Security-Policy")
        })
        .expect("there is a policy");
    let policy = policy.attributes["content"].replace("&#39;", "'");
    assert!(policy.starts_with("default-src 'none'; "), "{policy}");
    assert!(
        !policy.contains("unsafe") && !policy.contains("http"),
        "{policy}"
    );
    for (tag, text) in [("style", templates::STYLE), ("script", templates::SCRIPT)] {
        // The hash covers exactly what stands between the tags.
        assert!(page.contains(&format!("<{tag}>{text}</{tag}>")), "{tag}");
    }
    for tag in found.iter().filter(|tag| tag.name == "a") {
        let to = &tag.attributes["href"];
        assert!(
            to.starts_with('#') || to.starts_with("controls/") || to.starts_with("logs/"),
            "{to}"
        );
    }
}

#[test]
fn every_link_leads_to_one_place_or_one_file() {
    let demo = demo();
    let out = tempfile::tempdir().expect("a temporary folder");
    for framework in [PCI, "hipaa"] {
        let inputs = demo.inputs(framework);
        let packet = build::build(&inputs).expect("builds");
        let options = Options {
            out: out.path(),
            existing: Existing::Refuse,
            views: &VIEWS,
            stop: None,
        };
        let written = write::write(&inputs, &packet, &options).expect("writes");
        let page = std::fs::read_to_string(written.folder.join("packet.html")).expect("there");
        let found = tags(&page);
        let ids: Vec<&String> = found
            .iter()
            .filter_map(|tag| tag.attributes.get("id"))
            .collect();
        let unique: BTreeSet<&str> = ids.iter().map(|id| id.as_str()).collect();
        assert_eq!(ids.len(), unique.len(), "ids are unique");
        let mut targets = 0;
        for tag in found.iter().filter(|tag| tag.name == "a") {
            let to = &tag.attributes["href"];
            match to.strip_prefix('#') {
                Some(id) => assert!(unique.contains(id), "{to}"),
                None => assert!(written.folder.join(to).is_file(), "{to}"),
            }
            targets += 1;
        }
        assert!(targets > 500, "{targets}");
        for one in &packet.requirements {
            let id = format!("req-{}", templates::anchor(&one.id));
            assert!(unique.contains(id.as_str()), "{id}");
        }
    }
}

#[test]
fn not_determinable_and_not_verified_are_said_where_a_reader_looks_first() {
    let page = html(&packet(&demo()));
    let cover = &page[page.find("id=\"cover\"").expect("a cover")
        ..page.find("id=\"conclusions\"").expect("conclusions")];
    assert!(cover.contains("Not verified") && cover.contains("Evidence incomplete"));
    assert!(!page.to_lowercase().contains("is compliant"));
    assert!(page.contains("v-not-determinable"));
}

#[test]
fn a_cut_list_says_so_and_where_all_of_it_is() {
    let page = html(&packet(&demo()));
    assert!(page.contains("500 of 620 files are shown here."), "inputs");
    assert!(page.contains("xxx… (cut)"), "a long value");
}

/// No controls, no scope, no logs.
fn nothing() -> Demo {
    let demo = demo();
    Demo {
        assessment: Assessment {
            controls: Vec::new(),
            log_set: LogSet::default(),
            coverage: Coverage::default(),
            integrity: Integrity::unverified(
                1_790_812_800,
                1_793_491_200,
                0,
                "No digest file was seen.",
            ),
            seed: String::new(),
            sample_size: 25,
        },
        scope: Scope::none(),
        source: Memory::default(),
        ..demo
    }
}

#[test]
fn a_packet_of_nothing_can_be_read_and_never_looks_like_a_pass() {
    let demo = nothing();
    let none = demo.controls.only(|_| false);
    let inputs = Inputs {
        controls: &none,
        ..demo.inputs(PCI)
    };
    let packet = build::build(&inputs).expect("builds");
    assert_eq!(packet.conclusion.gravest, "not-determinable");
    assert_eq!(packet.conclusion.exit_code, 3);
    let page = html(&packet);
    assert!(page.contains("No control was run for this framework"));
    assert_eq!(
        page.matches("<bdi>organisation not stated</bdi>").count(),
        2
    );
    assert!(rendered(&PaperView, &packet).starts_with(b"%PDF-"));
}

#[test]
fn the_pdf_has_its_pages_and_the_same_bytes_again() {
    let packet = packet(&demo());
    let one = rendered(&PaperView, &packet);
    assert_eq!(one, rendered(&PaperView, &packet));
    let document = lopdf::Document::load_mem(&one).expect("a PDF");
    let pages = document.get_pages().len();
    assert!((50..400).contains(&pages), "{pages} pages");
}

#[test]
fn every_table_and_chart_of_the_paper_template_is_found_for_both_frameworks() {
    let demo = demo();
    for framework in [PCI, "hipaa"] {
        let packet = build::build(&demo.inputs(framework)).expect("builds");
        assert!(rendered(&PaperView, &packet).len() > 100_000, "{framework}");
    }
}

/// Every member name of a value.
fn members(value: &serde_json::Value, all: &mut BTreeSet<String>) {
    match value {
        serde_json::Value::Object(object) => {
            for (name, inner) in object {
                all.insert(name.clone());
                members(inner, all);
            }
        }
        serde_json::Value::Array(items) => items.iter().for_each(|item| members(item, all)),
        _ => {}
    }
}

#[test]
fn the_specification_names_every_member_column_and_file() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(root.join("docs/packet.md")).expect("the specification");
    let out = tempfile::tempdir().expect("a temporary folder");
    let demo = demo();
    let inputs = demo.inputs(PCI);
    let packet = build::build(&inputs).expect("builds");
    let options = Options {
        out: out.path(),
        existing: Existing::Refuse,
        views: &VIEWS,
        stop: None,
    };
    let written = write::write(&inputs, &packet, &options).expect("writes");
    let mut names = BTreeSet::new();
    for file in ["packet.json", "manifest.json"] {
        let json = std::fs::read_to_string(written.folder.join(file)).expect("there");
        members(&serde_json::from_str(&json).expect("JSON"), &mut names);
    }
    for file in &written.files {
        if file.path.ends_with(".csv") && !file.path.contains("details-") {
            let csv = std::fs::read_to_string(written.folder.join(&file.path)).expect("there");
            let head = csv.lines().next().expect("a head");
            names.extend(head.split(',').map(str::to_owned));
        }
        let name = file.path.rsplit('/').next().expect("a name");
        let known = name.starts_with("details-") || text.contains(name);
        assert!(known, "`{}` is not in docs/packet.md", file.path);
    }
    let missing: Vec<_> = names
        .iter()
        .filter(|name| !text.contains(&format!("`{name}`")))
        .collect();
    assert!(missing.is_empty(), "not in docs/packet.md: {missing:?}");
}

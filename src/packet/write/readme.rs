//! `README.txt`: what a packet is and how to check it with stock tools alone.

use crate::packet::model::Packet;
use crate::sanitize;

/// The text; lines end in LF and no value begins one.
pub fn text(packet: &Packet) -> String {
    let organisation = sanitize::inline(packet.shown_organisation());
    let kept = packet.masking.policy == "kept";
    format!(
        "\
EVIDENCE PACKET
===============

Packet:        {id}
Framework:     {framework}
Organisation:  {organisation}
Period:        {period}
Generated at:  {generated} (as stated by whoever ran the tool)
Made by:       {tool} {version}

{sentence}

This packet reports evidence from AWS CloudTrail records. It does not say
whether the organisation is compliant; that is for a person to conclude.


HOW TO CHECK IT WITHOUT SPECIAL TOOLS
-------------------------------------

1. Every file is as it was written. In this folder:

       sha256sum -c SHA256SUMS          (Linux)
       shasum -a 256 -c SHA256SUMS      (macOS)

   SHA256SUMS lists every file but itself. manifest.json lists the same files
   with their sizes, for programs.

2. A record is in the log file that is named for it. Take a line of
   controls/<id>/records.csv: `file` and `file_sha256` name the log file,
   `index` is the place of the record in it, from 0:

       sha256sum LOGFILE.json.gz
       gunzip -c LOGFILE.json.gz | jq '.Records[INDEX]'

   `line` is the line of records.jsonl that holds it.

3. The log files are those that AWS delivered. Integrity of this log set:
   {integrity}

4. The examination can be repeated with the same logs and this command:

       {command}

   controls/<id>/control.toml and scope.toml are the exact texts that were used.
   The same logs, controls, scope, version and stated time give the same bytes.


WHAT IS IN HERE
---------------

packet.html      the packet to read, search and filter; needs no network
packet.pdf       the packet to print and file
packet.json      the packet for programs; all other views say what it says
controls/<id>/   for each control:
  control.toml     its definition, exact text
  exceptions.csv   every exception, waived ones too
  attempts.csv     every refused call that matches
  undecided.csv    records that CloudTrail left incomplete (only if there are any)
  population.csv   everything that was tested one by one (only where there is a population)
  sample.csv       the sample of it
  details-N.csv    groups over several records (only if there are any)
  records.jsonl    the records, one a line
  records.csv      for each line of records.jsonl: where the record comes from
logs/            inputs.csv (every file read), refused.csv (everything not read),
                 coverage.csv (each account, Region and day), classes.csv (event
                 classes and how their recording is proven), stores.csv (the same for
                 data stores), reconciliation.csv (what became of every file and
                 record), integrity.csv
scope.toml       the scope that was used, exact text
framework.toml   the requirements that were used, exact text
manifest.json    every file with size and SHA-256
SHA256SUMS       the same for sha256sum


HOW TEXTS ARE WRITTEN
---------------------

Records hold texts that were written by whoever called AWS. In the CSV files
control characters, line breaks, invisible characters and marks that change the
direction of text are shown as escapes such as \\u{{202e}}; a backslash that would
imitate such an escape is shown as \\u{{5c}}. A cell that a spreadsheet could run as
a formula (it begins, after blanks and quotes, with = + - @ or their fullwidth
forms, or with a tab or line break) begins with one apostrophe more than the value.

records.jsonl holds records as CloudTrail wrote them, byte for byte, where
records.csv says `verbatim`. `line-breaks-as-blanks`: the record stood on several
lines; each line break between its parts is a blank here. `masked`: secrets in it
were replaced. `sha256` is that of the line without its line break.

Secrets: {masking}
{keep}
All times are UTC. Days are UTC days.
",
        id = packet.id,
        framework = sanitize::inline(&packet.framework.name),
        period = packet.period.shown,
        generated = packet.generated_at,
        tool = packet.tool.name,
        version = sanitize::inline(&packet.tool.version),
        sentence = wrapped(&packet.conclusion.sentence, 78, ""),
        integrity = wrapped(&sanitize::inline(&integrity_in_words(packet)), 74, "   "),
        command = sanitize::inline(&packet.method.command),
        masking = wrapped(&packet.masking.statement, 68, ""),
        keep = if kept {
            "THIS PACKET MAY HOLD SECRETS.\n"
        } else {
            ""
        },
    )
}

/// The verdict, and what it says once.
fn integrity_in_words(packet: &Packet) -> String {
    let statement = packet.integrity.statement.as_str();
    let reason = match statement.split_once(": ") {
        Some((front, reason)) if front.starts_with("integrity ") => reason,
        _ => statement,
    };
    format!("{}: {reason}", packet.integrity.shown)
}

/// Breaks a paragraph at blanks; further lines begin with `indent`.
fn wrapped(text: &str, width: usize, indent: &str) -> String {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let line = lines.last_mut().expect("there is always a line");
        if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > width {
            lines.push(word.to_owned());
        } else {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines.join(&format!("\n{indent}"))
}

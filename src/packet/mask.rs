//! Secrets in records: session tokens, passwords, signatures of signed URLs.
//!
//! They are found by the names that they stand under, in JSON, in JSON inside
//! strings, in query strings and in `name=value` text. Access key ids, e-mail
//! addresses and other personal data are identifiers and stay. A masked value
//! says that it is masked; equal values have equal marks where that gives
//! nothing away. This is a net, not a proof: a secret under a harmless name stays.

use std::borrow::Cow;
use std::ops::Range;

use sha2::{Digest, Sha256};

/// What is done to secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Masking {
    /// Secrets stay as they are in the logs.
    Keep,
    /// Secrets are replaced by marks.
    Mask {
        /// A key that nobody knows who does not hold the logs; it lets equal secrets
        /// have equal marks. Without it only values too long to be guessed have a hash.
        key: Option<[u8; 32]>,
    },
}

const MARK: &str = "[masked by attestrail";

/// Values as long as this cannot be guessed, so their hash gives nothing away.
const UNGUESSABLE: usize = 40;

/// For values that cannot be guessed; there is nothing secret about this key.
const PUBLIC_KEY: &[u8] = b"attestrail.mask/v1";

/// JSON inside a string inside JSON: deeper than this is treated as text.
const MAX_NESTING: u32 = 4;

/// Shorter values than this are not looked for in other texts of the row.
const SHORTEST_FOUND_AGAIN: usize = 4;

/// Names that are secret on their own, without case and separators.
const NAMES: [&str; 5] = ["token", "secret", "authorization", "pwd", "passwords"];

/// Names that are secret however they begin.
const ENDINGS: [&str; 24] = [
    "password",
    "passwd",
    "passphrase",
    "sessiontoken",
    "securitytoken",
    "secretaccesskey",
    "secretkey",
    "secretstring",
    "secretbinary",
    "clientsecret",
    "sharedsecret",
    "privatekey",
    "presharedkey",
    "keymaterial",
    "apikey",
    "authtoken",
    "accesstoken",
    "refreshtoken",
    "idtoken",
    "bearertoken",
    "samlassertion",
    "webidentitytoken",
    "xamzsignature",
    "authorizationheader",
];

/// A record after masking.
#[derive(Debug)]
pub struct MaskedRecord<'r> {
    /// Its bytes; borrowed where nothing was masked.
    pub bytes: Cow<'r, [u8]>,
    /// The values that were masked, to find them in texts taken from the record.
    pub secrets: Vec<String>,
}

/// Replaces secrets in records and in texts taken from them.
#[derive(Debug, Clone)]
pub struct Masker {
    masking: Masking,
}

impl Masker {
    /// A masker that does what `masking` says.
    pub fn new(masking: Masking) -> Masker {
        Masker { masking }
    }

    /// What it does.
    pub fn masking(&self) -> &Masking {
        &self.masking
    }

    /// The record with its secrets masked; all other bytes stay.
    pub fn record<'r>(&self, bytes: &'r [u8]) -> MaskedRecord<'r> {
        let untouched = |secrets| MaskedRecord {
            bytes: Cow::Borrowed(bytes),
            secrets,
        };
        if self.masking == Masking::Keep {
            return untouched(Vec::new());
        }
        let Ok(text) = std::str::from_utf8(bytes) else {
            // The reader takes only UTF-8, so this is not a record that a verdict rests on.
            return MaskedRecord {
                bytes: Cow::Owned(
                    self.text(&String::from_utf8_lossy(bytes))
                        .into_owned()
                        .into_bytes(),
                ),
                secrets: Vec::new(),
            };
        };
        let mut secrets = Vec::new();
        match self.json(text, 0, &mut secrets) {
            Some(masked) => MaskedRecord {
                bytes: Cow::Owned(masked.into_bytes()),
                secrets,
            },
            None => untouched(secrets),
        }
    }

    /// A text with the secrets masked that follow a telling name.
    pub fn text<'t>(&self, text: &'t str) -> Cow<'t, str> {
        self.found_in(text, &[], false)
    }

    /// A text taken from a record: its secrets are masked wherever they stand.
    pub fn taken<'t>(&self, text: &'t str, secrets: &[String]) -> Cow<'t, str> {
        self.found_in(text, secrets, false)
    }

    /// As [`Masker::taken`], for `name=value, name=value`, where a value may hold blanks and commas.
    pub fn pairs<'t>(&self, text: &'t str, secrets: &[String]) -> Cow<'t, str> {
        self.found_in(text, secrets, true)
    }

    fn found_in<'t>(&self, text: &'t str, secrets: &[String], is_pairs: bool) -> Cow<'t, str> {
        if self.masking == Masking::Keep || text.is_empty() {
            return Cow::Borrowed(text);
        }
        let mut shown = Cow::Borrowed(text);
        for secret in secrets
            .iter()
            .filter(|one| one.len() >= SHORTEST_FOUND_AGAIN)
        {
            if shown.contains(secret.as_str()) {
                shown = Cow::Owned(shown.replace(secret.as_str(), &self.mark(secret)));
            }
        }
        let mut again = Vec::new();
        match self.free_text(&shown, is_pairs, &mut again) {
            Some(masked) => Cow::Owned(masked),
            None => shown,
        }
    }

    fn mark(&self, secret: &str) -> String {
        let hash = match &self.masking {
            Masking::Mask { key: Some(key) } => Some(hmac_sha256(key, secret.as_bytes())),
            _ if secret.len() >= UNGUESSABLE => Some(hmac_sha256(PUBLIC_KEY, secret.as_bytes())),
            _ => None,
        };
        match hash {
            Some(hash) => format!("{MARK}: hmac-sha256:{}]", hex::encode(&hash[..8])),
            None => format!("{MARK}]"),
        }
    }

    /// The text of a JSON value with secrets masked; nothing if there is none in it.
    fn json(&self, text: &str, nesting: u32, secrets: &mut Vec<String>) -> Option<String> {
        let mut walk = Walk {
            masker: self,
            text,
            nesting,
            edits: Vec::new(),
            secrets,
        };
        walk.run();
        let edits = walk.edits;
        (!edits.is_empty()).then(|| apply(text, &edits))
    }

    /// A text that may be JSON itself.
    fn embedded(&self, text: &str, nesting: u32, secrets: &mut Vec<String>) -> Option<String> {
        let is_json = nesting < MAX_NESTING
            && text.trim_start().starts_with(['{', '['])
            && serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok();
        if is_json {
            self.json(text, nesting + 1, secrets)
        } else {
            self.free_text(text, false, secrets)
        }
    }

    /// `name=value`, `name: value`, `"name":"value"`, also URL-encoded, and passwords in URLs.
    fn free_text(&self, text: &str, is_pairs: bool, secrets: &mut Vec<String>) -> Option<String> {
        let mut edits: Vec<(Range<usize>, String)> = Vec::new();
        let mut at = 0;
        // Most texts have few of what may separate a name from its value.
        while let Some(further) = memchr::memchr3(b'=', b':', b'%', &text.as_bytes()[at..]) {
            at += further;
            match separator(text, at).and_then(|found| secret_after(text, &found, is_pairs)) {
                Some(value) if value.start < value.end && !is_harmless(&text[value.clone()]) => {
                    let secret = &text[value.clone()];
                    secrets.push(secret.to_owned());
                    edits.push((value.clone(), self.mark(secret)));
                    at = value.end;
                }
                _ => at += 1,
            }
        }
        (!edits.is_empty()).then(|| apply(text, &edits))
    }
}

fn apply(text: &str, edits: &[(Range<usize>, String)]) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut done = 0;
    for (range, mark) in edits {
        masked.push_str(&text[done..range.start]);
        masked.push_str(mark);
        done = range.end;
    }
    masked.push_str(&text[done..]);
    masked
}

/// Whether a value under this name is a secret.
fn is_secret_name(name: &str) -> bool {
    if !may_be_secret(name) {
        return false;
    }
    NAMES
        .iter()
        .any(|one| rest_before(name, one).is_some_and(is_nothing))
        || ENDINGS.iter().any(|one| rest_before(name, one).is_some())
}

/// For each letter as the last of a secret name, those that may stand before it, one bit each.
/// Few names in records end like one.
const LAST_TWO: [u32; 26] = {
    let mut last_two = [0; 26];
    let mut at = 0;
    while at < NAMES.len() + ENDINGS.len() {
        let text = match at < NAMES.len() {
            true => NAMES[at].as_bytes(),
            false => ENDINGS[at - NAMES.len()].as_bytes(),
        };
        let (before, last) = (text[text.len() - 2], text[text.len() - 1]);
        last_two[(last - b'a') as usize] |= 1 << (before - b'a');
        at += 1;
    }
    last_two
};

/// Whether the last two letters are those of a secret name.
fn may_be_secret(name: &str) -> bool {
    let name = name.bytes().rev().filter(u8::is_ascii_alphanumeric);
    let mut name = name.map(|one| one.to_ascii_lowercase().wrapping_sub(b'a'));
    let (Some(last), Some(before)) = (name.next(), name.next()) else {
        return false;
    };
    let befores = LAST_TWO.get(usize::from(last)).copied().unwrap_or(0);
    before < 26 && befores >> before & 1 == 1
}

/// What stands before an ending of small letters, where the name has it; case and separators
/// do not count.
fn rest_before<'n>(name: &'n str, ending: &str) -> Option<&'n [u8]> {
    let mut name = name.as_bytes();
    for letter in ending.bytes().rev() {
        loop {
            let (last, before) = name.split_last()?;
            name = before;
            if last.is_ascii_alphanumeric() {
                if !last.eq_ignore_ascii_case(&letter) {
                    return None;
                }
                break;
            }
        }
    }
    Some(name)
}

/// Whether nothing but separators is there.
fn is_nothing(name: &[u8]) -> bool {
    !name.iter().any(u8::is_ascii_alphanumeric)
}

/// Whether a value under a secret name gives nothing away: switches, and what AWS masked itself.
fn is_harmless(value: &str) -> bool {
    let value = value.trim();
    value.is_empty()
        || ["true", "false", "null", "none"]
            .iter()
            .any(|word| value.eq_ignore_ascii_case(word))
        || value.bytes().all(|one| one == b'*')
        || value.starts_with(MARK)
        || [
            "HIDDEN_DUE_TO_SECURITY_REASONS",
            "sensitiveDataRemoved",
            "SENSITIVE_DATA_REDACTED",
        ]
        .iter()
        .any(|mark| value.contains(mark))
}

/// One pass over valid JSON that notes what to replace. Never recursive, so that depth is no danger.
struct Walk<'w> {
    masker: &'w Masker,
    text: &'w str,
    nesting: u32,
    edits: Vec<(Range<usize>, String)>,
    secrets: &'w mut Vec<String>,
}

impl Walk<'_> {
    fn run(&mut self) {
        // For each open container: is it an object, and does it stand under a secret name.
        let mut open: Vec<(bool, bool)> = Vec::new();
        let mut is_name_next = false;
        let mut is_secret = false;
        let bytes = self.text.as_bytes();
        let mut at = 0;
        while at < bytes.len() {
            match bytes[at] {
                b'"' => {
                    let end = string_end(bytes, at + 1);
                    let content = at + 1..end;
                    if is_name_next {
                        let under_secret = open.last().is_some_and(|(_, secret)| *secret);
                        is_secret = under_secret || is_secret_name(&unescaped(&self.text[content]));
                        is_name_next = false;
                    } else {
                        self.string(content, is_secret);
                    }
                    at = end + 1;
                }
                b'{' | b'[' => {
                    open.push((bytes[at] == b'{', is_secret));
                    is_name_next = bytes[at] == b'{';
                    at += 1;
                }
                b'}' | b']' => {
                    open.pop();
                    is_secret = open.last().is_some_and(|(_, secret)| *secret);
                    is_name_next = false;
                    at += 1;
                }
                b',' => {
                    let (in_object, secret) = open.last().copied().unwrap_or((false, false));
                    is_name_next = in_object;
                    is_secret = secret;
                    at += 1;
                }
                b'-' | b'0'..=b'9' => {
                    let end = number_end(bytes, at);
                    if is_secret {
                        let mark = self.masker.mark(&self.text[at..end]);
                        self.edits.push((at..end, format!("\"{mark}\"")));
                    }
                    at = end;
                }
                _ => at += 1,
            }
        }
    }

    fn string(&mut self, content: Range<usize>, is_secret: bool) {
        let text = unescaped(&self.text[content.clone()]);
        let masked = if is_secret && !is_harmless(&text) {
            let mark = self.masker.mark(&text);
            self.secrets.push(text.into_owned());
            Some(mark)
        } else {
            self.masker.embedded(&text, self.nesting, self.secrets)
        };
        if let Some(masked) = masked {
            let spelled = serde_json::to_string(&masked).expect("a string has a JSON spelling");
            self.edits
                .push((content, spelled[1..spelled.len() - 1].to_owned()));
        }
    }
}

fn unescaped(raw: &str) -> Cow<'_, str> {
    crate::record::text::unescape(raw)
}

/// The place of the closing quote of a string whose text begins at `at`.
fn string_end(bytes: &[u8], mut at: usize) -> usize {
    while at < bytes.len() {
        match bytes[at] {
            b'"' => return at,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    bytes.len()
}

fn number_end(bytes: &[u8], from: usize) -> usize {
    let length = bytes[from..]
        .iter()
        .take_while(|one| matches!(one, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E'))
        .count();
    from + length
}

/// What stands between a name and its value.
struct Separator {
    /// Where it begins: the name ends here or before.
    from: usize,
    /// One past its end.
    to: usize,
    /// `:` needs more proof than `=`, because ARNs and times are full of it.
    is_colon: bool,
}

fn separator(text: &str, at: usize) -> Option<Separator> {
    let rest = &text.as_bytes()[at..];
    let (length, is_colon) = match rest {
        [b'=', ..] => (1, false),
        [b':', ..] => (1, true),
        [b'%', b'3', b'D' | b'd', ..] => (3, false),
        [b'%', b'3', b'A' | b'a', ..] => (3, true),
        _ => return None,
    };
    Some(Separator {
        from: at,
        to: at + length,
        is_colon,
    })
}

/// How quotes are spelled in JSON, in JSON inside JSON, in shells and in URLs.
const QUOTES: [&str; 4] = ["\\\"", "\"", "'", "%22"];

/// The value behind a separator, if the name before it is that of a secret or it is in a URL.
fn secret_after(text: &str, found: &Separator, is_pairs: bool) -> Option<Range<usize>> {
    if let Some(value) = password_in_url(text, found) {
        return Some(value);
    }
    let before = text[..found.from].trim_end_matches([' ', '\t']);
    let quote = QUOTES.iter().find(|quote| before.ends_with(**quote));
    let before = quote.map_or(before, |quote| &before[..before.len() - quote.len()]);
    let name_from = before
        .rfind(|one: char| !(one.is_ascii_alphanumeric() || matches!(one, '-' | '_' | '.')))
        .map_or(0, |place| {
            place + before[place..].chars().next().map_or(1, char::len_utf8)
        });
    let name = encoded_name(&before[name_from..]);
    let is_signature = name.eq_ignore_ascii_case("signature") && !found.is_colon;
    if !is_secret_name(name) && !is_signature {
        return None;
    }
    let after = &text[found.to..];
    let blanks = after.len() - after.trim_start_matches([' ', '\t', '+']).len();
    let start = found.to + blanks;
    let rest = &text[start..];
    if rest.starts_with(MARK) {
        return None;
    }
    let opening = QUOTES.iter().find(|quote| rest.starts_with(**quote));
    // `secret:prod/db` is a part of an ARN; `password: x` and `"password":"x"` are not.
    if found.is_colon && blanks == 0 && quote.is_none() && opening.is_none() {
        return None;
    }
    if let Some(opening) = opening {
        let inside = start + opening.len();
        let length = text[inside..].find(opening).unwrap_or(text.len() - inside);
        return Some(inside..inside + length);
    }
    let length = if is_pairs {
        next_pair(rest)
    } else if name.to_ascii_lowercase().ends_with("authorization") {
        rest.find(['\r', '\n', '"', '\'']).unwrap_or(rest.len())
    } else {
        value_length(rest)
    };
    Some(start..start + length)
}

/// The part of a name behind a URL-encoded quote or ampersand.
fn encoded_name(name: &str) -> &str {
    // `%22` and `%26` end in digits, which look like a part of the name.
    name.strip_prefix("22")
        .or_else(|| name.strip_prefix("26"))
        .unwrap_or(name)
}

fn value_length(rest: &str) -> usize {
    let ends = |one: char| {
        one.is_whitespace() || matches!(one, '&' | ';' | ',' | '<' | '>' | '"' | '\'' | ')' | '}')
    };
    let plain = &rest[..rest.find(ends).unwrap_or(rest.len())];
    let encoded = ["%26", "%22", "%2C", "%2c", "%7D", "%7d"]
        .iter()
        .filter_map(|code| plain.find(code));
    encoded.fold(plain.len(), usize::min)
}

/// Up to the next `, name=`.
fn next_pair(rest: &str) -> usize {
    let mut from = 0;
    while let Some(place) = rest[from..].find(", ") {
        let next = &rest[from + place + 2..];
        let name = next
            .bytes()
            .take_while(|one| one.is_ascii_alphanumeric() || matches!(one, b'-' | b'_' | b'.'))
            .count();
        if name > 0 && next.as_bytes().get(name) == Some(&b'=') {
            return from + place;
        }
        from += place + 2;
    }
    rest.len()
}

/// The password of `scheme://user:password@host`.
fn password_in_url(text: &str, found: &Separator) -> Option<Range<usize>> {
    if !found.is_colon || text[found.to..].starts_with("//") {
        return None;
    }
    // Users and passwords in URLs are short; a bound keeps a heap of colons cheap.
    let before = &text[text.floor_char_boundary(found.from.saturating_sub(256))..found.from];
    let user = &before[before.rfind("://")? + 3..];
    if user.is_empty()
        || user.contains(['/', '@', ':', '?', '#'])
        || user.contains(char::is_whitespace)
    {
        return None;
    }
    let after = &text[found.to..text.ceil_char_boundary((found.to + 256).min(text.len()))];
    let end = after
        .find(|one: char| matches!(one, '@' | '/' | '?' | '#' | '"') || one.is_whitespace())?;
    after[end..]
        .starts_with('@')
        .then(|| found.to..found.to + end)
}

/// RFC 2104 with SHA-256.
pub fn hmac_sha256(key: &[u8], message: &[u8]) -> [u8; 32] {
    const BLOCK: usize = 64;
    let mut padded = [0u8; BLOCK];
    if key.len() > BLOCK {
        padded[..32].copy_from_slice(&Sha256::digest(key));
    } else {
        padded[..key.len()].copy_from_slice(key);
    }
    let inner = Sha256::new()
        .chain_update(padded.map(|one| one ^ 0x36))
        .chain_update(message)
        .finalize();
    Sha256::new()
        .chain_update(padded.map(|one| one ^ 0x5c))
        .chain_update(inner)
        .finalize()
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: Masking = Masking::Mask { key: Some([7; 32]) };
    const NO_KEY: Masking = Masking::Mask { key: None };

    fn record(masking: Masking, json: &str) -> String {
        let masker = Masker::new(masking);
        String::from_utf8(masker.record(json.as_bytes()).bytes.into_owned()).expect("UTF-8")
    }

    /// `#` stands for a mark, which differs with the value.
    #[track_caller]
    fn check(json: &str, expected: &str) {
        let shown = record(NO_KEY, json);
        assert_eq!(shown.replace("[masked by attestrail]", "#"), expected);
    }

    #[track_caller]
    fn check_text(text: &str, expected: &str) {
        let masker = Masker::new(NO_KEY);
        let shown = masker.text(text).replace("[masked by attestrail]", "#");
        assert_eq!(shown, expected);
    }

    #[test]
    fn hmac_gives_the_answers_of_rfc_4231() {
        let hash = hmac_sha256(&[0x0b; 20], b"Hi There");
        assert_eq!(
            hex::encode(hash),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
        );
        let hash = hmac_sha256(
            &[0xaa; 131],
            b"Test Using Larger Than Block-Size Key - Hash Key First",
        );
        assert_eq!(
            hex::encode(hash),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
        );
    }

    proptest::proptest! {
        #[test]
        fn a_name_is_secret_by_its_letters_and_digits_alone(
            front in "[a-zA-Zé_.-]{0,4}",
            known in proptest::sample::select([&NAMES[..], &ENDINGS[..]].concat()),
            cut in 0usize..4,
            blank in 0usize..20,
            back in "[_. -]{0,2}[sS]?",
        ) {
            let mut name = known[cut.min(2) / 2..].to_owned();
            name.insert_str(blank.min(name.len()), "_-");
            let name = format!("{front}{}{back}", if cut == 3 { name.to_uppercase() } else { name });
            let plain: String = name
                .chars()
                .filter(char::is_ascii_alphanumeric)
                .map(|one| one.to_ascii_lowercase())
                .collect();
            let expected = NAMES.contains(&plain.as_str())
                || ENDINGS.iter().any(|ending| plain.ends_with(ending));
            proptest::prop_assert_eq!(is_secret_name(&name), expected, "{}", name);
        }
    }

    #[test]
    fn secrets_are_found_by_their_names_whatever_the_case() {
        check(
            r#"{"masterUserPassword":"hunter2"}"#,
            r##"{"masterUserPassword":"#"}"##,
        );
        check(
            r#"{"X-Amz-Signature" : "abc" , "a":1}"#,
            r##"{"X-Amz-Signature" : "#" , "a":1}"##,
        );
        check(
            r#"{"a":{"SECRETSTRING":"x\"y"},"b":["z"]}"#,
            r##"{"a":{"SECRETSTRING":"#"},"b":["z"]}"##,
        );
        check(
            r#"{"password":12345,"x":12345}"#,
            r##"{"password":"#","x":12345}"##,
        );
        check(
            r#"{"passwords":["one","two"],"k":"v"}"#,
            r##"{"passwords":["#","#"],"k":"v"}"##,
        );
        check(
            r#"{"secret":{"deep":["a",{"b":"c"}]},"k":"v"}"#,
            r##"{"secret":{"deep":["#",{"b":"#"}]},"k":"v"}"##,
        );
    }

    #[test]
    fn identifiers_switches_and_what_aws_masked_stay_byte_for_byte() {
        for json in [
            r#"{"accessKeyId":"ASIAIOSFODNN7EXAMPLE","secretId":"prod/db","nextToken":"abc","clientToken":"abc"}"#,
            r#"{"password":"***","manageMasterUserPassword":true,"allowUsersToChangePassword":"false","masterUserPassword":null}"#,
            r#"{"password":"HIDDEN_DUE_TO_SECURITY_REASONS","token":""}"#,
            r#"{"arn":"arn:aws:secretsmanager:us-east-1:111122223333:secret:prod/db-AbCdEf","t":"12:30:00"}"#,
            "{ \"a\" :\t1.50 ,\n \"b\": \"\\u00e9\" }",
        ] {
            check(json, json);
            assert!(matches!(
                Masker::new(KEY).record(json.as_bytes()).bytes,
                Cow::Borrowed(_)
            ));
        }
    }

    #[test]
    fn secrets_inside_strings_are_found_too() {
        check(
            r#"{"url":"https://b.example/k?X-Amz-Security-Token=abc%2F1&X-Amz-Date=2024"}"#,
            r##"{"url":"https://b.example/k?X-Amz-Security-Token=#&X-Amz-Date=2024"}"##,
        );
        check(
            r#"{"body":"{\"user\":\"ana\",\"password\":\"hun\\\"ter2\"}"}"#,
            r##"{"body":"{\"user\":\"ana\",\"password\":\"#\"}"}"##,
        );
        check_text("DB_PASSWORD=hunter2 PORT=1", "DB_PASSWORD=# PORT=1");
        check_text("password: 'two words', next", "password: '#', next");
        check_text(
            "%22password%22%3A%22hunter2%22%2C%22a%22",
            "%22password%22%3A%22#%22%2C%22a%22",
        );
        check_text("a=1%26password%3Dhunter2%26b=2", "a=1%26password%3D#%26b=2");
        check_text("Authorization: Bearer abc.def", "Authorization: #");
        check_text(
            "postgres://app:hunter2@db.example/x",
            "postgres://app:#@db.example/x",
        );
        check_text(
            "https://example.com:8443/a@b",
            "https://example.com:8443/a@b",
        );
        check_text("é password=ü", "é password=#");
    }

    #[test]
    fn with_a_key_equal_secrets_have_equal_marks_and_others_do_not() {
        let both = record(
            KEY,
            r#"{"password":"a-one","x":{"newPassword":"a-one"},"oldPassword":"a-two"}"#,
        );
        let marks: Vec<_> = both
            .split("hmac-sha256:")
            .skip(1)
            .map(|rest| &rest[..16])
            .collect();
        assert_eq!(marks.len(), 3);
        assert_eq!(marks[0], marks[1]);
        assert_ne!(marks[0], marks[2]);
        let other = record(
            Masking::Mask { key: Some([8; 32]) },
            r#"{"password":"a-one"}"#,
        );
        assert!(!other.contains(marks[0]), "another key gives other marks");
    }

    #[test]
    fn without_a_key_only_values_that_cannot_be_guessed_have_a_hash() {
        let token = "IQoJb3JpZ2luX2VjEXAMPLEsharedTOKENvalue//////////wEaCXVz";
        let long = record(NO_KEY, &format!(r#"{{"sessionToken":"{token}"}}"#));
        assert!(
            long.contains("hmac-sha256:") && !long.contains(token),
            "{long}"
        );
        check(r#"{"password":"hunter2"}"#, r##"{"password":"#"}"##);
    }

    #[test]
    fn texts_taken_from_a_record_lose_its_secrets_wherever_they_stand() {
        let masker = Masker::new(NO_KEY);
        let found = masker.record(br#"{"masterUserPassword":"pass, word=1"}"#);
        let shown = masker.pairs("masterUserPassword=pass, word=1, name=db1", &found.secrets);
        assert_eq!(shown, "masterUserPassword=[masked by attestrail], name=db1");
        let cut = masker.pairs("masterUserPassword=pass, wo…", &found.secrets);
        assert_eq!(cut, "masterUserPassword=[masked by attestrail]");
        let echo = masker.taken("cannot use pass, word=1 here", &found.secrets);
        assert_eq!(echo, "cannot use [masked by attestrail] here");
    }

    #[test]
    fn keeping_changes_nothing() {
        let json = r#"{"password":"hunter2"}"#;
        assert_eq!(record(Masking::Keep, json), json);
        assert_eq!(Masker::new(Masking::Keep).text("password=x"), "password=x");
    }

    proptest::proptest! {
        #[test]
        fn masked_json_is_json_and_masking_twice_changes_nothing(
            name in "[a-zA-Z]{0,6}(password|Token|secret|name)",
            value in "\\PC{0,30}",
            depth in 0usize..20,
        ) {
            let inner = serde_json::json!({ name: value, "n": [value, 1, null] });
            let text = format!("{}{}{}", "[".repeat(depth), inner, "]".repeat(depth));
            let once = record(KEY, &text);
            proptest::prop_assert!(serde_json::from_str::<serde_json::Value>(&once).is_ok(), "{}", once);
            proptest::prop_assert_eq!(record(KEY, &once), once);
        }

        #[test]
        fn any_text_is_taken_without_a_panic(text in "(password|token|=|:|%22|%3D|\"|'|\\\\|://|@|é|, |x|&)*") {
            let shown = Masker::new(KEY).text(&text).into_owned();
            proptest::prop_assert!(shown.len() + 1 > 0);
        }
    }
}

//! What the file says about itself: title, author, when it was made.
//!
//! Titles can hold names out of logs, so everything is escaped and characters
//! that XML forbids are shown as escapes.

use chrono::{DateTime, FixedOffset};

use super::PdfError;
use crate::sanitize;

/// The program, as files name what made them.
pub const CREATOR: &str = concat!("attestrail ", env!("CARGO_PKG_VERSION"));

/// What a file says about itself, safe to show.
#[derive(Debug)]
pub struct Metadata<'d> {
    pub title: String,
    pub author: String,
    pub subject: String,
    /// As in `en` or `de-CH`.
    pub language: &'d str,
    pub created_at: Instant,
}

/// A moment, as the two formats of a PDF write it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Instant(DateTime<FixedOffset>);

impl Instant {
    /// Reads `2026-11-01T02:00:00Z`.
    ///
    /// # Errors
    /// Text that is not RFC 3339.
    pub fn parse(text: &str) -> Result<Self, PdfError> {
        match DateTime::parse_from_rfc3339(text) {
            Ok(instant) => Ok(Instant(instant)),
            Err(cause) => Err(PdfError::Instant {
                text: text.to_owned(),
                cause,
            }),
        }
    }

    pub fn pdf(self) -> String {
        let utc = self.0.naive_utc();
        utc.format("D:%Y%m%d%H%M%SZ").to_string()
    }

    pub fn xmp(self) -> String {
        self.0.naive_utc().format("%Y-%m-%dT%H:%M:%SZ").to_string()
    }
}

/// The XMP packet.
pub fn packet(metadata: &Metadata<'_>, id: &[u8; 16]) -> String {
    let [title, author, subject, language, creator] = [
        &*metadata.title,
        &*metadata.author,
        &*metadata.subject,
        metadata.language,
        CREATOR,
    ]
    .map(sanitize::html);
    let date = metadata.created_at.xmp();
    let id = uuid(id);
    format!(
        "<?xpacket begin=\"\u{feff}\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>\n\
         <x:xmpmeta xmlns:x=\"adobe:ns:meta/\">\n\
         <rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\">\n\
         <rdf:Description rdf:about=\"\"\n\
         \x20   xmlns:dc=\"http://purl.org/dc/elements/1.1/\"\n\
         \x20   xmlns:xmp=\"http://ns.adobe.com/xap/1.0/\"\n\
         \x20   xmlns:xmpMM=\"http://ns.adobe.com/xap/1.0/mm/\"\n\
         \x20   xmlns:pdf=\"http://ns.adobe.com/pdf/1.3/\">\n\
         <dc:format>application/pdf</dc:format>\n\
         <dc:title><rdf:Alt><rdf:li xml:lang=\"x-default\">{title}</rdf:li></rdf:Alt></dc:title>\n\
         <dc:creator><rdf:Seq><rdf:li>{author}</rdf:li></rdf:Seq></dc:creator>\n\
         <dc:description><rdf:Alt><rdf:li xml:lang=\"x-default\">{subject}</rdf:li></rdf:Alt></dc:description>\n\
         <dc:language><rdf:Bag><rdf:li>{language}</rdf:li></rdf:Bag></dc:language>\n\
         <xmp:CreatorTool>{creator}</xmp:CreatorTool>\n\
         <xmp:CreateDate>{date}</xmp:CreateDate>\n\
         <xmp:ModifyDate>{date}</xmp:ModifyDate>\n\
         <xmpMM:DocumentID>uuid:{id}</xmpMM:DocumentID>\n\
         <xmpMM:InstanceID>uuid:{id}</xmpMM:InstanceID>\n\
         <pdf:Producer>{creator}</pdf:Producer>\n\
         </rdf:Description>\n\
         </rdf:RDF>\n\
         </x:xmpmeta>\n\
         <?xpacket end=\"r\"?>"
    )
}

/// The id in the form of a UUID, version 8: made of a hash.
fn uuid(id: &[u8; 16]) -> String {
    let mut id = *id;
    id[6] = id[6] & 0x0F | 0x80;
    id[8] = id[8] & 0x3F | 0x80;
    let hex = hex::encode(id);
    [
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..],
    ]
    .join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_written_in_utc() {
        let instant = Instant::parse("2026-11-01T02:00:00+09:00").expect("RFC 3339");
        assert_eq!(instant.pdf(), "D:20261031170000Z");
        assert_eq!(instant.xmp(), "2026-10-31T17:00:00Z");
        let refused = Instant::parse("yesterday")
            .expect_err("refused")
            .to_string();
        assert!(
            refused.starts_with("the time of making `yesterday`"),
            "{refused}"
        );
    }
}

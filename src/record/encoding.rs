//! Text files that programs beside the trail wrote: PowerShell's `>` writes UTF-16.

use std::borrow::Cow;

const UTF8: &[u8] = b"\xEF\xBB\xBF";
const UTF16_LITTLE: &[u8] = b"\xFF\xFE";
const UTF16_BIG: &[u8] = b"\xFE\xFF";

/// The text without its byte order mark, and as UTF-8 if the mark says that it is UTF-16.
///
/// # Errors
/// A mark of UTF-16 with something else behind it.
pub fn utf8(bytes: &[u8]) -> Result<Cow<'_, [u8]>, &'static str> {
    let (rest, unit): (_, fn([u8; 2]) -> u16) = if let Some(rest) = bytes.strip_prefix(UTF8) {
        return Ok(Cow::Borrowed(rest));
    } else if let Some(rest) = bytes.strip_prefix(UTF16_LITTLE) {
        (rest, u16::from_le_bytes)
    } else if let Some(rest) = bytes.strip_prefix(UTF16_BIG) {
        (rest, u16::from_be_bytes)
    } else {
        return Ok(Cow::Borrowed(bytes));
    };
    let broken = "begins with the byte order mark of UTF-16, and is none: save it as UTF-8";
    if rest.len() % 2 != 0 {
        return Err(broken);
    }
    let units = rest.chunks_exact(2).map(|pair| unit([pair[0], pair[1]]));
    let text: Result<String, _> = char::decode_utf16(units).collect();
    text.map(|text| Cow::Owned(text.into_bytes()))
        .map_err(|_| broken)
}

#[cfg(test)]
mod tests {
    use super::utf8;

    #[test]
    fn marks_are_taken_off_and_utf16_becomes_utf8() {
        let text = "{\"a\":\"é𝄞\"}";
        let units: Vec<u16> = text.encode_utf16().collect();
        let with = |mark: &[u8], bytes: Vec<u8>| [mark, &bytes].concat();
        let little = units.iter().flat_map(|unit| unit.to_le_bytes()).collect();
        let big = units.iter().flat_map(|unit| unit.to_be_bytes()).collect();
        for bytes in [
            text.as_bytes().to_vec(),
            with(b"\xEF\xBB\xBF", text.as_bytes().to_vec()),
            with(b"\xFF\xFE", little),
            with(b"\xFE\xFF", big),
        ] {
            assert_eq!(utf8(&bytes).as_deref(), Ok(text.as_bytes()));
        }
        assert!(utf8(b"\xFF\xFEa").is_err());
        assert!(utf8(b"\xFF\xFE\x00\xD8").is_err());
    }
}

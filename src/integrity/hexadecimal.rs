//! Bytes written as hexadecimal digits, in small or large letters.
//!
//! A signature has hundreds of digits and each digest two of them, so that digits are looked
//! up and not compared.

/// The value of what is no digit.
const NONE: u8 = 0xFF;

/// The value of each byte as a digit.
const VALUES: [u8; 256] = {
    let mut values = [NONE; 256];
    let mut digit = 0;
    while digit < 16 {
        values[b"0123456789abcdef"[digit] as usize] = digit as u8;
        values[b"0123456789ABCDEF"[digit] as usize] = digit as u8;
        digit += 1;
    }
    values
};

/// Fills `to` with the bytes that `text` spells; false if it does not spell so many.
pub(super) fn decode(text: &str, to: &mut [u8]) -> bool {
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if pairs.len() != to.len() || !rest.is_empty() {
        return false;
    }
    let mut all = 0;
    for ([high, low], byte) in pairs.iter().zip(to) {
        let (high, low) = (VALUES[usize::from(*high)], VALUES[usize::from(*low)]);
        // Only what is no digit has the highest bit.
        all |= high | low;
        *byte = high << 4 | low;
    }
    all & 0x80 == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_says_what_hex_says() {
        let texts = [
            "",
            "0",
            "00",
            "fF",
            "Ff0a",
            "zz",
            "0g",
            "g0",
            "00 ",
            "é",
            "00é",
            "\u{0}0",
            "0123456789abcdefABCDEF",
        ];
        for text in texts {
            let known = hex::decode(text);
            let mut bytes = vec![0; text.len() / 2];
            assert_eq!(decode(text, &mut bytes), known.is_ok(), "{text:?}");
            if let Ok(known) = known {
                assert_eq!(bytes, known, "{text:?}");
            }
        }
        for byte in 0..=127_u8 {
            let text = format!("0{}", char::from(byte));
            let mut bytes = [0];
            let is_digits = decode(&text, &mut bytes);
            assert_eq!(hex::decode(&text).ok(), is_digits.then(|| bytes.to_vec()));
        }
        assert!(!decode("00", &mut []) && !decode("00", &mut [0; 2]));
    }
}

//! Small binary forms for the columns that hold many values: lengths first, no padding.
//!
//! Reading checks every bound; bytes that no writer made give `None`, not a panic.

/// Appends an unsigned number, seven bits a byte.
pub fn put_number(to: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        to.push((value as u8 & 0x7F) | 0x80);
        value >>= 7;
    }
    to.push(value as u8);
}

/// Appends a signed number; small ones of either sign are short.
pub fn put_signed(to: &mut Vec<u8>, value: i64) {
    put_number(to, ((value << 1) ^ (value >> 63)) as u64);
}

/// Appends a text with its length.
pub fn put_text(to: &mut Vec<u8>, text: &str) {
    put_number(to, text.len() as u64);
    to.extend_from_slice(text.as_bytes());
}

/// Reads what the functions above wrote.
#[derive(Debug, Clone)]
pub struct Cursor<'a> {
    rest: &'a [u8],
}

impl<'a> Cursor<'a> {
    /// From the first byte.
    pub fn new(bytes: &'a [u8]) -> Self {
        Cursor { rest: bytes }
    }

    /// Whether everything was read.
    #[inline]
    pub fn is_at_end(&self) -> bool {
        self.rest.is_empty()
    }

    /// Everything that was not read.
    pub fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// The next byte.
    #[inline]
    pub fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*first)
    }

    /// The next `N` bytes.
    #[inline]
    pub fn bytes<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (front, rest) = self.rest.split_first_chunk::<N>()?;
        self.rest = rest;
        Some(*front)
    }

    /// An unsigned number.
    #[inline]
    pub fn number(&mut self) -> Option<u64> {
        // Most numbers are small.
        if let Some((&first, rest)) = self.rest.split_first()
            && first < 0x80
        {
            self.rest = rest;
            return Some(u64::from(first));
        }
        self.long_number()
    }

    fn long_number(&mut self) -> Option<u64> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7F) << shift;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }

    /// An unsigned number that fits 32 bits.
    #[inline]
    pub fn number32(&mut self) -> Option<u32> {
        u32::try_from(self.number()?).ok()
    }

    /// A signed number.
    #[inline]
    pub fn signed(&mut self) -> Option<i64> {
        let value = self.number()?;
        Some((value >> 1) as i64 ^ -((value & 1) as i64))
    }

    /// A text.
    #[inline]
    pub fn text(&mut self) -> Option<&'a str> {
        let length = usize::try_from(self.number()?).ok()?;
        let (front, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        std::str::from_utf8(front).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn what_is_written_is_read(numbers: Vec<u64>, signed: Vec<i64>, texts: Vec<String>) {
            let mut bytes = Vec::new();
            for one in &numbers { put_number(&mut bytes, *one); }
            for one in &signed { put_signed(&mut bytes, *one); }
            for one in &texts { put_text(&mut bytes, one); }
            let mut cursor = Cursor::new(&bytes);
            for one in &numbers { proptest::prop_assert_eq!(cursor.number(), Some(*one)); }
            for one in &signed { proptest::prop_assert_eq!(cursor.signed(), Some(*one)); }
            for one in &texts { proptest::prop_assert_eq!(cursor.text(), Some(one.as_str())); }
            proptest::prop_assert!(cursor.is_at_end());
        }

        #[test]
        fn other_bytes_end_without_a_panic(bytes: Vec<u8>) {
            let mut cursor = Cursor::new(&bytes);
            while cursor.text().is_some() || cursor.signed().is_some() {}
        }
    }
}

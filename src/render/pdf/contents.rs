//! The operators of page contents, as bytes.
//!
//! One operator a line, numbers as short as they can be written.

use super::super::chart::Ink;

/// The contents of one page while it is drawn.
#[derive(Debug, Default)]
pub struct Contents {
    bytes: Vec<u8>,
}

impl Contents {
    /// What was drawn.
    pub fn bytes(&self) -> &[u8] {
        self.bytes.strip_suffix(b"\n").unwrap_or(&self.bytes)
    }

    /// An empty page; the memory is kept.
    pub fn clear(&mut self) {
        self.bytes.clear();
    }

    fn operator(&mut self, name: &str) {
        self.bytes.extend_from_slice(name.as_bytes());
        self.bytes.push(b'\n');
    }

    fn number(&mut self, number: f64) {
        write_number(&mut self.bytes, number);
        self.bytes.push(b' ');
    }

    fn numbers(&mut self, numbers: &[f64]) {
        numbers.iter().for_each(|number| self.number(*number));
    }

    fn color(&mut self, ink: Ink) {
        for part in ink.rgb() {
            let thousandths = (f32::from(part) / 255.0 * 1000.0).round();
            write_thousandths(&mut self.bytes, thousandths as u16);
            self.bytes.push(b' ');
        }
    }

    /// The colour of text and areas from here on.
    pub fn fill_color(&mut self, ink: Ink) {
        self.color(ink);
        self.operator("rg");
    }

    /// The colour and width of lines from here on.
    pub fn stroke(&mut self, ink: Ink, width: f64) {
        self.color(ink);
        self.operator("RG");
        self.number(width);
        self.operator("w");
    }

    /// A filled rectangle, from its lower left corner.
    pub fn area(&mut self, x: f64, y: f64, width: f64, height: f64) {
        self.numbers(&[x, y, width, height]);
        self.operator("re");
        self.operator("f");
    }

    /// A line.
    pub fn line(&mut self, from: (f64, f64), to: (f64, f64)) {
        self.numbers(&[from.0, from.1]);
        self.operator("m");
        self.numbers(&[to.0, to.1]);
        self.operator("l");
        self.operator("S");
    }

    /// Begins text in a font.
    pub fn begin_text(&mut self, font: &str, size: f64) {
        self.operator("BT");
        self.bytes.push(b'/');
        self.bytes.extend_from_slice(font.as_bytes());
        self.bytes.push(b' ');
        self.number(size);
        self.operator("Tf");
    }

    /// Shows codes and the moves between them from a place on.
    pub fn show(&mut self, x: f64, y: f64, shown: &Shown) {
        self.bytes.extend_from_slice(b"1 0 0 1 ");
        self.numbers(&[x, y]);
        self.operator("Tm");
        match shown.has_moves {
            true => {
                self.bytes.push(b'[');
                self.bytes.extend_from_slice(&shown.bytes);
                self.bytes.extend_from_slice(b"] TJ\n");
            }
            false => {
                self.bytes.extend_from_slice(&shown.bytes);
                self.bytes.extend_from_slice(b" Tj\n");
            }
        }
    }

    /// Ends text.
    pub fn end_text(&mut self) {
        self.operator("ET");
    }
}

/// Codes in a row and the small moves between them.
#[derive(Debug, Default)]
pub struct Shown {
    bytes: Vec<u8>,
    has_moves: bool,
    is_open: bool,
    /// Moves to the right that are not written yet.
    owed: f64,
}

impl Shown {
    /// Begins anew; the memory is kept.
    pub fn clear(&mut self) {
        self.bytes.clear();
        (self.has_moves, self.is_open, self.owed) = (false, false, 0.0);
    }

    /// Whether there is nothing to show.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Adds a code, as the two bytes of a literal string: half of what digits take to pack.
    #[inline]
    pub fn code(&mut self, code: u16) {
        if !self.is_open {
            self.bytes.push(b'(');
            self.is_open = true;
        }
        for byte in code.to_be_bytes() {
            match byte {
                b'(' | b')' | b'\\' => self.bytes.extend_from_slice(&[b'\\', byte]),
                // A reader takes an end of line as a line feed, however it is written.
                b'\r' => self.bytes.extend_from_slice(b"\\r"),
                byte => self.bytes.push(byte),
            }
        }
    }

    /// Moves to the right, in thousandths of the font size.
    #[inline]
    pub fn move_by(&mut self, distance: f64) {
        if distance != 0.0 {
            self.move_on(distance);
        }
    }

    fn move_on(&mut self, distance: f64) {
        self.owed += distance;
        // Below a hundredth of a thousandth nothing moves that could be seen.
        if self.owed.abs() < 0.01 {
            return;
        }
        self.close();
        if !self.bytes.is_empty() {
            self.bytes.push(b' ');
        }
        write_number(&mut self.bytes, -self.owed);
        self.has_moves = true;
        self.owed = 0.0;
    }

    /// Ends a row of codes.
    pub fn close(&mut self) {
        if self.is_open {
            self.bytes.push(b')');
            self.is_open = false;
        }
    }
}

/// To a hundredth: finer cannot be seen, and shorter is smaller.
fn write_number(to: &mut Vec<u8>, number: f64) {
    let hundredths = number * 100.0;
    if hundredths.is_sign_negative() {
        to.push(b'-');
    }
    // As `round` does it, which is slow where it is not an instruction.
    let (exact, whole) = (hundredths.abs(), hundredths.abs() as u64);
    let hundredths = whole + u64::from(exact - whole as f64 >= 0.5);
    write_whole(to, hundredths / 100);
    let (tenth, hundredth) = (hundredths / 10 % 10, hundredths % 10);
    if tenth + hundredth > 0 {
        to.extend_from_slice(&[b'.', b'0' + tenth as u8]);
    }
    if hundredth > 0 {
        to.push(b'0' + hundredth as u8);
    }
}

/// A number from 0 to 1.
fn write_thousandths(to: &mut Vec<u8>, thousandths: u16) {
    let digit = |of: u16| b'0' + (thousandths / of % 10) as u8;
    let digits = [digit(100), digit(10), digit(1)];
    to.push(digit(1000));
    let shown = digits.iter().rposition(|digit| *digit != b'0');
    if let Some(last) = shown {
        to.push(b'.');
        to.extend_from_slice(&digits[..=last]);
    }
}

fn write_whole(to: &mut Vec<u8>, number: u64) {
    if number >= 10 {
        write_whole(to, number / 10);
    }
    to.push(b'0' + (number % 10) as u8);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(number: f64) -> String {
        let mut bytes = Vec::new();
        write_number(&mut bytes, number);
        String::from_utf8(bytes).expect("ASCII")
    }

    #[test]
    fn numbers_are_short() {
        for (value, text) in [
            (0.0, "0"),
            (595.28, "595.28"),
            (7.4, "7.4"),
            (100.0, "100"),
            (-0.5, "-0.5"),
            (0.05, "0.05"),
            (-12.345, "-12.35"),
            (1.999, "2"),
        ] {
            assert_eq!(number(value), text);
        }
    }

    proptest::proptest! {
        #[test]
        fn a_number_says_what_it_is_to_a_hundredth(value in -20_000.0..20_000.0f64) {
            let text = number(value);
            let read: f64 = text.parse().expect("a number");
            proptest::prop_assert!((read - value).abs() < 0.005_001, "{value} {text}");
            let rounded = (value * 100.0).round() / 100.0;
            proptest::prop_assert_eq!(read, rounded);
        }
    }

    #[test]
    fn parts_of_a_colour_are_as_short_as_numbers_are() {
        for thousandths in 0..=1000 {
            let mut bytes = Vec::new();
            write_thousandths(&mut bytes, thousandths);
            let expected = (f32::from(thousandths) / 1000.0).to_string();
            assert_eq!(String::from_utf8(bytes), Ok(expected));
        }
    }

    #[test]
    fn text_is_one_string_or_strings_with_moves_between_them() {
        let mut contents = Contents::default();
        let mut shown = Shown::default();
        shown.code(0x1A);
        shown.code(2);
        shown.close();
        contents.begin_text("Sans", 7.5);
        contents.show(50.0, 40.25, &shown);
        shown.clear();
        shown.code(3);
        shown.move_by(-12.5);
        shown.code(4);
        shown.close();
        contents.show(60.0, 40.25, &shown);
        contents.end_text();
        assert_eq!(
            String::from_utf8_lossy(contents.bytes()),
            "BT\n/Sans 7.5 Tf\n1 0 0 1 50 40.25 Tm\n(\0\x1A\0\x02) Tj\n\
             1 0 0 1 60 40.25 Tm\n[(\0\x03) 12.5(\0\x04)] TJ\nET"
        );
    }

    #[test]
    fn codes_whose_bytes_end_or_change_a_string_are_escaped() {
        let mut shown = Shown::default();
        for byte in 0..=u8::MAX {
            shown.code(u16::from_be_bytes([byte, 0x41]));
            shown.code(u16::from(byte));
        }
        shown.close();
        let mut contents = Contents::default();
        contents.show(0.0, 0.0, &shown);
        let read = lopdf::content::Content::decode(contents.bytes()).unwrap();
        let text = read.operations[1].operands[0].as_str().unwrap();
        let expected: Vec<u8> = (0..=u8::MAX)
            .flat_map(|byte| [byte, 0x41, 0, byte])
            .collect();
        assert_eq!(text, expected);
    }
}

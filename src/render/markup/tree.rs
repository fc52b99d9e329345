//! Reads elements, attributes and entities into a tree. Gives them no meaning.

use super::MarkupError;

/// Deeper than this is refused: nothing that templates write comes near it.
const MAX_DEPTH: usize = 32;

/// Characters, each with whether it came as an entity and is to be kept as it is.
pub type Text = Vec<(char, bool)>;

#[derive(Debug)]
pub enum Child {
    Text(Text),
    Element(Element),
}

#[derive(Debug)]
pub struct Element {
    pub name: String,
    pub children: Vec<Child>,
    attributes: Vec<(String, String)>,
    line: usize,
    column: usize,
}

impl Element {
    pub fn problem(&self, problem: String) -> MarkupError {
        MarkupError {
            line: self.line,
            column: self.column,
            problem,
        }
    }

    /// Refuses attributes that are not in `known`.
    pub fn allow(&self, known: &[&str]) -> Result<(), MarkupError> {
        match self
            .attributes
            .iter()
            .find(|(name, _)| !known.contains(&name.as_str()))
        {
            Some((name, _)) => {
                Err(self.problem(format!("`{}` has no attribute `{name}`", self.name)))
            }
            None => Ok(()),
        }
    }

    pub fn attribute(&self, wanted: &str) -> Option<&str> {
        self.attributes
            .iter()
            .find(|(name, _)| name == wanted)
            .map(|(_, value)| value.as_str())
    }

    pub fn required(&self, wanted: &str) -> Result<&str, MarkupError> {
        self.attribute(wanted)
            .ok_or_else(|| self.problem(format!("`{}` needs the attribute `{wanted}`", self.name)))
    }

    /// Refuses anything inside.
    pub fn empty(&self) -> Result<(), MarkupError> {
        match self.elements()?.next() {
            Some(child) => Err(child.problem(format!("`{}` holds nothing", self.name))),
            None => Ok(()),
        }
    }

    /// The elements inside, where text other than blanks is refused.
    pub fn elements(&self) -> Result<impl Iterator<Item = &Element>, MarkupError> {
        let stray =
            |&(c, literal): &(char, bool)| literal || !matches!(c, ' ' | '\n' | '\r' | '\t');
        let mut texts = self.children.iter().filter_map(|child| match child {
            Child::Text(text) => Some(text),
            Child::Element(_) => None,
        });
        if texts.any(|text| text.iter().any(stray)) {
            return Err(self.problem(format!(
                "text does not belong directly inside `{}`",
                self.name
            )));
        }
        Ok(self.children.iter().filter_map(|child| match child {
            Child::Text(_) => None,
            Child::Element(element) => Some(element),
        }))
    }

    /// As [`Element::elements`], all of one name.
    pub fn elements_named(
        &self,
        name: &str,
    ) -> Result<impl Iterator<Item = &Element>, MarkupError> {
        match self.elements()?.find(|child| child.name != name) {
            Some(other) => Err(other.problem(format!(
                "`{}` holds only `{name}`, not `{}`",
                self.name, other.name
            ))),
            None => self.elements(),
        }
    }

    pub fn has_elements(&self, name: &str) -> bool {
        self.children
            .iter()
            .any(|child| matches!(child, Child::Element(element) if element.name == name))
    }

    /// The text inside, where elements are refused.
    pub fn only_text(&self) -> Result<&Text, MarkupError> {
        static NOTHING: Text = Text::new();
        match self.children.as_slice() {
            [] => Ok(&NOTHING),
            [Child::Text(text)] => Ok(text),
            children => {
                let inner = children.iter().find_map(|child| match child {
                    Child::Element(element) => Some(element),
                    Child::Text(_) => None,
                });
                let inner = inner.unwrap_or(self);
                Err(inner.problem(format!("`{}` holds only text", self.name)))
            }
        }
    }
}

/// The one element that `text` is.
pub fn read(text: &str) -> Result<Element, MarkupError> {
    let mut reader = Reader {
        rest: text,
        line: 1,
        column: 1,
    };
    reader.blanks_and_comments()?;
    let (line, column) = (reader.line, reader.column);
    let starts = reader
        .rest
        .strip_prefix('<')
        .and_then(|rest| rest.chars().next());
    if !starts.is_some_and(|c| c.is_ascii_alphabetic()) {
        return Err(MarkupError {
            line,
            column,
            problem: "expected an element".into(),
        });
    }
    let element = reader.element(0)?;
    reader.blanks_and_comments()?;
    if reader.rest.is_empty() {
        return Ok(element);
    }
    Err(reader.problem(format!("text after the end of `{}`", element.name)))
}

struct Reader<'t> {
    rest: &'t str,
    line: usize,
    column: usize,
}

impl Reader<'_> {
    fn problem(&self, problem: String) -> MarkupError {
        MarkupError {
            line: self.line,
            column: self.column,
            problem,
        }
    }

    fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.rest = &self.rest[c.len_utf8()..];
        if c == '\n' {
            self.line += 1;
            self.column = 1;
        } else {
            self.column += 1;
        }
        Some(c)
    }

    fn eat(&mut self, expected: &str) -> bool {
        let found = self.rest.starts_with(expected);
        if found {
            expected.chars().for_each(|_| {
                self.next();
            });
        }
        found
    }

    fn expect(&mut self, expected: &str) -> Result<(), MarkupError> {
        if self.eat(expected) {
            return Ok(());
        }
        match self.peek() {
            Some(c) => Err(self.problem(format!(
                "expected `{expected}`, found `{}`",
                c.escape_default()
            ))),
            None => Err(self.problem("the text ends inside a tag".into())),
        }
    }

    fn blanks(&mut self) {
        while matches!(self.peek(), Some(' ' | '\n' | '\r' | '\t')) {
            self.next();
        }
    }

    fn blanks_and_comments(&mut self) -> Result<(), MarkupError> {
        self.blanks();
        while self.rest.starts_with("<!--") {
            self.comment()?;
            self.blanks();
        }
        Ok(())
    }

    fn comment(&mut self) -> Result<(), MarkupError> {
        let start = self.problem("the comment is not closed".into());
        self.eat("<!--");
        while !self.eat("-->") {
            if self.next().is_none() {
                return Err(start);
            }
        }
        Ok(())
    }

    fn name(&mut self) -> Result<String, MarkupError> {
        let mut name = String::new();
        while let Some(c) = self
            .peek()
            .filter(|c| c.is_ascii_alphanumeric() || *c == '-')
        {
            name.push(c);
            self.next();
        }
        match self.peek() {
            Some(_) if !name.is_empty() => Ok(name),
            Some(_) => Err(self.problem("expected a name".into())),
            None => Err(self.problem("the text ends inside a tag".into())),
        }
    }

    fn element(&mut self, depth: usize) -> Result<Element, MarkupError> {
        if depth > MAX_DEPTH {
            return Err(self.problem(format!("elements are nested deeper than {MAX_DEPTH}")));
        }
        let (line, column) = (self.line, self.column);
        self.expect("<")?;
        let name = self.name()?;
        let attributes = self.attributes()?;
        let mut element = Element {
            name,
            attributes,
            children: Vec::new(),
            line,
            column,
        };
        if self.eat("/>") {
            return Ok(element);
        }
        self.expect(">")?;
        self.children(&mut element, depth)?;
        Ok(element)
    }

    fn attributes(&mut self) -> Result<Vec<(String, String)>, MarkupError> {
        let mut attributes: Vec<(String, String)> = Vec::new();
        loop {
            self.blanks();
            if matches!(self.peek(), Some('/' | '>')) {
                return Ok(attributes);
            }
            let start = self.problem(String::new());
            let name = self.name()?;
            if attributes.iter().any(|(known, _)| *known == name) {
                return Err(MarkupError {
                    problem: format!("`{name}` is given twice"),
                    ..start
                });
            }
            self.expect("=")?;
            attributes.push((name, self.quoted()?));
        }
    }

    fn quoted(&mut self) -> Result<String, MarkupError> {
        let quote = match self.peek() {
            Some(quote @ ('"' | '\'')) => quote,
            Some(_) => return Err(self.problem("an attribute value is quoted".into())),
            None => return Err(self.problem("the text ends inside a tag".into())),
        };
        self.next();
        let mut value = String::new();
        loop {
            match self.peek() {
                Some(c) if c == quote => {
                    self.next();
                    return Ok(value);
                }
                Some('<') => {
                    return Err(self.problem("`<` in an attribute value is written `&lt;`".into()));
                }
                Some('&') => value.push(self.entity()?),
                Some(c) => {
                    value.push(c);
                    self.next();
                }
                None => return Err(self.problem("the text ends inside a tag".into())),
            }
        }
    }

    fn children(&mut self, element: &mut Element, depth: usize) -> Result<(), MarkupError> {
        loop {
            if self.rest.starts_with("<!--") {
                self.comment()?;
            } else if self.rest.starts_with("</") {
                return self.close(element);
            } else {
                match self.peek() {
                    None => return Err(self.problem(format!("`{}` is not closed", element.name))),
                    Some('<') => {
                        let child = self.element(depth + 1)?;
                        element.children.push(Child::Element(child));
                    }
                    Some('&') => {
                        let c = self.entity()?;
                        push_text(element, (c, true));
                    }
                    Some(c) => {
                        self.next();
                        push_text(element, (c, false));
                    }
                }
            }
        }
    }

    fn close(&mut self, element: &Element) -> Result<(), MarkupError> {
        let start = self.problem(String::new());
        self.eat("</");
        let name = self.name()?;
        if name != element.name {
            let problem = format!("`{}` is open, but `{name}` is closed", element.name);
            return Err(MarkupError { problem, ..start });
        }
        self.blanks();
        self.expect(">")
    }

    fn entity(&mut self) -> Result<char, MarkupError> {
        const LONGEST: usize = 10;
        let start = self.problem(String::new());
        let refuse = |problem: String| MarkupError { problem, ..start };
        let end = self
            .rest
            .char_indices()
            .take(LONGEST + 1)
            .find(|&(_, c)| c == ';');
        let Some((end, _)) = end else {
            return Err(refuse("`&` on its own is written `&amp;`".into()));
        };
        let entity = self.rest[..=end].to_owned();
        let c = match &entity[1..end] {
            "amp" => Some('&'),
            "lt" => Some('<'),
            "gt" => Some('>'),
            "quot" => Some('"'),
            "apos" => Some('\''),
            number => character(number),
        };
        self.eat(&entity);
        c.ok_or_else(|| refuse(format!("unknown entity `{}`", entity.escape_default())))
    }
}

/// The character that `#39` or `#x27` says.
fn character(number: &str) -> Option<char> {
    let digits = number.strip_prefix('#')?;
    let (digits, radix) = match digits.strip_prefix('x') {
        Some(hex) => (hex, 16),
        None => (digits, 10),
    };
    let all_digits = !digits.is_empty() && digits.chars().all(|c| c.is_digit(radix));
    all_digits.then(|| {
        u32::from_str_radix(digits, radix)
            .ok()
            .and_then(char::from_u32)
    })?
}

fn push_text(element: &mut Element, c: (char, bool)) {
    match element.children.last_mut() {
        Some(Child::Text(text)) => text.push(c),
        _ => element.children.push(Child::Text(vec![c])),
    }
}

//! Counts by text in bounded memory: exact until there are too many texts, and with a stated
//! bound on the error from then on.

use std::collections::HashMap;

/// Records and their bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Volume {
    /// How many.
    pub records: u64,
    /// Bytes as they stand in the logs, inflated.
    pub bytes: u64,
}

impl Volume {
    /// Adds another volume.
    pub fn add(&mut self, more: Volume) {
        self.records += more.records;
        self.bytes += more.bytes;
    }
}

/// Texts that are counted one by one before the rarest are given up.
const MOST: usize = 100_000;
/// Bytes of a text that count; what is longer is cut with a visible mark.
const LONGEST: usize = 512;

/// Volumes by text.
///
/// When it holds twice `MOST` texts, only the `MOST` largest stay. A text that was given up
/// and comes back lacks what it had, so each count may be too small, by at most [`Counter::error`]
/// records. The result depends on the order in which counters are joined, never on threads.
#[derive(Debug, Clone, Default)]
pub struct Counter {
    volumes: HashMap<Box<str>, Volume>,
    error: u64,
    most: usize,
}

impl Counter {
    /// A counter that gives nothing up: for one file.
    pub fn exact() -> Counter {
        Counter::default()
    }

    /// A counter in bounded memory: for the whole set.
    pub fn bounded() -> Counter {
        Counter {
            most: MOST,
            ..Counter::default()
        }
    }

    /// Adds to a text.
    pub fn add(&mut self, text: &str, volume: Volume) {
        match self.volumes.get_mut(text) {
            Some(found) => found.add(volume),
            None => {
                self.volumes.insert(shortened(text), volume);
            }
        }
    }

    /// Adds all of another counter.
    pub fn join(&mut self, other: &Counter) {
        self.error += other.error;
        for (text, volume) in &other.volumes {
            self.add(text, *volume);
        }
        if self.most > 0 && self.volumes.len() > self.most * 2 {
            self.give_up_the_rarest();
        }
    }

    fn give_up_the_rarest(&mut self) {
        let mut all: Vec<(Box<str>, Volume)> = self.volumes.drain().collect();
        all.sort_unstable_by(|a, b| order(&a.0, a.1, &b.0, b.1));
        let largest_lost = all.get(self.most).map_or(0, |(_, volume)| volume.records);
        self.error += largest_lost;
        all.truncate(self.most);
        self.volumes.extend(all);
    }

    /// By how many records a count may be too small; 0 where all counts are exact.
    pub fn error(&self) -> u64 {
        self.error
    }

    /// How many texts there are; at least so many where [`Counter::error`] is not 0.
    pub fn len(&self) -> usize {
        self.volumes.len()
    }

    /// Whether nothing was counted.
    pub fn is_empty(&self) -> bool {
        self.volumes.is_empty()
    }

    /// The texts with most records, then most bytes, then in byte order.
    pub fn largest(&self, count: usize) -> Vec<(&str, Volume)> {
        let mut all: Vec<(&str, Volume)> = self
            .volumes
            .iter()
            .map(|(text, volume)| (&**text, *volume))
            .collect();
        all.sort_unstable_by(|a, b| order(a.0, a.1, b.0, b.1));
        all.truncate(count);
        all
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.volumes.clear();
        self.error = 0;
    }
}

fn order(a: &str, one: Volume, b: &str, other: Volume) -> std::cmp::Ordering {
    (other.records, other.bytes, a).cmp(&(one.records, one.bytes, b))
}

fn shortened(text: &str) -> Box<str> {
    if text.len() <= LONGEST {
        return text.into();
    }
    let end = text.floor_char_boundary(LONGEST);
    format!("{}…", &text[..end]).into_boxed_str()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: Volume = Volume {
        records: 1,
        bytes: 10,
    };

    #[test]
    fn counts_are_exact_while_there_is_room() {
        let mut file = Counter::exact();
        for text in ["b", "a", "b"] {
            file.add(text, ONE);
        }
        let mut all = Counter::bounded();
        all.join(&file);
        all.join(&file);
        let found: Vec<(&str, u64)> = all
            .largest(9)
            .iter()
            .map(|(text, volume)| (*text, volume.records))
            .collect();
        assert_eq!(found, [("b", 4), ("a", 2)]);
        assert_eq!(all.error(), 0);
    }

    #[test]
    fn what_is_given_up_bounds_the_error_of_every_count() {
        let mut all = Counter {
            most: 10,
            ..Counter::default()
        };
        let mut truth: HashMap<String, u64> = HashMap::new();
        for round in 0..50u64 {
            let mut file = Counter::exact();
            for at in 0..15u64 {
                // One text is in every file; the others come and go.
                let text = match at {
                    0 => "always".to_owned(),
                    _ => format!("t{}", (round * 7 + at * at) % 90),
                };
                file.add(&text, ONE);
                *truth.entry(text).or_default() += 1;
            }
            all.join(&file);
        }
        assert!(all.error() > 0, "texts were given up");
        assert!(all.len() <= 20);
        for (text, volume) in all.largest(100) {
            let real = truth[text];
            assert!(
                volume.records <= real && real <= volume.records + all.error(),
                "{text}: {volume:?} of {real}, error {}",
                all.error()
            );
        }
        assert_eq!(all.largest(1)[0].0, "always");
    }

    #[test]
    fn a_text_without_end_is_cut_visibly() {
        let mut file = Counter::exact();
        file.add(&"ä".repeat(5_000), ONE);
        let text = file.largest(1)[0].0.to_owned();
        assert!(text.len() < 600 && text.ends_with('…'));
    }
}

//! Where the tree divides.

use super::{NONE, NodeId};

/// Followers by their first byte. `0xFF`, which stands nowhere in UTF-8, means none.
#[derive(Debug)]
pub(super) struct Fork {
    keys: [u8; 8],
    nodes: [NodeId; 8],
    /// In place of these, where they do not suffice.
    many: Option<Box<[NodeId; 256]>>,
}

impl Fork {
    pub(super) fn new() -> Fork {
        Fork {
            keys: [0xFF; 8],
            nodes: [NONE; 8],
            many: None,
        }
    }

    #[inline(always)]
    pub(super) fn find(&self, key: u8) -> Option<NodeId> {
        const ONES: u64 = 0x0101_0101_0101_0101;
        const HIGH: u64 = 0x8080_8080_8080_8080;
        let found = match &self.many {
            Some(many) => many[key as usize],
            None => {
                // The lowest byte that is zero is found for sure.
                let differ = u64::from_le_bytes(self.keys) ^ (ONES * u64::from(key));
                let same = differ.wrapping_sub(ONES) & !differ & HIGH;
                match self.nodes.get(same.trailing_zeros() as usize / 8) {
                    Some(node) => *node,
                    None => NONE,
                }
            }
        };
        (found != NONE).then_some(found)
    }

    pub(super) fn add(&mut self, key: u8, node: NodeId) {
        if self.many.is_none() {
            if let Some(free) = self.nodes.iter().position(|node| *node == NONE) {
                self.keys[free] = key;
                self.nodes[free] = node;
                return;
            }
            let mut many = Box::new([NONE; 256]);
            for (key, node) in self.keys.iter().zip(self.nodes) {
                many[*key as usize] = node;
            }
            self.many = Some(many);
        }
        if let Some(many) = &mut self.many {
            many[key as usize] = node;
        }
    }
}

//! The hash of a record's content: a sum over its values, each mixed with its place.
//!
//! A place is the member names and element numbers from the top down to a value. A sum
//! does not depend on the order of members, and what a part of a record adds to it can be
//! kept: the same text at the same place adds the same.

use super::block::{hash_text, mix};

/// The place of the record itself.
pub(super) const TOP: u64 = 9;

pub(super) const TRUE: u64 = 2;
pub(super) const FALSE: u64 = 3;
pub(super) const NULL: u64 = 4;

/// The place of a member with a name of this hash.
#[inline(always)]
pub(super) fn member(object: u64, name: u64) -> u64 {
    mix(object, name)
}

/// The place of an element, counted from 0.
#[inline(always)]
pub(super) fn element(array: u64, index: u32) -> u64 {
    mix(!array, u64::from(index))
}

/// What a value adds at its place.
#[inline(always)]
pub(super) fn value(place: u64, hash: u64) -> u64 {
    mix(place, hash)
}

/// What a string adds whose text has this hash.
#[inline(always)]
pub(super) fn text(place: u64, hash: u64) -> u64 {
    value(place, mix(1, hash))
}

/// The value of a number, as it is spelled.
#[inline(always)]
pub(super) fn number(spelling: &[u8]) -> u64 {
    mix(5, hash_text(spelling))
}

/// What an object or array adds besides what is in it.
#[inline(always)]
pub(super) fn container(place: u64, is_object: bool, count: u32) -> u64 {
    value(place, mix(if is_object { 6 } else { 7 }, u64::from(count)))
}

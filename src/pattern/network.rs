//! Addresses and CIDR ranges.
//!
//! An address is compared with addresses of its own family only, and only in
//! spellings that all parsers read alike: no leading zeros, no zone, no IPv4
//! tail in IPv6.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The address that `text` spells, if it is one.
pub fn address(text: &str) -> Option<IpAddr> {
    let plausible = |byte: u8| byte.is_ascii_hexdigit() || byte == b':' || byte == b'.';
    if text.len() > 45 || !text.bytes().all(plausible) {
        return None;
    }
    if text.contains(':') {
        if text.contains('.') {
            return None;
        }
        return text.parse::<Ipv6Addr>().ok().map(IpAddr::V6);
    }
    text.parse::<Ipv4Addr>().ok().map(IpAddr::V4)
}

/// A CIDR range.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Network {
    text: String,
    is_v6: bool,
    base: u128,
    mask: u128,
}

/// Why a text is no CIDR range.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NetworkError {
    /// No slash, or more than one.
    #[error("a CIDR range has exactly one `/`")]
    NoSlash,
    /// The part before the slash.
    #[error("`{0}` is not an IPv4 or IPv6 address")]
    NotAnAddress(String),
    /// The part behind the slash.
    #[error("`{0}` is not a prefix length")]
    NotALength(String),
    /// `/32` and `/128` are refused by EventBridge too.
    #[error("a prefix length of {0} is too long for this kind of address")]
    TooLong(u32),
}

impl Network {
    /// Reads `192.0.2.0/24` or `2001:db8::/32`. Bits behind the prefix are ignored.
    ///
    /// # Errors
    /// See [`NetworkError`].
    pub fn new(text: &str) -> Result<Self, NetworkError> {
        Self::read(text, false)
    }

    /// As [`Network::new`], but a single address (`/32`, `/128`) may be written too.
    ///
    /// # Errors
    /// See [`NetworkError`].
    pub fn new_with_single(text: &str) -> Result<Self, NetworkError> {
        Self::read(text, true)
    }

    fn read(text: &str, single: bool) -> Result<Self, NetworkError> {
        let (base, length) = text.split_once('/').ok_or(NetworkError::NoSlash)?;
        if length.contains('/') {
            return Err(NetworkError::NoSlash);
        }
        let base = address(base).ok_or_else(|| NetworkError::NotAnAddress(base.to_owned()))?;
        let plain = !length.is_empty()
            && length.len() <= 3
            && length.bytes().all(|byte| byte.is_ascii_digit())
            && (length == "0" || !length.starts_with('0'));
        let length: u32 = match length.parse() {
            Ok(length) if plain => length,
            _ => return Err(NetworkError::NotALength(length.to_owned())),
        };
        let bits = if base.is_ipv6() { 128 } else { 32 };
        if length > bits || (length == bits && !single) {
            return Err(NetworkError::TooLong(length));
        }
        let mask = u128::MAX.checked_shl(bits - length).unwrap_or(0);
        Ok(Network {
            text: text.to_owned(),
            is_v6: base.is_ipv6(),
            base: number(base) & mask,
            mask,
        })
    }

    /// As it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether `address` lies in the range.
    pub fn holds(&self, address: IpAddr) -> bool {
        address.is_ipv6() == self.is_v6 && number(address) & self.mask == self.base
    }
}

fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u128::from(address.to_bits()),
        IpAddr::V6(address) => address.to_bits(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(network: &str, value: &str, expected: bool) {
        let network = Network::new(network).expect("a range");
        let held = address(value).is_some_and(|address| network.holds(address));
        assert_eq!(held, expected, "{network:?} {value}");
    }

    #[test]
    fn a_range_holds_the_addresses_of_its_prefix_and_family() {
        check("10.0.0.0/24", "10.0.0.255", true);
        check("10.0.0.0/24", "10.0.1.0", false);
        check("10.0.0.77/8", "10.0.0.1", true);
        check("0.0.0.0/0", "255.1.2.3", true);
        check("0.0.0.0/0", "2001:db8::1", false);
        check("::/0", "10.0.0.1", false);
        check("2001:db8::/32", "2001:DB8:FFFF::", true);
        check("fe80::/10", "fe80::1%eth0", false);
        check("10.0.0.0/8", "10.0.0.1/32", false);
        check("10.0.0.0/8", "010.0.0.1", false);
    }

    #[test]
    fn a_sloppy_range_is_refused() {
        for text in [
            "10.0.0.0",
            "10.0.0.0/8/",
            "10.0.0.0/08",
            "10.0.0.0/+8",
            "10.0.0.0/ 8",
            "10.0.0.0/32",
            "::/128",
            "10.0.0.0/",
            "gggg::/32",
            "10.0.0/8",
            "::ffff:10.0.0.0/104",
            "10.0.0.0/-1",
        ] {
            assert!(Network::new(text).is_err(), "{text}");
        }
        assert!(Network::new_with_single("192.0.2.7/32").is_ok());
    }
}

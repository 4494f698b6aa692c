//! Where a webhook is sent: an address in text, taken apart and checked.

use std::net::IpAddr;

use http::Uri;

use super::address::is_global;

/// Which addresses may be sent to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reach {
    /// Those of the public internet, by https.
    #[default]
    Public,
    /// Those of this machine as well, also by http. For tests and demonstrations.
    Loopback,
}

impl Reach {
    /// Whether this address may be connected to.
    pub fn allows(self, address: IpAddr) -> bool {
        let is_here = address.to_canonical().is_loopback();
        is_global(address) || (self == Self::Loopback && is_here)
    }
}

/// An address, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// Whether it is https.
    pub is_secure: bool,
    /// The host: a name, or an address without brackets.
    pub host: String,
    /// The port.
    pub port: u16,
    /// Host and port as the request names them.
    pub authority: String,
    /// Path and query.
    pub target: String,
}

impl Endpoint {
    /// Takes an address apart; `None` for whatever must not be sent to. A host that is a name is checked
    /// when it is resolved.
    pub fn parse(url: &str, reach: Reach) -> Option<Self> {
        if url.contains(['#', '@', '\\']) || !url.is_ascii() {
            return None;
        }
        let uri: Uri = url.parse().ok()?;
        let is_secure = match uri.scheme_str()? {
            "https" => true,
            "http" if reach == Reach::Loopback => false,
            _ => return None,
        };
        let authority = uri.authority()?;
        // There is no user in it, so what follows the host is the port.
        let port = match authority.as_str().strip_prefix(authority.host())? {
            "" => {
                if is_secure {
                    443
                } else {
                    80
                }
            }
            port => port.strip_prefix(':')?.parse().ok().filter(|port| *port != 0)?,
        };
        let host = authority.host();
        let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        if host.is_empty() || host.parse().is_ok_and(|address| !reach.allows(address)) {
            return None;
        }
        let target = uri.path_and_query().map_or("/", |target| target.as_str());
        Some(Self {
            is_secure,
            host: host.to_owned(),
            port,
            authority: authority.as_str().to_owned(),
            target: target.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_https_on_a_host_that_may_be_sent_to() {
        let endpoint = Endpoint::parse("https://Hooks.example.com/a/b?c=d", Reach::Public).unwrap();
        assert!(endpoint.is_secure);
        assert_eq!((&*endpoint.host, endpoint.port), ("Hooks.example.com", 443));
        assert_eq!((&*endpoint.authority, &*endpoint.target), ("Hooks.example.com", "/a/b?c=d"));
        let endpoint = Endpoint::parse("https://[2400:3200::1]:8443", Reach::Public).unwrap();
        assert_eq!((&*endpoint.host, endpoint.port), ("2400:3200::1", 8443));
        assert_eq!((&*endpoint.authority, &*endpoint.target), ("[2400:3200::1]:8443", "/"));
    }

    #[test]
    fn whatever_leads_elsewhere_is_refused() {
        for wrong in [
            "",
            "/path",
            "example.com/x",
            "ftp://example.com/",
            "http://example.com/",
            "https://",
            "https:///x",
            "https://user@example.com/",
            "https://user:word@example.com/",
            "https://example.com/#there",
            "https://example.com\\@127.0.0.1/",
            "https://例子.cn/",
            "https://example.com:0/",
            "https://example.com:/",
            "https://example.com:70000/",
            "https://127.0.0.1/",
            "https://10.1.2.3:8443/x",
            "https://169.254.169.254/latest",
            "https://[::1]/",
            "https://[::ffff:127.0.0.1]/",
            "https://[fd00::1]/",
        ] {
            assert_eq!(Endpoint::parse(wrong, Reach::Public), None, "{wrong}");
        }
        for fine in ["http://127.0.0.1:8080/x", "http://[::1]:8080/", "https://localhost/"] {
            assert!(Endpoint::parse(fine, Reach::Loopback).is_some(), "{fine}");
        }
        assert_eq!(Endpoint::parse("http://10.0.0.1/", Reach::Loopback), None);
    }

    #[test]
    fn loopback_is_reached_in_tests_only_and_what_is_private_never() {
        let here: IpAddr = "::ffff:127.0.0.1".parse().unwrap();
        assert!(!Reach::Public.allows(here) && Reach::Loopback.allows(here));
        let private = "192.168.0.1".parse().unwrap();
        assert!(!Reach::Public.allows(private) && !Reach::Loopback.allows(private));
    }
}

//! What the address of a server says beside what the driver reads: several hosts, and a pooler in between.
//!
//! The driver takes one host and warns of parameters that it does not know. So an address is taken apart here, into
//! one of the driver's for each host.

/// Hosts that an address may name.
pub const HOSTS_MAX: usize = 8;

/// An address, taken apart. It holds the password, so that nothing of it is shown.
pub(crate) struct Address {
    /// One address for each host, in the order they were named.
    pub(super) urls: Vec<String>,
    /// Whether a pooler lends its connections for one transaction at a time.
    pub(super) pooled: bool,
}

impl Address {
    /// The driver's address of one of its hosts.
    pub(crate) fn url(&self, place: usize) -> &str {
        &self.urls[place]
    }

    /// Whether a pooler lends its connections for one transaction at a time.
    pub(crate) fn is_pooled(&self) -> bool {
        self.pooled
    }

    /// Takes an address apart: `postgres://user:password@host:port,host:port/name?pooler=transaction`. What the
    /// driver reads is left to the driver.
    ///
    /// # Errors
    /// In words for whoever wrote it, without what they wrote.
    pub(crate) fn parse(url: &str) -> Result<Self, &'static str> {
        let (scheme, rest) = url.split_once("://").ok_or("it has no scheme")?;
        let (place, query) =
            rest.split_once('?').map_or((rest, ""), |(place, query)| (place, query));
        let (authority, path) = match place.find('/') {
            Some(at) => place.split_at(at),
            None => (place, ""),
        };
        let (user, hosts) = match authority.rfind('@') {
            Some(at) => authority.split_at(at + 1),
            None => ("", authority),
        };
        let hosts: Vec<_> = hosts.split(',').collect();
        if hosts.len() > HOSTS_MAX {
            return Err("it names more than 8 hosts");
        }
        if hosts.len() > 1 && hosts.iter().any(|host| host.is_empty()) {
            return Err("one of its hosts is empty");
        }
        let mut pooled = false;
        let mut kept = Vec::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            match pair.split_once('=').unwrap_or((pair, "")) {
                ("pooler", "transaction") => pooled = true,
                ("pooler", "session") => {}
                ("pooler", _) => return Err("pooler must be session or transaction"),
                // How other programs are told what is so here anyway.
                ("target_session_attrs", "primary" | "read-write") => {}
                ("target_session_attrs", _) => return Err("target_session_attrs must be primary"),
                _ => kept.push(pair),
            }
        }
        let query = if kept.is_empty() { String::new() } else { format!("?{}", kept.join("&")) };
        let urls =
            hosts.iter().map(|host| format!("{scheme}://{user}{host}{path}{query}")).collect();
        Ok(Self { urls, pooled })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(url: &str) -> (Vec<String>, bool) {
        let address = Address::parse(url).unwrap();
        (address.urls, address.pooled)
    }

    #[test]
    fn an_address_of_one_host_is_left_as_it_is() {
        for url in [
            "postgres://localhost",
            "postgres://u:p%40ss@db.shop.example:5433/parasol?sslmode=verify-full",
            "postgresql://u@[::1]:5432/parasol",
            "postgres:///parasol?host=/run/postgresql",
        ] {
            assert_eq!(parsed(url), (vec![url.to_owned()], false));
        }
    }

    #[test]
    fn each_host_gets_an_address_with_the_same_of_everything_else() {
        let url =
            "postgres://u:p@a:1,[::1]:2,c/parasol?target_session_attrs=primary&sslmode=require";
        let of = |host: &str| format!("postgres://u:p@{host}/parasol?sslmode=require");
        assert_eq!(parsed(url), (vec![of("a:1"), of("[::1]:2"), of("c")], false));
    }

    #[test]
    fn a_pooler_is_said_in_the_address_and_kept_from_the_driver() {
        let url = "postgres://u@h/parasol?pooler=transaction&application_name=x";
        assert_eq!(parsed(url), (vec!["postgres://u@h/parasol?application_name=x".into()], true));
        assert_eq!(parsed("postgres://h/p?pooler=session"), (vec!["postgres://h/p".into()], false));
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        let many = format!("postgres://{}/p", ["h"; HOSTS_MAX + 1].join(","));
        for url in [
            "localhost",
            "postgres://a,,b/p",
            "postgres://h/p?pooler=statement",
            "postgres://h/p?target_session_attrs=standby",
            &many,
        ] {
            assert!(Address::parse(url).is_err(), "{url}");
        }
    }
}

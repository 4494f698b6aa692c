//! The cells that a router knows: their settings, and the rules they must keep with each other.
//!
//! A province has one cell and a cell has one number, so that a filing and an id lead to one place. That somebody
//! listens at an address is not looked at.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{Config, NodeRole};

/// The most cells of a router.
const CELLS_MAX: usize = 64;
/// The most gateways of a cell.
const CELL_GATEWAYS_MAX: usize = 64;

/// A cell as a router knows it. Meaning and form of each key stand in `default.toml`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct CellRoute {
    /// Its number, with which its ids end; ids that name no cell belong to number 0.
    pub number: u16,
    /// What it is called.
    pub label: String,
    /// The provinces it serves, two digits each.
    pub regions: Vec<String>,
    /// Where its gateways listen, as `http://host:port`.
    pub addresses: Vec<String>,
}

impl CellRoute {
    fn problems(&self) -> Vec<String> {
        let mut found = Vec::new();
        let mut demand = |holds: bool, text: &str| {
            if !holds {
                found.push(format!("cell {}: {text}", self.number));
            }
        };
        let plain = |text: &str| {
            text.bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        };
        let fits = (1..=40).contains(&self.label.len()) && plain(&self.label);
        demand(fits, "label must be 1 to 40 of a to z, 0 to 9 and -");
        let two_digits =
            |text: &String| text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
        demand(
            !self.regions.is_empty() && self.regions.iter().all(two_digits),
            "regions must be provinces, two digits each, like 33",
        );
        let fits = |address: &String| {
            let uri = address.parse::<http::Uri>();
            uri.is_ok_and(|uri| {
                uri.scheme_str() == Some("http")
                    && uri.port().is_some()
                    && uri.path_and_query().is_none_or(|path| path == "/")
            })
        };
        demand(
            (1..=CELL_GATEWAYS_MAX).contains(&self.addresses.len())
                && self.addresses.iter().all(fits),
            "addresses must be 1 to 64 addresses like http://10.0.0.7:7443",
        );
        found
    }
}

impl Config {
    /// What is wrong with the cells: the key, and what would be right.
    pub(super) fn cell_problems(&self) -> Vec<(&'static str, String)> {
        let mut found = Vec::new();
        let mut note = |key, text: &str| found.push((key, text.to_owned()));
        let routes = self.plays(NodeRole::Router);
        if routes && self.roles.len() > 1 {
            note("roles", "a router plays nothing else");
        }
        if routes == self.cells.is_empty() {
            note("roles, cells", "a router needs cells, and nobody else has any");
        }
        if routes && !self.tls.client_ca_file.is_empty() {
            note(
                "roles, tls.client_ca_file",
                "certificates of partners are for the ports of cells",
            );
        }
        if self.cells.len() > CELLS_MAX {
            note("cells", "must be at most 64");
        }
        let numbers: BTreeSet<_> = self.cells.iter().map(|cell| cell.number).collect();
        let labels: BTreeSet<_> = self.cells.iter().map(|cell| &cell.label).collect();
        if numbers.len() < self.cells.len() || labels.len() < self.cells.len() {
            note("cells", "two cells have the same number or label");
        }
        let regions: Vec<_> = self.cells.iter().flat_map(|cell| &cell.regions).collect();
        if regions.iter().collect::<BTreeSet<_>>().len() < regions.len() {
            note("cells", "a region is served by one cell");
        }
        let each = self.cells.iter().flat_map(CellRoute::problems);
        found.extend(each.map(|text| ("cells", text)));
        found
    }
}

#[cfg(test)]
mod tests {
    use super::super::{ConfigError, Sources};
    use super::*;

    fn told(toml: &str) -> Result<Config, Vec<String>> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("parasol.toml");
        std::fs::write(&file, toml).unwrap();
        match Config::load(&Sources { file: Some(&file), ..Sources::default() }) {
            Ok(config) => Ok(config),
            Err(ConfigError::Invalid(problems)) => {
                Err(problems.iter().map(|one| format!("{}: {}", one.key, one.text)).collect())
            }
            Err(ConfigError::Read(text)) => panic!("{text}"),
        }
    }

    fn cell(number: u16, label: &str, region: &str) -> String {
        format!(
            "[[cells]]\nnumber = {number}\nlabel = \"{label}\"\nregions = [\"{region}\"]\n\
             addresses = [\"http://10.0.0.{number}:7443\"]\n"
        )
    }

    #[test]
    fn a_router_has_cells_and_no_database() {
        let two =
            format!("roles = [\"router\"]\n{}{}", cell(1, "east", "33"), cell(2, "north", "11"));
        let config = told(&two).unwrap();
        assert_eq!(config.cells[1].regions, ["11"]);
        assert!(!config.works_on_cases());
    }

    #[test]
    fn cells_that_contradict_each_other_are_refused() {
        let east = cell(1, "east", "33");
        let wrong = [
            ("roles = [\"router\"]\n".to_owned(), "a router needs cells"),
            (east.clone(), "a router needs cells"),
            (format!("roles = [\"router\", \"gateway\"]\n{east}"), "plays nothing else"),
            (format!("roles = [\"router\"]\n{east}{}", cell(1, "north", "11")), "same number"),
            (format!("roles = [\"router\"]\n{east}{}", cell(2, "east", "11")), "same number"),
            (format!("roles = [\"router\"]\n{east}{}", cell(2, "north", "33")), "one cell"),
            (format!("roles = [\"router\"]\n{}", cell(1, "east", "3301")), "two digits"),
            (format!("roles = [\"router\"]\n{}", cell(1, "East!", "33")), "label"),
        ];
        for (toml, expected) in wrong {
            let problems = told(&toml).unwrap_err();
            assert!(problems.iter().any(|text| text.contains(expected)), "{toml}: {problems:?}");
        }
    }
}

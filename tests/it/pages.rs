//! What every page in a real browser must be: as wide as its screen, labelled, light, and without a serious finding
//! of the accessibility checker. Each page that is looked at is kept as a picture under `target/screens`.

use std::path::{Path, PathBuf};

use parasol_testkit::axe_script;
use serde_json::{Value, json};

use crate::portal::driver::{Driver, Screen};

/// Bytes of a page with its style and script, without photos.
const WEIGHT_MAX: u64 = 100_000;

/// What a page says of itself: its width, controls without a label, what no finger hits, and its weight.
const SEEN: &str = "
    const shown = (one) => one.checkVisibility();
    const controls = [...document.querySelectorAll('input:not([type=hidden]), select, textarea')];
    const bare = controls.filter(one => shown(one) && (!one.labels || one.labels.length === 0));
    const small = [...document.querySelectorAll('button, a.button, a.row, summary, label.tile, label.symptom, label.part')]
        .filter(one => shown(one) && one.getBoundingClientRect().height < 40);
    // What a box scrolls sideways sticks out of nothing.
    const scrolls = (one) => one.parentElement
        && (['auto', 'scroll'].includes(getComputedStyle(one.parentElement).overflowX) || scrolls(one.parentElement));
    const loaded = [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]
        .filter(one => ['navigation', 'link', 'script', 'css'].includes(one.initiatorType));
    return {
        wide: document.documentElement.scrollWidth,
        bare: bare.map(one => one.name),
        small: small.map(one => one.textContent),
        out: [...document.querySelectorAll('.bar *, main *')]
            .filter(one => shown(one) && !one.closest('.heard, .skip, svg'))
            .filter(one => one.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
            .filter(one => !scrolls(one))
            .map(one => one.outerHTML.slice(0, 120)),
        language: document.documentElement.lang,
        weight: loaded.reduce((sum, one) => sum + one.decodedBodySize, 0),
        titled: document.title.length > 0 && document.querySelectorAll('h1').length === 1,
    };";

/// Runs the checker with its own rules for the levels A and AA.
const CHECK: &str = "
    const done = arguments[arguments.length - 1];
    axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] })
        .then(told => done(told.violations.map(one => ({
            id: one.id, impact: one.impact, help: one.help,
            nodes: one.nodes.slice(0, 4).map(node => node.html + ' :: ' + node.failureSummary),
        }))), error => done([{ id: 'axe', impact: 'critical', help: String(error) }]));";

/// A browser whose pages are looked at.
pub struct Looker {
    pub browser: Driver,
    screen: Screen,
    axe: String,
    gallery: PathBuf,
    seen: std::cell::Cell<u32>,
}

impl Looker {
    /// A browser on a screen; `name` tells its pictures from others.
    pub async fn start(folder: &Path, screen: Screen, name: &str) -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the repository's root");
        let script = axe_script(root);
        let axe = std::fs::read_to_string(&script)
            .unwrap_or_else(|_| panic!("no {}: `cargo xtask test` brings it", script.display()));
        let size = if screen.phone { "phone" } else { "desk" };
        let theme = if screen.dark { "dark" } else { "light" };
        let folder_of = format!("{name}-{}-{size}-{theme}", &screen.language[..2]);
        let gallery = root.join("target/screens").join(folder_of);
        // Pictures of an earlier run say nothing about this one.
        let _ = std::fs::remove_dir_all(&gallery);
        std::fs::create_dir_all(&gallery).expect("a folder for pictures");
        let browser = Driver::start_on(folder, screen).await;
        Self { browser, screen, axe, gallery, seen: std::cell::Cell::new(0) }
    }

    /// One of two texts, by the language of the screen's owner.
    pub fn pick<'a>(&self, zh: &'a str, en: &'a str) -> &'a str {
        if self.screen.language.starts_with("zh") { zh } else { en }
    }

    /// Keeps something beside the pictures.
    pub fn keep(&self, name: &str, text: &str) {
        std::fs::write(self.gallery.join(name), text).expect("it is kept");
    }

    /// Looks at the page that is shown.
    pub async fn look(&self, name: &str) {
        self.seen.set(self.seen.get() + 1);
        let picture = self.gallery.join(format!("{:02}-{name}.png", self.seen.get()));
        std::fs::write(&picture, self.browser.picture().await).expect("a picture is kept");
        let seen = self.browser.run(SEEN).await;
        let wide = seen["wide"].as_u64().expect("a width");
        assert!(wide <= self.screen.width, "{name} is too wide: {seen}");
        assert_eq!(seen["bare"], json!([]), "{name} has controls without a label");
        assert_eq!(seen["small"], json!([]), "{name} has what no finger hits");
        assert_eq!(seen["out"], json!([]), "{name} has what sticks out on the right");
        assert_eq!(seen["titled"], json!(true), "{name} has one heading and a title");
        assert!(self.screen.language.starts_with(&seen["language"].as_str().unwrap_or("-")[..2]));
        let weight = seen["weight"].as_u64().expect("a weight");
        assert!((1..WEIGHT_MAX).contains(&weight), "{name} weighs {weight} bytes");
        let bad = self.findings().await;
        assert!(bad.is_empty(), "{name}: {}", serde_json::to_string_pretty(&bad).expect("JSON"));
    }

    /// The serious and critical findings on the page that is shown.
    async fn findings(&self) -> Vec<Value> {
        self.browser.run(&format!("if (!window.axe) {{ {} }}", self.axe)).await;
        let found = self.browser.run_async(CHECK).await;
        let found = found.as_array().cloned().expect("a list of findings");
        let is_bad = |one: &Value| matches!(one["impact"].as_str(), Some("serious" | "critical"));
        found.into_iter().filter(is_bad).collect()
    }
}

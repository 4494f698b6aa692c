//! The two languages people are answered in.

/// A language of answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Language {
    /// Simplified Chinese; what is answered when nobody asked for anything else.
    #[default]
    Zh,
    /// English.
    En,
}

impl Language {
    /// The tag of BCP 47.
    pub const fn tag(self) -> &'static str {
        match self {
            Self::Zh => "zh-CN",
            Self::En => "en",
        }
    }

    /// The language of a tag such as `zh`, `zh-TW` or `en-GB`, whatever its case; `None` for
    /// others.
    pub fn of_tag(tag: &str) -> Option<Self> {
        let primary = tag.trim().split(['-', '_']).next().unwrap_or_default();
        if primary.eq_ignore_ascii_case("zh") {
            Some(Self::Zh)
        } else if primary.eq_ignore_ascii_case("en") {
            Some(Self::En)
        } else {
            None
        }
    }

    /// The best language of an `Accept-Language` header (RFC 9110): the first known one with the
    /// greatest weight. `None` when it asks for neither.
    pub fn of_accept(header: &str) -> Option<Self> {
        let mut best: Option<(f32, Self)> = None;
        for part in header.split(',') {
            let mut pieces = part.split(';');
            let Some(language) = pieces.next().and_then(Self::of_tag) else {
                continue;
            };
            let weight = pieces
                .find_map(|piece| piece.trim().strip_prefix("q=")?.parse::<f32>().ok())
                .unwrap_or(1.0);
            if weight > 0.0 && best.is_none_or(|(known, _)| weight > known) {
                best = Some((weight, language));
            }
        }
        best.map(|(_, language)| language)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_weighed_and_every_kind_of_chinese_is_chinese() {
        assert_eq!(Language::of_accept("en-GB,zh;q=0.9"), Some(Language::En));
        assert_eq!(Language::of_accept("fr, en;q=0.5, zh-TW;q=0.8"), Some(Language::Zh));
        assert_eq!(Language::of_accept("de"), None);
        assert_eq!(Language::of_accept("en;q=0, zh;q=0.1"), Some(Language::Zh));
        assert_eq!(Language::of_tag("ZH_hant"), Some(Language::Zh));
        assert_eq!(Language::of_tag(""), None);
    }
}

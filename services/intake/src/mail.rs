//! E-mail as the operator's mail gateway hands it in: which case it is about, and what it says.
//!
//! A message is hostile until it is read: its size is bounded, the library reads parts without recursion,
//! nothing that is attached is looked at, and of its text so much is kept as a note holds. Whoever sent it is believed to be
//! nobody: a note moves no case.

use std::borrow::Cow;

use mail_parser::MessageParser;
use parasol_api::limits::LONG_TEXT_MAX;
use parasol_journey::ids::CaseId;
use parasol_runtime::identity::TokenKey;
use uuid::Uuid;

/// Bytes of a message.
pub(crate) const MAIL_BYTES_MAX: usize = 1024 * 1024;
/// Characters of a subject that are kept.
const SUBJECT_MAX: usize = 200;
/// Addresses in which a mark is looked for.
const ADDRESSES_MAX: usize = 50;
/// Bytes of a head in which the addresses that a gateway notes are looked for.
const HEAD_BYTES_MAX: usize = 64 * 1024;

/// What a mark is signed for.
const DOMAIN: &str = "mail-mark";
/// Bytes of its proof: who guesses at one would have to send e-mails for longer than anybody looks on.
const PROOF_LEN: usize = 8;
/// What a mark begins with.
const PREFIX: &str = "P-";
/// Characters of the case's id in it.
const ID_LEN: usize = 32;

/// The mark of a case.
pub(crate) fn mark(key: &TokenKey, case: CaseId) -> String {
    let id = case.uuid();
    let proof = key.mac(DOMAIN, id.as_bytes());
    format!("{PREFIX}{}-{}", id.simple(), hex::encode(&proof[..PROOF_LEN]))
}

/// The case whose mark stands in a text.
fn marked(key: &TokenKey, text: &str) -> Option<CaseId> {
    // Mail programs and people change the case of letters in addresses.
    let text = text.to_ascii_lowercase();
    let places = text.match_indices("p-").map(|(place, _)| place);
    places.filter_map(|place| text.get(place + PREFIX.len()..)).find_map(|rest| {
        let id = Uuid::try_parse(rest.get(..ID_LEN)?).ok()?;
        let case = CaseId::new(id);
        let whole = mark(key, case);
        let found = rest.get(..whole.len() - PREFIX.len())?;
        whole[PREFIX.len()..].eq_ignore_ascii_case(found).then_some(case)
    })
}

/// An e-mail that was read.
pub(crate) struct Mail {
    subject: String,
    text: String,
    /// Where it was sent to, as its head and the gateway say.
    addresses: Vec<String>,
    /// How many files came with it.
    pub(crate) files: usize,
}

/// Reads a message; `None` when it is none, is too large, or says nothing.
pub(crate) fn read(raw: &[u8]) -> Option<Mail> {
    if raw.len() > MAIL_BYTES_MAX {
        return None;
    }
    let message = MessageParser::default().parse(raw)?;
    let text = message.body_text(0).unwrap_or(Cow::Borrowed(""));
    let text = plain(&text, LONG_TEXT_MAX + 1);
    let subject = plain(message.subject().unwrap_or_default(), SUBJECT_MAX).replace('\n', " ");
    if text.is_empty() && subject.is_empty() {
        return None;
    }
    let lists = [message.to(), message.cc()];
    let named = lists.iter().flatten().flat_map(|list| list.iter());
    let named = named.filter_map(|one| one.address()).map(str::to_owned);
    let mut addresses: Vec<String> = named.take(ADDRESSES_MAX).collect();
    addresses.extend(noted(raw));
    Some(Mail { subject, text, addresses, files: message.attachment_count() })
}

/// Where gateways note the address a message was really delivered to.
fn noted(raw: &[u8]) -> Vec<String> {
    let head = &raw[..raw.len().min(HEAD_BYTES_MAX)];
    let head = String::from_utf8_lossy(head);
    let lines = head.lines().take_while(|line| !line.is_empty());
    let of_gateway = lines.filter_map(|line| {
        let (name, value) = line.split_once(':')?;
        let known = ["delivered-to", "x-original-to", "envelope-to"];
        known.contains(&name.trim().to_ascii_lowercase().as_str()).then(|| value.trim().to_owned())
    });
    of_gateway.take(ADDRESSES_MAX).collect()
}

/// A text without what no page can hold, of at most so many characters.
fn plain(text: &str, max: usize) -> String {
    let kept = text.trim().chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t'));
    kept.take(max).collect()
}

impl Mail {
    /// The case it is about.
    pub(crate) fn case(&self, key: &TokenKey) -> Option<CaseId> {
        let mut places = std::iter::once(&self.subject).chain(&self.addresses);
        places.find_map(|place| marked(key, place))
    }

    /// What is kept of it, and whether something was cut off.
    pub(crate) fn note(&self) -> (String, bool) {
        let whole = match self.subject.is_empty() {
            true => self.text.clone(),
            false => format!("{}\n\n{}", self.subject, self.text),
        };
        let cut = whole.chars().nth(LONG_TEXT_MAX).is_some();
        (whole.chars().take(LONG_TEXT_MAX).collect::<String>().trim().to_owned(), cut)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> TokenKey {
        TokenKey::from_secret(&[7; 32])
    }

    fn case() -> CaseId {
        CaseId::new(Uuid::from_u128(0x0190_5af1_2b3c_7def_8123_4567_89ab_cdef))
    }

    fn mail(head: &str, body: &str) -> Mail {
        let raw = format!("From: me@example.com\r\n{head}\r\n\r\n{body}\r\n");
        read(raw.as_bytes()).expect("an e-mail")
    }

    #[test]
    fn a_mark_is_found_in_the_subject_and_in_an_address() {
        let mark = mark(&key(), case());
        let heads = [
            format!("Subject: Re: [{mark}] 还是漏水"),
            format!("Subject: =?utf-8?B?{}?=", base64_of(&format!("回复 [{mark}]"))),
            format!("To: Service <help+{mark}@shop.example>\r\nSubject: hello"),
            format!("Cc: a@b.example, help+{}@shop.example\r\nSubject: x", mark.to_uppercase()),
            format!("Subject: x\r\nDelivered-To: help+{mark}@shop.example"),
        ];
        for head in heads {
            assert_eq!(mail(&head, "text").case(&key()), Some(case()), "{head}");
        }
    }

    fn base64_of(text: &str) -> String {
        const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let pieces = text.as_bytes().chunks(3).map(|piece| {
            let bits = piece.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte));
            let bits = bits << (8 * (3 - piece.len()));
            let digit = |place: usize| char::from(DIGITS[(bits >> (18 - 6 * place) & 63) as usize]);
            let kept: String = (0..=piece.len()).map(digit).collect();
            format!("{kept:=<4}")
        });
        pieces.collect()
    }

    #[test]
    fn another_proof_another_key_and_a_piece_of_a_mark_are_none() {
        let good = mark(&key(), case());
        let last = if good.ends_with('0') { "1" } else { "0" };
        let forged = format!("{}{last}", &good[..good.len() - 1]);
        for wrong in
            [forged.as_str(), &good[..good.len() - 1], "P-", "P-测测测测测测测测测测测", ""]
        {
            let found = mail(&format!("Subject: [{wrong}]"), "text").case(&key());
            assert_eq!(found, None, "{wrong}");
        }
        let other = TokenKey::from_secret(&[8; 32]);
        assert_eq!(mail(&format!("Subject: [{good}]"), "text").case(&other), None);
        // What is written in the text is a quotation as often as not.
        assert_eq!(mail("Subject: x", &good).case(&key()), None);
    }

    #[test]
    fn a_note_holds_subject_and_text_and_no_more_than_a_note() {
        let long = "漏".repeat(5_000);
        let (note, cut) =
            mail("Subject: leak\r\nContent-Type: text/plain; charset=utf-8", &long).note();
        assert!(cut && note.starts_with("leak\n\n漏") && note.chars().count() == LONG_TEXT_MAX);
        let (note, cut) = mail("Subject: leak", "a\u{0}b\u{1b}[31m\tc").note();
        assert_eq!((note.as_str(), cut), ("leak\n\nab[31m\tc", false));
    }

    #[test]
    fn html_becomes_text_and_files_are_counted_and_left() {
        let raw = "Subject: x\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n\
                   --b\r\nContent-Type: text/html\r\n\r\n<script>x()</script><p>still <b>leaking</b></p>\r\n\
                   --b\r\nContent-Type: image/png\r\nContent-Disposition: attachment; filename=p.png\r\n\
                   Content-Transfer-Encoding: base64\r\n\r\niVBORw0KGgo=\r\n--b--\r\n";
        let read = read(raw.as_bytes()).unwrap();
        let (note, _) = read.note();
        assert!(note.contains("still leaking") && !note.contains('<'), "{note}");
        assert_eq!(read.files, 1);
    }

    #[test]
    fn what_is_no_mail_or_too_large_is_refused_and_a_bomb_of_parts_ends() {
        assert!(read(b"").is_none() && read(b"\r\n\r\n").is_none());
        let large = format!("Subject: x\r\n\r\n{}", "a".repeat(MAIL_BYTES_MAX));
        assert!(read(large.as_bytes()).is_none());
        let parts = "--b\r\n\r\nx\r\n".repeat(50_000);
        let many =
            format!("Subject: x\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n{parts}--b--");
        assert!(read(many.as_bytes()).is_some());
        let mut deep = String::from("Subject: x\r\n");
        for level in 0..5_000 {
            deep +=
                &format!("Content-Type: multipart/mixed; boundary=b{level}\r\n\r\n--b{level}\r\n");
        }
        assert!(read(deep.as_bytes()).is_some());
    }
}

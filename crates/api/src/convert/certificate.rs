//! A certificate from the wire, checked for its form. Whether it is acceptable for its case is the
//! journey's to say.

use parasol_journey::certificate::{Certificate, EvidenceItem, Handling, Level};
use parasol_journey::ids::CertificateId;

use super::Checker;
use crate::common::v1;
use crate::limits::{
    CODE_MAX, EVIDENCE_MAX, FOREIGN_NUMBER_MAX, LONG_TEXT_MAX, NAME_MAX, PARTS_MAX, REMARK_MAX,
    STATEMENT_MAX,
};

impl Checker {
    /// A certificate, which gets its id here. A level that is not given is the first; texts that
    /// the journey does not decide on are checked and left in the message.
    pub fn certificate(
        &mut self,
        field: &str,
        wire: &Option<v1::Certificate>,
        id: CertificateId,
    ) -> Option<Certificate> {
        let wire = self.present(field, wire)?;
        self.within(field, |check| read(check, wire, id))
    }

    /// Pieces of evidence, at most [`EVIDENCE_MAX`].
    pub fn evidence(
        &mut self,
        field: &str,
        wire: &[v1::EvidenceItem],
    ) -> Option<Vec<EvidenceItem>> {
        self.at_most(field, wire, EVIDENCE_MAX)?;
        let items = wire.iter().enumerate().map(|(place, item)| {
            self.within(&format!("{field}[{place}]"), |check| {
                let kind = check.listed("kind", item.kind);
                let sha256 = check.sha256("sha256", &item.sha256);
                let taken_at = check.instant("taken_at", &item.taken_at);
                Some(EvidenceItem { kind: kind?, sha256: sha256?, taken_at: taken_at? })
            })
        });
        // Every item is looked at before the first missing one ends the collection.
        let items: Vec<_> = items.collect();
        items.into_iter().collect()
    }

    /// Part lines, at most [`PARTS_MAX`]; the lines themselves stay in the message.
    pub fn parts(&mut self, field: &str, wire: &[v1::PartLine]) -> Option<()> {
        self.at_most(field, wire, PARTS_MAX)?;
        let mut fine = true;
        for (place, part) in wire.iter().enumerate() {
            fine &= self.within(&format!("{field}[{place}]"), |check| {
                let number = check.text("part_no", &part.part_no, FOREIGN_NUMBER_MAX);
                let name = check.optional_text("name", &part.name, NAME_MAX);
                let quantity = check.number("quantity", part.quantity, 1..=99);
                number.is_some() && name.is_some() && quantity.is_some()
            });
        }
        fine.then_some(())
    }
}

fn read(check: &mut Checker, wire: &v1::Certificate, id: CertificateId) -> Option<Certificate> {
    let texts = read_texts(check, wire);
    let supersedes = check.optional_id("supersedes", &wire.supersedes);
    let parts = check.parts("parts_used", &wire.parts_used);
    let level = check.optional_listed::<Level>("level", wire.level);
    let technician = check.optional_id("technician", &wire.technician);
    let inspected_at = check.instant("inspected_at", &wire.inspected_at);
    let serial = check.id("serial_inside", &wire.serial_inside);
    let packaging = check.listed("packaging", wire.packaging);
    let exterior = check.listed("exterior", wire.exterior);
    let function = check.listed("function", wire.function);
    let cause = check.listed("cause", wire.cause);
    let evidence = check.evidence("evidence", &wire.evidence);
    let handling = check.listed::<Handling>("handling", wire.handling);
    let signature = check.known::<v1::Signature>("signature", wire.signature);
    let conclusion = check.listed("conclusion", wire.conclusion);
    texts?;
    parts?;
    Some(Certificate {
        id,
        level: level?.unwrap_or(Level::First),
        technician: technician?,
        inspected_at: inspected_at?,
        serial: serial?,
        packaging: packaging?,
        exterior: exterior?,
        function: function?,
        fault_code: wire.fault_code.clone(),
        cause: cause?,
        evidence: evidence?,
        handling: handling?,
        customer_signed: signature? == v1::Signature::Signed,
        conclusion: conclusion?,
        serial_explained: !wire.serial_remark.trim().is_empty(),
        cause_sign: !wire.cause_sign.trim().is_empty(),
        danger: wire.danger,
        supersedes: supersedes?,
        // Whoever keeps the words knows their fingerprint.
        words: String::new(),
    })
}

fn read_texts(check: &mut Checker, wire: &v1::Certificate) -> Option<()> {
    let texts = [
        ("model", &wire.model, FOREIGN_NUMBER_MAX),
        ("serial_outside", &wire.serial_outside, FOREIGN_NUMBER_MAX),
        ("serial_remark", &wire.serial_remark, REMARK_MAX),
        ("fault_code", &wire.fault_code, CODE_MAX),
        ("finding", &wire.finding, LONG_TEXT_MAX),
        ("cause_sign", &wire.cause_sign, REMARK_MAX),
        ("customer_statement", &wire.customer_statement, STATEMENT_MAX),
    ];
    let mut fine = true;
    for (field, text, max) in texts {
        fine &= check.optional_text(field, text, max).is_some();
    }
    if !wire.manufactured_on.is_empty() {
        fine &= check.day("manufactured_on", &wire.manufactured_on).is_some();
    }
    fine.then_some(())
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::convert::Listed;
    use crate::error::Reason;
    use parasol_journey::vocab::{Cause, Conclusion, Function};

    fn id() -> CertificateId {
        CertificateId::new(Uuid::from_u128(7))
    }

    fn good() -> v1::Certificate {
        let at = prost_types::Timestamp { seconds: 1_780_882_200, nanos: 0 };
        v1::Certificate {
            inspected_at: Some(at),
            model: "BCD-520".to_owned(),
            serial_inside: "AUR26000123".to_owned(),
            packaging: v1::Packaging::Missing.into(),
            exterior: v1::Exterior::Intact.into(),
            function: Function::Fault.number(),
            fault_code: "E1".to_owned(),
            cause: Cause::Product.number(),
            evidence: vec![v1::EvidenceItem {
                kind: v1::EvidenceKind::Nameplate.into(),
                sha256: "0".repeat(64),
                taken_at: Some(at),
            }],
            handling: v1::OnSiteHandling::None.into(),
            signature: v1::Signature::Refused.into(),
            conclusion: Conclusion::Repairable.number(),
            ..v1::Certificate::default()
        }
    }

    #[test]
    fn a_good_certificate_is_read() {
        let mut check = Checker::new();
        let read = check.certificate("certificate", &Some(good()), id());
        let (read,) = check.all((read,)).unwrap();
        assert_eq!((read.id, read.level, read.customer_signed), (id(), Level::First, false));
        assert_eq!(read.evidence.len(), 1);
    }

    #[test]
    fn every_fault_of_form_is_named_with_its_path() {
        let mut wire = good();
        wire.serial_inside.clear();
        wire.finding = "x".repeat(LONG_TEXT_MAX + 1);
        wire.evidence[0].sha256 = "short".to_owned();
        wire.parts_used.push(v1::PartLine { quantity: 0, ..v1::PartLine::default() });
        wire.cause = 0;
        let mut check = Checker::new();
        assert!(check.certificate("certificate", &Some(wire), id()).is_none());
        let error = check.finish().unwrap_err();
        let fields: Vec<_> = error.violations().iter().map(|one| one.field.as_str()).collect();
        let expected = [
            "certificate.finding",
            "certificate.parts_used[0].part_no",
            "certificate.parts_used[0].quantity",
            "certificate.serial_inside",
            "certificate.cause",
            "certificate.evidence[0].sha256",
        ];
        assert_eq!(fields, expected);
    }

    #[test]
    fn a_missing_certificate_is_one_violation() {
        let mut check = Checker::new();
        assert!(check.certificate("certificate", &None, id()).is_none());
        let error = check.finish().unwrap_err();
        assert_eq!(error.violations().len(), 1);
        assert_eq!(error.reason(), Reason::FieldInvalid);
    }
}

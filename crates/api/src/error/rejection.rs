//! What the journey refuses, as the wire says it.

use parasol_journey::Rejection;

use super::{Error, Reason};

impl From<Rejection> for Error {
    /// Keeps the journey's own sentence and gives programs what they need to go on.
    fn from(rejection: Rejection) -> Self {
        let error = Self::new(reason(&rejection)).message(rejection.to_string());
        match rejection {
            Rejection::IllegalTransition { stage, verb, open, .. } => {
                let open = open.iter().map(|verb| verb.as_str());
                Self::illegal_transition(verb.as_str(), stage.as_str(), open)
            }
            Rejection::CaseEnded { stage } => error.with("stage", stage.as_str()),
            Rejection::OfferSuperseded { live: Some(live), .. } => {
                error.with("live_offer", live.to_string())
            }
            Rejection::CertificateInvalid(faults) => faults.iter().fold(error, |error, fault| {
                error.violation("certificate", Reason::CertificateInvalid, fault.as_str())
            }),
            Rejection::RemedyNotOffered { offered, .. } => {
                let offered: Vec<_> = offered.iter().map(|remedy| remedy.as_str()).collect();
                error.with("offered", offered.join(","))
            }
            Rejection::AmountOutOfRange { most_fen } => {
                error.with("most_fen", most_fen.to_string())
            }
            Rejection::EvidenceClosed { until } => error.with("until", until.to_string()),
            Rejection::TechnicianInspectedBefore { technician } => {
                error.with("technician", technician.to_string())
            }
            Rejection::PartsNotThere { from } | Rejection::NoShowTooEarly { from } => {
                error.with("from", from.to_string())
            }
            _ => error,
        }
    }
}

/// Exhaustive, so that a refusal the journey learns does not reach the wire without a reason.
fn reason(rejection: &Rejection) -> Reason {
    match rejection {
        Rejection::IllegalTransition { .. } => Reason::IllegalTransition,
        Rejection::CaseEnded { .. } => Reason::CaseEnded,
        Rejection::OfferSuperseded { .. } => Reason::OfferSuperseded,
        Rejection::OfferExpired { .. } => Reason::OfferExpired,
        Rejection::CentrePassedOver { .. } => Reason::CentrePassedOver,
        Rejection::CentreNotOffered { .. } => Reason::CentreNotOffered,
        Rejection::WindowInPast => Reason::WindowInPast,
        Rejection::WindowInvalid => Reason::WindowInvalid,
        Rejection::TechnicianNotAssigned => Reason::TechnicianNotAssigned,
        Rejection::HoldExpired => Reason::HoldExpired,
        Rejection::NextContactRequired => Reason::NextContactRequired,
        Rejection::PartsDateMissing => Reason::PartsDateMissing,
        Rejection::PartsNotThere { .. } => Reason::PartsNotThere,
        Rejection::HelpNeeded => Reason::HelpNeeded,
        Rejection::NoShowTooEarly { .. } => Reason::NoShowTooEarly,
        Rejection::CertificateInvalid(_) => Reason::CertificateInvalid,
        Rejection::CertificateUnknown => Reason::CertificateUnknown,
        Rejection::RemedyNotOffered { .. } => Reason::RemedyNotOffered,
        Rejection::DecisionInvalid => Reason::DecisionInvalid,
        Rejection::AmountOutOfRange { .. } => Reason::AmountOutOfRange,
        Rejection::CodeLocked => Reason::CodeLocked,
        Rejection::ProposedTooOften => Reason::ProposedTooOften,
        Rejection::CodeRenewedTooOften { .. } => Reason::CodeRenewedTooOften,
        Rejection::AppealWindowOver => Reason::AppealWindowOver,
        Rejection::DisputeHeard => Reason::DisputeHeard,
        Rejection::NotDisputed => Reason::NotDisputed,
        Rejection::EvidenceClosed { .. } => Reason::EvidenceClosed,
        Rejection::LabNotAwaited => Reason::LabNotAwaited,
        Rejection::PanelInvalid => Reason::PanelInvalid,
        Rejection::NotOnPanel => Reason::NotOnPanel,
        Rejection::ProposalUnknown => Reason::ProposalUnknown,
        Rejection::ProposalWaiting => Reason::ProposalWaiting,
        Rejection::FourEyesNeeded => Reason::FourEyesNeeded,
        Rejection::QuoteNotValid => Reason::QuoteNotValid,
        Rejection::TechnicianInspectedBefore { .. } => Reason::TechnicianInspectedBefore,
        Rejection::PauseTooLong => Reason::PauseTooLong,
        Rejection::EvidenceFull => Reason::EvidenceFull,
        Rejection::PartNotAwaited => Reason::PartNotAwaited,
        Rejection::SurveyNotOpen => Reason::SurveyNotOpen,
        Rejection::RemindedTooOften => Reason::RemindedTooOften,
        Rejection::TaskSuperseded => Reason::TaskSuperseded,
        Rejection::NotCovered(_) => Reason::CalendarNotCovered,
    }
}

#[cfg(test)]
mod tests {
    use parasol_journey::certificate::CertificateFault;
    use parasol_journey::time::Timestamp;
    use parasol_journey::vocab::Remedy;
    use parasol_journey::{ActorKind, Stage, Verb};

    use super::*;

    #[test]
    fn an_illegal_step_names_the_open_ones() {
        let error = Error::from(Rejection::IllegalTransition {
            stage: Stage::Filed,
            verb: Verb::CheckIn,
            actor: ActorKind::Customer,
            open: vec![Verb::Cancel, Verb::Remind],
        });
        assert_eq!(error.reason(), Reason::IllegalTransition);
        assert_eq!(error.metadata()["stage"], "filed");
        assert_eq!(error.metadata()["open"], "cancel,remind");
    }

    #[test]
    fn codes_of_the_journey_are_codes_of_the_registry() {
        let centre = "aurora-hz-01".parse().unwrap();
        let rejections = [
            Rejection::CentreNotOffered { centre },
            Rejection::CaseEnded { stage: Stage::Closed },
            Rejection::WindowInPast,
            Rejection::DecisionInvalid,
            Rejection::AmountOutOfRange { most_fen: 1 },
            Rejection::EvidenceFull,
            Rejection::PartNotAwaited,
            Rejection::PartsDateMissing,
            Rejection::PartsNotThere { from: Timestamp::from_micros(0) },
            Rejection::HelpNeeded,
            Rejection::NoShowTooEarly { from: Timestamp::from_micros(0) },
            Rejection::RemindedTooOften,
            Rejection::SurveyNotOpen,
            Rejection::CertificateInvalid(vec![CertificateFault::Contradiction]),
            Rejection::RemedyNotOffered { remedy: Remedy::Refund, offered: vec![Remedy::Repair] },
        ];
        for rejection in rejections {
            let code = rejection.code();
            let error = Error::from(rejection);
            assert_eq!(error.reason().code(), code);
        }
    }

    #[test]
    fn every_fault_of_a_certificate_is_a_violation() {
        let faults =
            vec![CertificateFault::NameplatePhotoMissing, CertificateFault::InspectedInFuture];
        let error = Error::from(Rejection::CertificateInvalid(faults));
        let found: Vec<_> = error.violations().iter().map(|one| &*one.description).collect();
        assert_eq!(found, ["nameplate_photo_missing", "inspected_in_future"]);
    }
}

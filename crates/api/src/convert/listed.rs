//! The closed lists on the wire and in the house, one to one.
//!
//! Both directions are exhaustive matches: a value added on one side only does not compile.

use parasol_journey::{certificate, stage, survey, vocab};

use crate::common::v1;
use crate::tracking::v1 as tracking;

/// A closed list of the house that has a twin on the wire.
pub trait Listed: Copy + Sized + 'static {
    /// The twin.
    type Wire: Copy + Into<i32> + TryFrom<i32>;

    /// The twin of this value.
    fn to_wire(self) -> Self::Wire;

    /// The value with this twin; `None` for the value 0, which says "not given".
    fn of_wire(wire: Self::Wire) -> Option<Self>;

    /// The words of the list, for example `quality, no_reason`.
    fn words() -> String;

    /// The number messages carry.
    fn number(self) -> i32 {
        self.to_wire().into()
    }

    /// The value with this number; `None` for 0 and for numbers the list does not hold.
    fn of_number(number: i32) -> Option<Self> {
        Self::Wire::try_from(number).ok().and_then(Self::of_wire)
    }
}

macro_rules! listed {
    ($($ours:path => $wire:path { $($variant:ident),+ $(,)? })+) => {
        $(impl Listed for $ours {
            type Wire = $wire;

            fn to_wire(self) -> $wire {
                use $ours as Ours;
                use $wire as Wire;
                match self { $(Ours::$variant => Wire::$variant,)+ }
            }

            fn of_wire(wire: $wire) -> Option<Self> {
                use $ours as Ours;
                use $wire as Wire;
                match wire {
                    Wire::Unspecified => None,
                    $(Wire::$variant => Some(Ours::$variant),)+
                }
            }

            fn words() -> String {
                let words: Vec<_> = Self::ALL.iter().map(|value| value.as_str()).collect();
                words.join(", ")
            }
        })+

        #[cfg(test)]
        fn every_list() -> Vec<(&'static str, Vec<(i32, bool, &'static str)>)> {
            vec![$((
                stringify!($wire),
                <$ours>::ALL
                    .iter()
                    .map(|value| {
                        let number = value.number();
                        let back = <$ours>::of_number(number) == Some(*value);
                        (number, back, value.to_wire().as_str_name())
                    })
                    .collect(),
            ),)+]
        }
    };
}

listed! {
    vocab::Party => v1::Party {
        Customer, Retailer, Brand, Centre, Technician, Carrier, Payment, Lab,
    }
    vocab::CaseKind => v1::CaseKind { Quality, NoReason }
    vocab::Category => v1::Category {
        Refrigerator, WashingMachine, AirConditioner, Television, WaterHeater, RangeHood, Microwave,
        Vacuum, Fan,
    }
    vocab::Remedy => v1::Remedy { Repair, Replace, Refund }
    vocab::Cause => v1::Cause {
        Product, Transport, Installation, User, UnauthorisedOpening, Environment, ForceMajeure,
        Undetermined,
    }
    vocab::Function => v1::Function { Normal, Fault, Untested }
    vocab::Conclusion => v1::Conclusion {
        MeetsReturnExchange, DoesNotMeet, Repairable, CannotDetermine,
    }
    vocab::Promise => v1::Promise {
        Return30, ReplaceOnly180, Insurance365, ExtendedWarranty, FiveWorkingDays, HundredMinutes,
        FreightInsurance,
    }
    vocab::DeclineReason => v1::DeclineReason {
        NoCapacity, OutOfArea, NoSkill, Closed, NotOurs, Other,
    }
    vocab::ContactFailure => v1::ContactFailure {
        NoAnswer, PhoneOff, WrongNumber, NotReceived, NotNeededNow,
    }
    vocab::UnableReason => v1::UnableReason {
        NoAccess, NoPowerOrWater, Unsafe, Weather, PartsMissing, NeedsHelp,
    }
    vocab::NoCodeReason => v1::NoCodeReason {
        PhoneLost, CodeNotReceived, CodeLocked, CustomerUnable,
    }
    vocab::AnomalyKind => v1::AnomalyKind {
        AddressWrong, CustomerUnreachable, PartUnavailable, Safety, FraudSuspected, Other,
    }
    vocab::PauseCause => v1::PauseCause {
        CustomerUnreachable, CustomerAskedLater, Weather, Unsafe, PartOnOrder,
    }
    stage::Stage => v1::Stage {
        Filed, NoReason, RemoteGuidance, EvidenceLinked, Returning, ChoosingCentre, Dispatched,
        Accepted, CentreAssigned, TechnicianAssigned, Unreachable, Appointed, OnSite, Inspecting,
        VerdictIn, VerdictHeld, Deciding, RemedyOffered, Refunding, Replacing, Repairing, Denied,
        Compensating, Disputed, AwaitConfirm, Closed, Paused, CancelRequested, Cancelled,
    }
    survey::Question => tracking::SurveyQuestion {
        Filing, Dispatch, Arrival, Inspection, Decision, BrandResponse, Repair, Parts, Delivery,
    }
    survey::Rated => tracking::SurveyRated {
        Retailer, Brand, Centre, Technician, Parts, Carrier,
    }
    certificate::Packaging => v1::Packaging { Intact, Damaged, Missing }
    certificate::Exterior => v1::Exterior { Intact, Scratch, Dent, Crack, ScreenBroken }
    certificate::EvidenceKind => v1::EvidenceKind {
        Nameplate, Exterior, Fault, Video, Measurement,
    }
    certificate::Handling => v1::OnSiteHandling { None, Adjusted, Repaired, PartOrdered, Removed }
    certificate::Level => v1::CertificateLevel { First, Second, Lab }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_goes_there_and_back() {
        for (list, values) in every_list() {
            let numbers: Vec<_> = values.iter().map(|(number, ..)| *number).collect();
            let expected: Vec<_> = (1..=numbers.len() as i32).collect();
            assert_eq!(numbers, expected, "{list} is numbered in another order");
            assert!(values.iter().all(|(_, back, _)| *back), "{list}");
        }
    }

    #[test]
    fn the_wire_uses_the_words_of_the_house() {
        for promise in vocab::Promise::ALL {
            let word = format!("PROMISE_{}", promise.as_str().to_uppercase());
            assert_eq!(promise.to_wire().as_str_name(), word);
        }
        for stage in stage::Stage::ALL {
            let word = format!("STAGE_{}", stage.as_str().to_uppercase());
            assert_eq!(stage.to_wire().as_str_name(), word);
        }
    }

    #[test]
    fn nothing_given_and_unknown_numbers_are_no_value() {
        assert_eq!(vocab::Remedy::of_number(0), None);
        assert_eq!(vocab::Remedy::of_number(99), None);
        assert_eq!(vocab::Remedy::of_number(-1), None);
    }
}

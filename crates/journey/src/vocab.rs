//! The closed lists the whole house shares: parties, categories, findings, remedies, reasons.
//!
//! Each list has one text form (snake_case) used in tables, events and data files alike.

macro_rules! vocabulary {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $text:literal,)+ }) => {
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash,
            serde::Serialize, serde::Deserialize,
        )]
        pub enum $name { $($(#[$vdoc])* #[serde(rename = $text)] $variant,)+ }

        impl $name {
            /// Every value, in declaration order.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The text form.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }

            /// The value with this text form.
            pub fn parse(text: &str) -> Option<Self> {
                match text { $($text => Some(Self::$variant),)+ _ => None }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}
pub(crate) use vocabulary;

vocabulary! {
    /// Who can hold the turn. Exactly one does while a case is open.
    Party {
        /// The person who filed.
        Customer = "customer",
        /// The retailer: its agents, its policy engine, its timers.
        Retailer = "retailer",
        /// The manufacturer.
        Brand = "brand",
        /// The brand's service centre.
        Centre = "centre",
        /// The technician on the visit.
        Technician = "technician",
        /// Whoever moves the goods.
        Carrier = "carrier",
        /// The payment provider.
        Payment = "payment",
        /// A test laboratory.
        Lab = "lab",
    }
}

impl Party {
    /// What a customer calls the party, in Chinese and in English.
    pub const fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Customer => ("您", "customer"),
            Self::Retailer => ("平台", "retailer"),
            Self::Brand => ("厂家", "brand"),
            Self::Centre => ("网点", "centre"),
            Self::Technician => ("工程师", "technician"),
            Self::Carrier => ("物流", "carrier"),
            Self::Payment => ("支付", "payment"),
            Self::Lab => ("检测机构", "laboratory"),
        }
    }
}

vocabulary! {
    /// What kind of claim was filed.
    CaseKind {
        /// The unit is faulty.
        Quality = "quality",
        /// Seven-day return without a reason (消法 art. 25); no inspection.
        NoReason = "no_reason",
    }
}

vocabulary! {
    /// The appliance category; rules, skills and coverage are by category.
    Category {
        /// 冰箱
        Refrigerator = "refrigerator",
        /// 洗衣机
        WashingMachine = "washing_machine",
        /// 空调
        AirConditioner = "air_conditioner",
        /// 平板电视
        Television = "television",
        /// 热水器
        WaterHeater = "water_heater",
        /// 油烟机
        RangeHood = "range_hood",
        /// 微波炉
        Microwave = "microwave",
        /// 吸尘器
        Vacuum = "vacuum",
        /// 电风扇
        Fan = "fan",
    }
}

impl Category {
    /// What a unit of it is called, in Chinese and in English.
    pub const fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Refrigerator => ("冰箱", "Refrigerator"),
            Self::WashingMachine => ("洗衣机", "Washing machine"),
            Self::AirConditioner => ("空调", "Air conditioner"),
            Self::Television => ("电视", "Television"),
            Self::WaterHeater => ("热水器", "Water heater"),
            Self::RangeHood => ("油烟机", "Range hood"),
            Self::Microwave => ("微波炉", "Microwave"),
            Self::Vacuum => ("吸尘器", "Vacuum cleaner"),
            Self::Fan => ("电风扇", "Fan"),
        }
    }
}

vocabulary! {
    /// A remedy the customer can be offered.
    Remedy {
        /// Mend the unit.
        Repair = "repair",
        /// A new unit for the old one.
        Replace = "replace",
        /// Money back.
        Refund = "refund",
    }
}

vocabulary! {
    /// How a notice reaches a customer.
    Channel {
        /// The retailer's app on their phone.
        Push = "push",
        /// A text message.
        Sms = "sms",
        /// E-mail.
        Email = "email",
        /// The retailer's own systems, which pass it on.
        Webhook = "webhook",
        /// An agent told them.
        Voice = "voice",
    }
}

vocabulary! {
    /// Why the unit is as it is, by the certificate.
    Cause {
        /// A defect of the product.
        Product = "product",
        /// Damage in transport.
        Transport = "transport",
        /// A fault of the installation.
        Installation = "installation",
        /// The user's doing.
        User = "user",
        /// Opened by somebody who was not authorised.
        UnauthorisedOpening = "unauthorised_opening",
        /// Power, water or surroundings.
        Environment = "environment",
        /// Lightning, flood and the like.
        ForceMajeure = "force_majeure",
        /// Could not be told.
        Undetermined = "undetermined",
    }
}

vocabulary! {
    /// Whether the unit works, by the certificate.
    Function {
        /// It works.
        Normal = "normal",
        /// It does not.
        Fault = "fault",
        /// It could not be tried.
        Untested = "untested",
    }
}

vocabulary! {
    /// What the certificate concludes.
    Conclusion {
        /// Meets the conditions of return or exchange.
        MeetsReturnExchange = "meets_return_exchange",
        /// Does not meet them.
        DoesNotMeet = "does_not_meet",
        /// Can be repaired.
        Repairable = "repairable",
        /// Cannot be told.
        CannotDetermine = "cannot_determine",
    }
}

vocabulary! {
    /// A promise sold or given with a unit; the policy pack says what each is worth.
    Promise {
        /// Free return within 30 days (30天退).
        Return30 = "return_30",
        /// Replace instead of repair within 180 days, once (180天只换不修).
        ReplaceOnly180 = "replace_only_180",
        /// Insured exchange from day 8 to 365, once (365天只换不修).
        Insurance365 = "insurance_365",
        /// Extended warranty (延保).
        ExtendedWarranty = "extended_warranty",
        /// Solved within five working days of receipt, else refund (五日售后).
        FiveWorkingDays = "five_working_days",
        /// Solved within 100 minutes of receipt and confirmed fault, else refund (售后100分).
        HundredMinutes = "hundred_minutes",
        /// No-reason return pays the customer's freight (运费险).
        FreightInsurance = "freight_insurance",
    }
}

vocabulary! {
    /// Why a centre or brand declines an offer.
    DeclineReason {
        /// No free technician in time.
        NoCapacity = "no_capacity",
        /// The address lies outside the covered area.
        OutOfArea = "out_of_area",
        /// Nobody with the needed skill or certificate.
        NoSkill = "no_skill",
        /// Closed at that time.
        Closed = "closed",
        /// The unit is not this brand's, or not handled.
        NotOurs = "not_ours",
        /// Anything else, with a text.
        Other = "other",
    }
}

vocabulary! {
    /// Why a contact attempt failed (service-centre practice: 1无人接听 …).
    ContactFailure {
        /// Nobody answered.
        NoAnswer = "no_answer",
        /// The phone is off.
        PhoneOff = "phone_off",
        /// The number is wrong.
        WrongNumber = "wrong_number",
        /// The goods have not arrived.
        NotReceived = "not_received",
        /// The customer does not need it now.
        NotNeededNow = "not_needed_now",
    }
}

vocabulary! {
    /// Why a visit could not be finished.
    UnableReason {
        /// No access to the home or the unit.
        NoAccess = "no_access",
        /// No power or water.
        NoPowerOrWater = "no_power_or_water",
        /// Unsafe to work; never the customer's fault.
        Unsafe = "unsafe",
        /// Weather.
        Weather = "weather",
        /// Parts are missing.
        PartsMissing = "parts_missing",
        /// Needs another skill or a second person.
        NeedsHelp = "needs_help",
    }
}

vocabulary! {
    /// Why a visit ends without the customer's completion code.
    NoCodeReason {
        /// The customer's phone is lost, broken or somebody else's.
        PhoneLost = "phone_lost",
        /// No code reached the customer, though it was sent.
        CodeNotReceived = "code_not_received",
        /// Too many wrong codes were given.
        CodeLocked = "code_locked",
        /// The customer cannot handle codes.
        CustomerUnable = "customer_unable",
    }
}

vocabulary! {
    /// How a note came to a case.
    NoteSource {
        /// Somebody of the retailer's wrote it down.
        Desk = "desk",
        /// An e-mail said it.
        Mail = "mail",
    }
}

vocabulary! {
    /// What the field says is wrong with a case.
    AnomalyKind {
        /// The address does not exist, or the unit is not there.
        AddressWrong = "address_wrong",
        /// The centre cannot reach the customer.
        CustomerUnreachable = "customer_unreachable",
        /// A part is not made any more, or nobody has it.
        PartUnavailable = "part_unavailable",
        /// Somebody or something is in danger.
        Safety = "safety",
        /// The claim does not look honest. It says nothing about the customer's rights.
        FraudSuspected = "fraud_suspected",
        /// Anything else, with a text.
        Other = "other",
    }
}

vocabulary! {
    /// How far ordered parts have come, while something is still to come of them.
    PartStage {
        /// Ordered; the repair waits for them.
        Awaited = "awaited",
        /// At the workshop or with the technician.
        Received = "received",
        /// Built in; the defective part goes back to the brand.
        Returning = "returning",
    }
}

vocabulary! {
    /// Why a case is paused. A pause always has an owner and a resume time as well.
    PauseCause {
        /// The customer could not be reached on several days.
        CustomerUnreachable = "customer_unreachable",
        /// The customer asked for a later time.
        CustomerAskedLater = "customer_asked_later",
        /// Weather.
        Weather = "weather",
        /// Not safe to work.
        Unsafe = "unsafe",
        /// Waiting for a part that has a delivery date.
        PartOnOrder = "part_on_order",
    }
}

//! The contract in Rust: generated messages, clients and servers, the error model, who may call
//! what, and the conversions between the wire and the house's own types.
//!
//! Owns everything that is said on the wire and nothing that is decided: no rule of the journey
//! lives here, no I/O, no clock. The generated modules mirror the packages under `proto/parasol/`.

pub mod access;
pub mod convert;
pub mod descriptor;
pub mod error;
pub mod language;
pub mod limits;
pub mod role;
pub mod visibility;

pub use convert::{Checker, Listed};
pub use error::{Error, Kind, Reason, Result};
pub use language::Language;
pub use role::Role;
pub use visibility::mask;

/// Package `parasol.common`: the vocabulary and the messages that every package shares.
pub mod common {
    /// Version 1.
    pub mod v1 {
        tonic::include_proto!("parasol.common.v1");
    }
}

/// Package `parasol.intake`: cases filed, orders imported.
pub mod intake {
    /// Version 1.
    #[expect(
        clippy::allow_attributes,
        clippy::large_enum_variant,
        unused_qualifications,
        reason = "generated code allows what it needs, writes full paths and boxes nothing"
    )]
    pub mod v1 {
        tonic::include_proto!("parasol.intake.v1");
    }
}

/// Package `parasol.partner`: the side of brands, centres and laboratories.
pub mod partner {
    /// Version 1.
    #[expect(
        clippy::allow_attributes,
        unused_qualifications,
        reason = "generated code allows what it needs and writes full paths"
    )]
    pub mod v1 {
        tonic::include_proto!("parasol.partner.v1");
    }
}

/// Package `parasol.technician`: the technician's day.
pub mod technician {
    /// Version 1.
    #[expect(
        clippy::allow_attributes,
        unused_qualifications,
        reason = "generated code allows what it needs and writes full paths"
    )]
    pub mod v1 {
        tonic::include_proto!("parasol.technician.v1");
    }
}

/// Package `parasol.verification`: decisions and how they are carried out.
pub mod verification {
    /// Version 1.
    #[expect(
        clippy::allow_attributes,
        unused_qualifications,
        reason = "generated code allows what it needs and writes full paths"
    )]
    pub mod v1 {
        tonic::include_proto!("parasol.verification.v1");
    }
}

/// Package `parasol.tracking`: the story of a case as its reader may see it.
pub mod tracking {
    /// Version 1.
    #[expect(
        clippy::allow_attributes,
        unused_qualifications,
        reason = "generated code allows what it needs and writes full paths"
    )]
    pub mod v1 {
        tonic::include_proto!("parasol.tracking.v1");
    }
}

/// Package `parasol.admin`: the network, the calendars, the running of the system.
pub mod admin {
    /// Version 1.
    #[expect(
        clippy::allow_attributes,
        unused_qualifications,
        reason = "generated code allows what it needs and writes full paths"
    )]
    pub mod v1 {
        tonic::include_proto!("parasol.admin.v1");
    }
}

/// `Debug` of messages with personal fields: that they are there, and not what is in them.
mod debug {
    include!(concat!(env!("OUT_DIR"), "/debug.rs"));
}

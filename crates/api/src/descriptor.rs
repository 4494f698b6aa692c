//! The contract as data: what reflection answers and what checks walk over.

use std::sync::LazyLock;

use prost_reflect::DescriptorPool;

/// The compiled contract with its comments: an encoded `google.protobuf.FileDescriptorSet`.
pub const FILE_DESCRIPTOR_SET: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/parasol.bin"));

/// One method of the contract.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Method {
    /// The path a call is made to, for example `/parasol.intake.v1.IntakeService/FileCase`.
    pub path: String,
    /// Full name of the request message.
    pub input: String,
    /// Full name of the answer message.
    pub output: String,
    /// Whether the client sends a stream.
    pub client_streaming: bool,
    /// Whether the server answers with a stream.
    pub server_streaming: bool,
}

/// The contract with names looked up.
pub fn pool() -> &'static DescriptorPool {
    static POOL: LazyLock<DescriptorPool> = LazyLock::new(|| {
        DescriptorPool::decode(FILE_DESCRIPTOR_SET).expect("the build wrote a valid set")
    });
    &POOL
}

/// Every method, in the order of the files.
pub fn methods() -> &'static [Method] {
    static METHODS: LazyLock<Vec<Method>> = LazyLock::new(|| {
        let services: Vec<_> = pool().services().collect();
        let methods = services.iter().flat_map(|service| {
            service.methods().map(|method| Method {
                path: format!("/{}/{}", service.full_name(), method.name()),
                input: method.input().full_name().to_owned(),
                output: method.output().full_name().to_owned(),
                client_streaming: method.is_client_streaming(),
                server_streaming: method.is_server_streaming(),
            })
        });
        methods.collect()
    });
    &METHODS
}

/// A reflection service to be built in either version; it knows the contract and the health
/// service.
pub fn reflection() -> tonic_reflection::server::Builder<'static> {
    tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(FILE_DESCRIPTOR_SET)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_carry_their_shape() {
        let find = |path: &str| methods().iter().find(|method| method.path == path).unwrap();
        let file = find("/parasol.intake.v1.IntakeService/FileCase");
        assert_eq!(file.input, "parasol.intake.v1.FileCaseRequest");
        assert!(!file.client_streaming && !file.server_streaming);
        assert!(find("/parasol.intake.v1.OrderService/ImportOrders").client_streaming);
        assert!(find("/parasol.tracking.v1.TrackingService/WatchCase").server_streaming);
    }

    #[test]
    fn reflection_can_be_built_in_both_versions() {
        assert!(reflection().build_v1().is_ok());
        assert!(reflection().build_v1alpha().is_ok());
    }

    #[test]
    fn every_change_carries_a_request_id_and_every_step_of_a_case_an_etag() {
        // A plan changes nothing until it is committed, and neither does an end to planning. The credential for a
        // survey follows from the case and is kept nowhere.
        const READS: [&str; 15] = [
            "Check",
            "Get",
            "List",
            "Lookup",
            "Stream",
            "Watch",
            "Find",
            "Explain",
            "Export",
            "ReplayDecision",
            "Validate",
            "PlanDay",
            "StopDayPlan",
            "Match",
            "CreateSurveyLink",
        ];
        // What is kept beside a case, whatever it does meanwhile.
        const BESIDE: [&str; 8] = [
            "UploadEvidence",
            "EraseEvidence",
            "OpenFollowUp",
            "OpenComplaint",
            "LinkProjectCase",
            "UnlinkProjectCase",
            "BookSeat",
            "RaiseObjection",
        ];
        // What the gateway hands on from outside has a number of the sender's, or comes to the same each time.
        const HANDED_ON: [&str; 2] = ["TakeReceipt", "Unsubscribe"];
        for method in methods() {
            let name = method.path.rsplit('/').next().unwrap();
            if HANDED_ON.contains(&name) {
                continue;
            }
            let message = pool().get_message_by_name(&method.input).unwrap();
            let field = |name: &str| message.get_field_by_name(name).map(|field| field.number());
            // A check-in is the one change whose name begins like a question.
            let reads = name != "CheckIn" && READS.iter().any(|verb| name.starts_with(verb));
            if !reads {
                assert_eq!(field("request_id"), Some(1), "{}", method.path);
                let on_case = field("case_id").is_some() && !BESIDE.contains(&name);
                let numbered = (field("case_id"), field("etag")) == (Some(2), Some(3));
                assert!(!on_case || numbered, "{}", method.path);
            }
            let partner = ["partner_order_no", "occurred_at", "partner_sequence"].map(field);
            let consistent = partner == [None; 3] || partner == [Some(4), Some(5), Some(6)];
            assert!(consistent, "{}", method.path);
        }
    }
}

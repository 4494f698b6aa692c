//! What a claim rests on is seen by whoever is claimed from, also after the end of the case, until they have answered.

use futures::TryStreamExt as _;
use parasol_api::intake::v1::GetEvidenceRequest;
use parasol_api::intake::v1::intake_service_client::IntakeServiceClient;
use parasol_api::verification::v1::settlement_service_client::SettlementServiceClient;
use parasol_api::verification::v1::{
    ClaimResponse, GetClaimEvidenceRequest, GetClaimRequest, GetClaimResponse,
    RespondToClaimRequest,
};
use parasol_api::{Error, Reason};
use parasol_journey::Stage;
use parasol_journey::ids::CaseId;
use parasol_runtime::identity::{Principal, Role};
use serde_json::{Value, json};
use tonic::Status;
use uuid::Uuid;

use crate::tenancy::cases::{ASTER_ONE, Reached, Target, World};

impl World {
    async fn claim_as(&self, who: &Principal, claim: &str) -> Result<GetClaimResponse, Status> {
        let request = GetClaimRequest { claim_id: claim.to_owned() };
        let mut client = SettlementServiceClient::new(self.house.channel.clone());
        Ok(client.get_claim(self.house.request_of(who, request)).await?.into_inner())
    }

    async fn photo_as(&self, who: &Principal, claim: &str, piece: &str) -> Result<Vec<u8>, Status> {
        let request =
            GetClaimEvidenceRequest { claim_id: claim.to_owned(), evidence_id: piece.to_owned() };
        let mut client = SettlementServiceClient::new(self.house.channel.clone());
        let pieces = client.get_claim_evidence(self.house.request_of(who, request)).await?;
        let pieces: Vec<_> = pieces.into_inner().try_collect().await?;
        Ok(pieces.into_iter().flat_map(|piece| piece.data).collect())
    }

    /// Brings a case whose refunds were rejected to its end.
    async fn end(&self, target: &Target) {
        let agent = Principal::new(Role::Agent, "agent-1");
        let act = async |method: &str, mut body: Value| {
            body["case_id"] = target.names["case"].clone().into();
            let path = format!("/parasol.verification.v1.DecisionService/{method}");
            self.house.act(&agent, &path, &body).await
        };
        let refund = json!({"fen": "100", "currency": "CNY"});
        let decision = json!({
            "remedies": ["REMEDY_REFUND"], "refund": refund, "payer": "brand", "reason": "as agreed",
        });
        act("DecideManually", decision).await;
        act("ChooseRemedy", json!({"remedy": "REMEDY_REFUND"})).await;
        let id: CaseId = target.names["case"].parse().expect("an id");
        let mut moves = self.house.node.bell.watch_case(id);
        while self.stage(id).await != Stage::AwaitConfirm {
            moves.next().await;
        }
        act("ConfirmOutcome", json!({})).await;
        assert!(self.stage(id).await.is_ended());
    }

    async fn stage(&self, id: CaseId) -> Stage {
        let case = self.house.node.store.case(id).await.expect("the store answers");
        case.expect("the case is there").stage
    }
}

fn reason<T: std::fmt::Debug>(answer: Result<T, Status>) -> Reason {
    Error::from_status(&answer.expect_err("it is refused")).reason()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_claim_shows_its_evidence_until_it_is_answered_and_to_nobody_else() {
    let world = World::open().await;
    let target = Box::pin(world.drive(ASTER_ONE, Reached::Claimed)).await;
    Box::pin(world.end(&target)).await;
    let (brand, claim) = (target.party.member(Role::Brand), target.names["claim"].as_str());
    let shown = world.claim_as(&brand, claim).await.expect("it is the brand's");
    let piece = shown.evidence.first().expect("the case has a photo").clone();
    // Intake itself shows a partner nothing of an ended case that somebody else handed in.
    let request = GetEvidenceRequest { evidence_id: piece.evidence_id.clone() };
    let mut intake = IntakeServiceClient::new(world.house.channel.clone());
    let closed = intake.get_evidence(world.house.request_of(&brand, request)).await;
    assert_eq!(reason(closed.map(drop)), Reason::NotFound);
    let photo = world.photo_as(&brand, claim, &piece.evidence_id).await.expect("it is shown");
    assert_eq!(photo.len(), usize::try_from(piece.stored_bytes).expect("a length"));
    // Not to another brand, and no photo of another case by way of this claim.
    let stranger = Principal::new(Role::Brand, "nobody").of_brand("nobody");
    assert_eq!(reason(world.claim_as(&stranger, claim).await), Reason::NotFound);
    let foreign = world.photo_as(&stranger, claim, &piece.evidence_id).await;
    assert_eq!(reason(foreign), Reason::NotFound);
    let other = format!("ev_{}", Uuid::from_u128(7).simple());
    assert_eq!(reason(world.photo_as(&brand, claim, &other).await), Reason::NotFound);

    let accept = RespondToClaimRequest {
        request_id: Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0c01).to_string(),
        claim_id: claim.to_owned(),
        response: ClaimResponse::Accept.into(),
        ..RespondToClaimRequest::default()
    };
    let mut client = SettlementServiceClient::new(world.house.channel.clone());
    client.respond_to_claim(world.house.request_of(&brand, accept)).await.expect("it is accepted");
    let answered = world.claim_as(&brand, claim).await.expect("it is the brand's");
    assert!(answered.evidence.is_empty(), "there is nothing left to make up one's mind about");
    let late = world.photo_as(&brand, claim, &piece.evidence_id).await;
    assert_eq!(reason(late), Reason::NotFound);
}

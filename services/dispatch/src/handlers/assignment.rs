//! Naming a technician, and the centre with them where the brand had not named one.
//!
//! A brand that names both takes two steps of the journey at once. They are decided one after the other
//! and written in one commit, so that nobody sees a centre without its technician; the journey needs no
//! command for the pair.

use std::sync::Arc;

use parasol_api::common::v1::MessageEffect;
use parasol_api::convert::case_view;
use parasol_api::partner::v1::AssignTechnicianResponse;
use parasol_api::{Checker, Error, Reason};
use parasol_casebook::{Deed, Refusal, RowOp, Submission, Target, Written};
use parasol_desk::{Call, Numbered, actor};
use parasol_journey::ids::{CentreId, TechnicianId};
use parasol_journey::{Case, Command, Ctx, Decided, Rejection, Stage, decide};
use parasol_runtime::identity::Principal;
use prost::Message as _;

use super::lookups;
use crate::Dispatch;
use crate::messages::STALE;
use crate::network::{Licence, Qualified, Skill, listed, qualified};
use crate::partner::{check_work, refusal};
use crate::stamp::Stamp;
use crate::tables::technicians;

/// Names a technician.
pub(super) struct Assignment {
    /// Who asks.
    pub principal: Principal,
    /// Who is to come.
    pub technician: TechnicianId,
    /// Who is to come along, if anybody.
    pub helper: Option<TechnicianId>,
    /// The centre, if it is named only now, and whether the caller may name it.
    pub centre: Option<(CentreId, bool)>,
    /// Whether somebody was named before.
    pub again: bool,
    /// Rows beside those of the projection.
    pub rows: Vec<RowOp>,
}

/// Who comes along: nobody, or somebody else than the technician.
pub(super) fn helper(
    check: &mut Checker,
    helper: &str,
    technician: &str,
) -> Option<Option<TechnicianId>> {
    if !helper.is_empty() && helper == technician {
        let expected = "another technician of the same centre";
        return check.refuse("helper", Reason::FieldInvalid, expected);
    }
    check.optional_id("helper", helper)
}

/// Takes the step. The answers of both methods have the same fields with the same numbers, so one
/// message stands for both.
pub(super) async fn assign(
    dispatch: &Dispatch,
    call: &Call,
    stamp: &Stamp,
    assignment: Assignment,
) -> Result<AssignTechnicianResponse, Error> {
    let row = lookups::technician(dispatch, &assignment.technician).await?;
    let helper = match &assignment.helper {
        Some(helper) => lookups::technician(dispatch, helper).await?,
        None => None,
    };
    let submission = Submission {
        target: Target::Case(stamp.case),
        key: call.key(),
        caller: call.caller(),
        actor: actor(&call.principal),
        expected: stamp.etag,
        deed: Arc::new(AssignmentDeed {
            assignment,
            row,
            helper,
            stamp: stamp.clone(),
            message: call.method,
        }),
    };
    dispatch.desk.submit_for(call, submission, None).await
}

struct AssignmentDeed {
    assignment: Assignment,
    row: Option<technicians::Model>,
    helper: Option<technicians::Model>,
    stamp: Stamp,
    message: &'static str,
}

impl Deed for AssignmentDeed {
    fn hides(&self, case: &Case) -> bool {
        check_work(&self.assignment.principal, case).is_err()
    }

    fn decide(&self, case: Option<&Case>, ctx: &Ctx<'_>) -> Result<Written, Refusal> {
        let case = case.ok_or_else(|| refusal(Reason::NotFound))?;
        let numbered = self.stamp.numbered(self.message);
        if let Some(kept) = Numbered::keep_stale(numbered.as_ref(), case, ctx)? {
            let answer = answer(&kept, MessageEffect::KeptAsEvidence);
            let rows = self.stamp.kept_rows().map(|rows| rows(STALE)).unwrap_or_default();
            return Ok(Written { decided: Some(kept), rows, answer });
        }
        let named = self.name_centre(case, ctx)?;
        let before = named.as_ref().map_or(case, |named| &named.case);
        let assigned = decide(before, &self.command(), ctx)?;
        check_technician(self.row.as_ref(), before, ctx)?;
        if self.assignment.helper.is_some() {
            check_technician(self.helper.as_ref(), before, ctx)?;
        }
        let events = named.into_iter().flat_map(|named| named.events).chain(assigned.events);
        let decided = Decided { events: events.collect(), case: assigned.case };
        let decided = Numbered::stamped(numbered.as_ref(), decided);
        let answer = answer(&decided, MessageEffect::Applied);
        let rows = self.assignment.rows.iter().cloned().chain(self.stamp.applied()).collect();
        Ok(Written { decided: Some(decided), rows, answer })
    }
}

fn answer(decided: &Decided, effect: MessageEffect) -> Vec<u8> {
    let case = Some(case_view(&decided.case));
    AssignTechnicianResponse { case, effect: effect.into() }.encode_to_vec()
}

impl AssignmentDeed {
    fn command(&self) -> Command {
        let (technician, helper) =
            (self.assignment.technician.clone(), self.assignment.helper.clone());
        match self.assignment.again {
            true => Command::ReassignTechnician { technician, helper },
            false => Command::AssignTechnician { technician, helper },
        }
    }

    /// Names the centre if one is due. Naming another than the one at work is the journey's to refuse.
    fn name_centre(&self, case: &Case, ctx: &Ctx<'_>) -> Result<Option<Decided>, Refusal> {
        let is_due = case.stage == Stage::Accepted;
        let working = case.work_order.as_ref().map(|order| &order.centre);
        match &self.assignment.centre {
            None if is_due => Err(refusal(Reason::CentreUnknown)),
            None => Ok(None),
            Some((_, false)) => Err(refusal(Reason::CentreUnknown)),
            Some((centre, _)) if !is_due && working == Some(centre) => Ok(None),
            Some((centre, _)) if case.passed_over.contains(centre) => {
                Err(Rejection::CentrePassedOver { centre: centre.clone() }.into())
            }
            Some((centre, _)) => {
                let command = Command::AssignCentre { centre: centre.clone() };
                Ok(Some(decide(case, &command, ctx)?))
            }
        }
    }
}

/// Whoever comes is of the centre at work, takes part, and may do the work today.
fn check_technician(
    row: Option<&technicians::Model>,
    case: &Case,
    ctx: &Ctx<'_>,
) -> Result<(), Refusal> {
    let centre = case.work_order.as_ref().map(|order| order.centre.as_str());
    let row = row.filter(|row| Some(row.centre.as_str()) == centre);
    let row = row.ok_or_else(|| refusal(Reason::TechnicianUnknown))?;
    if !row.suspended.is_empty() {
        return Err(refusal(Reason::TechnicianSuspended));
    }
    let (skills, licences) = (listed::<Skill>(&row.skills), listed::<Licence>(&row.licences));
    let category = case.filing.category;
    let missing = match qualified(category, &skills, &licences, ctx.now.shanghai_day()) {
        Qualified::Yes => return Ok(()),
        Qualified::NoSkill => format!("the technician has no skill for {category}"),
        Qualified::NoLicence(kind) => {
            format!("the technician has no valid licence as {kind}, which {category} wants")
        }
    };
    Err(Refusal::Service { code: Reason::TechnicianNotCertified.code(), message: missing })
}

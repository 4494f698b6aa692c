//! Reasons of disputes, of what waits for a second person, and of repairs at a price.
//!
//! A part of the one table, which has grown too long for one file: it is handed on behind the rest.

macro_rules! with_disputes {
    ($table:ident, $($before:tt)*) => {
        $table! {
            $($before)*

            NotDisputed "NOT_DISPUTED" FailedPrecondition
                en "Nothing is disputed in this case."
                   "A laboratory, a panel or more evidence is asked for in a dispute, and there is none."
                   "Let the customer open a dispute first, or order a second inspection."
                zh "该服务单没有争议。"
                   "送检、专家意见和补充证据只在争议中进行。"
                   "请先由用户提出争议，或安排复检。";
            EvidenceClosed "EVIDENCE_CLOSED" FailedPrecondition
                en "The time for evidence is over."
                   "Either side had four hours between 9:00 and 18:00, holidays included; `until` says when they \
                    ended. Nothing was taken."
                   "The dispute is decided on what came in by then; an agent may ask for more."
                zh "举证时间已过。"
                   "双方各有四个工作小时举证（每日九点至十八点，含节假日），截止时间见 `until`，本次未受理。"
                   "争议将依据截止前的材料裁决；如有必要，平台会要求补充。";
            LabNotAwaited "LAB_NOT_AWAITED" FailedPrecondition
                en "No laboratory is waited for."
                   "The dispute was not sent to a laboratory, or the laboratory has reported the unit already."
                   "Read the case; an agent sends a unit to a laboratory."
                zh "该服务单未送检。"
                   "争议未送第三方检测，或检测机构已登记收到商品。"
                   "请查看服务单；送检由平台安排。";
            PanelInvalid "PANEL_INVALID" InvalidArgument
                en "That is no panel."
                   "A panel has three, five or seven different experts, not whoever convenes it, and there is one \
                    panel in a dispute."
                   "Name other experts."
                zh "专家组不符合要求。"
                   "专家须为三、五或七人，互不相同，且不含召集人；每个争议只设一次专家组。"
                   "请重新指定专家。";
            NotOnPanel "NOT_ON_PANEL" FailedPrecondition
                en "No opinion is awaited from the caller."
                   "The caller was not named as an expert, has given an opinion already, or the panel is over."
                   "Nothing is left to do for this case."
                zh "您无需提交意见。"
                   "您未被指定为专家、已提交过意见，或专家组已结束。"
                   "无需其他操作。";
            ProposalUnknown "PROPOSAL_UNKNOWN" FailedPrecondition
                en "No such proposal waits."
                   "It was approved, refused or taken back, it lapsed, or the case has moved on since."
                   "Read the case and propose again if it still makes sense."
                zh "该提议已不在等待中。"
                   "提议已通过、被拒绝、撤回或过期，或服务单已有新的进展。"
                   "请查看服务单，如仍需要请重新提交。";
            ProposalWaiting "PROPOSAL_WAITING" FailedPrecondition
                en "Another proposal waits for approval."
                   "A case has one at a time."
                   "Wait for it, or take it back first."
                zh "已有提议等待审批。"
                   "每个服务单同时只能有一个提议。"
                   "请等待审批，或先撤回原提议。";
            FourEyesNeeded "FOUR_EYES_NEEDED" PermissionDenied
                en "Another person has to approve."
                   "Whoever proposes a decision does not approve it, whatever their authority is by now."
                   "Ask somebody else who has the authority."
                zh "须由他人审批。"
                   "提议人不能审批自己的提议。"
                   "请由其他有权限的人员审批。";
            QuoteNotValid "QUOTE_NOT_VALID" FailedPrecondition
                en "There is no quote that holds."
                   "None was given, it holds no longer, or the amount is another one. Nothing was changed."
                   "Read the case again, or ask for a new quote."
                zh "维修报价无效。"
                   "尚未报价、报价已过期，或金额不一致，未做任何更改。"
                   "请刷新后重试，或重新获取报价。";
            TechnicianInspectedBefore "TECHNICIAN_INSPECTED_BEFORE" FailedPrecondition
                en "The technician has inspected this unit before."
                   "A second opinion is given by another centre and another person."
                   "Name another technician."
                zh "该工程师已检测过此商品。"
                   "复检须由其他网点的其他工程师进行。"
                   "请更换工程师。";
        }
    };
}

pub(super) use with_disputes;

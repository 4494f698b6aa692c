//! How partners can be reached: who is down, who lags.

use maud::{Markup, html};
use parasol_api::admin::v1::network_service_client::NetworkServiceClient;
use parasol_api::admin::v1::{ListPartnerHealthRequest, PartnerReach};
use parasol_api::convert::timestamp;
use parasol_api::{Error, Language};
use parasol_journey::time::Timestamp;

use crate::web::controls::alert;
use crate::web::session::Visitor;
use crate::web::words::Pick as _;
use crate::web::{Pages, failed, times};

/// Partners asked about at a time.
const PAGE: i32 = 200;

/// The table of partners, those with trouble first.
pub(super) async fn shown(pages: &Pages, visitor: &Visitor) -> Markup {
    let (language, now) = (visitor.guest.language, visitor.guest.now);
    match partners(pages, visitor).await {
        Ok((partners, more)) => table(&partners, more, now, language),
        Err(error) => alert(&error, language),
    }
}

async fn partners(pages: &Pages, visitor: &Visitor) -> Result<(Vec<PartnerReach>, bool), Error> {
    let request = ListPartnerHealthRequest { page_size: PAGE, ..Default::default() };
    let mut client = NetworkServiceClient::new(pages.transport_of(visitor));
    let answer = client.list_partner_health(request).await.map_err(failed)?.into_inner();
    let mut partners = answer.partners;
    partners.sort_by_key(|one| {
        let calm = (one.down_since.is_none(), one.cases_given_up == 0, one.cases_retrying == 0);
        (calm, std::cmp::Reverse(one.events_behind), one.brand.clone(), one.centre.clone())
    });
    Ok((partners, !answer.next_page_token.is_empty()))
}

fn table(partners: &[PartnerReach], more: bool, now: Timestamp, language: Language) -> Markup {
    let t = |zh, en| language.pick(zh, en);
    html! {
        @if partners.is_empty() {
            p.empty { (t("没有合作方登记推送地址。", "No partner has a webhook.")) }
        } @else {
            div.scroll tabindex="0" role="region" aria-label=(t("合作方连接", "Partners")) {
                table {
                    thead { tr {
                        th scope="col" { (t("合作方", "Partner")) }
                        th scope="col" { (t("状态", "State")) }
                        th.number scope="col" { (t("落后事件", "Events behind")) }
                        th.number scope="col" { (t("重试中", "Retrying")) }
                        th.number scope="col" { (t("已放弃", "Given up")) }
                        th scope="col" { (t("最近送达", "Last delivery")) }
                    } }
                    tbody { @for one in partners { tr {
                        th scope="row" { (one.brand) (one.centre) }
                        td { (state(one, now, language)) }
                        td.number { (one.events_behind) }
                        td.number { (one.cases_retrying) }
                        td.number { (one.cases_given_up) }
                        td {
                            @match one.delivered_at.as_ref().and_then(timestamp) {
                                Some(at) => (times::at(at, language)),
                                None => (t("从未", "never")),
                            }
                        }
                    } } }
                }
            }
            @if more { p.hint { (t("仅显示前 200 家。", "The first 200 are shown.")) } }
        }
    }
}

fn state(one: &PartnerReach, now: Timestamp, language: Language) -> Markup {
    let t = |zh, en| language.pick(zh, en);
    let down = one.down_since.as_ref().and_then(timestamp);
    html! {
        @match down {
            Some(since) => strong.late {
                (t("中断 ", "down for ")) (times::length(now.since(since), language))
            },
            None if one.webhooks == 0 => span.quiet { (t("已停用", "suspended")) },
            None if one.webhooks_down > 0 => {
                span.soon { (one.webhooks_down) "/" (one.webhooks) (t(" 中断", " down")) }
            },
            None => (t("正常", "up")),
        }
    }
}

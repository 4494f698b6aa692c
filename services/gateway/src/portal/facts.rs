//! What a page shows of an offer or a work order: what the partner may see, as the API masks it.

use maud::{Markup, html};
use parasol_api::convert::timestamp;
use parasol_api::partner::v1::{Offer, WorkOrder};

use super::case_page::Sheet;
use super::controls::fact;
use super::times;
use super::words::{Pick as _, part_state, work_state};

impl Sheet {
    /// What the visitor may see of the case.
    pub(super) fn facts(&self) -> Markup {
        match (&self.order, &self.offer) {
            (Some(order), _) => self.order_facts(order),
            (None, Some(offer)) => self.offer_facts(offer),
            (None, None) => html! {},
        }
    }

    fn offer_facts(&self, offer: &Offer) -> Markup {
        let language = self.language;
        let t = |zh, en| language.pick(zh, en);
        let visit_by = offer.visit_by.as_ref().and_then(timestamp);
        html! {
            section.card {
                h2 { (t("派单内容", "The offer")) }
                dl {
                    (fact(t("故障", "Fault"), &offer.description, !offer.description.is_empty()))
                    @if offer.danger {
                        (fact(t("危险", "Danger"), t("客户报告有危险", "Reported by the customer"), true))
                    }
                    (fact(t("商品编号", "SKU"), &offer.sku, !offer.sku.is_empty()))
                    (fact(t("县区代码", "County code"), &offer.county, true))
                    @if let Some(by) = visit_by {
                        (fact(t("应在此前上门", "Visit by"), times::at(by, language), true))
                    }
                    (fact(
                        t("客户方便的时间", "Times that suit"),
                        html! { @for window in &offer.preferred_windows {
                            div { (times::window(Some(window), language)) }
                        } },
                        !offer.preferred_windows.is_empty(),
                    ))
                    (fact(t("网点", "Centre"), &offer.centre, !offer.centre.is_empty()))
                    (fact(
                        t("代品牌服务", "On behalf of"), &offer.on_behalf_of,
                        !offer.on_behalf_of.is_empty(),
                    ))
                    (fact(t("服务单号", "Case"), html! { code { (offer.case_id) } }, true))
                }
                p.hint { (t("接单后可见详细地址。", "The street is shown after acceptance.")) }
            }
        }
    }

    fn order_facts(&self, order: &WorkOrder) -> Markup {
        let language = self.language;
        let t = |zh, en| language.pick(zh, en);
        let address = order.address.clone().unwrap_or_default();
        let place = format!("{} {}", address.street, address.county);
        let card = self.timeline.as_ref().and_then(|told| told.technician.as_ref());
        let name = card.map_or(order.technician.as_str(), |card| card.name.as_str());
        html! {
            section.card {
                h2 { (t("工单", "Work order")) }
                dl {
                    (fact(t("故障", "Fault"), &order.description, !order.description.is_empty()))
                    (fact(t("客户", "Customer"), &order.customer_name, !order.customer_name.is_empty()))
                    (fact(t("地址", "Address"), place.trim(), true))
                    @if !order.relay_phone.is_empty() {
                        @let call = html! {
                            a href={ "tel:" (order.relay_phone) } { (order.relay_phone) }
                        };
                        (fact(t("电话", "Telephone"), call, true))
                    }
                    @if order.window.is_some() {
                        (fact(t("上门时间", "Visit"), times::window(order.window.as_ref(), language), true))
                    }
                    (fact(t("工程师", "Technician"), name, !name.is_empty()))
                    (fact(
                        t("代品牌服务", "On behalf of"), &order.on_behalf_of,
                        !order.on_behalf_of.is_empty(),
                    ))
                }
                (self.parts(order))
                details.inner {
                    summary { (t("更多", "More")) }
                    dl {
                    (fact(t("序列号", "Serial number"), &order.serial, !order.serial.is_empty()))
                    (fact(t("商品编号", "SKU"), &order.sku, !order.sku.is_empty()))
                    (fact(t("网点", "Centre"), &order.centre, !order.centre.is_empty()))
                    (fact(
                        t("本方单号", "Our number"), &order.partner_order_no,
                        !order.partner_order_no.is_empty(),
                    ))
                    (fact(t("工单状态", "State"), work_state(order.state(), language), true))
                    (fact(t("服务单号", "Case"), html! { code { (self.case) } }, true))
                    }
                }
            }
        }
    }

    fn parts(&self, order: &WorkOrder) -> Markup {
        let language = self.language;
        html! {
            @if !order.part_orders.is_empty() {
                h3 { (language.pick("配件", "Parts")) }
                ul { @for one in &order.part_orders { li {
                    @for line in &one.lines { (line.part_no) " × " (line.quantity) " " (line.name) " " }
                    span.badge { (part_state(one.state(), language)) }
                } } }
            }
        }
    }
}

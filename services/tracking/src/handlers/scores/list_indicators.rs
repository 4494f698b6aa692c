//! `ListIndicators`: what is counted, out of what.

use parasol_api::tracking::v1::{ListIndicatorsRequest, ListIndicatorsResponse};
use parasol_api::{Error, Language};
use tonic::Request;

use crate::scores::indicator::{Group, INDICATORS};
use crate::scores::points::SAMPLE_MIN;
use crate::scores::views::{indicator, small};

pub fn handle(request: &Request<ListIndicatorsRequest>) -> Result<ListIndicatorsResponse, Error> {
    let language = Language::of_tag(&request.get_ref().language).unwrap_or_default();
    Ok(ListIndicatorsResponse {
        indicators: INDICATORS.iter().map(|row| indicator(row, language)).collect(),
        group_weights: Group::ALL.iter().map(|group| small(group.weight())).collect(),
        sample_min: small(SAMPLE_MIN),
    })
}

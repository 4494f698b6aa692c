//! `ListPolicies`: the rule packs, the built-in one first, and which is in force.

use parasol_api::admin::v1::{ListPoliciesRequest, ListPoliciesResponse, Policy, PolicyFile};
use parasol_api::convert::to_timestamp;
use parasol_api::{Checker, Error, Reason};
use parasol_desk::{Call, Purpose};
use parasol_journey::time::Timestamp;
use parasol_policy::{Pack, PackFile};
use tonic::Request;

use super::store_error;
use crate::Verification;
use crate::packs::{self, load_packs};
use crate::tables::policies;

pub async fn handle(
    service: &Verification,
    request: Request<ListPoliciesRequest>,
) -> Result<ListPoliciesResponse, Error> {
    let call = Call::reading(&request, "ListPolicies")?;
    let request = request.into_inner();
    let mut check = Checker::new();
    let size = check.page_size(request.page_size);
    let (size,) = check.all((size,))?;
    let (key, principal) = (&*service.desk.key, &call.principal);
    let bound = [u8::from(request.include_files)];
    let pages = Purpose { key, domain: "policies-page", principal, bound: &bound };
    let after = match request.page_token.as_str() {
        "" => None,
        token => {
            let place = place(&pages, token);
            Some(place.ok_or_else(|| Error::new(Reason::PageTokenInvalid))?)
        }
    };
    load_packs(&service.desk.store, &service.shelf).await.map_err(store_error)?;
    let today = service.desk.clock.now().shanghai_day();
    let in_force = service.shelf.in_force(today);
    let mut policies = Vec::new();
    if after.is_none() {
        policies.push(built_in(request.include_files));
    }
    let limit = u64::try_from(size).unwrap_or(u64::MAX) + 1;
    let rows = packs::page(&service.desk.store, after, limit).await;
    let mut rows = rows.map_err(store_error)?;
    let has_more = rows.len() > size;
    rows.truncate(size);
    let last = rows.last().filter(|_| has_more);
    let next_page_token = last.map_or_else(String::new, |row| {
        pages.seal(format!("{}/{}", row.published_at, row.version).as_bytes())
    });
    for row in rows {
        policies.push(published(service, row, request.include_files)?);
    }
    for policy in &mut policies {
        policy.in_force = *policy.version == **in_force.version();
    }
    Ok(ListPoliciesResponse { policies, next_page_token })
}

fn built_in(include_files: bool) -> Policy {
    let files = if include_files { Pack::builtin_files() } else { Vec::new() };
    Policy { built_in: true, files: wired(files), ..packs::view(&Pack::builtin()) }
}

fn published(
    service: &Verification,
    row: policies::Model,
    include_files: bool,
) -> Result<Policy, Error> {
    let pack = service.shelf.of(&row.version);
    let pack = pack.ok_or_else(|| Error::new(Reason::StoreUnavailable))?;
    let files: Vec<PackFile> = match include_files {
        true => serde_json::from_str(&row.body).map_err(Error::internal)?,
        false => Vec::new(),
    };
    Ok(Policy {
        published_at: Some(to_timestamp(Timestamp::from_micros(row.published_at))),
        files: wired(files),
        ..packs::view(&pack)
    })
}

fn wired(files: Vec<PackFile>) -> Vec<PolicyFile> {
    files.into_iter().map(|file| PolicyFile { name: file.name, text: file.text }).collect()
}

/// The place a token stands after: when a pack was published, and its version.
fn place(pages: &Purpose<'_>, token: &str) -> Option<(i64, String)> {
    let place = String::from_utf8(pages.open(token)?).ok()?;
    let (published_at, version) = place.split_once('/')?;
    Some((published_at.parse().ok()?, version.to_owned()))
}

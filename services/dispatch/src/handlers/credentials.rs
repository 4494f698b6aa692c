//! The service of credentials, as tonic wants it.

use parasol_api::admin::v1::credential_service_server::CredentialService;
use parasol_api::admin::v1::{
    ApiKey, IssueApiKeyRequest, IssuedApiKey, ListApiKeysRequest, ListApiKeysResponse,
    RevokeApiKeyRequest,
};
use tonic::{Request, Response, Status};

use super::{issue_api_key, list_api_keys, revoke_api_key};
use crate::Dispatch;

#[tonic::async_trait]
impl CredentialService for Dispatch {
    async fn issue_api_key(
        &self,
        request: Request<IssueApiKeyRequest>,
    ) -> Result<Response<IssuedApiKey>, Status> {
        Ok(Response::new(issue_api_key::handle(self, request).await?))
    }

    async fn revoke_api_key(
        &self,
        request: Request<RevokeApiKeyRequest>,
    ) -> Result<Response<ApiKey>, Status> {
        Ok(Response::new(revoke_api_key::handle(self, request).await?))
    }

    async fn list_api_keys(
        &self,
        request: Request<ListApiKeysRequest>,
    ) -> Result<Response<ListApiKeysResponse>, Status> {
        Ok(Response::new(list_api_keys::handle(self, request).await?))
    }
}

//! What the contract says about a method, by its path (`/package.Service/Method`).

use std::collections::HashSet;
use std::sync::LazyLock;

use parasol_api::{access, descriptor};

use crate::identity::Role;

/// Whether a caller may call a method, by the contract's table; `None` = a caller without
/// credential, who may call health and reflection.
pub fn allows(path: &str, role: Option<Role>) -> bool {
    access::is_open(path) || role.is_some_and(|role| access::allows(path, role))
}

/// Whether a method takes or gives a stream, so that no cap of ours cuts it.
pub fn is_streaming(path: &str) -> bool {
    static STREAMING: LazyLock<HashSet<&str>> = LazyLock::new(|| {
        let methods = descriptor::methods().iter();
        let streaming = methods.filter(|method| method.client_streaming || method.server_streaming);
        streaming.map(|method| method.path.as_str()).collect()
    });
    STREAMING.contains(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE_CASE: &str = "/parasol.intake.v1.IntakeService/FileCase";

    #[test]
    fn the_contract_is_asked() {
        assert!(allows("/grpc.health.v1.Health/Check", None));
        assert!(!allows(FILE_CASE, None));
        assert!(allows(FILE_CASE, Some(Role::Customer)));
        assert!(!allows(FILE_CASE, Some(Role::Technician)));
        assert!(is_streaming("/parasol.tracking.v1.TrackingService/WatchCase"));
        assert!(is_streaming("/parasol.intake.v1.OrderService/ImportOrders"));
        assert!(!is_streaming(FILE_CASE));
    }
}

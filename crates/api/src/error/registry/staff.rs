//! Reasons of the retailer's people: a part of the one table, handed on behind the rest like that of visits.

macro_rules! with_staff {
    ($($before:tt)*) => {
        with_links! {
            $($before)*

            StaffSuspended "STAFF_SUSPENDED" PermissionDenied
                en "The account is suspended."
                   "An operator has taken it out of use. Calls are refused and streams that ran have ended, \
                    whatever the credential says."
                   "Ask an operator; only they take an account back into use."
                zh "该账号已停用。"
                   "管理员已停用该账号，所有操作均被拒绝，正在进行的连接已断开。"
                   "请联系管理员恢复账号。";
            StaffUnregistered "STAFF_UNREGISTERED" PermissionDenied
                en "The account is not registered."
                   "Only registered agents and managers are let in here, and the register does not know this one."
                   "Ask an operator to register you, or sign in with the account that is yours."
                zh "该账号尚未实名登记。"
                   "本系统只允许已实名登记的客服和主管操作。"
                   "请联系管理员登记，或使用本人账号登录。";
            StaffRoleOther "STAFF_ROLE_OTHER" PermissionDenied
                en "The account is registered in another role."
                   "The credential says agent where the register says manager, or the other way round; the \
                    register counts."
                   "Sign in again, so that the credential says what the register says."
                zh "账号角色与登记不符。"
                   "登录凭证中的角色与实名登记的角色不同，以登记为准。"
                   "请重新登录。";
            StaffTaken "STAFF_TAKEN" AlreadyExists
                en "The login or the identity document has an account already."
                   "One person has one account for life, and one account one person. `subject` names the account, \
                    where it is known."
                   "Restore or correct the account there is; do not register a second one."
                zh "该登录名或证件已有账号。"
                   "一人一号，一号一人；`subject` 给出已有账号。"
                   "请恢复或更正已有账号，不要重复登记。";
            StaffFull "STAFF_FULL" FailedPrecondition
                en "The register is full."
                   "It holds a limited number of people, those who left included."
                   "Ask whoever runs the system; the limit is in the program."
                zh "人员登记已满。"
                   "登记人数有上限，离职人员也计算在内。"
                   "请联系系统管理员。";
            StaffRegistered "STAFF_REGISTERED" FailedPrecondition
                en "The person is registered."
                   "What is known of a registered person stands in the register, and nowhere beside it."
                   "Change it there, with `UpdateStaff` and `CertifyStaff`."
                zh "该人员已实名登记。"
                   "已登记人员的信息以登记为准。"
                   "请在人员登记中修改。";
            CertificationMissing "CERTIFICATION_MISSING" PermissionDenied
                en "The caller is not certified for this category."
                   "Who is registered judges only cases of categories they hold a valid certification for; the \
                    message names the one that is missing."
                   "Hand the case to somebody who holds it, or ask an operator to be certified."
                zh "您未获得该品类的资质。"
                   "处理某品类的服务单需持有该品类的有效资质，详情给出所需品类。"
                   "请转交有资质的人员，或联系管理员认证。";
        }
    };
}

pub(super) use with_staff;

//! Reasons of calls that go through a router to one of several cells: a part of the one table, handed on behind the
//! rest like that of visits.

macro_rules! with_cells {
    ($($before:tt)*) => {
        with_voice! {
            $($before)*

            CellUnavailable "CELL_UNAVAILABLE" Unavailable
                en "The cell that has this cannot be reached."
                   "The house is divided into cells by region, and a router hands each call to the cell that has the \
                    case. That cell does not answer; `cell` names it. A change that goes to every cell names in `done` \
                    those that have made it."
                   "Send the very same request again, with the same request id; what was done is not done twice."
                zh "负责该服务单的区域系统暂时无法访问。"
                   "系统按地区分为多个单元，请求由路由转到服务单所在的单元，而该单元没有响应；`cell` 给出单元。"
                   "请用相同的请求编号重新提交，已完成的部分不会重复执行。";
            CallTheCell "CALL_THE_CELL" FailedPrecondition
                en "This method is called at a cell and not through the router."
                   "What it does or counts belongs to one cell, and nothing in the request says which."
                   "Call the gateway of the cell you mean; docs/cells.md lists how each method is routed."
                zh "该方法须直接在对应单元调用。"
                   "该方法的作用范围是单个单元，而请求中没有指明是哪一个。"
                   "请直接调用对应单元的网关；路由规则见 docs/cells.md。";
            CellsMixed "CELLS_MIXED" InvalidArgument
                en "The request names things of more than one cell."
                   "One call changes the cases of one cell, since nothing is committed across two."
                   "Send one request for each cell; the last four digits of an id are the number of its cell."
                zh "一次请求涉及了多个单元的服务单。"
                   "每次调用只能更改同一单元的服务单，因为没有跨单元的提交。"
                   "请按单元分别提交；编号的最后四位是单元号。";
            RegionUnserved "REGION_UNSERVED" FailedPrecondition
                en "No cell serves this region."
                   "The first two digits of the county's code name a province, and none of the cells of the router has it."
                   "Check the county's code (GB/T 2260); an operator adds the region to a cell in the router's settings."
                zh "该地区暂未开通服务。"
                   "区县代码的前两位表示省份，没有单元负责该省份。"
                   "请核对区县代码（GB/T 2260）；运营人员可在路由设置中把该地区加入某个单元。";
        }
    };
}

pub(super) use with_cells;

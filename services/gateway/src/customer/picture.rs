//! Small drawings beside words: what kind of unit, and what is wrong with it. Drawn here, loaded from nowhere.

use maud::{Markup, PreEscaped, html};
use parasol_api::Listed as _;
use parasol_api::common::v1::Category;
use parasol_journey::vocab;

/// A drawing of 24 by 24, in the colour of the text around it. It is only ever shown beside words.
fn drawn(lines: &'static str) -> Markup {
    html! {
        svg.picture viewBox="0 0 24 24" width="24" height="24" aria-hidden="true" focusable="false" {
            (PreEscaped(lines))
        }
    }
}

/// A kind of unit.
pub(super) fn unit(category: Category) -> Markup {
    use vocab::Category as C;
    drawn(match vocab::Category::of_wire(category) {
        Some(C::Refrigerator) => {
            "<rect x='6' y='2.5' width='12' height='19' rx='2'/><path d='M6 10h12M9 5.5v2M9 13v3'/>"
        }
        Some(C::WashingMachine) => {
            "<rect x='4' y='2.5' width='16' height='19' rx='2'/><circle cx='12' cy='13.5' r='4.5'/>\
             <path d='M7 6h2M15.5 6h1'/>"
        }
        Some(C::AirConditioner) => {
            "<rect x='2.5' y='4.5' width='19' height='8' rx='2'/><path d='M6 9.5h12M7 16c0 2 -2 2 -2 4\
             M12 16c0 2 0 2 0 4M17 16c0 2 2 2 2 4'/>"
        }
        Some(C::Television) => {
            "<rect x='2.5' y='4.5' width='19' height='12.5' rx='1.5'/><path d='M8 20.5h8'/>"
        }
        Some(C::WaterHeater) => {
            "<rect x='6.5' y='2.5' width='11' height='16' rx='4'/><path d='M10 18.5v3M14 18.5v3'/>\
             <circle cx='12' cy='9' r='2'/>"
        }
        Some(C::RangeHood) => "<path d='M9.5 3h5v6l5.5 6.5h-16L9.5 9z'/><path d='M4 18.5h16'/>",
        Some(C::Microwave) => {
            "<rect x='2.5' y='5.5' width='19' height='13' rx='2'/><rect x='5.5' y='8.5' width='9'\
             height='7' rx='1'/><path d='M18 9v0.5M18 12v0.5'/>"
        }
        Some(C::Vacuum) => {
            "<path d='M5 3.5h3l5 11'/><rect x='11' y='14.5' width='9' height='6' rx='3'/>\
             <circle cx='15.5' cy='17.5' r='1'/>"
        }
        Some(C::Fan) => {
            "<circle cx='12' cy='9' r='6.5'/><circle cx='12' cy='9' r='1.2'/>\
             <path d='M12 15.5v4M8.5 21h7M12 7.8c0-3 3-2.5 2.5-.5M13 9.8c2.6 1.5.7 3.8-.8 2.4M11 9.8\
             c-2.6 1.5-3.6-1.3-1.7-2'/>"
        }
        None => "<rect x='4' y='4' width='16' height='16' rx='2'/>",
    })
}

/// What is wrong, by the code of a symptom.
pub(super) fn symptom(code: &str) -> Markup {
    drawn(match code {
        "not_cooling" => {
            "<path d='M12 3v18M4.2 7.5l15.6 9M19.8 7.5l-15.6 9M9.5 4.5 12 7l2.5-2.5M9.5 19.5 12 17l2.5\
             2.5'/>"
        }
        "not_heating" => {
            "<path d='M12 3c1 4 5 5.5 5 10.5a5 5 0 0 1-10 0c0-2 1-3.2 2-4 .2 1.5 1 2.3 1.6 2.5C11 9\
             10.500 6 12 3z'/>"
        }
        "leaking" => {
            "<path d='M12 3c3.500 4.500 6 7.500 6 11a6 6 0 0 1-12 0c0-3.500 2.500-6.500 6-11z'/>"
        }
        "noisy" => {
            "<path d='M4 9.500v5h3l5 4v-13l-5 4zM15.500 9c1.500 1.800 1.500 4.200 0 6M18 6.500c3 3.300 3 7.700 0 11'/>"
        }
        "not_starting" => "<path d='M12 3v8M7.300 6.300a7.500 7.500 0 1 0 9.400 0'/>",
        "not_spinning" => {
            "<circle cx='12' cy='12' r='8.500'/><path d='M12 12m-3.500 0a3.500 3.500 0 1 1 3.500 3.500M3 3l18 18'/>"
        }
        "no_picture" => {
            "<rect x='2.500' y='4.500' width='19' height='12.500' rx='1.500'/><path d='M8 20.500h8M4 19 20 3'/>"
        }
        "lines_on_screen" => {
            "<rect x='2.500' y='4.500' width='19' height='12.500' rx='1.500'/><path d='M8 20.500h8M14 4.500V17M16.500\
             4.500V17'/>"
        }
        "restarting" => {
            "<path d='M19.500 12a7.500 7.500 0 1 1-2.200-5.300M17.500 2.500v4.500H13'/>"
        }
        "tripping" => "<path d='M13 2.500 5 13.500h6l-1 8 8-11h-6z'/>",
        "weak_suction" => "<path d='M3 9h10a3 3 0 1 0-3-3M3 13h15a3 3 0 1 1-3 3M3 17h7'/>",
        "sparking" => {
            "<path d='M12 2.500v5M12 16.500v5M2.500 12h5M16.500 12h5M5.500 5.500 8.500 8.500M15.500 15.500l3 3M18.500 5.500l-3\
             3M8.500 15.500l-3 3'/>"
        }
        "not_charging" => {
            "<rect x='2.500' y='7.500' width='16' height='9' rx='2'/><path d='M21.500 10.500v3M6 10.500v3'/>"
        }
        "damaged" => {
            "<rect x='3.500' y='3.500' width='17' height='17' rx='2'/><path d='M13 3.500l-3 6 4 3-3 8'/>"
        }
        _ => {
            "<circle cx='12' cy='12' r='8.500'/><path d='M9.800 9.500a2.300 2.300 0 1 1 3.300 2.300c-.8.4-1.100.9-1.100 1.900\
             M12 16.500v.3'/>"
        }
    })
}

//! How time passes, told to the library with our own work days: a way waits for the end of a break it
//! meets, and work is never cut by one.

use std::sync::Arc;

use ::vrp_core::models::common::Profile;
use ::vrp_core::models::problem::{ActivityCost, TransportCost, TravelTime};
use ::vrp_core::models::solution::{Activity, Route};
use ::vrp_core::models::{ConstraintViolation, Feature, FeatureConstraint, ViolationCode};
use ::vrp_core::prelude::{GenericResult, MoveContext, TransportFeatureBuilder};

use super::layout::{self, Layout, length};
use crate::workday::Window;

/// What the library calls an instant that nobody can arrive before: just ahead of the first shift.
const NEVER: f64 = -1.0;

/// Windows and shifts as a hard constraint, with the schedules that it needs. It is the library's own,
/// only without its opinion of what is dear.
pub fn feature(layout: &Arc<Layout>) -> GenericResult<Feature> {
    let feature = TransportFeatureBuilder::new("time")
        .set_transport_cost(Arc::new(Ways(Arc::clone(layout))))
        .set_activity_cost(Arc::new(Works(Arc::clone(layout))))
        .build_minimize_distance()?;
    let constraint = feature.constraint.map(|inner| Arc::new(Spans(inner)) as Arc<_>);
    Ok(Feature { objective: None, constraint, ..feature })
}

/// The library's constraint, which gives up a whole day at the first window that opens after the shift,
/// though an earlier window of the same visit may be kept elsewhere on the day.
struct Spans(Arc<dyn FeatureConstraint>);

impl FeatureConstraint for Spans {
    fn evaluate(&self, tried: &MoveContext<'_>) -> Option<ConstraintViolation> {
        if let MoveContext::Activity { route_ctx, activity_ctx } = tried {
            let ends = route_ctx.route().actor.detail.time.end;
            if activity_ctx.target.place.time.start > ends {
                return ConstraintViolation::skip(ViolationCode::default());
            }
        }
        self.0.evaluate(tried)
    }
}

/// Ways.
pub struct Ways(pub Arc<Layout>);

impl TransportCost for Ways {
    fn duration_approx(&self, _: &Profile, from: usize, to: usize) -> f64 {
        length(self.0.way(from, to))
    }

    fn distance_approx(&self, _: &Profile, from: usize, to: usize) -> f64 {
        length(self.0.way(from, to))
    }

    fn duration(&self, route: &Route, from: usize, to: usize, time: TravelTime) -> f64 {
        let way = self.0.way(from, to);
        if !self.0.has_breaks || !self.0.is_somewhere(to) {
            return length(way);
        }
        let day = self.0.day(layout::technician(&route.actor));
        length(match time {
            TravelTime::Departure(at) => {
                let at = self.0.heard(at);
                day.arrival(at, way) - at
            }
            TravelTime::Arrival(by) => {
                let by = self.0.heard(by);
                by - day.departure(by, way)
            }
        })
    }

    fn distance(&self, _: &Route, from: usize, to: usize, _: TravelTime) -> f64 {
        length(self.0.way(from, to))
    }
}

/// Work at visits.
pub struct Works(pub Arc<Layout>);

impl Works {
    /// The window in which a stop is planned, in our time; `None` for the end of a day.
    fn window(&self, activity: &Activity) -> Option<Window> {
        activity.job.as_ref()?;
        let time = &activity.place.time;
        Some(Window::new(self.0.heard(time.start), self.0.heard(time.end)))
    }
}

impl ActivityCost for Works {
    fn estimate_departure(&self, route: &Route, activity: &Activity, arrival: f64) -> f64 {
        let simply = arrival.max(activity.place.time.start) + activity.place.duration;
        let Some(window) = self.window(activity).filter(|_| self.0.has_breaks) else {
            return simply;
        };
        let day = self.0.day(layout::technician(&route.actor));
        let service = duration(activity);
        // The library now and then tries what is forbidden, and then wants some instant all the same.
        match day.begin(&[window], service, self.0.heard(arrival)) {
            Some(begin) => self.0.told(begin + service),
            None => simply,
        }
    }

    fn estimate_arrival(&self, route: &Route, activity: &Activity, departure: f64) -> f64 {
        let simply = activity.place.time.end.min(departure - activity.place.duration);
        let Some(window) = self.window(activity).filter(|_| self.0.has_breaks) else {
            return if simply < activity.place.time.start { NEVER } else { simply };
        };
        let day = self.0.day(layout::technician(&route.actor));
        let begin = day.begin_by(&[window], duration(activity), self.0.heard(departure));
        begin.map_or(NEVER, |begin| self.0.told(begin))
    }
}

#[expect(clippy::cast_possible_truncation, reason = "whole microseconds")]
fn duration(activity: &Activity) -> i64 {
    activity.place.duration as i64
}

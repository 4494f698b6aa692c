//! One visit that cannot wait, put into days that are under way.
//!
//! Nobody's promise is broken: either somebody takes the visit on between their own, or one visit that
//! is not pinned goes to somebody else who keeps its window.

use super::{Ask, Board, Booking, Fit, Number, Wanted};
use crate::workday::Window;

/// Visits that are tried to be moved, the most promising first.
const MOVES: usize = 24;

/// Where an urgent visit goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placed {
    /// Who comes.
    pub technician: Number,
    /// How it fits into their day, without the visit that goes to somebody else.
    pub fit: Fit,
    /// The visit that goes to somebody else, if one has to.
    pub moved: Option<Moved>,
}

/// A visit that changes hands and keeps its window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moved {
    /// Its number with the caller.
    pub id: u128,
    /// Who comes instead.
    pub technician: Number,
    /// How it fits into their day.
    pub fit: Fit,
}

impl Placed {
    /// What all ways take more, microseconds. Where a visit changes hands, the way saved is not counted.
    pub fn detour(&self) -> i64 {
        self.fit.detour + self.moved.map_or(0, |moved| moved.fit.detour)
    }
}

impl Board {
    /// Where a visit that cannot wait goes; `None` when not even moving one other makes room for it.
    pub fn place(&self, ask: &Ask, wanted: &Wanted) -> Option<Placed> {
        if let Some((technician, fit)) = self.best(ask, wanted) {
            return Some(Placed { technician, fit, moved: None });
        }
        let mut rooms = self.rooms(ask, wanted);
        rooms.sort_by_key(|(technician, booking, fit)| (fit.detour, *technician, booking.id));
        let moves = rooms.into_iter().take(MOVES);
        let placed = moves.filter_map(|(technician, booking, fit)| {
            let moved = self.moved(technician, &booking, wanted.day, ask.is_apart)?;
            Some(Placed { technician, fit, moved: Some(moved) })
        });
        placed.min_by_key(|placed| (placed.detour(), placed.technician))
    }

    /// Carries it out.
    pub fn carry_out(&mut self, placed: &Placed, booking: Booking, day: i64) {
        let mut taken = None;
        if let Some(from) = self.day_mut(placed.technician, day) {
            if let Some(moved) = placed.moved {
                taken = from.bookings().iter().find(|one| one.id == moved.id).copied();
                from.remove(moved.id);
            }
            from.insert(placed.fit.after, booking);
        }
        if let (Some(moved), Some(taken)) = (placed.moved, taken)
            && let Some(to) = self.day_mut(moved.technician, day)
        {
            to.insert(moved.fit.after, taken);
        }
    }

    /// Who could come if one of their visits went to somebody else, and which.
    fn rooms(&self, ask: &Ask, wanted: &Wanted) -> Vec<(Number, Booking, Fit)> {
        let mut rooms = Vec::new();
        for technician in self.grid.around(ask.at, self.reach) {
            if ask.skills & !self.technicians[technician].profile.skills != 0 {
                continue;
            }
            let Some(day) = self.day(technician, wanted.day) else { continue };
            for booking in day.bookings().iter().filter(|one| !one.is_pinned) {
                let mut without = day.clone();
                without.remove(booking.id);
                if let Ok(fit) = without.fit(ask, wanted.window) {
                    rooms.push((technician, *booking, fit));
                }
            }
        }
        rooms
    }

    /// Who else keeps a visit's window.
    fn moved(&self, from: Number, booking: &Booking, day: i64, is_apart: bool) -> Option<Moved> {
        let Booking { at, service, skills, window, .. } = *booking;
        let ask = Ask { at, service, skills, is_apart };
        // Of a booking the end is the last instant inside, of what is wanted the first outside.
        let window = Window::new(window.start, window.end + 1);
        let wanted = Wanted { day, window };
        let others = self.grid.around(at, self.reach).filter(|other| *other != from);
        let fits = others
            .filter_map(|other| Some((other, self.technicians[other].fit(&ask, &wanted).ok()?)));
        let (technician, fit) = fits.min_by_key(|(other, fit)| (fit.detour, *other))?;
        Some(Moved { id: booking.id, technician, fit })
    }
}

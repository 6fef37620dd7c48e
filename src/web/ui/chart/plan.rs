//! Where bars, labels and figures go: rows for rates, columns for counts.
//!
//! **Never** makes an axis without extent, or a place of a number that is none.

use super::axis::Axis;
use super::canvas::Ink;
use super::label::{self, EM};
use super::{Figures, Series};

/// How wide every chart is drawn.
pub(super) const WIDTH: u32 = 420;
/// The axis below, with its labels.
pub(super) const FOOT: u32 = 24;
/// Of a row or a column's place, what stays free on either side.
const GAP: f64 = 0.14;
/// The longest label left of a row.
const MOST_LABEL: u32 = 132;

/// A filled rectangle.
pub(super) struct Bar {
    pub(super) from: (f64, f64),
    pub(super) to: (f64, f64),
    pub(super) ink: Ink,
}

/// A figure at its bar.
pub(super) struct Note {
    pub(super) at: (f64, f64),
    pub(super) words: String,
}

/// Which way the bars grow.
#[derive(Clone, Copy)]
pub(super) enum Growth {
    Right,
    Up,
}

/// A chart without its legend, ready to be drawn.
pub(super) struct Plan {
    pub(super) growth: Growth,
    pub(super) height: u32,
    /// The place of the labels left of the plot, and what stays free right of it.
    pub(super) left: u32,
    pub(super) right: u32,
    pub(super) x: Axis,
    pub(super) y: Axis,
    pub(super) bars: Vec<Bar>,
    pub(super) notes: Vec<Note>,
}

impl Plan {
    /// The plan of some figures; `None` where there is nothing to draw.
    pub(super) fn of(categories: &[&str], figures: &Figures<'_>) -> Option<Self> {
        match figures {
            Figures::Rates(series) => rates(categories, series),
            Figures::Grouped(series) => grouped(categories, series),
            Figures::Stacked(series) => stacked(categories, series),
        }
    }

    fn across(&self) -> u32 {
        WIDTH.saturating_sub(self.left).saturating_sub(self.right)
    }

    /// Writes a count over its column where there is room for it.
    fn note(&mut self, middle: f64, value: u32, breadth: u32) {
        let words = value.to_string();
        if value > 0 && label::width(&words) <= breadth + 4 {
            self.notes.push(Note { at: (middle, f64::from(value)), words });
        }
    }
}

/// A place in a row of things, as the library counts.
fn place(index: usize) -> f64 {
    u32::try_from(index).map_or(0.0, f64::from)
}

fn count(things: usize) -> u32 {
    u32::try_from(things).unwrap_or(u32::MAX)
}

/// Where the bar of one series begins and ends within its category's place.
fn lane(category: usize, series: usize, of: usize) -> (f64, f64) {
    let breadth = (1.0 - 2.0 * GAP) / place(of).max(1.0);
    let from = place(category) + GAP + breadth * place(series);
    (from, from + breadth)
}

fn rates(categories: &[&str], series: &[Series<'_, Option<f64>>]) -> Option<Plan> {
    let (mut bars, mut notes) = (Vec::new(), Vec::new());
    let mut any = false;
    for (row, _) in categories.iter().enumerate() {
        for (index, series_here) in series.iter().enumerate() {
            let (top, bottom) = lane(row, index, series.len());
            let value = series_here.values.get(row).copied().flatten();
            let value =
                value.filter(|value| value.is_finite()).map(|value| value.clamp(0.0, 100.0));
            any |= value.is_some();
            let words = value.map_or_else(|| "–".to_owned(), label::percent);
            let value = value.unwrap_or_default();
            notes.push(Note { at: (value, f64::midpoint(top, bottom)), words });
            bars.push(Bar { from: (0.0, top), to: (value, bottom), ink: Ink::series(index) });
        }
    }
    let labels: Vec<String> = categories.iter().map(|text| label::cut(text, MOST_LABEL)).collect();
    let widest = labels.iter().map(|text| label::width(text)).max().unwrap_or_default();
    let rows = count(categories.len());
    let row_height = count(series.len()).saturating_mul(EM + 4).saturating_add(8).max(22);
    let middle = labels.into_iter().enumerate().map(|(row, text)| (place(row) + 0.5, text));
    let hundred = [0.0, 25.0, 50.0, 75.0, 100.0].map(|at| (at, label::percent(at)));
    any.then(|| Plan {
        growth: Growth::Right,
        height: rows.saturating_mul(row_height).saturating_add(FOOT),
        left: widest + 10,
        right: label::width("100.0%") + 6,
        x: Axis::new(0.0..100.0, hundred.to_vec()),
        y: Axis::new(f64::from(rows)..0.0, middle.collect()),
        bars,
        notes,
    })
}

fn grouped(categories: &[&str], series: &[Series<'_, u32>]) -> Option<Plan> {
    let most = series.iter().flat_map(|series| &series.values).copied().max()?;
    let mut plan = columns(categories, most)?;
    let breadth = breadth(&plan, categories.len(), series.len());
    for (column, _) in categories.iter().enumerate() {
        for (index, series_here) in series.iter().enumerate() {
            let (left, right) = lane(column, index, series.len());
            let value = series_here.values.get(column).copied().unwrap_or_default();
            let to = (right, f64::from(value));
            plan.bars.push(Bar { from: (left, 0.0), to, ink: Ink::series(index) });
            plan.note(f64::midpoint(left, right), value, breadth);
        }
    }
    Some(plan)
}

fn stacked(categories: &[&str], series: &[Series<'_, u32>]) -> Option<Plan> {
    let value = |series: &Series<'_, u32>, column: usize| {
        series.values.get(column).copied().unwrap_or_default()
    };
    let sum = |column| series.iter().fold(0_u32, |sum, s| sum.saturating_add(value(s, column)));
    let most = (0..categories.len()).map(sum).max()?;
    let mut plan = columns(categories, most)?;
    let breadth = breadth(&plan, categories.len(), 1);
    for (column, _) in categories.iter().enumerate() {
        let (left, right) = lane(column, 0, 1);
        let mut height = 0_u32;
        for (index, series_here) in series.iter().enumerate() {
            let top = height.saturating_add(value(series_here, column));
            let (from, to) = ((left, f64::from(height)), (right, f64::from(top)));
            plan.bars.push(Bar { from, to, ink: Ink::series(index) });
            height = top;
        }
        plan.note(f64::midpoint(left, right), height, breadth);
    }
    Some(plan)
}

/// How broad one column is drawn.
fn breadth(plan: &Plan, categories: usize, series: usize) -> u32 {
    let lanes = count(categories).saturating_mul(count(series)).max(1);
    plan.across().saturating_mul(7) / lanes.saturating_mul(10)
}

/// Columns without their bars; `None` where all would be empty.
fn columns(categories: &[&str], most: u32) -> Option<Plan> {
    let (months, step) = (count(categories.len()), step(most));
    let ticks = (0..=most.div_ceil(step)).map(|times| {
        let at = f64::from(step) * f64::from(times);
        (at, format!("{at:.0}"))
    });
    let ticks: Vec<(f64, String)> = ticks.collect();
    let top = ticks.last().map(|(at, _)| *at).unwrap_or_default();
    let widest = ticks.iter().map(|(_, text)| label::width(text)).max().unwrap_or_default();
    let (left, right) = (widest + 12, 8);
    let slot = WIDTH.saturating_sub(left + right) / months.max(1);
    let x = Axis::new(0.0..f64::from(months), months_named(categories, slot));
    (most > 0 && months > 0).then(|| Plan {
        growth: Growth::Up,
        height: 220,
        left,
        right,
        x,
        y: Axis::new(0.0..top, ticks),
        bars: Vec::new(),
        notes: Vec::new(),
    })
}

/// The labels below columns; where they are broader than the columns, some go without.
fn months_named(categories: &[&str], slot: u32) -> Vec<(f64, String)> {
    let widest = categories.iter().map(|text| label::width(text)).max().unwrap_or_default();
    let stride = (widest.min(72) + 6).div_ceil(slot.max(1)).max(1);
    let room = slot.saturating_mul(stride).saturating_sub(4);
    let every = usize::try_from(stride).unwrap_or(usize::MAX);
    let labelled = categories.iter().enumerate().step_by(every);
    labelled.map(|(column, text)| (place(column) + 0.5, label::cut(text, room))).collect()
}

/// The distance of the lines across: 1, 2 or 5 with noughts, five of them at most.
fn step(most: u32) -> u32 {
    let mut unit = 1_u32;
    loop {
        let steps = [1, 2, 5].map(|times| unit.saturating_mul(times));
        if let Some(step) = steps.into_iter().find(|step| step.saturating_mul(5) >= most) {
            return step;
        }
        unit = unit.saturating_mul(10);
    }
}

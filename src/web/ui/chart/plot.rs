//! Draws a plan with the chart library, and the legend above it.
//!
//! **Never** computes a figure.

use std::convert::Infallible;

use plotters::coord::Shift;
use plotters::prelude::{
    ChartBuilder, DrawingArea, DrawingAreaErrorKind, EmptyElement, IntoDrawingArea as _,
    IntoFont as _, Rectangle, Text, TextStyle,
};
use plotters::style::Color as _;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::Figures;
use super::canvas::{Canvas, Ink, Shape, Size};
use super::label::{self, EM};
use super::plan::{FOOT, Growth, Plan, WIDTH};

/// The shapes of a chart and their box; `None` where there is nothing to draw.
pub(super) fn plot(categories: &[&str], figures: &Figures<'_>) -> Option<(Size, Vec<Shape>)> {
    let plan = Plan::of(categories, figures)?;
    let (legend, legend_height) = legend(&figures.names());
    let size = Size { width: WIDTH, height: legend_height + plan.height };
    let mut shapes = Vec::new();
    let root = Canvas { size, shapes: &mut shapes }.into_drawing_area();
    draw_legend(&root, &legend).and_then(|()| draw(&root, legend_height, &plan)).ok()?;
    drop(root);
    Some((size, shapes))
}

/// One entry of the legend: where its mark begins, its name and ink.
type Entry = ((i32, i32), String, Ink);

/// The legend's entries and the height they take; nothing for a single series.
fn legend(names: &[&str]) -> (Vec<Entry>, u32) {
    if names.len() < 2 {
        return (Vec::new(), 0);
    }
    let (mut x, mut y) = (0_u32, 0_u32);
    let mut entries = Vec::new();
    for (index, name) in names.iter().enumerate() {
        let name = label::cut(name, WIDTH / 2);
        let needed = EM + 4 + label::width(&name);
        if x > 0 && x + needed > WIDTH {
            (x, y) = (0, y.saturating_add(EM + 6));
        }
        let at = (i32::try_from(x).unwrap_or_default(), i32::try_from(y).unwrap_or_default());
        entries.push((at, name, Ink::series(index)));
        x += needed + EM;
    }
    (entries, y.saturating_add(EM + 8))
}

type Area<'a> = DrawingArea<Canvas<'a>, Shift>;
type Outcome = Result<(), DrawingAreaErrorKind<Infallible>>;

fn style(h_pos: HPos, v_pos: VPos) -> TextStyle<'static> {
    TextStyle::from(("sans-serif", EM).into_font()).pos(Pos::new(h_pos, v_pos))
}

fn draw_legend(root: &Area<'_>, entries: &[Entry]) -> Outcome {
    let side = i32::try_from(EM).unwrap_or_default() - 2;
    for ((x, y), name, ink) in entries {
        let mark = [(*x, y + 1), (x + side, y + 1 + side)];
        root.draw(&Rectangle::new(mark, ink.colour().filled()))?;
        let middle = (x + side + 5, y + 1 + side / 2);
        root.draw(&Text::new(name.clone(), middle, style(HPos::Left, VPos::Center)))?;
    }
    Ok(())
}

fn draw(root: &Area<'_>, legend_height: u32, plan: &Plan) -> Outcome {
    let head = match plan.growth {
        Growth::Right => 0,
        Growth::Up => EM + 4,
    };
    let mut chart = ChartBuilder::on(root)
        .margin_top(legend_height + head)
        .margin_right(plan.right)
        .x_label_area_size(FOOT)
        .y_label_area_size(plan.left)
        .build_cartesian_2d(plan.x.clone(), plan.y.clone())?;
    let mut mesh = chart.configure_mesh();
    match plan.growth {
        Growth::Right => mesh.disable_y_mesh(),
        Growth::Up => mesh.disable_x_mesh(),
    };
    mesh.axis_style(Ink::Axis.colour())
        .bold_line_style(Ink::Grid.colour())
        .label_style(style(HPos::Left, VPos::Top))
        .set_all_tick_mark_size(3)
        .draw()?;
    let bars = plan.bars.iter();
    chart.draw_series(
        bars.map(|bar| Rectangle::new([bar.from, bar.to], bar.ink.colour().filled())),
    )?;
    let (shift, style) = match plan.growth {
        Growth::Right => ((4, 0), style(HPos::Left, VPos::Center)),
        Growth::Up => ((0, -2), style(HPos::Center, VPos::Bottom)),
    };
    let notes = plan.notes.iter();
    chart.draw_series(notes.map(|note| {
        EmptyElement::at(note.at) + Text::new(note.words.clone(), shift, style.clone())
    }))?;
    Ok(())
}

//! Charts: figures as a drawing that a page carries inline.
//!
//! `plan` says what goes where, `plot` draws it with the chart library, `canvas` keeps the shapes
//! that one asks for, and a template writes them, which is what escapes the labels. Sizes of texts
//! are estimated in `label`, since the server has no fonts: the reader's browser brings its own,
//! Chinese ones included.
//!
//! The drawing needs neither script nor style: it is as wide as its box, its text and lines take
//! the colour of the text around it, and each series has a fill that shows on light and on dark. A
//! style sheet may say otherwise of `.chart`, `.chart-text`, `.chart-axis`, `.chart-grid` and
//! `.chart-series-1` to `.chart-series-6`. The same figures belong into a table beside it.
//!
//! **Never** draws what is not there: without data there is no chart.

mod axis;
mod canvas;
mod label;
mod plan;
mod plot;
#[cfg(test)]
mod tests;

use askama::Template;
use askama::filters::HtmlSafe;

use canvas::{Ink, Shape, Size};

/// What is drawn, in the reader's language.
#[derive(Debug, Clone)]
pub(in crate::web) struct Chart<'a> {
    /// Names the drawing on its page: begins the ids of its title and its description.
    pub(in crate::web) id: &'static str,
    /// What it shows; read out, not drawn.
    pub(in crate::web) title: &'a str,
    /// What there is to see in it; read out, not drawn.
    pub(in crate::web) description: &'a str,
    /// One label per row or month, in order.
    pub(in crate::web) categories: Vec<&'a str>,
    /// The figures.
    pub(in crate::web) figures: Figures<'a>,
}

/// Figures, and how they are drawn.
#[derive(Debug, Clone)]
pub(in crate::web) enum Figures<'a> {
    /// Per cent, 0 to 100, as horizontal bars; none where there is nothing to divide by.
    Rates(Vec<Series<'a, Option<f64>>>),
    /// Counts as columns side by side.
    Grouped(Vec<Series<'a, u32>>),
    /// Counts as columns on top of each other, with their sum.
    Stacked(Vec<Series<'a, u32>>),
}

/// One colour of a chart.
#[derive(Debug, Clone)]
pub(in crate::web) struct Series<'a, V> {
    /// What it is called in the legend.
    pub(in crate::web) name: &'a str,
    /// A value per category; what is missing at the end is nothing.
    pub(in crate::web) values: Vec<V>,
}

/// A finished drawing: markup that a template shows as it is.
#[derive(Debug, Clone, Template)]
#[template(path = "components/chart.svg", escape = "html")]
pub(in crate::web) struct Drawing {
    id: &'static str,
    title: String,
    description: String,
    size: Size,
    shapes: Vec<Shape>,
}

/// Escaped by its own template.
impl HtmlSafe for Drawing {}

impl<'a> Figures<'a> {
    fn names(&self) -> Vec<&'a str> {
        match self {
            Self::Rates(series) => series.iter().map(|series| series.name).collect(),
            Self::Grouped(series) | Self::Stacked(series) => {
                series.iter().map(|series| series.name).collect()
            }
        }
    }
}

impl Chart<'_> {
    /// The drawing; `None` where there is nothing to draw.
    pub(in crate::web) fn draw(&self) -> Option<Drawing> {
        let (size, shapes) = plot::plot(&self.categories, &self.figures)?;
        let (title, description) = (label::plain(self.title), label::plain(self.description));
        Some(Drawing { id: self.id, title, description, size, shapes })
    }
}

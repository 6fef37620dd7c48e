//! What the chart library draws on: it keeps shapes, and what each of them stands for.
//!
//! The library speaks in colours; here a colour only says which ink is meant, and the style
//! sheet says what that looks like.
//!
//! **Never** writes markup.

use std::convert::Infallible;

use plotters::prelude::{DrawingBackend, RGBColor};
use plotters::style::text_anchor::{HPos, VPos};
use plotters_backend::DrawingErrorKind;
use plotters_backend::{BackendColor, BackendCoord, BackendStyle, BackendTextStyle};

use super::label;

/// The drawing's box, in its own units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Size {
    pub(super) width: u32,
    pub(super) height: u32,
}

/// What a shape stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ink {
    Text,
    Axis,
    Grid,
    /// A series, counted from 0.
    Series(u8),
}

/// As many colours as are told apart; further series begin anew.
const COLOURS: u8 = 6;

impl Ink {
    /// The ink of the series at `index`.
    pub(super) fn series(index: usize) -> Self {
        Self::Series(u8::try_from(index % usize::from(COLOURS)).unwrap_or_default())
    }

    /// How the library is told of it.
    pub(super) fn colour(self) -> RGBColor {
        match self {
            Self::Text => RGBColor(0, 0, 0),
            Self::Axis => RGBColor(1, 0, 0),
            Self::Grid => RGBColor(2, 0, 0),
            Self::Series(index) => RGBColor(3, index, 0),
        }
    }

    fn of(colour: BackendColor) -> Self {
        match colour.rgb {
            (1, ..) => Self::Axis,
            (2, ..) => Self::Grid,
            (3, index, _) => Self::Series(index),
            _ => Self::Text,
        }
    }

    /// The class that a style sheet names it by.
    pub(super) fn class(self) -> &'static str {
        match self {
            Self::Text => "chart-text",
            Self::Axis => "chart-axis",
            Self::Grid => "chart-grid",
            Self::Series(0) => "chart-series-1",
            Self::Series(1) => "chart-series-2",
            Self::Series(2) => "chart-series-3",
            Self::Series(3) => "chart-series-4",
            Self::Series(4) => "chart-series-5",
            Self::Series(_) => "chart-series-6",
        }
    }

    /// Its colour unless a style sheet says otherwise: three to one or more on white and on black.
    pub(super) fn fill(self) -> &'static str {
        match self {
            Self::Text | Self::Axis | Self::Grid => "currentColor",
            Self::Series(0) => "#2f7fd1",
            Self::Series(1) => "#d5642a",
            Self::Series(2) => "#1d9a6c",
            Self::Series(3) => "#9b6bd3",
            Self::Series(4) => "#a88400",
            Self::Series(_) => "#7d8794",
        }
    }
}

/// A shape, ready to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Shape {
    Line { from: BackendCoord, to: BackendCoord, ink: Ink },
    Bar { at: BackendCoord, width: i32, height: i32, ink: Ink },
    Text { at: BackendCoord, anchor: &'static str, shift: &'static str, words: String },
}

/// Keeps the shapes in the order in which they were drawn.
pub(super) struct Canvas<'a> {
    pub(super) size: Size,
    pub(super) shapes: &'a mut Vec<Shape>,
}

type Outcome = Result<(), DrawingErrorKind<Infallible>>;

impl DrawingBackend for Canvas<'_> {
    type ErrorType = Infallible;

    fn get_size(&self) -> (u32, u32) {
        (self.size.width, self.size.height)
    }

    fn ensure_prepared(&mut self) -> Outcome {
        Ok(())
    }

    fn present(&mut self) -> Outcome {
        Ok(())
    }

    /// Only what we never ask for is drawn in points: circles, polygons, images.
    fn draw_pixel(&mut self, _point: BackendCoord, _colour: BackendColor) -> Outcome {
        Ok(())
    }

    fn draw_line<S: BackendStyle>(
        &mut self,
        from: BackendCoord,
        to: BackendCoord,
        style: &S,
    ) -> Outcome {
        self.shapes.push(Shape::Line { from, to, ink: Ink::of(style.color()) });
        Ok(())
    }

    fn draw_rect<S: BackendStyle>(
        &mut self,
        one: BackendCoord,
        other: BackendCoord,
        style: &S,
        _is_filled: bool,
    ) -> Outcome {
        let at = (one.0.min(other.0), one.1.min(other.1));
        let (width, height) = ((one.0 - other.0).abs(), (one.1 - other.1).abs());
        if width > 0 && height > 0 {
            self.shapes.push(Shape::Bar { at, width, height, ink: Ink::of(style.color()) });
        }
        Ok(())
    }

    fn draw_text<S: BackendTextStyle>(
        &mut self,
        text: &str,
        style: &S,
        at: BackendCoord,
    ) -> Outcome {
        let anchor = match style.anchor().h_pos {
            HPos::Left => "start",
            HPos::Right => "end",
            HPos::Center => "middle",
        };
        // From the given height to the line that letters stand on.
        let shift = match style.anchor().v_pos {
            VPos::Top => ".85em",
            VPos::Center => ".35em",
            VPos::Bottom => "-.2em",
        };
        self.shapes.push(Shape::Text { at, anchor, shift, words: text.to_owned() });
        Ok(())
    }

    /// The library's own estimate takes a Chinese character for three.
    fn estimate_text_size<S: BackendTextStyle>(
        &self,
        text: &str,
        _style: &S,
    ) -> Result<(u32, u32), DrawingErrorKind<Infallible>> {
        Ok((label::width(text), label::EM))
    }
}

//! Lines over a common axis: losses, accuracies, anything measured as a program goes on.

use std::path::Path;

use plotters::prelude::*;

use super::canvas::{Canvas, PALETTE, PAPER, Picture, Point, Result, VizError, save};
use super::frame::{Entry, Frame, Labels, Mark, Scale};

/// A plot of lines. Values that are not finite leave a gap.
#[derive(Clone, Debug)]
pub struct LinePlot {
    labels: Labels,
    lines: Vec<(String, Vec<(f64, f64)>)>,
    logarithmic: bool,
    size: (u32, u32),
}

impl LinePlot {
    /// A plot without lines yet, 720 by 440 logical pixels.
    pub fn new(title: impl Into<String>) -> Self {
        Self {
            labels: Labels { title: title.into(), ..Labels::default() },
            lines: Vec::new(),
            logarithmic: false,
            size: (720, 440),
        }
    }

    /// Names the axes.
    #[must_use]
    pub fn axes(mut self, x: impl Into<String>, y: impl Into<String>) -> Self {
        (self.labels.x, self.labels.y) = (x.into(), y.into());
        self
    }

    /// Makes the vertical axis logarithmic; values of zero and below then leave a gap.
    #[must_use]
    pub fn logarithmic(mut self) -> Self {
        self.logarithmic = true;
        self
    }

    /// Adds a line through the points, in their order, with a name for the legend.
    #[must_use]
    pub fn line(mut self, name: impl Into<String>, points: impl IntoIterator<Item = (f64, f64)>) -> Self {
        self.lines.push((name.into(), points.into_iter().collect()));
        self
    }

    /// Sets width and height in logical pixels; a PNG has twice as many.
    #[must_use]
    pub fn size(mut self, width: u32, height: u32) -> Self {
        self.size = (width, height);
        self
    }

    /// Writes the picture as PNG or SVG, by the path's extension.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        save(self, path.as_ref())
    }

    fn points(&self) -> impl Iterator<Item = (f64, f64)> + '_ {
        self.lines.iter().flat_map(|(_, points)| points.iter().copied())
    }
}

impl Picture for LinePlot {
    fn size(&self) -> (u32, u32) {
        self.size
    }

    fn draw<B: DrawingBackend>(&self, canvas: &Canvas<'_, B>) -> Result<()> {
        let x = Scale::over(self.points().map(|(x, _)| x), false, 0.0).ok_or(VizError::Empty)?;
        let y = Scale::over(self.points().map(|(_, y)| y), self.logarithmic, 0.05).ok_or(VizError::Empty)?;
        let frame = Frame::new(self.size, x, y);
        canvas.fill(PAPER)?;
        frame.draw(canvas, &self.labels)?;
        let mut entries = Vec::new();
        for (index, (name, points)) in self.lines.iter().enumerate() {
            let color = PALETTE[index % PALETTE.len()];
            let pixels: Vec<Option<Point>> = points.iter().map(|&point| frame.pixel(point)).collect();
            for run in pixels.split(Option::is_none) {
                let run: Vec<Point> = run.iter().copied().flatten().collect();
                canvas.line(&run, color.into(), 2.2)?;
            }
            entries.push(Entry { text: name.clone(), color, mark: Mark::Line });
        }
        frame.draw_axes(canvas)?;
        // One line is named by the axis.
        if entries.len() < 2 {
            return Ok(());
        }
        let drawn: Vec<Point> = self.points().filter_map(|point| frame.pixel(point)).collect();
        frame.draw_legend(canvas, &entries, &drawn)
    }
}

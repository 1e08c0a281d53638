//! Points of several classes, what a model says about the plane between them, and how its boundary moved.

use std::path::Path;

use plotters::prelude::*;

use super::canvas::{Canvas, INK, PALETTE, PAPER, Picture, Point, Result, VizError, blend, save};
use super::contour::Samples;
use super::frame::{Entry, Frame, Labels, Mark, Scale, legend_width};

type Function = Box<dyn Fn(f64, f64) -> f64 + Send + Sync>;

/// A scatter plot with decision boundaries.
pub struct ScatterBoundary {
    labels: Labels,
    classes: Vec<(String, Vec<(f64, f64)>)>,
    field: Option<Function>,
    boundaries: Vec<(String, Function)>,
    size: (u32, u32),
}

impl std::fmt::Debug for ScatterBoundary {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("ScatterBoundary")
            .field("labels", &self.labels)
            .field("classes", &self.classes)
            .field("boundaries", &self.boundaries.iter().map(|(name, _)| name).collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

impl ScatterBoundary {
    /// A plot without points yet, 820 by 600 logical pixels.
    pub fn new(title: impl Into<String>) -> Self {
        Self {
            labels: Labels { title: title.into(), ..Labels::default() },
            classes: Vec::new(),
            field: None,
            boundaries: Vec::new(),
            size: (820, 600),
        }
    }

    /// Names the axes.
    #[must_use]
    pub fn axes(mut self, x: impl Into<String>, y: impl Into<String>) -> Self {
        (self.labels.x, self.labels.y) = (x.into(), y.into());
        self
    }

    /// Adds the points of a class, with a name for the legend. Points that are not finite are left out.
    #[must_use]
    pub fn class(mut self, name: impl Into<String>, points: impl IntoIterator<Item = (f64, f64)>) -> Self {
        self.classes.push((name.into(), points.into_iter().collect()));
        self
    }

    /// Shades the plane by a probability: 0 in the first class's colour, 1 in the second's.
    #[must_use]
    pub fn field(mut self, probability: impl Fn(f64, f64) -> f64 + Send + Sync + 'static) -> Self {
        self.field = Some(Box::new(probability));
        self
    }

    /// Adds the line where a function is zero. Of several, the last is drawn strong and the earlier ones ever fainter,
    /// so that training shows as a movement.
    #[must_use]
    pub fn boundary(
        mut self,
        name: impl Into<String>,
        function: impl Fn(f64, f64) -> f64 + Send + Sync + 'static,
    ) -> Self {
        self.boundaries.push((name.into(), Box::new(function)));
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
        self.classes.iter().flat_map(|(_, points)| points.iter().copied())
    }

    fn draw_field<B: DrawingBackend>(
        &self,
        canvas: &Canvas<'_, B>,
        frame: &Frame,
        x: Scale,
        y: Scale,
    ) -> Result<()> {
        let Some(field) = &self.field else { return Ok(()) };
        // In a vector picture each cell is kept as an element.
        let count = if canvas.vector { 56 } else { 220 };
        let samples = Samples::of(field.as_ref(), (x.low(), x.high()), (y.low(), y.high()), count);
        for row in 0..samples.count() {
            for column in 0..samples.count() {
                let probability = samples.mean(column, row);
                if !probability.is_finite() {
                    continue;
                }
                let (low, high) = (PALETTE[0], PALETTE[1]);
                // Pale, because the points matter more; white where the model does not know.
                let strength = (probability - 0.5).abs() * 2.0 * 0.34;
                let color = blend(PAPER, if probability < 0.5 { low } else { high }, strength);
                let from = frame.pixel(samples.corner(column as f64, row as f64 + 1.0));
                let to = frame.pixel(samples.corner(column as f64 + 1.0, row as f64));
                if let (Some(from), Some(to)) = (from, to) {
                    canvas.rectangle(from, to, color.into())?;
                }
            }
        }
        Ok(())
    }
}

impl Picture for ScatterBoundary {
    fn size(&self) -> (u32, u32) {
        self.size
    }

    fn draw<B: DrawingBackend>(&self, canvas: &Canvas<'_, B>) -> Result<()> {
        let x = Scale::over(self.points().map(|(x, _)| x), false, 0.06).ok_or(VizError::Empty)?;
        let y = Scale::over(self.points().map(|(_, y)| y), false, 0.06).ok_or(VizError::Empty)?;
        let names =
            self.classes.iter().map(|(name, _)| name).chain(self.boundaries.iter().map(|(name, _)| name));
        // Points lie everywhere, so the legend stands beside the plot.
        let frame = Frame::new(self.size, x, y).leaving(legend_width(names)?);
        canvas.fill(PAPER)?;
        frame.draw(canvas, &self.labels)?;
        self.draw_field(canvas, &frame, x, y)?;
        let mut entries = Vec::new();
        for (index, (name, points)) in self.classes.iter().enumerate() {
            let color = PALETTE[index % PALETTE.len()];
            for pixel in points.iter().filter_map(|&point| frame.pixel(point)) {
                canvas.disc(pixel, 3.8, color.into(), PAPER.into())?;
            }
            entries.push(Entry { text: name.clone(), color, mark: Mark::Disc });
        }
        let last = self.boundaries.len().saturating_sub(1);
        for (index, (name, function)) in self.boundaries.iter().enumerate() {
            let samples = Samples::of(function.as_ref(), (x.low(), x.high()), (y.low(), y.high()), 160);
            let age = if last == 0 { 1.0 } else { index as f64 / last as f64 };
            let color = blend(RGBColor(164, 172, 184), INK, age * age);
            let width = if index == last { 2.6 } else { 1.6 };
            for line in samples.zeros() {
                let pixels: Vec<Point> = line.into_iter().filter_map(|point| frame.pixel(point)).collect();
                canvas.line(&pixels, color.into(), width)?;
            }
            entries.push(Entry { text: name.clone(), color, mark: Mark::Line });
        }
        frame.draw_axes(canvas)?;
        frame.draw_legend_beside(canvas, &entries)
    }
}

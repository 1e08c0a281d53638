//! The frame of a plot: title, axes with ticks at round numbers, grid, legend; and the map from data to pixels.

use plotters::prelude::*;

use super::canvas::{Anchor, Canvas, FAINT, GRID, INK, PAPER, Point, Result, text_width};

const TITLE_SIZE: f64 = 17.0;
const LABEL_SIZE: f64 = 13.0;
const TICK_SIZE: f64 = 11.5;
const LEGEND_ROW: f64 = 20.0;
const LEGEND_MARK: f64 = 24.0;
/// Room for the ticks' labels, the axes' labels and the title: left, top, right, bottom.
const MARGINS: (f64, f64, f64, f64) = (72.0, 52.0, 24.0, 58.0);

/// What stands about the plot.
#[derive(Clone, Debug, Default)]
pub(super) struct Labels {
    pub(super) title: String,
    pub(super) x: String,
    pub(super) y: String,
}

/// The range of an axis and how it is divided.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scale {
    low: f64,
    high: f64,
    logarithmic: bool,
}

impl Scale {
    /// The scale that shows all finite values, with a margin of `padding` of the range on both sides. None where there
    /// is no value to show; a logarithmic scale shows only values above zero.
    pub(super) fn over(values: impl Iterator<Item = f64>, logarithmic: bool, padding: f64) -> Option<Self> {
        let shown = values
            .map(|value| if logarithmic { value.log10() } else { value })
            .filter(|value| value.is_finite());
        let (mut low, mut high) = shown
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)));
        if low > high {
            return None;
        }
        if high - low <= f64::EPSILON * high.abs().max(low.abs()) {
            // One value only: a range about it.
            let half = if logarithmic { 0.5 } else { high.abs().max(1.0) / 2.0 };
            (low, high) = (low - half, high + half);
        }
        let margin = (high - low) * padding;
        Some(Self { low: low - margin, high: high + margin, logarithmic })
    }

    pub(super) fn low(&self) -> f64 {
        self.low
    }

    pub(super) fn high(&self) -> f64 {
        self.high
    }

    /// 0 at the low end, 1 at the high end; None for what cannot be shown.
    fn place(&self, value: f64) -> Option<f64> {
        let value = if self.logarithmic { value.log10() } else { value };
        value.is_finite().then(|| (value - self.low) / (self.high - self.low))
    }

    /// Places and texts of the ticks.
    fn ticks(&self) -> Vec<(f64, String)> {
        if self.logarithmic && self.high - self.low >= 1.5 {
            return self.decades();
        }
        let (low, high) = if self.logarithmic {
            (10_f64.powf(self.low), 10_f64.powf(self.high))
        } else {
            (self.low, self.high)
        };
        let step = round_step((high - low) / 6.0);
        let digits = (-step.log10().floor()).clamp(0.0, 9.0) as usize;
        // A tick at the very end counts, though its quotient may be off by a rounding.
        let first = (low / step - 1e-9).ceil() as i64;
        let last = (high / step + 1e-9).floor() as i64;
        let value = |index: i64| index as f64 * step;
        let text = |value: f64| {
            // No "-0.0".
            let value = if value.abs() < step / 2.0 { 0.0 } else { value };
            if high.abs().max(low.abs()) >= 1e6 || step < 1e-6 {
                format!("{value:e}")
            } else {
                format!("{value:.digits$}")
            }
        };
        (first..=last)
            .filter_map(|index| Some((self.place(value(index))?, text(value(index)).replace('-', "−"))))
            .collect()
    }

    fn decades(&self) -> Vec<(f64, String)> {
        let (first, last) = (self.low.ceil() as i32, self.high.floor() as i32);
        // At most about eight labels.
        let step = ((last - first) / 8 + 1).max(1);
        (first..=last)
            .step_by(step.unsigned_abs() as usize)
            .map(|power| ((f64::from(power) - self.low) / (self.high - self.low), power_text(power)))
            .collect()
    }
}

/// `10⁻³`.
fn power_text(power: i32) -> String {
    const DIGITS: [char; 10] = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];
    let digits = power.unsigned_abs().to_string();
    let raised = digits.chars().filter_map(|digit| DIGITS.get(digit.to_digit(10)? as usize));
    let sign = if power < 0 { "⁻" } else { "" };
    format!("10{sign}{}", raised.collect::<String>())
}

/// 1, 2 or 5 times a power of ten, at least `rough`.
fn round_step(rough: f64) -> f64 {
    let power = 10_f64.powf(rough.log10().floor());
    let factor = [1.0, 2.0, 5.0, 10.0].into_iter().find(|factor| factor * power >= rough * 0.999_999);
    factor.unwrap_or(10.0) * power
}

/// A line of the legend.
pub(super) struct Entry {
    pub(super) text: String,
    pub(super) color: RGBColor,
    pub(super) mark: Mark,
}

/// How the legend shows what it names.
#[derive(Clone, Copy)]
pub(super) enum Mark {
    Line,
    Disc,
}

/// A plot's rectangle with its two scales.
pub(super) struct Frame {
    from: Point,
    to: Point,
    x: Scale,
    y: Scale,
}

impl Frame {
    pub(super) fn new((width, height): (u32, u32), x: Scale, y: Scale) -> Self {
        let (left, top, right, bottom) = MARGINS;
        Self { from: (left, top), to: (f64::from(width) - right, f64::from(height) - bottom), x, y }
    }

    /// Where a pair of values lies; None where a scale cannot show it.
    pub(super) fn pixel(&self, (x, y): (f64, f64)) -> Option<Point> {
        let (x, y) = (self.x.place(x)?, self.y.place(y)?);
        Some((self.from.0 + x * (self.to.0 - self.from.0), self.to.1 - y * (self.to.1 - self.from.1)))
    }

    /// Title, axes, ticks and grid.
    pub(super) fn draw<B: DrawingBackend>(&self, canvas: &Canvas<'_, B>, labels: &Labels) -> Result<()> {
        let ((left, top), (right, bottom)) = (self.from, self.to);
        let grid = RGBAColor::from(GRID);
        for (place, text) in self.x.ticks() {
            let x = left + place * (right - left);
            canvas.line(&[(x, top), (x, bottom)], grid, 1.0)?;
            canvas.text(&text, (x, bottom + 14.0), TICK_SIZE, FAINT, Anchor::Centre)?;
        }
        for (place, text) in self.y.ticks() {
            let y = bottom - place * (bottom - top);
            canvas.line(&[(left, y), (right, y)], grid, 1.0)?;
            canvas.text(&text, (left - 9.0, y), TICK_SIZE, FAINT, Anchor::Right)?;
        }
        canvas.text(&labels.title, (left, top / 2.0), TITLE_SIZE, INK, Anchor::Left)?;
        canvas.text(
            &labels.x,
            (f64::midpoint(left, right), bottom + 39.0),
            LABEL_SIZE,
            INK,
            Anchor::Centre,
        )?;
        canvas.text_upwards(&labels.y, (19.0, f64::midpoint(top, bottom)), LABEL_SIZE, INK)
    }

    /// The two axes' lines; drawn after the data, which would cover them.
    pub(super) fn draw_axes<B: DrawingBackend>(&self, canvas: &Canvas<'_, B>) -> Result<()> {
        let ((left, top), (right, bottom)) = (self.from, self.to);
        canvas.line(&[(left, top), (left, bottom), (right, bottom)], FAINT.into(), 1.25)
    }

    /// The legend, in the corner where it covers the fewest of the drawn points.
    pub(super) fn draw_legend<B: DrawingBackend>(
        &self,
        canvas: &Canvas<'_, B>,
        entries: &[Entry],
        drawn: &[Point],
    ) -> Result<()> {
        let width = legend_width(entries.iter().map(|entry| &entry.text))?;
        let height = LEGEND_ROW * entries.len() as f64 + 10.0;
        let from = self.free_corner(width, height, drawn);
        canvas.card(from, (from.0 + width, from.1 + height), 5.0, PAPER.mix(0.9), GRID.into())?;
        draw_entries(canvas, entries, (from.0 + 10.0, from.1 + 5.0))
    }

    /// The legend to the right of the plot, in the room that [`Frame::leaving`] left.
    pub(super) fn draw_legend_beside<B: DrawingBackend>(
        &self,
        canvas: &Canvas<'_, B>,
        entries: &[Entry],
    ) -> Result<()> {
        draw_entries(canvas, entries, (self.to.0 + 18.0, self.from.1))
    }

    /// The same frame, narrower by a width on its right.
    pub(super) fn leaving(mut self, width: f64) -> Self {
        self.to.0 -= width;
        self
    }
}

/// Room for a legend with those texts, marks and margins included.
pub(super) fn legend_width<'text>(texts: impl Iterator<Item = &'text String>) -> Result<f64> {
    let mut widest = 0.0_f64;
    for text in texts {
        widest = widest.max(text_width(text, LABEL_SIZE)?);
    }
    Ok(widest + LEGEND_MARK + 30.0)
}

fn draw_entries<B: DrawingBackend>(
    canvas: &Canvas<'_, B>,
    entries: &[Entry],
    (left, top): Point,
) -> Result<()> {
    for (index, entry) in entries.iter().enumerate() {
        let y = top + LEGEND_ROW * (index as f64 + 0.5);
        match entry.mark {
            Mark::Line => canvas.line(&[(left, y), (left + LEGEND_MARK, y)], entry.color.into(), 2.2),
            Mark::Disc => canvas.disc((left + LEGEND_MARK / 2.0, y), 4.0, entry.color.into(), PAPER.into()),
        }?;
        canvas.text(&entry.text, (left + LEGEND_MARK + 8.0, y), LABEL_SIZE, INK, Anchor::Left)?;
    }
    Ok(())
}

impl Frame {
    /// The upper left point of a rectangle of that size in one of the corners, the upper right one where all are free.
    fn free_corner(&self, width: f64, height: f64, drawn: &[Point]) -> Point {
        const GAP: f64 = 10.0;
        let (left, right) = (self.from.0 + GAP, self.to.0 - GAP - width);
        let (top, bottom) = (self.from.1 + GAP, self.to.1 - GAP - height);
        let covered = |&(x, y): &Point| {
            let inside = |point: &&Point| {
                (x - GAP..x + width + GAP).contains(&point.0)
                    && (y - GAP..y + height + GAP).contains(&point.1)
            };
            drawn.iter().filter(inside).count()
        };
        let corners = [(right, top), (right, bottom), (left, top), (left, bottom)];
        // `min_by_key` gives the first of equals.
        corners.into_iter().min_by_key(covered).unwrap_or(corners[0])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_numbers_inside_the_range() {
        let scale = Scale::over([0.0, 460.0].into_iter(), false, 0.0).unwrap();
        let texts: Vec<String> = scale.ticks().into_iter().map(|(_, text)| text).collect();
        assert_eq!(texts, ["0", "100", "200", "300", "400"]);
        let scale = Scale::over([-0.3, 0.3].into_iter(), false, 0.0).unwrap();
        let texts: Vec<String> = scale.ticks().into_iter().map(|(_, text)| text).collect();
        assert_eq!(texts, ["−0.3", "−0.2", "−0.1", "0.0", "0.1", "0.2", "0.3"]);
    }

    #[test]
    fn a_logarithmic_scale_shows_decades() {
        let scale = Scale::over([1e-3, 0.0, 1.0, f64::NAN].into_iter(), true, 0.0).unwrap();
        let texts: Vec<String> = scale.ticks().into_iter().map(|(_, text)| text).collect();
        assert_eq!(texts, ["10⁻³", "10⁻²", "10⁻¹", "10⁰"]);
    }

    #[test]
    fn nothing_finite_has_no_scale_and_one_value_has() {
        assert!(Scale::over([f64::NAN, f64::INFINITY].into_iter(), false, 0.05).is_none());
        let scale = Scale::over([3.0].into_iter(), false, 0.0).unwrap();
        assert!(scale.low() < 3.0 && scale.high() > 3.0);
    }
}

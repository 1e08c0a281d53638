//! Strokes, fills and text in logical pixels, on PNG and SVG alike.
//!
//! The drawing library places on whole pixels and does not smooth thick lines. So everything is drawn [`FINE`] times
//! as large: a PNG is then averaged down to twice its logical size, which smooths every edge alike, and an SVG is shown
//! at its logical size through its view box.

use std::path::{Path, PathBuf};
use std::sync::Once;

use plotters::coord::Shift;
use plotters::element::{Drawable, PointCollection};
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{FontTransform, register_font};

static FONT: &[u8] = include_bytes!("../../assets/DejaVuSans-subset.ttf");
const FAMILY: &str = "DejaVu Sans";
/// Device units for a logical pixel while drawing.
const FINE: u32 = 4;
/// Pixels of a PNG for a logical pixel: twice, so that text is sharp on today's screens.
const PNG_SCALE: u32 = 2;

/// Why a picture could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VizError {
    /// The file's name ends with neither `.png` nor `.svg`.
    #[error("{}: a picture's file name ends with .png or .svg", .0.display())]
    Extension(PathBuf),
    /// There is nothing to draw, or not a single finite number in it.
    #[error("the picture is empty: it has nothing finite to draw")]
    Empty,
    /// A graph that cannot be arranged: an edge from a node to itself, or to a node of another graph.
    #[error("cannot arrange the graph: {0}")]
    Graph(String),
    /// The file could not be written.
    #[error("cannot write {}: {source}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The drawing library refused.
    #[error("cannot draw the picture: {0}")]
    Draw(String),
}

pub(super) type Result<T> = std::result::Result<T, VizError>;

/// Something that can be drawn on a canvas of a size of its own.
pub(super) trait Picture {
    /// Width and height in logical pixels.
    fn size(&self) -> (u32, u32);
    fn draw<B: DrawingBackend>(&self, canvas: &Canvas<'_, B>) -> Result<()>;
}

/// Width of a text in logical pixels.
pub(super) fn text_width(text: &str, size: f64) -> Result<f64> {
    register();
    let ((left, _), (right, _)) =
        font(size).layout_box(text).map_err(|error| VizError::Draw(error.to_string()))?;
    Ok(f64::from(right - left) / f64::from(FINE))
}

/// Makes the embedded font known to the drawing library, once.
fn register() {
    static REGISTER: Once = Once::new();
    // A refusal shows as an error when the first text is drawn.
    REGISTER.call_once(|| drop(register_font(FAMILY, FontStyle::Normal, FONT)));
}

/// Draws a picture and writes it in the format that the path's extension names.
pub(super) fn save(picture: &impl Picture, path: &Path) -> Result<()> {
    register();
    let extension = path.extension().map(std::ffi::OsStr::to_ascii_lowercase);
    let bytes = match extension.as_ref().and_then(|extension| extension.to_str()) {
        Some("png") => png_bytes(picture)?,
        Some("svg") => svg_text(picture)?.into_bytes(),
        _ => return Err(VizError::Extension(path.to_owned())),
    };
    std::fs::write(path, bytes).map_err(|source| VizError::Write { path: path.to_owned(), source })
}

fn fine_size(picture: &impl Picture) -> (u32, u32) {
    let (width, height) = picture.size();
    (width * FINE, height * FINE)
}

fn svg_text(picture: &impl Picture) -> Result<String> {
    let (width, height) = fine_size(picture);
    let mut text = String::new();
    {
        let area = SVGBackend::with_string(&mut text, (width, height)).into_drawing_area();
        picture.draw(&Canvas { area: &area, vector: true })?;
        area.present().map_err(|error| VizError::Draw(error.to_string()))?;
    }
    // The view box keeps the fine units; the size that is shown is the logical one.
    let (shown_width, shown_height) = picture.size();
    let text = text.replacen(&format!("width=\"{width}\""), &format!("width=\"{shown_width}\""), 1);
    Ok(text.replacen(&format!("height=\"{height}\""), &format!("height=\"{shown_height}\""), 1))
}

fn png_bytes(picture: &impl Picture) -> Result<Vec<u8>> {
    let (width, height) = fine_size(picture);
    let mut fine = vec![255_u8; width as usize * height as usize * 3];
    {
        let area = BitMapBackend::with_buffer(&mut fine, (width, height)).into_drawing_area();
        picture.draw(&Canvas { area: &area, vector: false })?;
        area.present().map_err(|error| VizError::Draw(error.to_string()))?;
    }
    let step = FINE / PNG_SCALE;
    let pixels = average(&fine, (width / step) as usize, (height / step) as usize, step as usize);
    encode_png(&pixels, width / step, height / step).map_err(|error| VizError::Draw(error.to_string()))
}

/// The mean of every `step` by `step` block of an RGB picture, `width` by `height` after it.
fn average(fine: &[u8], width: usize, height: usize, step: usize) -> Vec<u8> {
    let mut pixels = Vec::with_capacity(width * height * 3);
    let row_length = width * step * 3;
    for row in 0..height {
        for column in 0..width {
            for channel in 0..3 {
                let mut sum = 0_usize;
                for y in 0..step {
                    let start = (row * step + y) * row_length + column * step * 3 + channel;
                    sum += (0..step).map(|x| usize::from(fine[start + x * 3])).sum::<usize>();
                }
                pixels.push(u8::try_from(sum / (step * step)).unwrap_or(u8::MAX));
            }
        }
    }
    pixels
}

fn encode_png(pixels: &[u8], width: u32, height: u32) -> std::result::Result<Vec<u8>, png::EncodingError> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(pixels)?;
    writer.finish()?;
    Ok(bytes)
}

/// Where a text lies about its point.
#[derive(Clone, Copy)]
pub(super) enum Anchor {
    Left,
    Centre,
    Right,
}

/// A point in logical pixels, from the upper left corner.
pub(super) type Point = (f64, f64);

/// A surface to draw on, in logical pixels.
pub(super) struct Canvas<'area, B: DrawingBackend> {
    area: &'area DrawingArea<B, Shift>,
    /// Whether every stroke is kept as such: then a fine grid of rectangles would make a large file.
    pub(super) vector: bool,
}

impl<B: DrawingBackend> Canvas<'_, B> {
    pub(super) fn fill(&self, color: RGBColor) -> Result<()> {
        self.area.fill(&color).map_err(|error| VizError::Draw(error.to_string()))
    }

    pub(super) fn line(&self, points: &[Point], color: RGBAColor, width: f64) -> Result<()> {
        let style = ShapeStyle { color, filled: false, stroke_width: units(width).unsigned_abs() };
        self.element(PathElement::new(device(points), style))
    }

    pub(super) fn polygon(&self, points: &[Point], color: RGBAColor) -> Result<()> {
        self.element(Polygon::new(device(points), color.filled()))
    }

    pub(super) fn rectangle(&self, from: Point, to: Point, color: RGBAColor) -> Result<()> {
        let corners = device(&[from, to]);
        self.element(Rectangle::new([corners[0], corners[1]], color.filled()))
    }

    /// A rectangle with round corners, filled, with a border.
    pub(super) fn card(
        &self,
        from: Point,
        to: Point,
        radius: f64,
        fill: RGBAColor,
        border: RGBAColor,
    ) -> Result<()> {
        let outline = rounded(from, to, radius);
        self.polygon(&outline, fill)?;
        self.line(&outline, border, 1.25)
    }

    pub(super) fn disc(&self, centre: Point, radius: f64, fill: RGBAColor, border: RGBAColor) -> Result<()> {
        let centre = device(&[centre])[0];
        self.element(Circle::new(centre, units(radius + 0.6), border.filled()))?;
        self.element(Circle::new(centre, units(radius), fill.filled()))
    }

    pub(super) fn text(
        &self,
        text: &str,
        at: Point,
        size: f64,
        color: RGBColor,
        anchor: Anchor,
    ) -> Result<()> {
        self.text_turned(text, at, size, color, anchor, FontTransform::None)
    }

    /// Text that reads upwards.
    pub(super) fn text_upwards(&self, text: &str, at: Point, size: f64, color: RGBColor) -> Result<()> {
        self.text_turned(text, at, size, color, Anchor::Centre, FontTransform::Rotate270)
    }

    fn text_turned(
        &self,
        text: &str,
        at: Point,
        size: f64,
        color: RGBColor,
        anchor: Anchor,
        turn: FontTransform,
    ) -> Result<()> {
        let horizontal = match anchor {
            Anchor::Left => HPos::Left,
            Anchor::Centre => HPos::Center,
            Anchor::Right => HPos::Right,
        };
        let style = font(size).transform(turn.clone()).color(&color).pos(Pos::new(horizontal, VPos::Center));
        // On pixels the library centres the whole line, descent included, which leaves capitals too high.
        let sink = if self.vector { 0.0 } else { 0.15 * size };
        let at = if matches!(turn, FontTransform::None) { (at.0, at.1 + sink) } else { (at.0 + sink, at.1) };
        self.element(Text::new(text.to_owned(), device(&[at])[0], style))
    }

    fn element<E>(&self, element: E) -> Result<()>
    where
        E: Drawable<B>,
        for<'any> &'any E: PointCollection<'any, (i32, i32)>,
    {
        self.area.draw(&element).map_err(|error| VizError::Draw(error.to_string()))
    }
}

fn font(size: f64) -> FontDesc<'static> {
    FontDesc::new(FontFamily::Name(FAMILY), size * f64::from(FINE), FontStyle::Normal)
}

fn units(length: f64) -> i32 {
    (length * f64::from(FINE)).round() as i32
}

fn device(points: &[Point]) -> Vec<(i32, i32)> {
    points.iter().map(|&(x, y)| (units(x), units(y))).collect()
}

/// The closed outline of a rectangle with round corners.
fn rounded((left, top): Point, (right, bottom): Point, radius: f64) -> Vec<Point> {
    const STEPS: u32 = 8;
    let radius = radius.min((right - left) / 2.0).min((bottom - top) / 2.0);
    let corners = [
        ((right - radius, bottom - radius), 0.0),
        ((left + radius, bottom - radius), 90.0),
        ((left + radius, top + radius), 180.0),
        ((right - radius, top + radius), 270.0),
    ];
    let mut outline = Vec::new();
    for ((x, y), start) in corners {
        for step in 0..=STEPS {
            let angle = (start + 90.0 * f64::from(step) / f64::from(STEPS)).to_radians();
            outline.push((x + radius * angle.cos(), y + radius * angle.sin()));
        }
    }
    outline.push(outline[0]);
    outline
}

/// The palette: five colours that differ in lightness as well as in hue, for readers who do not see all hues.
pub(super) const PALETTE: [RGBColor; 5] = [
    RGBColor(31, 98, 168),
    RGBColor(214, 93, 38),
    RGBColor(38, 141, 128),
    RGBColor(122, 74, 160),
    RGBColor(92, 102, 112),
];
pub(super) const INK: RGBColor = RGBColor(38, 43, 51);
pub(super) const FAINT: RGBColor = RGBColor(104, 113, 125);
pub(super) const GRID: RGBColor = RGBColor(229, 232, 237);
pub(super) const PAPER: RGBColor = RGBColor(255, 255, 255);

/// A colour on the way from one to another; `place` is 0 at the first and 1 at the second.
pub(super) fn blend(from: RGBColor, to: RGBColor, place: f64) -> RGBColor {
    let place = place.clamp(0.0, 1.0);
    let mix = |from: u8, to: u8| (f64::from(from) + (f64::from(to) - f64::from(from)) * place).round() as u8;
    RGBColor(mix(from.0, to.0), mix(from.1, to.1), mix(from.2, to.2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_averaged() {
        // Two by two pixels of one colour channel each, in one block.
        let fine = [0, 0, 0, 255, 0, 0, 255, 0, 0, 255, 0, 0];
        assert_eq!(average(&fine, 1, 1, 2), [191, 0, 0]);
    }

    #[test]
    fn an_unknown_extension_is_refused() {
        struct Blank;
        impl Picture for Blank {
            fn size(&self) -> (u32, u32) {
                (4, 4)
            }
            fn draw<B: DrawingBackend>(&self, canvas: &Canvas<'_, B>) -> Result<()> {
                canvas.fill(PAPER)
            }
        }
        let error = save(&Blank, Path::new("picture.bmp")).unwrap_err();
        assert_eq!(error.to_string(), "picture.bmp: a picture's file name ends with .png or .svg");
    }
}

//! Pictures: line plots, scatter plots with decision boundaries, computation graphs, as PNG or SVG.
//!
//! The module knows no tensor: it takes numbers, names and closures, so that it serves any program and so that the
//! feature `viz`, which pulls the drawing libraries, stays apart from everything else. Axes, legends and colours are
//! drawn here on plain strokes and fills, because one small frame for all pictures is easier to keep legible than the
//! settings of a charting library; [`plotters`] supplies the strokes, `layout-rs` the places of a graph's nodes. Text
//! comes from an embedded font: no system font, no system library.
//!
//! ```
//! use rushlight::viz::LinePlot;
//!
//! let losses: Vec<(f64, f64)> = (0..50).map(|step| (f64::from(step), (-0.1 * f64::from(step)).exp())).collect();
//! let path = std::env::temp_dir().join("rushlight-loss.svg");
//! LinePlot::new("Loss").axes("iteration", "loss").line("training", losses).save(&path)?;
//! # Ok::<(), rushlight::viz::VizError>(())
//! ```

mod canvas;
mod contour;
mod frame;
mod graph;
mod line_plot;
mod scatter;

pub use canvas::VizError;
pub use graph::{Graph, NodeId, NodeKind};
pub use line_plot::LinePlot;
pub use scatter::ScatterBoundary;

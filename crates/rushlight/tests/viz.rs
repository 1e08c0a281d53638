//! Pictures of every kind are written in both formats. `RUSHLIGHT_GALLERY=DIR cargo test --features viz --test viz`
//! leaves them there to be looked at.
#![cfg(feature = "viz")]

use std::path::{Path, PathBuf};

use rushlight::viz::{Graph, LinePlot, NodeKind, ScatterBoundary, VizError};

fn gallery() -> PathBuf {
    let directory = std::env::var_os("RUSHLIGHT_GALLERY").map_or_else(
        || std::env::temp_dir().join(format!("rushlight-viz-{}", std::process::id())),
        PathBuf::from,
    );
    std::fs::create_dir_all(&directory).unwrap();
    directory
}

/// Saves in both formats, and checks what was written by its first bytes.
fn save_both(name: &str, save: impl Fn(&Path) -> Result<(), VizError>) {
    let png = gallery().join(format!("{name}.png"));
    save(&png).unwrap();
    let bytes = std::fs::read(&png).unwrap();
    assert!(bytes.starts_with(b"\x89PNG\r\n\x1a\n") && bytes.len() > 2000, "{name}: {} bytes", bytes.len());
    let svg = gallery().join(format!("{name}.svg"));
    save(&svg).unwrap();
    let text = std::fs::read_to_string(&svg).unwrap();
    assert!(text.contains("<svg") && text.trim_end().ends_with("</svg>"), "{name}");
}

/// Numbers that scatter, the same in every run.
fn scattered(count: u32, centre: (f64, f64)) -> Vec<(f64, f64)> {
    let mut state = 12345_u64;
    let mut uniform = || {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 11) as f64 / (1_u64 << 53) as f64
    };
    let mut normal = || (0..12).map(|_| uniform()).sum::<f64>() - 6.0;
    (0..count).map(|_| (centre.0 + normal(), centre.1 + normal())).collect()
}

#[test]
fn line_plots() {
    let losses =
        |rate: f64| (0..460).map(move |step| (f64::from(step), 0.05 + 0.5 * (-rate * f64::from(step)).exp()));
    save_both("loss", |path| {
        LinePlot::new("Logistic regression: loss")
            .axes("iteration", "binary cross-entropy")
            .line("training", losses(0.01))
            .save(path)
    });
    save_both("loss-logarithmic", |path| {
        LinePlot::new("Training and validation")
            .axes("step", "loss")
            .logarithmic()
            .line("training", (1..500).map(|step| (f64::from(step), 1e3 / f64::from(step).powi(3))))
            .line("validation", (1..500).map(|step| (f64::from(step), 1e3 / f64::from(step).powi(2) + 0.1)))
            .save(path)
    });
}

#[test]
fn decision_boundaries() {
    save_both("boundary", |path| {
        let mut plot = ScatterBoundary::new("Logistic regression: decision boundary through the iterations")
            .axes("x₀", "x₁")
            .class("class 0", scattered(100, (2.0, 2.0)))
            .class("class 1", scattered(100, (-2.0, -2.0)))
            .field(|x, y| 1.0 / (1.0 + (1.46 * x + 1.59 * y - 2.07).exp()));
        for (iteration, w0, w1, b) in
            [(0, -0.58, 0.33, 0.07), (60, -0.9, -0.5, 0.4), (200, -1.2, -1.2, 1.2), (460, -1.46, -1.59, 2.07)]
        {
            plot = plot.boundary(format!("iteration {iteration}"), move |x, y| w0 * x + w1 * y + b);
        }
        plot.save(path)
    });
}

#[test]
fn computation_graphs() {
    let mut graph = Graph::new("y = (x + w)(w + 1)");
    let x = graph.node(NodeKind::Parameter, "x\n2.0, grad 2.0");
    let w = graph.node(NodeKind::Parameter, "w\n1.0, grad 5.0");
    let one = graph.node(NodeKind::Constant, "1");
    let a = graph.node(NodeKind::Operation, "a = AddBackward0\nx + w = 3.0");
    let b = graph.node(NodeKind::Operation, "b = AddBackward0\nw + 1 = 2.0");
    let y = graph.node(NodeKind::Output, "y = MulBackward0\na · b = 6.0");
    graph.edge(x, a, "∂a/∂x = 1");
    graph.edge(w, a, "1");
    graph.edge(w, b, "1");
    graph.edge(one, b, "");
    graph.edge(a, y, "∂y/∂a = 2");
    graph.edge(b, y, "∂y/∂b = 3");
    save_both("graph", |path| graph.save(path));

    let mut chain = Graph::new("A chain, a square, a shortcut");
    let mut last = chain.node(NodeKind::Parameter, "x");
    let first = last;
    for index in 0..4 {
        let next = chain.node(NodeKind::Operation, &format!("TanhBackward0\nlayer {index}"));
        chain.edge(last, next, "");
        last = next;
    }
    let square = chain.node(NodeKind::Output, "MulBackward0");
    chain.edge(last, square, "");
    chain.edge(last, square, "");
    chain.edge(first, square, "");
    save_both("chain", |path| chain.save(path));
}

#[test]
fn nothing_to_draw_is_an_error() {
    let path = gallery().join("nothing.png");
    assert!(matches!(LinePlot::new("").save(&path), Err(VizError::Empty)));
    assert!(matches!(LinePlot::new("").line("nan", [(0.0, f64::NAN)]).save(&path), Err(VizError::Empty)));
    assert!(matches!(ScatterBoundary::new("").save(&path), Err(VizError::Empty)));
    let nowhere = gallery().join("no").join("directory.svg");
    assert!(matches!(LinePlot::new("").line("x", [(0.0, 1.0)]).save(nowhere), Err(VizError::Write { .. })));
}

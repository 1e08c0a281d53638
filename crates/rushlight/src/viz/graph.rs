//! Computation graphs: what was computed from what, from the inputs at the top to the result at the bottom.
//!
//! `layout-rs` finds places for the nodes and paths for the edges; what is drawn there is ours.

use std::path::Path;

use layout::core::base::Orientation;
use layout::core::format::{ClipHandle, RenderBackend, Visible};
use layout::core::geometry::{Point as Place, Position};
use layout::core::style::{LineStyleKind, StyleAttr};
use layout::std_shapes::shapes::{Arrow, Element, LineEndKind, ShapeKind};
use layout::topo::layout::VisualGraph;
use plotters::prelude::*;

use super::canvas::{
    Anchor, Canvas, FAINT, INK, PALETTE, PAPER, Picture, Point, Result, VizError, blend, save, text_width,
};

const HEAD_SIZE: f64 = 15.0;
const DETAIL_SIZE: f64 = 11.5;
const LINE_HEIGHT: f64 = 18.0;
const PADDING: f64 = 14.0;
/// Free space about a node, into which no other comes.
const HALO: f64 = 44.0;
const MARGIN: f64 = 28.0;
const TITLE_ROOM: f64 = 40.0;

/// What a node stands for; it decides the colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NodeKind {
    /// A leaf that gets a gradient.
    Parameter,
    /// A value that gets none.
    Constant,
    /// Something computed.
    Operation,
    /// The result.
    Output,
}

impl NodeKind {
    fn color(self) -> RGBColor {
        match self {
            Self::Parameter => PALETTE[0],
            Self::Constant => PALETTE[4],
            Self::Operation => PALETTE[1],
            Self::Output => PALETTE[2],
        }
    }
}

/// A node of a [`Graph`], as [`Graph::node`] gave it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NodeId(usize);

#[derive(Clone, Debug)]
struct Node {
    kind: NodeKind,
    lines: Vec<String>,
}

#[derive(Clone, Debug)]
struct Edge {
    from: usize,
    to: usize,
    text: String,
}

/// A drawing of nodes and edges.
///
/// ```
/// use rushlight::viz::{Graph, NodeKind};
///
/// let mut graph = Graph::new("y = x · w");
/// let x = graph.node(NodeKind::Constant, "x\n2.0");
/// let w = graph.node(NodeKind::Parameter, "w\n3.0, grad 2.0");
/// let y = graph.node(NodeKind::Output, "y = MulBackward0\n6.0");
/// graph.edge(x, y, "");
/// graph.edge(w, y, "");
/// graph.save(std::env::temp_dir().join("rushlight-graph.svg"))?;
/// # Ok::<(), rushlight::viz::VizError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Graph {
    title: String,
    nodes: Vec<Node>,
    edges: Vec<Edge>,
}

impl Graph {
    /// A graph without nodes yet.
    pub fn new(title: impl Into<String>) -> Self {
        Self { title: title.into(), nodes: Vec::new(), edges: Vec::new() }
    }

    /// Adds a node. The first line of its text names it, further lines are details in small print.
    pub fn node(&mut self, kind: NodeKind, text: &str) -> NodeId {
        self.nodes.push(Node { kind, lines: text.lines().map(str::to_owned).collect() });
        NodeId(self.nodes.len() - 1)
    }

    /// Adds an edge from what is used to what is computed from it; the text (a gradient, a shape) stands beside it.
    pub fn edge(&mut self, from: NodeId, to: NodeId, text: impl Into<String>) {
        self.edges.push(Edge { from: from.0, to: to.0, text: text.into() });
    }

    /// Writes the picture as PNG or SVG, by the path's extension.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        save(&self.arrange()?, path.as_ref())
    }

    fn arrange(&self) -> Result<Arranged<'_>> {
        if self.nodes.is_empty() {
            return Err(VizError::Empty);
        }
        let mut places = VisualGraph::new(Orientation::TopToBottom);
        let style = StyleAttr::simple();
        let mut handles = Vec::new();
        for node in &self.nodes {
            let (width, height) = node_size(node)?;
            let size = Place::new(width, height);
            let mut element =
                Element::create(ShapeKind::new_box(""), style.clone(), Orientation::TopToBottom, size);
            element.pos = Position::new(Place::zero(), size, Place::zero(), Place::splat(HALO));
            handles.push(places.add_node(element));
        }
        for (index, edge) in self.edges.iter().enumerate() {
            let (Some(&from), Some(&to)) = (handles.get(edge.from), handles.get(edge.to)) else {
                return Err(VizError::Graph("an edge joins a node of another graph".to_owned()));
            };
            if edge.from == edge.to {
                return Err(VizError::Graph(format!(
                    "node {:?} has an edge to itself",
                    self.nodes[edge.from].lines
                )));
            }
            let mut arrow = Arrow::new(
                LineEndKind::None,
                LineEndKind::Arrow,
                LineStyleKind::Normal,
                "",
                &style,
                &None,
                &None,
            );
            // Handed back with the path, so that it is known whose it is.
            arrow.properties = Some(index.to_string());
            places.add_edge(arrow, from, to);
        }
        let mut paths = Paths { found: vec![Vec::new(); self.edges.len()] };
        places.do_it(false, false, false, &mut paths);

        let boxes: Vec<(Point, Point)> = handles
            .iter()
            .map(|&handle| {
                let (from, to) = places.element(handle).position().bbox(false);
                ((from.x, from.y), (to.x, to.y))
            })
            .collect();
        let curves = paths.found.iter().enumerate().map(|(index, path)| self.curve(index, path)).collect();
        Ok(Arranged::new(self, boxes, curves))
    }

    /// The points of an edge's path. Edges that join the same two nodes (as in x · x) bend apart.
    fn curve(&self, index: usize, path: &[(Point, Point)]) -> Vec<Point> {
        let edge = &self.edges[index];
        let same = |other: &&Edge| other.from == edge.from && other.to == edge.to;
        let count = self.edges.iter().filter(same).count();
        let before = self.edges[..index].iter().filter(same).count();
        let bend = (before as f64 - (count as f64 - 1.0) / 2.0) * 30.0;
        let points = bezier(path);
        let length =
            points.windows(2).map(|pair| distance(pair[0], pair[1])).sum::<f64>().max(f64::MIN_POSITIVE);
        let mut travelled = 0.0;
        let mut before = points.first().copied().unwrap_or_default();
        let bent = points.into_iter().map(|point| {
            travelled += distance(before, point);
            before = point;
            (point.0 + bend * (travelled / length * std::f64::consts::PI).sin(), point.1)
        });
        bent.collect()
    }
}

fn node_size(node: &Node) -> Result<(f64, f64)> {
    let mut width = 34.0_f64;
    for (index, line) in node.lines.iter().enumerate() {
        width = width.max(text_width(line, line_size(index))?);
    }
    Ok((width + 2.0 * PADDING, LINE_HEIGHT * node.lines.len().max(1) as f64 + 1.2 * PADDING))
}

fn line_size(index: usize) -> f64 {
    if index == 0 { HEAD_SIZE } else { DETAIL_SIZE }
}

/// Points along the cubic curves of a path: a start with its control point, then ends with theirs, each of which
/// continues the direction of the one before.
fn bezier(path: &[(Point, Point)]) -> Vec<Point> {
    const STEPS: u32 = 24;
    let Some((&(mut from, mut control), rest)) = path.split_first() else { return Vec::new() };
    let mut points = vec![from];
    for &(second, to) in rest {
        for step in 1..=STEPS {
            let t = f64::from(step) / f64::from(STEPS);
            let weights =
                [(1.0 - t).powi(3), 3.0 * (1.0 - t).powi(2) * t, 3.0 * (1.0 - t) * t * t, t.powi(3)];
            let mix = |values: [f64; 4]| {
                weights.iter().zip(values).map(|(weight, value)| weight * value).sum::<f64>()
            };
            points.push((mix([from.0, control.0, second.0, to.0]), mix([from.1, control.1, second.1, to.1])));
        }
        control = (2.0 * to.0 - second.0, 2.0 * to.1 - second.1);
        from = to;
    }
    points
}

/// Keeps the edges' paths; nodes are read from the graph itself.
struct Paths {
    found: Vec<Vec<(Point, Point)>>,
}

impl RenderBackend for Paths {
    fn draw_rect(&mut self, _: Place, _: Place, _: &StyleAttr, _: Option<String>, _: Option<ClipHandle>) {}
    fn draw_line(&mut self, _: Place, _: Place, _: &StyleAttr, _: Option<String>) {}
    fn draw_circle(&mut self, _: Place, _: Place, _: &StyleAttr, _: Option<String>) {}
    fn draw_text(&mut self, _: Place, _: &str, _: &StyleAttr) {}
    fn draw_arrow(
        &mut self,
        path: &[(Place, Place)],
        _dashed: bool,
        (start, _): (bool, bool),
        _look: &StyleAttr,
        properties: Option<String>,
        _text: &str,
    ) {
        let index = properties.and_then(|text| text.parse::<usize>().ok());
        if let Some(found) = index.and_then(|index| self.found.get_mut(index)) {
            *found = path.iter().map(|(a, b)| ((a.x, a.y), (b.x, b.y))).collect();
            if start {
                // An edge of a cycle was turned round to arrange it; its arrow keeps its direction.
                *found = reversed(found);
            }
        }
    }
    fn create_clip(&mut self, _: Place, _: Place, _: usize) -> ClipHandle {
        0
    }
}

/// The same curve from its other end.
fn reversed(path: &[(Point, Point)]) -> Vec<(Point, Point)> {
    let Some((&(start, control), rest)) = path.split_first() else { return Vec::new() };
    let Some(&(last_control, end)) = rest.last() else { return path.to_vec() };
    let mut turned = vec![(end, last_control)];
    for pair in rest.windows(2).rev() {
        let ((_, middle), (_, _)) = (pair[0], pair[1]);
        // On the way back the control before a middle point lies where the continuation lay on the way there.
        let continued = (2.0 * middle.0 - pair[0].0.0, 2.0 * middle.1 - pair[0].0.1);
        turned.push((continued, middle));
    }
    turned.push((control, start));
    turned
}

/// A graph with its places.
struct Arranged<'graph> {
    graph: &'graph Graph,
    boxes: Vec<(Point, Point)>,
    curves: Vec<Vec<Point>>,
    size: (u32, u32),
}

impl<'graph> Arranged<'graph> {
    /// Moves everything so that it begins at the margin.
    fn new(graph: &'graph Graph, mut boxes: Vec<(Point, Point)>, mut curves: Vec<Vec<Point>>) -> Self {
        let all = || boxes.iter().flat_map(|&(from, to)| [from, to]).chain(curves.iter().flatten().copied());
        let low = all().fold((f64::INFINITY, f64::INFINITY), |low, (x, y)| (low.0.min(x), low.1.min(y)));
        let high =
            all().fold((f64::NEG_INFINITY, f64::NEG_INFINITY), |high, (x, y)| (high.0.max(x), high.1.max(y)));
        let title_room = if graph.title.is_empty() { 0.0 } else { TITLE_ROOM };
        // The title may be wider than the graph.
        let title_width = text_width(&graph.title, 17.0).unwrap_or(0.0);
        let width = (high.0 - low.0).max(title_width);
        let (left, top) = (MARGIN + (width - (high.0 - low.0)) / 2.0 - low.0, MARGIN + title_room - low.1);
        let moved = |(x, y): Point| (x + left, y + top);
        for (from, to) in &mut boxes {
            (*from, *to) = (moved(*from), moved(*to));
        }
        for point in curves.iter_mut().flatten() {
            *point = moved(*point);
        }
        let height = high.1 - low.1 + 2.0 * MARGIN + title_room;
        let size = ((width + 2.0 * MARGIN).ceil() as u32, height.ceil() as u32);
        Self { graph, boxes, curves, size }
    }
}

impl Picture for Arranged<'_> {
    fn size(&self) -> (u32, u32) {
        self.size
    }

    fn draw<B: DrawingBackend>(&self, canvas: &Canvas<'_, B>) -> Result<()> {
        canvas.fill(PAPER)?;
        canvas.text(&self.graph.title, (MARGIN, MARGIN + 6.0), 17.0, INK, Anchor::Left)?;
        for (edge, curve) in self.graph.edges.iter().zip(&self.curves) {
            draw_arrow(canvas, curve)?;
            if let Some(&(x, y)) = curve.get(curve.len() / 2)
                && !edge.text.is_empty()
            {
                let half = text_width(&edge.text, DETAIL_SIZE)? / 2.0 + 5.0;
                canvas.card((x - half, y - 9.0), (x + half, y + 9.0), 4.0, PAPER.mix(0.92), PAPER.into())?;
                canvas.text(&edge.text, (x, y), DETAIL_SIZE, FAINT, Anchor::Centre)?;
            }
        }
        for (node, &(from, to)) in self.graph.nodes.iter().zip(&self.boxes) {
            let color = node.kind.color();
            canvas.card(from, to, 9.0, blend(PAPER, color, 0.13).into(), color.into())?;
            let (x, middle) = (f64::midpoint(from.0, to.0), f64::midpoint(from.1, to.1));
            let first = middle - LINE_HEIGHT * (node.lines.len() as f64 - 1.0) / 2.0;
            for (index, line) in node.lines.iter().enumerate() {
                let ink = if index == 0 { INK } else { FAINT };
                let y = first + LINE_HEIGHT * index as f64;
                canvas.text(line, (x, y), line_size(index), ink, Anchor::Centre)?;
            }
        }
        Ok(())
    }
}

fn draw_arrow<B: DrawingBackend>(canvas: &Canvas<'_, B>, curve: &[Point]) -> Result<()> {
    const HEAD: f64 = 10.0;
    let (Some(&tip), Some(before)) =
        (curve.last(), curve.iter().rev().find(|&&point| distance(point, curve[curve.len() - 1]) > HEAD))
    else {
        return Ok(());
    };
    let length = distance(*before, tip);
    let (x, y) = ((tip.0 - before.0) / length, (tip.1 - before.1) / length);
    let base = (tip.0 - HEAD * x, tip.1 - HEAD * y);
    let mut stroke: Vec<Point> = curve.iter().copied().filter(|&point| distance(point, tip) > HEAD).collect();
    stroke.push(base);
    canvas.line(&stroke, FAINT.into(), 1.6)?;
    let side = |sign: f64| (base.0 - sign * y * HEAD * 0.42, base.1 + sign * x * HEAD * 0.42);
    canvas.polygon(&[tip, side(1.0), side(-1.0)], FAINT.into())
}

fn distance(from: Point, to: Point) -> f64 {
    (from.0 - to.0).hypot(from.1 - to.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_computed_lies_below_what_it_uses() {
        let mut graph = Graph::new("");
        let x = graph.node(NodeKind::Constant, "x");
        let w = graph.node(NodeKind::Parameter, "w");
        let y = graph.node(NodeKind::Output, "y");
        graph.edge(x, y, "");
        graph.edge(w, y, "");
        let arranged = graph.arrange().unwrap();
        let (top, bottom) = (|id: NodeId| arranged.boxes[id.0].0.1, |id: NodeId| arranged.boxes[id.0].1.1);
        assert!(bottom(x) < top(y) && bottom(w) < top(y));
        assert!(arranged.curves.iter().all(|curve| curve.len() > 10));
    }

    #[test]
    fn an_edge_to_itself_is_refused() {
        let mut graph = Graph::new("");
        let x = graph.node(NodeKind::Constant, "x");
        graph.edge(x, x, "");
        assert!(matches!(graph.arrange(), Err(VizError::Graph(_))));
        assert!(matches!(Graph::new("empty").arrange(), Err(VizError::Empty)));
    }

    #[test]
    fn a_curve_turned_round_passes_the_same_points() {
        let path = [((0.0, 0.0), (0.0, 5.0)), ((3.0, 5.0), (4.0, 10.0)), ((8.0, 12.0), (9.0, 20.0))];
        let there = bezier(&path);
        let mut back = bezier(&reversed(&path));
        back.reverse();
        for (a, b) in there.iter().zip(&back) {
            assert!(distance(*a, *b) < 1e-9, "{a:?} {b:?}");
        }
    }
}

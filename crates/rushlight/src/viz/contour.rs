//! The line where a function of two variables is zero, by marching squares.

use std::collections::{HashMap, VecDeque};

use super::canvas::Point;

/// Values of a function on a grid of `count` by `count` cells over a rectangle, corners included.
pub(super) struct Samples {
    count: usize,
    x: (f64, f64),
    y: (f64, f64),
    values: Vec<f64>,
}

impl Samples {
    pub(super) fn of(function: &dyn Fn(f64, f64) -> f64, x: (f64, f64), y: (f64, f64), count: usize) -> Self {
        let mut samples = Self { count, x, y, values: Vec::with_capacity((count + 1) * (count + 1)) };
        for row in 0..=count {
            for column in 0..=count {
                let (x, y) = samples.corner(column as f64, row as f64);
                samples.values.push(function(x, y));
            }
        }
        samples
    }

    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// The point of a grid position, which may lie between two corners.
    pub(super) fn corner(&self, column: f64, row: f64) -> Point {
        let place = |(low, high): (f64, f64), index: f64| low + (high - low) * index / self.count as f64;
        (place(self.x, column), place(self.y, row))
    }

    fn value(&self, column: usize, row: usize) -> f64 {
        self.values[row * (self.count + 1) + column]
    }

    /// The mean of a cell's corners.
    pub(super) fn mean(&self, column: usize, row: usize) -> f64 {
        let corners = [(0, 0), (1, 0), (0, 1), (1, 1)];
        corners.iter().map(|&(right, up)| self.value(column + right, row + up)).sum::<f64>() / 4.0
    }

    /// Lines on which the function is zero. A corner that is not finite hides its cells.
    pub(super) fn zeros(&self) -> Vec<Vec<Point>> {
        let mut pieces = Vec::new();
        for row in 0..self.count {
            for column in 0..self.count {
                self.cell_zeros(column, row, &mut pieces);
            }
        }
        self.join(&pieces)
    }

    /// Joins pieces that meet into lines, so that a thick stroke has no seams.
    fn join(&self, pieces: &[(Point, Point)]) -> Vec<Vec<Point>> {
        // Neighbouring cells compute their common point from different sides: equal up to rounding.
        let fineness =
            |(low, high): (f64, f64), value: f64| ((value - low) / (high - low) * 1e7).round() as i64;
        let key = |point: Point| (fineness(self.x, point.0), fineness(self.y, point.1));
        let mut at: HashMap<(i64, i64), Vec<usize>> = HashMap::new();
        for (index, &(from, to)) in pieces.iter().enumerate() {
            at.entry(key(from)).or_default().push(index);
            at.entry(key(to)).or_default().push(index);
        }
        let mut used = vec![false; pieces.len()];
        let mut lines = Vec::new();
        for start in 0..pieces.len() {
            if used[start] {
                continue;
            }
            used[start] = true;
            let mut line = VecDeque::from([pieces[start].0, pieces[start].1]);
            // Grown at its end, then, turned round, at what was its beginning.
            for _ in 0..2 {
                while let Some(&end) = line.back() {
                    let next = at[&key(end)].iter().copied().find(|&index| !used[index]);
                    let Some(next) = next else { break };
                    used[next] = true;
                    let (from, to) = pieces[next];
                    line.push_back(if key(from) == key(end) { to } else { from });
                }
                line.make_contiguous().reverse();
            }
            lines.push(line.into());
        }
        lines
    }

    fn cell_zeros(&self, column: usize, row: usize, pieces: &mut Vec<(Point, Point)>) {
        // The corners in turn: an edge of the cell joins each with the next.
        let corners = [(0, 0), (1, 0), (1, 1), (0, 1)];
        let values = corners.map(|(right, up)| self.value(column + right, row + up));
        if values.iter().any(|value| !value.is_finite()) {
            return;
        }
        let mut crossings = Vec::with_capacity(4);
        for edge in 0..4 {
            let next = (edge + 1) % 4;
            if (values[edge] < 0.0) != (values[next] < 0.0) {
                let share = values[edge] / (values[edge] - values[next]);
                let between = |from: usize, to: usize| from as f64 + (to as f64 - from as f64) * share;
                let (from, to) = (corners[edge], corners[next]);
                let x = column as f64 + between(from.0, to.0);
                let y = row as f64 + between(from.1, to.1);
                crossings.push(self.corner(x, y));
            }
        }
        // Two crossings are a piece; four are a saddle, of which either pairing is a fair picture.
        pieces.extend(crossings.chunks_exact(2).map(|pair| (pair[0], pair[1])));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_straight_line_is_found_where_it_is() {
        let samples = Samples::of(&|x, y| x + 2.0 * y - 1.0, (-3.0, 3.0), (-3.0, 3.0), 37);
        let lines = samples.zeros();
        assert_eq!(lines.len(), 1, "one line, without seams");
        assert!(lines[0].len() > 30);
        for &(x, y) in &lines[0] {
            assert!((x + 2.0 * y - 1.0).abs() < 1e-12);
        }
    }

    #[test]
    fn a_circle_is_one_closed_line() {
        let lines = Samples::of(&|x, y| x * x + y * y - 1.0, (-2.0, 2.0), (-2.0, 2.0), 41).zeros();
        assert_eq!(lines.len(), 1);
        let (first, last) = (lines[0][0], lines[0][lines[0].len() - 1]);
        assert!((first.0 - last.0).hypot(first.1 - last.1) < 1e-9);
    }

    #[test]
    fn a_function_without_zero_has_no_line() {
        assert!(Samples::of(&|x, y| x * x + y * y + 1.0, (-1.0, 1.0), (-1.0, 1.0), 8).zeros().is_empty());
        assert!(Samples::of(&|_, _| f64::NAN, (-1.0, 1.0), (-1.0, 1.0), 8).zeros().is_empty());
    }
}

//! Static graphs: building, names, unknown dimensions, running, plans, variables, derivatives of any order.

use rushlight_core::graph::{Argument, Attributes, Graph, Node, Session};
use rushlight_core::{DType, ErrorKind, Exception, Result, SessionFailure, Tensor};

fn number(tensor: &Tensor) -> f64 {
    tensor.item().unwrap().to_f64()
}

fn floats(tensor: &Tensor) -> Vec<f64> {
    tensor.to_f64_vec().unwrap()
}

fn matrix(rows: &[&[f32]]) -> Tensor {
    Tensor::from_vec(rows.concat(), &[rows.len(), rows[0].len()]).unwrap()
}

fn reduce(node: &Node, kind: &str, axis: i64, keep: bool) -> Result<Node> {
    let attributes = Attributes { integers: Some(vec![axis]), flags: [keep, false], dtype: None };
    node.graph().operation(kind, vec![Argument::from(node)], &attributes, None)
}

/// A session whose variables have their initial values.
fn started(graph: &Graph) -> Session {
    let session = Session::new(graph);
    session.execute(&[&graph.initializer().unwrap()], &[]).unwrap();
    session
}

#[test]
fn the_first_program() {
    let graph = Graph::new();
    let (w, x) = (graph.constant(1.0).unwrap(), graph.constant(2.0).unwrap());
    let a = w.add(&x).unwrap();
    let b = w.add(1).unwrap();
    let y = a.mul(&b).unwrap();
    assert_eq!(y.to_string(), "Tensor(\"Mul:0\", shape=(), dtype=float32)");
    assert_eq!(b.to_string(), "Tensor(\"Add_1:0\", shape=(), dtype=float32)");
    let results = Session::new(&graph).run(&[&y, &a, &b], &[]).unwrap();
    assert_eq!(results.iter().map(number).collect::<Vec<_>>(), [6.0, 3.0, 2.0]);
}

#[test]
fn names_are_unique_without_regard_to_case() {
    let graph = Graph::new();
    let x = graph.constant(1.0).unwrap();
    let names: Vec<String> = [x.add(&x), Ok(&x + &x), x.add(2.0), Ok(2.0 / &x), Ok(-&x)]
        .into_iter()
        .map(|node| node.unwrap().name().to_owned())
        .collect();
    assert_eq!(names, ["Add", "add_1", "Add_2", "truediv", "Neg"]);
    assert!(graph.find("Add_2/y").is_some(), "numbers become constants beside their operation");
    let outer = graph.enter_scope("layer");
    assert_eq!(graph.constant(0.0).unwrap().name(), "layer/Const");
    graph.leave_scope(outer);
    assert_eq!(graph.constant(0.0).unwrap().name(), "Const_1");
    let w = graph.variable(&x).unwrap();
    assert_eq!(w.to_string(), "<tf.Variable 'Variable:0' shape=() dtype=float32_ref>");
    let set = w.assign(1.0).unwrap();
    assert_eq!(set.to_string(), "Tensor(\"Assign:0\", shape=(), dtype=float32_ref)");
    assert_eq!(graph.initializer().unwrap().to_string(), "<tf.Operation 'init' type=NoOp>");
}

#[test]
fn unknown_sizes_pass_through_the_rules_of_operations() {
    let graph = Graph::new();
    let x = graph.placeholder(DType::F32, &[None, Some(3)]).unwrap();
    let shape = |node: Result<Node>| node.unwrap().shape().to_string();
    assert_eq!(shape(x.add(1.0)), "(?, 3)");
    assert_eq!(shape(x.sub(&x)), "(?, 3)");
    assert_eq!(shape(x.sum()), "()");
    assert_eq!(shape(reduce(&x, "Sum", 0, false)), "(3,)");
    assert_eq!(shape(reduce(&x, "Mean", 1, false)), "(?,)");
    assert_eq!(shape(reduce(&x, "Sum", 1, true)), "(?, 1)");
    assert_eq!(shape(x.reshape(&[-1])), "(?,)");
    assert_eq!(shape(x.reshape(&[2, 6])), "(2, 6)");
    // An unknown size that broadcasts against a known one: the result is the known one, whatever comes.
    let v = graph.placeholder(DType::F32, &[None]).unwrap();
    assert_eq!(shape(v.mul(graph.constant(Tensor::zeros(&[5], DType::F32).unwrap()).unwrap())), "(5,)");
    assert_eq!(shape(x.mul(&v)), "(?, 3)");
    // Two unknown sizes of which one must be 3 and the other is free.
    let column = graph.placeholder(DType::F32, &[None, Some(1)]).unwrap();
    assert_eq!(shape(column.add(&v)), "(?, ?)");
    let misfit = x.add(Tensor::zeros(&[2], DType::F32).unwrap()).unwrap_err();
    assert_eq!(misfit.exception(), Exception::Value);
    assert!(
        misfit.to_string().starts_with("Dimensions must be equal, but are 3 and 2 for 'Add_2' (op: 'Add')"),
        "{misfit}"
    );
}

#[test]
fn there_is_no_promotion() {
    let graph = Graph::new();
    let (x, n) = (graph.constant(1.0).unwrap(), graph.constant(1).unwrap());
    assert_eq!((x.dtype(), n.dtype()), (Some(DType::F32), Some(DType::I32)));
    let error = x.add(&n).unwrap_err();
    assert_eq!(
        error.to_string(),
        "Input 'y' of 'Add' Op has type int32 that does not match type float32 of argument 'x'."
    );
    assert_eq!(n.add(2.5).unwrap_err().to_string(), "Expected int32, got 2.5 of type 'float' instead.");
    let session = Session::new(&graph);
    let half = n.div(2).unwrap();
    assert_eq!(half.dtype(), Some(DType::F64));
    let total = graph.constant(Tensor::from_slice(&[1i32, 2])).unwrap().sum().unwrap();
    let results = session.run(&[&half, &total], &[]).unwrap();
    assert_eq!((number(&results[0]), results[1].dtype()), (0.5, DType::I32));
}

#[test]
fn a_plan_for_each_set_of_shapes() {
    let graph = Graph::new();
    let x = graph.placeholder(DType::F64, &[None]).unwrap();
    let y = x.square().unwrap().sum().unwrap();
    let session = Session::new(&graph);
    let run = |values: &[f64]| number(&session.run(&[&y], &[(&x, Tensor::from_slice(values))]).unwrap()[0]);
    assert_eq!([run(&[1.0, 2.0]), run(&[3.0, 4.0]), run(&[1.0]), run(&[5.0, 0.0])], [5.0, 25.0, 1.0, 25.0]);
    assert_eq!((session.plans_made(), session.plans_reused()), (2, 2));
}

#[test]
fn any_node_can_be_fed_and_what_is_not_needed_is_not_asked_for() {
    let graph = Graph::new();
    let x = graph.placeholder(DType::F32, &[]).unwrap();
    let middle = x.mul(3.0).unwrap();
    let y = middle.add(1.0).unwrap();
    let session = Session::new(&graph);
    assert_eq!(number(&session.run(&[&y], &[(&middle, Tensor::scalar(10.0))]).unwrap()[0]), 11.0);
    let error = session.run(&[&y], &[]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "You must feed a value for placeholder tensor 'Placeholder' with dtype float and shape []\n\t [[{{node Placeholder}}]]"
    );
    assert!(matches!(error.kind(), ErrorKind::Session { failure: SessionFailure::InvalidArgument, .. }));
    let rows = graph.placeholder(DType::F32, &[None, Some(1000)]).unwrap();
    let error =
        session.run(&[&rows], &[(&rows, Tensor::zeros(&[64, 999], DType::F32).unwrap())]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "Cannot feed value of shape (64, 999) for Tensor 'Placeholder_1:0', which has shape '(?, 1000)'"
    );
    let other = Graph::new().constant(1.0).unwrap();
    assert!(session.run(&[&other], &[]).unwrap_err().to_string().contains("is not an element of this graph"));
}

#[test]
fn variables_are_read_at_the_start_of_a_run() {
    let graph = Graph::new();
    let w = graph.variable(&graph.constant(2.0).unwrap()).unwrap();
    let doubled = w.assign(w.mul(2.0).unwrap()).unwrap();
    let read = w.add(0.0).unwrap();
    let session = Session::new(&graph);
    let error = session.run(&[&read], &[]).unwrap_err();
    assert!(error.to_string().starts_with("Attempting to use uninitialized value Variable\n"), "{error}");
    assert!(matches!(error.kind(), ErrorKind::Session { failure: SessionFailure::FailedPrecondition, .. }));
    session.execute(&[&graph.initializer().unwrap()], &[]).unwrap();
    for start in [2.0, 4.0, 8.0] {
        let results = session.run(&[&read, &doubled, &w], &[]).unwrap();
        assert_eq!(results.iter().map(number).collect::<Vec<_>>(), [start, 2.0 * start, start]);
    }
    // What was fetched is the caller's: writing over it changes no variable.
    session.run(&[&w], &[]).unwrap()[0].fill_(-1.0).unwrap();
    session.run(&[&doubled], &[]).unwrap()[0].fill_(-1.0).unwrap();
    assert_eq!(number(&session.run(&[&w], &[]).unwrap()[0]), 32.0);
    // Another session has variables of its own.
    assert_eq!(number(&started(&graph).run(&[&w], &[]).unwrap()[0]), 2.0);
    let error = w.assign(Tensor::zeros(&[3], DType::F32).unwrap()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "Shapes must be equal rank. Shapes are [] and [3]. for 'Assign_1' (op: 'Assign') with input shapes: [], [3]."
    );
}

#[test]
fn random_nodes_draw_anew_in_each_run_and_follow_the_seed() {
    let draws = |seed: Option<u64>| {
        let graph = Graph::new();
        graph.set_seed(seed);
        let z = graph.random_normal(&[4], 1.0, 0.5, DType::F32).unwrap();
        let u = graph.random_uniform(&[4], -1.0, 1.0, DType::F64).unwrap();
        // Within a run a random node has one value.
        let difference = z.sub(&z).unwrap();
        let session = Session::new(&graph);
        let mut all = Vec::new();
        for _ in 0..2 {
            let results = session.run(&[&z, &u, &difference], &[]).unwrap();
            assert_eq!(floats(&results[2]), [0.0; 4]);
            assert!(floats(&results[1]).iter().all(|x| (-1.0..1.0).contains(x)));
            all.push(floats(&results[0]));
            all.push(floats(&results[1]));
        }
        assert_ne!(all[0], all[2]);
        assert_ne!(all[1], all[3]);
        all
    };
    assert_eq!(draws(Some(4)), draws(Some(4)));
    assert_ne!(draws(Some(4)), draws(Some(5)));
    assert_ne!(draws(None), draws(None));
}

#[test]
fn gradients_with_unknown_sizes() {
    let graph = Graph::new();
    let x = graph.placeholder(DType::F64, &[None, Some(2)]).unwrap();
    let z = graph.placeholder(DType::F64, &[None]).unwrap();
    // A mean's derivative depends on the number of elements, which the graph does not know.
    let y = x.square().unwrap().mean().unwrap();
    let found = graph.gradients(&[&y], &[&x, &z]).unwrap();
    assert!(found[1].is_none(), "y does not depend on z");
    let slope = found[0].clone().unwrap();
    assert_eq!(slope.to_string(), "Tensor(\"gradients/Placeholder_grad:0\", shape=(?, 2), dtype=float64)");
    let session = Session::new(&graph);
    for rows in 1..4 {
        let value = Tensor::full(&[rows, 2], 3.0, DType::F64).unwrap();
        let result = &session.run(&[&slope], &[(&x, value)]).unwrap()[0];
        assert_eq!(floats(result), vec![6.0 / (2 * rows) as f64; 2 * rows]);
    }
    // Several outputs are summed; weights stand for a cotangent.
    let double = x.mul(2.0).unwrap();
    let weight = graph.constant(Tensor::from_slice(&[1.0, 10.0])).unwrap();
    let weight = weight.add(x.mul(0.0).unwrap()).unwrap();
    let weighted =
        graph.gradients_weighted(&[&double, &x], &[&x], &[Some(&weight), None], "gradients").unwrap();
    let value = Tensor::zeros(&[1, 2], DType::F64).unwrap();
    let result = &session.run(&[weighted[0].as_ref().unwrap()], &[(&x, value)]).unwrap()[0];
    assert_eq!(floats(result), [3.0, 21.0]);
}

#[test]
fn gradients_of_gradients() {
    let graph = Graph::new();
    let x = graph.placeholder(DType::F64, &[None]).unwrap();
    // The derivatives of exp(x²) summed: each depends on its own element only.
    let y = x.square().unwrap().exp().unwrap();
    let derive = |y: &Node| graph.gradients(&[y], &[&x]).unwrap().remove(0).unwrap();
    let (first, second) = (derive(&y), derive(&derive(&y)));
    let third = derive(&second);
    let session = Session::new(&graph);
    let at = [0.7f64, -0.3];
    let results = session.run(&[&y, &first, &second, &third], &[(&x, Tensor::from_slice(&at))]).unwrap();
    for (i, x) in at.into_iter().enumerate() {
        let e = (x * x).exp();
        let expected = [e, 2.0 * x * e, (2.0 + 4.0 * x * x) * e, (12.0 * x + 8.0 * x * x * x) * e];
        for (result, expected) in results.iter().zip(expected) {
            let got = floats(result)[i];
            assert!((got - expected).abs() <= 1e-13 * expected.abs().max(1.0), "{got} against {expected}");
        }
    }
    // The second derivative of something linear is zero, though the graph cannot know.
    let linear = derive(&derive(&x.mul(3.0).unwrap().sum().unwrap()));
    let result = &session.run(&[&linear], &[(&x, Tensor::from_slice(&at))]).unwrap()[0];
    assert_eq!(floats(result), [0.0, 0.0]);
}

#[test]
fn gradients_with_respect_to_anything() {
    let graph = Graph::new();
    let x = graph.constant(3.0).unwrap();
    // Equal nodes are computed once, but not where one of them is differentiated with respect to.
    let (a, b) = (x.mul(2.0).unwrap(), x.mul(2.0).unwrap());
    let y = a.add(&b).unwrap().mul(&b).unwrap();
    let found = graph.gradients(&[&y], &[&a, &b, &x, &y]).unwrap();
    let found: Vec<Node> = found.into_iter().map(Option::unwrap).collect();
    let results = Session::new(&graph).run(&found.iter().collect::<Vec<_>>(), &[]).unwrap();
    // y = (a + b) b with a = b = 6; dy/dx = 2 · 6 + 2 · (12 + 6)
    assert_eq!(results.iter().map(number).collect::<Vec<_>>(), [6.0, 18.0, 48.0, 1.0]);
    let stopped = x.stop_gradient().unwrap().mul(2.0).unwrap();
    assert!(graph.gradients(&[&stopped], &[&x]).unwrap()[0].is_none());
    let whole = graph.constant(2).unwrap();
    assert!(graph.gradients(&[&whole], &[&whole]).unwrap()[0].is_none(), "integers have no derivative");
}

#[test]
fn operators_record_too() {
    let graph = Graph::new();
    let x = graph.placeholder(DType::F32, &[Some(2)]).unwrap();
    let y = (1.0 - &x) * 2.0 / (&x + 1) - -&x;
    let result = &Session::new(&graph).run(&[&y], &[(&x, Tensor::from_slice(&[1.0f32, 3.0]))]).unwrap()[0];
    assert_eq!(floats(result), [1.0, 2.0]);
    assert_eq!(
        floats(
            &Session::new(&graph).run(&[&x], &[(&x, matrix(&[&[1.0, 2.0]]).reshape(&[2]).unwrap())]).unwrap()
                [0]
        ),
        [1.0, 2.0]
    );
}

/// The net of two layers that the second of the documents trains, in double precision and by the formulas.
struct Net {
    sizes: [usize; 4],
    x: Vec<f64>,
    y: Vec<f64>,
    w1: Vec<f64>,
    w2: Vec<f64>,
}

fn product(a: &[f64], b: &[f64], [m, k, n]: [usize; 3]) -> Vec<f64> {
    let mut c = vec![0.0; m * n];
    for i in 0..m {
        for p in 0..k {
            for j in 0..n {
                c[i * n + j] += a[i * k + p] * b[p * n + j];
            }
        }
    }
    c
}

fn transposed(a: &[f64], [m, n]: [usize; 2]) -> Vec<f64> {
    (0..m * n).map(|i| a[i % m * n + i / m]).collect()
}

impl Net {
    /// The loss, and a step down its slope.
    fn step(&mut self, rate: f64) -> f64 {
        let [count, wide, hidden, narrow] = self.sizes;
        let before = product(&self.x, &self.w1, [count, wide, hidden]);
        let active: Vec<f64> = before.iter().map(|h| h.max(0.0)).collect();
        let out = product(&active, &self.w2, [count, hidden, narrow]);
        let error: Vec<f64> = out.iter().zip(&self.y).map(|(o, y)| o - y).collect();
        let slope: Vec<f64> = error.iter().map(|e| 2.0 * e).collect();
        let slope2 = product(&transposed(&active, [count, hidden]), &slope, [hidden, count, narrow]);
        let back = product(&slope, &transposed(&self.w2, [hidden, narrow]), [count, narrow, hidden]);
        let back: Vec<f64> = back.iter().zip(&before).map(|(b, h)| if *h > 0.0 { *b } else { 0.0 }).collect();
        let slope1 = product(&transposed(&self.x, [count, wide]), &back, [wide, count, hidden]);
        let down = |w: &mut [f64], slope: &[f64]| w.iter_mut().zip(slope).for_each(|(w, s)| *w -= rate * s);
        down(&mut self.w1, &slope1);
        down(&mut self.w2, &slope2);
        error.iter().map(|e| e * e).sum()
    }
}

#[test]
fn five_hundred_steps_of_a_net_follow_double_precision() {
    let sizes @ [count, wide, hidden, narrow] = [16, 60, 20, 5];
    let graph = Graph::new();
    graph.set_seed(Some(1));
    let x = graph.placeholder(DType::F32, &[None, Some(wide)]).unwrap();
    let y = graph.placeholder(DType::F32, &[None, Some(narrow)]).unwrap();
    let normal = |shape: &[usize]| graph.random_normal(shape, 0.0, 1.0, DType::F32).unwrap();
    let w1 = graph.variable(&normal(&[wide, hidden])).unwrap();
    let w2 = graph.variable(&normal(&[hidden, narrow])).unwrap();
    let zero = graph.constant(Tensor::zeros(&[1], DType::F32).unwrap()).unwrap();
    let active = x.matmul(&w1).unwrap().maximum(&zero).unwrap();
    let out = active.matmul(&w2).unwrap();
    let loss = (&y - &out).pow(2.0).unwrap().sum().unwrap();
    assert_eq!((out.shape().to_string(), loss.shape().to_string()), ("(?, 5)".into(), "()".into()));
    let slopes = graph.gradients(&[&loss], &[&w1, &w2]).unwrap();
    let rate = 5e-5;
    let new = |w: &Node, slope: &Option<Node>| w.assign(w - rate * slope.as_ref().unwrap()).unwrap();
    let (new1, new2) = (new(&w1, &slopes[0]), new(&w2, &slopes[1]));

    let session = started(&graph);
    let data = [normal(&[count, wide]), normal(&[count, narrow])];
    let data = session.run(&[&data[0], &data[1]], &[]).unwrap();
    let weights = session.run(&[&w1, &w2], &[]).unwrap();
    let mut net = Net {
        sizes,
        x: floats(&data[0]),
        y: floats(&data[1]),
        w1: floats(&weights[0]),
        w2: floats(&weights[1]),
    };
    let feeds = [(&x, data[0].clone()), (&y, data[1].clone())];
    let mut first = 0.0;
    for step in 0..500 {
        let got = number(&session.run(&[&loss, &new1, &new2], &feeds).unwrap()[0]);
        let want = net.step(rate);
        if step == 0 {
            first = want;
        }
        let slack = 1e-3 * want + if step >= 200 { 1e-9 * first } else { 0.0 };
        assert!((got - want).abs() <= slack, "step {step}: {got} against {want}");
    }
    assert!(net.step(rate) < first / 100.0, "it learns");
    assert_eq!((session.plans_made(), session.plans_reused()), (4, 499));
    assert_eq!(
        out.matmul(&w1).unwrap_err().to_string(),
        "Dimensions must be equal, but are 5 and 60 for 'MatMul_2' (op: 'MatMul') with input shapes: [?,5], [60,20]."
    );
}

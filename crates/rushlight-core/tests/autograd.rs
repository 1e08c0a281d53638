//! Behaviour of the engine: order, freeing, versions, hooks, long chains, threads.

use rushlight_core::autograd::{self, BackwardOptions, TensorHook, live_nodes, no_grad};
use rushlight_core::{Tensor, live_tensors};
use std::sync::{Arc, Mutex};

fn leaf(values: &[f64]) -> Tensor {
    Tensor::from_slice(values).requires_grad_(true).unwrap()
}

#[test]
fn the_tutorials_first_graph() {
    let (w, x) = (leaf(&[1.0]), leaf(&[2.0]));
    let a = w.add(&x).unwrap();
    let b = w.add(1).unwrap();
    let y = a.mul(&b).unwrap();
    assert_eq!(y.grad_fn().unwrap().node.name(), "MulBackward0");
    y.backward().unwrap();
    assert_eq!(w.grad().unwrap().to_vec::<f64>().unwrap(), [5.0]);
    assert_eq!(x.grad().unwrap().to_vec::<f64>().unwrap(), [2.0]);
    let error = y.backward().unwrap_err();
    assert!(error.to_string().starts_with("Trying to backward through the graph a second time"));
    assert!(format!("{error:#}").contains("MulBackward0"), "{error:#}");
}

#[test]
fn gradients_accumulate_and_broadcast() {
    let w = leaf(&[1.0, 2.0]);
    let x = Tensor::from_vec([1.0, 2.0, 3.0, 4.0], &[2, 2]).unwrap();
    for round in 1..=3 {
        w.mul(&x).unwrap().sum().unwrap().backward().unwrap();
        let expected = [4.0 * f64::from(round), 6.0 * f64::from(round)];
        assert_eq!(w.grad().unwrap().to_vec::<f64>().unwrap(), expected);
    }
}

#[test]
fn a_saved_value_that_changed_is_an_error() {
    let x = leaf(&[1.0, 2.0]);
    let y = x.mul(1.0).unwrap();
    let z = y.mul(&y).unwrap();
    y.add_(1.0).unwrap();
    let error = z.sum().unwrap().backward().unwrap_err();
    assert_eq!(
        error.to_string(),
        "one of the variables needed for gradient computation has been modified by an inplace operation: [torch.DoubleTensor [2]], which is output 0 of Add, is at version 1; expected version 0 instead. Hint: enable anomaly detection to find the operation that failed to compute its gradient, with torch.autograd.set_detect_anomaly(True, check_nan=False)."
    );
}

#[test]
fn in_place_keeps_the_history_before_it() {
    // A prototype took its edge from the copy and lost the gradient silently (FACTS).
    let x = leaf(&[0.5]);
    let y = x.mul(2.0).unwrap();
    y.exp_().unwrap();
    y.backward().unwrap();
    assert!((x.grad().unwrap().item().unwrap().to_f64() - 2.0 * 1.0f64.exp()).abs() < 1e-14);
    let error = x.add_(1.0).unwrap_err();
    assert_eq!(
        error.to_string(),
        "a leaf Variable that requires grad is being used in an in-place operation."
    );
    no_grad(|| x.add_(1.0)).unwrap();
}

#[test]
fn a_million_operations_in_one_chain() {
    // On a thread with 512 kB of stack: building, walking and dropping must not use it in proportion.
    let work = || {
        let x = leaf(&[1.0]);
        let mut y = x.mul(1.0).unwrap();
        for _ in 0..1_000_000 {
            y = y.add(0.5).unwrap();
        }
        y.backward().unwrap();
        assert_eq!(x.grad().unwrap().item().unwrap().to_f64(), 1.0);
        let mut y = x.mul(1.0).unwrap();
        for _ in 0..100_000 {
            y = y.mul(&y).unwrap();
        }
        drop(y);
    };
    std::thread::Builder::new().stack_size(512 * 1024).spawn(work).unwrap().join().unwrap();
}

#[test]
fn hooks_see_and_replace_gradients_in_order() {
    let x = leaf(&[1.0]);
    let y = x.mul(3.0).unwrap();
    let seen = Arc::new(Mutex::new(Vec::new()));
    for tag in ["first", "second"] {
        let seen = seen.clone();
        y.register_hook(TensorHook::new(Arc::new(move |g| {
            seen.lock().unwrap().push((tag, g.item()?.to_f64()));
            Ok(Some(g.mul(2.0)?))
        })))
        .unwrap();
    }
    y.retain_grad().unwrap();
    y.backward().unwrap();
    assert_eq!(*seen.lock().unwrap(), [("first", 1.0), ("second", 2.0)]);
    assert_eq!(y.grad().unwrap().item().unwrap().to_f64(), 4.0);
    assert_eq!(x.grad().unwrap().item().unwrap().to_f64(), 12.0);
}

#[test]
fn grad_of_inputs_leaves_the_others_alone() {
    let (x, y) = (leaf(&[2.0]), leaf(&[3.0]));
    let h = x.mul(&y).unwrap();
    let z = h.mul(&h).unwrap();
    let options = BackwardOptions::retain_graph();
    let g = autograd::grad(std::slice::from_ref(&z), &[h.clone(), x.clone()], &[], options).unwrap();
    assert_eq!(g[0].item().unwrap().to_f64(), 12.0);
    assert_eq!(g[1].item().unwrap().to_f64(), 36.0);
    assert!(x.grad().is_none() && y.grad().is_none());
    autograd::backward_with(std::slice::from_ref(&z), &[], options, std::slice::from_ref(&y)).unwrap();
    assert!(x.grad().is_none());
    assert_eq!(y.grad().unwrap().item().unwrap().to_f64(), 24.0);
    let unused = leaf(&[1.0]);
    let error = autograd::grad(&[z], &[unused], &[], BackwardOptions::default()).unwrap_err();
    assert!(error.to_string().contains("appears to not have been used in the graph"));
}

#[test]
fn threads_share_a_leaf() {
    let x = leaf(&[1.0]);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..500 {
                    x.mul(2.0).unwrap().backward().unwrap();
                }
            });
        }
    });
    assert_eq!(x.grad().unwrap().item().unwrap().to_f64(), 4000.0);
}

#[test]
fn threads_change_in_place_without_tearing() {
    // Opposite operand orders must neither race nor deadlock (Note [Claims]).
    let a = Tensor::zeros(&[4096], rushlight_core::DType::F32).unwrap();
    let b = Tensor::ones(&[4096], rushlight_core::DType::F32).unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| (0..200).for_each(|_| drop(a.add_(&b).unwrap())));
        scope.spawn(|| (0..200).for_each(|_| drop(b.mul_(1.0).unwrap().add_(a.mul(0.0).unwrap()).unwrap())));
    });
    assert!(a.to_vec::<f32>().unwrap().iter().all(|&v| v == 200.0));
}

#[test]
fn a_training_loop_leaves_nothing_behind() {
    let w = leaf(&[1.0, 2.0]);
    let step = || {
        let loss = w.mul(&w).unwrap().sum().unwrap();
        loss.backward().unwrap();
        no_grad(|| w.sub_(w.grad().unwrap().mul(0.01).unwrap())).unwrap();
        w.set_grad(None).unwrap();
        let data = w.data().sub(0.001).unwrap();
        w.set_data(&data).unwrap();
    };
    // Other tests of this file run in other threads; the counters are of the process, so allow them some room.
    (0..10).for_each(|_| step());
    let before = (live_tensors(), live_nodes());
    (0..20_000).for_each(|_| step());
    let after = (live_tensors(), live_nodes());
    assert!(after.0 < before.0 + 10_000, "{before:?} {after:?}");
}

#[test]
fn overwriting_cuts_or_carries_the_history() {
    let (x, y) = (leaf(&[1.0, 2.0]), leaf(&[3.0]));
    let z = x.mul(2.0).unwrap();
    z.copy_(&y).unwrap();
    assert_eq!(z.grad_fn().unwrap().node.name(), "CopyBackwards");
    z.sum().unwrap().backward().unwrap();
    assert_eq!(x.grad().unwrap().to_vec::<f64>().unwrap(), [0.0, 0.0]);
    assert_eq!(y.grad().unwrap().to_vec::<f64>().unwrap(), [2.0]);
    let z = x.mul(2.0).unwrap();
    z.fill_(7.0).unwrap();
    assert_eq!(z.to_vec::<f64>().unwrap(), [7.0, 7.0]);
    z.zero_().unwrap();
    assert_eq!(z.grad_fn().unwrap().node.name(), "ZeroBackward0");
}

#[test]
fn an_input_that_was_not_used_is_named_by_its_place() {
    let (x, z) = (leaf(&[1.0]), leaf(&[1.0]));
    let y = x.mul(2).unwrap();
    let inputs = [x.clone(), z.clone()];
    let error =
        autograd::grad(std::slice::from_ref(&y), &inputs, &[], BackwardOptions::retain_graph()).unwrap_err();
    assert!(error.to_string().starts_with("The differentiated Tensor at index 1 appears"), "{error}");
    let plain = Tensor::from_slice(&[1.0]);
    let error = autograd::backward_with(&[y], &[], BackwardOptions::default(), &[x, plain]).unwrap_err();
    assert_eq!(error.to_string(), "can't retain_grad on Tensor that has requires_grad=False");
}

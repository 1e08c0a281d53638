//! The registry's tests: for every operation, from its row alone, both derivatives in both modes, vectorisation against
//! a loop, tracing against computing, in place against out of place, and the error for changed saved values.
//!
//! The counts are printed: `cargo test -p rushlight-core --test registry -- --nocapture`.

use rushlight_core::autograd::{
    self, BackwardOptions, CheckOptions, forward_check, gradcheck, gradgradcheck, no_grad,
};
use rushlight_core::graph::Trace;
use rushlight_core::registry::{Arguments, Entry, Form, Sample, Sampler, Value, entries};
use rushlight_core::transform::{Differentiation, Vectorization};
use rushlight_core::{DType, Error, Result, Tensor};
use std::collections::BTreeMap;

/// The tensors among arguments, in order.
fn tensors_of(values: &[Value]) -> Vec<Tensor> {
    let mut found = Vec::new();
    for value in values {
        match value {
            Value::Tensor(t) => found.push(t.clone()),
            Value::Tensors(ts) => found.extend(ts.iter().cloned()),
            Value::OptionalTensors(ts) => found.extend(ts.iter().flatten().cloned()),
            _ => {}
        }
    }
    found
}

/// The same arguments with other tensors.
fn with_tensors(values: &[Value], tensors: &[Tensor]) -> Vec<Value> {
    let mut next = tensors.iter().cloned();
    let mut take = || next.next().expect("as many tensors as were found");
    values
        .iter()
        .map(|value| match value {
            Value::Tensor(_) => Value::Tensor(take()),
            Value::Tensors(ts) => Value::Tensors(ts.iter().map(|_| take()).collect()),
            Value::OptionalTensors(ts) => {
                Value::OptionalTensors(ts.iter().map(|t| t.as_ref().map(|_| take())).collect())
            }
            other => other.clone(),
        })
        .collect()
}

fn results_of(value: Value) -> Vec<Tensor> {
    match value {
        Value::Tensor(t) => vec![t],
        Value::Tensors(ts) | Value::Named(_, _, ts) => ts,
        Value::Tuple(values) => values.into_iter().flat_map(results_of).collect(),
        _ => Vec::new(),
    }
}

fn call(entry: &Entry, sample: &Sample, tensors: &[Tensor]) -> Result<Vec<Tensor>> {
    let arguments = with_tensors(&sample.arguments, tensors);
    Ok(results_of((entry.overloads[sample.overload].call)(&Arguments::new(&arguments))?))
}

/// One part in 1e10: both sides are sums of the same few products in `f64`.
const EXACT: f64 = 1e-10;

fn same(a: &Tensor, b: &Tensor) -> Result<()> {
    if a.shape() != b.shape() || a.dtype() != b.dtype() {
        return Err(Error::runtime(format!(
            "{:?} {:?} against {:?} {:?}",
            a.shape(),
            a.dtype(),
            b.shape(),
            b.dtype()
        )));
    }
    for (x, y) in a.to_f64_vec()?.into_iter().zip(b.to_f64_vec()?) {
        if (x - y).abs() > EXACT * y.abs().max(1.0) || x.is_nan() != y.is_nan() {
            return Err(Error::runtime(format!("{x} against {y}")));
        }
    }
    Ok(())
}

type Check = fn(&Entry, &Sample) -> Result<bool>;

/// First derivative against central differences.
fn first(entry: &Entry, sample: &Sample) -> Result<bool> {
    gradcheck(&|x| call(entry, sample, x), &tensors_of(&sample.arguments), CheckOptions::default())?;
    Ok(true)
}

/// Second derivative against central differences of the first.
fn second(entry: &Entry, sample: &Sample) -> Result<bool> {
    gradgradcheck(&|x| call(entry, sample, x), &tensors_of(&sample.arguments), CheckOptions::default())?;
    Ok(true)
}

/// Forward mode against reverse mode.
fn forward(entry: &Entry, sample: &Sample) -> Result<bool> {
    forward_check(&|x| call(entry, sample, x), &tensors_of(&sample.arguments), EXACT)?;
    Ok(true)
}

/// Forward mode over reverse mode against reverse mode over itself.
fn forward_over_reverse(entry: &Entry, sample: &Sample) -> Result<bool> {
    let inputs = tensors_of(&sample.arguments);
    let gradient = |x: &[Tensor]| -> Result<Vec<Tensor>> {
        let layer = Differentiation::enter();
        let lifted = x
            .iter()
            .map(|t| if t.dtype() == DType::F64 { layer.input(t) } else { Ok(t.clone()) })
            .collect::<Result<Vec<_>>>()?;
        let outputs: Vec<Tensor> =
            call(entry, sample, &lifted)?.into_iter().filter(|o| o.dtype().is_floating_point()).collect();
        let wanted: Vec<Tensor> = lifted.iter().filter(|t| t.dtype() == DType::F64).cloned().collect();
        let cotangents =
            outputs.iter().map(|o| Ok(Some(layer.lower(o).ones_like()?))).collect::<Result<Vec<_>>>()?;
        let gradients = layer.gradients(&outputs, &wanted, &cotangents)?;
        let lowered: Vec<Tensor> = wanted.iter().map(|w| layer.lower(w)).collect();
        drop(layer);
        gradients.into_iter().zip(lowered).map(|(g, x)| g.map_or_else(|| x.zeros_like(), Ok)).collect()
    };
    forward_check(&gradient, &inputs, EXACT)?;
    Ok(true)
}

/// Over a hidden dimension against one by one.
fn vectorised(entry: &Entry, sample: &Sample) -> Result<bool> {
    let inputs = tensors_of(&sample.arguments);
    if inputs.is_empty() {
        return Ok(false);
    }
    let others = inputs
        .iter()
        .map(|t| if t.dtype() == DType::F64 { t.mul(0.9)?.detach() } else { Ok(t.clone()) })
        .collect::<Result<Vec<_>>>()?;
    // Every input hidden, at its last place; then only the first, at its first place.
    for all in [true, false] {
        let layer = Vectorization::enter(2);
        let level = layer.level();
        let hidden = inputs
            .iter()
            .zip(&others)
            .enumerate()
            .map(|(i, (a, b))| {
                let at = if all { a.rank() as i64 } else { 0 };
                let pair = Tensor::stack(&[a.clone(), b.clone()], at)?;
                if all || i == 0 { layer.input(&pair, at) } else { Ok(a.clone()) }
            })
            .collect::<Result<Vec<_>>>()?;
        let results = call(entry, sample, &hidden)?;
        drop(layer);
        let revealed =
            results.iter().map(|r| Vectorization::output(level, 2, r, 0)).collect::<Result<Vec<_>>>()?;
        for (number, source) in [&inputs, &others].into_iter().enumerate() {
            let plain: Vec<Tensor> = source
                .iter()
                .enumerate()
                .map(|(i, t)| if all || i == 0 { t.clone() } else { inputs[i].clone() })
                .collect();
            for (r, expected) in revealed.iter().zip(call(entry, sample, &plain)?) {
                same(&r.select(0, number as i64)?, &expected)?;
            }
        }
    }
    Ok(true)
}

/// A recorded program against computing at once.
fn traced(entry: &Entry, sample: &Sample) -> Result<bool> {
    let inputs = tensors_of(&sample.arguments);
    if inputs.is_empty() {
        return Ok(false);
    }
    let trace = Trace::new();
    let symbols = inputs.iter().map(|t| trace.input(t.shape(), t.dtype())).collect::<Result<Vec<_>>>()?;
    let results = match call(entry, sample, &symbols) {
        Err(error) if error.to_string().contains("cannot be traced") => return Ok(false),
        other => other?,
    };
    let program = trace.finish(&results)?;
    for (got, expected) in program.run(&inputs)?.iter().zip(call(entry, sample, &inputs)?) {
        same(got, &expected)?;
    }
    Ok(true)
}

/// Written over the first argument against a new result: values and gradients.
fn in_place(entry: &Entry, sample: &Sample) -> Result<bool> {
    if !entry.forms.contains(Form::IN_PLACE) {
        return Ok(false);
    }
    let inputs = tensors_of(&sample.arguments);
    let plain = call(entry, sample, &inputs)?;
    if plain.len() != 1 || plain[0].shape() != inputs[0].shape() || plain[0].dtype() != inputs[0].dtype() {
        return Ok(false);
    }
    let run = |over: bool| -> Result<(Tensor, Vec<Option<Tensor>>)> {
        let leaves = inputs
            .iter()
            .map(|t| {
                if t.dtype() == DType::F64 {
                    t.clone_data()?.detach()?.requires_grad_(true)
                } else {
                    Ok(t.clone())
                }
            })
            .collect::<Result<Vec<_>>>()?;
        let mut arguments = leaves.clone();
        // An integer, so that integers stay integers.
        arguments[0] = leaves[0].mul(1)?;
        let values = with_tensors(&sample.arguments, &arguments);
        let function = entry.overloads[sample.overload].call;
        let result = if over {
            function(&Arguments::in_place(&values))?;
            arguments[0].clone()
        } else {
            results_of(function(&Arguments::new(&values))?).remove(0)
        };
        let wanted: Vec<Tensor> = leaves.into_iter().filter(Tensor::requires_grad).collect();
        let gradients = if result.requires_grad() {
            let ones = Some(result.detach()?.ones_like()?);
            autograd::grad_with(std::slice::from_ref(&result), &wanted, &[ones], BackwardOptions::default())?
        } else {
            Vec::new()
        };
        Ok((result, gradients))
    };
    let (a, grads_a) = run(true)?;
    let (b, grads_b) = run(false)?;
    same(&a, &b)?;
    for (x, y) in grads_a.iter().zip(&grads_b) {
        if let (Some(x), Some(y)) = (x, y) {
            same(x, y)?;
        }
    }
    Ok(true)
}

/// An input changed after the operation: an error, or the gradient does not depend on it.
fn changed(entry: &Entry, sample: &Sample) -> Result<bool> {
    let inputs = tensors_of(&sample.arguments);
    if !inputs.iter().any(|t| t.dtype() == DType::F64) {
        return Ok(false);
    }
    let run = |change: Option<usize>| -> Result<Vec<Option<Tensor>>> {
        let leaves = inputs
            .iter()
            .map(|t| {
                if t.dtype() == DType::F64 {
                    t.clone_data()?.detach()?.requires_grad_(true)
                } else {
                    t.clone_data()
                }
            })
            .collect::<Result<Vec<_>>>()?;
        let used = leaves
            .iter()
            .map(|t| if t.requires_grad() { t.mul(1.0) } else { Ok(t.clone()) })
            .collect::<Result<Vec<_>>>()?;
        let outputs: Vec<Tensor> =
            call(entry, sample, &used)?.into_iter().filter(Tensor::requires_grad).collect();
        if let Some(i) = change {
            // Truth values and indices change too: both are overwritten with zeros.
            no_grad(|| if used[i].dtype() == DType::F64 { used[i].mul_(3.0) } else { used[i].zero_() })?;
        }
        if outputs.is_empty() {
            return Ok(Vec::new());
        }
        let wanted: Vec<Tensor> = leaves.into_iter().filter(Tensor::requires_grad).collect();
        let ones = outputs.iter().map(|o| Ok(Some(o.detach()?.ones_like()?))).collect::<Result<Vec<_>>>()?;
        autograd::grad_with(&outputs, &wanted, &ones, BackwardOptions::default())
    };
    let expected = run(None)?;
    for i in 0..inputs.len() {
        match run(Some(i)) {
            Err(error) if error.to_string().contains("modified by an inplace operation") => {}
            Err(error) => return Err(error),
            Ok(gradients) => {
                for (x, y) in gradients.iter().zip(&expected) {
                    if let (Some(x), Some(y)) = (x, y) {
                        same(x, y)?;
                    }
                }
            }
        }
    }
    Ok(true)
}

const CHECKS: &[(&str, Check, bool)] = &[
    ("first derivative", first, true),
    ("second derivative", second, true),
    ("forward mode", forward, true),
    ("forward over reverse", forward_over_reverse, true),
    ("vmap", vectorised, false),
    ("trace", traced, false),
    ("in place", in_place, false),
    ("changed input", changed, true),
];

#[test]
fn every_operation_passes_every_check() {
    let sampler = Sampler::new(DType::F64);
    let only = std::env::var("RUSHLIGHT_OPERATION").ok();
    let mut counts: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    let mut failures = Vec::new();
    let (mut rows, mut differentiable) = (0, 0);
    for entry in entries() {
        if only.as_deref().is_some_and(|name| name != entry.name) {
            continue;
        }
        rows += 1;
        differentiable += usize::from(entry.differentiable);
        let samples = (entry.samples)(&sampler);
        for (name, check, derivative) in CHECKS {
            if *derivative && !entry.differentiable {
                continue;
            }
            if let Some(reason) = entry.exempt_from(name) {
                println!("{}: {name} does not apply: {reason}", entry.name);
                continue;
            }
            let mut applied = 0;
            for sample in &samples {
                match check(entry, sample) {
                    Ok(true) => applied += 1,
                    Ok(false) => {}
                    Err(error) => failures.push(format!(
                        "{} (overload {}, {}): {name}: {error:#}",
                        entry.name, sample.overload, sample.note
                    )),
                }
            }
            if applied > 0 {
                let count = counts.entry(name).or_default();
                count.0 += 1;
                count.1 += applied;
            }
        }
    }
    println!("{rows} operations in the registry, {differentiable} of them differentiable");
    for (name, _, _) in CHECKS {
        let (operations, samples) = counts.get(name).copied().unwrap_or_default();
        println!("{name:>22}: {operations} operations, {samples} samples");
    }
    assert!(failures.is_empty(), "{} failures:\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn every_differentiable_row_has_samples_documentation_and_a_schema() {
    let sampler = Sampler::new(DType::F64);
    let mut missing = Vec::new();
    for entry in entries() {
        for overload in entry.overloads {
            if !overload.schema.starts_with(&format!("{}(", entry.name)) || !overload.schema.contains(" -> ")
            {
                missing.push(format!("{}: schema {}", entry.name, overload.schema));
            }
        }
        if entry.documentation.is_empty() {
            missing.push(format!("{}: documentation", entry.name));
        }
        if entry.differentiable
            && (entry.samples)(&sampler).is_empty()
            && entry.exempt_from("samples").is_none()
        {
            missing.push(format!("{}: samples", entry.name));
        }
    }
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}

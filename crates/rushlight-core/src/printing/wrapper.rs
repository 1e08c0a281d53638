//! What PyTorch writes around a value inside `vmap` and the functional transforms.

/// A value inside `vmap`: the text of the batched value, and at which dimension and level it is batched.
pub fn format_batched(level: usize, dimension: usize, value: &str) -> String {
    format!("BatchedTensor(lvl={level}, bdim={dimension}, value=\n{}\n)", indented(value))
}

/// A value inside `grad`, `vjp` or `jvp`: the text of the value, and the level of differentiation.
pub fn format_gradient_tracking(level: usize, value: &str) -> String {
    format!("GradTrackingTensor(lvl={level}, value=\n{}\n)", indented(value))
}

/// Python's `textwrap.indent` by four spaces: blank lines stay empty.
fn indented(text: &str) -> String {
    let lines = text.split_inclusive('\n');
    lines.fold(String::new(), |done, line| done + if line.trim().is_empty() { "" } else { "    " } + line)
}

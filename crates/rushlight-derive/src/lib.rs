//! `#[derive(Module)]`: a struct of parameters, buffers and other modules becomes a module.
//!
//! The derive writes what is mechanical, the walk over the fields, and nothing else: `forward` stays an ordinary method,
//! and every question about parameters (names, state, printing) is answered by code over the walk, written once in
//! `rushlight::nn`. Fields are visited in their order, because names, initialisation and `state_dict` depend on it.
//!
//! What is generated for `struct Net { hidden: Linear, scale: Parameter }` is
//!
//! ```ignore
//! impl rushlight::nn::Module for Net {
//!     fn kind(&self) -> &'static str { "Net" }
//!     fn visit<'field>(&'field self, visitor: &mut dyn FnMut(&str, rushlight::nn::Field<'field>)) {
//!         rushlight::nn::VisitField::visit_field(&self.hidden, "hidden", visitor);
//!         rushlight::nn::VisitField::visit_field(&self.scale, "scale", visitor);
//!     }
//!     fn set_training(&mut self, training: bool) {
//!         rushlight::nn::VisitField::set_training_field(&mut self.hidden, training);
//!         rushlight::nn::VisitField::set_training_field(&mut self.scale, training);
//!     }
//! }
//! impl std::fmt::Display for Net { /* PyTorch's repr */ }
//! ```

mod attributes;
mod module;

use proc_macro::TokenStream;
use syn::{DeriveInput, parse_macro_input};

/// Implements `rushlight::nn::Module`, and `Display` as PyTorch's `repr`, for a struct with named fields or none.
///
/// Every field has to be a parameter, a buffer, a module, or an `Option` or `Vec` of those. Attributes of a field:
///
/// - `#[module(skip)]`: plain data, not visited;
/// - `#[module(rename = "weight")]`: visited under that name;
/// - `#[module(training)]`: a `bool` that `train()` and `eval()` set; not visited.
///
/// Attributes of the struct:
///
/// - `#[module(extra_repr = "method")]`: a method `fn(&self) -> String` tells what the text says beside the parts;
/// - `#[module(no_display)]`: the struct has a `Display` of its own;
/// - `#[module(crate = "path")]`: where `nn` is found, for crates that re-export it.
#[proc_macro_derive(Module, attributes(module))]
pub fn derive_module(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    module::expand(&input).unwrap_or_else(|error| error.to_compile_error()).into()
}
